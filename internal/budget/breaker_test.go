package budget

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/testkit"
)

// down is how a call to a provider that is dead fails.
func down() *fault.Error {
	return &fault.Error{Kind: fault.Transient, Op: "x", Status: http.StatusBadGateway}
}

// mailbox is a call of one of many mailboxes.
func mailbox(i int) record.Call {
	a := ask()
	a.Connection = cal.ConnectionID(fmt.Sprintf("con_%d", i))
	return a
}

// trip lets calls of many mailboxes fail until the application's breaker refuses one, and returns how many were made.
func (b *bench) trip(workers []*Limiter) int {
	b.tb.Helper()
	for n := range 100 {
		o := b.begin(workers[n%len(workers)], mailbox(n), http.MethodGet)
		if o.err != nil {
			wants(b.tb, o.err, fault.Busy, "application-breaker", firstOpen+laneGap-time.Second, firstOpen+laneGap)
			return n
		}
		o.end(down())
	}
	b.tb.Fatal("the breaker does not trip")
	return 0
}

// A provider that is dead is left alone by all workers, but for one probe at a time; the first that is answered ends it.
func TestTheBreakerOfAnApplication(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		t := b.t
		workers := []*Limiter{b.another(), b.another(), b.another()}
		if n := b.trip(workers); n != tripApplication {
			t.Errorf("%d calls failed before it tripped, want %d", n, tripApplication)
		}
		b.clock.Advance(firstOpen)
		probe := b.begin(workers[0], mailbox(200), http.MethodGet)
		if probe.err != nil {
			t.Fatal("no probe:", probe.err)
		}
		wants(t, b.begin(workers[1], mailbox(201), http.MethodGet).err, fault.Busy, "application-breaker", laneGap, laneGap+time.Second)
		probe.end(down())
		wants(t, b.begin(workers[1], mailbox(201), http.MethodGet).err, fault.Busy, "application-breaker", 2*firstOpen+laneGap-time.Second, 2*firstOpen+laneGap)
		b.clock.Advance(2 * firstOpen)
		probe = b.begin(workers[2], mailbox(202), http.MethodGet)
		if probe.err != nil {
			t.Fatal("no second probe:", probe.err)
		}
		probe.end(nil)
		for i := range 20 {
			if err := b.once(mailbox(300 + i)); err != nil {
				t.Fatal("still shut:", err)
			}
		}
	})
}

// What is answered, throttled or cancelled never trips a breaker, and does not hide failures either.
func TestWhatDoesNotCount(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]*fault.Error{
		"not found": {Kind: fault.NotFound, Status: http.StatusNotFound}, "throttled": {Kind: fault.RateLimited, Status: http.StatusTooManyRequests},
		"throttled with 503": {Kind: fault.RateLimited, Status: http.StatusServiceUnavailable}, "cancelled": {Kind: fault.Canceled},
		"forbidden": {Kind: fault.Forbidden, Status: http.StatusForbidden}, "no time": {Kind: fault.Transient, Status: http.StatusRequestTimeout},
		"too large": {Kind: fault.Transient, Err: fault.ErrTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil)
			for i := range 3 * tripApplication {
				o := b.begin(b.Limiter, ask(), http.MethodGet)
				if o.err != nil {
					t.Fatalf("call %d: %v", i, o.err)
				}
				o.end(f)
			}
			for i := range tripApplication {
				o := b.begin(b.Limiter, mailbox(i), http.MethodGet)
				if o.err != nil {
					t.Fatal(o.err)
				}
				o.end(down())
				o = b.begin(b.Limiter, mailbox(100+i), http.MethodGet)
				if o.err == nil {
					o.end(f)
				}
			}
			if b.once(mailbox(200)) == nil {
				t.Error("it hides failures")
			}
		})
	}
}

// A mailbox that is broken is left alone, and does not stop the others.
func TestTheBreakerOfAMailbox(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		t := b.t
		for range 3 {
			for range tripMailbox {
				if o := b.begin(b.Limiter, ask(), http.MethodGet); o.err == nil {
					o.end(down())
				}
			}
			wants(t, b.once(ask()), fault.Busy, "mailbox-breaker", time.Millisecond, longestOpen)
			if err := b.once(mailbox(2)); err != nil {
				t.Fatal("another mailbox is stopped:", err)
			}
			b.clock.Advance(longestOpen)
		}
		if err := b.once(ask()); err != nil {
			t.Error("it is never asked again:", err)
		}
	})
}

// Half of twenty calls within two seconds are too many too.
func TestTheBreakerTripsOnAShare(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		t := b.t
		for i := range 30 {
			o := b.begin(b.Limiter, mailbox(i), http.MethodGet)
			if o.err != nil {
				wants(t, o.err, fault.Busy, "application-breaker", time.Second+laneGap, firstOpen+laneGap)
				if i != 20 {
					t.Errorf("tripped after %d calls, want 20", i)
				}
				return
			}
			if i%2 == 0 {
				o.end(nil)
			} else {
				o.end(down())
			}
		}
		t.Error("never tripped")
	})
}

// A provider that swallows calls costs no more of them than one that refuses them.
func TestAProviderThatSaysNothing(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		t := b.t
		b.limits = Limits{Unproven: unproven}
		n := 0
		for i := range 10 * unproven {
			if o := b.begin(b.Limiter, mailbox(i), http.MethodGet); o.err == nil {
				n++
			} else {
				wants(t, o.err, fault.Busy, "unanswered", time.Millisecond, time.Second)
			}
		}
		if want := unproven - unproven/8; n != want { // of background work
			t.Errorf("%d calls without a sign of life, want %d", n, want)
		}
		b.clock.Advance(5 * time.Second)
		one := b.begin(b.Limiter, mailbox(1000), http.MethodGet)
		if one.err != nil {
			t.Fatal("nobody may ask whether it is back:", one.err)
		}
		if b.once(mailbox(1001)) == nil {
			t.Error("two may ask at once")
		}
		one.end(&fault.Error{Kind: fault.NotFound, Status: http.StatusNotFound})
		if err := b.once(mailbox(1002)); err != nil {
			t.Error("an answer does not count:", err)
		}
	})
}

// A breaker whose state is lost is shut again, and trips again.
func TestBreakersLiveAfterAFlush(t *testing.T) {
	t.Parallel()
	b := newBench(t, dial(t, testkit.Redis(t)))
	for range 3 {
		if n := b.trip([]*Limiter{b.another(), b.another()}); n != tripApplication {
			t.Errorf("tripped after %d", n)
		}
		b.flush()
	}
	if err := b.once(mailbox(1)); err != nil {
		t.Error("shut after a flush:", err)
	}
}

// The process's own breaker refuses without a round trip, and one that does not let it through says nothing about the provider.
func TestTheBreakerOfAProcess(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.breakers = newBreakers()
	for range tripMailbox {
		b.begin(b.Limiter, ask(), http.MethodGet).end(down())
	}
	b.flush() // the fleet knows of nothing
	err := b.once(ask())
	f, _ := fault.As(err)
	if f == nil || f.Kind != fault.Busy || f.RetryAfter != time.Second+laneGap {
		t.Fatalf("got %v", err)
	}
	if err := b.once(mailbox(2)); err != nil {
		t.Error("another mailbox is stopped:", err)
	}
}

func TestOutcomesForGobreaker(t *testing.T) {
	t.Parallel()
	for v, want := range map[verdictOf][2]error{ // in closed state, half-open
		well: {nil, nil}, failed: {errFailed, errFailed}, refused: {errExcluded, nil}, silent: {errExcluded, errExcluded},
	} {
		if got := outcome(v, gobreaker.StateClosed); !errors.Is(got, want[0]) {
			t.Errorf("%s: %v", v, got)
		}
		if got := outcome(v, gobreaker.StateHalfOpen); !errors.Is(got, want[1]) {
			t.Errorf("%s while half open: %v", v, got)
		}
	}
}
