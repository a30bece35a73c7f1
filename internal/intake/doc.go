// Package intake accepts versions of bookings, from the HTTP API and from the queue alike. A version is checked, compared with what is known,
// and committed in one transaction; a refusal says what is wrong and how to mend it, and changes nothing.
//
// A core decides about what a person has done to an event by the same rules: what it accepts has to be a booking that it could have submitted.
//
// Files: intake.go (the way in), admit.go (which versions are accepted; pure), check.go (what makes a booking; pure), divergence.go (decisions about
// a person's change), series.go (how a booking repeats), whole.go (series that are kept as one event), keep.go (what a version keeps of one that was accepted),
// zones.go (bookings whose zones have new rules).
package intake
