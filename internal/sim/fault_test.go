package sim_test

import (
	"context"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
)

const (
	googleHost    = "host@example.com"
	microsoftHost = "host@contoso.example"
)

type object = map[string]any

func meeting(more object) object {
	e := object{
		"start": object{"dateTime": "2026-10-01T10:00:00", "timeZone": "Europe/Berlin"},
		"end":   object{"dateTime": "2026-10-01T11:00:00", "timeZone": "Europe/Berlin"},
	}
	maps.Copy(e, more)
	return e
}

func start(t *testing.T) (*simtest.Sim, simtest.Client, simtest.Client) {
	t.Helper()
	s := simtest.Start(t, sim.Config{})
	s.Person(sim.Google, googleHost)
	s.Person(sim.Microsoft, microsoftHost)
	return s, s.Client(sim.Google, googleHost), s.Client(sim.Microsoft, microsoftHost)
}

func arm(t *testing.T, s *simtest.Sim, f sim.Fault) string {
	t.Helper()
	id, err := s.AddFault(f)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func standing(t *testing.T, s *simtest.Sim, p sim.Provider, email string) int {
	t.Helper()
	all, err := s.Standing(sim.In{Provider: p, Email: email})
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

func TestLostAnswerLeavesTheChangeStored(t *testing.T) {
	t.Parallel()
	s, g, m := start(t)
	id := arm(t, s, sim.Fault{Method: "POST", Path: "*/events", Count: 2, Action: sim.ActLostAnswer})
	if _, err := g.Try("POST", "/calendars/primary/events", meeting(nil)); err == nil {
		t.Error("Google answered")
	}
	if _, err := m.Try("POST", "/me/events", meeting(nil)); err == nil {
		t.Error("Microsoft answered")
	}
	if n := standing(t, s, sim.Google, googleHost); n != 1 {
		t.Errorf("Google stored %d events", n)
	}
	if n := standing(t, s, sim.Microsoft, microsoftHost); n != 1 {
		t.Errorf("Microsoft stored %d events", n)
	}
	if f, ok := s.Fault(id); !ok || f.Struck != 2 || !f.Spent {
		t.Errorf("the fault is %+v", f)
	}
	requests := s.Requests(0)
	if len(requests) != 2 || requests[0].Status != 200 || requests[1].Status != 201 || requests[0].Fault != sim.ActLostAnswer || requests[1].Account != microsoftHost {
		t.Errorf("logged are %+v", requests)
	}
	if a := g.Do("POST", "/calendars/primary/events", meeting(nil)); a.Status != 200 {
		t.Errorf("after the fault: %d", a.Status)
	}
}

func TestClosedBeforeAnythingWasDone(t *testing.T) {
	t.Parallel()
	s, g, _ := start(t)
	arm(t, s, sim.Fault{Provider: sim.Google, Account: strings.ToUpper(googleHost), Method: "post", Count: 1, Action: sim.ActClosed})
	if _, err := g.Try("POST", "/calendars/primary/events", meeting(nil)); err == nil {
		t.Error("there was an answer")
	}
	if n := standing(t, s, sim.Google, googleHost); n != 0 {
		t.Errorf("%d events were stored", n)
	}
}

func TestFaultsThatAnswer(t *testing.T) {
	t.Parallel()
	s, g, m := start(t)
	for name, tc := range map[string]struct {
		c      simtest.Client
		fault  sim.Fault
		status int
		reason string
		text   string
	}{
		"Google 429":        {g, sim.Fault{Action: sim.ActStatus, Status: 429, RetryAfter: "30"}, 429, "rateLimitExceeded", "Rate Limit"},
		"Google quota":      {g, sim.Fault{Action: sim.ActStatus, Status: 403, Code: "quotaExceeded"}, 403, "quotaExceeded", `"usageLimits"`},
		"Google 500":        {g, sim.Fault{Action: sim.ActStatus, Status: 500}, 500, "backendError", "Backend Error"},
		"Google 401":        {g, sim.Fault{Action: sim.ActStatus, Status: 401}, 401, "authError", "Invalid Credentials"},
		"Microsoft 429":     {m, sim.Fault{Action: sim.ActStatus, Status: 429, RetryAfter: "Wed, 21 Oct 2026 07:28:00 GMT"}, 429, "ApplicationThrottled", "MailboxConcurrency"},
		"Microsoft 503":     {m, sim.Fault{Action: sim.ActStatus, Status: 503}, 503, "UnknownError", `"message":""`},
		"Microsoft resync":  {m, sim.Fault{Action: sim.ActStatus, Status: 410, Code: "resyncRequired", Message: "start over"}, 410, "resyncRequired", "start over"},
		"a body of its own": {m, sim.Fault{Action: sim.ActStatus, Status: 500, Body: "{}"}, 500, "", "{}"},
		"a front door":      {m, sim.Fault{Action: sim.ActHTML}, 502, "", "<!DOCTYPE html>"},
	} {
		tc.fault.Count = 1
		id := arm(t, s, tc.fault)
		path := "/calendars/primary/events"
		if tc.c == m {
			path = "/me/events"
		}
		a := tc.c.Do("GET", path, nil)
		if a.Status != tc.status || a.Reason() != tc.reason || !strings.Contains(a.Raw, tc.text) || a.Header.Get("Retry-After") != tc.fault.RetryAfter {
			t.Errorf("%s: %d %q %v %s", name, a.Status, a.Reason(), a.Header, a.Raw)
		}
		s.RemoveFault(id)
	}
}

func TestCursorLossStrikesCursorsOnly(t *testing.T) {
	t.Parallel()
	s, g, m := start(t)
	sync := g.Do("GET", "/calendars/primary/events", nil).Text("nextSyncToken")
	const view = "/me/calendarView/delta?startDateTime=2026-04-01T00:00:00Z&endDateTime=2026-05-01T00:00:00Z"
	link := m.Do("GET", view, nil).Text("@odata.deltaLink")
	arm(t, s, sim.Fault{Action: sim.ActCursorLost})
	if a := g.Do("GET", "/calendars/primary/events", nil); a.Status != 200 {
		t.Errorf("a listing without cursor: %d", a.Status)
	}
	if a := g.Do("GET", "/calendars/primary/events?syncToken="+sync, nil); a.Status != 410 || a.Reason() != "fullSyncRequired" {
		t.Errorf("a listing with cursor: %d %s", a.Status, a.Raw)
	}
	if a := m.Do("GET", view, nil); a.Status != 200 {
		t.Errorf("a view without cursor: %d", a.Status)
	}
	if a := m.Do("GET", link, nil); a.Status != 410 || a.Reason() != "SyncStateNotFound" {
		t.Errorf("a view with cursor: %d %s", a.Status, a.Raw)
	}
}

func TestSkipAndPath(t *testing.T) {
	t.Parallel()
	s, g, _ := start(t)
	arm(t, s, sim.Fault{Path: "/calendar/v3/calendars/*/events", Query: "maxResults=7", Skip: 1, Count: 1, Action: sim.ActStatus, Status: 500})
	for i, want := range []int{200, 500, 200} {
		if a := g.Do("GET", "/calendars/primary/events?maxResults=7", nil); a.Status != want {
			t.Errorf("request %d: %d, want %d", i, a.Status, want)
		}
	}
}

func TestHeldRequests(t *testing.T) {
	t.Parallel()
	s, g, _ := start(t)
	for _, before := range []int{0, 1} {
		f := sim.Fault{Method: "POST", Count: 1, Action: sim.ActHold}
		if before == 1 {
			f.Action = sim.ActHoldAnswer
		}
		already := standing(t, s, sim.Google, googleHost)
		id := arm(t, s, f)
		done := make(chan simtest.Answer, 1)
		go func() {
			a, err := g.Try("POST", "/calendars/primary/events", meeting(nil))
			if err != nil {
				t.Error(err)
			}
			done <- a
		}()
		s.Until("holding", func() bool { f, _ := s.Fault(id); return f.Waiting == 1 })
		if n := standing(t, s, sim.Google, googleHost) - already; n != before {
			t.Errorf("while it is held %d events are stored, want %d", n, before)
		}
		if !s.ReleaseFault(id) {
			t.Error("the fault is gone")
		}
		if a := <-done; a.Status != 200 {
			t.Errorf("released: %d", a.Status)
		}
		if n := standing(t, s, sim.Google, googleHost) - already; n != 1 {
			t.Errorf("in the end %d events are stored", n)
		}
	}
}

func TestHeldRequestIsDoneThoughTheClientHasGone(t *testing.T) {
	t.Parallel()
	s, g, _ := start(t)
	id := arm(t, s, sim.Fault{Method: "POST", Count: 1, Action: sim.ActHold})
	ctx, leave := context.WithCancel(t.Context())
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		if a, err := g.Within(ctx).Try("POST", "/calendars/primary/events", meeting(nil)); err == nil { //nolint:contextcheck // the client holds the context
			t.Errorf("answered %d", a.Status)
		}
	}()
	s.Until("holding", func() bool { f, _ := s.Fault(id); return f.Waiting == 1 })
	leave()
	<-gone
	s.ReleaseFault(id)
	s.Until("the late write", func() bool { return standing(t, s, sim.Google, googleHost) == 1 })
}

func TestBadFaults(t *testing.T) {
	t.Parallel()
	s, _, _ := start(t)
	for _, f := range []sim.Fault{
		{},
		{Action: "explode"},
		{Action: sim.ActStatus},
		{Action: sim.ActStatus, Status: 99},
		{Action: sim.ActClosed, Count: -1},
		{Action: sim.ActClosed, Provider: "apple"},
	} {
		if _, err := s.AddFault(f); err == nil {
			t.Errorf("%+v was taken", f)
		}
	}
	if s.ReleaseFault("nosuch") || s.RemoveFault("nosuch") || s.ReleasePushFault("nosuch") {
		t.Error("a fault that is not there was found")
	}
}

func TestPushFaults(t *testing.T) {
	t.Parallel()
	s, g, _ := start(t)
	r := simtest.NewReceiver(t)
	g.Do("POST", "/calendars/primary/events/watch", object{"id": "channel-1", "type": "web_hook", "address": r.URL})
	r.Wait(1)
	push := func(f sim.PushFault) string {
		t.Helper()
		f.Provider, f.Account, f.Channel, f.Kind = sim.Google, googleHost, "channel-1", "exists"
		id, err := s.AddPushFault(f)
		if err != nil {
			t.Fatal(err)
		}
		g.Do("POST", "/calendars/primary/events", meeting(nil))
		return id
	}
	push(sim.PushFault{Count: 1, Action: sim.PushDrop})
	push(sim.PushFault{Count: 1, Action: sim.PushDuplicate})
	got := r.Wait(3)
	if a, b := got[1].Header.Get("X-Goog-Message-Number"), got[2].Header.Get("X-Goog-Message-Number"); a != b {
		t.Errorf("the doubled push has the numbers %s and %s", a, b)
	}
	id := push(sim.PushFault{Count: 1, Action: sim.PushHold})
	g.Do("POST", "/calendars/primary/events", meeting(nil)) // overtakes the one that is held
	r.Wait(4)
	s.Until("all but the held push", func() bool { return s.PushesPending() == 1 })
	if !s.ReleasePushFault(id) {
		t.Error("the fault is gone")
	}
	got = r.Wait(5)
	if got[4].Header.Get("X-Goog-Message-Number") >= got[3].Header.Get("X-Goog-Message-Number") {
		t.Errorf("the held push came as number %s after %s", got[4].Header.Get("X-Goog-Message-Number"), got[3].Header.Get("X-Goog-Message-Number"))
	}
	states := map[string]int{}
	s.Until("deliveries", func() bool { return s.PushesPending() == 0 })
	for _, p := range s.Pushes(0) {
		states[string(p.State)]++
	}
	if states["dropped"] != 1 || states["delivered"] != 5 {
		t.Errorf("states are %v", states)
	}
}

func TestTruncationOfLoggedBodies(t *testing.T) {
	t.Parallel()
	s, g, _ := start(t)
	a := g.Do("POST", "/calendars/primary/events", meeting(object{"description": strings.Repeat("x", 20<<10)}))
	if a.Status != http.StatusOK || len(a.Text("description")) != 20<<10 {
		t.Fatalf("%d", a.Status)
	}
	r := s.Requests(0)[0]
	if len(r.Body) != 16<<10 || r.Header.Get("Authorization") != "" || r.Header.Get("Content-Type") != "application/json" {
		t.Errorf("logged with %d bytes and %v", len(r.Body), r.Header)
	}
}
