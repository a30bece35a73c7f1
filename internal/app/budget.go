package app

import (
	"context"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/budget"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

// newBudget makes what bounds calls of providers. A process that has its database to itself has the limits to itself too.
func (a *App) newBudget() *budget.Limiter {
	_, system := a.clock.(clock.System)
	share := a.Config.Limits.LocalShare
	if a.redis == nil && strings.HasPrefix(a.Config.DatabaseURL.Reveal(), "sqlite:") {
		share = everything
	}
	return budget.New(a.redis, budget.Options{
		Limits: a.limits, LocalShare: share, Clock: a.clock, Told: !system, Breakers: system, Log: a.log,
		Waiters: a.Config.Workers / 4, // the others do what has not to wait
		Places:  max(1, a.Config.Workers-a.Config.Workers/4),
		ID:      func() string { return a.ids.ID("call") },
	})
}

// everything is all of a limit, in percent.
const everything = 100

// limits are what a provider allows, as the operator has set it.
func (a *App) limits(p cal.Provider) budget.Limits {
	set, l := a.Config.Limits, budget.Published(p)
	switch p {
	case cal.Google:
		l.Application = budget.Rate{Units: set.GooglePerMinute, Span: time.Minute}
		l.Mailbox = budget.Rate{Units: set.GoogleMailboxPerMinute, Span: time.Minute}
		l.Daily = set.GooglePerDay
	case cal.Microsoft:
		l.Application = budget.Rate{Units: set.MicrosoftPer10s, Span: 10 * time.Second}
		l.Mailbox = budget.Rate{Units: set.MicrosoftMailboxPer10m, Span: 10 * time.Minute}
		l.Concurrency = set.MicrosoftMailboxCalls
	}
	l.Calendar = budget.Rate{Units: set.CalendarWritesPerMinute, Span: time.Minute}
	if set.TenantShare < everything && l.Application.Units > 0 {
		l.Tenant = budget.Rate{Units: max(1, l.Application.Units*set.TenantShare/everything), Span: l.Application.Span} // 0 would be no limit
	}
	return l
}

// degraded says what this process does without: the readiness check shows it.
func (a *App) degraded() string {
	if a.budget.Alone() {
		return "Redis does not answer: providers are called within this process's own share of their limits"
	}
	return ""
}

// providerStates fits the store and the budget to the API.
type providerStates struct{ app *App }

func (p providerStates) Backlogs(ctx context.Context, tenant cal.TenantID) ([]record.Backlog, error) {
	return p.app.Store.Backlogs(ctx, tenant)
}

func (p providerStates) Paused(ctx context.Context, of cal.Provider, app cal.AppID) (down, limited time.Time, err error) {
	s, err := p.app.budget.State(ctx, of, app)
	return s.DownUntil, s.LimitedUntil, err
}
