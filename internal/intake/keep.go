package intake

import (
	"reflect"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/zone"
)

// keeping lets a version keep what was accepted of persons' changes, in the fields that the core has left as it had submitted them before: it may not
// have heard yet of what was accepted. A core that names the revision has, and means what it says.
func (s *Service) keeping(a record.Acceptance, c candidate, current record.Booking) (record.Acceptance, error) {
	if c.cancelled || c.ifMatch != nil || current.Cancelled || current.Submitted == nil {
		return a, nil
	}
	before, now := *current.Submitted, a.Spec
	was, is := contentOf(before), contentOf(now)
	accepted := contentOf(current.Spec)
	a.Kept = accepted.Differences(is, cal.AllFields) &^ was.Differences(is, keptWhole)
	if a.Kept.Has(cal.FieldAttendees) {
		now.Attendees = merged(before.Attendees, now.Attendees, current.Spec.Attendees)
		if contentOf(now).Differences(is, cal.Fields(cal.FieldAttendees)) == 0 {
			a.Kept &^= cal.Fields(cal.FieldAttendees)
		}
	}
	a.KeptOverrides = keepsOverrides(before, now, current.Spec)
	if a.Kept == 0 && !a.KeptOverrides {
		return a, nil
	}
	submitted, made := a.Spec, overlaid(now, current.Spec, a.Kept)
	if a.KeptOverrides {
		made.Overrides = current.Spec.Overrides
	}
	checked, slot, err := s.acceptable(made)
	if err != nil {
		return a, err
	}
	a.Spec, a.Slot, a.TZData, a.Submitted = checked, slot, s.Zones.Name(), &submitted
	return a, nil
}

// keepsOverrides reports whether something was accepted of single occurrences that the core has left as it had submitted them before: the rule, the
// start that it goes on from, and what it says of occurrences.
func keepsOverrides(before, now, accepted cal.Booking) bool {
	series := func(b cal.Booking) cal.Booking {
		return cal.Booking{Recurrence: b.Recurrence, Overrides: b.Overrides, Start: b.Start, End: b.End}
	}
	return reflect.DeepEqual(series(before), series(now)) && !reflect.DeepEqual(accepted.Overrides, now.Overrides)
}

// keptWhole are the fields of which either the core's or the person's is kept. Guests are a set, of which each is somebody's.
const keptWhole = cal.AllFields &^ cal.Fields(cal.FieldAttendees)

// contentOf is what of a booking stands in calendars. What was submitted has been checked before.
func contentOf(b cal.Booking) cal.Content {
	var p problems
	out := cal.Content{Title: b.Title, Description: b.Description, Location: b.Location, Slot: checkSlot(zone.Tables{}, b, &p), Attendees: b.Attendees}
	if rule, err := content(b, out.Slot); err == nil && b.IsSeries() {
		out.Recurrence = rule.Recurrence
	}
	return out
}

// overlaid is b with some fields, other than its guests, taken from o.
func overlaid(b, o cal.Booking, fields cal.Fields) cal.Booking {
	if fields.Has(cal.FieldTitle) {
		b.Title = o.Title
	}
	if fields.Has(cal.FieldDescription) {
		b.Description = o.Description
	}
	if fields.Has(cal.FieldLocation) {
		b.Location = o.Location
	}
	if fields.Has(cal.FieldSlot) {
		b.Start, b.End = o.Start, o.End
	}
	if fields.Has(cal.FieldRecurrence) {
		b.Recurrence = o.Recurrence
	}
	return b
}

// merged are the core's guests with what persons have made of those whom it has submitted before: whom they took off stays off and whom they added
// stays, unless the core has itself changed its mind about that guest.
func merged(before, now, accepted []cal.Attendee) []cal.Attendee {
	var out []cal.Attendee
	for _, a := range now {
		was, submitted := guest(before, a)
		is, stands := guest(accepted, a)
		switch {
		case !submitted || was.Optional != a.Optional:
			out = append(out, a)
		case stands:
			a.Optional = is.Optional
			out = append(out, a)
		}
	}
	for _, a := range accepted {
		_, submitted := guest(before, a)
		_, wanted := guest(now, a)
		if !submitted && !wanted {
			out = append(out, a)
		}
	}
	return out
}
