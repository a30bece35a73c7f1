package clock_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/calweave/calweave/internal/clock"
)

func TestManual(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC)
	c := clock.NewManual(start)
	for name, step := range map[string]struct {
		move func()
		want time.Time
	}{
		"stands still": {func() {}, start},
		"set":          {func() { c.Set(start.AddDate(1, 0, 0)) }, start.AddDate(1, 0, 0)},
		"forwards":     {func() { c.Set(start); c.Advance(time.Hour) }, start.Add(time.Hour)},
		"backwards":    {func() { c.Set(start); c.Advance(-time.Hour) }, start.Add(-time.Hour)},
	} {
		c.Set(start)
		step.move()
		if got := c.Now(); !got.Equal(step.want) {
			t.Errorf("%s: %s, want %s", name, got, step.want)
		}
	}
}

func TestManualIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	start := time.Unix(0, 0)
	c := clock.NewManual(start)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			c.Advance(time.Second)
			_ = c.Now()
		})
	}
	wg.Wait()
	if got := c.Now().Sub(start); got != 50*time.Second {
		t.Errorf("advanced by %s, want 50s", got)
	}
}

func TestSystemIsTheMachinesClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var c clock.Clock = clock.System{}
		before := c.Now()
		time.Sleep(time.Hour) // the bubble's time, not ours
		if got := c.Now().Sub(before); got != time.Hour {
			t.Errorf("an hour took %s", got)
		}
	})
}
