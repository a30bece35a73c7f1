package intake

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/recur"
)

// whole is a booking that stands as a series.
func whole(changes ...func(*cal.Booking)) cal.Booking {
	b := weekly(changes...)
	b.Expand = false
	return b
}

func TestSeriesStandsAsAWhole(t *testing.T) {
	t.Parallel()
	second, third := berlin("2026-10-22T10:00:00"), berlin("2026-10-29T10:00:00")
	for name, c := range map[string]struct {
		b     cal.Booking
		parts []string
		last  string
	}{
		"ends":         {whole(), []string{""}, "2026-11-05"},
		"endless":      {whole(lines("RRULE:FREQ=WEEKLY")), []string{""}, "9999-01-01"},
		"long":         {whole(lines("RRULE:FREQ=DAILY;COUNT=4000")), []string{""}, "2037-09-26"},
		"left out":     {whole(lines("RRULE:FREQ=WEEKLY;COUNT=4", "EXDATE;TZID=Europe/Berlin:20261022T100000")), []string{"", "20261022T100000"}, "2026-11-05"},
		"differing":    {whole(overrides(cal.Override{OriginalStart: second, Cancelled: true}, cal.Override{OriginalStart: third, Title: new("Retro")})), []string{"", "20261022T100000", "20261029T100000"}, "2026-11-05"},
		"moved beyond": {whole(overrides(cal.Override{OriginalStart: third, Start: new(berlin("2027-01-07T10:00:00"))})), []string{"", "20261029T100000"}, "2027-01-07"},
		"left out and cancelled": {
			whole(lines("RRULE:FREQ=WEEKLY;COUNT=4", "EXDATE;TZID=Europe/Berlin:20261022T100000"), overrides(cal.Override{OriginalStart: second, Cancelled: true})),
			[]string{"", "20261022T100000"},
			"2026-11-05",
		},
	} {
		b, slot, err := check(c.b)
		if err != nil {
			t.Errorf("%s: %+v", name, err)
			continue
		}
		parts, series, err := worked(b, recur.Frame{Slot: slot})
		if err != nil || !slices.Equal(parts, c.parts) || series.Last.Format(time.DateOnly) != c.last || series.Times == "" {
			t.Errorf("%s: got %q, last %s, %v; want %q, %s", name, parts, series.Last, err, c.parts, c.last)
		}
	}
}

func TestSeriesRefuses(t *testing.T) {
	t.Parallel()
	var dates, many []string
	for day := range 201 {
		at := time.Date(2026, 10, 16, 10, 0, 0, 0, time.UTC).AddDate(0, 0, day).Format("20060102T150405")
		dates = append(dates, at)
	}
	many = append(many, "RRULE:FREQ=DAILY", "EXDATE;TZID=Europe/Berlin:"+strings.Join(dates, ","))
	for name, c := range map[string]struct {
		b               cal.Booking
		pointer, detail string
	}{
		"not of it":    {whole(overrides(cal.Override{OriginalStart: berlin("2026-10-23T10:00:00"), Cancelled: true})), "/overrides/0/original_start", "no occurrence"},
		"too far away": {whole(lines("RRULE:FREQ=DAILY"), overrides(cal.Override{OriginalStart: berlin("2056-10-23T10:00:00"), Cancelled: true})), "/overrides", "first 5000"},
		"too many":     {whole(lines(many...)), "/overrides", "201 occurrences"},
		"hostile":      {whole(lines("RRULE:FREQ=SECONDLY")), "/recurrence/0", ""},
	} {
		_, _, err := check(c.b)
		refusal, ok := errors.AsType[*record.RefusalError](err)
		if !ok || len(refusal.Problems) != 1 || refusal.Problems[0].Pointer != c.pointer || !strings.Contains(refusal.Problems[0].Detail, c.detail) {
			t.Errorf("%s: got %+v, want one problem at %s about %q", name, err, c.pointer, c.detail)
		}
	}
}

// What a provider of one of the targets cannot keep is refused by its name, and says what to do instead.
func TestSeriesThatNoTargetCanKeep(t *testing.T) {
	t.Parallel()
	cannot := &provider.UnmappableError{Part: "BYSETPOS", Why: "nobody can"}
	for name, c := range map[string]struct {
		keeps func(cal.Provider, cal.Content) error
		want  string
	}{
		"all can":     {func(cal.Provider, cal.Content) error { return nil }, ""},
		"one cannot":  {func(p cal.Provider, _ cal.Content) error { return map[cal.Provider]error{cal.Microsoft: cannot}[p] }, "microsoft cannot keep this as a series (BYSETPOS: nobody can)"},
		"nobody says": {nil, "RRULE"},
		"it fails":    {func(cal.Provider, cal.Content) error { return errors.ErrUnsupported }, errors.ErrUnsupported.Error()},
	} {
		s := newShelf(t)
		service := s.service()
		service.Keeps = c.keeps
		b := whole()
		b.Targets = []cal.Target{{CalendarID: "cal_1"}, {CalendarID: "cal_2"}}
		_, err := service.Submit(t.Context(), ours, Submission{ID: "b1", Booking: &b})
		said := ""
		if refusal, ok := errors.AsType[*record.RefusalError](err); ok {
			said = refusal.Problems[0].Pointer + " " + refusal.Problems[0].Detail
			if !strings.HasPrefix(said, "/recurrence ") || !strings.Contains(said, "expand: true") {
				t.Errorf("%s: it does not say what to do: %s", name, said)
			}
		} else if err != nil {
			said = err.Error()
		}
		if (c.want == "") != (err == nil) || !strings.Contains(said, c.want) {
			t.Errorf("%s: got %v %q, want %q", name, err, said, c.want)
		}
		if booked := len(s.bookings) > 0; booked != (err == nil) {
			t.Errorf("%s: booked %t", name, booked)
		}
	}
}

// A series becomes no single events and these no series, while any of them may stand.
func TestSeriesKeepsItsKind(t *testing.T) {
	t.Parallel()
	single := good()
	left := []record.Link{{Part: "20261022T100000", EventID: "e"}}
	asked := []record.Link{{Part: "20261022T100000", InFlight: []record.Write{{Op: record.OpCreate}}}}
	for name, c := range map[string]struct {
		was   cal.Booking
		links []record.Link
		now   cal.Booking
		want  string
	}{
		"stays a series":              {whole(), nil, whole(), ""},
		"stays single events":         {weekly(), left, weekly(), ""},
		"becomes single events":       {whole(), nil, weekly(), "/expand"},
		"becomes a series":            {weekly(), left, whole(), "/expand"},
		"one that was single":         {single, nil, whole(), ""},
		"is single":                   {whole(), left, single, ""},
		"what was removed is left":    {single, left, whole(), "/recurrence"},
		"what was asked for is left":  {single, asked, weekly(), "/recurrence"},
		"what was removed is removed": {single, []record.Link{{Part: "20261022T100000"}}, whole(), ""},
	} {
		err := reshapes(record.Booking{Spec: c.was, Links: c.links}, c.now)
		got := ""
		if refusal, ok := errors.AsType[*record.RefusalError](err); ok {
			got = refusal.Problems[0].Pointer
		}
		if got != c.want {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

// What a person makes of a series as a whole is taken with what the core says of single occurrences, which moves along.
func TestTakenSeries(t *testing.T) {
	t.Parallel()
	spec, slot, err := check(whole(overrides(cal.Override{OriginalStart: berlin("2026-10-29T10:00:00"), Title: new("Retro")})))
	if err != nil {
		t.Fatal(err)
	}
	rule, err := content(spec, slot)
	if err != nil {
		t.Fatal(err)
	}
	was := cal.Content{Title: spec.Title, Slot: slot, Recurrence: rule.Recurrence}
	b := record.Booking{ID: "b", Spec: spec, Slot: slot, Links: []record.Link{{Part: "20261105T100000", Target: true}, {Part: "20261029T100000", Target: true}}}
	link := record.Link{Authoritative: true, State: record.LinkDiverged, Base: &record.Base{Sent: was, Read: was}}
	s := &Service{Fits: func(cal.Booking) error { return nil }}

	moved := was
	moved.Slot = cal.Slot{Start: moment(t, "2026-10-15T11:00:00"), End: moment(t, "2026-10-15T12:00:00")}
	link.Observed = &moved
	after, err := s.Taken(b, link, cal.AllFields)
	if err != nil || len(after.Spec.Overrides) != 1 || after.Spec.Overrides[0].OriginalStart.DateTime != "2026-10-29T11:00:00+01:00" {
		t.Errorf("moved: got %+v, %v, want the override an hour later", after.Spec.Overrides, err)
	}
	if want := []string{"", "20261029T110000"}; !slices.Equal(after.Parts, want) {
		t.Errorf("moved: got the parts %q, want %q: the others are places no more", after.Parts, want)
	}

	ended := was
	ended.Recurrence = []string{"RRULE:FREQ=WEEKLY;BYDAY=TH;COUNT=2"}
	link.Observed = &ended
	after, err = s.Taken(b, link, cal.AllFields)
	if err != nil || len(after.Spec.Overrides) != 0 || !slices.Equal(after.Parts, []string{""}) {
		t.Errorf("ended before what differs: got %v, %q, %v, want no overrides", after.Spec.Overrides, after.Parts, err)
	}

	shorter := was
	shorter.Recurrence = []string{"RRULE:FREQ=WEEKLY;BYDAY=TH;COUNT=3"}
	link.Observed = &shorter
	after, err = s.Taken(b, link, cal.AllFields)
	if err != nil || fmt.Sprint(after.Spec.Recurrence) != fmt.Sprint(shorter.Recurrence) || !slices.Equal(after.Parts, []string{"", "20261029T100000"}) {
		t.Errorf("shorter: got %v, %q, %v", after.Spec.Recurrence, after.Parts, err)
	}

	strange := was
	strange.Recurrence = []string{"RRULE:"}
	link.Observed = &strange
	if _, err := s.Taken(b, link, cal.AllFields); !refusedFor(err, record.ReasonUnacceptable) {
		t.Errorf("a rule that cannot be read: %v", err)
	}
	b.Spec.Recurrence = append(b.Spec.Recurrence, "EXDATE;TZID=Europe/Berlin:20261022T100000")
	link.Observed = &moved
	after, err = s.Taken(b, link, cal.AllFields)
	if want := b.Spec.Recurrence[0] + " EXDATE;TZID=Europe/Berlin:20261022T110000"; err != nil || strings.Join(after.Spec.Recurrence, " ") != want {
		t.Errorf("a move of a series that leaves dates out: %q, %v, want %q", after.Spec.Recurrence, err, want)
	}
	if want := []string{"", "20261022T110000", "20261029T110000"}; !slices.Equal(after.Parts, want) {
		t.Errorf("a move of a series that leaves dates out: got the parts %q, want %q", after.Parts, want)
	}
	link.Observed = &shorter
	if after, err := s.Taken(b, link, cal.AllFields); err != nil || strings.Join(after.Spec.Recurrence, " ") != shorter.Recurrence[0]+" "+b.Spec.Recurrence[1] {
		t.Errorf("a shorter series that leaves dates out: %v, %v", after.Spec.Recurrence, err)
	}
}

// The occurrences that have links are kept as long as the series has them, however many others lie between.
func TestOccurrencesThatLast(t *testing.T) {
	t.Parallel()
	spec, slot, err := check(whole(lines("RRULE:FREQ=DAILY"), overrides(cal.Override{OriginalStart: berlin("2026-10-29T10:00:00"), Title: new("Retro")})))
	if err != nil {
		t.Fatal(err)
	}
	frame := recur.Frame{Slot: slot}
	var links []record.Link
	for _, part := range []string{"", "20261029T100000", "20561022T100000", "20261022T100000", "20261022T100000", "20261022T110000", "20261022", "20261014T100000"} {
		links = append(links, record.Link{Part: part})
	}
	got, err := lasting(spec, frame, []string{"", "20261029T100000"}, links)
	if want := []string{"", "20261029T100000", "20561022T100000", "20261022T100000"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func refusedFor(err error, why record.Reason) bool {
	refusal, ok := errors.AsType[*record.RefusalError](err)
	return ok && refusal.Reason == why
}
