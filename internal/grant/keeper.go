package grant

import (
	"context"
	"errors"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

// KeeperStore is what the keeper needs of the store.
type KeeperStore interface {
	Kept(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID) (record.Kept, error)
	Finish(ctx context.Context, l record.Lease, o record.Outcome, marks ...record.Mark) error
}

// Keeper refreshes grants before anybody has to wait for it.
type Keeper struct {
	Store  KeeperStore
	Tokens *Manager
	Clock  clock.Clock
	// Jitter returns a random duration below its argument: accounts that were connected together are not refreshed together.
	Jitter func(time.Duration) time.Duration
	// Heed records how long a failure says to stay away from the connection's provider, and returns it.
	Heed func(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID, err error) error
}

const (
	// idleLife is how long the grant of an account is left alone that nobody calls. A refresh token that is not used dies: Google's after six
	// months (https://developers.google.com/identity/protocols/oauth2#expiration), Microsoft's after 90 days
	// (https://learn.microsoft.com/entra/identity-platform/refresh-tokens#token-lifetime).
	idleLife = 7 * 24 * time.Hour
	// idleLook is how often such an account is looked at: it may be called from now on.
	idleLook = 6 * time.Hour
	// soonest keeps a grant whose access tokens live next to no time from being looked at all the time.
	soonest = time.Minute
)

// Work refreshes the grant of the lease's connection if its time has come, and comes back when the next one has.
func (k *Keeper) Work(ctx context.Context, l record.Lease) error {
	id := cal.ConnectionID(l.Subject)
	kept, err := k.kept(ctx, l.Tenant, id)
	if err != nil {
		return err
	}
	if !k.Clock.Now().Before(due(kept)) {
		if err := k.refresh(ctx, l, kept); err != nil {
			return k.Heed(ctx, l.Tenant, id, err)
		}
		if kept, err = k.kept(ctx, l.Tenant, id); err != nil {
			return err
		}
	}
	o := record.Served()
	o.Again, o.NotBefore = true, k.next(kept)
	return k.Store.Finish(ctx, l, o)
}

// kept fails with fault.NeedsReauth unless the connection is at work, and with fault.RateLimited while its provider wants to be left alone.
func (k *Keeper) kept(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID) (record.Kept, error) {
	const op = "grant: keep"
	kept, err := k.Store.Kept(ctx, tenant, id)
	if errors.Is(err, record.ErrNotFound) {
		return kept, fault.Newf(fault.NeedsReauth, op, "the connection has no grant")
	}
	if err != nil {
		return kept, err
	}
	if kept.Connection.State != cal.ConnectionActive {
		return kept, fault.Newf(fault.NeedsReauth, op, "the connection is %s", kept.Connection.State)
	}
	if wait := kept.Connection.Penalty.Sub(k.Clock.Now()); wait > 0 {
		limited := fault.Newf(fault.RateLimited, op, "the provider has asked to be left alone")
		limited.RetryAfter = wait
		return kept, limited
	}
	return kept, nil
}

func (k *Keeper) refresh(ctx context.Context, l record.Lease, kept record.Kept) error {
	ctx, cancel, err := l.Call(ctx, k.Clock.Now())
	if err != nil {
		return err
	}
	defer cancel()
	return k.Tokens.Refresh(ctx, l.Tenant, kept.Connection, kept.Grant)
}

// due is when a grant is refreshed at the soonest: with half of its access token's life over, or at once when that was refused; in an account that
// nobody calls, after idleLife.
func due(kept record.Kept) time.Time {
	if !kept.Used {
		return kept.StoredAt.Add(idleLife)
	}
	return kept.StoredAt.Add(life(kept) / 2)
}

// life is how long the access token was issued for, and 0 once it was refused.
func life(kept record.Kept) time.Duration { return max(0, kept.Grant.ExpiresAt.Sub(kept.StoredAt)) }

// next is when to look again: somewhere in the third of the access token's life that follows the first half, or sooner in an account that may be
// called by then.
func (k *Keeper) next(kept record.Kept) time.Time {
	now := k.Clock.Now()
	at := due(kept).Add(k.Jitter(life(kept) / 3))
	if !kept.Used {
		at = now.Add(idleLook - k.Jitter(idleLook/4))
	}
	if least := now.Add(soonest); at.Before(least) {
		return least
	}
	return at
}
