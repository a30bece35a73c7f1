package work

import (
	"context"
	"sync"
	"time"
)

const (
	// lull is how long a request is reckoned with once it is answered: more are likely to come.
	lull = 100 * time.Millisecond
	// courtesy is how long work waits for requests at the most.
	courtesy = time.Second
	// exertion is how long a row is reckoned with: one that takes longer waits for a provider most of the time, and is in no request's way.
	exertion = 250 * time.Millisecond
)

// Gate lets requests, whose callers wait for an answer, go ahead of work in the same process: while there are requests, few rows are worked on at a
// time, beside those that take long. Work is only slowed: none waits for longer than a second. A nil Gate is always open.
type Gate struct {
	// few is how many rows are worked on beside requests.
	few int

	mu                sync.Mutex
	requests, working int
	// changed is closed when somebody who waits may look again.
	changed chan struct{}
}

// NewGate makes a gate that lets work on so many rows go on beside requests.
func NewGate(few int) *Gate {
	return &Gate{few: few, changed: make(chan struct{})}
}

// Request says that a request has come, and returns what says that it is answered.
func (g *Gate) Request() (answered func()) {
	g.mu.Lock()
	g.requests++
	g.mu.Unlock()
	return func() { time.AfterFunc(lull, func() { g.change(&g.requests) }) }
}

// enter returns when work may begin: at once while there are no requests or few rows are worked on, and soon in any case. leave says that it has
// ended.
func (g *Gate) enter(ctx context.Context) (leave func()) {
	if g == nil {
		return func() {}
	}
	late := time.NewTimer(courtesy)
	defer late.Stop()
	for waited := false; ; {
		g.mu.Lock()
		if g.requests == 0 || g.working < g.few || waited {
			g.working++
			g.mu.Unlock()
			return g.reckon()
		}
		changed := g.changed
		g.mu.Unlock()
		select {
		case <-changed:
		case <-late.C:
			waited = true
		case <-ctx.Done():
			waited = true
		}
	}
}

// reckon counts a row until it ends or has taken long.
func (g *Gate) reckon() (leave func()) {
	once := sync.OnceFunc(func() { g.change(&g.working) })
	long := time.AfterFunc(exertion, once)
	return func() {
		long.Stop()
		once()
	}
}

// change takes one from a count, and wakes whoever waits.
func (g *Gate) change(count *int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	*count--
	close(g.changed)
	g.changed = make(chan struct{})
}
