package microsoft

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/calweave/calweave/internal/sim/stage"
)

// forward serves https://learn.microsoft.com/graph/api/event-forward: the organizer's event gets further guests, whoever forwards it, and they
// are invited.
func (s *Server) forward(c *call) (answer, error) {
	doc, err := c.document()
	if err != nil {
		return answer{}, err
	}
	guests, err := recipients(doc)
	if err != nil {
		return answer{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m, mine, err := s.named(c)
	if err != nil {
		return answer{}, err
	}
	from := m.person.Email
	m, e := s.origin(m, mine)
	if e == nil {
		return answer{}, itemNotFound()
	}
	if !mine.isOrganizer() {
		s.world.Mails.Send(stage.Mail{
			At: s.world.Now(), ByHand: s.acting, Provider: stage.Microsoft, Kind: stage.MailReply, From: from, To: m.person.Email, Event: e.restID,
			Title: "Meeting Forward Notification: " + e.subject(),
		})
	}
	raw, err := json.Marshal(append(slices.Clone(e.attendees), guests...))
	if err != nil {
		return answer{}, err
	}
	if _, err := s.change(m, e, map[string]json.RawMessage{"attendees": raw}); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusAccepted}, nil
}

// origin is the organizer's event that a copy is of, nil if it is no more; an event that is no copy is its own. s.mu is held.
func (s *Server) origin(m *mailbox, mine *event) (*mailbox, *event) {
	if mine.isOrganizer() {
		return m, mine
	}
	id := mine.source
	if mine.master != "" {
		id = occurrenceOf(id, mine.day)
	}
	return mine.organizer, mine.organizer.find(id)
}

// recipients reads to whom an event is forwarded.
func recipients(doc map[string]json.RawMessage) ([]attendee, error) {
	var to []attendee
	for name, raw := range doc {
		switch name {
		case "comment", "Comment":
		case "toRecipients", "ToRecipients":
			if json.Unmarshal(raw, &to) != nil {
				return nil, unreadable(name)
			}
		default:
			return nil, badRequest("RequestBodyRead", "The parameter '"+name+"' does not exist.")
		}
	}
	if len(to) == 0 {
		return nil, badRequest("ErrorInvalidRecipients", "At least one recipient isn't valid.")
	}
	return to, nil
}

// snooze serves https://learn.microsoft.com/graph/api/event-snoozereminder. Reminders themselves are not served, so that nothing shows it.
func (s *Server) snooze(c *call) (answer, error) {
	doc, err := c.document()
	if err != nil {
		return answer{}, err
	}
	for name, raw := range doc {
		if name != "newReminderTime" && name != "NewReminderTime" {
			return answer{}, badRequest("RequestBodyRead", "The parameter '"+name+"' does not exist.")
		}
		if _, err := s.parseWhen(raw, name); err != nil {
			return answer{}, err
		}
	}
	if len(doc) == 0 {
		return answer{}, badRequest("ErrorInvalidParameter", "The parameter 'NewReminderTime' is required.")
	}
	return s.reminded(c)
}

// dismiss serves https://learn.microsoft.com/graph/api/event-dismissreminder.
func (s *Server) dismiss(c *call) (answer, error) {
	if _, err := c.optional(); err != nil {
		return answer{}, err
	}
	return s.reminded(c)
}

// reminded checks that the event is there and reminds of itself.
func (s *Server) reminded(c *call) (answer, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	_, e, err := s.named(c)
	if err == nil && !e.flag("isReminderOn", true) {
		err = badRequest("ErrorInvalidRequest", "The reminder of the event is not on.") // not documented
	}
	return answer{status: http.StatusOK}, err
}
