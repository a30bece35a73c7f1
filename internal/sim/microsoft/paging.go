package microsoft

import "slices"

// glance is all that a listing had to show after a change.
type glance struct {
	seq int64
	of  string
	all []*event
}

// glanced is what the listing has to show, for a client that pages through it: the whole calendar is looked at once, not once a page. What it
// returns is not to be changed. s.mu is held.
func (c *calendar) glanced(of string, collect func() []*event) []*event {
	g := c.glance.Load()
	if g == nil || g.seq != c.journal.Seq() || g.of != of {
		g = &glance{seq: c.journal.Seq(), of: of, all: collect()}
		c.glance.Store(g)
	}
	return g.all
}

// of are those of the events that are to be shown, in the order in which they are.
func (q collection) of(all []*event) []*event {
	all = slices.DeleteFunc(all, func(e *event) bool { return !q.keep(e) })
	if q.order != nil {
		slices.SortStableFunc(all, q.order)
	}
	return all
}

// left is where a page of a listing ended: the one after it begins there, and does not look at all that was skipped before.
type left struct {
	seq       int64
	filter    string
	skip, pos int
}

// maxLeft is how many ends of pages a calendar remembers: for a page that is asked for again, and for several clients.
const maxLeft = 8

// leave remembers where a page ended. s.mu is held, perhaps by several readers.
func (c *calendar) leave(l left) {
	all := append(make([]left, 0, maxLeft), l)
	if before := c.left.Load(); before != nil {
		for _, o := range *before {
			if o.seq == l.seq && o != l && len(all) < maxLeft {
				all = append(all, o)
			}
		}
	}
	c.left.Store(&all)
}

// resume is the position to begin a page at, and how many rows stand before it. s.mu is held.
func (c *calendar) resume(q collection) (pos, skipped int) {
	all := c.left.Load()
	if all == nil {
		return 0, 0
	}
	for _, l := range *all {
		if l.seq == c.journal.Seq() && l.filter == q.filter && l.skip <= q.skip && l.skip > skipped {
			pos, skipped = l.pos, l.skip
		}
	}
	return pos, skipped
}
