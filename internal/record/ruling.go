package record

import (
	"slices"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
)

// Ruling is the decision of a core, or of a policy, about what a person has done to a booking's events, about to be committed.
type Ruling struct {
	// Booking is the booking as it is from now on. Its version and what it was accepted as stay, for those are the core's alone. Its revision is the
	// one that the decision was made on: another by now refuses the commit.
	Booking  Booking
	Decision message.Decision
	// Links are those whose change is decided about.
	Links []cal.LinkID
	// Fields are what is decided about of a change that the event survived; none for all of it.
	Fields cal.Fields
	// By says who decides: the core, or a policy of its tenant's.
	By message.Decider
	// Why is the reason of a policy's decision.
	Why string
	// Actor is the key that it came with.
	Actor       string
	Traceparent string
}

// About are those of a link's fields that the ruling decides about.
func (r Ruling) About(l Link) cal.Fields {
	if r.Fields == 0 {
		return l.Theirs()
	}
	return l.Theirs() & r.Fields
}

// Covers reports whether the ruling decides about a link.
func (r Ruling) Covers(l Link) bool { return slices.Contains(r.Links, l.ID) }

// Touches are the parts of the links that follow the ruling: those that it decides about, or all of a booking that it cancels. What is accepted of one
// occurrence says nothing of the others.
func (r Ruling) Touches(all []Link) map[string]bool {
	out := map[string]bool{}
	for _, l := range all {
		if r.Booking.Cancelled || r.Covers(l) {
			out[l.Part] = true
		}
	}
	return out
}
