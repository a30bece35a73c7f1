package google

import (
	"strings"

	"github.com/calweave/calweave/internal/sim/stage"
)

// listing is one of calendars, rules or settings, which come in the order of their latest change.
type listing struct {
	kind string
	// name ties tokens to what they are for.
	name string
	seen *stage.Journal
	size int
	// unsyncable leaves out the sync token.
	unsyncable bool
}

// list answers with one page. show returns a row, or nil for one that is left out; changes says that the listing is one of what changed. s.mu is
// held.
func (s *Server) list(c *call, l listing, show func(id string, changes bool) map[string]any) (answer, error) {
	at, err := s.listCursor(c, l)
	if err != nil {
		return answer{}, err
	}
	items := []any{}
	body := map[string]any{"kind": l.kind, "etag": quoted(at.UpTo)}
	for seq, id := range l.seen.Changes(at.Pos, at.UpTo) {
		row := show(id, at.Changes)
		if row == nil {
			continue
		}
		if len(items) == l.size {
			body["nextPageToken"] = at.String()
			break
		}
		items = append(items, row)
		at.Pos = seq
	}
	if body["nextPageToken"] == nil && !l.unsyncable {
		body["nextSyncToken"] = cursor{Kind: syncKind, Calendar: at.Calendar, After: at.UpTo}.String()
	}
	body["items"] = items
	return answer{body: body}, nil
}

// listCursor is where the listing starts or goes on.
func (s *Server) listCursor(c *call, l listing) (cursor, error) {
	if token := c.query.Get("pageToken"); token != "" {
		at, ok := parseCursor(token, pageKind)
		if !ok || at.Calendar != l.name {
			return cursor{}, invalidParameter("pageToken", "Invalid page token value.")
		}
		return at, nil
	}
	at := cursor{Kind: pageKind, Calendar: l.name, UpTo: l.seen.Seq()}
	if token := c.query.Get("syncToken"); token != "" {
		since, ok := parseCursor(token, syncKind)
		if !ok || since.Calendar != l.name {
			return cursor{}, s.unreadable()
		}
		at.Pos, at.Changes = since.After, true
	}
	return at, nil
}

// caller is the account that the request is for. s.mu is held.
func (s *Server) caller(c *call) (*account, error) {
	a := s.accounts[strings.ToLower(c.access.Account)]
	if a == nil {
		return nil, failed(403, "notACalendarUser", "The user must be signed up for Google Calendar.").in("calendar")
	}
	return a, nil
}
