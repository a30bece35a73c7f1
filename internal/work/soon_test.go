package work

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

// What comes due between two sweeps is handed out when it does, to the queue and to this process alike; and so is what this process has given back.
func TestWorkIsHandedOutWhenItComesDue(t *testing.T) {
	t.Parallel()
	for name, away := range map[string]error{"queue": nil, "process": errors.New("away")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store := &due{later: map[task.Hint]time.Duration{
					hint("ten_1", 1, task.Bulk): 300 * time.Millisecond, hint("ten_1", 2, task.Bulk): 700 * time.Millisecond, hint("ten_1", 3, task.Bulk): 5300 * time.Millisecond,
				}}
				q := &queue{err: away}
				f, pool, _ := feeder(store, q)
				f.clock, f.soon = clock.System{}, newTimetable(clock.System{})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				go f.Forward(ctx)
				go f.Sweep(ctx, false)
				wants := func(at time.Duration, what string, want int) {
					t.Helper()
					time.Sleep(time.Until(store.began.Add(at)))
					synctest.Wait()
					out := pool.waiting()
					if away == nil {
						out = q.distinct()
					}
					if out != want {
						t.Errorf("%s: %d handed out, want %d", what, out, want)
					}
				}
				synctest.Wait()
				wants(300*time.Millisecond-1, "just before the first", 0)
				wants(300*time.Millisecond, "the first", 1)
				f.Again(hint("ten_1", 4, task.Bulk), time.Now().Add(100*time.Millisecond))
				f.Again(hint("ten_1", 5, task.Bulk), time.Now().Add(againWithin)) // of the sweeps
				wants(400*time.Millisecond-1, "just before what was given back", 1)
				wants(400*time.Millisecond, "what was given back", 2)
				wants(700*time.Millisecond, "the second", 3)
				wants(5300*time.Millisecond-1, "just before the third", 3)
				wants(5300*time.Millisecond, "the third", 4)
			})
		})
	}
}

// distinct is how many rows were hinted at.
func (q *queue) distinct() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	all := map[task.Ref]bool{}
	for _, h := range q.hints {
		all[h.Ref] = true
	}
	return len(all)
}

func TestTimetableIsBounded(t *testing.T) {
	t.Parallel()
	c := clock.NewManual(at)
	table := newTimetable(c)
	for i := range timetableLimit + 10 {
		for range 2 { // once each
			table.add(hint("ten_1", i, task.Bulk), at.Add(time.Duration(timetableLimit-i)))
		}
	}
	c.Advance(time.Second)
	due, next := table.depart()
	if first := due[0]; !first.Due.Equal(at.Add(1)) {
		t.Errorf("the first comes due at %s, and names %s", at.Add(1), first.Due)
	}
	if len(due) != timetableLimit || next != sweepEvery || due[0].Subject != fmt.Sprintf("lnk_%d", timetableLimit-1) {
		t.Errorf("%d are due, the first %s; the next in %s", len(due), due[0].Subject, next)
	}
	table.add(due[0], at)
	if due, _ := table.depart(); len(due) != 1 {
		t.Error("what has departed cannot be added again")
	}
}

// A process that has no more rows though there are some looks for them at once; one that has rows, or has them all, does not.
func TestSweepComesWhenWorkersRunOut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ rows, least, most int }{
		"more than a sweep brings": {3 * sweepLimit, 4, 8}, "all that there is": {perTenant - 1, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store := &due{hints: hints("ten_1", c.rows, task.Bulk)}
				e, _ := engine(&rows{}, func(_ context.Context, l record.Lease) error {
					store.serve(l.Ref)
					return nil
				})
				pool := NewPool(e, sweepLimit/poolBacklog)
				f := NewFeeder(store, nil, pool, clock.System{}, slog.New(slog.DiscardHandler))
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				go pool.Run(ctx)
				go f.Sweep(ctx, false)
				time.Sleep(sweepEvery - 1)
				synctest.Wait()
				if left := len(store.hints); left != 0 || store.count() < c.least || store.count() > c.most {
					t.Errorf("%d rows are left after %d sweeps, want %d to %d", left, store.count(), c.least, c.most)
				}
			})
		})
	}
}

// serve lets a row be due no more.
func (d *due) serve(ref task.Ref) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hints = slices.DeleteFunc(d.hints, func(h task.Hint) bool { return h.Ref == ref })
}
