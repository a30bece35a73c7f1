package sim_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"slices"
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

// A person sees single events and the occurrences of series, as they stand now, and none of the series themselves.
func TestOccurrences(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 10, 1, 10, 0, 0, 0, time.UTC)
	rules := map[sim.Provider]string{
		sim.Google: "RRULE:FREQ=DAILY;COUNT=4",
		sim.Microsoft: `{"pattern":{"type":"daily","interval":1},
			"range":{"type":"numbered","startDate":"2026-10-01","numberOfOccurrences":4,"recurrenceTimeZone":"UTC"}}`,
	}
	for p, rule := range rules {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			s := simtest.Start(t, sim.Config{})
			s.Person(p, googleHost)
			at := sim.In{Provider: p, Email: googleHost}
			must := func(_ sim.Event, err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			series, err := s.CreateEvent(at, sim.Draft{Title: "Yoga", Start: begin, End: begin.Add(time.Hour), Zone: "UTC", Recurrence: []string{rule}})
			must(series, err)
			must(s.CreateEvent(at, sim.Draft{Title: "Call", Start: begin.Add(-time.Hour), End: begin, Zone: "UTC"}))
			seen := func() (all []sim.Event) {
				t.Helper()
				all, err := s.Occurrences(at, begin.Add(-time.Minute), begin.AddDate(0, 0, 3))
				if err != nil {
					t.Fatal(err)
				}
				slices.SortFunc(all, func(a, b sim.Event) int { return a.Start.Compare(b.Start) })
				return all
			}
			first := seen()
			if len(first) != 4 || first[0].Title != "Call" || first[0].Series != "" || !first[0].OriginalStart.IsZero() {
				t.Fatalf("got %+v, want the call and three occurrences", first)
			}
			must(s.MoveEvent(at, first[2].ID, begin.AddDate(0, 0, 1).Add(2*time.Hour)))
			if err := s.DeleteEvent(at, first[1].ID, false); err != nil {
				t.Fatal(err)
			}
			now := seen()
			if len(now) != 3 {
				t.Fatalf("got %+v, want the call and two occurrences", now)
			}
			for n, e := range now[1:] {
				if e.Series != series.ID || !e.OriginalStart.Equal(begin.AddDate(0, 0, n+1)) || e.Start.Equal(e.OriginalStart) == (n == 0) {
					t.Errorf("got %+v", e)
				}
			}
		})
	}
	s := simtest.Start(t, sim.Config{})
	for _, in := range []sim.In{{Provider: "other"}, {Provider: sim.Google, Email: "nobody@example.com"}, {Provider: sim.Microsoft, Email: "nobody@example.com"}} {
		if all, err := s.Occurrences(in, begin, begin); err == nil {
			t.Errorf("%+v sees %v", in, all)
		}
	}
}
