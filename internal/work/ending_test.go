package work

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

// Each claim is heard of once, with what became of it and how long it took; what was not claimed is not.
func TestClaimsAreCounted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err     error
		rows    *rows
		ending  string
		failure fault.Kind
	}{
		"done":                {ending: endingDone},
		"an attempt spent":    {err: fault.Newf(fault.Transient, "x", "x"), ending: endingRetry, failure: fault.Transient},
		"of no known kind":    {err: fault.Newf("invented", "x", "x"), ending: endingRetry, failure: fault.Transient},
		"none spent":          {err: fault.Newf(fault.RateLimited, "x", "x"), ending: endingWait, failure: fault.RateLimited},
		"held":                {err: fault.Newf(fault.NeedsReauth, "x", "x"), ending: endingHeld, failure: fault.NeedsReauth},
		"dead":                {err: fault.Newf(fault.Invalid, "x", "x"), ending: endingDead, failure: fault.Invalid},
		"taken over":          {err: fault.Newf(fault.Fenced, "x", "x"), ending: endingLost, failure: fault.Fenced},
		"taken over, late":    {err: fault.Newf(fault.Invalid, "x", "x"), rows: &rows{finErr: fault.Newf(fault.Fenced, "x", "x")}, ending: endingLost, failure: fault.Invalid},
		"not written":         {err: fault.Newf(fault.Invalid, "x", "x"), rows: &rows{finErr: errors.New("away")}, ending: endingLost, failure: fault.Invalid},
		"not due":             {rows: &rows{notDue: true}},
		"nothing to be known": {rows: &rows{claimErr: errors.New("away")}},
	} {
		e, _ := engine(cmp.Or(c.rows, &rows{}), func(context.Context, record.Lease) error { return c.err })
		now := clock.NewManual(at)
		e.Clock = now
		e.Handlers[task.LinkPush] = func(context.Context, record.Lease) error {
			now.Advance(time.Second)
			return c.err
		}
		heard := 0
		e.Ran = func(kind task.Kind, decision string, failure fault.Kind, took time.Duration) {
			heard++
			if kind != task.LinkPush || decision != c.ending || failure != c.failure || took != time.Second || !slices.Contains(Endings(), decision) {
				t.Errorf("%s: %s %s %s after %s", name, kind, decision, failure, took)
			}
		}
		_, _ = e.Work(t.Context(), ref)
		if want := min(1, len(c.ending)); heard != want {
			t.Errorf("%s: heard of %d times, want %d", name, heard, want)
		}
	}
}
