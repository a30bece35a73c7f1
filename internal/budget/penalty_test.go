package budget

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/testkit"
)

// ledger is what is written down about penalties.
type ledger struct {
	connections  map[cal.ConnectionID]time.Time
	applications map[cal.AppID]time.Time
	err          error
	reads        int
}

func newLedger() *ledger {
	return &ledger{connections: map[cal.ConnectionID]time.Time{}, applications: map[cal.AppID]time.Time{}}
}

func (l *ledger) read(_ context.Context, c record.Call) (ofConnection, ofApplication time.Time, err error) {
	l.reads++
	return l.connections[c.Connection], l.applications[c.AppID], l.err
}

// asked is a call of a mailbox whose connection was read now.
func (b *bench) asked(i int) record.Call {
	a := mailbox(i)
	a.Read = b.clock.Now()
	return a
}

// A penalty of an application that is written down holds for processes that never heard of it, with an account that has forgotten it, to its end.
func TestAPenaltyOutlivesRedisAndProcesses(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		t := b.t
		written := newLedger()
		b.Penalties = written.read
		if err := b.once(b.asked(1)); err != nil {
			t.Fatal(err)
		}
		written.applications["app"] = b.clock.Now().Add(time.Hour)
		for left := time.Hour; left > 0; left -= 10 * time.Minute {
			b.flush()
			b.Limiter = b.another()
			b.Penalties = written.read
			for range 3 {
				wants(t, b.once(b.asked(2)), fault.RateLimited, "application-penalty", left, left)
			}
			other := b.another()
			wants(t, b.begin(other, b.asked(3), http.MethodGet).err, fault.RateLimited, "application-penalty", left, left) // the account knows it again
			b.clock.Advance(10 * time.Minute)
		}
		if err := b.once(b.asked(2)); err != nil {
			t.Error("it never ends:", err)
		}
	})
}

// A call that was begun before its mailbox was to be left alone heeds that, though its connection was read before, and Redis has forgotten it since.
func TestACallThatWasBegunBeforeAPenalty(t *testing.T) {
	t.Parallel()
	b := newBench(t, dial(t, testkit.Redis(t)))
	written := newLedger()
	b.Penalties = written.read
	b.limits = Limits{Concurrency: 1}
	b.begun(time.Hour)
	a := b.asked(1)
	b.clock.Advance(time.Minute)
	written.connections["con_1"] = b.clock.Now().Add(time.Hour)
	b.flush()
	wants(t, b.once(a), fault.RateLimited, "mailbox-penalty", time.Hour, time.Hour)
	delete(written.connections, "con_1")
	if err := b.once(a); err != nil {
		t.Error("the refused call keeps its place:", err)
	}
	b.clock.Advance(time.Hour)
	_ = b.once(b.asked(2)) // reads what there is about the application
	written.connections["con_1"] = b.clock.Now().Add(time.Hour)
	if err := b.once(b.asked(1)); err != nil {
		t.Error("what an old account does not know is looked for in the database:", err)
	}
}

// What another process has written down and could not tell the fleet is found within a second; more is not read.
func TestPenaltiesAreReadOnceASecond(t *testing.T) {
	t.Parallel()
	b := newBench(t, dial(t, testkit.Redis(t)))
	written := newLedger()
	b.Penalties = written.read
	b.begun(time.Hour)
	_ = b.once(b.asked(1))
	written.reads = 0
	for range 100 {
		if err := b.once(b.asked(1)); err != nil {
			t.Fatal(err)
		}
	}
	if written.reads != 0 {
		t.Errorf("read %d times within a second", written.reads)
	}
	written.applications["app"] = b.clock.Now().Add(time.Minute)
	b.clock.Advance(readAgain)
	wants(t, b.once(b.asked(1)), fault.RateLimited, "application-penalty", time.Minute-readAgain, time.Minute)
	if written.reads != 1 {
		t.Errorf("read %d times, want once a second", written.reads)
	}
}

// While Redis is away nobody tells what others have heard: it is read before each request.
func TestPenaltiesWhileRedisIsAway(t *testing.T) {
	t.Parallel()
	b, shared := lossy(t)
	written := newLedger()
	b.Penalties = written.read
	b.begun(time.Hour)
	_ = b.once(b.asked(1))
	shared.lost = func() error { return errLost }
	if err := b.once(b.asked(1)); err != nil {
		t.Fatal(err)
	}
	written.connections["con_1"] = b.clock.Now().Add(time.Hour)
	wants(t, b.once(b.asked(1)), fault.RateLimited, "mailbox-penalty", time.Hour, time.Hour)
}

// Nothing is sent while it cannot be known whether it may be.
func TestPenaltiesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		t := b.t
		written := newLedger()
		written.err = errors.New("the database is down")
		b.Penalties = written.read
		b.limits = Limits{Concurrency: 1}
		ctx, end := b.Begin(t.Context(), b.asked(1))
		err := send(ctx, t, http.MethodGet)
		f, _ := fault.As(err)
		if ours := end(ctx, f); !ours || !errors.Is(err, written.err) || f.Kind != fault.Transient {
			t.Errorf("%v, ours: %t", err, ours)
		}
		b.Flush(t.Context())
		written.err = nil
		if err := b.once(b.asked(1)); err != nil {
			t.Error("the place is not given back:", err)
		}
	})
}
