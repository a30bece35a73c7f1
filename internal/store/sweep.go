package store

import (
	"context"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

// dueWork is the one query that looks across tenants. On PostgreSQL it runs under a role of its own, which sees the columns named here and
// nothing else. Tenants take turns, so that one tenant's backlog never hides another's; what a person waits for comes first in each turn.
const dueWork = `
WITH soon AS (
    SELECT tenant_id, kind, subject, lane, wanted_at, CASE WHEN not_before > lease_until THEN not_before ELSE lease_until END AS at
    FROM work WHERE state = 'ready' AND wanted > done AND not_before <= $2 AND lease_until <= $2
), due AS (
    SELECT tenant_id, kind, subject, lane, wanted_at, at,
        ROW_NUMBER() OVER (PARTITION BY tenant_id, lane ORDER BY CASE WHEN at <= $1 THEN 0 ELSE at END, wanted_at, kind, subject) AS place,
        CASE lane WHEN 'interactive' THEN 1 WHEN 'background' THEN 2 ELSE 3 END AS urgency
    FROM soon
)
SELECT tenant_id, kind, subject, lane, at FROM due WHERE place <= $3 ORDER BY place, urgency, wanted_at, tenant_id LIMIT $4`

// Due returns rows that may be claimed at now, and those that come due until by: at most perTenant of each tenant and lane, at most limit in all.
// Tenants take turns; within each turn the more urgent lanes come first, then the longest waiting. What is due now comes before what is not.
func (s *Store) Due(ctx context.Context, now, by time.Time, perTenant, limit int) ([]record.Due, error) {
	bounded, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	rows, err := s.sweep.QueryContext(bounded, dueWork, now.UnixMicro(), by.UnixMicro(), perTenant, limit)
	if err != nil {
		return nil, infrastructure(ctx, "find due work", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var due []record.Due
	for rows.Next() {
		var tenant, kind, subject, lane string
		var at int64
		if err := rows.Scan(&tenant, &kind, &subject, &lane, &at); err != nil {
			return nil, infrastructure(ctx, "find due work", err)
		}
		ref := task.Ref{Tenant: cal.TenantID(tenant), Kind: task.Kind(kind), Subject: subject}
		due = append(due, record.Due{Hint: task.Hint{Schema: task.SchemaVersion, Ref: ref, Lane: task.Lane(lane)}, At: instant(at)})
	}
	return due, infrastructure(ctx, "find due work", rows.Err())
}
