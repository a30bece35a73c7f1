package grant

import (
	"context"
	"errors"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/record"
)

// Budget says when calls may be made. Begin lets a context carry a call, whose requests it decides about one by one; end hears what the call failed
// with, if anything, and reports whether that is a refusal of the budget's own.
type Budget interface {
	Begin(ctx context.Context, c record.Call) (_ context.Context, end func(context.Context, *fault.Error) (ours bool))
}

// tokenServer is a provider's authorization server as the budget knows it. It is apart from the provider's API, with breakers and none of the limits
// of its own: the one may be down while the other answers.
func tokenServer(p cal.Provider) cal.Provider { return p + "-token" }

// errUnfinished stands for a call that did not return.
var errUnfinished = errors.New("the call did not return")

// admitted asks for a connection's tokens once the fleet's breakers let it. So all connections learn at once of a token endpoint that is down, and each
// of them of one that wants to be left alone about it. Where the budget itself has the call wait, it is fault.Busy: the provider has asked for nothing.
func (x *Exchange) admitted(
	ctx context.Context, tenant cal.TenantID, c record.Connection, ask func(context.Context) (record.Grant, error),
) (record.Grant, error) {
	if x.Budget == nil {
		return ask(ctx)
	}
	turn := record.TurnOf(ctx)
	made, end := x.Budget.Begin(ctx, record.Call{
		Tenant: tenant, Provider: tokenServer(c.Provider), Connection: c.ID, Lane: turn.Lane, InLine: turn.InLine,
	})
	returned := false
	defer func() {
		if !returned {
			end(ctx, fault.New(fault.Canceled, "grant: token", errUnfinished))
		}
	}()
	g, err := ask(made)
	returned = true
	f, ok := fault.As(err)
	if err != nil && !ok {
		f = fault.Network(ctx, "grant: token", err)
	}
	if ours := end(ctx, f); ours && f.Kind == fault.RateLimited {
		busy := *f
		busy.Kind = fault.Busy
		return g, &busy
	}
	return g, err
}
