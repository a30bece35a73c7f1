package work

import (
	"container/heap"
	"context"
	"sync"
	"time"

	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/clock"
)

// timetable holds hints until their rows come due, so that paced work begins when it may and not with the sweep after that.
type timetable struct {
	clock clock.Clock
	// changed has a token when something came that may be due before all else.
	changed chan struct{}

	mu    sync.Mutex
	rows  departures
	known map[task.Ref]bool
}

// timetableLimit is how many hints it holds. The sweep finds the others again.
const timetableLimit = 2 * sweepLimit

type departure struct {
	hint task.Hint
	at   time.Time
}

// departures are a heap by time.
type departures []departure

func (d departures) Len() int           { return len(d) }
func (d departures) Less(i, j int) bool { return d[i].at.Before(d[j].at) }
func (d departures) Swap(i, j int)      { d[i], d[j] = d[j], d[i] }
func (d *departures) Push(x any)        { *d = append(*d, x.(departure)) } //nolint:forcetypeassert // heap.Push has no types
func (d *departures) Pop() any {
	last := (*d)[len(*d)-1]
	*d = (*d)[:len(*d)-1]
	return last
}

func newTimetable(c clock.Clock) *timetable {
	return &timetable{clock: c, changed: make(chan struct{}, 1), known: map[task.Ref]bool{}}
}

// add holds a hint until at. It never blocks, and drops what has no room.
func (t *timetable) add(h task.Hint, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known[h.Ref] || len(t.rows) >= timetableLimit {
		return
	}
	t.known[h.Ref] = true
	heap.Push(&t.rows, departure{h, at})
	if t.rows[0].hint.Ref == h.Ref {
		select {
		case t.changed <- struct{}{}:
		default:
		}
	}
}

// run hands hints over when their time has come, until ctx ends.
func (t *timetable) run(ctx context.Context, deliver func([]task.Hint)) {
	timer := time.NewTimer(sweepEvery)
	defer timer.Stop()
	for {
		due, next := t.depart()
		if len(due) > 0 {
			deliver(due)
			continue // handing over takes time
		}
		timer.Reset(next)
		select {
		case <-ctx.Done():
			return
		case <-t.changed:
		case <-timer.C:
		}
	}
}

// depart takes what is due, or tells how long until something is.
func (t *timetable) depart() (due []task.Hint, next time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.clock.Now()
	for len(t.rows) > 0 && !t.rows[0].at.After(now) {
		d := heap.Pop(&t.rows).(departure) //nolint:forcetypeassert // departures only
		delete(t.known, d.hint.Ref)
		d.hint.Due = d.at
		due = append(due, d.hint)
	}
	if len(t.rows) == 0 {
		return due, sweepEvery
	}
	return due, t.rows[0].at.Sub(now)
}
