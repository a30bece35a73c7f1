package work

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/clock"
)

// DueStore finds work.
type DueStore interface {
	Due(ctx context.Context, now time.Time, perTenant, limit int) ([]task.Hint, error)
}

// Queue carries hints to the workers of the fleet. Round tells the hints of different sweeps apart, so that one that got stuck in the queue
// never keeps out all later ones for its row; it is 0 for hints that follow a commit.
type Queue interface {
	Hint(ctx context.Context, hints []task.Hint, round int64) error
}

// Feeder brings due rows to workers: rows that a commit has just marked, and, every second, whatever SQL says is due. It prefers the queue;
// while the queue is away it hands rows to this process.
type Feeder struct {
	store DueStore
	queue Queue
	local *Pool
	clock clock.Clock
	log   *slog.Logger

	commits chan []task.Hint
	mu      sync.Mutex
	// sent counts what each tenant's commits have led to since burst began.
	sent  map[cal.TenantID]int
	burst time.Time
	away  bool
}

// The bounds of what a feeder hands out.
const (
	sweepEvery = time.Second
	// roundLength is how long the hint of one sweep may keep out another one for the same row.
	roundLength = 30 * time.Second
	// perTenant is how many rows of one tenant and lane one sweep admits, sweepLimit how many rows in all.
	perTenant  = 128
	sweepLimit = 2048
	// commitBurst is how many hints of one tenant may follow commits in the time of one sweep. More of them wait for the sweep.
	commitBurst = 256
	// commitBacklog is how many commits may wait to be told about.
	commitBacklog = 1024
)

// NewFeeder makes a feeder. Without a queue all work is done in this process; without a pool this process does none.
func NewFeeder(store DueStore, queue Queue, local *Pool, c clock.Clock, log *slog.Logger) *Feeder {
	return &Feeder{
		store: store, queue: queue, local: local, clock: c, log: log,
		commits: make(chan []task.Hint, commitBacklog), sent: map[cal.TenantID]int{},
	}
}

// Committed takes the rows that a commit has marked. It never blocks: what it drops, the sweep finds.
func (f *Feeder) Committed(hints []task.Hint) {
	admitted := f.admit(hints)
	if len(admitted) == 0 {
		return
	}
	select {
	case f.commits <- admitted:
	default:
	}
}

func (f *Feeder) admit(hints []task.Hint) []task.Hint {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := f.clock.Now(); now.Sub(f.burst) >= sweepEvery {
		f.burst = now
		clear(f.sent)
	}
	var out []task.Hint
	for _, h := range hints {
		if h.Lane == task.Bulk || f.sent[h.Tenant] >= commitBurst {
			continue
		}
		f.sent[h.Tenant]++
		out = append(out, h)
	}
	return out
}

// Forward tells about commits until ctx ends.
func (f *Feeder) Forward(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case hints := <-f.commits:
			f.deliver(ctx, hints, 0)
		}
	}
}

// Sweep looks for due rows every second until ctx ends. With onlyAway it does so only while the queue is away: that is how a process that is
// no scheduler carries on alone.
func (f *Feeder) Sweep(ctx context.Context, onlyAway bool) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if err := f.SweepOnce(ctx, onlyAway); err != nil && ctx.Err() == nil {
			f.log.ErrorContext(ctx, "the sweep failed", slog.String("error", err.Error()))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// SweepOnce hands out what is due now.
func (f *Feeder) SweepOnce(ctx context.Context, onlyAway bool) error {
	f.mu.Lock()
	away := f.away
	f.mu.Unlock()
	if onlyAway && f.queue != nil && !away {
		return f.probe(ctx)
	}
	now := f.clock.Now()
	due, err := f.store.Due(ctx, now, perTenant, sweepLimit)
	if err != nil {
		return err
	}
	f.deliver(ctx, due, now.Unix()/int64(roundLength.Seconds())+1)
	return nil
}

// probe asks whether the queue is still there, with no hint at all.
func (f *Feeder) probe(ctx context.Context) error {
	f.deliver(ctx, nil, 0)
	return nil
}

func (f *Feeder) deliver(ctx context.Context, hints []task.Hint, round int64) {
	if f.queue != nil {
		err := f.queue.Hint(ctx, hints, round)
		if ctx.Err() != nil {
			return // we are leaving, not the queue
		}
		f.noteQueue(ctx, err)
		if err == nil {
			return
		}
	}
	if f.local == nil {
		return
	}
	for _, h := range hints {
		f.local.Offer(h.Ref)
	}
}

// noteQueue remembers and logs when the queue goes and comes back.
func (f *Feeder) noteQueue(ctx context.Context, err error) {
	f.mu.Lock()
	changed := f.away != (err != nil)
	f.away = err != nil
	f.mu.Unlock()
	switch {
	case changed && err != nil:
		f.log.WarnContext(ctx, "the queue is away: carrying on with the sweep alone", slog.String("error", err.Error()))
	case changed:
		f.log.InfoContext(ctx, "the queue is back")
	}
}
