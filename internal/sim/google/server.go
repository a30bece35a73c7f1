package google

import (
	"net/http"
	"sync"

	"github.com/calweave/calweave/internal/sim/oauth"
	"github.com/calweave/calweave/internal/sim/stage"
)

// Server is the simulated Google. It is safe for concurrent use.
type Server struct {
	world   *stage.World
	clients oauth.Clients
	ledger  *oauth.Ledger
	handler http.Handler
	quotas  quotas

	mu        sync.RWMutex
	accounts  map[string]*account
	order     []*account
	calendars map[string]*calendar
	// channels are all that were ever opened, by id: an id is never free again.
	channels map[string]*channel
}

// New returns a Google without anyone in it.
func New(w *stage.World, clients oauth.Clients) *Server {
	s := &Server{
		world: w, clients: clients, ledger: oauth.NewLedger(w.Clock, w.IDs, idleLife).Keep(maxRefreshTokens),
		accounts: map[string]*account{}, calendars: map[string]*calendar{}, channels: map[string]*channel{},
	}
	s.handler = &stage.Gate{
		World: w, Provider: stage.Google, Account: s.accountOf, Cursor: hasCursor, Refuse: refuse, Next: s.routes(),
		Early: s.early, Revoke: s.ledger.RevokeAccount,
	}
	return s
}

// Handler serves accounts.google.com, oauth2.googleapis.com and www.googleapis.com at once, mounted at the root.
func (s *Server) Handler() http.Handler { return s.handler }

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

	const api = "/calendar/v3/"
	mux.Handle("GET "+api+"users/me/calendarList", s.api(listScopes, s.listCalendars))
	mux.Handle("GET "+api+"users/me/calendarList/{calendar}", s.api(entryScopes, s.readEntry))
	mux.Handle("GET "+api+"calendars/{calendar}", s.api(calendarScopes, s.readCalendar))
	mux.Handle("GET "+api+"calendars/{calendar}/events", s.api(readScopes, s.listEvents))
	mux.Handle("POST "+api+"calendars/{calendar}/events", s.api(writeScopes, s.insertEvent))
	mux.Handle("GET "+api+"calendars/{calendar}/events/{event}", s.api(readScopes, s.readEvent))
	mux.Handle("GET "+api+"calendars/{calendar}/events/{event}/instances", s.api(readScopes, s.listInstances))
	mux.Handle("PUT "+api+"calendars/{calendar}/events/{event}", s.api(writeScopes, s.updateEvent))
	mux.Handle("PATCH "+api+"calendars/{calendar}/events/{event}", s.api(writeScopes, s.patchEvent))
	mux.Handle("DELETE "+api+"calendars/{calendar}/events/{event}", s.api(writeScopes, s.deleteEvent))
	mux.Handle("POST "+api+"calendars/{calendar}/events/watch", s.api(readScopes, s.watch))
	mux.Handle("POST "+api+"calendars/{calendar}/events/import", s.api(writeScopes, s.importEvent))
	mux.Handle("POST "+api+"calendars/{calendar}/events/{event}/move", s.api(moveScopes, s.moveEvent))
	mux.Handle("PATCH "+api+"users/me/calendarList/{calendar}", s.api(relistScopes, s.patchEntry))
	mux.Handle("DELETE "+api+"users/me/calendarList/{calendar}", s.api(relistScopes, s.deleteEntry))
	mux.Handle("POST "+api+"users/me/calendarList", s.api(relistScopes, s.insertEntry))
	mux.Handle("POST "+api+"channels/stop", s.api(anyScope, s.stop))
	mux.Handle("POST "+api+"freeBusy", s.api(busyScopes, s.freeBusy))
	mux.HandleFunc("POST "+api+"calendars/{calendar}/events/quickAdd", func(w http.ResponseWriter, r *http.Request) {
		notSimulated(r.Method + " " + r.URL.Path).write(w)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		oauth.WriteProblem(w, http.StatusNotFound, "Error 404 (Not Found)!!1", "The requested URL was not found on this server.")
	})
	return mux
}

// hasCursor reports whether a request carries a sync token or a page token.
func hasCursor(r *http.Request) bool {
	q := r.URL.Query()
	return q.Has("syncToken") || q.Has("pageToken")
}
