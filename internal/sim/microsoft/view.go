package microsoft

import (
	"slices"
	"time"
)

// calendarView serves https://learn.microsoft.com/graph/api/calendar-list-calendarview: all that lies in a window, series by their occurrences.
func (s *Server) calendarView(c *call) (answer, error) {
	return s.windowed(c, "calendarView", func(m *mailbox, cal *calendar, from, to time.Time) ([]*event, error) {
		return m.seen(cal, from, to), nil
	})
}

// glance is what a calendar held in a window after a change.
type glance struct {
	seq      int64
	from, to time.Time
	all      []*event
}

// seen is during for a client that pages through a view: it looks at the whole calendar once, not once a page. s.mu is held.
func (m *mailbox) seen(cal *calendar, from, to time.Time) []*event {
	g := cal.glance.Load()
	if g == nil || g.seq != cal.journal.Seq() || !g.from.Equal(from) || !g.to.Equal(to) {
		g = &glance{seq: cal.journal.Seq(), from: from, to: to, all: m.during(cal, from, to)}
		cal.glance.Store(g)
	}
	return slices.Clone(g.all)
}

// instances serves https://learn.microsoft.com/graph/api/event-list-instances: the occurrences and exceptions of one series in a window.
func (s *Server) instances(c *call) (answer, error) {
	return s.windowed(c, "events('"+c.target.id+"')/instances", func(m *mailbox, _ *calendar, from, to time.Time) ([]*event, error) {
		_, e, err := s.named(c)
		if err != nil {
			return nil, err
		}
		if e.rule == nil {
			return nil, badRequest("ErrorInvalidRequest", "Your request can't be completed. You can only get the instances of a series master.")
		}
		return m.expand(e, from, to), nil
	})
}

// windowed answers with one page of what collect finds in the window of the request, by start.
func (s *Server) windowed(c *call, what string, collect func(m *mailbox, cal *calendar, from, to time.Time) ([]*event, error)) (answer, error) {
	v, err := s.view(c)
	if err != nil {
		return answer{}, err
	}
	from, to, err := window(c.query)
	if err != nil {
		return answer{}, err
	}
	q, err := s.parseCollection(c)
	if err != nil {
		return answer{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	m, cal, err := s.place(c)
	if err != nil {
		return answer{}, err
	}
	all, err := collect(m, cal, from, to)
	if err != nil {
		return answer{}, err
	}
	all = slices.DeleteFunc(all, func(e *event) bool { return !q.keep(e) })
	if q.order != nil {
		slices.SortStableFunc(all, q.order)
	}
	begin := min(q.skip, len(all))
	end := min(begin+s.capped(q.top), len(all))
	body := map[string]any{"@odata.context": contextOf(c, m, what+selection(c.query.Get("$select")))}
	if q.count {
		body["@odata.count"] = len(all)
	}
	if end < len(all) {
		body["@odata.nextLink"] = nextLink(c, end)
	}
	value, err := s.wires(all[begin:end], m, v)
	body["value"] = value
	return answer{body: body}, err
}

// wires are the events as Graph shows them.
func (s *Server) wires(rows []*event, m *mailbox, v view) ([]any, error) {
	value := make([]any, 0, len(rows))
	for _, e := range rows {
		w, err := s.wire(e, m, v)
		if err != nil {
			return nil, err
		}
		value = append(value, w)
	}
	return value, nil
}

// capped is the size of a page below what the client asked for, if a switch says so.
func (s *Server) capped(size int) int {
	if most := s.world.Switches().PageCap; most > 0 {
		return min(size, most)
	}
	return size
}

// during are the events of the calendar that lie in the window at least partly, series by their occurrences, by start. s.mu is held.
func (m *mailbox) during(cal *calendar, from, to time.Time) []*event {
	var all []*event
	for _, id := range cal.journal.From(0) {
		e := m.events[id]
		switch {
		case e.deleted || e.calendar != cal.id || e.master != "":
		case e.rule != nil:
			all = append(all, m.expand(e, from, to)...)
		case during(e.start.at, e.end.at, from, to):
			all = append(all, e)
		}
	}
	slices.SortFunc(all, byStart)
	return all
}
