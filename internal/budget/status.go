package budget

import (
	"context"
	"strconv"
	"time"

	"github.com/calweave/calweave/contracts/cal"
)

// State is whether a provider application is called at all. A zero moment stands for a state that does not hold.
type State struct {
	// DownUntil is when the next call tries whether the provider is back; LimitedUntil is until when it wants to be left alone.
	DownUntil, LimitedUntil time.Time
}

// State returns how it goes with an application: what the fleet knows, or, while Redis is away, what this process does.
func (l *Limiter) State(ctx context.Context, p cal.Provider, app cal.AppID) (State, error) {
	now := l.Clock.Now()
	e := l.asked()
	if e == nil {
		e = l.local
	}
	ctx, cancel := context.WithTimeout(ctx, l.AskTime)
	defer cancel()
	h, err := e.read(ctx, tag(application{p, app})+"app")
	if err != nil {
		return State{}, err
	}
	moment := func(field string) time.Time {
		us, err := strconv.ParseInt(h[field], 10, 64)
		if err != nil || us == 0 {
			return time.Time{}
		}
		return time.UnixMicro(us).UTC()
	}
	s := State{DownUntil: moment("bo"), LimitedUntil: moment("pu")}
	if !s.LimitedUntil.After(now) {
		s.LimitedUntil = time.Time{}
	}
	return s, nil
}
