package microsoft

import (
	"maps"
	"net/url"
)

// readMe serves https://learn.microsoft.com/graph/api/user-get.
func (s *Server) readMe(c *call) (answer, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	m, err := s.mailbox(c)
	if err != nil {
		return answer{}, err
	}
	return answer{body: map[string]any{
		"@odata.context": base(c.r) + "/$metadata#users/$entity", "id": m.oid, "displayName": m.person.Name, "mail": m.person.Email,
		"userPrincipalName": m.person.Email, "businessPhones": []string{}, "givenName": nil, "surname": nil, "jobTitle": nil,
		"mobilePhone": nil, "officeLocation": nil, "preferredLanguage": nil,
	}}, nil
}

// listCalendars serves https://learn.microsoft.com/graph/api/user-list-calendars.
func (s *Server) listCalendars(c *call) (answer, error) {
	top, err := numberOf(c.query, "$top", 10, 1000)
	if err != nil {
		return answer{}, err
	}
	skip, err := numberOf(c.query, "$skip", 0, 1<<30)
	if err != nil {
		return answer{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	m, err := s.mailbox(c)
	if err != nil {
		return answer{}, err
	}
	value := []any{}
	for _, cal := range m.calendars[min(skip, len(m.calendars)):min(skip+top, len(m.calendars))] {
		value = append(value, cal.wire(m))
	}
	body := map[string]any{"@odata.context": base(c.r) + "/$metadata#users('" + m.oid + "')/calendars", "value": value}
	if skip+top < len(m.calendars) {
		body["@odata.nextLink"] = nextLink(c, skip+top)
	}
	return answer{body: body}, nil
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
	v := cal.wire(m)
	v["@odata.context"] = base(c.r) + "/$metadata#users('" + m.oid + "')/calendars/$entity"
	return answer{body: v}, nil
}

func (cal *calendar) wire(m *mailbox) map[string]any {
	owner := cal.role == "owner"
	return map[string]any{
		"id": cal.id, "name": cal.name, "color": "auto", "hexColor": "", "isDefaultCalendar": cal.isDefault, "changeKey": cal.changeKey,
		"canShare": owner, "canViewPrivateItems": true, "canEdit": cal.role != "reader", "isTallyingResponses": cal.isDefault,
		"isRemovable": !cal.isDefault, "allowedOnlineMeetingProviders": []string{"teamsForBusiness"},
		"defaultOnlineMeetingProvider": "teamsForBusiness",
		"owner":                        emailAddress{Name: m.person.Name, Address: m.person.Email},
	}
}
