package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store"
)

// sideBySideTrials need a database that runs transactions side by side, and hold one of them at one place.
func sideBySideTrials() []trial {
	return []trial{
		{"case: as of one moment, whatever is accepted meanwhile", caseOfOneMoment},
		{"feed: never passes a message that is not committed", feedWaits},
		{"feed: two readers place each message once", feedTwoReaders},
		{"listing: a reader never sees fewer events than before", eventsNeverShrink},
		{"accept: the decision's revision is checked when it commits", acceptHeldUp},
	}
}

// unlessFenced lets a run lose its lease.
func unlessFenced(err error) error {
	if fault.Is(err, fault.Fenced) {
		return nil
	}
	return err
}

func meetMark(w *world, round int) (_, _ func(context.Context) error, _ func()) {
	ref := w.ref(task.CalendarRenew, fmt.Sprint("row", round))
	w.mark(ask(ref.Subject))
	l, marker := w.claim(ref), w.marker("")
	gone := record.Served()
	gone.Forget = true
	finish := func(ctx context.Context) error { return w.Finish(ctx, l, gone) }
	mark := func(ctx context.Context) error { return w.Finish(ctx, marker, gone, ask(ref.Subject)) }
	return finish, mark, func() { w.claim(ref) }
}

func meetReconnect(w *world, round int) (_, _ func(context.Context) error, _ func()) {
	ref := w.ref(task.CalendarSync, fmt.Sprint("row", round))
	w.insertWork(ref, map[string]any{"connection_id": string(w.connection)})
	l := w.claim(ref)
	w.die()
	finish := func(ctx context.Context) error { return w.Finish(ctx, l, heldForReauth()) }
	activate := func(ctx context.Context) error { return w.Activate(ctx, w.tenant, w.connection, w.tokens("again")) }
	return finish, activate, func() { w.served(ref) }
}

func meetGuard(w *world, round int) (_, _ func(context.Context) error, _ func()) {
	ref := w.ref(task.LinkPush, fmt.Sprint("row", round))
	w.insertWork(ref, nil)
	l, marker := w.claim(ref), w.marker("")
	gone := record.Served()
	gone.Forget = true
	finish := func(ctx context.Context) error { return w.Finish(ctx, l, record.Served()) }
	hold := func(ctx context.Context) error {
		return w.Finish(ctx, marker, gone, record.Mark{Kind: ref.Kind, Subject: ref.Subject, Lane: task.Background, Hold: record.HeldForGuard})
	}
	return finish, hold, func() {
		w.notDue(ref)
		same(w.harness, "held for", w.row(ref).HeldFor, record.HeldForGuard)
	}
}

func meetChannel(w *world, round int) (_, _ func(context.Context) error, _ func()) {
	w.mark(record.Mark{Kind: task.CalendarWatch, Subject: string(w.calendars[0].ID), Lane: task.Background, ConnectionID: w.connection})
	id := cal.ChannelID(fmt.Sprint("chn", round))
	l, err := w.AddChannel(w.ctx, w.claim(w.ref(task.CalendarWatch, string(w.calendars[0].ID))), id, "hash", time.Time{}, leaseTime)
	w.ok(err)
	c, err := w.readChannel(id)
	w.ok(err)
	receive := func(ctx context.Context) error {
		return w.pushed(ctx, record.Notification{Channel: c, Kind: "sync", Remote: "remote", Resource: "resource", Sync: true})
	}
	// What the keeper knows of the channel is from before the push.
	closing := c
	closing.State = record.ChannelClosing
	save := func(ctx context.Context) error { _, err := w.SaveChannels(ctx, l, leaseTime, closing); return err }
	return receive, save, func() {
		now, err := w.readChannel(id)
		w.ok(err)
		same(w.harness, "remote", now.Remote, "remote")
		same(w.harness, "resource", now.Resource, "resource")
		same(w.harness, "state", now.State, record.ChannelClosing)
		w.ok(w.Finish(w.ctx, l, record.Served()))
	}
}

func meetApproval(w *world, round int) (_, _ func(context.Context) error, _ func()) {
	b := w.accept(w.booking(bookingNo(round), 1, 0))
	link := w.linkOf(b, 0)
	link.State = record.LinkHeld
	w.ok(w.Settle(w.ctx, w.claim(w.push(link)), record.Decision{Link: link, Outcome: record.Outcome{State: record.Held, HeldFor: record.HeldForApproval}}))
	release := func(ctx context.Context) error {
		err := w.Release(ctx, w.push(link), "operator")
		if errors.Is(err, record.ErrStale) {
			return nil // the new version came first, which needs an approval of its own
		}
		return err
	}
	next := w.booking(b.ID, 2, 0)
	accept := func(ctx context.Context) error { _, err := w.Accept(ctx, w.tenant, next); return err }
	return release, accept, func() {
		same(w.harness, "an approval is for the version that was held", w.linkOf(w.read(b.ID), 0).State, record.LinkPending)
		w.claim(w.push(link))
	}
}

func meetPoison(w *world, round int) (_, _ func(context.Context) error, _ func()) {
	b := w.accept(w.booking(bookingNo(round), 1, 0))
	ref := w.push(w.linkOf(b, 0))
	w.owner(`UPDATE work SET crashes = $1 WHERE subject = $2`, store.CrashLimit, ref.Subject)
	claim := func(ctx context.Context) error { _, _, err := w.Claim(ctx, ref, leaseTime); return err }
	accept := func(ctx context.Context) error { _, err := w.Accept(ctx, w.tenant, w.booking(b.ID, 2, 0)); return err }
	return claim, accept, func() {
		same(w.harness, "version", w.read(b.ID).Version, 2)
		w.clock.Advance(leaseTime)
		_, _, err := w.Claim(w.ctx, ref, leaseTime)
		w.ok(err)
	}
}

func meetRejection(w *world, round int) (_, _ func(context.Context) error, _ func()) {
	r := record.Rejection{ID: fmt.Sprint("rej", round), Reason: "malformed", Payload: []byte("canary"), Actor: "queue"}
	reject := func(ctx context.Context) error { return w.Reject(ctx, w.tenant, r) }
	return reject, reject, func() {
		same(w.harness, "audit", w.number(`SELECT COUNT(*) FROM audit WHERE subject = $1`, r.ID), 1)
		same(w.harness, "messages", w.number(`SELECT COUNT(*) FROM messages WHERE type = 'booking.rejected'`), round)
	}
}

func caseOfOneMoment(h *harness) {
	w := h.newWorld(2)
	link := w.linkOf(w.accept(w.booking("b", 1, 0)), 0)
	g := h.hold("reader", "LinksOfBooking")
	var c record.Case
	done := background(func() (err error) {
		c, err = h.Case(as(h.ctx, "reader"), record.Lease{Ref: w.push(link)})
		return err
	})
	await(h, g.reached)
	w.accept(w.booking("b", 2, 1))
	g.open()
	h.ok(await(h, done))
	same(h, "version", c.Booking.Version, 1)
	same(h, "target", c.Link.Target, true)
	same(h, "links", len(c.Booking.Links), 1)
}

func feedWaits(h *harness) {
	w := h.newWorld(2)
	read := func(after int64) (ids []string, last int64) {
		items, err := h.Feed(h.ctx, w.tenant, after, 100)
		h.ok(err)
		for _, item := range items {
			var b message.Booking
			h.ok(json.Unmarshal(item.Data, &b))
			ids, after = append(ids, string(b.BookingID)), item.Position
		}
		return ids, after
	}
	_, at := read(0)
	g := h.hold("slow", callCommit)
	slow := background(func() error {
		_, err := h.Accept(as(h.ctx, "slow"), w.tenant, w.booking("slow", 1, 0))
		return err
	})
	await(h, g.reached)
	w.accept(w.booking("quick", 1, 1))
	ids, at := read(at)
	sameList(h, "while one is not committed", ids, []string{"quick"})
	g.open()
	h.ok(await(h, slow))
	ids, at = read(at)
	sameList(h, "after its commit", ids, []string{"slow"})
	ids, _ = read(at)
	same(h, "nothing twice", len(ids), 0)
}

func feedTwoReaders(h *harness) {
	w := h.newWorld(1)
	for i := range 10 {
		w.accept(w.booking(bookingNo(i), 1, 0))
	}
	g := h.hold("first", "PlaceMessage")
	read := func(who string) <-chan error {
		return background(func() error { _, err := h.Feed(as(h.ctx, who), w.tenant, 0, 100); return err })
	}
	first := read("first")
	await(h, g.reached)
	second := read("second")
	m := &meeting{harness: h}
	_, ended := m.untilBlocked(second)
	same(h, "the second reader placed messages too", ended, false)
	g.open()
	h.ok(await(h, first))
	h.ok(await(h, second))
	positions := h.number(`SELECT COUNT(DISTINCT position) FROM messages WHERE position IS NOT NULL`)
	same(h, "positions", positions, 11)
	same(h, "last position", h.number(`SELECT MAX(position) FROM messages`), 11)
}

func eventsNeverShrink(h *harness) {
	w := h.newWorld(1)
	w.accept(w.booking("b", 1, 0))
	w.lists(event("e1", "1", content("x", 1)), event("e2", "1", content("x", 2)), event("e3", "1", content("x", 3)))
	h.clock.Advance(time.Second)
	l, on := w.listing(0, cal.Snapshot)
	reads := 0
	h.wire.onCall(func(c call) error {
		if c.by("publisher") {
			reads++
			events, err := h.Events(h.ctx, w.tenant, w.calendars[0].ID, "", 10)
			if err != nil || len(events) != 3 {
				h.Errorf("before %s a reader sees %d events, %v", c.name, len(events), err)
			}
		}
		return nil
	})
	_, err := h.Publish(as(h.ctx, "publisher"), l, w.delta(on, event("e1", "2", content("y", 1)), event("e4", "1", content("y", 4)), event("e2", "1", content("x", 2))))
	h.ok(err)
	same(h, "reads", reads > 5, true)
	sameList(h, "after it", w.mirror(), []string{"e1 2", "e2 1", "e3 1", "e4 1"})
}

func acceptHeldUp(h *harness) {
	w := h.newWorld(1)
	w.accept(w.booking("b", 1, 0))
	g := h.hold("slow", "ReviseBooking")
	slow := background(func() error {
		_, err := h.Accept(as(h.ctx, "slow"), w.tenant, w.booking("b", 2, 0))
		return err
	})
	await(h, g.reached)
	quick := w.booking("b", 3, 0)
	quick.Seen = 1
	w.accept(quick)
	g.open()
	h.fails(await(h, slow), record.ErrStale)
	same(h, "version", w.read("b").Version, 3)
}
