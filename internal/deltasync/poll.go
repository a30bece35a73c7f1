package deltasync

import (
	"context"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

// PollStore is what the poller needs of the store.
type PollStore interface {
	Sync(ctx context.Context, l record.Lease) (record.Sync, error)
	// Doubted returns links whose deletions are held though listings show their events.
	Doubted(ctx context.Context, l record.Lease) ([]cal.LinkID, error)
	Finish(ctx context.Context, l record.Lease, o record.Outcome, marks ...record.Mark) error
}

// Poller marks calendars for a listing on a schedule, whether or not pushes arrive: providers promise no delivery of theirs.
type Poller struct {
	Store PollStore
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
	doubted, err := p.Store.Doubted(ctx, l)
	if err != nil {
		return err
	}
	marks := []record.Mark{{Kind: task.CalendarSync, Subject: l.Subject, Lane: task.Background, ConnectionID: state.Connection.ID}}
	for _, id := range doubted {
		// No listing will show a change of an event that was there all along.
		marks = append(marks, record.Mark{
			Kind: task.LinkPush, Subject: string(id), Lane: task.Background, ConnectionID: state.Connection.ID, Revive: true,
		})
	}
	return p.Store.Finish(ctx, l, o, marks...)
}
