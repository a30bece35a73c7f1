package reconcile

import (
	"github.com/calweave/calweave/contracts/cal"
)

// compare tells, field by field, who has changed what, and which fields are to be written.
func compare(s Situation) Step {
	var step Step
	shown, wanted, within := s.Remote.Event.Content, s.Desired.Content, s.Desired.Fields
	differing := shown.Differences(wanted, within) &^ s.Remote.Wrote
	late := isLate(s)
	for _, f := range differing.Each() {
		one := cal.Fields(f)
		mine := changedByCore(s, one)
		switch {
		case s.Link.Base != nil && shown.Differences(s.Link.Base.Read, one) == 0:
			if mine {
				step.Fields |= one
			}
		case late, inFlight(s, one):
			step.Fields |= one
		case f == cal.FieldAttendees && mine && s.Link.Base != nil:
			// Guests are a set: the core's change is merged into the person's.
			step.Person |= one
			step.Fields |= one
		default:
			step.Person |= one
			if mine {
				step.Open |= one
			}
		}
	}
	step.Why = explain(step, late)
	return step
}

func explain(step Step, late bool) string {
	switch {
	case late:
		return "the event shows an older version of ours: a late write"
	case step.Fields != 0 && step.Person != 0:
		return "the core and a person have changed different things"
	case step.Fields != 0:
		return "the core has changed something"
	case step.Open != 0:
		return "a person and the core have changed the same thing"
	case step.Person != 0:
		return "a person has changed something"
	default:
		return "the event shows what is wanted"
	}
}

// changedByCore reports whether the core wants a field otherwise than it was last sent.
func changedByCore(s Situation, one cal.Fields) bool {
	return s.Link.Base == nil || s.Desired.Content.Differences(s.Link.Base.Sent, one) != 0
}

// inFlight reports whether a field shows what an unanswered write of ours would have made of it.
func inFlight(s Situation, one cal.Fields) bool {
	for _, w := range s.Link.InFlight {
		if s.Remote.Event.Content.Differences(w.Content, one) == 0 {
			return true
		}
	}
	return false
}

// isLate reports whether the event as a whole shows a version that was sent before the last agreement: a write that took its time.
func isLate(s Situation) bool {
	hash := s.Remote.Event.Content.Hash(s.Desired.Fields)
	if s.Link.Base != nil && hash == s.Link.Base.Read.Hash(s.Desired.Fields) {
		return false
	}
	for _, sent := range s.Sent {
		if sent.Hash == hash && sent.Version < s.Desired.Version {
			return true
		}
	}
	return false
}

// guests returns what turns the guests that were last sent into those that are wanted: whom to invite or change, and whom to take off. Guests
// whom somebody else has added are in neither.
func guests(s Situation) (invite []cal.Attendee, uninvite []string) {
	var before []cal.Attendee
	switch {
	case s.Link.Base != nil:
		before = s.Link.Base.Sent.Canonical().Attendees
	case len(s.Link.InFlight) > 0:
		before = s.Link.InFlight[0].Content.Canonical().Attendees
	}
	shown := byEmail(s.Remote.Event.Content.Canonical().Attendees)
	wanted := byEmail(s.Desired.Content.Canonical().Attendees)
	for _, a := range s.Desired.Content.Attendees {
		canonical := cal.Content{Attendees: []cal.Attendee{a}}.Canonical().Attendees[0]
		if there, ok := shown[canonical.Email]; !ok || there.Optional != canonical.Optional {
			invite = append(invite, cal.Attendee{Email: a.Email, Name: a.Name, Optional: a.Optional})
		}
	}
	for _, a := range before {
		if _, stays := wanted[a.Email]; !stays {
			uninvite = append(uninvite, a.Email)
		}
	}
	return invite, uninvite
}

func byEmail(all []cal.Attendee) map[string]cal.Attendee {
	m := make(map[string]cal.Attendee, len(all))
	for _, a := range all {
		m[a.Email] = a
	}
	return m
}
