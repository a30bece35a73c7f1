package scale

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/budget"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/gateway"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/transport"
	"github.com/calweave/calweave/internal/work"
	"github.com/calweave/calweave/providers/google"
	"github.com/calweave/calweave/providers/microsoft"
)

// process is one process of calweave with the mailboxes that it writes to.
type process struct {
	t       *testing.T
	ctx     context.Context
	wg      sync.WaitGroup
	table   *table
	wire    *wire
	sim     *sim.Sim
	feeder  *work.Feeder
	gateway *gateway.Gateway
	ids     atomic.Int64
	probes  atomic.Int64
	// away is how far the budget's clock is ahead.
	away atomic.Int64

	mu        sync.Mutex
	mailboxes map[cal.ConnectionID]*mailbox
	random    *rand.Rand
}

// mailbox is one account with the calendar that is written to.
type mailbox struct {
	tenant     cal.TenantID
	connection record.Connection
	access     string
	calendar   cal.RemoteCalendarID
}

// settings are what a process is like.
type settings struct {
	workers int
	latency time.Duration
	limits  func(cal.Provider) budget.Limits
}

// start starts a process; it ends with the test.
func start(t *testing.T, s settings) *process {
	t.Helper()
	switches := sim.DefaultSwitches()
	switches.Google.ProjectPerMinute, switches.Google.UserPerMinute, switches.Google.ProjectPerDay = 10_000, 600, 1_000_000
	switches.Microsoft.MailboxConcurrency, switches.Microsoft.RequestsPerTenMinutes = 4, 10_000
	world, err := sim.New(sim.Config{Clock: clock.System{}, Seed: 1, Switches: &switches, LogSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	p := &process{
		t: t, ctx: ctx, table: newTable(), sim: world, mailboxes: map[cal.ConnectionID]*mailbox{},
		random: rand.New(rand.NewPCG(1, 1)), //nolint:gosec // the same each time
		wire: &wire{
			t: t, latency: s.latency, random: rand.New(rand.NewPCG(2, 2)), //nolint:gosec // the same each time
			parked: map[string]time.Time{}, asks: map[string]time.Duration{}, aside: map[string]bool{},
			handler: map[string]http.Handler{googleHost: world.Google(), microsoftHost: world.Microsoft()},
		},
	}
	p.wire.forget()
	t.Cleanup(func() {
		cancel()
		p.wg.Wait()
		world.Close()
	})
	p.run(s)
	return p
}

// run puts the parts together as package app does.
func (p *process) run(s settings) {
	log := slog.New(slog.DiscardHandler)
	drivers := map[cal.Provider]provider.Driver{
		cal.Google:    google.New(google.Config{APIURL: "http://" + googleHost + "/calendar/v3/"}),
		cal.Microsoft: microsoft.New(microsoft.Config{APIURL: "http://" + microsoftHost + "/v1.0"}),
	}
	limiter := budget.New(nil, budget.Options{
		Limits: s.limits, LocalShare: 100, Clock: aside{&p.away}, Log: log, Breakers: true,
		Waiters: s.workers / 4, Places: s.workers - s.workers/4,
		ID: func() string { return fmt.Sprintf("call_%d", p.ids.Add(1)) },
	})
	p.gateway = &gateway.Gateway{
		Drivers: drivers, Store: p, Tokens: p, Clock: clock.System{}, Budget: limiter,
		HTTP: func(of cal.Provider, access string) *http.Client {
			return transport.Client(transport.Options{
				Base: p.wire, Origins: []string{drivers[of].OAuth().Resource}, Admit: budget.Transport,
				Token: func(context.Context) (string, error) { return access, nil },
			})
		},
	}
	engine := &work.Engine{
		Store: p.table, Handlers: map[task.Kind]work.Handler{task.LinkPush: p.push}, Clock: clock.System{}, Jitter: p.jitter, Lease: 2 * time.Minute,
		Trace: func(ctx context.Context, parent string) (context.Context, string) { return ctx, parent }, Log: log,
	}
	pool := work.NewPool(engine, s.workers)
	p.feeder = work.NewFeeder(p.table, nil, pool, clock.System{}, log)
	engine.Again = p.feeder.Again
	p.wg.Go(func() { limiter.Run(p.ctx) })
	p.wg.Go(func() { pool.Run(p.ctx) })
	p.wg.Go(func() { p.feeder.Forward(p.ctx) })
	p.wg.Go(func() { p.feeder.Sweep(p.ctx, false) })
}

// aside is a clock that may be ahead or behind.
type aside struct{ by *atomic.Int64 }

// Now tells the time.
func (c aside) Now() time.Time { return time.Now().Add(time.Duration(c.by.Load())) }

func (p *process) jitter(d time.Duration) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if d <= 0 {
		return 0
	}
	return time.Duration(p.random.Int64N(int64(d)))
}

// connect adds a mailbox of a tenant.
func (p *process) connect(of cal.Provider, tenant cal.TenantID, name string) *mailbox {
	p.t.Helper()
	email := name + "@example.com"
	person, err := p.sim.Seed(sim.Person{Provider: sim.Provider(of), Email: email})
	if err != nil {
		p.t.Fatal(err)
	}
	token, err := p.sim.IssueToken(sim.Provider(of), email, "app")
	if err != nil {
		p.t.Fatal(err)
	}
	m := &mailbox{
		tenant: tenant, access: token.Access, calendar: cal.RemoteCalendarID(person.Calendars[0].ID),
		connection: record.Connection{ID: cal.ConnectionID("con_" + name), Provider: of, AppID: "app", State: cal.ConnectionActive},
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mailboxes[m.connection.ID] = m
	return m
}

func (p *process) mailbox(name string) *mailbox {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mailboxes[cal.ConnectionID("con_"+name)]
}

// want asks for one write to a mailbox.
func (p *process) want(m *mailbox, n int, lane task.Lane) task.Hint {
	ref := task.Ref{Tenant: m.tenant, Kind: task.LinkPush, Subject: fmt.Sprintf("%s/%05d", m.connection.ID, n)}
	return p.table.mark(ref, lane, m.connection.ID)
}

// push writes an event.
func (p *process) push(ctx context.Context, l record.Lease) error {
	bounded, cancel, err := l.Call(ctx, time.Now())
	if err != nil {
		return err
	}
	defer cancel()
	client, err := p.gateway.Open(bounded, l.Tenant, l.ConnectionID)
	if err != nil {
		return err
	}
	p.mu.Lock()
	calendar := p.mailboxes[l.ConnectionID].calendar
	p.mu.Unlock()
	at := time.Date(2000, 2, 1, 10, 0, 0, 0, time.UTC)
	_, err = client.CreateEvent(bounded, provider.CreateEvent{
		Calendar: calendar, Key: cal.NewKey(l.Tenant, cal.BookingID(l.Subject), cal.CalendarID(calendar), "", 0), Fields: cal.Fields(cal.FieldTitle | cal.FieldSlot),
		Content: cal.Content{
			Title: "Intro call", Slot: cal.Slot{Start: cal.Moment{Instant: at, Zone: "UTC"}, End: cal.Moment{Instant: at.Add(time.Hour), Zone: "UTC"}},
		},
	})
	if err != nil {
		return err
	}
	return p.table.Finish(ctx, l, record.Served())
}

// Connection is the gateway's.
func (p *process) Connection(_ context.Context, _ cal.TenantID, id cal.ConnectionID) (record.Connection, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mailboxes[id].connection, nil
}

// Penalise is the gateway's.
func (p *process) Penalise(_ context.Context, _ cal.TenantID, id cal.ConnectionID, until time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.mailboxes[id]
	if until.After(m.connection.Penalty) {
		m.connection.Penalty = until
	}
	return nil
}

// PenaliseApplication is the gateway's. Nothing here is about a whole application.
func (p *process) PenaliseApplication(_ context.Context, _ cal.TenantID, app cal.AppID, until time.Time) error {
	p.t.Errorf("%s is to be left alone until %s", app, until)
	return nil
}

// Token is the gateway's.
func (p *process) Token(_ context.Context, _ cal.TenantID, c record.Connection) (string, int64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mailboxes[c.ID].access, 1, nil
}

// Refused is the gateway's.
func (p *process) Refused(context.Context, cal.TenantID, cal.ConnectionID, int64) error { return nil }
