package microsoft

import (
	"fmt"
	"maps"

	"github.com/calweave/calweave/internal/sim/stage"
)

// Relocate moves an event, or a whole series, to another calendar as the person would. Its id becomes another one and only the immutable id
// stays (https://learn.microsoft.com/graph/outlook-immutable-id). Graph itself has no such request.
func (s *Server) Relocate(email, from, id, to string) (stage.Event, error) {
	return s.byHand(email, from, func(m *mailbox, cal *calendar) (*event, error) {
		old, err := m.held(cal, id)
		if err != nil {
			return nil, err
		}
		_, target, err := s.hand(email, to)
		if err != nil {
			return nil, err
		}
		if old.master != "" || target == cal {
			return nil, fmt.Errorf("%w: an occurrence stays with its series, and an event is not moved to where it is", stage.ErrInvalid)
		}
		return s.relocate(m, old, cal, target), nil
	})
}

// relocate tells both calendars. s.mu is held.
func (s *Server) relocate(m *mailbox, old *event, cal, target *calendar) *event {
	e := *old
	e.left = maps.Clone(old.left)
	if e.left == nil {
		e.left = map[string]string{}
	}
	e.left[cal.id] = old.restID
	e.calendar, e.restID = target.id, s.restID()
	delete(m.ids, old.restID)
	m.ids[e.restID] = e.immutableID
	for _, x := range m.exceptionsOf(old) {
		moved := *x
		moved.calendar, moved.masterRest, moved.restID = target.id, e.restID, occurrenceOf(e.restID, x.day)
		delete(m.ids, x.restID)
		m.ids[moved.restID] = moved.immutableID
		m.events[moved.immutableID] = &moved
	}
	s.touch(m, &e)
	cal.journal.Record(e.immutableID)
	target.journal.Record(e.immutableID)
	gone := *old
	gone.deleted = true
	s.notify(m, old, &gone)
	s.notify(m, nil, &e)
	s.world.Signal.Raise()
	return &e
}

// idIn is the id under which the calendar knows the event, or knew it before the event left.
func (e *event) idIn(cal *calendar, immutable bool) string {
	if before, ok := e.left[cal.id]; ok && !immutable && e.calendar != cal.id {
		return before
	}
	return e.id(immutable)
}
