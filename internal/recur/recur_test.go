package recur_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/teambition/rrule-go"
	"pgregory.net/rapid"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/recur"
)

func at(t interface{ Fatal(...any) }, s string) time.Time {
	out, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return out.UTC()
}

// plenty is more than one series may cost.
func plenty() *recur.Budget { return &recur.Budget{Steps: 1 << 30, Starts: 1 << 30} }

func starts(t *testing.T, start cal.Moment, from, until string, lines ...string) []string {
	t.Helper()
	s, err := recur.Parse(lines, start)
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.Starts(cal.Window{From: at(t, from), Until: at(t, until)}, plenty())
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, a := range all {
		out = append(out, a.Format("2006-01-02T15:04Z"))
	}
	return out
}

func timed(t *testing.T, s, zone string) cal.Moment {
	t.Helper()
	return cal.Moment{Instant: at(t, s), Zone: zone}
}

// Wall time is kept in the series' own zone; what is expected is written by hand.
func TestStarts(t *testing.T) {
	t.Parallel()
	type of struct {
		start       cal.Moment
		from, until string
		lines       []string
		want        string
	}
	for name, c := range map[string]of{
		"ten o'clock across the end of summer time": {
			timed(t, "2026-10-19T08:00:00Z", "Europe/Berlin"), "2026-10-01T00:00:00Z", "2026-11-10T00:00:00Z",
			[]string{"RRULE:FREQ=WEEKLY"},
			"2026-10-19T08:00Z 2026-10-26T09:00Z 2026-11-02T09:00Z 2026-11-09T09:00Z",
		},
		"southern hemisphere, where clocks go the other way": {
			timed(t, "2026-10-02T23:30:00Z", "Australia/Sydney"), "2026-10-01T00:00:00Z", "2026-10-06T00:00:00Z",
			[]string{"RRULE:FREQ=DAILY"},
			"2026-10-02T23:30Z 2026-10-03T22:30Z 2026-10-04T22:30Z 2026-10-05T22:30Z",
		},
		"a gap is read with the offset before it": {
			timed(t, "2026-03-28T01:30:00Z", "Europe/Berlin"), "2026-03-28T00:00:00Z", "2026-03-31T00:00:00Z",
			[]string{"RRULE:FREQ=DAILY"},
			"2026-03-28T01:30Z 2026-03-29T01:30Z 2026-03-30T00:30Z",
		},
		"a gap in the south": {
			timed(t, "2026-10-02T16:30:00Z", "Australia/Sydney"), "2026-10-01T00:00:00Z", "2026-10-05T00:00:00Z",
			[]string{"RRULE:FREQ=DAILY"},
			"2026-10-02T16:30Z 2026-10-03T16:30Z 2026-10-04T15:30Z",
		},
		"an overlap is read as the first of the two": {
			timed(t, "2026-10-24T00:30:00Z", "Europe/Berlin"), "2026-10-24T00:00:00Z", "2026-10-27T00:00:00Z",
			[]string{"RRULE:FREQ=DAILY"},
			"2026-10-24T00:30Z 2026-10-25T00:30Z 2026-10-26T01:30Z",
		},
		"an overlap in the south": {
			timed(t, "2026-04-03T15:30:00Z", "Australia/Sydney"), "2026-04-03T00:00:00Z", "2026-04-06T00:00:00Z",
			[]string{"RRULE:FREQ=DAILY"},
			"2026-04-03T15:30Z 2026-04-04T15:30Z 2026-04-05T16:30Z",
		},
		"the 29th of February": {
			timed(t, "2024-02-29T12:00:00Z", "UTC"), "2024-01-01T00:00:00Z", "2037-01-01T00:00:00Z",
			[]string{"RRULE:FREQ=YEARLY"},
			"2024-02-29T12:00Z 2028-02-29T12:00Z 2032-02-29T12:00Z 2036-02-29T12:00Z",
		},
		"the 31st is left out where there is none": {
			timed(t, "2026-01-31T12:00:00Z", "UTC"), "2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z",
			[]string{"RRULE:FREQ=MONTHLY"},
			"2026-01-31T12:00Z 2026-03-31T12:00Z 2026-05-31T12:00Z",
		},
		"the last working day": {
			timed(t, "2026-01-30T12:00:00Z", "UTC"), "2026-01-01T00:00:00Z", "2026-04-01T00:00:00Z",
			[]string{"RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"},
			"2026-01-30T12:00Z 2026-02-27T12:00Z 2026-03-31T12:00Z",
		},
		"all-day, excluded, added, its start not in its rule": {
			cal.Moment{Date: "2026-03-01"},
			"2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z",
			[]string{"RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20260330", "EXDATE;VALUE=DATE:20260309,20260316", "RDATE;VALUE=DATE:20261224"},
			"2026-03-01T00:00Z 2026-03-02T00:00Z 2026-03-23T00:00Z 2026-03-30T00:00Z 2026-12-24T00:00Z",
		},
		"excluded in another zone, UNTIL an instant": {
			timed(t, "2026-06-01T08:00:00Z", "Europe/Berlin"), "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z",
			[]string{"RRULE:FREQ=DAILY;UNTIL=20260604T080000Z", "EXDATE;TZID=America/New_York:20260602T040000", "EXDATE:20260603T080000Z"},
			"2026-06-01T08:00Z 2026-06-04T08:00Z",
		},
		"COUNT goes on before the window": {
			timed(t, "2026-06-01T08:00:00Z", "UTC"), "2026-06-04T00:00:00Z", "2027-01-01T00:00:00Z",
			[]string{"RRULE:FREQ=DAILY;COUNT=5"},
			"2026-06-04T08:00Z 2026-06-05T08:00Z",
		},
		"the window is half-open": {
			timed(t, "2026-06-01T08:00:00Z", "UTC"), "2026-06-02T08:00:00Z", "2026-06-04T08:00:00Z",
			[]string{"RRULE:FREQ=DAILY"},
			"2026-06-02T08:00Z 2026-06-03T08:00Z",
		},
		"a day that Samoa left out": {
			timed(t, "2011-12-29T20:00:00Z", "Pacific/Apia"), "2011-12-28T00:00:00Z", "2012-01-01T00:00:00Z",
			[]string{"RRULE:FREQ=DAILY"},
			"2011-12-29T20:00Z 2011-12-30T20:00Z 2011-12-31T20:00Z",
		},
		"exclusion by rule": {
			timed(t, "2026-06-01T08:00:00Z", "UTC"), "2026-06-01T00:00:00Z", "2026-06-06T00:00:00Z",
			[]string{"RRULE:FREQ=DAILY", "EXRULE:FREQ=WEEKLY;BYDAY=TU,WE"},
			"2026-06-01T08:00Z 2026-06-04T08:00Z 2026-06-05T08:00Z",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := strings.Join(starts(t, c.start, c.from, c.until, c.lines...), " "); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// drawRule makes a rule that both engines read.
func drawRule(t *rapid.T) string {
	freq := rapid.SampledFrom([]string{"HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"}).Draw(t, "freq")
	parts := []string{"FREQ=" + freq}
	add := func(label string, parts0 ...string) {
		if rapid.IntRange(0, 2).Draw(t, label) == 0 {
			parts = append(parts, rapid.SampledFrom(parts0).Draw(t, label+" value"))
		}
	}
	add("interval", "INTERVAL=2", "INTERVAL=3", "INTERVAL=7", "INTERVAL=13")
	add("end", "COUNT=1", "COUNT=7", "COUNT=40", "UNTIL=20270301T100000Z", "UNTIL=20251231T235959Z")
	add("month", "BYMONTH=1", "BYMONTH=2,6,12", "BYMONTH=3,4,5,6,7,8,9")
	add("hour", "BYHOUR=8", "BYHOUR=0,12,23")
	days := []string{"BYDAY=MO", "BYDAY=TU,TH,SU", "BYDAY=MO,TU,WE,TH,FR"}
	switch freq {
	case "MONTHLY", "YEARLY":
		days = append(days, "BYDAY=1MO", "BYDAY=-1FR,2TU", "BYDAY=5SA")
		add("position", "BYSETPOS=1", "BYSETPOS=-1", "BYSETPOS=2,-2")
	case "WEEKLY":
		add("week", "WKST=SU", "WKST=WE")
	}
	add("day", days...)
	if freq != "WEEKLY" {
		add("monthday", "BYMONTHDAY=1", "BYMONTHDAY=13,31", "BYMONTHDAY=-1", "BYMONTHDAY=29")
	}
	if freq == "YEARLY" {
		add("yearday", "BYYEARDAY=1,100", "BYYEARDAY=-1", "BYYEARDAY=366")
	}
	return strings.Join(parts, ";")
}

// reachable reports whether an hourly series that begins at an hour ever comes to one of BYHOUR. The other engine looks for that hour for ever.
func reachable(o *rrule.ROption) bool {
	if o.Freq != rrule.HOURLY || len(o.Byhour) == 0 {
		return true
	}
	for k := range 24 {
		if slices.Contains(o.Byhour, (o.Dtstart.Hour()+k*max(o.Interval, 1))%24) {
			return true
		}
	}
	return false
}

// An hourly series whose steps pass by every hour that it may have is its first start alone.
func TestHoursPassedBy(t *testing.T) {
	t.Parallel()
	for rule, begin := range map[string]string{
		"RRULE:FREQ=HOURLY;INTERVAL=2;BYHOUR=8":                   "2026-01-01T09:30:00Z",
		"RRULE:FREQ=HOURLY;INTERVAL=3;BYHOUR=0,12,23;COUNT=40":    "2026-01-01T10:30:00Z",
		"RRULE:FREQ=HOURLY;INTERVAL=24;BYHOUR=8;UNTIL=20270301":   "2026-01-01T09:30:00Z",
		"RRULE:FREQ=HOURLY;INTERVAL=2;BYHOUR=8;BYMONTH=2;COUNT=1": "2026-01-01T09:30:00Z",
	} {
		want := strings.Replace(begin, ":00Z", "Z", 1)
		if got := starts(t, timed(t, begin, "UTC"), "2026-01-01T00:00:00Z", "2026-12-01T00:00:00Z", rule); !slices.Equal(got, []string{want}) {
			t.Errorf("%s from %s: %v, want its first start alone", rule, begin, got)
		}
	}
}

// Another engine names the same starts for the same rule, in whatever window they are asked for.
func TestAnotherEngineAgrees(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := drawRule(t)
		begin := time.Date(2024, 1, 1, 9, 30, 15, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 800*24).Draw(t, "begin")) * time.Hour)
		window := cal.Window{From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(-400, 400).Draw(t, "from"))}
		window.Until = window.From.AddDate(0, 0, rapid.IntRange(1, 416).Draw(t, "days")) // so many days have fewer hours than recur.MaxStarts
		option, err := rrule.StrToROption(text)
		if err != nil {
			t.Fatal(err)
		}
		option.Dtstart = begin
		want := map[int64]bool{}
		if reachable(option) {
			other, err := rrule.NewRRule(*option)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range other.Between(window.From, window.Until.Add(-time.Second), true) {
				want[a.Unix()] = true
			}
		}
		if !begin.Before(window.From) && begin.Before(window.Until) {
			want[begin.Unix()] = true
		}
		s, err := recur.Parse([]string{"RRULE:" + text}, cal.Moment{Instant: begin, Zone: "UTC"})
		if err != nil {
			t.Fatal(text, err)
		}
		got, err := s.Starts(window, plenty())
		if err != nil {
			t.Fatal(text, err)
		}
		for _, a := range got {
			if !want[a.Unix()] {
				t.Fatalf("%s from %v: %v is none of the other's", text, begin, a)
			}
		}
		if len(got) != len(want) || !slices.IsSortedFunc(got, time.Time.Compare) {
			t.Fatalf("%s from %v in %v: %d starts, the other has %d", text, begin, window, len(got), len(want))
		}
	})
}

// A naive walk over every minute of the clock in the zone finds the same starts of a daily or weekly series, across all changes of the clocks.
func TestNaiveWalkAgrees(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{"Europe/Berlin", "Australia/Lord_Howe", "America/Santiago", "Pacific/Kiritimati", "Pacific/Pago_Pago"} {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range []int{1, 7} {
			begin := time.Date(2026, 1, 4, 2, 15, 0, 0, loc)
			rule := map[int]string{1: "RRULE:FREQ=DAILY", 7: "RRULE:FREQ=WEEKLY"}[step]
			var want []string
			for day := 0; day < 365; day += step {
				date := time.Date(2026, 1, 4+day, 0, 0, 0, 0, time.UTC)
				want = append(want, firstShowing(loc, date.Add(135*time.Minute)))
			}
			got := starts(t, cal.Moment{Instant: begin.UTC(), Zone: zone}, "2026-01-01T00:00:00Z", begin.UTC().AddDate(0, 0, 364).Add(12*time.Hour).Format(time.RFC3339), rule)
			if !slices.Equal(got, want) {
				t.Errorf("%s, every %d days:\ngot  %v\nwant %v", zone, step, got, want)
			}
		}
	}
}

// firstShowing is the first instant at which the clocks of loc show a wall time, or the first after a gap over it by as much as it lies in the gap.
func firstShowing(loc *time.Location, wall time.Time) string {
	const form = "2006-01-02T15:04"
	_, before := wall.Add(-30 * time.Hour).In(loc).Zone()
	for m := range 60 * 60 {
		if c := wall.Add(time.Duration(m-30*60) * time.Minute); c.In(loc).Format(form) == wall.Format(form) {
			return c.UTC().Format("2006-01-02T15:04Z")
		}
	}
	return wall.Add(-time.Duration(before) * time.Second).Format("2006-01-02T15:04Z")
}

// hostile are series that are meant to cost much. Those with a reason are refused by their form.
func hostile() map[string]struct {
	lines  []string
	refuse string
} {
	type of = struct {
		lines  []string
		refuse string
	}
	long := func(n int, s string) string { return strings.TrimSuffix(strings.Repeat(s+",", n), ",") }
	return map[string]of{
		"every second":                   {[]string{"RRULE:FREQ=SECONDLY"}, "finer"},
		"every minute":                   {[]string{"RRULE:FREQ=MINUTELY;INTERVAL=1000"}, "finer"},
		"an interval of a lifetime":      {[]string{"RRULE:FREQ=DAILY;INTERVAL=2000000000"}, "INTERVAL"},
		"an interval of nothing":         {[]string{"RRULE:FREQ=DAILY;INTERVAL=0"}, "INTERVAL"},
		"a count without end":            {[]string{"RRULE:FREQ=DAILY;COUNT=9999999999"}, "COUNT"},
		"a list without end":             {[]string{"RRULE:FREQ=YEARLY;BYMONTHDAY=" + long(10_000, "1")}, "BYMONTHDAY"},
		"days without end":               {[]string{"RRULE:FREQ=YEARLY;BYDAY=" + long(20_000, "1MO")}, "longer"},
		"every minute of an hour":        {[]string{"RRULE:FREQ=HOURLY;BYMINUTE=" + long(60, "1")}, "BYMINUTE"},
		"more rules than anybody has":    {[]string{"RRULE:FREQ=DAILY", "RRULE:FREQ=DAILY", "RRULE:FREQ=DAILY", "RRULE:FREQ=DAILY", "RRULE:FREQ=DAILY"}, "rules"},
		"dates without end":              {[]string{"EXDATE:" + long(6_000, "20260101")}, "dates"},
		"lines without end":              {slices.Repeat([]string{"EXDATE:20260101"}, 300), "longer"},
		"no rule":                        {[]string{"RRULE:hello"}, "cannot be read"},
		"a part twice":                   {[]string{"RRULE:FREQ=DAILY;FREQ=SECONDLY"}, "cannot be read"},
		"a start of its own":             {[]string{"RRULE:FREQ=DAILY;DTSTART=19000101T000000Z"}, "not read"},
		"a day that never comes":         {[]string{"RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"}, ""},
		"a year that never comes":        {[]string{"RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=20000"}, ""},
		"an hour that never comes":       {[]string{"RRULE:FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30;COUNT=20000"}, ""},
		"every hour since 1900":          {[]string{"RRULE:FREQ=HOURLY;COUNT=20000"}, ""},
		"every hour for ever":            {[]string{"RRULE:FREQ=HOURLY"}, ""},
		"every hour of every day a year": {[]string{"RRULE:FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=" + "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23"}, ""},
		"positions that never come":      {[]string{"RRULE:FREQ=YEARLY;BYMONTH=2;BYSETPOS=366;COUNT=20000"}, ""},
		"four at once":                   {slices.Repeat([]string{"EXRULE:FREQ=DAILY;COUNT=20000;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23"}, 4), ""},
	}
}

// far is the widest window that an operator can set, for a series that began in 1900.
func far() (cal.Moment, cal.Window) {
	return cal.Moment{Instant: time.Date(1900, 1, 1, 9, 0, 0, 0, time.UTC), Zone: "Europe/Berlin"},
		cal.Window{From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Until: time.Date(2036, 1, 1, 0, 0, 0, 0, time.UTC)}
}

// What the steps are counted for: no series yields more than is kept, and every refusal says why and holds nothing of the series.
func TestHostile(t *testing.T) {
	t.Parallel()
	start, window := far()
	bounded := 0
	for name, c := range hostile() {
		s, err := recur.Parse(c.lines, start)
		if c.refuse != "" {
			if _, ok := errors.AsType[recur.Error](err); !ok || !strings.Contains(err.Error(), c.refuse) || len(err.Error()) > 100 {
				t.Errorf("%s: %v, want a refusal with %q", name, err, c.refuse)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		all, err := s.Starts(window, plenty())
		if len(all) > recur.MaxStarts || err != nil && all != nil {
			t.Errorf("%s: %d starts, %v", name, len(all), err)
		}
		if _, ok := errors.AsType[recur.Error](err); ok {
			bounded++
		} else if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if bounded < 3 {
		t.Errorf("%d series met the bounds of an expansion: this proves little", bounded)
	}
}

// Series that are expanded together cost no more than their budget, and what is left of it is what the next may cost.
func TestBudget(t *testing.T) {
	t.Parallel()
	_, window := far()
	window.Until = window.From.AddDate(0, 0, 10)
	s, err := recur.Parse([]string{"RRULE:FREQ=DAILY"}, cal.Moment{Instant: window.From, Zone: "UTC"})
	if err != nil {
		t.Fatal(err)
	}
	b := &recur.Budget{Steps: 1000, Starts: 25}
	for i, want := range []int{10, 10, 0, 0} {
		all, err := s.Starts(window, b)
		if len(all) != want || (err == nil) != (want > 0) {
			t.Errorf("expansion %d: %d starts, %v, want %d", i, len(all), err, want)
		}
	}
	if b.Starts != 5 || b.Steps >= 1000 || b.Steps < 900 {
		t.Errorf("left: %+v", b)
	}
	if _, err := s.Starts(window, &recur.Budget{Steps: 3, Starts: 25}); err == nil {
		t.Error("three steps are enough for ten days")
	}
}

// Whatever bytes a rule is made of, it is read or refused, and expanded or refused.
func FuzzParse(f *testing.F) {
	for _, c := range hostile() {
		f.Add(strings.Join(c.lines, "\n")[:min(2000, len(strings.Join(c.lines, "\n")))])
	}
	f.Add("RDATE;TZID=\"Europe/Berlin\":20260101T100000\nEXDATE;VALUE=DATE:2026")
	start, window := far()
	f.Fuzz(func(t *testing.T, text string) {
		for _, start := range []cal.Moment{start, {Date: "2026-01-31"}} {
			s, err := recur.Parse(strings.Split(text, "\n"), start)
			if err == nil {
				_, err = s.Starts(window, plenty())
			}
			if _, ok := errors.AsType[recur.Error](err); err != nil && !ok {
				t.Errorf("%q: %v", text, err)
			}
		}
	})
}

// Each series has to stay below 50 ms, and what it allocates below 10 MB.
func BenchmarkHostile(b *testing.B) {
	start, window := far()
	for name, c := range hostile() {
		b.Run(fmt.Sprint(name), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if s, err := recur.Parse(c.lines, start); err == nil {
					_, _ = s.Starts(window, plenty())
				}
			}
		})
	}
}
