package app

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/calweave/calweave/internal/intake"
	"github.com/calweave/calweave/internal/zone"
)

// zonesEvery is how often a running process looks for what another version of the time-zone data has resolved: one that ran beside it for a while, or
// was set back, may have accepted bookings since the start.
const zonesEvery = 24 * time.Hour

// RefreshZones asks for the bookings to come of all tenants to be resolved by this process's time-zone data, where an older version has resolved some of
// them. It returns how many tenants there are such bookings of.
func (a *App) RefreshZones(ctx context.Context) (int, error) {
	tenants, err := a.Store.Tenants(ctx)
	if err != nil {
		return 0, err
	}
	asked := 0
	for _, tenant := range tenants {
		versions, err := a.Store.TZVersions(ctx, tenant)
		if err == nil && slices.ContainsFunc(versions, a.Intake.Zones.Supersedes) {
			asked++
			err = a.Store.AskZones(ctx, tenant, a.Intake.Zones.Name())
		}
		if err != nil {
			return asked, fmt.Errorf("tenant %s: %w", tenant, err)
		}
	}
	return asked, nil
}

// followZones refreshes zones at the start and once a day until ctx ends.
func (a *App) followZones(ctx context.Context) {
	for {
		asked, err := a.RefreshZones(ctx)
		wait := zonesEvery
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			wait = time.Minute
			a.log.WarnContext(ctx, "bookings were not checked against the time-zone data", slog.Any("error", err))
		case asked > 0:
			a.log.InfoContext(ctx, "bookings are resolved by other time-zone data", slog.String("tzdata", a.Intake.Zones.Name()), slog.Int("tenants", asked))
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// resolver resolves bookings whose zones have new rules.
func (a *App) resolver() *intake.Resolver {
	return &intake.Resolver{Store: a.Store, Zones: func() zone.Tables { return a.Intake.Zones }, Lease: a.Config.Lease}
}
