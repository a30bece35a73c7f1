package budget

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/record"
)

// patientProbes is for how many probes in a row, which are an hour's, failures are the provider's alone. What fails for longer may be at fault itself:
// the only event of a mailbox, at which its provider stumbles each time, looks from here as an outage does.
const patientProbes = 60

// laneGap lets a lane find the breaker shut, and its places promised, before the next one comes: a sweep, and a second that the probe may take.
const laneGap = 4 * time.Second

// blame says of a failed call that its provider is away if a breaker is open by now: its work waits for the next probe as all other work does, and is
// not kept away for longer by what it has tried before.
func (c *call) blame(ctx context.Context, v verdictOf, f *fault.Error) {
	if v != failed {
		return
	}
	wait := max(c.openFor(ctx, c.keys.app), c.openFor(ctx, c.keys.mailbox))
	if wait == 0 {
		return
	}
	f.Err = &record.OutageError{Wait: wait + c.later(), Err: f.Err}
}

// later is how much later than the most urgent lane a call comes back to a breaker.
func (c *call) later() time.Duration { return time.Duration(c.lane) * laneGap }

// outages are until when breakers are open as far as this process has heard, by the breaker's key. Nobody asks again before that.
type outages struct {
	mu  sync.Mutex
	all map[string]time.Time
}

// hear remembers what a refusal says about a breaker that lets no probe through yet.
func (c *call) hear(v verdict) {
	var key string
	switch v.reason {
	case reasonApplicationBreaker:
		key = c.keys.app
	case reasonMailboxBreaker:
		key = c.keys.mailbox
	default:
		return
	}
	if v.wait <= time.Second+c.later() {
		return
	}
	until, o := c.limiter.Clock.Now().Add(v.wait-c.later()), &c.limiter.outages
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.all == nil || len(o.all) >= breakerLimit {
		o.all = map[string]time.Time{} // whoever is forgotten is asked about
	}
	o.all[key] = until
}

// away is the refusal of a call whose breaker is known to be open; nil for none.
func (c *call) away() *fault.Error {
	now, o := c.limiter.Clock.Now(), &c.limiter.outages
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, b := range [...]struct{ key, reason string }{{c.keys.app, reasonApplicationBreaker}, {c.keys.mailbox, reasonMailboxBreaker}} {
		if wait := o.all[b.key].Sub(now); wait > 0 && wait <= longestOpen { // a longer one is that of a clock that went back
			return refusal(verdict{wait: wait + c.later(), reason: b.reason})
		}
	}
	return nil
}

// openFor is for how long a breaker has opened last; 0 if it is shut, unknown, or opened for the last time out of patience.
func (c *call) openFor(ctx context.Context, key string) time.Duration {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.limiter.AskTime)
	defer cancel()
	h, err := c.holders[len(c.holders)-1].read(ctx, key) // a call that was sent has one
	if err != nil || h["bo"] == "" {
		return 0
	}
	n, err := strconv.Atoi(h["bn"])
	if err != nil || n < 1 || n > patientProbes {
		return 0
	}
	return min(firstOpen<<min(n-1, 10), longestOpen)
}
