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
		go p.Run(ctx)
		for i := range 10 {
			p.Offer(task.Hint{Ref: link(i), Lane: task.Bulk})
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
		go p.Run(ctx)
		for range 20 {
			p.Offer(task.Hint{Ref: ref, Lane: task.Bulk})
		}
		synctest.Wait()
		p.Offer(task.Hint{Ref: ref, Lane: task.Bulk})
		close(goOn)
		synctest.Wait()
		if total.Load() != 2 {
			t.Errorf("ran %d times, want twice: what was offered while it was in hand may be due again", total.Load())
		}
		p.Offer(task.Hint{Ref: ref, Lane: task.Bulk})
		synctest.Wait()
		if total.Load() != 3 {
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
		p.Offer(task.Hint{Ref: link(i), Lane: task.Bulk})
	}
	if got := p.waiting(); got != 2*poolBacklog {
		t.Errorf("%d rows wait, want %d", got, 2*poolBacklog)
	}
	if len(p.held) != 2*poolBacklog {
		t.Errorf("%d rows are in hand: what did not fit must not be, or no sweep could offer it again", len(p.held))
	}
}

// Lanes take turns by their weights, and each serves its rows in the order in which they came.
func TestPoolServesLanesByWeight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var order []task.Ref
		e, _ := engine(&rows{}, func(_ context.Context, l record.Lease) error {
			order = append(order, l.Ref)
			return nil
		})
		e.Store = free{}
		p := NewPool(e, 1)
		const round = 12 + 4 + 1
		for _, lane := range []task.Lane{task.Bulk, task.Background, task.Interactive} {
			for i := range poolBacklog {
				p.Offer(task.Hint{Ref: task.Ref{Tenant: "ten_1", Kind: task.LinkPush, Subject: fmt.Sprintf("%s %02d", lane, i)}, Lane: lane})
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go p.Run(ctx)
		synctest.Wait()
		if len(order) != 3*poolBacklog {
			t.Fatalf("%d rows were served", len(order))
		}
		count, last := map[string]int{}, map[string]string{}
		for i, ref := range order {
			lane, _, _ := strings.Cut(ref.Subject, " ")
			if i < round {
				count[lane]++
			}
			if ref.Subject < last[lane] {
				t.Errorf("%s comes after %s", ref.Subject, last[lane])
			}
			last[lane] = ref.Subject
		}
		if count["interactive"] != 12 || count["background"] != 4 || count["bulk"] != 1 {
			t.Errorf("of the first %d rows: %v", round, count)
		}
	})
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
		go func() { p.Run(ctx); close(over) }()
		p.Offer(task.Hint{Ref: link(1), Lane: task.Bulk})
		<-started
		p.Offer(task.Hint{Ref: link(2), Lane: task.Bulk})
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
		go p.Run(ctx)
		p.Offer(task.Hint{Ref: link(1), Lane: task.Bulk})
		synctest.Wait()
		if !strings.Contains(log.String(), "store away") || !strings.Contains(log.String(), "lnk_1") {
			t.Errorf("the log says %q", log)
		}
		p.Offer(task.Hint{Ref: link(1), Lane: task.Bulk})
		synctest.Wait()
		if got := strings.Count(log.String(), "store away"); got != 2 {
			t.Errorf("offered twice, tried %d times", got)
		}
		cancel()
	})
}
