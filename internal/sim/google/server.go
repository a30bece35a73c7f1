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
	// applications are service accounts.
	applications *oauth.Applications
	handler      http.Handler
	quotas       quotas

	mu sync.RWMutex
	// acting says that a person acts by hand.
	acting    bool
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
		applications: oauth.NewApplications(),
		accounts:     map[string]*account{}, calendars: map[string]*calendar{}, channels: map[string]*channel{},
	}
	s.handler = &stage.Gate{
		World: w, Provider: stage.Google, Account: s.accountOf, Cursor: hasCursor, Refuse: refuse, Next: s.routes(),
		Early: s.early, Revoke: s.ledger.RevokeAccount,
	}
	return s
}

// Handler serves accounts.google.com, oauth2.googleapis.com and www.googleapis.com at once, mounted at the root.
func (s *Server) Handler() http.Handler { return front(s.handler) }

// hasCursor reports whether a request carries a sync token or a page token.
func hasCursor(r *http.Request) bool {
	q := r.URL.Query()
	return q.Has("syncToken") || q.Has("pageToken")
}
