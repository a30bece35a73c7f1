package microsoft

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/calweave/calweave/internal/sim/stage"
)

func itoa(n int) string { return strconv.Itoa(n) }

func trimBase(path string) string { return strings.TrimPrefix(path, "/v1.0") }

// listEvents serves https://learn.microsoft.com/graph/api/calendar-list-events.
func (s *Server) listEvents(c *call) (answer, error) {
	v, err := s.view(c)
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
	body := map[string]any{"@odata.context": contextOf(c, m, "events"+selection(c.query.Get("$select")))}
	rows, more := m.collect(cal, q)
	if q.count {
		body["@odata.count"] = m.count(cal, q)
	}
	if more {
		body["@odata.nextLink"] = nextLink(c, q.skip+len(rows))
	}
	value, err := s.wires(rows, m, v)
	body["value"] = value
	return answer{body: body}, err
}

// collect returns one page of the calendar's events, and whether there are more.
func (m *mailbox) collect(cal *calendar, q collection) ([]*event, bool) {
	if q.order != nil {
		return m.ordered(cal, q)
	}
	var rows []*event
	from, seen := cal.resume(q)
	for i, id := range cal.journal.From(from) {
		e := m.events[id]
		if e.deleted || e.calendar != cal.id || e.master != "" || !q.keep(e) {
			continue
		}
		if seen++; seen <= q.skip {
			continue
		}
		if len(rows) == q.top {
			cal.leave(left{seq: cal.journal.Seq(), filter: q.filter, skip: q.skip + len(rows), pos: i})
			return rows, true
		}
		rows = append(rows, e)
	}
	return rows, false
}

// count is how many events of the calendar the condition holds for.
func (m *mailbox) count(cal *calendar, q collection) int {
	q.order, q.skip, q.top = nil, 0, len(m.events)
	all, _ := m.collect(cal, q)
	return len(all)
}

// ordered is collect for a client that wants another order than that of creation.
func (m *mailbox) ordered(cal *calendar, q collection) ([]*event, bool) {
	order, skip, top := q.order, q.skip, q.top
	q.order, q.skip, q.top = nil, 0, len(m.events)
	all := cal.glanced("events "+q.filter+" "+q.orderBy, func() []*event {
		all, _ := m.collect(cal, q)
		slices.SortStableFunc(all, order)
		return all
	})
	begin := min(skip, len(all))
	end := min(begin+top, len(all))
	return all[begin:end], end < len(all)
}

func contextOf(c *call, m *mailbox, what string) string {
	return base(c.r) + "/$metadata#users('" + m.oid + "')/" + what
}

// view is how the caller wants to see events. It is read before anything is written, so that nothing is done for a request that is refused.
func (s *Server) view(c *call) (view, error) {
	v, err := parseView(c.prefer, c.query, s.selectable)
	if err == nil {
		_, _, err = s.shownZone(v.zone)
	}
	return v, err
}

// shown is the answer that shows one event.
func (s *Server) shown(c *call, m *mailbox, e *event, v view) (answer, error) {
	w, err := s.wire(e, m, v)
	if err != nil {
		return answer{}, err
	}
	w["@odata.context"] = contextOf(c, m, "events"+selection(c.query.Get("$select"))+"/$entity")
	if e.rule != nil && v.only["cancelledoccurrences"] {
		w["cancelledOccurrences"] = e.oids(v.immutable)
	}
	if e.rule != nil && v.exceptions {
		if w["exceptionOccurrences"], err = s.wires(v.shown, m, view{preferences: v.preferences}); err != nil {
			return answer{}, err
		}
	}
	return answer{body: w}, nil
}

// readEvent serves https://learn.microsoft.com/graph/api/event-get.
func (s *Server) readEvent(c *call) (answer, error) {
	v, err := s.view(c)
	if err != nil {
		return answer{}, err
	}
	s.mu.RLock()
	m, e, err := s.named(c)
	if err == nil && v.exceptions {
		v.shown = m.exceptionsOf(e)
	}
	s.mu.RUnlock()
	if err != nil {
		return answer{}, err
	}
	return s.shown(c, m, e, v)
}

// named takes hold of the event that the path names: in any calendar of the mailbox, or in the one that the path goes through. s.mu is held.
func (s *Server) named(c *call) (*mailbox, *event, error) {
	m, cal, err := s.place(c)
	if err != nil {
		return nil, nil, err
	}
	e := m.find(c.target.id)
	if e == nil || (c.target.named && e.calendar != cal.id) {
		return nil, nil, unknownID(c.target.id)
	}
	return m, e, nil
}

// createEvent serves https://learn.microsoft.com/graph/api/calendar-post-events. A request that is repeated with its transactionId makes no
// second event.
func (s *Server) createEvent(c *call) (answer, error) {
	doc, err := c.document()
	if err != nil {
		return answer{}, err
	}
	v, err := s.view(c)
	if err != nil {
		return answer{}, err
	}
	m, e, err := s.create(c, doc)
	if err != nil {
		return answer{}, err
	}
	a, err := s.shown(c, m, e, v)
	a.status = http.StatusCreated
	a.location = base(c.r) + "/users('" + m.oid + "')/events('" + url.PathEscape(e.id(v.immutable)) + "')"
	return a, err
}

func (s *Server) create(c *call, doc map[string]json.RawMessage) (*mailbox, *event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, cal, err := s.place(c)
	if err != nil {
		return nil, nil, err
	}
	if cal.role == stage.RoleReader {
		return nil, nil, accessDenied()
	}
	key := s.transactionKey(cal, doc)
	if e, err := s.earlier(m, key, doc); e != nil || err != nil {
		return m, e, err
	}
	e, err := s.newEvent(m, cal, doc)
	if err != nil {
		return nil, nil, err
	}
	if key != "" {
		s.remember(m, key, transaction{event: e.immutableID, body: digest(doc), used: s.world.Now()})
	}
	return m, e, nil
}

// updateEvent serves https://learn.microsoft.com/graph/api/event-update.
func (s *Server) updateEvent(c *call) (answer, error) {
	doc, err := c.document()
	if err != nil {
		return answer{}, err
	}
	v, err := s.view(c)
	if err != nil {
		return answer{}, err
	}
	m, e, err := func() (*mailbox, *event, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		m, old, err := s.writable(c, s.world.Switches().Microsoft.PatchIfMatch)
		if err != nil {
			return nil, nil, err
		}
		e, err := s.change(m, old, doc)
		return m, e, err
	}()
	if err != nil {
		return answer{}, err
	}
	return s.shown(c, m, e, v)
}

// deleteEvent serves https://learn.microsoft.com/graph/api/event-delete: 204 once, 404 ever after.
func (s *Server) deleteEvent(c *call) (answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, old, err := s.writable(c, s.world.Switches().Microsoft.DeleteIfMatch)
	if err != nil {
		return answer{}, err
	}
	s.remove(m, old)
	return answer{status: http.StatusNoContent}, nil
}

// writable takes hold of the event that the path names if the caller may write it and it is still in the state that the caller knows.
// s.mu is held.
func (s *Server) writable(c *call, ifMatch stage.Obedience) (*mailbox, *event, error) {
	m, e, err := s.named(c)
	if err != nil {
		return nil, nil, err
	}
	if m.calendar(e.calendar).role == stage.RoleReader {
		return nil, nil, accessDenied()
	}
	wanted := c.r.Header.Get("If-Match")
	if ifMatch == stage.Honoured && wanted != "" && wanted != "*" && strings.TrimPrefix(wanted, "W/") != strings.TrimPrefix(e.etag(), "W/") {
		return nil, nil, conflict()
	}
	return m, e, nil
}
