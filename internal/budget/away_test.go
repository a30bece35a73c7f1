package budget

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/testkit"
)

// While Redis is away the process keeps to its share of every limit, on its own account; once it is back the account is shared again.
func TestRedisAway(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.limits = Limits{Mailbox: Rate{Units: 6000, Span: time.Minute}, Daily: 1_000_000}
	b.LocalShare = 10
	gone := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1, DialerRetries: 1})
	t.Cleanup(func() { _ = gone.Close() })
	shared := &faulty{engine: newRedisEngine(gone, true)}
	b.shared = shared
	if b.Alone() {
		t.Error("away before anybody asked")
	}
	b.begun(time.Hour)
	if !b.Alone() {
		t.Error("nobody notices that Redis is away")
	}
	if n := b.admits(ask(), 1000); n != 11 {
		t.Errorf("%d requests at once, want three quarters of a fortieth of a tenth of 6000: 11", n)
	}
	shared.engine = newRedisEngine(dial(t, testkit.Redis(t)), true)
	if b.admits(ask(), 1) != 0 || !b.Alone() {
		t.Error("Redis is asked again before its time")
	}
	b.clock.Advance(askAgain)
	_ = b.once(ask()) // its buckets are empty
	if b.Alone() {
		t.Error("nobody notices that Redis is back")
	}
	there := shared.engine
	shared.engine = newRedisEngine(gone, true)
	if b.look(t.Context()); !b.Alone() {
		t.Error("a process that makes no calls does not notice that Redis is away")
	}
	shared.engine = there
	if b.look(t.Context()); b.Alone() {
		t.Error("a process that makes no calls does not notice that Redis is back")
	}
	b.clock.Advance(time.Hour)
	if n := b.admits(ask(), 1000); n < 100 {
		t.Errorf("%d requests at once from the shared account", n)
	}
}

// A wish to be left alone is heeded by every worker at once, and no FLUSHALL shortens one that somebody knows of.
func TestPenalties(t *testing.T) {
	t.Parallel()
	b := newBench(t, dial(t, testkit.Redis(t)))
	workers := []*Limiter{b.another(), b.another()}
	told := b.begin(workers[0], mailbox(1), "GET")
	told.end(&fault.Error{Kind: fault.RateLimited, Status: 429, RetryAfter: time.Minute})
	wants(t, b.begin(workers[1], mailbox(1), "GET").err, fault.RateLimited, "mailbox-penalty", time.Minute, time.Minute)
	if o := b.begin(workers[1], mailbox(2), "GET"); o.err != nil {
		t.Fatal("another mailbox waits too:", o.err)
	}
	told = b.begin(workers[0], mailbox(2), "GET")
	told.end(&fault.Error{Kind: fault.QuotaExhausted, Status: 403, Scope: fault.ScopeApplication, RetryAfter: time.Hour})
	told = b.begin(b.another(), mailbox(2), "GET")
	wants(t, told.err, fault.RateLimited, "application-penalty", time.Hour, time.Hour) // it has heard of nothing itself
	for left := time.Hour; left > 0; left -= 10 * time.Minute {
		for i, w := range workers {
			wants(t, b.begin(w, mailbox(3+i), "GET").err, fault.RateLimited, "application-penalty", left, left)
		}
		b.flush()
		b.clock.Advance(10 * time.Minute)
	}
	if o := b.begin(workers[0], mailbox(9), "GET"); o.err != nil {
		t.Error("it never ends:", o.err)
	}
}

// The pace of writes to a calendar halves with each answer that asks for it, and comes back slowly; reads and other calendars keep theirs.
func TestTheCalendarsPaceAdapts(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		t := b.t
		b.limits = Limits{Calendar: Rate{Units: 300, Span: time.Minute}}
		b.begun(time.Hour)
		write := ask()
		write.Calendar = "x"
		each := func() time.Duration {
			for b.once(write) == nil {
				continue
			}
			began := b.clock.Now()
			for range 20 {
				b.clock.Advance(fault.RetryAfter(b.once(write)))
			}
			return b.clock.Now().Sub(began) / 20
		}
		usual := each()
		for range 2 {
			b.clock.Advance(10 * time.Second)
			o := b.begin(b.Limiter, write, "POST")
			if o.err != nil {
				t.Fatal(o.err)
			}
			o.end(&fault.Error{Kind: fault.RateLimited, Status: 403, Scope: fault.ScopeCalendar})
		}
		if slow := each(); slow < usual*3 || slow > usual*5 {
			t.Errorf("%s between two writes, want about four times %s", slow, usual)
		}
		other := write
		other.Calendar = "y"
		if n := b.admits(other, 5); n != 5 {
			t.Errorf("another calendar got %d writes", n)
		}
		b.clock.Advance(time.Hour)
		if again := each(); again > usual*11/10 {
			t.Errorf("%s between two writes an hour later, want %s", again, usual)
		}
	})
}
