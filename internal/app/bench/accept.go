package bench

import (
	"context"
	"errors"
	"fmt"
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
	floors, err := s.rush(ctx, f.url, "bare")
	if err != nil {
		return err
	}
	values, err := s.rush(ctx, s.url, "bkg")
	if err != nil {
		return err
	}
	const aim = 50 * time.Millisecond
	b.report.addLatency("PUT of a booking, accepted", values, floors, aim,
		fmt.Sprintf("%d/s for %s after %d/s for %s, open loop", b.Scale.BusyRate, b.Scale.Busy, b.Scale.CalmRate, b.Scale.Calm))
	return nil
}

// rush loads a URL calmly, then busily, and returns the latencies of the latter.
func (s *stack) rush(ctx context.Context, base, name string) ([]time.Duration, error) {
	scale := s.bench.Scale
	first := 0
	send := func(ctx context.Context, n int) error {
		req, err := s.put(ctx, base, fmt.Sprintf("%s-%d", name, first+n), first+n)
		if err != nil {
			return err
		}
		return s.do(req)
	}
	calm, err := s.bench.openLoop(ctx, scale.CalmRate, scale.Calm, send)
	if err != nil {
		return nil, err
	}
	first = len(calm)
	return s.bench.openLoop(ctx, scale.BusyRate, scale.Busy, send)
}
