package store

import (
	"context"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
)

// dueWork is the one query that looks across tenants. On PostgreSQL it runs under a role of its own, which sees the columns named here and
// nothing else. Tenants take turns, so that one tenant's backlog never hides another's; what a person waits for comes first in each turn.
const dueWork = `
WITH due AS (
    SELECT tenant_id, kind, subject, lane, wanted_at, ROW_NUMBER() OVER (PARTITION BY tenant_id, lane ORDER BY wanted_at, kind, subject) AS place,
        CASE lane WHEN 'interactive' THEN 1 WHEN 'background' THEN 2 ELSE 3 END AS urgency
    FROM work WHERE state = 'ready' AND wanted > done AND not_before <= $1 AND lease_until <= $1
)
SELECT tenant_id, kind, subject, lane FROM due WHERE place <= $2 ORDER BY place, urgency, wanted_at, tenant_id LIMIT $3`

// Due returns rows that may be claimed at now: at most perTenant of each tenant and lane, at most limit in all. Tenants take turns; within
// each turn the more urgent lanes come first, then the longest waiting.
func (s *Store) Due(ctx context.Context, now time.Time, perTenant, limit int) ([]task.Hint, error) {
	bounded, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	rows, err := s.sweep.QueryContext(bounded, dueWork, now.UnixMicro(), perTenant, limit)
	if err != nil {
		return nil, infrastructure(ctx, "find due work", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var due []task.Hint
	for rows.Next() {
		var tenant, kind, subject, lane string
		if err := rows.Scan(&tenant, &kind, &subject, &lane); err != nil {
			return nil, infrastructure(ctx, "find due work", err)
		}
		due = append(due, task.Hint{
			Schema: task.SchemaVersion, Ref: task.Ref{Tenant: cal.TenantID(tenant), Kind: task.Kind(kind), Subject: subject}, Lane: task.Lane(lane),
		})
	}
	return due, infrastructure(ctx, "find due work", rows.Err())
}
