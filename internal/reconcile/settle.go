package reconcile

import (
	"context"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/record"
)

// commit writes what the run came to.
func (w *run) commit(ctx context.Context, step Step) error {
	d := record.Decision{Link: w.s.Link, Fresh: w.fresh, Sent: w.sent, Outcome: record.Served()}
	if w.s.Remote.Seen == Present && w.s.Remote.Event.ID != "" {
		d.Event = &w.s.Remote.Event
	}
	switch step.Action { //nolint:exhaustive // the other actions do not commit
	case Bury:
		w.bury(&d, step)
	case Hold:
		w.hold(&d, step)
	default:
		w.agree(&d, step)
	}
	for i := range d.Reports {
		d.Reports[i].Version = w.s.Desired.Version
	}
	d.Notes = append(d.Notes, w.note(d, step))
	return w.Store.Settle(ctx, w.lease, d)
}

// bury records a proven tombstone: only here does a generation rise.
func (w *run) bury(d *record.Decision, step Step) {
	l := &d.Link
	l.Generation++
	l.EventID, l.ETag, l.Base, l.BaseVersion, l.InFlight, l.Observed, l.Reason = "", "", nil, 0, nil, nil, ""
	d.Event, d.Sent = nil, nil
	switch {
	case step.Removed:
		l.State = record.LinkDiverged
		d.Reports = append(d.Reports, record.Report{Type: message.BookingRemoved, Revise: true, Diverged: true})
	case w.s.Desired.Present:
		// The booking came back while its deletion was under way: the next run creates the next event.
		l.State = record.LinkPending
		d.Outcome = record.Outcome{State: record.Ready, Attempts: w.lease.Attempts}
	default:
		w.removed(d)
	}
}

// removed settles a link that shows nothing, as wanted.
func (w *run) removed(d *record.Decision) {
	l := &d.Link
	told := l.State == record.LinkRemoved && l.Synced >= w.s.Desired.Version
	l.State, l.InFlight, l.Observed, l.Reason = record.LinkRemoved, nil, nil, ""
	l.Synced = w.s.Desired.Version
	if !told {
		d.Reports = append(d.Reports, record.Report{Type: message.BookingSynced, Outcome: message.OutcomeRemoved})
	}
}

func (w *run) hold(d *record.Decision, step Step) {
	l := &d.Link
	if l.State != record.LinkHeld {
		d.Reports = append(d.Reports, record.Report{Type: message.BookingHeld, Reason: step.Why})
	}
	l.State, l.Reason = record.LinkHeld, step.Why
	d.Outcome = record.Outcome{State: record.Held, HeldFor: record.HeldForApproval, Reason: step.Why}
}

// agree settles a link that needs no write now: what is shown is agreed on, but for what a person has changed and the core has yet to decide.
func (w *run) agree(d *record.Decision, step Step) {
	if w.s.Link.EventID == "" {
		if !w.s.Desired.Present {
			w.removed(d)
		}
		return
	}
	if w.s.Remote.Seen != Present {
		w.synced(d, 0) // settled without a look
		return
	}
	undecided := step.Person &^ w.s.Remote.Wrote
	w.rebase(&d.Link, undecided)
	w.reportChange(d, undecided)
	w.synced(d, undecided&step.Open)
}

// rebase makes what is shown the new agreement, except for the fields that are undecided.
func (w *run) rebase(l *record.Link, undecided cal.Fields) {
	shown, wanted := w.s.Remote.Event.Content, w.s.Desired.Content
	base := record.Base{Sent: wanted, Read: wanted}
	if l.Base != nil {
		base = *l.Base
	} else if n := len(l.InFlight); n > 0 {
		base = record.Base{Sent: l.InFlight[n-1].Content, Read: l.InFlight[n-1].Content}
	}
	agreed := w.s.Desired.Fields &^ undecided
	base.Sent = base.Sent.Overlay(wanted, agreed)
	base.Read = base.Read.Overlay(shown, agreed)
	l.Base, l.InFlight, l.Reason = &base, nil, ""
	l.Observed = nil
	if undecided != 0 {
		l.Observed = &shown
	}
}

// reportChange tells the core what a person has changed, once for each change, and when nothing is left of it.
func (w *run) reportChange(d *record.Decision, undecided cal.Fields) {
	shown := w.s.Remote.Event.Content
	before := w.s.Link.Observed
	event := message.NewEvent(shown)
	report := record.Report{Type: message.BookingEdited, Revise: true, Fields: w.person.Names(), Event: &event, Diverged: undecided != 0}
	switch {
	case w.person == 0 && before == nil:
		return
	case w.person == 0:
		report.Type = message.BookingRestored
	case before != nil && shown.Differences(*before, w.s.Desired.Fields) == 0:
		return
	case w.person.Has(cal.FieldSlot):
		report.Type = message.BookingMoved
	}
	d.Reports = append(d.Reports, report)
}

// synced settles the state, and tells the core when the event shows its version for the first time.
func (w *run) synced(d *record.Decision, withheld cal.Fields) {
	l := &d.Link
	l.State, l.Reason = record.LinkSynced, ""
	if l.Observed != nil {
		l.State = record.LinkDiverged
	}
	if withheld != 0 {
		return
	}
	if l.Base != nil {
		l.BaseVersion = w.s.Desired.Version
	}
	if l.Synced < w.s.Desired.Version {
		d.Reports = append(d.Reports, record.Report{Type: message.BookingSynced, Outcome: message.OutcomePresent})
	}
	l.Synced = w.s.Desired.Version
}

func (w *run) note(d record.Decision, step Step) record.Note {
	reported := []string{}
	for _, r := range d.Reports {
		reported = append(reported, string(r.Type))
	}
	return record.Note{
		Actor: record.ActorEngine, Action: "link." + string(d.Link.State), Subject: string(d.Link.ID), BookingID: d.Link.BookingID,
		Detail: map[string]any{
			"decision": step.Action, "why": step.Why, "version": w.s.Desired.Version, "generation": d.Link.Generation,
			"wanted": w.s.Desired.Present, "saw": w.s.Remote.Seen.String(), "person_changed": w.person.Names(), "reported": reported,
		},
	}
}

// String names the state of knowledge in audit rows.
func (s Seen) String() string {
	switch s {
	case Present:
		return "present"
	case Absent:
		return "absent"
	case Gone:
		return "gone"
	case Unread:
		return "unread"
	default:
		return "unknown"
	}
}
