package recur_test

import (
	"slices"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/recur"
	"github.com/calweave/calweave/internal/zone"
)

func berlin(at string) cal.Moment {
	instant, err := time.Parse(time.RFC3339, at)
	if err != nil {
		panic(err)
	}
	return cal.Moment{Instant: instant.UTC(), Zone: "Europe/Berlin"}
}

// A part says which clock face an occurrence is at, so that it stays what it is when the rules of its zone change or the series is shifted.
func TestPartsAreWallTimes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		original cal.Moment
		shift    time.Duration
		want     string
	}{
		"winter":                     {berlin("2027-03-25T09:00:00Z"), 0, "20270325T100000"},
		"summer":                     {berlin("2027-04-01T08:00:00Z"), 0, "20270401T100000"},
		"first of two times":         {berlin("2027-10-31T00:30:00Z"), 0, "20271031T023000"},
		"second of two times":        {berlin("2027-10-31T01:30:00Z"), 0, "20271031T013000Z"},
		"shifted by an hour":         {berlin("2027-04-01T09:00:00Z"), time.Hour, "20270401T100000"},
		"shifted back by a day":      {berlin("2027-03-31T08:00:00Z"), -24 * time.Hour, "20270401T100000"},
		"the second time, shifted":   {berlin("2027-10-31T01:30:00Z"), time.Hour, "20271031T003000Z"},
		"over a change of clocks":    {berlin("2027-03-28T10:00:00Z"), 24 * time.Hour, "20270327T120000"},
		"a day":                      {cal.Moment{Date: "2027-04-01"}, 0, "20270401"},
		"a day, shifted":             {cal.Moment{Date: "2027-04-03"}, 48 * time.Hour, "20270401"},
		"a zone that is not the one": {cal.Moment{Instant: berlin("2027-04-01T08:00:00Z").Instant, Zone: "UTC"}, 0, "20270401T100000"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := berlin("2027-03-18T09:00:00Z")
			if c.original.Date != "" {
				first = cal.Moment{Date: "2027-03-18"}
			}
			f := recur.Frame{Slot: cal.Slot{Start: first}, Shift: c.shift}
			if got := f.PartOf(c.original); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if got, err := f.Original(c.want); err != nil || !got.Equal(c.original) {
				t.Errorf("%q is read as %+v, %v, want %+v", c.want, got, err, c.original)
			}
		})
	}
	if _, err := (recur.Frame{}).Original("next week"); err == nil {
		t.Error("what is no part is read")
	}
}

// Other rules of the zone make an occurrence take place at another instant, and leave it the one that it is.
func TestOccurrencesFollowTheirTables(t *testing.T) {
	t.Parallel()
	b := cal.Booking{Recurrence: []string{"RRULE:FREQ=WEEKLY;COUNT=3", "EXDATE;TZID=Europe/Berlin:20270325T100000"}}
	summer := zone.Tables{Version: "2020a", Load: func(string) (*time.Location, error) { return time.FixedZone("Europe/Berlin", 7200), nil }}
	for name, c := range map[string]struct {
		zones zone.Tables
		first string
		want  []string
	}{
		"as they are":     {zone.Tables{}, "2027-03-18T09:00:00Z", []string{"2027-03-18T09:00:00Z", "2027-03-25T09:00:00Z", "2027-04-01T08:00:00Z"}},
		"always summer's": {summer, "2027-03-18T08:00:00Z", []string{"2027-03-18T08:00:00Z", "2027-03-25T08:00:00Z", "2027-04-01T08:00:00Z"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := berlin(c.first)
			f := recur.Frame{Slot: cal.Slot{Start: start, End: cal.Moment{Instant: start.Instant.Add(time.Hour), Zone: start.Zone}}, Zones: c.zones}
			all, err := f.All(b, 10)
			if err != nil || len(all) != len(c.want) {
				t.Fatalf("got %+v, %v", all, err)
			}
			for i, part := range []string{"20270318T100000", "20270325T100000", "20270401T100000"} {
				one, err := f.At(b, part)
				if all[i].Part != part || all[i].Slot.Start.Instant.Format(time.RFC3339) != c.want[i] || all[i].Cancelled != (i == 1) {
					t.Errorf("got %+v, want %s at %s", all[i], part, c.want[i])
				}
				if err != nil || one.Cancelled != all[i].Cancelled || !one.Slot.Equal(all[i].Slot) || one.Part != part {
					t.Errorf("alone it is %+v, %v, among all %+v", one, err, all[i])
				}
			}
		})
	}
}

// Which of many moments are places of a series is found in one expansion; where that costs too much, all of them count as places.
func TestPlacesAmongMoments(t *testing.T) {
	t.Parallel()
	first := berlin("2027-03-18T09:00:00Z")
	var long []cal.Moment
	for day := range 1000 {
		long = append(long, berlin(first.Instant.AddDate(0, 0, 1000*day).Format(time.RFC3339)))
	}
	for name, c := range map[string]struct {
		lines []string
		asked []cal.Moment
		want  []bool
	}{
		"a rule": {
			[]string{"RRULE:FREQ=WEEKLY;COUNT=3", "EXDATE;TZID=Europe/Berlin:20270325T100000"},
			[]cal.Moment{berlin("2027-04-08T08:00:00Z"), first, berlin("2027-03-25T10:00:00Z"), berlin("2027-03-25T09:00:00Z"), first},
			[]bool{false, true, false, true, true},
		},
		"dates beside a rule": {
			[]string{"RRULE:FREQ=WEEKLY;COUNT=2", "RDATE;TZID=Europe/Berlin:20270401T120000"},
			[]cal.Moment{berlin("2027-03-25T09:00:00Z"), berlin("2027-04-01T10:00:00Z"), berlin("2027-04-01T08:00:00Z")},
			[]bool{true, true, false},
		},
		"more places than are kept": {
			[]string{"RRULE:FREQ=DAILY"},
			[]cal.Moment{berlin("2087-03-18T09:00:00Z"), berlin("2087-03-18T08:00:00Z"), berlin("2027-03-19T09:00:00Z")},
			[]bool{true, false, true},
		},
		"too far":   {[]string{"RRULE:FREQ=DAILY"}, append(long, berlin("2027-03-19T10:00:00Z")), slices.Repeat([]bool{true}, 1001)},
		"before it": {[]string{"RRULE:FREQ=DAILY"}, []cal.Moment{berlin("2027-03-17T09:00:00Z"), {}}, []bool{false, false}},
		"a day of a series at midnight": {
			[]string{"RRULE:FREQ=HOURLY"}, []cal.Moment{{Date: "2027-03-20"}, berlin("2027-03-20T00:00:00Z")}, []bool{false, true},
		},
		"none of them": {[]string{"RRULE:FREQ=DAILY"}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			series, err := recur.Parse(c.lines, first)
			if err != nil {
				t.Fatal(err)
			}
			if got := series.Among(c.asked); !slices.Equal(got, c.want) {
				t.Errorf("got %t, want %t", got, c.want)
			}
		})
	}
}

// What EXDATE lines leave out is left out by the line for it, and moved with the series on the face of the clock.
func TestWithout(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		start cal.Moment
		line  string
		by    time.Duration
		want  string
		again bool
	}{
		"as it is":      {berlin("2027-03-18T09:00:00Z"), "EXDATE:20270401T080000Z,20270325T090000Z", 0, "EXDATE;TZID=Europe/Berlin:20270325T100000,20270401T100000", true},
		"an hour later": {berlin("2027-03-18T09:00:00Z"), "EXDATE:20270401T080000Z", time.Hour, "EXDATE;TZID=Europe/Berlin:20270401T110000", false},
		"in UTC":        {cal.Moment{Instant: berlin("2027-03-18T09:00:00Z").Instant, Zone: "UTC"}, "EXDATE:20270325T090000Z", 0, "EXDATE;TZID=UTC:20270325T090000", true},
		"days":          {cal.Moment{Date: "2027-03-18"}, "EXDATE;VALUE=DATE:20270325", 24 * time.Hour, "EXDATE;VALUE=DATE:20270326", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			series, err := recur.Parse([]string{"RRULE:FREQ=WEEKLY", c.line}, c.start)
			if err != nil {
				t.Fatal(err)
			}
			all := series.Excluded(c.start)
			got := recur.Frame{Slot: cal.Slot{Start: c.start}}.Without(all, c.by)
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if again, err := recur.Parse([]string{"RRULE:FREQ=WEEKLY", got}, c.start); err != nil || slices.Equal(again.Excluded(c.start), all) != c.again {
				t.Errorf("read again it leaves out %v, %v", again, err)
			}
		})
	}
	if got := (recur.Frame{}).Without(nil, 0); got != "" {
		t.Errorf("nothing left out is %q", got)
	}
}
