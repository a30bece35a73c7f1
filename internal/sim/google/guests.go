package google

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/calweave/calweave/internal/sim/stage"
)

// maxHeardGuests is how many guests an event can have for their answers to reach each other
// (https://developers.google.com/workspace/calendar/api/concepts/sharing#inviting_attendees_to_events).
const maxHeardGuests = 200

// perCopy are the fields that everyone has for themselves; private extended properties are a further one
// (https://developers.google.com/workspace/calendar/api/guides/inviting-attendees-to-events). Whoever made the event alone sees its source
// (https://developers.google.com/workspace/calendar/api/v3/reference/events#source).
func perCopy() []string { return []string{"reminders", "colorId", "transparency", "source"} }

// foreign reports whether the event is a guest's copy.
func (e *event) foreign(cal *calendar) bool { return !strings.EqualFold(e.organizer, cal.id) }

// source finds the organizer's calendar and event of a guest's copy; nil if they are not to be had. s.mu is held.
func (s *Server) source(cal *calendar, e *event) (*calendar, *event) {
	home := s.calendars[e.organizer]
	if home == nil || !e.foreign(cal) {
		return nil, nil
	}
	o := home.resolve(e.id)
	if o == nil || o.foreign(home) || o.iCalUID != e.iCalUID {
		return nil, nil
	}
	return home, o
}

// share brings what the organizer wrote into the primary calendars of all guests who have one. s.mu is held.
func (s *Server) share(w writing, old, e *event) {
	if w.private || e.foreign(w.cal) || (w.guest && len(e.attendees) > maxHeardGuests) {
		return
	}
	var before []attendee
	if old != nil {
		before = old.attendees
	}
	if len(before)+len(e.attendees) == 0 {
		return
	}
	told := map[*calendar]bool{w.cal: true}
	for _, a := range slices.Concat(e.attendees, before) {
		cal := s.calendars[s.primaryOf(a.Email)]
		if cal == nil || told[cal] {
			continue
		}
		told[cal] = true
		if guestIndex(e.attendees, a.Email) < 0 || e.gone() {
			s.uninvite(w, cal, e)
		} else {
			s.deliver(w, cal, e, a)
		}
	}
}

// primaryOf is the id of the primary calendar of a person; "" for someone who has none at Google. s.mu is held.
func (s *Server) primaryOf(email string) string {
	if a := s.accounts[strings.ToLower(email)]; a != nil {
		return a.person.Email
	}
	return ""
}

// uninvite cancels a guest's copy. s.mu is held.
func (s *Server) uninvite(w writing, cal *calendar, e *event) {
	have := cal.resolve(e.id)
	if have == nil || have.gone() || have.iCalUID != e.iCalUID {
		return
	}
	lost := have.cancelledNow()
	lost.sequence = e.sequence
	s.commit(writing{cal: cal, by: w.by, private: true}, have, lost)
}

// deliver makes a guest's copy or brings it up to date; what is the guest's own in it stays. s.mu is held.
func (s *Server) deliver(w writing, cal *calendar, e *event, a attendee) {
	have := cal.resolve(e.id)
	quiet := w.notify == "" || w.notify == "none"
	switch {
	case have != nil && have.iCalUID != e.iCalUID, // another event by the same id
		have != nil && have.gone() && a.ResponseStatus == "declined", // the guest has thrown it away
		have == nil && quiet && s.world.Switches().Google.SilentGuests == stage.GuestsLost:
		return
	}
	next := *e
	next.content = e.content.owned(have)
	if have != nil && have.status == next.status && have.sequence == next.sequence && reflect.DeepEqual(have.content, next.content) {
		return
	}
	s.commit(writing{cal: cal, by: w.by, private: true}, have, &next)
}

// owned is the content with all that is someone's own taken from what they have. Who has nothing yet begins with the organizer's transparency.
func (c content) owned(have *event) content {
	c.fields = maps.Clone(c.fields)
	c.properties.Private = nil
	if have == nil {
		delete(c.fields, "reminders")
		delete(c.fields, "colorId")
		delete(c.fields, "source")
		return c
	}
	c.properties.Private = have.properties.Private
	for _, name := range perCopy() {
		delete(c.fields, name)
		if have.fields[name] != nil {
			c.fields[name] = have.fields[name]
		}
	}
	return c
}

// asGuest checks what a guest wrote into their own copy, and returns what has to be done once it is stored, if anything: their answer flows back to the
// organizer, and where guests may modify the event so does the rest. s.mu is held.
func (s *Server) asGuest(w writing, old, e *event) (after func(), err error) {
	if w.private || !old.foreign(w.cal) {
		return nil, nil //nolint:nilnil // nothing has to be done
	}
	home, o := s.source(w.cal, old)
	if home == nil {
		return nil, nil //nolint:nilnil // the organizer has no calendar here
	}
	if e.gone() && !old.gone() {
		return func() { s.leave(w, old) }, nil
	}
	onward := writing{cal: home, by: w.by, notify: w.notify, guest: true}
	next := *o
	switch {
	case sameShared(w.cal, old, e):
		next.attendees = answered(w.cal, o.attendees, e.attendees)
	case string(old.fields["guestsCanModify"]) == "true":
		next.content = e.content.owned(o)
	case s.world.Switches().Google.GuestEdits == stage.Refused:
		return nil, failed(403, "forbiddenForNonOrganizer", messageOf("forbiddenForNonOrganizer")).in("calendar")
	default: // stays here until the organizer writes again
		next.attendees = answered(w.cal, o.attendees, e.attendees)
	}
	if o.gone() || reflect.DeepEqual(o.content, next.content) {
		return nil, nil //nolint:nilnil // the organizer knows already
	}
	return func() { s.commit(onward, o, &next) }, nil
}

// leave is a guest's deletion of their copy: they have declined. s.mu is held.
func (s *Server) leave(w writing, old *event) {
	home, o := s.source(w.cal, old)
	if home == nil || o.gone() || w.private {
		return
	}
	i := guestIndex(o.attendees, w.cal.id)
	if i < 0 || o.attendees[i].ResponseStatus == "declined" {
		return
	}
	next := *o
	next.attendees = slices.Clone(o.attendees)
	next.attendees[i].ResponseStatus = "declined"
	s.commit(writing{cal: home, by: w.by, notify: w.notify, guest: true}, o, &next)
}

// answered are the organizer's guests with the answer that the calendar's owner gave.
func answered(cal *calendar, all, from []attendee) []attendee {
	i, j := guestIndex(all, cal.id), guestIndex(from, cal.id)
	if i < 0 || j < 0 {
		return all
	}
	out := slices.Clone(all)
	out[i].ResponseStatus, out[i].Comment, out[i].AdditionalGuests = from[j].ResponseStatus, from[j].Comment, from[j].AdditionalGuests
	return out
}

// sameShared reports whether two states of a guest's copy differ in nothing but what is the guest's own. What a client without support for
// conferences or attachments leaves out does not count.
func sameShared(cal *calendar, old, e *event) bool {
	if old.start != e.start || old.end != e.end || old.status != e.status || !slices.Equal(old.recurrence, e.recurrence) ||
		!maps.Equal(old.properties.Shared, e.properties.Shared) || !slices.Equal(answered(cal, old.attendees, e.attendees), e.attendees) {
		return false
	}
	own := append(perCopy(), "conferenceData", "attachments", "hangoutLink")
	for name := range plain() {
		if !slices.Contains(own, name) && !sameJSON(old.fields[name], e.fields[name]) {
			return false
		}
	}
	return true
}

func sameJSON(a, b json.RawMessage) bool {
	if string(a) == string(b) {
		return true
	}
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}
