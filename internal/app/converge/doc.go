// Package converge drives random histories against a whole calweave that is stepped, and checks the laws once nothing is left to do. Only tests use it.
//
// A Script is a list of small numbers, each of which says what one actor does next: the core books, persons edit, providers fail, workers freeze,
// processes die, clocks move. Play carries it out in a World and returns what was violated, with a trace that says what each actor did. The same
// script in the same world does the same again, so that a script that has failed is a regression test.
//
// Files: script.go (scripts: drawn, written down, made smaller), world.go (what a history happens in), play.go (how a script is played), core.go,
// person.go and trouble.go (what the actors do), settle.go (until nothing is left to do), ledger.go (what persons have done), checks.go
// (the laws), series.go (bookings that recur), said.go (what the core has sent).
package converge
