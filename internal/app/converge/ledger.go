package converge

import (
	"maps"

	"github.com/calweave/calweave/contracts/cal"
)

// place is where one booking, or one occurrence of it, stands.
type place struct {
	booking cal.BookingID
	stand
}

// stand is where an occurrence stands: its original start as messages write it, empty for that of a single booking.
type stand struct {
	calendar   cal.CalendarID
	occurrence string
}

func originalOf(o *cal.Occurrence) string {
	if o == nil {
		return ""
	}
	return o.OriginalStart.DateTime
}

// ledger is what persons have done to the events of bookings, for comparison with what the core is told.
type ledger struct {
	// owed are the values that the core has still to be told of, by field, and removed how many removals it had been told of before one more.
	owed    map[place]map[string]string
	removed map[place]int
	// ever are all values that persons have written, and deleted whether they ever deleted.
	ever    map[place]map[string]bool
	deleted map[place]bool
	// acts are how many times a person has done anything, and decided how many of them the core had heard of when it decided.
	acts, decided map[place]int
}

func newLedger() *ledger {
	return &ledger{
		owed: map[place]map[string]string{}, removed: map[place]int{}, ever: map[place]map[string]bool{}, deleted: map[place]bool{}, acts: map[place]int{},
		decided: map[place]int{},
	}
}

// wrote notes that a person has written a value.
func (l *ledger) wrote(at place, field, value string) {
	if l.owed[at] == nil {
		l.owed[at] = map[string]string{}
	}
	if l.ever[at] == nil {
		l.ever[at] = map[string]bool{}
	}
	l.owed[at][field] = value
	l.ever[at][field+" "+value] = true
	l.acts[at]++
}

// did notes that a person has written a value of which the core need not hear: it may have come to want the same.
func (l *ledger) did(at place, field, value string) {
	if l.ever[at] == nil {
		l.ever[at] = map[string]bool{}
	}
	l.ever[at][field+" "+value] = true
}

// wroteAnywhere reports whether a person has ever given a field of a booking's events that value.
func (l *ledger) wroteAnywhere(id cal.BookingID, field, value string) bool {
	for at, all := range l.ever {
		if at.booking == id && all[field+" "+value] {
			return true
		}
	}
	return false
}

// deletedAnywhere reports whether a person has ever deleted an event of an occurrence.
func (l *ledger) deletedAnywhere(id cal.BookingID, occurrence string) bool {
	for at := range l.deleted {
		if at.booking == id && at.occurrence == occurrence {
			return true
		}
	}
	return false
}

// took notes that a person has deleted an event of which so many removals were told.
func (l *ledger) took(at place, told int) {
	delete(l.owed, at)
	l.removed[at] = told
	l.deleted[at] = true
	l.acts[at]++
}

// restored drops the deletions that are owed of a calendar: an operator has had the events made anew, and the core hears of that alone.
func (l *ledger) restored(calendar cal.CalendarID) {
	maps.DeleteFunc(l.removed, func(at place, _ int) bool { return at.calendar == calendar })
}

// forget drops what is owed about a place.
func (l *ledger) forget(at place) {
	delete(l.owed, at)
	delete(l.removed, at)
}

// retargeted drops what is owed about events that are not wanted any more.
func (l *ledger) retargeted(id cal.BookingID, stays map[stand]bool) {
	for at := range maps.Clone(l.owed) {
		if at.booking == id && !stays[at.stand] {
			delete(l.owed, at)
		}
	}
	for at := range maps.Clone(l.removed) {
		if at.booking == id && !stays[at.stand] {
			delete(l.removed, at)
		}
	}
}
