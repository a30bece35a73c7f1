package deltasync

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/clock"
)

func TestPace(t *testing.T) {
	t.Parallel()
	now := began
	for name, c := range map[string]struct {
		last    time.Time
		spacing time.Duration
		want    time.Duration
	}{
		"the first listing of all":            {time.Time{}, 0, 0},
		"after a quiet spell":                 {now.Add(-quiet - 1), fullSpacing, 0},
		"soon after one that was not delayed": {now.Add(-time.Second), 0, firstSpacing},
		"soon after one that was delayed":     {now.Add(-2 * time.Second), firstSpacing, fullSpacing},
		"under load":                          {now.Add(-2 * time.Second), fullSpacing, fullSpacing},
		"the end of the quiet spell":          {now.Add(-quiet), fullSpacing, fullSpacing},
		"the clock went back":                 {now.Add(time.Minute), fullSpacing, fullSpacing},
	} {
		if got := pace(now, c.last, c.spacing); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// row is the calendar's row of work under the rules of the work table.
type row struct {
	wanted, done int64
	notBefore    time.Time
}

// listings plays notifications against a calendar: at each of the moments one arrives, and each listing takes as long as said. It returns when
// the listings began, and when the last notification was served.
func listings(arrive []time.Duration, takes time.Duration) (starts []time.Duration, served bool) {
	c := clock.NewManual(began)
	var r row
	var last time.Time
	var spacing time.Duration
	at := func(d time.Duration) time.Time { return began.Add(d) }
	next := 0
	mark := func(until time.Time) {
		for next < len(arrive) && !at(arrive[next]).After(until) {
			r.wanted++ // a mark never moves a wait that pacing has set
			next++
		}
	}
	for next < len(arrive) || r.wanted > r.done {
		if r.wanted == r.done {
			c.Set(at(arrive[next]))
		}
		mark(c.Now())
		if r.notBefore.After(c.Now()) {
			c.Set(r.notBefore)
			mark(c.Now())
		}
		claimed := r.wanted
		starts = append(starts, c.Now().Sub(began))
		c.Advance(takes)
		mark(c.Now())
		wait := pace(c.Now(), last, spacing)
		r.done, r.notBefore = claimed, time.Time{}
		if wait > 0 {
			r.notBefore = c.Now().Add(wait)
		}
		last, spacing = c.Now(), wait
	}
	return starts, r.done == int64(len(arrive))
}

func TestStormCostsThreeListings(t *testing.T) {
	t.Parallel()
	var storm []time.Duration
	for i := range 1000 {
		storm = append(storm, time.Duration(i)*time.Millisecond)
	}
	for _, takes := range []time.Duration{0, time.Millisecond, 100 * time.Millisecond, 700 * time.Millisecond, 3 * time.Second} {
		starts, served := listings(storm, takes)
		if len(starts) > 3 || !served {
			t.Errorf("listings that take %s: %d of them, at %v; all served: %v", takes, len(starts), starts, served)
		}
		if trailing := starts[len(starts)-1]; trailing < storm[len(storm)-1] {
			t.Errorf("listings that take %s: the last one began at %s and missed what came after it", takes, trailing)
		}
	}
}

func TestIdleCalendarIsListedAtOnce(t *testing.T) {
	t.Parallel()
	arrive := []time.Duration{0, time.Minute, 2 * time.Minute}
	starts, _ := listings(arrive, 200*time.Millisecond)
	if len(starts) != 3 || starts[1] != arrive[1] || starts[2] != arrive[2] {
		t.Errorf("listed at %v", starts)
	}
}

func TestSteadyLoadIsSpaced(t *testing.T) {
	t.Parallel()
	var arrive []time.Duration
	for i := range 600 {
		arrive = append(arrive, time.Duration(i)*100*time.Millisecond)
	}
	starts, served := listings(arrive, 50*time.Millisecond)
	if len(starts) > 33 || len(starts) < 25 || !served {
		t.Errorf("a minute of notifications costs %d listings, want about one every two seconds", len(starts))
	}
	for i := 3; i < len(starts); i++ {
		if gap := starts[i] - starts[i-1]; gap < fullSpacing {
			t.Errorf("listing %d follows after %s", i, gap)
		}
	}
}

// Whatever arrives whenever: nothing is missed, and no notification waits for longer than one listing and one spacing.
func TestTrailingEdge(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		takes := time.Duration(rapid.Int64Range(0, int64(3*time.Second)).Draw(t, "takes"))
		var arrive []time.Duration
		at := time.Duration(0)
		for range rapid.IntRange(1, 60).Draw(t, "n") {
			at += time.Duration(rapid.OneOf(rapid.Int64Range(0, int64(50*time.Millisecond)), rapid.Int64Range(0, int64(20*time.Second))).Draw(t, "gap"))
			arrive = append(arrive, at)
		}
		starts, served := listings(arrive, takes)
		if !served {
			t.Fatal("a notification was not served")
		}
		if len(starts) > len(arrive) {
			t.Fatalf("%d listings for %d notifications", len(starts), len(arrive))
		}
		for _, a := range arrive {
			i := 0
			for starts[i] < a {
				i++
			}
			if wait := starts[i] - a; wait > takes+fullSpacing {
				t.Fatalf("the notification at %s waits for %s", a, wait)
			}
		}
	})
}

// The syncer hands the spacing on: the row waits for it, and the next listing knows.
func TestSyncerPacesItself(t *testing.T) {
	t.Parallel()
	s := newShelf().withCursor("c1")
	l := &lister{pages: map[string][]cal.Page{"c1": script(cal.Delta, 1, "c1")}}
	for i, want := range []time.Duration{0, firstSpacing, fullSpacing, fullSpacing} {
		if err := syncer(s, l).Work(t.Context(), s.claim()); err != nil {
			t.Fatal(err)
		}
		wait := time.Duration(0)
		if nb := s.outcome[i].NotBefore; !nb.IsZero() {
			wait = nb.Sub(s.clock.Now())
		}
		if wait != want || s.state.Spacing != want || !s.outcome[i].Served {
			t.Errorf("listing %d makes the next one wait for %s, want %s: %+v", i, wait, want, s.outcome[i])
		}
		s.clock.Advance(wait + time.Millisecond)
	}
}
