package budget

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/calweave/calweave/contracts/fault"
)

// report is what became of a call.
type report struct {
	call *call
	// engine is where it goes.
	engine  engine
	verdict verdictOf
	took    time.Duration
	// slow is whom the provider wants to be slower, parked whom to leave alone for wait; empty for nobody.
	slow, parked fault.Scope
	wait         time.Duration
}

// How breakers behave, the same for every provider. One call in a hundred fails on a good day; these do not trip on that.
const (
	// tripApplication and tripMailbox are failures in a row. A mailbox trips first, so that one that is broken does not stop all others.
	tripApplication = 10
	tripMailbox     = 5
	// firstOpen doubles with every probe that fails, up to longestOpen.
	firstOpen   = 5 * time.Second
	longestOpen = time.Minute
)

// mailboxKey is the place of the mailbox among a report's keys.
const mailboxKey = 1

// request is the report as the script takes it.
func (r report) request() request {
	k := r.call.keys
	names := []string{k.app, k.mailbox}
	if r.call.ask.Calendar != "" {
		names = append(names, k.calendar)
	}
	return request{keys: names, args: []any{
		r.call.limiter.now(r.engine), r.call.id, string(r.verdict), r.took.Microseconds(), string(r.slow), string(r.parked), r.wait.Microseconds(),
		tripApplication, tripMailbox, firstOpen.Microseconds(), longestOpen.Microseconds(),
	}}
}

// late is what is left to say once a report could not be sent in time: that the call is over, and whose pace was too fast. How the provider was then
// says nothing about now, and a wish to be left alone is in SQL.
func (r report) late() report {
	r.verdict, r.took, r.parked, r.wait = silent, 0, "", 0
	return r
}

// reports carries reports to Redis off the path of calls, and keeps them while it is away. What finds no room is dropped: leases and probes expire by
// themselves.
type reports struct {
	limiter *Limiter
	queue   chan report
	dropped atomic.Int64
}

const (
	// reportBacklog is how many reports may wait, reportBatch how many travel together.
	reportBacklog = 4096
	reportBatch   = 128
)

func newReports(l *Limiter) *reports {
	return &reports{limiter: l, queue: make(chan report, reportBacklog)}
}

// take takes a report. A failure and a wish to be left alone arrive before whoever made the call can make another, so that the fleet stops at once;
// so does everything that stays in the process.
func (q *reports) take(ctx context.Context, r report) {
	switch {
	case r.engine == q.limiter.local:
		q.send(ctx, []report{r})
	case q.limiter.asked() == nil:
		q.put(r.late())
	case r.verdict == failed || r.parked != "" || r.slow != "":
		q.send(ctx, []report{r})
	default:
		q.put(r)
	}
}

// put lets a report wait.
func (q *reports) put(r report) {
	select {
	case q.queue <- r:
	default:
		q.dropped.Add(1)
	}
}

// send runs reports for one engine, and reports whether it has heard them. If not, what is left of them waits.
func (q *reports) send(ctx context.Context, all []report) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), q.limiter.AskTime)
	defer cancel()
	requests := make([]request, len(all))
	for i, r := range all {
		requests[i] = r.request()
	}
	err := all[0].engine.settle(ctx, requests)
	if err == nil {
		for _, r := range requests {
			q.limiter.queues.freed(r.keys[mailboxKey])
		}
		return true
	}
	if all[0].engine == q.limiter.local {
		q.dropped.Add(int64(len(all)))
		return false
	}
	q.limiter.absent(ctx, err)
	for _, r := range all {
		q.put(r.late())
	}
	return false
}

// Run sends reports until ctx ends, and then those that are left if there is somebody to take them. Every second it looks whether Redis is there, so
// that a process that makes no calls knows it too, and one that does need not wait for it while it is away.
func (l *Limiter) Run(ctx context.Context) {
	tick := time.NewTicker(askAgain)
	defer tick.Stop()
	for {
		queue := l.reports.queue
		if l.asked() == nil {
			queue = nil // they wait for Redis
		}
		select {
		case <-ctx.Done():
			l.Flush(ctx)
			return
		case <-tick.C:
			l.look(ctx)
		case r := <-queue:
			l.reports.send(ctx, append([]report{r}, l.reports.waiting(reportBatch-1)...))
		}
	}
}

// look asks Redis for nothing in particular.
func (l *Limiter) look(ctx context.Context) {
	if l.shared == nil {
		return
	}
	bounded, cancel := context.WithTimeout(ctx, l.AskTime)
	defer cancel()
	_, err := l.shared.read(bounded, keyPrefix+"nothing")
	switch {
	case err == nil:
		l.present()
	case ctx.Err() == nil:
		l.absent(ctx, err)
	}
}

// Flush sends the reports that wait now, unless nobody takes them.
func (l *Limiter) Flush(ctx context.Context) {
	for {
		batch := l.reports.waiting(reportBatch)
		if len(batch) == 0 || !l.reports.send(ctx, batch) {
			return
		}
	}
}

// waiting takes up to n reports that wait.
func (q *reports) waiting(n int) []report {
	var out []report
	for len(out) < n {
		select {
		case r := <-q.queue:
			out = append(out, r)
		default:
			return out
		}
	}
	return out
}
