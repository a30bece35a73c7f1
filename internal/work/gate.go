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
)

// Gate lets requests, whose callers wait for an answer, go ahead of work in the same process: while there are requests, few rows are worked on at a
// time, beside those that wait for somebody else. Work is only slowed: none waits for longer than a second. A nil Gate is always open.
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
	return func() {
		time.AfterFunc(lull, func() {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.requests--
			g.wake()
		})
	}
}

// enter returns when work may begin: at once while there are no requests or few rows are worked on, and soon in any case. leave says that it has
// ended; the context is for the work.
func (g *Gate) enter(ctx context.Context) (_ context.Context, leave func()) {
	if g == nil {
		return ctx, func() {}
	}
	late := time.NewTimer(courtesy)
	defer late.Stop()
	for waited := false; ; {
		g.mu.Lock()
		if g.requests == 0 || g.working < g.few || waited {
			g.working++
			g.mu.Unlock()
			p := &passage{gate: g}
			return context.WithValue(ctx, passageKey{}, p), p.leave
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

// passage is a row that has entered.
type passage struct {
	gate *Gate
	// calls counts what it waits for, under the gate's lock; left says that it has ended.
	calls int
	left  bool
}

type passageKey struct{}

// Calling says that the work which a context belongs to waits for somebody else until back is called. Meanwhile it is in no request's way, and not
// reckoned with: a provider that does not answer would keep the gate shut.
func Calling(ctx context.Context) (back func()) {
	p, ok := ctx.Value(passageKey{}).(*passage)
	if !ok {
		return func() {}
	}
	p.wait(1)
	return func() { p.wait(-1) }
}

func (p *passage) wait(calls int) {
	p.gate.mu.Lock()
	defer p.gate.mu.Unlock()
	before := p.calls
	p.calls += calls
	switch {
	case p.left:
	case before == 0:
		p.gate.working--
		p.gate.wake()
	case p.calls == 0:
		p.gate.working++
	}
}

func (p *passage) leave() {
	p.gate.mu.Lock()
	defer p.gate.mu.Unlock()
	p.left = true
	if p.calls == 0 {
		p.gate.working--
		p.gate.wake()
	}
}

// wake wakes whoever waits, under the lock.
func (g *Gate) wake() {
	close(g.changed)
	g.changed = make(chan struct{})
}
