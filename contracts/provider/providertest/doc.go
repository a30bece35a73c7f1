// Package providertest is the suite that every driver passes: what a Client has to do with an account, whatever its provider is.
//
// A driver is run against a provider that can be acted upon from outside (a simulator over HTTP, or memory): a person changes the calendar by
// hand, and the wire breaks on demand. Each Case begins with an account of its own. A case that needs a capability is skipped, visibly, when the
// driver does not claim it; a driver that claims a capability and lacks it fails.
//
// Files: t.go (what a case reports to), subject.go (the driver and the account), suite.go (running), listing.go, series.go, recur.go, write.go, conference.go, time.go,
// channel.go, wire.go and memory.go (cases).
package providertest
