package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/calweave/calweave/contracts/task"
)

// degrade measures what it means to one provider that the other one is not there: bookings go to both, and their events at the one that is there are
// waited for. The floor is the same calweave beside it whose providers are both there; they take turns. It begins with the moment in which the
// provider goes.
func (b *bench) degrade(ctx context.Context) (err error) {
	sound, err := b.startPair(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sound.stack.stop(ctx)) }()
	for _, w := range []way{refuses, hangs, fails} {
		if err := b.degradeBy(ctx, sound, w); err != nil {
			return fmt.Errorf("a provider that %s: %w", w, err)
		}
	}
	return nil
}

// startPair starts a stack with both providers that has done everything once.
func (b *bench) startPair(ctx context.Context) (*latencyRun, error) {
	const calendars = 16
	s, err := b.start(ctx, plan{roles: "api,receiver,worker,scheduler", calendars: min(calendars, b.Scale.Calendars), both: true})
	if err != nil {
		return nil, err
	}
	l := &latencyRun{stack: s}
	if err := l.warm(ctx); err != nil {
		return nil, errors.Join(err, s.stop(ctx))
	}
	return l, nil
}

func (b *bench) degradeBy(ctx context.Context, sound *latencyRun, w way) (err error) {
	hurt, err := b.startPair(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, hurt.stack.stop(ctx)) }()
	before, err := hurt.stack.openLinks(ctx)
	if err != nil {
		return err
	}
	if err := hurt.stack.graph.down(w); err != nil {
		return err
	}
	var written, writtenFloor, accepted, acceptedFloor []time.Duration
	for range b.Scale.Outage {
		floor, err := sound.bookTimed(ctx)
		if err != nil {
			return err
		}
		value, err := hurt.bookTimed(ctx)
		if err != nil {
			return err
		}
		written, writtenFloor = append(written, value.written), append(writtenFloor, floor.written)
		accepted, acceptedFloor = append(accepted, value.accepted), append(acceptedFloor, floor.accepted)
	}
	if err := hurt.waits(ctx, before, b.Scale.Outage); err != nil {
		return err
	}
	note := fmt.Sprintf("%d in turn over %d calendars at each; floor: both are there", b.Scale.Outage, len(hurt.stack.calendars))
	b.report.addLatency(fmt.Sprintf("one %s: PUT -> event at the other", w), written, writtenFloor, 0, note)
	b.report.addLatency(fmt.Sprintf("one %s: PUT accepted", w), accepted, acceptedFloor, 0, "")
	return nil
}

// waits wants the bookings that were made while a provider was away to wait for it, every one of them, and nothing else beside what was open before. The
// last event at the other one may have been seen before its outcome is written.
func (l *latencyRun) waits(ctx context.Context, before []task.Ref, bookings int) error {
	const often = 10 * time.Millisecond
	bounded, cancel := context.WithTimeout(ctx, waitTime)
	defer cancel()
	for {
		refs, err := l.stack.openLinks(ctx)
		refs = slices.DeleteFunc(refs, func(r task.Ref) bool { return slices.Contains(before, r) })
		if err != nil || len(refs) == bookings {
			return err
		}
		if err := sleep(bounded, often); err != nil {
			return fmt.Errorf("%d links wait for the provider that is away, want %d: %w", len(refs), bookings, err)
		}
	}
}
