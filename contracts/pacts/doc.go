// Package pacts holds calweave's contracts with everybody it talks to, as Pact files (V4), and the tests that make and verify them. The files are made
// by running the real consumer of each edge against Pact's mock server, and verified against the provider, for which a simulator stands in where
// it is not ours. All of it needs the build tag pact and libpact_ffi, so that the product stays free of cgo: see docs/contracts.md and make
// contracts.
//
// Files: files.go (the pacts, for the binary that verifies them against an account).
package pacts
