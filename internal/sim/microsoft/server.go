package microsoft

import (
	"net/http"
	"strings"
	"sync"

	"github.com/calweave/calweave/internal/sim/oauth"
	"github.com/calweave/calweave/internal/sim/stage"
)

// Server is the simulated Microsoft. It is safe for concurrent use.
type Server struct {
	world   *stage.World
	clients oauth.Clients
	ledger  *oauth.Ledger
	// applications are those that act by themselves; while one was never named there, every tenant is open to it.
	applications *oauth.Applications
	zones        zoneTable
	paths        map[string]endpoint
	handler      http.Handler
	limits       limiter
	// usual is what an event shows without a word. It does not change.
	usual map[string]any
	// selectable are the names that a client may select of an event. It does not change.
	selectable map[string]bool

	mu sync.RWMutex
	// acting says that a person acts by hand.
	acting bool
	// mailboxes are by address and by object id, in lower case.
	mailboxes map[string]*mailbox
	order     []*mailbox
	// chains are the listings that delta tokens belong to.
	chains map[string]*chain
	// links is how many of their links were given out.
	links int64
	// most is maxRemembered but in tests.
	most int
	// subscriptions are those that were not removed, by id.
	subscriptions map[string]*subscription
	// refusals are the AADSTS errors that accounts' tokens are refused with.
	refusals map[string]int
	health   health
}

// maxRemembered bounds the chains of listings that are remembered, and the transactionIds of each mailbox.
const maxRemembered = 100_000

// New returns a Microsoft without anyone in it.
func New(w *stage.World, clients oauth.Clients) *Server {
	s := &Server{
		world: w, clients: clients, ledger: oauth.NewLedger(w.Clock, w.IDs, idleLife), zones: newZoneTable(), usual: usualEvent(), selectable: selectable(), most: maxRemembered,
		mailboxes: map[string]*mailbox{}, chains: map[string]*chain{}, subscriptions: map[string]*subscription{},
		applications: oauth.NewApplications(), refusals: map[string]int{}, health: health{hosts: map[string]*receiver{}},
		limits: limiter{uses: map[limitKey]*use{}},
	}
	s.paths = s.endpoints()
	s.handler = &stage.Gate{
		World: w, Provider: stage.Microsoft, Account: s.accountOf, Cursor: hasCursor, Refuse: s.refuse, Enter: s.enter, Next: packed(shared(s.routes())),
		Early: s.early, Revoke: s.ledger.RevokeAccount,
	}
	w.Every(tick, s.lapse)
	return s
}

// Handler serves login.microsoftonline.com and graph.microsoft.com at once, mounted at the root.
func (s *Server) Handler() http.Handler { return s.handler }

// routes tell Graph from the identity platform.
func (s *Server) routes() http.Handler {
	login := http.NewServeMux()
	login.HandleFunc("GET /{tenant}/oauth2/v2.0/authorize", s.authorize)
	login.HandleFunc("POST /{tenant}/oauth2/v2.0/authorize", s.decide)
	login.HandleFunc("POST /{tenant}/oauth2/v2.0/token", s.token)
	login.HandleFunc("GET /{tenant}/v2.0/.well-known/openid-configuration", s.metadata)
	login.HandleFunc("GET /{tenant}/discovery/v2.0/keys", s.keys)
	login.HandleFunc("GET /{tenant}/oauth2/v2.0/logout", s.logout)
	login.HandleFunc("/", unservedPage)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path, ok := strings.CutPrefix(r.URL.EscapedPath(), "/v1.0/"); ok {
			if r.Method == http.MethodPost && (strings.EqualFold(path, "$batch") || strings.EqualFold(path, "%24batch")) {
				s.batch(w, r)
				return
			}
			s.graph(w, r, path)
			return
		}
		if strings.HasPrefix(r.URL.Path, "/beta/") {
			s.writeError(w, r, notSimulated("the beta version"))
			return
		}
		login.ServeHTTP(w, r)
	})
}

// hasCursor reports whether a request carries a delta token or a page token.
func hasCursor(r *http.Request) bool {
	q := r.URL.Query()
	return q.Has("$deltatoken") || q.Has("$skiptoken")
}
