package store_test

import (
	"fmt"
	"reflect"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

func listingTrials() []trial {
	return []trial{
		{"listing: nothing staged is visible before it is published", listingStages},
		{"listing: goes on where it was cut off", listingResumes},
		{"listing: a page is staged in its place only", listingStalePage},
		{"listing: a new one drops what an older one has staged", listingBeginsAnew},
		{"listing: discarded without a trace", listingDiscards},
		{"listing: a lost cursor is forgotten, the events are not", listingCursorLost},
		{"listing: the cursor and the rows become visible together", listingPublishes},
		{"listing: a quiet one advances the cursor", listingQuiet},
		{"listing: later rows replace earlier ones", listingLastRowCounts},
		{"listing: a bad event is counted and stops nothing", listingWithholds},
		{"listing: tombstones", listingTombstones},
		{"listing: links are marked when their events have changed", listingMarks},
		{"listing: a change brings a dead link back, and no held one", listingRevives},
		{"listing: the guard holds what vanished all at once", listingGuards},
		{"listing: what was not wanted any more may vanish", listingGuardCountsWanted},
		{"snapshot: an event is removed once it was missed twice", snapshotMissesTwice},
		{"snapshot: an event that comes back was never gone", snapshotComesBack},
		{"snapshot: proves nothing outside its window", snapshotCoverage},
		{"snapshot: without bounds", snapshotUnbounded},
		{"snapshot: what changed since it began is not missed", snapshotNewer},
		{"snapshot: a clock that was set back spares nothing", snapshotSetBack},
		{"snapshot: what it spares is missed by the next", snapshotSparesOnce},
		{"snapshot: an event that has left the window needs no other look", snapshotSlides},
		{"snapshot: only a snapshot misses anything", snapshotOnly},
		{"snapshot: a series whose occurrences it shows is not missed", snapshotSeries},
		{"events: page by page, byte by byte", eventsPages},
	}
}

func items(events ...cal.Event) []cal.Item {
	var out []cal.Item
	for _, e := range events {
		out = append(out, cal.Item{Event: e})
	}
	return out
}

// targeted makes calendar 0 one that is listed.
func (h *harness) targeted() *world {
	h.Helper()
	w := h.newWorld(1)
	w.accept(w.booking("target", 1, 0))
	w.calendars[0].Targeted = true
	h.clock.Advance(time.Second)
	w.told.take()
	return w
}

func (w *world) stage(l record.Lease, on record.Listing, next string, rows ...cal.Item) (record.Listing, record.Lease) {
	w.Helper()
	on, l, err := w.Stage(w.ctx, l, w.calendars[0], on, cal.Page{Kind: on.Kind, Next: next, Items: rows}, leaseTime)
	w.ok(err)
	return on, l
}

func (w *world) sync() record.Sync {
	w.Helper()
	s, err := w.Sync(w.ctx, record.Lease{Ref: w.syncOf(0)})
	w.ok(err)
	return s
}

func listingStages(h *harness) {
	w := h.targeted()
	l, on := w.listing(0, cal.Delta)
	on, l = w.stage(l, on, "2", items(event("e1", "1", content("x", 1)), event("e2", "1", content("x", 2)))...)
	on, l = w.stage(l, on, "3", items(event("e3", "1", content("x", 3)))...)
	same(h, "visible", len(w.mirror()), 0)
	same(h, "cursor", w.sync().Cursor, cal.Cursor{})
	_, err := h.Publish(h.ctx, l, w.delta(on, event("e4", "1", content("x", 4))))
	h.ok(err)
	sameList(h, "visible", w.mirror(), []string{"e1 1", "e2 1", "e3 1", "e4 1"})
	same(h, "staged", h.number(`SELECT COUNT(*) FROM staged`)+h.number(`SELECT COUNT(*) FROM listings`), 0)
}

func listingResumes(h *harness) {
	w := h.targeted()
	window := cal.Window{From: epoch().Add(-time.Hour), Until: epoch().Add(48 * time.Hour)}
	w.mark(record.Mark{Kind: task.CalendarSync, Subject: string(w.calendars[0].ID), Lane: task.Background})
	began := h.clock.Now()
	on, l, err := h.BeginListing(h.ctx, w.claim(w.syncOf(0)), record.Listing{Kind: cal.Snapshot, Window: window}, leaseTime)
	h.ok(err)
	on, _ = w.stage(l, on, "canary-page 2", items(event("e1", "1", content("x", 1)))...)
	h.clock.Advance(2 * leaseTime)
	other := &world{harness: h.replica("other"), tenant: w.tenant, calendars: w.calendars}
	l = other.claim(w.syncOf(0))
	s, err := other.Sync(h.ctx, l)
	h.ok(err)
	want := record.Listing{ID: on.ID, Kind: cal.Snapshot, Page: "canary-page 2", Pages: 1, Events: 1, Window: window, StartedAt: began}
	if s.Listing == nil || *s.Listing != want {
		h.Fatalf("got %+v, want %+v", s.Listing, want)
	}
	_, err = other.Publish(h.ctx, l, other.delta(*s.Listing, event("e2", "1", content("x", 2))))
	h.ok(err)
	sameList(h, "visible", w.mirror(), []string{"e1 1", "e2 1"})
}

func listingStalePage(h *harness) {
	w := h.targeted()
	l, on := w.listing(0, cal.Delta)
	next, l := w.stage(l, on, "2")
	before := h.dump("staged", "listings")
	other := next
	other.ID = "lst_other"
	for _, stale := range []record.Listing{on, other} {
		_, _, err := h.Stage(h.ctx, l, w.calendars[0], stale, cal.Page{Next: "9", Items: items(event("e", "1", content("x", 1)))}, leaseTime)
		h.fails(err, record.ErrStale)
	}
	h.unchanged(before, "staged", "listings")
}

func listingBeginsAnew(h *harness) {
	w := h.targeted()
	l, on := w.listing(0, cal.Delta)
	_, l = w.stage(l, on, "2", items(event("e1", "1", content("x", 1)))...)
	on, l, err := h.BeginListing(h.ctx, l, record.Listing{Kind: cal.Snapshot}, leaseTime)
	h.ok(err)
	_, err = h.Publish(h.ctx, l, w.delta(on, event("e2", "1", content("x", 2))))
	h.ok(err)
	sameList(h, "visible", w.mirror(), []string{"e2 1"})
}

func listingDiscards(h *harness) {
	w := h.targeted()
	w.lists(event("e1", "1", content("x", 1)))
	cursor := w.sync().Cursor
	l, on := w.listing(0, cal.Delta)
	_, l = w.stage(l, on, "2", items(event("e2", "1", content("x", 2)))...)
	_, err := h.DiscardListing(h.ctx, l, false, "went round in circles", leaseTime)
	h.ok(err)
	sameList(h, "visible", w.mirror(), []string{"e1 1"})
	s := w.sync()
	same(h, "listing", s.Listing == nil, true)
	same(h, "cursor", s.Cursor, cursor)
	same(h, "staged", h.number(`SELECT COUNT(*) FROM staged`), 0)
}

func listingCursorLost(h *harness) {
	w := h.targeted()
	w.lists(event("e1", "1", content("x", 1)))
	l, _ := w.listing(0, cal.Delta)
	l, err := h.DiscardListing(h.ctx, l, true, "410", leaseTime)
	h.ok(err)
	h.ok(h.Finish(h.ctx, l, record.Served()))
	same(h, "cursor", w.sync().Cursor, cal.Cursor{})
	sameList(h, "visible", w.mirror(), []string{"e1 1"})
	w.lists(event("e2", "1", content("x", 2)))
	same(h, "cursor of the next listing", w.sync().Cursor, cal.Cursor{Token: "canary-cursor", Scope: "scope"})
}

func listingPublishes(h *harness) {
	w := h.targeted()
	l, on := w.listing(0, cal.Snapshot)
	p := w.delta(on, event("e1", "1", content("x", 1)))
	p.Listing.Window = cal.Window{From: epoch(), Until: epoch().Add(time.Hour)}
	p.Spacing, p.Outcome.NotBefore = 2*time.Second, h.clock.Now().Add(2*time.Second)
	_, err := h.Publish(h.ctx, l, p)
	h.ok(err)
	got := w.sync()
	want := record.Sync{
		Calendar: got.Calendar, Connection: got.Connection, Cursor: p.Last.Cursor, Window: p.Listing.Window, SyncedAt: h.clock.Now(), Spacing: 2 * time.Second,
	}
	if !reflect.DeepEqual(got, want) {
		h.Errorf("got %+v\nwant %+v", got, want)
	}
	sameList(h, "visible", w.mirror(), []string{"e1 1"})
	w.mark(record.Mark{Kind: task.CalendarSync, Subject: string(w.calendars[0].ID), Lane: task.Interactive})
	h.notDue(w.syncOf(0))
	h.clock.Advance(2 * time.Second)
	h.claim(w.syncOf(0))
}

func listingQuiet(h *harness) {
	w := h.targeted()
	w.lists(event("e1", "1", content("x", 1)))
	l, on := w.listing(0, cal.Delta)
	p := w.delta(on)
	p.Last.Cursor.Token, p.Listing.Window, p.Spacing = "next", week(), time.Minute
	p.Last.Items = []cal.Item{{Withheld: "unknown recurrence rule"}}
	h.clock.Advance(time.Second)
	got, err := h.Publish(h.ctx, l, p)
	h.ok(err)
	same(h, "published", got, record.Published{})
	now := w.sync()
	want := record.Sync{
		Calendar: now.Calendar, Connection: now.Connection, Cursor: p.Last.Cursor, Window: week(), SyncedAt: h.clock.Now(), Spacing: time.Minute,
	}
	if !reflect.DeepEqual(now, want) {
		h.Errorf("got %+v\nwant %+v", now, want)
	}
	same(h, "withheld", h.number(`SELECT withheld FROM cursors`), 1)
	sameList(h, "visible", w.mirror(), []string{"e1 1"})
}

func listingLastRowCounts(h *harness) {
	w := h.targeted()
	l, on := w.listing(0, cal.Delta)
	on, l = w.stage(l, on, "2", items(event("e", "1", content("x", 1)), tombstone("e"))...)
	on, l = w.stage(l, on, "3", items(event("e", "3", content("z", 3)))...)
	_, err := h.Publish(h.ctx, l, w.delta(on, event("e", "4", content("z", 4))))
	h.ok(err)
	w.shows(event("e", "4", content("z", 4)), 4)
	again := event("e", "5", content("z", 30))
	w.lists(again)
	w.shows(again, 30)
}

func listingWithholds(h *harness) {
	w := h.targeted()
	l, on := w.listing(0, cal.Delta)
	bad := cal.Item{Event: cal.Event{ID: "bad"}, Withheld: "unknown recurrence rule"}
	odd := items(event("e\x00", "1", content("x", 1)), event("e\xff", "1", content("x", 1)), event("", "1", content("x", 1)), event("e9", "\x00", content("x", 1)))
	on, l = w.stage(l, on, "2", append(odd, bad, items(event("e1", "1", content("x", 1)))[0])...)
	s := w.sync()
	same(h, "withheld so far", s.Listing.Withheld, 5)
	p := w.delta(*s.Listing, event("e2", "1", content("x", 2)))
	p.Last.Items = append(p.Last.Items, bad)
	_, err := h.Publish(h.ctx, l, p)
	h.ok(err)
	sameList(h, "visible", w.mirror(), []string{"e1 1", "e2 1"})
	same(h, "withheld", h.number(`SELECT withheld FROM cursors`), 6)
	same(h, "told", h.number(`SELECT COUNT(*) FROM audit WHERE action = 'listing.published' AND detail LIKE '%"withheld":6%'`), 1)
	same(h, "pages", on.Pages, 1)
}

func tombstone(id string) cal.Event {
	return cal.Event{ID: cal.EventID(id), Status: cal.StatusCancelled}
}

func listingTombstones(h *harness) {
	w := h.newWorld(1)
	_, link := w.standing("b", "e1", "1")
	w.lists(event("e2", "1", content("x", 2)))
	got := w.lists(tombstone("e1"), tombstone("e2"), tombstone("never seen"))
	same(h, "published", got, record.Published{Raised: 1, Vanished: 1})
	same(h, "visible", len(w.mirror()), 0)
	w.lookedAtAgain(link)
	w.lists(event("e2", "2", content("x", 2)))
	sameList(h, "back again", w.mirror(), []string{"e2 2"})
}

// What the link died for may be over, and a person's change would go unheard.
func listingRevives(h *harness) {
	w := h.newWorld(1)
	stop := func(link record.Link, o record.Outcome) {
		w.mark(record.Mark{Kind: task.LinkPush, Subject: string(link.ID), Lane: task.Interactive, ConnectionID: w.connection})
		h.ok(h.Finish(h.ctx, w.claim(w.push(link)), o))
	}
	_, dead := w.standing("b1", "e1", "1")
	stop(dead, record.Outcome{State: record.Dead, Reason: "403"})
	_, quiet := w.standing("b2", "e2", "1")
	stop(quiet, record.Outcome{State: record.Dead, Reason: "403"})
	_, held := w.standing("b3", "e3", "1")
	stop(held, record.Outcome{State: record.Held, HeldFor: record.HeldForApproval})
	w.lists(event("e1", "2", content("x", 24)), event("e2", "1", content("y", 25)), event("e3", "2", content("z", 26)))
	h.served(w.push(dead))
	same(h, "unchanged", h.row(w.push(quiet)).State, record.Dead)
	same(h, "held", h.row(w.push(held)).HeldFor, record.HeldForApproval)
}

func listingMarks(h *harness) {
	w := h.newWorld(1)
	_, same1 := w.standing("b1", "e1", "1")
	_, changed := w.standing("b2", "e2", "1")
	_, unlisted := w.standing("b3", "e3", "1")
	got := w.lists(event("e1", "1", content("x", 24)), event("e2", "2", content("y", 25)), event("somebody's", "1", content("z", 3)))
	same(h, "published", got, record.Published{Raised: 1})
	h.notDue(w.push(same1))
	h.notDue(w.push(unlisted))
	same(h, "lane", h.row(w.push(changed)).Lane, task.Background)
	w.lookedAtAgain(changed)
}

func listingGuards(h *harness) {
	w := h.newWorld(1)
	var links []record.Link
	var gone []cal.Event
	for i := range 4 {
		_, link := w.standing(bookingNo(i), fmt.Sprint("e", i), "1")
		links, gone = append(links, link), append(gone, tombstone(fmt.Sprint("e", i)))
	}
	_, edited := w.standing("edited", "e9", "1")
	publish := func(guard int) record.Published {
		h.clock.Advance(time.Second)
		l, on := w.listing(0, cal.Delta)
		p := w.delta(on, append(gone, event("e9", "2", content("y", 1)))...)
		p.Guard.Count = guard
		out, err := h.Publish(h.ctx, l, p)
		h.ok(err)
		return out
	}
	before := len(w.messages())
	same(h, "published", publish(3), record.Published{Raised: 5, Vanished: 4, Guarded: true})
	for _, l := range links {
		row := h.row(w.push(l))
		same(h, "held for", row.HeldFor, record.HeldForGuard)
		same(h, "reason", row.LastError, "the event vanished with many others: see calweave guard show "+w.openGuard().ID)
		h.notDue(w.push(l))
	}
	h.claim(w.push(edited))
	told := w.messages()[before:]
	same(h, "told", len(told), 1)
	same(h, "message", string(told[0].Type), "calendar.guarded")
	h.ok(h.Release(h.ctx, w.push(links[0]), "operator"))
	w.lookedAtAgain(links[0])
	h.notDue(w.push(links[1]))
}

func listingGuardCountsWanted(h *harness) {
	w := h.newWorld(2)
	cancelled, first := w.standing("b1", "e1", "1")
	w.accept(w.cancellation(cancelled, 2))
	_, second := w.standing("b2", "e2", "1")
	a := w.booking("b2", 2, 1)
	w.accept(a)
	h.clock.Advance(time.Second)
	l, on := w.listing(0, cal.Delta)
	p := w.delta(on, tombstone("e1"), tombstone("e2"))
	out, err := h.Publish(h.ctx, l, p)
	h.ok(err)
	same(h, "published", out, record.Published{Raised: 2})
	h.claim(w.push(first))
	h.claim(w.push(second))
}
