package store_test

import (
	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

func deadTrials() []trial {
	return []trial{
		{"dead: what was given up is listed, and nothing else", deadListed},
		{"dead: a letter tells what it was", deadTells},
		{"dead: a replay revives what is dead only", deadReplayed},
		{"dead: a delivery that is replayed is pending", deadDelivery},
	}
}

// letters are the subjects of the dead letters that a filter chooses, read in pages of two.
func (h *harness) letters(tenant cal.TenantID, f record.DeadFilter) []string {
	h.Helper()
	var out []string
	var after task.Ref
	for {
		page, err := h.DeadLetters(h.ctx, tenant, f, after, 2)
		h.ok(err)
		for _, d := range page {
			out = append(out, d.Subject)
		}
		if len(page) < 2 {
			return out
		}
		after = page[1].Ref
	}
}

func deadListed(h *harness) {
	for subject, columns := range map[string]map[string]any{
		"a": {"state": "dead", "last_error": "write: Forbidden (403)"},
		"b": {"state": "dead", "last_error": "100% of_it"},
		"c": {"state": "held", "held_for": "approval", "last_error": "forbidden"},
		"d": {"last_error": "forbidden"},
		"e": {"state": "dead", "kind": "delivery:send", "last_error": "gone! (410)"},
		"f": {"state": "dead", "tenant_id": "ten_2", "last_error": "forbidden"},
	} {
		h.insertWork(task.Ref{Tenant: "ten_1", Kind: task.LinkPush, Subject: subject}, columns)
	}
	for f, want := range map[record.DeadFilter][]string{
		{}:                                    {"e", "a", "b"},
		{Kind: task.LinkPush}:                 {"a", "b"},
		{Kind: task.DeliverySend}:             {"e"},
		{Kind: task.TenantPrune}:              {},
		{Reason: "FORBIDDEN"}:                 {"a"},
		{Reason: "0%"}:                        {"b"},
		{Reason: "%"}:                         {"b"},
		{Reason: "f_i"}:                       {"b"},
		{Reason: "!"}:                         {"e"},
		{Reason: "nothing"}:                   {},
		{Kind: task.LinkPush, Reason: "gone"}: {},
	} {
		sameList(h, "letters", h.letters("ten_1", f), want)
	}
	sameList(h, "letters of another tenant", h.letters("ten_2", record.DeadFilter{}), []string{"f"})
}

func deadTells(h *harness) {
	w := h.newWorld(1)
	link := w.linkOf(w.accept(w.booking("b", 1, 0)), 0)
	ref := w.push(link)
	_, err := h.DeadLetter(h.ctx, ref)
	h.fails(err, record.ErrNotFound)
	w.crash(ref)
	h.insertWork(task.Ref{Tenant: w.tenant, Kind: ref.Kind, Subject: "another"}, map[string]any{"state": "dead"})
	got, err := h.DeadLetter(h.ctx, ref)
	h.ok(err)
	same(h, "booking", got.BookingID, "b")
	same(h, "calendar", got.CalendarID, link.CalendarID)
	same(h, "dead since", got.NotBefore, h.clock.Now())
	same(h, "wanted since", got.WantedAt, epoch())
	same(h, "quarantined", got.Quarantined(), true)
	for _, wrong := range []task.Ref{
		{Tenant: "ten_2", Kind: ref.Kind, Subject: ref.Subject},
		{Tenant: ref.Tenant, Kind: task.CalendarSync, Subject: ref.Subject},
		{Tenant: ref.Tenant, Kind: ref.Kind},
		{Tenant: ref.Tenant, Subject: ref.Subject},
	} {
		_, err := h.DeadLetter(h.ctx, wrong)
		h.fails(err, record.ErrNotFound)
	}
}

func deadReplayed(h *harness) {
	for subject, columns := range map[string]map[string]any{"dead": {"state": "dead"}, "held": {"state": "held", "held_for": "approval"}, "ready": {}} {
		ref := task.Ref{Tenant: "ten_1", Kind: task.CalendarSync, Subject: subject}
		h.insertWork(ref, columns)
		if subject == "dead" {
			h.ok(h.Replay(h.ctx, ref, "key_1"))
			same(h, "audit", h.number(`SELECT COUNT(*) FROM audit WHERE action = 'work.released' AND actor = 'key_1'`), 1)
			h.claim(ref)
		}
		before := h.dump()
		h.fails(h.Replay(h.ctx, ref, "key_1"), record.ErrNotFound)
		h.unchanged(before)
	}
}

func deadDelivery(h *harness) {
	w := h.newWorld(0)
	ref := w.delivery()
	w.crash(ref)
	same(h, "state", w.deliveryOf(ref).State, record.DeliveryFailed)
	h.ok(h.Replay(h.ctx, ref, "operator"))
	same(h, "state once replayed", w.deliveryOf(ref).State, record.DeliveryPending)
	h.claim(ref)
}
