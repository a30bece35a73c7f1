package cal_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
)

func TestWindowCovers(t *testing.T) {
	t.Parallel()
	w := cal.Window{From: instant(0), Until: instant(120)}
	dayWindow := cal.Window{
		From:  time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC),
		Until: time.Date(2026, 10, 5, 0, 0, 0, 0, time.UTC),
	}
	timed := func(start, end int) cal.Slot {
		return slot(cal.Moment{Instant: instant(start)}, cal.Moment{Instant: instant(end)})
	}
	for name, c := range map[string]struct {
		w    cal.Window
		s    cal.Slot
		want bool
	}{
		"inside":                         {w, timed(10, 20), true},
		"the whole window":               {w, timed(0, 120), true},
		"begins before":                  {w, timed(-1, 20), false},
		"ends after":                     {w, timed(100, 121), false},
		"ends where it begins":           {w, timed(-30, 0), false},
		"begins where it ends":           {w, timed(120, 150), false},
		"no length, inside":              {w, timed(30, 30), true},
		"no length at From":              {w, timed(0, 0), false},
		"no length at Until":             {w, timed(120, 120), false},
		"no length at an open end":       {cal.Window{From: w.From}, timed(120, 120), true},
		"open end":                       {cal.Window{From: w.From}, timed(0, 1e6), true},
		"open start":                     {cal.Window{Until: w.Until}, timed(-1e6, 120), true},
		"wholly open":                    {cal.Window{}, timed(-1e6, 1e6), true},
		"all-day inside":                 {dayWindow, days("2026-10-02", "2026-10-04"), true},
		"all-day at From, seen from +14": {dayWindow, days("2026-10-01", "2026-10-02"), false},
		"all-day to Until, seen at -12":  {dayWindow, days("2026-10-03", "2026-10-05"), false},
		"a date that is none":            {dayWindow, days("2026-10-02", "soon"), false},
	} {
		if got := c.w.Covers(c.s); got != c.want {
			t.Errorf("%s: %t, want %t", name, got, c.want)
		}
	}
}

func TestMomentWhen(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		m    cal.Moment
		want cal.When
	}{
		"date":         {cal.Moment{Date: "2026-10-01"}, cal.When{Date: "2026-10-01"}},
		"summer":       {cal.Moment{Instant: instant(0), Zone: "Europe/Berlin"}, cal.When{DateTime: "2026-10-01T10:00:00+02:00", TimeZone: "Europe/Berlin"}},
		"winter":       {cal.Moment{Instant: instant(0).AddDate(0, 2, 0), Zone: "Europe/Berlin"}, cal.When{DateTime: "2026-12-01T09:00:00+01:00", TimeZone: "Europe/Berlin"}},
		"half hours":   {cal.Moment{Instant: instant(0), Zone: "Asia/Kolkata"}, cal.When{DateTime: "2026-10-01T13:30:00+05:30", TimeZone: "Asia/Kolkata"}},
		"other day":    {cal.Moment{Instant: instant(0), Zone: "Pacific/Pago_Pago"}, cal.When{DateTime: "2026-09-30T21:00:00-11:00", TimeZone: "Pacific/Pago_Pago"}},
		"no zone":      {cal.Moment{Instant: instant(0)}, cal.When{DateTime: "2026-10-01T08:00:00Z", TimeZone: "UTC"}},
		"unknown zone": {cal.Moment{Instant: instant(0), Zone: "Mars/Base"}, cal.When{DateTime: "2026-10-01T08:00:00Z", TimeZone: "UTC"}},
	} {
		if got := c.m.When(); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestMomentEqual(t *testing.T) {
	t.Parallel()
	berlin := cal.Moment{Instant: instant(0), Zone: "Europe/Berlin"}
	for name, c := range map[string]struct {
		o    cal.Moment
		want bool
	}{
		"another zone's name": {cal.Moment{Instant: instant(0), Zone: "Europe/Vienna"}, true},
		"a minute later":      {cal.Moment{Instant: instant(1), Zone: "Europe/Berlin"}, false},
		"all-day":             {cal.Moment{Date: "2026-10-01"}, false},
	} {
		if got := berlin.Equal(c.o); got != c.want {
			t.Errorf("%s: %t, want %t", name, got, c.want)
		}
	}
}

func TestEmptyMomentsLeaveNoTraceInJSON(t *testing.T) {
	t.Parallel()
	raw, err := json.Marshal(cal.Event{ID: "e", Status: cal.StatusConfirmed, Content: cal.Content{Slot: days("2026-10-01", "2026-10-02")}})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"id":"e","status":"confirmed","content":{"title":"","slot":{"start":{"date":"2026-10-01"},"end":{"date":"2026-10-02"}}}}`
	if string(raw) != want {
		t.Errorf("%s, want %s", raw, want)
	}
}
