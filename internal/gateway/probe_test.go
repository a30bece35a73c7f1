package gateway

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

// A mailbox that is not connected yet is read under the budget, with the token that it is given. What comes of it is the caller's to record: there may
// be no connection and no grant.
func TestProbe(t *testing.T) {
	t.Parallel()
	c := record.Connection{ID: connection, Provider: cal.Google, AppID: "app_1"}
	want := record.Call{Tenant: tenant, Provider: cal.Google, AppID: "app_1", Connection: connection, Lane: task.Interactive}
	for name, p := range map[string]struct {
		answer error
		ours   bool
		want   fault.Kind
	}{
		"open":               {nil, false, ""},
		"closed":             {fault.New(fault.Forbidden, "driver", nil), false, fault.Forbidden},
		"an ended token":     {fault.New(fault.Unauthorized, "driver", nil), false, fault.Unauthorized},
		"a provider's wait":  {&fault.Error{Kind: fault.RateLimited, Op: "driver", RetryAfter: time.Minute}, false, fault.RateLimited},
		"a wait of our own":  {&fault.Error{Kind: fault.RateLimited, Op: "budget", RetryAfter: time.Minute}, true, fault.Busy},
		"ended by us":        {fault.New(fault.Canceled, "budget", nil), true, fault.Canceled},
		"an open breaker":    {&fault.Error{Kind: fault.Busy, Op: "budget", RetryAfter: time.Minute}, true, fault.Busy},
		"a driver's own way": {errAway, false, fault.Transient},
	} {
		b, l := newBench(), &ledger{ours: p.ours}
		if p.answer != nil {
			b.failing(p.answer)
		}
		g := b.gateway()
		g.Budget = l
		err := g.Probe(t.Context(), tenant, g.Drivers[cal.Google], c, "access-9")
		if (err == nil) != (p.want == "") || p.want != "" && !fault.Is(err, p.want) || fault.RetryAfter(err) != fault.RetryAfter(p.answer) {
			t.Errorf("%s: %v, want %s", name, err, p.want)
		}
		if !reflect.DeepEqual(l.begun, []record.Call{want}) || len(l.ended) != 1 || !reflect.DeepEqual(b.calls, []string{"Calendars"}) || !reflect.DeepEqual(b.given, []string{"access-9"}) {
			t.Errorf("%s: begun %+v, ended %v, called %v with %v", name, l.begun, l.ended, b.calls, b.given)
		}
		if len(b.penalties)+len(b.refused) != 0 {
			t.Errorf("%s: recorded %v, refused %v", name, b.penalties, b.refused)
		}
	}
	b := newBench()
	b.openErr = errAway
	if err := b.gateway().Probe(t.Context(), tenant, b.gateway().Drivers[cal.Google], c, "access-9"); !fault.Is(err, fault.Misconfigured) {
		t.Errorf("no client: %v", err)
	}
}

// errAway is an error that is no fault.
var errAway = errors.New("away")
