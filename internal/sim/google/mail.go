package google

import (
	"encoding/json"
	"strings"

	"github.com/calweave/calweave/internal/sim/stage"
)

// mail records what Google would send for a write with this sendUpdates
// (https://developers.google.com/workspace/calendar/api/guides/inviting-attendees-to-events). s.mu is held.
func (s *Server) mail(w writing, old, e *event) {
	if w.notify == "" || w.notify == "none" {
		return
	}
	switch {
	case w.guest:
		s.reply(w, e)
	case !e.foreign(w.cal): // a guest's copy is nobody else's business
		s.mailGuests(w, old, e)
	}
}

// mailGuests tells the guests what the organizer did. s.mu is held.
func (s *Server) mailGuests(w writing, old, e *event) {
	before := old.invited()
	if e.gone() && before == nil {
		return
	}
	for _, a := range e.attendees {
		switch {
		case e.gone():
			s.send(w, e, a, stage.MailCancellation)
		case guestIndex(before, a.Email) < 0:
			s.send(w, e, a, stage.MailInvitation)
		default:
			s.send(w, e, a, stage.MailUpdate)
		}
	}
	for _, a := range before {
		if guestIndex(e.attendees, a.Email) < 0 {
			s.send(w, e, a, stage.MailCancellation)
		}
	}
}

// reply tells the organizer that a guest has answered.
func (s *Server) reply(w writing, e *event) {
	if w.notify == "externalOnly" {
		return // the organizer has a Google calendar
	}
	s.world.Mails.Send(stage.Mail{
		At: s.world.Now(), ByHand: s.acting, Provider: stage.Google, Kind: stage.MailReply, From: w.by, To: e.organizer, Event: e.id, Title: e.text("summary"),
	})
}

// invited are the guests of an event that stands; a nil event has none.
func (e *event) invited() []attendee {
	if e == nil || e.gone() {
		return nil
	}
	return e.attendees
}

// send records one mail, unless it would go to the writer, or to a guest with a Google calendar although only others are to be mailed.
func (s *Server) send(w writing, e *event, to attendee, k stage.MailKind) {
	if strings.EqualFold(to.Email, w.by) || strings.EqualFold(to.Email, e.organizer) {
		return
	}
	if w.notify == "externalOnly" && s.accounts[strings.ToLower(to.Email)] != nil {
		return
	}
	s.world.Mails.Send(stage.Mail{
		At: s.world.Now(), ByHand: s.acting, Provider: stage.Google, Kind: k, From: e.organizer, To: to.Email, Event: e.id, Title: e.text("summary"),
	})
}

// text returns a field that is a text; "" if it is not there.
func (e *event) text(field string) string {
	var v string
	if raw := e.fields[field]; raw != nil && json.Unmarshal(raw, &v) != nil {
		return ""
	}
	return v
}
