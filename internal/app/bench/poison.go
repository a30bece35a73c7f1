package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/store"
)

// poisonProcesses are the worker processes of a fleet.
const poisonProcesses = 2

// poison measures what a row that no worker survives costs the others: how long bookings beside it take to stand in their calendars. The floor is
// the same calweave without such a row; they take turns. A short lease makes the row come back often.
func (b *bench) poison(ctx context.Context) error {
	sound, err := b.startFleet(ctx)
	if err != nil {
		return err
	}
	defer sound.workers.stop()
	for _, how := range []string{panics, neverEnds, kills} {
		if err := b.poisonBy(ctx, sound, how); err != nil {
			return errors.Join(fmt.Errorf("a row that %s: %w", how, err), sound.run.stack.stop(ctx))
		}
	}
	return sound.run.stack.stop(ctx)
}

// fleet is a stack whose workers are processes of their own.
type fleet struct {
	run     *latencyRun
	workers *workers
}

// startFleet starts one whose calendars have all been written to once.
func (b *bench) startFleet(ctx context.Context) (*fleet, error) {
	const calendars = 16
	s, err := b.start(ctx, plan{
		roles: "api,receiver,scheduler", calendars: min(calendars, b.Scale.Calendars), settings: map[string]string{"CALWEAVE_LEASE": "2s"},
	})
	if err != nil {
		return nil, err
	}
	f := &fleet{run: &latencyRun{stack: s}, workers: s.startWorkers(ctx, poisonProcesses, "")}
	if err := f.run.warm(ctx); err != nil {
		f.workers.stop()
		return nil, errors.Join(err, s.stop(ctx))
	}
	return f, nil
}

func (b *bench) poisonBy(ctx context.Context, sound *fleet, how string) (err error) {
	hurt, err := b.startFleet(ctx)
	if err != nil {
		return err
	}
	s := hurt.run.stack
	defer func() { err = errors.Join(err, s.stop(ctx)) }()
	hurt.workers.stop()
	link, err := hurt.poisoned(ctx)
	if err != nil {
		return err
	}
	hurt.workers = s.startWorkers(ctx, poisonProcesses, link+"="+how)
	defer func() { hurt.workers.stop() }()
	var values, floors []time.Duration
	for began := b.clock.Now(); b.since(began) < b.Scale.Poison || len(values) == 0; {
		floor, err := sound.run.book(ctx)
		if err != nil {
			return err
		}
		value, err := hurt.run.book(ctx)
		if err != nil {
			return err
		}
		values, floors = append(values, value), append(floors, floor)
	}
	claims, err := hurt.claims(ctx, link)
	if err != nil {
		return err
	}
	if claims == 0 {
		return errors.New("no worker has claimed the row")
	}
	b.report.addLatency(fmt.Sprintf("beside a row that %s: PUT -> event", how), values, floors, 0,
		fmt.Sprintf("%d in turn; %d of 5 runs of the row, %d of its processes ended; floor: no such row", len(values), claims, hurt.workers.deaths.Load()))
	return nil
}

// poisoned makes a booking while nobody works, and returns its link.
func (f *fleet) poisoned(ctx context.Context) (string, error) {
	s := f.run.stack
	const id = "poison"
	req, err := s.put(ctx, s.url, id, 0)
	if err == nil {
		err = s.do(req)
	}
	if err != nil {
		return "", err
	}
	b, err := s.app.Store.Booking(ctx, s.tenant, cal.BookingID(id))
	if err != nil || len(b.Links) != 1 {
		return "", errors.Join(err, fmt.Errorf("the booking has %d links, want 1", len(b.Links)))
	}
	return string(b.Links[0].ID), nil
}

// claims is how many runs of a row have ended without a word.
func (f *fleet) claims(ctx context.Context, link string) (int, error) {
	const many = 10_000
	s := f.run.stack
	all, err := s.app.Store.ListWork(ctx, s.tenant, store.OpenWork, task.Ref{}, many)
	for _, w := range all {
		if w.Subject == link {
			return w.Crashes, err
		}
	}
	return 0, err
}
