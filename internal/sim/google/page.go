package google

import (
	"cmp"
	"fmt"
	"slices"
)

// page is one page of a listing of events.
type page struct {
	events []*event
	// next is set when there is more.
	next *cursor
	// at is where the listing stands.
	at cursor
	// one spares a slice for every event that is no series.
	one [1]*event
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
	switch {
	case at.Changes:
		return p, p.changes(cal, q)
	case q.order != "":
		p.ordered(cal, q)
	default:
		p.everything(cal, q)
	}
	return p, nil
}

// changes collects what changed. Single occurrences of a series that changed are all sent again.
func (p *page) changes(cal *calendar, q query) error {
	for seq, id := range cal.journal.Changes(p.at.Pos, p.at.UpTo) {
		e := cal.events[id]
		rows := []*event{e}
		if q.single && cal.past[id] != nil {
			var ok bool
			if rows, ok = cal.differences(e, p.at.Since, q.timeMin, q.timeMax); !ok {
				return fullSyncRequired()
			}
			slices.SortStableFunc(rows, func(a, b *event) int { return cmp.Compare(a.place(), b.place()) })
		}
		rows = slices.DeleteFunc(rows, func(e *event) bool { return len(q.types) > 0 && !slices.Contains(q.types, e.kind()) })
		if !p.add(rows, q.size, seq-1) {
			return nil
		}
	}
	return nil
}

// everything collects what matches, in order of creation.
func (p *page) everything(cal *calendar, q query) {
	for i, id := range cal.journal.From(int(p.at.Pos)) {
		e := cal.events[id]
		rows := p.one[:0]
		if e.series() {
			rows = q.rows(e, cal)
		} else if q.matches(e, cal) {
			rows = append(rows, e)
		}
		if !p.add(rows, q.size, int64(i)) {
			return
		}
	}
}

// rows are what a listing of everything shows of the event: itself, or of a series its occurrences that nobody has touched.
func (q *query) rows(e *event, cal *calendar) []*event {
	switch {
	case !e.series():
		if q.matches(e, cal) {
			return []*event{e}
		}
	case !q.shows(e) || !q.selects(e):
	case q.single:
		all, _ := cal.expand(e, q.timeMin, q.timeMax)
		return all
	case q.timeMin.IsZero() && q.timeMax.IsZero():
		return []*event{e}
	default:
		if found, _ := e.window(cal, q.timeMin, q.timeMax); len(found) > 0 {
			return []*event{e}
		}
	}
	return nil
}

// place orders the rows of one series: itself, then its occurrences by their original start.
func (e *event) place() int64 {
	if e.master == "" {
		return 1
	}
	const before1970 = 1 << 40 // keeps the numbers positive
	return before1970 + e.original.at.Unix()
}

// add takes the rows of one event in, until the page is full: then the next page begins at pos, behind the last of the rows that were taken.
func (p *page) add(rows []*event, size int, pos int64) bool {
	done := int64(0)
	if pos == p.at.Pos {
		done = p.at.Sub
	}
	for _, e := range rows {
		if e.place() <= done {
			continue
		}
		if len(p.events) == size {
			next := p.at
			next.Pos, next.Sub = pos, done
			p.next = &next
			return false
		}
		p.events = append(p.events, e)
		done = e.place()
	}
	return true
}

// ordered collects what matches in the order that was asked for.
func (p *page) ordered(cal *calendar, q query) {
	all := cal.inOrder(q)
	first, _ := slices.BinarySearchFunc(all, p.at.Key, func(r placed, key string) int {
		if r.key <= key {
			return -1
		}
		return 1
	})
	for i, r := range all[first:] {
		if i == q.size {
			next := p.at
			next.Key = all[first+i-1].key
			p.next = &next
			return
		}
		p.events = append(p.events, r.e)
	}
}

// placed is a row with its place in an order.
type placed struct {
	key string
	e   *event
}

// order is all that a listing has to show after a write.
type order struct {
	writes int64
	of     string
	rows   []placed
}

// inOrder is all that matches, for a client that pages through it: the whole calendar is looked at once, not once a page. What it returns is not
// to be changed.
func (c *calendar) inOrder(q query) []placed {
	o := c.order.Load()
	if of := q.essence(); o == nil || o.writes != c.writes || o.of != of {
		o = &order{writes: c.writes, of: of}
		for _, id := range c.journal.From(0) {
			for _, e := range q.rows(c.events[id], c) {
				at := e.start.instant(c.loc)
				if q.order == "updated" {
					at = e.updated
				}
				o.rows = append(o.rows, placed{at.UTC().Format("2006-01-02T15:04:05.000000000") + " " + e.id, e})
			}
		}
		slices.SortFunc(o.rows, func(a, b placed) int { return cmp.Compare(a.key, b.key) })
		c.order.Store(o)
	}
	return o.rows
}

// essence is what the listing selects, whatever the page and however it is shown.
func (q query) essence() string {
	q.size, q.in, q.pageToken, q.most = 0, nil, "", 0
	q.timeMin, q.timeMax, q.updatedMin = q.timeMin.UTC(), q.timeMax.UTC(), q.updatedMin.UTC()
	return fmt.Sprint(q)
}
