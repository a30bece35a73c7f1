package app_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/app"
	"github.com/calweave/calweave/internal/config"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/seal"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/browser"
	"github.com/calweave/calweave/internal/sim/simtest"
	"github.com/calweave/calweave/internal/store"
	"github.com/calweave/calweave/internal/testkit"
)

// backend is a database and a Redis for one test.
type backend struct {
	databaseURL, ownerURL, redisURL string
	// stopRedis ends Redis, with all it holds.
	stopRedis func(l *live)
}

// backends are the two pairs that calweave runs on.
func backends() map[string]func(testing.TB) backend {
	return map[string]func(testing.TB) backend{
		"SQLite and miniredis": embedded,
		"PostgreSQL and Redis": servers,
	}
}

func embedded(tb testing.TB) backend {
	tb.Helper()
	url := "sqlite:" + filepath.Join(tb.TempDir(), "calweave.db")
	m := miniredis.NewMiniRedis()
	if err := m.Start(); err != nil {
		tb.Fatal(err)
	}
	tick := time.NewTicker(time.Second)
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				m.FastForward(time.Second)
			}
		}
	}()
	tb.Cleanup(func() {
		close(done)
		<-ended
		tick.Stop()
		m.Close()
	})
	return backend{databaseURL: url, ownerURL: url, redisURL: "redis://" + m.Addr(), stopRedis: func(*live) { m.Close() }}
}

// servers is a database of its own on PostgreSQL, with a login for the application, and a Redis of its own.
func servers(tb testing.TB) backend {
	tb.Helper()
	owner := testkit.Postgres(tb)
	return backend{
		databaseURL: testkit.Login(tb, owner), ownerURL: owner, redisURL: testkit.Redis(tb),
		stopRedis: func(l *live) { _ = l.redis().ShutdownNoSave(l.ctx) }, // its connection ends with it
	}
}

// live is a calweave that runs by itself, with both providers and a booking core around it.
type live struct {
	tb       testing.TB
	ctx      context.Context
	back     backend
	sim      *sim.Sim
	core     *core
	wishes   *wishes
	http     *http.Client
	settings map[string]string
	url      string
	listener net.Listener
	admin    *app.App
	tenant   cal.TenantID
	key      string
	targets  []cal.Target
	// binary is that of another version; empty is this very one.
	binary string
	// idempotency makes a key for each request that changes something; nil leaves them without.
	idempotency func() string
}

// newLive prepares everything but the processes themselves.
func newLive(tb testing.TB, back backend) *live {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*limit) // some work for half of it on a machine of their own, and they share one
	tb.Cleanup(cancel)
	l := &live{tb: tb, ctx: ctx, back: back, core: newCore(), wishes: newWishes(), http: simtest.HTTP(tb)}
	var err error
	l.sim, err = sim.New(sim.Config{Seed: 1, PushBackoff: 50 * time.Millisecond})
	l.must(err)
	tb.Cleanup(func() { l.wishes.check(tb, l.sim) })
	google, graph := serve(tb, l.sim.Google()), serve(tb, l.sim.Microsoft())
	tb.Cleanup(l.sim.Close)
	l.listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	l.must(err)
	l.url = "http://" + l.listener.Addr().String()
	keys, err := seal.Generate()
	l.must(err)
	l.settings = settings(back.databaseURL, back.redisURL, l.url, string(keys), google, graph)
	l.settings["CALWEAVE_LISTEN"] = l.listener.Addr().String()
	l.settings["CALWEAVE_LEASE"] = "3s"
	migrate(ctx, tb, back.ownerURL, back.databaseURL)
	l.administer()
	return l
}

func (l *live) must(err error) {
	l.tb.Helper()
	if err != nil {
		l.tb.Fatal(err)
	}
}

func (l *live) config(extra map[string]string) *config.Config {
	l.tb.Helper()
	all := maps.Clone(l.settings)
	maps.Copy(all, extra)
	c, err := config.Load(config.Source{Purpose: config.ForRun, Presets: all})
	l.must(err)
	return c
}

// administer makes the tenant, its key and its endpoint, as the command line does.
func (l *live) administer() {
	var err error
	l.admin, err = app.New(l.ctx, l.config(nil), app.Outside{Log: logger()})
	l.must(err)
	l.tb.Cleanup(func() { l.must(l.admin.Close()) })
	l.tenant, err = l.admin.CreateTenant(l.ctx, "test")
	l.must(err)
	k, err := l.admin.CreateKey(l.ctx, l.tenant, store.PurposeAPI, record.AllScopes())
	l.must(err)
	l.key = k.Secret
	_, err = l.admin.Store.CreateEndpoint(l.ctx, l.tenant, record.Endpoint{URL: serve(l.tb, l.core), Secret: coreSecret}, "test")
	l.must(err)
}

// run starts an App with roles in this process; it ends with the test.
func (l *live) run(roles string) {
	l.tb.Helper()
	a, err := app.New(l.ctx, l.config(map[string]string{"CALWEAVE_ROLES": roles}), app.Outside{Log: logger()})
	l.must(err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx, l.listener) }()
	l.tb.Cleanup(func() {
		cancel()
		if err := errors.Join(<-ended, a.Close()); err != nil {
			l.tb.Error(err)
		}
	})
}

// process is a calweave in a process of its own.
type process struct {
	cmd  *exec.Cmd
	once sync.Once
}

// spawn starts a process with roles. It is killed with the test at the latest.
func (l *live) spawn(roles string) *process {
	l.tb.Helper()
	p := l.process(roles)
	l.must(p.cmd.Start())
	l.tb.Cleanup(p.kill)
	return p
}

// process is a process with roles that has not started yet.
func (l *live) process(roles string) *process {
	cmd := exec.Command(cmp.Or(l.binary, os.Args[0]), "run") //nolint:gosec // this very test binary, or one made here; it is killed by hand
	cmd.Env = append(os.Environ(), asBinary+"=1", "CALWEAVE_ROLES="+roles)
	for name, value := range l.settings {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	if !strings.Contains(roles, "api") {
		cmd.Env = append(cmd.Env, "CALWEAVE_LISTEN=127.0.0.1:0")
	}
	out := io.Discard
	if os.Getenv("CALWEAVE_TEST_LOG") != "" {
		out = os.Stderr
	}
	cmd.Stdout, cmd.Stderr = out, out
	return &process{cmd: cmd}
}

// kill ends the process at once, as a power cut would.
func (p *process) kill() {
	p.once.Do(func() {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait() // it was killed
	})
}

// connect connects both hosts and waits until their calendars are listed.
func (l *live) connect() {
	l.tb.Helper()
	for p, email := range map[cal.Provider]string{cal.Google: ada, cal.Microsoft: grace} {
		_, err := l.sim.Seed(sim.Person{Provider: sim.Provider(p), Email: email, Zone: zone})
		l.must(err)
		var c gen.BegunConnection
		l.call(http.MethodPost, "/v1/connections", gen.NewConnection{Provider: gen.Provider(p)}, &c)
		jar, err := cookiejar.New(nil)
		l.must(err)
		visitor := simtest.HTTP(l.tb)
		visitor.Jar = jar
		page, err := browser.Consent(l.ctx, visitor, c.ConnectURL, browser.Choice{Account: email})
		l.must(err)
		if page.Status != http.StatusOK {
			l.tb.Fatalf("consent of %s ended with %d", email, page.Status)
		}
	}
	l.until("both calendars are listed", func() bool {
		var page gen.CalendarPage
		l.call(http.MethodGet, "/v1/calendars", nil, &page)
		l.targets = nil
		for _, c := range page.Calendars {
			if c.Primary {
				l.targets = append(l.targets, cal.Target{CalendarID: cal.CalendarID(c.ID), Authoritative: c.Provider == "google"})
			}
		}
		return len(l.targets) == 2
	})
}

// until waits for what only the database tells, looking often.
func (l *live) until(what string, cond func() bool) {
	l.tb.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-l.ctx.Done():
			l.tb.Fatalf("%s: it never came to pass", what)
		case <-tick.C:
		}
	}
}

// call calls the API and fails unless it succeeds.
func (l *live) call(method, path string, in, out any) {
	l.tb.Helper()
	status, body := l.try(method, path, in)
	if status/100 != 2 {
		l.tb.Fatalf("%s %s: %d %s", method, path, status, body)
	}
	l.must(json.Unmarshal(body, out))
}

// try calls the API; status 0 is no answer.
func (l *live) try(method, path string, in any) (status int, body []byte) {
	l.tb.Helper()
	raw, err := json.Marshal(in)
	l.must(err)
	l.wishes.puts(l.tenant, method, path, raw)
	req, err := http.NewRequestWithContext(l.ctx, method, l.url+path, bytes.NewReader(raw))
	l.must(err)
	req.Header.Set("Authorization", "Bearer "+l.key)
	req.Header.Set("Content-Type", "application/json")
	if l.idempotency != nil && method != http.MethodGet {
		req.Header.Set("Idempotency-Key", l.idempotency())
	}
	resp, err := l.http.Do(req)
	if err != nil {
		return 0, nil
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end
	body, err = io.ReadAll(resp.Body)
	l.must(err)
	return resp.StatusCode, body
}

// put books a version and fails unless it is accepted.
func (l *live) put(id string, version int64, title, start string) gen.Booking {
	l.tb.Helper()
	begin, err := time.Parse(cal.WallLayout, start)
	l.must(err)
	var b gen.Booking
	l.call(http.MethodPut, "/v1/bookings/"+id, cal.Booking{
		Version: version, Title: title, Description: "Booked online", Location: "Room 4",
		Start: cal.When{DateTime: start, TimeZone: zone}, End: cal.When{DateTime: begin.Add(30 * time.Minute).Format(cal.WallLayout), TimeZone: zone},
		Targets: l.targets, Attendees: []cal.Attendee{{Email: uninvited}},
	}, &b)
	return b
}

// shows waits until a host's primary calendar shows exactly one event, with the title.
func (l *live) shows(p sim.Provider, title string) sim.Event {
	l.tb.Helper()
	var shown []sim.Event
	err := l.sim.Wait(l.ctx, func() bool {
		var err error
		shown, err = l.sim.Standing(in(p))
		return err == nil && len(shown) == 1 && shown[0].Title == title
	})
	if err != nil {
		l.tb.Fatalf("%s never showed %q alone: %+v", p, title, shown)
	}
	return shown[0]
}

func in(p sim.Provider) sim.In {
	if p == sim.Microsoft {
		return sim.In{Provider: p, Email: grace}
	}
	return sim.In{Provider: p, Email: ada}
}

// synced waits until every target of a booking is in agreement on a version.
func (l *live) synced(id string, version int64) {
	l.tb.Helper()
	l.until(fmt.Sprintf("%s is synced at version %d", id, version), func() bool {
		var b gen.Booking
		l.call(http.MethodGet, "/v1/bookings/"+id, nil, &b)
		return len(b.Targets) == 2 && !slices.ContainsFunc(b.Targets, func(t gen.TargetStatus) bool { return t.SyncedVersion < version })
	})
}

// watched waits until both providers push.
func (l *live) watched() {
	l.tb.Helper()
	l.must(l.sim.Wait(l.ctx, func() bool {
		for _, p := range []sim.Provider{sim.Google, sim.Microsoft} {
			channels, err := l.sim.Channels(p, in(p).Email)
			if err != nil || len(channels) == 0 {
				return false
			}
		}
		return true
	}))
}

// idle waits until nothing is left to do but schedules.
func (l *live) idle() {
	l.tb.Helper()
	l.until("nothing is left to do", func() bool {
		rows, err := l.admin.Store.ListWork(l.ctx, l.tenant, store.OpenWork, task.Ref{}, 1000)
		l.must(err)
		busy := slices.ContainsFunc(rows, func(r record.Work) bool {
			return r.State == record.Ready && !isSchedule(r)
		})
		return !busy && l.sim.PushesPending() == 0
	})
}

// isListing reports whether a path of Google's API lists events.
func isListing(path string) bool { return strings.HasSuffix(path, "/events") }

func jsonBody(tb testing.TB, v any) io.Reader {
	tb.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		tb.Fatal(err)
	}
	return bytes.NewReader(raw)
}

func (l *live) redis() *redis.Client {
	l.tb.Helper()
	u, err := url.Parse(l.back.redisURL)
	l.must(err)
	c := redis.NewClient(&redis.Options{Addr: u.Host})
	l.tb.Cleanup(func() { _ = c.Close() })
	return c
}
