package work

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/telemetry"
)

// What a handler does that ends without a word of its own. Each counts as a crash.
var (
	// errPanic stands for a handler that panicked. Its value is not kept: it may hold anything.
	errPanic = errors.New("the handler panicked; the log has the stack")
	// errOverrun stands for a handler that has neither ended nor prolonged its lease.
	errOverrun = errors.New("the handler was still at work when its lease ended")
	// errLeft stands for a handler that does not end when it is told to.
	errLeft = errors.New("the handler did not end when it was told to, and was left behind")
)

const (
	// lateShare and graceShare are what is left of a lease when its handler is told to end, and what of that it has to do so: the outcome is written
	// before anybody else may claim the row.
	lateShare, graceShare = 8, 16
	// leaveTime is how long a handler may take to end when the process is to.
	leaveTime = 5 * time.Second
)

// run runs a handler, and leaves it behind if it ends neither with its lease nor when it is told to: a worker is not for one row. Whatever such a
// handler still does is fenced.
func (e *Engine) run(ctx context.Context, handle Handler, l record.Lease) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		err := errPanic // what becomes of a handler that ends its goroutine
		defer func() { ended <- err }()
		err = e.guarded(ctx, handle, l)
	}()
	late := time.NewTimer(e.Lease - e.Lease/lateShare)
	defer late.Stop()
	for {
		select {
		case err := <-ended:
			return err
		case <-ctx.Done():
			return e.await(ctx, l, ended, leaveTime)
		case <-late.C:
		}
		if left := e.left(ctx, l); left > 0 {
			late.Reset(left)
			continue
		}
		cancel()
		err := e.await(ctx, l, ended, e.Lease/graceShare)
		if fault.Is(err, fault.Canceled) || errors.Is(err, context.Canceled) {
			err = errOverrun // what else it says, such as how long to wait, stands
		}
		return err
	}
}

// left is how long a handler may go on before its lease is about to end: not at all once that was lost. As long as the store does not answer, it may.
func (e *Engine) left(ctx context.Context, l record.Lease) time.Duration {
	until, err := e.Store.LeaseEnd(ctx, l.Ref, l.Token)
	if err != nil {
		return e.Lease / lateShare
	}
	if until.IsZero() {
		return 0
	}
	return until.Sub(e.Clock.Now()) - e.Lease/lateShare
}

// await gives a handler that was told to end a while to do so.
func (e *Engine) await(ctx context.Context, l record.Lease, ended <-chan error, d time.Duration) error {
	grace := time.NewTimer(d)
	defer grace.Stop()
	select {
	case err := <-ended:
		return err
	case <-grace.C:
	}
	e.Log.ErrorContext(ctx, "a handler does not end and is left behind: it takes up this process until it is restarted",
		slog.String("work", l.String()))
	over := e.company.stray()
	go func() {
		err := <-ended
		over()
		e.Log.WarnContext(ctx, "a handler that was left behind has ended", slog.String("work", l.String()), slog.Bool("failed", err != nil))
	}()
	return errLeft
}

// guarded runs a handler and turns a panic into an error.
func (e *Engine) guarded(ctx context.Context, handle Handler, l record.Lease) (err error) {
	defer func() {
		if v := recover(); v != nil {
			e.Log.ErrorContext(ctx, "a handler panicked", slog.String("work", l.String()), slog.String("panic", telemetry.Panic(v)),
				slog.String("stack", string(debug.Stack())))
			err = errPanic
		}
	}()
	return handle(ctx, l)
}
