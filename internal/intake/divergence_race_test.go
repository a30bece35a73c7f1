package intake_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/memdriver"
	"github.com/calweave/calweave/internal/record"
)

// Whoever decides at the same time: one decides, and the others are told that nothing is left, or that they have seen another revision.
func TestOneOfManyDecides(t *testing.T) {
	t.Parallel()
	for name, ifMatch := range map[string]bool{"with If-Match": true, "without": false} {
		h := newHouse(t)
		h.book(h.spec(1, cal.Google, cal.Microsoft))
		h.person(cal.Google, later)
		before, seen := h.read().Revision, int64(0)
		if ifMatch {
			seen = before
		}
		const callers = 8
		errs := make([]error, callers)
		var wg sync.WaitGroup
		for i := range callers {
			wg.Go(func() {
				switch i % 3 {
				case 0:
					_, errs[i] = h.decide(accepted, "", seen)
				case 1:
					_, errs[i] = h.decide(reverted, "", seen)
				default:
					_, errs[i] = h.decide(accepted, cal.Google, seen)
				}
			})
		}
		wg.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
				continue
			}
			refusal, ok := errors.AsType[*record.RefusalError](err)
			if !ok || refusal.Reason != record.ReasonUndiverged && (!ifMatch || refusal.Reason != record.ReasonRevision) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if b := h.read(); won != 1 || b.Revision != before+1 {
			t.Errorf("%s: %d have decided, revision %d after %d", name, won, b.Revision, before)
		}
		h.agreed(cal.Google, cal.Microsoft)
	}
}

// A decision and a new version on the same revision: one of the two is committed, and the calendars show what came of it.
func TestDecisionRacesANewVersion(t *testing.T) {
	t.Parallel()
	for range 8 {
		h := newHouse(t)
		h.book(h.spec(1, cal.Google, cal.Microsoft))
		h.person(cal.Google, later)
		seen := h.read().Revision
		next := h.spec(2, cal.Google, cal.Microsoft)
		next.Title = "Version 2"
		var decided, submitted error
		var wg sync.WaitGroup
		wg.Go(func() { _, decided = h.decide(accepted, "", seen) })
		wg.Go(func() { _, submitted = h.submit(next, seen) })
		wg.Wait()
		if (decided == nil) == (submitted == nil) {
			t.Fatalf("decided: %v, submitted: %v", decided, submitted)
		}
		h.refused(errors.Join(decided, submitted), record.ReasonRevision)
		h.agreed(cal.Google, cal.Microsoft)
		if b := h.read(); (b.Version == 2) != (submitted == nil) || (b.Spec.Title == "Version 2") != (submitted == nil) {
			t.Errorf("version %d is %q, submitted: %v", b.Version, b.Spec.Title, submitted)
		}
	}
}

// A run that has read the link before the decision must not write back what was decided about, and what a person has done since is reported.
func TestDecisionDuringARun(t *testing.T) {
	t.Parallel()
	for _, d := range []message.Decision{accepted, reverted} {
		h := newHouse(t)
		h.book(h.spec(1, cal.Google, cal.Microsoft))
		h.person(cal.Google, later)
		reads := 0
		h.accounts[cal.Google].Hooks.Fate = func(_ context.Context, op memdriver.Op) memdriver.Fate {
			if op == memdriver.Read {
				if reads++; reads == 1 {
					_, err := h.decide(d, "", 0) //nolint:contextcheck // the core calls, not the run
					h.ok(err)
				}
			}
			return memdriver.Fate{}
		}
		h.accounts[cal.Google].Calendar("work").Edit(h.event(cal.Google).ID, func(c *cal.Content) { c.Location = "elsewhere" })
		h.settle()
		h.wantDiverged(true)
		link := h.read().Links[0]
		if reads < 2 || link.Observed == nil || link.Theirs().Names()[0] != "location" || len(link.Theirs().Names()) != 1 {
			t.Errorf("%s: after %d reads the link is %s with %v", d, reads, link.State, link.Theirs().Names())
		}
		_, err := h.decide(accepted, "", 0)
		h.ok(err)
		h.agreed(cal.Google, cal.Microsoft)
		if b := h.read(); b.Spec.Location != "elsewhere" || (b.Spec.Start.DateTime == "2026-10-01T11:00:00+02:00") != (d == accepted) {
			t.Errorf("%s: %+v", d, b.Spec)
		}
	}
}
