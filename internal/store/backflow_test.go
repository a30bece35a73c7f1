package store_test

import (
	"reflect"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/record"
)

func backflowTrials() []trial {
	return []trial{
		{"backflow: a choice leaves what it says nothing of", backflowChosen},
		{"backflow: the same once more changes nothing", backflowAgain},
		{"backflow: nobody chooses for another tenant", backflowForeign},
		{"backflow: a policy's ruling is committed with the report", policyRules},
		{"backflow: what a policy leaves stays to be decided about", policyLeaves},
		{"backflow: a deletion that a policy accepts cancels", policyCancels},
		{"backflow: nothing on another revision", policyStale},
		{"backflow: what the core has submitted is kept beside what the booking says", submittedIsKept},
		{"race: choices about different changes", raceChoices},
	}
}

func (w *world) chooseBackflow(b cal.Backflow) record.Connection {
	w.Helper()
	c, err := w.ChooseConnection(w.ctx, w.tenant, w.connection, record.ConnectionChoice{Backflow: b, Actor: "key_test"})
	w.ok(err)
	stored, err := w.Connection(w.ctx, w.tenant, w.connection)
	w.ok(err)
	same(w.harness, "stored", stored, c)
	return c
}

func backflowChosen(h *harness) {
	w, other := h.newWorld(1), h.newWorld(1)
	own, err := h.BeginConnection(h.ctx, w.tenant, record.NewFlow{
		Provider: cal.Google, AppID: "app", ConnectToken: "another", State: "another", ExpiresAt: epoch().Add(time.Hour), Actor: "test",
	})
	h.ok(err)
	same(h, "moved", w.chooseBackflow(cal.Backflow{Moved: cal.StanceAccept}).Backflow, cal.Backflow{Moved: "accept", Cancelled: "report", Edited: "report"})
	same(h, "cancelled", w.chooseBackflow(cal.Backflow{Cancelled: cal.StanceEnforce}).Backflow, cal.Backflow{Moved: "accept", Cancelled: "enforce", Edited: "report"})
	same(h, "edited", w.chooseBackflow(cal.Backflow{Edited: cal.StanceAccept, Moved: cal.StanceReport}).Backflow,
		cal.Backflow{Moved: "report", Cancelled: "enforce", Edited: "accept"})
	same(h, "audit", h.number(`SELECT COUNT(*) FROM audit WHERE action = 'connection.chosen' AND actor = 'key_test'`), 3)
	for tenant, id := range map[cal.TenantID]cal.ConnectionID{w.tenant: own, other.tenant: other.connection} {
		c, err := h.Connection(h.ctx, tenant, id)
		h.ok(err)
		same(h, "another connection", c.Backflow, cal.DefaultBackflow())
	}
	b := w.accept(w.booking("b", 1, 0))
	kase, err := h.Case(h.ctx, w.claim(w.push(w.linkOf(b, 0))))
	h.ok(err)
	same(h, "as a run reads it", kase.Connection.Backflow, cal.Backflow{Moved: "report", Cancelled: "enforce", Edited: "accept"})
}

func backflowAgain(h *harness) {
	w := h.newWorld(1)
	w.chooseBackflow(cal.Backflow{Moved: cal.StanceAccept})
	before := h.dump()
	w.chooseBackflow(cal.Backflow{Moved: cal.StanceAccept})
	w.chooseBackflow(cal.Backflow{})
	h.unchanged(before)
}

func backflowForeign(h *harness) {
	a, b := h.newWorld(1), h.newWorld(1)
	before := h.dump()
	for _, id := range []cal.ConnectionID{b.connection, "con_unknown"} {
		_, err := h.ChooseConnection(h.ctx, a.tenant, id, record.ConnectionChoice{Backflow: cal.Backflow{Moved: cal.StanceAccept}})
		h.fails(err, record.ErrNotFound)
	}
	h.unchanged(before)
}

// found is the decision about an event that a person has changed, which is reported and left to no more than open says.
func (w *world) found(to cal.Content, diverged bool) (record.Lease, record.Decision) {
	w.Helper()
	link := w.linkOf(w.read("b"), 0)
	w.mark(record.Mark{Kind: "link:push", Subject: string(link.ID), Lane: "interactive", ConnectionID: w.connection})
	l := w.claim(w.push(link))
	link.State, link.Observed, link.ETag = record.LinkDiverged, &to, "2"
	e, shown := event(string(link.EventID), "2", to), message.NewEvent(to)
	return l, record.Decision{
		Link: link, Event: &e, Fresh: true, Outcome: record.Served(),
		Reports: []record.Report{{Type: message.BookingMoved, Version: 1, Revise: true, Fields: []string{"slot"}, Event: &shown, Diverged: diverged}},
	}
}

// inBoth is a booking that both calendars show.
func (w *world) inBoth() record.Booking {
	w.Helper()
	b := w.accept(w.booking("b", 1, 0, 1))
	for i, id := range []string{"e0", "e1"} {
		link := w.linkOf(b, i)
		w.agreed(w.claim(w.push(link)), link, event(id, "1", content("Title 1", 24)), 1)
	}
	w.told.take()
	return w.read("b")
}

// policy is what a policy decides about what a person has done in calendar 0.
func (w *world) policy(d message.Decision, fields ...cal.Field) record.Ruling {
	w.Helper()
	r := w.ruling(d, 0)
	r.By, r.Actor, r.Why, r.Traceparent = message.DeciderPolicy, record.ActorPolicy, "the policy says so", ""
	for _, f := range fields {
		r.Fields |= cal.Fields(f)
	}
	return r
}

func policyRules(h *harness) {
	w := h.newWorld(2)
	before := w.inBoth()
	l, d := w.found(content("Title 1", 30), false)
	r := w.policy(message.DecisionAccepted, cal.FieldSlot)
	d.Rulings = []record.Ruling{r}
	h.ok(h.Settle(h.ctx, l, d))
	b := w.read("b")
	same(h, "revision", b.Revision, before.Revision+2)
	same(h, "slot", b.Slot, slot(30))
	same(h, "title", b.Spec.Title, "canary accepted")
	own, other := w.linkOf(b, 0), w.linkOf(b, 1)
	same(h, "state", own.State, record.LinkPending)
	same(h, "the other's", other.State, record.LinkPending)
	same(h, "synced", own.Synced*10+other.Synced, 10) // the other calendar does not show it yet
	if own.Observed != nil || own.Base.Sent.Slot != slot(30) || own.Base.Read.Slot != slot(30) {
		h.Errorf("%+v", own)
	}
	h.claim(w.push(own))
	h.claim(w.push(other))
	w.wantMessages("booking.accepted 1/1/1", "booking.moved 1/2/2", "booking.decided 1/3/3")
	wantDecided(w, message.Decided{
		Booking: message.Booking{BookingID: "b", Version: 1, Revision: 3, Sequence: 3, ReservationToken: before.Reservation},
		Target:  message.Target{CalendarID: w.calendars[0].ID, ConnectionID: w.connection, Provider: cal.Google}, Decision: message.DecisionAccepted,
		By: message.DeciderPolicy, Fields: []string{"slot"},
	})
	same(h, "audit", h.number(`SELECT COUNT(*) FROM audit WHERE action = 'divergence.accepted' AND actor = 'policy' AND booking_id = 'b' AND detail LIKE '%the policy says so%'`), 1)
}

func policyLeaves(h *harness) {
	w := h.newWorld(2)
	w.inBoth()
	made := content("Title by hand", 30)
	l, d := w.found(made, true)
	d.Rulings = []record.Ruling{w.policy(message.DecisionReverted, cal.FieldSlot)}
	h.ok(h.Settle(h.ctx, l, d))
	b := w.read("b")
	own := w.linkOf(b, 0)
	same(h, "diverged", b.Diverged(), true)
	same(h, "state", own.State, record.LinkDiverged)
	same(h, "left", own.Theirs(), cal.Fields(cal.FieldTitle))
	want := record.Base{Sent: content("Title 1", 30), Read: content("Title 1", 30)}
	if !reflect.DeepEqual(*own.Base, want) || !reflect.DeepEqual(*own.Observed, made) {
		h.Errorf("%+v, observed %+v", own.Base, own.Observed)
	}
	same(h, "the other link", w.linkOf(b, 1).State, record.LinkSynced)
	h.claim(w.push(own))
	h.notDue(w.push(w.linkOf(b, 1)))
}

func policyCancels(h *harness) {
	w := h.newWorld(2)
	w.inBoth()
	l, d := w.found(content("Title 1", 30), false)
	d.Link.Observed, d.Link.EventID, d.Link.ETag, d.Link.Base, d.Event = nil, "", "", nil, nil
	d.Reports = []record.Report{{Type: message.BookingRemoved, Version: 1, Revise: true}}
	r := w.policy(message.DecisionAccepted)
	r.Booking.Cancelled = true
	d.Rulings = []record.Ruling{r}
	h.ok(h.Settle(h.ctx, l, d))
	b := w.read("b")
	same(h, "cancelled", b.Cancelled, true)
	for _, l := range b.Links {
		same(h, "state", l.State, record.LinkPending)
		h.claim(w.push(l))
	}
}

// A version, a decision or another calendar's report came in between.
func policyStale(h *harness) {
	w := h.newWorld(2)
	w.inBoth()
	for _, by := range []int64{-1, 1} {
		l, d := w.found(content("Title 1", 30), false)
		before := h.dump()
		r := w.policy(message.DecisionAccepted, cal.FieldSlot)
		r.Booking.Revision += by
		d.Rulings = []record.Ruling{r}
		h.fails(h.Settle(h.ctx, l, d), record.ErrStale)
		h.unchanged(before)
		r.Booking.Revision -= by
		h.ok(h.Finish(h.ctx, l, record.Served()))
	}
	same(h, "revision", w.read("b").Revision, 1)
}

func submittedIsKept(h *harness) {
	w := h.newWorld(2)
	w.parted()
	r := w.ruling(message.DecisionAccepted, 0)
	first := w.read("b").Spec
	r.Booking.Submitted = &first
	b := w.decide(r)
	if !reflect.DeepEqual(b.Submitted, &first) || reflect.DeepEqual(b.Spec, first) {
		h.Errorf("says %+v, submitted %+v", b.Spec, b.Submitted)
	}
	next := w.booking("b", 2, 0, 1)
	submitted := next.Spec
	next.Seen, next.Submitted, next.Kept, next.Spec.Title = b.Revision, &submitted, cal.Fields(cal.FieldTitle), "canary kept"
	w.accept(next)
	b = w.read("b")
	if !reflect.DeepEqual(b.Submitted, &submitted) || b.Spec.Title != "canary kept" {
		h.Errorf("says %+v, submitted %+v", b.Spec, b.Submitted)
	}
	same(h, "audit", h.number(`SELECT COUNT(*) FROM audit WHERE action = 'booking.accepted' AND detail LIKE '%"kept":["title"]%'`), 1)
	last := w.booking("b", 3, 0, 1)
	last.Seen = b.Revision
	w.accept(last)
	if b := w.read("b"); b.Submitted != nil {
		h.Errorf("submitted %+v", b.Submitted)
	}
}

func raceChoices(h *harness) {
	w := h.newWorld(1)
	all := []cal.Backflow{{Moved: cal.StanceAccept}, {Cancelled: cal.StanceAccept}, {Edited: cal.StanceAccept}}
	for _, err := range race(racers, func(i int) error {
		_, err := h.ChooseConnection(h.ctx, w.tenant, w.connection, record.ConnectionChoice{Backflow: all[i%len(all)], Actor: "key_test"})
		return err
	}) {
		h.ok(err)
	}
	same(h, "all of them", w.chooseBackflow(cal.Backflow{}).Backflow, cal.Backflow{Moved: "accept", Cancelled: "accept", Edited: "accept"})
}

func backflowMutants() []mutant {
	const chosen = "backflow: a choice leaves what it says nothing of"
	return slips([]slipped{
		{"a policy is every connection's", "ChooseBackflow", "AND connection_id = $6", "AND $6 <> ''", chosen},
		{"a policy is every tenant's", "ChooseBackflow", "tenant_id = $5", "$5 IS NOT NULL", "tenancy: every query finds the rows of its own tenant only"},
		{"a policy about deletions is lost", "ChooseBackflow", "on_cancelled = $2", "on_cancelled = CASE WHEN $2 IS NULL THEN $2 ELSE on_cancelled END", chosen},
		{"a new connection accepts", "InsertConnection", "'report', 'report', 'report'", "'accept', 'report', 'report'", "connection: pending until it is activated"},
	})
}
