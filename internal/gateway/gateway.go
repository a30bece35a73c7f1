package gateway

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

// Store is what the gateway needs of the store.
type Store interface {
	Connection(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID) (record.Connection, error)
	Penalise(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID, until time.Time) error
	PenaliseApplication(ctx context.Context, tenant cal.TenantID, app cal.AppID, until time.Time) error
}

// Tokens hands out access tokens and hears of refused ones.
type Tokens interface {
	Token(ctx context.Context, tenant cal.TenantID, c record.Connection) (access string, version int64, err error)
	Refused(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID, version int64) error
}

// Budget says when calls may be made. Begin lets a context carry a call, whose requests it decides about one by one; end hears what the call failed
// with, if anything, and reports whether that is a refusal of the budget's own.
type Budget interface {
	Begin(ctx context.Context, c record.Call) (_ context.Context, end func(context.Context, *fault.Error) (ours bool))
}

// Gateway opens clients. It is safe for concurrent use.
type Gateway struct {
	Drivers map[cal.Provider]provider.Driver
	Store   Store
	Tokens  Tokens
	Clock   clock.Clock
	// HTTP makes the HTTP client of one connection at a provider: it sends the access token to the provider's own hosts only, guards where it
	// connects, and bounds how long an exchange takes.
	HTTP func(p cal.Provider, access string) *http.Client
	// Budget bounds all calls; nil for none, which is for tests that are about something else.
	Budget Budget
}

// Capabilities are what a provider can do beyond the least.
type Capabilities struct {
	// Quiet providers can be told to mail nobody, Conditional ones refuse a write on a stale ETag.
	Quiet, Conditional bool
	// Confers says that events can be asked to have a conference (provider.ConferenceMaker).
	Confers bool
	// Finds, Lists, Pushes and Renews stand for provider.EventFinder, DeltaLister, ChannelKeeper and ChannelRenewer.
	Finds, Lists, Pushes, Renews bool
}

// Quiet reports whether a provider can be told to mail nobody. An unknown provider cannot.
func (g *Gateway) Quiet(p cal.Provider) bool {
	_, ok := g.Drivers[p].(provider.QuietWriter)
	return ok
}

// Keeps says, without any call, what of a series a provider cannot keep as one event: an *provider.UnmappableError, or nil if it can keep all of it.
func (g *Gateway) Keeps(p cal.Provider, c cal.Content) error {
	d, ok := g.Drivers[p]
	if !ok {
		return &provider.UnmappableError{Part: "RRULE", Why: "this build has no driver for " + string(p)}
	}
	client, err := d.Open(&http.Client{})
	if err != nil {
		return fault.Newf(fault.Misconfigured, "gateway: keeps", "the driver can make no client")
	}
	if _, ok := client.(provider.SeriesKeeper); !ok {
		return &provider.UnmappableError{Part: "RRULE", Why: string(p) + " keeps no series"}
	}
	if mapper, ok := d.(provider.RecurrenceMapper); ok {
		return mapper.MapRecurrence(c)
	}
	return nil
}

// Open returns a client of a connection. It fails with fault.NeedsReauth when the connection is not active, and with fault.RateLimited while the
// provider wants to be left alone.
func (g *Gateway) Open(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID) (*Client, error) {
	return g.open(ctx, tenant, id, cal.ConnectionActive)
}

// OpenClosing is Open for a connection that is being disconnected, and for no other.
func (g *Gateway) OpenClosing(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID) (*Client, error) {
	return g.open(ctx, tenant, id, cal.ConnectionDisconnecting)
}

func (g *Gateway) open(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID, in cal.ConnectionState) (*Client, error) {
	const op = "gateway: open"
	read := g.Clock.Now()
	c, err := g.Store.Connection(ctx, tenant, id)
	if err != nil {
		return nil, err
	}
	if c.State != in {
		return nil, fault.Newf(fault.NeedsReauth, op, "the connection is %s", c.State)
	}
	if wait := c.Penalty.Sub(g.Clock.Now()); wait > 0 {
		limited := fault.Newf(fault.RateLimited, op, "the provider has asked to be left alone")
		limited.RetryAfter = wait
		return nil, limited
	}
	driver, ok := g.Drivers[c.Provider]
	if !ok {
		return nil, fault.Newf(fault.Unsupported, op, "this build has no driver for %s", c.Provider)
	}
	access, version, err := g.Tokens.Token(ctx, tenant, c)
	if err != nil {
		return nil, g.heed(ctx, tenant, id, err)
	}
	out, err := g.with(driver, tenant, c, access, version)
	if err != nil {
		return nil, err
	}
	out.read = read
	return out, nil
}

// with opens a client with an access token.
func (g *Gateway) with(d provider.Driver, tenant cal.TenantID, c record.Connection, access string, version int64) (*Client, error) {
	inner, err := openFor(d, g.HTTP(c.Provider, access), c.Mailbox)
	if f, ok := fault.As(err); ok {
		return nil, f
	}
	if err != nil {
		return nil, fault.Newf(fault.Misconfigured, "gateway: open", "the driver can make no client")
	}
	return newClient(g, d, inner, tenant, c, version), nil
}

// openFor opens a client of the account whose owner has consented or, with a mailbox, of the one that an application acts for by itself.
func openFor(d provider.Driver, httpc *http.Client, mailbox string) (provider.Client, error) {
	if mailbox == "" {
		return d.Open(httpc)
	}
	actor, ok := d.(provider.AppActor)
	if !ok {
		return nil, fault.Newf(fault.Unsupported, "gateway: open", "no application of %s acts by itself", d.Name())
	}
	return actor.OpenMailbox(httpc, mailbox)
}

// heed records for the whole fleet how long a failure says to stay away from the connection's provider, and returns the failure. Other kinds
// either are not about the provider's load or wait for ourselves.
func (g *Gateway) heed(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID, err error) error {
	asked := patience(err)
	if asked <= 0 {
		return err
	}
	until := g.Clock.Now().Add(asked)
	ctx, cancel := recording(ctx)
	defer cancel()
	return errors.Join(err, g.Store.Penalise(ctx, tenant, id, until))
}

// patience is how long a failure says to stay away from whom it is about; 0 if it does not.
func patience(err error) time.Duration {
	switch fault.KindOf(err) {
	case fault.RateLimited, fault.QuotaExhausted, fault.Transient:
		return fault.RetryAfter(err)
	default:
		return 0
	}
}

// Heed is heed for a failure of a call that was made apart from a client.
func (g *Gateway) Heed(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID, err error) error {
	return g.heed(ctx, tenant, id, err)
}

// recordTime is how long it may take to record what a provider said.
const recordTime = 5 * time.Second

// recording is for writing down what a call has heard: the call's own context may have ended with it.
func recording(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), recordTime)
}

func newClient(g *Gateway, d provider.Driver, inner provider.Client, tenant cal.TenantID, c record.Connection, version int64) *Client {
	out := &Client{Client: inner, gateway: g, tenant: tenant, connection: c.ID, provider: c.Provider, app: c.AppID, version: version}
	out.finder, out.caps.Finds = inner.(provider.EventFinder)
	out.lister, out.caps.Lists = inner.(provider.DeltaLister)
	out.keeper, out.caps.Pushes = inner.(provider.ChannelKeeper)
	out.renewer, out.caps.Renews = inner.(provider.ChannelRenewer)
	out.series, _ = inner.(provider.SeriesKeeper)
	_, out.caps.Quiet = d.(provider.QuietWriter)
	_, out.caps.Conditional = d.(provider.ConditionalWriter)
	_, out.caps.Confers = d.(provider.ConferenceMaker)
	return out
}
