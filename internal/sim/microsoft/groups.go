package microsoft

// Not documented: what the groups that every mailbox has are called. These are the names and classes that Outlook shows.
const (
	ownGroupName    = "My Calendars"
	ownGroupClass   = "0006f0b7-0000-0000-c000-000000000046"
	otherGroupName  = "Other Calendars"
	otherGroupClass = "0006f0b8-0000-0000-c000-000000000046"
)

// calendarGroup is a group of calendars (https://learn.microsoft.com/graph/api/resources/calendargroup). Every mailbox has the same two: one
// that holds all of its calendars, and an empty one. Clients cannot make others here.
type calendarGroup struct{ id, name, class string }

func (m *mailbox) groups() []calendarGroup {
	return []calendarGroup{
		{"AQMkAGVi" + m.oid + "MY=", ownGroupName, ownGroupClass},
		{"AQMkAGVi" + m.oid + "OT=", otherGroupName, otherGroupClass},
	}
}

// group finds a group by its id.
func (m *mailbox) group(id string) (calendarGroup, bool) {
	for _, g := range m.groups() {
		if g.id == id {
			return g, true
		}
	}
	return calendarGroup{}, false
}

func (g calendarGroup) wire() map[string]any {
	return map[string]any{"id": g.id, "name": g.name, "classId": g.class, "changeKey": derivedUUID("group " + g.id)[:24]}
}

// listGroups serves https://learn.microsoft.com/graph/api/user-list-calendargroups.
func (s *Server) listGroups(c *call) (answer, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	m, err := s.mailbox(c)
	if err != nil {
		return answer{}, err
	}
	var all []map[string]any
	for _, g := range m.groups() {
		all = append(all, g.wire())
	}
	return listed(c, contextOf(c, m, "calendarGroups"), "calendarGroup", all)
}

// readGroup serves https://learn.microsoft.com/graph/api/calendargroup-get.
func (s *Server) readGroup(c *call) (answer, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	m, err := s.mailbox(c)
	if err != nil {
		return answer{}, err
	}
	g, ok := m.group(c.target.group)
	if !ok {
		return answer{}, itemNotFound()
	}
	return shownAlone(c, contextOf(c, m, "calendarGroups/$entity"), "calendarGroup", g.wire())
}

// listGroup serves https://learn.microsoft.com/graph/api/calendargroup-list-calendars.
func (s *Server) listGroup(c *call) (answer, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	m, err := s.mailbox(c)
	if err != nil {
		return answer{}, err
	}
	g, ok := m.group(c.target.group)
	if !ok {
		return answer{}, itemNotFound()
	}
	return listed(c, contextOf(c, m, "calendarGroups('"+g.id+"')/calendars"), "calendar", m.inGroup(g))
}

// inGroup are the calendars of a group. s.mu is held.
func (m *mailbox) inGroup(g calendarGroup) []map[string]any {
	var all []map[string]any
	for _, cal := range m.calendars {
		if g.class == ownGroupClass {
			all = append(all, cal.wire(m))
		}
	}
	return all
}

// createInGroup serves https://learn.microsoft.com/graph/api/calendargroup-post-calendars.
func (s *Server) createInGroup(c *call) (answer, error) {
	s.mu.RLock()
	m, err := s.mailbox(c)
	s.mu.RUnlock()
	if err != nil {
		return answer{}, err
	}
	switch g, ok := m.group(c.target.group); {
	case !ok:
		return answer{}, itemNotFound()
	case g.class != ownGroupClass:
		return answer{}, notSimulated("calendars in the group " + g.name)
	}
	return s.createCalendar(c)
}
