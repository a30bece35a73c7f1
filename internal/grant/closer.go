package grant

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

// CloserStore is what Closer needs of the store. Each method that takes d prolongs the lease by it, and fails once it is lost.
type CloserStore interface {
	Closing(ctx context.Context, l record.Lease) (record.Closing, error)
	SaveChannels(ctx context.Context, l record.Lease, d time.Duration, channels ...record.Channel) (record.Lease, error)
	LeaveAccount(ctx context.Context, l record.Lease, d time.Duration) (record.Lease, error)
	SharesAccount(ctx context.Context, l record.Lease, d time.Duration) (record.Lease, bool, error)
	Disconnected(ctx context.Context, l record.Lease, d record.Disconnection) error
	Finish(ctx context.Context, l record.Lease, o record.Outcome, marks ...record.Mark) error
}

// Channels ends push channels of one connection.
type Channels interface {
	CloseChannel(ctx context.Context, ch cal.Channel) error
}

// Closer ends connections that were disconnected.
type Closer struct {
	Store    CloserStore
	Grants   Store
	Exchange *Exchange
	// Open opens the client of a connection that is being disconnected.
	Open  func(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID) (Channels, error)
	Clock clock.Clock
	// Lease is how long a lease is prolonged by before each call.
	Lease time.Duration
}

// patience is for how long after a disconnection a failure of the provider is tried again. The attempt after it is the last: what fails then is left
// as it is, and the tokens are forgotten.
const patience = 24 * time.Hour

// closing is one run.
type closing struct {
	*Closer
	lease record.Lease
	of    record.Connection
	// over says that the grant was dead before, so that nothing can be called with it.
	over bool
}

// Work ends the lease's connection, from wherever an earlier run has left it. A connection that was connected again meanwhile is left alone.
func (k *Closer) Work(ctx context.Context, l record.Lease) error {
	all, err := k.Store.Closing(ctx, l)
	if err != nil {
		return err
	}
	c := all.Connection
	if c.State != cal.ConnectionDisconnecting {
		return k.Store.Finish(ctx, l, record.Outcome{State: record.Ready, Served: true, Forget: true})
	}
	// A connection has a reason when its grant ended, or turned out to be another account's.
	r := &closing{Closer: k, lease: l, of: c, over: c.Reason != ""}
	return r.run(ctx, all.Channels)
}

func (r *closing) run(ctx context.Context, channels []record.Channel) error {
	left, err := r.endChannels(ctx, channels)
	if err != nil {
		return err
	}
	revocation, err := r.revoke(ctx)
	if err != nil {
		return err
	}
	return r.Store.Disconnected(ctx, r.lease, record.Disconnection{Revocation: revocation, ChannelsLeft: left})
}

// endChannels ends the connection's channels and returns how many of them cannot be ended. It fails as long as that may pass.
func (r *closing) endChannels(ctx context.Context, channels []record.Channel) (left int, err error) {
	client, err := r.open(ctx, channels)
	if err != nil {
		return 0, err
	}
	var later error
	for _, c := range channels {
		if fault.RetryAfter(later) > 0 {
			break // the provider wants to be left alone
		}
		before := c.State
		c.State = record.ChannelClosing // if its owner connects again, the keeper ends it
		switch err := r.end(ctx, client, c); {
		case err == nil:
			c.State = record.ChannelClosed
		case r.waits(err):
			later = err
		default:
			left++
		}
		if c.State == before {
			continue
		}
		if r.lease, err = r.Store.SaveChannels(ctx, r.lease, r.Lease, c); err != nil {
			return 0, err
		}
	}
	return left, later
}

// errUnreachable means that a channel cannot be ended: there is no client for it, or no name.
var errUnreachable = fault.Newf(fault.Unsupported, "grant: end channel", "it cannot be named to the provider")

// end ends one channel. One whose opening was never answered has no name at the provider.
func (r *closing) end(ctx context.Context, client Channels, c record.Channel) error {
	if !c.Expires.IsZero() && !c.Expires.After(r.Clock.Now()) {
		return nil
	}
	if client == nil || c.Remote == "" && c.Resource == "" {
		return errUnreachable
	}
	err := r.call(ctx, func(ctx context.Context) error { return client.CloseChannel(ctx, c.Channel) })
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Gone) {
		return nil
	}
	return err
}

// open returns nil when there is nothing to open a client for, or no use in waiting for one.
func (r *closing) open(ctx context.Context, channels []record.Channel) (Channels, error) {
	if len(channels) == 0 || r.over {
		return nil, nil //nolint:nilnil // see above
	}
	client, err := r.Open(ctx, r.lease.Tenant, r.of.ID)
	switch {
	case err == nil:
		return client, nil
	case fault.KindOf(err).EndsGrant():
		r.over = true
		return nil, nil //nolint:nilnil // see above
	case r.waits(err):
		return nil, err
	default:
		return nil, nil //nolint:nilnil // see above
	}
}

// revoke ends what the account's owner has allowed, unless that would end another connection too. It fails as long as that may pass.
func (r *closing) revoke(ctx context.Context) (message.Revocation, error) {
	g, err := r.Grants.Grant(ctx, r.lease.Tenant, r.of.ID)
	if errors.Is(err, record.ErrNotFound) || err == nil && r.over {
		return message.RevocationNeedless, nil
	}
	if err != nil {
		return "", err
	}
	app, without, err := r.revoker(ctx)
	if err != nil || without != "" {
		return without, err
	}
	if shared, err := r.shared(ctx); err != nil || shared {
		return message.RevocationShared, err
	}
	err = r.call(ctx, func(ctx context.Context) error {
		return r.Exchange.Revoke(ctx, app, cmp.Or(g.RefreshToken, g.AccessToken))
	})
	switch {
	case err == nil:
		return message.Revoked, nil
	case r.waits(err):
		return "", err
	default:
		return message.RevocationFailed, nil
	}
}

// revoker is the application that can revoke the grant, or what becomes of the grant without one.
func (r *closing) revoker(ctx context.Context) (App, message.Revocation, error) {
	app, err := r.Exchange.App(ctx, r.lease.Tenant, r.of.AppID)
	switch {
	case errors.Is(err, ErrNoApp): // it is not configured any more: there is nothing to wait for
		return app, message.RevocationFailed, nil
	case err != nil:
		return app, "", err
	case app.Alone, app.Driver.OAuth().RevokeURL == "": // what an administrator has opened is theirs to close
		return app, message.RevocationUnsupported, nil
	default:
		return app, "", nil
	}
}

// shared reports whether another connection uses the account, or may: an account that was never listed could be anybody's.
func (r *closing) shared(ctx context.Context) (shared bool, err error) {
	if r.of.Account == "" {
		return true, nil
	}
	if r.lease, err = r.Store.LeaveAccount(ctx, r.lease, r.Lease); err != nil {
		return false, err
	}
	r.lease, shared, err = r.Store.SharesAccount(ctx, r.lease, r.Lease)
	return shared, err
}

// waits reports whether a failure is tried again. What the run itself is ended by always is.
func (r *closing) waits(err error) bool {
	switch fault.KindOf(err) {
	case fault.Canceled, fault.Fenced:
		return true
	case fault.Transient, fault.RateLimited, fault.QuotaExhausted, fault.Busy, fault.Unauthorized, fault.Conflict, fault.Misconfigured:
		return r.Clock.Now().Before(r.of.ClosedAt.Add(patience))
	default:
		return false
	}
}

// call runs one call, which has to end well before the lease does.
func (r *closing) call(ctx context.Context, fn func(context.Context) error) error {
	ctx, cancel, err := r.lease.Call(ctx, r.Clock.Now())
	if err != nil {
		return err
	}
	defer cancel()
	return fn(ctx)
}
