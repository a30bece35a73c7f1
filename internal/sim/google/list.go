package google

import (
	"net/http"
	"time"
)

// listEvents serves https://developers.google.com/workspace/calendar/api/v3/reference/events/list. It is the call that clients make most.
func (s *Server) listEvents(c *call) (answer, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	entry, err := s.entry(c)
	if err != nil {
		return answer{}, err
	}
	q, err := s.parseQuery(c.query, entry)
	if err != nil {
		return answer{}, err
	}
	at, err := s.begin(entry.calendar, &q)
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
func (s *Server) begin(cal *calendar, q *query) (cursor, error) {
	at := cursor{Kind: pageKind, Calendar: cal.id, Epoch: cal.epoch, UpTo: cal.journal.Seq(), Shape: q.shape, Min: seconds(q.timeMin), Max: seconds(q.timeMax)}
	if q.syncToken != "" {
		since, err := s.since(cal, q)
		if err != nil {
			return at, err
		}
		at.Changes, at.Pos, at.Since = true, since.After, since.After
		// What the first listing was bounded by bounds the expansion of series ever after.
		at.Min, at.Max, q.timeMin, q.timeMax = since.Min, since.Max, instantOf(since.Min), instantOf(since.Max)
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

// since reads a sync token.
func (s *Server) since(cal *calendar, q *query) (cursor, error) {
	since, ok := parseCursor(q.syncToken, syncKind)
	changed := s.world.Switches().Google.ChangedParameters
	switch {
	case !ok || since.Calendar != cal.id:
		return since, s.unreadable()
	case since.Epoch != cal.epoch, since.Shape != q.shape && changed == http.StatusGone:
		return since, fullSyncRequired()
	case since.Shape != q.shape && changed == http.StatusBadRequest:
		return since, invalidParameter("syncToken", "The parameters differ from those of the listing that the sync token came from.")
	}
	return since, nil
}

// listing is the page as the API shows it.
func (s *Server) listing(entry *listEntry, q query, p page, etag string) map[string]any {
	cal := entry.calendar
	items := make([]any, 0, len(p.events))
	for _, e := range p.events {
		items = append(items, trimmed(s.row(e, entry, q.in), cal, q.most))
	}
	v := map[string]any{
		"kind": "calendar#events", "etag": etag, "summary": cal.name, "description": "", "updated": millis(cal.updated), "timeZone": cal.zone,
		"accessRole": string(entry.role), "defaultReminders": []any{map[string]any{"method": "popup", "minutes": 10}}, "items": items,
	}
	switch {
	case p.next != nil:
		v["nextPageToken"] = p.next.String()
	case q.syncable:
		v["nextSyncToken"] = cursor{Kind: syncKind, Calendar: cal.id, Epoch: cal.epoch, After: p.at.UpTo, Shape: q.shape, Min: p.at.Min, Max: p.at.Max}.String()
	}
	return v
}

func (s *Server) row(e *event, entry *listEntry, in *time.Location) map[string]any {
	switch {
	case e.gone() && !s.world.Switches().Google.CancelledDetails:
		return e.tombstone(in)
	case e.veiled(entry.role):
		return e.busy(in)
	default:
		return e.wire(entry.calendar, in)
	}
}

func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func instantOf(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}
