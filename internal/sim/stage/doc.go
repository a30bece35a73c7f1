// Package stage is what both simulators stand on: the clock, the source of identifiers, faults on demand, the log of requests, the pusher, the
// mails that would have been sent, the switches for what is unknown about the providers, and a signal that is raised on every change, so that
// tests wait for states and never sleep. It knows no provider.
//
// Files: world.go (what is shared), clock.go (time, moved and frozen), every.go (what happens again and again), signal.go, ids.go, trim.go (bounds
// to what is remembered), journal.go (which item changed when), person.go and event.go (calendars seen without a provider's words), zone.go,
// switches.go, alternatives.go (the values a client has to hold for), field.go (what is wrong with a value), fault.go (faults), schedule.go (which
// of what they match they strike), gate.go (the middleware that applies them), kept.go (answers held back), body.go (request bodies), requests.go
// (the log), mail.go, push.go (what is pushed), pusher.go (how), pushfault.go (pushes lost, doubled, reordered, late), forge.go (pushes that nobody
// meant).
package stage
