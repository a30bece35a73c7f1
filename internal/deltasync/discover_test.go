package deltasync

import (
	"context"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

// found is a store that is told of calendars.
type found struct {
	all [][]cal.Calendar
	id  cal.ConnectionID
	o   record.Outcome
	// recheck is when a listing that lacks something is to be repeated.
	recheck time.Time
}

func (f *found) Discovered(_ context.Context, _ record.Lease, d record.Discovery) error {
	f.all, f.id, f.o, f.recheck = append(f.all, d.Calendars), d.Connection, d.Outcome, d.Recheck
	return nil
}

// calendars is an account with its calendars.
type calendars struct {
	all []cal.Calendar
	err error
	ctx context.Context
}

func (c *calendars) Calendars(ctx context.Context) ([]cal.Calendar, error) {
	c.ctx = ctx
	return c.all, c.err
}

func discover(t *testing.T, c *calendars, openErr error, until time.Time) (*found, error) {
	t.Helper()
	f := &found{}
	d := &Discoverer{Store: f, Clock: clock.NewManual(began), Interval: 16 * time.Hour, Jitter: func(d time.Duration) time.Duration { return d / 2 }, Open: func(_ context.Context, tenant cal.TenantID, id cal.ConnectionID) (CalendarLister, error) {
		if tenant != "ten_1" || id != "con_1" {
			t.Errorf("opened %s of %s", id, tenant)
		}
		return c, openErr
	}}
	err := d.Work(t.Context(), record.Lease{Ref: task.Ref{Tenant: "ten_1", Kind: task.ConnectionDiscover, Subject: "con_1"}, Until: until})
	return f, err
}

func TestDiscoveredCalendarsAreStored(t *testing.T) {
	t.Parallel()
	c := &calendars{all: []cal.Calendar{{ID: "a", Primary: true}, {ID: "b"}}}
	f, err := discover(t, c, nil, began.Add(leaseTime))
	if err != nil || len(f.all) != 1 || len(f.all[0]) != 2 || f.id != "con_1" || !f.o.Served {
		t.Errorf("%v, %+v", err, f)
	}
	if f.recheck.Sub(began) != 10*time.Minute {
		t.Errorf("a listing that lacks something is repeated after %s", f.recheck.Sub(began))
	}
	if !f.o.Again || f.o.NotBefore.Sub(began) != 15*time.Hour {
		t.Errorf("%+v, want it to come back after the interval, less what spreads the accounts", f.o)
	}
	if until, ok := c.ctx.Deadline(); !ok || time.Until(until) >= leaseTime {
		t.Error("the call may take longer than its lease")
	}
}

// Every account has a calendar. An answer without one says that something is wrong with the answer; taking it at its word would let all
// calendars of the account vanish.
func TestNoCalendarAtAllIsNotBelieved(t *testing.T) {
	t.Parallel()
	f, err := discover(t, &calendars{}, nil, began.Add(leaseTime))
	if !fault.Is(err, fault.Transient) || len(f.all) != 0 {
		t.Errorf("%v, stored %v", err, f.all)
	}
}

func TestFailedDiscoveryStoresNothing(t *testing.T) {
	t.Parallel()
	refused := fault.New(fault.Unauthorized, "list calendars", nil)
	for name, c := range map[string]struct {
		lister *calendars
		open   error
		until  time.Time
		want   fault.Kind
	}{
		"the listing failed": {&calendars{all: []cal.Calendar{{ID: "a"}}, err: refused}, nil, began.Add(leaseTime), fault.Unauthorized},
		"the client failed":  {&calendars{}, fault.New(fault.NeedsReauth, "open", nil), began.Add(leaseTime), fault.NeedsReauth},
		"the lease is over":  {&calendars{}, nil, began, fault.Fenced},
	} {
		f, err := discover(t, c.lister, c.open, c.until)
		if !fault.Is(err, c.want) || len(f.all) != 0 {
			t.Errorf("%s: %v, stored %v", name, err, f.all)
		}
		if name == "the lease is over" && c.lister.ctx != nil {
			t.Errorf("%s: called all the same", name)
		}
	}
}
