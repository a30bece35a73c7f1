package tinydriver

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/contracts/provider/providertest"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/deltasync"
	"github.com/calweave/calweave/internal/gateway"
	"github.com/calweave/calweave/internal/ident"
	"github.com/calweave/calweave/internal/intake"
	"github.com/calweave/calweave/internal/reconcile"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/seal"
	"github.com/calweave/calweave/internal/store"
	"github.com/calweave/calweave/internal/watch"
	"github.com/calweave/calweave/internal/work"
	"github.com/calweave/calweave/providers"
)

// With one more line beside the providers that are shipped, bookings travel to the driver's calendars, and a person's change comes back: by polling,
// since there are no channels.
func TestBookingTravels(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	e := newEngine(t, p, append(providers.Builtin(providers.Config{}), p.driver))
	e.settle()
	start := time.Date(2026, 9, 20, 12, 0, 0, 0, time.UTC)
	e.book("Intro call", start)
	e.settle()
	person := hand{t, p.server}
	shown := person.Standing()
	if len(shown) != 1 || shown[0].Title != "Intro call" || !shown[0].Start.Equal(start) {
		t.Fatalf("the person sees %+v", shown)
	}
	later := start.Add(3 * time.Hour)
	person.Edit(shown[0].ID, providertest.Edit{Start: &later})
	if told := e.told(); slices.Contains(told, message.BookingMoved) {
		t.Errorf("nobody has looked yet, and the core is told %v", told)
	}
	p.server.clock.Advance(pollEvery)
	e.settle()
	if told := e.told(); !slices.Contains(told, message.BookingSynced) || !slices.Contains(told, message.BookingMoved) {
		t.Errorf("the core is told %v", told)
	}
	if n := len(person.Standing()); n != 1 {
		t.Errorf("%d events stand", n)
	}
}

const pollEvery = time.Hour

// engine is what calweave is made of, for one tenant with one connection.
type engine struct {
	*work.Engine
	t      *testing.T
	place  place
	store  *store.Store
	intake *intake.Service
	tenant cal.TenantID
}

func newEngine(t *testing.T, p place, drivers []provider.Driver) *engine {
	t.Helper()
	e := &engine{t: t, place: p, store: newStore(t, p)}
	var err error
	e.tenant, err = e.store.CreateTenant(t.Context(), "test", record.ActorOperator)
	e.must(err)
	id, err := e.store.BeginConnection(t.Context(), e.tenant, record.NewFlow{
		Provider: Name, AppID: "app", ConnectToken: "c", State: "s", Verifier: "v", ExpiresAt: p.server.clock.Now().Add(time.Hour), Actor: "test",
	})
	e.must(err)
	grant := record.Grant{AccessToken: token, RefreshToken: "r", ExpiresAt: p.server.clock.Now().AddDate(1, 0, 0)}
	e.must(e.store.Activate(t.Context(), e.tenant, id, grant))
	g := &gateway.Gateway{
		Drivers: map[cal.Provider]provider.Driver{}, Store: e.store, Tokens: tokens{}, Clock: p.server.clock,
		HTTP: func(cal.Provider, string) *http.Client { return &http.Client{Transport: p.signed} },
	}
	for _, d := range drivers {
		g.Drivers[d.Name()] = d
	}
	e.intake = &intake.Service{Store: e.store, Quiet: g.Quiet}
	e.Engine = &work.Engine{
		Store: e.store, Handlers: handlers(e.store, g), Clock: p.server.clock, Jitter: none, Lease: time.Minute,
		Trace: func(ctx context.Context, parent string) (context.Context, string) { return ctx, parent }, Log: slog.New(slog.DiscardHandler),
	}
	return e
}

func newStore(t *testing.T, p place) *store.Store {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	url := "sqlite:" + filepath.Join(t.TempDir(), "calweave.db")
	m, err := store.NewMigrator(url, slog.New(slog.DiscardHandler))
	must(err)
	_, err = m.Up(t.Context())
	must(err)
	must(m.Close())
	keys, err := seal.Generate()
	must(err)
	sealer, err := seal.Parse(keys)
	must(err)
	s, err := store.Open(t.Context(), url, "", store.Options{Sealer: sealer, Clock: p.server.clock, IDs: ident.New(p.server.clock, rand.Reader)})
	must(err)
	t.Cleanup(func() { must(s.Close()) })
	return s
}

func none(time.Duration) time.Duration { return 0 }

// tokens hands out the one token.
type tokens struct{}

func (tokens) Token(context.Context, cal.TenantID, record.Connection) (access string, version int64, err error) {
	return token, 1, nil
}

func (tokens) Refused(context.Context, cal.TenantID, cal.ConnectionID, int64) error { return nil }

// handlers do what a booking's way takes, and what a provider without channels is asked for in their stead.
func handlers(s *store.Store, g *gateway.Gateway) map[task.Kind]work.Handler {
	const lease = time.Minute
	reconciler := &reconcile.Reconciler{
		Store: s, Clock: g.Clock, Lease: lease, Quiet: g.Quiet,
		Open: func(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID) (reconcile.Client, reconcile.Abilities, error) {
			c, err := g.Open(ctx, tenant, id)
			if err != nil {
				return nil, reconcile.Abilities{}, err
			}
			can := c.Capabilities()
			return c, reconcile.Abilities{Quiet: can.Quiet, Conditional: can.Conditional, Finds: can.Finds}, nil
		},
	}
	syncer := &deltasync.Syncer{
		Store: s, Clock: g.Clock, Lease: lease, Past: 30 * 24 * time.Hour, Future: 365 * 24 * time.Hour,
		Rhythm: deltasync.NewRhythm(pollEvery, pollEvery, pollEvery, none),
		Open: func(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID) (deltasync.Lister, bool, error) {
			c, err := g.Open(ctx, tenant, id)
			if err != nil {
				return nil, false, err
			}
			return c, c.Capabilities().Lists, nil
		},
	}
	discoverer := &deltasync.Discoverer{
		Store: s, Clock: g.Clock, Interval: 365 * 24 * time.Hour, Jitter: none,
		Open: func(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID) (deltasync.CalendarLister, error) {
			return g.Open(ctx, tenant, id)
		},
	}
	keeper := &watch.Keeper{
		Store: s, Clock: g.Clock, Lease: lease, Enabled: true, Address: func(cal.Provider) string { return "https://calweave.example/hooks/tiny" },
		Open: func(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID) (watch.Client, watch.Abilities, error) {
			c, err := g.Open(ctx, tenant, id)
			if err != nil {
				return nil, watch.Abilities{}, err
			}
			return c, watch.Abilities{Pushes: c.Capabilities().Pushes, Renews: c.Capabilities().Renews}, nil
		},
	}
	return map[task.Kind]work.Handler{
		task.ConnectionDiscover: discoverer.Work, task.LinkPush: reconciler.Work, task.CalendarSync: syncer.Work, task.CalendarWatch: keeper.Work,
		task.CalendarPoll: (&deltasync.Poller{Store: s, Clock: g.Clock, Rhythm: deltasync.NewRhythm(pollEvery, pollEvery, pollEvery, none)}).Work,
	}
}

func (e *engine) must(err error) {
	e.t.Helper()
	if err != nil {
		e.t.Fatal(err)
	}
}

// settle does what is due until nothing is.
func (e *engine) settle() {
	e.t.Helper()
	for range 100 {
		due, err := e.store.Due(e.t.Context(), e.place.server.clock.Now(), e.place.server.clock.Now(), 100, 100)
		e.must(err)
		worked := false
		for _, hint := range due {
			if e.Handlers[hint.Kind] == nil {
				continue // deliveries and tidying up, which no provider takes part in
			}
			_, err := e.Work(e.t.Context(), hint.Ref)
			e.must(err)
			worked = true
		}
		if !worked {
			return
		}
	}
	e.t.Fatal("it does not settle")
}

// book hands over a booking in the account's calendar.
func (e *engine) book(title string, start time.Time) {
	e.t.Helper()
	calendars, err := e.store.Calendars(e.t.Context(), e.tenant, record.CalendarFilter{}, "", 10)
	e.must(err)
	if len(calendars) != 1 {
		e.t.Fatalf("%d calendars were found", len(calendars))
	}
	_, err = e.intake.Submit(e.t.Context(), e.tenant, intake.Submission{ID: "b1", Actor: "test", Via: "test", Booking: &cal.Booking{
		Version: 1, Title: title, Targets: []cal.Target{{CalendarID: calendars[0].ID}},
		Start: cal.Moment{Instant: start, Zone: "Europe/Berlin"}.When(), End: cal.Moment{Instant: start.Add(time.Hour), Zone: "Europe/Berlin"}.When(),
	}})
	e.must(err)
}

// told are the messages to the core so far.
func (e *engine) told() []message.Type {
	e.t.Helper()
	items, err := e.store.Feed(e.t.Context(), e.tenant, 0, 100)
	e.must(err)
	var all []message.Type
	for _, i := range items {
		all = append(all, i.Type)
	}
	return all
}
