package budget

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/testkit"
)

// shut fails the test unless the application's breaker is shut: calls are under way side by side, and it takes as many failures as ever to trip it.
func (b *bench) shut(why string) {
	b.tb.Helper()
	for i := range 3 {
		if o := b.begin(b.Limiter, mailbox(1000+i), http.MethodGet); o.err != nil {
			b.tb.Fatalf("%s: call %d beside others: %v", why, i, o.err)
		}
	}
	if n := b.trip([]*Limiter{b.Limiter}); n != tripApplication {
		b.tb.Errorf("%s: trips after %d failures, want %d", why, n, tripApplication)
	}
}

// probing trips the application's breaker and waits for its time to be over.
func (b *bench) probing() {
	b.tb.Helper()
	b.trip([]*Limiter{b.another()})
	b.clock.Advance(firstOpen)
}

// A probe is one call in the whole fleet; what becomes of it says what becomes of the breaker.
func TestOutcomesOfAProbe(t *testing.T) {
	t.Parallel()
	answered := func(kind fault.Kind, status int) *fault.Error { return &fault.Error{Kind: kind, Status: status} }
	for name, c := range map[string]struct {
		outcome *fault.Error
		// shuts says that the breaker is shut by it; otherwise wait is how long nobody is let through.
		shuts bool
		wait  time.Duration
	}{
		"well":               {nil, true, 0},
		"not found":          {answered(fault.NotFound, http.StatusNotFound), true, 0},
		"conflict":           {answered(fault.Conflict, http.StatusPreconditionFailed), true, 0},
		"throttled":          {answered(fault.RateLimited, http.StatusTooManyRequests), false, 0},
		"throttled with 503": {answered(fault.RateLimited, http.StatusServiceUnavailable), false, 0},
		"cancelled":          {fault.New(fault.Canceled, "x", context.Canceled), false, 0},
		"failed":             {down(), false, 2 * firstOpen},
		"no answer":          {fault.New(fault.Transient, "x", nil), false, 2 * firstOpen},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			engines(t, func(b *bench) {
				t := b.t
				b.probing()
				probe := b.begin(b.another(), mailbox(200), http.MethodGet)
				if probe.err != nil {
					t.Fatal("no probe:", probe.err)
				}
				wants(t, b.once(mailbox(201)), fault.Busy, "application-breaker", time.Second+laneGap, time.Second+laneGap)
				probe.end(own(c.outcome))
				if c.shuts {
					b.shut("after a probe that was answered")
					return
				}
				if c.wait > 0 {
					wants(t, b.once(mailbox(201)), fault.Busy, "application-breaker", c.wait+laneGap, c.wait+laneGap)
					b.clock.Advance(c.wait)
				}
				next := b.begin(b.Limiter, mailbox(201), http.MethodGet)
				if next.err != nil {
					t.Fatal("the next probe is not let through:", next.err)
				}
				wants(t, b.once(mailbox(202)), fault.Busy, "application-breaker", time.Second+laneGap, time.Second+laneGap)
				next.end(nil)
				b.shut("after the next probe")
			})
		})
	}
}

// own is a fault that nobody else has: what a call ends with is told who is to blame for it.
func own(f *fault.Error) *fault.Error {
	if f == nil {
		return nil
	}
	copied := *f
	return &copied
}

// A probe whose worker dies makes room for another once its lease has ended, and says nothing if it comes back after that.
func TestProbesDoNotLeak(t *testing.T) {
	t.Parallel()
	for name, late := range map[string]*fault.Error{"well": nil, "failed": down(), "cancelled": fault.New(fault.Canceled, "x", context.Canceled)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			engines(t, func(b *bench) {
				t := b.t
				b.probing()
				frozen := b.begin(b.another(), mailbox(200), http.MethodGet)
				if frozen.err != nil {
					t.Fatal(frozen.err)
				}
				b.clock.Advance(leaseTime - time.Millisecond)
				wants(t, b.once(mailbox(201)), fault.Busy, "application-breaker", time.Millisecond+laneGap, time.Millisecond+laneGap)
				b.clock.Advance(time.Millisecond)
				second := b.begin(b.Limiter, mailbox(201), http.MethodGet)
				if second.err != nil {
					t.Fatal("the probe of a dead worker is waited for:", second.err)
				}
				frozen.end(own(late))
				wants(t, b.once(mailbox(202)), fault.Busy, "application-breaker", time.Second+laneGap, time.Second+laneGap)
				second.end(nil)
				b.shut("after a probe that was answered")
			})
		})
	}
}

// A probe that takes several requests is one probe, also of a mailbox's breaker.
func TestAProbeMayTakeSeveralRequests(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		t := b.t
		b.probing()
		for range tripMailbox { // of one mailbox, which has a breaker of its own
			b.clock.Advance(longestOpen)
			b.begin(b.Limiter, mailbox(7), http.MethodGet).end(down())
		}
		b.clock.Advance(longestOpen)
		ctx, end := b.Begin(t.Context(), mailbox(7))
		for i := range 3 {
			if err := send(ctx, t, http.MethodGet); err != nil {
				t.Fatalf("request %d: %v", i, err)
			}
		}
		end(ctx, nil)
		b.Flush(t.Context())
		b.shut("after it")
	})
}

// The probe of a mailbox leaks as little as that of an application.
func TestProbesOfAMailbox(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		t := b.t
		for range tripMailbox {
			b.begin(b.Limiter, ask(), http.MethodGet).end(down())
		}
		b.clock.Advance(firstOpen)
		if o := b.begin(b.another(), ask(), http.MethodGet); o.err != nil {
			t.Fatal(o.err)
		}
		wants(t, b.once(ask()), fault.Busy, "mailbox-breaker", time.Second+laneGap, time.Second+laneGap)
		b.clock.Advance(leaseTime)
		second := b.begin(b.Limiter, ask(), http.MethodGet)
		if second.err != nil {
			t.Fatal("the probe of a dead worker is waited for:", second.err)
		}
		second.end(fault.New(fault.Canceled, "x", context.Canceled))
		third := b.begin(b.Limiter, ask(), http.MethodGet)
		if third.err != nil {
			t.Fatal("a cancelled probe is waited for:", third.err)
		}
		third.end(nil)
		for i := range 2 {
			if o := b.begin(b.Limiter, ask(), http.MethodGet); o.err != nil {
				t.Errorf("call %d beside others: %v", i, o.err)
			}
		}
	})
}

// A mailbox that stays broken says nothing about its application, however often it is asked; what it answers does.
func TestABrokenMailboxIsNotItsApplication(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		t := b.t
		for range 3 * tripApplication {
			b.begin(b.Limiter, mailbox(7), http.MethodGet).end(down())
			b.clock.Advance(longestOpen)
		}
		for i := range tripApplication - tripMailbox - 1 {
			b.begin(b.Limiter, mailbox(100+i), http.MethodGet).end(down())
		}
		if err := b.once(mailbox(7)); err != nil { // which is well again, and with it the row of failures ends
			t.Fatal("the application is stopped by one mailbox:", err)
		}
		b.shut("after a mailbox came back")
	})
}

// Failures that come with as many answers trip a breaker when they come close together, and not over time.
func TestFailuresOverTime(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		t := b.t
		for i := range 200 {
			o := b.begin(b.Limiter, mailbox(i), http.MethodGet)
			if o.err != nil {
				t.Fatalf("call %d: %v", i, o.err)
			}
			if i%2 == 0 {
				o.end(nil)
			} else {
				o.end(down())
			}
			b.clock.Advance(150 * time.Millisecond)
		}
	})
}

// Whoever finds no place in a mailbox is told to come back when one of its calls is likely to end.
func TestPlacesComeBackAsCallsEnd(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		t := b.t
		b.limits = Limits{Concurrency: 2}
		for range 50 {
			o := b.begin(b.Limiter, ask(), http.MethodGet)
			b.clock.Advance(2 * time.Second)
			o.end(nil)
		}
		for range 2 {
			if o := b.begin(b.Limiter, ask(), http.MethodGet); o.err != nil {
				t.Fatal(o.err)
			}
		}
		wants(t, b.once(ask()), fault.RateLimited, "mailbox-concurrency", 950*time.Millisecond, time.Second)
	})
}

// A wish to be left alone is not shortened by a later one.
func TestTheLongerWishHolds(t *testing.T) {
	t.Parallel()
	for about, reason := range map[fault.Scope]string{fault.ScopeApplication: "application-penalty", fault.ScopeMailbox: "mailbox-penalty"} {
		t.Run(string(about), func(t *testing.T) {
			t.Parallel()
			engines(t, func(b *bench) {
				t := b.t
				first, second := b.begin(b.another(), ask(), http.MethodGet), b.begin(b.another(), ask(), http.MethodGet)
				first.end(&fault.Error{Kind: fault.RateLimited, Status: http.StatusTooManyRequests, Scope: about, RetryAfter: time.Hour})
				second.end(&fault.Error{Kind: fault.RateLimited, Status: http.StatusTooManyRequests, Scope: about, RetryAfter: time.Minute})
				wants(t, b.once(ask()), fault.RateLimited, reason, time.Hour, time.Hour)
			})
		})
	}
}

// Nothing stays in Redis for good.
func TestKeysExpire(t *testing.T) {
	t.Parallel()
	b := newBench(t, dial(t, testkit.Redis(t)))
	b.limits = Limits{
		Application: Rate{Units: 600, Span: time.Minute}, Tenant: Rate{Units: 600, Span: time.Minute}, Mailbox: Rate{Units: 600, Span: time.Minute},
		Calendar: Rate{Units: 600, Span: time.Minute}, Daily: 1_000_000, Concurrency: 2, Unproven: unproven,
	}
	write := ask()
	write.Calendar = "x"
	lasts := func(after string) {
		t.Helper()
		names := b.client.Keys(t.Context(), "*").Val()
		for _, key := range names {
			if b.client.TTL(t.Context(), key).Val() <= 0 {
				t.Errorf("%s: %s stays for ever", after, strings.TrimPrefix(key, keyPrefix))
			}
		}
		b.flush()
	}
	for _, about := range []fault.Scope{fault.ScopeApplication, fault.ScopeMailbox, fault.ScopeCalendar} {
		b.begun(time.Hour)
		opened := b.begin(b.Limiter, write, http.MethodGet)
		b.admits(write, 100)
		lasts("calls and refusals")
		opened.end(&fault.Error{Kind: fault.RateLimited, Status: http.StatusTooManyRequests, Scope: about, RetryAfter: time.Minute})
		lasts("the end of a call whose account is lost")
	}
	_ = b.once(write)
	lasts("a first refusal")
}
