package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/intake"
	"github.com/calweave/calweave/internal/record"
)

// economy counts what bookings and storms cost at the providers. Nothing of it is a time: the same numbers come out on any machine.
func (b *bench) economy(ctx context.Context) (err error) {
	const calendars = 16
	s, err := b.start(ctx, plan{roles: "api,receiver", calendars: min(calendars, b.Scale.Calendars), both: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop(ctx)) }()
	f, err := s.newFloor(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.pool.Close()) }()
	if err := s.lives(ctx); err != nil {
		return err
	}
	return s.storm(ctx, f)
}

// stages are what becomes of a booking: each is one change of it, and one write for each target.
func stages() []string { return []string{"created", "moved", "cancelled"} }

// lives takes bookings through their stages and counts the writes of each.
func (s *stack) lives(ctx context.Context) error {
	n := s.bench.Scale.Booked
	targets := n * len(s.booking(1).Targets)
	for at, name := range stages() {
		var since uint64
		if all := s.sim.Requests(0); len(all) > 0 {
			since = all[len(all)-1].N
		}
		for i := range n {
			if err := s.live(ctx, i+1, at); err != nil {
				return err
			}
		}
		if err := s.settle(ctx); err != nil {
			return err
		}
		writes := 0
		for _, r := range s.sim.Requests(since) {
			if r.Method != http.MethodGet && strings.Contains(r.Path, "/events") && !strings.HasSuffix(r.Path, "/watch") {
				writes++
			}
		}
		s.bench.addCount("provider writes per booking and target, "+name, float64(writes)/float64(targets), 1, 1, fmt.Sprintf("%d bookings with %d targets each", n, targets/n))
	}
	return nil
}

// live brings a booking to a stage.
func (s *stack) live(ctx context.Context, n, stage int) error {
	b := intake.Submission{ID: cal.BookingID(fmt.Sprintf("bkg-%d", n)), Actor: "bench", Via: "bench"}
	if stage == len(stages())-1 {
		b.Cancel = new(int64(stage + 1))
	} else {
		spec := s.booking(n)
		day, _, _ := strings.Cut(spec.Start.DateTime, "T")
		spec.Version = int64(stage + 1)
		spec.Start.DateTime = fmt.Sprintf("%sT%02d:00:00", day, 10+stage)
		spec.End.DateTime = fmt.Sprintf("%sT%02d:30:00", day, 10+stage)
		b.Booking = &spec
	}
	_, err := s.app.Intake.Submit(ctx, s.tenant, b)
	return err
}

// addCount adds how many calls something takes, which is to be no more than most.
func (b *bench) addCount(name string, value, floor, most float64, note string) {
	b.report.add(Figure{
		Name: name, Unit: "calls", Value: value, Floor: floor, Ratio: value / floor, Aim: fmt.Sprintf("<= %.2f", most), Met: value <= most, Note: note,
	})
}

// storm pushes to one calendar while it is being listed, and counts the listings that this leads to.
func (s *stack) storm(ctx context.Context, f *floor) error {
	level := cal.SyncFull
	if _, err := s.app.Store.ChooseCalendar(ctx, s.tenant, s.calendars[0].ID, record.CalendarChoice{Sync: &level, Actor: "bench"}); err != nil {
		return err
	}
	if err := s.settle(ctx); err != nil {
		return err
	}
	if err := s.openChannels(ctx, f); err != nil {
		return err
	}
	s.watcher.taken()
	in := &intakeRun{stack: s, floor: f}
	pushes := s.bench.Scale.Storm
	working, stop := context.WithCancel(ctx)
	worked := make(chan error, 1)
	go func() { worked <- s.keepListing(working) }()
	began := s.bench.clock.Now()
	_, err := s.bench.batch(ctx, s.bench.Scale.Clients, pushes, in.one())
	took := s.bench.since(began)
	stop()
	if err := errors.Join(err, <-worked, s.settle(ctx)); err != nil {
		return err
	}
	if got := in.acks.Load(); got != int64(pushes) {
		return fmt.Errorf("%d of %d pushes were taken in", got, pushes)
	}
	const most = 3
	s.bench.addCount(fmt.Sprintf("listings after %d pushes", pushes), float64(s.watcher.taken()[callListing]), 1, most,
		fmt.Sprintf("to one calendar, within %d ms", took.Milliseconds()))
	return nil
}

// one sends a push to the first calendar.
func (in *intakeRun) one() func(context.Context, int) error {
	return in.push(in.stack.url, 1, &in.acks)
}

// keepListing works on whatever is due until ctx ends.
func (s *stack) keepListing(ctx context.Context) error {
	const many = 100
	for ctx.Err() == nil {
		now := s.bench.clock.Now()
		due, err := s.app.Store.Due(ctx, now, now, many, many)
		for _, hint := range due {
			if _, err := s.app.Engine.Work(ctx, hint.Ref); err != nil && ctx.Err() == nil {
				return err
			}
		}
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}
