package budget

import (
	"context"
	"slices"
	"sync"
	"time"
)

// queues let calls wait for a place of their mailbox, so that one that this process gives back is taken again at once.
type queues struct {
	mu  sync.Mutex
	all map[string][]*waiter
}

// waiter is a call that waits; woken is closed once a place may be free.
type waiter struct {
	lane  int
	woken chan struct{}
	once  bool
}

// waitersPerPlace is how many calls may wait for each place of a mailbox: enough that one is there when a place is free.
const waitersPerPlace = 2

// join lets a call wait behind those of its lane and of more urgent ones. most is how many places the mailbox has; interactive
// calls may always join.
func (q *queues) join(mailbox string, lane, most int) (w *waiter, leave func(), ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	line := q.all[mailbox]
	if lane > 0 && len(line) >= waitersPerPlace*most {
		return nil, nil, false
	}
	if q.all == nil {
		q.all = map[string][]*waiter{}
	}
	w = &waiter{lane: lane, woken: make(chan struct{})}
	at := len(line)
	for at > 0 && line[at-1].lane > lane {
		at--
	}
	q.all[mailbox] = slices.Insert(line, at, w)
	return w, func() { q.leave(mailbox, w) }, true
}

// room reports whether a call could join.
func (q *queues) room(mailbox string, lane, most int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return lane == 0 || len(q.all[mailbox]) < waitersPerPlace*most
}

func (q *queues) leave(mailbox string, w *waiter) {
	q.mu.Lock()
	defer q.mu.Unlock()
	line := slices.DeleteFunc(q.all[mailbox], func(o *waiter) bool { return o == w })
	if len(line) == 0 {
		delete(q.all, mailbox)
		return
	}
	q.all[mailbox] = line
}

// freed wakes the first call that waits for a place and was not woken yet.
func (q *queues) freed(mailbox string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, w := range q.all[mailbox] {
		if !w.once {
			w.once = true
			close(w.woken)
			return
		}
	}
}

// canQueue reports whether the call could wait for a place of its mailbox.
func (c *call) canQueue(patience time.Duration) bool {
	most := c.limits.Concurrency
	return patience > 0 && most > 0 && c.limiter.queues.room(c.keys.mailbox, c.lane, most)
}

// pause waits in place before a call asks again, and returns what is left of its patience. It reports false where that would take too long.
func (c *call) pause(ctx context.Context, v verdict, patience time.Duration) (left time.Duration, ok bool, err error) {
	l, wait := c.limiter, v.wait
	var woken <-chan struct{}
	if v.reason == mailboxFull && c.patient {
		wait = min(wait, patience)
		w, leave, joined := l.queues.join(c.keys.mailbox, c.lane, c.limits.Concurrency)
		if joined {
			defer leave()
			woken = w.woken
		}
	}
	if patience <= 0 || wait > patience || !l.fits(ctx, wait) {
		return 0, false, nil
	}
	began := l.Clock.Now()
	if err := l.sleep(ctx, wait, woken); err != nil {
		return 0, false, err
	}
	return patience - max(l.Clock.Now().Sub(began), time.Millisecond), true, nil
}
