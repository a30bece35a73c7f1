package ratelimit

import (
	"container/list"
	"sync"
	"time"

	"github.com/calweave/calweave/internal/clock"
)

// Policy is a token bucket: Burst at once, and Rate a second in the long run. Both are at least 1.
type Policy struct {
	// Name is what the policy is called in answers.
	Name        string
	Rate, Burst int
}

// interval is how long one takes to come back.
func (p Policy) interval() time.Duration { return time.Second / time.Duration(p.Rate) }

// Limiter keeps a bucket for each name. It is safe for concurrent use.
type Limiter struct {
	policy Policy
	most   int
	clock  clock.Clock

	mu sync.Mutex
	// buckets are by name; order has them with the one that was used last in front.
	buckets map[string]*list.Element
	order   *list.List
}

// bucket is full again at a time; all that is taken from it is told by that one number.
type bucket struct {
	name string
	full time.Time
}

// New makes a Limiter that remembers as many names as most says. When there are more, the one that was not used for the longest is forgotten, and
// its bucket is full again if it comes back.
func New(p Policy, most int, c clock.Clock) *Limiter {
	return &Limiter{policy: p, most: most, clock: c, buckets: map[string]*list.Element{}, order: list.New()}
}

// Decision is what became of a request to take one.
type Decision struct {
	Policy Policy
	// Remaining is how many more may be taken at once.
	Remaining int
	// Full is how long until the bucket is full again if nothing more is taken.
	Full time.Duration
	// Wait is how long until one may be taken; 0 when it was.
	Wait time.Duration
}

// Take takes one under a name, if there is one left.
func (l *Limiter) Take(name string) Decision {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock.Now()
	b := l.bucket(name)
	d := l.decide(b, now)
	if d.Wait > 0 {
		return d
	}
	b.full = later(b.full, now).Add(l.policy.interval())
	d = l.decide(b, now)
	d.Wait = 0 // this one was taken, whether or not it was the last
	return d
}

// Return puts back what Take has taken.
func (l *Limiter) Return(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e, ok := l.buckets[name]; ok {
		of(e).full = of(e).full.Add(-l.policy.interval())
	}
}

// Look says what Take would find, and takes nothing. A name that it does not know stays unknown.
func (l *Limiter) Look(name string) Decision {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := &bucket{}
	if e, ok := l.buckets[name]; ok {
		b = of(e)
	}
	return l.decide(b, l.clock.Now())
}

// Knows tells whether a name was taken under and not forgotten since.
func (l *Limiter) Knows(name string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ok := l.buckets[name]
	return ok
}

// Forget forgets a name.
func (l *Limiter) Forget(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e, ok := l.buckets[name]; ok {
		l.drop(e)
	}
}

func (l *Limiter) bucket(name string) *bucket {
	e, ok := l.buckets[name]
	if !ok {
		if l.order.Len() >= l.most {
			l.drop(l.order.Back())
		}
		e = l.order.PushFront(&bucket{name: name})
		l.buckets[name] = e
	}
	l.order.MoveToFront(e)
	return of(e)
}

func (l *Limiter) drop(e *list.Element) {
	delete(l.buckets, of(e).name)
	l.order.Remove(e)
}

func (l *Limiter) decide(b *bucket, now time.Time) Decision {
	interval := l.policy.interval()
	d := Decision{Policy: l.policy, Full: later(b.full, now).Sub(now)}
	left := time.Duration(l.policy.Burst)*interval - d.Full
	d.Remaining = max(0, int(left/interval))
	if d.Remaining == 0 {
		d.Wait = interval - left
	}
	return d
}

func of(e *list.Element) *bucket {
	b, _ := e.Value.(*bucket)
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
