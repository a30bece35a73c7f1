// Package tinydriver is a provider.Driver for a tiny calendar server: the worked example of docs/adapters.md, and no shorter than a driver has to be
// that passes package providertest. Its server is written for the tests, which alone use it. It claims what that server can do: listing what
// changed, conditional writes, and writes that mail nobody. It has no channels and finds nothing by key.
//
// Files: driver.go (the driver), client.go (what a client does), call.go (one request, and what its refusal means), wire.go (the wire's types, and
// the way between them and cal).
package tinydriver
