package intake

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/record"
)

// Verdict is a core's decision about a person's change, as it came in.
type Verdict struct {
	ID       cal.BookingID
	Decision message.Decision
	// Calendar is the target whose change is meant; empty for all of them.
	Calendar cal.CalendarID
	// Occurrence is the one whose change is meant, by its original start: a date, or a date-time with an offset or in the booking's zone. Empty for all.
	Occurrence string
	// IfMatch is the revision that the core has seen.
	IfMatch *int64
	// Actor is the key that it came with.
	Actor       string
	Traceparent string
}

// Decide accepts or reverts what a person has done to a booking's events, or refuses to with a *record.RefusalError. Once it is done there is
// nothing left to decide, so that a repetition is refused and changes nothing.
func (s *Service) Decide(ctx context.Context, tenant cal.TenantID, v Verdict) (record.Booking, error) {
	for range tries {
		current, err := s.Store.Booking(ctx, tenant, v.ID)
		if errors.Is(err, record.ErrNotFound) {
			return record.Booking{}, refuse(record.ReasonUnknown, "there is no such booking: check its id")
		}
		if err != nil {
			return record.Booking{}, err
		}
		r, err := s.rule(v, current)
		if err != nil {
			return record.Booking{}, err
		}
		b, err := s.Store.Decide(ctx, tenant, r)
		if !errors.Is(err, record.ErrStale) {
			return b, err
		}
	}
	return record.Booking{}, fault.Newf(fault.Transient, "intake", "the booking is being changed by others: try again")
}

// rule works out what a verdict makes of a booking.
func (s *Service) rule(v Verdict, current record.Booking) (record.Ruling, error) {
	r := record.Ruling{Booking: current, Decision: v.Decision, By: message.DeciderCore, Actor: v.Actor, Traceparent: v.Traceparent}
	if v.IfMatch != nil && *v.IfMatch != current.Revision {
		return r, stale(*v.IfMatch, current.Revision)
	}
	part, err := s.meant(v, current)
	if err != nil {
		return r, err
	}
	open, chosen := undecided(current), []record.Link{}
	for _, l := range open {
		if (v.Calendar == "" || v.Calendar == l.CalendarID) && (v.Occurrence == "" || part == l.Part) {
			chosen = append(chosen, l)
		}
	}
	switch {
	case len(chosen) == 0:
		return r, nothingToDecide(current, open)
	case v.Decision == message.DecisionReverted:
		r.Links = idsOf(chosen)
		return r, nil
	}
	return s.accepting(r, chosen, open)
}

// accepting takes over what persons have made of some of the links that are open, each occurrence for itself.
func (s *Service) accepting(r record.Ruling, chosen, open []record.Link) (record.Ruling, error) {
	for _, same := range byPart(chosen) {
		one := same[0]
		if len(alike(one, same)) < len(same) {
			return r, ambiguous(same)
		}
		if one.Removed() && one.Part == "" {
			r.Booking.Cancelled, r.Links = true, idsOf(open) // nothing is left of the booking that could be decided about
			return r, nil
		}
		var err error
		if r.Booking, err = s.Taken(r.Booking, one, one.Theirs()); err != nil {
			return r, err
		}
		r.Links = append(r.Links, idsOf(alike(one, open))...)
	}
	return r, nil
}

// byPart are links by what of the booking they stand for, in their order.
func byPart(all []record.Link) [][]record.Link {
	var out [][]record.Link
	place := map[string]int{}
	for _, l := range all {
		i, ok := place[l.Part]
		if !ok {
			i = len(out)
			place[l.Part], out = i, append(out, nil)
		}
		out[i] = append(out[i], l)
	}
	return out
}

// Taken is a booking with what a person has made of some of the fields of one of its events. It fails with a *record.RefusalError when that cannot be
// a booking.
func (s *Service) Taken(b record.Booking, l record.Link, fields cal.Fields) (record.Booking, error) {
	made, err := s.made(b, l, fields)
	if err != nil {
		return b, err
	}
	spec, slot, err := s.acceptable(made)
	if err != nil {
		return b, err
	}
	if b.Submitted == nil {
		submitted := b.Spec
		b.Submitted = &submitted
	}
	b.Spec, b.Slot, b.TZData = spec, slot, s.Zones.Name()
	if b.Parts, b.Series, err = worked(b.Spec, s.frame(b)); err == nil && b.Spec.IsSeries() {
		b.Parts, err = lasting(b.Spec, s.frame(b), b.Parts, b.Links)
	}
	return b, err
}

func (s *Service) made(b record.Booking, l record.Link, fields cal.Fields) (cal.Booking, error) {
	if l.Part == "" {
		spec := taken(b, l, fields)
		if b.Spec.IsSeries() {
			return s.takenRule(b, spec, *l.Observed, l.Theirs()&fields)
		}
		return spec, nil
	}
	return takenOccurrence(s.frame(b), b, l, fields)
}

// undecided are the links of a booking that the core has to decide about. Of one that is cancelled, every event goes.
func undecided(b record.Booking) []record.Link {
	var out []record.Link
	for _, l := range b.Links {
		if l.Target && l.Undecided() && !b.Cancelled {
			out = append(out, l)
		}
	}
	return out
}

// alike are those of the links whose events persons have changed in the very same way as one.
func alike(one record.Link, all []record.Link) []record.Link {
	var out []record.Link
	for _, l := range all {
		same := l.Part == one.Part && l.Removed() == one.Removed() && l.Theirs() == one.Theirs()
		if same && (one.Observed == nil || one.Observed.Differences(*l.Observed, one.Theirs()) == 0) {
			out = append(out, l)
		}
	}
	return out
}

func idsOf(all []record.Link) []cal.LinkID {
	out := make([]cal.LinkID, 0, len(all))
	for _, l := range all {
		out = append(out, l.ID)
	}
	return out
}

func nothingToDecide(b record.Booking, open []record.Link) error {
	switch {
	case b.Cancelled:
		return refuse(record.ReasonUndiverged, "the booking is cancelled, so its events are removed whatever they show")
	case len(open) == 0:
		return refuse(record.ReasonUndiverged, "no person's change to the booking's events awaits a decision: it may have been decided about, or taken back")
	default:
		return &record.RefusalError{
			Reason: record.ReasonUndiverged, Detail: "no change in that calendar awaits a decision", Problems: candidates(open),
		}
	}
}

func ambiguous(open []record.Link) error {
	return &record.RefusalError{
		Reason: record.ReasonAmbiguous, Detail: "the events were changed in different ways: say with calendar_id which change is accepted",
		Problems: candidates(open),
	}
}

// candidates names the calendars that can be chosen, and what was changed there.
func candidates(open []record.Link) []message.Problem {
	var out []message.Problem
	for _, l := range open {
		what := "the event was deleted"
		if !l.Removed() {
			what = "changed there: " + strings.Join(l.Theirs().Names(), ", ")
		}
		if l.Occurrence != nil {
			what += "; occurrence " + l.Occurrence.OriginalStart.Date + l.Occurrence.OriginalStart.DateTime
		}
		out = append(out, message.Problem{Pointer: "query: calendar_id", Detail: fmt.Sprintf("%s (%s)", l.CalendarID, what)})
	}
	return out
}

// taken is a booking's content with what a person has made of some fields of one of its events.
func taken(b record.Booking, l record.Link, fields cal.Fields) cal.Booking {
	spec, seen := b.Spec, *l.Observed
	theirs := l.Theirs() & fields
	if theirs.Has(cal.FieldTitle) {
		spec.Title = seen.Title
	}
	if theirs.Has(cal.FieldDescription) {
		spec.Description = seen.Description
	}
	if theirs.Has(cal.FieldLocation) {
		spec.Location = seen.Location
	}
	if theirs.Has(cal.FieldSlot) {
		spec.Start = moved(spec.Start, b.Slot.Start, seen.Slot.Start)
		spec.End = moved(spec.End, b.Slot.End, seen.Slot.End)
	}
	if theirs.Has(cal.FieldAttendees) && l.Authoritative {
		spec.Attendees = invited(spec.Attendees, l.Agreed().Read.Attendees, seen.Attendees)
	}
	return spec
}

// moved is one end of a slot as a person has put it. An end that stands where it was stays as the core has written it, and one of which the
// provider does not know the zone stays in the booking's.
func moved(before cal.When, was, is cal.Moment) cal.When {
	if was.Equal(is) {
		return before
	}
	if is.Zone == "" {
		is.Zone = was.Zone
	}
	return is.When()
}

// invited are the core's guests with what a person has made of them: without those whom they took off, and with those whom they added. Guests
// who never stood on the event, as its host never does, are nobody's change.
func invited(ours, stood, seen []cal.Attendee) []cal.Attendee {
	var out []cal.Attendee
	known := map[string]bool{}
	for _, a := range ours {
		known[address(a)] = true
		now, stands := guest(seen, a)
		if _, before := guest(stood, a); before && !stands {
			continue
		}
		if stands {
			a.Optional = now.Optional
		}
		out = append(out, a)
	}
	for _, a := range seen {
		if !known[address(a)] {
			known[address(a)] = true
			out = append(out, cal.Attendee{Email: strings.TrimSpace(a.Email), Name: a.Name, Optional: a.Optional})
		}
	}
	return out
}

func address(a cal.Attendee) string { return strings.ToLower(strings.TrimSpace(a.Email)) }

// guest finds a guest by their address.
func guest(all []cal.Attendee, one cal.Attendee) (cal.Attendee, bool) {
	for _, a := range all {
		if address(a) == address(one) {
			return a, true
		}
	}
	return cal.Attendee{}, false
}

// acceptable holds what a person has made of a booking to what every booking is held to: people may leave a title blank, or make a meeting of
// no length. The core reads and submits bookings, so none may come to be that it could not have submitted.
func (s *Service) acceptable(spec cal.Booking) (cal.Booking, cal.Slot, error) {
	err := s.Fits(spec)
	checked, slot := spec, cal.Slot{}
	if err == nil {
		checked, slot, err = checkBy(s.Zones, spec)
	}
	if refusal, ok := errors.AsType[*record.RefusalError](err); ok {
		err = &record.RefusalError{
			Reason: record.ReasonUnacceptable, Problems: refusal.Problems,
			Detail: "what was made of the event cannot be a booking: revert it, or submit the next version with If-Match",
		}
	}
	return checked, slot, err
}
