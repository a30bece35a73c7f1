package work

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

// queue is a queue in memory that may be away.
type queue struct {
	mu     sync.Mutex
	err    error
	calls  int
	probes int // calls without a hint
	hints  []task.Hint
	rounds []int64
}

func (q *queue) Hint(_ context.Context, hints []task.Hint, round int64) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.calls++
	if len(hints) == 0 {
		q.probes++
	}
	if q.err != nil {
		return q.err
	}
	q.hints = append(q.hints, hints...)
	q.rounds = append(q.rounds, round)
	return nil
}

func (q *queue) set(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.err = err
}

// due is a store that finds work: hints that are due now, and later what comes due so long after the first sweep.
type due struct {
	mu                sync.Mutex
	hints             []task.Hint
	later             map[task.Hint]time.Duration
	began             time.Time
	err               error
	sweeps            int
	perTenant, atMost int
	ahead             time.Duration
}

func (d *due) Due(_ context.Context, now, by time.Time, perTenant, limit int) ([]record.Due, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.sweeps++; d.sweeps == 1 {
		d.began = now
	}
	d.perTenant, d.atMost, d.ahead = perTenant, limit, by.Sub(now)
	var out []record.Due
	for _, h := range d.hints[:min(limit, len(d.hints))] {
		out = append(out, record.Due{Hint: h, At: now})
	}
	for h, in := range d.later {
		if at := d.began.Add(in); !at.After(by) {
			out = append(out, record.Due{Hint: h, At: at})
		}
	}
	return out, d.err
}

func (d *due) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.sweeps
}

func hint(tenant cal.TenantID, i int, lane task.Lane) task.Hint {
	return task.Hint{Ref: task.Ref{Tenant: tenant, Kind: task.LinkPush, Subject: fmt.Sprintf("lnk_%d", i)}, Lane: lane}
}

func hints(tenant cal.TenantID, n int, lane task.Lane) []task.Hint {
	var out []task.Hint
	for i := range n {
		out = append(out, hint(tenant, i, lane))
	}
	return out
}

// feeder makes a feeder whose local pool nobody runs, so that what it was offered can be counted.
func feeder(store DueStore, q Queue) (*Feeder, *Pool, *bytes.Buffer) {
	e, _ := engine(&rows{}, nil)
	pool := NewPool(e, 200)
	var log bytes.Buffer
	return NewFeeder(store, q, pool, clock.NewManual(at), slog.New(slog.NewTextHandler(&log, nil))), pool, &log
}

func TestCommittedNeverBlocks(t *testing.T) {
	t.Parallel()
	f, _, _ := feeder(&due{}, &queue{}) // nobody forwards
	for i := range commitBacklog + 100 {
		f.Committed(hints(cal.TenantID(fmt.Sprintf("ten_%d", i)), 1, task.Interactive))
	}
	if got := len(f.commits); got != commitBacklog {
		t.Errorf("%d commits wait, want %d", got, commitBacklog)
	}
}

func TestCommittedAdmitsNoBulkAndABurstOfEachTenant(t *testing.T) {
	t.Parallel()
	f, _, _ := feeder(&due{}, &queue{})
	f.Committed(hints("ten_1", 5, task.Bulk))
	f.Committed(nil)
	if len(f.commits) != 0 {
		t.Error("bulk work enters through the sweep only")
	}
	f.Committed(append(hints("ten_1", 2, task.Bulk), hints("ten_1", commitBurst+50, task.Interactive)...))
	f.Committed(hints("ten_1", 10, task.Background))
	f.Committed(hints("ten_2", 3, task.Background))
	admitted := map[cal.TenantID]int{}
	for len(f.commits) > 0 {
		for _, h := range <-f.commits {
			if h.Lane == task.Bulk {
				t.Errorf("%s was admitted", h.Ref)
			}
			admitted[h.Tenant]++
		}
	}
	if admitted["ten_1"] != commitBurst || admitted["ten_2"] != 3 {
		t.Errorf("admitted %v, want %d and 3", admitted, commitBurst)
	}
}

// A process that only takes bookings in sweeps nothing.
func TestCommittedAdmitsAgainWithoutASweep(t *testing.T) {
	t.Parallel()
	c := clock.NewManual(at)
	f := NewFeeder(&due{}, nil, nil, c, slog.New(slog.DiscardHandler))
	f.Committed(hints("ten_1", commitBurst, task.Interactive))
	f.Committed(hints("ten_1", 1, task.Interactive))
	if n := len(f.commits); n != 1 {
		t.Fatalf("%d commits are told about, want the first alone", n)
	}
	c.Advance(sweepEvery)
	f.Committed(hints("ten_2", 1, task.Interactive))
	if n := len(f.sent); n != 1 {
		t.Errorf("%d tenants are remembered, want the last one alone", n)
	}
	f.Committed(hints("ten_1", 1, task.Interactive))
	if n := len(f.commits); n != 3 {
		t.Errorf("%d commits are told about a second later, want 3", n)
	}
}

func TestForwardTellsTheQueueWhatWasCommitted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := &queue{}
		f, pool, _ := feeder(&due{}, q)
		ctx, cancel := context.WithCancel(t.Context())
		go f.Forward(ctx)
		f.Committed(hints("ten_1", 2, task.Interactive))
		synctest.Wait()
		if len(q.hints) != 2 || q.rounds[0] != 0 {
			t.Errorf("the queue was told %v in rounds %v", q.hints, q.rounds)
		}
		if pool.waiting() != 0 {
			t.Error("the row was handed to this process as well")
		}
		cancel()
	})
}

func TestSweepHandsOutWhatIsDue(t *testing.T) {
	t.Parallel()
	q, store := &queue{}, &due{hints: hints("ten_1", 3, task.Bulk)}
	f, pool, _ := feeder(store, q)
	c, _ := f.clock.(*clock.Manual)
	for range 2 {
		if err := f.SweepOnce(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		c.Advance(roundLength)
	}
	if len(q.hints) != 6 || pool.waiting() != 0 {
		t.Errorf("%d hints queued, %d rows kept here", len(q.hints), pool.waiting())
	}
	if q.rounds[0] < 1 || q.rounds[1] != q.rounds[0]+1 {
		t.Errorf("rounds %v: a hint that got stuck would keep out those of later sweeps", q.rounds)
	}
	if store.perTenant != perTenant || store.atMost != sweepLimit || store.ahead != sweepEvery {
		t.Errorf("asked for %d of each tenant and %d in all, %s ahead", store.perTenant, store.atMost, store.ahead)
	}
}

func TestSweepThatCannotReadFails(t *testing.T) {
	t.Parallel()
	down := errors.New("store away")
	f, _, _ := feeder(&due{err: down}, &queue{})
	if err := f.SweepOnce(t.Context(), false); !errors.Is(err, down) {
		t.Errorf("%v", err)
	}
}

func TestQueueAwayAndBack(t *testing.T) {
	t.Parallel()
	q, store := &queue{err: errors.New("connection refused")}, &due{hints: hints("ten_1", 3, task.Interactive)}
	f, pool, log := feeder(store, q)
	sweep := func() {
		t.Helper()
		if err := f.SweepOnce(t.Context(), true); err != nil {
			t.Fatal(err)
		}
	}
	sweep() // finds the queue away
	if pool.waiting() != 0 || store.sweeps != 0 {
		t.Errorf("a process that is no scheduler swept before it knew that the queue is away")
	}
	sweep() // carries on alone
	if pool.waiting() != 3 || store.sweeps != 1 {
		t.Errorf("%d rows in hand after %d sweeps, want 3 after 1", pool.waiting(), store.sweeps)
	}
	sweep()
	q.set(nil)
	sweep() // finds it back
	if len(q.hints) != 3 || pool.waiting() != 3 {
		t.Errorf("%d hints queued, %d rows in hand", len(q.hints), pool.waiting())
	}
	sweeps := store.sweeps
	sweep()
	if store.sweeps != sweeps {
		t.Error("it still sweeps although the queue is back")
	}
	for said, times := range map[string]int{"the queue is away": 1, "the queue is back": 1, "connection refused": 1} {
		if got := strings.Count(log.String(), said); got != times {
			t.Errorf("logged %q %d times, want %d", said, got, times)
		}
	}
}

func TestProbeAsksWithNoHintAtAll(t *testing.T) {
	t.Parallel()
	q, store := &queue{}, &due{hints: hints("ten_1", 3, task.Interactive)}
	f, _, _ := feeder(store, q)
	if err := f.SweepOnce(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if q.calls != 1 || len(q.hints) != 0 || store.sweeps != 0 {
		t.Errorf("asked %d times with %d hints after %d sweeps", q.calls, len(q.hints), store.sweeps)
	}
}

func TestWithoutAQueueAllWorkIsDoneHere(t *testing.T) {
	t.Parallel()
	store := &due{hints: hints("ten_1", 3, task.Bulk)}
	f, pool, _ := feeder(store, nil)
	for _, onlyAway := range []bool{true, false} {
		if err := f.SweepOnce(t.Context(), onlyAway); err != nil {
			t.Fatal(err)
		}
	}
	if pool.waiting() != 3 || store.sweeps != 2 {
		t.Errorf("%d rows in hand after %d sweeps", pool.waiting(), store.sweeps)
	}
}

func TestWithoutAPoolThisProcessDoesNone(t *testing.T) {
	t.Parallel()
	f := NewFeeder(&due{hints: hints("ten_1", 3, task.Interactive)}, &queue{err: errors.New("away")}, nil, clock.System{}, slog.New(slog.DiscardHandler))
	if err := f.SweepOnce(t.Context(), false); err != nil {
		t.Errorf("%v", err)
	}
}

func TestLeavingIsNotTheQueueBeingAway(t *testing.T) {
	t.Parallel()
	q := &queue{err: context.Canceled}
	f, pool, log := feeder(&due{hints: hints("ten_1", 1, task.Interactive)}, q)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.SweepOnce(ctx, false); err != nil {
		t.Fatal(err)
	}
	if f.away || pool.waiting() != 0 || log.Len() != 0 {
		t.Errorf("away %v, %d rows in hand, logged %q", f.away, pool.waiting(), log)
	}
}

func TestSweepComesEverySecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &due{err: errors.New("store away")}
		var log bytes.Buffer
		f := NewFeeder(store, &queue{}, nil, clock.System{}, slog.New(slog.NewTextHandler(&log, nil)))
		ctx, cancel := context.WithCancel(t.Context())
		go f.Sweep(ctx, false)
		synctest.Wait()
		for want := 1; want <= 5; want++ {
			if got := store.count(); got != want {
				t.Fatalf("%d sweeps after %d seconds", got, want-1)
			}
			time.Sleep(sweepEvery) // the bubble's time
			synctest.Wait()
		}
		cancel()
		synctest.Wait()
		if got := strings.Count(log.String(), "store away"); got != 6 {
			t.Errorf("%d failures logged of 6: a failing sweep goes on", got)
		}
	})
}

// TestFeederAndPoolTogether loses the queue in the middle: what was committed is done all the same.
func TestFeederAndPoolTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &due{hints: hints("ten_1", 3, task.Interactive)}
		r := &rows{}
		done := make(chan task.Ref, 10)
		e, _ := engine(r, func(_ context.Context, l record.Lease) error { done <- l.Ref; return nil })
		pool := NewPool(e, 2)
		f := NewFeeder(store, &queue{err: errors.New("away")}, pool, clock.System{}, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		go pool.Run(ctx)
		go f.Forward(ctx)
		f.Committed(hints("ten_1", 1, task.Interactive))
		synctest.Wait()
		if len(done) != 1 {
			t.Fatalf("%d rows done at once, want the one that was committed", len(done))
		}
		go f.Sweep(ctx, true)
		time.Sleep(2 * sweepEvery) // the bubble's time
		synctest.Wait()
		if len(done) != 3 {
			t.Errorf("%d rows done, want 3", len(done))
		}
		cancel()
	})
}
