package microsoft

import (
	"encoding/json"
	"net/http"

	"github.com/calweave/calweave/internal/sim/stage"
)

// reply is the body of an action on a meeting (https://learn.microsoft.com/graph/api/event-tentativelyaccept).
type reply struct {
	send     bool
	proposal json.RawMessage
}

// accept serves https://learn.microsoft.com/graph/api/event-accept, which takes no proposal of another time.
func (s *Server) accept(c *call) (answer, error) { return s.reply(c, "accepted", false) }

// decline serves https://learn.microsoft.com/graph/api/event-decline: the guest's copy goes to the deleted items.
func (s *Server) decline(c *call) (answer, error) { return s.reply(c, "declined", true) }

// hedge serves https://learn.microsoft.com/graph/api/event-tentativelyaccept.
func (s *Server) hedge(c *call) (answer, error) { return s.reply(c, "tentativelyAccepted", true) }

func (s *Server) reply(c *call, how string, proposes bool) (answer, error) {
	r, err := s.parseReply(c, proposes)
	if err != nil {
		return answer{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m, e, err := s.writable(c, stage.Ignored)
	switch {
	case err != nil:
		return answer{}, err
	case e.isOrganizer():
		return answer{}, badRequest("ErrorInvalidRequest", "Your request can't be completed. You can't respond to this meeting because you're the meeting organizer.")
	case e.calledOff:
		return answer{}, badRequest("ErrorInvalidRequest", "Your request can't be completed. You can't respond to this meeting because it has been canceled.")
	case r.proposal != nil && !e.flag("allowNewTimeProposals", true):
		return answer{}, badRequest("ErrorInvalidParameter", "ProposedNewTime is not allowed for this event.")
	}
	s.respond(m, e, how, r.send, r.proposal)
	return answer{status: http.StatusAccepted}, nil
}

// parseReply reads the body, which may be empty.
func (s *Server) parseReply(c *call, proposes bool) (reply, error) {
	r := reply{send: true}
	doc, err := c.optional()
	if err != nil {
		return r, err
	}
	for name := range doc {
		if name != "comment" && name != "sendResponse" && (name != "proposedNewTime" || !proposes) {
			return r, badRequest("RequestBodyRead", "The parameter '"+name+"' does not exist.")
		}
	}
	if raw := doc["sendResponse"]; !isNull(raw) && json.Unmarshal(raw, &r.send) != nil {
		return r, unreadable("sendResponse")
	}
	if r.proposal, err = s.parseSlot(doc["proposedNewTime"]); err != nil {
		return r, err
	}
	if r.proposal != nil && !r.send {
		return r, badRequest("ErrorInvalidParameter", "ProposedNewTime cannot be set when SendResponse is false.")
	}
	return r, nil
}

// parseSlot checks a timeSlot (https://learn.microsoft.com/graph/api/resources/timeslot).
func (s *Server) parseSlot(raw json.RawMessage) (json.RawMessage, error) {
	if isNull(raw) {
		return nil, nil
	}
	var slot struct {
		Start json.RawMessage `json:"start"`
		End   json.RawMessage `json:"end"`
	}
	if json.Unmarshal(raw, &slot) != nil {
		return nil, unreadable("proposedNewTime")
	}
	start, err := s.parseWhen(slot.Start, "proposedNewTime.start")
	if err != nil {
		return nil, err
	}
	end, err := s.parseWhen(slot.End, "proposedNewTime.end")
	if err != nil {
		return nil, err
	}
	if !end.at.After(start.at) {
		return nil, badRequest("ErrorInvalidParameter", "ProposedNewTime ends before it starts.")
	}
	return json.Marshal(map[string]wireWhen{"start": start.wire(false, start.zone, start.loc), "end": end.wire(false, end.zone, end.loc)})
}

// cancel serves https://learn.microsoft.com/graph/api/event-cancel: the organizer calls the meeting off, or one occurrence of it.
func (s *Server) cancel(c *call) (answer, error) {
	if _, err := c.optional(); err != nil {
		return answer{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m, e, err := s.writable(c, stage.Ignored)
	if err != nil {
		return answer{}, err
	}
	if !e.isOrganizer() {
		return answer{}, badRequest("ErrorInvalidRequest", "Your request can't be completed. You need to be an organizer to cancel a meeting.")
	}
	s.remove(m, e)
	return answer{status: http.StatusAccepted}, nil
}

// Respond answers an invitation as the guest would, on the guest's own copy: accepted, tentativelyAccepted or declined.
func (s *Server) Respond(email, in, id, how string) error {
	_, err := s.byHand(email, in, func(m *mailbox, cal *calendar) (*event, error) {
		e, err := m.held(cal, id)
		if err != nil {
			return nil, err
		}
		if e.isOrganizer() || (how != "accepted" && how != "tentativelyAccepted" && how != "declined") {
			return nil, badRequest("ErrorInvalidRequest", "The event cannot be answered with "+how+".")
		}
		s.respond(m, e, how, true, nil)
		return e, nil
	})
	return err
}
