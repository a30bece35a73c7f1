package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"

	"github.com/redis/go-redis/v9"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/api"
	"github.com/calweave/calweave/internal/api/reference"
	"github.com/calweave/calweave/internal/budget"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/config"
	"github.com/calweave/calweave/internal/gateway"
	"github.com/calweave/calweave/internal/grant"
	"github.com/calweave/calweave/internal/ident"
	"github.com/calweave/calweave/internal/intake"
	"github.com/calweave/calweave/internal/metrics"
	"github.com/calweave/calweave/internal/seal"
	"github.com/calweave/calweave/internal/store"
	"github.com/calweave/calweave/internal/transport"
	"github.com/calweave/calweave/internal/work"
	"github.com/calweave/calweave/jobs"
	"github.com/calweave/calweave/providers"
	"github.com/calweave/calweave/providers/google"
	"github.com/calweave/calweave/providers/microsoft"
	"github.com/calweave/calweave/webhooks/inbound"
)

// Outside is what an App takes from outside its process. The zero value is the real world.
type Outside struct {
	Clock clock.Clock
	Rand  io.Reader
	Log   *slog.Logger
	// WrapSQL and WrapHTTP let tests stand between the App and its database, and between it and everybody else.
	WrapSQL  func(driver.Connector) driver.Connector
	WrapHTTP func(http.RoundTripper) http.RoundTripper
	// Drivers stand in for the providers' own, for tests of what is above a driver.
	Drivers []provider.Driver
	// Like is a process whose contract and reference this one shares: they are the same for all and take longer to read than all the rest.
	Like *App
}

// App is one process of calweave. Its parts are exported so that tests can step through what Run only feeds.
type App struct {
	Config  *config.Config
	Store   *store.Store
	Engine  *work.Engine
	Feeder  *work.Feeder
	Intake  *intake.Service
	Queue   *QueueIntake
	clock   clock.Clock
	ids     *ident.Source
	log     *slog.Logger
	redis   redis.UniversalClient
	pool    *work.Pool
	base    http.RoundTripper
	guard   *transport.Guard
	sealer  *seal.Sealer
	drivers map[cal.Provider]provider.Driver
	gateway *gateway.Gateway
	// budget shares the providers' limits with the fleet.
	budget *budget.Limiter
	// tokens hands out access tokens.
	tokens *grant.Manager
	flow   *grant.Flow
	// mailboxes connects what needs no owner's consent.
	mailboxes *grant.Mailboxes
	contract  *api.Contract
	// reference explains the API; it is the same for everybody.
	reference reference.Pages
	// exchange calls the providers' authorization servers.
	exchange *grant.Exchange
	// gate lets requests go ahead of work.
	gate *work.Gate
	// metrics are what this process has counted.
	metrics *metrics.Metrics
	// pushes commits what providers push.
	pushes *inbound.Batcher
}

// New makes an App from its configuration and opens its database. It makes no call to anybody else and starts nothing.
func New(ctx context.Context, c *config.Config, o Outside) (*App, error) {
	a := &App{Config: c, clock: o.Clock, log: o.Log, drivers: map[cal.Provider]provider.Driver{}}
	if a.clock == nil {
		a.clock = clock.System{}
	}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	a.ids = ident.New(a.clock, o.Rand)
	a.guard = transport.NewGuard(c.EgressAllow)
	a.base = transport.Base(a.guard)
	if o.WrapHTTP != nil {
		a.base = o.WrapHTTP(a.base)
	}
	a.base = calling{a.base}
	if err := a.open(ctx, o); err != nil {
		return nil, err
	}
	if err := a.connectRedis(); err != nil {
		return nil, errors.Join(err, a.Store.Close())
	}
	a.wireProviders(o.Drivers)
	if err := a.wireServices(o.Like); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// Close closes the database and Redis. Run must have returned.
func (a *App) Close() error {
	if a.pushes != nil {
		a.pushes.Close()
	}
	errs := []error{a.Store.Close()}
	if a.redis != nil {
		errs = append(errs, a.redis.Close())
	}
	calling{a.base}.CloseIdleConnections()
	return errors.Join(errs...)
}

func (a *App) open(ctx context.Context, o Outside) error {
	var err error
	if a.sealer, err = Sealer(ctx, a.Config); err != nil {
		return err
	}
	a.Store, err = store.Open(ctx, a.Config.DatabaseURL.Reveal(), a.Config.SweepDatabaseURL.Reveal(), store.Options{
		Sealer: a.sealer, Clock: a.clock, IDs: a.ids, Wrap: o.WrapSQL,
		Committed: func(hints []task.Hint) {
			if a.Feeder != nil {
				a.Feeder.Committed(hints)
			}
		},
	})
	return err
}

func (a *App) connectRedis() error {
	if a.Config.RedisURL.Reveal() == "" {
		return nil
	}
	var err error
	if a.redis, err = jobs.Dial(a.Config.RedisURL.Reveal(), a.Config.Workers); err != nil {
		return fmt.Errorf("CALWEAVE_REDIS_URL: %w", err)
	}
	return nil
}

// QuietRedis keeps the Redis client from writing to standard error on its own account, a line for every failed connection. It changes the whole
// process, so that it is called once, by main. The feeder logs when Redis goes and when it comes back.
func QuietRedis() { redis.SetLogger(silence{}) }

type silence struct{}

// Printf writes nothing.
func (silence) Printf(context.Context, string, ...any) {}

func (a *App) wireProviders(instead []provider.Driver) {
	for _, d := range append(Drivers(a.Config, a.clock), instead...) {
		a.drivers[d.Name()] = d
	}
}

// read reads what explains the API and holds requests to it, unless another process of the same build has.
func (a *App) read(like *App) error {
	if like != nil {
		a.contract, a.reference = like.contract, like.reference
		return nil
	}
	var err error
	if a.contract, err = api.NewContract(); err != nil {
		return err
	}
	a.reference, err = api.NewReference()
	return err
}

// Drivers are all providers' drivers, as configured.
func Drivers(c *config.Config, now clock.Clock) []provider.Driver {
	return providers.Builtin(providers.Config{
		Google: google.Config{APIURL: c.Google.APIURL, AuthURL: c.Google.AuthURL, TokenURL: c.Google.TokenURL, Clock: now},
		Microsoft: microsoft.Config{
			APIURL: c.Microsoft.APIURL, Clock: now,
			AuthURL:  cmp.Or(c.Microsoft.AuthURL, entra(c.Microsoft.Tenant, "authorize")),
			TokenURL: cmp.Or(c.Microsoft.TokenURL, entra(c.Microsoft.Tenant, "token")),
		},
	})
}

// entra is an endpoint of the Microsoft identity platform for a directory
// (https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow).
func entra(tenant, endpoint string) string {
	return "https://login.microsoftonline.com/" + tenant + "/oauth2/v2.0/" + endpoint
}

// apps are the OAuth clients that the operator has configured. A provider without one is off.
func (a *App) apps() []grant.App {
	var out []grant.App
	for p, c := range map[cal.Provider]config.Provider{cal.Google: a.Config.Google, cal.Microsoft: a.Config.Microsoft.Provider} {
		if c.ClientID != "" {
			out = append(out, grant.App{ID: cal.AppID(p), Driver: a.drivers[p], ClientID: c.ClientID, Secret: c.ClientSecret.Reveal})
		}
	}
	return out
}

func (a *App) wireServices(like *App) error {
	if err := a.read(like); err != nil {
		return err
	}
	a.exchange = grant.NewExchange(a.apps(), transport.Client(transport.Options{Base: a.base, Admit: budget.Transport}), a.redirectURI, a.clock)
	a.exchange.LogTo(a.log)
	a.exchange.Registry = &grant.Registry{Store: a.Store, Drivers: a.drivers}
	a.flow = grant.NewFlow(a.Store, a.exchange, a.ids, a.clock)
	a.metrics = metrics.New(a.clock, a.sources())
	a.budget = a.newBudget()
	a.exchange.Budget = a.budget
	a.tokens = grant.NewManager(a.Store, a.exchange, a.clock)
	a.tokens.Refreshed = a.metrics.Refreshed
	a.gateway = &gateway.Gateway{
		Drivers: a.drivers, Store: a.Store, Tokens: a.tokens, Clock: a.clock, HTTP: a.providerClient,
		Budget: a.budget,
	}
	a.mailboxes = &grant.Mailboxes{Store: a.Store, Exchange: a.exchange, Clock: a.clock, Read: a.gateway.Probe, Heed: a.gateway.Heed}
	a.pushes = inbound.NewBatcher(a.Store, a.clock, inbound.DefaultLimits())
	a.Intake = &intake.Service{Store: a.Store, Quiet: a.gateway.Quiet, Keeps: a.gateway.Keeps, Fits: a.contract.Booking}
	a.Queue = &QueueIntake{Store: a.Store, Contract: a.contract, Intake: a.Intake, Trace: a.trace}
	const fewest = 2 // a push and what it leads to
	a.gate = work.NewGate(max(fewest, runtime.GOMAXPROCS(0)))
	a.Engine = &work.Engine{
		Store: a.Store, Handlers: a.handlers(), Clock: a.clock, Jitter: a.ids.Jitter, Lease: a.Config.Lease,
		Trace: a.follow, Log: a.log, Gate: a.gate, Ran: a.metrics.Ran,
	}
	if a.Config.Roles.Has(config.RoleWorker) {
		a.pool = work.NewPool(a.Engine, a.Config.Workers)
	}
	var queue work.Queue
	if a.redis != nil {
		queue = jobs.NewHints(a.redis)
	}
	a.Feeder = work.NewFeeder(a.Store, queue, a.pool, a.clock, a.log)
	a.Engine.Again = a.Feeder.Again
	return nil
}

func (a *App) redirectURI(p cal.Provider) string {
	return a.Config.PublicURL + "/oauth/" + string(p) + "/callback"
}

// maxAnswer is how much of a provider's answer is read. It is what the drivers take for the largest honest one: less would cut off what they can read.
const maxAnswer = 64 << 20

// providerClient makes the HTTP client of one connection. Its access token goes to the provider's own API and nowhere else.
func (a *App) providerClient(p cal.Provider, access string) *http.Client {
	return transport.Client(transport.Options{
		Base: a.base, Origins: []string{a.drivers[p].OAuth().Resource}, MaxBody: maxAnswer,
		Token: func(context.Context) (string, error) { return access, nil },
		Admit: func(next http.RoundTripper) http.RoundTripper { return calling{budget.Transport(next)} }, // what waits for its turn waits for others too
	})
}

// checkURL refuses a URL that messages could not be delivered to.
func (a *App) checkURL(ctx context.Context, raw string) error {
	return a.guard.CheckURL(ctx, net.DefaultResolver, raw)
}
