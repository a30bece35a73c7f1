package zone_test

import (
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/testkit/timetable"
	"github.com/calweave/calweave/internal/zone"
)

// TestTimeTable resolves each row under both names of its zone, and refuses it with the offset of an hour more.
func TestTimeTable(t *testing.T) {
	t.Parallel()
	for _, c := range timetable.Cases(t) {
		for _, name := range c.Names() {
			start, end := c.Written(name)
			from, err := zone.Resolve(start)
			if c.Refused != "" {
				if err == nil || !strings.Contains(err.Error(), c.Refused) {
					t.Errorf("%s in %q: %+v, %v; want %q", c.Name, name, from, err, c.Refused)
				}
				continue
			}
			until, err2 := zone.Resolve(end)
			got, want := cal.Slot{Start: from, End: until}, c.Slot()
			if err != nil || err2 != nil || !got.Start.Equal(want.Start) || !got.End.Equal(want.End) || name == c.Zone && from.Zone != name {
				t.Errorf("%s in %q: %+v to %+v, %v, %v; want %+v", c.Name, name, from, until, err, err2, c.Slot())
			}
			if c.Days {
				continue
			}
			_, offset := c.From.In(mustLoad(t, name)).Zone()
			start.DateTime = c.From.In(time.FixedZone("", offset+3600)).Format(time.RFC3339)
			if m, err := zone.Resolve(start); err == nil {
				t.Errorf("%s in %q: %s is %+v, though its offset is an hour wrong", c.Name, name, start.DateTime, m)
			}
		}
	}
}

func mustLoad(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := zone.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// FuzzResolve reads ends of slots as strangers write them. What is accepted has one zone, is a whole second, and means the same when it is written back.
func FuzzResolve(f *testing.F) {
	for _, c := range timetable.Cases(f) {
		for _, name := range c.Names() {
			start, _ := c.Written(name)
			f.Add(start.Date, start.DateTime, start.TimeZone)
		}
	}
	f.Add("", "2026-10-01T9:00:00", "Europe/Berlin")
	f.Add("", "9999-12-31T23:59:59-12:00", "Etc/GMT+12")
	f.Fuzz(func(t *testing.T, date, dateTime, name string) {
		w := cal.When{Date: date, DateTime: dateTime, TimeZone: name}
		m, err := zone.Resolve(w)
		if err != nil {
			if m != (cal.Moment{}) {
				t.Fatalf("%+v is refused and is %+v", w, m)
			}
			return
		}
		if again, same, err := (zone.Tables{}).Again(w); err != nil || same != m || again != w {
			t.Fatalf("%+v is %+v, and once more %+v, %+v, %v", w, m, again, same, err)
		}
		if _, offset := m.Instant.In(mustLoadZone(t, m)).Zone(); offset%60 != 0 {
			return // RFC 3339 cannot write it
		}
		if back, err := zone.Resolve(m.When()); err != nil || back != m {
			t.Fatalf("%+v is %+v, written %+v, and read as %+v, %v", w, m, m.When(), back, err)
		}
	})
}

func mustLoadZone(t *testing.T, m cal.Moment) *time.Location {
	t.Helper()
	if m.Zone == "" {
		return time.UTC
	}
	return mustLoad(t, m.Zone)
}

// FuzzCanonical reads names of zones. A name that is known has one canonical form, and its Windows name leads to clocks that exist.
func FuzzCanonical(f *testing.F) {
	for _, name := range []string{
		"Europe/Berlin", "Asia/Calcutta", "w. europe standard time", "UTC+13", "tzone://Microsoft/Custom", "tzone://Microsoft/Utc", "Customized Time Zone",
		"(UTC+01:00) Amsterdam, Berlin", "right/UTC", "../UTC", "Local", "", "Etc/GMT+5", "Europe/\x00", "GMT0",
	} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		canonical, err := zone.Canonical(name)
		if err != nil {
			if canonical != "" {
				t.Fatalf("%q is refused and is %q", name, canonical)
			}
			return
		}
		if again, err := zone.Canonical(canonical); err != nil || again != canonical {
			t.Fatalf("%q is %q and then %q, %v", name, canonical, again, err)
		}
		if windows, ok := zone.Windows(canonical); ok {
			if _, err := zone.Load(windows); err != nil {
				t.Fatalf("%q is %q, in Windows %q: %v", name, canonical, windows, err)
			}
		}
	})
}
