package google

import (
	"strconv"
	"strings"
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
	a := s.accounts[strings.ToLower(c.access.Account)]
	if a == nil {
		return answer{}, notFound()
	}
	at, err := s.calendarCursor(c, a)
	if err != nil {
		return answer{}, err
	}
	items := []any{}
	body := map[string]any{"kind": "calendar#calendarList", "etag": quoted(at.UpTo)}
	for seq, id := range a.seen.Changes(at.Pos, at.UpTo) {
		if !show.shows(a.entries[id], at.Changes) {
			continue
		}
		if len(items) == size {
			body["nextPageToken"] = at.String()
			break
		}
		items = append(items, a.entries[id].wire())
		at.Pos = seq
	}
	if body["nextPageToken"] == nil && show.syncable {
		body["nextSyncToken"] = cursor{Kind: syncKind, Calendar: at.Calendar, After: at.UpTo}.String()
	}
	body["items"] = items
	return answer{body: body}, nil
}

// calendarCursor is where the listing of calendars goes on.
func (s *Server) calendarCursor(c *call, a *account) (cursor, error) {
	list := "list:" + a.person.Email
	if token := c.query.Get("pageToken"); token != "" {
		at, ok := parseCursor(token, pageKind)
		if !ok || at.Calendar != list {
			return cursor{}, invalidParameter("pageToken", "Invalid page token value.")
		}
		return at, nil
	}
	at := cursor{Kind: pageKind, Calendar: list, UpTo: a.seen.Seq()}
	if token := c.query.Get("syncToken"); token != "" {
		since, ok := parseCursor(token, syncKind)
		if !ok || since.Calendar != list {
			return cursor{}, s.unreadable()
		}
		at.Pos, at.Changes = since.After, true
	}
	return at, nil
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
	return answer{body: e.wire()}, nil
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
	return answer{body: map[string]any{
		"kind": "calendar#calendar", "etag": e.calendar.etag, "id": e.calendar.id, "summary": e.calendar.name, "timeZone": e.calendar.zone,
		"conferenceProperties": map[string]any{"allowedConferenceSolutionTypes": []string{"hangoutsMeet"}},
	}}, nil
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
