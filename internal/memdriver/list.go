package memdriver

import (
	"fmt"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

// largestPage is how many rows a page has at most.
const largestPage = 1000

// place is how far a listing has come in the calendar's log.
type place struct {
	epoch int
	// begun is where the log ended when the listing began. The next listing goes on there, so that it shows again what has changed meanwhile.
	begun int
	// next is the row to look at next.
	next int
}

// token names the place to a client.
func (p place) token() string { return fmt.Sprintf("%d.%d.%d", p.epoch, p.begun, p.next) }

// list returns one page.
func (c *Calendar) list(req provider.ListEvents) (cal.Page, error) {
	at, err := c.start(req)
	if err != nil {
		return cal.Page{}, err
	}
	page := cal.Page{Kind: cal.Delta}
	if req.Cursor.Token == "" {
		page.Kind, page.Coverage = cal.Snapshot, req.Window
	}
	if c.account.Kind.EmptyPages && req.Page == "" {
		page.Next = at.token()
		return page, nil
	}
	size := largestPage
	if req.PageSize > 0 {
		size = min(size, req.PageSize)
	}
	for end := c.end(); at.next < end; at.next++ {
		e := c.log[at.next]
		if e.changed != at.next+1 || c.untold(e) || page.Kind == cal.Snapshot && !c.covered(e, req.Window) {
			continue
		}
		if len(page.Items) == size {
			page.Next = at.token()
			return page, nil
		}
		page.Items = append(page.Items, c.row(e))
	}
	page.Cursor = cal.Cursor{Token: place{c.epoch, at.begun, at.begun}.token(), Scope: c.scope()}
	return page, nil
}

// start is where a page begins. A cursor is a place as well: the one where a listing begins.
func (c *Calendar) start(req provider.ListEvents) (place, error) {
	at := place{epoch: c.epoch, begun: c.end()}
	if req.Cursor.Token != "" {
		cursor, err := c.parse(req.Cursor.Token)
		if err != nil {
			return place{}, err
		}
		if req.Cursor.Scope != c.scope() {
			return place{}, refused(fault.CursorLost, List, "the cursor was made by other parameters")
		}
		at.next = cursor.next
	}
	if req.Page != "" {
		return c.parse(req.Page)
	}
	return at, nil
}

// parse reads the name of a place, which is lost if it is not one of this epoch.
func (c *Calendar) parse(token string) (place, error) {
	var p place
	_, err := fmt.Sscanf(token, "%d.%d.%d", &p.epoch, &p.begun, &p.next)
	known := p.epoch == c.epoch && min(p.begun, p.next) >= 0 && max(p.begun, p.next) <= len(c.log)
	if err != nil || !known || p.token() != token { // it may have a tail
		return place{}, refused(fault.CursorLost, List, "nothing is known of the cursor")
	}
	return p, nil
}

// scope names what a cursor is bound to.
func (c *Calendar) scope() string { return "all events of " + string(c.about.ID) }

// end is where the log ends for clients: before what is too new to be read.
func (c *Calendar) end() int {
	if c.account.Kind.Lag > 0 {
		for i, e := range c.log {
			if !c.readable(e) {
				return i
			}
		}
	}
	return len(c.log)
}

// row is what a listing shows of an entry.
func (c *Calendar) row(e *entry) cal.Item {
	if e.event.Gone() && c.account.Kind.Forgets {
		return cal.Item{Event: cal.Event{ID: e.event.ID, Status: cal.StatusCancelled}}
	}
	return cal.Item{Event: copyOf(e.event)}
}

// untold reports whether nothing is told of an entry: a provider that forgets shows a deleted occurrence as a change of its series alone.
func (c *Calendar) untold(e *entry) bool {
	return c.account.Kind.Forgets && e.event.Gone() && e.event.Series != "" && c.entries[e.event.Series] != nil && !c.entries[e.event.Series].event.Gone()
}

// covered reports whether a snapshot of a window shows an entry: one that stands, or that is cancelled in a series that stands.
func (c *Calendar) covered(e *entry, w cal.Window) bool {
	if e.event.Gone() {
		series := c.entries[e.event.Series]
		if c.account.Kind.Forgets || series == nil || series.event.Gone() {
			return false
		}
	}
	if e.event.Kind == cal.KindSeries && !e.event.Gone() {
		return covers(e, w)
	}
	from, until := at(e.event.Content.Slot.Start), at(e.event.Content.Slot.End)
	return (w.From.IsZero() || until.After(w.From)) && (w.Until.IsZero() || from.Before(w.Until))
}

// at is the instant of a moment. All-day events float; here they lie in UTC.
func at(m cal.Moment) time.Time {
	if m.Date == "" {
		return m.Instant
	}
	date, err := time.Parse(cal.DateLayout, m.Date)
	if err != nil {
		return m.Instant
	}
	return date
}
