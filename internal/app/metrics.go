package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/config"
	"github.com/calweave/calweave/internal/metrics"
	"github.com/calweave/calweave/internal/record"
)

// sources are what metrics read. Work of all tenants is the scheduler's to look at.
func (a *App) sources() metrics.Sources {
	s := metrics.Sources{
		State: func(ctx context.Context, p cal.Provider) (record.Allowance, error) {
			return a.budget.State(ctx, p, cal.AppID(p))
		},
		UnderWay: func(p cal.Provider) (calls, places int) { return a.budget.UnderWay(p) },
		Alone:    func() bool { return a.budget.Alone() }, Dropped: func() int64 { return a.budget.Dropped() },
	}
	for _, app := range a.apps() {
		s.Providers = append(s.Providers, app.Driver.Name())
	}
	slices.Sort(s.Providers)
	if a.Config.Roles.Has(config.RoleScheduler) {
		s.Work = func(ctx context.Context) ([]record.WorkCount, error) { return a.Store.WorkCounts(ctx, a.clock.Now()) }
		s.Tenants = func(ctx context.Context) ([]record.TenantCount, error) {
			return a.Store.TenantCounts(ctx, a.Config.MetricsTenants)
		}
	}
	return s
}

// MetricsHandler answers GET /metrics, and belongs on no address that strangers reach.
func (a *App) MetricsHandler() http.Handler { return a.metrics.Handler() }

// listenMetrics opens the address that metrics are served on; nil for none.
func (a *App) listenMetrics(ctx context.Context) (net.Listener, error) {
	if a.Config.MetricsListen == "" {
		return nil, nil //nolint:nilnil // no metrics are served, and nothing is wrong
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", a.Config.MetricsListen)
	if err != nil {
		return nil, fmt.Errorf("CALWEAVE_METRICS_LISTEN: %w", err)
	}
	a.log.InfoContext(ctx, "metrics are served", slog.String("listen", l.Addr().String()))
	return l, nil
}

// serveMetrics answers scrapes until ctx ends. Without metrics the process goes on.
func (a *App) serveMetrics(ctx context.Context, l net.Listener) {
	server := a.httpServer(a.MetricsHandler())
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(closed)
		_ = server.Close() // what it says is what Serve says
	})
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		a.log.ErrorContext(ctx, "metrics are served no more", slog.String("error", err.Error()))
	}
	if !stop() {
		<-closed
	}
}
