package google

import (
	"slices"
	"time"
)

// maxPast bounds how many states of one series are remembered. A sync token from before them asks for a full listing.
const maxPast = 64

// state is what an event was from one change of its calendar on.
type state struct {
	seq int64
	e   *event
}

// remember keeps the states of a series, so that a listing of single occurrences can say which of them are gone since. s.mu is held.
func (c *calendar) remember(old, e *event, before int64) {
	if e.master != "" || (!e.series() && c.past[e.id] == nil) {
		return
	}
	known := c.past[e.id]
	if known == nil && old != nil {
		known = append(known, state{before, old})
	}
	known = append(known, state{c.journal.Seq(), e})
	if len(known) > maxPast {
		known = append([]state(nil), known[len(known)-maxPast:]...)
	}
	c.past[e.id] = known
}

// asOf is what the event was at the change; nil if it was not there yet. It is not ok when that is forgotten.
func (c *calendar) asOf(id string, seq int64) (e *event, ok bool) {
	known := c.past[id]
	for _, one := range slices.Backward(known) {
		if one.seq <= seq {
			return one.e, true
		}
	}
	return nil, len(known) < maxPast
}

// differences are the rows that a client of single occurrences needs to follow what became of a series since the change: all occurrences that
// it has, and as cancelled those that it had. s.mu is held.
func (c *calendar) differences(e *event, since int64, from, to time.Time) ([]*event, bool) {
	before, ok := c.asOf(e.id, since)
	if !ok {
		return nil, false
	}
	now, cut := c.singles(e, from, to)
	has := map[string]bool{}
	for _, o := range now {
		has[o.id] = true
	}
	if cut && len(now) > 0 {
		to = now[len(now)-1].start.at // what lies behind the bound is not gone
	}
	if before == nil || before.gone() {
		return now, true
	}
	then, _ := c.singles(before, from, to)
	var gone []*event
	for _, o := range then {
		if !has[o.id] && (c.events[o.id] == nil || o.id == e.id) {
			lost := o.cancelledNow()
			lost.etag, lost.updated = e.etag, e.updated
			gone = append(gone, lost)
		}
	}
	return append(gone, now...), true
}

// singles are the event itself, or the occurrences of a series that nobody has touched, and whether there would be more of them.
func (c *calendar) singles(e *event, from, to time.Time) (all []*event, cut bool) {
	if e.gone() {
		return nil, false
	}
	if !e.series() {
		return []*event{e}, false
	}
	return c.expand(e, from, to)
}
