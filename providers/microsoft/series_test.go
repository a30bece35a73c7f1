package microsoft

import (
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

func createSeries(calendar cal.RemoteCalendarID, key cal.Key, start cal.Moment, rule string) provider.CreateEvent {
	content := cal.Content{Title: "Weekly", Slot: cal.Slot{Start: start, End: cal.Moment{Instant: start.Instant.Add(30 * time.Minute), Zone: start.Zone}}}
	content.Recurrence = []string{rule}
	return provider.CreateEvent{Calendar: calendar, Key: key, Content: content, Fields: cal.AllFields}
}

// What we take for the starts of a series is what the simulator, which counts in patterns, shows of it once it is written and read.
func TestSimulatorExpandsAlike(t *testing.T) {
	t.Parallel()
	s, driver, client, ref := simulated(t)
	raw := s.Client(sim.Microsoft, host)
	r := rand.New(rand.NewPCG(5545, 1)) //nolint:gosec // a test's
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	compared, mapped := 0, 0
	for n := range 400 {
		rule := "RRULE:FREQ=" + pick(
			"DAILY", "WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU", "WEEKLY;BYDAY=TU,SU", "WEEKLY;WKST=SU", "WEEKLY", "MONTHLY", "MONTHLY;BYMONTHDAY=-1",
			"MONTHLY;BYDAY=SA,SU;BYSETPOS=1", "MONTHLY;BYDAY=3TU", "MONTHLY;BYDAY=-1FR", "MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1", "YEARLY", "YEARLY;BYMONTH=2;BYMONTHDAY=-1",
		) + pick("", ";INTERVAL=2", ";INTERVAL=3") + pick("", ";COUNT=20", ";UNTIL=20280701T120000Z")
		zone := pick("", "Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Kathmandu", "Pacific/Auckland")
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		// No hour that clocks leave out or show twice: nobody says what either provider makes of those.
		start := cal.Moment{Instant: time.Date(2026, 9, 1+r.IntN(200), 4+r.IntN(20), 30, 0, 0, loc).UTC(), Zone: zone}
		start, ok := named(rule, start)
		if !ok {
			continue
		}
		canonical, err := recur.Canonicalise([]string{rule}, start)
		if err != nil {
			t.Fatal(err)
		}
		req := createSeries(ref.Calendar, cal.NewKey("t", "b", "c", "", n), start, canonical.Lines[0])
		if driver.MapRecurrence(req.Content) != nil {
			continue
		}
		mapped++
		made, err := client.CreateEvent(t.Context(), req)
		if err != nil || !slices.Equal(made.Event.Content.Recurrence, canonical.Lines) {
			t.Fatalf("%s from %v in %s: %v, %v", rule, start.Instant, zone, made.Event.Content.Recurrence, err)
		}
		window := cal.Window{From: start.Instant, Until: start.Instant.AddDate(1, 3, 0)}
		series, err := recur.Parse(made.Event.Content.Recurrence, made.Event.Content.Slot.Start)
		if err != nil {
			t.Fatal(err)
		}
		want, err := series.Starts(window, &recur.Budget{Steps: 1 << 20, Starts: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		from, until := wireWindow(window)
		q := url.Values{"startDateTime": {from}, "endDateTime": {until}, "$top": {"999"}}
		var got []time.Time
		a := raw.Do("GET", "/me/events/"+url.PathEscape(string(made.Event.ID))+"/instances?"+q.Encode(), nil, "Prefer", preferImmutable)
		for _, row := range a.Rows("value") {
			begin, _ := row["start"].(map[string]any)
			text, _ := begin["dateTime"].(string)
			at, err := time.Parse(wireLayout, text)
			if err != nil {
				t.Fatal(err, a.Raw)
			}
			got = append(got, at)
		}
		compared += len(got)
		if !slices.EqualFunc(got, want, time.Time.Equal) {
			t.Errorf("%v from %v in %s: the simulator has %v, we %v", canonical.Lines, start.Instant, zone, got, want)
		}
	}
	if compared < 2000 || mapped < 150 {
		t.Errorf("%d starts of %d rules prove little", compared, mapped)
	}
}

// named is the first start after another that a rule names: where Outlook lets a series begin.
func named(rule string, start cal.Moment) (cal.Moment, bool) {
	if strings.Contains(rule, "FREQ=YEARLY;INTERVAL") || strings.HasSuffix(rule, "FREQ=YEARLY") {
		return start, true
	}
	s, err := recur.Parse([]string{rule}, start)
	if err != nil {
		return start, false
	}
	all, err := s.Starts(cal.Window{From: start.Instant.Add(time.Second), Until: start.Instant.AddDate(2, 0, 0)}, &recur.Budget{Steps: 1 << 20, Starts: 1 << 20})
	if err != nil || len(all) == 0 {
		return start, false
	}
	start.Instant = all[0]
	return start, true
}

// Outlook lets no occurrence pass its neighbours, and says so in a way that names what is wrong.
func TestOccurrencesKeepTheirOrder(t *testing.T) {
	t.Parallel()
	_, _, client, ref := simulated(t)
	start := cal.Moment{Instant: time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC), Zone: "Europe/Berlin"}
	made, err := client.CreateEvent(t.Context(), createSeries(ref.Calendar, testKey, start, "RRULE:FREQ=WEEKLY;BYDAY=TH;COUNT=5"))
	if err != nil {
		t.Fatal(err)
	}
	ref.ID = made.Event.ID
	keeper := client.(provider.SeriesKeeper) //nolint:forcetypeassert // it claims to be one
	second, err := keeper.ReadOccurrence(t.Context(), ref, cal.Moment{Instant: start.Instant.AddDate(0, 0, 7)})
	if err != nil {
		t.Fatal(err)
	}
	ref.ID = second.ID
	to := func(days int) error {
		c := second.Content
		c.Slot.Start.Instant, c.Slot.End.Instant = c.Slot.Start.Instant.AddDate(0, 0, days), c.Slot.End.Instant.AddDate(0, 0, days)
		_, err := client.UpdateEvent(t.Context(), provider.UpdateEvent{Ref: ref, Content: c, Fields: cal.Fields(cal.FieldSlot)})
		return err
	}
	for _, days := range []int{-7, -8, 7, 10} {
		f, ok := fault.As(to(days))
		if !ok || f.Kind != fault.Invalid || f.Code != "ErrorOccurrenceCrossingBoundary" {
			t.Errorf("%d days on: %v", days, f)
		}
	}
	if err := to(6); err != nil {
		t.Errorf("six days on: %v", err)
	}
}

// A rule that no pattern says is refused before anything is sent.
func TestUnmappableIsNotSent(t *testing.T) {
	t.Parallel()
	s, _, client, ref := simulated(t)
	start := cal.Moment{Instant: time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC), Zone: "Europe/Berlin"}
	_, err := client.CreateEvent(t.Context(), createSeries(ref.Calendar, testKey, start, "RRULE:FREQ=MONTHLY;BYMONTHDAY=1,2"))
	if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "BYMONTHDAY") {
		t.Errorf("created: %v", err)
	}
	if standing, err := s.Standing(byHand); err != nil || len(standing) != 0 {
		t.Errorf("%v stand, %v", standing, err)
	}
}
