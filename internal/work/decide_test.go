package work

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

var at = time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC)

func least(time.Duration) time.Duration { return 0 }

func most(d time.Duration) time.Duration { return max(0, d-1) }

// declaredKinds are the kinds as they stand in the contract's source, so that a new one cannot be forgotten here.
func declaredKinds(t *testing.T) []fault.Kind {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "..", "contracts", "fault", "fault.go"), nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []fault.Kind
	ast.Inspect(f, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if name, ok := v.Type.(*ast.Ident); ok && name.Name == "Kind" {
			text, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			kinds = append(kinds, fault.Kind(text))
		}
		return true
	})
	return kinds
}

func TestEveryKindHasARule(t *testing.T) {
	t.Parallel()
	kinds := declaredKinds(t)
	if len(kinds) < 17 {
		t.Fatalf("found only %d kinds", len(kinds))
	}
	all := rules()
	for _, k := range kinds {
		r, ok := all[k]
		if !ok {
			t.Errorf("%s has no rule", k)
		}
		switch r.state {
		case record.Ready, record.Dead:
			if r.held != "" {
				t.Errorf("%s is %s and held for %s", k, r.state, r.held)
			}
		case record.Held:
			if r.held == "" {
				t.Errorf("%s is held for nobody", k)
			}
		default:
			t.Errorf("%s leads to the state %q", k, r.state)
		}
		delete(all, k)
	}
	for k := range all {
		t.Errorf("the rule for %s has no kind", k)
	}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	dead := record.Outcome{State: record.Dead, Attempts: 3}
	for kind, want := range map[fault.Kind]struct {
		record.Outcome
		atLeast, below time.Duration
	}{
		fault.Transient:      {record.Outcome{State: record.Ready, Attempts: 4}, 0, 8 * time.Second},
		fault.Unauthorized:   {record.Outcome{State: record.Ready, Attempts: 4}, 0, 8 * time.Second},
		fault.Conflict:       {record.Outcome{State: record.Ready, Attempts: 4}, 0, 8 * time.Second},
		fault.CursorLost:     {record.Outcome{State: record.Ready, Attempts: 4}, 0, 8 * time.Second},
		fault.RateLimited:    {record.Outcome{State: record.Ready, Attempts: 3}, 10 * time.Second, 20 * time.Second},
		fault.QuotaExhausted: {record.Outcome{State: record.Ready, Attempts: 3}, time.Hour, 75 * time.Minute},
		fault.Busy:           {record.Outcome{State: record.Ready, Attempts: 3}, 500 * time.Millisecond, time.Second},
		fault.Canceled:       {record.Outcome{State: record.Ready, Attempts: 3, Crashes: 1}, 0, 1},
		fault.Fenced:         {record.Outcome{State: record.Ready, Attempts: 3}, 0, 1},
		fault.NeedsReauth:    {Outcome: record.Outcome{State: record.Held, HeldFor: record.HeldForReauth, Attempts: 3}},
		fault.NeedsConsent:   {Outcome: record.Outcome{State: record.Held, HeldFor: record.HeldForReauth, Attempts: 3}},
		fault.Held:           {Outcome: record.Outcome{State: record.Held, HeldFor: record.HeldForApproval, Attempts: 3}},
		fault.Forbidden:      {Outcome: dead},
		fault.NotFound:       {Outcome: dead},
		fault.Gone:           {Outcome: dead},
		fault.Duplicate:      {Outcome: dead},
		fault.Invalid:        {Outcome: dead},
		fault.Unsupported:    {Outcome: dead},
		fault.Misconfigured:  {record.Outcome{State: record.Ready, Attempts: 3}, 5 * time.Minute, 10 * time.Minute},
		"made up":            {record.Outcome{State: record.Ready, Attempts: 4}, 0, 8 * time.Second},
	} {
		lease := record.Lease{Ref: task.Ref{Kind: task.LinkPush}, Attempts: 3, Crashes: 2}
		err := &fault.Error{Kind: kind, Op: "op", Status: 418}
		for _, jitter := range []func(time.Duration) time.Duration{least, most} {
			got := Decide(fmt.Errorf("outer: %w", err), lease, at, jitter)
			if wait := got.NotBefore.Sub(at); want.State == record.Ready && (wait < want.atLeast || wait >= want.below) {
				t.Errorf("%s waits for %s, want at least %s and less than %s", kind, wait, want.atLeast, want.below)
			}
			if want.State != record.Ready && !got.NotBefore.IsZero() {
				t.Errorf("%s waits until %s for nothing", kind, got.NotBefore)
			}
			if kind != fault.Canceled && got.Reason != "outer: op: "+string(kind)+" (418)" || kind == fault.Canceled && got.Reason != "" {
				t.Errorf("%s gives the reason %q", kind, got.Reason)
			}
			got.NotBefore, got.Reason = time.Time{}, ""
			if want.Fault = kind; kind == "made up" {
				want.Fault = fault.Transient
			}
			if got != want.Outcome {
				t.Errorf("%s: %+v, want %+v", kind, got, want.Outcome)
			}
		}
	}
}

// What only follows a provider has nothing of its own that could be wrong: given up, nobody would ever hear of a person's changes again.
func TestFollowingAProviderIsNeverGivenUp(t *testing.T) {
	t.Parallel()
	given := map[task.Kind]bool{task.LinkPush: true, task.DeliverySend: true}
	for _, kind := range task.Kinds() {
		l := record.Lease{Ref: task.Ref{Kind: kind}, Attempts: AttemptLimit - 1}
		for _, failure := range declaredKinds(t) {
			o := Decide(fault.New(failure, "op", nil), l, at, least)
			if o.State == record.Dead && !given[kind] {
				t.Errorf("%s is given up for %s", kind, failure)
			}
			if rules()[failure].state == record.Dead && !given[kind] && (o.NotBefore.Sub(at) < time.Hour || o.Attempts != l.Attempts) {
				t.Errorf("%s after %s: %+v, want a wait of an hour", kind, failure, o)
			}
		}
		if o := Decide(fault.New(fault.Transient, "op", nil), l, at, least); (o.State == record.Dead) != given[kind] {
			t.Errorf("%s after %d attempts: %+v", kind, AttemptLimit, o)
		}
	}
}

func TestErrorsWithoutAKindMayPass(t *testing.T) {
	t.Parallel()
	for _, err := range []error{errors.New("x"), record.ErrStale, record.ErrNotFound, errPanic} {
		if got := Decide(err, record.Lease{}, at, least); got.State != record.Ready || got.Attempts != 1 {
			t.Errorf("%v: %+v", err, got)
		}
	}
}

func TestFirstAttemptIsRepeatedAtOnceWhereAnotherLookHelps(t *testing.T) {
	t.Parallel()
	for kind, want := range map[fault.Kind]time.Duration{
		fault.Unauthorized: 0, fault.Conflict: 0, fault.CursorLost: 0, fault.Transient: time.Second - 1,
	} {
		if got := Decide(fault.New(kind, "op", nil), record.Lease{}, at, most).NotBefore.Sub(at); got != want {
			t.Errorf("%s is tried again after %s, want %s", kind, got, want)
		}
	}
}

func TestWaitsGrowUntilAboutADayIsOver(t *testing.T) {
	t.Parallel()
	var all time.Duration
	before := time.Duration(0)
	for attempts := range AttemptLimit - 1 {
		l := record.Lease{Ref: task.Ref{Kind: task.LinkPush}, Attempts: attempts}
		low := Decide(fault.New(fault.Transient, "op", nil), l, at, least)
		high := Decide(fault.New(fault.Transient, "op", nil), l, at, most)
		if low.State != record.Ready || low.Attempts != attempts+1 {
			t.Fatalf("attempt %d: %+v", attempts+1, low)
		}
		wait := high.NotBefore.Sub(at)
		if wait < before || wait > longestWait {
			t.Errorf("attempt %d waits for up to %s after %s", attempts+1, wait, before)
		}
		before = wait
		if got := low.NotBefore.Sub(at); got != 0 {
			t.Errorf("attempt %d waits for at least %s: the jitter is not full", attempts+1, got)
		}
		all += wait
	}
	if got := Decide(fault.New(fault.Transient, "op", nil), record.Lease{Ref: task.Ref{Kind: task.LinkPush}, Attempts: AttemptLimit - 1}, at, least); got.State != record.Dead {
		t.Errorf("attempt %d: %+v, want a dead letter", AttemptLimit, got)
	}
	if mean := all / 2; mean < 22*time.Hour || mean > 26*time.Hour {
		t.Errorf("given up after %s on average, want about a day", mean)
	}
}

// A failure that is the provider's waits for the provider's return and spends no attempt, however often the work has failed; what is the work's own
// is still decided by its kind.
func TestOutagesSpendNothing(t *testing.T) {
	t.Parallel()
	l := record.Lease{Ref: task.Ref{Kind: task.LinkPush}, Attempts: AttemptLimit - 1}
	away := func(kind fault.Kind) error {
		return fmt.Errorf("outer: %w", fault.New(kind, "op", &record.OutageError{Wait: 40 * time.Second, Err: errors.New("refused")}))
	}
	low, high := Decide(away(fault.Transient), l, at, least), Decide(away(fault.Transient), l, at, most)
	if low.State != record.Ready || low.Attempts != l.Attempts || low.Fault != fault.Transient {
		t.Errorf("%+v", low)
	}
	if a, b := low.NotBefore.Sub(at), high.NotBefore.Sub(at); a != 40*time.Second || b < a || b > a+time.Second {
		t.Errorf("waits for %s to %s", a, b)
	}
	if o := Decide(away(fault.Gone), l, at, least); o.State != record.Dead {
		t.Errorf("%+v", o)
	}
}

// Whoever waits for somebody else comes back within half a second of the time that it was told.
func TestBusyComesBackWhenItIsTold(t *testing.T) {
	t.Parallel()
	f := &fault.Error{Kind: fault.Busy, RetryAfter: time.Minute}
	for name, jitter := range map[string]func(time.Duration) time.Duration{"least": least, "most": most} {
		if wait := Decide(f, record.Lease{}, at, jitter).NotBefore.Sub(at); wait < time.Minute || wait > time.Minute+500*time.Millisecond {
			t.Errorf("%s: %s", name, wait)
		}
	}
}

// Whoever was promised a place comes at it, and what is known of the place goes with the outcome.
func TestAPlaceInLineIsKept(t *testing.T) {
	t.Parallel()
	for _, kind := range []fault.Kind{fault.RateLimited, fault.Busy} {
		for _, inLine := range []bool{true, false} {
			f := &fault.Error{Kind: kind, RetryAfter: time.Minute, InLine: inLine}
			o := Decide(f, record.Lease{}, at, most)
			if wait := o.NotBefore.Sub(at); o.InLine != inLine || (wait <= time.Minute+50*time.Millisecond) != inLine {
				t.Errorf("%s, in line %t: %+v after %s", kind, inLine, o, wait)
			}
		}
	}
	if o := Decide(&fault.Error{Kind: fault.Transient}, record.Lease{}, at, most); o.InLine {
		t.Error("a back-off is a place")
	}
}

// A delivery is tried over more than three days, each wait longer than the one before, and then given up.
func TestDeliveriesAreTriedForThreeDays(t *testing.T) {
	t.Parallel()
	failed := &record.AttemptError{Attempt: record.Attempt{At: at, Status: 500, Failure: record.FailureStatus}, Err: fault.Newf(fault.Transient, "op", "500")}
	waits := redeliveries()
	var shortest, longest time.Duration
	for attempts, wait := range waits {
		l := record.Lease{Ref: task.Ref{Kind: task.DeliverySend}, Attempts: attempts}
		low, high := Decide(fmt.Errorf("outer: %w", failed), l, at, least), Decide(failed, l, at, most)
		if low.State != record.Ready || low.Attempts != attempts+1 || low.Attempt == nil || low.Attempt.Status != 500 {
			t.Fatalf("attempt %d: %+v", attempts+1, low)
		}
		if got := low.NotBefore.Sub(at); got != wait {
			t.Errorf("attempt %d is followed by a wait of %s, want %s", attempts+1, got, wait)
		}
		if got := high.NotBefore.Sub(at); got <= wait || got > wait+wait/10 || attempts+1 < len(waits) && got >= waits[attempts+1] {
			t.Errorf("attempt %d is followed by a wait of up to %s", attempts+1, got)
		}
		shortest, longest = shortest+low.NotBefore.Sub(at), longest+high.NotBefore.Sub(at)
	}
	if shortest < 72*time.Hour || longest > 84*time.Hour || waits[0] > 10*time.Second {
		t.Errorf("given up after %s to %s, tried again after %s", shortest, longest, waits[0])
	}
	last := Decide(failed, record.Lease{Ref: task.Ref{Kind: task.DeliverySend}, Attempts: len(waits)}, at, least)
	if last.State != record.Dead || last.Attempts != len(waits)+1 || last.Attempt == nil || !last.NotBefore.IsZero() {
		t.Errorf("the last attempt: %+v", last)
	}
}

// An endpoint that says when to come back is not called before, on any step of the schedule; 410 ends it at once.
func TestDeliveriesObeyTheEndpoint(t *testing.T) {
	t.Parallel()
	for attempts := range redeliveries() {
		l := record.Lease{Ref: task.Ref{Kind: task.DeliverySend}, Attempts: attempts}
		for _, asked := range []time.Duration{time.Second, time.Minute, 5 * time.Hour, fault.LongestWait} {
			busy := &record.AttemptError{Attempt: record.Attempt{Status: 429}, Err: &fault.Error{Kind: fault.Transient, Op: "op", RetryAfter: asked}}
			if got := Decide(busy, l, at, least).NotBefore.Sub(at); got != max(asked, redeliveries()[attempts]) {
				t.Errorf("attempt %d, asked for %s: %s", attempts+1, asked, got)
			}
		}
		gone := &record.AttemptError{Attempt: record.Attempt{Status: 410}, Err: fault.Newf(fault.Gone, "op", "410")}
		if got := Decide(gone, l, at, least); got.State != record.Dead || got.Attempt == nil {
			t.Errorf("attempt %d, gone: %+v", attempts+1, got)
		}
	}
}

func TestWaitingForOthersNeverKills(t *testing.T) {
	t.Parallel()
	for _, kind := range []fault.Kind{fault.RateLimited, fault.QuotaExhausted, fault.Busy, fault.Canceled} {
		got := Decide(fault.New(kind, "op", nil), record.Lease{Attempts: AttemptLimit}, at, least)
		if got.State != record.Ready || got.Attempts != AttemptLimit {
			t.Errorf("%s: %+v", kind, got)
		}
	}
}

// A provider that answers 503 with "Retry-After: 1" for two minutes must not use up the attempts of a day.
func TestAskedWaitDoesNotShortenTheBackoff(t *testing.T) {
	t.Parallel()
	err := &fault.Error{Kind: fault.Transient, Op: "op", RetryAfter: time.Second}
	got := Decide(err, record.Lease{Attempts: 50}, at, most)
	if wait := got.NotBefore.Sub(at); wait < longestWait-1 {
		t.Errorf("attempt 51 waits for %s only", wait)
	}
}

func TestCanceledGivesTheCrashCountBack(t *testing.T) {
	t.Parallel()
	for crashes, want := range map[int]int{0: 0, 1: 0, 5: 4} {
		if got := Decide(fault.New(fault.Canceled, "op", nil), record.Lease{Crashes: crashes}, at, least); got.Crashes != want || got.Reason != "" {
			t.Errorf("%d crashes: %+v, want %d", crashes, got, want)
		}
	}
	if got := Decide(fault.New(fault.Transient, "op", nil), record.Lease{Crashes: 5}, at, least); got.Crashes != 0 {
		t.Errorf("an outcome leaves %d crashes", got.Crashes)
	}
}

func TestDecideProperties(t *testing.T) {
	t.Parallel()
	kinds := declaredKinds(t)
	rapid.Check(t, func(t *rapid.T) {
		err := &fault.Error{
			Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), Op: "op",
			RetryAfter: time.Duration(rapid.OneOf(rapid.Int64Range(0, int64(100*time.Hour)), rapid.Int64Range(0, math.MaxInt64)).Draw(t, "retry after")),
		}
		kind := rapid.SampledFrom(task.Kinds()).Draw(t, "work")
		l := record.Lease{Ref: task.Ref{Kind: kind}, Attempts: rapid.IntRange(0, 2*AttemptLimit).Draw(t, "attempts"), Crashes: rapid.IntRange(0, 9).Draw(t, "crashes")}
		share := rapid.Float64Range(0, 0.999).Draw(t, "jitter")
		o := Decide(err, l, at, func(d time.Duration) time.Duration { return time.Duration(float64(d) * share) })
		if o.State == record.Ready && o.NotBefore.Before(at.Add(err.RetryAfter)) {
			t.Fatalf("asked to stay away for %s, comes back after %s", err.RetryAfter, o.NotBefore.Sub(at))
		}
		if o.Attempts < l.Attempts || o.Attempts > l.Attempts+1 || o.Crashes > l.Crashes {
			t.Fatalf("%+v makes %+v", l, o)
		}
		if spent := o.Attempts > l.Attempts; spent != rules()[err.Kind].spend {
			t.Fatalf("%s spends an attempt: %v", err.Kind, spent)
		}
		if o.Served || o.Again || o.Forget || (o.State == record.Held) != (o.HeldFor != "") {
			t.Fatalf("%s: %+v", err.Kind, o)
		}
		ceiling := max(longestWait, 75*time.Minute)
		if kind == task.DeliverySend {
			ceiling = 27 * time.Hour
		}
		if err.RetryAfter == 0 && o.NotBefore.Sub(at) > ceiling {
			t.Fatalf("%s waits for %s", err.Kind, o.NotBefore.Sub(at))
		}
	})
}
