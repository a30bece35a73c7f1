package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/sim"
)

// waitTime bounds what is waited for: something that never comes is a failure. The hint of a row may have died with its process, and keeps out others
// until the next round of sweeps, 30 s at the most.
const waitTime = 90 * time.Second

// latency measures, on an idle calweave, how long a booking takes to stand in its calendar, and a person's change to reach the core. Calendars take turns,
// so that the spacing of one calendar's listings, two seconds under load, does not show.
func (b *bench) latency(ctx context.Context) (err error) {
	const calendars = 64
	c, err := newCore(b.clock, message.BookingMoved, b.Scale.Samples)
	if err != nil {
		return err
	}
	s, err := b.start(ctx, plan{roles: "api,receiver,worker,scheduler", calendars: min(calendars, b.Scale.Calendars), core: c})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop(ctx)) }()
	f, err := s.newFloor(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.pool.Close()) }()
	l := &latencyRun{stack: s, core: c, floor: f}
	if err := l.warm(ctx); err != nil {
		return err
	}
	if err := l.out(ctx); err != nil {
		return err
	}
	return l.in(ctx)
}

type latencyRun struct {
	stack *stack
	core  *core
	floor *floor
	n     int
}

// warm books once in each calendar, so that each is followed and has a channel.
func (l *latencyRun) warm(ctx context.Context) error {
	for range l.stack.calendars {
		if _, err := l.book(ctx); err != nil {
			return err
		}
	}
	address := l.stack.url + "/hooks/google"
	bounded, cancel := context.WithTimeout(ctx, waitTime)
	defer cancel()
	err := l.stack.sim.Wait(bounded, func() bool {
		channels, err := l.stack.sim.Channels(sim.Google, host)
		n := 0
		for _, c := range channels {
			if c.Address == address {
				n++
			}
		}
		return err == nil && n >= len(l.stack.calendars)
	})
	if err != nil {
		return fmt.Errorf("wait for channels: %w", err)
	}
	return l.stack.settle(ctx)
}

// book hands a booking over and returns how long it was until its event was written.
func (l *latencyRun) book(ctx context.Context) (time.Duration, error) {
	t, err := l.bookTimed(ctx)
	return t.written, err
}

// bookTimes are how long it was until a booking was accepted, and until its event stood at Google.
type bookTimes struct{ accepted, written time.Duration }

func (l *latencyRun) bookTimed(ctx context.Context) (t bookTimes, err error) {
	l.n++
	l.stack.watcher.drain()
	req, err := l.stack.put(ctx, l.stack.url, fmt.Sprintf("bkg-%d", l.n), l.n)
	if err != nil {
		return t, err
	}
	began := l.stack.bench.clock.Now()
	if err := l.stack.do(req); err != nil {
		return t, err
	}
	t.accepted = l.stack.bench.since(began)
	t.written, err = until(ctx, l.stack.watcher.wrote, began, "an event at the provider")
	return t, err
}

// until waits for a moment and returns how long after began it was.
func until(ctx context.Context, moments <-chan time.Time, began time.Time, what string) (time.Duration, error) {
	bounded, cancel := context.WithTimeout(ctx, waitTime)
	defer cancel()
	select {
	case <-bounded.Done():
		return 0, fmt.Errorf("wait for %s: %w", what, bounded.Err())
	case at := <-moments:
		return at.Sub(began), nil
	}
}

// out takes turns with a bare PUT and insert.
func (l *latencyRun) out(ctx context.Context) error {
	b := l.stack.bench
	l.stack.watcher.taken()
	var values, floors []time.Duration
	for range b.Scale.Samples {
		floor, err := l.bare(ctx)
		if err != nil {
			return err
		}
		value, err := l.book(ctx)
		if err != nil {
			return err
		}
		values, floors = append(values, value), append(floors, floor)
	}
	const aim = 60 * time.Millisecond
	b.report.addLatency("PUT sent -> event at the provider", values, floors, aim, fmt.Sprintf("%d in turn over %d calendars; floor: PUT and insert", len(values), len(l.stack.calendars)))
	if err := l.stack.settle(ctx); err != nil {
		return err
	}
	l.count(b.Scale.Samples)
	return nil
}

// bare sends the same request to the floor.
func (l *latencyRun) bare(ctx context.Context) (time.Duration, error) {
	req, err := l.stack.put(ctx, l.floor.url, "bkg", l.n)
	if err != nil {
		return 0, err
	}
	began := l.stack.bench.clock.Now()
	err = l.stack.do(req)
	return l.stack.bench.since(began), err
}

// count tells what the bookings have cost at the provider, once their echoes have been listed.
func (l *latencyRun) count(bookings int) {
	counts := l.stack.watcher.taken()
	each := func(n int) float64 { return float64(n) / float64(bookings) }
	const aim = 1.05
	calls := each(counts[callWrite] + counts[callRead])
	r := l.stack.bench.report
	r.add(Figure{
		Name: "provider calls for each booking and target", Unit: "calls", Value: calls, Floor: 1, Ratio: calls, Aim: "<= 1.05", Met: calls <= aim,
		Note: fmt.Sprintf("%d writes, %d reads of one event", counts[callWrite], counts[callRead]),
	})
	r.add(Figure{Name: "listings of the echo, beside them", Unit: "calls", Value: each(counts[callListing]), Note: fmt.Sprintf("%d other calls", counts[callOther])})
}

// in moves events as their host would. The floor is what the way in cannot do without: one request and one insert.
func (l *latencyRun) in(ctx context.Context) error {
	b := l.stack.bench
	places, err := l.events(b.Scale.Samples)
	if err != nil {
		return err
	}
	var values, floors []time.Duration
	for _, p := range places {
		floor, err := l.bare(ctx)
		if err != nil {
			return err
		}
		began := b.clock.Now()
		if _, err := l.stack.sim.MoveEvent(p.in, p.event.ID, p.event.Start.Add(time.Hour)); err != nil {
			return err
		}
		value, err := until(ctx, l.core.came, began, "a signed "+string(message.BookingMoved))
		if err != nil {
			return err
		}
		values, floors = append(values, value), append(floors, floor)
	}
	if l.core.forged > 0 {
		return fmt.Errorf("%d messages were not signed as they should be", l.core.forged)
	}
	const aim = 60 * time.Millisecond
	b.report.addLatency("moved at the provider -> webhook at the core", values, floors, aim, fmt.Sprintf("%d in turn over %d calendars; floor: request and insert", len(values), len(l.stack.calendars)))
	return nil
}

// place is an event and where it stands.
type place struct {
	in    sim.In
	event sim.Event
}

// events are n events, one calendar after the other.
func (l *latencyRun) events(n int) ([]place, error) {
	var each [][]place
	for _, c := range l.stack.calendars {
		in := sim.In{Provider: sim.Google, Email: host, Calendar: string(c.Remote)}
		standing, err := l.stack.sim.Standing(in)
		if err != nil {
			return nil, err
		}
		var here []place
		for _, e := range standing {
			here = append(here, place{in, e})
		}
		each = append(each, here)
	}
	var out []place
	for turn := 0; len(out) < n; turn++ {
		before := len(out)
		for _, here := range each {
			if turn < len(here) && len(out) < n {
				out = append(out, here[turn])
			}
		}
		if len(out) == before {
			return nil, fmt.Errorf("%d events stand in the calendars, want %d", len(out), n)
		}
	}
	return out, nil
}
