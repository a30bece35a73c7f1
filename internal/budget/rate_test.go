package budget

import (
	"context"
	"net/http"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/testkit"
)

// A bucket that nobody knows starts empty and fills at its rate.
func TestAnUnknownBucketStartsEmpty(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		t := b.t
		b.limits = Limits{Mailbox: Rate{Units: 600, Span: time.Minute}} // 15 at once, 9.75 a second
		wants(t, b.once(ask()), fault.RateLimited, "mailbox-rate", 400*time.Millisecond, 500*time.Millisecond)
		b.clock.Advance(10 * time.Second)
		if n := b.admits(ask(), 100); n != 11 {
			t.Errorf("%d requests of a full bucket for work that leaves a quarter, want 11", n)
		}
		b.flush()
		if n := b.admits(ask(), 100); n != 0 {
			t.Errorf("%d requests right after what is known was lost", n)
		}
	})
}

// A bucket that was not used for long has not been forgotten by accident: whoever was there all the time knows that it is full.
func TestANewMailboxOfAnOldAccountStartsFull(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		t := b.t
		b.limits = Limits{Mailbox: Rate{Units: 600, Span: time.Minute}}
		b.begun(time.Hour)
		if n := b.admits(ask(), 100); n != 11 {
			t.Errorf("%d requests, want 11", n)
		}
	})
}

// What is urgent finds something left by what is not.
func TestLanesLeaveHeadroom(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		t := b.t
		b.limits = Limits{Application: Rate{Units: 6000, Span: time.Minute}} // 150 at once
		b.begun(time.Hour)
		bulk, other, now := ask(), ask(), ask()
		bulk.Lane, now.Lane = task.Bulk, task.Interactive
		other.Tenant, now.Tenant = "ten_2", "ten_3"
		if n := b.admits(bulk, 500); n != 75 {
			t.Errorf("bulk work took %d, want half of 150", n)
		}
		if n := b.admits(other, 500); n != 37 {
			t.Errorf("background work took %d, want a quarter of 150", n)
		}
		for range 37 {
			if err := b.once(now); err != nil {
				t.Fatal("interactive work found too little:", err)
			}
		}
		if b.slept > 0 {
			t.Errorf("interactive work waited for %s", b.slept)
		}
	})
}

// Those who are refused are told different times, so that they come back in turn.
func TestRefusedCallsAreToldToComeBackInTurn(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		t := b.t
		b.limits = Limits{Mailbox: Rate{Units: 600, Span: time.Minute}}
		var last time.Duration
		for i := range 100 {
			wait := fault.RetryAfter(b.once(ask()))
			if wait <= last {
				t.Fatalf("call %d is told %s after %s", i, wait, last)
			}
			last = wait
		}
		if last < 8*time.Second || last > 12*time.Second {
			t.Errorf("the hundredth is to come back after %s at 9.75 a second", last)
		}
	})
}

// Each bucket bounds what it is about, and a request that any of them refuses takes nothing from the others.
func TestEachBucketBoundsItsOwn(t *testing.T) {
	t.Parallel()
	few := Rate{Units: 160, Span: time.Minute} // 4 at once, of which background work takes 3
	for name, c := range map[string]struct {
		limits Limits
		reason string
		// other is a call that the bucket is not about.
		other func() (tenant cal.TenantID, connection cal.ConnectionID, calendar cal.RemoteCalendarID)
	}{
		"application": {Limits{Application: few}, "application-rate", nil},
		"tenant":      {Limits{Tenant: few}, "tenant-rate", func() (cal.TenantID, cal.ConnectionID, cal.RemoteCalendarID) { return "ten_2", "con_1", "x" }},
		"mailbox":     {Limits{Mailbox: few}, "mailbox-rate", func() (cal.TenantID, cal.ConnectionID, cal.RemoteCalendarID) { return "ten_1", "con_2", "x" }},
		"calendar":    {Limits{Calendar: few}, "calendar-pace", func() (cal.TenantID, cal.ConnectionID, cal.RemoteCalendarID) { return "ten_1", "con_1", "y" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			engines(t, func(b *bench) {
				t := b.t
				b.limits = c.limits
				b.begun(time.Hour)
				one := ask()
				one.Calendar = "x"
				if n := b.admits(one, 10); n != 3 {
					t.Errorf("%d admitted, want 3", n)
				}
				wants(t, b.once(one), fault.RateLimited, c.reason, time.Millisecond, 5*time.Second)
				if c.other == nil {
					return
				}
				one.Tenant, one.Connection, one.Calendar = c.other()
				if err := b.once(one); err != nil {
					t.Error("somebody else was refused:", err)
				}
			})
		})
	}
}

// A patch costs Google three.
func TestRequestsCostByTheirMethod(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		t := b.t
		b.limits = Limits{Mailbox: Rate{Units: 480, Span: time.Minute}, Costs: map[string]int{http.MethodPatch: 3}} // 12 at once, 9 of them for us
		b.begun(time.Hour)
		for i := range 3 {
			if o := b.begin(b.Limiter, ask(), http.MethodPatch); o.err != nil {
				t.Fatalf("patch %d: %v", i, o.err)
			}
		}
		if o := b.begin(b.Limiter, ask(), http.MethodGet); o.err == nil {
			t.Error("three patches left something")
		}
	})
}

// An interactive call waits in place for a moment, and for the requests that follow its first for longer.
func TestShortWaitsAreWaitedFor(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		t := b.t
		b.limits = Limits{Mailbox: Rate{Units: 60, Span: time.Minute}} // 2 at once, then one in 1.04 s
		now := ask()
		now.Lane = task.Interactive
		wants(t, b.once(now), fault.RateLimited, "mailbox-rate", time.Second, 2*time.Second)
		b.clock.Advance(time.Minute)
		ctx, end := b.Begin(t.Context(), now)
		for i := range 4 {
			if err := send(ctx, t, http.MethodGet); err != nil {
				t.Fatalf("request %d: %v", i, err)
			}
		}
		if end(ctx, nil) || b.slept < time.Second || b.slept > 4*time.Second {
			t.Errorf("waited for %s", b.slept)
		}
	})
}

// A few calls that nobody waits for wait in place, and no more: workers are for what has not to wait.
func TestFewWaitInPlace(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.limits = Limits{Mailbox: Rate{Units: 6000, Span: time.Minute}}
	b.begun(time.Hour)
	for b.once(ask()) == nil {
		continue
	}
	b.Waiters = 1
	b.Sleep = func(context.Context, time.Duration) error {
		if o := b.begin(b.Limiter, ask(), http.MethodGet); o.err == nil || b.waiting.Load() != 1 { //nolint:contextcheck // another call, with a context of its own
			t.Errorf("a second call waits in place, or is admitted: %v, %d wait", o.err, b.waiting.Load())
		}
		b.clock.Advance(200 * time.Millisecond)
		return nil
	}
	if err := b.once(ask()); err != nil {
		t.Error("the one that may wait did not:", err)
	}
	if n := b.waiting.Load(); n != 0 {
		t.Errorf("%d still wait", n)
	}
}

// No span ever sees more than its limit, whoever asks, in whatever lane, and however often the account is forgotten.
func TestNoSpanExceedsItsLimit(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		t := b.t
		rapid.Check(t, func(r *rapid.T) {
			b.flush()
			units := rapid.IntRange(10, 120).Draw(r, "units")
			span := time.Duration(rapid.IntRange(1, 20).Draw(r, "seconds")) * time.Second
			b.limits = Limits{Mailbox: Rate{Units: units, Span: span}, Costs: map[string]int{http.MethodPatch: 3}}
			workers := []*Limiter{b.another(), b.another(), b.another()}
			type sent struct {
				at   time.Time
				cost int
			}
			var all []sent
			for range rapid.IntRange(50, 300).Draw(r, "steps") {
				switch rapid.IntRange(0, 30).Draw(r, "step") {
				case 0:
					b.flush()
				case 1:
					b.clock.Advance(span)
				case 2, 3, 4, 5, 6:
					b.clock.Advance(time.Duration(rapid.IntRange(1, 1000).Draw(r, "ms")) * time.Millisecond)
				default:
					a := ask()
					a.Lane = rapid.SampledFrom(task.Lanes()).Draw(r, "lane")
					method := rapid.SampledFrom([]string{http.MethodGet, http.MethodPatch}).Draw(r, "method")
					o := b.begin(rapid.SampledFrom(workers).Draw(r, "worker"), a, method)
					if o.err == nil {
						all = append(all, sent{b.clock.Now(), b.limits.cost(method)})
					}
				}
			}
			for i, first := range all {
				n := 0
				for _, s := range all[i:] {
					if s.at.Sub(first.at) < span {
						n += s.cost
					}
				}
				if n > units {
					r.Fatalf("%d units within %s from %s, of %d", n, span, first.at, units)
				}
			}
		})
	})
}

// A rate is used nearly in full by those who come back when they are told.
func TestTheRateIsUsed(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		t := b.t
		b.limits = Limits{Mailbox: Rate{Units: 600, Span: time.Minute}}
		b.begun(0)
		due := make([]time.Time, 400)
		for i := range due {
			due[i] = b.clock.Now()
		}
		start, done := b.clock.Now(), 0
		for done < len(due) {
			next := 0
			for i, at := range due {
				if !at.IsZero() && (due[next].IsZero() || at.Before(due[next])) {
					next = i
				}
			}
			b.clock.Set(due[next])
			err := b.once(ask())
			due[next] = time.Time{}
			if err == nil {
				done++
				continue
			}
			wait := fault.RetryAfter(err)
			due[next] = b.clock.Now().Add(wait + wait/20) // what the table of failures adds, in the mean
		}
		if took := b.clock.Now().Sub(start); took > 400*time.Minute/600*100/95 {
			t.Errorf("400 calls took %s at 600 a minute", took)
		}
	})
}

// The day's limit holds for any 24 hours, is known to whoever heard of it when the account is lost, and grows no faster than a day's when nobody did.
func TestDay(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		t := b.t
		b.limits = Limits{Daily: 2400} // one in 36 s
		wants(t, b.once(ask()), fault.RateLimited, "application-day", 30*time.Second, 40*time.Second)
		b.clock.Advance(24 * time.Hour)
		if n := b.admits(ask(), 3000); n != 2352 {
			t.Errorf("%d admitted in a day, want 2352: two of a hundred are left to what is urgent", n)
		}
		wants(t, b.once(ask()), fault.RateLimited, "application-day", time.Second, time.Hour)
		b.clock.Advance(23*time.Hour + 59*time.Minute)
		if n := b.admits(ask(), 3000); n != 0 {
			t.Errorf("%d more within the same 24 hours", n)
		}
		b.clock.Advance(time.Hour + time.Minute)
		if n := b.admits(ask(), 3000); n != 2352 {
			t.Errorf("%d admitted on the next day, want 2352", n)
		}
	})
}

func TestDayAfterAFlush(t *testing.T) {
	t.Parallel()
	b := newBench(t, dial(t, testkit.Redis(t)))
	b.limits = Limits{Daily: 2400}
	b.begun(24 * time.Hour)
	b.admits(ask(), 3000)
	b.flush()
	if n := b.admits(ask(), 3000); n != 0 {
		t.Errorf("%d admitted after a flush by a process that knows what was used", n)
	}
	b.flush()
	b.Limiter = b.another()
	if n := b.admits(ask(), 3000); n != 0 {
		t.Errorf("%d admitted at once though nobody knows what was used", n)
	}
	b.clock.Advance(6 * time.Hour)
	if n := b.admits(ask(), 3000); n < 598 || n > 601 {
		t.Errorf("%d admitted after a quarter of the day, want a quarter of 2400", n)
	}
}
