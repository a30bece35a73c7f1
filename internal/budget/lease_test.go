package budget

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/testkit"
)

// A mailbox has so many calls under way at once and no more, across workers; a call holds one place however many requests it takes.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		t := b.t
		b.limits = Limits{Concurrency: 3}
		workers := []*Limiter{b.another(), b.another()}
		var under []opened
		for i := range 3 {
			under = append(under, b.begin(workers[i%2], ask(), http.MethodGet))
			if under[i].err != nil {
				t.Fatal(under[i].err)
			}
		}
		wants(t, b.begin(workers[1], ask(), http.MethodGet).err, fault.RateLimited, "mailbox-concurrency", time.Millisecond, time.Second)
		other := ask()
		other.Connection = "con_2"
		if o := b.begin(workers[1], other, http.MethodGet); o.err != nil {
			t.Error("another mailbox is refused:", o.err)
		}
		under[1].end(nil)
		ctx, end := workers[0].Begin(t.Context(), ask())
		for i := range 3 {
			if err := send(ctx, t, http.MethodGet); err != nil {
				t.Errorf("request %d of one call: %v", i, err)
			}
		}
		if b.begin(workers[1], ask(), http.MethodGet).err == nil {
			t.Error("a fourth call is under way")
		}
		end(ctx, nil)
	})
}

// A worker that dies gives its places back with time.
func TestALeaseEndsWithItsWorker(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		t := b.t
		b.limits = Limits{Concurrency: 1}
		if o := b.begin(b.another(), ask(), http.MethodGet); o.err != nil {
			t.Fatal(o.err)
		}
		b.clock.Advance(leaseTime - time.Millisecond)
		if b.once(ask()) == nil {
			t.Error("the place is given away while its call may go on")
		}
		b.clock.Advance(time.Millisecond)
		if err := b.once(ask()); err != nil {
			t.Error("the place is never given back:", err)
		}
	})
}

// While all places are held by calls that have died, those who wait ask ever less often, and are there when the first lease ends.
func TestThoseWhoWaitForDeadCallsAskLessOften(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		t := b.t
		b.limits = Limits{Concurrency: 3}
		dead := b.another()
		for range 3 {
			if o := b.begin(dead, ask(), http.MethodGet); o.err != nil {
				t.Fatal(o.err)
			}
		}
		waits := ask()
		waits.Lane = task.Bulk
		began, asked := b.clock.Now(), 0
		for ; b.clock.Now().Before(began.Add(2 * leaseTime)); asked++ {
			err := b.once(waits)
			if err == nil {
				break
			}
			f, _ := fault.As(err)
			if asked == 0 && f.RetryAfter > 100*time.Millisecond {
				t.Errorf("comes back after %s although a call has just begun", f.RetryAfter)
			}
			waits.InLine = true
			b.clock.Advance(f.RetryAfter)
		}
		took := b.clock.Now().Sub(began)
		t.Logf("asked %d times in %s", asked, took)
		if asked > 40 || took < leaseTime || took > leaseTime+100*time.Millisecond {
			t.Errorf("asked %d times, and had a place after %s", asked, took)
		}
	})
}

// Reports that find no room, or come to nobody, cost time only.
func TestReportsAreBounded(t *testing.T) {
	t.Parallel()
	b := newBench(t, dial(t, testkit.Redis(t)))
	for range reportBacklog + 100 {
		ctx, end := b.Begin(t.Context(), ask())
		if err := send(ctx, t, http.MethodGet); err != nil {
			t.Fatal(err)
		}
		if end(ctx, nil) {
			t.Fatal("a call that went well is called refused")
		}
	}
	if n, dropped := len(b.reports.queue), b.reports.dropped.Load(); n != reportBacklog || dropped != 100 {
		t.Errorf("%d reports wait, %d were dropped", n, dropped)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b.Run(ctx)
	if n := len(b.reports.queue); n != 0 {
		t.Errorf("%d reports were left behind", n)
	}
}

// A request outside of any call is not ours to decide about.
func TestOtherRequestsPass(t *testing.T) {
	t.Parallel()
	if err := send(t.Context(), t, http.MethodGet); err != nil {
		t.Error(err)
	}
}
