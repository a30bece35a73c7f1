package google

import (
	"strconv"
)

// listCalendars serves https://developers.google.com/workspace/calendar/api/v3/reference/calendarList/list. Called once per connection and
// now and then after.
func (s *Server) listCalendars(c *call) (answer, error) {
	size, err := sizeOf(c.query, 100, 250)
	if err != nil {
		return answer{}, err
	}
	show, err := parseSight(c.query)
	if err != nil {
		return answer{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	a, err := s.caller(c)
	if err != nil {
		return answer{}, err
	}
	l := listing{kind: "calendar#calendarList", name: "list:" + a.person.Email, seen: &a.seen, size: size, unsyncable: !show.syncable}
	return s.list(c, l, func(id string, changes bool) map[string]any {
		if e := a.entries[id]; show.shows(e, changes) {
			return e.wire(s.conferences())
		}
		return nil
	})
}

// readEntry serves https://developers.google.com/workspace/calendar/api/v3/reference/calendarList/get.
func (s *Server) readEntry(c *call) (answer, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	e, err := s.entry(c)
	if err != nil {
		return answer{}, err
	}
	if e.deleted {
		return answer{}, notFound()
	}
	if c.unchanged(e.etag) {
		return notModified(e.etag), nil
	}
	return answer{body: e.wire(s.conferences())}, nil
}

// readCalendar serves https://developers.google.com/workspace/calendar/api/v3/reference/calendars/get.
func (s *Server) readCalendar(c *call) (answer, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	e, err := s.entry(c)
	if err != nil {
		return answer{}, err
	}
	if c.unchanged(e.calendar.etag) {
		return notModified(e.calendar.etag), nil
	}
	return answer{body: e.calendar.wire(s.conferences())}, nil
}

// sizeOf reads maxResults; what is over the limit is cut to it.
func sizeOf(q map[string][]string, usual, most int) (int, error) {
	values := q["maxResults"]
	if len(values) == 0 || values[0] == "" {
		return usual, nil
	}
	n, err := strconv.Atoi(values[0])
	if err != nil || n < 1 {
		return 0, invalidParameter("maxResults", "Invalid value '"+values[0]+"'. Values must be within the range: [1, "+strconv.Itoa(most)+"]")
	}
	return min(n, most), nil
}
