package google

import (
	"net/http"
	"slices"
	"time"
)

// readEvent serves https://developers.google.com/workspace/calendar/api/v3/reference/events/get. A deleted event is shown as cancelled.
func (s *Server) readEvent(c *call) (answer, error) {
	entry, e, in, err := s.find(c)
	if err != nil {
		return answer{}, err
	}
	if c.unchanged(e.etag) {
		return notModified(e.etag), nil
	}
	most, err := mostAttendees(c.query)
	if err != nil {
		return answer{}, err
	}
	if e.veiled(entry.role) {
		return answer{body: e.busy(in)}, nil
	}
	return answer{body: trimmed(e.wire(entry.calendar, in), entry.calendar, most)}, nil
}

// find takes hold of the event that the path names.
func (s *Server) find(c *call) (*listEntry, *event, *time.Location, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	entry, err := s.entry(c)
	if err != nil {
		return nil, nil, nil, err
	}
	e := entry.calendar.resolve(c.r.PathValue("event"))
	if e == nil {
		return nil, nil, nil, notFound()
	}
	in, err := s.zoneOf(c.query, entry.calendar)
	return entry, e, in, err
}

// insertEvent serves https://developers.google.com/workspace/calendar/api/v3/reference/events/insert.
func (s *Server) insertEvent(c *call) (answer, error) {
	doc, err := c.document()
	if err != nil {
		return answer{}, err
	}
	return s.writeEvent(c, func(w writing) (*event, error) {
		w.ifMatch = "" // not looked at on insert (https://developers.google.com/workspace/calendar/api/guides/version-resources)
		return s.insert(w, doc)
	})
}

// updateEvent serves https://developers.google.com/workspace/calendar/api/v3/reference/events/update.
func (s *Server) updateEvent(c *call) (answer, error) {
	doc, err := c.document()
	if err != nil {
		return answer{}, err
	}
	return s.writeEvent(c, func(w writing) (*event, error) {
		old := w.cal.resolve(c.r.PathValue("event"))
		if old == nil {
			return nil, notFound()
		}
		return s.replace(w, old, doc)
	})
}

// patchEvent serves https://developers.google.com/workspace/calendar/api/v3/reference/events/patch.
func (s *Server) patchEvent(c *call) (answer, error) {
	doc, err := c.document()
	if err != nil {
		return answer{}, err
	}
	return s.writeEvent(c, func(w writing) (*event, error) {
		old := w.cal.resolve(c.r.PathValue("event"))
		if old == nil {
			return nil, notFound()
		}
		return s.patch(w, old, doc)
	})
}

// deleteEvent serves https://developers.google.com/workspace/calendar/api/v3/reference/events/delete: 204 once, 410 ever after.
func (s *Server) deleteEvent(c *call) (answer, error) {
	return s.writeEvent(c, func(w writing) (*event, error) {
		old := w.cal.resolve(c.r.PathValue("event"))
		if old == nil {
			return nil, notFound()
		}
		return nil, s.remove(w, old)
	})
}

// writeEvent runs one write under the lock and answers with the event, or with 204 when there is none.
func (s *Server) writeEvent(c *call, write func(writing) (*event, error)) (answer, error) {
	w, err := c.writing()
	if err != nil {
		return answer{}, err
	}
	var in *time.Location
	e, err := func() (*event, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		entry, err := s.entry(c)
		if err != nil {
			return nil, err
		}
		if err := mayWrite(entry.role); err != nil {
			return nil, err
		}
		w.cal, in = entry.calendar, entry.calendar.loc
		return write(w)
	}()
	if err != nil {
		return answer{}, err
	}
	if e == nil {
		return answer{status: http.StatusNoContent}, nil
	}
	a := answer{body: trimmed(e.wire(w.cal, in), w.cal, w.most)}
	if e.waits() {
		a.before = func() { s.finishConference(w.cal, e.id) }
	}
	return a, nil
}

// writing reads the parameters that all writes have.
func (c *call) writing() (writing, error) {
	w := writing{by: c.access.Account, notify: c.query.Get("sendUpdates"), ifMatch: c.r.Header.Get("If-Match")}
	if !slices.Contains([]string{"", "all", "externalOnly", "none"}, w.notify) {
		return w, invalidParameter("sendUpdates", "Invalid value for: sendUpdates")
	}
	if w.notify == "" && c.query.Get("sendNotifications") == "true" {
		w.notify = "all"
	}
	var err error
	if w.options.conferences, err = conferenceVersion(c.query); err != nil {
		return w, err
	}
	w.options.attachments = c.query.Get("supportsAttachments") == "true"
	w.most, err = mostAttendees(c.query)
	return w, err
}
