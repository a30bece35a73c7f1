package cal

import "time"

// DateLayout and WallLayout are the forms of a date and of a wall-clock time without an offset.
const (
	DateLayout = "2006-01-02"
	WallLayout = "2006-01-02T15:04:05"
)

// When is one end of a slot as a booking core writes and reads it: either a Date, or a DateTime and the TimeZone it is meant in.
//
// DateTime is RFC 3339 to the second, with or without an offset. Without one it is wall time in TimeZone; with one, the offset has to be
// the one in force there at that time. TimeZone is an IANA name.
type When struct {
	Date     string `json:"date,omitempty"`
	DateTime string `json:"date_time,omitempty"`
	TimeZone string `json:"time_zone,omitempty"`
}

// Moment is one end of a slot with its instant worked out.
type Moment struct {
	// Date is set for an all-day slot only, in DateLayout. All-day slots float: they have dates and no instant.
	Date string `json:"date,omitempty"`
	// Instant is in UTC and whole seconds.
	Instant time.Time `json:"instant,omitzero"`
	// Zone is the IANA name of the zone that the wall time was written in; empty when a provider did not say or named one unknown to us.
	Zone string `json:"zone,omitempty"`
}

// Equal reports whether both name the same time. The zone's name does not count: providers rewrite it without moving the event.
func (m Moment) Equal(o Moment) bool { return m.Date == o.Date && m.Instant.Equal(o.Instant) }

// When gives the moment as a booking core reads it: wall time with the offset in force and the zone, or a date. A zone that cannot be
// loaded yields UTC.
func (m Moment) When() When {
	if m.Date != "" {
		return When{Date: m.Date}
	}
	zone := m.Zone
	loc, err := time.LoadLocation(zone)
	if err != nil || zone == "" {
		loc, zone = time.UTC, "UTC"
	}
	return When{DateTime: m.Instant.In(loc).Format(time.RFC3339), TimeZone: zone}
}

// Slot is when an event takes place: half-open, from Start up to but not including End. Both ends are dates (all-day) or both instants.
type Slot struct {
	Start Moment `json:"start"`
	End   Moment `json:"end"`
}

// AllDay reports whether the slot consists of whole floating days.
func (s Slot) AllDay() bool { return s.Start.Date != "" }

// Equal reports whether both slots cover the same time.
func (s Slot) Equal(o Slot) bool { return s.Start.Equal(o.Start) && s.End.Equal(o.End) }

// Window is a half-open range of instants in UTC. A zero From or Until leaves that side open.
type Window struct {
	From  time.Time `json:"from,omitzero"`
	Until time.Time `json:"until,omitzero"`
}

// day is how far an all-day event may reach beyond its dates read as UTC: zones run from UTC-12 to UTC+14.
const day = 24 * time.Hour

// Covers reports whether the slot lies wholly inside the window, whatever zone an all-day slot is seen from. It is the test for "a complete
// listing of this window must have shown this event". A slot without length at an edge is not covered: providers list what ends after From
// and begins before Until.
func (w Window) Covers(s Slot) bool {
	start, end := s.Start.Instant, s.End.Instant
	if s.AllDay() {
		var err1, err2 error
		start, err1 = time.Parse(DateLayout, s.Start.Date)
		end, err2 = time.Parse(DateLayout, s.End.Date)
		if err1 != nil || err2 != nil {
			return false
		}
		start, end = start.Add(-day), end.Add(day)
	}
	after := w.From.IsZero() || !start.Before(w.From) && end.After(w.From)
	before := w.Until.IsZero() || !end.After(w.Until) && start.Before(w.Until)
	return after && before
}
