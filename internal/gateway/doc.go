// Package gateway is the portable provider: it opens a client for a connection, knows what that client can do, and watches every call.
//
// It holds the only type assertions on provider.Driver and provider.Client. A call is not made at all while its connection is dead or the
// provider has told us to stay away, and each of its requests passes the fleet's budget; what a failed call says about the connection (a wait, a
// refused token) is recorded for the whole fleet.
//
// Files: gateway.go (opening), client.go (the calls), probe.go (the first call of a mailbox).
package gateway
