package grant

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

// ledger is a budget that writes down what it is told, and refuses requests with refuse.
type ledger struct {
	begun  []record.Call
	ended  []fault.Kind
	refuse *fault.Error
}

type ledgerKey struct{}

func (l *ledger) Begin(ctx context.Context, c record.Call) (context.Context, func(context.Context, *fault.Error) bool) {
	l.begun = append(l.begun, c)
	return context.WithValue(ctx, ledgerKey{}, l), func(_ context.Context, f *fault.Error) bool {
		kind := fault.Kind("")
		if f != nil {
			kind = f.Kind
		}
		l.ended = append(l.ended, kind)
		return l.refuse != nil && f != nil
	}
}

// under stands before an endpoint as the budget's transport does.
func (l *ledger) under(t *testing.T, e *endpoint) *endpoint {
	t.Helper()
	return &endpoint{answer: func(n int, r *http.Request) (answer, error) {
		if carried, _ := r.Context().Value(ledgerKey{}).(*ledger); carried != l {
			t.Error("the request carries no call")
		}
		if l.refuse != nil {
			return answer{}, l.refuse
		}
		return e.answer(n, r)
	}}
}

// Asking for tokens passes the budget as a call to the provider's authorization server, with or without an owner, in the lane of its work.
func TestTokensAreAskedForUnderTheBudget(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		e     *endpoint
		ended fault.Kind
	}{
		"an answer":         {answering(tokens("access-2", "")), ""},
		"a verdict":         {refusing(http.StatusBadRequest, "invalid_grant"), fault.NeedsReauth},
		"a server's defect": {refusing(http.StatusServiceUnavailable, ""), fault.Transient},
		"no answer":         {&endpoint{answer: func(int, *http.Request) (answer, error) { return answer{}, errors.New("reset") }}, fault.Transient},
	} {
		for _, by := range []record.Connection{connectionOf(cal.Google), of("app_robot", cal.Google, mailbox)} {
			l := &ledger{}
			x := registered(t, l.under(t, c.e), clock.NewManual(began))
			x.Budget = l
			want := record.Call{Tenant: tenant, Provider: "google-token", Connection: "con_1", Lane: task.Bulk, InLine: true}
			_, err := x.Refresh(record.WithTurn(t.Context(), record.Turn{Lane: task.Bulk, InLine: true}), tenant, by, oldGrant())
			if (err == nil) != (c.ended == "") || !reflect.DeepEqual(l.begun, []record.Call{want}) || !reflect.DeepEqual(l.ended, []fault.Kind{c.ended}) {
				t.Errorf("%s by %s: %v, begun %+v, ended %v", name, by.AppID, err, l.begun, l.ended)
			}
		}
	}
}

// What the budget refuses was never asked: nothing is said about the grant, its right to be refreshed is given back, and the work waits as long as it is
// told. A wait of the budget's own is never taken for one that the provider has asked for.
func TestARefresherWaitsForTheBudget(t *testing.T) {
	t.Parallel()
	for kind, want := range map[fault.Kind]fault.Kind{
		fault.Busy: fault.Busy, fault.RateLimited: fault.Busy, fault.Canceled: fault.Canceled, fault.Transient: fault.Transient,
	} {
		c := clock.NewManual(began)
		l := &ledger{refuse: &fault.Error{Kind: kind, Op: "budget: take", RetryAfter: 7 * time.Second}}
		e := l.under(t, answering(tokens("access-2", "")))
		m, v := manage(c, oldGrant(), e)
		m.exchange.Budget = l
		_, _, err := m.Token(t.Context(), tenant, connectionOf(cal.Google))
		if !fault.Is(err, want) || fault.RetryAfter(err) != 7*time.Second || v.released != 1 || len(v.revoked) != 0 {
			t.Errorf("%s: %v, released %d times, ended %q", kind, err, v.released, v.revoked)
		}
		l.refuse = nil
		wantToken(t, m, "access-2", 2)
	}
}

// A driver that panics leaves no call open behind it.
func TestAPanicEndsItsCall(t *testing.T) {
	t.Parallel()
	l := &ledger{}
	x := registered(t, answering(tokens("access-2", "")), clock.NewManual(began))
	x.Budget = l
	broken := App{ID: "app_1", Driver: panicking{x.Registry.Drivers[cal.Google]}, Secret: func() string { return "" }, Alone: true}
	func() {
		defer func() { _ = recover() }()
		_, _ = x.Mint(t.Context(), tenant, broken, of("app_1", cal.Google, mailbox))
	}()
	if !reflect.DeepEqual(l.ended, []fault.Kind{fault.Canceled}) {
		t.Errorf("ended %v", l.ended)
	}
}

// panicking is a driver whose request for a token is never made.
type panicking struct{ provider.Driver }

func (panicking) AppToken(provider.AppCredential, string) (provider.TokenRequest, error) {
	panic("driver")
}

func (panicking) OpenMailbox(*http.Client, string) (provider.Client, error) { panic("driver") }
