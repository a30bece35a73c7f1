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
	all map[cal.Provider]chan struct{}
}

const (
	// sharePatience is how long a call waits for a place, and shareWait when its work comes back if there was none.
	sharePatience = 250 * time.Millisecond
	shareWait     = 500 * time.Millisecond
)

func (s *shares) of(p cal.Provider, places int) chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[cal.Provider]chan struct{}{}
	}
	if s.all[p] == nil {
		s.all[p] = make(chan struct{}, places)
	}
	return s.all[p]
}

// occupy takes one of the process's places at the call's provider until the call ends.
func (c *call) occupy(ctx context.Context) *fault.Error {
	l := c.limiter
	if l.Places == 0 {
		return nil
	}
	places := l.shares.of(c.ask.Provider, l.Places)
	wait, cancel := context.WithTimeout(ctx, sharePatience)
	defer cancel()
	select {
	case places <- struct{}{}:
		c.vacate = func() { <-places }
		return nil
	case <-wait.Done():
	}
	if ctx.Err() != nil {
		return fault.Network(ctx, opTake, ctx.Err())
	}
	f := fault.Newf(fault.Busy, opTake, "this process has as many calls to %s under way as it may", c.ask.Provider)
	f.RetryAfter = shareWait
	return f
}
