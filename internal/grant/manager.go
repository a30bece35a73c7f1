package grant

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

// Store is what the manager needs of the store.
type Store interface {
	Grant(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID) (record.Grant, error)
	LeaseRefresh(ctx context.Context, tenant cal.TenantID, g record.Grant, until time.Time) (fence int64, ok bool, err error)
	ReleaseRefresh(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID, fence int64) error
	Rotate(ctx context.Context, tenant cal.TenantID, g record.Grant, fence int64) (version int64, err error)
	ExpireAccess(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID, version int64) error
	Revoke(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID, version int64, reason string) (revoked bool, err error)
}

// Manager hands out access tokens. It is safe for concurrent use.
type Manager struct {
	store    Store
	exchange *Exchange
	clock    clock.Clock
	flight   singleflight.Group
}

// NewManager makes a manager.
func NewManager(store Store, x *Exchange, c clock.Clock) *Manager {
	return &Manager{store: store, exchange: x, clock: c}
}

const (
	// margin is how long before its end an access token counts as ended, so that no call outlives its token.
	margin = 5 * time.Minute
	// refreshTime is how long the token endpoint may take; leaseTime is longer, so that its holder has stored what came of it before anybody
	// else may begin.
	refreshTime = 15 * time.Second
	leaseTime   = 30 * time.Second
	// contest is how long those stay away who find somebody else refreshing.
	contest = 250 * time.Millisecond
	// storeTries is how often a rotated token is stored before it is given up, storeWait the first wait in between, which doubles.
	storeTries = 6
	storeWait  = 100 * time.Millisecond
)

// token is an access token and the version of the grant that it belongs to.
type token struct {
	access  string
	version int64
}

// Token returns an access token that is good for margin at least and the version of its grant, refreshing the grant if it has to. It fails with
// fault.NeedsReauth when the token endpoint calls the grant dead, and with fault.Busy while another process refreshes it.
func (m *Manager) Token(ctx context.Context, tenant cal.TenantID, c record.Connection) (access string, version int64, err error) {
	t, err := m.token(ctx, tenant, c)
	return t.access, t.version, err
}

func (m *Manager) token(ctx context.Context, tenant cal.TenantID, c record.Connection) (token, error) {
	g, err := m.grant(ctx, tenant, c.ID)
	if err != nil {
		return token{}, err
	}
	if m.fresh(g) {
		return token{access: g.AccessToken, version: g.Version}, nil
	}
	// The callers of one process share one refresh. It runs apart from the context of the first of them, whose end would fail the others.
	ch := m.flight.DoChan(string(tenant)+"/"+string(c.ID), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseTime)
		defer cancel()
		return m.refresh(ctx, tenant, c, g)
	})
	select {
	case <-ctx.Done():
		return token{}, fault.Network(ctx, "grant: wait for refresh", ctx.Err())
	case r := <-ch:
		if r.Err != nil {
			return token{}, r.Err
		}
		t, _ := r.Val.(token)
		return t, nil
	}
}

func (m *Manager) grant(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID) (record.Grant, error) {
	g, err := m.store.Grant(ctx, tenant, id)
	if errors.Is(err, record.ErrNotFound) {
		err = fault.Newf(fault.NeedsReauth, "grant", "the connection has no grant")
	}
	return g, err
}

func (m *Manager) fresh(g record.Grant) bool {
	return g.AccessToken != "" && g.ExpiresAt.After(m.clock.Now().Add(margin))
}

func (m *Manager) refresh(ctx context.Context, tenant cal.TenantID, c record.Connection, g record.Grant) (token, error) {
	fence, ok, err := m.store.LeaseRefresh(ctx, tenant, g, m.clock.Now().Add(leaseTime))
	if err != nil {
		return token{}, err
	}
	if !ok {
		return m.reread(ctx, tenant, c.ID)
	}
	next, err := m.renew(ctx, tenant, c, g)
	if err != nil {
		return token{}, m.refused(ctx, tenant, g, fence, err)
	}
	version, err := m.keep(ctx, tenant, next, fence)
	if errors.Is(err, record.ErrStale) {
		return m.reread(ctx, tenant, c.ID)
	}
	if err != nil {
		return token{}, err
	}
	return token{access: next.AccessToken, version: version}, nil
}

func (m *Manager) renew(ctx context.Context, tenant cal.TenantID, c record.Connection, g record.Grant) (record.Grant, error) {
	ctx, cancel := context.WithTimeout(ctx, refreshTime)
	defer cancel()
	return m.exchange.Refresh(ctx, tenant, c, g)
}

// keep stores a rotated grant. The provider may take the old refresh token no more, so a store that fails is asked again. One that had stored
// it and failed to say so answers record.ErrStale.
func (m *Manager) keep(ctx context.Context, tenant cal.TenantID, g record.Grant, fence int64) (int64, error) {
	for try, wait := 1, storeWait; ; try, wait = try+1, 2*wait {
		version, err := m.store.Rotate(ctx, tenant, g, fence)
		if err == nil || errors.Is(err, record.ErrStale) || try == storeTries {
			return version, err
		}
		select {
		case <-ctx.Done():
			return 0, err
		case <-time.After(wait):
		}
	}
}

// reread looks at what somebody else has stored meanwhile.
func (m *Manager) reread(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID) (token, error) {
	g, err := m.grant(ctx, tenant, id)
	if err != nil {
		return token{}, err
	}
	if m.fresh(g) {
		return token{access: g.AccessToken, version: g.Version}, nil
	}
	busy := fault.Newf(fault.Busy, "grant", "another process refreshes this grant")
	busy.RetryAfter = contest
	return token{}, busy
}

// refused handles a refresh that failed. The grant is dead only if the token endpoint says so about the version that is still stored.
func (m *Manager) refused(ctx context.Context, tenant cal.TenantID, g record.Grant, fence int64, cause error) error {
	if !fault.Is(cause, fault.NeedsReauth) {
		return errors.Join(cause, m.store.ReleaseRefresh(ctx, tenant, g.ConnectionID, fence))
	}
	reason := "the provider ended the grant"
	if f, ok := fault.As(cause); ok && f.Code != "" {
		reason += " (" + f.Code + ")"
	}
	revoked, err := m.store.Revoke(ctx, tenant, g.ConnectionID, g.Version, reason)
	if err != nil {
		return err
	}
	if !revoked {
		busy := fault.Newf(fault.Busy, "grant", "a newer grant was stored meanwhile")
		busy.RetryAfter = contest
		return busy
	}
	return cause
}

// Refused tells that a provider refused an access token with 401, so that the next caller refreshes unless somebody already has. It never ends
// a grant.
func (m *Manager) Refused(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID, version int64) error {
	return m.store.ExpireAccess(ctx, tenant, id, version)
}
