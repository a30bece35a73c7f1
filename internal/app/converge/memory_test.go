package converge_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/app"
	"github.com/calweave/calweave/internal/app/converge"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/config"
	"github.com/calweave/calweave/internal/memdriver"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/seal"
	"github.com/calweave/calweave/internal/store"
)

// memory is a world of a SQLite file and two providers in memory. Nothing in it goes over a network.
type memory struct {
	ctx     context.Context
	clock   *clock.Manual
	config  *config.Config
	tenant  cal.TenantID
	sites   []*site
	about   converge.About
	app     *app.App
	like    *app.App
	process *process
	// seed numbers the processes of a world; those of the model are others than all worlds'.
	seed byte
	mu   sync.Mutex
	told map[cal.MessageID]message.Type
	url  string
	// mutant is what is wrong with the engine; nil for nothing that anybody knows of.
	mutant *mutant
}

// model is what all worlds of a test begin as: a database with a tenant, an endpoint and two connected accounts.
type model struct {
	settings map[string]string
	database []byte
	tenant   cal.TenantID
	like     *app.App
	about    []converge.Site
	told     map[cal.MessageID]message.Type
	mutant   *mutant
	// recurs says that bookings may recur, series that they stand as series then.
	recurs, series bool
}

var began = time.Date(2027, 2, 1, 9, 0, 0, 0, time.UTC)

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// newModel makes the database that worlds begin with.
func newModel(tb testing.TB) *model {
	tb.Helper()
	keys, err := seal.Generate()
	must(tb, err)
	m := &model{settings: map[string]string{
		"CALWEAVE_REDIS_URL": "", "CALWEAVE_PUBLIC_URL": "http://calweave.test", "CALWEAVE_SEAL_KEYS": string(keys), "CALWEAVE_POLL_INTERVAL": "6h",
		"CALWEAVE_GOOGLE_CLIENT_ID": "client", "CALWEAVE_GOOGLE_CLIENT_SECRET": "secret",
		"CALWEAVE_MICROSOFT_CLIENT_ID": "client", "CALWEAVE_MICROSOFT_CLIENT_SECRET": "secret",
		"CALWEAVE_GOOGLE_LIMIT_PER_MINUTE": "0", "CALWEAVE_GOOGLE_LIMIT_PER_DAY": "0", "CALWEAVE_GOOGLE_MAILBOX_LIMIT_PER_MINUTE": "0",
		"CALWEAVE_MICROSOFT_LIMIT_PER_10S": "0", "CALWEAVE_MICROSOFT_MAILBOX_LIMIT_PER_10M": "0", "CALWEAVE_CALENDAR_WRITES_PER_MINUTE": "0",
	}}
	dir := tb.TempDir()
	w := m.start(tb, dir, converge.Script{})
	m.like = w.app
	m.tenant, err = w.app.CreateTenant(w.ctx, "test")
	must(tb, err)
	_, err = w.app.Store.CreateEndpoint(w.ctx, m.tenant, record.Endpoint{URL: "http://core.test/", Secret: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDWVd2uKzMVc8="}, "test")
	must(tb, err)
	for _, s := range w.sites {
		id, err := w.app.Store.BeginConnection(w.ctx, m.tenant, record.NewFlow{
			Provider: s.Kind.Name, AppID: cal.AppID(s.Kind.Name), ConnectToken: "connect" + string(s.Kind.Name), State: "state" + string(s.Kind.Name), ExpiresAt: began.Add(time.Hour),
		})
		must(tb, err)
		g, err := s.Consent(id, time.Time{})
		must(tb, err)
		must(tb, w.app.Store.Activate(w.ctx, m.tenant, id, g))
		m.about = append(m.about, converge.Site{Provider: s.Kind.Name, Connection: id, Quiet: s.Kind.Quiet})
	}
	for range 3 {
		due, err := w.app.Store.Due(w.ctx, began, began, 100, 100)
		must(tb, err)
		for _, d := range due {
			_, err := w.app.Engine.Work(w.ctx, d.Ref)
			must(tb, err)
		}
	}
	all, err := w.app.Store.Calendars(w.ctx, m.tenant, record.CalendarFilter{}, "", 10)
	must(tb, err)
	for i := range m.about {
		for _, c := range all {
			if c.Provider == m.about[i].Provider {
				m.about[i].Calendar = c.ID
			}
		}
	}
	must(tb, w.app.Close())
	m.told = w.told
	m.database, err = os.ReadFile(filepath.Join(dir, "calweave.db"))
	must(tb, err)
	return m
}

// world begins a world in a directory.
func (m *model) world(tb testing.TB, dir string, s converge.Script) *memory {
	tb.Helper()
	must(tb, os.WriteFile(filepath.Join(dir, "calweave.db"), m.database, 0o600))
	return m.start(tb, dir, s)
}

func (m *model) start(tb testing.TB, dir string, s converge.Script) *memory {
	tb.Helper()
	w := &memory{ctx: tb.Context(), clock: clock.NewManual(began), tenant: m.tenant, like: m.like, mutant: m.mutant, told: map[cal.MessageID]message.Type{}}
	maps.Copy(w.told, m.told)
	if m.database != nil {
		w.seed = 128
	}
	w.url = "sqlite:" + filepath.Join(dir, "calweave.db")
	google, microsoft := memdriver.Google(), memdriver.Microsoft()
	microsoft.Blind = s.Setting.Op&1 != 0
	google.EmptyPages = s.Setting.Op&2 != 0
	if s.Setting.Op&8 != 0 {
		google.Conferences, microsoft.Conferences = memdriver.ConfersNever, memdriver.PassesOver
	}
	if s.Setting.Op&4 != 0 {
		microsoft.Unseen = "gone"
	}
	w.sites = []*site{newSite(w, google), newSite(w, microsoft)}
	if m.database == nil {
		migrator, err := store.NewMigrator(w.url, slog.New(slog.DiscardHandler))
		must(tb, err)
		_, err = migrator.Up(w.ctx)
		must(tb, err)
		must(tb, migrator.Close())
	}
	settings := map[string]string{"CALWEAVE_DATABASE_URL": w.url}
	maps.Copy(settings, m.settings)
	c, err := config.Load(config.Source{Purpose: config.ForRun, Presets: settings})
	must(tb, err)
	w.config = c
	must(tb, w.open())
	w.about = converge.About{Ctx: w.ctx, Clock: w.clock, Tenant: m.tenant, Poll: c.PollInterval, Lease: c.Lease, Again: w.again, SetsBack: true, Confers: true, Recurs: m.recurs, Series: m.series}
	for i, about := range m.about {
		about.Persons, about.Provides = w.sites[i], w.sites[i]
		w.about.Sites = append(w.about.Sites, about)
	}
	return w
}

func (w *memory) open() (err error) {
	w.process = &process{mutant: w.mutant}
	var drivers []provider.Driver
	for _, s := range w.sites {
		drivers = append(drivers, s.provider())
	}
	w.seed++
	log := slog.New(slog.DiscardHandler)
	if os.Getenv("CALWEAVE_TEST_LOG") != "" {
		log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	w.app, err = app.New(w.ctx, w.config, app.Outside{
		Clock: w.clock, Rand: rand.NewChaCha8([32]byte{w.seed}), Log: log, WrapSQL: w.process.wrap,
		WrapHTTP: func(http.RoundTripper) http.RoundTripper { return w }, Drivers: drivers, Like: w.like,
	})
	return err
}

// RoundTrip answers whatever goes over HTTP: messages to the core, and the token endpoint.
func (w *memory) RoundTrip(r *http.Request) (*http.Response, error) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	answer := `{"access_token":"access","refresh_token":"refresh","token_type":"Bearer","expires_in":3600}`
	if r.URL.Host == "core.test" {
		var e message.Envelope
		if err := json.Unmarshal(raw, &e); err != nil {
			return nil, err
		}
		w.mu.Lock()
		w.told[e.ID] = e.Type
		w.mu.Unlock()
		answer = ""
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(answer)), Request: r,
	}, nil
}

func (w *memory) About() converge.About                { return w.about }
func (w *memory) App() *app.App                        { return w.app }
func (w *memory) Crash(n int, after bool)              { w.process.arm(n, after) }
func (w *memory) Dead() bool                           { return w.process.isDead() }
func (w *memory) Told() map[cal.MessageID]message.Type { return w.told }

// Restart starts another process once the leases of the one before are over.
func (w *memory) Restart() error {
	_ = w.app.Close() // what it held is gone with it
	w.clock.Advance(w.config.Lease + time.Second)
	return w.open()
}

func (w *memory) again() error {
	db, err := sql.Open("sqlite", strings.TrimPrefix(w.url, "sqlite:"))
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // what it wrote is committed
	_, err = db.ExecContext(w.ctx, `UPDATE work SET wanted = wanted + 1, not_before = 0 WHERE kind = 'link:push' AND state = 'ready' AND wanted = done`)
	return err
}

// play plays a script in a world of its own.
func (m *model) play(tb testing.TB, s converge.Script) converge.Outcome {
	tb.Helper()
	dir, err := os.MkdirTemp("", "converge") //nolint:usetesting // thousands of worlds in one test would all be kept until its end
	must(tb, err)
	defer os.RemoveAll(dir) //nolint:errcheck // it is in the system's directory for what is not needed any more
	w := m.world(tb, dir, s)
	defer func() { must(tb, w.app.Close()) }()
	return converge.Play(w, s)
}
