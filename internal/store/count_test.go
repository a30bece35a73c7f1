package store_test

import (
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

func countTrials() []trial {
	return []trial{
		{"count: work of all tenants by kind, lane and how it stands", workCounted},
		{"count: tenants that have waited longest, within the limit", tenantsCounted},
	}
}

func workCounted(h *harness) {
	now, micro := h.clock.Now(), h.clock.Now().UnixMicro()
	hour := int64(time.Hour / time.Microsecond)
	for _, tenant := range []cal.TenantID{"ten_1", "ten_2"} {
		for subject, columns := range map[string]map[string]any{
			"due": {"wanted_at": micro - hour}, "due too": {"not_before": micro}, "throttled": {"not_before": micro + 1, "wanted_at": micro - 2*hour},
			"running": {"lease_until": micro + 1}, "lost": {"lease_until": micro}, "held": {"state": "held"}, "guarded": {"state": "held", "held_for": "guard"}, "dead": {"state": "dead", "not_before": micro - hour},
			"done": {"done": 1}, "bulk": {"lane": "bulk"},
		} {
			h.insertWork(task.Ref{Tenant: tenant, Kind: task.LinkPush, Subject: subject}, columns)
		}
		for subject, columns := range map[string]map[string]any{
			"due": {"wanted_at": micro - 5*hour, "not_before": micro - hour}, "first": {"wanted_at": micro - 2*hour}, "later": {"wanted_at": micro - hour, "not_before": micro + hour},
		} {
			h.insertWork(task.Ref{Tenant: tenant, Kind: task.GrantKeep, Subject: subject}, columns)
		}
	}
	got, err := h.WorkCounts(h.ctx, now)
	h.ok(err)
	ago := func(hours int) time.Time {
		return now.UTC().Truncate(time.Microsecond).Add(-time.Duration(hours) * time.Hour)
	}
	sameList(h, "counts", got, []record.WorkCount{
		{Kind: task.GrantKeep, Lane: task.Interactive, State: record.CountDue, Rows: 4, Oldest: ago(2)},
		{Kind: task.GrantKeep, Lane: task.Interactive, State: record.CountWaiting, Rows: 2, Oldest: ago(-1)},
		{Kind: task.LinkPush, Lane: task.Bulk, State: record.CountDue, Rows: 2, Oldest: ago(0)},
		{Kind: task.LinkPush, Lane: task.Interactive, State: record.CountDead, Rows: 2, Oldest: ago(0)},
		{Kind: task.LinkPush, Lane: task.Interactive, State: record.CountDue, Rows: 6, Oldest: ago(1)},
		{Kind: task.LinkPush, Lane: task.Interactive, State: record.CountGuarded, Rows: 2, Oldest: ago(0)},
		{Kind: task.LinkPush, Lane: task.Interactive, State: record.CountHeld, Rows: 2, Oldest: ago(0)},
		{Kind: task.LinkPush, Lane: task.Interactive, State: record.CountRunning, Rows: 2, Oldest: ago(0)},
		{Kind: task.LinkPush, Lane: task.Interactive, State: record.CountWaiting, Rows: 2, Oldest: ago(2)},
	})
}

func tenantsCounted(h *harness) {
	now := h.clock.Now()
	for i, tenant := range []cal.TenantID{"ten_1", "ten_2", "ten_3"} {
		since := now.Add(time.Duration(i-3) * time.Hour)
		for subject, columns := range map[string]map[string]any{
			"oldest": {"wanted_at": since.UnixMicro(), "not_before": now.Add(time.Hour).UnixMicro()}, "due": {},
			"held": {"state": "held", "wanted_at": 1}, "dead": {"state": "dead", "wanted_at": 1}, "done": {"done": 1, "wanted_at": 1},
		} {
			h.insertWork(task.Ref{Tenant: tenant, Kind: task.DeliverySend, Subject: subject}, columns)
		}
		h.insertWork(task.Ref{Tenant: tenant, Kind: task.CalendarPoll, Subject: "schedule"}, map[string]any{"wanted_at": 1})
	}
	got, err := h.TenantCounts(h.ctx, 2)
	h.ok(err)
	at := now.UTC().Truncate(time.Microsecond)
	sameList(h, "tenants", got, []record.TenantCount{
		{Tenant: "ten_1", Rows: 2, Oldest: at.Add(-3 * time.Hour)}, {Tenant: "ten_2", Rows: 2, Oldest: at.Add(-2 * time.Hour)},
	})
	none, err := h.TenantCounts(h.ctx, 0)
	h.ok(err)
	same(h, "none wanted", len(none), 0)
}
