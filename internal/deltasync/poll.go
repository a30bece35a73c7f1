package deltasync

import (
	"context"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

// PollStore is what the poller needs of the store.
type PollStore interface {
	Polling(ctx context.Context, l record.Lease) (record.Polling, error)
	// Doubted returns links whose deletions are held though listings show their events.
	Doubted(ctx context.Context, l record.Lease) ([]cal.LinkID, error)
	Finish(ctx context.Context, l record.Lease, o record.Outcome, marks ...record.Mark) error
}

// Poller marks calendars for a listing on a schedule, whether or not pushes arrive: providers promise no delivery of theirs.
type Poller struct {
	Store  PollStore
	Clock  clock.Clock
	Rhythm Rhythm
	// Polled hears of each poll, and whether changes of the calendar are pushed; nil for nobody.
	Polled func(p cal.Provider, s record.PushState)
}

// Work marks the lease's calendar and comes back after the interval.
func (p *Poller) Work(ctx context.Context, l record.Lease) error {
	state, err := p.Store.Polling(ctx, l)
	if err != nil {
		return err
	}
	o := record.Served()
	if state.Calendar.Level() == cal.SyncOff {
		return p.Store.Finish(ctx, l, o) // whoever turns it on again marks this row
	}
	now := p.Clock.Now()
	o.Again = true
	o.NotBefore = now.Add(p.Rhythm.wait(state.Hearing, now))
	if state.Connection.State != cal.ConnectionActive {
		return p.Store.Finish(ctx, l, o)
	}
	doubted, err := p.Store.Doubted(ctx, l)
	if err != nil {
		return err
	}
	lane := task.Background
	if state.Hearing.ListedAt.IsZero() {
		lane = task.Bulk // a first listing is a backfill, and nobody waits for it
	}
	marks := []record.Mark{{Kind: task.CalendarSync, Subject: l.Subject, Lane: lane, ConnectionID: state.Connection.ID}}
	for _, id := range doubted {
		// No listing will show a change of an event that was there all along.
		marks = append(marks, record.Mark{
			Kind: task.LinkPush, Subject: string(id), Lane: task.Background, ConnectionID: state.Connection.ID, Revive: true,
		})
	}
	err = p.Store.Finish(ctx, l, o, marks...)
	if err == nil && p.Polled != nil {
		p.Polled(state.Calendar.Provider, state.Push)
	}
	return err
}
