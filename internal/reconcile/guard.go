package reconcile

import (
	"github.com/calweave/calweave/internal/record"
)

// guardedWhy says why a deletion is not told yet.
const guardedWhy = "the event is gone with many others of its calendar: an operator is to say whether that is believed"

// removal is what is committed in place of a believed deletion, should the guard say so. buried is the link without its event.
func (w *run) removal(before record.Link, buried record.Decision, step Step) *record.Removal {
	out := &record.Removal{Limits: w.Guard, Link: before}
	step.Why = guardedWhy
	// What was just read is no agreement: whatever comes next has to look again.
	before.ETag = ""
	out.Held = record.Decision{Link: before, Outcome: record.Outcome{State: record.Held, HeldFor: record.HeldForGuard, Reason: guardedWhy}}
	w.finish(&out.Held, step)
	out.Held.Notes[0].Action = "link.guarded"
	step.Why = "the event is gone, and an operator has rejected its deletion: the next run makes it anew"
	buried.Link.State, buried.Link.Synced = record.LinkPending, 0
	buried.Outcome = record.Outcome{State: record.Ready, Attempts: w.lease.Attempts}
	out.Anew = buried
	w.finish(&out.Anew, step)
	return out
}

// answersGuard reports whether the guard need not know of the event's deletion any more: the event is there, or is not wanted.
func (w *run) answersGuard(step Step) bool {
	if w.c.Deletion == "" {
		return false
	}
	return w.s.Remote.Seen == Present || !w.s.Desired.Present && (step.Action == Bury || step.Action == Agree)
}
