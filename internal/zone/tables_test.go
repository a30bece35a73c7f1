package zone_test

import (
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/zone"
)

// summerForEver are tables in which Berlin keeps its summer time.
func summerForEver() zone.Tables {
	return zone.Tables{Version: "2099a", Load: func(name string) (*time.Location, error) {
		if name == "Europe/Berlin" {
			return time.FixedZone(name, 2*60*60), nil
		}
		return time.LoadLocation(name)
	}}
}

func TestSupersedes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mine, other string
		want        bool
	}{
		{"2026b", "2026a", true},
		{"2026a", "2026b", false},
		{"2027a", "2026z", true},
		{"2026b", "2026b", false},
		{"2026b", "", true},
		{"go1.26.10", "go1.26.9", true},
		{"go1.26.9", "go1.26.10", false},
		{"go1.27", "go1.26.9", true},
		{"go1.26", "go1.26.1", false},
		{"2026b", "go1.26.8", true},
		{"go1.26.8", "2026b", true},
		{"system", "2026b", true},
		{"system", "system", false},
		{"2026b", "system", true},
		{"go1.27-devel", "go1.26.8", true},
	} {
		if got := (zone.Tables{Version: c.mine}).Supersedes(c.other); got != c.want {
			t.Errorf("%q supersedes %q: %t, want %t", c.mine, c.other, got, c.want)
		}
	}
	if own := (zone.Tables{}); own.Name() != zone.Version() || own.Supersedes(zone.Version()) {
		t.Errorf("the zero tables are %q and take their own place", own.Name())
	}
}

// TestAgain reads what was submitted under other rules: wall time and zone count.
func TestAgain(t *testing.T) {
	t.Parallel()
	own := zone.Tables{}
	for name, c := range map[string]struct {
		by             zone.Tables
		wall, zone     string
		instant, reads string
	}{
		"the same":                      {own, "2027-01-15T10:00:00", "Europe/Berlin", "2027-01-15T09:00:00Z", "2027-01-15T10:00:00"},
		"other rules":                   {summerForEver(), "2027-01-15T10:00:00", "Europe/Berlin", "2027-01-15T08:00:00Z", "2027-01-15T10:00:00"},
		"an offset that was":            {summerForEver(), "2027-01-15T10:00:00+01:00", "Europe/Berlin", "2027-01-15T08:00:00Z", "2027-01-15T10:00:00+02:00"},
		"an offset that is":             {own, "2027-01-15T10:00:00+01:00", "Europe/Berlin", "2027-01-15T09:00:00Z", "2027-01-15T10:00:00+01:00"},
		"the second of two":             {own, "2026-10-25T02:30:00+01:00", "Europe/Berlin", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00+01:00"},
		"two that have become one":      {summerForEver(), "2026-10-25T02:30:00+01:00", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T02:30:00+02:00"},
		"one that has become two":       {own, "2026-10-25T02:30:00+03:00", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T02:30:00+02:00"},
		"a gap":                         {own, "2027-03-28T02:30:00", "Europe/Berlin", "2027-03-28T01:30:00Z", "2027-03-28T02:30:00"},
		"a gap, written with an offset": {own, "2027-03-28T02:30:00+02:00", "Europe/Berlin", "2027-03-28T01:30:00Z", "2027-03-28T02:30:00"},
		"a gap that is none any more":   {summerForEver(), "2027-03-28T02:30:00", "Europe/Berlin", "2027-03-28T00:30:00Z", "2027-03-28T02:30:00"},
		"another zone":                  {summerForEver(), "2027-01-15T10:00:00", "Europe/Vienna", "2027-01-15T09:00:00Z", "2027-01-15T10:00:00"},
	} {
		w, m, err := c.by.Again(cal.When{DateTime: c.wall, TimeZone: c.zone})
		if err != nil || m.Zone != c.zone || m.Instant.Format(time.RFC3339) != c.instant || w.DateTime != c.reads || w.TimeZone != c.zone {
			t.Errorf("%s: %+v, written %+v, %v; want %s, written %s", name, m, w, err, c.instant, c.reads)
		}
	}
	if w, m, err := own.Again(cal.When{Date: "2027-01-15"}); err != nil || m != (cal.Moment{Date: "2027-01-15"}) || w.Date != "2027-01-15" {
		t.Errorf("a date: %+v, %+v, %v", w, m, err)
	}
	for _, w := range []cal.When{{DateTime: "2027-01-15T10:00:00", TimeZone: "Mars/Base"}, {DateTime: "soon", TimeZone: "Europe/Berlin"}, {}} {
		if _, m, err := own.Again(w); err == nil {
			t.Errorf("%+v is %+v", w, m)
		}
	}
}
