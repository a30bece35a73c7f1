package reconcile

import (
	"errors"
	"fmt"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/record"
)

// outcome is what a policy has made of a change. It stands in audit rows.
type outcome string

const (
	outcomeReported outcome = "reported"
	outcomeAccepted outcome = "accepted"
	outcomeReverted outcome = "reverted"
)

// answer is what the policy in force says of one kind of change that a person has just made.
type answer struct {
	change  cal.Change
	stance  cal.Stance
	setBy   string
	outcome outcome
	why     string
	fields  cal.Fields
}

// answers decides about the fields that a person has just changed, of which some may be open: the core has changed them too. What was reported before
// is the core's to decide about, whatever the policy is by now.
func answers(c record.Case, fresh, open cal.Fields) []answer {
	var out []answer
	for _, change := range cal.Changes() {
		fields := fresh & change.Fields()
		if fields == 0 {
			continue
		}
		if contested := fields & open; contested != 0 && contested != fields && stanceOn(c, change).stance == cal.StanceAccept {
			out = append(out, decided(c, change, fields&^open, false))
			fields = contested
		}
		out = append(out, decided(c, change, fields, fields&open != 0))
	}
	return out
}

// decided is the answer to one change.
func decided(c record.Case, change cal.Change, fields cal.Fields, contested bool) answer {
	a := stanceOn(c, change)
	a.fields = fields
	switch {
	case a.stance == cal.StanceEnforce:
		a.outcome = outcomeReverted
	case a.stance != cal.StanceAccept:
		a.outcome = outcomeReported
	case !c.Link.Authoritative:
		a.outcome, a.why = outcomeReported, "the calendar is not the booking's authoritative target"
	case contested:
		a.outcome, a.why = outcomeReported, "the core has changed the same meanwhile"
	default:
		a.outcome = outcomeAccepted
	}
	return a
}

// stanceOn is the stance on a kind of change in the calendar of a case, and whose it is.
func stanceOn(c record.Case, change cal.Change) answer {
	a := answer{change: change, setBy: "booking", stance: c.Booking.Spec.Backflow.On(change)}
	if a.stance == "" {
		a.setBy, a.stance = "connection", c.Connection.Backflow.Over(cal.DefaultBackflow()).On(change)
	}
	return a
}

// enforced are the fields in which what a person does is written over.
func enforced(c record.Case) cal.Fields {
	var out cal.Fields
	for _, change := range cal.Changes() {
		if stanceOn(c, change).stance == cal.StanceEnforce {
			out |= change.Fields()
		}
	}
	return out
}

// newly are the undecided fields that show something else than what the core was told of last.
func (w *run) newly(undecided cal.Fields) cal.Fields {
	before := w.c.Link.Observed
	if before == nil {
		return undecided
	}
	known := w.c.Link.Theirs() &^ w.s.Remote.Event.Content.Differences(*before, undecided)
	return undecided &^ known
}

// followPolicy lets the policies in force decide about what a person has just done to the event. What they decide is committed with the report of it.
// It returns the fields that are left to the core.
func (w *run) followPolicy(d *record.Decision, undecided, open cal.Fields) (left cal.Fields, err error) {
	w.answers = answers(w.c, w.newly(undecided), open)
	booking, left := w.c.Booking, undecided
	var accepted, reverted []answer
	for i, a := range w.answers {
		if a.outcome == outcomeAccepted {
			taken, err := w.Taken(booking, d.Link, a.fields)
			if refusal, ok := errors.AsType[*record.RefusalError](err); ok {
				w.answers[i].outcome, w.answers[i].why = outcomeReported, refusal.Detail
				continue
			}
			if err != nil {
				return left, err
			}
			booking, accepted = taken, append(accepted, a)
			left &^= a.fields
		}
		if a.outcome == outcomeReverted {
			reverted, left = append(reverted, a), left&^a.fields
		}
	}
	w.rule(d, booking, message.DecisionAccepted, accepted)
	w.rule(d, booking, message.DecisionReverted, reverted)
	return left, nil
}

// rule adds a ruling about all that some answers are about, unless there are none.
func (w *run) rule(d *record.Decision, b record.Booking, decision message.Decision, all []answer) {
	if len(all) == 0 {
		return
	}
	r := record.Ruling{
		Booking: b, Decision: decision, Links: []cal.LinkID{d.Link.ID}, By: message.DeciderPolicy, Actor: record.ActorPolicy,
		Why: "", Traceparent: w.lease.Traceparent,
	}
	for i, a := range all {
		r.Fields |= a.fields
		if i > 0 {
			r.Why += "; "
		}
		r.Why += fmt.Sprintf("the policy of the %s is to %s what a person has %s", a.setBy, a.stance, a.change)
	}
	d.Rulings = append(d.Rulings, r)
}

// followRemoval lets the policy in force decide about the deletion of the event, and reports whether that is left to the core.
func (w *run) followRemoval(d *record.Decision) (left bool) {
	a := decided(w.c, cal.ChangeCancelled, 0, false)
	w.answers = []answer{a}
	b := w.c.Booking
	switch a.outcome {
	case outcomeReported:
		return true
	case outcomeReverted:
		w.rule(d, b, message.DecisionReverted, w.answers)
	case outcomeAccepted:
		if d.Link.Part != "" {
			return w.cancelOccurrence(d)
		}
		b.Cancelled = true
		w.rule(d, b, message.DecisionAccepted, w.answers)
		for _, l := range b.Links { // nothing is left of the booking that could be decided about
			if l.ID != d.Link.ID && l.Target && l.Undecided() {
				d.Rulings[0].Links = append(d.Rulings[0].Links, l.ID)
			}
		}
	}
	return false
}

// cancelOccurrence accepts the deletion of one occurrence, unless the booking cannot say that.
func (w *run) cancelOccurrence(d *record.Decision) (left bool) {
	b, err := w.Taken(w.c.Booking, d.Link, 0)
	if err != nil {
		w.answers[0].outcome, w.answers[0].why = outcomeReported, err.Error()
		return true
	}
	w.rule(d, b, message.DecisionAccepted, w.answers)
	return false
}

// policyNotes is what an audit row says of the policies' answers.
func policyNotes(all []answer) []map[string]any {
	var out []map[string]any
	for _, a := range all {
		n := map[string]any{"change": a.change, "stance": a.stance, "set_by": a.setBy, "outcome": a.outcome}
		if a.why != "" {
			n["why"] = a.why
		}
		out = append(out, n)
	}
	return out
}
