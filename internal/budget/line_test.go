package budget

import (
	"net/http"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
)

// A request waits in the longest line of those that refuse it: a calendar that is too fast does not send its writes behind all others of the
// application.
func TestTheLongestLineThatRefuses(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		t := b.t
		b.limits = Limits{Application: Rate{Units: 6000, Span: time.Minute}, Calendar: Rate{Units: 60, Span: time.Minute}}
		b.begun(time.Hour)
		write := func(connection string) error {
			a := ask()
			a.Connection, a.Calendar = cal.ConnectionID(connection), "x"
			return b.once(a)
		}
		for write("con_1") == nil {
			continue
		}
		wants(t, write("con_1"), fault.RateLimited, "calendar-pace", time.Second, 3*time.Second)
		for b.once(ask()) == nil {
			continue
		}
		for range 1000 {
			_ = b.once(ask())
		}
		wants(t, b.once(ask()), fault.RateLimited, "application-rate", 8*time.Second, 11*time.Second)
		wants(t, write("con_1"), fault.RateLimited, "application-rate", 8*time.Second, 11*time.Second)
		b.clock.Advance(500 * time.Millisecond) // the application has some left again
		wants(t, write("con_1"), fault.RateLimited, "calendar-pace", time.Second, 4*time.Second)
	})
}

// The line of a calendar is longer than that of the application, which refuses as well.
func TestTheLongestLineOfTwo(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		t := b.t
		b.limits = Limits{Application: Rate{Units: 6000, Span: time.Minute}, Calendar: Rate{Units: 60, Span: time.Minute}}
		b.begun(time.Hour)
		a := ask()
		a.Calendar = "x"
		for range 50 {
			_ = b.once(a)
		}
		for b.once(ask()) == nil {
			continue
		}
		wants(t, b.once(a), fault.RateLimited, "calendar-pace", 30*time.Second, 50*time.Second)
	})
}

// While a provider has not answered yet, those that are refused for it come back in lines too, and not all at once.
func TestUnansweredCallsComeBackInTurn(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		t := b.t
		b.limits = Limits{Concurrency: 3, Unproven: 1}
		if o := b.begin(b.Limiter, ask(), http.MethodGet); o.err != nil {
			t.Fatal(o.err)
		}
		var last time.Duration
		for i := range 50 {
			err := b.once(ask())
			wants(t, err, fault.Busy, "unanswered", last+time.Millisecond, 5*time.Second)
			f, _ := fault.As(err)
			if last = f.RetryAfter; !f.InLine {
				t.Errorf("call %d is told a time that others are told", i)
			}
		}
		if last < 2*time.Second {
			t.Errorf("the fiftieth comes back after %s, at 18 a second", last)
		}
	})
}

// Of what may be begun before the provider has answered, something is left to more urgent lanes; and whoever would wait where it is takes no place in
// a line, so that it is there when the answer comes.
func TestUnansweredCallsOfLanes(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		t := b.t
		b.limits = Limits{Unproven: 8, Application: Rate{Units: 6000, Span: time.Minute}}
		for lane, want := range map[task.Lane]int{task.Bulk: 6, task.Background: 7, task.Interactive: 8} {
			a := ask()
			a.Lane, a.AppID = lane, cal.AppID(lane)
			_ = b.once(a)
			b.clock.Advance(time.Hour)
			for n := range want {
				if o := b.begin(b.Limiter, a, http.MethodGet); o.err != nil {
					t.Fatalf("%s: %d were begun, want %d: %v", lane, n, want, o.err)
				}
			}
			wait := func(d time.Duration) time.Duration {
				c := b.newCall(a)
				c.waits = d
				v, err := b.take(t.Context(), c, http.MethodGet)
				if err != nil || v.ok || v.reason != "unanswered" {
					t.Fatalf("%s: %+v, %v", lane, v, err)
				}
				return v.wait
			}
			here := wait(firstPatience)
			if again := wait(firstPatience); here > firstPatience || again != here {
				t.Errorf("%s: those who wait where they are wait %s and %s", lane, here, again)
			}
			if first := wait(here - 1); wait(here-1) <= first {
				t.Errorf("%s: those who do not wait come back at the same time", lane)
			}
		}
	})
}

// A call that would wait for a place of its mailbox where it is gets a place in a line if a rate refuses it as well.
func TestThePatientStandInLinesOfRates(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		t := b.t
		b.limits = Limits{Concurrency: 1, Mailbox: Rate{Units: 60, Span: time.Minute}}
		b.begun(time.Hour)
		ctx, end := b.Begin(t.Context(), ask())
		defer end(ctx, nil)
		for range 2 { // as many as there are at once
			if err := send(ctx, t, http.MethodGet); err != nil {
				t.Fatal(err)
			}
		}
		a := ask()
		a.Lane = task.Interactive
		last := 500 * time.Millisecond
		for range 3 {
			err := b.once(a)
			wants(t, err, fault.RateLimited, "mailbox-rate", last, 4*time.Second)
			last = fault.RetryAfter(err) + 500*time.Millisecond
		}
	})
}

// How long calls take is learnt from those that are answered. What is waited for in vain does not keep those away who wait for its place.
func TestFailuresDoNotStretchLines(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		t := b.t
		b.limits = Limits{Concurrency: 1}
		takes := func(d time.Duration, f *fault.Error) {
			o := b.begin(b.Limiter, ask(), http.MethodGet)
			if o.err != nil {
				t.Fatal(o.err)
			}
			b.clock.Advance(d)
			o.end(f)
		}
		refused := func() time.Duration {
			o := b.begin(b.Limiter, ask(), http.MethodGet)
			defer o.end(nil)
			return fault.RetryAfter(b.once(ask()))
		}
		for range tripMailbox - 1 {
			takes(30*time.Second, fault.New(fault.Transient, "create event", nil))
		}
		if wait := refused(); wait == 0 || wait > time.Second {
			t.Errorf("while the provider does not answer, the next one is told %s", wait)
		}
		for range 4 {
			takes(10*time.Second, nil)
		}
		if wait := refused(); wait < 3*time.Second {
			t.Errorf("of a provider that takes 10 s, the next one is told %s", wait)
		}
	})
}
