package recur

import (
	"fmt"
	"slices"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/zone"
)

// Occurrence is one of the times that a recurring booking takes place, or would.
type Occurrence struct {
	// Part names its place in the series: its original start, as PartOf writes it.
	Part string
	// Slot is when it takes place by the rule; Content what the booking says of it, with its override.
	Slot    cal.Slot
	Content cal.Content
	// Cancelled says that it does not take place.
	Cancelled bool
}

// PartOf is how an original start is written in links and keys: an instant in UTC, or the date of an all-day series.
func PartOf(m cal.Moment) string {
	if m.Date == "" {
		return m.Instant.UTC().Format(utcForm)
	}
	day, err := time.Parse(cal.DateLayout, m.Date)
	if err != nil {
		return ""
	}
	return day.Format(dateForm)
}

// Original reads what PartOf has written. The moment is in UTC.
func Original(part string) (cal.Moment, error) {
	if day, err := time.Parse(dateForm, part); err == nil {
		return cal.Moment{Date: day.Format(cal.DateLayout)}, nil
	}
	at, err := time.Parse(utcForm, part)
	if err != nil {
		return cal.Moment{}, fmt.Errorf("recur: %q names no occurrence", part)
	}
	return cal.Moment{Instant: at, Zone: "UTC"}, nil
}

// Places are the original starts of a series, in order, in the zone of its start, those that EXDATE leaves out among them. It refuses a series that
// never ends, and one of more than most.
func (s *Series) Places(start cal.Moment, most int) ([]cal.Moment, error) {
	if s.Endless() {
		return nil, errEndless
	}
	whole := *s
	whole.excluded = nil
	starts, err := whole.Starts(cal.Window{From: s.first, Until: time.Date(lastYear, 1, 1, 0, 0, 0, 0, time.UTC)}, &Budget{Steps: maxSteps, Starts: most})
	if err != nil {
		return nil, err
	}
	all := make([]cal.Moment, 0, len(starts))
	for _, at := range starts {
		all = append(all, s.moment(at, start))
	}
	return all, nil
}

const (
	errEndless = Error("the rule has no end: give it COUNT or UNTIL")
	// lastYear bounds what is looked at: no calendar keeps later events.
	lastYear = 9999
)

// Endless reports whether a rule goes on for ever.
func (s *Series) Endless() bool {
	return slices.ContainsFunc(s.rules, func(r rule) bool { return r.count == 0 && r.until.IsZero() && r.untilAt.IsZero() })
}

// At is the occurrence of a booking that part names, whether or not the rule has such a place. slot is the booking's, which is the first one's.
func At(b cal.Booking, slot cal.Slot, part string) (Occurrence, error) {
	original, err := Original(part)
	if err != nil {
		return Occurrence{}, err
	}
	if original.Date == "" {
		original.Zone = slot.Start.Zone
	}
	o := Occurrence{Part: part, Slot: slotAt(slot, original)}
	o.Content = cal.Content{Title: b.Title, Description: b.Description, Location: b.Location, Slot: o.Slot}
	for _, line := range b.Recurrence {
		if excludes(line, slot.Start, original) {
			o.Cancelled = true
		}
	}
	override, ok := OverrideAt(b, part)
	if !ok {
		return o, nil
	}
	o.Cancelled = o.Cancelled || override.Cancelled
	return o.overlaid(override)
}

// OverrideAt is what a booking says of the occurrence that part names.
func OverrideAt(b cal.Booking, part string) (cal.Override, bool) {
	for _, o := range b.Overrides {
		if _, m, err := (zone.Tables{}).Again(o.OriginalStart); err == nil && PartOf(m) == part {
			return o, true
		}
	}
	return cal.Override{}, false
}

func excludes(line string, start, original cal.Moment) bool {
	s, err := Parse([]string{line}, start)
	if err != nil {
		return false // unreachable: the intake has parsed it
	}
	return slices.ContainsFunc(s.excludedMoments(start), original.Equal)
}

func (o Occurrence) overlaid(by cal.Override) (Occurrence, error) {
	given := func(override *string, booking string) string {
		if override != nil {
			return *override
		}
		return booking
	}
	o.Content.Title = given(by.Title, o.Content.Title)
	o.Content.Description = given(by.Description, o.Content.Description)
	o.Content.Location = given(by.Location, o.Content.Location)
	var err error
	o.Content.Slot, err = Overlaid(o.Content.Slot, by)
	return o, err
}

// Overlaid is when an occurrence takes place that would do so at slot by the rule.
func Overlaid(slot cal.Slot, by cal.Override) (cal.Slot, error) {
	if by.Start != nil {
		_, start, err := zone.Tables{}.Again(*by.Start)
		if err != nil {
			return slot, err
		}
		slot = slotAt(slot, start)
	}
	if by.End != nil {
		_, end, err := zone.Tables{}.Again(*by.End)
		if err != nil {
			return slot, err
		}
		slot.End = end
	}
	return slot, nil
}

// slotAt is a slot moved to another start. Its length is kept as exact time, or in days.
func slotAt(s cal.Slot, start cal.Moment) cal.Slot {
	if s.AllDay() != (start.Date != "") {
		return cal.Slot{Start: start, End: s.End} // unreachable: the intake refuses two kinds
	}
	if !s.AllDay() {
		end := start.Instant.Add(s.End.Instant.Sub(s.Start.Instant))
		return cal.Slot{Start: start, End: cal.Moment{Instant: end.UTC(), Zone: s.End.Zone}}
	}
	var days [3]time.Time
	for i, date := range []string{s.Start.Date, s.End.Date, start.Date} {
		at, err := time.Parse(cal.DateLayout, date)
		if err != nil {
			return cal.Slot{Start: start, End: start} // unreachable: the intake has parsed it
		}
		days[i] = at
	}
	return cal.Slot{Start: start, End: cal.Moment{Date: days[2].Add(days[1].Sub(days[0])).Format(cal.DateLayout)}}
}
