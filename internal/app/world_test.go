package app_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/app"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/config"
	"github.com/calweave/calweave/internal/intake"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/seal"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/browser"
	"github.com/calweave/calweave/internal/sim/simtest"
	"github.com/calweave/calweave/internal/sim/stage"
	"github.com/calweave/calweave/internal/store"
)

const (
	ada   = "ada@example.com"       // hosts at Google
	grace = "grace@contoso.example" // hosts at Microsoft
	limit = 60 * time.Second        // what never happens fails the test
	wall  = "2027-03-01T10:00:00"   // the booking's start, in zone
	zone  = "Europe/Berlin"
	// uninvited is a guest of whatever the tests book, and is mailed only if notify says so.
	uninvited = "uninvited@example.net"
)

// world is one calweave with both providers and a booking core around it. Time stands still unless it is moved, and nothing is done unless it is
// stepped, so that every run of a test does the same.
type world struct {
	tb     testing.TB
	ctx    context.Context
	clock  *clock.Manual
	sim    *sim.Sim
	core   *core
	wishes *wishes
	killer *killer
	app    *app.App
	config *config.Config
	// settings are what config was read from.
	settings map[string]string
	tenant   cal.TenantID
	targets  map[cal.Provider]cal.CalendarID
	server   *httptest.Server
	current  atomic.Pointer[http.Handler]
	seed     byte
	// stepping is held during a step: what providers push meanwhile comes after it.
	stepping sync.RWMutex
	// pushing is held during a push: those that come together would share a transaction, and as many as it happens.
	pushing sync.Mutex
	// afterStep runs after each step, and after each restart.
	afterStep func()
	// beforeStep runs before each step.
	beforeStep func()
	// polls says that a calendar whose channel was refused is left to polling, and the next attempt to its time.
	polls bool
}

// newWorld starts a world on a database of its own and connects both hosts.
func newWorld(tb testing.TB, databaseURL, ownerURL string) *world {
	tb.Helper()
	return plan{switches: sim.DefaultSwitches(), poll: 10_000 * time.Hour, limit: limit, databaseURL: databaseURL, ownerURL: ownerURL}.start(tb)
}

// plan is what a world is like: how its providers behave, how often calendars are listed though nothing was pushed, whether that will do, how long a
// test may take, and where its data is.
type plan struct {
	switches              sim.Switches
	poll, limit           time.Duration
	polls                 bool
	databaseURL, ownerURL string
	redisURL              string
	// now is where the clock stands; zero for a day of which nobody cares.
	now time.Time
	// before stands in front of the providers; nil for nothing.
	before func(p sim.Provider, next http.Handler) http.Handler
}

func (p plan) start(tb testing.TB) *world {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), p.limit)
	finally(tb, cancel)
	if p.now.IsZero() {
		p.now = time.Date(2027, 2, 1, 9, 0, 0, 0, time.UTC)
	}
	w := &world{
		tb: tb, ctx: ctx, clock: clock.NewManual(p.now), core: newCore(), wishes: newWishes(), killer: newKiller(),
		targets: map[cal.Provider]cal.CalendarID{}, polls: p.polls,
	}
	w.startOutside(p.switches)
	w.config = w.configure(p)
	migrate(ctx, tb, p.ownerURL, p.databaseURL)
	w.start()
	w.connect()
	return w
}

func (w *world) startOutside(switches sim.Switches) {
	var err error
	w.sim, err = sim.New(sim.Config{Clock: w.clock, Seed: 1, PushBackoff: time.Millisecond, Switches: &switches})
	w.must(err)
	finally(w.tb, func() { w.wishes.check(w.tb, w.sim) })
	w.server = httptest.NewServer(http.HandlerFunc(w.serveHTTP))
	finally(w.tb, w.server.Close)
	finally(w.tb, w.sim.Close)
}

// serveHTTP answers like the App that runs now. Pushes wait for the end of a step, so that every run of a test makes the same calls; those that the
// step itself waits for do not: a handshake and, where Google sends it before it answers, a channel's first message.
func (w *world) serveHTTP(rw http.ResponseWriter, r *http.Request) {
	first := r.Header.Get("X-Goog-Resource-State") == "sync" && w.sim.Switches().Google.SyncMessage == stage.SyncBefore
	if strings.HasPrefix(r.URL.Path, "/hooks/") && !r.URL.Query().Has("validationToken") && !first {
		w.pushing.Lock()
		defer w.pushing.Unlock()
		w.stepping.RLock()
		defer w.stepping.RUnlock()
	}
	(*w.current.Load()).ServeHTTP(rw, r)
}

// finally has fn run when the test ends, and then forgets it. A parallel subtest is kept until its parent ends, and its cleanups with it: of thousands
// of worlds each one would be kept whole.
func finally(tb testing.TB, fn func()) {
	tb.Helper()
	tb.Cleanup(func() {
		fn()
		fn = nil
	})
}

func serve(tb testing.TB, h http.Handler) string {
	tb.Helper()
	s := httptest.NewServer(h)
	finally(tb, s.Close)
	return s.URL
}

// configure is the configuration that an operator would write, pointed at the simulators.
func (w *world) configure(p plan) *config.Config {
	keys, err := seal.Generate()
	w.must(err)
	google, graph := w.sim.Google(), w.sim.Microsoft()
	if p.before != nil {
		google, graph = p.before(sim.Google, google), p.before(sim.Microsoft, graph)
	}
	settings := settings(p.databaseURL, p.redisURL, w.server.URL, string(keys), serve(w.tb, google), serve(w.tb, graph))
	settings["CALWEAVE_POLL_INTERVAL"] = p.poll.String()
	w.settings = settings
	c, err := config.Load(config.Source{Purpose: config.ForRun, Presets: settings})
	w.must(err)
	return c
}

func settings(databaseURL, redisURL, publicURL, keys, google, graph string) map[string]string {
	return map[string]string{
		"CALWEAVE_DATABASE_URL":         databaseURL,
		"CALWEAVE_REDIS_URL":            redisURL,
		"CALWEAVE_PUBLIC_URL":           publicURL,
		"CALWEAVE_SEAL_KEYS":            keys,
		"CALWEAVE_EGRESS_ALLOW":         "127.0.0.1/32",
		"CALWEAVE_GOOGLE_CLIENT_ID":     "client",
		"CALWEAVE_GOOGLE_CLIENT_SECRET": "secret",
		"CALWEAVE_GOOGLE_API_URL":       google + "/calendar/v3/",
		// What is counted here is statements and calls, not time: a bucket that starts empty would make each walk wait first.
		"CALWEAVE_GOOGLE_LIMIT_PER_MINUTE": "0", "CALWEAVE_GOOGLE_LIMIT_PER_DAY": "0", "CALWEAVE_GOOGLE_MAILBOX_LIMIT_PER_MINUTE": "0",
		"CALWEAVE_MICROSOFT_LIMIT_PER_10S": "0", "CALWEAVE_MICROSOFT_MAILBOX_LIMIT_PER_10M": "0", "CALWEAVE_CALENDAR_WRITES_PER_MINUTE": "0",
		"CALWEAVE_GOOGLE_AUTH_URL":         google + "/o/oauth2/v2/auth",
		"CALWEAVE_GOOGLE_TOKEN_URL":        google + "/token",
		"CALWEAVE_MICROSOFT_CLIENT_ID":     "client",
		"CALWEAVE_MICROSOFT_CLIENT_SECRET": "secret",
		"CALWEAVE_MICROSOFT_API_URL":       graph + "/v1.0",
		"CALWEAVE_MICROSOFT_AUTH_URL":      graph + "/common/oauth2/v2.0/authorize",
		"CALWEAVE_MICROSOFT_TOKEN_URL":     graph + "/common/oauth2/v2.0/token",
	}
}

func migrate(ctx context.Context, tb testing.TB, ownerURL, appURL string) {
	tb.Helper()
	m, err := store.NewMigrator(ownerURL, slog.New(slog.DiscardHandler))
	if err == nil {
		_, err = m.Up(ctx)
	}
	if err == nil {
		err = m.Admit(ctx, appURL)
	}
	if err == nil {
		err = m.Close()
	}
	if err != nil {
		tb.Fatal(err)
	}
}

// start makes an App, as a new process would.
func (w *world) start() {
	var err error
	w.app, err = app.New(w.ctx, w.config, app.Outside{
		Clock: w.clock, Rand: seeded(w.seed), Log: logger(), WrapSQL: w.killer.wrapSQL, WrapHTTP: w.killer.wrapHTTP,
	})
	w.must(err)
	started := w.app
	finally(w.tb, func() { _ = started.Close() })
	h := w.app.Handler()
	w.current.Store(&h)
}

func logger() *slog.Logger {
	if os.Getenv("CALWEAVE_TEST_LOG") == "" {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(os.Stderr, nil))
}

// restart abandons the App that was killed and starts another one, once the leases of the first have run out.
func (w *world) restart() {
	_ = w.app.Close() // what it held is gone with it
	w.seed++
	w.killer = newKiller()
	w.clock.Advance(w.config.Lease + time.Second)
	w.start()
}

// seeded is a source of randomness that gives the same in every run.
func seeded(seed byte) io.Reader {
	return &lockedReader{r: rand.NewChaCha8([32]byte{seed})}
}

type lockedReader struct {
	mu sync.Mutex
	r  io.Reader
}

func (l *lockedReader) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.r.Read(p)
}

func (w *world) must(err error) {
	w.tb.Helper()
	if err != nil {
		w.tb.Fatal(err)
	}
}

// connect makes a tenant whose core listens, and connects both hosts through their browsers.
func (w *world) connect() {
	var err error
	w.tenant, err = w.app.CreateTenant(w.ctx, "test")
	w.must(err)
	_, err = w.app.Store.CreateEndpoint(w.ctx, w.tenant, record.Endpoint{URL: serve(w.tb, w.core), Secret: coreSecret}, "test")
	w.must(err)
	for _, host := range []sim.Person{{Provider: sim.Google, Email: ada, Zone: zone}, {Provider: sim.Microsoft, Email: grace, Zone: zone}} {
		_, err := w.sim.Seed(host)
		w.must(err)
		link, err := w.app.BeginConnection(w.ctx, w.tenant, cal.Provider(host.Provider))
		w.must(err)
		w.consent(link, host.Email)
	}
	w.settle()
	all, err := w.app.Store.Calendars(w.ctx, w.tenant, record.CalendarFilter{}, "", 10)
	w.must(err)
	for _, c := range all {
		if c.Primary {
			w.targets[c.Provider] = c.ID
		}
	}
	if len(w.targets) != 2 {
		w.tb.Fatalf("primary calendars: %v", w.targets)
	}
}

func (w *world) consent(link, email string) {
	w.tb.Helper()
	jar, err := cookiejar.New(nil)
	w.must(err)
	visitor := simtest.HTTP(w.tb)
	visitor.Jar = jar
	page, err := browser.Consent(w.ctx, visitor, link, browser.Choice{Account: email})
	w.must(err)
	if page.Status != http.StatusOK {
		w.tb.Fatalf("consent of %s ended with %d: %s", email, page.Status, page.Body)
	}
}

// booking is the booking that the tests make. Its guest stands at the one provider in half of the tests and at the other in the rest.
func (w *world) booking(version int64, title, start string) cal.Booking {
	begin, err := time.Parse(cal.WallLayout, start)
	w.must(err)
	b := cal.Booking{
		Version: version, Title: title, Description: "Booked online", Location: "Room 4",
		Start: cal.When{DateTime: start, TimeZone: zone}, End: cal.When{DateTime: begin.Add(30 * time.Minute).Format(cal.WallLayout), TimeZone: zone},
		Targets:   []cal.Target{{CalendarID: w.targets[cal.Google]}, {CalendarID: w.targets[cal.Microsoft]}},
		Attendees: []cal.Attendee{{Email: uninvited}},
	}
	name := w.tb.Name()
	if at := strings.LastIndexByte(name, '/'); strings.Contains(name[at+1:], "after=") {
		name = name[:at] // everyCall has counted the calls of its test: each of its runs has to make the same
	}
	w.guestsStand(&b, both()[len(name)%2])
	return b
}

// guestsStand has a booking's guests stand at a provider.
func (w *world) guestsStand(b *cal.Booking, p sim.Provider) {
	for i := range b.Targets {
		b.Targets[i].Authoritative = b.Targets[i].CalendarID == w.targets[cal.Provider(p)]
	}
}

// submit hands a version over, as often as it takes: a core submits again until it has an answer.
func (w *world) submit(id cal.BookingID, b cal.Booking, ifMatch *int64) {
	w.tb.Helper()
	w.wishes.says(w.tenant, id, b)
	for range 5 {
		_, err := w.app.Intake.Submit(w.ctx, w.tenant, intake.Submission{ID: id, Booking: &b, IfMatch: ifMatch, Actor: "test", Via: "test"})
		if err == nil {
			return
		}
		if _, refused := errors.AsType[*record.RefusalError](err); refused || !w.killer.isDead() {
			w.tb.Fatal(err)
		}
		w.restart()
	}
	w.tb.Fatal("the booking was not accepted")
}

// standing is what stands in a host's primary calendar.
func (w *world) standing(p sim.Provider) []sim.Event {
	w.tb.Helper()
	email := ada
	if p == sim.Microsoft {
		email = grace
	}
	events, err := w.sim.Standing(sim.In{Provider: p, Email: email})
	w.must(err)
	return events
}

// sqliteWorld is a world on a SQLite file of its own.
func sqliteWorld(tb testing.TB) *world {
	tb.Helper()
	url := "sqlite:" + filepath.Join(tb.TempDir(), "calweave.db")
	return newWorld(tb, url, url)
}
