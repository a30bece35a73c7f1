package intake

import (
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
	if !b.Expand {
		p.add("/expand", "a series is not kept as one event yet: give expand: true, so that each occurrence becomes an event of its own")
	}
	places, ok := checkRecurrence(b, slot, p)
	if !ok {
		return
	}
	seen := map[string]bool{}
	for i, o := range b.Overrides {
		at := fmt.Sprintf("/overrides/%d", i)
		part, ok := checkOriginal(zones, o, places, at, p)
		if !ok {
			continue
		}
		if seen[part] {
			p.add(at+"/original_start", "the occurrence stands here twice: say everything about it in one place")
		}
		seen[part] = true
		checkOverride(zones, o, placed(slot, part), at, p)
	}
}

// checkRecurrence returns the places of the series.
func checkRecurrence(b cal.Booking, slot cal.Slot, p *problems) (map[string]bool, bool) {
	bad := func(detail string) (map[string]bool, bool) {
		p.add("/recurrence", "%s", detail)
		return nil, false
	}
	for i, line := range b.Recurrence {
		if _, err := recur.Parse([]string{line}, slot.Start); err != nil {
			p.add(fmt.Sprintf("/recurrence/%d", i), "%s", err.Error())
			return nil, false
		}
	}
	if _, err := recur.Submitted(b.Recurrence, slot.Start); err != nil {
		return bad(err.Error())
	}
	series, err := recur.Parse(b.Recurrence, slot.Start)
	if err != nil {
		return bad(err.Error())
	}
	if named, err := series.NamesStart(); err != nil {
		return bad(err.Error())
	} else if !named {
		return bad("the rule does not name the start of the booking: let start be the first occurrence")
	}
	all, err := series.Places(slot.Start, mostOccurrences)
	if errors.Is(err, recur.ErrMany) {
		return bad(fmt.Sprintf("there are more than %d occurrences, which is the most that are made single events: book fewer with COUNT or UNTIL", mostOccurrences))
	}
	if err != nil {
		return bad(err.Error())
	}
	places := make(map[string]bool, len(all))
	for _, m := range all {
		places[recur.PartOf(m)] = true
	}
	return places, true
}

func checkOriginal(zones zone.Tables, o cal.Override, places map[string]bool, at string, p *problems) (string, bool) {
	m, ok := resolve(zones, o.OriginalStart, at+"/original_start", p)
	if !ok {
		return "", false
	}
	part := recur.PartOf(m)
	if !places[part] {
		p.add(at+"/original_start", "the series has no occurrence that begins then: name the start that the rule gives it, wherever it is moved to")
	}
	return part, places[part]
}

// checkOverride checks what is said of one occurrence, which takes place at slot by the rule.
func checkOverride(zones zone.Tables, o cal.Override, slot cal.Slot, at string, p *problems) {
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
	if !fitsSeries(zones, o.Start, slot, at+"/start", p) || !fitsSeries(zones, o.End, slot, at+"/end", p) {
		return
	}
	moved, err := recur.Overlaid(slot, o)
	if err != nil {
		p.add(at, "%s", err.Error())
		return
	}
	checkLength(moved, at+"/end", p)
}

func changesOccurrence(o cal.Override) bool {
	return o.Title != nil || o.Description != nil || o.Location != nil || o.Start != nil || o.End != nil
}

// fitsSeries reports whether one end of an occurrence, if it is given, is of the kind of the series.
func fitsSeries(zones zone.Tables, w *cal.When, slot cal.Slot, at string, p *problems) bool {
	if w == nil {
		return true
	}
	m, ok := resolve(zones, *w, at, p)
	if ok && (m.Date != "") != slot.AllDay() {
		p.add(at, "this and the series are of two kinds: give both as date (all-day) or both as date_time")
		return false
	}
	return ok
}

// placed is the slot of the first occurrence at another place.
func placed(slot cal.Slot, part string) cal.Slot {
	o, err := recur.At(cal.Booking{}, slot, part)
	if err != nil {
		return slot // unreachable: the part was written a moment ago
	}
	return o.Slot
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

// parts are the occurrences of a recurring booking that take place; none of a single one.
func parts(b cal.Booking, slot cal.Slot) ([]string, error) {
	if len(b.Recurrence) == 0 {
		return nil, nil
	}
	series, err := recur.Parse(b.Recurrence, slot.Start)
	if err != nil {
		return nil, err
	}
	all, err := series.Places(slot.Start, mostOccurrences)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, m := range all {
		o, err := recur.At(b, slot, recur.PartOf(m))
		if err != nil {
			return nil, err
		}
		if !o.Cancelled {
			out = append(out, o.Part)
		}
	}
	return out, nil
}

// takenOccurrence is a booking's content with what a person has made of one of its occurrences as an override of that one.
func takenOccurrence(b record.Booking, l record.Link, fields cal.Fields) (cal.Booking, error) {
	o, err := recur.At(b.Spec, b.Slot, l.Part)
	if err != nil {
		return b.Spec, err
	}
	made, stands := recur.OverrideAt(b.Spec, l.Part)
	if !stands {
		made.OriginalStart = o.Slot.Start.When()
	}
	if l.Removed() {
		return withOverride(b.Spec, l.Part, cal.Override{OriginalStart: made.OriginalStart, Cancelled: true}), nil
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
	return withOverride(b.Spec, l.Part, made), nil
}

// withOverride is a booking that says something of one occurrence, in place of what it said of that before.
func withOverride(b cal.Booking, part string, made cal.Override) cal.Booking {
	var out []cal.Override
	replaced := false
	for _, o := range b.Overrides {
		if same, ok := recur.OverrideAt(cal.Booking{Overrides: []cal.Override{o}}, part); ok {
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
