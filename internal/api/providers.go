package api

import (
	"context"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
)

// Providers knows how it goes at the providers.
type Providers interface {
	// Backlogs counts the tenant's open work at each provider application.
	Backlogs(ctx context.Context, tenant cal.TenantID) ([]record.Backlog, error)
	// Paused says until when an application is not called, if it is not: because it does not answer, or because it wants to be left alone.
	Paused(ctx context.Context, p cal.Provider, app cal.AppID) (down, limited time.Time, err error)
}

// ListProviders is GET /v1/providers. What other tenants do shows in nothing but whether a provider is called.
func (s *Server) ListProviders(ctx context.Context, _ gen.ListProvidersRequestObject) (gen.ListProvidersResponseObject, error) {
	backlogs, err := s.Providers.Backlogs(ctx, identity(ctx).Tenant)
	if err != nil {
		return nil, err
	}
	list := gen.ProviderList{Providers: []gen.ProviderState{}}
	for _, b := range backlogs {
		down, limited, err := s.Providers.Paused(ctx, b.Provider, b.AppID)
		if err != nil {
			return nil, err
		}
		one := gen.ProviderState{Provider: gen.Provider(b.Provider), State: gen.ProviderStateStateAvailable, Due: b.Due, Waiting: b.Waiting, Held: b.Held}
		switch {
		case !down.IsZero():
			one.State, one.Until = gen.ProviderStateStateDown, &down
		case !limited.IsZero():
			one.State, one.Until = gen.ProviderStateStateLimited, &limited
		}
		if !b.Oldest.IsZero() {
			one.Oldest = &b.Oldest
		}
		list.Providers = append(list.Providers, one)
	}
	return gen.ListProviders200JSONResponse(list), nil
}
