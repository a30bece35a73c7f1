package store

import (
	"context"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store/db"
)

// Backlogs counts a tenant's open work at each provider application at which it has accounts, in the order of providers and applications.
func (s *Store) Backlogs(ctx context.Context, tenant cal.TenantID) ([]record.Backlog, error) {
	var out []record.Backlog
	err := s.view(ctx, tenant, "count work", func(ctx context.Context, t *tx) error {
		out = nil
		rows, err := t.ProviderWork(ctx, db.ProviderWorkParams{TenantID: t.tenant, Now: t.now})
		for _, r := range rows {
			out = append(out, record.Backlog{
				Provider: cal.Provider(r.Provider), AppID: cal.AppID(r.AppID), Due: r.Due, Waiting: r.Waiting, Held: r.Held, Oldest: instant(r.Oldest),
			})
		}
		return err
	})
	return out, err
}
