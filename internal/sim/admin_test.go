package sim_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
)

func admin(t *testing.T, s *simtest.Sim) simtest.Client {
	t.Helper()
	return simtest.Client{Base: documented(t, s.Admin()) + "/sim/v1"}.With(t)
}

func want(t *testing.T, a simtest.Answer, status int) simtest.Answer {
	t.Helper()
	if a.Status != status {
		t.Fatalf("got %d, want %d: %s", a.Status, status, a.Raw)
	}
	return a
}

func TestActingAsAPersonOverHTTP(t *testing.T) {
	t.Parallel()
	for _, provider := range []string{"google", "microsoft"} {
		t.Run(provider, func(t *testing.T) {
			t.Parallel()
			s := simtest.Start(t, sim.Config{})
			c := admin(t, s)
			seeded := want(t, c.Do("POST", "/people", object{
				"provider": provider, "email": "a+b@example.com", "name": "A", "zone": "Asia/Tokyo", "calendars": []object{{"primary": true}, {"name": "Team"}},
			}), http.StatusCreated)
			team, _ := seeded.Rows("calendars")[1]["id"].(string)
			who := "/people/" + provider + "/" + url.PathEscape("a+b@example.com")
			events := who + "/calendars/" + url.PathEscape(team) + "/events"
			made := want(t, c.Do("POST", events, object{
				"title": "T", "start": "2026-10-01T10:00:00Z", "end": "2026-10-01T11:00:00Z", "attendees": []object{{"email": "g@x.org"}}, "notify": true,
			}), http.StatusCreated)
			path := events + "/" + url.PathEscape(made.Text("id"))
			if made.Text("zone") != "Asia/Tokyo" {
				t.Errorf("made %s", made.Raw)
			}
			moved := want(t, c.Do("PATCH", path, object{"start": "2026-10-02T10:00:00Z", "location": "Room 4"}), http.StatusOK)
			if moved.Text("end") != "2026-10-02T11:00:00Z" || moved.Text("location") != "Room 4" || moved.Text("etag") == made.Text("etag") {
				t.Errorf("moved %s", moved.Raw)
			}
			want(t, c.Do("DELETE", path+"?notify=true", nil), http.StatusNoContent)
			if a := want(t, c.Do("GET", path, nil), http.StatusOK); a.At("deleted") != true || a.Text("title") != "T" {
				t.Errorf("deleted %s", a.Raw)
			}
			if rows := want(t, c.Do("GET", events, nil), http.StatusOK).Rows("events"); len(rows) != 1 {
				t.Errorf("events are %v", rows)
			}
			if rows := c.Do("GET", "/mails?to=g@x.org&kind=cancellation", nil).Rows("mails"); len(rows) != 1 {
				t.Errorf("mails are %v", rows)
			}
			token := want(t, c.Do("POST", who+"/tokens", object{"client": "app"}), http.StatusCreated)
			if token.Text("access_token") == "" {
				t.Errorf("token is %s", token.Raw)
			}
			want(t, c.Do("POST", events[:len(events)-len("/events")]+"/expire-cursors", nil), http.StatusNoContent)
			want(t, c.Do("POST", who+"/expire-access", nil), http.StatusNoContent)
			want(t, c.Do("POST", who+"/revoke-grants", nil), http.StatusNoContent)
			if rows := want(t, c.Do("GET", who+"/channels", nil), http.StatusOK).Rows("channels"); len(rows) != 0 {
				t.Errorf("channels are %v", rows)
			}
		})
	}
}

func TestAdminRefuses(t *testing.T) {
	t.Parallel()
	s, _, _ := start(t)
	c := admin(t, s)
	const who = "/people/google/" + googleHost
	for _, tc := range []struct {
		method, path string
		body         any
		status       int
		text         string
	}{
		{"POST", "/people", object{"provider": "google", "email": "x@y.z", "colour": "red"}, 400, `unknown field \"colour\"`},
		{"POST", "/people", object{"provider": "apple", "email": "x@y.z"}, 400, `unknown provider`},
		{"POST", "/people", object{"provider": "google", "email": "x"}, 400, `email address`},
		{"POST", "/people", object{"provider": "google", "email": "x@y.z", "zone": "Mars"}, 400, `time zone`},
		{"POST", "/people", object{"provider": "google", "email": "x@y.z", "calendars": []object{{"role": "king"}}}, 400, `role`},
		{"POST", "/people", "{", 400, `unexpected EOF`},
		{"POST", who + "/consent", object{}, 400, `unsupported protocol scheme`},
		{"POST", who + "/consent", object{"link": "http://x"}, 400, `unknown field`},
		{"POST", "/people/google/nobody@x.org/consent", object{"url": "http://127.0.0.1:1"}, 404, `no such person`},
		{"POST", "/people", "{} {}", 400, `follows`},
		{"POST", who + "/calendars/primary/events", object{"title": "no times"}, 400, `start and an end`},
		{"POST", who + "/calendars/primary/events", object{"start": "yesterday"}, 400, `cannot parse`},
		{"POST", who + "/calendars/primary/events", object{"start": "2026-10-01T10:00:00Z", "end": "2026-10-01T09:00:00Z"}, 400, `range is empty`},
		{"GET", who + "/calendars/nosuch/events", nil, 404, `no such calendar`},
		{"GET", "/people/google/nobody@x.org/channels", nil, 404, `no such person`},
		{"PATCH", who + "/calendars/primary/events/nosuch", object{"title": "x"}, 404, `no such event`},
		{"DELETE", who + "/calendars/primary/events/nosuch?force=1", nil, 400, `force`},
		{"DELETE", who + "/channels/nosuch", nil, 404, `no such channel`},
		{"POST", who + "/channels/x/lifecycle", object{"event": "missed"}, 400, `Microsoft`},
		{"PATCH", "/switches", object{"https_push": true}, 400, `unknown field`},
		{"PATCH", "/switches", object{"google": object{"unreadable_cursor": 200}}, 400, `google.unreadable_cursor`},
		{"POST", "/faults", object{"action": "explode"}, 400, `explode`},
		{"GET", "/faults/nosuch", nil, 404, `nosuch`},
		{"POST", "/push-faults", object{"action": "explode"}, 400, `explode`},
		{"GET", "/requests?since=1", nil, 400, `since`},
		{"GET", "/requests?after=x", nil, 400, `after`},
		{"GET", "/wait?timeout=soon", nil, 400, `timeout`},
		{"GET", "/nosuch", nil, 404, ``},
		{"PUT", "/people", nil, 405, ``},
	} {
		a := c.Do(tc.method, tc.path, tc.body)
		if a.Status != tc.status || !strings.Contains(a.Raw, tc.text) {
			t.Errorf("%s %s %v: %d %s", tc.method, tc.path, tc.body, a.Status, a.Raw)
		}
	}
}

// A person who is refused for one calendar has none of the others either.
func TestRefusedPeopleLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	s, _, _ := start(t)
	c := admin(t, s)
	before := want(t, c.Do("GET", "/people", nil), http.StatusOK).Raw
	for _, provider := range []string{"google", "microsoft"} {
		for _, bad := range []object{{"role": "king"}, {"zone": "Mars"}, {"primary": true}} {
			for _, email := range []string{googleHost, microsoftHost, "new@example.com"} {
				want(t, c.Do("POST", "/people", object{
					"provider": provider, "email": email, "calendars": []object{{"name": "First", "id": "first"}, {"primary": true}, bad},
				}), http.StatusBadRequest)
			}
		}
	}
	if after := want(t, c.Do("GET", "/people", nil), http.StatusOK).Raw; after != before {
		t.Errorf("people were %s and are %s", before, after)
	}
	for _, provider := range []sim.Provider{sim.Google, sim.Microsoft} {
		if p, err := s.Seed(sim.Person{Provider: provider, Email: "new@example.com", Calendars: []sim.Calendar{{ID: "first", Name: "Mine"}}}); err != nil || p.Calendars[1].Name != "Mine" {
			t.Errorf("%+v, %v", p, err)
		}
	}
}

func TestFaultsAndSwitchesOverHTTP(t *testing.T) {
	t.Parallel()
	s, g, _ := start(t)
	c := admin(t, s)
	fault := want(t, c.Do("POST", "/faults", object{"provider": "google", "action": "status", "status": 429, "retry_after": "7", "count": 1}), http.StatusCreated)
	if a := g.Do("GET", "/calendars/primary/events", nil); a.Status != 429 || a.Header.Get("Retry-After") != "7" {
		t.Errorf("struck: %d %v", a.Status, a.Header)
	}
	path := "/faults/" + fault.Text("id")
	if a := want(t, c.Do("GET", path, nil), http.StatusOK); a.At("struck") != float64(1) || a.At("spent") != true {
		t.Errorf("the fault is %s", a.Raw)
	}
	want(t, c.Do("POST", path+"/release", nil), http.StatusNoContent)
	want(t, c.Do("DELETE", path, nil), http.StatusNoContent)
	want(t, c.Do("DELETE", path, nil), http.StatusNotFound)
	set := want(t, c.Do("PATCH", "/switches", object{"microsoft": object{"generations": 5}}), http.StatusOK)
	if set.At("microsoft", "generations") != float64(5) || set.At("microsoft", "delta_page_size") != float64(10) || s.Switches().Microsoft.Generations != 5 {
		t.Errorf("switches are %s", set.Raw)
	}
	hold := want(t, c.Do("POST", "/push-faults", object{"action": "hold"}), http.StatusCreated)
	if rows := c.Do("GET", "/push-faults", nil).Rows("push_faults"); len(rows) != 1 {
		t.Errorf("push faults are %v", rows)
	}
	want(t, c.Do("POST", "/push-faults/"+hold.Text("id")+"/release", nil), http.StatusNoContent)
	rows := c.Do("GET", "/requests?provider=google&method=GET&path=/events", nil).Rows("requests")
	if len(rows) != 1 || rows[0]["fault"] != "status" || rows[0]["account"] != googleHost {
		t.Errorf("requests are %v", rows)
	}
}

func TestLongPoll(t *testing.T) {
	t.Parallel()
	s, g, _ := start(t)
	c := admin(t, s)
	now := want(t, c.Do("GET", "/wait?timeout=0s", nil), http.StatusOK)
	later := make(chan simtest.Answer, 1)
	go func() { later <- c.Do("GET", fmt.Sprintf("/wait?after=%.0f&timeout=30s", now.At("seq")), nil) }()
	g.Do("GET", "/calendars/primary/events", nil)
	if a := <-later; a.At("changed") != true {
		t.Errorf("woken by %s", a.Raw)
	}
	if a := want(t, c.Do("GET", "/wait?after=1000000&timeout=1ms", nil), http.StatusOK); a.At("changed") != false {
		t.Errorf("timed out with %s", a.Raw)
	}
}
