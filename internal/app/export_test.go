package app

import (
	"context"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/budget"
	"github.com/calweave/calweave/internal/config"
)

// Token is what whoever calls a connection's provider gets to call it with.
func (a *App) Token(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID) (access string, version int64, err error) {
	c, err := a.Store.Connection(ctx, tenant, id)
	if err != nil {
		return "", 0, err
	}
	return a.tokens.Token(ctx, tenant, c)
}

// Probed is what the API makes of a mailbox that was not shown to be open.
func Probed(err error) error { return probed(err) }

// LimitsOf is what a configuration allows at a provider.
func LimitsOf(c *config.Config, p cal.Provider) budget.Limits { return (&App{Config: c}).limits(p) }

// Report tells Redis what has become of the calls so far, which a running process does by and by.
func (a *App) Report(ctx context.Context) { a.budget.Flush(ctx) }
