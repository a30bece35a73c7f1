package app

import (
	"context"
	"fmt"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/grant"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store"
)

// CreateTenant makes a tenant.
func (a *App) CreateTenant(ctx context.Context, name string) (cal.TenantID, error) {
	return a.Store.CreateTenant(ctx, name, record.ActorOperator)
}

// CreateKey makes a key of a tenant. scopes are what an API key may do.
func (a *App) CreateKey(ctx context.Context, tenant cal.TenantID, p store.Purpose, scopes record.Scopes) (store.Key, error) {
	k, err := a.Store.CreateKey(ctx, tenant, p, scopes, record.ActorOperator)
	if err != nil {
		return k, fmt.Errorf("tenant %s: %w", tenant, err)
	}
	return k, nil
}

// RevokeKey ends a key.
func (a *App) RevokeKey(ctx context.Context, tenant cal.TenantID, id string) error {
	if err := a.Store.RevokeKey(ctx, tenant, id, record.ActorOperator); err != nil {
		return fmt.Errorf("key %s of tenant %s: %w", id, tenant, err)
	}
	return nil
}

// BeginConnection makes a connection and returns the link that its owner has to open.
func (a *App) BeginConnection(ctx context.Context, tenant cal.TenantID, p cal.Provider) (string, error) {
	_, token, err := a.flow.Begin(ctx, tenant, grant.Request{Provider: p, Actor: record.ActorOperator})
	if err != nil {
		return "", fmt.Errorf("connect %s: %w", p, err)
	}
	return a.Config.PublicURL + "/connect/" + token, nil
}
