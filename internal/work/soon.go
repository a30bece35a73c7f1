package work

import (
	"container/heap"
	"context"
	"slices"
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

	// ended has the end of the time of which all that comes due was known, once it is over.
	ended chan time.Time

	mu    sync.Mutex
	rows  departures
	known map[task.Ref]bool
	// end is when something comes due first that is not held; zero for nothing before the next sweep. Nobody need look for it before earliest, which is
	// zero while this process does not sweep.
	end, earliest time.Time
}

// timetableLimit is how many hints it holds, which is more than comes due until the next sweep while thousands of calls a second are paced. The sweep
// finds the others again.
const timetableLimit = 8 * sweepLimit

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
	return &timetable{clock: c, changed: make(chan struct{}, 1), ended: make(chan time.Time, 1), known: map[task.Ref]bool{}}
}

// add holds a hint until at. It never blocks. Where there is no room, what comes due last is left to the sweep.
func (t *timetable) add(h task.Hint, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known[h.Ref] {
		return
	}
	t.known[h.Ref] = true
	heap.Push(&t.rows, departure{h, at})
	if len(t.rows) > timetableLimit {
		t.halve()
	}
	if t.rows[0].hint.Ref == h.Ref {
		t.wake()
	}
}

// halve drops the half that comes due last.
func (t *timetable) halve() {
	slices.SortFunc(t.rows, func(a, b departure) int { return a.at.Compare(b.at) })
	half := len(t.rows) / 2
	for _, d := range t.rows[half:] {
		delete(t.known, d.hint.Ref)
	}
	t.miss(t.rows[half].at)
	clear(t.rows[half:])
	t.rows = t.rows[:half]
}

// until says that what comes due from a moment on is not all known.
func (t *timetable) until(end time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.miss(end)
}

func (t *timetable) miss(end time.Time) {
	if !t.earliest.IsZero() && (t.end.IsZero() || end.Before(t.end)) {
		t.end = end
		t.wake()
	}
}

func (t *timetable) wake() {
	select {
	case t.changed <- struct{}{}:
	default:
	}
}

// look says that a sweep begins, after which all is known that comes due before the next one.
func (t *timetable) look() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.end, t.earliest = time.Time{}, t.clock.Now().Add(sweepGap)
}

// rest says that this process does not sweep.
func (t *timetable) rest() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.end, t.earliest = time.Time{}, time.Time{}
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

// depart takes what is due, or tells how long until something is, and calls for a sweep when it is time for one.
func (t *timetable) depart() (due []task.Hint, next time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.clock.Now()
	next = t.call(now)
	for len(t.rows) > 0 && !t.rows[0].at.After(now) {
		d := heap.Pop(&t.rows).(departure) //nolint:forcetypeassert // departures only
		delete(t.known, d.hint.Ref)
		d.hint.Due = d.at
		due = append(due, d.hint)
	}
	if len(t.rows) > 0 {
		next = min(next, t.rows[0].at.Sub(now))
	}
	return due, next
}

// call calls for a sweep if it is time for one, or tells how long until it may be.
func (t *timetable) call(now time.Time) (next time.Duration) {
	if t.end.IsZero() {
		return sweepEvery
	}
	due := t.end
	if due.Before(t.earliest) {
		due = t.earliest
	}
	if due.After(now) {
		return min(sweepEvery, due.Sub(now))
	}
	select {
	case t.ended <- t.end:
	default:
	}
	t.end = time.Time{} // what is added while the sweep looks may be later than what it finds
	return sweepEvery
}
