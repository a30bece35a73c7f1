package microsoft

import (
	"encoding/json"
	"reflect"
	"strings"
	"time"

	"github.com/calweave/calweave/internal/sim/stage"
)

// newEvent makes an event in the calendar. s.mu is held.
func (s *Server) newEvent(m *mailbox, cal *calendar, doc map[string]json.RawMessage) (*event, error) {
	c, err := s.apply(content{}, doc)
	if err != nil {
		return nil, err
	}
	var transaction string
	if raw := doc["transactionId"]; !isNull(raw) && json.Unmarshal(raw, &transaction) != nil {
		return nil, unreadable("transactionId")
	}
	e := &event{
		content: c, calendar: cal.id, transaction: transaction, created: s.world.Now(),
		iCalUID: "040000008200E00074C5B7101A82E008" + "00000000" + strings.ToUpper(s.world.IDs.Hex(40)),
	}
	s.name(m, e)
	s.commit(m, cal, nil, e)
	return e, nil
}

// name gives a new event its ids. s.mu is held.
func (s *Server) name(m *mailbox, e *event) {
	e.restID = s.restID()
	e.immutableID = "AAkALgAA" + plainID(s.world.IDs.Base64(32))
	m.ids[e.restID], m.ids[e.immutableID] = e.immutableID, e.immutableID
}

// restID is a new ordinary id.
func (s *Server) restID() string {
	id := s.world.IDs.Base64(28)
	if !s.world.Switches().Microsoft.SlashedIDs {
		id = plainID(id)
	}
	return "AAMkAGI1" + id
}

// plainID is the id without what a path would have to escape.
func plainID(id string) string { return strings.NewReplacer("/", "-", "+", "_").Replace(id) }

// change writes the document over the event, as PATCH does. s.mu is held.
func (s *Server) change(m *mailbox, old *event, doc map[string]json.RawMessage) (*event, error) {
	if old.master != "" {
		return s.changeOccurrence(m, old, doc)
	}
	c, err := s.apply(old.content, doc)
	if err != nil {
		return nil, err
	}
	e := *old
	e.content = c
	if err := s.carry(m, old, &e); err != nil {
		return nil, err
	}
	s.commit(m, m.calendar(old.calendar), old, &e)
	return &e, nil
}

// remove deletes the event. s.mu is held.
func (s *Server) remove(m *mailbox, old *event) {
	if old.master != "" {
		s.removeOccurrence(m, old)
		return
	}
	e := *old
	e.deleted = true
	_ = s.carry(m, old, &e) // nothing is applied to what is deleted
	s.commit(m, m.calendar(old.calendar), old, &e)
}

// commit stores a state, notifies the subscriptions and mails the guests. s.mu is held.
func (s *Server) commit(m *mailbox, cal *calendar, old, e *event) {
	e.updated = s.world.Now()
	e.changeKey = s.world.IDs.Base64(22)
	if e.earliest.IsZero() || e.start.at.Before(e.earliest) {
		e.earliest = e.start.at
	}
	if last := e.last(); last.After(e.latest) {
		e.latest = last
	}
	m.events[e.immutableID] = e
	cal.journal.Record(e.immutableID)
	s.mail(m, old, e)
	s.notify(m, old, e)
	s.deliver(m, old, e)
	s.world.Signal.Raise()
}

// last is when the event ends; a series ends with its last occurrence.
func (e *event) last() time.Time {
	if e.rule == nil {
		return e.end.at
	}
	return e.occurrence(e.rule.end()).end.at
}

// mail records what Exchange sends: there is no way to tell it not to. A change of nothing but the guests goes to those who come or go
// (https://learn.microsoft.com/graph/api/event-update). s.mu is held.
func (s *Server) mail(m *mailbox, old, e *event) {
	if !e.isOrganizer() {
		return // what a guest does to their copy is theirs
	}
	var before []attendee
	if old != nil {
		before = old.attendees
	}
	for _, a := range e.attendees {
		switch {
		case e.deleted:
			s.send(m, e, a, stage.MailCancellation)
		case guestIndex(before, a.EmailAddress.Address) < 0:
			s.send(m, e, a, stage.MailInvitation)
		case told(old, e):
			s.send(m, e, a, stage.MailUpdate)
		}
	}
	for _, a := range before {
		if guestIndex(e.attendees, a.EmailAddress.Address) < 0 {
			s.send(m, e, a, stage.MailCancellation)
		}
	}
}

// told reports whether the guests have to hear of the change. What only the organizer sees they do not.
func told(old, e *event) bool {
	if old.start != e.start || old.end != e.end || old.allDay != e.allDay || old.body != e.body || !reflect.DeepEqual(old.locations, e.locations) {
		return true
	}
	for _, name := range []string{"subject", "recurrence", "isOnlineMeeting"} {
		if string(old.fields[name]) != string(e.fields[name]) {
			return true
		}
	}
	return false
}

func (s *Server) send(m *mailbox, e *event, to attendee, k stage.MailKind) {
	if strings.EqualFold(to.EmailAddress.Address, m.person.Email) {
		return
	}
	s.world.Mails.Send(stage.Mail{
		At: s.world.Now(), ByHand: s.acting, Provider: stage.Microsoft, Kind: k, From: m.person.Email, To: to.EmailAddress.Address, Event: e.restID,
		Title: e.subject(),
	})
}
