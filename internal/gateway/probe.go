package gateway

import (
	"context"
	"errors"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/record"
)

// Probe lists the calendars of a mailbox with an access token that no grant has yet. The connection may not be made yet; its id names the mailbox to
// the budget all the same. What the provider says about it is left to the caller to record (Heed); where the budget itself has the call wait, it is
// fault.Busy.
func (g *Gateway) Probe(ctx context.Context, tenant cal.TenantID, d provider.Driver, c record.Connection, access string) error {
	client, err := g.with(d, tenant, c, access, 0)
	if err != nil {
		return err
	}
	_, f, ours, unwritten := budgeted(ctx, client, request{op: "list calendars"}, client.Client.Calendars)
	switch {
	case f == nil:
		return nil
	case ours && f.Kind == fault.RateLimited:
		busy := *f
		busy.Kind = fault.Busy
		return &busy
	default:
		return errors.Join(f, unwritten)
	}
}
