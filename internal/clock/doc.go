// Package clock is where every other package gets the time from, so that tests and the simulators can hold and move it.
//
// Files: clock.go (the system's clock, and one that a test moves by hand).
package clock
