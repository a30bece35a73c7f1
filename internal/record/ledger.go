package record

import (
	"time"

	"github.com/calweave/calweave/contracts/cal"
)

// BookingState tells a booking that stands from a tombstone.
type BookingState string

// The states.
const (
	Booked    BookingState = "booked"
	Cancelled BookingState = "cancelled"
)

// BookingFilter chooses bookings; a zero field chooses all.
type BookingFilter struct {
	State BookingState
	// Diverged asks for those with a person's change to be decided about, or for all others.
	Diverged *bool
	// Calendar asks for those that stand in it.
	Calendar cal.CalendarID
	// ChangedSince asks for those whose revision has risen at that time or later.
	ChangedSince time.Time
	// Starts is the half-open window in which they begin.
	Starts cal.Window
}

// Windowed reports whether the filter asks when bookings begin.
func (f BookingFilter) Windowed() bool { return !f.Starts.From.IsZero() || !f.Starts.Until.IsZero() }

// Place is where a booking stands in the list that the filter makes: by the time of the last change if that was asked for, else by the start if that
// was, else by the id alone.
func (f BookingFilter) Place(b Booking) BookingPlace {
	p := BookingPlace{ID: b.ID}
	switch {
	case !f.ChangedSince.IsZero():
		p.At = b.UpdatedAt
	case f.Windowed():
		p.At = b.Starts()
	}
	return p
}

// BookingPlace is a place in a list of bookings; the zero place is its beginning.
type BookingPlace struct {
	// At is zero in a list that is in the order of ids.
	At time.Time
	ID cal.BookingID
}

// Last is when the last of the booking's occurrences begins: that of a single one is the only one.
func (b Booking) Last() time.Time {
	if starts := b.Starts(); b.Series.Last.Before(starts) {
		return starts
	}
	return b.Series.Last
}

// Starts is when the booking begins: of an all-day booking its first date read as UTC, zero for one without content.
func (b Booking) Starts() time.Time {
	if !b.Slot.AllDay() {
		return b.Slot.Start.Instant
	}
	at, err := time.Parse(cal.DateLayout, b.Slot.Start.Date)
	if err != nil {
		return time.Time{} // unreachable: the intake has parsed it
	}
	return at
}
