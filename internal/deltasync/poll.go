package deltasync

import (
	"context"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

// Poller marks calendars for a listing on a schedule, whether or not pushes arrive: providers promise no delivery of theirs.
type Poller struct {
	Store Store
	Clock clock.Clock
	// Interval is how often a calendar is listed at least; Jitter spreads the calendars over it.
	Interval time.Duration
	Jitter   func(time.Duration) time.Duration
}

// Work marks the lease's calendar and comes back after the interval.
func (p *Poller) Work(ctx context.Context, l record.Lease) error {
	state, err := p.Store.Sync(ctx, l)
	if err != nil {
		return err
	}
	o := record.Served()
	if state.Calendar.Level() == cal.SyncOff {
		return p.Store.Finish(ctx, l, o) // whoever turns it on again marks this row
	}
	o.Again = true
	o.NotBefore = p.Clock.Now().Add(p.Interval - p.Jitter(p.Interval/8))
	if state.Connection.State != cal.ConnectionActive {
		return p.Store.Finish(ctx, l, o)
	}
	return p.Store.Finish(ctx, l, o, record.Mark{
		Kind: task.CalendarSync, Subject: l.Subject, Lane: task.Background, ConnectionID: state.Connection.ID,
	})
}
