package work

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

// crowd is an engine whose rows run until they are told to end.
type crowd struct {
	*testing.T
	engine *Engine
	rows   *rows
	log    interface{ String() string }
	ends   map[task.Ref]chan struct{}
	// began and ended count runs; deaf rows do not hear that they are to end.
	began, ended atomic.Int64
	deaf         bool
}

// newCrowd has rows 0 to 9. Those in suspects have to run alone, and true means for the last time.
func newCrowd(t *testing.T, suspects map[int]bool) *crowd {
	t.Helper()
	c := &crowd{T: t, rows: &rows{suspects: map[task.Ref]bool{}}, ends: map[task.Ref]chan struct{}{}}
	for i := range 10 {
		c.ends[link(i)] = make(chan struct{})
	}
	for i, last := range suspects {
		c.rows.suspects[link(i)] = last
	}
	c.engine, c.log = engine(c.rows, func(ctx context.Context, l record.Lease) error {
		c.began.Add(1)
		defer c.ended.Add(1)
		done := ctx.Done()
		if c.deaf {
			done = nil
		}
		select {
		case <-c.ends[l.Ref]:
			return nil
		case <-done:
			return ctx.Err()
		}
	})
	c.engine.Clock = clock.System{}
	return c
}

// start begins to work on rows.
func (c *crowd) start(rows ...int) {
	c.Helper()
	for _, i := range rows {
		go func() {
			if _, err := c.engine.Work(c.Context(), link(i)); err != nil {
				c.Error(err)
			}
		}()
		synctest.Wait()
	}
}

// running wants so many rows to be in hand, after a while.
func (c *crowd) running(what string, after time.Duration, want int64) {
	c.Helper()
	time.Sleep(after)
	synctest.Wait()
	if got := c.began.Load() - c.ended.Load(); got != want {
		c.Errorf("%s: %d rows run, want %d", what, got, want)
	}
}

func (c *crowd) end(rows ...int) {
	for _, i := range rows {
		close(c.ends[link(i)])
	}
	synctest.Wait()
}

func TestSuspectWaitsForOthersAndTheyForIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, map[int]bool{1: false})
		c.start(0, 1)
		c.running("a suspect beside another row", 0, 1)
		c.start(2)
		c.running("a row while a suspect waits", 0, 1)
		c.end(0)
		c.running("the suspect", 0, 1)
		c.end(1)
		c.running("what has waited for the suspect", 0, 1)
		c.end(2)
	})
}

func TestSlowSuspectDoesNotKeepOthersWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, map[int]bool{0: false, 2: false})
		c.start(0, 1)
		c.running("a suspect alone", solitude-time.Nanosecond, 1)
		c.running("once its time is up", 2*time.Nanosecond, 2)
		c.end(0, 1)
		c.start(2)
		c.running("the next suspect", 0, 1)
		c.end(2)
	})
}

func TestSlowRowsDoNotKeepASuspectWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, map[int]bool{1: false, 2: false, 3: true})
		c.start(0, 1)
		c.running("while it waits", solitude-time.Nanosecond, 1)
		c.running("once it has waited", 2*time.Nanosecond, 2)
		c.start(4)
		c.running("others beside it", 0, 3)
		c.start(2)
		c.running("another suspect", 0, 3)
		c.end(1)
		c.running("another suspect, once the first has ended", 0, 3)
		c.end(2)
		c.start(3, 5)
		c.running("for the last time, beside others", 0, 3)
		c.end(0, 4, 5)
		c.running("nobody waits in vain twice", 0, 0)
		c.start(3)
		c.running("for the last time, alone", 0, 1)
		c.end(3)
	})
}

// What decides about a quarantine happens strictly alone.
func TestLastRunIsStrictlyAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, map[int]bool{1: true})
		c.start(0, 1)
		c.running("for the last time, beside another row", solitude+time.Second, 1)
		c.end(0)
		c.start(1, 2)
		c.running("long after its time is up", 3*solitude, 1)
		c.end(1)
		c.running("and then", 0, 1)
		c.end(2)
		if got := c.rows.companies; len(got) != 3 || got[1] != record.Alone {
			t.Errorf("claimed in %v", got)
		}
	})
}

func TestFewSuspectsWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, map[int]bool{0: false, 1: false, 2: false, 3: false, 4: false, 5: false, 6: false})
		c.start(7, 0)
		c.running("a suspect beside another row", solitude, 2)
		c.start(1, 2, 3, 4)
		if result, err := c.engine.Work(t.Context(), link(5)); result != NotDue || err != nil {
			t.Errorf("%s, %v", result, err)
		}
		c.end(0, 1, 2, 3, 4)
		c.running("all of them but one", 0, 1)
		if n := c.began.Load(); n != 6 {
			t.Errorf("%d rows ran, want 6", n)
		}
		c.end(7)
		c.start(6)
		c.running("the line is free again", 0, 1)
		c.end(6)
	})
}

func TestSuspectGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, map[int]bool{1: true})
		c.start(0)
		ctx, cancel := context.WithCancel(t.Context())
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			if result, err := c.engine.Work(ctx, link(1)); result != NotDue || err != nil {
				t.Errorf("%s, %v", result, err)
			}
		}()
		synctest.Wait()
		began := time.Now()
		cancel()
		<-gone
		if took := time.Since(began); took != 0 {
			t.Errorf("it gave up after %s", took)
		}
		c.start(2)
		c.running("others", 0, 2)
		c.end(0, 2)
	})
}

// A handler that hears that its lease is about to end counts as a crash all the same: it has not done what it was to do. Its outcome is written
// before anybody else may claim the row.
func TestOverrunIsACrash(t *testing.T) {
	t.Parallel()
	for name, deaf := range map[string]bool{"it ends": false, "it does not": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newCrowd(t, nil)
				c.deaf, c.rows.lease.Crashes, c.engine.Lease = deaf, 3, 30*time.Second
				c.rows.until = time.Now().Add(c.engine.Lease)
				c.start(0)
				time.Sleep(c.engine.Lease*7/8 - time.Nanosecond)
				synctest.Wait()
				if len(c.rows.outcomes()) != 0 {
					t.Error("it was ended early")
				}
				time.Sleep(c.engine.Lease / 8)
				synctest.Wait()
				if all := c.rows.outcomes(); len(all) != 1 || all[0].Crashes != 3 || all[0].State != record.Ready {
					t.Fatalf("at the end of the lease: %+v", all)
				}
				left := strings.Contains(c.log.String(), "left behind: ")
				if left != deaf {
					t.Errorf("left behind %v: %s", left, c.log)
				}
				c.rows.suspects[link(1)] = true
				c.start(1)
				c.end(1)
				if want := map[bool]record.Company{true: record.Haunted, false: record.Alone}[deaf]; c.rows.companies[1] != want {
					t.Errorf("claimed in company %d, want %d", c.rows.companies[1], want)
				}
				c.end(0)
				c.rows.suspects[link(2)] = true
				c.start(2)
				c.end(2)
				if c.rows.companies[2] != record.Alone {
					t.Errorf("once nothing is left behind, claimed in company %d", c.rows.companies[2])
				}
			})
		})
	}
}

// A row that was taken over no longer holds up the worker that had it.
func TestLostLeaseFreesItsWorker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, nil)
		c.deaf, c.rows.finErr = true, fault.Newf(fault.Fenced, "rows", "taken over")
		worked := make(chan Result, 1)
		go func() {
			result, err := c.engine.Work(c.Context(), link(0))
			if err != nil {
				c.Error(err)
			}
			worked <- result
		}()
		select {
		case result := <-worked:
			if result != Lost {
				t.Errorf("%s, want %s", result, Lost)
			}
		case <-time.After(c.engine.Lease):
			t.Error("its worker waits for ever")
		}
		c.end(0)
	})
}

// What a handler says when it is told to end is believed, unless it is only that it was told.
func TestOverrunKeepsWhatTheProviderHasAsked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &rows{until: time.Now().Add(30 * time.Second), lease: record.Lease{Crashes: 3}}
		e, _ := engine(r, func(ctx context.Context, _ record.Lease) error {
			<-ctx.Done()
			return &fault.Error{Kind: fault.RateLimited, Op: "provider", RetryAfter: time.Hour}
		})
		e.Clock = clock.System{}
		if result, err := e.Work(t.Context(), ref); result != Failed || err != nil {
			t.Fatalf("%s, %v", result, err)
		}
		if o := r.finished[0]; o.Fault != fault.RateLimited || o.Crashes != 0 || o.NotBefore.Before(time.Now().Add(time.Hour)) {
			t.Errorf("%+v", o)
		}
	})
}

// However long a suspect has queued behind others, those in hand have the same time to end before it.
func TestSuspectThatHasQueuedWaitsForOthersAsLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, map[int]bool{1: false, 2: false, 3: true})
		c.start(0, 1)
		c.running("a suspect that has waited in vain", solitude, 2)
		c.end(1)
		c.running("while nobody waits in vain again", restraint-solitude/2, 1)
		c.start(2)
		c.running("a suspect beside others", solitude/2, 2)
		c.start(3)
		c.running("another one, which queues and then waits for them", 3*solitude/2-time.Nanosecond, 2)
		c.end(0, 2)
		c.running("alone", 0, 1)
		if got := c.rows.companies; len(got) != 4 || got[3] != record.Alone {
			t.Errorf("claimed in %v", got)
		}
		c.end(3)
	})
}

// A handler that prolongs its lease may go on for as long as it does.
func TestProlongedLeaseIsNoOverrun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, nil)
		c.rows.until = time.Now().Add(10 * time.Minute)
		c.start(0)
		c.running("half-way", 9*time.Minute, 1)
		c.end(0)
		c.running("at the end", 0, 0)
		if len(c.rows.finished) != 0 {
			t.Errorf("outcomes of the engine: %+v", c.rows.finished)
		}
	})
}

// A process that is to end does not wait for a handler for ever.
func TestDeafHandlerDoesNotHoldUpTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, nil)
		c.deaf, c.rows.lease.Crashes = true, 2
		ctx, cancel := context.WithCancel(t.Context())
		over := make(chan struct{})
		go func() {
			defer close(over)
			if result, err := c.engine.Work(ctx, link(0)); result != Failed || err != nil {
				t.Errorf("%s, %v", result, err)
			}
		}()
		synctest.Wait()
		cancel()
		<-over
		if len(c.rows.finished) != 1 || c.rows.finished[0].Crashes != 2 {
			t.Errorf("%+v", c.rows.finished)
		}
		c.end(0)
	})
}
