package record

import (
	"time"

	"github.com/calweave/calweave/contracts/cal"
)

// Direction says whose deletions a guard holds.
type Direction string

// Inbound deletions were found at the provider: a person's, or a mistake of the provider's.
const Inbound Direction = "inbound"

// GuardState is where a hold stands.
type GuardState string

// The states. Only an open hold holds.
const (
	GuardOpen     GuardState = "open"
	GuardApproved GuardState = "approved"
	GuardRejected GuardState = "rejected"
	// GuardEnded had nothing left to hold before anybody decided.
	GuardEnded GuardState = "ended"
)

// DeletionVerdict is what is known about one deletion.
type DeletionVerdict string

// The verdicts.
const (
	// DeletionLet was let through, and counts for a day.
	DeletionLet DeletionVerdict = "let"
	// DeletionHeld waits for an operator, whose word makes it DeletionApproved or DeletionRejected.
	DeletionHeld     DeletionVerdict = "held"
	DeletionApproved DeletionVerdict = "approved"
	DeletionRejected DeletionVerdict = "rejected"
	// DeletionDone was decided about, and what was decided has happened.
	DeletionDone DeletionVerdict = "done"
	// DeletionOver is in question no more: the event is there, or the booking does not want it.
	DeletionOver DeletionVerdict = "over"
)

// freeDeletions is how many deletions a day are never held in a calendar, however few events are booked there: a quiet calendar needs no guard.
const freeDeletions = 2

// GuardLimits are how many deletions of one calendar within a day need no operator. Beyond either limit all that follow are held.
type GuardLimits struct {
	// Count is the number, Percent the share of what was booked in the calendar. 100 percent is no limit.
	Count, Percent int
}

// Enough is how many booked events have to be counted at the most to tell whether n deletions are beyond the share, and 0 where that does not
// matter.
func (g GuardLimits) Enough(n int) int {
	if n <= freeDeletions || n > g.Count || g.Percent >= 100 {
		return 0
	}
	if g.Percent < 1 {
		return 1
	}
	return (n*100 + g.Percent - 1) / g.Percent
}

// Beyond reports whether n deletions within a day are too many for a calendar in which so many events were booked.
func (g GuardLimits) Beyond(n, booked int) bool {
	switch {
	case n <= freeDeletions:
		return false
	case n > g.Count:
		return true
	default:
		return g.Percent < 100 && n*100 > g.Percent*booked
	}
}

// Guard is a hold: deletions of one calendar that wait for an operator together.
type Guard struct {
	ID           string
	CalendarID   cal.CalendarID
	ConnectionID cal.ConnectionID
	Provider     cal.Provider
	Direction    Direction
	State        GuardState
	// Reason says in words why it holds.
	Reason string
	// Events is how many it holds or, once it is decided, how many were decided about.
	Events int
	// Revision rises with every change, so that a decision can be about what was seen.
	Revision            int64
	OpenedAt, ChangedAt time.Time
	// DecidedBy is the key or the operator that has decided; empty before.
	DecidedBy string
}

// GuardFilter chooses holds.
type GuardFilter struct {
	// State is GuardOpen if it is empty.
	State    GuardState
	Calendar cal.CalendarID
}

// GuardedDeletion is one deletion of a hold.
type GuardedDeletion struct {
	LinkID    cal.LinkID
	BookingID cal.BookingID
	Verdict   DeletionVerdict
	SeenAt    time.Time
}

// GuardDecision is an operator's word about a hold.
type GuardDecision struct {
	// Approve believes the deletions; otherwise they are rejected.
	Approve bool
	// Seen is the revision that the decision was made on; 0 for any.
	Seen  int64
	Actor string
}

// Removal is a decision that an event was deleted, and not by us: what is committed unless the guard says otherwise.
type Removal struct {
	Limits GuardLimits
	// Link is the link as it was before.
	Link Link
	// Held is committed while the guard holds the deletion, Anew once an operator has rejected it.
	Held, Anew Decision
}
