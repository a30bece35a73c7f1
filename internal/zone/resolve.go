package zone

import (
	"fmt"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
)

// WhenError says what is wrong with one end of a slot and how to mend it.
type WhenError struct {
	// Field is the JSON name of the offending field of cal.When; empty when it is the whole.
	Field  string
	Detail string
}

// Error gives the detail.
func (e *WhenError) Error() string { return e.Detail }

func whenErrorf(field, format string, args ...any) *WhenError {
	return &WhenError{Field: field, Detail: fmt.Sprintf(format, args...)}
}

// The years that slots may lie in. Instants beyond them have no RFC 3339 form, or none that every provider stores.
const (
	firstYear = 1900
	lastYear  = 9999
)

// Resolve works out the instant of one end of a slot.
//
// Wall time that a zone skips (a gap) is refused, since it never happens. Wall time that happens twice (an overlap) means the first of the
// two unless the offset says otherwise, as in RFC 5545, section 3.3.5.
func Resolve(w cal.When) (cal.Moment, error) { return Tables{}.Resolve(w) }

// Resolve is Resolve by these tables.
func (t Tables) Resolve(w cal.When) (cal.Moment, error) {
	if w.Date != "" {
		return resolveDate(w)
	}
	if w.DateTime == "" {
		return cal.Moment{}, whenErrorf("", "give either date (all-day) or date_time with time_zone")
	}
	if w.TimeZone == "" {
		return cal.Moment{}, whenErrorf("time_zone", "time_zone is missing: give the IANA name of the zone that date_time is meant in, such as Europe/Berlin")
	}
	name, err := Canonical(w.TimeZone)
	if err != nil {
		return cal.Moment{}, whenErrorf("time_zone", "%q is no time zone known here: give an IANA name such as Europe/Berlin", w.TimeZone)
	}
	loc, err := t.location(name)
	if err != nil {
		return cal.Moment{}, whenErrorf("time_zone", "%q cannot be loaded: give an IANA name such as Europe/Berlin", w.TimeZone)
	}
	at, err := instant(w.DateTime, loc, name)
	if err != nil {
		return cal.Moment{}, err
	}
	if y := at.UTC().Year(); y < firstYear || y > lastYear {
		return cal.Moment{}, whenErrorf("date_time", "%q is outside the years %d to %d", w.DateTime, firstYear, lastYear)
	}
	if at.Nanosecond() != 0 {
		return cal.Moment{}, whenErrorf("date_time", "%q has fractions of a second: calendars keep whole seconds", w.DateTime)
	}
	return cal.Moment{Instant: at.UTC(), Zone: name}, nil
}

// instant reads RFC 3339 with an offset, or wall time without one. time.Parse takes shorter hours than RFC 3339 does, hence the comparison.
func instant(s string, loc *time.Location, name string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	withOffset := err == nil
	if !withOffset {
		t, err = time.Parse(cal.WallLayout, s)
	}
	if err != nil || !strings.HasPrefix(s, t.Format(cal.WallLayout)) {
		return time.Time{}, whenErrorf("date_time", "%q is no RFC 3339 time: write it as 2026-10-01T10:00:00, with or without an offset", s)
	}
	if withOffset {
		return checkOffset(t, loc, name)
	}
	return fromWall(t, loc, name)
}

func resolveDate(w cal.When) (cal.Moment, error) {
	if w.DateTime != "" || w.TimeZone != "" {
		return cal.Moment{}, whenErrorf("", "date (all-day) stands alone: leave out date_time and time_zone")
	}
	d, err := time.Parse(cal.DateLayout, w.Date)
	if err != nil || d.Format(cal.DateLayout) != w.Date {
		return cal.Moment{}, whenErrorf("date", "%q is no date: write it as 2026-10-01", w.Date)
	}
	if y := d.Year(); y < firstYear || y > lastYear {
		return cal.Moment{}, whenErrorf("date", "%q is outside the years %d to %d", w.Date, firstYear, lastYear)
	}
	return cal.Moment{Date: w.Date}, nil
}

// checkOffset accepts a time only if its offset is the one in force in loc at that instant.
func checkOffset(t time.Time, loc *time.Location, name string) (time.Time, error) {
	_, got := t.Zone()
	if _, want := t.In(loc).Zone(); got != want {
		return time.Time{}, whenErrorf("date_time", "offset %s disagrees with %s, where it is %s at that time: leave the offset out or mend it",
			t.Format("-07:00"), name, t.In(loc).Format("-07:00"))
	}
	return t, nil
}

// FromWall returns the instant of wall time in loc: the first of two in an overlap. In a gap, ok is false.
func FromWall(wall time.Time, loc *time.Location) (at time.Time, ok bool) {
	asUTC := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), wall.Nanosecond(), time.UTC)
	// Any offset that can be in force at this wall time is in force a day and a half before or after it read as UTC: offsets stay within
	// 14 hours, and the longest jump was the day that Samoa left out.
	const around = 36 * time.Hour
	for _, probe := range []time.Time{asUTC.Add(-around), asUTC.Add(around)} {
		_, offset := probe.In(loc).Zone()
		candidate := asUTC.Add(-time.Duration(offset) * time.Second)
		if _, in := candidate.In(loc).Zone(); in == offset && (!ok || candidate.Before(at)) {
			at, ok = candidate, true
		}
	}
	return at, ok
}

// FromWallOrAfter is FromWall for wall time that has to become an instant: what falls into a gap is read with the offset in force before it, so that
// it shows later by as much as the clocks are put forward (RFC 5545, section 3.3.5).
func FromWallOrAfter(wall time.Time, loc *time.Location) time.Time {
	if at, ok := FromWall(wall, loc); ok {
		return at
	}
	const around = 36 * time.Hour
	asUTC := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), wall.Nanosecond(), time.UTC)
	_, offset := asUTC.Add(-around).In(loc).Zone()
	return asUTC.Add(-time.Duration(offset) * time.Second)
}

func fromWall(wall time.Time, loc *time.Location, name string) (time.Time, error) {
	at, ok := FromWall(wall, loc)
	if !ok {
		return time.Time{}, whenErrorf("date_time", "%s does not happen in %s: clocks are put forward over it; choose a time before or after the gap",
			wall.Format(cal.WallLayout), name)
	}
	return at, nil
}

// Ambiguous reports whether the wall time that at shows in loc happens twice, so that wall time without an offset cannot name it safely.
func Ambiguous(at time.Time, loc *time.Location) bool {
	first, ok := FromWall(at.In(loc), loc)
	if !ok {
		return false
	}
	if !first.Equal(at) {
		return true
	}
	const around = 36 * time.Hour
	_, own := at.In(loc).Zone()
	_, later := at.Add(around).In(loc).Zone()
	second := at.Add(time.Duration(own-later) * time.Second)
	_, in := second.In(loc).Zone()
	return own > later && in == later
}
