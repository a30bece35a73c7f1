package api

import (
	"context"
	"math"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
)

// Providers knows how it goes at the providers.
type Providers interface {
	// Backlogs counts the tenant's open work at each provider application.
	Backlogs(ctx context.Context, tenant cal.TenantID) ([]record.Backlog, error)
	// State is how it goes with an application, and what is left of the limits that all its accounts share.
	State(ctx context.Context, p cal.Provider, app cal.AppID) (record.Allowance, error)
}

// ListProviders is GET /v1/providers. What other tenants do shows in nothing but whether a provider is called, and in what all of them together have
// left of the limits of an application that they share.
func (s *Server) ListProviders(ctx context.Context, _ gen.ListProvidersRequestObject) (gen.ListProvidersResponseObject, error) {
	backlogs, err := s.Providers.Backlogs(ctx, identity(ctx).Tenant)
	if err != nil {
		return nil, err
	}
	list := gen.ProviderList{Providers: []gen.ProviderState{}}
	for _, b := range backlogs {
		a, err := s.Providers.State(ctx, b.Provider, b.AppID)
		if err != nil {
			return nil, err
		}
		one := gen.ProviderState{
			Provider: gen.Provider(b.Provider), State: gen.ProviderStateStateAvailable, Due: b.Due, Waiting: b.Waiting, Held: b.Held, Budget: budgetOf(a),
		}
		if record.OfTenant(b.AppID) {
			one.AppID = new(string(b.AppID))
		}
		switch {
		case !a.DownUntil.IsZero():
			one.State, one.Until = gen.ProviderStateStateDown, &a.DownUntil
		case !a.LimitedUntil.IsZero():
			one.State, one.Until = gen.ProviderStateStateLimited, &a.LimitedUntil
		}
		if !b.Oldest.IsZero() {
			one.Oldest = &b.Oldest
		}
		list.Providers = append(list.Providers, one)
	}
	return gen.ListProviders200JSONResponse(list), nil
}

func budgetOf(a record.Allowance) gen.ProviderBudget {
	out := gen.ProviderBudget{Scope: gen.ProviderBudgetScopeFleet}
	if a.Alone {
		out.Scope = gen.ProviderBudgetScopeProcess
	}
	if r := a.Rate; r != nil {
		out.Rate = &gen.RateBudget{Limit: r.Limit, SpanSeconds: int(r.Span.Seconds()), Available: r.Available, Burst: r.Burst}
	}
	if d := a.Day; d != nil {
		out.Day = &gen.DayBudget{Limit: d.Limit, Used: d.Used, Available: d.Available}
		if !d.FreesAt.IsZero() {
			out.Day.FreesAt = &d.FreesAt
		}
	}
	if u := a.Unanswered; u != nil {
		out.Unanswered = &gen.UnansweredBudget{Limit: u.Limit, Used: u.Used}
	}
	if a.Pace < 1 {
		const percent = 100
		out.PacePercent = new(int(math.Round(a.Pace * percent)))
	}
	return out
}
