package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/recur"
)

// Store is what the reconciler needs of the store.
type Store interface {
	Case(ctx context.Context, l record.Lease) (record.Case, error)
	// Intend records a write that is about to be made, and prolongs the lease.
	Intend(ctx context.Context, lease record.Lease, l record.Link, d time.Duration, n record.Note) (record.Lease, error)
	Settle(ctx context.Context, lease record.Lease, d record.Decision) error
}

// Client reads and writes the events of one connection.
type Client interface {
	provider.Client
	provider.EventFinder
	provider.SeriesKeeper
}

// Open opens the client of a connection and says what its provider can do.
type Open func(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID) (Client, Abilities, error)

// Reconciler carries plans out.
type Reconciler struct {
	Store Store
	Open  Open
	Clock clock.Clock
	// Lease is how long a lease is prolonged by before each write.
	Lease time.Duration
	// Quiet reports whether a provider can be told to mail nobody.
	Quiet func(cal.Provider) bool
	// Taken is a booking with what a person has made of some fields of one of its events, or fails with a *record.RefusalError when that cannot be a
	// booking.
	Taken func(record.Booking, record.Link, cal.Fields) (record.Booking, error)
	// Occurrence is what a recurring booking says of the occurrence that a part names.
	Occurrence func(b record.Booking, part string) (recur.Occurrence, error)
	// Guard is how many deletions are believed without an operator's word.
	Guard record.GuardLimits
}

// rounds is how many steps one run takes at the most. The longest honest way is write, conflict, read, write, twice.
const rounds = 8

// run is one reconciliation under way.
type run struct {
	*Reconciler
	lease  record.Lease
	c      record.Case
	s      Situation
	client Client
	// shown is the event as the provider showed it last, the host among its guests or not.
	shown cal.Event
	// merged are fields of a person's that this run has written its own to.
	merged cal.Fields
	// fresh says that the link's event was read in this run. Of one that the link did not know before, a listing may have shown more meanwhile
	// without marking the link.
	fresh bool
	// recalled says that what the run acts upon is what was last agreed, and not what the provider shows now.
	recalled bool
	// added says that the last write recorded is this run's alone, so that what its call answers is all there is to know about it.
	added bool
	sent  []record.SentHash
	// exceptions are what the series shows otherwise, once that was asked for; looks says that another run has to look at the series.
	exceptions []record.Exception
	looks      bool
	// hears says that the run ends before it writes, for occurrences to be looked at first.
	hears bool
	// answers are what the policies in force say of what a person has just done.
	answers []answer
}

// revisions is how often a run is made anew because its booking was revised between the policies' decision and its commit.
const revisions = 4

// Work brings the lease's link into agreement and commits what came of it.
func (r *Reconciler) Work(ctx context.Context, l record.Lease) error {
	for range revisions {
		w := &run{Reconciler: r, lease: l}
		err := w.work(ctx)
		if !errors.Is(err, record.ErrStale) {
			return err
		}
		l = w.lease // prolonged by now; what was written and not settled is in flight
	}
	return fault.Newf(fault.Transient, "reconcile", "the booking is being changed by others")
}

func (w *run) work(ctx context.Context) error {
	r, l := w.Reconciler, w.lease
	c, err := r.Store.Case(ctx, l)
	if err != nil {
		return err
	}
	if err := w.begin(c); err != nil {
		return err
	}
	if settled(w.s) {
		return w.commit(ctx, Step{Action: Agree, Why: "there is nothing to do"})
	}
	if step := Plan(w.s); step.Action == Leave || step.Action == Forget {
		return w.commit(ctx, step)
	}
	client, can, err := r.Open(ctx, l.Tenant, c.Link.ConnectionID)
	if err != nil {
		return err
	}
	w.client, w.s.Can = client, can
	for range rounds {
		step := Plan(w.s)
		done, err := w.take(ctx, step)
		if done || err != nil {
			return err
		}
	}
	return fault.Newf(fault.Conflict, "reconcile", "the event kept changing over %d steps", rounds)
}

// begin begins a run on what the store knows.
func (w *run) begin(c record.Case) error {
	w.c = c
	w.s = Situation{
		Link: c.Link, Desired: w.desired(c), Sent: c.Sent, Suspect: c.Suspect || c.Deletion != "", Now: w.Clock.Now(), Enforced: enforced(c),
		IsSeries: c.Link.Part == "" && c.Booking.Spec.IsSeries(),
	}
	p, err := w.place()
	switch {
	case err != nil || p == nil:
	case !c.Link.Apart():
		w.s.Place = p
	case p.Stands && p.ready() == "":
		w.s.Beside = p.shape()
	}
	return err
}

// settled reports whether a link needs no provider at all.
func settled(s Situation) bool {
	if s.Suspect || len(s.Link.InFlight) > 0 || !s.Link.MissedAt.IsZero() || s.Link.State == record.LinkApproved || looksAtSeries(s) {
		return false
	}
	if s.Link.EventID == "" {
		return !s.Desired.Present || s.Link.State == record.LinkDiverged
	}
	return s.Desired.Present && !awaitsConference(s) && shows(s)
}

// shows reports whether the event is known to show what the core wants, with nothing left to decide.
func shows(s Situation) bool {
	return s.Link.Base != nil && s.Link.ETag != "" && s.Link.State != record.LinkDiverged && s.Link.Observed == nil &&
		s.Desired.Content.Differences(s.Link.Base.Sent, s.Desired.Fields) == 0
}

// desired is what the core wants of the link's target. Guests stand on the authoritative target only, and only where writing them mails
// nobody whom the booking's notify does not cover. A target that is authoritative no more has its guests taken off.
func (r *Reconciler) desired(c record.Case) Desired {
	spec := c.Booking.Spec
	content, takesPlace := r.said(c)
	d := Desired{
		Present: c.Link.Target && !c.Booking.Cancelled && takesPlace, Version: c.Booking.Version, Notify: spec.Notify,
		Content: content, Fields: cal.AllFields &^ cal.Fields(cal.FieldAttendees|cal.FieldRecurrence),
		Conference: c.Link.Authoritative && spec.Conference == cal.ConferenceRequested && (c.Series == nil || c.Link.Apart()),
	}
	if len(content.Recurrence) > 0 || repeated(c.Link) {
		d.Fields |= cal.Fields(cal.FieldRecurrence) // a person who makes a series of a single event keeps it
	}
	switch {
	case !c.Link.Authoritative:
		if len(invited(c.Link)) > 0 {
			d.Fields |= cal.Fields(cal.FieldAttendees)
		}
	case r.Quiet(c.Link.Provider), spec.Notify == cal.NotifyAll:
		d.Content.Attendees = withoutHost(spec.Attendees, c.Connection.Account)
		d.Fields |= cal.Fields(cal.FieldAttendees)
	}
	return d
}

// said is what the booking says of the link's part, without its guests, and whether that takes place.
func (r *Reconciler) said(c record.Case) (cal.Content, bool) {
	spec := c.Booking.Spec
	whole := cal.Content{Title: spec.Title, Description: spec.Description, Location: spec.Location, Slot: c.Booking.Slot}
	if c.Link.Part == "" {
		if spec.IsSeries() {
			canonical, err := recur.Submitted(spec.Recurrence, c.Booking.Slot.Start)
			whole.Recurrence = canonical.Lines
			return whole, err == nil // the intake has parsed it
		}
		return whole, true
	}
	o, err := r.Occurrence(c.Booking, c.Link.Part)
	if err != nil {
		return whole, false // unreachable: the intake has held the booking to it
	}
	return o.Content, !o.Cancelled
}

// take carries one step out. It reports true once the run has committed.
func (w *run) take(ctx context.Context, step Step) (done bool, err error) {
	switch step.Action {
	case Read:
		return false, w.read(ctx)
	case Find:
		return false, w.find(ctx)
	case Create:
		return false, w.create(ctx, step)
	case Update, Delete:
		if first, err := w.hearsFirst(ctx, step); first || err != nil {
			return first, err
		}
		return false, w.change(ctx, step)
	case Bury, Agree, Wait, Hold, Leave, Forget:
		return true, w.commit(ctx, step)
	case Detach:
		w.detach()
		return false, nil
	default:
		return false, fmt.Errorf("reconcile: unknown action %q", step.Action)
	}
}

// change writes to the event that the link knows, on the strength of what was read or, unread, of what was last agreed.
func (w *run) change(ctx context.Context, step Step) error {
	if w.s.Remote.Seen != Present {
		w.s.Remote, w.recalled = remembered(w.s.Link), true
	}
	if step.Action == Delete {
		return w.remove(ctx, step)
	}
	return w.update(ctx, step)
}

// call runs one provider call, which has to end well before the lease does.
func (w *run) call(ctx context.Context, fn func(context.Context) error) error {
	ctx, cancel, err := w.lease.Call(ctx, w.Clock.Now())
	if err != nil {
		return err
	}
	defer cancel()
	return fn(ctx)
}

func (w *run) ref() provider.EventRef {
	return provider.EventRef{Calendar: w.c.Calendar.Remote, ID: w.s.Link.EventID}
}

func (w *run) read(ctx context.Context) error {
	e, err := w.look(ctx)
	switch {
	case unseen(err) && w.s.Place != nil:
		return w.confirmPlace(ctx)
	case unseen(err):
		return w.confirm(ctx)
	case err != nil:
		return err
	default:
		w.fresh = w.c.Link.EventID != ""
		w.show(e)
		return w.lookBeside(ctx)
	}
}

func (w *run) look(ctx context.Context) (e cal.Event, err error) {
	err = w.call(ctx, func(ctx context.Context) (err error) {
		if w.s.Place != nil {
			e, err = w.lookAt(ctx, *w.s.Place)
			return err
		}
		e, err = w.client.ReadEvent(ctx, w.ref())
		return err
	})
	return e, err
}

// unseen reports whether an event was not found. Only an event that is shown as cancelled proves by itself that it was deleted: providers
// answer the same for one that was deleted and for one that the account may not see.
func unseen(err error) bool { return fault.Is(err, fault.NotFound) || fault.Is(err, fault.Gone) }

// confirm decides what "not found" means. It says something about an event only while its calendar can be seen: one that was unshared hides
// all its events at once. A calendar may be listed and yet show nothing, so it is searched where it can be; and since it may have come
// back only after the event was looked for, that is done once more in the end.
func (w *run) confirm(ctx context.Context) error {
	if err := w.call(ctx, w.listed); err != nil {
		return err
	}
	if w.s.Can.Finds {
		known := w.s.Link.EventID
		if err := w.find(ctx); err != nil {
			return err
		}
		if w.s.Remote.Seen == Present && w.s.Link.EventID != known {
			return nil // it stands under another id
		}
	}
	e, err := w.look(ctx)
	switch {
	case err == nil:
		w.show(e)
	case !unseen(err):
		return err
	case w.s.Remote.Seen == Present:
		return fault.Newf(fault.Transient, "reconcile", "a search shows the event, and a read does not")
	default:
		w.s.Remote = Remote{Seen: Missing}
	}
	return nil
}

// listed wants the account to see the calendar.
func (w *run) listed(ctx context.Context) error {
	all, err := w.client.Calendars(ctx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(all, func(c cal.Calendar) bool { return c.ID == w.c.Calendar.Remote }) {
		return nil
	}
	return fault.Newf(fault.Forbidden, "reconcile", "the account no longer sees the calendar, so nothing is known about its events")
}

func (w *run) find(ctx context.Context) error {
	err := w.call(ctx, func(ctx context.Context) error {
		e, err := w.client.FindEvent(ctx, w.c.Calendar.Remote, w.s.Link.Key(w.lease.Tenant))
		if fault.Is(err, fault.NotFound) {
			w.s.Remote = Remote{Seen: Absent}
			return nil
		}
		if err == nil {
			w.show(e)
		}
		return err
	})
	return err
}

// show takes in an event as the provider has just shown it.
func (w *run) show(e cal.Event) {
	w.shown = e
	known := w.s.Link.EventID
	e.Content.Attendees = withoutHost(e.Content.Attendees, w.c.Connection.Account)
	w.s.Link.EventID, w.s.Link.ETag = e.ID, e.ETag
	w.s.Link.MissedAt = time.Time{}
	w.s.Remote, w.recalled = Remote{Seen: Present, Event: e}, false
	if e.Gone() {
		w.s.Remote = Remote{Seen: Gone}
	}
	if w.s.Place != nil {
		w.follow(known)
	}
}

// answered takes in what the provider has made of fields that were written: by definition what both sides agree on.
func (w *run) answered(e cal.Event, wrote cal.Fields) {
	w.show(e)
	content := w.s.Remote.Event.Content
	was := w.s.Link.Agreed()
	base := was
	base.Series, base.Beside = w.s.Place.shape(), w.s.Beside
	if wrote&cal.ShapeFields != 0 {
		base.Edition++
	}
	base.Sent = base.Sent.Overlay(w.s.Desired.Content, wrote)
	base.Read = base.Read.Overlay(content, wrote)
	base = base.After(was)
	w.s.Link.Base = &base
	w.withdraw()
	w.sent = append(w.sent, record.SentHash{Version: w.s.Desired.Version, Hash: content.Hash(w.s.Desired.Fields)})
}

// withdraw takes the last write off those in flight, unless an earlier attempt at the same one was never answered.
func (w *run) withdraw() {
	if w.added {
		w.s.Link.InFlight = w.s.Link.InFlight[:len(w.s.Link.InFlight)-1]
	}
	w.added = false
}
