// Package ident makes identifiers and secrets from an injected clock and an injected source of randomness.
//
// Files: ident.go.
package ident
