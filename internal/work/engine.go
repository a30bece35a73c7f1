package work

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/telemetry"
)

// Store is what the engine needs of the store.
type Store interface {
	// ClaimIn takes a row that is due. In company it fails with a *record.SuspectError if the row has to run alone.
	ClaimIn(ctx context.Context, c record.Company, ref task.Ref, d time.Duration) (record.Lease, bool, error)
	// LeaseEnd is when the lease with a token ends by now; the zero time if it was lost.
	LeaseEnd(ctx context.Context, ref task.Ref, token int64) (time.Time, error)
	Finish(ctx context.Context, l record.Lease, o record.Outcome, marks ...record.Mark) error
}

// Handler does one kind of work under a lease. It returns nil once it has committed its result together with the lease's outcome; any error
// leaves the outcome to the engine.
type Handler func(ctx context.Context, l record.Lease) error

// Result says what a step did.
type Result string

// The results.
const (
	// NotDue means that there was nothing to do: the row was done, leased, held or waiting.
	NotDue Result = "not_due"
	// Done means that the handler has committed.
	Done Result = "done"
	// Failed means that the handler has failed and the outcome is written.
	Failed Result = "failed"
	// Lost means that somebody else has taken the row over meanwhile; nothing was written.
	Lost Result = "lost"
)

// Engine runs work, one row at a time.
type Engine struct {
	Store    Store
	Handlers map[task.Kind]Handler
	Clock    clock.Clock
	// Jitter returns a random duration below its argument.
	Jitter func(time.Duration) time.Duration
	// Lease is how long a claim holds without a sign of life.
	Lease time.Duration
	// Trace goes on with the trace of whoever asked for the work, or begins one, and lets the context carry it.
	Trace func(ctx context.Context, parent string) (context.Context, string)
	Log   *slog.Logger
	// Again hears of rows that were given back, and when they are due again; nil is nobody.
	Again func(h task.Hint, at time.Time)
	// Gate slows work while the process has requests to answer; nil never does.
	Gate *Gate
	// Ran hears of each claim that has ended: the decision is one of Endings, failure is empty for work that was done; nil for nobody.
	Ran func(kind task.Kind, decision string, failure fault.Kind, took time.Duration)

	company company
}

// outcomeTime is how long the outcome of work that was cancelled may take to write.
const outcomeTime = 5 * time.Second

// Work claims the row and does what is wanted of it. The error tells about the store only: that of the work is in SQL by then.
//
// A row whose last run ended without an outcome runs alone, and is left for later if that is not possible soon.
func (e *Engine) Work(ctx context.Context, ref task.Ref) (Result, error) {
	handle, ok := e.Handlers[ref.Kind]
	if !ok {
		return NotDue, fmt.Errorf("work: no handler for %s: this build does not know that kind", ref.Kind)
	}
	ctx, leave := e.Gate.enter(ctx)
	defer leave()
	result, err := e.beside(ctx, ref, handle)
	if suspect, ok := errors.AsType[*record.SuspectError](err); ok {
		return e.alone(ctx, ref, handle, suspect.Last)
	}
	return result, err
}

// beside works on a row beside others.
func (e *Engine) beside(ctx context.Context, ref task.Ref, handle Handler) (Result, error) {
	if err := e.company.join(ctx); err != nil {
		return NotDue, err
	}
	defer e.company.part()
	lease, claimed, err := e.claim(ctx, record.Beside, ref)
	if err != nil || !claimed {
		return NotDue, err
	}
	return e.do(ctx, handle, lease)
}

// alone works on a suspect. Its last run before the quarantine decides, so that it is strictly alone then, and not held against it in a process
// that something else may end.
func (e *Engine) alone(ctx context.Context, ref task.Ref, handle Handler, last bool) (Result, error) {
	turn := e.company.seclude(ctx, last)
	if turn == nil {
		return NotDue, nil
	}
	defer turn.end()
	company := record.Alone
	if last && !turn.clean {
		company = record.Haunted
	}
	lease, claimed, err := e.claim(ctx, company, ref)
	if err != nil || !claimed {
		return NotDue, err
	}
	if company == record.Haunted {
		lease.Crashes++ // only the end of the process is not held against it, and that writes no outcome
	}
	return e.do(ctx, handle, lease)
}

// claim claims a row. The end of ctx does not cut it off, only the store's own patience: a claim that was cut off may be committed all the same, and
// would hold the row until its lease ends.
func (e *Engine) claim(ctx context.Context, company record.Company, ref task.Ref) (record.Lease, bool, error) {
	if err := ctx.Err(); err != nil {
		return record.Lease{}, false, err
	}
	return e.Store.ClaimIn(context.WithoutCancel(ctx), company, ref, e.Lease)
}

func (e *Engine) do(ctx context.Context, handle Handler, lease record.Lease) (Result, error) {
	ctx, lease.Traceparent = e.Trace(ctx, lease.Traceparent)
	ctx = record.WithTurn(telemetry.WithScope(ctx, slog.String("tenant", string(lease.Tenant))), record.Turn{Lane: lease.Lane, InLine: lease.InLine})
	ended := e.begin(lease)
	if err := e.run(ctx, handle, lease); err != nil {
		return e.fail(ctx, lease, err, ended)
	}
	ended(endingDone, "")
	return Done, nil
}

// fail writes what a failure means. It does so even when the context has ended, so that a shutdown gives its work back at once.
func (e *Engine) fail(ctx context.Context, l record.Lease, err error, ended ending) (Result, error) {
	if fault.Is(err, fault.Fenced) {
		e.Log.WarnContext(ctx, "work was taken over", slog.String("work", l.String()))
		ended(endingLost, fault.Fenced)
		return Lost, nil
	}
	o := Decide(err, l, e.Clock.Now(), e.Jitter)
	if errors.Is(err, errPanic) || errors.Is(err, errOverrun) || errors.Is(err, errLeft) {
		o.Crashes = l.Crashes
	}
	e.Log.LogAttrs(ctx, level(err, o), "work failed", slog.String("work", l.String()), slog.String("kind", string(fault.KindOf(err))),
		slog.String("error", err.Error()), slog.Int("attempts", o.Attempts), slog.String("state", string(o.State)), slog.Time("not_before", o.NotBefore))
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), outcomeTime)
	defer cancel()
	if err := e.Store.Finish(ctx, l, o); err != nil {
		ended(endingLost, o.Fault)
		if fault.Is(err, fault.Fenced) {
			return Lost, nil
		}
		return Failed, err
	}
	ended(endingOf(l, o), o.Fault)
	if e.Again != nil && o.State == record.Ready {
		e.Again(task.Hint{Schema: task.SchemaVersion, Ref: l.Ref, Lane: l.Lane}, o.NotBefore)
	}
	return Failed, nil
}

// level is how loud a failure is: an error is what only an operator can mend.
func level(err error, o record.Outcome) slog.Level {
	switch o.State {
	case record.Dead:
		return slog.LevelError
	case record.Held:
		return slog.LevelWarn
	case record.Ready:
		if rules()[fault.KindOf(err)].state == record.Dead || fault.Is(err, fault.Misconfigured) {
			return slog.LevelError
		}
		return slog.LevelInfo
	default:
		return slog.LevelError
	}
}
