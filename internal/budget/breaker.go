package budget

import (
	"errors"
	"maps"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/calweave/calweave/contracts/fault"
)

// breakers are those of this process, one for each application and mailbox that it calls. They stop a process whose own way to a provider is cut, which
// says nothing about the provider, and spare the round trip that would hear no. Whether the fleet may call is the script's to say: a call
// needs both.
type breakers struct {
	mu  sync.Mutex
	all map[string]*gobreaker.TwoStepCircuitBreaker[any]
}

const (
	// breakerLimit bounds how many breakers a process keeps.
	breakerLimit = 8192
	// Half of at least twenty calls within breakerWindow, or as many failures in a row as trip the fleet's breaker.
	breakerWindow = 2 * time.Second
	breakerBucket = 200 * time.Millisecond
	fewCalls      = 20
)

// The outcomes that a breaker of gobreaker tells apart.
var (
	errFailed   = errors.New("failed")
	errExcluded = errors.New("says nothing")
)

func newBreakers() *breakers {
	return &breakers{all: map[string]*gobreaker.TwoStepCircuitBreaker[any]{}}
}

func (b *breakers) of(name string, trip uint32) *gobreaker.TwoStepCircuitBreaker[any] {
	b.mu.Lock()
	defer b.mu.Unlock()
	if one, ok := b.all[name]; ok {
		return one
	}
	b.makeRoom()
	one := gobreaker.NewTwoStepCircuitBreaker[any](gobreaker.Settings{
		Name: name, MaxRequests: 1, Interval: breakerWindow, BucketPeriod: breakerBucket, Timeout: firstOpen,
		ReadyToTrip: func(c gobreaker.Counts) bool {
			verdicts := c.TotalSuccesses + c.TotalFailures
			return c.ConsecutiveFailures >= trip || verdicts >= fewCalls && 2*c.TotalFailures >= verdicts
		},
		IsExcluded: func(err error) bool { return errors.Is(err, errExcluded) },
	})
	b.all[name] = one
	return one
}

// makeRoom forgets the breakers that are shut if there is no room for another, and any one if none is.
func (b *breakers) makeRoom() {
	if len(b.all) < breakerLimit {
		return
	}
	maps.DeleteFunc(b.all, func(_ string, one *gobreaker.TwoStepCircuitBreaker[any]) bool {
		return one.State() == gobreaker.StateClosed
	})
	for name := range b.all {
		if len(b.all) < breakerLimit {
			return
		}
		delete(b.all, name)
	}
}

// passBreakers asks the breakers of this process. Each that says yes is told what became of the call.
func (c *call) passBreakers() *fault.Error {
	b := c.limiter.breakers
	if b == nil {
		return nil
	}
	k := keysOf(c.ask)
	for _, one := range []*gobreaker.TwoStepCircuitBreaker[any]{b.of(k.app, tripApplication), b.of(k.mailbox, tripMailbox)} {
		done, err := one.Allow()
		if err != nil {
			f := fault.Newf(fault.Busy, opTake, "this process has had no answer from there lately")
			f.RetryAfter = time.Second + c.later()
			return f
		}
		c.judged = append(c.judged, func(v verdictOf) { done(outcome(v, one.State())) })
	}
	return nil
}

// outcome is a verdict as gobreaker takes it. An answer that says no proves that somebody is there; while all is well it says neither good nor bad.
func outcome(v verdictOf, s gobreaker.State) error {
	switch {
	case v == failed:
		return errFailed
	case v == well, v == refused && s == gobreaker.StateHalfOpen:
		return nil
	default:
		return errExcluded
	}
}
