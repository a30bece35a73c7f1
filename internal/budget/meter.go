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

// Reasons returns all reasons for a refusal: those of the process, then those of take.lua.
func Reasons() []string {
	return []string{
		reasonPlaces, reasonBreaker, "application-penalty", "mailbox-penalty", "application-breaker", "mailbox-breaker", "unanswered", "application-day",
		"mailbox-concurrency", "application-rate", "tenant-rate", "mailbox-rate", "calendar-pace",
	}
}

// called tells the meter of a call that was sent.
func (l *Limiter) called(p cal.Provider, f *fault.Error, took time.Duration) {
	if l.Meter != nil {
		l.Meter.Called(p, f, took)
	}
}

// Dropped counts the reports that never reached the account.
func (l *Limiter) Dropped() int64 { return l.reports.dropped.Load() }

// UnderWay counts the calls to a provider that are under way in this process, of as many as may be; places is 0 for any number, and then nothing is
// counted.
func (l *Limiter) UnderWay(p cal.Provider) (calls, places int) {
	if l.Places == 0 {
		return 0, 0
	}
	return len(l.shares.of(p, l.Places)), l.Places
}
