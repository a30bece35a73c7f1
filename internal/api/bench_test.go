package api_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/api"
	"github.com/calweave/calweave/internal/api/reference"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/ident"
	"github.com/calweave/calweave/internal/intake"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/seal"
	"github.com/calweave/calweave/internal/store"
	"github.com/calweave/calweave/internal/telemetry"
	"github.com/calweave/calweave/internal/testkit"
)

// bench is the API over HTTP on a real store, with one tenant that has an account at each provider.
type bench struct {
	*testing.T
	api    *api.Server
	store  *store.Store
	clock  *clock.Manual
	ids    *ident.Source
	log    *journal
	url    string
	path   string
	oracle *oracle
	tenant cal.TenantID
	key    string
	keyID  string
	// google and graph are writable, shared may only be read, gone is not listed any more.
	google, graph, shared, gone cal.CalendarID
}

// journal is a log that tests read.
type journal struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.String()
}

// newBench starts an API on a database of its own.
func newBench(t *testing.T) *bench {
	t.Helper()
	path := filepath.Join(t.TempDir(), "calweave.db")
	if err := os.WriteFile(path, emptyDatabase(t), 0o600); err != nil {
		t.Fatal(err)
	}
	b := newBenchOn(t, "sqlite:"+path)
	b.path = path
	return b
}

// newPostgresBench starts an API on a PostgreSQL database of its own, where transactions run side by side.
func newPostgresBench(t *testing.T) *bench {
	t.Helper()
	owner := testkit.Postgres(t)
	login := testkit.Login(t, owner)
	m, err := store.NewMigrator(owner, slog.New(slog.DiscardHandler))
	if err == nil {
		_, err = m.Up(t.Context())
		err = errors.Join(err, m.Admit(t.Context(), login), m.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	return newBenchOn(t, login)
}

func newBenchOn(t *testing.T, database string) *bench {
	t.Helper()
	b := &bench{T: t, clock: clock.NewManual(time.Date(2026, 9, 1, 9, 0, 0, 0, time.UTC)), log: &journal{}, oracle: theOracle(t)}
	b.ids = ident.New(b.clock, rand.Reader)
	b.openStore(database)
	b.api = b.newServer()
	b.serve()
	b.tenant, b.keyID, b.key = b.newTenant("first")
	b.seed()
	return b
}

func (b *bench) ok(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) openStore(database string) {
	b.Helper()
	var err error
	b.store, err = store.Open(b.Context(), database, "", store.Options{
		Sealer: sealer(), Clock: b.clock, IDs: b.ids, Committed: func([]task.Hint) {},
	})
	b.ok(err)
	b.Cleanup(func() { _ = b.store.Close() })
}

var emptyOnce struct {
	sync.Mutex
	file []byte
}

// emptyDatabase is a SQLite file that has its schema: migrating takes longer than most tests.
func emptyDatabase(t *testing.T) []byte {
	t.Helper()
	emptyOnce.Lock()
	defer emptyOnce.Unlock()
	if emptyOnce.file != nil {
		return emptyOnce.file
	}
	path := filepath.Join(t.TempDir(), "empty.db")
	m, err := store.NewMigrator("sqlite:"+path, slog.New(slog.DiscardHandler))
	if err == nil {
		_, err = m.Up(t.Context())
		err = errors.Join(err, m.Close())
	}
	if err == nil {
		emptyOnce.file, err = os.ReadFile(path)
	}
	if err != nil {
		t.Fatal(err)
	}
	return emptyOnce.file
}

// explained is the reference, the same in all tests of a run.
var explained = sync.OnceValue(func() reference.Pages {
	pages, err := api.NewReference()
	if err != nil {
		panic(err)
	}
	return pages
})

// sealer is one for all tests of a run.
var sealer = sync.OnceValue(func() *seal.Sealer {
	raw, err := seal.Generate()
	if err != nil {
		panic(err)
	}
	s, err := seal.Parse(raw)
	if err != nil {
		panic(err)
	}
	return s
})

// newServer puts the API together as the App does, without providers.
func (b *bench) newServer() *api.Server {
	b.Helper()
	contract, err := api.NewContract()
	b.ok(err)
	service := &intake.Service{Store: b.store, Quiet: func(p cal.Provider) bool { return p == cal.Google }, Fits: contract.Booking}
	return &api.Server{
		Bookings: bookings{service, b.store}, Ledger: b.store, Accounts: b.store, Applications: b.store, Calendars: b.store, Providers: providers{b}, Flow: &flow{store: b.store, ids: b.ids, clock: b.clock}, Endpoints: b.store,
		Deliveries: b.store, DeadLetters: b.store, Drifts: b.store, Mirror: b.store, StaleAfter: 30 * time.Minute, Guards: b.store, Messages: b.store, Requests: b.store,
		Contract: contract, Reference: explained(), Log: telemetry.NewLogger(b.log, telemetry.JSON, slog.LevelInfo),
		Authenticate: func(ctx context.Context, token string) (api.Identity, error) {
			k, err := b.store.APIKey(ctx, token)
			return api.Identity{Tenant: k.Tenant, KeyID: k.ID, Scopes: k.Scopes}, err
		},
		Trace: func(header string) string {
			if t, err := telemetry.ParseTrace(header); err == nil {
				return t.Child(b.ids).String()
			}
			return telemetry.NewTrace(b.ids).String()
		},
		Arrive:     func() func() { return func() {} },
		RequestID:  func() string { return b.ids.ID("req") },
		CheckURL:   func(context.Context, string) error { return nil },
		Secret:     func() []byte { return bytes.Repeat([]byte{7}, 32) },
		Cookie:     b.ids.Secret,
		Ready:      b.store.Ping,
		PublicURL:  "https://calweave.test",
		ReturnURLs: []string{"https://core.test/done", "https://core.test/done?from=calweave"},
	}
}

func (b *bench) serve() {
	b.Helper()
	s := httptest.NewUnstartedServer(b.api.Handler())
	s.Config.ErrorLog = slog.NewLogLogger(slog.NewJSONHandler(b.log, nil), slog.LevelWarn)
	s.Start()
	b.Cleanup(s.Close)
	b.url = s.URL
}

func (b *bench) newTenant(name string) (id cal.TenantID, keyID, key string) {
	b.Helper()
	id, err := b.store.CreateTenant(b.Context(), name, "test")
	b.ok(err)
	k, err := b.store.CreateKey(b.Context(), id, store.PurposeAPI, record.AllScopes(), "test")
	b.ok(err)
	return id, k.ID, k.Secret
}

// seed gives the tenant its calendars.
func (b *bench) seed() {
	b.Helper()
	google := b.connect(b.tenant, cal.Google)
	listed := []cal.Calendar{
		{ID: "primary", Name: "Ada", Primary: true, Owner: "ada@example.com", Writable: true, Zone: "Europe/Berlin"},
		{ID: "shared", Name: "Holidays"},
		{ID: "gone", Name: "Old", Writable: true},
	}
	b.discover(b.tenant, google, listed...)
	b.gone = b.calendar(b.tenant, "gone")
	b.clock.Advance(time.Second)
	for range 2 { // one that is missing once is only doubted
		b.discover(b.tenant, google, listed[:2]...)
	}
	b.discover(b.tenant, b.connect(b.tenant, cal.Microsoft), cal.Calendar{ID: "AAMk=", Name: "Calendar", Primary: true, Writable: true})
	for remote, id := range map[cal.RemoteCalendarID]*cal.CalendarID{"primary": &b.google, "shared": &b.shared, "AAMk=": &b.graph} {
		*id = b.calendar(b.tenant, remote)
	}
}

// connect begins a connection.
func (b *bench) connect(tenant cal.TenantID, p cal.Provider) cal.ConnectionID {
	b.Helper()
	id, err := b.store.BeginConnection(b.Context(), tenant, record.NewFlow{
		Provider: p, AppID: cal.AppID(p), ConnectToken: b.ids.Secret(), State: b.ids.Secret(), Verifier: b.ids.Secret(),
		ExpiresAt: b.clock.Now().Add(time.Hour), Actor: "test",
	})
	b.ok(err)
	return id
}

// discover activates a connection and stores what a listing of its calendars has said.
func (b *bench) discover(tenant cal.TenantID, id cal.ConnectionID, all ...cal.Calendar) {
	b.Helper()
	b.ok(b.store.Activate(b.Context(), tenant, id, record.Grant{
		AccessToken: "access", RefreshToken: "refresh", Scopes: "calendar", ExpiresAt: b.clock.Now().Add(time.Hour),
	}))
	b.listed(tenant, id, all...)
}

// listed stores what a listing of an account's calendars has said.
func (b *bench) listed(tenant cal.TenantID, id cal.ConnectionID, all ...cal.Calendar) {
	b.Helper()
	ref := task.Ref{Tenant: tenant, Kind: task.ConnectionDiscover, Subject: string(id)}
	l, claimed, err := b.store.Claim(b.Context(), ref, time.Minute)
	b.ok(err)
	if !claimed {
		b.Fatal("the listing cannot be claimed")
	}
	b.ok(b.store.Discovered(b.Context(), l, record.Discovery{Connection: id, Calendars: all, Outcome: record.Served()}))
}

func (b *bench) calendar(tenant cal.TenantID, remote cal.RemoteCalendarID) cal.CalendarID {
	b.Helper()
	all, err := b.store.Calendars(b.Context(), tenant, record.CalendarFilter{}, "", 200)
	b.ok(err)
	for _, c := range all {
		if c.Remote == remote {
			return c.ID
		}
	}
	return ""
}

// bookings fits the intake and the store to the API, as the App does.
type bookings struct {
	service *intake.Service
	store   *store.Store
}

func (b bookings) Put(ctx context.Context, who api.Identity, id cal.BookingID, spec cal.Booking, o api.Options) (record.Booking, bool, error) {
	r, err := b.service.Submit(ctx, who.Tenant, intake.Submission{
		ID: id, Booking: &spec, IfMatch: o.IfMatch, Actor: who.KeyID, Via: "http", Traceparent: o.Trace,
	})
	return r.Booking, r.Repeat, err
}

func (b bookings) Cancel(ctx context.Context, who api.Identity, id cal.BookingID, version int64, o api.Options) (record.Booking, bool, error) {
	r, err := b.service.Submit(ctx, who.Tenant, intake.Submission{
		ID: id, Cancel: &version, IfMatch: o.IfMatch, Actor: who.KeyID, Via: "http", Traceparent: o.Trace,
	})
	return r.Booking, r.Repeat, err
}

func (b bookings) Decide(
	ctx context.Context, who api.Identity, id cal.BookingID, d message.Decision, of api.Changed, o api.Options,
) (record.Booking, error) {
	return b.service.Decide(ctx, who.Tenant, intake.Verdict{
		ID: id, Decision: d, Calendar: of.Calendar, Occurrence: of.Occurrence, IfMatch: o.IfMatch, Actor: who.KeyID, Traceparent: o.Trace,
	})
}

func (b bookings) Booking(ctx context.Context, tenant cal.TenantID, id cal.BookingID) (record.Booking, error) {
	return b.store.Booking(ctx, tenant, id)
}

func (b bookings) Reservation(ctx context.Context, tenant cal.TenantID, token cal.ReservationToken) (record.Reservation, error) {
	return b.store.Reservation(ctx, tenant, token)
}

// flow begins connections on the store. No provider is there to send an owner to.
type flow struct {
	store *store.Store
	ids   *ident.Source
	clock *clock.Manual
}

func (f *flow) Begin(ctx context.Context, tenant cal.TenantID, r api.Request) (cal.ConnectionID, string, error) {
	n := record.NewFlow{
		Provider: r.Provider, AppID: cal.AppID(r.Provider), Again: r.Again, ReturnURL: r.ReturnURL, ConnectToken: f.ids.Secret(), State: f.ids.Secret(), Verifier: f.ids.Secret(),
		ExpiresAt: f.clock.Now().Add(time.Hour), Actor: r.Actor,
	}
	n.AppID = cmp.Or(r.App, n.AppID)
	id, err := f.store.BeginConnection(ctx, tenant, n)
	return id, n.ConnectToken, err
}

func (f *flow) Open(context.Context, string, string) (string, error) {
	return "https://provider.test", nil
}

func (f *flow) Finish(context.Context, api.Answer) (api.Connected, error) {
	return api.Connected{}, nil
}

// spec is a booking that is accepted; edit changes it.
func (b *bench) spec(version int64, edits ...func(map[string]any)) map[string]any {
	doc := map[string]any{
		"version": version, "title": "Intro call",
		"start":   map[string]any{"date_time": "2026-10-01T10:00:00", "time_zone": "Europe/Berlin"},
		"end":     map[string]any{"date_time": "2026-10-01T10:30:00", "time_zone": "Europe/Berlin"},
		"targets": []any{map[string]any{"calendar_id": b.google}},
	}
	for _, edit := range edits {
		edit(doc)
	}
	return doc
}

// with sets a field of a document.
func with(name string, v any) func(map[string]any) { return func(doc map[string]any) { doc[name] = v } }

// without removes one.
func without(name string) func(map[string]any) { return func(doc map[string]any) { delete(doc, name) } }

func header(name string, values ...string) func(*http.Request) {
	return func(r *http.Request) { r.Header[http.CanonicalHeaderKey(name)] = values }
}
