package budget

import (
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
)

// Meter counts.
type Meter interface {
	// Called hears of a call that was sent and has ended. took is from its first request on.
	Called(p cal.Provider, f *fault.Error, took time.Duration)
	// Refused hears of a request that was sent back, and of what the reason was: one of Reasons.
	Refused(p cal.Provider, reason string)
}

// What the process refuses by itself.
const (
	reasonPlaces  = "process-places"
	reasonBreaker = "process-breaker"
)

// The breakers' reasons in take.lua.
const (
	reasonApplicationBreaker = "application-breaker"
	reasonMailboxBreaker     = "mailbox-breaker"
)

// Reasons returns all reasons for a refusal: those of the process, then those of take.lua.
func Reasons() []string {
	return []string{
		reasonPlaces, reasonBreaker, "application-penalty", "mailbox-penalty", reasonApplicationBreaker, reasonMailboxBreaker, "unanswered", "application-day",
		"mailbox-concurrency", "application-rate", "tenant-rate", "mailbox-rate", "calendar-pace",
	}
}

// sendBack refuses a request for one of Reasons. A caller that has gone meanwhile was not refused.
func (c *call) sendBack(reason string, f *fault.Error) error {
	if c.limiter.Meter != nil && f.RetryAfter > 0 {
		c.limiter.Meter.Refused(c.ask.Provider, reason)
	}
	return c.refuse(f)
}

// count tells of a call that was sent and has ended otherwise than by a refusal of ours.
func (c *call) count(ours bool, f *fault.Error, took time.Duration) {
	if c.limiter.Meter != nil && c.sent && !ours {
		c.limiter.Meter.Called(c.ask.Provider, f, took)
	}
}

// Dropped counts the reports that found no room.
func (l *Limiter) Dropped() int64 { return l.reports.dropped.Load() }

// UnderWay counts the calls to a provider that are under way in this process, of as many as may be; places is 0 for any number, and then nothing is
// counted.
func (l *Limiter) UnderWay(p cal.Provider) (calls, places int) {
	if l.Places == 0 {
		return 0, 0
	}
	return len(l.shares.of(p, l.Places).places), l.Places
}
