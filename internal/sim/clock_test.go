package sim_test

import (
	"errors"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
)

func TestClock(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC)
	base := clock.NewManual(began)
	s := simtest.Start(t, sim.Config{Clock: base})
	yes, no, summer := true, false, time.Date(2027, 6, 1, 0, 0, 0, 0, time.UTC)
	for i, step := range []struct {
		change sim.ClockChange
		want   time.Time
		frozen bool
	}{
		{sim.ClockChange{}, began, false},
		{sim.ClockChange{Advance: "90m"}, began.Add(150 * time.Minute), false},
		{sim.ClockChange{Frozen: &yes}, began.Add(210 * time.Minute), true},
		{sim.ClockChange{Advance: "-30m"}, began.Add(180 * time.Minute), true},
		{sim.ClockChange{Frozen: &no}, began.Add(180 * time.Minute), false},
		{sim.ClockChange{}, began.Add(240 * time.Minute), false},
		{sim.ClockChange{Now: &summer, Frozen: &yes}, summer, true},
	} {
		got, err := s.SetClock(step.change)
		if err != nil || !got.Now.Equal(step.want) || got.Frozen != step.frozen || s.Clock() != got {
			t.Errorf("step %d: %+v, %v, want %s", i, got, err, step.want)
		}
		base.Advance(time.Hour) // counts only while the clock is not frozen
		if moved := !s.Clock().Now.Equal(got.Now); moved == step.frozen {
			t.Errorf("step %d: frozen is %v, and it moved: %v", i, step.frozen, moved)
		}
	}
	for _, bad := range []sim.ClockChange{{Advance: "tomorrow"}, {Advance: "1h", Now: &summer}} {
		if _, err := s.SetClock(bad); !errors.Is(err, sim.ErrInvalid) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

// Both providers live by the same clock: an access token that was issued before it was moved has expired after it.
func TestClockIsSharedByBoth(t *testing.T) {
	t.Parallel()
	s, g, m := start(t)
	for _, c := range []struct {
		advance string
		want    int
	}{{"1m", 200}, {"24h", 401}} {
		if _, err := s.SetClock(sim.ClockChange{Advance: c.advance}); err != nil {
			t.Fatal(err)
		}
		if a := g.Do("GET", "/calendars/primary", nil); a.Status != c.want {
			t.Errorf("Google after %s: %d", c.advance, a.Status)
		}
		if a := m.Do("GET", "/me/calendar", nil); a.Status != c.want {
			t.Errorf("Microsoft after %s: %d", c.advance, a.Status)
		}
	}
}
