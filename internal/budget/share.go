package budget

import (
	"context"
	"sync"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
)

// shares bound how many calls to one provider are under way in this process at once, so that a provider that does not answer leaves workers to the
// others.
type shares struct {
	mu  sync.Mutex
	all map[cal.Provider]*share
}

// share is one provider's.
type share struct {
	places chan struct{}
	mu     sync.Mutex
	// waiting counts the calls that wait for a place; moved is when one was last taken or given back.
	waiting int
	moved   time.Time
}

const (
	// sharePatience is how long a call waits for a place, and shareWait when its work comes back if there was none.
	sharePatience = 250 * time.Millisecond
	shareWait     = 500 * time.Millisecond
	// stillTime is how long places are waited for when none is given back, and stillWait when work comes back from then on: whoever waits for a
	// provider that does not answer has a worker that the others need.
	stillTime = time.Second
	stillWait = 5 * time.Second
)

func (s *shares) of(p cal.Provider, places int) *share {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[cal.Provider]*share{}
	}
	if s.all[p] == nil {
		s.all[p] = &share{places: make(chan struct{}, places)}
	}
	return s.all[p]
}

// occupy takes one of the process's places at the call's provider until the call ends.
func (c *call) occupy(ctx context.Context) *fault.Error {
	l := c.limiter
	if l.Places == 0 {
		return nil
	}
	s := l.shares.of(c.ask.Provider, l.Places)
	select {
	case s.places <- struct{}{}:
		c.hold(s)
		return nil
	default:
	}
	if back := s.join(l.Clock.Now(), l.Waiters); back > 0 {
		return c.crowded(back)
	}
	defer s.leave()
	wait, cancel := context.WithTimeout(ctx, sharePatience)
	defer cancel()
	select {
	case s.places <- struct{}{}:
		c.hold(s)
		return nil
	case <-wait.Done():
	}
	if ctx.Err() != nil {
		return fault.Network(ctx, opTake, ctx.Err())
	}
	return c.crowded(shareWait)
}

// crowded is the refusal of a call that finds no place, and comes back after a wait.
func (c *call) crowded(back time.Duration) *fault.Error {
	f := fault.Newf(fault.Busy, opTake, "this process has as many calls to %s under way as it may", c.ask.Provider)
	f.RetryAfter = back
	return f
}

// hold notes that the call has a place.
func (c *call) hold(s *share) {
	now := c.limiter.Clock.Now
	s.move(now())
	c.vacate = func() {
		<-s.places
		s.move(now())
	}
}

func (s *share) move(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moved = now
}

// join lets a call wait for a place, one of up to half as many as are spared for other things, or says when to come back instead. Where
// nothing is spared, one may wait.
func (s *share) join(now time.Time, spared int) (back time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case now.Sub(s.moved) >= stillTime:
		return stillWait
	case s.waiting >= max(1, spared/2):
		return shareWait
	}
	s.waiting++
	return 0
}

func (s *share) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting--
}
