package budget

import (
	"context"
	"time"
)

// An account that is younger than what a process knows of penalties may have forgotten some that the process never heard of. SQL has them all: it is read
// before the first call of an application, again every second, and before each request while the account is so young.
const (
	// readAgain is how long what was read about an application holds.
	readAgain = time.Second
	// skew is how far clocks of processes and of Redis may be apart.
	skew = 5 * time.Second
)

// confirm looks whether a request that the account lets through would meet with a penalty that the account does not know: one that was written down
// before since. What was read after that is enough.
func (l *Limiter) confirm(ctx context.Context, c *call, v verdict, since time.Time) (verdict, error) {
	app, now := application{c.ask.Provider, c.ask.AppID}, l.Clock.Now()
	if !v.ok || l.Penalties == nil || l.current(app, c, since, now) {
		return v, nil
	}
	ofConnection, ofApplication, err := l.Penalties(ctx, c.ask)
	if err != nil {
		return verdict{}, err
	}
	c.ask.Read = now
	l.mu.Lock()
	k := l.known[app]
	k.read = now
	if ofApplication.After(now) {
		k.penalty = max(k.penalty, ofApplication.UnixMicro())
	}
	l.known[app] = k
	l.mu.Unlock()
	switch {
	case ofApplication.After(now):
		return verdict{wait: ofApplication.Sub(now), reason: "application-penalty"}, nil
	case ofConnection.After(now):
		return verdict{wait: ofConnection.Sub(now), reason: "mailbox-penalty"}, nil
	default:
		return v, nil
	}
}

// current reports whether what is known about the penalties of a call was read after since, and what is known about the application lately.
func (l *Limiter) current(app application, c *call, since, now time.Time) bool {
	l.mu.Lock()
	read := l.known[app].read
	l.mu.Unlock()
	return now.Sub(read) < readAgain && !read.Before(since) && !c.ask.Read.Before(since)
}
