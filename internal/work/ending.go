package work

import (
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/record"
)

// How a claim ends, for whoever counts.
const (
	endingDone = "done"
	// endingRetry has spent an attempt, endingWait none.
	endingRetry = "retry"
	endingWait  = "wait"
	endingHeld  = "held"
	endingDead  = "dead"
	// endingLost was taken over, or its outcome could not be written.
	endingLost = "lost"
)

// Endings returns all ways in which a claim ends.
func Endings() []string {
	return []string{endingDone, endingRetry, endingWait, endingHeld, endingDead, endingLost}
}

// ending tells how a claim has ended.
type ending func(decision string, failure fault.Kind)

// begin measures a claim until it ends.
func (e *Engine) begin(l record.Lease) ending {
	if e.Ran == nil {
		return func(string, fault.Kind) {}
	}
	began := e.Clock.Now()
	return func(decision string, failure fault.Kind) { e.Ran(l.Kind, decision, failure, e.Clock.Now().Sub(began)) }
}

// endingOf is what an outcome of failed work comes to.
func endingOf(l record.Lease, o record.Outcome) string {
	switch {
	case o.State == record.Dead:
		return endingDead
	case o.State == record.Held:
		return endingHeld
	case o.Attempts > l.Attempts:
		return endingRetry
	default:
		return endingWait
	}
}
