package work

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

func link(i int) task.Ref {
	return task.Ref{Tenant: "ten_1", Kind: task.LinkPush, Subject: fmt.Sprintf("lnk_%d", i)}
}

func TestPoolRunsABoundedNumberAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const workers = 3
		var now, peak, total atomic.Int64
		goOn := make(chan struct{})
		e, _ := engine(&rows{}, func(context.Context, record.Lease) error {
			if n := now.Add(1); n > peak.Load() {
				peak.Store(n)
			}
			<-goOn
			now.Add(-1)
			total.Add(1)
			return nil
		})
		p := NewPool(e, workers)
		ctx, cancel := context.WithCancel(t.Context())
		go p.Run(ctx, workers)
		for i := range 10 {
			p.Offer(link(i))
		}
		synctest.Wait()
		if now.Load() != workers {
			t.Errorf("%d rows at a time, want %d", now.Load(), workers)
		}
		close(goOn)
		synctest.Wait()
		if total.Load() != 10 || peak.Load() != workers {
			t.Errorf("%d rows done, %d at a time", total.Load(), peak.Load())
		}
		cancel()
	})
}

func TestPoolNeverRunsARowTwiceAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var now, total atomic.Int64
		goOn := make(chan struct{})
		// The store lets the row be claimed any number of times: it is the pool that has to keep it single.
		e, _ := engine(&rows{}, func(_ context.Context, l record.Lease) error {
			if now.Add(1) > 1 {
				t.Errorf("%s runs twice at once", l.Ref)
			}
			<-goOn
			now.Add(-1)
			total.Add(1)
			return nil
		})
		e.Store = free{}
		p := NewPool(e, 4)
		ctx, cancel := context.WithCancel(t.Context())
		go p.Run(ctx, 4)
		for range 20 {
			p.Offer(ref)
		}
		synctest.Wait()
		p.Offer(ref)
		close(goOn)
		synctest.Wait()
		if total.Load() != 1 {
			t.Errorf("ran %d times, want once: whoever offers a row in hand leaves it to the sweep", total.Load())
		}
		p.Offer(ref)
		synctest.Wait()
		if total.Load() != 2 {
			t.Error("a row that is out of hand again was refused")
		}
		cancel()
	})
}

// free is a store that leases every row to everybody.
type free struct{}

func (free) ClaimIn(_ context.Context, _ record.Company, ref task.Ref, _ time.Duration) (record.Lease, bool, error) {
	return record.Lease{Ref: ref}, true, nil
}

func (free) LeaseEnd(context.Context, task.Ref, int64) (time.Time, error) { return time.Time{}, nil }

func (free) Finish(context.Context, record.Lease, record.Outcome, ...record.Mark) error { return nil }

func TestOfferNeverBlocks(t *testing.T) {
	t.Parallel()
	e, _ := engine(&rows{}, nil)
	p := NewPool(e, 2) // nobody runs it
	for i := range 2*poolBacklog + 50 {
		p.Offer(link(i))
	}
	if got := len(p.queue); got != 2*poolBacklog {
		t.Errorf("%d rows wait, want %d", got, 2*poolBacklog)
	}
	if len(p.held) != 2*poolBacklog {
		t.Errorf("%d rows are in hand: what did not fit must not be, or no sweep could offer it again", len(p.held))
	}
}

func TestPoolFinishesWhatItHasInHand(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &rows{}
		started := make(chan struct{})
		e, _ := engine(r, func(ctx context.Context, _ record.Lease) error {
			close(started)
			<-ctx.Done()
			return ctx.Err()
		})
		p := NewPool(e, 1)
		ctx, cancel := context.WithCancel(t.Context())
		over := make(chan struct{})
		go func() { p.Run(ctx, 1); close(over) }()
		p.Offer(link(1))
		<-started
		p.Offer(link(2))
		cancel()
		<-over
		if len(r.finished) != 1 {
			t.Errorf("%d outcomes, want that of the row in hand and no other", len(r.finished))
		}
		if got := len(r.claims); got != 1 {
			t.Errorf("%d rows were claimed, one of them after the end", got)
		}
	})
}

func TestPoolLogsWhatItCannotClaim(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, log := engine(&rows{claimErr: errors.New("store away")}, nil)
		p := NewPool(e, 1)
		ctx, cancel := context.WithCancel(t.Context())
		go p.Run(ctx, 1)
		p.Offer(link(1))
		synctest.Wait()
		if !strings.Contains(log.String(), "store away") || !strings.Contains(log.String(), "lnk_1") {
			t.Errorf("the log says %q", log)
		}
		p.Offer(link(1))
		synctest.Wait()
		if got := strings.Count(log.String(), "store away"); got != 2 {
			t.Errorf("offered twice, tried %d times", got)
		}
		cancel()
	})
}
