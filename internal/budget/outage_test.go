package budget

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/testkit"
)

// in is a call of con_1's mailbox in a lane.
func in(lane task.Lane) record.Call {
	a := ask()
	a.Lane = lane
	return a
}

// fails makes a call that gets no answer, and returns what its work is told about an outage.
func (b *bench) fails(a record.Call) (away *record.OutageError, refused error) {
	b.tb.Helper()
	o := b.begin(b.another(), a, http.MethodGet)
	f := down()
	if o.err != nil {
		f, _ = fault.As(o.err)
	}
	o.end(f)
	away, _ = errors.AsType[*record.OutageError](f)
	return away, o.err
}

// A failure that trips a breaker, and each probe that fails, is the provider's: the work waits for the next probe. What fails before is its own.
func TestFailuresOfAnOutage(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		for i := range tripMailbox {
			away, err := b.fails(in(task.Interactive))
			if err != nil || (away != nil) != (i == tripMailbox-1) {
				b.t.Fatalf("failure %d: %v, %v", i+1, away, err)
			}
		}
		open := firstOpen
		for i := range patientProbes + 2 {
			b.clock.Advance(open)
			open = min(2*open, longestOpen)
			away, err := b.fails(in(task.Interactive))
			if err != nil {
				b.t.Fatalf("probe %d: %v", i+1, err)
			}
			if patient := i < patientProbes-1; patient && (away == nil || away.Wait != open) || !patient && away != nil {
				b.t.Fatalf("probe %d: %+v, want a wait of %s", i+1, away, open)
			}
		}
		b.clock.Advance(open)
		if err := b.once(in(task.Interactive)); err != nil {
			b.t.Fatal(err)
		}
		if away, err := b.fails(in(task.Interactive)); err != nil || away != nil {
			b.t.Errorf("a failure after it: %v, %v", away, err)
		}
	})
}

// The more urgent a lane is, the sooner it comes back to a breaker that is open, or has a probe under way.
func TestLanesComeBackInTurn(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		for range tripMailbox {
			_, _ = b.fails(in(task.Bulk))
		}
		waits := func(longest time.Duration) {
			b.t.Helper()
			for n, lane := range task.Lanes() {
				later := time.Duration(n) * laneGap
				wants(b.t, b.begin(b.another(), in(lane), http.MethodGet).err, fault.Busy, "mailbox-breaker", longest+later, longest+later)
			}
		}
		waits(firstOpen)
		b.clock.Advance(firstOpen)
		if o := b.begin(b.another(), in(task.Interactive), http.MethodGet); o.err != nil {
			b.t.Fatal(o.err)
		}
		waits(time.Second)
		b.clock.Advance(6 * time.Second)
		waits(3 * time.Second)
		b.clock.Advance(24 * time.Second)
		waits(5 * time.Second)
	})
}

// A process that has heard that a breaker is open asks nobody again until it lets a probe through, and tells each lane when that is for it.
func TestOpenBreakersAreRemembered(t *testing.T) {
	t.Parallel()
	client, counted := dial(t, testkit.Redis(t)), &trips{}
	b := newBench(t, client)
	for range tripMailbox {
		_, _ = b.fails(in(task.Interactive))
	}
	wants(t, b.once(in(task.Bulk)), fault.Busy, "mailbox-breaker", firstOpen+2*laneGap, firstOpen+2*laneGap)
	client.AddHook(counted)
	b.clock.Advance(firstOpen / 2)
	for n, lane := range task.Lanes() {
		wait := firstOpen/2 + time.Duration(n)*laneGap
		wants(t, b.once(in(lane)), fault.Busy, "mailbox-breaker", wait, wait)
	}
	if n := counted.n.Load(); n != 0 {
		t.Errorf("%d round trips while the breaker was known to be open", n)
	}
	if err := b.once(mailbox(2)); err != nil {
		t.Error("another mailbox:", err)
	}
	b.clock.Advance(firstOpen / 2)
	if err := b.once(in(task.Interactive)); err != nil {
		t.Error("the probe:", err)
	}
}

// A place that is promised to a lane lies behind those of more urgent lanes, and takes nothing from them.
func TestPlacesAreInTheOrderOfLanes(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		b.limits = Limits{Mailbox: Rate{Units: 600, Span: time.Minute}}
		b.begun(time.Hour)
		for b.once(in(task.Interactive)) == nil { // until what may be used at once is used
			b.Sleep = func(context.Context, time.Duration) error { return nil }
		}
		place := func(lane task.Lane) time.Duration {
			f, ok := fault.As(b.begin(b.Limiter, in(lane), http.MethodGet).err)
			if !ok {
				b.t.Fatal("admitted in lane", lane)
			}
			return f.RetryAfter
		}
		before := time.Duration(0)
		for _, lane := range task.Lanes() {
			for range 20 {
				at := place(lane)
				if at <= before {
					b.t.Fatalf("lane %s is promised a place in %s, after one in %s", lane, at, before)
				}
				before = at
			}
			if next := place(task.Interactive); next > 3*time.Second {
				b.t.Errorf("after those of lane %s the next place of the first lane is in %s", lane, next)
			}
		}
	})
}
