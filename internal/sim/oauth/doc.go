// Package oauth is what the simulated authorization servers have in common: the clients they know, requests that wait for a person's word,
// codes, grants and tokens, and the page on which the person decides. What differs (rotation, the wording of errors, lifetimes) stays with each
// provider.
//
// Files: client.go (clients and how they prove themselves), ledger.go (grants, codes and tokens), ask.go (from the authorization request to the
// code, PKCE), page.go (the consent page and the way back to the client), jwt.go
// (identity tokens), key.go (those that are signed), application.go (applications that act by themselves).
package oauth
