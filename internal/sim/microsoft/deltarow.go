package microsoft

import (
	"maps"
	"slices"
	"time"
)

// deltaRow is one row of a listing: an event, or its removal.
type deltaRow struct {
	*event

	gone bool
}

// rows collects one page, and where the next one begins, if any. s.mu is held.
func (s *Server) rows(m *mailbox, cal *calendar, t deltaToken, size int) ([]deltaRow, *deltaToken) {
	next := t
	next.Paging = true
	if s.world.Switches().EmptyFirstPage && !t.Paging {
		return nil, &next
	}
	p := page{size: size}
	if t.Changes {
		for seq, id := range cal.journal.Changes(t.Pos, t.UpTo) {
			if at, full := p.take(s.changes(m, m.events[id], cal, t), t.resume(seq-1)); full {
				next.Pos, next.Sub = seq-1, at
				return p.rows, &next
			}
		}
		return p.rows, nil
	}
	for i, id := range cal.journal.From(int(t.Pos)) {
		if at, full := p.take(s.masters(m.standing(m.events[id], cal, t)), t.resume(int64(i))); full {
			next.Pos, next.Sub = int64(i), at
			return p.rows, &next
		}
	}
	return p.rows, nil
}

// masters leaves the masters out if a switch says so.
func (s *Server) masters(rows []deltaRow) []deltaRow {
	if s.world.Switches().Microsoft.MasterRows {
		return rows
	}
	return slices.DeleteFunc(rows, func(r deltaRow) bool { return !r.gone && r.kind() == seriesMaster })
}

// changes are the rows of an item that changed. s.mu is held.
func (s *Server) changes(m *mailbox, e *event, cal *calendar, t deltaToken) []deltaRow {
	rows := s.masters(m.changed(e, cal, t))
	if !s.world.Switches().Microsoft.RemovedOccurrences || e.rule == nil || e.deleted || e.calendar != cal.id {
		return rows
	}
	for _, day := range slices.Sorted(maps.Keys(e.cancelled)) {
		d, err := time.Parse(time.DateOnly, day)
		if o := e.occurrence(d); err == nil && during(o.start.at, o.end.at, t.Start, t.End) {
			rows = append(rows, deltaRow{event: o, gone: true})
		}
	}
	return rows
}

// page fills up with rows.
type page struct {
	rows []deltaRow
	size int
}

// take adds the rows from one of them on, as many as fit. It returns the first that did not fit, if any.
func (p *page) take(rows []deltaRow, from int) (int, bool) {
	for i := from; i < len(rows); i++ {
		if len(p.rows) == p.size {
			return i, true
		}
		p.rows = append(p.rows, rows[i])
	}
	return 0, false
}

// resume is how many rows of the item at the position were shown already: a series may be longer than a page.
func (t deltaToken) resume(pos int64) int {
	if pos == t.Pos {
		return t.Sub
	}
	return 0
}

// standing are the rows of an item in a full listing: the event itself, or a series with all that it has in the window. s.mu is held.
func (m *mailbox) standing(e *event, cal *calendar, t deltaToken) []deltaRow {
	switch {
	case e.deleted || e.calendar != cal.id || e.master != "":
		return nil
	case e.rule != nil:
		return m.series(e, t)
	case during(e.start.at, e.end.at, t.Start, t.End):
		return []deltaRow{{event: e}}
	default:
		return nil
	}
}

// series is the master and what it has in the window; nothing if it has nothing there. s.mu is held.
func (m *mailbox) series(master *event, t deltaToken) []deltaRow {
	all := m.expand(master, t.Start, t.End)
	if len(all) == 0 {
		return nil
	}
	rows := make([]deltaRow, 0, len(all)+1)
	rows = append(rows, deltaRow{event: master})
	for _, e := range all {
		rows = append(rows, deltaRow{event: e})
	}
	return rows
}

// changed are the rows of an item that changed. What changes outside the window is told as a removal; what is deleted without ever having been
// in it is not told. A changed series is told anew with all that it still has, and what it no longer has is not told as removed. s.mu is held.
func (m *mailbox) changed(e *event, cal *calendar, t deltaToken) []deltaRow {
	if e.master != "" {
		return m.exception(e, cal, t)
	}
	if rows := m.standing(e, cal, t); rows != nil {
		return rows
	}
	here := !e.deleted && e.calendar == cal.id
	if !here && !during(e.earliest, e.latest, t.Start, t.End) {
		return nil
	}
	rows := []deltaRow{{event: e, gone: true}}
	if !here && e.rule != nil {
		for _, o := range m.expand(e, t.Start, t.End) {
			rows = append(rows, deltaRow{event: o, gone: true})
		}
	}
	return rows
}

// exception is an exception that changed and its master. One that is no more is told by its master's change. s.mu is held.
func (m *mailbox) exception(e *event, cal *calendar, t deltaToken) []deltaRow {
	master := m.events[e.master]
	switch {
	case e.deleted || master.deleted || e.calendar != cal.id:
		return nil
	case during(e.start.at, e.end.at, t.Start, t.End):
		return []deltaRow{{event: master}, {event: e}}
	default:
		return []deltaRow{{event: e, gone: true}}
	}
}

// row shows an event, or that it is not, or no longer, in the window. Of an occurrence it shows no more than when it is.
func (s *Server) row(e deltaRow, in deltaPage, p preferences) (map[string]any, error) {
	if e.gone {
		return map[string]any{
			"@odata.type": "#microsoft.graph.event", "id": e.idIn(in.calendar, p.immutable), "@removed": map[string]string{"reason": "deleted"},
		}, nil
	}
	if e.kind() == occurrenceType {
		zone, loc, err := s.shownZone(p.zone)
		return map[string]any{
			"@odata.type": "#microsoft.graph.event", "@odata.etag": e.etag(), "id": e.id(p.immutable), "type": occurrenceType,
			"seriesMasterId": e.masterID(p.immutable), "start": e.start.wire(e.allDay, zone, loc), "end": e.end.wire(e.allDay, zone, loc),
		}, err
	}
	w, err := s.wire(e.event, in.mailbox, view{preferences: p})
	if err != nil {
		return nil, err
	}
	w["@odata.type"] = "#microsoft.graph.event"
	return w, nil
}
