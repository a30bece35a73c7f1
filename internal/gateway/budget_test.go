package gateway

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

// ledger is a budget that writes down what it is told.
type ledger struct {
	begun []record.Call
	ended []fault.Kind
	// atEnd is called as a call ends; nil for nothing.
	atEnd func()
	// ours is what it says about failures.
	ours bool
}

type ledgerKey struct{}

func (l *ledger) Begin(ctx context.Context, c record.Call) (context.Context, func(context.Context, *fault.Error) bool) {
	l.begun = append(l.begun, c)
	return context.WithValue(ctx, ledgerKey{}, true), func(_ context.Context, f *fault.Error) bool {
		kind := fault.Kind("")
		if f != nil {
			kind = f.Kind
		}
		l.ended = append(l.ended, kind)
		if l.atEnd != nil {
			l.atEnd()
		}
		return l.ours
	}
}

// under makes the bench's client call under a ledger.
func (b *bench) under(t *testing.T, l *ledger) *Client {
	t.Helper()
	g := b.gateway()
	g.Budget = l
	b.connection.AppID = "app"
	c, err := g.Open(t.Context(), tenant, connection)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Every call begins and ends once, and is made with the context that the budget has given.
func TestEveryCallPassesTheBudget(t *testing.T) {
	t.Parallel()
	want := record.Call{Tenant: tenant, Provider: cal.Google, AppID: "app", Connection: connection, Lane: task.Bulk, InLine: true, Read: began}
	for name := range methods() {
		l, carried := &ledger{}, false
		b := newBench().answering(func(ctx context.Context) error {
			carried, _ = ctx.Value(ledgerKey{}).(bool)
			return fault.New(fault.NotFound, "driver", nil)
		})
		_, err := invoke(record.WithTurn(t.Context(), record.Turn{Lane: task.Bulk, InLine: true}), b.under(t, l), name)
		if !fault.Is(err, fault.NotFound) || !carried || !reflect.DeepEqual(l.begun, []record.Call{want}) || !reflect.DeepEqual(l.ended, []fault.Kind{fault.NotFound}) {
			t.Errorf("%s: %v, begun %+v, ended %v, carried %t", name, err, l.begun, l.ended, carried)
		}
	}
}

// Writes say which calendar they write to, so that it can be paced.
func TestWritesNameTheirCalendar(t *testing.T) {
	t.Parallel()
	l := &ledger{}
	c := newBench().under(t, l)
	ref := provider.EventRef{Calendar: "x", ID: "e"}
	_, create := c.CreateEvent(t.Context(), provider.CreateEvent{Calendar: "x"})
	_, update := c.UpdateEvent(t.Context(), provider.UpdateEvent{Ref: ref})
	remove := c.DeleteEvent(t.Context(), provider.DeleteEvent{Ref: ref})
	_, read := c.ReadEvent(t.Context(), ref)
	if create != nil || update != nil || remove != nil || read != nil || len(l.begun) != 4 {
		t.Fatal(create, update, remove, read, len(l.begun))
	}
	for i, want := range []cal.RemoteCalendarID{"x", "x", "x", ""} {
		if got := l.begun[i]; got.Calendar != want || got.Lane != task.Interactive {
			t.Errorf("call %d: %+v, want calendar %q", i, got, want)
		}
	}
}

// A refusal of the budget's own says nothing about the provider: no penalty is recorded, and no token is refused.
func TestOurOwnRefusalIsNoPenalty(t *testing.T) {
	t.Parallel()
	for _, kind := range []fault.Kind{fault.RateLimited, fault.Busy, fault.Unauthorized} {
		b := newBench().failing(&fault.Error{Kind: kind, Op: "budget", RetryAfter: time.Minute})
		_, err := b.under(t, &ledger{ours: true}).ReadEvent(t.Context(), provider.EventRef{})
		if !fault.Is(err, kind) || fault.RetryAfter(err) != time.Minute || len(b.penalties)+len(b.refused) != 0 {
			t.Errorf("%v, recorded %v, refused %v", err, b.penalties, b.refused)
		}
	}
}

// A driver that panics leaves nothing open behind it.
func TestAPanicEndsItsCall(t *testing.T) {
	t.Parallel()
	l := &ledger{}
	c := newBench().answering(func(context.Context) error { panic("driver") }).under(t, l)
	func() {
		defer func() { _ = recover() }()
		_, _ = c.Calendars(t.Context())
	}()
	if !reflect.DeepEqual(l.ended, []fault.Kind{fault.Canceled}) {
		t.Errorf("ended %v", l.ended)
	}
}

// What is said about a whole application is in the database before the fleet's account, which may lose it, hears of it; and about no connection.
func TestApplicationsPenaltyIsWrittenFirst(t *testing.T) {
	t.Parallel()
	for kind, asked := range map[fault.Kind]time.Duration{fault.RateLimited: time.Hour, fault.QuotaExhausted: time.Hour, fault.Transient: time.Hour, fault.Forbidden: 0} {
		b := newBench().failing(&fault.Error{Kind: kind, Scope: fault.ScopeApplication, RetryAfter: time.Hour})
		atEnd := -1
		l := &ledger{atEnd: func() { atEnd = len(b.parked) }}
		_, err := b.under(t, l).Calendars(t.Context())
		var want []time.Time
		if asked > 0 {
			want = []time.Time{began.Add(asked)}
		}
		if !fault.Is(err, kind) || !slices.Equal(b.parked, want) || atEnd != len(want) || len(b.penalties) != 0 {
			t.Errorf("%s: %v, recorded %v (%d at the end of the call) and %v", kind, err, b.parked, atEnd, b.penalties)
		}
	}
	down := errors.New("the database is down")
	b := newBench().failing(&fault.Error{Kind: fault.RateLimited, Scope: fault.ScopeApplication, RetryAfter: time.Hour})
	b.storeErr = down
	l := &ledger{}
	if _, err := b.under(t, l).Calendars(t.Context()); !fault.Is(err, fault.RateLimited) || !errors.Is(err, down) || len(l.ended) != 1 {
		t.Errorf("%v, ended %v", err, l.ended)
	}
}
