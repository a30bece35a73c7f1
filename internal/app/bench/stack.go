package bench

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/app"
	"github.com/calweave/calweave/internal/config"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/seal"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/browser"
	"github.com/calweave/calweave/internal/store"
)

// host is the one account at Google, colleague the one at Microsoft of those stacks that have it.
const (
	host      = "host@example.com"
	colleague = "host@contoso.example"
)

// zone is the host's.
const zone = "Europe/Berlin"

// stack is calweave with a database, a provider and a host whose calendars it knows.
type stack struct {
	bench   *bench
	db      *database
	sim     *sim.Sim
	watcher *watcher
	sql     *exchanges
	app     *app.App
	url     string
	google  string
	// graph stands before Microsoft; nil for a stack without it.
	graph     *frail
	settings  map[string]string
	tenant    cal.TenantID
	key       string
	calendars []record.Calendar
	// others are the calendars at Microsoft.
	others []record.Calendar
	// http is the load's own client.
	http    *http.Client
	servers []*http.Server
	cancel  context.CancelFunc
	wg      sync.WaitGroup
	mu      sync.Mutex
	failed  []error
}

// plan says what a stack is like.
type plan struct {
	// roles are those of the process; without "worker" nothing is done but by step.
	roles     string
	calendars int
	// core receives messages; nil for none.
	core http.Handler
	// both adds Microsoft, with as many calendars.
	both bool
	// settings are what this stack is set to beyond the others.
	settings map[string]string
}

// start starts a stack whose calendars are known and whose work is done.
func (b *bench) start(ctx context.Context, p plan) (_ *stack, err error) {
	db, err := newDatabase(ctx, b.Postgres)
	if err != nil {
		return nil, err
	}
	s := &stack{bench: b, db: db, watcher: newWatcher(b.clock), sql: &exchanges{}, http: client(b.Scale.Clients)}
	ctx, s.cancel = context.WithCancel(ctx)
	defer func() {
		if err != nil {
			err = errors.Join(err, s.stop(ctx))
		}
	}()
	if err := s.startProviders(ctx, p); err != nil {
		return nil, err
	}
	if err := s.startApp(ctx, p); err != nil {
		return nil, err
	}
	return s, s.connect(ctx, p)
}

// client keeps as many connections as there are clients.
func client(n int) *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConns: 2 * n, MaxIdleConnsPerHost: 2 * n}, Timeout: time.Minute}
}

// serve answers on a free port of this machine until the stack stops, with the bounds that calweave's own server has.
func (s *stack) serve(ctx context.Context, h http.Handler) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	s.serveOn(l, h)
	return "http://" + l.Addr().String(), nil
}

func (s *stack) serveOn(l net.Listener, h http.Handler) *http.Server {
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 32 << 10,
	}
	s.servers = append(s.servers, server)
	s.wg.Go(func() { s.note(server.Serve(l)) })
	return server
}

// note keeps what a server or calweave has ended with, unless it was meant to end.
func (s *stack) note(err error) {
	if err == nil || errors.Is(err, http.ErrServerClosed) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed = append(s.failed, err)
}

func (s *stack) startProviders(ctx context.Context, p plan) error {
	var err error
	if s.sim, err = sim.New(sim.Config{}); err != nil {
		return err
	}
	if p.both {
		s.graph = &frail{next: s.sim.Microsoft(), serve: func(l net.Listener, h http.Handler) *http.Server { return s.serveOn(l, h) }}
		if err := s.graph.up(ctx); err != nil {
			return err
		}
	}
	s.google, err = s.serve(ctx, s.watcher.around(s.sim.Google()))
	return err
}

func (s *stack) startApp(ctx context.Context, p plan) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.url = "http://" + l.Addr().String()
	c, err := s.config(p)
	if err == nil {
		s.app, err = app.New(ctx, c, app.Outside{Log: s.bench.Log, WrapSQL: s.sql.wrap})
	}
	if err != nil {
		return errors.Join(err, l.Close())
	}
	s.wg.Go(func() { s.note(s.app.Run(ctx, l)) })
	return nil
}

// config is what an operator would write.
func (s *stack) config(p plan) (*config.Config, error) {
	keys, err := seal.Generate()
	if err != nil {
		return nil, err
	}
	redis, err := s.bench.redis()
	if err != nil {
		return nil, err
	}
	s.settings = map[string]string{
		"CALWEAVE_DATABASE_URL":  s.db.app,
		"CALWEAVE_REDIS_URL":     redis,
		"CALWEAVE_PUBLIC_URL":    s.url,
		"CALWEAVE_SEAL_KEYS":     string(keys),
		"CALWEAVE_EGRESS_ALLOW":  "127.0.0.1/32",
		"CALWEAVE_ROLES":         p.roles,
		"CALWEAVE_POLL_INTERVAL": "1h", // nothing but what is measured
		// The budget is in the way of each call, as it is for whoever runs this, and never says no.
		"CALWEAVE_GOOGLE_LIMIT_PER_MINUTE": "0", "CALWEAVE_GOOGLE_LIMIT_PER_DAY": "0", "CALWEAVE_GOOGLE_MAILBOX_LIMIT_PER_MINUTE": "0",
		"CALWEAVE_CALENDAR_WRITES_PER_MINUTE": "0",
		"CALWEAVE_GOOGLE_CLIENT_ID":           "calweave-bench",
		"CALWEAVE_GOOGLE_CLIENT_SECRET":       "simulated",
		"CALWEAVE_GOOGLE_API_URL":             s.google + "/calendar/v3/",
		"CALWEAVE_GOOGLE_AUTH_URL":            s.google + "/o/oauth2/v2/auth",
		"CALWEAVE_GOOGLE_TOKEN_URL":           s.google + "/token",
	}
	if s.graph != nil {
		maps.Copy(s.settings, s.graph.settings())
	}
	maps.Copy(s.settings, p.settings)
	return config.Load(config.Source{Purpose: config.ForRun, Presets: s.settings})
}

// redis is the URL of a Redis database that no stack of this run has had: its hints mean nothing to another one.
func (b *bench) redis() (string, error) {
	u, err := url.Parse(b.Redis)
	if err != nil {
		return "", errors.New("the Redis URL is none")
	}
	b.stacks++
	u.Path = "/" + strconv.Itoa(b.stacks)
	return u.String(), nil
}

// connect makes a tenant with a key, connects the host, and does all the work that this leads to.
func (s *stack) connect(ctx context.Context, p plan) error {
	var err error
	if s.tenant, err = s.app.CreateTenant(ctx, "bench"); err != nil {
		return err
	}
	key, err := s.app.CreateKey(ctx, s.tenant, store.PurposeAPI, record.AllScopes())
	if err != nil {
		return err
	}
	s.key = key.Secret
	if p.core != nil {
		address, err := s.serve(ctx, p.core)
		if err == nil {
			_, err = s.app.Store.CreateEndpoint(ctx, s.tenant, record.Endpoint{URL: address, Secret: coreSecret}, "bench")
		}
		if err != nil {
			return err
		}
	}
	if err := s.join(ctx, sim.Google, host, p.calendars); err != nil {
		return err
	}
	if p.both {
		if err := s.join(ctx, sim.Microsoft, colleague, p.calendars); err != nil {
			return err
		}
	}
	if err := s.settle(ctx); err != nil {
		return err
	}
	return s.learn(ctx, p)
}

// join makes an account with some calendars, whose owner connects it.
func (s *stack) join(ctx context.Context, at sim.Provider, email string, calendars int) error {
	person := sim.Person{Provider: at, Email: email, Zone: zone, Calendars: []sim.Calendar{{Primary: true}}}
	for i := range calendars - 1 {
		one := sim.Calendar{Name: fmt.Sprintf("Calendar %d", i)}
		if at == sim.Google {
			one.ID = fmt.Sprintf("c%d@group.calendar.google.com", i)
		}
		person.Calendars = append(person.Calendars, one)
	}
	if _, err := s.sim.Seed(person); err != nil {
		return err
	}
	return s.consent(ctx, cal.Provider(at), email)
}

// consent lets the owner of an account connect it in a browser.
func (s *stack) consent(ctx context.Context, at cal.Provider, email string) error {
	link, err := s.app.BeginConnection(ctx, s.tenant, at)
	if err != nil {
		return err
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	page, err := browser.Consent(ctx, &http.Client{Jar: jar, Transport: s.http.Transport}, link, browser.Choice{Account: email})
	if err == nil && page.Status != http.StatusOK {
		err = fmt.Errorf("the consent of %s ended with %d", email, page.Status)
	}
	return err
}

// learn reads the calendars that were found.
func (s *stack) learn(ctx context.Context, p plan) error {
	const page = 200
	after := cal.CalendarID("")
	for {
		found, err := s.app.Store.Calendars(ctx, s.tenant, record.CalendarFilter{}, after, page)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			break
		}
		for _, c := range found {
			if c.Provider == cal.Google {
				s.calendars = append(s.calendars, c)
			} else {
				s.others = append(s.others, c)
			}
		}
		after = found[len(found)-1].ID
	}
	want := 0
	if p.both {
		want = p.calendars
	}
	if len(s.calendars) != p.calendars || len(s.others) != want {
		return fmt.Errorf("%d and %d calendars were found, want %d and %d", len(s.calendars), len(s.others), p.calendars, want)
	}
	return nil
}

// settle returns once no work is due, nor will be in the next seconds. It helps with the work, so that it needs no worker.
func (s *stack) settle(ctx context.Context) error {
	const (
		soon  = 3 * time.Second
		many  = 1000
		often = 10 * time.Millisecond
	)
	tick := time.NewTicker(often)
	defer tick.Stop()
	for {
		due, err := s.app.Store.Due(ctx, s.bench.clock.Now().Add(soon), s.bench.clock.Now().Add(soon), many, many)
		if err != nil {
			return err
		}
		busy, err := s.busy(ctx)
		if err != nil {
			return err
		}
		if len(due) == 0 && !busy && s.sim.PushesPending() == 0 {
			return nil
		}
		for _, hint := range due {
			if _, err := s.app.Engine.Work(ctx, hint.Ref); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// busy reports whether somebody is at work on a row.
func (s *stack) busy(ctx context.Context) (bool, error) {
	const many = 10_000
	open, err := s.app.Store.ListWork(ctx, s.tenant, store.OpenWork, task.Ref{}, many)
	return slices.ContainsFunc(open, func(w record.Work) bool { return w.LeaseUntil.After(s.bench.clock.Now()) }), err
}

// stop ends everything, whatever became of ctx, and tells what had ended before its time.
func (s *stack) stop(ctx context.Context) error {
	s.cancel()
	s.http.CloseIdleConnections()
	if s.sim != nil {
		s.sim.Close()
	}
	var errs []error
	for _, server := range s.servers {
		errs = append(errs, server.Close())
	}
	s.wg.Wait()
	if s.app != nil {
		errs = append(errs, s.app.Close())
	}
	return errors.Join(append(append(errs, s.failed...), s.db.drop(ctx))...)
}
