package intake

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/recur"
	"github.com/calweave/calweave/internal/zone"
)

// mostOccurrences is how many single events a recurring booking may stand as in one calendar.
const mostOccurrences = 200

// checkSeries checks what a booking says of how it repeats. slot is its first occurrence, which is in order.
func checkSeries(zones zone.Tables, b cal.Booking, slot cal.Slot, p *problems) {
	if len(b.Recurrence) == 0 {
		if len(b.Overrides) > 0 {
			p.add("/overrides", "a booking without recurrence has no occurrences that could differ: give recurrence, or leave overrides out")
		}
		if b.Expand {
			p.add("/expand", "a booking without recurrence has nothing to expand: give recurrence, or leave expand out")
		}
		return
	}
	frame := recur.Frame{Slot: slot, Zones: zones}
	places, ok := checkRecurrence(b, frame, p)
	if !ok {
		return
	}
	seen := map[string]bool{}
	for i, o := range b.Overrides {
		at := fmt.Sprintf("/overrides/%d", i)
		part, ok := checkOriginal(frame, o, places, at, p)
		if !ok {
			continue
		}
		if seen[part] {
			p.add(at+"/original_start", "the occurrence stands here twice: say everything about it in one place")
		}
		seen[part] = true
		checkOverride(frame, o, part, at, p)
	}
}

// checkRecurrence returns the places of the series.
func checkRecurrence(b cal.Booking, frame recur.Frame, p *problems) (map[string]bool, bool) {
	bad := func(detail string) (map[string]bool, bool) {
		p.add("/recurrence", "%s", detail)
		return nil, false
	}
	start := frame.Slot.Start
	for i, line := range b.Recurrence {
		if _, err := recur.ParseBy(frame.Zones, []string{line}, start); err != nil {
			p.add(fmt.Sprintf("/recurrence/%d", i), "%s", err.Error())
			return nil, false
		}
	}
	if _, err := recur.Submitted(b.Recurrence, start); err != nil {
		return bad(err.Error())
	}
	series, err := recur.ParseBy(frame.Zones, b.Recurrence, start)
	if err != nil {
		return bad(err.Error())
	}
	if named, err := series.NamesStart(); err != nil {
		return bad(err.Error())
	} else if !named {
		return bad("the rule does not name the start of the booking: let start be the first occurrence")
	}
	if !b.Expand {
		return checkPlaces(b, frame, series, p)
	}
	all, err := series.Places(start, mostOccurrences)
	if errors.Is(err, recur.ErrMany) {
		return bad(fmt.Sprintf("there are more than %d occurrences, which is the most that are made single events: book fewer with COUNT or UNTIL", mostOccurrences))
	}
	if err != nil {
		return bad(err.Error())
	}
	return partsOf(frame, all), true
}

func checkOriginal(frame recur.Frame, o cal.Override, places map[string]bool, at string, p *problems) (string, bool) {
	m, ok := resolve(frame.Zones, o.OriginalStart, at+"/original_start", p)
	if !ok {
		return "", false
	}
	part := frame.PartOf(m)
	if !places[part] {
		p.add(at+"/original_start", "the series has no occurrence that begins then: name the start that the rule gives it, wherever it is moved to")
	}
	return part, places[part]
}

// checkOverride checks what is said of one occurrence, which part names.
func checkOverride(frame recur.Frame, o cal.Override, part, at string, p *problems) {
	switch changes := changesOccurrence(o); {
	case o.Cancelled && changes:
		p.add(at, "the occurrence is cancelled, so that nothing else can be said of it: leave out one of the two")
		return
	case !o.Cancelled && !changes:
		p.add(at, "nothing is said of the occurrence: give what differs, or cancelled: true")
		return
	case o.Title != nil && strings.TrimSpace(*o.Title) == "":
		p.add(at+"/title", "the title is blank: leave it out to keep that of the booking")
	}
	if !fitsSeries(frame, o.Start, at+"/start", p) || !fitsSeries(frame, o.End, at+"/end", p) {
		return
	}
	made, err := frame.At(cal.Booking{Overrides: []cal.Override{o}}, part)
	if err != nil {
		p.add(at, "%s", err.Error())
		return
	}
	checkLength(made.Content.Slot, at+"/end", p)
}

func changesOccurrence(o cal.Override) bool {
	return o.Title != nil || o.Description != nil || o.Location != nil || o.Start != nil || o.End != nil
}

// fitsSeries reports whether one end of an occurrence, if it is given, is of the kind of the series.
func fitsSeries(frame recur.Frame, w *cal.When, at string, p *problems) bool {
	if w == nil {
		return true
	}
	m, ok := resolve(frame.Zones, *w, at, p)
	if ok && (m.Date != "") != frame.Slot.AllDay() {
		p.add(at, "this and the series are of two kinds: give both as date (all-day) or both as date_time")
		return false
	}
	return ok
}

func lengthOf(s cal.Slot) time.Duration {
	from, until := s.Start.Instant, s.End.Instant
	if s.AllDay() {
		// Both were parsed a moment ago.
		from, _ = time.Parse(cal.DateLayout, s.Start.Date)
		until, _ = time.Parse(cal.DateLayout, s.End.Date)
	}
	return until.Sub(from)
}

// frame is what the occurrences of a booking are found by.
func (s *Service) frame(b record.Booking) recur.Frame {
	return recur.Frame{Slot: b.Slot, Shift: b.Series.Shift, Zones: s.Zones}
}

// Occurrence is what a recurring booking says of the occurrence that part names.
func (s *Service) Occurrence(b record.Booking, part string) (recur.Occurrence, error) {
	return s.frame(b).At(b.Spec, part)
}

// worked works out of a booking's recurrence the parts that take place, when, and the last one. A single booking has none.
func worked(b cal.Booking, frame recur.Frame) ([]string, record.Series, error) {
	if len(b.Recurrence) == 0 {
		return nil, record.Series{}, nil
	}
	if b.IsSeries() {
		return differing(b, frame)
	}
	all, err := frame.All(b, mostOccurrences)
	if err != nil {
		return nil, record.Series{}, err
	}
	var parts []string
	series, times := record.Series{Shift: frame.Shift}, sha256.New()
	for _, o := range all {
		if o.Cancelled {
			continue
		}
		slot := o.Content.Slot
		parts = append(parts, o.Part)
		for _, m := range []cal.Moment{slot.Start, slot.End} {
			times.Write(fmt.Appendf(nil, "%s %s %d\n", o.Part, m.Date, m.Instant.Unix()))
		}
		if last := (record.Booking{Slot: slot}).Starts(); last.After(series.Last) {
			series.Last = last
		}
	}
	series.Times = hex.EncodeToString(times.Sum(nil))
	return parts, series, nil
}

// standing works out which occurrences a version stands as.
func (s *Service) standing(a record.Acceptance, current *record.Booking) (record.Acceptance, error) {
	frame := recur.Frame{Slot: a.Slot, Zones: s.Zones}
	var err error
	if current == nil {
		a.Parts, a.Series, err = worked(a.Spec, frame)
		return a, err
	}
	if err := reshapes(*current, a.Spec); err != nil {
		return a, err
	}
	if !a.Spec.IsSeries() {
		if frame.Shift, err = shift(*current, a.Spec, frame); err != nil {
			return a, err
		}
	}
	if a.Parts, a.Series, err = worked(a.Spec, frame); err == nil && a.Spec.IsSeries() {
		a.Parts, err = lasting(a.Spec, frame, a.Parts, current.Links)
	}
	return a, err
}

// shift is by how much the parts of a booking's next version differ from wall time. A version none of whose occurrences is one of before, but some are once all
// of those are moved as the first one was, has moved the series as a whole: its events are moved, and not made anew.
func shift(before record.Booking, now cal.Booking, frame recur.Frame) (time.Duration, error) {
	old := recur.Frame{Slot: before.Slot, Zones: frame.Zones}
	by := before.Series.Shift
	if len(before.Spec.Recurrence) == 0 || len(now.Recurrence) == 0 || before.Slot.AllDay() != frame.Slot.AllDay() {
		return by, nil
	}
	was, err := old.All(before.Spec, mostOccurrences)
	if err != nil {
		return by, err
	}
	is, err := frame.All(now, mostOccurrences)
	if err != nil {
		return by, err
	}
	places := map[string]bool{}
	for _, o := range was {
		places[o.Part] = true
	}
	delta := frame.Face(frame.Slot.Start).Sub(old.Face(before.Slot.Start))
	moved := recur.Frame{Slot: frame.Slot, Shift: delta, Zones: frame.Zones}
	follows := false
	for _, o := range is {
		if places[o.Part] {
			return by, nil
		}
		follows = follows || places[moved.PartOf(o.Slot.Start)]
	}
	if follows {
		by += delta
	}
	return by, nil
}

// takenOccurrence is a booking's content with what a person has made of one of its occurrences as an override of that one.
func takenOccurrence(frame recur.Frame, b record.Booking, l record.Link, fields cal.Fields) (cal.Booking, error) {
	o, err := frame.At(b.Spec, l.Part)
	if err != nil {
		return b.Spec, err
	}
	made, stands := frame.OverrideAt(b.Spec, l.Part)
	if !stands {
		made.OriginalStart = o.Slot.Start.When()
	}
	if l.Removed() {
		return withOverride(frame, b.Spec, l.Part, cal.Override{OriginalStart: made.OriginalStart, Cancelled: true}), nil
	}
	seen, theirs := *l.Observed, l.Theirs()&fields
	if theirs.Has(cal.FieldAttendees) {
		return b.Spec, &record.RefusalError{
			Reason: record.ReasonUnacceptable, Detail: "guests were changed on one occurrence, and are the same on all of them: revert it, or submit the next version with If-Match",
		}
	}
	if theirs.Has(cal.FieldTitle) {
		made.Title = &seen.Title
	}
	if theirs.Has(cal.FieldDescription) {
		made.Description = &seen.Description
	}
	if theirs.Has(cal.FieldLocation) {
		made.Location = &seen.Location
	}
	if theirs.Has(cal.FieldSlot) {
		was := o.Content.Slot
		start := moved(was.Start.When(), was.Start, seen.Slot.Start)
		end := moved(was.End.When(), was.End, seen.Slot.End)
		made.Start, made.End = &start, &end
	}
	return withOverride(frame, b.Spec, l.Part, made), nil
}

// withOverride is a booking that says something of one occurrence, in place of what it said of that before.
func withOverride(frame recur.Frame, b cal.Booking, part string, made cal.Override) cal.Booking {
	var out []cal.Override
	replaced := false
	for _, o := range b.Overrides {
		if same, ok := frame.OverrideAt(cal.Booking{Overrides: []cal.Override{o}}, part); ok {
			o, replaced = made, true
			o.OriginalStart = same.OriginalStart
		}
		out = append(out, o)
	}
	if !replaced {
		out = append(out, made)
	}
	b.Overrides = out
	return b
}

// meant is the part of the occurrence that a verdict is about; empty where it names none.
func (s *Service) meant(v Verdict, b record.Booking) (string, error) {
	if v.Occurrence == "" {
		return "", nil
	}
	bad := func(detail string) error {
		return problems{{Pointer: "query: occurrence", Detail: detail}}.refusal()
	}
	if len(b.Spec.Recurrence) == 0 {
		return "", bad("the booking does not recur: leave occurrence out")
	}
	when := cal.When{DateTime: v.Occurrence, TimeZone: b.Slot.Start.Zone}
	if b.Slot.AllDay() {
		when = cal.When{Date: v.Occurrence}
	} else if at, err := time.Parse(time.RFC3339, v.Occurrence); err == nil {
		when = cal.Moment{Instant: at, Zone: b.Slot.Start.Zone}.When() // whatever offset it is written with
	}
	m, err := s.Zones.Resolve(when)
	if err != nil {
		return "", bad(err.Error() + " (in a query, + is written %2B)")
	}
	return s.frame(b).PartOf(m), nil
}
