package google

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/recur"
	"github.com/calweave/calweave/internal/sim"
)

func createSeries(key cal.Key, start cal.Moment, rule string) provider.CreateEvent {
	content := cal.Content{Title: "Weekly", Slot: cal.Slot{Start: start, End: cal.Moment{Instant: start.Instant.Add(30 * time.Minute), Zone: start.Zone}}}
	content.Recurrence = []string{rule}
	return provider.CreateEvent{Calendar: host, Key: key, Content: content, Fields: cal.AllFields}
}

// What we take for the starts of a series is what the simulator, which has another engine, shows of it once it is written and read.
func TestSimulatorExpandsAlike(t *testing.T) {
	t.Parallel()
	s, driver, client, _ := simulated(t)
	raw := s.Client(sim.Google, host)
	r := rand.New(rand.NewPCG(5545, 1)) //nolint:gosec // a test's
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	compared := 0
	for n := range 200 {
		rule := "RRULE:FREQ=" + pick("DAILY", "WEEKLY", "MONTHLY", "YEARLY") + pick("", ";INTERVAL=2", ";INTERVAL=3") + pick("", "", ";BYMONTH=1,3,10") +
			pick("", ";BYDAY=MO", ";BYDAY=TU,SU", ";BYMONTHDAY=1,15,-1", ";BYMONTHDAY=29") + pick("", ";COUNT=20", ";UNTIL=20270701T120000Z")
		if strings.HasPrefix(rule, "RRULE:FREQ=WEEKLY") && strings.Contains(rule, "BYMONTHDAY") {
			continue // RFC 5545 has no such rule
		}
		zone := pick("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Auckland")
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		// No hour that clocks leave out or show twice: nobody says what either provider makes of those.
		start := cal.Moment{Instant: time.Date(2026, 9, 1+r.IntN(200), 4+r.IntN(20), 30, 0, 0, loc).UTC(), Zone: zone}
		req := createSeries(cal.NewKey("t", "b", "c", "", n), start, rule)
		if driver.MapRecurrence(req.Content) != nil {
			t.Fatalf("%s does not map", rule)
		}
		made, err := client.CreateEvent(t.Context(), req)
		if fault.Is(err, fault.Invalid) && neverComesTrue(t, rule, start) {
			continue
		}
		if err != nil {
			t.Fatalf("%s from %v in %s: %v", rule, start.Instant, zone, err)
		}
		series, err := recur.Parse(made.Event.Content.Recurrence, made.Event.Content.Slot.Start)
		if err != nil {
			t.Fatal(err)
		}
		window := cal.Window{From: start.Instant, Until: start.Instant.AddDate(1, 3, 0)}
		want, err := series.Starts(window, &recur.Budget{Steps: 1 << 20, Starts: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		q := url.Values{"maxResults": {"2500"}, "timeMax": {window.Until.Format(time.RFC3339)}}
		var got []time.Time
		for _, row := range raw.Do("GET", "/calendars/primary/events/"+string(made.Event.ID)+"/instances?"+q.Encode(), nil).Rows("items") {
			begin, _ := row["start"].(map[string]any)
			at, err := time.Parse(time.RFC3339, fmt.Sprint(begin["dateTime"]))
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, at.UTC())
		}
		compared += len(got)
		if !slices.EqualFunc(got, want, time.Time.Equal) {
			t.Errorf("%v from %v in %s: the simulator has %v, we %v", made.Event.Content.Recurrence, start.Instant, zone, got, want)
		}
	}
	if compared < 2000 {
		t.Errorf("%d starts prove little", compared)
	}
}

// neverComesTrue reports whether a rule names no start in twenty years.
func neverComesTrue(t *testing.T, rule string, start cal.Moment) bool {
	t.Helper()
	series, err := recur.Parse([]string{rule}, start)
	if err != nil {
		t.Fatal(err)
	}
	all, err := series.Starts(cal.Window{From: start.Instant.Add(time.Second), Until: start.Instant.AddDate(20, 0, 0)}, &recur.Budget{Steps: 1 << 20, Starts: 1 << 20})
	return err == nil && len(all) == 0
}

// A person changes an occurrence and all that follow in the web calendar: our series ends before it, and what follows is a series that is not ours.
func TestSplitByHand(t *testing.T) {
	t.Parallel()
	s, _, client, ref := simulated(t)
	start := cal.Moment{Instant: time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC), Zone: "Europe/Berlin"}
	made, err := client.CreateEvent(t.Context(), createSeries(testKey, start, "RRULE:FREQ=WEEKLY;BYDAY=TH;COUNT=5"))
	if err != nil {
		t.Fatal(err)
	}
	ref.ID = made.Event.ID
	keeper := client.(provider.SeriesKeeper) //nolint:forcetypeassert // it claims to be one
	third := cal.Moment{Instant: start.Instant.AddDate(0, 0, 14)}
	o, err := keeper.ReadOccurrence(t.Context(), ref, third)
	if err != nil {
		t.Fatal(err)
	}
	moved := start.Instant.AddDate(0, 0, 15)
	next, err := s.SplitSeries(sim.In{Provider: sim.Google, Email: host}, string(o.ID), sim.Edit{Start: &moved})
	if err != nil {
		t.Fatal(err)
	}
	now, err := client.ReadEvent(t.Context(), ref)
	if want := []string{"RRULE:FREQ=WEEKLY;BYDAY=TH;UNTIL=20261014T215959Z"}; err != nil || !slices.Equal(now.Content.Recurrence, want) || now.Stamp != testKey.String() {
		t.Errorf("ours is %+v, %v, want %v", now, err, want)
	}
	if all, err := keeper.ListExceptions(t.Context(), ref); err != nil || len(all) != 0 {
		t.Errorf("its exceptions are %+v, %v", all, err)
	}
	ref.ID = cal.EventID(next.ID)
	if e, err := client.ReadEvent(t.Context(), ref); err != nil || e.Kind != cal.KindSeries || e.ID == made.Event.ID {
		t.Errorf("the other is %+v, %v", e, err)
	}
}

// Somebody else's EXDATE is a cancelled occurrence, though it has no event.
func TestExcludedByOthers(t *testing.T) {
	t.Parallel()
	s, _, client, ref := simulated(t)
	start := cal.Moment{Instant: time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC), Zone: "Europe/Berlin"}
	const rule = "RRULE:FREQ=WEEKLY;BYDAY=TH;COUNT=5"
	made, err := client.CreateEvent(t.Context(), createSeries(testKey, start, rule))
	if err != nil {
		t.Fatal(err)
	}
	ref.ID = made.Event.ID
	s.Client(sim.Google, host).Do("PATCH", "/calendars/primary/events/"+string(ref.ID), map[string]any{"recurrence": []string{rule, "EXDATE;TZID=Europe/Berlin:20261029T100000"}})
	out := cal.Moment{Instant: time.Date(2026, 10, 29, 9, 0, 0, 0, time.UTC), Zone: "Europe/Berlin"}
	keeper := client.(provider.SeriesKeeper) //nolint:forcetypeassert // it claims to be one
	if all, err := keeper.ListExceptions(t.Context(), ref); err != nil || len(all) != 1 || !all[0].Gone() || all[0].OriginalStart != out || all[0].Series != ref.ID {
		t.Errorf("the exceptions are %+v, %v", all, err)
	}
	if e, err := keeper.ReadOccurrence(t.Context(), ref, out); err != nil || !e.Gone() || e.OriginalStart != out {
		t.Errorf("what is left out is %+v, %v", e, err)
	}
	if e, err := client.ReadEvent(t.Context(), ref); err != nil || !slices.Equal(e.Content.Recurrence, []string{rule}) {
		t.Errorf("the series is %+v, %v", e.Content, err)
	}
}

func TestWhatDoesNotMap(t *testing.T) {
	t.Parallel()
	var d Driver
	for line, part := range map[string]string{
		"RRULE:FREQ=HOURLY": "FREQ", "RRULE:FREQ=DAILY;BYHOUR=9,10": "BYHOUR", "RRULE:FREQ=DAILY;BYHOUR=9": "", "RRULE:FREQ=YEARLY;BYYEARDAY=1,2": "", "RDATE:20261001T080000Z": "",
	} {
		err := d.MapRecurrence(cal.Content{Recurrence: []string{line}})
		got := ""
		if u, ok := err.(*provider.UnmappableError); ok { //nolint:errorlint // it is returned as such
			got = u.Part
		}
		if got != part || (err == nil) != (part == "") {
			t.Errorf("%s: %v, want %q", line, err, part)
		}
	}
}
