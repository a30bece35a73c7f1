package store_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

func acceptTrials() []trial {
	return []trial{
		{"accept: a new booking, its links, work, audit and message", acceptNew},
		{"accept: a revision keeps the links", acceptRevises},
		{"accept: nothing on another revision", acceptStale},
		{"accept: a version once", acceptSameVersion},
		{"accept: targets come and go, links stay", acceptTargets},
		{"accept: a cancellation is a tombstone, and a booking may come again", acceptCancels},
		{"accept: a calendar is targeted once", acceptTargetsOnce},
		{"accept: unknown calendars", acceptUnknownCalendar},
		{"accept: a decision makes what a person did the agreement", acceptDecides},
		{"accept: without a decision a divergence stays", acceptUndecided},
		{"accept: a decision is not undone by the run under way", acceptUnseats},
		{"accept: a new version revives dead work", acceptRevives},
		{"accept: messages are about the version that they name", acceptMessageVersion},
		{"accept: bookings of tenants do not meet", acceptTenants},
		{"history: audit rows of one booking, page by page", history},
		{"reject: kept sealed, told once, listed", rejects},
	}
}

func acceptNew(h *harness) {
	w := h.newWorld(2)
	a := w.booking("b", 1, 0, 1)
	a.Traceparent = "00-trace-01"
	b := w.accept(a)
	want := record.Booking{
		ID: "b", Spec: a.Spec, Version: 1, Revision: 1, Slot: a.Slot, TZData: "2026a", Hash: "hash-1", Reservation: b.Reservation,
		CreatedAt: epoch(), UpdatedAt: epoch(),
	}
	for i, l := range b.Links {
		want.Links = append(want.Links, record.Link{
			ID: l.ID, BookingID: "b", CalendarID: w.calendars[i].ID, ConnectionID: w.connection, Provider: cal.Google, Target: true, Authoritative: i == 0,
			Generation: 1, State: record.LinkPending,
		})
	}
	for what, got := range map[string]record.Booking{"answer": b, "row": w.read("b")} {
		if !reflect.DeepEqual(got, want) || len(b.Links) != 2 {
			h.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
		}
	}
	wantHints := []string{}
	for i, l := range b.Links {
		wantHints = append(wantHints, "link:push "+string(l.ID))
		for _, kind := range []task.Kind{task.CalendarPoll, task.CalendarSync, task.CalendarWatch} {
			wantHints = append(wantHints, string(kind)+" "+string(w.calendars[i].ID))
		}
		same(h, "trace", w.claim(w.push(l)).Traceparent, a.Traceparent)
	}
	hints := []string{}
	for _, hint := range h.told.take() {
		hints = append(hints, string(hint.Kind)+" "+hint.Subject)
		same(h, "hinted trace", hint.Traceparent, a.Traceparent)
	}
	slices.Sort(hints)
	slices.Sort(wantHints)
	sameList(h, "hints", hints, wantHints)
	w.wantMessages("booking.accepted 1/1/1")
	var accepted message.Accepted
	h.ok(json.Unmarshal(w.messages()[1].Data, &accepted))
	same(h, "message", accepted.Booking, message.Booking{BookingID: "b", Version: 1, Revision: 1, Sequence: 1, ReservationToken: b.Reservation})
	same(h, "cancelled", accepted.Cancelled, false)
	sameList(h, "kept", accepted.Kept, nil)
	same(h, "audit", h.number(`SELECT COUNT(*) FROM audit WHERE action = 'booking.accepted' AND actor = 'key_test' AND booking_id = 'b'`), 1)
}

func acceptRevises(h *harness) {
	w := h.newWorld(1)
	first := w.accept(w.booking("b", 1, 0))
	h.clock.Advance(time.Second)
	a := w.booking("b", 2, 0)
	a.Slot, a.TZData = slot(48), "2026b"
	second := w.accept(a)
	want := first
	want.Version, want.Revision, want.Spec, want.Slot, want.TZData, want.Hash = 2, 2, a.Spec, a.Slot, a.TZData, a.Hash
	want.Reservation, want.UpdatedAt = second.Reservation, h.clock.Now()
	if got := w.read("b"); !reflect.DeepEqual(got, want) {
		h.Errorf("got %+v\nwant %+v", got, want)
	}
	same(h, "new reservation", second.Reservation != first.Reservation, true)
	for version, b := range map[int64]record.Booking{1: first, 2: second} {
		hash, token, err := h.Version(h.ctx, w.tenant, "b", version)
		h.ok(err)
		same(h, "hash", hash, b.Hash)
		same(h, "token", token, b.Reservation)
		r, err := h.Reservation(h.ctx, w.tenant, b.Reservation)
		h.ok(err)
		same(h, "superseded", r.Superseded, version == 1)
		same(h, "reserved version", r.Version, version)
		same(h, "reserved booking", r.BookingID, "b")
		same(h, "links", len(r.Links), 1)
	}
	_, _, err := h.Version(h.ctx, w.tenant, "b", 3)
	h.fails(err, record.ErrNotFound)
	_, err = h.Reservation(h.ctx, w.tenant, "rsv_unknown")
	h.fails(err, record.ErrNotFound)
	w.wantMessages("booking.accepted 1/1/1", "booking.accepted 2/2/2")
}

func acceptStale(h *harness) {
	w := h.newWorld(1)
	w.accept(w.booking("b", 1, 0))
	w.accept(w.booking("b", 2, 0))
	h.told.take()
	before := h.dump()
	for _, seen := range []int64{0, 1, 3} {
		a := w.booking("b", 5, 0)
		a.Seen = seen
		_, err := h.Accept(h.ctx, w.tenant, a)
		h.fails(err, record.ErrStale)
	}
	a := w.booking("unknown", 1, 0)
	a.Seen = 1
	_, err := h.Accept(h.ctx, w.tenant, a)
	h.fails(err, record.ErrStale)
	h.unchanged(before)
	same(h, "hints", len(h.told.take()), 0)
}

func acceptSameVersion(h *harness) {
	w := h.newWorld(1)
	b := w.accept(w.booking("b", 1, 0))
	before := h.dump()
	a := w.booking("b", 1, 0)
	a.Seen = b.Revision
	_, err := h.Accept(h.ctx, w.tenant, a)
	h.faulty(err, fault.Transient)
	h.unchanged(before)
}

// aims says for each link of a booking which calendar it is for, and whether that is a target and the authoritative one.
func (w *world) aims(b record.Booking) string {
	var out string
	for i, c := range w.calendars {
		for _, l := range b.Links {
			if l.CalendarID == c.ID {
				out += fmt.Sprintf("%d:%t/%t ", i, l.Target, l.Authoritative)
			}
		}
	}
	return out
}

func acceptTargets(h *harness) {
	w := h.newWorld(3)
	first := w.accept(w.booking("b", 1, 0, 1))
	for _, l := range first.Links {
		h.served(w.push(l))
	}
	second := w.accept(w.booking("b", 2, 1, 2))
	same(h, "aims", w.aims(second), "0:false/false 1:true/true 2:true/false ")
	same(h, "kept link", w.linkOf(second, 0).ID, w.linkOf(first, 0).ID)
	for _, l := range second.Links {
		h.served(w.push(l))
	}
	third := w.accept(w.booking("b", 3, 0, 1))
	same(h, "aims", w.aims(third), "0:true/true 1:true/false 2:false/false ")
	same(h, "link that came back", w.linkOf(third, 0).ID, w.linkOf(first, 0).ID)
	for _, l := range third.Links {
		h.served(w.push(l))
	}
	same(h, "links", h.number(`SELECT COUNT(*) FROM links`), 3)
}

func acceptCancels(h *harness) {
	w := h.newWorld(1)
	first := w.accept(w.booking("b", 1, 0))
	h.served(w.push(first.Links[0]))
	gone := w.accept(w.cancellation(first, 2))
	same(h, "cancelled", gone.Cancelled, true)
	same(h, "content", gone.Spec.Title, "canary 1")
	same(h, "aims", w.aims(gone), "0:true/true ")
	h.served(w.push(first.Links[0]))
	r, err := h.Reservation(h.ctx, w.tenant, gone.Reservation)
	h.ok(err)
	same(h, "reserved cancellation", r.Cancelled, true)
	again := w.accept(w.booking("b", 3, 0))
	same(h, "booked again", again.Cancelled, false)
	same(h, "same link", again.Links[0].ID, first.Links[0].ID)
	h.served(w.push(first.Links[0]))
	w.wantMessages("booking.accepted 1/1/1", "booking.accepted 2/2/2", "booking.accepted 3/3/3")
}

func acceptTargetsOnce(h *harness) {
	w := h.newWorld(1)
	w.accept(w.booking("b1", 1, 0))
	h.told.take()
	w.accept(w.booking("b2", 1, 0))
	same(h, "hints", len(h.told.take()), 1)
	same(h, "audit", h.number(`SELECT COUNT(*) FROM audit WHERE action = 'calendar.targeted'`), 1)
	c, err := h.Calendar(h.ctx, w.tenant, w.calendars[0].ID)
	h.ok(err)
	same(h, "targeted", c.Targeted, true)
	same(h, "level", c.Level(), cal.SyncBusy)
}

func acceptUnknownCalendar(h *harness) {
	w := h.newWorld(1)
	before := h.dump()
	a := w.booking("b", 1, 0)
	a.Targets[0].Calendar.ID = "cal_unknown"
	_, err := h.Accept(h.ctx, w.tenant, a)
	h.faulty(err, fault.Transient)
	h.unchanged(before)
}

// diverged makes a person move the event of a booking that stands.
func (w *world) diverged() (record.Link, cal.Content) {
	w.Helper()
	_, link := w.standing("b", "e", "1")
	w.clock.Advance(time.Second)
	moved := content("Title 1", 30)
	w.mark(record.Mark{Kind: task.LinkPush, Subject: string(link.ID), Lane: task.Interactive, ConnectionID: w.connection})
	l := w.claim(w.push(link))
	link.State, link.Observed, link.ETag = record.LinkDiverged, &moved, "2"
	e, shown := event("e", "2", moved), message.NewEvent(moved)
	w.ok(w.Settle(w.ctx, l, record.Decision{
		Link: link, Event: &e, Fresh: true, Outcome: record.Served(),
		Reports: []record.Report{{Type: message.BookingMoved, Version: 1, Revise: true, Fields: []string{"slot"}, Event: &shown, Diverged: true}},
	}))
	w.told.take()
	return w.linkOf(w.read("b"), 0), moved
}

// decision is a version by which the core decides about what it has seen.
func (w *world) decision() record.Acceptance {
	a := w.booking("b", 2, 0)
	a.Seen, a.Decide = w.read("b").Revision, true
	return a
}

func acceptDecides(h *harness) {
	w := h.newWorld(1)
	_, moved := w.diverged()
	same(h, "changed at", w.read("b").UpdatedAt, h.clock.Now())
	same(h, "diverged", w.read("b").Diverged(), true)
	same(h, "revision", w.read("b").Revision, 2)
	b := w.accept(w.decision())
	link := b.Links[0]
	same(h, "still diverged", b.Diverged(), false)
	same(h, "state", link.State, record.LinkPending)
	if link.Observed != nil || link.Base == nil || !reflect.DeepEqual(*link.Base, record.Base{Sent: moved, Read: moved}) {
		h.Errorf("the agreement is %+v, want what the person made of it", link.Base)
	}
	w.wantMessages("booking.accepted 1/1/1", "booking.moved 1/2/2", "booking.accepted 2/3/3")
}

func acceptUndecided(h *harness) {
	w := h.newWorld(1)
	before, _ := w.diverged()
	a := w.cancellation(w.read("b"), 2)
	b := w.accept(a)
	if !reflect.DeepEqual(b.Links[0], before) {
		h.Errorf("the link became %+v", b.Links[0])
	}
}

// The run has read the link before the core decided, and would write the divergence back.
func acceptUnseats(h *harness) {
	for _, late := range []time.Duration{0, 2 * leaseTime} { // a lease that has ended serves its holder until somebody else claims
		acceptUnseatsAfter(h.newWorld(1), late, record.LinkDiverged)
		acceptUnseatsAfter(h.newWorld(1), late, record.LinkHeld) // a write waits for an operator, and the change for the core
	}
}

func acceptUnseatsAfter(w *world, late time.Duration, state record.LinkState) {
	h := w.harness
	link, _ := w.diverged()
	h.owner(`UPDATE links SET state = $1 WHERE link_id = $2`, string(state), string(link.ID))
	same(h, "diverged before", w.read("b").Diverged(), true)
	w.mark(record.Mark{Kind: task.LinkPush, Subject: string(link.ID), Lane: task.Interactive, ConnectionID: w.connection})
	l := w.claim(w.push(link))
	c, err := h.Case(h.ctx, l)
	h.ok(err)
	h.clock.Advance(late)
	w.accept(w.decision())
	e := event("e", "2", *c.Link.Observed)
	h.faulty(h.Settle(h.ctx, l, record.Decision{Link: c.Link, Event: &e, Outcome: record.Served()}), fault.Fenced)
	same(h, "diverged", w.read("b").Diverged(), false)
	if late == 0 {
		h.notDue(w.push(link)) // its last call may still be on the way
		h.clock.Advance(leaseTime)
	}
	h.claim(w.push(link))
}

func acceptRevives(h *harness) {
	w := h.newWorld(1)
	b := w.accept(w.booking("b", 1, 0))
	h.ok(h.Finish(h.ctx, w.claim(w.push(b.Links[0])), record.Outcome{State: record.Dead, Attempts: 100, Reason: "hopeless"}))
	same(h, "state", w.read("b").Links[0].State, record.LinkFailed)
	b = w.accept(w.booking("b", 2, 0))
	same(h, "state", b.Links[0].State, record.LinkPending)
	same(h, "reason", b.Links[0].Reason, "")
	same(h, "attempts", w.claim(w.push(b.Links[0])).Attempts, 0)
}

func acceptMessageVersion(h *harness) {
	w := h.newWorld(1)
	first := w.accept(w.booking("b", 1, 0))
	l := w.claim(w.push(first.Links[0]))
	second := w.accept(w.booking("b", 2, 0))
	d := agreement(first.Links[0], event("e", "1", content("Title 1", 24)), 1)
	d.Reports = []record.Report{{Type: message.BookingSynced, Version: 1, Outcome: message.OutcomePresent}}
	h.ok(h.Settle(h.ctx, l, d))
	w.wantMessages("booking.accepted 1/1/1", "booking.accepted 2/2/2", "booking.synced 1/2/3")
	var synced message.Synced
	h.ok(json.Unmarshal(w.messages()[3].Data, &synced))
	same(h, "token", synced.ReservationToken, first.Reservation)
	same(h, "not the newer token", synced.ReservationToken != second.Reservation, true)
	same(h, "target", synced.Target, message.Target{CalendarID: w.calendars[0].ID, ConnectionID: w.connection, Provider: cal.Google})
	h.claim(w.push(first.Links[0])) // the newer version is still to be written
}

func acceptTenants(h *harness) {
	a, b := h.newWorld(1), h.newWorld(1)
	a.accept(a.booking("b", 1, 0))
	b.accept(b.booking("b", 1, 0))
	b.accept(b.booking("b", 2, 0))
	same(h, "version of a", a.read("b").Version, 1)
	same(h, "version of b", b.read("b").Version, 2)
	_, err := h.Reservation(h.ctx, b.tenant, a.read("b").Reservation)
	h.fails(err, record.ErrNotFound)
	_, err = h.Booking(h.ctx, "ten_unknown", "b")
	h.fails(err, record.ErrNotFound)
}

func history(h *harness) {
	w := h.newWorld(1)
	w.standing("b", "e", "1")
	w.accept(w.booking("other", 1, 0))
	for version := int64(2); version <= 4; version++ {
		w.accept(w.booking("b", version, 0))
	}
	var versions []float64
	after := ""
	for range mostPages {
		page, err := h.History(h.ctx, w.tenant, "b", after, 2)
		h.ok(err)
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			var detail map[string]any
			h.ok(json.Unmarshal(e.Detail, &detail))
			version, _ := detail["version"].(float64)
			versions = append(versions, version)
			same(h, "action", e.Action, "booking.accepted")
			same(h, "booking", e.BookingID, "b")
			after = e.ID
		}
	}
	sameList(h, "versions", versions, []float64{1, 2, 3, 4})
}

func rejects(h *harness) {
	w := h.newWorld(0)
	r := record.Rejection{
		ID: "rej_1", BookingID: "b", Version: 3, Reason: "malformed", Detail: "canary detail", Payload: []byte(`{"title":"canary"`), Actor: "key_1",
		Problems: []message.Problem{{Pointer: "/canary", Detail: "canary problem"}},
	}
	for range 3 {
		h.ok(h.Reject(h.ctx, w.tenant, r))
	}
	r.ID = "rej_2"
	h.ok(h.Reject(h.ctx, w.tenant, r))
	page, err := h.Rejections(h.ctx, w.tenant, "", 1)
	h.ok(err)
	same(h, "page", len(page), 1)
	next, err := h.Rejections(h.ctx, w.tenant, page[0].ID, 10)
	h.ok(err)
	same(h, "next page", len(next), 1)
	want := record.Rejection{ID: "rej_1", BookingID: "b", Version: 3, Reason: "malformed", CreatedAt: epoch()}
	if !reflect.DeepEqual(page[0], want) {
		h.Errorf("got %+v, want %+v", page[0], want)
	}
	sameList(h, "messages", w.types(), []message.Type{message.ConnectionActivated, message.BookingRejected, message.BookingRejected})
	var rejected message.Rejected
	h.ok(json.Unmarshal(w.messages()[1].Data, &rejected))
	if !reflect.DeepEqual(rejected, message.Rejected{BookingID: "b", Version: 3, Reason: "malformed", Detail: "canary detail", Problems: r.Problems}) {
		h.Errorf("message %+v", rejected)
	}
}
