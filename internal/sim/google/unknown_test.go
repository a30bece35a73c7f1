package google_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
	"github.com/calweave/calweave/internal/sim/stage"
)

func TestSplitSeries(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	c.Do("POST", "/calendars/primary/events", weekly(nil))
	in := sim.In{Provider: sim.Google, Email: host}
	begin := time.Date(2026, 10, 15, 12, 0, 0, 0, time.UTC)
	e, err := s.SplitSeries(in, "series1_20261015T080000Z", sim.Edit{Start: &begin})
	if err != nil {
		t.Fatal(err)
	}
	if e.ID != "series1_R20261015T080000" || !e.Start.Equal(begin) {
		t.Errorf("the new series: %+v", e)
	}
	a := c.Do("GET", "/calendars/primary/events/"+e.ID, nil)
	if a.Text("iCalUID") != "series1_R20261015T080000@google.com" || a.At("recurringEventId") != nil {
		t.Errorf("the new series: %s", a.Raw)
	}
	for id, want := range map[string][]string{
		"series1": {"series1_20261001T080000Z", "series1_20261008T080000Z"},
		e.ID:      {e.ID + "_20261015T120000Z", e.ID + "_20261022T120000Z", e.ID + "_20261029T130000Z"},
	} {
		got := column(c.Do("GET", "/calendars/primary/events/"+id+"/instances", nil).Rows("items"), "id")
		if !slices.Equal(got, want) {
			t.Errorf("%s has %v", id, got)
		}
	}
	if a := c.Do("GET", "/calendars/primary/events/"+e.ID+"_20261022T120000Z", nil); a.Text("recurringEventId") != e.ID {
		t.Errorf("one of them: %s", a.Raw)
	}
	for _, id := range []string{"series1", "series1_20261001T080000Z", "nosuch_20261001T080000Z"} {
		if _, err := s.SplitSeries(in, id, sim.Edit{}); err == nil {
			t.Errorf("%s was split", id)
		}
	}
}

func TestQuotaDayAndRetryAfter(t *testing.T) {
	t.Parallel()
	s, c, now := timed(t)
	switchTo(t, s, func(w *sim.Switches) { w.Google.ProjectPerDay, w.Google.QuotaRetryAfter = 1, 30 })
	wantStatus(t, c.Do("GET", "/calendars/primary/events", nil), http.StatusOK)
	now.Advance(23 * time.Hour)
	c = s.Client(sim.Google, host)
	a := c.Do("GET", "/calendars/primary/events", nil)
	wantError(t, a, http.StatusForbidden, "quotaExceeded")
	if a.Text("error", "message") != "Calendar usage limits exceeded." || a.Header.Get("Retry-After") != "30" {
		t.Errorf("refused with %v %s", a.Header, a.Raw)
	}
	now.Advance(time.Hour)
	wantStatus(t, s.Client(sim.Google, host).Do("GET", "/calendars/primary/events", nil), http.StatusOK)
}

func TestLongTexts(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	long := meeting(object{"description": strings.Repeat("ä", 8193)})
	for verdict, want := range map[stage.Verdict]int{sim.Served: 8193, sim.Cut: 8192, sim.Refused: 0} {
		switchTo(t, s, func(w *sim.Switches) { w.Google.LongText = verdict })
		a := c.Do("POST", "/calendars/primary/events", long)
		if got := len([]rune(a.Text("description"))); got != want {
			t.Errorf("%s: %d characters, %d", verdict, got, a.Status)
		}
	}
}

func TestUnverifiedDomains(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	r := simtest.NewReceiver(t)
	switchTo(t, s, func(w *sim.Switches) { w.Google.PushDomains = sim.Refused })
	wantError(t, c.Do("POST", watchPath, wish(r, "channel-1")), http.StatusUnauthorized, "push.webhookUrlUnauthorized")
}

func TestStoppedChannelsLinger(t *testing.T) {
	t.Parallel()
	s, c, now := timed(t)
	switchTo(t, s, func(w *sim.Switches) { w.Google.LingerSeconds = 60 })
	r := simtest.NewReceiver(t)
	a := wantStatus(t, c.Do("POST", watchPath, wish(r, "channel-1")), http.StatusOK)
	r.Wait(1)
	stop := object{"id": "channel-1", "resourceId": a.Text("resourceId")}
	wantStatus(t, c.Do("POST", "/channels/stop", stop), http.StatusNoContent)
	wantError(t, c.Do("POST", "/channels/stop", stop), http.StatusNotFound, "notFound")
	now.Advance(59 * time.Second)
	c.Do("POST", "/calendars/primary/events", meeting(nil))
	r.Wait(2)
	now.Advance(time.Second)
	c.Do("POST", "/calendars/primary/events", meeting(nil))
	s.Until("pushes", func() bool { return s.PushesPending() == 0 })
	if got := r.All(); len(got) != 2 {
		t.Errorf("%d pushes", len(got))
	}
}

func TestTwoChannelsAreToldTwice(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	r := simtest.NewReceiver(t)
	first := wish(r, "channel-1")
	delete(first, "token")
	c.Do("POST", watchPath, first)
	c.Do("POST", watchPath, wish(r, "channel-2"))
	r.Wait(2)
	c.Do("POST", "/calendars/primary/events", meeting(nil))
	told := map[string]string{}
	for _, p := range r.Wait(4)[2:] {
		token := "none"
		if p.Header.Values("X-Goog-Channel-Token") != nil {
			token = p.Header.Get("X-Goog-Channel-Token")
		}
		told[p.Header.Get("X-Goog-Channel-ID")] = token
	}
	if len(told) != 2 || told["channel-1"] != "none" || told["channel-2"] != "s3cret" {
		t.Errorf("told: %v", told)
	}
}

func TestChangedParameters(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	c.Do("POST", "/calendars/primary/events", weekly(nil))
	sync := c.Do("GET", "/calendars/primary/events", nil).Text("nextSyncToken")
	c.Do("PATCH", "/calendars/primary/events/series1", object{"summary": "x"})
	for _, status := range []int{http.StatusBadRequest, http.StatusGone, http.StatusOK} {
		switchTo(t, s, func(w *sim.Switches) { w.Google.ChangedParameters = status })
		a := wantStatus(t, c.Do("GET", "/calendars/primary/events?singleEvents=true&syncToken="+sync, nil), status)
		if status == http.StatusOK && len(a.Rows("items")) != 5 {
			t.Errorf("by the new parameters: %s", a.Raw)
		}
	}
}

func TestDaysOfTwentyFiveHours(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	// The clocks go back on the 25th: in Berlin that day lasts from the 24th 22:00 to the 25th 23:00 in UTC.
	c.Do("POST", "/calendars/primary/events", object{"start": object{"date": "2026-10-25"}, "end": object{"date": "2026-10-26"}})
	for window, want := range map[string]int{
		"timeMin=2026-10-25T22:30:00Z&timeMax=2026-10-25T22:45:00Z": 1,
		"timeMin=2026-10-25T23:00:00Z&timeMax=2026-10-25T23:30:00Z": 0,
		"timeMin=2026-10-24T21:00:00Z&timeMax=2026-10-24T22:00:00Z": 0,
		"timeMin=2026-10-24T21:00:00Z&timeMax=2026-10-24T22:01:00Z": 1,
	} {
		if a := c.Do("GET", "/calendars/primary/events?"+window, nil); len(a.Rows("items")) != want {
			t.Errorf("%s: %s", window, a.Raw)
		}
	}
}

func TestOddTimes(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	berlin := func(begin, end string) object {
		return object{"start": object{"dateTime": begin, "timeZone": "Europe/Berlin"}, "end": object{"dateTime": end, "timeZone": "Europe/Berlin"}}
	}
	for name, tc := range map[string]struct {
		e          object
		begin, end string
	}{
		"no length":              {berlin("2026-10-01T10:00:00", "2026-10-01T10:00:00"), "2026-10-01T10:00:00+02:00", "2026-10-01T10:00:00+02:00"},
		"longer than a day":      {berlin("2026-12-31T20:00:00", "2027-01-02T08:00:00"), "2026-12-31T20:00:00+01:00", "2027-01-02T08:00:00+01:00"},
		"over the end of summer": {berlin("2026-10-25T01:30:00", "2026-10-25T03:30:00"), "2026-10-25T01:30:00+02:00", "2026-10-25T03:30:00+01:00"},
		"in the past":            {berlin("1969-12-31T10:00:00", "1969-12-31T11:00:00"), "1969-12-31T10:00:00+01:00", "1969-12-31T11:00:00+01:00"},
	} {
		a := c.Do("POST", "/calendars/primary/events", tc.e)
		if a.Text("start", "dateTime") != tc.begin || a.Text("end", "dateTime") != tc.end {
			t.Errorf("%s: %s", name, a.Raw)
		}
	}
	// A wall time that the clocks leave out is an hour that is there.
	a := c.Do("POST", "/calendars/primary/events", berlin("2026-03-29T02:30:00", "2026-03-29T04:00:00"))
	if begin := a.Text("start", "dateTime"); begin != "2026-03-29T01:30:00+01:00" && begin != "2026-03-29T03:30:00+02:00" {
		t.Errorf("in the gap: %s", a.Raw)
	}
}

func TestRevokedBetweenPages(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	insertMany(t, c, 3)
	page := c.Do("GET", "/calendars/primary/events?maxResults=2", nil).Text("nextPageToken")
	if err := s.RevokeGrants(sim.Google, host); err != nil {
		t.Fatal(err)
	}
	rest := "/calendars/primary/events?maxResults=2&pageToken=" + page
	wantError(t, c.Do("GET", rest, nil), http.StatusUnauthorized, "authError")
	a := wantStatus(t, s.Client(sim.Google, host).Do("GET", rest, nil), http.StatusOK)
	if len(a.Rows("items")) != 1 || a.Text("nextSyncToken") == "" {
		t.Errorf("the rest: %s", a.Raw)
	}
}

func TestAMoveIsSeenInBothCalendars(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	p, err := s.Seed(sim.Person{Provider: sim.Google, Email: host, Calendars: []sim.Calendar{{Name: "Team"}}})
	if err != nil {
		t.Fatal(err)
	}
	team := "/calendars/" + p.Calendars[1].ID
	c.Do("POST", "/calendars/primary/events", meeting(object{"id": "booking1"}))
	here := c.Do("GET", "/calendars/primary/events", nil).Text("nextSyncToken")
	there := c.Do("GET", team+"/events", nil).Text("nextSyncToken")
	wantStatus(t, c.Do("POST", bookingPath+"/move?destination="+p.Calendars[1].ID, nil), http.StatusOK)
	for path, want := range map[string]string{"/calendars/primary/events?syncToken=" + here: "cancelled", team + "/events?syncToken=" + there: "confirmed"} {
		if rows := c.Do("GET", path, nil).Rows("items"); len(rows) != 1 || rows[0]["id"] != "booking1" || rows[0]["status"] != want {
			t.Errorf("%s: %v", want, rows)
		}
	}
}
