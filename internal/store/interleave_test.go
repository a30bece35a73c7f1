package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

// encounter is two transactions that meet, and what has to be true afterwards whichever way they met.
type encounter struct {
	name string
	// setup makes what they work on and returns them and the check. The calls are made with the contexts that they are given.
	setup func(*world, int) (first, second func(context.Context) error, check func())
}

// meetTrials need a database that runs two transactions side by side.
func meetTrials() []trial {
	var trials []trial
	for _, e := range slices.Concat(encounters(), endpointEncounters(), applicationEncounters()) {
		trials = append(trials, trial{"meet: " + e.name, func(h *harness) { meet(h, e, 3) }}) // a look-up, the transaction, and one more at the most
	}
	for _, e := range orderlyEncounters() {
		trials = append(trials, trial{"meet: " + e.name, func(h *harness) { meet(h, e, 1) }})
	}
	return trials
}

// meet stops the first transaction before its first statement, runs the second one as far as it gets, and lets both end; then the same with
// the second statement, and so on; then all of it with the roles exchanged. Each begins so many transactions at the most.
func meet(h *harness, e encounter, tries int) {
	w := h.newWorld(2)
	round := 0
	for _, exchanged := range []bool{false, true} {
		for stop := 1; ; stop++ {
			round++
			first, second, check := e.setup(w, round)
			if exchanged {
				first, second = second, first
			}
			m := &meeting{harness: h, stop: stop, tries: tries}
			over := m.run(first, second)
			check()
			if h.Failed() {
				h.Fatalf("when the first stopped before its call number %d, roles exchanged: %t", stop, exchanged)
			}
			if over {
				break
			}
		}
	}
	if round < 8 {
		h.Errorf("they met %d times: this trial proves nothing", round)
	}
}

// meeting is one way in which two transactions meet.
type meeting struct {
	*harness
	stop   int
	tries  int
	mu     sync.Mutex
	calls  int
	begins map[string]int
}

// run reports whether the first one had ended before it came to where it was to be stopped.
func (m *meeting) run(first, second func(context.Context) error) (over bool) {
	m.Helper()
	m.begins = map[string]int{}
	g := m.newGate()
	m.wire.onCall(func(c call) error {
		m.count(c, g)
		return nil
	})
	defer m.wire.clear()
	firstDone := background(func() error { return first(as(m.ctx, "first")) })
	select {
	case <-g.reached:
	case err := <-firstDone:
		m.ok(err)
		m.ok(second(as(m.ctx, "second")))
		return true
	}
	secondDone := background(func() error { return second(as(m.ctx, "second")) })
	err, ended := m.untilBlocked(secondDone)
	g.open()
	if !ended {
		err = await(m.harness, secondDone)
	}
	m.ok(errors.Join(err, await(m.harness, firstDone)))
	for who, n := range m.begins {
		if n > m.tries {
			m.Errorf("%s began %d transactions: the two stood in each other's way", who, n)
		}
	}
	return false
}

func (m *meeting) count(c call, g *gate) {
	m.mu.Lock()
	stopped := false
	if c.name == callBegin {
		who, _ := c.ctx.Value(whoKey{}).(string)
		m.begins[who]++
	}
	if c.by("first") {
		m.calls++
		stopped = m.calls == m.stop
	}
	m.mu.Unlock()
	if stopped {
		g.pass()
	}
}

// clear takes all functions off the wire.
func (w *wire) clear() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.before, w.after = nil, nil
}

// untilBlocked waits until the second one has ended or waits for a lock of the first one's.
func (m *meeting) untilBlocked(done <-chan error) (err error, ended bool) {
	m.Helper()
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		select {
		case err := <-done:
			return err, true
		default:
		}
		if m.number(`SELECT COUNT(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND a.datname = current_database()`) > 0 {
			return nil, false
		}
	}
	m.Fatal("waited in vain")
	return nil, false
}

func encounters() []encounter {
	return []encounter{
		{"a listing and the answer to a create", func(w *world, round int) (_, _ func(context.Context) error, _ func()) {
			link := w.linkOf(w.accept(w.booking(bookingNo(round), 1, 0)), 0)
			return w.meetListing(link, w.claim(w.push(link)), round, false)
		}},
		{"a listing and an event that was found", func(w *world, round int) (_, _ func(context.Context) error, _ func()) {
			link := w.linkOf(w.accept(w.booking(bookingNo(round), 1, 0)), 0)
			return w.meetListing(link, w.claim(w.push(link)), round, true)
		}},
		{"a listing and the answer to an update", func(w *world, round int) (_, _ func(context.Context) error, _ func()) {
			link, l := w.reclaimed(round)
			return w.meetListing(link, l, round, false)
		}},
		{"a listing and an event that was read", func(w *world, round int) (_, _ func(context.Context) error, _ func()) {
			link, l := w.reclaimed(round)
			return w.meetListing(link, l, round, true)
		}},
		{"a new version and a settlement", meetAccept(record.Report{Type: message.BookingSynced, Version: 1, Outcome: message.OutcomePresent})},
		{"a new version and a settlement that tells nothing", meetAccept()}, // no message locks the booking for it
		{"a new version and an intent", meetIntent},
		{"a decision and a settlement that knows nothing of it", meetDecision},
		{"a mark and an outcome", meetMark},
		{"a reconnect and an outcome that waits for it", meetReconnect},
		{"a guard and an outcome", meetGuard},
		{"a push and the answer to the opening of its channel", meetChannel},
		{"an approval and a new version", meetApproval},
		{"a poisoned link and a new version", meetPoison},
		{"a rejection and the same once more", meetRejection},
		{"a booking and the end of its calendar", meetChoice},
	}
}

func bookingNo(round int) cal.BookingID { return cal.BookingID(fmt.Sprintf("b%03d", round)) }

// reclaimed is a link that stands and has been claimed anew.
func (w *world) reclaimed(round int) (record.Link, record.Lease) {
	w.Helper()
	b, link := w.standing(bookingNo(round), fmt.Sprintf("e%03d", round), "0")
	w.mark(record.Mark{Kind: task.LinkPush, Subject: string(link.ID), Lane: task.Interactive, ConnectionID: w.connection})
	return w.linkOf(w.read(b.ID), 0), w.claim(w.push(link))
}

// meetListing lets a listing that shows what a person has done to an event meet a run that has seen the event before that.
func (w *world) meetListing(link record.Link, l record.Lease, round int, fresh bool) (_, _ func(context.Context) error, _ func()) {
	w.Helper()
	w.clock.Advance(time.Second)
	id := fmt.Sprintf("e%03d", round)
	sync, on := w.listing(0, cal.Delta)
	d := agreement(link, event(id, "1", content("ours", 24)), 1)
	d.Fresh = fresh
	settle := func(ctx context.Context) error { return w.Settle(ctx, l, d) }
	publish := func(ctx context.Context) error {
		_, err := w.Publish(ctx, sync, w.delta(on, event(id, "2", content("a person's", 30))))
		return err
	}
	return settle, publish, func() {
		w.lookedAtAgain(link)
		w.clock.Advance(leaseTime)
	}
}

func meetAccept(reports ...record.Report) func(w *world, round int) (_, _ func(context.Context) error, _ func()) {
	return func(w *world, round int) (_, _ func(context.Context) error, _ func()) {
		b := w.accept(w.booking(bookingNo(round), 1, 0))
		link := w.linkOf(b, 0)
		l := w.claim(w.push(link))
		d := agreement(link, event(fmt.Sprintf("e%03d", round), "1", content("Title 1", 24)), 1)
		d.Reports = reports
		next := w.booking(b.ID, 2, 1)
		settle := func(ctx context.Context) error { return w.Settle(ctx, l, d) }
		accept := func(ctx context.Context) error { _, err := w.Accept(ctx, w.tenant, next); return err }
		return settle, accept, func() {
			now := w.read(b.ID)
			got := w.linkOf(now, 0)
			same(w.harness, "version", now.Version, 2)
			same(w.harness, "event", got.EventID, d.Link.EventID)
			same(w.harness, "agreement kept", got.Base != nil && got.BaseVersion == 1 && got.Synced == 1, true)
			same(w.harness, "target", got.Target, false)
			w.claim(w.push(link))
		}
	}
}

func meetIntent(w *world, round int) (_, _ func(context.Context) error, _ func()) {
	b := w.accept(w.booking(bookingNo(round), 1, 0))
	link := w.linkOf(b, 0)
	l := w.claim(w.push(link))
	link.InFlight = []record.Write{{Op: record.OpCreate, Version: 1, Content: content("Title 1", 24), At: epoch()}}
	next := w.booking(b.ID, 2, 1)
	intend := func(ctx context.Context) error {
		_, err := w.Intend(ctx, l, link, leaseTime, record.Note{Actor: "engine", Action: "link.writing", Subject: string(link.ID)})
		return err
	}
	accept := func(ctx context.Context) error { _, err := w.Accept(ctx, w.tenant, next); return err }
	return intend, accept, func() {
		got := w.linkOf(w.read(b.ID), 0)
		same(w.harness, "in flight", len(got.InFlight), 1)
		same(w.harness, "target", got.Target, false)
	}
}

// meetDecision lets the core decide about a divergence while a run that read it looks again and finds nothing new.
func meetDecision(w *world, round int) (_, _ func(context.Context) error, _ func()) {
	link, l := w.reclaimed(round)
	moved := content("Title 1", 30)
	link.State, link.Observed, link.ETag = record.LinkDiverged, &moved, "1"
	w.ok(w.Settle(w.ctx, l, record.Decision{Link: link, Outcome: record.Served()}))
	w.mark(record.Mark{Kind: task.LinkPush, Subject: string(link.ID), Lane: task.Interactive, ConnectionID: w.connection})
	again := w.claim(w.push(link))
	b := w.read(link.BookingID)
	a := w.booking(b.ID, 2, 0)
	a.Seen, a.Decide = b.Revision, true
	settle := func(ctx context.Context) error {
		err := w.Settle(ctx, again, record.Decision{Link: link, Outcome: record.Served()})
		return unlessFenced(err)
	}
	accept := func(ctx context.Context) error { _, err := w.Accept(ctx, w.tenant, a); return err }
	return settle, accept, func() {
		got := w.read(b.ID)
		same(w.harness, "diverged", got.Diverged(), false)
		same(w.harness, "agreement", got.Links[0].Base.Read.Slot.Equal(slot(30)), true)
		w.clock.Advance(leaseTime)
		w.claim(w.push(link))
	}
}
