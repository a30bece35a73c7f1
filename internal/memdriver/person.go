package memdriver

import (
	"maps"
	"slices"
	"strconv"

	"github.com/calweave/calweave/contracts/cal"
)

// Add makes an event by hand; with a recurrence it is a series.
func (c *Calendar) Add(content cal.Content) cal.EventID {
	defer c.lock()()
	content.Attendees = merged(nil, content.Attendees, nil)
	e := &entry{event: cal.Event{ID: c.newID(), Status: cal.StatusConfirmed, Content: content}}
	c.change(e)
	return e.event.ID
}

// AddSeries makes a series that takes place on a number of days in a row.
func (c *Calendar) AddSeries(content cal.Content, days int) cal.EventID {
	content.Recurrence = []string{"RRULE:FREQ=DAILY;COUNT=" + strconv.Itoa(days)}
	return c.Add(content)
}

// Occurrence is the id of an occurrence of a series, of which the first is 0, whatever has become of it; empty if there are not so many.
func (c *Calendar) Occurrence(series cal.EventID, n int) cal.EventID {
	defer c.lock()()
	master := c.entries[series]
	if master == nil || master.event.Kind != cal.KindSeries {
		return ""
	}
	start := master.event.Content.Slot.Start
	all := starts(master, cal.Window{From: at(start), Until: at(start).AddDate(5, 0, 0)})
	if n >= len(all) {
		return ""
	}
	place := cal.Moment{Instant: all[n], Zone: start.Zone}
	if start.Date != "" {
		place = cal.Moment{Date: all[n].Format(cal.DateLayout)}
	}
	return occurrenceID(series, place)
}

// Copy copies an event by hand, and changes the copy, as calendars do with what follows when a series is split: the copy carries all that the event does, its
// stamp among it. It returns the id of the copy; empty if the event is not there.
func (c *Calendar) Copy(id cal.EventID, change func(*cal.Content)) (made cal.EventID) {
	c.act(id, func(e *entry) {
		same := &entry{event: copyOf(e.event), extras: maps.Clone(e.extras)}
		same.event.ID = c.newID()
		change(&same.event.Content)
		same.event = copyOf(same.event)
		c.change(same)
		made = same.event.ID
	})
	return made
}

// SetFree says whether an event takes none of its calendar's time, and reports whether it is there.
func (c *Calendar) SetFree(id cal.EventID, free bool) bool {
	return c.act(id, func(e *entry) {
		e.event.Free = free
		c.change(e)
	})
}

// Edit changes an event by hand, and reports whether it is there.
func (c *Calendar) Edit(id cal.EventID, change func(*cal.Content)) bool {
	return c.act(id, func(e *entry) {
		changed := copyOf(e.event)
		change(&changed.Content)
		before := e.event.Content
		e.event = copyOf(changed)
		c.change(e)
		c.resettle(e, before)
	})
}

// Delete deletes an event by hand, and reports whether it was there.
func (c *Calendar) Delete(id cal.EventID) bool { return c.act(id, c.bury) }

// Decorate gives an event something that no client writes, such as a colour, and reports whether it is there.
func (c *Calendar) Decorate(id cal.EventID, name, value string) bool {
	return c.act(id, func(e *entry) {
		e.extras = maps.Clone(e.extras)
		if e.extras == nil {
			e.extras = map[string]string{}
		}
		e.extras[name] = value
		c.change(e)
	})
}

// Decorations are what Decorate gave to an event.
func (c *Calendar) Decorations(id cal.EventID) map[string]string {
	defer c.lock()()
	if e := c.lookup(id); e != nil {
		return maps.Clone(e.extras)
	}
	return nil
}

// Event is an event as it is, whether or not clients are shown it.
func (c *Calendar) Event(id cal.EventID) (cal.Event, bool) {
	defer c.lock()()
	e := c.lookup(id)
	if e == nil {
		return cal.Event{}, false
	}
	return copyOf(e.event), true
}

// Events are all events that there ever were, in the order in which they were made; of series, the masters and the exceptions.
func (c *Calendar) Events() []cal.Event {
	defer c.lock()()
	var all []cal.Event
	for _, id := range c.order {
		all = append(all, copyOf(c.entries[id].event))
	}
	return all
}

// Standing are the single events and series that the calendar shows.
func (c *Calendar) Standing() []cal.Event {
	return slices.DeleteFunc(c.Events(), func(e cal.Event) bool { return e.Gone() || e.Series != "" })
}

// Readable reports whether an event is there and not too new for clients to be shown.
func (c *Calendar) Readable(id cal.EventID) bool {
	defer c.lock()()
	e := c.lookup(id)
	return e != nil && c.readable(e)
}

// Holder is the event that was made under a key.
func (c *Calendar) Holder(key cal.Key) (cal.Event, bool) {
	defer c.lock()()
	e := c.entries[c.holders[key.String()]]
	if e == nil {
		return cal.Event{}, false
	}
	return copyOf(e.event), true
}

// Put has the calendar hold an event just as it is, ETag and stamp included.
func (c *Calendar) Put(event cal.Event) {
	defer c.lock()()
	e := c.entries[event.ID]
	if e == nil {
		e = &entry{}
	}
	e.event = copyOf(event)
	c.keep(e)
}

// Rename gives an event another id, as providers do when they move it.
func (c *Calendar) Rename(id, to cal.EventID) bool {
	return c.act(id, func(e *entry) {
		delete(c.entries, id)
		c.order = slices.DeleteFunc(c.order, func(other cal.EventID) bool { return other == id })
		e.event.ID = to
		c.keep(e)
	})
}

// Hide takes the calendar out of the clients' sight; unlisted, out of their lists too.
func (c *Calendar) Hide(unlisted bool) {
	defer c.lock()()
	c.hidden, c.unlisted = true, unlisted
}

// Show brings the calendar back.
func (c *Calendar) Show() {
	defer c.lock()()
	c.hidden, c.unlisted = false, false
}

// Hidden reports whether clients do not see the calendar.
func (c *Calendar) Hidden() bool {
	defer c.lock()()
	return c.hidden
}

// LoseCursors makes all cursors invalid, and the pages of listings that are under way.
func (c *Calendar) LoseCursors() {
	defer c.lock()()
	c.epoch++
}

// act does something with an event that stands.
func (c *Calendar) act(id cal.EventID, does func(*entry)) bool {
	defer c.lock()()
	e := c.lookup(id)
	if e == nil || e.event.Gone() {
		return false
	}
	does(e)
	return true
}

// lock locks the account and returns what unlocks it.
func (c *Calendar) lock() (unlock func()) {
	c.account.mu.Lock()
	c.account.complete()
	return c.account.mu.Unlock
}
