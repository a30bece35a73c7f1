package budget

import (
	"net/http"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/testkit"
)

func (b *bench) state() record.Allowance {
	b.tb.Helper()
	a, err := b.State(b.tb.Context(), cal.Google, "app")
	if err != nil {
		b.tb.Fatal(err)
	}
	return a
}

// grants counts the requests of one unit that the most urgent work is granted at this moment.
func (b *bench) grants() int {
	b.tb.Helper()
	a := ask()
	a.Lane = task.Interactive
	for n := 0; ; n++ {
		v, err := b.take(b.tb.Context(), b.newCall(a), http.MethodGet)
		if err != nil {
			b.tb.Fatal(err)
		}
		if !v.ok {
			return n
		}
	}
}

// slow lets the provider say so many times that the application is too fast.
func (b *bench) slow(times int) {
	b.tb.Helper()
	e := b.Limiter.asked()
	if e == nil {
		e = b.local
	}
	for range times {
		b.reports.send(b.tb.Context(), []report{{call: b.newCall(ask()), engine: e, verdict: silent, slow: fault.ScopeApplication}})
	}
}

// What is said to be left is what is granted, whatever was used before, at whatever pace, after however many FLUSHALLs.
func TestWhatIsLeftIsGranted(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		t := b.t
		rapid.Check(t, func(r *rapid.T) {
			b.flush()
			b.Limiter = b.another()
			day := rapid.Bool().Draw(r, "day")
			if day {
				b.limits = Limits{Daily: rapid.IntRange(24, 300).Draw(r, "daily")}
			} else {
				b.limits = Limits{Application: Rate{Units: rapid.IntRange(10, 4000).Draw(r, "units"), Span: time.Minute}}
			}
			for range rapid.IntRange(0, 25).Draw(r, "steps") {
				switch rapid.IntRange(0, 9).Draw(r, "step") {
				case 0:
					b.flush()
				case 1:
					b.slow(rapid.IntRange(1, 6).Draw(r, "halvings"))
				case 2, 3:
					b.clock.Advance(time.Duration(rapid.IntRange(1, 30*3600).Draw(r, "seconds")) * time.Second)
				default:
					_ = b.once(ask())
					b.clock.Advance(time.Duration(rapid.IntRange(0, 3000).Draw(r, "ms")) * time.Millisecond)
				}
			}
			before := b.state()
			granted := b.grants()
			after := b.state()
			if day {
				if before.Rate != nil || before.Day.Limit != b.limits.Daily || before.Day.Available != granted {
					r.Fatalf("said %+v, granted %d", before.Day, granted)
				}
				if after.Day.Used != before.Day.Used+granted || after.Day.Available != 0 {
					r.Fatalf("%+v after %d, before %+v", after.Day, granted, before.Day)
				}
				return
			}
			if before.Day != nil || before.Rate.Available != granted || before.Rate.Available > before.Rate.Burst || after.Rate.Available != 0 {
				r.Fatalf("said %+v, granted %d, then %+v", before.Rate, granted, after.Rate)
			}
		})
	})
}

// The day's count says when its oldest hour leaves, and then it does.
func TestDayFreesItsOldestHour(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		t := b.t
		b.limits = Limits{Daily: 2400}
		if d := b.state().Day; d.Used != 0 || !d.FreesAt.IsZero() {
			t.Errorf("nothing was used: %+v", d)
		}
		b.begun(30 * time.Hour)
		for range 3 {
			if err := b.once(ask()); err != nil {
				t.Fatal(err)
			}
		}
		b.clock.Advance(2 * time.Hour)
		if err := b.once(ask()); err != nil {
			t.Fatal(err)
		}
		d := b.state().Day
		if want := began.Add(30 * time.Hour).Truncate(time.Hour).Add(25 * time.Hour); d.Used != 4 || !d.FreesAt.Equal(want) {
			t.Fatalf("%+v, want 4 used until %s", d, want)
		}
		b.clock.Set(d.FreesAt.Add(-time.Microsecond))
		if d := b.state().Day; d.Used != 4 {
			t.Errorf("just before: %+v", d)
		}
		b.clock.Advance(time.Microsecond)
		if d := b.state().Day; d.Used != 1 || d.Available != 2399 {
			t.Errorf("then: %+v", d)
		}
	})
}

// A limit that does not exist is absent.
func TestNoLimitNothingLeft(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		if a := b.state(); a.Rate != nil || a.Day != nil || a.Unanswered != nil || a.Pace != 1 {
			b.t.Errorf("%+v", a)
		}
	})
}

// Pace, breaker, penalty and the calls that nobody has answered show, and pass.
func TestStateOfAnApplication(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		t := b.t
		b.limits = Limits{Unproven: 24}
		b.begun(0)
		held := b.begin(b.Limiter, ask(), http.MethodGet)
		if a := b.state(); *a.Unanswered != (record.Unanswered{Limit: 24, Used: 1}) {
			t.Errorf("%+v, want one", a.Unanswered)
		}
		held.end(&fault.Error{Kind: fault.RateLimited, Scope: fault.ScopeApplication, RetryAfter: time.Minute})
		if a := b.state(); a.Pace != 0.5 || !a.LimitedUntil.Equal(b.clock.Now().Add(time.Minute)) || !a.DownUntil.IsZero() {
			t.Errorf("%+v, want half the pace and a minute of rest", a)
		}
		b.clock.Advance(time.Minute)
		if a := b.state(); a.Pace != 0.6 || !a.LimitedUntil.IsZero() {
			t.Errorf("%+v, want 0.6 and no rest", a)
		}
		for i := range tripApplication {
			one := mailbox(i)
			one.Provider, one.AppID = cal.Google, "app"
			b.begin(b.Limiter, one, http.MethodGet).end(&fault.Error{Kind: fault.Transient, Status: http.StatusBadGateway})
		}
		if a := b.state(); !a.DownUntil.Equal(b.clock.Now().Add(firstOpen)) {
			t.Errorf("%+v, want it down for %s", a, firstOpen)
		}
	})
}

// It takes one round trip; with Redis away the process speaks for itself, and of its share.
func TestStateWithoutRedis(t *testing.T) {
	t.Parallel()
	client := dial(t, testkit.Redis(t))
	b := newBench(t, client)
	b.limits = Limits{Application: Rate{Units: 1000, Span: time.Minute}, Daily: 1000}
	b.LocalShare = 10
	_ = b.state() // Redis learns the script
	count := &trips{}
	client.AddHook(count)
	if a := b.state(); a.Alone || a.Rate.Limit != 1000 || count.n.Load() != 1 {
		t.Errorf("%+v in %d round trips", a.Rate, count.n.Load())
	}
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	if a := b.state(); !a.Alone || a.Rate.Limit != 100 || a.Day.Limit != 100 || !b.Limiter.Alone() {
		t.Errorf("%+v, want a tenth", a)
	}
}
