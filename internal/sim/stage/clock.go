package stage

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/calweave/calweave/internal/clock"
)

// minYear and maxYear bound where the clock can stand: what lies around now can be written in RFC 3339 and counted in nanoseconds.
const (
	minYear = 1900
	maxYear = 2200
)

// Clock is the time of both simulators: another clock's, until somebody moves or freezes it. It is safe for concurrent use.
type Clock struct {
	base   clock.Clock
	signal *Signal
	moving sync.Mutex
	state  atomic.Pointer[clockState]
}

// clockState is how the Clock departs from its base.
type clockState struct {
	ahead  time.Duration
	frozen bool
	// at is where a frozen clock stands.
	at time.Time
}

// ClockState is where the simulators' clock stands.
type ClockState struct {
	Now    time.Time `json:"now"`
	Frozen bool      `json:"frozen"`
}

// ClockChange is what to do with the clock: freeze it or let it run, and move it to a time or by a duration, but not both. What is nil stays.
type ClockChange struct {
	Frozen *bool      `json:"frozen,omitempty"`
	Now    *time.Time `json:"now,omitempty"`
	// Advance is a duration such as 90m, and may be negative.
	Advance string `json:"advance,omitempty"`
}

func newClock(base clock.Clock, signal *Signal) *Clock {
	c := &Clock{base: base, signal: signal}
	c.state.Store(&clockState{})
	return c
}

// Now implements clock.Clock.
func (c *Clock) Now() time.Time {
	s := c.state.Load()
	if s.frozen {
		return s.at
	}
	return c.base.Now().Add(s.ahead)
}

// State is where the clock stands, in UTC.
func (c *Clock) State() ClockState {
	s := c.state.Load()
	return ClockState{Now: c.Now().UTC(), Frozen: s.frozen}
}

// Change moves, freezes or releases the clock, and returns where it stands then. It fails on a contradiction, and then changes nothing.
func (c *Clock) Change(change ClockChange) (ClockState, error) {
	c.moving.Lock()
	defer c.moving.Unlock()
	at := c.Now()
	field := "now"
	if change.Now != nil && change.Advance != "" {
		return ClockState{}, badField("advance", "the clock goes to a time or by a duration, not both")
	}
	if change.Now != nil {
		at = *change.Now
	}
	if change.Advance != "" {
		d, err := time.ParseDuration(change.Advance)
		if err != nil {
			return ClockState{}, badField("advance", "is a duration such as 90m, not %q", change.Advance)
		}
		field, at = "advance", at.Add(d)
	}
	if year := at.UTC().Year(); year < minYear || year > maxYear {
		return ClockState{}, badField(field, "the clock goes from the year %d to %d, not to %d", minYear, maxYear, year)
	}
	next := *c.state.Load()
	if change.Frozen != nil {
		next.frozen = *change.Frozen
	}
	next.at, next.ahead = at, at.Sub(c.base.Now())
	c.state.Store(&next)
	c.signal.Raise()
	return c.State(), nil
}
