package sim_test

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
)

// pattern is which of n requests a schedule strikes.
func pattern(t *testing.T, schedule sim.Schedule, n int) string {
	t.Helper()
	s, g, _ := start(t)
	arm(t, s, sim.Fault{Schedule: schedule, Action: sim.ActStatus, Status: 503})
	out := ""
	for range n {
		if g.Do("GET", "/calendars/primary", nil).Status == 503 {
			out += "x"
		} else {
			out += "."
		}
	}
	return out
}

func TestSchedules(t *testing.T) {
	t.Parallel()
	if got := pattern(t, sim.Schedule{Every: 3}, 7); got != "x..x..x" {
		t.Errorf("every third: %s", got)
	}
	half := pattern(t, sim.Schedule{Rate: 0.5, Seed: 7}, 200)
	struck := 0
	for _, c := range half {
		if c == 'x' {
			struck++
		}
	}
	if struck < 70 || struck > 130 {
		t.Errorf("half of 200 are %d", struck)
	}
	if again := pattern(t, sim.Schedule{Rate: 0.5, Seed: 7}, 200); again != half {
		t.Error("the same seed strikes differently")
	}
	if other := pattern(t, sim.Schedule{Rate: 0.5, Seed: 8}, 200); other == half {
		t.Error("another seed strikes the same")
	}
}

// A quota that is used up for hours is there again when the simulators' clock has come to it.
func TestQuotaForHours(t *testing.T) {
	t.Parallel()
	now := clock.NewManual(time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC))
	s := simtest.Start(t, sim.Config{Clock: now})
	s.Person(sim.Google, googleHost)
	arm(t, s, sim.Fault{Schedule: sim.Schedule{Minutes: 180}, Action: sim.ActStatus, Status: 403, Code: "quotaExceeded"})
	arm(t, s, sim.Fault{Schedule: sim.Schedule{From: now.Now().Add(5 * time.Hour), Until: now.Now().Add(6 * time.Hour)}, Action: sim.ActHTML})
	for hours, want := range []int{403, 403, 403, 200, 200, 502, 200} {
		g := s.Client(sim.Google, googleHost) // an access token lasts an hour
		if a := g.Do("GET", "/calendars/primary", nil); a.Status != want {
			t.Errorf("after %d hours: %d, want %d", hours, a.Status, want)
		}
		if _, err := s.SetClock(sim.ClockChange{Advance: "1h"}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestBadSchedules(t *testing.T) {
	t.Parallel()
	s, _, _ := start(t)
	now := time.Now()
	for _, c := range []sim.Schedule{
		{Every: -1},
		{Rate: 1.1},
		{Rate: -0.1},
		{Rate: math.NaN()},
		{Minutes: -1},
		{Minutes: 1, Until: now},
		{From: now, Until: now},
	} {
		if _, err := s.AddFault(sim.Fault{Schedule: c, Action: sim.ActClosed}); err == nil {
			t.Errorf("%+v was taken", c)
		}
		if _, err := s.AddPushFault(sim.PushFault{Schedule: c, Action: sim.PushDrop}); err == nil {
			t.Errorf("%+v was taken for pushes", c)
		}
	}
	for _, f := range []sim.Fault{{Action: sim.ActSlow}, {Action: sim.ActSlow, DelayMS: 1 << 30}} {
		if _, err := s.AddFault(f); err == nil {
			t.Errorf("%+v was taken", f)
		}
	}
	if _, err := s.AddPushFault(sim.PushFault{Action: sim.PushDelay}); err == nil {
		t.Error("a delay of nothing was taken")
	}
}

func TestAnswersThatBreakOff(t *testing.T) {
	t.Parallel()
	s, g, m := start(t)
	for action, stored := range map[sim.Action]int{sim.ActReset: 0, sim.ActResetAfter: 1, sim.ActTruncated: 1} {
		for name, c := range map[string]struct {
			provider sim.Provider
			email    string
			try      func() error
		}{
			"Google":    {sim.Google, googleHost, func() error { _, err := g.Try("POST", "/calendars/primary/events", meeting(nil)); return err }},
			"Microsoft": {sim.Microsoft, microsoftHost, func() error { _, err := m.Try("POST", "/me/events", meeting(nil)); return err }},
		} {
			before := standing(t, s, c.provider, c.email)
			id := arm(t, s, sim.Fault{Action: action, Count: 1})
			want := error(syscall.ECONNRESET)
			if action == sim.ActTruncated {
				want = io.ErrUnexpectedEOF
			}
			if err := c.try(); !errors.Is(err, want) {
				t.Errorf("%s %s: %v, want %v", name, action, err, want)
			}
			if n := standing(t, s, c.provider, c.email) - before; n != stored {
				t.Errorf("%s %s: %d events were stored, want %d", name, action, n, stored)
			}
			s.RemoveFault(id)
		}
	}
	// there is nothing to cut off an answer without a body
	e := g.Do("POST", "/calendars/primary/events", meeting(nil)).Text("id")
	arm(t, s, sim.Fault{Action: sim.ActTruncated, Count: 1})
	if _, err := g.Try("DELETE", "/calendars/primary/events/"+e, nil); err == nil {
		t.Error("an empty answer came whole")
	}
}

func TestSlowAnswers(t *testing.T) {
	t.Parallel()
	s, g, _ := start(t)
	arm(t, s, sim.Fault{Action: sim.ActSlow, DelayMS: 1, Count: 1})
	if a := g.Do("GET", "/calendars/primary", nil); a.Status != http.StatusOK {
		t.Errorf("slow: %d", a.Status)
	}
	id := arm(t, s, sim.Fault{Action: sim.ActSlow, DelayMS: 600_000, Count: 1})
	done := make(chan int, 1)
	go func() { done <- g.Do("GET", "/calendars/primary", nil).Status }()
	s.Until("waiting", func() bool { f, _ := s.Fault(id); return f.Waiting == 1 })
	s.ReleaseFault(id)
	if status := <-done; status != http.StatusOK {
		t.Errorf("released: %d", status)
	}
}

func TestPushesOutOfOrder(t *testing.T) {
	t.Parallel()
	for _, action := range []sim.PushFault{{Action: sim.PushReorder}, {Action: sim.PushDelay, DelayMS: 600_000}} {
		s, g, _ := start(t)
		r := simtest.NewReceiver(t)
		g.Do("POST", "/calendars/primary/events/watch", object{"id": "channel-1", "type": "web_hook", "address": r.URL})
		r.Wait(1)
		action.Count, action.Kind = 1, "exists"
		id, err := s.AddPushFault(action)
		if err != nil {
			t.Fatal(err)
		}
		g.Do("POST", "/calendars/primary/events", meeting(nil))
		g.Do("POST", "/calendars/primary/events", meeting(nil))
		if action.Action == sim.PushDelay {
			r.Wait(2)
			s.ReleasePushFault(id)
		}
		got := r.Wait(3)
		n := make([]int, 3)
		for i, p := range got {
			if n[i], err = strconv.Atoi(p.Header.Get("X-Goog-Message-Number")); err != nil {
				t.Fatal(err)
			}
		}
		if n[1] <= n[2] {
			t.Errorf("%s: the numbers are %v", action.Action, n)
		}
	}
}

// Pushes are struck by the same schedules as requests.
func TestSchedulesOfPushes(t *testing.T) {
	t.Parallel()
	s, g, _ := start(t)
	r := simtest.NewReceiver(t)
	g.Do("POST", "/calendars/primary/events/watch", object{"id": "channel-1", "type": "web_hook", "address": r.URL})
	r.Wait(1)
	for _, f := range []sim.PushFault{
		{Action: sim.PushDrop, Kind: "exists", Schedule: sim.Schedule{Every: 2}},
		{Action: sim.PushDrop, Kind: "exists", Schedule: sim.Schedule{From: time.Now().Add(time.Hour)}},
	} {
		if _, err := s.AddPushFault(f); err != nil {
			t.Fatal(err)
		}
	}
	for range 4 {
		g.Do("POST", "/calendars/primary/events", meeting(nil))
	}
	s.Until("deliveries", func() bool { return s.PushesPending() == 0 })
	states := ""
	for _, p := range s.Pushes(1) {
		states += string(p.State) + " "
	}
	if states != "dropped delivered dropped delivered " {
		t.Errorf("states are %s", states)
	}
}

func TestShortDelay(t *testing.T) {
	t.Parallel()
	s, g, _ := start(t)
	r := simtest.NewReceiver(t)
	if _, err := s.AddPushFault(sim.PushFault{Action: sim.PushDelay, DelayMS: 1}); err != nil {
		t.Fatal(err)
	}
	g.Do("POST", "/calendars/primary/events/watch", object{"id": "channel-1", "type": "web_hook", "address": r.URL})
	r.Wait(1)
	s.Until("delivery", func() bool { return s.PushesPending() == 0 })
}

// A stranger's push, and a real one that comes before the change can be read.
func TestForgedPushes(t *testing.T) {
	t.Parallel()
	s, g, _ := start(t)
	r := simtest.NewReceiver(t)
	g.Do("POST", "/calendars/primary/events/watch", object{"id": "channel-1", "type": "web_hook", "address": r.URL, "token": "s3cret"})
	r.Wait(1)
	first := s.Pushes(0)[0].N
	hold := arm(t, s, sim.Fault{Method: "POST", Action: sim.ActHold, Count: 1})
	written := make(chan int, 1)
	go func() { written <- g.Do("POST", "/calendars/primary/events", meeting(nil)).Status }()
	s.Until("holding", func() bool { f, _ := s.Fault(hold); return f.Waiting == 1 })
	n, err := s.ForgePush(sim.Forged{Like: first, Kind: "exists", Header: map[string]string{
		"X-Goog-Resource-State": "exists", "X-Goog-Message-Number": "2", "X-Goog-Channel-Expiration": "",
	}})
	if err != nil || n <= first {
		t.Fatal(n, err)
	}
	early := r.Wait(2)[1]
	if early.Header.Get("X-Goog-Channel-Token") != "s3cret" || early.Header.Get("X-Goog-Resource-State") != "exists" || standing(t, s, sim.Google, googleHost) != 0 {
		t.Errorf("early: %v", early.Header)
	}
	if _, there := early.Header["X-Goog-Channel-Expiration"]; there {
		t.Errorf("a header that was to be removed came: %v", early.Header)
	}
	s.ReleaseFault(hold)
	if status := <-written; status != http.StatusOK {
		t.Errorf("written: %d", status)
	}
	body := `{"value":[]}`
	if _, err := s.ForgePush(sim.Forged{Provider: sim.Microsoft, URL: r.URL + "/stranger", Header: map[string]string{"Content-Type": "application/json"}, Body: &body}); err != nil {
		t.Fatal(err)
	}
	s.Until("deliveries", func() bool { return s.PushesPending() == 0 })
	if got := fmt.Sprint(r.Wait(4)); !contains(r.All(), "/stranger", body) {
		t.Errorf("the stranger's push is not among %s", got)
	}
	for _, f := range []sim.Forged{{}, {Like: 999}, {URL: r.URL}, {Provider: "apple", URL: r.URL}, {Provider: sim.Google, URL: "nowhere"}} {
		if _, err := s.ForgePush(f); !errors.Is(err, sim.ErrInvalid) {
			t.Errorf("%+v: %v", f, err)
		}
	}
}

func contains(all []simtest.Received, url, body string) bool {
	for _, p := range all {
		if p.URL == url && p.Body == body {
			return true
		}
	}
	return false
}
