package ratelimit_test

import (
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/api/ratelimit"
	"github.com/calweave/calweave/internal/clock"
)

func limiter(rate, burst, most int) (*ratelimit.Limiter, *clock.Manual) {
	c := clock.NewManual(time.Date(2026, 9, 1, 9, 0, 0, 0, time.UTC))
	return ratelimit.New(ratelimit.Policy{Name: "default", Rate: rate, Burst: burst}, most, c), c
}

// taken is how many can be taken at once.
func taken(l *ratelimit.Limiter, name string) int {
	n := 0
	for n < 1000 && l.Take(name).Wait == 0 {
		n++
	}
	return n
}

func TestBurstAndRate(t *testing.T) {
	t.Parallel()
	l, c := limiter(4, 10, 8)
	for _, step := range []struct {
		wait time.Duration
		want int
	}{
		{0, 10},
		{0, 0},
		{249 * time.Millisecond, 0},
		{time.Millisecond, 1},
		{499 * time.Millisecond, 1},
		{251 * time.Millisecond, 2},
		{2 * time.Second, 8},
		{time.Hour, 10},
	} {
		c.Advance(step.wait)
		if got := taken(l, "a"); got != step.want {
			t.Errorf("after %s: %d, want %d", step.wait, got, step.want)
		}
	}
	if got := taken(l, "b"); got != 10 {
		t.Errorf("another name: %d", got)
	}
}

// What is told beforehand is what happens: so many remain, so long is the wait, and then the bucket is full.
func TestDecision(t *testing.T) {
	t.Parallel()
	l, c := limiter(2, 3, 8)
	for _, want := range []ratelimit.Decision{
		{Remaining: 2, Full: 500 * time.Millisecond},
		{Remaining: 1, Full: time.Second},
		{Remaining: 0, Full: 1500 * time.Millisecond},
		{Remaining: 0, Full: 1500 * time.Millisecond, Wait: 500 * time.Millisecond},
	} {
		want.Policy = ratelimit.Policy{Name: "default", Rate: 2, Burst: 3}
		if got := l.Take("a"); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	c.Advance(200 * time.Millisecond)
	if got := l.Look("a"); got.Wait != 300*time.Millisecond || got.Full != 1300*time.Millisecond {
		t.Errorf("%+v", got)
	}
	if got := l.Look("b"); got.Remaining != 3 || got.Full != 0 || got.Wait != 0 || l.Knows("b") {
		t.Errorf("%+v", got)
	}
	l.Return("a")
	if got := l.Look("a"); got.Remaining != 1 {
		t.Errorf("returned: %+v", got)
	}
	l.Return("b")
	l.Forget("a")
	if l.Knows("a") || l.Knows("b") || l.Look("a").Remaining != 3 {
		t.Error("what was forgotten is known")
	}
}

// However many names come, no more are remembered than there may be, and the one that was used last stays.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	const most = 100
	l, _ := limiter(1, 5, most)
	taken(l, "busy")
	for i := range 10_000 {
		l.Take(strconv.Itoa(i))
		if l.Take("busy").Wait == 0 {
			t.Fatalf("busy was forgotten after %d others", i)
		}
	}
	known := 0
	for i := range 10_000 {
		if l.Knows(strconv.Itoa(i)) {
			known++
		}
	}
	if known != most-1 || !l.Knows("busy") {
		t.Errorf("%d names are known, busy is: %t", known, l.Knows("busy"))
	}
}

// A clock that is set back takes nothing away for longer than the bucket takes to fill from then.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	l, c := limiter(1, 2, 8)
	taken(l, "a")
	c.Advance(-time.Hour)
	if d := l.Look("a"); d.Remaining != 0 || d.Wait <= 0 {
		t.Errorf("%+v", d)
	}
}

// Of many at once as many get one as there are.
func TestConcurrentTakers(t *testing.T) {
	t.Parallel()
	l, _ := limiter(1, 50, 8)
	var got atomic.Int64
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 20 {
				if l.Take("a").Wait == 0 {
					got.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if got.Load() != 50 {
		t.Errorf("%d", got.Load())
	}
}

func TestFields(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		decision              ratelimit.Decision
		policy, limit, header string
	}{
		"some left":        {ratelimit.Decision{Policy: ratelimit.Policy{Name: "default", Rate: 300, Burst: 600}, Remaining: 599, Full: time.Millisecond}, `"default";q=600;w=2`, `"default";r=599;t=1`, "1"},
		"all left":         {ratelimit.Decision{Policy: ratelimit.Policy{Name: "default", Rate: 1, Burst: 60}, Remaining: 60}, `"default";q=60;w=60`, `"default";r=60;t=0`, "0"},
		"none left":        {ratelimit.Decision{Policy: ratelimit.Policy{Name: "a", Rate: 10, Burst: 1}, Full: 100 * time.Millisecond, Wait: 1001 * time.Millisecond}, `"a";q=1;w=1`, `"a";r=0;t=1`, "2"},
		"an uneven window": {ratelimit.Decision{Policy: ratelimit.Policy{Name: "a", Rate: 7, Burst: 15}, Remaining: 1, Full: 3 * time.Second}, `"a";q=15;w=3`, `"a";r=1;t=3`, "0"},
	} {
		h := http.Header{}
		c.decision.Tell(h)
		if h.Get("RateLimit-Policy") != c.policy || h.Get("RateLimit") != c.limit || h.Get("Retry-After") != "" {
			t.Errorf("%s: %v", name, h)
		}
		if c.decision.Refuse(h); c.decision.Wait > 0 && h.Get("Retry-After") != c.header {
			t.Errorf("%s: Retry-After: %s", name, h.Get("Retry-After"))
		}
	}
}
