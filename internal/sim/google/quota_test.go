package google_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/browser"
	"github.com/calweave/calweave/internal/sim/simtest"
)

// timed is a host whose simulator has a clock that only the test moves.
func timed(t *testing.T) (*simtest.Sim, simtest.Client, *clock.Manual) {
	t.Helper()
	now := clock.NewManual(time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC))
	s := simtest.Start(t, sim.Config{Clock: now})
	if _, err := s.Seed(sim.Person{Provider: sim.Google, Email: host, Zone: "Europe/Berlin"}); err != nil {
		t.Fatal(err)
	}
	return s, s.Client(sim.Google, host), now
}

func switchTo(t *testing.T, s *simtest.Sim, set func(*sim.Switches)) {
	t.Helper()
	if err := s.SetSwitches(set); err != nil {
		t.Fatal(err)
	}
}

func TestFreeBusy(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	s.Person(sim.Google, "boss@example.com")
	for _, e := range []object{
		meeting(object{"id": "event1"}),
		{"start": at("10:15"), "end": at("11:00")}, // overlaps with the first
		meeting(object{"transparency": "transparent", "start": at("12:00"), "end": at("13:00")}),
		meeting(object{"attendees": []object{{"email": host, "responseStatus": "declined"}}, "start": at("13:00"), "end": at("14:00")}),
		meeting(object{"id": "gone1", "start": at("14:00"), "end": at("15:00")}),
		meeting(object{"recurrence": []string{"RRULE:FREQ=DAILY"}, "start": at("16:00"), "end": at("17:00")}),
		{"start": object{"date": "2026-10-03"}, "end": object{"date": "2026-10-04"}},
	} {
		wantStatus(t, c.Do("POST", "/calendars/primary/events", e), http.StatusOK)
	}
	c.Do("DELETE", "/calendars/primary/events/gone1", nil)
	ask := func(days int) object {
		return object{
			"timeMin": "2026-10-01T00:00:00+02:00", "timeMax": time.Date(2026, 9, 30+days, 22, 0, 0, 0, time.UTC).Format(time.RFC3339),
			"items": []object{{"id": "primary"}, {"id": "boss@example.com"}, {"id": "nosuch"}},
		}
	}
	busy := func(days int) []string {
		t.Helper()
		list, _ := wantStatus(t, c.Do("POST", "/freeBusy", ask(days)), http.StatusOK).At("calendars", "primary", "busy").([]any)
		var all []string
		for _, one := range list {
			all = append(all, fmt.Sprint(one))
		}
		return all
	}
	first := "[map[end:2026-10-01T09:00:00Z start:2026-10-01T08:00:00Z] map[end:2026-10-01T15:00:00Z start:2026-10-01T14:00:00Z]]"
	if got := fmt.Sprint(busy(1)); got != first {
		t.Errorf("busy on the first day: %s", got)
	}
	if got := busy(3); len(got) != 4 || got[3] != "map[end:2026-10-03T22:00:00Z start:2026-10-02T22:00:00Z]" {
		t.Errorf("busy on three days: %v", got)
	}
	a := c.Do("POST", "/freeBusy", ask(1))
	for _, id := range []string{"nosuch", "boss@example.com"} {
		if text := fmt.Sprint(a.At("calendars", id, "errors")); text != "[map[domain:global reason:notFound]]" {
			t.Errorf("%s: %s", id, text)
		}
	}
	if b := c.Do("POST", "/freeBusy", object{"timeMin": ask(1)["timeMin"], "timeMax": ask(1)["timeMax"], "calendarExpansionMax": 1, "items": ask(1)["items"]}); fmt.Sprint(
		b.At("calendars", "nosuch", "errors")) != "[map[domain:calendar reason:tooManyCalendarsRequested]]" {
		t.Errorf("too many: %s", b.Raw)
	}
	switchTo(t, s, func(w *sim.Switches) { w.Google.DeclinedIsBusy = true })
	if got := busy(1); len(got) != 3 {
		t.Errorf("with declined ones: %v", got)
	}
	wantError(t, c.Do("POST", "/freeBusy", ask(93)), http.StatusBadRequest, "timeRangeTooLong")
	switchTo(t, s, func(w *sim.Switches) { w.Google.FreeBusyDays = 0 })
	wantStatus(t, c.Do("POST", "/freeBusy", ask(93)), http.StatusOK)
	wantError(t, c.Do("POST", "/freeBusy", ask(0)), http.StatusBadRequest, "timeRangeEmpty")
	wantError(t, c.Do("POST", "/freeBusy", object{"timeMin": "2026-10-01T00:00:00Z"}), http.StatusBadRequest, "required")
	wantError(t, c.Do("POST", "/freeBusy", object{"timeMin": "2026-10-01", "timeMax": "2026-10-02"}), http.StatusBadRequest, "badRequest")
}

func TestQuotas(t *testing.T) {
	t.Parallel()
	s, c, now := timed(t)
	s.Person(sim.Google, guest)
	g := s.Client(sim.Google, guest)
	read := func(c simtest.Client, query string) simtest.Answer {
		return c.Do("GET", "/calendars/primary/events?"+query, nil)
	}
	switchTo(t, s, func(w *sim.Switches) { w.Google.UserPerMinute = 2 })
	wantStatus(t, read(c, ""), http.StatusOK)
	now.Advance(40 * time.Second)
	wantStatus(t, read(c, ""), http.StatusOK)
	a := read(c, "")
	wantError(t, a, http.StatusForbidden, "userRateLimitExceeded")
	if a.Header.Get("Retry-After") != "" || a.Text("error", "message") != "User Rate Limit Exceeded" {
		t.Errorf("refused with %v %s", a.Header, a.Raw)
	}
	wantStatus(t, read(g, ""), http.StatusOK)
	wantStatus(t, read(c, "quotaUser=someone"), http.StatusOK)
	now.Advance(20 * time.Second) // the first one is a minute old, the second is not
	wantStatus(t, read(c, ""), http.StatusOK)
	wantError(t, read(c, ""), http.StatusForbidden, "userRateLimitExceeded")
	now.Advance(time.Minute)
	switchTo(t, s, func(w *sim.Switches) {
		w.Google.UserPerMinute, w.Google.ProjectPerMinute, w.Google.QuotaStatus = 0, 2, http.StatusTooManyRequests
	})
	wantStatus(t, read(c, ""), http.StatusOK)
	wantStatus(t, read(g, ""), http.StatusOK)
	wantError(t, read(c, ""), http.StatusTooManyRequests, "rateLimitExceeded")
	switchTo(t, s, func(w *sim.Switches) { w.Google.ProjectPerMinute, w.Google.CalendarWritesPerMinute = 0, 1 })
	wantStatus(t, c.Do("POST", "/calendars/primary/events", meeting(nil)), http.StatusOK)
	wantError(t, c.Do("POST", "/calendars/"+host+"/events", meeting(nil)), http.StatusTooManyRequests, "rateLimitExceeded")
	wantStatus(t, read(c, ""), http.StatusOK)
	wantStatus(t, g.Do("POST", "/calendars/primary/events", meeting(nil)), http.StatusOK)
}

func TestAnswersMoveTheTimeOfChange(t *testing.T) {
	t.Parallel()
	s, c, now := timed(t)
	s.Person(sim.Google, guest)
	before := c.Do("POST", "/calendars/primary/events", meeting(object{"id": "booking1", "attendees": []object{{"email": guest}}}))
	now.Advance(time.Minute)
	s.Client(sim.Google, guest).Do("PATCH", bookingPath, object{"attendees": []object{{"email": guest, "responseStatus": "accepted"}}})
	if after := c.Do("GET", bookingPath, nil); after.Text("updated") == before.Text("updated") || after.Text("etag") == before.Text("etag") {
		t.Errorf("from %s to %s", before.Raw, after.Raw)
	}
}

func TestHundredRefreshTokens(t *testing.T) {
	t.Parallel()
	c := connecting(t, sim.Config{})
	issue := func(email string) string {
		t.Helper()
		token, err := c.s.IssueToken(sim.Google, email, "app")
		if err != nil {
			t.Fatal(err)
		}
		return token.Refresh
	}
	first, second, other := issue(host), issue(host), issue("other@example.com")
	for range 98 {
		issue(host)
	}
	wantStatus(t, c.refresh(first), http.StatusOK)
	issue(host) // the hundred and first drops the first, without a word
	wantError(t, c.refresh(first), http.StatusBadRequest, "invalid_grant")
	wantStatus(t, c.refresh(second), http.StatusOK)
	wantStatus(t, c.refresh(other), http.StatusOK)
}

func TestConsentScreenInTesting(t *testing.T) {
	t.Parallel()
	now := clock.NewManual(time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC))
	s := simtest.Start(t, sim.Config{Clock: now, GoogleClients: []sim.OAuthClient{{ID: "app", Testing: true}}})
	s.Person(sim.Google, host)
	plain := simtest.Client{}.With(t)
	post := func(form url.Values) simtest.Answer {
		form.Set("client_id", "app")
		return plain.Do("POST", s.GoogleURL+"/token", form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	}
	back := s.GoogleURL + "/done"
	q := url.Values{"client_id": {"app"}, "redirect_uri": {back}, "response_type": {"code"}, "scope": {scope}, "access_type": {"offline"}}
	p, err := browser.Consent(t.Context(), http.DefaultClient, s.GoogleURL+"/o/oauth2/v2/auth?"+q.Encode(), browser.Choice{})
	if err != nil {
		t.Fatal(err)
	}
	a := wantStatus(t, post(url.Values{"grant_type": {"authorization_code"}, "code": {p.URL.Query().Get("code")}, "redirect_uri": {back}}), http.StatusOK)
	if a.At("refresh_token_expires_in") != float64(604800) {
		t.Errorf("tokens: %s", a.Raw)
	}
	refresh := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {a.Text("refresh_token")}}
	now.Advance(7*24*time.Hour - time.Second)
	wantStatus(t, post(refresh), http.StatusOK)
	now.Advance(time.Second)
	wantError(t, post(refresh), http.StatusBadRequest, "invalid_grant")
	wantError(t, post(refresh), http.StatusBadRequest, "invalid_grant")
}
