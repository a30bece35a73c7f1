package microsoft

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"pgregory.net/rapid"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/recur"
)

func berlinAt(t interface{ Fatal(...any) }, wall string) cal.Moment {
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.ParseInLocation("2006-01-02T15:04", wall, loc)
	if err != nil {
		t.Fatal(err)
	}
	return cal.Moment{Instant: at.UTC(), Zone: "Europe/Berlin"}
}

// What a rule becomes, written by hand after the documentation; and back again.
func TestPatterns(t *testing.T) {
	t.Parallel()
	start := berlinAt(t, "2026-10-05T10:00") // the first Monday of October
	for rule, want := range map[string]string{
		"FREQ=DAILY;INTERVAL=3;COUNT=7": `{"pattern":{"type":"daily","interval":3},"range":{"type":"numbered","startDate":"2026-10-05","recurrenceTimeZone":"Europe/Berlin","numberOfOccurrences":7}}`,
		"FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=MO,WE": `{"pattern":{"type":"weekly","interval":2,"daysOfWeek":["monday","wednesday"],"firstDayOfWeek":"sunday"},
			"range":{"type":"noEnd","startDate":"2026-10-05","recurrenceTimeZone":"Europe/Berlin"}}`,
		"FREQ=WEEKLY;BYDAY=MO;UNTIL=20261110T225959Z": `{"pattern":{"type":"weekly","interval":1,"daysOfWeek":["monday"],"firstDayOfWeek":"monday"},
			"range":{"type":"endDate","startDate":"2026-10-05","endDate":"2026-11-10","recurrenceTimeZone":"Europe/Berlin"}}`,
		"FREQ=MONTHLY;BYMONTHDAY=5": `{"pattern":{"type":"absoluteMonthly","interval":1,"dayOfMonth":5},"range":{"type":"noEnd","startDate":"2026-10-05","recurrenceTimeZone":"Europe/Berlin"}}`,
		"FREQ=MONTHLY;BYDAY=1MO": `{"pattern":{"type":"relativeMonthly","interval":1,"daysOfWeek":["monday"],"index":"first"},
			"range":{"type":"noEnd","startDate":"2026-10-05","recurrenceTimeZone":"Europe/Berlin"}}`,
		"FREQ=YEARLY;BYMONTH=10;BYMONTHDAY=5": `{"pattern":{"type":"absoluteYearly","interval":1,"month":10,"dayOfMonth":5},
			"range":{"type":"noEnd","startDate":"2026-10-05","recurrenceTimeZone":"Europe/Berlin"}}`,
		"FREQ=YEARLY;BYMONTH=10;BYDAY=1MO": `{"pattern":{"type":"relativeYearly","interval":1,"month":10,"daysOfWeek":["monday"],"index":"first"},
			"range":{"type":"noEnd","startDate":"2026-10-05","recurrenceTimeZone":"Europe/Berlin"}}`,
	} {
		lines := []string{"RRULE:" + rule}
		got, err := patternOf(lines, start)
		raw, err2 := json.Marshal(got)
		if err != nil || err2 != nil || string(raw) != strings.Join(strings.Fields(want), "") {
			t.Errorf("%s: %s, %v, want %s", rule, raw, err, want)
		}
		if back := recurrenceOf(got, start); !slices.Equal(back, lines) {
			t.Errorf("%s came back as %v", rule, back)
		}
	}
}

// The day on which a month ends has forms of its own.
func TestDaysThatNotEveryMonthHas(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		month, day int
		want       string
	}{
		{0, 28, "FREQ=MONTHLY;BYMONTHDAY=28"},
		{0, 29, "FREQ=MONTHLY;BYMONTHDAY=28,29;BYSETPOS=-1"},
		{0, 30, "FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1"},
		{0, 31, "FREQ=MONTHLY;BYMONTHDAY=-1"},
		{2, 28, "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28"},
		{2, 29, "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1"},
		{2, 31, "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1"},
		{4, 31, "FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=30"},
		{12, 31, "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=31"},
	} {
		kind := map[bool]string{true: absoluteMonthly, false: absoluteYearly}[c.month == 0]
		got := recurrenceOf(patternedRecurrence{Pattern: pattern{Type: kind, Interval: 1, Month: c.month, DayOfMonth: c.day}}, berlinAt(t, "2026-01-01T10:00"))
		if !slices.Equal(got, []string{"RRULE:" + c.want}) {
			t.Errorf("day %d of month %d: %v, want %s", c.day, c.month, got, c.want)
		}
	}
}

func TestWhatDoesNotMap(t *testing.T) {
	t.Parallel()
	var d Driver
	at := func(wall string) cal.Moment { return berlinAt(t, wall) }
	for _, c := range []struct {
		start cal.Moment
		lines []string
		part  string
	}{
		{at("2026-10-05T10:00"), nil, ""},
		{at("2026-10-05T10:00"), []string{"RRULE:FREQ=DAILY"}, ""},
		{at("2026-10-05T10:00"), []string{"RRULE:FREQ=HOURLY"}, "FREQ"},
		{at("2026-10-05T10:00"), []string{"RRULE:FREQ=DAILY;INTERVAL=1000"}, "INTERVAL"},
		{at("2026-10-05T10:00"), []string{"RRULE:FREQ=DAILY;COUNT=1000"}, "COUNT"},
		{at("2026-10-05T10:00"), []string{"RRULE:FREQ=DAILY;UNTIL=20261004T000000Z"}, "DTSTART"},
		{at("2026-10-05T10:00"), []string{"RRULE:FREQ=WEEKLY;BYDAY=TU"}, "DTSTART"},
		{at("2026-10-05T10:00"), []string{"RRULE:FREQ=DAILY;BYHOUR=10,12"}, "BYHOUR"},
		{at("2026-10-05T10:00"), []string{"RRULE:FREQ=DAILY;BYMONTH=10"}, "BYMONTH"},
		{at("2026-10-05T10:00"), []string{"RRULE:FREQ=DAILY;INTERVAL=2;BYDAY=MO"}, "BYDAY"},
		{at("2026-10-05T10:00"), []string{"RRULE:FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=1"}, "BYSETPOS"},
		{at("2026-10-05T10:00"), []string{"RRULE:FREQ=MONTHLY;BYMONTHDAY=5,6"}, "BYMONTHDAY"},
		{at("2026-10-05T10:00"), []string{"RRULE:FREQ=MONTHLY;BYMONTHDAY=-27"}, "BYMONTHDAY"},
		{at("2026-10-30T10:00"), []string{"RRULE:FREQ=MONTHLY"}, "BYMONTHDAY"},
		{at("2028-02-29T10:00"), []string{"RRULE:FREQ=YEARLY"}, "BYMONTHDAY"},
		{at("2026-10-31T10:00"), []string{"RRULE:FREQ=MONTHLY;BYMONTHDAY=-1"}, ""},
		{at("2026-10-31T10:00"), []string{"RRULE:FREQ=YEARLY"}, ""},
		{at("2026-10-05T10:00"), []string{"RRULE:FREQ=MONTHLY;BYMONTH=10"}, "BYMONTH"},
		{at("2026-10-05T10:00"), []string{"RRULE:FREQ=MONTHLY;BYDAY=1MO,1TU"}, "BYDAY"},
		{at("2026-10-05T10:00"), []string{"RRULE:FREQ=MONTHLY;BYDAY=MO"}, "BYDAY"},
		{at("2026-10-05T10:00"), []string{"RRULE:FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1"}, ""},
		{at("2026-08-31T10:00"), []string{"RRULE:FREQ=MONTHLY;BYDAY=5MO"}, "BYDAY"},
		{at("2026-10-05T10:00"), []string{"RRULE:FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1,2"}, "BYSETPOS"},
		{at("2026-10-05T10:00"), []string{"RRULE:FREQ=YEARLY;BYMONTH=4,10"}, "BYMONTH"},
		{at("2026-10-05T10:00"), []string{"RRULE:FREQ=YEARLY;BYYEARDAY=278"}, "BYMONTH"},
		{at("2026-10-05T10:00"), []string{"RRULE:FREQ=DAILY", "RDATE:20270101T090000Z"}, "RDATE"},
		{at("2026-10-05T10:00"), []string{"RRULE:FREQ=DAILY", "EXRULE:FREQ=YEARLY"}, "EXRULE"},
		{at("2026-10-05T10:00"), []string{"RRULE:FREQ=DAILY", "RRULE:FREQ=YEARLY"}, "RRULE"},
		{at("2026-10-05T10:00"), []string{"RRULE:FREQ=YEARLY;BYWEEKNO=20"}, "RRULE"},
		{cal.Moment{Instant: time.Date(2026, 10, 25, 1, 30, 0, 0, time.UTC), Zone: "Europe/Berlin"}, []string{"RRULE:FREQ=DAILY"}, "DTSTART"},
		{cal.Moment{Instant: time.Date(2026, 7, 5, 12, 0, 0, 0, time.UTC), Zone: "Antarctica/Troll"}, []string{"RRULE:FREQ=DAILY"}, "TZID"},
		{cal.Moment{Instant: time.Date(2026, 10, 25, 1, 30, 0, 0, time.UTC)}, []string{"RRULE:FREQ=DAILY"}, ""},
		{cal.Moment{Date: "2026-10-05"}, []string{"RRULE:FREQ=WEEKLY;UNTIL=20261231"}, ""},
	} {
		err := d.MapRecurrence(cal.Content{Slot: cal.Slot{Start: c.start}, Recurrence: c.lines})
		part := ""
		if u, ok := errors.AsType[*provider.UnmappableError](err); ok {
			part = u.Part
			if u.Why == "" {
				t.Errorf("%v: no reason", c.lines)
			}
		}
		if part != c.part || (err == nil) != (c.part == "") {
			t.Errorf("%v from %v: %v, want %q", c.lines, c.start, err, c.part)
		}
	}
}

func drawMoment(t *rapid.T) cal.Moment {
	day := time.Date(2026, 1, 1, 9, 30, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 1500).Draw(t, "day"))
	if rapid.IntRange(0, 3).Draw(t, "all-day") == 0 {
		return cal.Moment{Date: day.Format(cal.DateLayout)}
	}
	zones := []string{"", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Tongatapu", "Australia/Sydney"}
	return cal.Moment{Instant: day.Add(time.Duration(rapid.IntRange(0, 23).Draw(t, "hour")) * time.Hour), Zone: rapid.SampledFrom(zones).Draw(t, "zone")}
}

func drawRule(t *rapid.T) string {
	one := func(label string, from ...string) string { return rapid.SampledFrom(from).Draw(t, label) }
	rule := "FREQ=" + one("freq", "DAILY", "WEEKLY", "MONTHLY", "YEARLY")
	return rule + one("interval", "", ";INTERVAL=2", ";INTERVAL=7") + one("month", "", "", ";BYMONTH=2", ";BYMONTH=12") +
		one("days", "", "", ";BYDAY=MO", ";BYDAY=1TU", ";BYDAY=-1FR", ";BYDAY=SA,SU", ";BYDAY=MO,TU,WE,TH,FR", ";BYMONTHDAY=1", ";BYMONTHDAY=-1", ";BYMONTHDAY=28,29;BYSETPOS=-1") +
		one("position", "", "", "", ";BYSETPOS=2", ";BYSETPOS=-1") + one("week", "", ";WKST=SU") +
		one("end", "", ";COUNT=5", ";UNTIL=20301231T120000Z", ";UNTIL=20310101")
}

// A rule that maps comes back as it is, whatever the SDK does to it on its way; one that does not is refused before anything is written.
func TestRulesComeBack(t *testing.T) {
	t.Parallel()
	mapped := map[string]int{}
	for range 10 {
		rapid.Check(t, rulesComeBack(mapped))
	}
	for _, kind := range []string{daily, weekly, absoluteMonthly, relativeMonthly, absoluteYearly, relativeYearly} {
		if mapped[kind] == 0 {
			t.Errorf("no rule became %s: this proves little (%v)", kind, mapped)
		}
	}
}

func rulesComeBack(mapped map[string]int) func(t *rapid.T) {
	return func(t *rapid.T) {
		start, rule := drawMoment(t), drawRule(t)
		s, err := recur.Parse([]string{"RRULE:" + rule}, start)
		if err != nil {
			t.Skip("no rule")
		}
		first := nextStart(t, s, start)
		canonical, err := recur.Canonicalise([]string{"RRULE:" + rule}, first)
		if err != nil {
			t.Skip("no rule from there")
		}
		wire, err := patternOf(canonical.Lines, first)
		if err != nil {
			if _, ok := errors.AsType[*provider.UnmappableError](err); !ok {
				t.Fatalf("%s: %v", rule, err)
			}
			return
		}
		mapped[wire.Pattern.Type]++
		if back := throughTheSDK(t, wire, first); !slices.Equal(back, canonical.Lines) {
			t.Fatalf("%v from %v became %+v, and that %v", canonical.Lines, first, wire, back)
		}
	}
}

// nextStart is a start that the rule names, if it names one soon after the first.
func nextStart(t *rapid.T, s *recur.Series, start cal.Moment) cal.Moment {
	from := start.Instant
	if day, err := time.Parse(cal.DateLayout, start.Date); err == nil {
		from = day
	}
	all, err := s.Starts(cal.Window{From: from.Add(time.Second), Until: from.AddDate(3, 0, 0)}, &recur.Budget{Steps: 1 << 20, Starts: 1 << 20})
	if err != nil || len(all) == 0 {
		return start
	}
	at := all[rapid.IntRange(0, len(all)-1).Draw(t, "nth")]
	if start.Date != "" {
		return cal.Moment{Date: at.Format(cal.DateLayout)}
	}
	return cal.Moment{Instant: at, Zone: start.Zone}
}

// throughTheSDK writes a recurrence and reads it as an answer's.
func throughTheSDK(t interface{ Fatalf(string, ...any) }, wire patternedRecurrence, start cal.Moment) []string {
	raw, err := json.Marshal(map[string]any{"id": "e", "recurrence": wire})
	if err != nil {
		t.Fatalf("%v", err)
	}
	e, err := decode[models.Eventable](raw, models.CreateEventFromDiscriminatorValue)
	if err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return recurrenceOf(readRecurrence(e.GetRecurrence()), start)
}

// Whatever a pattern holds, it is read as lines that are their own canonical form, or as a line that nothing reads.
func FuzzRecurrence(f *testing.F) {
	f.Add([]byte(`{"pattern":{"type":"relativeYearly","interval":2,"month":13,"daysOfWeek":["monday","monday"],"index":"last"},"range":{"type":"endDate","endDate":"2026-13-01"}}`))
	f.Add([]byte(`{"pattern":{"type":"absoluteMonthly","interval":1,"dayOfMonth":31},"range":{"type":"numbered","numberOfOccurrences":-1}}`))
	f.Add([]byte(`{"pattern":{"type":"weekly","interval":-5},"range":{}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var wire patternedRecurrence
		if json.Unmarshal(raw, &wire) != nil {
			return
		}
		for _, start := range []cal.Moment{berlinAt(t, "2026-10-05T10:00"), {Date: "2026-10-05"}} {
			lines := recurrenceOf(wire, start)
			if len(lines) == 0 {
				t.Fatalf("%s is no recurrence at all", raw)
			}
			canonical, err := recur.Canonicalise(lines, start)
			if err == nil && !slices.Equal(canonical.Lines, lines) {
				t.Fatalf("%s is %v, and that is %v", raw, lines, canonical.Lines)
			}
			if again, err := patternOf(lines, start); err == nil && !slices.Equal(recurrenceOf(again, start), lines) {
				t.Fatalf("%s is %v, is %+v, is %v", raw, lines, again, recurrenceOf(again, start))
			}
		}
	})
}
