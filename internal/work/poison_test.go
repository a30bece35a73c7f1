package work

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/calweave/calweave/contracts/task"
)

// neighbours are marked one after another, so that there are fresh ones all the time.
func (f *fleet) neighbours(n int, every time.Duration) {
	f.wg.Go(func() {
		for i := range n {
			select {
			case <-f.ctx.Done():
				return
			case <-time.After(every):
				f.mark(task.Ref{Tenant: "ten_1", Kind: good, Subject: fmt.Sprintf("good %03d", i)})
			}
		}
	})
}

// Whatever poisonous rows do, they are quarantined after five runs, and no row is that was merely beside them: those lose nothing.
func TestPoisonIsQuarantinedAndNothingElse(t *testing.T) {
	t.Parallel()
	seeds(t, 200, func(t *testing.T, seed uint64) {
		t.Helper()
		f := newFleet(t, seed, int(1+seed%3), 8)
		f.neighbours(200, 100*time.Millisecond)
		time.Sleep(5 * time.Second)
		for _, kind := range []task.Kind{deadly, panicky, endless, careless} {
			for i := range 1 + seed%2 {
				f.mark(task.Ref{Tenant: "ten_1", Kind: kind, Subject: fmt.Sprint(i)})
			}
		}
		f.check(t, time.Minute) // suspects that hang, and neighbours that take 20 seconds
	})
}

// Where poisonous rows end processes and nothing hangs, their neighbours are done as soon as their leases end.
func TestNeighboursOfPoisonAreDoneWithinALease(t *testing.T) {
	t.Parallel()
	seeds(t, 100, func(t *testing.T, seed uint64) {
		t.Helper()
		f := newFleet(t, seed, int(1+seed%3), 8)
		f.slow = time.Second
		f.neighbours(200, 50*time.Millisecond)
		time.Sleep(3 * time.Second)
		f.mark(task.Ref{Tenant: "ten_1", Kind: deadly, Subject: "0"})
		f.check(t, 10*time.Second) // they take turns
	})
}

// A hundred poisonous rows at once, as a defect in a new build makes them, convict no other row either.
func TestEpidemicConvictsNobodyElse(t *testing.T) {
	t.Parallel()
	seeds(t, 20, func(t *testing.T, seed uint64) {
		t.Helper()
		f := newFleet(t, seed, 3, 8)
		f.fuse = 15 * time.Second // longer than a suspect is alone
		f.neighbours(200, 500*time.Millisecond)
		for i := range 100 {
			f.mark(task.Ref{Tenant: "ten_1", Kind: deadly, Subject: fmt.Sprint(i)})
		}
		// A hundred such rows take their five runs in some 45 minutes, and a neighbour that was hit once waits for its turn among them.
		f.check(t, 30*time.Minute)
	})
}

func seeds(t *testing.T, n uint64, test func(t *testing.T, seed uint64)) {
	t.Helper()
	for seed := range n {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { test(t, seed) })
		})
	}
}

// check waits until every row is done or dead. Neighbours have to be done, at most soon after a lease since their process died.
func (f *fleet) check(t *testing.T, soon time.Duration) {
	t.Helper()
	time.Sleep(2 * time.Minute) // all are marked
	f.until(t, time.Hour, func(r *shelved) bool { return r.done || r.dead })
	f.mu.Lock()
	defer f.mu.Unlock()
	f.spread(t)
	for ref, r := range f.rows {
		if ref.Kind != good {
			if !r.dead || r.runs != fleetCrashes+r.excused {
				t.Errorf("%s: dead %v after %d runs", ref, r.dead, r.runs)
			}
			continue
		}
		if r.dead {
			t.Errorf("%s was quarantined", ref)
		}
		if late := r.doneAt.Sub(r.hit); r.hits > 0 && late > fleetLease+soon {
			t.Errorf("%s is done %s after its process died, the last of %d times", ref, late, r.hits)
		}
	}
}

// spread logs how often neighbours were hit.
func (f *fleet) spread(t *testing.T) {
	t.Helper()
	hits, excused := map[int]int{}, 0
	for ref, r := range f.rows {
		if ref.Kind == good {
			hits[r.hits]++
		}
		excused += r.excused
	}
	t.Logf("neighbours by how often their process died: %v; %d runs died in haunted processes", hits, excused)
}
