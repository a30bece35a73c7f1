package work

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

var ref = task.Ref{Tenant: "ten_1", Kind: task.LinkPush, Subject: "lnk_1"}

// rows is a work table in memory: any row may be claimed once at a time.
type rows struct {
	mu       sync.Mutex
	leased   map[task.Ref]bool
	lease    record.Lease
	notDue   bool
	claimErr error
	finErr   error
	claims   []task.Ref
	finished []record.Outcome
	finCtx   error
	// traceparent is that of whoever asked.
	traceparent string
	// suspects are rows that have to run alone, and whether it is the last time; companies is what rows were claimed in.
	suspects  map[task.Ref]bool
	companies []record.Company
	// until is when leases end.
	until time.Time
	// onClaim, if set, is called once a claim is committed and before whoever asked hears of it.
	onClaim func()
}

func (r *rows) ClaimIn(ctx context.Context, c record.Company, ref task.Ref, d time.Duration) (record.Lease, bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.claims = append(r.claims, ref)
	if r.claimErr != nil || r.notDue || r.leased[ref] {
		return record.Lease{}, false, r.claimErr
	}
	if last, ok := r.suspects[ref]; ok && c == record.Beside {
		return record.Lease{}, false, &record.SuspectError{Last: last}
	}
	r.companies = append(r.companies, c)
	if r.leased == nil {
		r.leased = map[task.Ref]bool{}
	}
	r.leased[ref] = true
	l := r.lease
	l.Ref, l.Token, l.Until, l.Traceparent = ref, 1, at.Add(d), r.traceparent
	if r.onClaim != nil {
		r.onClaim()
	}
	if err := ctx.Err(); err != nil {
		return record.Lease{}, false, err
	}
	return l, true, nil
}

// claimed is how often rows were claimed.
func (r *rows) claimed() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.claims)
}

// outcomes are those that were written.
func (r *rows) outcomes() []record.Outcome {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.finished)
}

func (r *rows) LeaseEnd(context.Context, task.Ref, int64) (time.Time, error) { return r.until, nil }

func (r *rows) Finish(ctx context.Context, l record.Lease, o record.Outcome, _ ...record.Mark) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.finCtx = ctx.Err()
	if _, ok := ctx.Deadline(); !ok {
		r.finCtx = errors.New("nothing bounds the writing of an outcome")
	}
	if r.finErr != nil {
		return r.finErr
	}
	delete(r.leased, l.Ref)
	r.finished = append(r.finished, o)
	return nil
}

// engine makes an engine with one handler and a log to look at.
func engine(r *rows, h Handler) (*Engine, *bytes.Buffer) {
	var log bytes.Buffer
	return &Engine{
		Store: r, Handlers: map[task.Kind]Handler{task.LinkPush: h}, Clock: clock.NewManual(at), Jitter: least, Lease: 30 * time.Second,
		Trace: func(ctx context.Context, parent string) (context.Context, string) {
			return context.WithValue(ctx, traced{}, parent+"+"), parent + "+"
		},
		Log: slog.New(slog.NewTextHandler(&log, nil)),
	}, &log
}

// traced is the key of the trace that a context carries.
type traced struct{}

// Whoever is called for the work can tell how urgent it is, and whether its place was promised.
func TestWorkCarriesItsTurn(t *testing.T) {
	t.Parallel()
	for _, lane := range task.Lanes() {
		var carried record.Turn
		want := record.Turn{Lane: lane, InLine: lane != task.Interactive}
		e, _ := engine(&rows{lease: record.Lease{Lane: lane, InLine: want.InLine}}, func(ctx context.Context, _ record.Lease) error {
			carried = record.TurnOf(ctx)
			return nil
		})
		if r, err := e.Work(t.Context(), ref); r != Done || err != nil || carried != want {
			t.Errorf("%s: %s, %v, carried %v", lane, r, err, carried)
		}
	}
	if turn := record.TurnOf(t.Context()); turn != (record.Turn{Lane: task.Interactive}) {
		t.Errorf("somebody who waits for an answer has turn %v", turn)
	}
}

func TestWorkGoesOnWithTheTraceOfWhoAsked(t *testing.T) {
	t.Parallel()
	var lease, carried string
	e, _ := engine(&rows{traceparent: "parent"}, func(ctx context.Context, l record.Lease) error {
		lease = l.Traceparent
		carried, _ = ctx.Value(traced{}).(string)
		return nil
	})
	if _, err := e.Work(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
	if lease != "parent+" || carried != "parent+" {
		t.Errorf("the lease has the trace %q and the context %q, want parent+", lease, carried)
	}
}

func TestWorkHandsTheLeaseToItsHandler(t *testing.T) {
	t.Parallel()
	r := &rows{}
	var got record.Lease
	e, _ := engine(r, func(_ context.Context, l record.Lease) error { got = l; return nil })
	result, err := e.Work(t.Context(), ref)
	if result != Done || err != nil {
		t.Errorf("%s, %v", result, err)
	}
	if got.Ref != ref || !got.Until.Equal(at.Add(30*time.Second)) {
		t.Errorf("the handler was given %+v", got)
	}
	if len(r.finished) != 0 {
		t.Errorf("an outcome was written for a handler that has written its own: %+v", r.finished)
	}
}

func TestWorkThatIsNotDueIsLeftAlone(t *testing.T) {
	t.Parallel()
	down := fault.New(fault.Transient, "store: claim work", nil)
	for name, c := range map[string]struct {
		rows *rows
		want error
	}{
		"not due":        {&rows{notDue: true}, nil},
		"the store away": {&rows{claimErr: down}, down},
	} {
		e, _ := engine(c.rows, func(context.Context, record.Lease) error { t.Errorf("%s: worked on", name); return nil })
		if result, err := e.Work(t.Context(), ref); result != NotDue || !errors.Is(err, c.want) {
			t.Errorf("%s: %s, %v", name, result, err)
		}
	}
}

func TestUnknownKindIsNotEvenClaimed(t *testing.T) {
	t.Parallel()
	r := &rows{}
	e, _ := engine(r, nil)
	result, err := e.Work(t.Context(), task.Ref{Tenant: "ten_1", Kind: "link:paint", Subject: "lnk_1"})
	if result != NotDue || err == nil || !strings.Contains(err.Error(), "link:paint") {
		t.Errorf("%s, %v", result, err)
	}
	if len(r.claims) != 0 {
		t.Error("a row of an unknown kind was claimed: a crash was counted, and a build that knows it has to wait")
	}
}

func TestFailureIsWritten(t *testing.T) {
	t.Parallel()
	r := &rows{lease: record.Lease{Attempts: 2, Crashes: 1}}
	e, _ := engine(r, func(context.Context, record.Lease) error { return fault.Newf(fault.Transient, "read", "no answer") })
	result, err := e.Work(t.Context(), ref)
	if result != Failed || err != nil || len(r.finished) != 1 {
		t.Fatalf("%s, %v, %+v", result, err, r.finished)
	}
	if o := r.finished[0]; o.Attempts != 3 || o.Crashes != 0 || o.State != record.Ready || !strings.Contains(o.Reason, "no answer") {
		t.Errorf("%+v", o)
	}
}

func TestOutcomeIsWrittenAfterTheContextHasEnded(t *testing.T) {
	t.Parallel()
	r := &rows{lease: record.Lease{Crashes: 3}}
	ctx, cancel := context.WithCancel(t.Context())
	e, _ := engine(r, func(ctx context.Context, _ record.Lease) error {
		cancel()
		return fmt.Errorf("read: %w", ctx.Err())
	})
	if result, err := e.Work(ctx, ref); result != Failed || err != nil || len(r.finished) != 1 {
		t.Fatalf("%s, %v, %+v", result, err, r.finished)
	}
	if r.finCtx != nil {
		t.Errorf("the outcome was written under %v", r.finCtx)
	}
	if o := r.finished[0]; o.Crashes != 2 || o.Attempts != 0 || !o.NotBefore.Equal(at) {
		t.Errorf("a shutdown gives its work back at once and unspent: %+v", o)
	}
}

// A process that is to end while a claim is being committed has that row, and gives it back: cut off, it would hold it until the lease ends.
func TestClaimOutlastsTheContext(t *testing.T) {
	t.Parallel()
	for name, suspects := range map[string]map[task.Ref]bool{"beside others": nil, "alone": {ref: false}} {
		ctx, cancel := context.WithCancel(t.Context())
		r := &rows{lease: record.Lease{Crashes: 1}, suspects: suspects, onClaim: cancel}
		e, _ := engine(r, func(ctx context.Context, _ record.Lease) error { return ctx.Err() })
		if result, err := e.Work(ctx, ref); result != Failed || err != nil || len(r.leased) != 0 || len(r.finished) != 1 {
			t.Fatalf("%s: %s, %v, leased %v, outcomes %+v", name, result, err, r.leased, r.finished)
		}
		if o := r.finished[0]; o.Crashes != 0 || o.Attempts != 0 || !o.NotBefore.Equal(at) {
			t.Errorf("%s: %+v", name, o)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := &rows{}
	e, _ := engine(r, func(context.Context, record.Lease) error { return nil })
	if result, err := e.Work(ctx, ref); result != NotDue || err == nil || r.claimed() != 0 {
		t.Errorf("after the end: %s, %v, %d claims", result, err, r.claimed())
	}
}

func TestOutcomeThatCannotBeWrittenIsTold(t *testing.T) {
	t.Parallel()
	down := errors.New("store away")
	e, _ := engine(&rows{finErr: down}, func(context.Context, record.Lease) error { return errors.New("x") })
	if result, err := e.Work(t.Context(), ref); result != Failed || !errors.Is(err, down) {
		t.Errorf("%s, %v", result, err)
	}
}

func TestFencedWritesNothing(t *testing.T) {
	t.Parallel()
	fenced := fault.Newf(fault.Fenced, "store", "lost")
	for name, c := range map[string]struct {
		work, finish error
		finished     int
	}{
		"found by the handler": {work: fmt.Errorf("settle: %w", fenced)},
		"found when finishing": {work: errors.New("x"), finish: fenced},
	} {
		r := &rows{finErr: c.finish}
		e, _ := engine(r, func(context.Context, record.Lease) error { return c.work })
		if result, err := e.Work(t.Context(), ref); result != Lost || err != nil || len(r.finished) != 0 {
			t.Errorf("%s: %s, %v, %+v", name, result, err, r.finished)
		}
	}
}

func TestPanicCountsAsACrashAndKeepsItsSecret(t *testing.T) {
	t.Parallel()
	const canary = "hunter2"
	for name, value := range map[string]any{"text": canary, "an error": errors.New(canary), "a struct": struct{ token string }{canary}} {
		r := &rows{lease: record.Lease{Attempts: 1, Crashes: 4}}
		e, log := engine(r, func(context.Context, record.Lease) error { panic(value) })
		if result, err := e.Work(t.Context(), ref); result != Failed || err != nil || len(r.finished) != 1 {
			t.Fatalf("%s: %s, %v, %+v", name, result, err, r.finished)
		}
		if o := r.finished[0]; o.Crashes != 4 || o.Attempts != 2 || strings.Contains(o.Reason, canary) {
			t.Errorf("%s: %+v", name, o)
		}
		if strings.Contains(log.String(), canary) {
			t.Errorf("%s: what the handler panicked with is in the log", name)
		}
		if !strings.Contains(log.String(), "engine_test.go") {
			t.Errorf("%s: the log has no stack", name)
		}
	}
}

func TestPanicOfTheRuntimeIsNamed(t *testing.T) {
	t.Parallel()
	var nothing map[string]int
	e, log := engine(&rows{}, func(context.Context, record.Lease) error { nothing["x"] = 1; return nil })
	if result, err := e.Work(t.Context(), ref); result != Failed || err != nil {
		t.Fatalf("%s, %v", result, err)
	}
	if !strings.Contains(log.String(), "assignment to entry in nil map") {
		t.Error("the log does not say what happened")
	}
}

func TestLogLevelFollowsTheState(t *testing.T) {
	t.Parallel()
	for kind, want := range map[fault.Kind]string{
		fault.Transient: "level=INFO", fault.NeedsReauth: "level=WARN", fault.Forbidden: "level=ERROR",
		fault.Misconfigured: "level=ERROR",
	} {
		e, log := engine(&rows{}, func(context.Context, record.Lease) error { return fault.New(kind, "op", nil) })
		if _, err := e.Work(t.Context(), ref); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(log.String(), want) {
			t.Errorf("%s: %s, want %s", kind, log, want)
		}
	}
	if got := level(fault.New(fault.Transient, "op", nil), record.Outcome{State: "made up"}); got != slog.LevelError {
		t.Errorf("an unknown state is logged at %s", got)
	}
}
