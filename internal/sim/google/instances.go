package google

import (
	"cmp"
	"slices"
)

// listInstances serves https://developers.google.com/workspace/calendar/api/v3/reference/events/instances: the occurrences of one series in
// order of their original start, touched or not.
func (s *Server) listInstances(c *call) (answer, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	entry, err := s.entry(c)
	if err != nil {
		return answer{}, err
	}
	cal := entry.calendar
	master := cal.events[c.r.PathValue("event")]
	if master == nil {
		return answer{}, notFound()
	}
	for _, name := range []string{"orderBy", "q", "singleEvents", "syncToken", "updatedMin"} {
		c.query.Del(name) // instances has no such parameter, and what an API does not know it leaves alone
	}
	q, err := s.parseQuery(c.query, entry)
	if err != nil {
		return answer{}, err
	}
	q.shape, q.syncable = "instances "+master.id, false
	at, err := s.begin(cal, &q)
	if err != nil {
		return answer{}, err
	}
	p := page{at: at}
	if limit := s.world.Switches().PageCap; limit > 0 {
		q.size = min(q.size, limit)
	}
	p.add(q.instances(cal, master, c.query.Get("originalStart")), q.size, at.Pos)
	return answer{body: s.listing(entry, q, p, `"p3`+at.String()+`"`)}, nil
}

// instances are the occurrences of the series in the window of the query.
func (q *query) instances(cal *calendar, master *event, original string) []*event {
	if !master.series() || (master.gone() && !q.showDeleted) {
		return nil
	}
	all, _ := cal.expand(master, q.timeMin, q.timeMax)
	for _, id := range cal.exceptions[master.id] {
		if x := cal.events[id]; (!x.gone() || q.showDeleted) && x.within(cal, q.timeMin, q.timeMax) {
			all = append(all, x)
		}
	}
	if original != "" {
		all = slices.DeleteFunc(all, func(e *event) bool { return !e.original.is(original) })
	}
	slices.SortFunc(all, func(a, b *event) int { return cmp.Compare(a.place(), b.place()) })
	return all
}
