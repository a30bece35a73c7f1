package budget

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/testkit"
)

// faulty is a shared account whose answers get lost: what it is asked to do is done.
type faulty struct {
	engine
	// lost is what becomes of answers; nil for nothing.
	lost func() error
}

func (f *faulty) run(ctx context.Context, s scriptName, keys []string, args []any) ([]any, error) {
	out, err := f.engine.run(ctx, s, keys, args)
	if f.lost != nil {
		return nil, f.lost()
	}
	return out, err
}

func (f *faulty) settle(ctx context.Context, all []request) error {
	if f.lost != nil {
		return f.lost()
	}
	return f.engine.settle(ctx, all)
}

// lossy is a bench with a shared account that can be made faulty.
func lossy(t *testing.T) (*bench, *faulty) {
	t.Helper()
	b := newBench(t, dial(t, testkit.Redis(t)))
	f := &faulty{engine: b.shared}
	b.shared = f
	return b, f
}

var errLost = errors.New("the answer is lost")

// What the fleet has used of the day leaves a process that is on its own its share of the rest.
func TestRedisAwayLateInTheDay(t *testing.T) {
	t.Parallel()
	b, shared := lossy(t)
	b.limits = Limits{Daily: 1000}
	b.LocalShare = 10
	b.begun(24 * time.Hour)
	if n := b.admits(ask(), 500); n != 500 {
		t.Fatal("the day is not full:", n)
	}
	shared.lost = func() error { return errLost }
	if n := b.admits(ask(), 1000); n < 40 || n > 50 {
		t.Errorf("%d calls, want a tenth of the 500 that are left, less what is for urgent ones", n)
	}
}

// A place of a mailbox and a probe are given back wherever they were taken: when Redis goes away between two requests of a call, when the answer about
// one gets lost, and when its caller leaves meanwhile.
func TestNothingIsLeftWhereAnAnswerGotLost(t *testing.T) {
	t.Parallel()
	for name, mishap := range map[string]func(b *bench, shared *faulty){
		"Redis goes away in the middle": func(b *bench, shared *faulty) {
			ctx, end := b.Begin(b.tb.Context(), ask())
			first := send(ctx, b.tb, http.MethodGet)
			shared.lost = func() error { return errLost }
			if second := send(ctx, b.tb, http.MethodGet); first != nil || second != nil {
				b.tb.Fatal(first, second)
			}
			end(ctx, nil)
		},
		"the answer about the first request is lost": func(b *bench, shared *faulty) {
			shared.lost = func() error { return errLost }
			if err := b.once(ask()); err != nil {
				b.tb.Fatal(err)
			}
		},
		"the caller leaves": func(b *bench, shared *faulty) {
			ctx, cancel := context.WithCancel(b.tb.Context())
			shared.lost = func() error { cancel(); return ctx.Err() }
			call, end := b.Begin(ctx, ask())
			err := send(call, b.tb, http.MethodGet)
			f, _ := fault.As(err)
			end(call, f)
			if f == nil || f.Kind != fault.Canceled {
				b.tb.Fatal(err)
			}
		},
		"the report is lost": func(b *bench, shared *faulty) {
			o := b.begin(b.Limiter, ask(), http.MethodGet)
			shared.lost = func() error { return errLost }
			o.end(nil)
		},
		"the report of a failure is lost": func(b *bench, shared *faulty) {
			o := b.begin(b.Limiter, ask(), http.MethodGet)
			shared.lost = func() error { return errLost }
			o.end(&fault.Error{Kind: fault.RateLimited, Status: http.StatusTooManyRequests})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, shared := lossy(t)
			b.limits = Limits{Concurrency: 1}
			b.trip([]*Limiter{b.another()})
			b.clock.Advance(firstOpen) // the next call is the probe
			mishap(b, shared)
			shared.lost = nil
			b.clock.Advance(2 * askAgain)
			b.look(t.Context())
			b.Flush(t.Context())
			if err := b.once(ask()); err != nil {
				t.Error("something is still held:", err)
			}
		})
	}
}

// A caller whose time is over says nothing about Redis.
func TestACallersDeadlineIsNotRedis(t *testing.T) {
	t.Parallel()
	b, shared := lossy(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	shared.lost = func() error { <-ctx.Done(); return ctx.Err() }
	call, end := b.Begin(ctx, ask())
	err := send(call, t, http.MethodGet)
	f, _ := fault.As(err)
	end(call, f)
	if f == nil || f.Kind != fault.Transient || b.Alone() {
		t.Errorf("%v, on its own: %t", err, b.Alone())
	}
}

// While Redis is away reports wait for it, and nobody waits for them.
func TestReportsWaitForRedis(t *testing.T) {
	t.Parallel()
	b, shared := lossy(t)
	asked := 0
	o := b.begin(b.Limiter, ask(), http.MethodGet)
	ctx, end := b.Begin(t.Context(), ask())
	if err := send(ctx, t, http.MethodGet); err != nil {
		t.Fatal(err)
	}
	shared.lost = func() error { asked++; return errLost }
	o.end(nil)
	end(ctx, down())
	if n := len(b.reports.queue); n != 2 || asked != 1 {
		t.Errorf("%d reports wait, Redis was asked %d times though it is away", n, asked)
	}
}

// A request that a call does not send for reasons of our own says nothing about the provider.
func TestOurOwnFailuresAreNotTheProviders(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		t := b.t
		b.limits = Limits{Mailbox: Rate{Units: 60, Span: time.Minute}}
		b.begun(time.Hour)
		b.Sleep = func(context.Context, time.Duration) error { return context.DeadlineExceeded }
		for range 2 * tripMailbox {
			ctx, end := b.Begin(t.Context(), ask())
			err := send(ctx, t, http.MethodGet)
			for err == nil {
				err = send(ctx, t, http.MethodGet)
			}
			f, _ := fault.As(err)
			if ours := end(ctx, f); !ours || f.Kind == fault.Busy {
				t.Fatalf("%v, ours: %t", err, ours)
			}
			b.Flush(t.Context())
			b.clock.Advance(time.Minute)
		}
	})
}

// A call that goes on after a refusal is judged by what comes of it.
func TestARefusalThatIsOver(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.limits = Limits{Mailbox: Rate{Units: 60, Span: time.Minute}}
	ctx, end := b.Begin(t.Context(), ask())
	refused := send(ctx, t, http.MethodGet)
	b.clock.Advance(time.Minute)
	if admitted := send(ctx, t, http.MethodGet); refused == nil || admitted != nil {
		t.Fatal(refused, admitted)
	}
	if end(ctx, down()) {
		t.Error("the provider's failure is called a refusal of ours")
	}
}

// An answer that asks for patience shows that somebody is there.
func TestThrottledAnswersAreSignsOfLife(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		t := b.t
		b.limits = Limits{Unproven: unproven}
		for i := range 3 * unproven {
			o := b.begin(b.Limiter, mailbox(i), http.MethodGet)
			if o.err != nil {
				t.Fatalf("call %d: %v", i, o.err)
			}
			o.end(&fault.Error{Kind: fault.RateLimited, Status: http.StatusTooManyRequests})
		}
		n := 0
		for i := range 3 * unproven {
			if o := b.begin(b.Limiter, mailbox(i), http.MethodGet); o.err == nil {
				n++
				o.end(&fault.Error{Kind: fault.RateLimited, Status: http.StatusServiceUnavailable})
			}
		}
		if want := unproven - unproven/8; n != want { // of background work
			t.Errorf("%d calls that were answered with 503, want %d", n, want)
		}
	})
}

// A clock of Redis that is set back does not lock anybody out for as long as it was ahead.
func TestTimeGoesBack(t *testing.T) {
	t.Parallel()
	const ahead = 3 * time.Hour
	rate := Limits{Application: Rate{Units: 600, Span: time.Minute}, Mailbox: Rate{Units: 600, Span: time.Minute}}
	for name, c := range map[string]struct {
		limits Limits
		before func(b *bench)
	}{
		"used buckets":  {rate, func(b *bench) { b.admits(ask(), 1000) }},
		"a new account": {rate, func(*bench) {}},
		"a slowed mailbox": {rate, func(b *bench) {
			for range 2 {
				b.clock.Advance(time.Minute)
				b.begin(b.Limiter, ask(), http.MethodGet).end(&fault.Error{Kind: fault.RateLimited, Status: http.StatusTooManyRequests})
			}
		}},
		"a dead worker":   {Limits{Concurrency: 1}, func(b *bench) { b.begin(b.another(), ask(), http.MethodGet) }},
		"an open breaker": {Limits{}, func(b *bench) { b.trip([]*Limiter{b.Limiter}) }},
		"a probe under way": {Limits{}, func(b *bench) {
			b.trip([]*Limiter{b.Limiter})
			b.clock.Advance(firstOpen)
			b.begin(b.another(), ask(), http.MethodGet)
		}},
		"a silent provider":    {Limits{Unproven: 1}, func(b *bench) { b.begin(b.Limiter, ask(), http.MethodGet) }},
		"a day that has begun": {Limits{Daily: 86_400}, func(b *bench) { b.admits(ask(), 1000) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			engines(t, func(b *bench) {
				t := b.t
				b.limits = c.limits
				b.clock.Advance(ahead)
				b.begun(2 * time.Minute)
				c.before(b)
				b.clock.Set(b.clock.Now().Add(-ahead))
				var err error
				for range 180 {
					b.clock.Advance(time.Second)
					if err = b.once(ask()); err == nil {
						return
					}
				}
				t.Error("three minutes later:", err)
			})
		})
	}
}

// What was promised by a clock that was ahead holds nobody up.
func TestPromisesOfAClockThatWasAhead(t *testing.T) {
	t.Parallel()
	for name, limits := range map[string]Limits{
		"application": {Application: Rate{Units: 600, Span: time.Minute}}, "mailbox": {Mailbox: Rate{Units: 600, Span: time.Minute}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			engines(t, func(b *bench) {
				t := b.t
				b.limits = limits
				b.begun(time.Hour)
				for range 100 {
					_ = b.once(ask())
				}
				b.clock.Set(b.clock.Now().Add(-30 * time.Minute))
				b.clock.Advance(time.Minute)
				for b.once(ask()) == nil {
					continue
				}
				if wait := fault.RetryAfter(b.once(ask())); wait > 2*time.Second {
					t.Errorf("told %s at 9.75 a second", wait)
				}
			})
		})
	}
}

// Those who wait for a place of a mailbox wait in their lane.
func TestUrgentCallsDoNotQueueForPlacesBehindBulk(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		t := b.t
		b.limits = Limits{Concurrency: 1}
		if o := b.begin(b.another(), ask(), http.MethodGet); o.err != nil {
			t.Fatal(o.err)
		}
		bulk, now := ask(), ask()
		bulk.Lane, now.Lane = task.Bulk, task.Interactive
		for range 100 {
			_ = b.once(bulk)
		}
		b.Sleep = func(_ context.Context, d time.Duration) error {
			return fmt.Errorf("waits for %s", d)
		}
		before := b.clock.Now()
		if wait := fault.RetryAfter(b.once(now)); wait > firstPatience || b.clock.Now() != before {
			t.Errorf("an urgent call is told %s", wait)
		}
	})
}

// While a day's use is not known, bulk work leaves something of what comes back to urgent work.
func TestAnUnknownDayLeavesHeadroom(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		t := b.t
		b.limits = Limits{Daily: 864_000} // ten a second
		bulk, now := ask(), ask()
		bulk.Lane, now.Lane = task.Bulk, task.Interactive
		done, start := 0, b.clock.Now()
		for b.clock.Now().Sub(start) < time.Minute {
			b.clock.Advance(10 * time.Millisecond)
			done += b.admits(bulk, 10)
		}
		if done < 500 {
			t.Errorf("bulk work made %d calls of 600", done)
		}
		for i := range 20 {
			if err := b.once(now); err != nil || b.slept > 0 {
				t.Fatalf("urgent call %d waited for %s: %v", i, b.slept, err)
			}
		}
	})
}

// Breakers of a process are bounded, also while many mailboxes are broken.
func TestBreakersOfAProcessAreBounded(t *testing.T) {
	t.Parallel()
	b := newBreakers()
	for i := range breakerLimit + 10 {
		one := b.of(fmt.Sprint(i), 1)
		done, err := one.Allow()
		if err != nil {
			t.Fatal(err)
		}
		done(errFailed)
	}
	if n := len(b.all); n > breakerLimit {
		t.Errorf("%d breakers, want %d at most", n, breakerLimit)
	}
}

// Limits that are smaller than a request never admit more than one at a time, and never lock anybody out.
func TestTinyLimits(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		t := b.t
		for units := range 12 {
			b.flush()
			b.limits = Limits{
				Application: Rate{Units: units + 1, Span: time.Minute}, Mailbox: Rate{Units: units + 1, Span: time.Minute},
				Costs: map[string]int{http.MethodPatch: 3},
			}
			for _, lane := range task.Lanes() {
				for _, method := range []string{http.MethodGet, http.MethodPatch} {
					a := ask()
					a.Lane, a.Connection = lane, cal.ConnectionID(fmt.Sprint("con_", lane, method))
					start := b.clock.Now()
					for {
						o := b.begin(b.Limiter, a, method)
						if o.err == nil {
							o.end(nil)
							break
						}
						b.clock.Advance(fault.RetryAfter(o.err))
						if b.clock.Now().Sub(start) > 20*time.Minute {
							t.Fatalf("%d a minute: %s work gets no %s", units+1, lane, method)
						}
					}
				}
			}
		}
	})
}
