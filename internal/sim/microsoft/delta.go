package microsoft

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/calweave/calweave/internal/sim/stage"
)

// maxWindow is the longest span of a calendar view: 1,825 days.
const maxWindow = 1825 * 24 * time.Hour

// delta serves https://learn.microsoft.com/graph/api/event-delta: what stands in a window, and then what changed of it. It is the call that
// clients make most.
func (s *Server) delta(c *call) (answer, error) {
	if slices.ContainsFunc([]string{"$select", "$expand", "$filter", "$orderby", "$search", "$top", "$skip", "$count"}, c.query.Has) {
		return answer{}, badRequest("ErrorInvalidUrlQuery", "The following parameters are not supported with change tracking over the 'CalendarView' resource: '$orderby, $filter, $select, $expand, $search, $top'.")
	}
	if _, _, err := s.shownZone(c.prefer.zone); err != nil {
		return answer{}, err
	}
	p, err := s.turn(c)
	if err != nil {
		return answer{}, err
	}
	value := make([]any, 0, len(p.rows))
	for _, e := range p.rows {
		row, err := s.row(e, p, c.prefer)
		if err != nil {
			return answer{}, err
		}
		value = append(value, row)
	}
	body := map[string]any{"@odata.context": base(c.r) + "/$metadata#Collection(event)", "value": value}
	if p.on.Paging {
		body["@odata.nextLink"] = s.link(c, "$skiptoken", p.on)
	} else {
		body["@odata.deltaLink"] = s.link(c, "$deltatoken", p.on)
	}
	return answer{body: body}, nil
}

// deltaPage is one page of a listing.
type deltaPage struct {
	mailbox  *mailbox
	calendar *calendar
	rows     []deltaRow
	// on is the token with which the listing, or the next one, goes on.
	on deltaToken
}

// turn finds where the listing stands and takes hold of the rows of the next page.
func (s *Server) turn(c *call) (deltaPage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, cal, err := s.place(c)
	if err != nil {
		return deltaPage{}, err
	}
	if !cal.isDefault && s.world.Switches().Microsoft.CalendarFeeds == stage.Refused {
		return deltaPage{}, badRequest("ErrorInvalidRequest", "Change tracking is not supported against 'microsoft.graph.event' of this calendar.")
	}
	t, err := s.position(c, m, cal)
	if err != nil {
		return deltaPage{}, err
	}
	rows, next := s.rows(m, cal, t, s.pageSize(c))
	if next == nil {
		t.Changes, t.Paging, t.Pos, t.Sub, t.UpTo = true, false, t.UpTo, 0, 0
		next = &t
	}
	if s.world.Switches().Microsoft.ScrambledPages && len(rows) > 0 {
		rows = append(slices.Clone(rows), rows[0])
		slices.Reverse(rows)
	}
	return deltaPage{mailbox: m, calendar: cal, rows: rows, on: s.issue(*next)}, nil
}

func (s *Server) pageSize(c *call) int {
	m := s.world.Switches().Microsoft
	size := c.prefer.pageSize
	if size == 0 {
		size = m.DeltaPageSize
	}
	return s.capped(min(size, m.MaxTop))
}

// link is the request's own path with a token as its only parameter.
func (s *Server) link(c *call, name string, t deltaToken) string {
	sealed := ""
	if s.world.Switches().Microsoft.SealedLinks {
		sealed = "&$seal=" + t.seal()
	}
	return base(c.r) + trimBase(c.r.URL.EscapedPath()) + "?" + name + "=" + t.String() + sealed
}

// position is where the listing starts or goes on. s.mu is held.
func (s *Server) position(c *call, m *mailbox, cal *calendar) (deltaToken, error) {
	text := c.query.Get("$skiptoken") + c.query.Get("$deltatoken")
	if text == "" {
		return s.start(c, m, cal)
	}
	t, ok := parseDeltaToken(text)
	if !ok || t.Mailbox != m.oid || t.Calendar != cal.id || t.Paging != c.query.Has("$skiptoken") {
		return t, badRequest("SyncStateInvalid", "The sync state is not valid.")
	}
	if s.world.Switches().Microsoft.SealedLinks && c.query.Get("$seal") != t.seal() {
		return t, badRequest("SyncStateInvalid", "The sync state is not valid.")
	}
	if err := s.live(t, cal); err != nil {
		if s.world.Switches().Microsoft.ResyncLocation {
			err.location = base(c.r) + trimBase(c.r.URL.EscapedPath()) + "?startDateTime=" + stamp(t.Start) + "&endDateTime=" + stamp(t.End) + "&$deltatoken="
		}
		return t, err
	}
	if !t.Paging {
		t.UpTo = s.upTo(cal, t)
	}
	return t, nil
}

// upTo is the last change that a listing of changes shows: with a switch, the last one that there was when the listing before it began, for a
// notification may come before the change can be read. s.mu is held.
func (s *Server) upTo(cal *calendar, t deltaToken) int64 {
	latest := cal.journal.Seq()
	if !s.world.Switches().Microsoft.LateDelta {
		return latest
	}
	visible := max(cal.visible, t.Pos)
	cal.visible = latest
	return visible
}

// start begins a chain for the window of the request.
func (s *Server) start(c *call, m *mailbox, cal *calendar) (deltaToken, error) {
	from, to, err := window(c.query)
	if err != nil {
		return deltaToken{}, err
	}
	t := deltaToken{
		Chain: s.world.IDs.Hex(12), Mailbox: m.oid, Calendar: cal.id, Epoch: cal.epoch, Start: from, End: to, UpTo: cal.journal.Seq(),
	}
	s.chains[t.Chain] = &chain{used: s.links}
	return t, nil
}

func window(q url.Values) (time.Time, time.Time, error) {
	bounds := map[string]time.Time{}
	for name, values := range q {
		name = strings.ToLower(name)
		if name != "startdatetime" && name != "enddatetime" {
			continue
		}
		at, ok := parseBound(values[0])
		if !ok {
			return at, at, badRequest("ErrorInvalidParameter", "The value '"+values[0]+"' of parameter '"+name+"' is invalid.")
		}
		bounds[name] = at
	}
	from, to := bounds["startdatetime"], bounds["enddatetime"]
	switch {
	case from.IsZero() || to.IsZero():
		return from, to, badRequest("ErrorInvalidParameter", "This request requires a time window specified by the query string parameters StartDateTime and EndDateTime.")
	case to.Before(from):
		return from, to, badRequest("ErrorInvalidRequest", "The end of the window is before its start.")
	case to.Sub(from) > maxWindow:
		return from, to, failed(http.StatusBadRequest, "ErrorInvalidRequest", "Your request can't be completed. The range between the start and end dates is greater than the allowed range. Maximum number of days: 1825.")
	}
	return from, to, nil
}

// parseBound reads an instant; one without an offset is in UTC.
func parseBound(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}
