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
	table.look()
	due := func(i int) time.Time { return at.Add(sweepGap + time.Duration(timetableLimit-i)) } // the last one first
	for i := range timetableLimit + 1 {
		for range 2 { // once each
			table.add(hint("ten_1", i, task.Bulk), due(i))
		}
	}
	half := timetableLimit / 2
	ended := func() bool {
		select {
		case <-table.ended:
			return true
		default:
			return false
		}
	}
	c.Advance(due(half).Sub(at) - 1)
	left, next := table.depart()
	if len(left) != half || left[0].Subject != fmt.Sprint("lnk_", timetableLimit) || !left[0].Due.Equal(due(timetableLimit)) {
		t.Errorf("%d are due, the first %s at %s", len(left), left[0].Subject, left[0].Due)
	}
	if next != 1 || ended() {
		t.Errorf("a sweep was called for before anything was missing; the next in %s", next)
	}
	c.Advance(1)
	if left, next = table.depart(); len(left) != 0 || next != sweepEvery || !ended() {
		t.Errorf("%d are due, the next in %s, and no sweep was called for", len(left), next)
	}
	table.add(hint("ten_1", half, task.Bulk), due(half))
	if left, _ = table.depart(); len(left) != 1 || ended() {
		t.Error("what has departed, or had no room, cannot be added again")
	}
}

// Nobody is called who does not sweep, and those who do are not called all the time.
func TestTimetableCallsInMeasure(t *testing.T) {
	t.Parallel()
	for _, sweeps := range []bool{false, true} {
		c := clock.NewManual(at)
		table := newTimetable(c)
		table.look()
		if !sweeps {
			table.rest()
		}
		for i := range timetableLimit + 1 {
			table.add(hint("ten_1", i, task.Bulk), at)
		}
		c.Advance(sweepGap - 1)
		_, early := table.depart()
		called := len(table.ended)
		c.Advance(1)
		table.depart()
		if called != 0 || sweeps && early != 1 || (len(table.ended) == 1) != sweeps {
			t.Errorf("sweeps %t: called %d and %d times; the next in %s", sweeps, called, len(table.ended), early)
		}
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

// agenda is a store with rows that come due one after the other.
type agenda struct {
	mu   sync.Mutex
	rows []record.Due
}

func (a *agenda) Due(_ context.Context, _, by time.Time, perTenant, limit int) ([]record.Due, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []record.Due
	of := map[cal.TenantID]int{}
	for _, row := range a.rows {
		if !row.At.After(by) && of[row.Tenant] < perTenant && len(out) < limit {
			out = append(out, row)
			of[row.Tenant]++
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

// What this process gives back and has no room to keep in mind is looked for before it comes due, too.
func TestSweepLooksForWhatHadNoRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, late := &agenda{}, time.Duration(0)
		q := &workers{work: func(h task.Hint) { late = max(late, time.Since(store.handed(h.Ref))) }}
		f := NewFeeder(store, q, nil, clock.System{}, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go f.Forward(ctx)
		go f.Sweep(ctx, false)
		synctest.Wait() // it knows that there is nothing
		for i := range timetableLimit * 3 / 2 {
			back := record.Due{
				Hint: hint(cal.TenantID(fmt.Sprint("ten_", i%8)), i, task.Bulk), At: time.Now().Add(sweepGap + time.Duration(i)*30*time.Microsecond),
			}
			store.rows = append(store.rows, back)
			f.Again(back.Hint, back.At)
		}
		time.Sleep(sweepEvery - 1)
		synctest.Wait()
		if len(store.rows) > 0 || late > sweepGap {
			t.Errorf("%d rows were not handed over within a second, the others up to %s late", len(store.rows), late)
		}
	})
}

// A process that does not sweep, since the queue is back, asks for nothing more often than it has to.
func TestFullTimetableIsNothingToWhoDoesNotSweep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := &queue{err: errors.New("away")}
		f := NewFeeder(&due{}, q, nil, clock.System{}, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go f.Forward(ctx)
		go f.Sweep(ctx, true)
		time.Sleep(sweepEvery) // it sweeps
		q.set(nil)
		time.Sleep(3*sweepEvery - sweepEvery/2)
		synctest.Wait()
		before := q.probes
		for i := range timetableLimit + 1 {
			f.Again(hint("ten_1", i, task.Bulk), time.Now().Add(2*sweepGap))
		}
		time.Sleep(sweepEvery / 4)
		synctest.Wait()
		if len(q.hints) == 0 || q.probes != before {
			t.Errorf("it asked %d times, and handed %d over", q.probes-before, len(q.hints))
		}
	})
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
	uneven := slices.Clone(fair)
	for i := range uneven {
		if uneven[i].Tenant == "ten_0" {
			uneven[i].At = at
		}
	}
	uneven = append(uneven, record.Due{Hint: hint("ten_small", 0, task.Bulk), At: at.Add(time.Millisecond)})
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
		"one whole share of it due":   {uneven, at, findings{more: true, known: (sweepLimit - 9) * time.Millisecond}},
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
		go f.soon.run(ctx, func([]task.Hint) {})
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
