package google

import (
	"net/http"
	"strings"

	"github.com/calweave/calweave/internal/sim/oauth"
)

const (
	apiPath   = "/calendar/v3/"
	batchPath = "/batch/calendar/v3"
)

// route is one method of the API.
type route struct {
	// pattern is the HTTP method and the path below apiPath.
	pattern string
	enough  scopes
	answers resource
	handle  func(*call) (answer, error)
}

// routes are what clients call: the OAuth pages once per connection, the token endpoint once an hour, the rest all the time.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	// x/oauth2's google.Endpoint still names the older page.
	for _, page := range []string{"/o/oauth2/v2/auth", "/o/oauth2/auth"} {
		mux.HandleFunc("GET "+page, s.authorize)
		mux.HandleFunc("POST "+page, s.decide)
	}
	mux.HandleFunc("POST /token", s.token)
	mux.HandleFunc("POST /revoke", s.revoke)
	s.identityRoutes(mux)
	api := http.NewServeMux()
	for _, all := range [][]route{s.eventRoutes(), s.calendarRoutes()} {
		for _, one := range all {
			method, path, _ := strings.Cut(one.pattern, " ")
			api.Handle(method+" "+apiPath+path, s.api(one))
		}
	}
	for _, pattern := range unserved() {
		method, path, _ := strings.Cut(pattern, " ")
		api.HandleFunc(method+" "+apiPath+path, func(w http.ResponseWriter, r *http.Request) { notSimulated(r.Method + " " + r.URL.Path).write(w) })
	}
	api.HandleFunc("OPTIONS "+apiPath, preflight)
	// Not documented: the body of a 404 for a method that is none.
	api.HandleFunc(apiPath, func(w http.ResponseWriter, _ *http.Request) { notFound().write(w) })
	mux.Handle(apiPath, dressed(api))
	mux.HandleFunc("POST "+batchPath, s.batch)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		oauth.WriteProblem(w, http.StatusNotFound, "Error 404 (Not Found)!!1", "The requested URL was not found on this server.")
	})
	return mux
}

func (s *Server) eventRoutes() []route {
	const events = "calendars/{calendar}/events"
	const event = events + "/{event}"
	return []route{
		{"GET " + events, readScopes, eventsResource, s.listEvents},
		{"POST " + events, writeScopes, eventResource, s.insertEvent},
		{"GET " + event, readScopes, eventResource, s.readEvent},
		{"GET " + event + "/instances", readScopes, eventsResource, s.listInstances},
		{"PUT " + event, writeScopes, eventResource, s.updateEvent},
		{"PATCH " + event, writeScopes, eventResource, s.patchEvent},
		{"DELETE " + event, writeScopes, nothing, s.deleteEvent},
		{"POST " + event + "/move", moveScopes, eventResource, s.moveEvent},
		{"POST " + events + "/import", writeScopes, eventResource, s.importEvent},
		{"POST " + events + "/quickAdd", writeScopes, eventResource, s.quickAdd},
		{"POST " + events + "/watch", readScopes, channelResource, s.watchEvents},
		{"POST channels/stop", anyScope, nothing, s.stop},
		{"POST freeBusy", busyScopes, busyResource, s.freeBusy},
	}
}

func (s *Server) calendarRoutes() []route {
	const (
		entries  = "users/me/calendarList"
		entry    = entries + "/{calendar}"
		calendar = "calendars/{calendar}"
		rules    = calendar + "/acl"
		rule     = rules + "/{rule}"
		settings = "users/me/settings"
	)
	return []route{
		{"GET " + entries, listScopes, entriesResource, s.listCalendars},
		{"POST " + entries, relistScopes, entryResource, s.insertEntry},
		{"GET " + entry, entryScopes, entryResource, s.readEntry},
		{"PATCH " + entry, entryWriteScopes, entryResource, s.patchEntry},
		{"PUT " + entry, entryWriteScopes, entryResource, s.updateEntry},
		{"DELETE " + entry, entryWriteScopes, nothing, s.deleteEntry},
		{"POST " + entries + "/watch", listScopes, channelResource, s.watchEntries},
		{"POST calendars", calendarWriteScopes, calendarResource, s.insertCalendar},
		{"GET " + calendar, calendarScopes, calendarResource, s.readCalendar},
		{"PATCH " + calendar, calendarWriteScopes, calendarResource, s.patchCalendar},
		{"PUT " + calendar, calendarWriteScopes, calendarResource, s.updateCalendar},
		{"DELETE " + calendar, calendarWriteScopes, nothing, s.deleteCalendar},
		{"POST " + calendar + "/clear", clearScopes, nothing, s.clearCalendar},
		{"GET " + rules, ruleListScopes, rulesResource, s.listRules},
		{"POST " + rules, ruleWriteScopes, ruleResource, s.insertRule},
		{"GET " + rule, ruleScopes, ruleResource, s.readRule},
		{"PATCH " + rule, ruleWriteScopes, ruleResource, s.patchRule},
		{"PUT " + rule, ruleWriteScopes, ruleResource, s.updateRule},
		{"DELETE " + rule, ruleWriteScopes, nothing, s.deleteRule},
		{"POST " + rules + "/watch", ruleListScopes, channelResource, s.watchRules},
		{"GET " + settings, settingScopes, settingsResource, s.listSettings},
		{"GET " + settings + "/{setting}", settingScopes, settingResource, s.readSetting},
		{"POST " + settings + "/watch", settingScopes, channelResource, s.watchSettings},
		{"GET colors", colorScopes, colorsResource, s.colors},
	}
}

// unserved are the methods that Google has and the simulator has not.
func unserved() []string {
	return []string{"POST calendars/{calendar}/transferOwnership"}
}
