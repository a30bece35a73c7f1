package record

import (
	"time"

	"github.com/calweave/calweave/contracts/cal"
)

// ZonePlace is how far a tenant's bookings have been looked through, in the order of the starts of their last occurrences.
type ZonePlace struct {
	Last time.Time
	ID   cal.BookingID
}

// ResolvedElsewise are bookings to come that other time-zone data has resolved.
type ResolvedElsewise struct {
	Bookings []Booking
	// Unread is how many could not be read.
	Unread int
	// Next is where to go on; End says that there is nothing behind it.
	Next ZonePlace
	End  bool
}
