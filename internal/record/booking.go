package record

import (
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
)

// Booking is what is known about a booking.
type Booking struct {
	ID   cal.BookingID
	Spec cal.Booking
	// Submitted is what the core has submitted last, where an accepted change of a person's has made Spec say something else; nil otherwise.
	Submitted *cal.Booking
	Version   int64
	Revision  int64
	// Cancelled marks a tombstone; Spec then holds the content of the last version that stood.
	Cancelled   bool
	Slot        cal.Slot
	Series      Series
	TZData      string
	Hash        string
	Reservation cal.ReservationToken
	Links       []Link
	// Parts are those of the links that a booking which has just been worked out wants in each target; nil where that was not worked out.
	Parts     []string
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Series is what is worked out of the recurrence of a booking; zero for a single one.
type Series struct {
	// Shift is how far the series as a whole was moved on the face of the clock since its parts were given out.
	Shift time.Duration `json:"shift,omitempty"`
	// Times is a hash of when its occurrences take place.
	Times string `json:"times,omitempty"`
	// Last is when the last of them begins; of all-day ones its first date read as UTC.
	Last time.Time `json:"last,omitzero"`
}

// Diverged reports whether a person's change to one of the booking's events awaits the core's decision.
func (b Booking) Diverged() bool {
	for _, l := range b.Links {
		if l.Undecided() && l.Target {
			return true
		}
	}
	return false
}

// Acceptance is a version of a booking about to be committed.
type Acceptance struct {
	ID     cal.BookingID
	Spec   cal.Booking
	Slot   cal.Slot
	Series Series
	// Submitted is what the core has submitted, where Spec keeps what it has not changed of what was accepted of persons' changes; nil where they are
	// the same. Kept names the fields; KeptOverrides says that what was accepted of single occurrences is kept.
	Submitted     *cal.Booking
	Kept          cal.Fields
	KeptOverrides bool
	// Version is the core's; Cancelled makes it a tombstone.
	Version   int64
	Cancelled bool
	Hash      string
	TZData    string
	// Seen is the revision that the decision to accept was made on; 0 when the booking did not exist. Another revision by now refuses the commit.
	Seen int64
	// Decide says that the core knows about every reported change, so that this version overrules it.
	Decide bool
	// Parts are those of the links that a recurring booking wants in each target: the occurrences, or the whole, which is empty, and what differs from it.
	Parts []string
	// Targets are the calendars to stand in; empty for a cancellation.
	Targets []AcceptedTarget
	Actor   string
	// Via names the way in: "http" or "queue".
	Via         string
	Traceparent string
}

// KeptNames are what is kept in the words of messages and audits.
func (a Acceptance) KeptNames() []string {
	names := a.Kept.Names()
	if a.KeptOverrides {
		names = append(names, "overrides")
	}
	return names
}

// Stands are the parts of the links that the booking wants in each target; one that is empty is the whole.
func (a Acceptance) Stands() []string {
	if len(a.Spec.Recurrence) == 0 {
		return []string{""}
	}
	return a.Parts
}

// AcceptedTarget is a calendar that a booking stands in.
type AcceptedTarget struct {
	Calendar      Calendar
	Authoritative bool
}

// Reservation is one version of a booking and how far each target has come with it.
type Reservation struct {
	Token      cal.ReservationToken
	BookingID  cal.BookingID
	Version    int64
	Cancelled  bool
	Superseded bool
	AcceptedAt time.Time
	Links      []Link
}

// Rejection is a refused submission that came through the queue.
type Rejection struct {
	ID        string
	BookingID cal.BookingID
	Version   int64
	Reason    string
	Detail    string
	Problems  []message.Problem
	Payload   []byte
	Actor     string
	CreatedAt time.Time
}
