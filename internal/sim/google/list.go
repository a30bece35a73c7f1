package google

import (
	"time"

	"github.com/calweave/calweave/internal/sim/stage"
)

// page is one page of a listing of events.
type page struct {
	events []*event
	// next is set when there is more.
	next *cursor
	// at is where the listing stands.
	at cursor
}

// listEvents serves https://developers.google.com/workspace/calendar/api/v3/reference/events/list. It is the call that clients make most.
func (s *Server) listEvents(c *call) (answer, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	entry, err := s.entry(c)
	if err != nil {
		return answer{}, err
	}
	if entry.role == stage.RoleFreeBusyReader {
		return answer{}, notSimulated("events.list with no more than free/busy access")
	}
	q, err := s.parseQuery(c.query, entry.calendar)
	if err != nil {
		return answer{}, err
	}
	at, err := s.begin(entry.calendar, q)
	if err != nil {
		return answer{}, err
	}
	etag := `"p3` + at.String() + `"`
	if c.unchanged(etag) {
		return notModified(etag), nil
	}
	p, err := s.page(entry.calendar, q, at)
	if err != nil {
		return answer{}, err
	}
	return answer{body: s.listing(entry, q, p, etag)}, nil
}

// begin is where the listing starts or goes on.
func (s *Server) begin(cal *calendar, q query) (cursor, error) {
	at := cursor{Kind: pageKind, Calendar: cal.id, Epoch: cal.epoch, UpTo: cal.journal.Seq(), Shape: q.shape}
	if q.syncToken != "" {
		since, ok := parseCursor(q.syncToken, syncKind)
		switch {
		case !ok || since.Calendar != cal.id:
			return at, s.unreadable()
		case since.Epoch != cal.epoch:
			return at, fullSyncRequired()
		case since.Shape != q.shape:
			return at, invalidParameter("syncToken", "The parameters differ from those of the listing that the sync token came from.")
		}
		at.Changes, at.Pos = true, since.After
	}
	if q.pageToken == "" {
		return at, nil
	}
	on, ok := parseCursor(q.pageToken, pageKind)
	switch {
	case !ok || on.Calendar != cal.id || on.Shape != q.shape || on.Changes != at.Changes:
		return at, invalidParameter("pageToken", "Invalid page token value.")
	case on.Epoch != cal.epoch:
		return at, fullSyncRequired()
	}
	return on, nil
}

// page collects the rows of one page.
func (s *Server) page(cal *calendar, q query, at cursor) (page, error) {
	p := page{at: at}
	switches := s.world.Switches()
	if switches.EmptyFirstPage && q.pageToken == "" {
		p.next = &at
		return p, nil
	}
	if limit := switches.PageCap; limit > 0 {
		q.size = min(q.size, limit)
	}
	if at.Changes {
		p.changes(cal, q)
	} else {
		p.everything(cal, q)
	}
	for _, e := range p.events {
		if q.single && e.series() && !e.gone() {
			return p, notSimulated("expansion of recurring events")
		}
	}
	return p, nil
}

func (p *page) changes(cal *calendar, q query) {
	for seq, id := range cal.journal.Changes(p.at.Pos, p.at.UpTo) {
		if !p.add(cal.events[id], q.size, seq-1) {
			return
		}
	}
}

func (p *page) everything(cal *calendar, q query) {
	for i, id := range cal.journal.From(int(p.at.Pos)) {
		if e := cal.events[id]; q.matches(e, cal) && !p.add(e, q.size, int64(i)) {
			return
		}
	}
}

// add takes the row in, unless the page is full: then the next page begins at pos.
func (p *page) add(e *event, size int, pos int64) bool {
	if len(p.events) == size {
		next := p.at
		next.Pos = pos
		p.next = &next
		return false
	}
	p.events = append(p.events, e)
	return true
}

// listing is the page as the API shows it.
func (s *Server) listing(entry *listEntry, q query, p page, etag string) map[string]any {
	cal := entry.calendar
	items := make([]any, 0, len(p.events))
	for _, e := range p.events {
		items = append(items, s.row(e, cal, q.in))
	}
	v := map[string]any{
		"kind": "calendar#events", "etag": etag, "summary": cal.name, "description": "", "updated": millis(cal.updated), "timeZone": cal.zone,
		"accessRole": string(entry.role), "defaultReminders": []any{map[string]any{"method": "popup", "minutes": 10}}, "items": items,
	}
	switch {
	case p.next != nil:
		v["nextPageToken"] = p.next.String()
	case q.syncable:
		v["nextSyncToken"] = cursor{Kind: syncKind, Calendar: cal.id, Epoch: cal.epoch, After: p.at.UpTo, Shape: q.shape}.String()
	}
	return v
}

func (s *Server) row(e *event, cal *calendar, in *time.Location) map[string]any {
	if e.gone() && !s.world.Switches().Google.CancelledDetails {
		return e.tombstone()
	}
	return e.wire(cal, in)
}
