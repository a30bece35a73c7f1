// Package simtest runs the simulators in tests: each on a listener of its own, with a receiver for their pushes and a plain client for their
// APIs.
//
// Files: simtest.go (Start), receiver.go (where pushes go), client.go (one request, one answer), mails.go (whether mails were asked for).
package simtest
