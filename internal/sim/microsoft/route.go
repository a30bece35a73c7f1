package microsoft

import (
	"net/http"
	"net/url"
	"strings"
)

// endpoint serves one shape of path.
type endpoint struct {
	enough scopes
	handle func(*call) (answer, error)
}

// endpoints are by method and shape, in which "*" is an identifier. Events and calendars are also reached through /users/{id}, and events
// through their calendar. Clients call events and delta all the time, subscriptions every few days, the rest once per connection.
func (s *Server) endpoints() map[string]endpoint {
	return map[string]endpoint{
		"GET ":                            {userScopes, s.readMe},
		"GET calendars":                   {basicScopes, s.listCalendars},
		"GET calendar":                    {basicScopes, s.readCalendar},
		"GET events":                      {basicScopes, s.listEvents},
		"POST events":                     {writeScopes, s.createEvent},
		"GET events/*":                    {basicScopes, s.readEvent},
		"PATCH events/*":                  {writeScopes, s.updateEvent},
		"DELETE events/*":                 {writeScopes, s.deleteEvent},
		"GET events/*/instances":          {basicScopes, s.instances},
		"POST events/*/accept":            {writeScopes, s.accept},
		"POST events/*/decline":           {writeScopes, s.decline},
		"POST events/*/cancel":            {writeScopes, s.cancel},
		"POST events/*/tentativelyaccept": {writeScopes, s.hedge},
		"POST getschedule":                {basicScopes, s.getSchedule},
		"GET calendarview":                {basicScopes, s.calendarView},
		"GET calendarview/delta":          {readScopes, s.delta},
		"GET subscriptions":               {readScopes, s.listSubscriptions},
		"POST subscriptions":              {readScopes, s.subscribe},
		"GET subscriptions/*":             {readScopes, s.readSubscription},
		"PATCH subscriptions/*":           {readScopes, s.renew},
		"DELETE subscriptions/*":          {readScopes, s.unsubscribe},
		"POST subscriptions/*/auth":       {readScopes, s.reauthorise},
	}
}

// target is what a path names.
type target struct {
	// user is "me", or an object id or address.
	user string
	// calendar is an id; empty is the default calendar, or any calendar of the mailbox when the path goes to an event by id.
	calendar string
	// named says that the path goes through a calendar, be it /calendar or /calendars/{id}.
	named bool
	// id is the event's or subscription's.
	id string
	// shape is what endpoints knows, without the method.
	shape string
}

// graph serves a path below /v1.0/.
func (s *Server) graph(w http.ResponseWriter, r *http.Request, path string) {
	t, err := parseTarget(path)
	if err != nil {
		s.writeError(w, r, err)
		return
	}
	e, ok := s.paths[r.Method+" "+t.shape]
	if !ok {
		s.writeError(w, r, s.unserved(r.Method, t))
		return
	}
	s.serve(w, r, t, e)
}

// unserved tells what Graph does not have from what the simulator does not have yet.
func (s *Server) unserved(method string, t target) error {
	for _, other := range []string{http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete} {
		if _, ok := s.paths[other+" "+t.shape]; ok {
			return failed(http.StatusMethodNotAllowed, "UnsupportedMethod", "The HTTP method "+method+" is not supported for this resource.")
		}
	}
	return notSimulated(method + " " + t.shape)
}

// parseTarget reads an escaped path. Identifiers may hold escaped slashes; names of segments have no case.
func parseTarget(path string) (target, error) {
	var parts []string
	for part := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		plain, err := url.PathUnescape(part)
		if err != nil {
			return target{}, badRequest("BadRequest", "Resource not found for the segment '"+part+"'.")
		}
		parts = append(parts, plain)
	}
	switch head := strings.ToLower(parts[0]); {
	case head == "me":
		return target{user: "me"}.within(parts[1:]), nil
	case head == "users" && len(parts) > 1:
		return target{user: parts[1]}.within(parts[2:]), nil
	case head == "subscriptions":
		return target{user: "me"}.below(parts), nil
	default:
		return target{}, badRequest("BadRequest", "Resource not found for the segment '"+parts[0]+"'.")
	}
}

// within takes in the calendar that the path goes through, if any, and what comes after it.
func (t target) within(parts []string) target {
	switch {
	case len(parts) > 1 && strings.EqualFold(parts[0], "calendar"):
		t.named, parts = true, parts[1:]
	case len(parts) > 1 && strings.EqualFold(parts[0], "calendars"):
		t.named, t.calendar, parts = true, parts[1], parts[2:]
		if len(parts) == 0 {
			parts = []string{"calendar"}
		}
	}
	return t.below(parts)
}

// below takes in what comes after the mailbox and calendar.
func (t target) below(parts []string) target {
	names := make([]string, 0, len(parts))
	for i, part := range parts {
		before := ""
		if i > 0 {
			before = names[i-1]
		}
		name := strings.ToLower(part)
		switch {
		case before == "events" && !strings.HasPrefix(name, "delta") && !strings.HasPrefix(name, "microsoft.graph."), before == "subscriptions":
			t.id = part
			names = append(names, "*")
		case name == "reauthorize" || name == "microsoft.graph.reauthorize":
			names = append(names, "auth")
		default: // functions and actions may be qualified and have brackets
			names = append(names, strings.TrimSuffix(strings.TrimPrefix(name, "microsoft.graph."), "()"))
		}
	}
	t.shape = strings.Join(names, "/")
	return t
}
