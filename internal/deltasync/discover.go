package deltasync

import (
	"context"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

// CalendarStore is what the discoverer needs of the store.
type CalendarStore interface {
	Discovered(ctx context.Context, l record.Lease, d record.Discovery) error
}

// CalendarLister lists the calendars of one connection.
type CalendarLister interface {
	Calendars(ctx context.Context) ([]cal.Calendar, error)
}

// Discoverer lists the calendars of connections.
type Discoverer struct {
	Store CalendarStore
	Open  func(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID) (CalendarLister, error)
	Clock clock.Clock
	// Interval is how often an account's calendars are listed anew: no provider tells of one that was added or shared. Jitter spreads accounts over it.
	Interval time.Duration
	Jitter   func(time.Duration) time.Duration
}

// recheck is when a listing is doubted that lacks a calendar: a provider shows less than there is at times.
const recheck = 10 * time.Minute

// Work stores the calendars of the lease's connection and comes back after the interval.
func (d *Discoverer) Work(ctx context.Context, l record.Lease) error {
	id := cal.ConnectionID(l.Subject)
	lister, err := d.Open(ctx, l.Tenant, id)
	if err != nil {
		return err
	}
	within, cancel, err := l.Call(ctx, d.Clock.Now())
	if err != nil {
		return err
	}
	defer cancel()
	all, err := lister.Calendars(within)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		// Every account has a calendar: to believe this answer is to let all of them vanish.
		return fault.Newf(fault.Transient, "deltasync: discover", "the provider lists no calendar at all")
	}
	o := record.Served()
	o.Again = true
	o.NotBefore = d.Clock.Now().Add(d.Interval - d.Jitter(d.Interval/8))
	return d.Store.Discovered(ctx, l, record.Discovery{Connection: id, Calendars: all, Outcome: o, Recheck: d.Clock.Now().Add(recheck)})
}
