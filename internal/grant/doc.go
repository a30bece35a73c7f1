// Package grant keeps what connections may call their providers with.
//
// Manager hands out access tokens. Of all processes one refreshes a grant at a time, under a lease in SQL; a rotated token is stored before it
// is used; whoever loses the race reads again and does not call. Only the token endpoint's own verdict ends a grant, and only if no newer one
// was stored meanwhile.
//
// Flow connects an account: code grant (RFC 6749) with PKCE S256 (RFC 7636), a one-time state bound to the browser by a cookie, and the issuer
// compared where the provider sends one (RFC 9207). A grant that lacks a scope or a refresh token connects nothing.
//
// Closer ends a connection that was disconnected: its channels, then what its owner has allowed, then the tokens themselves. A provider that cannot
// be reached delays the end of the tokens by a day and no longer.
//
// Keeper refreshes grants ahead of need, by a schedule: in accounts that are called somewhere in the second half of each access token's life, so
// that no call waits for it, and in idle ones once a week, so that their refresh tokens stay alive.
//
// An account is connected by a provider application: the installation's own, or one that its tenant has registered. One that acts by itself needs no
// owner and no browser: an administrator has opened mailboxes to it, and it asks for access tokens with its own credential.
//
// Files: manager.go, issued.go (access tokens that are open), keeper.go, flow.go, exchange.go (the calls to the authorization server), budget.go
// (when they are made), apps.go (applications, and what one that acts by itself asks for), mailbox.go, closer.go.
package grant
