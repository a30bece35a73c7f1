package microsoft

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/calweave/calweave/internal/sim/stage"
)

// invite is what makes an event a guest's copy of a meeting. The zero value is the organizer's own event.
type invite struct {
	organizer *mailbox
	// source is the immutable id of the organizer's event, or of the series that it belongs to.
	source string
	answer response
	// calledOff marks a meeting that the organizer cancelled.
	calledOff bool
}

// isOrganizer reports whether the event is the mailbox's own, and not a copy.
func (i invite) isOrganizer() bool { return i.organizer == nil }

// deliver brings the organizer's change into the calendars of those guests who have a mailbox here. s.mu is held.
func (s *Server) deliver(m *mailbox, old, e *event) {
	var before []attendee
	if old != nil {
		before = old.attendees
	}
	if !e.isOrganizer() || len(before)+len(e.attendees) == 0 {
		return
	}
	shared := old == nil || told(old, e) || !sameGuests(before, e.attendees)
	for _, a := range e.attendees {
		switch g := s.guest(m, a); {
		case g == nil:
		case e.deleted:
			s.callOff(g, e)
		case shared:
			s.copyTo(g, m, old, e)
		}
	}
	s.uninvite(m, before, e)
}

// uninvite calls the meeting off for those who were guests and are no longer. s.mu is held.
func (s *Server) uninvite(m *mailbox, before []attendee, e *event) {
	for _, a := range before {
		if g := s.guest(m, a); g != nil && guestIndex(e.attendees, a.EmailAddress.Address) < 0 {
			s.callOff(g, e)
		}
	}
}

// guest is the attendee's mailbox, if there is one here that is not the organizer's. s.mu is held.
func (s *Server) guest(m *mailbox, a attendee) *mailbox {
	if g := s.mailboxes[strings.ToLower(a.EmailAddress.Address)]; g != m {
		return g
	}
	return nil
}

func sameGuests(a, b []attendee) bool {
	return slices.EqualFunc(a, b, func(x, y attendee) bool {
		return strings.EqualFold(x.EmailAddress.Address, y.EmailAddress.Address) && x.Type == y.Type
	})
}

// copyOf finds the guest's copy of an organizer's event; nil if there is none. s.mu is held.
func (m *mailbox) copyOf(e *event) *event {
	if e.master != "" {
		if series := m.find(m.copies[e.master]); series != nil && series.rule != nil {
			return m.find(occurrenceOf(series.immutableID, e.day))
		}
	}
	return m.find(m.copies[e.immutableID])
}

// copyTo makes or updates the guest's copy. Another time asks for another answer. s.mu is held.
func (s *Server) copyTo(g, m *mailbox, old, e *event) {
	mine := g.copyOf(e)
	if mine == nil {
		c := &event{
			content: sharedContent(e, nil), calendar: g.calendar("").id, iCalUID: e.iCalUID, created: s.world.Now(),
			invite: invite{organizer: m, source: e.immutableID, answer: response{Response: "notResponded", Time: never}},
		}
		s.name(g, c)
		g.copies[e.immutableID] = c.immutableID
		s.commit(g, g.calendar(c.calendar), nil, c)
		return
	}
	c := *mine
	c.content = sharedContent(e, mine)
	c.calledOff = false
	if old == nil || old.start != e.start || old.end != e.end {
		c.answer = response{Response: "notResponded", Time: never}
	}
	if c.master != "" {
		c.own = written(e.own, nil)
		s.except(g, &c)
	} else if s.carry(g, mine, &c) != nil {
		c.siblings = siblings{} // unreachable: what is carried was applied before
	}
	s.commit(g, g.calendar(c.calendar), mine, &c)
}

// personal are the properties that each guest has for themselves.
func personal() []string {
	return []string{"isReminderOn", "reminderMinutesBeforeStart", "categories", "showAs", "sensitivity"}
}

// sharedContent is what a guest sees of the organizer's event, with the personal properties of the guest's copy. Guests do not see each other's
// answers.
func sharedContent(e, mine *event) content {
	c := e.content
	c.fields = maps.Clone(e.fields)
	c.properties = nil
	for _, name := range personal() {
		delete(c.fields, name)
	}
	c.fields["showAs"] = json.RawMessage(`"tentative"`)
	if mine != nil {
		c.properties = mine.properties
		for _, name := range personal() {
			if raw := mine.fields[name]; raw != nil {
				c.fields[name] = raw
			}
		}
	}
	c.attendees = slices.Clone(e.attendees)
	for i := range c.attendees {
		c.attendees[i].Status, c.attendees[i].ProposedNewTime = response{Response: "none", Time: never}, nil
	}
	return c
}

// callOff marks the guest's copy as cancelled: it stays in the calendar until its owner removes it
// (https://learn.microsoft.com/graph/api/resources/event#properties, isCancelled). s.mu is held.
func (s *Server) callOff(g *mailbox, e *event) {
	mine := g.copyOf(e)
	if mine == nil || mine.calledOff {
		return
	}
	c := *mine
	c.calledOff = true
	c.fields = maps.Clone(mine.fields)
	subject, err := json.Marshal("Canceled: " + mine.subject())
	if err != nil {
		return // unreachable: a text always marshals
	}
	c.fields["subject"], c.fields["showAs"] = subject, json.RawMessage(`"free"`)
	if c.master != "" {
		c.own = map[string]json.RawMessage{"subject": subject, "showAs": c.fields["showAs"]}
		s.except(g, &c)
	}
	s.commit(g, g.calendar(c.calendar), mine, &c)
}

// respond records what the guest answers on their copy and, if send says so and the organizer wants it, with the organizer. s.mu is held.
func (s *Server) respond(m *mailbox, e *event, how string, send bool, proposal json.RawMessage) {
	switch how {
	case "declined":
		s.remove(m, e)
	case "accepted":
		s.keep(m, e, how, json.RawMessage(`"busy"`))
	default:
		s.keep(m, e, how, json.RawMessage(`"tentative"`))
	}
	if send && e.flag("responseRequested", true) {
		s.tellOrganizer(m, e, how, proposal)
	}
}

// keep notes the guest's answer on the copy. s.mu is held.
func (s *Server) keep(m *mailbox, e *event, how string, showAs json.RawMessage) {
	c := *e
	c.answer = response{Response: how, Time: stamp(s.world.Now())}
	c.fields = maps.Clone(e.fields)
	c.fields["showAs"] = showAs
	if c.master != "" {
		c.own = written(e.own, map[string]json.RawMessage{"showAs": showAs})
		s.except(m, &c)
	}
	s.commit(m, m.calendar(c.calendar), e, &c)
}

// written is what was written to an occurrence alone, with the document over it. It is never nil.
func written(old, doc map[string]json.RawMessage) map[string]json.RawMessage {
	all := map[string]json.RawMessage{}
	maps.Copy(all, old)
	maps.Copy(all, doc)
	return all
}

// tellOrganizer sends the answer to the organizer, whose event counts it. s.mu is held.
func (s *Server) tellOrganizer(g *mailbox, mine *event, how string, proposal json.RawMessage) {
	m := mine.organizer
	id := mine.source
	if mine.master != "" {
		id = occurrenceOf(id, mine.day)
	}
	s.world.Mails.Send(stage.Mail{
		At: s.world.Now(), ByHand: s.acting, Provider: stage.Microsoft, Kind: stage.MailReply, From: g.person.Email, To: m.person.Email, Event: mine.restID,
		Title: how + ": " + mine.subject(),
	})
	old := m.find(id)
	if old == nil {
		return
	}
	i := guestIndex(old.attendees, g.person.Email)
	if i < 0 {
		return
	}
	e := *old
	e.attendees = slices.Clone(old.attendees)
	e.attendees[i].Status, e.attendees[i].ProposedNewTime = response{Response: how, Time: stamp(s.world.Now())}, proposal
	if e.master != "" {
		e.own = written(old.own, nil)
		s.except(m, &e)
	}
	s.commit(m, m.calendar(e.calendar), old, &e)
}
