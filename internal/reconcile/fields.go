package reconcile

import (
	"slices"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/record"
)

// compare tells, field by field, who has changed what, and which fields are to be written.
func compare(s Situation) Step {
	var step Step
	late := isLate(s)
	for _, f := range s.Remote.Event.Content.Differences(s.Desired.Content, s.Desired.Fields).Each() {
		v := judge(s, f, late)
		if v.write {
			step.Fields |= cal.Fields(f)
		}
		if v.person {
			step.Person |= cal.Fields(f)
		}
		if v.open {
			step.Open |= cal.Fields(f)
		}
	}
	step.Why = explain(step, late)
	return step
}

// verdict is what becomes of one field that shows something else than the core wants, and whose doing that is.
type verdict struct {
	write, person, open bool
	by                  author
}

// author says whose doing it is that a field shows something else than the core wants. It stands in audit rows.
type author string

// The authors.
const (
	// byCore means that the core wants it otherwise than at the last agreement, and nobody has touched it.
	byCore author = "core"
	// byProvider means that nobody has changed it: the provider keeps it in another form than it was sent in.
	byProvider author = "provider"
	// byLateWrite and byOwnWrite are writes of calweave's own: of an older version that landed late, and one that was never answered.
	byLateWrite author = "late_write"
	byOwnWrite  author = "own_write"
	// byPerson is a person, byBoth a person where the core has changed the same field too.
	byPerson author = "person"
	byBoth   author = "person_and_core"
)

// whose says of each field that shows something else than the core wants whose doing that is. An event that shows what is wanted, as after a write of
// calweave's own, has none.
func whose(s Situation) map[string]author {
	out := map[string]author{}
	if s.Remote.Seen != Present || !s.Desired.Present {
		return out
	}
	late := isLate(s)
	for _, f := range s.Remote.Event.Content.Differences(s.Desired.Content, s.Desired.Fields).Each() {
		out[f.String()] = judge(s, f, late).by
	}
	return out
}

func judge(s Situation, f cal.Field, late bool) verdict {
	one, guests := cal.Fields(f), f == cal.FieldAttendees
	switch {
	case guests && !s.Link.Authoritative:
		// Ours are taken off; who else stands there is not the core's business.
		return verdict{write: guestsDiffer(s), by: byCore}
	case untouched(s, one):
		return withAuthor(verdict{write: changedByCore(s, one)}, byCore, byProvider)
	case late:
		return verdict{write: true, by: byLateWrite}
	case landed(s, f):
		return verdict{write: true, by: byOwnWrite}
	case guests && !s.Enforced.Has(f) && mergeable(s):
		// Guests are a set: what the core wants of its own is written beside what a person wants of others.
		v := verdict{write: guestsDiffer(s), person: strangersDiffer(s), by: byCore}
		if v.person {
			return withAuthor(v, byBoth, byPerson)
		}
		return v
	default:
		v := verdict{person: true, open: changedByCore(s, one), by: byPerson}
		if v.open {
			v.by = byBoth
		}
		return v
	}
}

// withAuthor names the author of a field by whether it is written.
func withAuthor(v verdict, written, left author) verdict {
	if v.by = left; v.write {
		v.by = written
	}
	return v
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
	return s.Desired.Content.Differences(s.Link.Agreed().Sent, one) != 0
}

// untouched reports whether a field shows what was read back at the last agreement.
func untouched(s Situation, one cal.Fields) bool {
	return s.Link.Base != nil && s.Remote.Event.Content.Differences(s.Link.Base.Read, one) == 0
}

// landed reports whether a field shows what an unanswered write of ours has made of it. Providers rewrite descriptions, and only an answer
// tells how: one that such a write would have changed counts as landed when it reads the same as what was sent.
func landed(s Situation, f cal.Field) bool {
	one := cal.Fields(f)
	shown, before := s.Remote.Event.Content, s.Link.Agreed().Sent
	for _, w := range s.Link.InFlight {
		if !asks(w) {
			continue
		}
		if shown.Differences(w.Content, one) == 0 {
			return true
		}
		changed := w.Op == record.OpCreate || w.Content.Differences(before, one) != 0
		if f == cal.FieldDescription && changed && sameText(shown.Description, w.Content.Description) {
			return true
		}
	}
	return false
}

// asks reports whether a write asks for content.
func asks(w record.Write) bool { return w.Op == record.OpCreate || w.Op == record.OpUpdate }

// isLate reports whether the event as a whole shows a version that was sent before the last agreement: a write that took its time.
func isLate(s Situation) bool {
	shown, within := s.Remote.Event.Content, s.Desired.Fields
	if s.Link.Base != nil && shown.Differences(s.Link.Base.Read, within) == 0 {
		return false
	}
	// The older version may have owned the guests, or not.
	hash, whole := shown.Hash(within), shown.Hash(cal.AllFields)
	for _, sent := range s.Sent {
		if sent.Version < s.Desired.Version && (sent.Hash == hash || sent.Hash == whole) {
			return true
		}
	}
	return false
}

// mergeable reports whether no person has taken off or changed a guest whom the core still wants, so that writing the core's guests overrules
// nobody.
func mergeable(s Situation) bool {
	shown := byEmail(s.Remote.Event.Content.Attendees)
	wanted := byEmail(s.Desired.Content.Attendees)
	for email, agreed := range byEmail(s.Link.Agreed().Read.Attendees) {
		there, stands := shown[email]
		if _, stays := wanted[email]; stays && (!stands || there.Optional != agreed.Optional) && !mayHaveChanged(s, agreed) {
			return false
		}
	}
	return true
}

// mayHaveChanged reports whether an unanswered write of ours wanted a guest otherwise, or not at all.
func mayHaveChanged(s Situation, agreed cal.Attendee) bool {
	for _, w := range s.Link.InFlight {
		asked, wanted := byEmail(w.Content.Attendees)[agreed.Email]
		if asks(w) && (!wanted || asked.Optional != agreed.Optional) {
			return true
		}
	}
	return false
}

// strangersDiffer reports whether the guests that are not ours are others than at the last agreement.
func strangersDiffer(s Situation) bool {
	ours := append(invited(s.Link), s.Desired.Content.Attendees...)
	return others(s.Remote.Event.Content, ours).Differences(others(s.Link.Agreed().Read, ours), cal.AllFields) != 0
}

// withoutHost leaves the connected account itself out of guests, wanted and shown alike. Providers keep the organizer apart from the guests:
// inviting the host to their own event is refused, or makes a second entry for them, and what each provider then lists is nobody's change.
func withoutHost(guests []cal.Attendee, account string) []cal.Attendee {
	host := []cal.Attendee{{Email: account}}
	return slices.DeleteFunc(slices.Clone(guests), func(a cal.Attendee) bool {
		return len(standing(host, cal.Content{Attendees: []cal.Attendee{a}})) > 0
	})
}

// others are the guests of content without ours.
func others(c cal.Content, ours []cal.Attendee) cal.Content {
	known := byEmail(ours)
	return cal.Content{Attendees: slices.DeleteFunc(c.Canonical().Attendees, func(a cal.Attendee) bool {
		_, our := known[a.Email]
		return our
	})}
}

// guests returns what turns the guests that are ours into those that are wanted: whom to invite or change, and whom to take off. Guests whom
// somebody else has added are in neither.
func guests(s Situation) (invite []cal.Attendee, uninvite []string) {
	shown, wanted := byEmail(s.Remote.Event.Content.Attendees), byEmail(s.Desired.Content.Attendees)
	for _, a := range s.Desired.Content.Attendees {
		canonical := cal.Content{Attendees: []cal.Attendee{a}}.Canonical().Attendees[0]
		if there, ok := shown[canonical.Email]; !ok || there.Optional != canonical.Optional {
			invite = append(invite, cal.Attendee{Email: a.Email, Name: a.Name, Optional: a.Optional})
		}
	}
	ours := invited(s.Link)
	if isLate(s) {
		agreed := byEmail(s.Link.Agreed().Read.Attendees)
		for email, a := range shown {
			if _, stood := agreed[email]; !stood {
				ours = append(ours, a) // the late write has brought it
			}
		}
	}
	for _, a := range (cal.Content{Attendees: ours}).Canonical().Attendees {
		if _, stays := wanted[a.Email]; !stays {
			uninvite = append(uninvite, a.Email)
		}
	}
	return invite, uninvite
}

// guestsDiffer reports whether the guests that are ours are others than those wanted.
func guestsDiffer(s Situation) bool {
	invite, uninvite := guests(s)
	shown := byEmail(s.Remote.Event.Content.Attendees)
	return len(invite) > 0 || slices.ContainsFunc(uninvite, func(email string) bool {
		_, stands := shown[email]
		return stands
	})
}

// invited are the guests that the event has of us, or may have: those agreed on, and those of writes that were never answered.
func invited(l record.Link) []cal.Attendee {
	var out []cal.Attendee
	if l.Base != nil {
		out = append(out, l.Base.Sent.Attendees...)
	}
	for _, w := range l.InFlight {
		out = append(out, w.Content.Attendees...)
	}
	return out
}

// standing are those of the guests that content shows.
func standing(guests []cal.Attendee, content cal.Content) []cal.Attendee {
	shown := byEmail(content.Attendees)
	return slices.DeleteFunc((cal.Content{Attendees: guests}).Canonical().Attendees, func(a cal.Attendee) bool {
		_, stands := shown[a.Email]
		return !stands
	})
}

func byEmail(all []cal.Attendee) map[string]cal.Attendee {
	m := make(map[string]cal.Attendee, len(all))
	for _, a := range (cal.Content{Attendees: all}).Canonical().Attendees {
		m[a.Email] = a
	}
	return m
}
