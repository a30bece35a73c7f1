package store_test

import (
	"fmt"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store"
)

func sweepTrials() []trial {
	return []trial{
		{"sweep: finds what may be claimed and nothing else", sweepFinds},
		{"sweep: tenants and lanes take turns", sweepTakesTurns},
		{"sweep: the longest waiting first, within the limits", sweepOrder},
		{"sweep: what comes due soon stands behind what is due", sweepLooksAhead},
		{"work: lists what is stopped and what is open, page by page", workLists},
	}
}

func (h *harness) due(perTenant, limit int) []string {
	h.Helper()
	hints, err := h.Due(h.ctx, h.clock.Now(), h.clock.Now(), perTenant, limit)
	h.ok(err)
	var found []string
	for _, hint := range hints {
		same(h, "schema", hint.Schema, task.SchemaVersion)
		found = append(found, string(hint.Tenant)+" "+string(hint.Lane)+" "+hint.Subject)
	}
	return found
}

func sweepFinds(h *harness) {
	now := h.clock.Now().UnixMicro()
	for subject, columns := range map[string]map[string]any{
		"due": {}, "waits": {"not_before": now + 1}, "leased": {"lease_until": now + 1}, "done": {"done": 1}, "held": {"state": "held"}, "dead": {"state": "dead"},
	} {
		h.insertWork(task.Ref{Tenant: "ten_1", Kind: task.CalendarSync, Subject: subject}, columns)
	}
	sameList(h, "due", h.due(10, 10), []string{"ten_1 interactive due"})
	h.clock.Advance(time.Microsecond)
	same(h, "due later", len(h.due(10, 10)), 3)
	for _, hint := range h.due(10, 10) {
		var tenant, lane, subject string
		_, err := fmt.Sscan(hint, &tenant, &lane, &subject)
		h.ok(err)
		h.claim(task.Ref{Tenant: cal.TenantID(tenant), Kind: task.CalendarSync, Subject: subject})
	}
	same(h, "due when all are claimed", len(h.due(10, 10)), 0)
}

func sweepLooksAhead(h *harness) {
	now := h.clock.Now()
	in := func(d time.Duration) int64 { return now.Add(d).UnixMicro() }
	for subject, columns := range map[string]map[string]any{
		"a-late": {"not_before": in(time.Second), "wanted_at": in(-3 * time.Hour)}, "b-soon": {"not_before": in(time.Millisecond), "wanted_at": in(-2 * time.Hour)},
		"c-due": {"not_before": in(-time.Second), "wanted_at": in(-time.Minute)}, "d-old": {"wanted_at": in(-time.Hour)}, "e-later": {"not_before": in(time.Second) + 1},
		"f-leased": {"not_before": in(-time.Second), "lease_until": in(time.Second / 2)},
	} {
		h.insertWork(task.Ref{Tenant: "ten_1", Kind: task.CalendarSync, Subject: subject}, columns)
	}
	found := func(perTenant int) []string {
		all, err := h.Due(h.ctx, now, now.Add(time.Second), perTenant, 10)
		h.ok(err)
		var out []string
		for _, d := range all {
			wait := time.Duration(0)
			if d.At.After(now) {
				wait = d.At.Sub(now)
			}
			out = append(out, fmt.Sprintf("%s %s", d.Subject, wait))
		}
		return out
	}
	sameList(h, "due soon", found(10), []string{"d-old 0s", "c-due 0s", "b-soon 1ms", "f-leased 500ms", "a-late 1s"})
	sameList(h, "the first three", found(3), []string{"d-old 0s", "c-due 0s", "b-soon 1ms"})
}

// backlog puts n rows into a lane of a tenant, the first waiting longest, all of them longer than a minute.
func (h *harness) backlog(tenant cal.TenantID, lane task.Lane, n int) {
	h.Helper()
	since := h.clock.Now().Add(-time.Hour).UnixMicro()
	for i := range n {
		h.insertWork(task.Ref{Tenant: tenant, Kind: task.CalendarSync, Subject: fmt.Sprintf("%s-%03d", lane, i)},
			map[string]any{"lane": string(lane), "wanted_at": since + int64(i)})
	}
}

func sweepTakesTurns(h *harness) {
	h.backlog("ten_big", task.Bulk, 50)
	h.backlog("ten_big", task.Interactive, 2)
	h.clock.Advance(time.Minute)
	h.backlog("ten_small", task.Interactive, 3)
	got := h.due(100, 8)
	sameList(h, "due", got, []string{
		"ten_big interactive interactive-000", "ten_small interactive interactive-000", "ten_big bulk bulk-000",
		"ten_big interactive interactive-001", "ten_small interactive interactive-001", "ten_big bulk bulk-001",
		"ten_small interactive interactive-002", "ten_big bulk bulk-002",
	})
}

func sweepOrder(h *harness) {
	h.backlog("ten_1", task.Background, 10)
	sameList(h, "due", h.due(3, 10), []string{"ten_1 background background-000", "ten_1 background background-001", "ten_1 background background-002"})
	same(h, "limit", len(h.due(100, 4)), 4)
	same(h, "no limit reached", len(h.due(100, 100)), 10)
}

func workLists(h *harness) {
	for subject, columns := range map[string]map[string]any{
		"a": {"state": "held", "held_for": "guard"}, "b": {}, "c": {"state": "dead", "last_error": "why"}, "d": {"done": 1}, "e": {"state": "held"},
	} {
		h.insertWork(task.Ref{Tenant: "ten_1", Kind: task.CalendarSync, Subject: subject}, columns)
		h.insertWork(task.Ref{Tenant: "ten_2", Kind: task.CalendarSync, Subject: subject}, columns)
	}
	h.insertWork(task.Ref{Tenant: "ten_1", Kind: task.CalendarWatch, Subject: "a"}, map[string]any{"state": "dead"})
	list := func(filter store.WorkFilter) string {
		var all string
		var after task.Ref
		for range mostPages {
			page, err := h.ListWork(h.ctx, "ten_1", filter, after, 2)
			h.ok(err)
			if len(page) == 0 {
				break
			}
			for _, row := range page {
				all += fmt.Sprintf("%s/%s %s|", row.Kind, row.Subject, row.State)
				after = row.Ref
			}
		}
		return all
	}
	same(h, "stopped", list(store.StoppedWork), "calendar:sync/a held|calendar:sync/c dead|calendar:sync/e held|calendar:watch/a dead|")
	same(h, "open", list(store.OpenWork),
		"calendar:sync/a held|calendar:sync/b ready|calendar:sync/c dead|calendar:sync/e held|calendar:watch/a dead|")
	_, err := h.Work(h.ctx, task.Ref{Tenant: "ten_3", Kind: task.CalendarSync, Subject: "a"})
	h.fails(err, record.ErrNotFound)
}
