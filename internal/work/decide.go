package work

import (
	"errors"
	"time"

	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

// AttemptLimit is how many attempts in a row may fail before a write becomes a dead letter. With the waits below it is reached after about a day.
const AttemptLimit = 200

// The shortest and the longest wait between two attempts.
const (
	firstWait   = time.Second
	longestWait = 15 * time.Minute
)

// contest is how long work waits for others that want the same.
const contest = 500 * time.Millisecond

// rule says what a kind of failure means for a row.
type rule struct {
	state record.WorkState
	held  record.HeldFor
	// spend counts an attempt, and lets the wait grow with the attempts spent. Without it the row waits for wait each time.
	spend bool
	wait  time.Duration
	// jitter spreads those who wait for the same thing.
	jitter time.Duration
}

// rules is the table. Every kind has a row; a test holds it to that.
func rules() map[fault.Kind]rule {
	const (
		noHint  = 10 * time.Second // a provider that is overrun and does not say for how long
		hours   = time.Hour
		mending = 5 * time.Minute // an operator has to change something
	)
	return map[fault.Kind]rule{
		fault.Transient:      {state: record.Ready, spend: true},
		fault.Unauthorized:   {state: record.Ready, spend: true},
		fault.Conflict:       {state: record.Ready, spend: true},
		fault.CursorLost:     {state: record.Ready, spend: true},
		fault.RateLimited:    {state: record.Ready, wait: noHint, jitter: noHint},
		fault.QuotaExhausted: {state: record.Ready, wait: hours, jitter: hours / 4},
		fault.Misconfigured:  {state: record.Ready, wait: mending, jitter: mending},
		fault.Busy:           {state: record.Ready, wait: contest, jitter: contest},
		fault.Canceled:       {state: record.Ready},
		fault.NeedsReauth:    {state: record.Held, held: record.HeldForReauth},
		fault.NeedsConsent:   {state: record.Held, held: record.HeldForReauth},
		fault.Held:           {state: record.Held, held: record.HeldForApproval},
		fault.Forbidden:      {state: record.Dead},
		fault.NotFound:       {state: record.Dead},
		fault.Gone:           {state: record.Dead},
		fault.Duplicate:      {state: record.Dead},
		fault.Invalid:        {state: record.Dead},
		fault.Unsupported:    {state: record.Dead},
		fault.Fenced:         {state: record.Ready},
	}
}

// Decide says what becomes of a claimed row whose work failed with err at now. jitter returns a random duration below its argument.
//
// A wait that the provider asked for is never undercut. Only failures that may be the row's own fault spend an attempt; waiting for others
// does not.
func Decide(err error, l record.Lease, now time.Time, jitter func(time.Duration) time.Duration) record.Outcome {
	kind, r := ruleFor(err)
	if r.state == record.Dead && !mayDie(l.Kind) {
		r = rules()[fault.QuotaExhausted]
	}
	if away, ok := errors.AsType[*record.OutageError](err); ok && r.spend {
		r = rule{state: record.Ready, wait: away.Wait, jitter: rules()[fault.Busy].jitter}
	}
	o := record.Outcome{State: r.state, HeldFor: r.held, Attempts: l.Attempts, Reason: err.Error(), Fault: kind, InLine: inLine(err)}
	if a, ok := errors.AsType[*record.AttemptError](err); ok {
		o.Attempt = &a.Attempt
	}
	if r.state != record.Ready {
		return o
	}
	wait := r.wait + jitter(r.jitter)
	if r.spend {
		o.Attempts++
		var last bool
		if wait, last = next(l.Kind, kind, o.Attempts, jitter); last {
			o.State = record.Dead
			return o
		}
	}
	if asked := fault.RetryAfter(err); asked > 0 {
		asked = max(asked, asked+jitter(spread(err, asked))) // the sum of the longest of them is negative
		if !r.spend {
			wait = 0 // the provider knows better than the table
		}
		wait = max(wait, asked)
	}
	if kind == fault.Canceled {
		o.Crashes, o.Reason = max(0, l.Crashes-1), ""
	}
	o.NotBefore = now.Add(wait)
	return o
}

// spread is over how long those come back who were told the same wait. What the busy wait for lets one by one through, so that they need not be
// far apart; and some were told a moment of their own.
func spread(err error, asked time.Duration) time.Duration {
	switch {
	case inLine(err):
		return min(asked/10, contest/10)
	case fault.Is(err, fault.Busy):
		return min(asked/10, contest)
	default:
		return asked / 10
	}
}

// inLine reports whether a failure is a refusal with a place in a line.
func inLine(err error) bool {
	f, ok := fault.As(err)
	return ok && f.InLine
}

// mayDie reports whether work can be a dead letter for what it failed with. Writes and deliveries carry something that may be wrong in itself; all
// else only follows a provider, and what stops that may pass without a word to us: an access that was taken away is given again.
func mayDie(k task.Kind) bool { return k == task.LinkPush || k == task.DeliverySend }

// ruleFor finds the rule of a failure. A kind that this build does not know may pass.
func ruleFor(err error) (fault.Kind, rule) {
	all, kind := rules(), fault.KindOf(err)
	r, ok := all[kind]
	if !ok {
		return fault.Transient, all[fault.Transient]
	}
	return kind, r
}

// next is the wait after a number of failed attempts, and whether the last of them has failed.
func next(k task.Kind, failure fault.Kind, attempts int, jitter func(time.Duration) time.Duration) (wait time.Duration, last bool) {
	if k == task.DeliverySend {
		return redelivery(attempts, jitter)
	}
	return backoff(failure, attempts, jitter), mayDie(k) && attempts >= AttemptLimit
}

// redeliveries are the waits between the attempts of a delivery: over three days in all, as Standard Webhooks asks for
// (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md), and close together at first, since most
// endpoints that do not answer are being restarted.
func redeliveries() []time.Duration {
	return []time.Duration{
		5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute,
		time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 16 * time.Hour, 20 * time.Hour, 24 * time.Hour,
	}
}

// redelivery is the schedule's wait and up to a tenth more, so that what failed together does not come back together.
func redelivery(attempts int, jitter func(time.Duration) time.Duration) (wait time.Duration, last bool) {
	all := redeliveries()
	if attempts > len(all) {
		return 0, true
	}
	wait = all[max(0, attempts-1)]
	return wait + jitter(wait/10), false
}

// backoff is a random wait below a bound that doubles from firstWait to longestWait: full jitter, with which those who failed together come back
// spread out the most (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). What another look can mend at once, such as a
// stale read or an access token that ended, is tried again at once, the first time.
func backoff(kind fault.Kind, attempt int, jitter func(time.Duration) time.Duration) time.Duration {
	if attempt == 1 && kind != fault.Transient {
		return 0
	}
	wait := longestWait
	if shift := attempt - 1; shift < 10 {
		wait = min(longestWait, firstWait<<shift)
	}
	return jitter(wait)
}
