package store_test

import (
	"time"

	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

func finishTrials() []trial {
	return []trial{
		{"finish: served", finishServed},
		{"finish: a failure waits and keeps what was wanted", finishFailed},
		{"finish: again keeps a schedule wanted", finishAgain},
		{"finish: again adds nothing to a row that was marked meanwhile", finishAgainMarked},
		{"finish: forget deletes the row unless it was marked meanwhile", finishForgets},
		{"finish: once", finishOnce},
		{"finish: late, while nobody else has claimed", finishLate},
		{"finish: what was asked since the claim revives what stopped", finishRevivedByMark},
		{"finish: a dead link fails its booking, once", finishDeadLink},
		{"finish: a link that dies again of the same version tells nothing new", finishDeadLinkAgain},
		{"finish: a hold and a dead letter are audited", finishAudits},
		{"finish: the guard's hold survives it", finishKeepsGuard},
		{"finish: a reason that is no text is stored as text", finishOddReason},
		{"release: only what is stopped", releaseStopped},
		{"release: an approval lets the link write once", releaseApproves},
		{"reauth: held until the owner reconnects", reauthHolds},
		{"reauth: no hold once the connection is active", reauthAfterActivation},
		{"reauth: a reconnect ends waits, and leaves other holds", reconnectEndsWaits},
		{"reauth: a reconnect lists the calendars at once", reconnectLists},
		{"guard: outranks a hold that a reconnect would end", guardOutranksReauth},
	}
}

func finishServed(h *harness) {
	w := h.newWorld(0)
	w.mark(ask(subject))
	h.clock.Advance(time.Second)
	h.told.take()
	h.served(w.subject())
	want := record.Work{Ref: w.subject(), Lane: task.Background, State: record.Ready, Wanted: 1, Done: 1, WantedAt: h.clock.Now()}
	same(h, "row", h.row(w.subject()), want)
	same(h, "hints", len(h.told.take()), 0)
}

func finishFailed(h *harness) {
	w := h.newWorld(0)
	w.mark(ask(subject))
	h.told.take()
	until := h.clock.Now().Add(time.Minute)
	h.ok(h.Finish(h.ctx, w.claim(w.subject()), record.Outcome{State: record.Ready, NotBefore: until, Attempts: 4, Crashes: 2, Reason: "503"}))
	want := record.Work{
		Ref: w.subject(), Lane: task.Background, State: record.Ready, Wanted: 1, WantedAt: epoch(), NotBefore: until, Attempts: 4, Crashes: 2, LastError: "503",
	}
	same(h, "row", h.row(w.subject()), want)
	same(h, "hints", len(h.told.take()), 0)
}

func finishAgain(h *harness) {
	w := h.newWorld(0)
	w.mark(ask(subject))
	o := record.Served()
	o.Again, o.NotBefore = true, h.clock.Now().Add(time.Minute)
	h.ok(h.Finish(h.ctx, w.claim(w.subject()), o))
	row := h.row(w.subject())
	same(h, "wanted", row.Wanted, 2)
	same(h, "done", row.Done, 1)
	h.notDue(w.subject())
	h.clock.Advance(time.Minute)
	h.served(w.subject())
	h.notDue(w.subject())
}

func finishAgainMarked(h *harness) {
	w := h.newWorld(0)
	w.mark(ask(subject))
	l := w.claim(w.subject())
	w.mark(ask(subject))
	o := record.Served()
	o.Again, o.NotBefore = true, h.clock.Now().Add(time.Minute)
	h.ok(h.Finish(h.ctx, l, o))
	same(h, "wanted", h.row(w.subject()).Wanted, 2)
	same(h, "done", h.row(w.subject()).Done, 1)
}

func finishForgets(h *harness) {
	w := h.newWorld(0)
	done := record.Served()
	done.Forget = true
	w.mark(ask(subject))
	l := w.claim(w.subject())
	w.mark(ask(subject))
	h.ok(h.Finish(h.ctx, l, done))
	same(h, "wanted", h.row(w.subject()).Wanted, 2)
	h.ok(h.Finish(h.ctx, w.claim(w.subject()), done))
	_, err := h.Work(h.ctx, w.subject())
	h.fails(err, record.ErrNotFound)
}

func finishOnce(h *harness) {
	w := h.newWorld(0)
	w.mark(ask(subject))
	l := w.claim(w.subject())
	h.ok(h.Finish(h.ctx, l, record.Served()))
	w.mark(ask(subject))
	before := h.dump()
	h.faulty(h.Finish(h.ctx, l, record.Served()), fault.Fenced)
	h.unchanged(before)
}

func finishLate(h *harness) {
	w := h.newWorld(0)
	w.mark(ask(subject))
	l := w.claim(w.subject())
	h.clock.Advance(time.Hour)
	h.ok(h.Finish(h.ctx, l, record.Served()))
	h.notDue(w.subject())
}

func finishRevivedByMark(h *harness) {
	for _, c := range []struct {
		outcome  record.Outcome
		state    record.WorkState
		heldFor  record.HeldFor
		attempts int
	}{
		{record.Outcome{State: record.Dead, Attempts: 100, Reason: "forbidden"}, record.Ready, "", 0},
		{record.Outcome{State: record.Held, HeldFor: record.HeldForApproval, Attempts: 1}, record.Ready, "", 1},
		{record.Outcome{State: record.Ready, Attempts: 7}, record.Ready, "", 7},
	} {
		w := h.newWorld(0)
		w.mark(ask(subject))
		l := w.claim(w.subject())
		w.mark(ask(subject))
		audits := h.number(`SELECT COUNT(*) FROM audit`)
		h.told.take()
		h.ok(h.Finish(h.ctx, l, c.outcome))
		row := h.row(w.subject())
		same(h, "state", row.State, c.state)
		same(h, "held for", row.HeldFor, c.heldFor)
		same(h, "attempts", row.Attempts, c.attempts)
		same(h, "audit rows", h.number(`SELECT COUNT(*) FROM audit`), audits)
		same(h, "hints", len(h.told.take()), 1)
		h.served(w.subject())
	}
}

func finishDeadLinkAgain(h *harness) {
	w := h.newWorld(1)
	link := w.linkOf(w.accept(w.booking("b", 1, 0)), 0)
	dies := func() {
		h.Helper()
		h.ok(h.Finish(h.ctx, w.claim(w.push(link)), record.Outcome{State: record.Dead, Attempts: 100, Reason: "the calendar is read-only"}))
	}
	dies()
	h.ok(h.Release(h.ctx, w.push(link), "operator"))
	dies()
	same(h, "state", w.linkOf(w.read("b"), 0).State, record.LinkFailed)
	w.wantMessages("booking.accepted 1/1/1", "booking.failed 1/1/2")
	w.accept(w.booking("b", 2, 0))
	dies()
	w.wantMessages("booking.accepted 1/1/1", "booking.failed 1/1/2", "booking.accepted 2/2/3", "booking.failed 2/2/4")
}

func finishDeadLink(h *harness) {
	w := h.newWorld(1)
	link := w.linkOf(w.accept(w.booking("b", 1, 0)), 0)
	h.ok(h.Finish(h.ctx, w.claim(w.push(link)), record.Outcome{State: record.Dead, Attempts: 100, Reason: "the calendar is read-only"}))
	link = w.linkOf(w.read("b"), 0)
	same(h, "state", link.State, record.LinkFailed)
	same(h, "reason", link.Reason, "the calendar is read-only")
	same(h, "failed version", link.Failed, 1)
	w.wantMessages("booking.accepted 1/1/1", "booking.failed 1/1/2")
	h.ok(h.Release(h.ctx, w.push(link), "operator"))
	h.served(w.push(link))
	w.wantMessages("booking.accepted 1/1/1", "booking.failed 1/1/2")
}

func finishAudits(h *harness) {
	w := h.newWorld(0)
	for _, c := range []struct {
		outcome record.Outcome
		action  string
	}{
		{record.Outcome{State: record.Held, HeldFor: record.HeldForApproval, Reason: "ask"}, "work.held"},
		{record.Outcome{State: record.Dead, Attempts: 100, Reason: "hopeless"}, "work.dead"},
	} {
		m := ask(subject)
		m.Revive = true
		w.mark(m)
		h.ok(h.Finish(h.ctx, w.claim(w.subject()), c.outcome))
		same(h, c.action, h.number(`SELECT COUNT(*) FROM audit WHERE action = $1 AND subject = $2`, c.action, w.subject().String()), 1)
	}
}

func finishKeepsGuard(h *harness) {
	guard := ask(subject)
	guard.Hold, guard.Reason = record.HeldForGuard, "many vanished"
	for _, o := range []record.Outcome{
		record.Served(), {State: record.Ready, Attempts: 1}, {State: record.Dead, Attempts: 100}, {State: record.Held, HeldFor: record.HeldForApproval},
	} {
		w := h.newWorld(0)
		w.mark(ask(subject))
		l := w.claim(w.subject())
		w.mark(guard)
		h.told.take()
		h.ok(h.Finish(h.ctx, l, o))
		row := h.row(w.subject())
		same(h, "state", row.State, record.Held)
		same(h, "held for", row.HeldFor, record.HeldForGuard)
		same(h, "hints", len(h.told.take()), 0)
		h.notDue(w.subject())
		h.ok(h.Release(h.ctx, w.subject(), "operator"))
		h.served(w.subject())
	}
}

func finishOddReason(h *harness) {
	w := h.newWorld(0)
	w.mark(ask(subject))
	h.ok(h.Finish(h.ctx, w.claim(w.subject()), record.Outcome{State: record.Dead, Reason: "a\x00b\xffc"}))
	same(h, "reason", h.row(w.subject()).LastError, "a\uFFFDb\uFFFDc")
}

func releaseStopped(h *harness) {
	w := h.newWorld(0)
	h.fails(h.Release(h.ctx, w.subject(), "operator"), record.ErrNotFound)
	w.failed(time.Minute)
	before := h.dump()
	h.fails(h.Release(h.ctx, w.subject(), "operator"), record.ErrStale)
	h.unchanged(before)
	h.clock.Advance(time.Minute)
	h.ok(h.Finish(h.ctx, w.claim(w.subject()), record.Outcome{State: record.Dead, Attempts: 100, Reason: "hopeless", NotBefore: h.clock.Now().Add(time.Hour)}))
	h.ok(h.Release(h.ctx, w.subject(), "key_operator"))
	same(h, "audit", h.number(`SELECT COUNT(*) FROM audit WHERE action = 'work.released' AND actor = 'key_operator'`), 1)
	row := h.row(w.subject())
	same(h, "lane", row.Lane, task.Interactive)
	same(h, "attempts", row.Attempts, 0)
	h.served(w.subject())
	h.fails(h.Release(h.ctx, w.subject(), "operator"), record.ErrStale)
}

func releaseApproves(h *harness) {
	w := h.newWorld(1)
	link := w.linkOf(w.accept(w.booking("b", 1, 0)), 0)
	link.State, link.Reason = record.LinkHeld, "guests would be mailed"
	w.ok(w.Settle(w.ctx, w.claim(w.push(link)), record.Decision{
		Link: link, Outcome: record.Outcome{State: record.Held, HeldFor: record.HeldForApproval, Reason: link.Reason},
	}))
	h.notDue(w.push(link))
	h.ok(h.Release(h.ctx, w.push(link), "operator"))
	link = w.linkOf(w.read("b"), 0)
	same(h, "state", link.State, record.LinkApproved)
	same(h, "reason", link.Reason, "")
	h.claim(w.push(link))
}

// die ends the world's connection by a verdict of the token endpoint.
func (w *world) die() {
	w.Helper()
	g, err := w.Grant(w.ctx, w.tenant, w.connection)
	w.ok(err)
	revoked, err := w.Revoke(w.ctx, w.tenant, w.connection, g.Version, "invalid_grant")
	w.ok(err)
	same(w.harness, "revoked", revoked, true)
}

func (w *world) reconnect() {
	w.Helper()
	w.ok(w.Activate(w.ctx, w.tenant, w.connection, w.tokens("again")))
}

func heldForReauth() record.Outcome {
	return record.Outcome{State: record.Held, HeldFor: record.HeldForReauth, Attempts: 2, Reason: "the grant is dead"}
}

func reauthHolds(h *harness) {
	w := h.newWorld(1)
	link := w.linkOf(w.accept(w.booking("b", 1, 0)), 0)
	l := w.claim(w.push(link))
	w.die()
	m := ask(string(link.ID))
	m.Kind = task.LinkPush
	w.mark(m) // a newer mark changes nothing while no call can be made
	h.ok(h.Finish(h.ctx, l, heldForReauth()))
	row := h.row(w.push(link))
	same(h, "state", row.State, record.Held)
	same(h, "held for", row.HeldFor, record.HeldForReauth)
	h.told.take()
	w.reconnect()
	same(h, "hinted at", len(h.told.take()) >= 2, true)
	w.revived(w.push(link))
}

// revived wants a row that was stopped to be due as if it had never run, and serves it.
func (w *world) revived(ref task.Ref) {
	w.Helper()
	row := w.row(ref)
	want := record.Work{Ref: ref, Lane: row.Lane, State: record.Ready, Wanted: row.Wanted, Done: row.Done, WantedAt: row.WantedAt}
	same(w.harness, "revived row", row, want)
	w.served(ref)
}

func reauthAfterActivation(h *harness) {
	w := h.newWorld(1)
	link := w.linkOf(w.accept(w.booking("b", 1, 0)), 0)
	l := w.claim(w.push(link))
	w.die()
	w.reconnect()
	h.told.take()
	h.ok(h.Finish(h.ctx, l, heldForReauth()))
	row := h.row(w.push(link))
	same(h, "state", row.State, record.Ready)
	same(h, "attempts", row.Attempts, 2)
	same(h, "hints", len(h.told.take()), 1)
	h.claim(w.push(link))
}

func reconnectLists(h *harness) {
	w := h.newWorld(0)
	discovery := w.ref(task.ConnectionDiscover, string(w.connection))
	w.mark(record.Mark{Kind: task.ConnectionDiscover, Subject: string(w.connection), Lane: task.Interactive, ConnectionID: w.connection})
	daily := record.Served()
	daily.Again, daily.NotBefore = true, h.clock.Now().Add(day)
	h.ok(h.Finish(h.ctx, h.claim(discovery), daily))
	h.notDue(discovery)
	w.reconnect()
	h.served(discovery)
}

func reconnectEndsWaits(h *harness) {
	w := h.newWorld(0)
	other := w.connect("other")
	later := h.clock.Now().Add(time.Hour).UnixMicro()
	for name, columns := range map[string]map[string]any{
		"waits":           {"connection_id": string(w.connection), "not_before": later, "attempts": 9, "crashes": 2, "last_error": "503"},
		"approval":        {"connection_id": string(w.connection), "state": "held", "held_for": "approval"},
		"guard":           {"connection_id": string(w.connection), "state": "held", "held_for": "guard"},
		"dead":            {"connection_id": string(w.connection), "state": "dead", "attempts": 99, "crashes": 5},
		"dead elsewhere":  {"connection_id": string(other), "state": "dead"},
		"another account": {"connection_id": string(other), "not_before": later},
		"another's hold":  {"connection_id": string(other), "state": "held", "held_for": "reauth"},
		"idle":            {"connection_id": string(w.connection), "wanted": 1, "done": 1, "not_before": later},
	} {
		h.insertWork(w.ref(task.CalendarSync, name), columns)
	}
	w.die()
	before := h.dump("work")
	w.reconnect()
	w.revived(w.ref(task.CalendarSync, "waits"))
	// The owner may have given the very right that it died for.
	w.revived(w.ref(task.CalendarSync, "dead"))
	for _, name := range []string{"approval", "guard", "dead elsewhere", "another account", "another's hold"} {
		h.notDue(w.ref(task.CalendarSync, name))
	}
	same(h, "idle", h.row(w.ref(task.CalendarSync, "idle")).Wanted, 1)
	// the waiting row, the dead one, the discovery and the schedule of the grant
	same(h, "rows changed", len(differences(before, h.dump("work"))), 8)
}

func guardOutranksReauth(h *harness) {
	w := h.newWorld(0)
	ref := w.ref(task.LinkPush, "lnk")
	h.insertWork(ref, map[string]any{"connection_id": string(w.connection), "state": "held", "held_for": "reauth"})
	w.die()
	w.mark(record.Mark{Kind: ref.Kind, Subject: ref.Subject, Lane: task.Background, ConnectionID: w.connection, Hold: record.HeldForGuard, Reason: "many"})
	w.reconnect()
	h.notDue(ref)
	same(h, "held for", h.row(ref).HeldFor, record.HeldForGuard)
	h.ok(h.Release(h.ctx, ref, "operator"))
	h.claim(ref)
}
