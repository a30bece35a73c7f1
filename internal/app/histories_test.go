package app_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/app"
	"github.com/calweave/calweave/internal/app/converge"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/stage"
	"github.com/calweave/calweave/internal/testkit"
)

// TestRealHistories plays histories that nobody has thought of through everything that is real but the providers: both SDKs over HTTP, PostgreSQL, the
// script of the budget in a Redis, and providers whose switches are drawn too.
func TestRealHistories(t *testing.T) {
	t.Parallel()
	realHistories(t, 100, func(*converge.About) {})
}

// TestRealHistoriesOfSeries plays such histories with bookings that stand as series, of which persons change single occurrences.
func TestRealHistoriesOfSeries(t *testing.T) {
	t.Parallel()
	realHistories(t, 100, func(a *converge.About) { a.Recurs, a.Series = true, true })
}

func realHistories(t *testing.T, played int, of func(*converge.About)) {
	t.Helper()
	switch {
	case testkit.UnderRace:
		played = 1
	case testing.Short():
		played = 5
	}
	base := testkit.Postgres(t)
	migrate(t.Context(), t, base, testkit.Login(t, base))
	for seed := range played {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			s := converge.Draw(seed)
			w := newHistory(t, base, switchesOf(t, s))
			of(&w.about)
			if out := converge.Play(w, s); len(out.Violations) > 0 {
				t.Errorf("%s\n%s", s, out)
			}
		})
	}
}

// drawnSwitches is how many switches of a history's providers are not as usual.
const drawnSwitches = 4

// switchesOf draws what providers are like.
func switchesOf(t *testing.T, s converge.Script) sim.Switches {
	t.Helper()
	out := sim.DefaultSwitches()
	draw := rand.New(rand.NewPCG(uint64(s.Setting.Op)<<8|uint64(s.Setting.C), 1)) //nolint:gosec // the same values in every run
	all := sim.Alternatives()
	for range drawnSwitches {
		a := all[draw.IntN(len(all))]
		var err error
		if out, err = out.With(a.Switch, a.Values[draw.IntN(len(a.Values))]); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// history is a world in which histories happen. What providers push waits until it is let through.
type history struct {
	*world
	redis *miniredis.Miniredis
	owner string
	about converge.About
	sites map[sim.Provider]*historySite

	mu     sync.Mutex
	pushed []*http.Request
}

// historySite is one of its accounts.
type historySite struct {
	history *history
	in      sim.In

	mu sync.Mutex
	// freezes happen to the next calls, one each.
	freezes []func()
	effects []converge.Effect
}

func newHistory(t *testing.T, base string, s sim.Switches) *history {
	t.Helper()
	owner := testkit.PostgresCopy(t, base)
	h := &history{redis: miniredis.RunT(t), owner: owner, sites: map[sim.Provider]*historySite{}}
	for _, p := range both() {
		h.sites[p] = &historySite{history: h, in: in(p)}
	}
	h.world = plan{
		switches: s, poll: 6 * time.Hour, limit: 10 * limit, polls: true, databaseURL: testkit.Login(t, owner), ownerURL: owner,
		redisURL: "redis://" + h.redis.Addr(), before: func(p sim.Provider, next http.Handler) http.Handler { return h.sites[p].watch(next) },
	}.start(t)
	h.wishes = nil // a history holds each single write against what its booking asks for
	h.listen()
	h.about = converge.About{
		Ctx: h.ctx, Clock: h.clock, Tenant: h.tenant, Poll: h.config.PollInterval, Lease: h.config.Lease, Flush: h.redis.FlushAll, Again: h.again,
	}
	for _, p := range both() {
		site := h.sites[p]
		site.effects = nil
		c, err := h.app.Store.Calendar(h.ctx, h.tenant, h.targets[cal.Provider(p)])
		h.must(err)
		h.about.Sites = append(h.about.Sites, converge.Site{
			Provider: c.Provider, Connection: c.ConnectionID, Calendar: c.ID, Quiet: p == sim.Google, Persons: site, Provides: site,
		})
	}
	return h
}

// listen keeps what providers push, but for the handshakes that they wait for. Redis hears at each statement what has become of the calls before it.
func (h *history) listen() {
	running := h.app
	h.killer.mu.Lock()
	h.killer.heard = func(string) { running.Report(h.ctx) }
	h.killer.mu.Unlock()
	next := running.Handler()
	var keeps http.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/hooks/") || r.URL.Query().Has("validationToken") {
			next.ServeHTTP(rw, r)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			rw.WriteHeader(http.StatusBadRequest)
			return
		}
		kept := httptest.NewRequestWithContext(context.WithoutCancel(r.Context()), r.Method, r.URL.RequestURI(), bytes.NewReader(body))
		kept.Header = maps.Clone(r.Header)
		h.mu.Lock()
		h.pushed = append(h.pushed, kept)
		h.mu.Unlock()
		rw.WriteHeader(http.StatusAccepted)
	})
	h.current.Store(&keeps)
}

// About implements converge.World.
func (h *history) About() converge.About { return h.about }

// App implements converge.World. Redis has the world's time.
func (h *history) App() *app.App {
	h.redis.SetTime(h.clock.Now())
	return h.app
}

// Crash implements converge.World.
func (h *history) Crash(n int, after bool) { h.killer.arm(n, after) }

// Dead implements converge.World.
func (h *history) Dead() bool { return h.killer.isDead() }

// Restart implements converge.World.
func (h *history) Restart() error {
	h.restart()
	h.listen()
	return nil
}

// Told implements converge.World.
func (h *history) Told() map[cal.MessageID]message.Type {
	h.core.mu.Lock()
	defer h.core.mu.Unlock()
	out := map[cal.MessageID]message.Type{}
	for _, e := range h.core.messages {
		out[e.ID] = e.Type
	}
	return out
}

func (h *history) again() error {
	db, err := sql.Open("pgx", h.owner)
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // what it wrote is committed
	_, err = db.ExecContext(h.ctx, `UPDATE work SET wanted = wanted + 1, not_before = 0 WHERE kind = 'link:push' AND state = 'ready' AND wanted = done`)
	return err
}

// watch sees what becomes of the account's calls, and freezes some of them on their way.
func (s *historySite) watch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && !s.isFrozen() || !strings.Contains(r.URL.Path, "/events") {
			next.ServeHTTP(rw, r)
			return
		}
		before := s.events()
		s.freeze()
		after, mails := s.events(), len(s.mails())
		defer func() { // also when the answer is lost
			s.wrote(r.Method, before, after, s.events(), len(s.mails())-mails)
		}()
		next.ServeHTTP(rw, r)
	})
}

func (s *historySite) isFrozen() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.freezes) > 0
}

func (s *historySite) freeze() {
	s.mu.Lock()
	if len(s.freezes) == 0 {
		s.mu.Unlock()
		return
	}
	meanwhile := s.freezes[0]
	s.freezes = s.freezes[1:]
	s.mu.Unlock()
	meanwhile()
}

// wrote keeps what a call has done: began is what stood when it came, before what stood when it was carried out.
func (s *historySite) wrote(op string, began, before, after map[string]sim.Event, mails int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, e := range after {
		was, there := before[id]
		if there && was.ETag == e.ETag && was.Deleted == e.Deleted {
			continue
		}
		first, there := began[id]
		effect := converge.Effect{Op: op, Event: cal.EventID(id), Mails: mails, Stale: there && first.ETag != was.ETag}
		for _, value := range e.Properties {
			effect.Stamp = value
		}
		s.effects = append(s.effects, effect)
	}
}

func (s *historySite) events() map[string]sim.Event {
	all, err := s.history.sim.Events(s.in)
	out := map[string]sim.Event{}
	if err != nil {
		return out // there is nobody yet
	}
	for _, e := range all {
		out[e.ID] = e
	}
	return out
}

func (s *historySite) mails() (out []sim.Mail) {
	for _, m := range s.history.sim.Mails(0) {
		if m.Provider == s.in.Provider {
			out = append(out, m)
		}
	}
	return out
}

// Strike implements converge.Provides.
func (s *historySite) Strike(f converge.Fault) {
	if f.Kind == converge.Frozen {
		s.mu.Lock()
		s.freezes = append(s.freezes, f.Meanwhile)
		s.mu.Unlock()
		return
	}
	one := sim.Fault{Provider: s.in.Provider, Account: s.in.Email, Path: "*/events*", Count: 1, Action: stage.ActStatus}
	switch f.Kind { //nolint:exhaustive // the last one is above
	case converge.Away:
		one.Status = http.StatusServiceUnavailable
	case converge.Lost:
		one.Action = sim.ActLostAnswer
	case converge.Limited:
		one.Status, one.RetryAfter = http.StatusTooManyRequests, "30"
	case converge.Conflicts:
		one.Method, one.Path, one.Status = http.MethodPatch, "*/events/*", http.StatusPreconditionFailed
	case converge.Unauthorized:
		one.Status = http.StatusUnauthorized
	case converge.Hidden:
		one.Method, one.Path, one.Status = http.MethodGet, "*/events/*", http.StatusNotFound
	}
	_, err := s.history.sim.AddFault(one)
	s.history.must(err)
}

// Heal implements converge.Provides.
func (s *historySite) Heal() {
	s.mu.Lock()
	s.freezes = nil
	s.mu.Unlock()
	for _, f := range s.history.sim.Faults() {
		if f.Provider == s.in.Provider {
			s.history.sim.RemoveFault(f.ID)
		}
	}
}

// LoseCursors implements converge.Provides.
func (s *historySite) LoseCursors() { s.history.must(s.history.sim.ExpireCursors(s.in)) }

// Consent implements converge.Provides.
func (s *historySite) Consent(id cal.ConnectionID, closed time.Time) (record.Grant, error) {
	token, err := s.history.sim.IssueToken(s.in.Provider, s.in.Email, "client")
	return record.Grant{
		ConnectionID: id, AccessToken: token.Access, RefreshToken: token.Refresh, ClosedAt: closed, ExpiresAt: s.history.clock.Now().Add(time.Hour),
	}, err
}

// Writes implements converge.Provides.
func (s *historySite) Writes() []converge.Effect {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.effects)
}

// Push implements converge.Provides.
func (s *historySite) Push(times int) error {
	h := s.history
	h.sim.CatchUp()
	if err := h.sim.Wait(h.ctx, func() bool { return h.sim.PushesPending() == 0 }); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	mine := func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/hooks/"+string(s.in.Provider)) }
	for _, r := range h.pushed {
		if !mine(r) {
			continue
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		for range times {
			again, rec := r.Clone(h.ctx), httptest.NewRecorder()
			again.Body = io.NopCloser(bytes.NewReader(body))
			h.app.Handler().ServeHTTP(rec, again)
			if rec.Code >= http.StatusInternalServerError {
				r.Body = io.NopCloser(bytes.NewReader(body))
				return fmt.Errorf("a push is answered %d", rec.Code)
			}
		}
	}
	h.pushed = slices.DeleteFunc(h.pushed, mine)
	return nil
}
