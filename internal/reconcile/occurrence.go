package reconcile

import (
	"context"
	"slices"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/recur"
)

// Place is where in a series the link's event is an occurrence. It is found there, whatever id it has: providers give occurrences others, or forget what
// was said of them, when their series changes.
type Place struct {
	// Series is the link of the series, and Original the occurrence's place in it.
	Series   record.Link
	Original cal.Moment
	// Stands says whether the series as a whole is wanted, and Behind that its event does not show yet what is.
	Stands, Behind bool
}

// place is the place in a series that the link stands for; nil for anything else.
func (w *run) place() (*Place, error) {
	c := w.c
	if c.Series == nil {
		return nil, nil
	}
	o, err := w.Occurrence(c.Booking, c.Link.Part)
	if err != nil {
		return nil, err
	}
	series := c
	series.Link = *c.Series
	whole, stands := w.said(series)
	const ours = cal.AllFields &^ cal.Fields(cal.FieldAttendees)
	return &Place{
		Series: *c.Series, Original: o.Slot.Start, Stands: stands && c.Series.Target && !c.Booking.Cancelled,
		Behind: whole.Differences(c.Series.Agreed().Sent, ours) != 0,
	}, nil
}

// shape is that of the series; empty without one.
func (p *Place) shape() string {
	if p == nil {
		return ""
	}
	return p.Series.Shape()
}

// ready says why an occurrence has to wait for its series; empty if it need not.
func (p *Place) ready() string {
	switch s := p.Series; {
	case s.EventID == "" || s.Base == nil:
		return "the series is not there yet"
	case s.Undecided():
		return "a person has changed the series, and the core has not decided"
	default:
		return ""
	}
}

// looksAtSeries reports whether what was agreed about a series, or about an occurrence, does not tell what stands there: what becomes of single occurrences
// shows nowhere else.
func looksAtSeries(s Situation) bool {
	p := s.Place
	switch {
	case s.IsSeries:
		return s.Link.EventID != ""
	case p == nil:
		return outdated(s)
	case s.Link.State == record.LinkDiverged && s.Link.EventID == "":
		return p.Stands && p.ready() == "" && outdated(s)
	default:
		return !p.Stands || p.ready() != "" || s.Link.Base == nil || outdated(s)
	}
}

// base is what the occurrence shows as long as nobody has changed it: what the series was agreed to show, at its place.
func (p *Place) base() record.Base {
	return record.Base{Sent: p.at(p.Series.Base.Sent), Read: p.at(p.Series.Base.Read), Series: p.shape()}
}

// at is what the series shows at the place where its first occurrence shows c.
func (p *Place) at(c cal.Content) cal.Content {
	c.Slot, c.Recurrence = recur.SlotAt(c.Slot, p.Original), nil
	return c
}

// baseOf is base for an occurrence that was changed at a time that nobody knows: what it shows of an earlier version of the series is nobody's change.
func (p *Place) baseOf(e cal.Event) record.Base {
	out := p.base()
	for _, f := range e.Content.Differences(out.Read, cal.AllFields).Each() {
		for _, c := range p.Series.Base.Earlier {
			if earlier := p.at(c); e.Content.Differences(earlier, cal.Fields(f)) == 0 {
				out.Sent, out.Read = out.Sent.Overlay(earlier, cal.Fields(f)), out.Read.Overlay(earlier, cal.Fields(f))
				break
			}
		}
	}
	return out
}

// outdated reports whether a series has become another one, or has to be looked at in any case, since the link's event was agreed on.
func outdated(s Situation) bool {
	base := s.Link.Base
	switch {
	case base == nil:
		return false
	case s.Place != nil && base.Series != s.Place.shape():
		return true
	default:
		return s.Beside != "" && base.Beside != s.Beside
	}
}

// lost reports whether the series has been written since the occurrence was agreed on: providers then cancel those that differ from it.
func (p *Place) lost(l record.Link) bool {
	return l.EventID != "" && l.Base != nil && l.Base.Series != p.shape()
}

// planPlace plans for an occurrence of a series, as far as that is something else than any event.
func planPlace(s Situation) (Step, bool) {
	if why := waits(s); why != "" {
		return Step{Action: Leave, Why: why}, true
	}
	switch p := s.Place; {
	case !p.Stands:
		return Step{Action: Forget, Why: "the series is gone, as wanted"}, true
	case s.Remote.Seen == Gone || s.Remote.Seen == Missing:
		return planAway(s), true
	case s.Link.EventID != "":
		return Step{}, false
	case s.Link.State == record.LinkDiverged && !outdated(s):
		return leftToCore(), true
	case !s.Link.Target:
		return Step{Action: Forget, Why: "the series has no such place any more"}, true
	default:
		return Step{Action: Read, Why: "the occurrence was not looked at yet"}, true
	}
}

// leftToCore ends a run about an occurrence that a person has deleted.
func leftToCore() Step {
	return Step{Action: Agree, Removed: true, Why: "a person deleted the occurrence and the core has not decided"}
}

// waits says what an occurrence has to wait for; empty if for nothing.
func waits(s Situation) string {
	p := s.Place
	if !p.Stands {
		if p.Series.EventID == "" && len(p.Series.InFlight) == 0 {
			return ""
		}
		return "the series goes as a whole"
	}
	if why := p.ready(); why != "" {
		return why
	}
	plain := s.Link.Synced == 0 && s.Remote.Seen == Present && p.shows(s.Remote.Event)
	switch {
	case s.Remote.Seen == Absent:
		return "the series is not as it was agreed on"
	case p.Behind && (s.Remote.Seen == Missing || plain):
		return "the series does not show yet what is wanted"
	default:
		return ""
	}
}

// planAway plans for an occurrence that the series does not have.
func planAway(s Situation) Step {
	detach := Step{Action: Detach, Why: "the series has lost the occurrence for good, and the core wants it"}
	_, ours := s.Link.Pending(record.OpDelete)
	step := planGone(s)
	if s.Remote.Seen == Missing {
		step = planMissing(s)
	}
	switch {
	case !s.Desired.Present:
		return Step{Action: Forget, Why: "the series does not have the occurrence, as wanted"}
	case s.Link.State == record.LinkDiverged && s.Link.EventID == "":
		return leftToCore()
	case s.Place.lost(s.Link) && step.Action == Bury:
		return detach
	case s.Remote.Seen == Gone && s.Link.EventID == "" && (s.Link.Generation > 1 || ours):
		return detach
	default:
		return step
	}
}

// lookAt reads the occurrence. One whose place the series has no more is looked for by its id: providers may keep it, or have given it another place.
func (w *run) lookAt(ctx context.Context, p Place) (cal.Event, error) {
	if w.s.Link.Target {
		return w.client.ReadOccurrence(ctx, w.seriesRef(p), p.Original)
	}
	e, err := w.client.ReadEvent(ctx, w.ref())
	if err == nil && (e.Series != p.Series.EventID || e.OriginalStart.Date != p.Original.Date || !e.OriginalStart.Instant.Equal(p.Original.Instant)) {
		return e, fault.Newf(fault.NotFound, "reconcile", "the event is another occurrence by now")
	}
	return e, err
}

func (w *run) seriesRef(p Place) provider.EventRef {
	return provider.EventRef{Calendar: w.c.Calendar.Remote, ID: p.Series.EventID}
}

// confirmPlace decides what it means that an occurrence was not found. It proves something only while the series is as both sides agreed: of any other,
// the series' own run finds out first.
func (w *run) confirmPlace(ctx context.Context) error {
	var series cal.Event
	err := w.call(ctx, func(ctx context.Context) (err error) {
		series, err = w.client.ReadEvent(ctx, w.seriesRef(*w.s.Place))
		return err
	})
	switch {
	case err != nil && !unseen(err):
		return err
	case err == nil && !series.Gone() && series.Content.Differences(w.s.Place.Series.Base.Read, cal.ShapeFields) == 0:
		w.s.Remote = Remote{Seen: Missing}
	default:
		w.s.Remote, w.looks = Remote{Seen: Absent}, true
	}
	return nil
}

// follow takes what an occurrence shows for what its series has made of it, where nothing was said of it alone since the series became what it is.
func (w *run) follow(known cal.EventID) {
	l, e, p := &w.s.Link, w.s.Remote.Event, w.s.Place
	if w.s.Remote.Seen == Gone {
		l.EventID = known // of one that was never seen, nothing was there to be deleted
		return
	}
	switch plain := p.baseOf(e); {
	case e.Kind == cal.KindOccurrence:
		l.Base = &record.Base{Sent: e.Content, Read: e.Content, Series: p.shape()}
	case l.Base == nil || l.Base.Series != p.shape() && e.Content.Differences(plain.Read, cal.AllFields) == 0:
		l.Base = &plain
	}
	c := w.c
	c.Link = *l
	w.s.Desired = w.desired(c) // guests that the occurrence has of us are taken off where they are wanted no more
}

// leads reports whether what the run comes to may concern a series or occurrences of one.
func (w *run) leads() bool {
	return w.s.IsSeries || w.c.Series != nil ||
		slices.ContainsFunc(w.c.Booking.Links, func(l record.Link) bool { return l.Part != "" && l.CalendarID == w.s.Link.CalendarID })
}

// plain reports whether the event is an occurrence that is as its series has it. Mirrors have none of those but where listings show them.
func (w *run) plain() bool {
	p := w.s.Place
	return p != nil && p.Series.Base != nil && p.shows(w.s.Remote.Event)
}

// shows reports whether an occurrence is as the series has it.
func (p *Place) shows(e cal.Event) bool {
	return e.Kind == cal.KindOccurrence || e.Content.Differences(p.base().Read, cal.AllFields) == 0
}

// lookBeside looks whether a series that has become another one has an occurrence again that stands beside it by itself.
func (w *run) lookBeside(ctx context.Context) error {
	if w.s.Beside == "" || w.s.Remote.Seen != Present || w.s.Link.Base == nil || w.s.Link.Base.Beside == w.s.Beside {
		return nil
	}
	p, err := w.place()
	if err != nil {
		return err
	}
	var e cal.Event
	err = w.call(ctx, func(ctx context.Context) (err error) {
		e, err = w.client.ReadOccurrence(ctx, w.seriesRef(*p), p.Original)
		return err
	})
	if unseen(err) {
		return nil
	}
	w.s.Back = err == nil && !e.Gone()
	return err
}

// forget settles an occurrence that is not there, as wanted.
func (w *run) forget(d *record.Decision) {
	l := &d.Link
	if w.s.Place.Stands {
		l.Generation++
	}
	l.EventID, l.ETag, l.BaseVersion, l.InFlight, l.Observed, l.Conference, l.MissedAt = "", "", 0, nil, nil, nil, time.Time{}
	l.Base = nil
	if w.s.Place.Stands {
		l.Base = &record.Base{Series: w.s.Place.shape()}
	}
	d.Event, d.Sent = nil, nil
	w.removed(d)
}

// detach goes on without the series: the next event is the occurrence's own.
func (w *run) detach() {
	l := &w.s.Link
	l.EventID, l.ETag, l.Base, l.InFlight = "", "", nil, nil
	w.s.Place, w.s.Remote = nil, Remote{}
	w.s.Desired.Conference = l.Authoritative && w.c.Booking.Spec.Conference == cal.ConferenceRequested
}

// repeated reports whether calweave has made the event a series, or may have.
func repeated(l record.Link) bool {
	return l.Base != nil && len(l.Base.Sent.Recurrence) > 0 || slices.ContainsFunc(l.InFlight, func(w record.Write) bool { return len(w.Content.Recurrence) > 0 })
}

// mostExceptions is how many occurrences of one series are followed that differ from it. Nobody changes more by hand.
const mostExceptions = 1000

// listExceptions asks which occurrences of the link's series differ from it. Of a series that a person has changed as a whole, nothing is known until the
// core has decided.
func (w *run) listExceptions(ctx context.Context) error {
	if !w.s.IsSeries || w.s.Remote.Seen != Present || w.recalled || !w.s.Desired.Present || compare(w.s).Person != 0 {
		return nil
	}
	return w.askExceptions(ctx)
}

func (w *run) askExceptions(ctx context.Context) error {
	var all []cal.Event
	err := w.call(ctx, func(ctx context.Context) (err error) {
		all, err = w.client.ListExceptions(ctx, w.ref())
		return err
	})
	if unseen(err) {
		return nil // the next run finds the series gone
	}
	if err != nil {
		return err
	}
	return w.keepExceptions(all)
}

const (
	// hearing is how long a series waits for what was done to its occurrences to be heard, and hearings how often.
	hearing  = 2 * time.Second
	hearings = 5
)

// hearsFirst ends a run that would let a series take place at other times, and reports true, while there are occurrences that persons have changed and
// nobody has heard of: providers forget those.
func (w *run) hearsFirst(ctx context.Context, step Step) (bool, error) {
	if !w.s.IsSeries || step.Action != Update || step.Fields&cal.ShapeFields == 0 || w.lease.Attempts >= hearings || w.c.Link.Base == nil {
		return false, nil
	}
	if err := w.askExceptions(ctx); err != nil {
		return false, err
	}
	if w.hears = slices.ContainsFunc(w.exceptions, w.unheard); w.hears {
		return true, w.commit(ctx, Step{Action: Leave, Why: "a person has changed an occurrence, which is looked at first"})
	}
	w.exceptions = nil // they are asked for anew once the series is written
	return false, nil
}

// unheard reports whether an occurrence differs otherwise than its link knows.
func (w *run) unheard(e record.Exception) bool {
	if e.Part == "" {
		return false
	}
	for _, l := range w.c.Booking.Links {
		if l.CalendarID == w.s.Link.CalendarID && l.Part == e.Part {
			return !l.Apart() && l.State != record.LinkHeld && l.State != record.LinkFailed &&
				(l.Base == nil && l.State == record.LinkPending || l.EventID != "" && (e.Gone || e.ETag != l.ETag))
		}
	}
	return true
}

func (w *run) keepExceptions(all []cal.Event) error {
	w.exceptions = []record.Exception{}
	b := w.c.Booking
	series, err := recur.Parse(w.s.Desired.Content.Recurrence, b.Slot.Start)
	if err != nil {
		return err // unreachable: the intake has parsed it
	}
	places := make([]cal.Moment, 0, mostExceptions)
	for _, e := range all[:min(len(all), mostExceptions)] {
		places = append(places, e.OriginalStart)
	}
	frame, has := recur.Frame{Slot: b.Slot, Shift: b.Series.Shift}, series.Among(places)
	for n, e := range all {
		one := record.Exception{Place: e.OriginalStart, ETag: e.ETag, Gone: e.Gone()}
		if n < len(has) && has[n] {
			one.Part = frame.PartOf(e.OriginalStart)
		}
		w.exceptions = append(w.exceptions, one)
	}
	return nil
}
