package store_test

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

func markTrials() []trial {
	return []trial{
		{"mark: a new row is due at once and hinted at", markNew},
		{"mark: a new row waits for its time without a hint", markNewLater},
		{"mark: a back-off is never moved", markKeepsBackOff},
		{"mark: pacing of an idle row is kept or prolonged", markKeepsPacing},
		{"mark: reset moves a schedule both ways", markReset},
		{"mark: revive ends a hold and a dead letter", markRevives},
		{"mark: revive does not end a back-off", markReviveKeepsBackOff},
		{"mark: a dead letter keeps when it was given up", markKeepsTheEnd},
		{"mark: lanes only rise while a row is wanted", markLanes},
		{"mark: wanted since the first mark", markWantedAt},
		{"mark: a storm during a claim causes exactly one more", markCoalesces},
		{"mark: a hold keeps a row from running until it is released", markHolds},
		{"mark: a hold leaves a dead letter dead", markHoldsNoDead},
		{"mark: a run belongs to the trace of what was asked first since the last one", markTrace},
		{"mark: a schedule belongs to no trace but its own", markTraceOfSchedule},
		{"mark: rows are marked in one order for all", markOrder},
		{"mark: nothing is hinted at when the commit fails", markNoHintWithoutCommit},
	}
}

// subject is a row that nothing but the test marks.
const subject = "row-under-test"

func (w *world) subject() task.Ref { return w.ref(task.CalendarRenew, subject) }

// mark marks rows at the end of some other work, which leaves no trace of its own.
func (w *world) mark(marks ...record.Mark) {
	w.Helper()
	w.markWithTrace("", marks...)
}

func (w *world) markWithTrace(traceparent string, marks ...record.Mark) {
	w.Helper()
	done := record.Served()
	done.Forget = true
	w.ok(w.Finish(w.ctx, w.marker(traceparent), done, marks...))
}

// marker claims a row that serves to mark others.
func (w *world) marker(traceparent string) record.Lease {
	w.Helper()
	ref := w.ref(task.TenantPrune, "marker")
	w.insertWork(ref, map[string]any{"traceparent": traceparent})
	return w.claim(ref)
}

// insertWork puts a row into the work table: ready, wanted and due, unless columns say otherwise.
func (h *harness) insertWork(ref task.Ref, columns map[string]any) {
	h.Helper()
	row := map[string]any{
		"tenant_id": string(ref.Tenant), "kind": string(ref.Kind), "subject": ref.Subject, "connection_id": "", "lane": "interactive",
		"state": "ready", "held_for": "", "wanted": 1, "done": 0, "wanted_at": h.clock.Now().UnixMicro(), "not_before": 0, "lease_until": 0,
		"token": 0, "attempts": 0, "crashes": 0, "last_error": "", "traceparent": "",
	}
	maps.Copy(row, columns)
	h.insert("work", row)
}

// insert puts a row into a table behind the store's back.
func (h *harness) insert(table string, row map[string]any) {
	h.Helper()
	var columns, places string
	var values []any
	for column, value := range row {
		values = append(values, value)
		columns += ", " + column
		places += fmt.Sprintf(", $%d", len(values))
	}
	h.owner("INSERT INTO "+table+" ("+columns[2:]+") VALUES ("+places[2:]+")", values...)
}

// ask is a mark of a row in the background lane.
func ask(subject string) record.Mark {
	return record.Mark{Kind: task.CalendarRenew, Subject: subject, Lane: task.Background}
}

func markNew(h *harness) {
	w := h.newWorld(0)
	w.mark(ask(subject))
	row := h.row(w.subject())
	want := record.Work{Ref: w.subject(), Lane: task.Background, State: record.Ready, Wanted: 1, WantedAt: epoch()}
	same(h, "row", row, want)
	hints := h.told.take()
	sameList(h, "hints", hints, []task.Hint{{Schema: task.SchemaVersion, Ref: w.subject(), Lane: task.Background}})
	h.served(w.subject())
	h.notDue(w.subject())
}

func markNewLater(h *harness) {
	w := h.newWorld(0)
	m := ask(subject)
	m.NotBefore = epoch().Add(time.Minute)
	w.mark(m)
	same(h, "hints", len(h.told.take()), 0)
	h.clock.Advance(time.Minute - time.Microsecond)
	h.notDue(w.subject())
	h.clock.Advance(time.Microsecond)
	h.served(w.subject())
}

// failed makes the row wait after a failure.
func (w *world) failed(wait time.Duration) {
	w.Helper()
	w.mark(ask(subject))
	w.ok(w.Finish(w.ctx, w.claim(w.subject()), record.Outcome{State: record.Ready, NotBefore: w.clock.Now().Add(wait), Attempts: 3, Reason: "no luck"}))
	w.told.take()
}

func markKeepsBackOff(h *harness) {
	for _, notBefore := range []time.Duration{0, time.Minute, time.Hour} {
		w := h.newWorld(0)
		w.failed(10 * time.Minute)
		m := ask(subject)
		m.Lane = task.Interactive
		if notBefore > 0 {
			m.NotBefore = h.clock.Now().Add(notBefore)
		}
		want := h.row(w.subject()).NotBefore
		w.mark(m)
		row := h.row(w.subject())
		same(h, "not before", row.NotBefore, want)
		same(h, "attempts", row.Attempts, 3)
		same(h, "hints", len(h.told.take()), 0)
		h.clock.Advance(10*time.Minute - time.Microsecond)
		h.notDue(w.subject())
		h.clock.Advance(time.Microsecond)
		h.served(w.subject())
	}
}

func markKeepsPacing(h *harness) {
	for _, c := range []struct{ pace, mark, want time.Duration }{
		{2 * time.Second, 0, 2 * time.Second}, {2 * time.Second, time.Second, 2 * time.Second}, {2 * time.Second, 5 * time.Second, 5 * time.Second},
	} {
		w := h.newWorld(0)
		w.mark(ask(subject))
		paced := record.Served()
		paced.NotBefore = h.clock.Now().Add(c.pace)
		h.ok(h.Finish(h.ctx, w.claim(w.subject()), paced))
		m := ask(subject)
		m.NotBefore = h.clock.Now().Add(c.mark)
		w.mark(m)
		same(h, fmt.Sprint(c), h.row(w.subject()).NotBefore, h.clock.Now().Add(c.want))
	}
}

func markReset(h *harness) {
	w := h.newWorld(0)
	m := ask(subject)
	m.Reset = true
	for _, wait := range []time.Duration{time.Hour, 3 * time.Hour, time.Minute} {
		m.NotBefore = h.clock.Now().Add(wait)
		w.mark(m)
		same(h, "not before", h.row(w.subject()).NotBefore, m.NotBefore)
	}
	h.clock.Advance(time.Minute)
	h.served(w.subject())
}

func markRevives(h *harness) {
	for _, o := range []record.Outcome{
		{State: record.Held, HeldFor: record.HeldForApproval, Attempts: 2, Reason: "ask"},
		{State: record.Held, HeldFor: record.HeldForGuard, Attempts: 2, Reason: "many"},
		{State: record.Dead, Attempts: 100, Crashes: 2, Reason: "hopeless", NotBefore: epoch().Add(time.Hour)},
	} {
		w := h.newWorld(0)
		w.mark(ask(subject))
		h.ok(h.Finish(h.ctx, w.claim(w.subject()), o))
		h.notDue(w.subject())
		w.mark(ask(subject))
		same(h, "state after a mark", h.row(w.subject()).State, o.State)
		h.notDue(w.subject())
		m := ask(subject)
		m.Revive = true
		w.mark(m)
		row := h.row(w.subject())
		want := record.Work{
			Ref: w.subject(), Lane: task.Background, State: record.Ready, Wanted: 3, WantedAt: h.clock.Now(),
		}
		same(h, "revived row", row, want)
		same(h, "audit", h.number(`SELECT COUNT(*) FROM audit WHERE tenant_id = $1 AND action = 'work.revived'`, string(w.tenant)), 1)
		h.served(w.subject())
	}
}

// markKeepsTheEnd is about the moment at which a row was given up, which dead letters show.
func markKeepsTheEnd(h *harness) {
	w := h.newWorld(0)
	w.mark(ask(subject))
	h.ok(h.Finish(h.ctx, w.claim(w.subject()), record.Outcome{State: record.Dead, Attempts: 100, Reason: "hopeless"}))
	given := h.clock.Now()
	h.clock.Advance(time.Minute)
	for _, reset := range []bool{false, true} {
		m := ask(subject)
		m.NotBefore, m.Reset = epoch().Add(2*time.Hour), reset
		w.mark(m)
		same(h, fmt.Sprintf("given up, reset %v", reset), h.row(w.subject()).NotBefore, given)
	}
}

func markReviveKeepsBackOff(h *harness) {
	w := h.newWorld(0)
	w.failed(10 * time.Minute)
	m := ask(subject)
	m.Revive = true
	w.mark(m)
	same(h, "not before", h.row(w.subject()).NotBefore, epoch().Add(10*time.Minute))
	h.notDue(w.subject())
}

func markLanes(h *harness) {
	w := h.newWorld(0)
	lane := func(marked, want task.Lane) {
		m := ask(subject)
		m.Lane = marked
		w.mark(m)
		same(h, "lane after "+string(marked), h.row(w.subject()).Lane, want)
	}
	lane(task.Bulk, task.Bulk)
	lane(task.Background, task.Background)
	lane(task.Bulk, task.Background)
	lane(task.Interactive, task.Interactive)
	lane(task.Background, task.Interactive)
	lane(task.Bulk, task.Interactive)
	h.served(w.subject())
	lane(task.Bulk, task.Bulk)
	lane(task.Interactive, task.Interactive)
}

func markWantedAt(h *harness) {
	w := h.newWorld(0)
	w.mark(ask(subject))
	h.clock.Advance(time.Minute)
	w.mark(ask(subject))
	same(h, "wanted at", h.row(w.subject()).WantedAt, epoch())
	h.ok(h.Finish(h.ctx, w.claim(w.subject()), record.Outcome{State: record.Ready, Attempts: 1}))
	same(h, "wanted at after a failure", h.row(w.subject()).WantedAt, epoch())
	h.served(w.subject())
	h.clock.Advance(time.Minute)
	w.mark(ask(subject))
	same(h, "wanted at once served", h.row(w.subject()).WantedAt, h.clock.Now())
}

func markCoalesces(h *harness) {
	w := h.newWorld(0)
	w.mark(ask(subject))
	l := w.claim(w.subject())
	for range 10 {
		w.mark(ask(subject))
	}
	h.notDue(w.subject())
	h.told.take()
	h.ok(h.Finish(h.ctx, l, record.Served()))
	hints := h.told.take()
	same(h, "hints", len(hints), 1)
	same(h, "hint", hints[0], task.Hint{Schema: task.SchemaVersion, Ref: w.subject(), Lane: task.Background, Again: true})
	h.served(w.subject())
	h.notDue(w.subject())
	same(h, "hints once served", len(h.told.take()), 0)
}

func markHolds(h *harness) {
	w := h.newWorld(0)
	m := ask(subject)
	m.Hold, m.Reason = record.HeldForGuard, "6 booked events vanished"
	w.mark(m)
	same(h, "hints", len(h.told.take()), 0)
	row := h.row(w.subject())
	same(h, "state", row.State, record.Held)
	same(h, "held for", row.HeldFor, record.HeldForGuard)
	same(h, "reason", row.LastError, m.Reason)
	w.mark(ask(subject))
	h.notDue(w.subject())
	h.told.take()
	h.ok(h.Release(h.ctx, w.subject(), "operator"))
	same(h, "hints once released", len(h.told.take()), 1)
	h.served(w.subject())
}

func markHoldsNoDead(h *harness) {
	w := h.newWorld(0)
	w.mark(ask(subject))
	h.ok(h.Finish(h.ctx, w.claim(w.subject()), record.Outcome{State: record.Dead, Attempts: 100, Reason: "hopeless"}))
	m := ask(subject)
	m.Hold, m.Reason = record.HeldForGuard, "6 booked events vanished"
	w.mark(m)
	row := h.row(w.subject())
	same(h, "state", row.State, record.Dead)
	same(h, "held for", row.HeldFor, "")
	same(h, "reason", row.LastError, "hopeless")
}

func markTrace(h *harness) {
	const first, second, third = "00-01-01-01", "00-02-01-01", "00-03-01-01"
	w := h.newWorld(0)
	w.markWithTrace(first, ask(subject))
	hints := h.told.take()
	same(h, "hint", hints[len(hints)-1].Traceparent, first)
	w.markWithTrace(second, ask(subject))
	l := w.claim(w.subject())
	same(h, "lease", l.Traceparent, first)
	w.markWithTrace(third, ask(subject))
	h.ok(h.Finish(h.ctx, l, record.Served()))
	next := w.claim(w.subject())
	same(h, "next lease", next.Traceparent, third)
	h.ok(h.Finish(h.ctx, next, record.Served()))
	w.mark(ask(subject))
	same(h, "a cause without a trace", w.claim(w.subject()).Traceparent, "")
}

func markTraceOfSchedule(h *harness) {
	w := h.newWorld(0)
	w.markWithTrace("00-01-01-01", ask(subject))
	again := record.Served()
	again.Again = true
	h.ok(h.Finish(h.ctx, w.claim(w.subject()), again))
	same(h, "the second turn", w.claim(w.subject()).Traceparent, "")
}

func markOrder(h *harness) {
	w := h.newWorld(0)
	var order []string
	h.wire.onCall(func(c call) error {
		if c.name == "MarkWork" {
			order = append(order, fmt.Sprint(c.arg(2), c.arg(3)))
		}
		return nil
	})
	w.mark(ask("b"), ask("a"), record.Mark{Kind: task.CalendarPoll, Subject: "z", Lane: task.Bulk}, ask("c"))
	want := slices.Clone(order)
	slices.Sort(want)
	sameList(h, "order", order, want)
	same(h, "marks", len(order), 4)
}

func markNoHintWithoutCommit(h *harness) {
	w := h.newWorld(0)
	l := w.marker("")
	h.told.take()
	before := h.dump()
	h.wire.breakAt(callCommit)
	h.fails(h.Finish(h.ctx, l, record.Served(), ask(subject)), errWire)
	same(h, "hints", len(h.told.take()), 0)
	h.unchanged(before)
}
