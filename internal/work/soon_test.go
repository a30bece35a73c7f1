package work

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/calweave/calweave/contracts/cal"
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

// agenda is a store with rows of one tenant that come due one after the other.
type agenda struct {
	mu   sync.Mutex
	rows []record.Due
}

func (a *agenda) Due(_ context.Context, _, by time.Time, perTenant, limit int) ([]record.Due, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []record.Due
	for _, row := range a.rows {
		if !row.At.After(by) && len(out) < min(perTenant, limit) {
			out = append(out, row)
		}
	}
	return out, nil
}

// handed returns when a row came due, and lets it be due no more.
func (a *agenda) handed(ref task.Ref) time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	i := slices.IndexFunc(a.rows, func(row record.Due) bool { return row.Hint.Ref == ref })
	at := a.rows[i].At
	a.rows = slices.Delete(a.rows, i, i+1)
	return at
}

// workers are a queue whose hints are worked on at once.
type workers struct {
	queue
	work func(task.Hint)
}

func (w *workers) Hint(ctx context.Context, hints []task.Hint, round int64) error {
	for _, h := range hints {
		w.work(h)
	}
	return w.queue.Hint(ctx, hints, round)
}

// When more rows come due until the next sweep than one brings, they are looked for before they do.
func TestSweepLooksOn(t *testing.T) {
	t.Parallel()
	for _, queued := range []bool{false, true} {
		t.Run(fmt.Sprint("over the queue ", queued), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store, late := &agenda{}, atomic.Int64{}
				for i := range 3 * perTenant {
					at := time.Now().Add(100*time.Millisecond + time.Duration(i)*500*time.Microsecond)
					store.rows = append(store.rows, record.Due{Hint: hint("ten_1", i, task.Bulk), At: at})
				}
				handed := func(ref task.Ref) { late.Store(max(late.Load(), int64(time.Since(store.handed(ref))))) }
				e, _ := engine(&rows{}, func(_ context.Context, l record.Lease) error {
					handed(l.Ref)
					return nil
				})
				pool := NewPool(e, sweepLimit/poolBacklog)
				elsewhere := &workers{work: func(h task.Hint) { handed(h.Ref) }}
				f := NewFeeder(store, elsewhere, pool, clock.System{}, slog.New(slog.DiscardHandler))
				if !queued {
					f.queue = nil
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				go pool.Run(ctx)
				go f.Forward(ctx)
				go f.Sweep(ctx, false)
				time.Sleep(sweepEvery - 1)
				synctest.Wait()
				if took := time.Duration(late.Load()); len(store.rows) > 0 || took > sweepGap {
					t.Errorf("%d rows were not handed over within a second, the others up to %s late", len(store.rows), took)
				}
			})
		})
	}
}

// What a sweep knows ends where the first of the shares that it cut off does.
func TestLeftOut(t *testing.T) {
	t.Parallel()
	var whole, fair []record.Due
	for i := range perTenant - 1 {
		whole = append(whole, record.Due{Hint: hint("ten_1", i, task.Bulk), At: at.Add(time.Millisecond)})
	}
	share := append(slices.Clone(whole), record.Due{Hint: hint("ten_1", perTenant, task.Bulk), At: at.Add(2 * time.Millisecond)})
	for i := range sweepLimit - 1 {
		tenant := cal.TenantID(fmt.Sprint("ten_", i%8))
		fair = append(fair, record.Due{Hint: hint(tenant, i, task.Bulk), At: at.Add(time.Duration(i) * time.Millisecond)})
	}
	limit := append(slices.Clone(fair), record.Due{Hint: hint("ten_small", 0, task.Bulk), At: at.Add(time.Millisecond)})
	for name, c := range map[string]struct {
		found []record.Due
		now   time.Time
		want  findings
	}{
		"nothing":                     {nil, at, findings{}},
		"all of a tenant":             {whole, at, findings{}},
		"a tenant's share":            {share, at, findings{known: 2 * time.Millisecond}},
		"a tenant's share, all due":   {share, at.Add(time.Second), findings{more: true}},
		"as many as a sweep may less": {fair, at, findings{}},
		"as many as a sweep may":      {limit, at, findings{known: (sweepLimit - 9) * time.Millisecond}},
		"as many as a sweep may, due": {limit, at.Add(time.Hour), findings{more: true}},
	} {
		if got := leftOut(c.found, c.now); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// A sweep that only looks on tells the queue nothing that it has heard.
func TestSweepThatLooksOnRepeatsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, store := &queue{}, &due{hints: hints("ten_1", 3, task.Bulk), later: map[task.Hint]time.Duration{}}
		for i := range perTenant {
			store.later[hint("ten_2", i, task.Bulk)] = sweepEvery / 2
		}
		f := NewFeeder(store, q, nil, clock.System{}, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go f.Sweep(ctx, false)
		time.Sleep(sweepEvery - 1)
		synctest.Wait()
		if len(q.hints) != 3 || store.count() < 2 {
			t.Errorf("%d hints in %d sweeps, want 3 in several", len(q.hints), store.count())
		}
	})
}

// serve lets a row be due no more.
func (d *due) serve(ref task.Ref) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hints = slices.DeleteFunc(d.hints, func(h task.Hint) bool { return h.Ref == ref })
}
