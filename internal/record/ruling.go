package record

import (
	"slices"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
)

// Ruling is a core's decision about what a person has done to a booking's events, about to be committed.
type Ruling struct {
	// Booking is the booking as it is from now on. Its version and what it was accepted as stay, for those are the core's alone. Its revision is the
	// one that the decision was made on: another by now refuses the commit.
	Booking  Booking
	Decision message.Decision
	// Links are those whose change is decided about.
	Links []cal.LinkID
	// Actor is the key that it came with.
	Actor       string
	Traceparent string
}

// Covers reports whether the ruling decides about a link.
func (r Ruling) Covers(l Link) bool { return slices.Contains(r.Links, l.ID) }
