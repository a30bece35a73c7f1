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
	issued   issued

	// Refreshed hears of each access token that a token endpoint was asked for; nil for nobody. It is set before the first call.
	Refreshed func(p cal.Provider, err error)
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
	// storeWait is the first wait between two attempts to store a rotated token, which doubles up to storeWaitMost.
	storeWait     = 100 * time.Millisecond
	storeWaitMost = 2 * time.Second
)

// token is an access token and the version of the grant that it belongs to.
type token struct {
	access  string
	version int64
}

// Token returns an access token of c's grant that is good for margin at least, and the grant's version, refreshing it if it has to. c is as it was
// read just now. It fails with
// fault.NeedsReauth or fault.NeedsConsent when the token endpoint calls the grant dead, and with fault.Busy while another process refreshes it.
func (m *Manager) Token(ctx context.Context, tenant cal.TenantID, c record.Connection) (access string, version int64, err error) {
	t, err := m.token(ctx, tenant, c)
	return t.access, t.version, err
}

func (m *Manager) token(ctx context.Context, tenant cal.TenantID, c record.Connection) (token, error) {
	who := account{tenant, c.ID}
	if t, ok := m.issued.find(who, c.GrantVersion); ok && m.lasts(c.AccessUntil) {
		return t, nil
	}
	g, err := m.grant(ctx, tenant, c.ID)
	if err != nil {
		return token{}, err
	}
	if m.fresh(g) {
		t := token{access: g.AccessToken, version: g.Version}
		m.issued.add(who, t)
		return t, nil
	}
	return m.shared(ctx, tenant, c, g)
}

// Refresh refreshes a grant, unless somebody else does so or has done so already. It fails as Token does.
func (m *Manager) Refresh(ctx context.Context, tenant cal.TenantID, c record.Connection, g record.Grant) error {
	_, err := m.shared(ctx, tenant, c, g)
	return err
}

// shared lets the callers of one process share one refresh. It runs apart from the context of the first of them, whose end would fail the others.
func (m *Manager) shared(ctx context.Context, tenant cal.TenantID, c record.Connection, g record.Grant) (token, error) {
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
	return g.AccessToken != "" && m.lasts(g.ExpiresAt)
}

func (m *Manager) lasts(until time.Time) bool { return until.After(m.clock.Now().Add(margin)) }

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
	next, err := m.exchange.Refresh(ctx, tenant, c, g)
	if m.Refreshed != nil {
		m.Refreshed(c.Provider, err)
	}
	return next, err
}

// keep stores a rotated grant. The provider may take the old refresh token no more, so a store that fails is asked again for as long as the lease
// is held, which is as long as ctx lasts. One that had stored it and failed to say so answers record.ErrStale.
func (m *Manager) keep(ctx context.Context, tenant cal.TenantID, g record.Grant, fence int64) (int64, error) {
	for wait := storeWait; ; wait = min(2*wait, storeWaitMost) {
		version, err := m.store.Rotate(ctx, tenant, g, fence)
		if err == nil || errors.Is(err, record.ErrStale) {
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
	if !fault.KindOf(cause).EndsGrant() {
		return errors.Join(cause, m.store.ReleaseRefresh(ctx, tenant, g.ConnectionID, fence))
	}
	revoked, err := m.store.Revoke(ctx, tenant, g.ConnectionID, g.Version, verdict(cause))
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

// verdict says in words why a grant is dead, for whoever has to reach its owner.
func verdict(cause error) string {
	said := "the provider ended the grant"
	if fault.Is(cause, fault.NeedsConsent) {
		said = "the account's owner, or an administrator of the owner's organisation, has to allow the application again"
	}
	if f, ok := fault.As(cause); ok && f.Code != "" {
		said += " (" + f.Code + ")"
	}
	return said
}

// Refused tells that a provider refused an access token with 401, so that the next caller refreshes unless somebody already has. It never ends
// a grant.
func (m *Manager) Refused(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID, version int64) error {
	return m.store.ExpireAccess(ctx, tenant, id, version)
}
