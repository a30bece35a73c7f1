package bench

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// accept measures how long the API takes to accept a booking while everything else that calweave does goes on beside it. The load is open: a request
// begins when its time has come, whatever became of those before it, and its latency counts from that moment.
func (b *bench) accept(ctx context.Context) (err error) {
	const calendars = 64
	s, err := b.start(ctx, plan{roles: "api,receiver,worker,scheduler", calendars: min(calendars, b.Scale.Calendars)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop(ctx)) }()
	f, err := s.newFloor(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.pool.Close()) }()
	floors, _, err := s.rush(ctx, f.url, "bare")
	if err != nil {
		return err
	}
	values, refused, err := s.rush(ctx, s.url, "bkg")
	if err != nil {
		return err
	}
	const aim = 50 * time.Millisecond
	b.report.addLatency("PUT of a booking, accepted", values, floors, aim,
		fmt.Sprintf("%d/s for %s after %d/s for %s, open loop", b.Scale.BusyRate, b.Scale.Busy, b.Scale.CalmRate, b.Scale.Calm))
	b.report.add(Figure{Name: "of these, answered 503", Unit: "calls", Value: float64(refused), Aim: "0", Met: refused == 0})
	return nil
}

// rush loads a URL calmly, then busily, and returns the latencies of the latter and how many were refused: a machine that is too slow for the load is
// a result.
func (s *stack) rush(ctx context.Context, base, name string) (took []time.Duration, refused int64, err error) {
	scale := s.bench.Scale
	first := 0
	var count atomic.Int64
	send := func(ctx context.Context, n int) error {
		req, err := s.put(ctx, base, fmt.Sprintf("%s-%d", name, first+n), first+n)
		if err != nil {
			return err
		}
		if err := s.do(req); !errors.Is(err, errRefused) {
			return err
		}
		count.Add(1)
		return nil
	}
	calm, err := s.bench.openLoop(ctx, scale.CalmRate, scale.Calm, send)
	if err != nil {
		return nil, 0, err
	}
	if err := s.db.analyze(ctx); err != nil {
		return nil, 0, err
	}
	first = len(calm)
	took, err = s.bench.openLoop(ctx, scale.BusyRate, scale.Busy, send)
	return took, count.Load(), err
}
