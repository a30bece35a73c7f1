package microsoft

import (
	"slices"
	"time"
)

// calendarView serves https://learn.microsoft.com/graph/api/calendar-list-calendarview: all that lies in a window, series by their occurrences.
func (s *Server) calendarView(c *call) (answer, error) {
	return s.windowed(c, "calendarView", func(m *mailbox, cal *calendar, w span, q collection) ([]*event, error) {
		of := "view " + stamp(w.from) + " " + stamp(w.to) + " " + q.filter + " " + q.orderBy
		return cal.glanced(of, func() []*event { return q.of(m.during(cal, w.from, w.to)) }), nil
	})
}

// span is a window of time.
type span struct{ from, to time.Time }

// instances serves https://learn.microsoft.com/graph/api/event-list-instances: the occurrences and exceptions of one series in a window.
func (s *Server) instances(c *call) (answer, error) {
	return s.windowed(c, "events('"+c.target.id+"')/instances", func(m *mailbox, _ *calendar, w span, q collection) ([]*event, error) {
		_, e, err := s.named(c)
		if err != nil {
			return nil, err
		}
		if e.rule == nil {
			return nil, badRequest("ErrorInvalidRequest", "Your request can't be completed. You can only get the instances of a series master.")
		}
		return q.of(m.expand(e, w.from, w.to)), nil
	})
}

// windowed answers with one page of what collect finds in the window of the request, by start.
func (s *Server) windowed(c *call, what string, collect func(m *mailbox, cal *calendar, w span, q collection) ([]*event, error)) (answer, error) {
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
	all, err := collect(m, cal, span{from, to}, q)
	if err != nil {
		return answer{}, err
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
