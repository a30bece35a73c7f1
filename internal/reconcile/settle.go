package reconcile

import (
	"context"
	"maps"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/record"
)

// commit writes what the run came to.
func (w *run) commit(ctx context.Context, step Step) error {
	if step.Action != Leave {
		if err := w.listExceptions(ctx); err != nil {
			return err
		}
	}
	d, err := w.decide(step)
	if err != nil {
		return err
	}
	return w.Store.Settle(ctx, w.lease, d)
}

// decide is what the run came to: what a step that ends it leaves behind. It writes nothing.
func (w *run) decide(step Step) (record.Decision, error) {
	d := record.Decision{Link: w.s.Link, Fresh: w.fresh, Sent: w.sent, Outcome: record.Served(), Leads: w.leads(), Exceptions: w.exceptions, Looks: w.looks}
	if w.s.Remote.Seen == Present && !w.plain() {
		d.Event = &w.shown
	}
	if w.answersGuard(step) {
		d.Over = &w.c.Link
	}
	if err := w.conclude(&d, step); err != nil {
		return record.Decision{}, err
	}
	w.finish(&d, step)
	return d, nil
}

// finish says of a decision what is the same for all.
func (w *run) finish(d *record.Decision, step Step) {
	for i := range d.Reports {
		d.Reports[i].Version = w.s.Desired.Version
	}
	d.Notes = append(d.Notes, w.note(*d, step))
}

// conclude settles the link.
func (w *run) conclude(d *record.Decision, step Step) error {
	switch step.Action {
	case Bury:
		w.bury(d, step)
		return nil
	case Hold:
		return w.hold(d, step)
	case Wait:
		w.wait(d, step)
		return nil
	case Leave:
		if w.hears {
			d.Outcome = record.Outcome{State: record.Ready, NotBefore: w.s.Now.Add(hearing), Attempts: w.lease.Attempts + 1}
		}
		return nil
	case Forget:
		w.forget(d)
		return nil
	default:
		return w.agree(d, step)
	}
}

// bury records a proven tombstone: only here does a generation rise.
func (w *run) bury(d *record.Decision, step Step) {
	before := d.Link
	l := &d.Link
	l.Generation++
	l.EventID, l.ETag, l.Base, l.BaseVersion, l.InFlight, l.Observed, l.Reason = "", "", nil, 0, nil, nil, ""
	l.MissedAt, l.Conference = time.Time{}, nil
	if w.s.Place != nil {
		l.Base = &record.Base{Series: w.s.Place.shape()} // should the series take another shape, the occurrence may be back
	}
	d.Event, d.Sent = nil, nil
	switch {
	case step.Removed:
		d.Removal = w.removal(before, *d, step)
		l.State = record.LinkDiverged
		left := w.followRemoval(d)
		d.Reports = append(d.Reports, record.Report{Type: message.BookingRemoved, Revise: true, Diverged: left})
	case w.s.Desired.Present:
		// The booking came back while its deletion was under way: the next run creates the next event.
		l.State = record.LinkPending
		d.Outcome = record.Outcome{State: record.Ready, Attempts: w.lease.Attempts}
	default:
		w.removed(d)
	}
}

// removed settles a link that shows nothing, as wanted. A create that was never answered and could not be found stays in flight: should its
// event turn up after all, it is known for ours.
func (w *run) removed(d *record.Decision) {
	l := &d.Link
	told := l.State == record.LinkRemoved && l.Synced >= w.s.Desired.Version
	l.State, l.Reason = record.LinkRemoved, ""
	l.Synced = w.s.Desired.Version
	if !told {
		d.Reports = append(d.Reports, record.Report{Type: message.BookingSynced, Outcome: message.OutcomeRemoved})
	}
}

// wait settles nothing but that the event was missed, and looks again later. No attempt is spent: nothing has failed.
func (w *run) wait(d *record.Decision, step Step) {
	l := &d.Link
	if l.MissedAt.IsZero() {
		l.MissedAt = w.s.Now.UTC()
	}
	d.Outcome = record.Outcome{State: record.Ready, NotBefore: step.Look, Attempts: w.lease.Attempts}
}

// hold settles a link whose write waits for an operator. What a person has changed does not wait with it: once a policy has decided about that, it is
// planned anew.
func (w *run) hold(d *record.Decision, step Step) error {
	l := &d.Link
	if w.s.Desired.Present {
		undecided := step.Person &^ step.Fields
		w.observe(l, undecided)
		if err := w.reportChange(d, undecided, step.Open); err != nil {
			return err
		}
	}
	if len(d.Rulings) > 0 {
		l.ETag, d.Sent = "", nil
		return nil
	}
	if l.State != record.LinkHeld {
		d.Reports = append(d.Reports, record.Report{Type: message.BookingHeld, Reason: step.Why})
	}
	// What was just read is no agreement: whatever comes next has to look again.
	l.State, l.Reason, l.ETag = record.LinkHeld, step.Why, ""
	d.Sent = nil
	d.Outcome = record.Outcome{State: record.Held, HeldFor: record.HeldForApproval, Reason: step.Why}
	return nil
}

// agree settles a link that needs no write now: what is shown is agreed on, but for what a person has changed and the core has yet to decide.
func (w *run) agree(d *record.Decision, step Step) error {
	if w.s.Link.EventID == "" {
		if !w.s.Desired.Present {
			w.removed(d)
		}
		if w.s.Place != nil && step.Removed {
			d.Link.Base = &record.Base{Series: w.s.Place.shape()}
		}
		if !step.Look.IsZero() {
			d.Outcome = record.Outcome{State: record.Ready, NotBefore: step.Look, Attempts: w.lease.Attempts}
		}
		return nil
	}
	defer w.confer(d)
	if w.s.Remote.Seen != Present {
		w.synced(d, 0) // settled without a look
		return nil
	}
	undecided := step.Person
	if undecided != 0 {
		d.Sent = nil // they would take the person's part for ours
	}
	w.rebase(&d.Link, undecided)
	if err := w.reportChange(d, undecided, step.Open); err != nil {
		return err
	}
	w.synced(d, undecided&step.Open)
	w.reportResponses(d)
	return nil
}

// rebase makes what is shown the new agreement, except for the fields that are undecided.
func (w *run) rebase(l *record.Link, undecided cal.Fields) {
	shown, wanted := w.s.Remote.Event.Content, w.s.Desired.Content
	was := l.Agreed()
	base := was
	base.Series, base.Beside = w.s.Place.shape(), w.s.Beside
	agreed := w.s.Desired.Fields &^ undecided
	if !w.s.Desired.Fields.Has(cal.FieldAttendees) {
		base.Sent.Attendees = standing(invited(*l), shown)
		base.Read.Attendees = standing(base.Read.Attendees, shown) // those of a create that was refused never stood there
	}
	base.Sent = base.Sent.Overlay(wanted, agreed)
	base.Read = base.Read.Overlay(shown, agreed)
	base = base.After(was)
	l.Base, l.InFlight, l.Reason = &base, nil, ""
	w.observe(l, undecided)
}

// observe remembers what a person has made of the undecided fields. All other fields are as they were read back last, so that the difference
// of the two tells which fields are undecided.
func (w *run) observe(l *record.Link, undecided cal.Fields) {
	l.Observed = nil
	if undecided != 0 {
		observed := l.Agreed().Read.Overlay(w.s.Remote.Event.Content, undecided)
		l.Observed = &observed
	}
}

// reportChange tells the core what a person has changed, once for each change, and when nothing is left of it. Of what is told, policies decide first.
func (w *run) reportChange(d *record.Decision, undecided, open cal.Fields) error {
	shown, before := w.s.Remote.Event.Content, w.c.Link.Observed
	changed := undecided | w.merged
	event := message.NewEvent(shown)
	report := record.Report{Type: message.BookingEdited, Revise: true, Fields: changed.Names(), Event: &event}
	switch {
	case changed == 0 && before == nil && !w.c.Link.Removed():
		return nil
	case changed == 0:
		report.Type = message.BookingRestored
	case undecided != 0 && !w.news(undecided):
		return nil
	case changed.Has(cal.FieldSlot), changed.Has(cal.FieldRecurrence):
		report.Type = message.BookingMoved
	}
	left, err := w.followPolicy(d, undecided, open)
	report.Diverged = left != 0
	d.Reports = append(d.Reports, report)
	return err
}

// news reports whether what a person has changed is other than what the core was told.
func (w *run) news(undecided cal.Fields) bool {
	before := w.c.Link.Observed
	if before == nil {
		return true
	}
	shown, known := w.s.Remote.Event.Content, w.c.Link.Theirs()&w.s.Desired.Fields
	if !w.s.Link.Authoritative {
		known &^= cal.Fields(cal.FieldAttendees) // who stands there is not the core's business any more
	}
	ours := append(invited(w.c.Link), w.s.Desired.Content.Attendees...)
	added := w.merged&^known != 0 || w.merged != 0 && others(shown, ours).Differences(others(*before, ours), w.merged) != 0
	return added || undecided != known&^w.merged || shown.Differences(*before, undecided) != 0
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
	detail := w.detail(step, map[string]any{
		"decision": step.Action, "wanted": w.s.Desired.Present, "person_changed": (step.Person | w.merged).Names(), "reported": reported,
		"was": w.c.Link.State, "suspected": w.s.Suspect, "generation": d.Link.Generation,
	})
	if len(w.answers) > 0 {
		detail["policy"] = policyNotes(w.answers)
	}
	return record.Note{
		Actor: record.ActorEngine, Action: "link." + string(d.Link.State), Subject: string(d.Link.ID), BookingID: d.Link.BookingID,
		Detail: detail,
	}
}

// detail adds to an audit row what every decision of a run was made on. It names fields and states, and holds nothing of what stands in them.
func (w *run) detail(step Step, more map[string]any) map[string]any {
	saw := w.s.Remote.Seen
	if w.recalled {
		saw = Unread
	}
	out := map[string]any{
		"calendar_id": w.c.Calendar.ID, "version": w.s.Desired.Version, "revision": w.c.Booking.Revision, "generation": w.s.Link.Generation,
		"etag": w.s.Link.ETag, "saw": saw.String(), "differs": whose(w.s), "why": step.Why,
	}
	maps.Copy(out, more)
	return out
}

// String names the state of knowledge in audit rows.
func (s Seen) String() string {
	switch s {
	case Present:
		return "present"
	case Absent:
		return "absent"
	case Missing:
		return "missing"
	case Gone:
		return "gone"
	case Unread:
		return "unread"
	default:
		return "unknown"
	}
}
