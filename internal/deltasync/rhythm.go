package deltasync

import (
	"time"

	"github.com/calweave/calweave/internal/record"
)

// Rhythm is how often calendars are polled. A poll that finds what nobody pushed halves a calendar's interval, one that finds nothing doubles it.
type Rhythm struct {
	// Least and Most bound every interval. Usual is the first one, and the longest for a calendar whose pushes are not to be relied on.
	Least, Usual, Most time.Duration
	// Jitter returns a random duration below its argument.
	Jitter func(time.Duration) time.Duration
}

// NewRhythm is a rhythm whose usual interval is kept to, whatever the bounds.
func NewRhythm(least, usual, most time.Duration, jitter func(time.Duration) time.Duration) Rhythm {
	return Rhythm{Least: min(least, usual), Usual: usual, Most: max(most, usual), Jitter: jitter}
}

// finding is what the polls of a calendar say about its interval.
type finding int

const (
	saysNothing finding = iota
	nothingNew
	unannounced
)

// next is the interval that follows last; zero stands for the first one.
func (r Rhythm) next(last time.Duration, found finding, trusted bool) time.Duration {
	longest := r.Usual
	if trusted {
		longest = r.Most
	}
	if last <= 0 {
		last = r.Usual
	}
	last = min(max(last, r.Least), longest)
	switch found {
	case nothingNew:
		last = min(2*last, longest)
	case unannounced:
		last = max(last/2, r.Least)
	case saysNothing:
	}
	return last
}

// spread is an interval with jitter: up to an eighth less, or more where less is not allowed.
func (r Rhythm) spread(interval time.Duration) time.Duration {
	jitter := r.Jitter(interval / 8)
	if interval-jitter >= r.Least {
		return interval - jitter
	}
	return min(interval+jitter, r.Most)
}

// wait is how long to wait until the next poll at now. A channel is relied on for as long as it is open.
func (r Rhythm) wait(h record.Hearing, now time.Time) time.Duration {
	wait := r.spread(r.next(h.Interval, saysNothing, h.Trusted()))
	if left := h.OpenUntil.Sub(now); h.Open() && left < wait {
		wait = max(left, r.spread(r.next(h.Interval, saysNothing, false)))
	}
	return wait
}

// Repoll says how a calendar is polled after a poll at now that nobody's push had announced.
func (r Rhythm) Repoll(heard record.Heard, now time.Time) record.Repoll {
	if !heard.News {
		return record.Repoll{Interval: r.next(heard.Hearing.Interval, nothingNew, heard.Hearing.Trusted())}
	}
	interval := r.next(heard.Hearing.Interval, unannounced, false)
	return record.Repoll{Interval: interval, At: now.Add(r.spread(interval))}
}
