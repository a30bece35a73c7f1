package app

import (
	"context"
	"errors"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/api"
	"github.com/calweave/calweave/internal/deltasync"
	"github.com/calweave/calweave/internal/grant"
	"github.com/calweave/calweave/internal/intake"
	"github.com/calweave/calweave/internal/reconcile"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store"
	"github.com/calweave/calweave/internal/telemetry"
	"github.com/calweave/calweave/internal/transport"
	"github.com/calweave/calweave/internal/watch"
	"github.com/calweave/calweave/internal/work"
	"github.com/calweave/calweave/webhooks/inbound"
	"github.com/calweave/calweave/webhooks/outbound"
)

// pruneEvery is how often each tenant's outlived rows are deleted, discoverEvery how often an account's calendars are listed, auditEvery how often
// the links of a calendar are compared with their events.
const (
	pruneEvery    = time.Hour
	discoverEvery = 24 * time.Hour
	auditEvery    = 24 * time.Hour
)

// handlers says who does which kind of work.
func (a *App) handlers() map[task.Kind]work.Handler {
	lease := a.Config.Lease
	reconciler := &reconcile.Reconciler{
		Store: a.Store, Clock: a.clock, Lease: lease, Quiet: a.gateway.Quiet, Open: opener(a.gateway), Taken: a.Intake.Taken, Guard: a.guardLimits(),
		Occurrence: a.Intake.Occurrence,
	}
	rhythm := deltasync.NewRhythm(a.Config.PollMin, a.Config.PollInterval, a.Config.PollMax, a.ids.Jitter)
	syncer := &deltasync.Syncer{
		Store: a.Store, Clock: a.clock, Lease: lease, Past: a.Config.SyncWindowPast, Future: a.Config.SyncWindowFuture, Open: a.openLister,
		Guard: a.guardLimits(), Rhythm: rhythm, Missed: a.metrics.Missed,
		Zones: a.Intake.Zones.Name(), Supersedes: a.Intake.Zones.Supersedes,
	}
	poller := &deltasync.Poller{Store: a.Store, Clock: a.clock, Rhythm: rhythm, Polled: a.metrics.Polled}
	discoverer := &deltasync.Discoverer{Store: a.Store, Open: a.openCalendars, Clock: a.clock, Interval: discoverEvery, Jitter: a.ids.Jitter}
	keeper := &watch.Keeper{
		Store: a.Store, Open: a.openChannels, Secrets: a.ids, Clock: a.clock, Lease: lease, Enabled: a.Config.Push,
		Poll: a.Config.PollInterval, Jitter: a.ids.Jitter, Kept: a.metrics.Kept,
		Address: func(p cal.Provider) string { return a.Config.PublicURL + "/hooks/" + string(p) },
	}
	closer := &grant.Closer{
		Store: a.Store, Grants: a.Store, Exchange: a.exchange, Open: a.openClosing, Clock: a.clock, Lease: lease,
	}
	granter := &grant.Keeper{Store: a.Store, Tokens: a.tokens, Clock: a.clock, Jitter: a.ids.Jitter, Heed: a.gateway.Heed}
	auditor := &reconcile.Auditor{
		Looker: reconcile.Looker{
			Store: a.Store, Open: opener(a.gateway), Clock: a.clock, Quiet: a.gateway.Quiet, Taken: a.Intake.Taken, Occurrence: a.Intake.Occurrence,
		},
		Reports: a.Store, Interval: auditEvery, Jitter: a.ids.Jitter, Found: a.metrics.Audited,
	}
	renewer := &watch.Renewer{Store: a.Store}
	sender := &outbound.Sender{
		Store: a.Store, HTTP: transport.Client(transport.Options{Base: a.base}), Clock: a.clock,
		Blocked: func(err error) bool { return errors.Is(err, transport.ErrRefused) }, Attempted: a.metrics.Delivered,
	}
	return map[task.Kind]work.Handler{
		task.LinkPush:           reconciler.Work,
		task.CalendarSync:       syncer.Work,
		task.CalendarPoll:       poller.Work,
		task.CalendarAudit:      auditor.Work,
		task.CalendarWatch:      keeper.Work,
		task.CalendarRenew:      renewer.Work,
		task.ConnectionDiscover: discoverer.Work,
		task.ConnectionClose:    closer.Work,
		task.GrantKeep:          granter.Work,
		task.DeliverySend:       sender.Work,
		task.TenantPrune:        a.prune,
		task.SealRotate:         a.reseal,
		task.ZoneRefresh:        a.resolver().Work,
	}
}

func (a *App) prune(ctx context.Context, l record.Lease) error {
	o := record.Served()
	o.Again, o.NotBefore = true, a.clock.Now().Add(pruneEvery+a.ids.Jitter(pruneEvery/8))
	_, err := a.Store.Prune(ctx, l, o)
	return err
}

func (a *App) openLister(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID) (deltasync.Lister, bool, error) {
	c, err := a.gateway.Open(ctx, tenant, id)
	if err != nil {
		return nil, false, err
	}
	return c, c.Capabilities().Lists, nil
}

func (a *App) openCalendars(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID) (deltasync.CalendarLister, error) {
	return a.gateway.Open(ctx, tenant, id)
}

func (a *App) openChannels(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID) (watch.Client, watch.Abilities, error) {
	c, err := a.gateway.Open(ctx, tenant, id)
	if err != nil {
		return nil, watch.Abilities{}, err
	}
	can := c.Capabilities()
	return c, watch.Abilities{Pushes: can.Pushes, Renews: can.Renews}, nil
}

func (a *App) openClosing(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID) (grant.Channels, error) {
	return a.gateway.OpenClosing(ctx, tenant, id)
}

// receivers are the handlers of the providers that push.
func (a *App) receivers() map[cal.Provider]*inbound.Receiver {
	out := map[cal.Provider]*inbound.Receiver{}
	for name, d := range a.drivers {
		if decoder, ok := d.(provider.NotificationDecoder); ok {
			out[name] = &inbound.Receiver{
				Provider: name, Decoder: decoder, Batch: a.pushes, Log: a.log,
				Trace: a.current, Counted: a.metrics.Notified,
			}
		}
	}
	return out
}

func (a *App) server() *api.Server {
	return &api.Server{
		Bookings: bookings{a}, Ledger: a.Store, Accounts: a.Store, Applications: applications{a.Store, a.exchange}, Calendars: a.Store, Providers: providerStates{a}, Flow: flow{a.flow, a.mailboxes}, Endpoints: a.Store, Deliveries: a.Store, DeadLetters: a.Store, Drifts: a.Store, Guards: a.Store, Mirror: a.Store, StaleAfter: 2 * a.Config.PollInterval,
		Messages: a.Store, Requests: a.Store,
		Contract: a.Queue.Contract, Reference: a.reference, Log: a.log,
		Authenticate: a.authenticate, Trace: a.trace, RequestID: func() string { return a.ids.ID("req") }, Cookie: a.ids.Secret,
		CheckURL: a.checkURL, Secret: func() []byte { return a.ids.Bytes(secretBytes) }, Ready: a.Store.Ping, Degraded: a.degraded, PublicURL: a.Config.PublicURL,
		ReturnURLs: a.Config.ReturnURLs, Limits: api.NewLimits(a.Config.APIRate, a.Config.APIBurst, a.clock),
		Timeout: exchangeTime, Arrive: a.gate.Request, Measure: a.metrics.Request,
	}
}

// secretBytes is the length of an endpoint's secret; Standard Webhooks asks for 24 to 64.
const secretBytes = 32

func (a *App) authenticate(ctx context.Context, token string) (api.Identity, error) {
	k, err := a.Store.APIKey(ctx, token)
	return api.Identity{Tenant: k.Tenant, KeyID: k.ID, Scopes: k.Scopes}, err
}

// trace goes on with the trace that a header names, or begins one.
func (a *App) trace(header string) string {
	t, err := telemetry.ParseTrace(header)
	if err != nil {
		return telemetry.NewTrace(a.ids).String()
	}
	return t.Child(a.ids).String()
}

// current is the trace that a context carries, or one that begins.
func (a *App) current(ctx context.Context) (context.Context, string) {
	if t := telemetry.Traceparent(ctx); t != "" {
		return ctx, t
	}
	return a.follow(ctx, "")
}

// follow goes on with a trace, or begins one, and lets the context carry it.
func (a *App) follow(ctx context.Context, parent string) (context.Context, string) {
	t := a.trace(parent)
	return telemetry.WithTraceparent(ctx, t), t
}

// bookings fits the intake and the store to the API.
type bookings struct{ app *App }

func (b bookings) Put(ctx context.Context, who api.Identity, id cal.BookingID, spec cal.Booking, o api.Options) (record.Booking, bool, error) {
	r, err := b.app.Intake.Submit(ctx, who.Tenant, intake.Submission{
		ID: id, Booking: &spec, IfMatch: o.IfMatch, Actor: who.KeyID, Via: "http", Traceparent: o.Trace,
	})
	return r.Booking, r.Repeat, err
}

func (b bookings) Cancel(ctx context.Context, who api.Identity, id cal.BookingID, version int64, o api.Options) (record.Booking, bool, error) {
	r, err := b.app.Intake.Submit(ctx, who.Tenant, intake.Submission{
		ID: id, Cancel: &version, IfMatch: o.IfMatch, Actor: who.KeyID, Via: "http", Traceparent: o.Trace,
	})
	return r.Booking, r.Repeat, err
}

func (b bookings) Decide(
	ctx context.Context, who api.Identity, id cal.BookingID, d message.Decision, of api.Changed, o api.Options,
) (record.Booking, error) {
	return b.app.Intake.Decide(ctx, who.Tenant, intake.Verdict{
		ID: id, Decision: d, Calendar: of.Calendar, Occurrence: of.Occurrence, IfMatch: o.IfMatch, Actor: who.KeyID, Traceparent: o.Trace,
	})
}

func (b bookings) Booking(ctx context.Context, tenant cal.TenantID, id cal.BookingID) (record.Booking, error) {
	return b.app.Store.Booking(ctx, tenant, id)
}

func (b bookings) Reservation(ctx context.Context, tenant cal.TenantID, token cal.ReservationToken) (record.Reservation, error) {
	return b.app.Store.Reservation(ctx, tenant, token)
}

// The store serves every part through the part's own small interface.
var (
	_ work.Store              = (*store.Store)(nil)
	_ work.DueStore           = (*store.Store)(nil)
	_ reconcile.Store         = (*store.Store)(nil)
	_ reconcile.AuditStore    = (*store.Store)(nil)
	_ deltasync.Store         = (*store.Store)(nil)
	_ deltasync.PollStore     = (*store.Store)(nil)
	_ deltasync.CalendarStore = (*store.Store)(nil)
	_ watch.Store             = (*store.Store)(nil)
	_ grant.Store             = (*store.Store)(nil)
	_ grant.FlowStore         = (*store.Store)(nil)
	_ grant.CloserStore       = (*store.Store)(nil)
	_ grant.KeeperStore       = (*store.Store)(nil)
	_ grant.AppStore          = (*store.Store)(nil)
	_ grant.MailboxStore      = (*store.Store)(nil)
	_ intake.Store            = (*store.Store)(nil)
	_ inbound.Channels        = (*store.Store)(nil)
	_ outbound.Store          = (*store.Store)(nil)
)

// guardLimits are how many deletions of one calendar within a day need no operator.
func (a *App) guardLimits() record.GuardLimits {
	return record.GuardLimits{Count: a.Config.GuardDeletions, Percent: a.Config.GuardShare}
}
