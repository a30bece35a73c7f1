// Package outbound delivers messages to the booking core's endpoints, signed as Standard Webhooks (https://www.standardwebhooks.com) says: the
// headers webhook-id, webhook-timestamp and webhook-signature, with HMAC-SHA256 over id, timestamp and body. The id stays the same over all
// attempts; timestamp and signature are fresh in each.
//
// Files: sender.go, request.go (a delivery that no store holds).
package outbound
