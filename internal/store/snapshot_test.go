package store_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

// week is the window that most snapshots here cover.
func week() cal.Window {
	return cal.Window{From: epoch().Add(-24 * time.Hour), Until: epoch().Add(6 * 24 * time.Hour)}
}

// snapshot publishes a snapshot of calendar 0 that covers a window and shows these events.
func (w *world) snapshot(window cal.Window, events ...cal.Event) record.Published {
	w.Helper()
	w.clock.Advance(time.Second)
	l, on := w.listing(0, cal.Snapshot)
	w.clock.Advance(time.Second)
	return w.publish(l, on, window, events...)
}

func (w *world) publish(l record.Lease, on record.Listing, window cal.Window, events ...cal.Event) record.Published {
	w.Helper()
	p := w.delta(on, events...)
	p.Last.Kind, p.Last.Coverage = cal.Snapshot, window
	out, err := w.Publish(w.ctx, l, p)
	w.ok(err)
	return out
}

func snapshotMissesTwice(h *harness) {
	w := h.newWorld(1)
	_, link := w.standing("b", "e1", "1")
	w.lists(event("e2", "1", content("x", 2)))
	same(h, "first", w.snapshot(week(), event("e2", "1", content("x", 2))), record.Published{Raised: 1, Vanished: 1, Missed: 1})
	same(h, "recheck", w.sync().Recheck, true)
	sameList(h, "still visible", w.mirror(), []string{"e1 1", "e2 1"})
	w.lookedAtAgain(link)
	same(h, "second", w.snapshot(week(), event("e2", "1", content("x", 2))), record.Published{Raised: 1, Vanished: 1})
	same(h, "recheck", w.sync().Recheck, false)
	sameList(h, "removed", w.mirror(), []string{"e2 1"})
	same(h, "third", w.snapshot(week(), event("e2", "1", content("x", 2))), record.Published{})
}

func snapshotComesBack(h *harness) {
	w := h.targeted()
	shown := event("e1", "1", content("x", 1))
	w.lists(shown)
	same(h, "missed", w.snapshot(week()).Missed, 1)
	same(h, "shown", w.snapshot(week(), shown).Missed, 0)
	same(h, "recheck", w.sync().Recheck, false)
	same(h, "missed again", w.snapshot(week()).Missed, 1)
	sameList(h, "visible", w.mirror(), []string{"e1 1"})
}

func days(from, until string) cal.Slot {
	return cal.Slot{Start: cal.Moment{Date: from}, End: cal.Moment{Date: until}}
}

func between(from, until time.Time) cal.Slot {
	return cal.Slot{Start: cal.Moment{Instant: from}, End: cal.Moment{Instant: until}}
}

// coverage are slots in, beside and across the edges of the week.
func coverage() []cal.Slot {
	from, until := week().From, week().Until
	const s = time.Second
	return []cal.Slot{
		between(from, until), between(from, from.Add(s)), between(until.Add(-s), until),
		between(from.Add(-s), from.Add(s)), between(until.Add(-s), until.Add(s)), between(from.Add(-s), until.Add(s)),
		between(from.Add(-s), from), between(until, until.Add(s)),
		between(from, from), between(until, until), between(from.Add(s), from.Add(s)), between(epoch(), epoch()),
		days("2026-03-01", "2026-03-02"), days("2026-03-02", "2026-03-03"), days("2026-03-03", "2026-03-04"), days("2026-03-04", "2026-03-06"),
		days("2026-03-06", "2026-03-07"), days("2026-03-07", "2026-03-08"), days("2026-03-08", "2026-03-09"), days("2026-02-01", "2026-04-01"),
		days("not a date", "2026-03-06"), days("2026-03-04", "not a date"),
	}
}

// missed publishes an empty snapshot of the window over all the slots and says which were missed.
func (w *world) missed(window cal.Window) map[string]bool {
	w.Helper()
	var all []cal.Event
	for i, s := range coverage() {
		all = append(all, event(fmt.Sprintf("e%02d", i), "1", cal.Content{Title: "x", Slot: s}))
	}
	w.lists(all...)
	w.snapshot(window)
	out := map[string]bool{}
	for _, row := range w.query(`SELECT event_id, missing FROM events`) {
		out[row["event_id"]] = row["missing"] != "0"
	}
	return out
}

func snapshotCoverage(h *harness) {
	w := h.targeted()
	covered := 0
	missed := w.missed(week())
	for i, s := range coverage() {
		want := week().Covers(s)
		same(h, fmt.Sprintf("missed %d: %v", i, s), missed[fmt.Sprintf("e%02d", i)], want)
		if want {
			covered++
		}
	}
	if covered < 5 || covered > len(coverage())-5 {
		h.Errorf("%d of %d slots are covered: this trial proves nothing", covered, len(coverage()))
	}
}

func snapshotUnbounded(h *harness) {
	for _, window := range []cal.Window{{}, {From: week().From}, {Until: week().Until}} {
		w := h.targeted()
		missed := w.missed(window)
		for i, s := range coverage() {
			same(h, fmt.Sprintf("window %v missed %d: %v", window, i, s), missed[fmt.Sprintf("e%02d", i)], window.Covers(s))
		}
		h.owner(`DELETE FROM events`)
	}
}

func snapshotNewer(h *harness) {
	w := h.newWorld(1)
	link := w.linkOf(w.accept(w.booking("b", 1, 0)), 0)
	w.lists(event("old", "1", content("x", 1)))
	h.clock.Advance(time.Second)
	l, on := w.listing(0, cal.Snapshot)
	// The event is created while the pages are read, which were made before.
	w.agreed(w.claim(w.push(link)), link, event("new", "1", content("x", 2)), 1)
	h.clock.Advance(time.Second)
	same(h, "missed", w.publish(l, on, week()).Missed, 1)
	same(h, "missing", h.number(`SELECT missing FROM events WHERE event_id = 'new'`), 0)
	same(h, "missing", h.number(`SELECT missing FROM events WHERE event_id = 'old'`), 1)
	h.notDue(w.push(link))
}

// What stands in the mirror may be newer than now, where the clock was set back or is another machine's.
func snapshotSetBack(h *harness) {
	w := h.newWorld(1)
	link := w.linkOf(w.accept(w.booking("b", 1, 0)), 0)
	h.clock.Advance(time.Hour)
	w.lists(event("listed", "1", content("x", 1)))
	w.agreed(w.claim(w.push(link)), link, event("written", "1", content("x", 2)), 1)
	h.clock.Advance(-time.Hour)
	same(h, "missed", w.snapshot(week()).Missed, 2)
	w.snapshot(week())
	sameList(h, "missed twice", w.mirror(), nil)
}

// A listing that was under way spares what was written meanwhile, and the next one does not.
func snapshotSparesOnce(h *harness) {
	w := h.newWorld(1)
	link := w.linkOf(w.accept(w.booking("b", 1, 0)), 0)
	l, on := w.listing(0, cal.Snapshot)
	w.agreed(w.claim(w.push(link)), link, event("new", "1", content("x", 2)), 1)
	same(h, "under way", w.publish(l, on, week()).Missed, 0)
	same(h, "the next", w.snapshot(week()).Missed, 1)
	w.snapshot(week(), event("new", "1", content("x", 2)))
	l, on = w.listing(0, cal.Snapshot)
	same(h, "what only a listing has shown", w.publish(l, on, week()).Missed, 1)
}

// An event that was missed once and is outside the next window would otherwise ask for another snapshot for ever.
func snapshotSlides(h *harness) {
	w := h.targeted()
	w.lists(event("e", "1", content("x", -23)))
	same(h, "missed", w.snapshot(week()).Missed, 1)
	later := week()
	later.From = later.From.Add(2 * time.Hour)
	same(h, "outside by now", w.snapshot(later), record.Published{})
	same(h, "recheck", w.sync().Recheck, false)
	sameList(h, "visible", w.mirror(), []string{"e 1"}) // these listings have no window to leave
}

func snapshotOnly(h *harness) {
	w := h.targeted()
	w.lists(event("e", "1", content("x", 1)))
	for _, kind := range []cal.ListingKind{cal.Delta, cal.Partial} {
		h.clock.Advance(time.Second)
		l, on := w.listing(0, cal.Delta)
		p := w.delta(on)
		p.Last.Kind, p.Last.Coverage = kind, week()
		out, err := h.Publish(h.ctx, l, p)
		h.ok(err)
		same(h, string(kind), out, record.Published{})
	}
	same(h, "missing", h.number(`SELECT missing FROM events`), 0)
}

func snapshotSeries(h *harness) {
	w := h.targeted()
	daily := func(id string) cal.Event { return series(id, "RRULE:FREQ=DAILY;COUNT=2") }
	w.tells(cal.Snapshot, week(), daily("shown"), daily("cancelled"), daily("gone"), hour("single", 2))
	cancelled := ofKind(cal.KindException, "c1", 0, "cancelled", 0)
	cancelled.Status = cal.StatusCancelled
	w.tells(cal.Snapshot, week(), ofKind(cal.KindOccurrence, "s1", 0, "shown", 0), cancelled, ofKind(cal.KindOccurrence, "o1", 0, "single", 0))
	for id, want := range map[string]int{"shown": 0, "cancelled": 1, "gone": 1, "single": 1} {
		same(h, id, h.number(`SELECT missing FROM events WHERE event_id = '`+id+`'`), want)
	}
}

func eventsPages(h *harness) {
	w := h.targeted()
	ids := []string{"A", "B", "_", "a", "b", "ä", "é", "日"} // in the order of their bytes, whatever a database's collation is
	var all []cal.Event
	for i, id := range slices.Backward(ids) {
		all = append(all, event(id, "1", content("x", i)))
	}
	w.lists(append(all, tombstone("Z"))...)
	var got []string
	after := cal.EventID("")
	for range mostPages {
		page, err := h.Events(h.ctx, w.tenant, w.calendars[0].ID, after, 3)
		h.ok(err)
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			got, after = append(got, string(e.EventID)), e.EventID
			same(h, "span", e.End.Sub(e.Start), time.Hour)
			same(h, "status", e.Status, cal.StatusConfirmed)
		}
	}
	sameList(h, "events", got, ids)
	_, err := h.Sync(h.ctx, record.Lease{Ref: w.ref(task.CalendarSync, "cal_unknown")})
	h.fails(err, record.ErrNotFound)
}
