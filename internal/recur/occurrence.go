package recur

import (
	"fmt"
	"slices"
	"strings"
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

// Frame is what the occurrences of a recurring booking are found by.
type Frame struct {
	// Slot is when the first occurrence takes place by the rule.
	Slot cal.Slot
	// Shift is how far the series as a whole was moved on the face of the clock since its parts were given out.
	Shift time.Duration
	// Zones are the tables that wall times are read by.
	Zones zone.Tables
}

// PartOf is how an original start is written in links and keys: as wall time in the zone of the series, or as a date, less what the series was shifted
// by. Where a wall time happens twice, its second time is written as the instant in UTC.
func (f Frame) PartOf(original cal.Moment) string {
	if original.Date != "" {
		day, err := time.Parse(cal.DateLayout, original.Date)
		if err != nil {
			return ""
		}
		return day.Add(-f.Shift).Format(dateForm)
	}
	loc := f.location()
	wall := wallOf(original.Instant, loc)
	if !zone.FromWallOrAfter(wall, loc).Equal(original.Instant) {
		return original.Instant.UTC().Add(-f.Shift).Format(utcForm)
	}
	return wall.Add(-f.Shift).Format(wallForm)
}

// Original reads what PartOf has written. The moment is in the zone of the series.
func (f Frame) Original(part string) (cal.Moment, error) {
	if day, err := time.Parse(dateForm, part); err == nil {
		return cal.Moment{Date: day.Add(f.Shift).Format(cal.DateLayout)}, nil
	}
	if at, err := time.Parse(utcForm, part); err == nil {
		return cal.Moment{Instant: at.Add(f.Shift), Zone: f.Slot.Start.Zone}, nil
	}
	wall, err := time.Parse(wallForm, part)
	if err != nil {
		return cal.Moment{}, fmt.Errorf("recur: %q names no occurrence", part)
	}
	return cal.Moment{Instant: zone.FromWallOrAfter(wall.Add(f.Shift), f.location()).UTC(), Zone: f.Slot.Start.Zone}, nil
}

func (f Frame) location() *time.Location {
	loc, err := f.Zones.Find(f.Slot.Start.Zone)
	if err != nil {
		return time.UTC // as Parse reads a start without a zone
	}
	return loc
}

// Face is what the clock of the series shows at a moment, in UTC's clothes; of an all-day series the midnight of the date.
func (f Frame) Face(m cal.Moment) time.Time {
	if m.Date == "" {
		return wallOf(m.Instant, f.location())
	}
	day, err := time.Parse(cal.DateLayout, m.Date)
	if err != nil {
		return time.Time{} // unreachable: the intake has parsed it
	}
	return day
}

// Moved is an original start as far from it on the face of the clock.
func (f Frame) Moved(original cal.Moment, by time.Duration) cal.Moment {
	if original.Date != "" {
		return cal.Moment{Date: f.Face(original).Add(by).Format(cal.DateLayout)}
	}
	return cal.Moment{Instant: zone.FromWallOrAfter(f.Face(original).Add(by), f.location()).UTC(), Zone: f.Slot.Start.Zone}
}

// Without is an EXDATE line that leaves out starts of a series whose zone the frame knows, each as far from where it is as Moved has it. Without any starts it
// is empty.
func (f Frame) Without(starts []cal.Moment, by time.Duration) string {
	if len(starts) == 0 {
		return ""
	}
	head, form := "EXDATE;TZID="+f.Slot.Start.Zone+":", wallForm
	if f.Slot.AllDay() {
		head, form = "EXDATE;VALUE=DATE:", dateForm
	}
	texts := make([]string, 0, len(starts))
	for _, m := range starts {
		texts = append(texts, f.Face(m).Add(by).Format(form))
	}
	return head + strings.Join(texts, ",")
}

// Places are the original starts of a series, in order, in the zone of its start, those that EXDATE leaves out among them. It refuses a series that
// never ends, and one of more than most.
func (s *Series) Places(start cal.Moment, most int) ([]cal.Moment, error) {
	if s.Endless() {
		return nil, errEndless
	}
	return s.placesUntil(start, time.Date(lastYear, 1, 1, 0, 0, 0, 0, time.UTC), most)
}

// PlacesThrough is Places as far as a moment, which is of the kind of start, of a series that need not end.
func (s *Series) PlacesThrough(start, last cal.Moment, most int) ([]cal.Moment, error) {
	return s.placesUntil(start, s.at(last).Add(time.Second), most)
}

// Among reports of each of some moments whether it is a place of the series, be it left out by EXDATE. All of its kind are if
// that takes too many steps to tell, which are counted for all of them together.
func (s *Series) Among(all []cal.Moment) []bool {
	if len(all) == 0 {
		return nil
	}
	asked, within := map[int64]bool{}, cal.Window{From: s.at(all[0]), Until: s.at(all[0])}
	for _, m := range all {
		at := s.at(m)
		asked[at.Unix()] = true
		if at.Before(within.From) {
			within.From = at
		}
		if at.After(within.Until) {
			within.Until = at
		}
	}
	within.Until = within.Until.Add(time.Second)
	whole := *s
	whole.excluded = nil
	e := expansion{Series: &whole, within: within, left: maxSteps, most: len(asked), asked: asked, found: map[int64]bool{}}
	_, err := e.starts()
	has := make([]bool, len(all))
	for i, m := range all {
		has[i] = (m.Date != "") == s.allDay && (err != nil || e.found[s.at(m).Unix()])
	}
	return has
}

// at is a moment as starts are kept.
func (s *Series) at(m cal.Moment) time.Time {
	if day, err := time.Parse(cal.DateLayout, m.Date); err == nil {
		return day
	}
	return m.Instant
}

func (s *Series) placesUntil(start cal.Moment, until time.Time, most int) ([]cal.Moment, error) {
	whole := *s
	whole.excluded = nil
	starts, err := whole.Starts(cal.Window{From: s.first, Until: until}, &Budget{Steps: maxSteps, Starts: most})
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

// At is the occurrence of a booking that part names, whether or not the rule has such a place.
func (f Frame) At(b cal.Booking, part string) (Occurrence, error) {
	original, err := f.Original(part)
	if err != nil {
		return Occurrence{}, err
	}
	override, _ := f.OverrideAt(b, part)
	o, err := f.occurrence(b, original, override)
	o.Part = part // wall time that has come to lie in a gap would get another one
	o.Cancelled = o.Cancelled || slices.ContainsFunc(b.Recurrence, func(line string) bool { return f.excludes(line, original) })
	return o, err
}

// All are the occurrences of a booking that takes place at most so often, those that are cancelled among them, in the order of the rule.
func (f Frame) All(b cal.Booking, most int) ([]Occurrence, error) {
	series, err := ParseBy(f.Zones, b.Recurrence, f.Slot.Start)
	if err != nil {
		return nil, err
	}
	places, err := series.Places(f.Slot.Start, most)
	if err != nil {
		return nil, err
	}
	_, overrides, excluded := f.named(b, series)
	return f.each(b, places, overrides, excluded)
}

// Differing are the occurrences of a booking that its overrides and EXDATE lines name, each once. Its rule need not end.
func (f Frame) Differing(b cal.Booking, series *Series) ([]Occurrence, error) {
	places, overrides, excluded := f.named(b, series)
	return f.each(b, places, overrides, excluded)
}

// named are the places that overrides and EXDATE lines name, each once, and what they say by their parts.
func (f Frame) named(b cal.Booking, series *Series) (places []cal.Moment, overrides map[string]cal.Override, excluded map[string]bool) {
	overrides, excluded = map[string]cal.Override{}, map[string]bool{}
	for _, m := range series.Excluded(f.Slot.Start) {
		places = append(places, m)
		excluded[f.PartOf(m)] = true
	}
	for _, o := range b.Overrides {
		_, m, err := f.Zones.Again(o.OriginalStart)
		if err != nil {
			continue // unreachable: the intake has read it
		}
		part := f.PartOf(m)
		if _, twice := overrides[part]; !twice && !excluded[part] {
			places = append(places, m)
		}
		overrides[part] = o
	}
	return places, overrides, excluded
}

func (f Frame) each(b cal.Booking, places []cal.Moment, overrides map[string]cal.Override, excluded map[string]bool) ([]Occurrence, error) {
	all := make([]Occurrence, 0, len(places))
	for _, m := range places {
		o, err := f.occurrence(b, m, overrides[f.PartOf(m)])
		if err != nil {
			return nil, err
		}
		o.Cancelled = o.Cancelled || excluded[o.Part]
		all = append(all, o)
	}
	return all, nil
}

func (f Frame) occurrence(b cal.Booking, original cal.Moment, override cal.Override) (Occurrence, error) {
	o := Occurrence{Part: f.PartOf(original), Slot: SlotAt(f.Slot, original), Cancelled: override.Cancelled}
	slot, err := f.Overlaid(o.Slot, override)
	o.Content = cal.Content{
		Title: given(override.Title, b.Title), Description: given(override.Description, b.Description), Location: given(override.Location, b.Location),
		Slot: slot,
	}
	return o, err
}

// OverrideAt is what a booking says of the occurrence that part names.
func (f Frame) OverrideAt(b cal.Booking, part string) (cal.Override, bool) {
	for _, o := range b.Overrides {
		if _, m, err := f.Zones.Again(o.OriginalStart); err == nil && f.PartOf(m) == part {
			return o, true
		}
	}
	return cal.Override{}, false
}

func (f Frame) excludes(line string, original cal.Moment) bool {
	if !strings.HasPrefix(strings.ToUpper(strings.TrimSpace(line)), "EXDATE") {
		return false
	}
	s, err := ParseBy(f.Zones, []string{line}, f.Slot.Start)
	if err != nil {
		return false // unreachable: the intake has parsed it
	}
	return slices.ContainsFunc(s.Excluded(f.Slot.Start), original.Equal)
}

func given(override *string, booking string) string {
	if override != nil {
		return *override
	}
	return booking
}

// Overlaid is when an occurrence takes place that would do so at slot by the rule.
func (f Frame) Overlaid(slot cal.Slot, by cal.Override) (cal.Slot, error) {
	if by.Start != nil {
		_, start, err := f.Zones.Again(*by.Start)
		if err != nil {
			return slot, err
		}
		slot = SlotAt(slot, start)
	}
	if by.End != nil {
		_, end, err := f.Zones.Again(*by.End)
		if err != nil {
			return slot, err
		}
		slot.End = end
	}
	return slot, nil
}

// SlotAt is a slot moved to another start. Its length is kept as exact time, or in days.
func SlotAt(s cal.Slot, start cal.Moment) cal.Slot {
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
