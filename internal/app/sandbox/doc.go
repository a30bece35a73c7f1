// Package sandbox verifies calweave's pacts with calendar providers against an account, over the network: one of the simulators, or a real one that is
// kept for tests. It needs nothing but the provider's public API, works in calendars that it has made itself, and deletes them in the end. What no
// account can be brought to, such as a provider that refuses, is left out and said, but where a simulator of its own is asked.
//
// Files: account.go (an account and its calendars), state.go, google.go and microsoft.go (how states are brought about), simulated.go (simulators of its own),
// proxy.go (the words of a run), verify.go (one interaction after the other), pact.go (Pact's verifier, with the build tag pact), plain.go (without).
package sandbox
