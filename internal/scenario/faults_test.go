package scenario_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/calweave/calweave/internal/scenario"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
)

type object = map[string]any

const (
	anna = "anna@salon.example"
	bob  = "bob@salon.example"
)

// side is one provider with two people, of whom faults strike Anna.
type side struct {
	*simtest.Sim

	provider   sim.Provider
	c, other   simtest.Client
	events     string
	token      string
	tokenForm  url.Values
	firstPage  string
	nextCursor func(simtest.Answer) string
}

// arrange arms what the YAML says at one provider, by the file or by the admin API.
func arrange(t *testing.T, p sim.Provider, faults string, byFile bool) *side {
	t.Helper()
	read, err := scenario.Parse("s.yaml", []byte(strings.NewReplacer("PROVIDER", string(p), "KIND", map[sim.Provider]string{sim.Google: "exists", sim.Microsoft: "created"}[p]).Replace(faults)))
	if err != nil {
		t.Fatal(err)
	}
	x := &side{Sim: simtest.Start(t, sim.Config{Seed: 7}), provider: p}
	x.Person(p, anna)
	x.Person(p, bob)
	x.c, x.other = x.Client(p, anna), x.Client(p, bob)
	pair, err := x.IssueToken(p, anna, "app")
	if err != nil {
		t.Fatal(err)
	}
	x.tokenForm = url.Values{"grant_type": {"refresh_token"}, "client_id": {"app"}, "refresh_token": {pair.Refresh}}
	x.events, x.token, x.firstPage = "/calendars/primary/events", x.GoogleURL+"/token", "/calendars/primary/events?maxResults=1"
	x.nextCursor = x.googleCursor
	if p == sim.Microsoft {
		x.events, x.token = "/me/events", x.MicrosoftURL+"/common/oauth2/v2.0/token"
		x.firstPage = "/me/calendarView/delta?startDateTime=2026-01-01T00:00:00Z&endDateTime=2027-01-01T00:00:00Z"
		x.nextCursor = microsoftCursor
	}
	if byFile {
		if err := read.Apply(x.Sim.Sim); err != nil {
			t.Fatal(err)
		}
		return x
	}
	admin := simtest.Client{Base: x.AdminURL + "/sim/v1"}.With(t)
	for _, f := range read.Faults {
		if a := admin.Do("POST", "/faults", f); a.Status != http.StatusCreated {
			t.Fatal(a.Raw)
		}
	}
	for _, f := range read.PushFaults {
		if a := admin.Do("POST", "/push-faults", f); a.Status != http.StatusCreated {
			t.Fatal(a.Raw)
		}
	}
	return x
}

func (x *side) googleCursor(a simtest.Answer) string {
	if page := a.Text("nextPageToken"); page != "" {
		return x.firstPage + "&pageToken=" + page
	}
	return x.firstPage + "&syncToken=" + a.Text("nextSyncToken")
}

func microsoftCursor(a simtest.Answer) string {
	return a.Text("@odata.nextLink") + a.Text("@odata.deltaLink")
}

func (x *side) list() simtest.Answer { return x.c.Do("GET", x.events, nil) }

func (x *side) write() (simtest.Answer, error) {
	at := func(hour string) object {
		return object{"dateTime": "2026-10-01T" + hour + ":00:00", "timeZone": "Europe/Berlin"}
	}
	return x.c.Try("POST", x.events, object{"start": at("10"), "end": at("11")})
}

func (x *side) stored(t *testing.T) int {
	t.Helper()
	all, err := x.Standing(sim.In{Provider: x.provider, Email: anna})
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

func (x *side) refresh(t *testing.T) simtest.Answer {
	t.Helper()
	return simtest.Client{}.With(t).Do("POST", x.token, x.tokenForm.Encode(), "Content-Type", "application/x-www-form-urlencoded")
}

// everywhere runs the test at both providers, once armed by a file and once over the admin API.
func everywhere(t *testing.T, faults string, test func(t *testing.T, x *side)) {
	t.Helper()
	for _, p := range []sim.Provider{sim.Google, sim.Microsoft} {
		for how, byFile := range map[string]bool{"file": true, "admin": false} {
			t.Run(string(p)+" "+how, func(t *testing.T) {
				t.Parallel()
				test(t, arrange(t, p, faults, byFile))
			})
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fault  string
		status int
		after  string
		google string
		azure  string
	}{
		{"status: 429", 429, "", "rateLimitExceeded", "ApplicationThrottled"},
		{"status: 429, retry_after: '7'", 429, "7", "rateLimitExceeded", "ApplicationThrottled"},
		{"status: 503, retry_after: 'Thu, 01 Oct 2026 08:00:00 GMT'", 503, "Thu, 01 Oct 2026 08:00:00 GMT", "backendError", "UnknownError"},
		{"status: 403", 403, "", "rateLimitExceeded", "ErrorAccessDenied"},
		{"status: 403, code: quotaExceeded", 403, "", "quotaExceeded", "quotaExceeded"},
		{"status: 403, code: forbiddenForNonOrganizer", 403, "", "forbiddenForNonOrganizer", "forbiddenForNonOrganizer"},
		{"status: 500", 500, "", "backendError", "ErrorInternalServerError"},
		{"status: 502", 502, "", "backendError", "ErrorInternalServerError"},
		{"status: 504", 504, "", "backendError", "UnknownError"},
		{"status: 410", 410, "", "fullSyncRequired", "SyncStateNotFound"},
		{"status: 500, body: 'not JSON'", 500, "", "", ""},
	} {
		everywhere(t, "faults: [{action: status, "+c.fault+", provider: PROVIDER, account: "+anna+", method: GET, path: '*/events', skip: 1, count: 2}]", func(t *testing.T, x *side) {
			t.Helper()
			reason := c.google
			if x.provider == sim.Microsoft {
				reason = c.azure
			}
			for i, want := range []int{200, c.status, c.status, 200} {
				a := x.list()
				if a.Status != want || (want != 200 && (a.Reason() != reason || a.Header.Get("Retry-After") != c.after)) {
					t.Errorf("%s: answer %d is %d %q %v", c.fault, i, a.Status, a.Reason(), a.Header)
				}
				if o := x.other.Do("GET", x.events, nil); o.Status != 200 {
					t.Errorf("%s struck someone else: %d", c.fault, o.Status)
				}
			}
		})
	}
}

func TestFrontDoors(t *testing.T) {
	t.Parallel()
	everywhere(t, "faults: [{action: html, count: 1, provider: PROVIDER}, {action: html, status: 200, count: 1}]", func(t *testing.T, x *side) {
		t.Helper()
		for _, want := range []int{502, 200} {
			if a := x.list(); a.Status != want || !strings.HasPrefix(a.Raw, "<!DOCTYPE html>") || a.Body != nil {
				t.Errorf("%d %s", a.Status, a.Raw)
			}
		}
		if a := x.list(); a.Body == nil {
			t.Errorf("afterwards: %s", a.Raw)
		}
	})
}

func TestVanishing401(t *testing.T) {
	t.Parallel()
	everywhere(t, "faults: [{action: status, status: 401, count: 1, provider: PROVIDER}]", func(t *testing.T, x *side) {
		t.Helper()
		if a, b := x.list(), x.list(); a.Status != 401 || b.Status != 200 || a.Header.Get("WWW-Authenticate") == "" {
			t.Errorf("%d, %d", a.Status, b.Status)
		}
	})
}

func TestBrokenConnections(t *testing.T) {
	t.Parallel()
	for action, c := range map[string]struct {
		stored int
		err    error
	}{
		"closed": {0, io.EOF}, "lost_answer": {1, io.EOF}, "reset": {0, syscall.ECONNRESET}, "reset_after": {1, syscall.ECONNRESET},
		"truncated": {1, io.ErrUnexpectedEOF},
	} {
		everywhere(t, "faults: [{action: "+action+", method: POST, count: 1, provider: PROVIDER}]", func(t *testing.T, x *side) {
			t.Helper()
			if _, err := x.write(); !errors.Is(err, c.err) {
				t.Errorf("%s: %v, want %v", action, err, c.err)
			}
			if n := x.stored(t); n != c.stored {
				t.Errorf("%s: %d events are stored, want %d", action, n, c.stored)
			}
		})
	}
}

func TestSlowAndHeldAnswers(t *testing.T) {
	t.Parallel()
	for action, stored := range map[string]int{"slow, delay_ms: 600000": 1, "hold": 0, "hold_answer": 1} {
		everywhere(t, "faults: [{action: "+action+", method: POST, path: '*/events', count: 1, provider: PROVIDER}]", func(t *testing.T, x *side) {
			t.Helper()
			done := make(chan int, 1)
			go func() {
				a, err := x.write()
				if err != nil {
					t.Error(err)
				}
				done <- a.Status
			}()
			x.Until("waiting", func() bool { return x.Faults()[0].Waiting == 1 })
			if n := x.stored(t); n != stored {
				t.Errorf("%s: %d events are stored meanwhile, want %d", action, n, stored)
			}
			x.ReleaseFault(x.Faults()[0].ID)
			if status := <-done; status/100 != 2 || x.stored(t) != 1 {
				t.Errorf("%s: %d", action, status)
			}
		})
	}
}

// Whichever page of a listing comes with a dead cursor, the one before and the one after are as usual.
func TestGoneOnAnyPage(t *testing.T) {
	t.Parallel()
	for page := range 4 {
		everywhere(t, "faults: [{action: cursor_lost, count: 1, skip: "+string(rune('0'+page))+", provider: PROVIDER}]", func(t *testing.T, x *side) {
			t.Helper()
			for range 3 {
				if _, err := x.write(); err != nil {
					t.Fatal(err)
				}
			}
			small := []string{"Prefer", "odata.maxpagesize=1"}
			a := x.c.Do("GET", x.firstPage, nil, small...)
			for i := range page + 1 {
				next := x.c.Do("GET", x.nextCursor(a), nil, small...)
				want := 200
				if i == page {
					want = 410
				}
				if next.Status != want {
					t.Fatalf("page %d of %d: %d, want %d: %s", i, page, next.Status, want, next.Raw)
				}
				if want == 200 {
					a = next
				}
			}
			if again := x.c.Do("GET", x.nextCursor(a), nil, small...); again.Status != 200 {
				t.Errorf("once more: %d", again.Status)
			}
		})
	}
}

func TestSchedulesAtBoth(t *testing.T) {
	t.Parallel()
	for fault, want := range map[string]string{
		"every: 3":               "x..x..x..x..",
		"every: 2, skip: 1":      ".x.x.x.x.x.x",
		"rate: 0.5, seed: 42":    "seeded",
		"minutes: 180":           "xxx.........",
		"minutes: 120, every: 2": "x...........",
	} {
		var mu sync.Mutex
		seen := map[string]bool{}
		everywhere(t, "clock: {now: 2026-10-01T08:00:00Z, frozen: true}\nfaults: [{action: status, status: 403, code: quotaExceeded, "+fault+", provider: PROVIDER}]", func(t *testing.T, x *side) {
			t.Helper()
			got := ""
			for range 12 {
				if x.Client(x.provider, anna).Do("GET", x.events, nil).Status == 403 {
					got += "x"
				} else {
					got += "."
				}
				if _, err := x.SetClock(sim.ClockChange{Advance: "1h"}); err != nil {
					t.Fatal(err)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			if seen[got] = true; len(seen) > 1 {
				t.Errorf("%s strikes differently: %v", fault, seen)
			}
			if want != "seeded" && got != want {
				t.Errorf("%s: %s, want %s", fault, got, want)
			}
			if want == "seeded" && (!strings.Contains(got, "x") || !strings.Contains(got, ".")) {
				t.Errorf("%s: %s", fault, got)
			}
		})
	}
}

// Two refreshes with the same token at once both end well, though the one overtakes the other.
func TestRefreshRace(t *testing.T) {
	t.Parallel()
	everywhere(t, "faults: [{action: hold_answer, account: "+anna+", path: '*/token', count: 1, provider: PROVIDER}]", func(t *testing.T, x *side) {
		t.Helper()
		first := make(chan simtest.Answer, 1)
		go func() { first <- x.refresh(t) }()
		x.Until("holding", func() bool { return x.Faults()[0].Waiting == 1 })
		second := x.refresh(t)
		x.ReleaseFault(x.Faults()[0].ID)
		if a := <-first; a.Status != 200 || second.Status != 200 || a.Text("access_token") == second.Text("access_token") {
			t.Errorf("%s and %s", a.Raw, second.Raw)
		}
		if r := x.Requests(0); len(r) != 2 || r[0].Account != anna {
			t.Errorf("logged are %+v", r)
		}
	})
}

// Grants end while a listing is being read.
func TestRevokedInTheMiddle(t *testing.T) {
	t.Parallel()
	everywhere(t, "faults: [{action: revoke, method: GET, skip: 1, count: 1, account: "+anna+", provider: PROVIDER}]", func(t *testing.T, x *side) {
		t.Helper()
		for _, want := range []int{200, 401, 401} {
			if a := x.list(); a.Status != want {
				t.Errorf("%d, want %d", a.Status, want)
			}
		}
		if a := x.refresh(t); a.Text("error") != "invalid_grant" {
			t.Errorf("refreshed: %s", a.Raw)
		}
		if a := x.other.Do("GET", x.events, nil); a.Status != 200 {
			t.Errorf("someone else: %d", a.Status)
		}
	})
}
