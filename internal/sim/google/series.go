package google

import (
	"slices"
	"strings"
	"time"
)

// How an occurrence's id ends: with the start that its series gave it, in UTC, or with its date.
const (
	stampLayout = "20060102T150405Z"
	dayLayout   = "20060102"
)

// occurrenceID names an occurrence of a series
// (https://developers.google.com/workspace/calendar/api/guides/recurringevents#instances).
func occurrenceID(master string, original moment) string {
	if original.allDay {
		return master + "_" + original.at.Format(dayLayout)
	}
	return master + "_" + original.at.Format(stampLayout)
}

// resolve finds an event by its id, be it stored or an occurrence that nobody has touched. s.mu is held.
func (c *calendar) resolve(id string) *event {
	if e := c.events[id]; e != nil {
		return e
	}
	i := strings.LastIndexByte(id, '_')
	if i < 0 {
		return nil
	}
	master := c.events[id[:i]]
	if master == nil || !master.series() {
		return nil
	}
	layout := stampLayout
	if master.start.allDay {
		layout = dayLayout
	}
	at, err := time.Parse(layout, id[i+1:])
	if err != nil || !master.begins(at) {
		return nil
	}
	return master.occurrence(at)
}

// begins reports whether the series has an occurrence at the instant.
func (e *event) begins(at time.Time) bool { return len(e.starts(at, at, 1)) == 1 }

// occurrence is the series' occurrence at the instant as the series has it. It shares the series' iCalUID, ETag and status.
func (e *event) occurrence(at time.Time) *event {
	o := *e
	o.recurrence, o.rules = nil, nil
	o.start.at, o.end.at = at, at.Add(e.end.at.Sub(e.start.at))
	o.master, o.original = e.id, o.start
	o.id = occurrenceID(e.id, o.original)
	return &o
}

// cancelledNow is the state of an occurrence that is no longer there.
func (e *event) cancelledNow() *event {
	o := *e
	o.status = cancelled
	return &o
}

// expand are the occurrences of the series that nobody has touched and that are in the window, in order. A calendar's window is one of
// instants, an all-day occurrence's instants are those of its calendar. s.mu is held.
func (c *calendar) expand(e *event, from, to time.Time) (all []*event, cut bool) {
	found, cut := e.window(c, from, to)
	for _, o := range found {
		if c.events[o.id] == nil {
			all = append(all, o)
		}
	}
	return all, cut
}

// window are the series' occurrences that are in the window, in order, touched or not, and whether there may be more of them.
func (e *event) window(c *calendar, from, to time.Time) (all []*event, cut bool) {
	// A day more on both sides, since the midnights of all-day events are the calendar's.
	const margin = 24 * time.Hour
	first, last := from, to
	if !from.IsZero() {
		first = from.Add(-margin - e.end.at.Sub(e.start.at))
	}
	if !to.IsZero() {
		last = to.Add(margin)
	}
	found := e.starts(first, last, maxOccurrences)
	for _, at := range found {
		if o := e.occurrence(at); o.within(c, from, to) {
			all = append(all, o)
		}
	}
	return all, len(found) == maxOccurrences
}

// within reports whether the event ends after the one instant and starts before the other; a zero bound is none.
func (e *event) within(c *calendar, from, to time.Time) bool {
	return (from.IsZero() || e.end.instant(c.loc).After(from)) && (to.IsZero() || e.start.instant(c.loc).Before(to))
}

// settle keeps a series' exceptions in step with it: what the series no longer has is cancelled
// (https://developers.google.com/workspace/calendar/api/guides/recurringevents). s.mu is held.
func (s *Server) settle(c *calendar, old, e *event) {
	if e.master != "" {
		if known := c.exceptions[e.master]; !slices.Contains(known, e.id) {
			c.exceptions[e.master] = append(known, e.id)
		}
		return
	}
	if !e.series() && (old == nil || !old.series()) {
		return
	}
	for _, id := range c.exceptions[e.id] {
		x := c.events[id]
		if x.gone() || (!e.gone() && e.series() && e.begins(x.original.at)) {
			continue
		}
		lost := x.cancelledNow()
		lost.sequence++
		lost.etag, lost.updated = quoted(c.nextStamp(s.world.Now())), s.world.Now()
		c.events[id] = lost
		c.journal.Record(id)
	}
}
