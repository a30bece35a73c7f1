package microsoft

import "net/http"

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
		"POST calendars":                  {writeScopes, s.createCalendar},
		"GET calendar":                    {basicScopes, s.readCalendar},
		"PATCH calendar":                  {writeScopes, s.updateCalendar},
		"DELETE calendar":                 {writeScopes, s.deleteCalendar},
		"GET calendargroups":              {basicScopes, s.listGroups},
		"GET calendargroups/*":            {basicScopes, s.readGroup},
		"GET calendargroups/*/calendars":  {basicScopes, s.listGroup},
		"POST calendargroups/*/calendars": {writeScopes, s.createInGroup},
		"GET events":                      {basicScopes, s.listEvents},
		"POST events":                     {writeScopes, s.createEvent},
		"GET events/*":                    {basicScopes, s.readEvent},
		"PATCH events/*":                  {writeScopes, s.updateEvent},
		"DELETE events/*":                 {writeScopes, s.deleteEvent},
		"GET events/*/instances":          {basicScopes, s.instances},
		"GET events/*/calendar":           {basicScopes, s.calendarOf},
		"POST events/*/accept":            {writeScopes, s.accept},
		"POST events/*/decline":           {writeScopes, s.decline},
		"POST events/*/cancel":            {writeScopes, s.cancel},
		"POST events/*/tentativelyaccept": {writeScopes, s.hedge},
		"POST events/*/forward":           {readScopes, s.forward},
		"POST events/*/snoozereminder":    {writeScopes, s.snooze},
		"POST events/*/dismissreminder":   {writeScopes, s.dismiss},
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
	// group is the id of a group of calendars.
	group string
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
