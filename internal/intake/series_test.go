package intake

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/recur"
)

// weekly is a booking of four Thursdays, between the second and third of which the clocks of Berlin change.
func weekly(edits ...func(*cal.Booking)) cal.Booking {
	return good(append([]func(*cal.Booking){
		from(berlin("2026-10-15T10:00:00"), berlin("2026-10-15T10:30:00")),
		func(b *cal.Booking) { b.Recurrence, b.Expand = []string{"RRULE:FREQ=WEEKLY;COUNT=4"}, true },
	}, edits...)...)
}

func lines(all ...string) func(*cal.Booking) { return func(b *cal.Booking) { b.Recurrence = all } }

func overrides(all ...cal.Override) func(*cal.Booking) {
	return func(b *cal.Booking) { b.Overrides = all }
}

func TestCheckSeriesRefuses(t *testing.T) {
	t.Parallel()
	second := berlin("2026-10-22T10:00:00")
	for name, c := range map[string]struct {
		b               cal.Booking
		pointer, detail string
	}{
		"expand alone":          {good(func(b *cal.Booking) { b.Expand = true }), "/expand", "without recurrence"},
		"overrides alone":       {good(overrides(cal.Override{OriginalStart: second, Cancelled: true})), "/overrides", "without recurrence"},
		"no line":               {weekly(lines("FREQ=WEEKLY")), "/recurrence/0", "none of RFC 5545"},
		"second line":           {weekly(lines("RRULE:FREQ=WEEKLY;COUNT=4", "RDATE:soon")), "/recurrence/1", "date cannot be read"},
		"EXRULE":                {weekly(lines("RRULE:FREQ=WEEKLY;COUNT=4", "EXRULE:FREQ=MONTHLY;COUNT=2")), "/recurrence", "EXRULE is not taken"},
		"two rules":             {weekly(lines("RRULE:FREQ=WEEKLY;COUNT=4", "RRULE:FREQ=DAILY;COUNT=4")), "/recurrence", "one RRULE, not 2"},
		"no rule":               {weekly(lines("RDATE:20261022T080000Z")), "/recurrence", "one RRULE, not 0"},
		"start is not of it":    {weekly(lines("RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=4")), "/recurrence", "does not name the start"},
		"endless":               {weekly(lines("RRULE:FREQ=WEEKLY")), "/recurrence", "no end"},
		"too many":              {weekly(lines("RRULE:FREQ=DAILY;COUNT=201")), "/recurrence", "more than 200"},
		"no such occurrence":    {weekly(overrides(cal.Override{OriginalStart: berlin("2026-10-23T10:00:00"), Cancelled: true})), "/overrides/0/original_start", "no occurrence"},
		"the hour before DST":   {weekly(overrides(cal.Override{OriginalStart: in("UTC", "2026-10-29T08:00:00"), Cancelled: true})), "/overrides/0/original_start", "no occurrence"},
		"twice":                 {weekly(overrides(cal.Override{OriginalStart: second, Cancelled: true}, cal.Override{OriginalStart: in("UTC", "2026-10-22T08:00:00"), Title: new("x")})), "/overrides/1/original_start", "twice"},
		"cancelled and changed": {weekly(overrides(cal.Override{OriginalStart: second, Cancelled: true, Title: new("x")})), "/overrides/0", "leave out one"},
		"nothing said":          {weekly(overrides(cal.Override{OriginalStart: second})), "/overrides/0", "nothing is said"},
		"blank title":           {weekly(overrides(cal.Override{OriginalStart: second, Title: new(" ")})), "/overrides/0/title", "blank"},
		"another kind":          {weekly(overrides(cal.Override{OriginalStart: second, Start: new(day("2026-10-22"))})), "/overrides/0/start", "two kinds"},
		"ends before it begins": {weekly(overrides(cal.Override{OriginalStart: second, End: new(berlin("2026-10-22T09:00:00"))})), "/overrides/0/end", "before the start"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := check(c.b)
			refusal, ok := errors.AsType[*record.RefusalError](err)
			if !ok || len(refusal.Problems) != 1 {
				t.Fatalf("got %+v, want one problem", err)
			}
			if p := refusal.Problems[0]; p.Pointer != c.pointer || !strings.Contains(p.Detail, c.detail) {
				t.Errorf("got %+v, want one at %s that says %q", p, c.pointer, c.detail)
			}
		})
	}
}

func TestParts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		b    cal.Booking
		want []string
	}{
		"single":          {good(), nil},
		"wall time stays": {weekly(), []string{"20261015T100000", "20261022T100000", "20261029T100000", "20261105T100000"}},
		"bounded":         {weekly(lines("RRULE:FREQ=DAILY;COUNT=2", "RDATE;TZID=Europe/Berlin:20261101T120000")), []string{"20261015T100000", "20261016T100000", "20261101T120000"}},
		"EXDATE":          {weekly(lines("RRULE:FREQ=WEEKLY;COUNT=3", "EXDATE:20261022T080000Z")), []string{"20261015T100000", "20261029T100000"}},
		"EXDATE, and cancelled": {
			weekly(lines("RRULE:FREQ=WEEKLY;COUNT=2", "EXDATE:20261022T080000Z"), overrides(cal.Override{OriginalStart: berlin("2026-10-22T10:00:00"), Cancelled: true})),
			[]string{"20261015T100000"},
		},
		"cancelled":         {weekly(overrides(cal.Override{OriginalStart: berlin("2026-10-29T10:00:00"), Cancelled: true})), []string{"20261015T100000", "20261022T100000", "20261105T100000"}},
		"moved, not away":   {weekly(lines("RRULE:FREQ=WEEKLY;COUNT=2"), overrides(cal.Override{OriginalStart: berlin("2026-10-22T10:00:00"), Start: new(berlin("2026-10-23T10:00:00"))})), []string{"20261015T100000", "20261022T100000"}},
		"all-day":           {weekly(from(day("2026-10-24"), day("2026-10-25")), lines("RRULE:FREQ=DAILY;COUNT=2")), []string{"20261024", "20261025"}},
		"as many as it may": {weekly(lines("RRULE:FREQ=DAILY;COUNT=1")), []string{"20261015T100000"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, slot, err := check(c.b)
			if err != nil {
				t.Fatalf("%+v", err)
			}
			got, _, err := worked(b, recur.Frame{Slot: slot})
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("got %v, %v, want %v", got, err, c.want)
			}
		})
	}
	b, slot, err := check(weekly(lines("RRULE:FREQ=DAILY;COUNT=200")))
	if got, _, partsErr := worked(b, recur.Frame{Slot: slot}); err != nil || partsErr != nil || len(got) != 200 {
		t.Errorf("got %d parts, %v, %v, want 200", len(got), err, partsErr)
	}
}

// What a person makes of one occurrence becomes an override of that one, and nothing else of the booking changes.
func TestTakenOccurrence(t *testing.T) {
	t.Parallel()
	const part = "20261029T100000"
	spec, slot, err := check(weekly(overrides(cal.Override{OriginalStart: berlin("2026-10-29T10:00:00"), Location: new("Room 2")})))
	if err != nil {
		t.Fatal(err)
	}
	was, err := recur.Frame{Slot: slot}.At(spec, part)
	if err != nil || was.Content.Location != "Room 2" {
		t.Fatalf("got %+v, %v, want the occurrence in room 2", was, err)
	}
	b := record.Booking{ID: "b", Spec: spec, Slot: slot}
	link := record.Link{Part: part, Authoritative: true, State: record.LinkDiverged, Base: &record.Base{Sent: was.Content, Read: was.Content}}
	s := &Service{Fits: func(cal.Booking) error { return nil }}

	moved := was.Content
	moved.Title, moved.Slot = "Retro", cal.Slot{Start: moment(t, "2026-10-30T11:00:00"), End: moment(t, "2026-10-30T12:00:00")}
	link.Observed = &moved
	after, err := s.Taken(b, link, cal.AllFields)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	got, err := s.Occurrence(after, part)
	if err != nil || got.Content.Differences(moved, cal.AllFields) != 0 {
		t.Errorf("got %+v, %v, want the occurrence as the person made it: %+v", got.Content, err, moved)
	}
	if len(after.Spec.Overrides) != 1 || after.Spec.Title != spec.Title || !after.Slot.Equal(slot) || len(b.Spec.Overrides) != 1 {
		t.Errorf("got %+v, want one override and the rest as it was", after.Spec)
	}

	link.Observed = nil
	after, err = s.Taken(b, link, 0)
	if got, atErr := s.Occurrence(after, part); err != nil || atErr != nil || !got.Cancelled || after.Cancelled {
		t.Errorf("got %+v, %v, %v, want the occurrence cancelled and the booking not", got, err, atErr)
	}

	guests := was.Content
	guests.Attendees = []cal.Attendee{{Email: "eve@example.com"}}
	link.Observed = &guests
	if _, err := s.Taken(b, link, cal.AllFields); !isRefusal(err, record.ReasonUnacceptable) {
		t.Errorf("got %v, want guests of one occurrence refused", err)
	}
}

func moment(t *testing.T, wall string) cal.Moment {
	t.Helper()
	var p problems
	slot := checkSlot(Service{}.Zones, good(from(berlin(wall), berlin("2027-01-01T00:00:00"))), &p)
	if len(p) > 0 {
		t.Fatal(p)
	}
	return slot.Start
}

func isRefusal(err error, reason record.Reason) bool {
	refusal, ok := errors.AsType[*record.RefusalError](err)
	return ok && refusal.Reason == reason
}

// A version of a core that has not heard yet of what was accepted of one occurrence keeps that.
func TestKeepsOverrides(t *testing.T) {
	t.Parallel()
	accepted := weekly(overrides(cal.Override{OriginalStart: berlin("2026-10-22T10:00:00"), Cancelled: true}))
	if !keepsOverrides(weekly(), weekly(func(b *cal.Booking) { b.Title = "Other" }), accepted) {
		t.Error("a version that changes the title drops what was accepted of an occurrence")
	}
	if keepsOverrides(weekly(), weekly(lines("RRULE:FREQ=WEEKLY;COUNT=5")), accepted) {
		t.Error("a version of another rule keeps what was accepted of the occurrences of the one before")
	}
}

// A version that moves every occurrence, as the first one is moved, moves the events; any other makes those anew whose place is new.
func TestShift(t *testing.T) {
	t.Parallel()
	later := from(berlin("2026-10-15T11:00:00"), berlin("2026-10-15T11:30:00"))
	for name, c := range map[string]struct {
		before, now cal.Booking
		was, want   time.Duration
	}{
		"as before":                    {weekly(), weekly(), time.Hour, time.Hour},
		"an hour later":                {weekly(), weekly(later), 0, time.Hour},
		"and again":                    {weekly(), weekly(later), time.Hour, 2 * time.Hour},
		"an hour later, and one more":  {weekly(), weekly(later, lines("RRULE:FREQ=WEEKLY;COUNT=5")), 0, time.Hour},
		"another day of the week":      {weekly(), weekly(from(berlin("2026-10-16T10:00:00"), berlin("2026-10-16T10:30:00"))), 0, 24 * time.Hour},
		"over the change of clocks":    {weekly(), weekly(from(berlin("2026-11-27T10:00:00"), berlin("2026-11-27T10:30:00"))), 0, 43 * 24 * time.Hour},
		"without the first":            {weekly(), weekly(from(berlin("2026-10-22T10:00:00"), berlin("2026-10-22T10:30:00")), lines("RRULE:FREQ=WEEKLY;COUNT=3")), 0, 0},
		"other days, and the old ones": {weekly(), weekly(lines("RRULE:FREQ=DAILY;COUNT=20")), 0, 0},
		"a single one by now":          {weekly(), good(later), 0, 0},
		"a single one before":          {good(), weekly(later), 0, 0},
		"longer only":                  {weekly(), weekly(from(berlin("2026-10-15T10:00:00"), berlin("2026-10-15T12:00:00"))), 0, 0},
		"all-day by now":               {weekly(), weekly(from(day("2026-10-16"), day("2026-10-17"))), 0, 0},
		"all-day, a day later": {
			weekly(from(day("2026-10-15"), day("2026-10-16"))), weekly(from(day("2026-10-16"), day("2026-10-17"))), 0, 24 * time.Hour,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, beforeSlot, err1 := check(c.before)
			now, slot, err2 := check(c.now)
			if err1 != nil || err2 != nil {
				t.Fatal(err1, err2)
			}
			was := record.Booking{Spec: before, Slot: beforeSlot, Series: record.Series{Shift: c.was}}
			got, err := shift(was, now, recur.Frame{Slot: slot})
			if err != nil || got != c.want {
				t.Errorf("got %s, %v, want %s", got, err, c.want)
			}
		})
	}
}

// A verdict names an occurrence as the core wrote its start, or as a message says it.
func TestMeant(t *testing.T) {
	t.Parallel()
	timed, slot, err1 := check(weekly())
	days, daySlot, err2 := check(weekly(from(day("2026-10-15"), day("2026-10-16"))))
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	course, trip := record.Booking{Spec: timed, Slot: slot, Series: record.Series{Shift: time.Hour}}, record.Booking{Spec: days, Slot: daySlot}
	for name, c := range map[string]struct {
		b          record.Booking
		occurrence string
		want, bad  string
	}{
		"none":              {course, "", "", ""},
		"wall time":         {course, "2026-10-29T10:00:00", "20261029T090000", ""},
		"as messages":       {course, "2026-10-29T10:00:00+01:00", "20261029T090000", ""},
		"in UTC":            {course, "2026-10-29T09:00:00Z", "20261029T090000", ""},
		"a date":            {trip, "2026-10-29", "20261029", ""},
		"a date of a time":  {course, "2026-10-29", "", "%2B"},
		"a time of a day":   {trip, "2026-10-29T10:00:00", "", "%2B"},
		"a + that is blank": {course, "2026-10-29T10:00:00 01:00", "", "%2B"},
		"a single booking":  {record.Booking{Spec: good(), Slot: slot}, "2026-10-29T10:00:00", "", "does not recur"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := (&Service{}).meant(Verdict{Occurrence: c.occurrence}, c.b)
			refusal, refused := errors.AsType[*record.RefusalError](err)
			if got != c.want || refused != (c.bad != "") || refused && !strings.Contains(refusal.Problems[0].Detail, c.bad) {
				t.Errorf("got %q, %+v, want %q, %q", got, err, c.want, c.bad)
			}
		})
	}
}
