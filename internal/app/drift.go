package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/gateway"
	"github.com/calweave/calweave/internal/reconcile"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store"
)

// auditPatience is the longest wait that is granted for one link where somebody waits for the audit: most of the time the budget of bulk work is
// filled again by then.
const auditPatience = time.Minute

// Audit hands over a finding for each link of a tenant that the filter chooses and that follows after, and returns the last one that was looked at. It
// writes nothing anywhere: no row, no token, no event. What a provider asks for is heeded by this audit and told to the fleet's budget. It is for
// processes that do not Run.
func (a *App) Audit(
	ctx context.Context, tenant cal.TenantID, f record.AuditFilter, after cal.LinkID, each func(record.Finding) error,
) (last cal.LinkID, err error) {
	reporting, stop := context.WithCancel(context.WithoutCancel(ctx))
	var reports sync.WaitGroup
	reports.Go(func() { a.budget.Run(reporting) })
	defer reports.Wait()
	defer stop()
	return a.onlooking().Walk(ctx, tenant, f, after, each)
}

// onlooking is an audit that writes nothing.
func (a *App) onlooking() *reconcile.Audit {
	g := &gateway.Gateway{
		Drivers: a.drivers, Store: &onlooker{Store: a.Store, until: map[cal.ConnectionID]time.Time{}}, Tokens: stored{a.Store, a.clock},
		Clock: a.clock, HTTP: a.providerClient, Budget: a.budget,
	}
	return &reconcile.Audit{
		Looker: reconcile.Looker{
			Store: a.Store, Open: opener(g), Clock: a.clock, Quiet: g.Quiet, Taken: a.Intake.Taken, Occurrence: a.Intake.Occurrence,
		},
		Links: a.Store, Lease: a.Config.Lease, Patience: auditPatience, Wait: pause,
	}
}

// opener opens clients for the reconciler, and for whoever says what it would do.
func opener(g *gateway.Gateway) reconcile.Open {
	return func(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID) (reconcile.Client, reconcile.Abilities, error) {
		c, err := g.Open(ctx, tenant, id)
		if err != nil {
			return nil, reconcile.Abilities{}, err
		}
		can := c.Capabilities()
		return c, reconcile.Abilities{Quiet: can.Quiet, Conditional: can.Conditional, Finds: can.Finds, Confers: can.Confers}, nil
	}
}

// pause waits for d, or until the context ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// onlooker is what the gateway needs of the store, for whoever may not write to it: until when a connection is left alone it keeps to itself.
type onlooker struct {
	*store.Store
	mu    sync.Mutex
	until map[cal.ConnectionID]time.Time
}

// Connection is the store's, with what this process has heard since.
func (o *onlooker) Connection(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID) (record.Connection, error) {
	c, err := o.Store.Connection(ctx, tenant, id)
	o.mu.Lock()
	defer o.mu.Unlock()
	if until := o.until[id]; until.After(c.Penalty) {
		c.Penalty = until
	}
	return c, err
}

// Penalise remembers until when a connection is to be left alone.
func (o *onlooker) Penalise(_ context.Context, _ cal.TenantID, id cal.ConnectionID, until time.Time) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.until[id] = until
	return nil
}

// PenaliseApplication leaves it to the budget, which hears of it too.
func (*onlooker) PenaliseApplication(context.Context, cal.TenantID, cal.AppID, time.Time) error {
	return nil
}

// stored hands out the access tokens that there are, and asks for none.
type stored struct {
	*store.Store
	clock clock.Clock
}

// Token returns the stored access token while it lasts.
func (s stored) Token(ctx context.Context, tenant cal.TenantID, c record.Connection) (access string, version int64, err error) {
	g, err := s.Grant(ctx, tenant, c.ID)
	if errors.Is(err, record.ErrNotFound) {
		return "", 0, fault.Newf(fault.NeedsReauth, "read grant", "the connection has no grant")
	}
	if err != nil {
		return "", 0, err
	}
	if g.AccessToken == "" || !g.ExpiresAt.After(s.clock.Now()) {
		return "", 0, fault.Newf(fault.Busy, "read grant", "the access token has ended: a dry run asks for no new one, and calweave run does so by itself")
	}
	return g.AccessToken, g.Version, nil
}

// Refused leaves the token to the work that meets the same refusal.
func (stored) Refused(context.Context, cal.TenantID, cal.ConnectionID, int64) error { return nil }
