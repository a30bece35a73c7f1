package store_test

import (
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
)

func backlogTrials() []trial {
	return []trial{{"backlog: open work is counted by provider, schedules and other tenants' apart", backlogCounts}}
}

func backlogCounts(h *harness) {
	w := h.newWorld(1)
	other := h.newTenant("other")
	before, err := w.Backlogs(w.ctx, w.tenant)
	h.ok(err)
	now := w.clock.Now().UnixMicro()
	for subject, columns := range map[string]map[string]any{
		"due":     {"wanted_at": now - int64(time.Hour/time.Microsecond)},
		"waiting": {"not_before": now + 1},
		"held":    {"state": "held", "held_for": "reauth"},
		"dead":    {"state": "dead"},
		"done":    {"done": 1},
	} {
		columns["connection_id"] = string(w.connection)
		w.insertWork(w.ref(task.LinkPush, subject), columns)
		w.insertWork(task.Ref{Tenant: other, Kind: task.LinkPush, Subject: subject}, columns)
	}
	w.insertWork(w.ref(task.CalendarPoll, "schedule"), map[string]any{"connection_id": string(w.connection)})
	after, err := w.Backlogs(w.ctx, w.tenant)
	h.ok(err)
	if len(before) != 1 || len(after) != 1 {
		h.Fatalf("%+v and %+v, want one provider", before, after)
	}
	want := before[0]
	want.Due, want.Waiting, want.Held, want.Oldest = want.Due+1, want.Waiting+1, want.Held+1, w.clock.Now().UTC().Add(-time.Hour).Truncate(time.Microsecond)
	same(h, "backlog", after[0], want)
	theirs, err := w.Backlogs(w.ctx, other)
	h.ok(err)
	same(h, "backlog of a tenant without accounts", len(theirs), 0)
	same(h, "provider", after[0].Provider, cal.Google)
}
