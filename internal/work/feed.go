package work

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

// DueStore finds work: rows that are due now, and those that come due until by.
type DueStore interface {
	Due(ctx context.Context, now, by time.Time, perTenant, limit int) ([]record.Due, error)
}

// Queue carries hints to the workers of the fleet. Round tells the hints of different sweeps apart, so that one that got stuck in the queue
// never keeps out all later ones for its row; it is 0 for hints that follow a commit or name when their row comes due.
type Queue interface {
	Hint(ctx context.Context, hints []task.Hint, round int64) error
}

// Feeder brings rows to workers when they are due: those that a commit has just marked, those that this process has given back for a moment, and,
// every second, whatever SQL says is due until the next sweep. It prefers the queue; while the queue is away it hands rows to this process.
type Feeder struct {
	store DueStore
	queue Queue
	local *Pool
	clock clock.Clock
	log   *slog.Logger
	soon  *timetable

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
	// sweepGap is the least time between a sweep after which not all was held that comes due until the next one, and one that looks on.
	sweepGap = 50 * time.Millisecond
	// roundLength is how long the hint of one sweep may keep out another one for the same row.
	roundLength = 30 * time.Second
	// perTenant is how many rows of one tenant and lane one sweep admits, which is more than a provider takes; sweepLimit is how many rows in all.
	perTenant  = 512
	sweepLimit = 2048
	// commitBurst is how many hints of one tenant may follow commits in the time of one sweep. More of them wait for the sweep.
	commitBurst = 256
	// againWithin is the longest wait for which a row is kept in mind: the next sweep but one finds those that wait for longer in time.
	againWithin = 2 * sweepEvery
	// commitBacklog is how many commits may wait to be told about.
	commitBacklog = 1024
)

// NewFeeder makes a feeder. Without a queue all work is done in this process; without a pool this process does none.
func NewFeeder(store DueStore, queue Queue, local *Pool, c clock.Clock, log *slog.Logger) *Feeder {
	return &Feeder{
		store: store, queue: queue, local: local, clock: c, log: log, soon: newTimetable(c),
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

// Again takes a row that is due again at a moment. Those that wait for long are left to the sweep. It never blocks.
func (f *Feeder) Again(h task.Hint, at time.Time) {
	if at.Sub(f.clock.Now()) < againWithin {
		f.soon.add(h, at)
	}
}

// Forward tells about commits, and about rows whose time has come, until ctx ends.
func (f *Feeder) Forward(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { f.soon.run(ctx, func(due []task.Hint) { f.deliver(ctx, due, 0) }) })
	for {
		select {
		case <-ctx.Done():
			return
		case hints := <-f.commits:
			f.deliver(ctx, hints, 0)
		}
	}
}

// Sweep looks for due rows every second until ctx ends, and sooner when this process runs out of rows though there are more or, while Forward runs, when
// more come due than one sweep brings or the timetable holds. With onlyAway it does so only while the queue is away: that is how a process that is no
// scheduler carries on alone.
func (f *Feeder) Sweep(ctx context.Context, onlyAway bool) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	var from time.Time
	for {
		more, err := f.sweep(ctx, onlyAway, from)
		if err != nil && ctx.Err() == nil {
			f.log.ErrorContext(ctx, "the sweep failed", slog.String("error", err.Error()))
		}
		var low <-chan struct{}
		if more {
			low = f.local.low
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			from = time.Time{}
		case <-low:
			from = time.Time{}
		case from = <-f.soon.ended:
		}
	}
}

// SweepOnce hands out what is due now, and keeps in mind what comes due soon.
func (f *Feeder) SweepOnce(ctx context.Context, onlyAway bool) error {
	_, err := f.sweep(ctx, onlyAway, time.Time{})
	return err
}

// findings are what a sweep has left out: more says that others are due than it found; known is for how long all that comes due is known, if that is
// shorter than until the next sweep.
type findings struct {
	more  bool
	known time.Duration
}

// sweep is SweepOnce, and reports whether this process has taken rows while more are due. With from it looks on for what comes due from that moment on:
// what came due before, the queue has heard.
func (f *Feeder) sweep(ctx context.Context, onlyAway bool, from time.Time) (more bool, err error) {
	f.mu.Lock()
	away := f.away
	f.mu.Unlock()
	if onlyAway && f.queue != nil && !away {
		f.soon.rest()
		f.probe(ctx)
		return false, nil
	}
	now := f.clock.Now()
	f.soon.look()
	found, err := f.store.Due(ctx, now, now.Add(sweepEvery), perTenant, sweepLimit)
	if err != nil {
		return false, err
	}
	on := !from.IsZero()
	if !on {
		from = now.Add(1)
	}
	due := f.keep(found, from)
	left := leftOut(found, now)
	if left.known > 0 {
		f.soon.until(now.Add(left.known))
	}
	if repeats := on && f.queue != nil && !away; repeats || f.deliver(ctx, due, roundAt(now)) == 0 || !left.more {
		return false, nil
	}
	f.local.alarmBelow()
	return true, nil
}

// keep keeps in mind what comes due from a moment on, and returns the rest.
func (f *Feeder) keep(found []record.Due, from time.Time) (due []task.Hint) {
	for _, row := range found {
		if row.At.Before(from) {
			due = append(due, row.Hint)
		} else {
			f.soon.add(row.Hint, row.At)
		}
	}
	return due
}

// leftOut says what a sweep has left out of what is due, and of what comes due.
func leftOut(found []record.Due, now time.Time) (left findings) {
	type share struct {
		tenant cal.TenantID
		lane   task.Lane
	}
	type part struct {
		all  int
		last time.Time
	}
	parts, most := map[share]part{}, 0
	for _, row := range found {
		of := share{row.Tenant, row.Lane}
		p := parts[of]
		p.all++
		if row.At.After(p.last) {
			p.last = row.At
		}
		parts[of], most = p, max(most, p.all)
	}
	full := perTenant
	if len(found) >= sweepLimit {
		full = most - 1 // all have as many places, but that the last round may be cut off in the middle
	}
	for _, p := range parts {
		switch ahead := p.last.Sub(now); {
		case p.all < full:
		case ahead <= 0:
			left.more = true
		case left.known == 0 || ahead < left.known:
			left.known = ahead
		}
	}
	return left
}

// roundAt is the round of a sweep, above 0.
func roundAt(now time.Time) int64 { return now.Unix()/int64(roundLength.Seconds()) + 1 }

// probe asks whether the queue is still there, with no hint at all.
func (f *Feeder) probe(ctx context.Context) { f.deliver(ctx, nil, 0) }

// deliver hands hints to the queue or, while that is away, to this process. It returns how many this process has taken.
func (f *Feeder) deliver(ctx context.Context, hints []task.Hint, round int64) (here int) {
	if f.queue != nil {
		err := f.queue.Hint(ctx, hints, round)
		if ctx.Err() != nil {
			return 0 // we are leaving, not the queue
		}
		f.noteQueue(ctx, err)
		if err == nil {
			return 0
		}
	}
	if f.local == nil {
		return 0
	}
	for _, h := range hints {
		if f.local.Offer(h) {
			here++
		}
	}
	return here
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
