package microsoft

import (
	"cmp"
	"maps"
	"net/url"
	"strings"
)

// readMe serves https://learn.microsoft.com/graph/api/user-get.
func (s *Server) readMe(c *call) (answer, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	m, err := s.mailbox(c)
	if err != nil {
		return answer{}, ofDirectory(err, c.target.user)
	}
	v := map[string]any{
		"id": m.oid, "displayName": m.person.Name, "mail": m.person.Email,
		"userPrincipalName": m.person.Email, "businessPhones": []string{}, "givenName": nil, "surname": nil, "jobTitle": nil,
		"mobilePhone": nil, "officeLocation": nil, "preferredLanguage": nil,
	}
	for name := range strings.SplitSeq(c.query.Get("$select"), ",") {
		if _, has := v[strings.TrimSpace(name)]; !has && name != "" {
			return answer{}, notSimulated("the user's " + name)
		}
	}
	return shownAlone(c, base(c.r)+"/$metadata#users/$entity", "user", v)
}

// listCalendars serves https://learn.microsoft.com/graph/api/user-list-calendars.
func (s *Server) listCalendars(c *call) (answer, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	m, err := s.mailbox(c)
	if err != nil {
		return answer{}, err
	}
	return listed(c, contextOf(c, m, "calendars"), "calendar", m.inGroup(m.groups()[0]))
}

// nextLink is the request's own address with another $skip.
func nextLink(c *call, skip int) string {
	q := url.Values{}
	maps.Copy(q, c.query)
	q.Set("$skip", itoa(skip))
	return base(c.r) + trimBase(c.r.URL.EscapedPath()) + "?" + q.Encode()
}

// readCalendar serves https://learn.microsoft.com/graph/api/calendar-get.
func (s *Server) readCalendar(c *call) (answer, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	m, cal, err := s.place(c)
	if err != nil {
		return answer{}, err
	}
	return m.showCalendar(c, cal)
}

// calendarOf answers with the calendar that an event is in (https://learn.microsoft.com/graph/api/calendar-get).
func (s *Server) calendarOf(c *call) (answer, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	m, e, err := s.named(c)
	if err != nil {
		return answer{}, err
	}
	return m.showCalendar(c, m.calendar(e.calendar))
}

// showCalendar is the answer that shows one calendar. s.mu is held.
func (m *mailbox) showCalendar(c *call, cal *calendar) (answer, error) {
	return shownAlone(c, contextOf(c, m, "calendars/$entity"), "calendar", cal.wire(m))
}

func (cal *calendar) wire(m *mailbox) map[string]any {
	owner := cal.role == "owner"
	return map[string]any{
		"id": cal.id, "name": cal.name, "color": cmp.Or(cal.color, "auto"), "hexColor": "", "isDefaultCalendar": cal.isDefault, "changeKey": cal.changeKey,
		"canShare": owner, "canViewPrivateItems": true, "canEdit": cal.role != "reader", "isTallyingResponses": cal.isDefault,
		"isRemovable": !cal.isDefault, "allowedOnlineMeetingProviders": []string{"teamsForBusiness"},
		"defaultOnlineMeetingProvider": "teamsForBusiness",
		"owner":                        emailAddress{Name: m.person.Name, Address: m.person.Email},
	}
}
