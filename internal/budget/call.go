package budget

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

// call is one call of a client. Its requests follow each other; they share a lease, a probe and an outcome.
type call struct {
	limiter *Limiter
	ask     record.Call
	id      string
	// What follows from ask: its lane's number, what its provider allows, and where its accounts are kept.
	lane   int
	limits Limits
	keys   keys
	began  time.Time
	// entered is whether the call has what this process alone decides about, holders where it may hold a place or a probe.
	entered bool
	holders []engine
	sent    bool
	// refused is why the last request was not sent, if we are the reason.
	refused *fault.Error
	// waits is for how long the call would wait where it is, and patient whether it would for a place of its mailbox.
	waits   time.Duration
	patient bool
	// vacate gives the call's place in the process back.
	vacate func()
	// judged tell the process's breakers what became of the call.
	judged []func(verdictOf)
}

type callKey struct{}

// Begin lets a context carry a call: its requests, when they pass Transport, are asked for one by one. end has to be called once, with what the call
// failed with; it reports whether the failure is a refusal of ours, about which the provider knows nothing.
func (l *Limiter) Begin(ctx context.Context, ask record.Call) (_ context.Context, end func(context.Context, *fault.Error) (ours bool)) {
	c := l.newCall(ask)
	return context.WithValue(ctx, callKey{}, c), c.end
}

func (l *Limiter) newCall(ask record.Call) *call {
	return &call{limiter: l, ask: ask, id: l.ID(), lane: laneNumber(ask.Lane), limits: l.Limits(ask.Provider), keys: keysOf(ask)}
}

// The longest waits in place. A first request that has to wait for longer gives its work back, and costs nobody anything meanwhile; to give up a call
// that is half made would waste what it has cost.
const (
	firstPatience = 250 * time.Millisecond
	laterPatience = 5 * time.Second
)

// Transport asks before each request of a call that Begin has put into its context, and lets all others pass.
func Transport(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		if c, ok := req.Context().Value(callKey{}).(*call); ok {
			if err := c.admit(req.Context(), req.Method); err != nil {
				if req.Body != nil {
					_ = req.Body.Close()
				}
				return nil, err
			}
		}
		return next.RoundTrip(req)
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip calls the function.
func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// admit returns once a request may be sent, or why it may not.
func (c *call) admit(ctx context.Context, method string) error {
	if !c.entered {
		if reason, f := c.enter(ctx); f != nil {
			return c.sendBack(reason, f)
		}
		c.entered = true
	}
	patience, release := c.patience()
	defer release()
	for {
		c.waits, c.patient = patience, c.canQueue(patience)
		v, err := c.limiter.take(ctx, c, method)
		if err != nil {
			return c.refuse(unasked(ctx, err))
		}
		if v.ok {
			c.sending()
			return nil
		}
		c.hear(v)
		left, waited, err := c.pause(ctx, v, patience)
		switch {
		case err != nil:
			return c.refuse(unasked(ctx, err))
		case !waited:
			return c.sendBack(v.reason, refusal(v))
		}
		patience = left
	}
}

// holds notes where the call may hold something from now on.
func (c *call) holds(e engine) {
	if !slices.Contains(c.holders, e) {
		c.holders = append(c.holders, e)
	}
}

// enter passes what this process alone decides about a call.
func (c *call) enter(ctx context.Context) (reason string, f *fault.Error) {
	if f := c.away(); f != nil {
		return f.Err.Error(), f
	}
	if c.vacate == nil {
		if f := c.occupy(ctx); f != nil {
			return reasonPlaces, f
		}
	}
	return reasonBreaker, c.passBreakers()
}

// patience is how long the next request may wait in place. Of calls that nobody waits for a few may wait too, so that the places of a mailbox are taken
// again as soon as they are free; the others make room for work that has not to wait.
func (c *call) patience() (d time.Duration, release func()) {
	none := func() {}
	switch {
	case c.sent:
		return laterPatience, none
	case c.ask.Lane == task.Interactive:
		return firstPatience, none
	}
	waiting := &c.limiter.waiting
	release = func() { waiting.Add(-1) }
	if int(waiting.Add(1)) > c.limiter.Waiters {
		return 0, release
	}
	return firstPatience, release
}

// sending notes when the first request is sent.
func (c *call) sending() {
	c.refused = nil
	if !c.sent {
		c.sent, c.began = true, c.limiter.Clock.Now()
	}
}

// unasked is a request about which there was no verdict.
func unasked(ctx context.Context, err error) *fault.Error {
	if ctx.Err() != nil {
		return fault.Network(ctx, opTake, err)
	}
	return fault.New(fault.Transient, opTake, err)
}

// mailboxFull is the script's reason when all places of a mailbox are taken.
const mailboxFull = "mailbox-concurrency"

const opTake = "budget: take"

// fits reports whether a wait leaves the context time for anything else. Contexts run on real time.
func (l *Limiter) fits(ctx context.Context, wait time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return !ok || l.Sleep != nil || l.Clock.Now().Add(2*wait).Before(deadline)
}

// sleep waits for d, or until woken has something.
func (l *Limiter) sleep(ctx context.Context, d time.Duration, woken <-chan struct{}) error {
	if l.Sleep != nil {
		return l.Sleep(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-woken:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *call) refuse(f *fault.Error) error {
	c.refused = f
	return f
}

// refusal is a verdict as a fault: work that gets it waits, and spends no attempt.
func refusal(v verdict) *fault.Error {
	kind, inLine := fault.RateLimited, true
	switch v.reason {
	case reasonApplicationBreaker, reasonMailboxBreaker:
		kind, inLine = fault.Busy, false
	case "unanswered":
		kind = fault.Busy
	case "application-penalty", "mailbox-penalty":
		inLine = false
	}
	f := fault.New(kind, opTake, errors.New(v.reason))
	f.RetryAfter, f.InLine = max(v.wait, time.Millisecond), inLine
	return f
}

// verdictOf is what a call says about its provider's health.
type verdictOf string

const (
	// well is an answer as it should be, refused one that says no: both show that somebody is there.
	well    verdictOf = "well"
	refused verdictOf = "refused"
	failed  verdictOf = "failed"
	// throttled is an answer that asks for patience: it shows that somebody is there, and not that all is well.
	throttled verdictOf = "throttled"
	// silent says nothing: the call was cancelled, never made, or answered in a way that may be that of a provider that is going down.
	silent verdictOf = "silent"
)

// judge reads a call's outcome. Only what has no answer, and answers of the 5xx kind, speak against the provider; a refusal of the request, a
// throttled call and one that we have cancelled ourselves do not.
func judge(f *fault.Error) verdictOf {
	switch {
	case f == nil:
		return well
	case f.Kind == fault.Canceled:
		return silent
	case f.Kind == fault.RateLimited, f.Kind == fault.QuotaExhausted:
		return asksForPatience(f.Status)
	case f.Kind == fault.Transient && f.Status == 0 && errors.Is(f, fault.ErrTooLarge):
		return refused
	case f.Kind == fault.Transient && (f.Status == 0 || f.Status >= http.StatusInternalServerError):
		return failed
	default:
		return refused
	}
}

// asksForPatience judges an answer that does. One with 503 may be that of a provider that is going down.
func asksForPatience(status int) verdictOf {
	if status == 0 || status >= http.StatusInternalServerError {
		return silent
	}
	return throttled
}

// end reports what became of the call. A failure is reported before whoever made the call can make another; anything else waits in a queue.
func (c *call) end(ctx context.Context, f *fault.Error) bool {
	if c.vacate != nil {
		defer c.vacate()
	}
	v := judge(f)
	if c.refused != nil || !c.sent {
		v = silent
	}
	for _, tell := range c.judged {
		tell(v)
	}
	ours := c.refused != nil && f != nil
	r := report{call: c, verdict: v}
	if c.sent {
		r.took = c.limiter.Clock.Now().Sub(c.began)
	}
	c.count(ours, f, r.took)
	if c.sent && !ours && f != nil {
		r.slow, r.parked, r.wait = c.slowed(f)
	}
	if r.parked == fault.ScopeApplication {
		c.limiter.park(application{c.ask.Provider, c.ask.AppID}, c.limiter.Clock.Now().Add(r.wait))
	}
	for _, r.engine = range c.holders {
		c.limiter.reports.take(ctx, r)
	}
	c.blame(ctx, v, f)
	return ours
}

// slowed says whom a provider's answer wants to be slower, and whom to stay away from and for how long.
func (c *call) slowed(f *fault.Error) (slow, parked fault.Scope, wait time.Duration) {
	switch f.Kind {
	case fault.RateLimited, fault.QuotaExhausted, fault.Transient:
	default:
		return "", "", 0
	}
	about := f.Scope
	if about == "" {
		about = fault.ScopeMailbox
	}
	if about == fault.ScopeCalendar && c.ask.Calendar == "" {
		about = fault.ScopeMailbox
	}
	if f.Kind == fault.RateLimited {
		slow = about
	}
	if f.RetryAfter <= 0 {
		return slow, "", 0
	}
	if parked = about; parked == fault.ScopeCalendar {
		parked = fault.ScopeMailbox
	}
	return slow, parked, f.RetryAfter
}
