package store_test

import (
	"encoding/json"
	"reflect"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/record"
)

func divergenceTrials() []trial {
	return []trial{
		{"decide: an acceptance revises the booking, and the others follow", decideAccepts},
		{"decide: a reversal is about its link alone", decideReverts},
		{"decide: an accepted deletion cancels", decideCancels},
		{"decide: nothing on another revision", decideStale},
		{"decide: other changes stay to be decided about", decideLeavesOthers},
		{"decide: not undone by the runs under way", decideUnseats},
		{"decide: revives what is held", decideRevives},
		{"decide: of no tenant but its own", decideTenants},
		{"race: one decision at a revision", raceDecide},
	}
}

// parted makes a person move the event of a booking in calendar 0; in calendar 1 it stands as it is agreed on.
func (w *world) parted() (record.Booking, cal.Content) {
	w.Helper()
	agreedOn, moved := content("Title 1", 24), content("Title 1", 30)
	b := w.accept(w.booking("b", 1, 0, 1))
	for i, id := range []string{"e0", "e1"} {
		link := w.linkOf(b, i)
		w.agreed(w.claim(w.push(link)), link, event(id, "1", agreedOn), 1)
	}
	w.divergeIn(0, moved)
	w.told.take()
	w.clock.Advance(time.Second)
	return w.read("b"), moved
}

// divergeIn makes a person change the event in a calendar.
func (w *world) divergeIn(calendar int, to cal.Content) {
	w.Helper()
	link := w.linkOf(w.read("b"), calendar)
	w.mark(record.Mark{Kind: "link:push", Subject: string(link.ID), Lane: "interactive", ConnectionID: w.connection})
	l := w.claim(w.push(link))
	link.State, link.Observed, link.ETag = record.LinkDiverged, &to, "2"
	e, shown := event(string(link.EventID), "2", to), message.NewEvent(to)
	w.ok(w.Settle(w.ctx, l, record.Decision{
		Link: link, Event: &e, Fresh: true, Outcome: record.Served(),
		Reports: []record.Report{{Type: message.BookingMoved, Version: 1, Revise: true, Fields: []string{"slot"}, Event: &shown, Diverged: true}},
	}))
}

// ruling is a decision about what a person has done in some of the world's calendars.
func (w *world) ruling(d message.Decision, calendars ...int) record.Ruling {
	w.Helper()
	r := record.Ruling{Booking: w.read("b"), Decision: d, Actor: "key_test", Traceparent: "00-trace-02"}
	for _, c := range calendars {
		r.Links = append(r.Links, w.linkOf(r.Booking, c).ID)
	}
	if d == message.DecisionAccepted {
		r.Booking.Slot, r.Booking.TZData, r.Booking.Spec.Title = slot(30), "2026b", "canary accepted"
	}
	return r
}

func (w *world) decide(r record.Ruling) record.Booking {
	w.Helper()
	b, err := w.Decide(w.ctx, w.tenant, r)
	w.ok(err)
	return b
}

func decideAccepts(h *harness) {
	w := h.newWorld(2)
	before, moved := w.parted()
	r := w.ruling(message.DecisionAccepted, 0)
	b := w.decide(r)
	want := r.Booking
	want.Revision, want.UpdatedAt = before.Revision+1, h.clock.Now()
	want.Links = b.Links
	if !reflect.DeepEqual(b, want) || !reflect.DeepEqual(w.read("b"), want) {
		h.Errorf("\n got %+v\nwant %+v", b, want)
	}
	same(h, "diverged", b.Diverged(), false)
	for calendar, want := range map[int]record.Link{0: w.linkOf(before, 0), 1: w.linkOf(before, 1)} {
		want.State = record.LinkPending
		if calendar == 0 {
			want.Base, want.Observed = &record.Base{Sent: moved, Read: moved}, nil
		} else {
			want.Synced = 0
		}
		if got := w.linkOf(b, calendar); !reflect.DeepEqual(got, want) {
			h.Errorf("link %d:\n got %+v\nwant %+v", calendar, got, want)
		}
		same(h, "trace", w.claim(w.push(want)).Traceparent, "00-trace-02")
	}
	same(h, "hints", len(h.told.take()), 2)
	hash, token, err := h.Version(h.ctx, w.tenant, "b", 1)
	h.ok(err)
	same(h, "hash", hash, before.Hash)
	same(h, "reservation", token, before.Reservation)
	w.wantMessages("booking.accepted 1/1/1", "booking.moved 1/2/2", "booking.decided 1/3/3")
	wantDecided(w, message.Decided{
		Booking: message.Booking{BookingID: "b", Version: 1, Revision: 3, Sequence: 3, ReservationToken: before.Reservation},
		Target:  message.Target{CalendarID: w.calendars[0].ID, ConnectionID: w.connection, Provider: cal.Google}, Decision: message.DecisionAccepted,
		Fields: []string{"slot"},
	})
	same(h, "audit", h.number(`SELECT COUNT(*) FROM audit WHERE action = 'divergence.accepted' AND actor = 'key_test' AND booking_id = 'b'`), 1)
}

// wantDecided compares the data of the last booking.decided.
func wantDecided(w *world, want message.Decided) {
	w.Helper()
	var got message.Decided
	for _, m := range w.messages() {
		if m.Type == message.BookingDecided {
			w.ok(json.Unmarshal(m.Data, &got))
		}
	}
	if !reflect.DeepEqual(got, want) {
		w.Errorf("told %+v, want %+v", got, want)
	}
}

func decideReverts(h *harness) {
	w := h.newWorld(2)
	before, moved := w.parted()
	b := w.decide(w.ruling(message.DecisionReverted, 0))
	same(h, "revision", b.Revision, before.Revision+1)
	want := w.linkOf(before, 0)
	want.State, want.Base, want.Observed, want.Synced = record.LinkPending, &record.Base{Sent: moved, Read: moved}, nil, 0
	if got := w.linkOf(b, 0); !reflect.DeepEqual(got, want) {
		h.Errorf("\n got %+v\nwant %+v", got, want)
	}
	if got := w.linkOf(b, 1); !reflect.DeepEqual(got, w.linkOf(before, 1)) {
		h.Errorf("the other link became %+v", got)
	}
	if !reflect.DeepEqual(b.Spec, before.Spec) || b.Slot != before.Slot {
		h.Errorf("the booking became %+v", b)
	}
	h.notDue(w.push(w.linkOf(b, 1)))
	h.claim(w.push(want))
	w.wantMessages("booking.accepted 1/1/1", "booking.moved 1/2/2", "booking.decided 1/3/3")
	same(h, "audit", h.number(`SELECT COUNT(*) FROM audit WHERE action = 'divergence.reverted' AND actor = 'key_test' AND booking_id = 'b'`), 1)
}

func decideCancels(h *harness) {
	w := h.newWorld(2)
	before, _ := w.parted()
	r := w.ruling(message.DecisionAccepted, 0)
	r.Booking.Cancelled = true
	b := w.decide(r)
	same(h, "cancelled", b.Cancelled, true)
	same(h, "aims", w.aims(b), "0:true/true 1:true/false ")
	for _, l := range b.Links {
		same(h, "state", l.State, record.LinkPending)
		same(h, "synced", l.Synced, 0)
		h.claim(w.push(l))
	}
	reservation, err := h.Reservation(h.ctx, w.tenant, before.Reservation)
	h.ok(err)
	same(h, "the version is no cancellation", reservation.Cancelled, false)
	wantDecided(w, message.Decided{
		Booking: message.Booking{BookingID: "b", Version: 1, Revision: 3, Sequence: 3, ReservationToken: before.Reservation},
		Target:  message.Target{CalendarID: w.calendars[0].ID, ConnectionID: w.connection, Provider: cal.Google}, Decision: message.DecisionAccepted,
		Fields: []string{"slot"}, Cancelled: true,
	})
}

func decideStale(h *harness) {
	w := h.newWorld(2)
	w.parted()
	before := h.dump()
	for _, d := range []message.Decision{message.DecisionAccepted, message.DecisionReverted} {
		for _, seen := range []int64{0, 1, 3} {
			r := w.ruling(d, 0)
			r.Booking.Revision = seen
			_, err := h.Decide(h.ctx, w.tenant, r)
			h.fails(err, record.ErrStale)
		}
		r := w.ruling(d, 0)
		r.Booking.ID = "unknown"
		_, err := h.Decide(h.ctx, w.tenant, r)
		h.fails(err, record.ErrStale)
	}
	h.unchanged(before)
	same(h, "hints", len(h.told.take()), 0)
}

func decideLeavesOthers(h *harness) {
	w := h.newWorld(2)
	w.parted()
	w.divergeIn(1, content("Title by hand", 24))
	before := w.linkOf(w.read("b"), 1)
	b := w.decide(w.ruling(message.DecisionAccepted, 0))
	same(h, "diverged", b.Diverged(), true)
	before.Synced = 0
	if got := w.linkOf(b, 1); !reflect.DeepEqual(got, before) {
		h.Errorf("the other change became %+v", got)
	}
	h.claim(w.push(before))
}

// The runs have read the booking before the decision, and would write back what it was.
func decideUnseats(h *harness) {
	w := h.newWorld(2)
	w.parted()
	var leases []record.Lease
	var cases []record.Case
	for i := range w.calendars {
		link := w.linkOf(w.read("b"), i)
		w.mark(record.Mark{Kind: "link:push", Subject: string(link.ID), Lane: "interactive", ConnectionID: w.connection})
		l := w.claim(w.push(link))
		c, err := h.Case(h.ctx, l)
		h.ok(err)
		leases, cases = append(leases, l), append(cases, c)
	}
	b := w.decide(w.ruling(message.DecisionAccepted, 0))
	for i, l := range leases {
		h.faulty(h.Settle(h.ctx, l, record.Decision{Link: cases[i].Link, Outcome: record.Served()}), fault.Fenced)
		h.notDue(l.Ref) // its last call may still be on the way
	}
	if now := w.read("b"); !reflect.DeepEqual(now, b) {
		h.Errorf("it became %+v", now)
	}
	h.clock.Advance(leaseTime)
	for _, l := range leases {
		h.claim(l.Ref)
	}
}

func decideRevives(h *harness) {
	w := h.newWorld(2)
	b, _ := w.parted()
	for i := range w.calendars {
		link := w.linkOf(b, i)
		link.State, link.Reason = record.LinkHeld, "guests"
		w.mark(record.Mark{Kind: "link:push", Subject: string(link.ID), Lane: "interactive", ConnectionID: w.connection})
		h.ok(h.Settle(h.ctx, w.claim(w.push(link)), record.Decision{Link: link, Outcome: record.Outcome{State: record.Held, HeldFor: record.HeldForApproval}}))
	}
	same(h, "diverged", w.read("b").Diverged(), true)
	b = w.decide(w.ruling(message.DecisionAccepted, 0))
	for _, l := range b.Links {
		same(h, "state", l.State, record.LinkPending)
		same(h, "reason", l.Reason, "")
		h.claim(w.push(l))
	}
}

func decideTenants(h *harness) {
	a, b := h.newWorld(2), h.newWorld(2)
	a.parted()
	b.parted()
	r := a.ruling(message.DecisionAccepted, 0)
	_, err := h.Decide(h.ctx, "ten_unknown", r)
	h.fails(err, record.ErrStale)
	before := a.read("b")
	b.decide(b.ruling(message.DecisionReverted, 0))
	if now := a.read("b"); !reflect.DeepEqual(now, before) {
		h.Errorf("the other tenant's booking became %+v", now)
	}
}

func raceDecide(h *harness) {
	w := h.newWorld(2)
	before, _ := w.parted()
	accept, revert := w.ruling(message.DecisionAccepted, 0), w.ruling(message.DecisionReverted, 0)
	version := w.booking("b", 2, 0, 1)
	version.Seen, version.Decide = before.Revision, true
	h.oneWins(race(racers, func(i int) error {
		var err error
		switch i % 3 {
		case 0:
			_, err = h.Decide(h.ctx, w.tenant, accept)
		case 1:
			_, err = h.Decide(h.ctx, w.tenant, revert)
		default:
			_, err = h.Accept(h.ctx, w.tenant, version)
		}
		return err
	}), record.ErrStale)
	b := w.read("b")
	same(h, "revision", b.Revision, before.Revision+1)
	same(h, "diverged", b.Diverged(), false)
	same(h, "messages", len(w.messages()), 4) // connection.activated, accepted, moved, and what was decided
}
