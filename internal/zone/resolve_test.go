package zone_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/zone"
)

func TestResolve(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in   cal.When
		want string // the instant in RFC 3339
		zone string
	}{
		"wall time":               {cal.When{DateTime: "2026-10-01T10:00:00", TimeZone: "Europe/Berlin"}, "2026-10-01T08:00:00Z", "Europe/Berlin"},
		"with its offset":         {cal.When{DateTime: "2026-10-01T10:00:00+02:00", TimeZone: "Europe/Berlin"}, "2026-10-01T08:00:00Z", "Europe/Berlin"},
		"an alias":                {cal.When{DateTime: "2026-10-01T10:00:00", TimeZone: "Asia/Calcutta"}, "2026-10-01T04:30:00Z", "Asia/Kolkata"},
		"a Windows name":          {cal.When{DateTime: "2026-10-01T10:00:00", TimeZone: "Pacific Standard Time"}, "2026-10-01T17:00:00Z", "America/Los_Angeles"},
		"UTC":                     {cal.When{DateTime: "2026-10-01T10:00:00Z", TimeZone: "UTC"}, "2026-10-01T10:00:00Z", "Etc/UTC"},
		"UTC+13":                  {cal.When{DateTime: "2026-10-01T10:00:00+13:00", TimeZone: "Pacific/Tongatapu"}, "2026-09-30T21:00:00Z", "Pacific/Tongatapu"},
		"UTC+14":                  {cal.When{DateTime: "2026-10-01T10:00:00", TimeZone: "Pacific/Kiritimati"}, "2026-09-30T20:00:00Z", "Pacific/Kiritimati"},
		"UTC-11":                  {cal.When{DateTime: "2026-10-01T22:00:00-11:00", TimeZone: "Pacific/Pago_Pago"}, "2026-10-02T09:00:00Z", "Pacific/Pago_Pago"},
		"a leap day":              {cal.When{DateTime: "2028-02-29T10:00:00", TimeZone: "Europe/Berlin"}, "2028-02-29T09:00:00Z", "Europe/Berlin"},
		"an overlap's first":      {cal.When{DateTime: "2026-10-25T02:30:00", TimeZone: "Europe/Berlin"}, "2026-10-25T00:30:00Z", "Europe/Berlin"},
		"an overlap's second":     {cal.When{DateTime: "2026-10-25T02:30:00+01:00", TimeZone: "Europe/Berlin"}, "2026-10-25T01:30:00Z", "Europe/Berlin"},
		"before a gap":            {cal.When{DateTime: "2026-03-29T01:59:59", TimeZone: "Europe/Berlin"}, "2026-03-29T00:59:59Z", "Europe/Berlin"},
		"after a gap":             {cal.When{DateTime: "2026-03-29T03:00:00", TimeZone: "Europe/Berlin"}, "2026-03-29T01:00:00Z", "Europe/Berlin"},
		"half an hour's overlap":  {cal.When{DateTime: "2026-04-05T01:45:00", TimeZone: "Australia/Lord_Howe"}, "2026-04-04T14:45:00Z", "Australia/Lord_Howe"},
		"half an hour's second":   {cal.When{DateTime: "2026-04-05T01:45:00+10:30", TimeZone: "Australia/Lord_Howe"}, "2026-04-04T15:15:00Z", "Australia/Lord_Howe"},
		"after half an hour":      {cal.When{DateTime: "2026-10-04T02:30:00", TimeZone: "Australia/Lord_Howe"}, "2026-10-03T15:30:00Z", "Australia/Lord_Howe"},
		"before Samoa's lost day": {cal.When{DateTime: "2011-12-29T23:59:59", TimeZone: "Pacific/Apia"}, "2011-12-30T09:59:59Z", "Pacific/Apia"},
		"after Samoa's lost day":  {cal.When{DateTime: "2011-12-31T00:00:00", TimeZone: "Pacific/Apia"}, "2011-12-30T10:00:00Z", "Pacific/Apia"},
		"the first year":          {cal.When{DateTime: "1900-01-01T00:00:00", TimeZone: "UTC"}, "1900-01-01T00:00:00Z", "Etc/UTC"},
		"the last second":         {cal.When{DateTime: "9999-12-31T23:59:59", TimeZone: "UTC"}, "9999-12-31T23:59:59Z", "Etc/UTC"},
	} {
		got, err := zone.Resolve(c.in)
		if err != nil || got.Instant.Format(time.RFC3339) != c.want || got.Zone != c.zone || got.Date != "" {
			t.Errorf("%s: %+v, %v; want %s in %s", name, got, err, c.want, c.zone)
		}
		if got.Instant.Location() != time.UTC {
			t.Errorf("%s: the instant is in %s", name, got.Instant.Location())
		}
	}
}

func TestResolveDate(t *testing.T) {
	t.Parallel()
	for _, date := range []string{"2026-10-01", "2028-02-29", "2011-12-30", "1900-01-01", "9999-12-31"} {
		if got, err := zone.Resolve(cal.When{Date: date}); err != nil || got != (cal.Moment{Date: date}) {
			t.Errorf("%s: %+v, %v", date, got, err)
		}
	}
}

func TestResolveRefuses(t *testing.T) {
	t.Parallel()
	berlin := func(s string) cal.When { return cal.When{DateTime: s, TimeZone: "Europe/Berlin"} }
	const gap, form, years = "does not happen", "no RFC 3339", "outside the years"
	for name, c := range map[string]struct {
		in          cal.When
		field, text string
	}{
		"nothing":                  {cal.When{}, "", "give either"},
		"a zone alone":             {cal.When{TimeZone: "Europe/Berlin"}, "", "give either"},
		"a date and a time":        {cal.When{Date: "2026-10-01", DateTime: "2026-10-01T10:00:00", TimeZone: "UTC"}, "", "stands alone"},
		"a date and a zone":        {cal.When{Date: "2026-10-01", TimeZone: "UTC"}, "", "stands alone"},
		"no zone":                  {cal.When{DateTime: "2026-10-01T10:00:00+02:00"}, "time_zone", "missing"},
		"an unknown zone":          {cal.When{DateTime: "2026-10-01T10:00:00", TimeZone: "Mars/Base"}, "time_zone", "no time zone"},
		"the machine's zone":       {cal.When{DateTime: "2026-10-01T10:00:00", TimeZone: "Local"}, "time_zone", "no time zone"},
		"an offset that disagrees": {berlin("2026-10-01T10:00:00+01:00"), "date_time", "+02:00"},
		"Z that disagrees":         {berlin("2026-10-01T10:00:00Z"), "date_time", "disagrees"},
		"a gap":                    {berlin("2026-03-29T02:30:00"), "date_time", gap},
		"a gap's first second":     {berlin("2026-03-29T02:00:00"), "date_time", gap},
		"a gap with an offset":     {berlin("2026-03-29T02:30:00+01:00"), "date_time", "disagrees"},
		"half an hour's gap":       {cal.When{DateTime: "2026-10-04T02:15:00", TimeZone: "Australia/Lord_Howe"}, "date_time", gap},
		"Samoa's lost day":         {cal.When{DateTime: "2011-12-30T12:00:00", TimeZone: "Pacific/Apia"}, "date_time", gap},
		"the lost day's midnight":  {cal.When{DateTime: "2011-12-30T00:00:00", TimeZone: "Pacific/Apia"}, "date_time", gap},
		"a fraction":               {berlin("2026-10-01T10:00:00.5"), "date_time", "fractions"},
		"a fraction and offset":    {berlin("2026-10-01T10:00:00.5+02:00"), "date_time", "fractions"},
		"words":                    {berlin("tomorrow"), "date_time", form},
		"a date for a time":        {berlin("2026-10-01"), "date_time", form},
		"an hour of one digit":     {berlin("2026-10-01T9:00:00"), "date_time", form},
		"the same with an offset":  {berlin("2026-10-01T9:00:00+02:00"), "date_time", form},
		"a blank for the T":        {berlin("2026-10-01 10:00:00"), "date_time", form},
		"a day that is none":       {berlin("2026-02-29T10:00:00"), "date_time", form},
		"hour 24":                  {berlin("2026-10-01T24:00:00"), "date_time", form},
		"a leap second":            {berlin("2026-10-01T10:00:60"), "date_time", form},
		"before the first year":    {berlin("1900-01-01T00:00:00+00:53"), "date_time", ""},
		"after the last year":      {cal.When{DateTime: "9999-12-31T23:00:00", TimeZone: "America/New_York"}, "date_time", years},
		"year zero":                {cal.When{DateTime: "0000-01-01T00:00:00", TimeZone: "UTC"}, "date_time", years},
		"a date that is none":      {cal.When{Date: "2026-02-29"}, "date", "no date"},
		"a date in another form":   {cal.When{Date: "2026-2-9"}, "date", "no date"},
		"a date in year zero":      {cal.When{Date: "0000-01-01"}, "date", years},
	} {
		got, err := zone.Resolve(c.in)
		we, ok := errors.AsType[*zone.WhenError](err)
		if !ok || we.Field != c.field || !strings.Contains(we.Detail, c.text) || got != (cal.Moment{}) {
			t.Errorf("%s: %+v, %v; want an error about %q that says %q", name, got, err, c.field, c.text)
		}
	}
}

// What we write in a message a core can send back, and it means the same instant.
func TestWhenResolvesBack(t *testing.T) {
	t.Parallel()
	zones := zoneNames(t)
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(zones).Draw(t, "zone")
		m := cal.Moment{Instant: drawInstant(t), Zone: name}
		got, err := zone.Resolve(m.When())
		if err != nil || got != m {
			t.Fatalf("%+v as %+v resolves to %+v, %v", m, m.When(), got, err)
		}
	})
}

func TestFromWallRoundTrip(t *testing.T) {
	t.Parallel()
	zones := zoneNames(t)
	rapid.Check(t, func(t *rapid.T) {
		loc, err := zone.Load(rapid.SampledFrom(zones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		want := drawInstant(t)
		if rapid.Bool().Draw(t, "beside a transition") {
			if _, end := want.In(loc).ZoneBounds(); !end.IsZero() {
				want = end.Add(time.Duration(rapid.IntRange(-90_000, 90_000).Draw(t, "seconds")) * time.Second).UTC()
			}
		}
		got, ok := zone.FromWall(want.In(loc), loc)
		if !ok || got.In(loc).Format(cal.WallLayout) != want.In(loc).Format(cal.WallLayout) {
			t.Fatalf("%s in %s gives %s, %t", want.In(loc), loc, got, ok)
		}
		if got.After(want) {
			t.Fatalf("%s in %s gives the later %s", want.In(loc), loc, got)
		}
		twice := !got.Equal(want)
		if zone.Ambiguous(got, loc) != zone.Ambiguous(want, loc) || twice && !zone.Ambiguous(want, loc) {
			t.Fatalf("%s in %s gives %s, and they disagree on being ambiguous", want.In(loc), loc, got)
		}
	})
}

func TestAmbiguous(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		zone, at string
		want     bool
	}{
		"an ordinary time":           {"Europe/Berlin", "2026-10-01T08:00:00Z", false},
		"a second before an overlap": {"Europe/Berlin", "2026-10-24T23:59:59Z", false},
		"an overlap's first second":  {"Europe/Berlin", "2026-10-25T00:00:00Z", true},
		"its last second, first":     {"Europe/Berlin", "2026-10-25T00:59:59Z", true},
		"its first second, again":    {"Europe/Berlin", "2026-10-25T01:00:00Z", true},
		"its last second, again":     {"Europe/Berlin", "2026-10-25T01:59:59Z", true},
		"a second after":             {"Europe/Berlin", "2026-10-25T02:00:00Z", false},
		"beside a gap":               {"Europe/Berlin", "2026-03-29T01:00:00Z", false},
		"half an hour's overlap":     {"Australia/Lord_Howe", "2026-04-04T14:30:00Z", true},
		"half an hour earlier":       {"Australia/Lord_Howe", "2026-04-04T14:29:59Z", false},
		"its end":                    {"Australia/Lord_Howe", "2026-04-04T15:30:00Z", false},
		"beside Samoa's lost day":    {"Pacific/Apia", "2011-12-30T10:00:00Z", false},
		"no daylight saving":         {"Asia/Tokyo", "2026-10-25T00:30:00Z", false},
	} {
		loc, err := zone.Load(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := zone.Ambiguous(at, loc); got != c.want {
			t.Errorf("%s: %t, want %t", name, got, c.want)
		}
	}
}

func TestLengthOfDays(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		zone, from, until string
		want              time.Duration
	}{
		"spring":         {"Europe/Berlin", "2026-03-29", "2026-03-30", 23 * time.Hour},
		"autumn":         {"Europe/Berlin", "2026-10-25", "2026-10-26", 25 * time.Hour},
		"ordinary":       {"Europe/Berlin", "2026-10-01", "2026-10-02", 24 * time.Hour},
		"short by half":  {"Australia/Lord_Howe", "2026-10-04", "2026-10-05", 23*time.Hour + 30*time.Minute},
		"long by half":   {"Australia/Lord_Howe", "2026-04-05", "2026-04-06", 24*time.Hour + 30*time.Minute},
		"over lost day":  {"Pacific/Apia", "2011-12-29", "2011-12-31", 24 * time.Hour},
		"UTC+13":         {"Pacific/Tongatapu", "2026-10-01", "2026-10-02", 24 * time.Hour},
		"southern start": {"America/Santiago", "2026-04-04", "2026-04-05", 25 * time.Hour},
	} {
		at := func(date string) time.Time {
			m, err := zone.Resolve(cal.When{DateTime: date + "T00:00:00", TimeZone: c.zone})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			return m.Instant
		}
		if got := at(c.until).Sub(at(c.from)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// zoneNames returns every canonical zone of the tables.
func zoneNames(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, row := range table(t, "tz_aliases.tsv") {
		if name, err := zone.Canonical(row[0]); err == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// drawInstant draws an instant in whole seconds after the last zone gave up offsets with seconds, which RFC 3339 cannot write.
func drawInstant(t *rapid.T) time.Time {
	return time.Unix(rapid.Int64Range(70_000_000, 4_000_000_000).Draw(t, "unix"), 0).UTC()
}
