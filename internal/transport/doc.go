// Package transport makes the HTTP clients that calweave calls out with. Every outbound call, to a provider, a token endpoint or a core's
// webhook, goes through one guarded dialer and a chain of RoundTrippers whose order is fixed:
//
//	redact      keeps what a peer sent out of error texts
//	authorise   puts the bearer token on, for the hosts that it is meant for
//	admit       waits for the fleet's budget, or refuses; for providers only
//	timeout     bounds the whole exchange, the body included
//	limit body  bounds how much of an answer is read
//	base        pooled connections through the guarded dialer, without proxy
//
// None of them retries and none follows a redirect: both belong to the engine, which alone knows about attempts, waits and trust.
//
// The guard judges the address that is about to be connected to, after DNS, so that no spelling of a host and no change of its records gets
// round it. Public addresses are reached on ports 80, 443 and from 1024 up; the ports between belong to other protocols, whose servers could
// be made to take an HTTP request for a command. Private, loopback, link-local, metadata and all other special addresses are refused, unless
// the operator lists them by CIDR; then on every port.
//
// Files: guard.go (addresses), url.go (URLs before they are saved), base.go, client.go (the order), redact.go, authorise.go, timeout.go, limit.go.
package transport
