package intake

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/recur"
)

const (
	// mostPlaces is how many occurrences of a series are looked at, which need not end.
	mostPlaces = 5_000
	// mostParts is how many occurrences of a series may differ.
	mostParts = 200
)

// checkPlaces returns the places of a series as far as its overrides go.
func checkPlaces(b cal.Booking, frame recur.Frame, series *recur.Series, p *problems) (map[string]bool, bool) {
	all, err := series.PlacesThrough(frame.Slot.Start, lastNamed(b, frame), mostPlaces)
	if errors.Is(err, recur.ErrMany) {
		p.add("/overrides", "only the first %d occurrences of a series may differ", mostPlaces)
		return nil, false
	}
	if err != nil {
		p.add("/recurrence", "%s", err.Error())
		return nil, false
	}
	if n := len(b.Overrides) + len(series.Excluded(frame.Slot.Start)); n > mostParts {
		p.add("/overrides", "%d occurrences differ or are left out, and %d may: end the series and book the rest as another one, or give expand: true", n, mostParts)
		return nil, false
	}
	return partsOf(frame, all), true
}

// lastNamed is the last original start that an override names; the first of the series if there is none.
func lastNamed(b cal.Booking, frame recur.Frame) cal.Moment {
	last := frame.Slot.Start
	for _, o := range b.Overrides {
		if _, m, err := frame.Zones.Again(o.OriginalStart); err == nil && later(m, last) {
			last = m
		}
	}
	return last
}

// later reports whether a moment is after another one of its kind.
func later(a, b cal.Moment) bool {
	return a.Date > b.Date || a.Date == b.Date && a.Instant.After(b.Instant)
}

func partsOf(frame recur.Frame, all []cal.Moment) map[string]bool {
	out := make(map[string]bool, len(all))
	for _, m := range all {
		out[frame.PartOf(m)] = true
	}
	return out
}

// reshapes refuses a version that makes a series of what stands as single events, or single events of a series: both would stand for a while.
func reshapes(before record.Booking, now cal.Booking) error {
	if len(now.Recurrence) == 0 {
		return nil
	}
	const mend = "cancel it, and book the rest by another id"
	switch was := before.Spec; {
	case len(was.Recurrence) > 0 && was.Expand != now.Expand:
		return problems{{Pointer: "/expand", Detail: "the booking stands as single events or as a series, and cannot become the other: " + mend}}.refusal()
	case len(was.Recurrence) == 0 && slices.ContainsFunc(before.Links, func(l record.Link) bool { return l.Part != "" && (l.EventID != "" || len(l.InFlight) > 0) }):
		return problems{{
			Pointer: "/recurrence", Detail: "occurrences of an earlier version are being removed still: submit this version again in a while, or " + mend,
		}}.refusal()
	default:
		return nil
	}
}

// differing works out of a series the whole and the parts that differ from it, when these take place, and when the last one begins.
func differing(b cal.Booking, frame recur.Frame) ([]string, record.Series, error) {
	series, err := recur.ParseBy(frame.Zones, b.Recurrence, frame.Slot.Start)
	if err != nil {
		return nil, record.Series{}, err
	}
	canonical, err := recur.Submitted(b.Recurrence, frame.Slot.Start)
	if err != nil {
		return nil, record.Series{}, err
	}
	parts, times := []string{""}, sha256.New()
	for _, line := range canonical.Lines {
		times.Write(fmt.Appendf(nil, "%s\n", line))
	}
	all, err := frame.Differing(b, series)
	if err != nil {
		return nil, record.Series{}, err
	}
	out := record.Series{Last: lastStart(series, frame)}
	for _, o := range all {
		for _, m := range []cal.Moment{o.Content.Slot.Start, o.Content.Slot.End} {
			times.Write(fmt.Appendf(nil, "%s %s %d\n", o.Part, m.Date, m.Instant.Unix()))
		}
		if at := (record.Booking{Slot: o.Content.Slot}).Starts(); at.After(out.Last) {
			out.Last = at
		}
		parts = append(parts, o.Part)
	}
	out.Times = hex.EncodeToString(times.Sum(nil))
	return parts, out, nil
}

// lastStart is when the last occurrence of a series begins, or a day that none lies after.
func lastStart(series *recur.Series, frame recur.Frame) time.Time {
	all, err := series.Places(frame.Slot.Start, mostPlaces)
	if err != nil || len(all) == 0 {
		return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return record.Booking{Slot: cal.Slot{Start: all[len(all)-1]}}.Starts()
}

// lasting adds to the parts of a series those that have links and are places of it still: they are as the series has them from now on.
func lasting(b cal.Booking, frame recur.Frame, parts []string, links []record.Link) ([]string, error) {
	series, err := recur.ParseBy(frame.Zones, b.Recurrence, frame.Slot.Start)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{"": true}
	for _, part := range parts {
		known[part] = true
	}
	var places []cal.Moment
	for _, l := range links {
		m, err := frame.Original(l.Part)
		if known[l.Part] || err != nil || frame.PartOf(m) != l.Part {
			continue
		}
		known[l.Part] = true
		places = append(places, m)
	}
	for i, has := range series.Among(places) {
		if has {
			parts = append(parts, frame.PartOf(places[i]))
		}
	}
	return parts, nil
}

// kept refuses a series that one of its targets' providers cannot keep as one event.
func (s *Service) kept(a record.Acceptance) error {
	if !a.Spec.IsSeries() {
		return nil
	}
	content, err := content(a.Spec, a.Slot)
	if err != nil {
		return err
	}
	var p problems
	asked := map[cal.Provider]bool{}
	for _, t := range a.Targets {
		if asked[t.Calendar.Provider] {
			continue
		}
		asked[t.Calendar.Provider] = true
		err := error(&provider.UnmappableError{Part: "RRULE", Why: "no provider keeps series here"})
		if s.Keeps != nil {
			err = s.Keeps(t.Calendar.Provider, content)
		}
		why, ok := errors.AsType[*provider.UnmappableError](err)
		if err != nil && !ok {
			return err
		}
		if ok {
			p.add("/recurrence", "%s cannot keep this as a series (%s): write the rule otherwise, or give expand: true, so that each occurrence becomes an event of its own",
				t.Calendar.Provider, why.Error())
		}
	}
	return p.refusal()
}

// content is when a series takes place, as drivers are told.
func content(b cal.Booking, slot cal.Slot) (cal.Content, error) {
	canonical, err := recur.Submitted(b.Recurrence, slot.Start)
	return cal.Content{Slot: slot, Recurrence: canonical.Lines}, err
}

// takenRule is a series with the rule and the first occurrence that a person has given it. What it says of single occurrences moves with it.
func (s *Service) takenRule(b record.Booking, spec cal.Booking, seen cal.Content, theirs cal.Fields) (cal.Booking, error) {
	series, err := recur.ParseBy(s.Zones, b.Spec.Recurrence, b.Slot.Start)
	if err != nil {
		return spec, err // unreachable: the intake has parsed it
	}
	var rule, without []string
	for _, line := range b.Spec.Recurrence {
		if strings.HasPrefix(strings.ToUpper(strings.TrimSpace(line)), "EXDATE") {
			without = append(without, line)
		} else {
			rule = append(rule, line)
		}
	}
	old := s.frame(b)
	if by := old.Face(seen.Slot.Start).Sub(old.Face(b.Slot.Start)); theirs.Has(cal.FieldSlot) && by != 0 {
		if len(without) > 0 {
			without = []string{old.Without(series.Excluded(b.Slot.Start), by)}
		}
		spec.Overrides = slices.Clone(spec.Overrides)
		for i, o := range spec.Overrides {
			if _, m, err := s.Zones.Again(o.OriginalStart); err == nil {
				spec.Overrides[i].OriginalStart = old.Moved(m, by).When()
			}
		}
	}
	if theirs.Has(cal.FieldRecurrence) {
		rule, spec.Overrides = seen.Recurrence, s.remaining(spec.Overrides, seen)
	}
	spec.Recurrence = slices.Concat(rule, without)
	return spec, nil
}

// remaining are the overrides of occurrences that a series has still. All of them are if its rule cannot be read, which is refused later.
func (s *Service) remaining(all []cal.Override, seen cal.Content) []cal.Override {
	series, err := recur.ParseBy(s.Zones, seen.Recurrence, seen.Slot.Start)
	if err != nil {
		return all
	}
	places := make([]cal.Moment, len(all))
	for i, o := range all {
		if _, m, err := s.Zones.Again(o.OriginalStart); err == nil {
			places[i] = m
		}
	}
	var out []cal.Override
	for i, has := range series.Among(places) {
		if has {
			out = append(out, all[i])
		}
	}
	return out
}
