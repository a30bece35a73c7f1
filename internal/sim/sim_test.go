package sim_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
)

func TestNewRefusesUndocumentedSwitches(t *testing.T) {
	t.Parallel()
	if _, err := sim.New(sim.Config{Switches: &sim.Switches{}}); !errors.Is(err, sim.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

func TestSameSeedSameIDs(t *testing.T) {
	t.Parallel()
	run := func() []string {
		s := simtest.Start(t, sim.Config{Seed: 7})
		var ids []string
		for _, p := range []sim.Provider{sim.Google, sim.Microsoft} {
			s.Person(p, googleHost)
			begin := time.Date(2026, 10, 1, 10, 0, 0, 0, time.UTC)
			e, err := s.CreateEvent(sim.In{Provider: p, Email: googleHost}, sim.Draft{Title: "x", Start: begin, End: begin.Add(time.Hour)})
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, e.ID)
		}
		return ids
	}
	a, b := run(), run()
	if a[0] != b[0] || a[1] != b[1] || a[0] == a[1] {
		t.Errorf("%v and %v", a, b)
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := simtest.Start(t, sim.Config{})
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	go cancel(why)
	if err := s.Wait(ctx, func() bool { return false }); !errors.Is(err, why) {
		t.Errorf("got %v", err)
	}
}

// TestCloseLeavesNothingBehind runs alone, for it counts goroutines.
func TestCloseLeavesNothingBehind(t *testing.T) { //nolint:paralleltest // counts goroutines
	already := goleak.IgnoreCurrent()
	s, err := sim.New(sim.Config{PushBackoff: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(s.Google())
	if _, err := s.Seed(sim.Person{Provider: sim.Google, Email: googleHost}); err != nil {
		t.Fatal(err)
	}
	token, err := s.IssueToken(sim.Google, googleHost, "app")
	if err != nil {
		t.Fatal(err)
	}
	c := simtest.Client{Base: srv.URL + "/calendar/v3", Token: token.Access}.With(t)
	// One push waits an hour for its second attempt, one is held, and one request is held.
	c.Do("POST", "/calendars/primary/events/watch", object{"id": "channel-1", "type": "web_hook", "address": "http://127.0.0.1:1/"})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := s.Wait(ctx, func() bool { return len(s.Pushes(0)[0].Statuses) == 1 }); err != nil {
		t.Fatal(err)
	}
	if _, err := s.AddPushFault(sim.PushFault{Action: sim.PushHold}); err != nil {
		t.Fatal(err)
	}
	c.Do("POST", "/calendars/primary/events", meeting(nil))
	id, err := s.AddFault(sim.Fault{Action: sim.ActHold})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { c.Do("GET", "/calendars/primary/events", nil); close(done) }()
	if err := s.Wait(ctx, func() bool { f, _ := s.Fault(id); return f.Waiting == 1 }); err != nil {
		t.Fatal(err)
	}
	s.Close()
	<-done
	if p := s.Pushes(0)[0]; p.State != "dropped" {
		t.Errorf("the push ended as %+v", p)
	}
	srv.Close()
	goleak.VerifyNone(t, already)
}
