// Package provider is what a calendar provider has to do to take part. A Driver knows the provider's OAuth server and opens a Client for one
// account; a Client reads and writes events. Whatever not every provider has is a capability: a small interface of its own that a Driver or
// Client implements or leaves out. A capability that is left out is fallen back from (polling instead of channels); it is never a stub that
// answers "not implemented".
//
// Rules for every implementation:
//   - each method makes as few calls as it can and never retries: retries belong to the engine, which alone knows about attempts and waits;
//   - every error is a *fault.Error whose text holds no token, no URL query and no body;
//   - Retry-After is passed on, in both of its forms (seconds and date);
//   - the context ends every call at once;
//   - a *fault.Error of the given transport is passed on, with its kind and its wait;
//   - identifiers are opaque and case-sensitive, and escaped when put in a path.
//
// Files: driver.go (Driver, Client, requests), capability.go, claim.go (who has which), notification.go.
package provider
