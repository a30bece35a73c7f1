package grant

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

const tenant cal.TenantID = "ten_1"

// vault keeps grants in memory under the store's rules: a lease per version, a fence that rises, a version that rises with each token.
type vault struct {
	clock clock.Clock

	mu     sync.Mutex
	grants map[cal.TenantID]record.Grant
	fence  int64
	// revoked are the reasons that the grant was ended for.
	revoked  []string
	rotated  int
	released int
	// before runs ahead of each call, outside the lock; an error of its fails the call.
	before func(ctx context.Context, call string) error
	// lost fails each call by its name after it took effect.
	lost map[string]error
}

func newVault(c clock.Clock, g record.Grant) *vault {
	return &vault{clock: c, grants: map[cal.TenantID]record.Grant{tenant: g}}
}

// do runs one call that takes no effect once its context has ended.
func (v *vault) do(ctx context.Context, call string, fn func() error) error {
	if v.before != nil {
		if err := v.before(ctx, call); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := fn(); err != nil {
		return err
	}
	return v.lost[call]
}

func (v *vault) Grant(ctx context.Context, t cal.TenantID, id cal.ConnectionID) (g record.Grant, err error) {
	err = v.do(ctx, "grant", func() error {
		var ok bool
		if g, ok = v.grants[t]; !ok || g.ConnectionID != id {
			return record.ErrNotFound
		}
		return nil
	})
	return g, err
}

func (v *vault) LeaseRefresh(ctx context.Context, t cal.TenantID, g record.Grant, until time.Time) (fence int64, ok bool, err error) {
	err = v.do(ctx, "lease", func() error {
		now := v.grants[t]
		if now.Version != g.Version || now.RefreshUntil.After(v.clock.Now()) {
			return nil
		}
		v.fence++
		now.RefreshUntil = until
		v.grants[t], fence, ok = now, v.fence, true
		return nil
	})
	return fence, ok && err == nil, err
}

func (v *vault) ReleaseRefresh(ctx context.Context, t cal.TenantID, _ cal.ConnectionID, fence int64) error {
	return v.do(ctx, "release", func() error {
		if g := v.grants[t]; fence == v.fence {
			g.RefreshUntil = time.Time{}
			v.grants[t] = g
			v.released++
		}
		return nil
	})
}

func (v *vault) Rotate(ctx context.Context, t cal.TenantID, g record.Grant, fence int64) (version int64, err error) {
	err = v.do(ctx, "rotate", func() error {
		now := v.grants[t]
		if fence != v.fence || now.RefreshUntil.IsZero() {
			return record.ErrStale
		}
		g.Version, g.RefreshUntil = now.Version+1, time.Time{}
		v.grants[t], version = g, g.Version
		v.rotated++
		return nil
	})
	return version, err
}

func (v *vault) ExpireAccess(ctx context.Context, t cal.TenantID, id cal.ConnectionID, version int64) error {
	return v.do(ctx, "expire", func() error {
		if g := v.grants[t]; g.ConnectionID == id && g.Version == version {
			g.ExpiresAt = time.Time{}
			v.grants[t] = g
		}
		return nil
	})
}

func (v *vault) Revoke(ctx context.Context, t cal.TenantID, _ cal.ConnectionID, version int64, reason string) (revoked bool, err error) {
	err = v.do(ctx, "revoke", func() error {
		if v.grants[t].Version != version {
			return nil
		}
		revoked = true
		v.revoked = append(v.revoked, reason)
		return nil
	})
	return revoked && err == nil, err
}

// put stores a grant as a reconnect or another process would: a version on, and nobody's lease stands.
func (v *vault) put(access string, expires time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	g := v.grants[tenant]
	g.Version, g.AccessToken, g.RefreshToken, g.ExpiresAt, g.RefreshUntil = g.Version+1, access, "refresh of "+access, expires, time.Time{}
	v.grants[tenant] = g
	v.fence++
}

func (v *vault) now() record.Grant {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.grants[tenant]
}

// failing fails the n-th to the m-th call of a name, from 1 on.
func failing(name string, n, m int, err error) func(context.Context, string) error {
	seen := 0
	return func(_ context.Context, call string) error {
		if call != name {
			return nil
		}
		if seen++; seen >= n && seen <= m {
			return err
		}
		return nil
	}
}

var errDown = errors.New("the database is down")

// manage makes a manager over a vault that holds g and a token endpoint.
func manage(c clock.Clock, g record.Grant, e *endpoint) (*Manager, *vault) {
	v := newVault(c, g)
	return NewManager(v, exchange(e, c), c), v
}

// wantToken holds a manager to an access token and its version.
func wantToken(t *testing.T, m *Manager, access string, version int64) {
	t.Helper()
	got, v, err := m.Token(t.Context(), tenant, connectionOf(cal.Google))
	if err != nil || got != access || v != version {
		t.Errorf("%q of version %d, %v, want %q of version %d", got, v, err, access, version)
	}
}
