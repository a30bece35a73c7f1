package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

// following are the kinds of work that follow a change. All others are schedules, which always want to be done again.
const following = `('link:push', 'calendar:sync', 'calendar:watch', 'connection:close', 'delivery:send')`

// countWork and countTenants look across tenants, as dueWork does, and under the same role.
const (
	countWork = `
SELECT kind, lane,
    CASE WHEN state = 'held' AND held_for = 'guard' THEN 'guarded' WHEN state <> 'ready' THEN state WHEN lease_until > $1 THEN 'running' WHEN not_before > $1 THEN 'waiting' ELSE 'due' END AS stands,
    COUNT(*), MIN(CASE WHEN kind IN ` + following + ` OR wanted_at > not_before THEN wanted_at ELSE not_before END)
FROM work WHERE (state = 'ready' AND wanted > done) OR state <> 'ready' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`

	countTenants = `
SELECT tenant_id, COUNT(*), MIN(wanted_at) AS oldest
FROM work WHERE state = 'ready' AND wanted > done AND kind IN ` + following + `
GROUP BY tenant_id ORDER BY oldest, tenant_id LIMIT $1`
)

// WorkCounts counts the work of all tenants at now, by kind, lane and how it stands. It reads every row that is not done: it is for monitoring, now and
// then.
func (s *Store) WorkCounts(ctx context.Context, now time.Time) ([]record.WorkCount, error) {
	var out []record.WorkCount
	err := s.across(ctx, "count work", countWork, now.UnixMicro(), func(rows *sql.Rows) error {
		var kind, lane, state string
		var n, oldest int64
		err := rows.Scan(&kind, &lane, &state, &n, &oldest)
		out = append(out, record.WorkCount{
			Kind: task.Kind(kind), Lane: task.Lane(lane), State: record.CountState(state), Rows: n, Oldest: instant(oldest),
		})
		return err
	})
	return out, err
}

// TenantCounts counts the work that follows changes of the tenants that have waited longest for some of it: n of them at the most.
func (s *Store) TenantCounts(ctx context.Context, n int) ([]record.TenantCount, error) {
	var out []record.TenantCount
	err := s.across(ctx, "count tenants' work", countTenants, int64(n), func(rows *sql.Rows) error {
		var tenant string
		var n, oldest int64
		err := rows.Scan(&tenant, &n, &oldest)
		out = append(out, record.TenantCount{Tenant: cal.TenantID(tenant), Rows: n, Oldest: instant(oldest)})
		return err
	})
	return out, err
}

// across runs a query of the sweep's role.
func (s *Store) across(ctx context.Context, op, query string, arg int64, scan func(*sql.Rows) error) error {
	bounded, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	rows, err := s.sweep.QueryContext(bounded, query, arg)
	if err != nil {
		return infrastructure(ctx, op, err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for rows.Next() {
		if err := scan(rows); err != nil {
			return infrastructure(ctx, op, err)
		}
	}
	return infrastructure(ctx, op, rows.Err())
}
