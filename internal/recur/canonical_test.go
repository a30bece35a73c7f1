package recur_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/recur"
)

func TestCanonicalise(t *testing.T) {
	t.Parallel()
	berlin := timed(t, "2026-10-05T08:00:00Z", "Europe/Berlin") // a Monday, ten o'clock
	day := cal.Moment{Date: "2026-10-05"}
	for name, c := range map[string]struct {
		start cal.Moment
		lines []string
		want  string
		out   string
	}{
		"capitals, order, defaults":        {berlin, []string{" rrule:interval=1;byday=we,mo;wkst=MO;freq=weekly "}, "RRULE:FREQ=WEEKLY;BYDAY=MO,WE", ""},
		"what the start says":              {berlin, []string{"RRULE:FREQ=WEEKLY"}, "RRULE:FREQ=WEEKLY;BYDAY=MO", ""},
		"what the start says of a month":   {berlin, []string{"RRULE:FREQ=MONTHLY"}, "RRULE:FREQ=MONTHLY;BYMONTHDAY=5", ""},
		"what the start says of a year":    {berlin, []string{"RRULE:FREQ=YEARLY"}, "RRULE:FREQ=YEARLY;BYMONTH=10;BYMONTHDAY=5", ""},
		"the time of the start":            {berlin, []string{"RRULE:FREQ=DAILY;BYHOUR=10;BYMINUTE=0;BYSECOND=0"}, "RRULE:FREQ=DAILY", ""},
		"another time":                     {berlin, []string{"RRULE:FREQ=DAILY;BYHOUR=9,10;BYMINUTE=5"}, "RRULE:FREQ=DAILY;BYHOUR=9,10;BYMINUTE=5", ""},
		"each working day":                 {berlin, []string{"RRULE:FREQ=DAILY;BYDAY=FR,MO,TU,WE,TH"}, "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", ""},
		"the first of all Mondays":         {berlin, []string{"RRULE:FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1"}, "RRULE:FREQ=MONTHLY;BYDAY=1MO", ""},
		"the last of a year's Mondays":     {berlin, []string{"RRULE:FREQ=YEARLY;BYDAY=MO;BYSETPOS=-1"}, "RRULE:FREQ=YEARLY;BYDAY=MO;BYSETPOS=-1", ""},
		"the first working day":            {berlin, []string{"RRULE:FREQ=MONTHLY;BYSETPOS=1;BYDAY=TU,MO"}, "RRULE:FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1", ""},
		"the last of December":             {berlin, []string{"RRULE:FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=-1"}, "RRULE:FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=31", ""},
		"the last of February":             {berlin, []string{"RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1"}, "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1", ""},
		"WKST where it matters":            {berlin, []string{"RRULE:FREQ=WEEKLY;INTERVAL=2;WKST=SU"}, "RRULE:FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=MO", ""},
		"WKST where it does not":           {berlin, []string{"RRULE:FREQ=WEEKLY;WKST=SU"}, "RRULE:FREQ=WEEKLY;BYDAY=MO", ""},
		"UNTIL is the last day":            {berlin, []string{"RRULE:FREQ=DAILY;UNTIL=20261010T080000Z"}, "RRULE:FREQ=DAILY;UNTIL=20261010T215959Z", ""},
		"UNTIL before that day's":          {berlin, []string{"RRULE:FREQ=DAILY;UNTIL=20261010T075959Z"}, "RRULE:FREQ=DAILY;UNTIL=20261009T215959Z", ""},
		"UNTIL as a date":                  {berlin, []string{"RRULE:FREQ=DAILY;UNTIL=20261010"}, "RRULE:FREQ=DAILY;UNTIL=20261010T215959Z", ""},
		"UNTIL in local time":              {berlin, []string{"RRULE:FREQ=DAILY;UNTIL=20261110T100000"}, "RRULE:FREQ=DAILY;UNTIL=20261110T225959Z", ""},
		"UNTIL among the hours of a day":   {berlin, []string{"RRULE:FREQ=DAILY;BYHOUR=10,12;UNTIL=20261010T080000Z"}, "RRULE:FREQ=DAILY;BYHOUR=10,12;UNTIL=20261010T080000Z", ""},
		"UNTIL of days":                    {day, []string{"RRULE:FREQ=DAILY;UNTIL=20261010T120000Z"}, "RRULE:FREQ=DAILY;UNTIL=20261010", ""},
		"COUNT":                            {berlin, []string{"RRULE:COUNT=3;FREQ=DAILY"}, "RRULE:FREQ=DAILY;COUNT=3", ""},
		"dates, sorted, without the start": {berlin, []string{"RDATE:20261020T080000Z,20261005T080000Z", "RDATE;TZID=Europe/Berlin:20261019T100000"}, "RDATE:20261019T080000Z,20261020T080000Z", ""},
		"dates of days":                    {day, []string{"RDATE;VALUE=DATE:20261007", "RRULE:FREQ=YEARLY;COUNT=2"}, "RRULE:FREQ=YEARLY;BYMONTH=10;BYMONTHDAY=5;COUNT=2 RDATE;VALUE=DATE:20261007", ""},
		"exclusions are lifted": {
			berlin,
			[]string{"EXDATE;TZID=Europe/Berlin:20261007T100000", "RRULE:FREQ=DAILY", "EXDATE:20261006T080000Z,20261007T080000Z"},
			"RRULE:FREQ=DAILY",
			"2026-10-06T08:00:00Z 2026-10-07T08:00:00Z",
		},
		"exclusions of days":        {day, []string{"RRULE:FREQ=DAILY", "EXDATE;VALUE=DATE:20261006"}, "RRULE:FREQ=DAILY", "2026-10-06"},
		"several rules, of persons": {berlin, []string{"EXRULE:FREQ=DAILY", "RRULE:FREQ=YEARLY;COUNT=1", "RRULE:FREQ=DAILY"}, "RRULE:FREQ=DAILY RRULE:FREQ=YEARLY;BYMONTH=10;BYMONTHDAY=5;COUNT=1 EXRULE:FREQ=DAILY", ""},
		"nothing":                   {berlin, nil, "", ""},
	} {
		got, err := recur.Canonicalise(c.lines, c.start)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var out []string
		for _, m := range got.Excluded {
			if m.Date == "" && m.Zone != c.start.Zone {
				t.Errorf("%s: left out in %q", name, m.Zone)
			}
			out = append(out, cmpText(m))
		}
		if text := strings.Join(got.Lines, " "); text != c.want || strings.Join(out, " ") != c.out {
			t.Errorf("%s: %q without %q, want %q without %q", name, text, out, c.want, c.out)
		}
	}
}

func cmpText(m cal.Moment) string {
	if m.Date != "" {
		return m.Date
	}
	return m.Instant.Format(time.RFC3339)
}

func TestSubmitted(t *testing.T) {
	t.Parallel()
	berlin := timed(t, "2026-10-05T08:00:00Z", "Europe/Berlin")
	for name, c := range map[string]struct {
		lines []string
		why   string
	}{
		"one rule":            {[]string{"RRULE:FREQ=DAILY", "RDATE:20270101T080000Z", "EXDATE:20261006T080000Z"}, ""},
		"two rules":           {[]string{"RRULE:FREQ=DAILY", "RRULE:FREQ=DAILY"}, "one RRULE"},
		"no rule":             {[]string{"RDATE:20270101T080000Z"}, "one RRULE"},
		"exclusion by a rule": {[]string{"RRULE:FREQ=DAILY", "exrule:FREQ=WEEKLY"}, "EXRULE"},
		"every second":        {[]string{"RRULE:FREQ=SECONDLY"}, "finer"},
		"every minute":        {[]string{"RRULE:FREQ=MINUTELY"}, "finer"},
	} {
		got, err := recur.Submitted(c.lines, berlin)
		if (err == nil) != (c.why == "") || err != nil && !strings.Contains(err.Error(), c.why) || (len(got.Lines) > 0) != (err == nil) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestNamesStart(t *testing.T) {
	t.Parallel()
	berlin := timed(t, "2026-10-05T08:00:00Z", "Europe/Berlin")
	for line, want := range map[string]bool{
		"RRULE:FREQ=WEEKLY;BYDAY=MO": true, "RRULE:FREQ=WEEKLY;BYDAY=TU": false, "RRULE:FREQ=DAILY;BYHOUR=11": false, "RDATE:20261005T080000Z": true,
		"RRULE:FREQ=MONTHLY;BYDAY=1MO;COUNT=1": true, "RRULE:FREQ=DAILY;UNTIL=20261005T075959Z": false,
	} {
		s, err := recur.Parse([]string{line}, berlin)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := s.NamesStart(); err != nil || got != want {
			t.Errorf("%s: %t, %v", line, got, err)
		}
	}
}

// The canonical form means the same, is its own canonical form, and does not depend on how the lines were written.
func TestCanonicalMeansTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := drawRule(t)
		start := cal.Moment{
			Instant: time.Date(2024, 1, 1, 9, 30, 15, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 800*24).Draw(t, "begin")) * time.Hour),
			Zone:    rapid.SampledFrom([]string{"", "UTC", "Europe/Berlin", "America/New_York", "Pacific/Apia", "Australia/Lord_Howe"}).Draw(t, "zone"),
		}
		lines := []string{"RRULE:" + text}
		canonical, err := recur.Canonicalise(lines, start)
		if err != nil {
			t.Fatal(text, err)
		}
		if again, err := recur.Canonicalise(canonical.Lines, start); err != nil || !slices.Equal(again.Lines, canonical.Lines) {
			t.Fatalf("%s is %v, and that is %v, %v", text, canonical.Lines, again.Lines, err)
		}
		shuffled := strings.Join(rapid.Permutation(strings.Split(text, ";")).Draw(t, "order"), ";")
		if other, err := recur.Canonicalise([]string{"rrule:" + strings.ToLower(shuffled)}, start); err != nil || !slices.Equal(other.Lines, canonical.Lines) {
			t.Fatalf("%s is %v, and %s is %v, %v", text, canonical.Lines, shuffled, other.Lines, err)
		}
		window := cal.Window{From: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), Until: time.Date(2029, 1, 1, 0, 0, 0, 0, time.UTC)}
		want, err1 := starting(lines, start, window)
		got, err2 := starting(canonical.Lines, start, window)
		if !slices.Equal(got, want) || (err1 == nil) != (err2 == nil) {
			t.Fatalf("%s from %v takes place %d times, %v %d times: %v, %v", text, start, len(want), canonical.Lines, len(got), err1, err2)
		}
	})
}

func starting(lines []string, start cal.Moment, window cal.Window) ([]time.Time, error) {
	s, err := recur.Parse(lines, start)
	if err != nil {
		return nil, err
	}
	return s.Starts(window, plenty())
}

// Whatever bytes a recurrence is made of, it is refused or has one form.
func FuzzCanonicalise(f *testing.F) {
	for _, c := range hostile() {
		f.Add(strings.Join(c.lines, "\n")[:min(2000, len(strings.Join(c.lines, "\n")))])
	}
	f.Add("RRULE:FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=-31,-1\nEXRULE:FREQ=DAILY;UNTIL=20260101\nRDATE;VALUE=DATE:20260203")
	start, _ := far()
	f.Fuzz(func(t *testing.T, text string) {
		for _, start := range []cal.Moment{start, {Date: "2026-01-31"}} {
			got, err := recur.Canonicalise(strings.Split(text, "\n"), start)
			if err != nil {
				if _, ok := errors.AsType[recur.Error](err); !ok {
					t.Errorf("%q: %v", text, err)
				}
				continue
			}
			if again, err := recur.Canonicalise(got.Lines, start); err != nil || !slices.Equal(again.Lines, got.Lines) {
				t.Errorf("%q is %q, and that is %q, %v", text, got.Lines, again.Lines, err)
			}
		}
	})
}
