package google

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// importEvent serves https://developers.google.com/workspace/calendar/api/v3/reference/events/import: it adds a private copy of an event that
// lives elsewhere, or a newer state of one that was imported before. Guests learn nothing of it.
func (s *Server) importEvent(c *call) (answer, error) {
	doc, err := c.document()
	if err != nil {
		return answer{}, err
	}
	return s.writeEvent(c, func(w writing) (*event, error) {
		w.ifMatch, w.notify, w.private = "", "none", true
		return s.adopt(w, doc)
	})
}

// adopt stores what is imported. s.mu is held.
func (s *Server) adopt(w writing, doc map[string]json.RawMessage) (*event, error) {
	var uid, kind string
	var organizer struct {
		Email string `json:"email"`
	}
	for name, into := range map[string]any{"iCalUID": &uid, "eventType": &kind, "organizer": &organizer} {
		if err := decode(doc, name, into); err != nil {
			return nil, err
		}
	}
	if uid == "" {
		return nil, required("Missing iCalUID.")
	}
	if kind != "" && kind != "default" {
		return nil, invalid("Only events of type default can be imported.")
	}
	for _, id := range w.cal.journal.From(0) {
		if e := w.cal.events[id]; e.iCalUID == uid && e.master == "" {
			return s.replace(w, e, doc)
		}
	}
	delete(doc, "id") // an import's id is the calendar's to choose
	e, err := s.build(w, doc, uid)
	if err != nil {
		return nil, err
	}
	if organizer.Email != "" {
		e.organizer = organizer.Email
	}
	s.commit(w, nil, e)
	return e, nil
}

// moveEvent serves https://developers.google.com/workspace/calendar/api/v3/reference/events/move: the event's organizer changes, its id does not.
func (s *Server) moveEvent(c *call) (answer, error) {
	w, err := c.writing()
	if err != nil {
		return answer{}, err
	}
	e, in, err := s.move(c, &w)
	if err != nil {
		return answer{}, err
	}
	return answer{body: e.wire(w.cal, in)}, nil
}

// move returns the event where it is then, and the zone of that calendar.
func (s *Server) move(c *call, w *writing) (*event, *time.Location, error) {
	if c.query.Get("destination") == "" {
		return nil, nil, required("Required parameter: destination").at("parameter", "destination")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	from, err := s.entry(c)
	if err != nil {
		return nil, nil, err
	}
	to := s.sees(s.accounts[strings.ToLower(c.access.Account)], c.query.Get("destination"))
	if to == nil {
		return nil, nil, notFound()
	}
	for _, one := range []*listEntry{from, to} {
		if err := mayWrite(one.role); err != nil {
			return nil, nil, err
		}
	}
	old := from.calendar.resolve(c.r.PathValue("event"))
	if err := movable(old, from.calendar, to.calendar); err != nil {
		return nil, nil, err
	}
	w.cal = to.calendar
	if from.calendar == to.calendar {
		return old, w.cal.loc, nil
	}
	return s.carry(*w, from.calendar, old), w.cal.loc, nil
}

func movable(e *event, from, to *calendar) error {
	there := (*event)(nil)
	if e != nil {
		there = to.events[e.id]
	}
	switch {
	case e == nil:
		return notFound()
	case e.gone():
		return deleted()
	case e.master != "":
		return failed(http.StatusBadRequest, "cannotChangeOrganizerOfInstance", "Cannot change the organizer of an instance.").in("calendar")
	case !strings.EqualFold(e.organizer, from.id):
		return failed(http.StatusForbidden, "forbiddenForNonOrganizer", messageOf("forbiddenForNonOrganizer")).in("calendar")
	case e.kind() != "default":
		return invalid("Only events of type default can be moved.")
	case from != to && there != nil && !there.gone():
		return failed(http.StatusConflict, "duplicate", "The requested identifier already exists.")
	}
	return nil
}

// carry moves the event, and what was touched of a series with it, to the calendar of the write. s.mu is held.
func (s *Server) carry(w writing, from *calendar, e *event) *event {
	quiet := w
	quiet.private, quiet.notify = true, "none" // the guests hear of the new place only
	quiet.cal = from
	var moved *event
	all := []*event{e}
	for _, id := range from.exceptions[e.id] {
		all = append(all, from.events[id])
	}
	for _, old := range all {
		next := *old
		next.organizer = w.cal.id
		next.sequence++
		s.commit(w, w.cal.events[old.id], &next)
		if old == e {
			moved = &next
		}
	}
	s.commit(quiet, e, e.cancelledNow()) // what was touched of a series goes with it
	return moved
}
