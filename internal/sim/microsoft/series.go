package microsoft

import (
	"encoding/json"
	"maps"
	"reflect"
	"time"
)

// changeOccurrence writes the document over one occurrence, which makes it an exception. Its master is told, the other occurrences are not.
// s.mu is held.
func (s *Server) changeOccurrence(m *mailbox, old *event, doc map[string]json.RawMessage) (*event, error) {
	if !isNull(doc["recurrence"]) {
		return nil, badRequest("ErrorInvalidRequest", "An occurrence of a series cannot have a recurrence of its own.")
	}
	c, err := s.apply(old.content, doc)
	if err != nil {
		return nil, err
	}
	e := *old
	e.content = c
	e.own = written(old.own, doc)
	master := m.events[old.master]
	if err := m.keepsOrder(master, &e); err != nil {
		return nil, err
	}
	s.except(m, &e)
	s.commit(m, m.calendar(e.calendar), old, &e)
	return &e, nil
}

// except lets the master know of an exception, which is about to be stored. s.mu is held.
func (s *Server) except(m *mailbox, e *event) {
	now := *m.events[e.master]
	now.exceptions = maps.Clone(now.exceptions)
	if now.exceptions == nil {
		now.exceptions = map[string]string{}
	}
	now.exceptions[dayKey(e.day)] = e.immutableID
	s.touch(m, &now)
	m.ids[e.restID], m.ids[e.immutableID] = e.immutableID, e.immutableID
}

// touch stores a master whose own content did not change. s.mu is held.
func (s *Server) touch(m *mailbox, master *event) {
	master.updated, master.changeKey = s.world.Now(), s.world.IDs.Base64(22)
	m.events[master.immutableID] = master
}

// keepsOrder refuses to move an occurrence to or past the day of a neighbour
// (https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxocal/, exceptions). s.mu is held.
func (m *mailbox) keepsOrder(master, e *event) error {
	r := master.rule
	on := dayOf(e.start.at.In(r.zone))
	earlier := m.neighbour(master, e.day, r.before)
	later := m.neighbour(master, e.day, r.after)
	if (!earlier.IsZero() && !on.After(earlier)) || (!later.IsZero() && !on.Before(later)) {
		return badRequest("ErrorOccurrenceCrossingBoundary", "Modified occurrence is crossing or overlapping adjacent occurrence.")
	}
	return nil
}

// neighbour is the day on which the next occurrence stands, in the direction of step. Cancelled ones are passed over. s.mu is held.
func (m *mailbox) neighbour(master *event, day time.Time, step func(time.Time) time.Time) time.Time {
	for day = step(day); !day.IsZero() && master.cancelled[dayKey(day)]; day = step(day) {
	}
	if e := m.events[master.exceptions[dayKey(day)]]; e != nil {
		return dayOf(e.start.at.In(master.rule.zone))
	}
	return day
}

// removeOccurrence takes one day out of the series. The guests hear of that day only. s.mu is held.
func (s *Server) removeOccurrence(m *mailbox, old *event) {
	master := m.events[old.master]
	now := *master
	now.exceptions, now.cancelled = maps.Clone(master.exceptions), maps.Clone(master.cancelled)
	delete(now.exceptions, dayKey(old.day))
	if now.cancelled == nil {
		now.cancelled = map[string]bool{}
	}
	now.cancelled[dayKey(old.day)] = true
	gone := *old
	gone.deleted = true
	if old.own != nil {
		m.events[old.immutableID] = &gone
	}
	s.touch(m, &now)
	m.calendar(now.calendar).journal.Record(now.immutableID)
	s.mail(m, old, &gone)
	s.notify(m, old, &gone)
	s.notify(m, master, &now)
	s.deliver(m, old, &gone)
	s.world.Signal.Raise()
}

// carry takes the exceptions of a series along when its master changes. Another rule or another time makes a series anew: nothing of what was
// done to single occurrences is left (https://learn.microsoft.com/graph/outlook-schedule-recurring-events). s.mu is held.
func (s *Server) carry(m *mailbox, old, e *event) error {
	if len(old.exceptions) == 0 && len(old.cancelled) == 0 {
		return nil
	}
	if anew(old, e) {
		for _, x := range m.exceptionsOf(old) {
			gone := *x
			gone.deleted = true
			m.events[x.immutableID] = &gone
		}
		if !e.deleted {
			e.siblings = siblings{}
		}
		return nil
	}
	fresh := map[string]*event{}
	for _, x := range m.exceptionsOf(old) {
		c, err := s.apply(e.occurrence(x.day).content, x.own)
		if err != nil {
			return err
		}
		now := *x
		now.content = c
		if !reflect.DeepEqual(now.attendees, x.attendees) {
			now.attendees = answered(now.attendees, x.attendees)
		}
		now.changeKey, now.updated = s.world.IDs.Base64(22), s.world.Now()
		fresh[x.immutableID] = &now
	}
	maps.Copy(m.events, fresh)
	return nil
}

// anew reports whether the change leaves nothing of the series as it was.
func anew(old, e *event) bool {
	return e.rule == nil || e.deleted || old.start != e.start || old.end != e.end || old.allDay != e.allDay ||
		string(old.fields["recurrence"]) != string(e.fields["recurrence"])
}

// answered are the guests with the answers that they gave before.
func answered(now, before []attendee) []attendee {
	all := make([]attendee, 0, len(now))
	for _, a := range now {
		if i := guestIndex(before, a.EmailAddress.Address); i >= 0 {
			a.Status, a.ProposedNewTime = before[i].Status, before[i].ProposedNewTime
		}
		all = append(all, a)
	}
	return all
}
