package microsoft_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/sim"
)

func TestMailboxConcurrency(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	s.Person(sim.Microsoft, guest)
	id, err := s.AddFault(sim.Fault{Path: "/v1.0/me/calendars", Account: host, Action: sim.ActHold})
	if err != nil {
		t.Fatal(err)
	}
	var held sync.WaitGroup
	for range 4 {
		held.Go(func() { wantStatus(t, c.Do("GET", "/me/calendars", nil), http.StatusOK) })
	}
	s.Until("four requests are held", func() bool { f, _ := s.Fault(id); return f.Waiting == 4 })
	a := c.Do("GET", "/me", nil)
	wantError(t, a, http.StatusTooManyRequests, "ApplicationThrottled")
	if a.Header.Get("Retry-After") == "" || a.Text("error", "message") != "Application is over its MailboxConcurrency limit." || a.Text("error", "innerError", "request-id") == "" {
		t.Errorf("refused with %v %s", a.Header, a.Raw)
	}
	set(t, s, func(w *sim.Switches) { w.Microsoft.ConcurrencyRefusal = http.StatusServiceUnavailable })
	wantError(t, c.Do("GET", "/me", nil), http.StatusServiceUnavailable, "ApplicationThrottled")
	batched := parts(t, c.Do("POST", "/$batch", batch(get("1", "/me"))))
	if batched["1"].Status != http.StatusServiceUnavailable {
		t.Errorf("a batch raises the limit: %s", batched["1"].Raw)
	}
	wantStatus(t, s.Client(sim.Microsoft, guest).Do("GET", "/me", nil), http.StatusOK) // another mailbox
	other, err := s.IssueToken(sim.Microsoft, host, "other-client")
	if err != nil {
		t.Fatal(err)
	}
	app := c
	app.Token = other.Access
	wantStatus(t, app.Do("GET", "/me", nil), http.StatusOK) // another application
	s.ReleaseFault(id)
	held.Wait()
	wantStatus(t, c.Do("GET", "/me", nil), http.StatusOK)
}

func TestRequestsPerTenMinutes(t *testing.T) {
	t.Parallel()
	s, c, now := frozen(t)
	set(t, s, func(w *sim.Switches) { w.Microsoft.RequestsPerTenMinutes = 3 })
	for range 3 {
		wantStatus(t, c.Do("GET", "/me", nil), http.StatusOK)
		now.Advance(time.Minute)
	}
	a := c.Do("GET", "/me", nil)
	wantError(t, a, http.StatusTooManyRequests, "TooManyRequests")
	if a.Header.Get("Retry-After") != "421" {
		t.Errorf("to wait: %s", a.Header.Get("Retry-After"))
	}
	now.Advance(421 * time.Second)
	wantStatus(t, c.Do("GET", "/me", nil), http.StatusOK)
}

func TestRelocating(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	team, _ := c.Do("GET", "/me/calendars", nil).Rows("value")[1]["id"].(string)
	rest := createOn(t, c, "/me/events", "moving", "2026-04-15")
	lasting := c.Do("GET", event(rest), nil, "Prefer", immutable).Text("id")
	teams := "/me/calendars/" + team
	_, _, from := round(t, c, april)
	_, _, fromLasting := round(t, c, april, "Prefer", immutable)
	_, _, to := round(t, c, teams+"/"+april[len("/me/"):])
	if _, err := s.Relocate(host, "", lasting, team); err != nil {
		t.Fatal(err)
	}
	wantError(t, c.Do("GET", event(rest), nil), http.StatusNotFound, "ErrorItemNotFound")
	moved := wantStatus(t, c.Do("GET", event(lasting), nil), http.StatusOK)
	if moved.Text("id") == rest || moved.Text("subject") != "moving" {
		t.Errorf("moved: %s", moved.Raw)
	}
	if rows, _, _ := round(t, c, from); len(rows) != 1 || rows[rest]["@removed"] == nil {
		t.Errorf("the old calendar tells %v", rows)
	}
	if rows, _, _ := round(t, c, fromLasting, "Prefer", immutable); len(rows) != 1 || rows[lasting]["@removed"] == nil {
		t.Errorf("the old calendar tells %v", rows)
	}
	if rows, _, _ := round(t, c, to); len(rows) != 1 || rows["moving"]["id"] != moved.Text("id") {
		t.Errorf("the new calendar tells %v", rows)
	}
	if _, err := s.Relocate(host, team, lasting, team); err == nil {
		t.Error("an event was moved to where it is")
	}
	series := wantStatus(t, c.Do("POST", "/me/events", mondays(3)), http.StatusCreated).Text("id")
	rows, _ := instancesOf(t, c, series)
	second, _ := rows["2026-10-26"]["id"].(string)
	wantStatus(t, c.Do("PATCH", event(second), object{"subject": "Once"}), http.StatusOK)
	if _, err := s.Relocate(host, "", series, team); err != nil {
		t.Fatal(err)
	}
	wantError(t, c.Do("GET", event(second), nil), http.StatusNotFound, "ErrorItemNotFound")
	all := c.Do("GET", teams+"/calendarView?startDateTime=2026-10-01&endDateTime=2026-12-01", nil).Rows("value")
	if len(all) != 3 || all[1]["subject"] != "Once" || all[1]["seriesMasterId"] != all[0]["seriesMasterId"] || all[1]["type"] != "exception" {
		t.Errorf("the series moved as %v", all)
	}
}
