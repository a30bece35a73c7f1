package store_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

func busyTrials() []trial {
	return []trial{
		{"busy: what takes time, merged and cut to the window", busyMerges},
		{"busy: a series takes place, but for its exceptions", busySeries},
		{"busy: exceptions count in whatever order they come", busyOrder},
		{"busy: a series that is gone takes its parts with it", busySeriesGone},
		{"busy: a series that changes takes place as it is now", busySeriesChanges},
		{"busy: nothing staged shows, and nothing is missing while a snapshot replaces everything", busyStaged},
		{"busy: a rule that is refused is counted and stops nothing", busyUnexpanded},
		{"busy: occurrences that a provider lists follow their series", busyListed},
		{"busy: a series that comes back with fewer occurrences is doubted", busyDoubted},
		{"busy: whole days are those of the calendar", busyDays},
		{"busy: cancelled exceptions are kept as long as their series", busyKeeps},
		{"busy: a series is missed twice before it goes", busyMissed},
		{"busy: what is proven, since when", busyProven},
		{"busy: more events than are read", busyTooMany},
		{"window: what it has left goes without a word", windowLeft},
		{"window: what was written meanwhile has not left it", windowSpares},
	}
}

// tells publishes a listing of calendar 0 of one page, with the week as its window.
func (w *world) tells(kind cal.ListingKind, window cal.Window, events ...cal.Event) record.Published {
	w.Helper()
	w.clock.Advance(time.Second)
	l, on := w.listing(0, kind)
	w.clock.Advance(time.Second)
	on.Window = window
	p := w.delta(on, events...)
	if kind == cal.Snapshot {
		p.Last.Coverage = window
	}
	out, err := w.Publish(w.ctx, l, p)
	w.ok(err)
	return out
}

func (w *world) busy(within cal.Window) record.Busy {
	w.Helper()
	b, err := w.Busy(w.ctx, w.tenant, w.calendars[0].ID, within, 100)
	w.ok(err)
	return b
}

// takes wants the calendar's time in the week to be taken as the spans say, in days and hours of March 2026 in UTC.
func (w *world) takes(what, want string) {
	w.Helper()
	var got []string
	for _, s := range w.busy(week()).Spans {
		got = append(got, s.From.Format("2T15:04")+"-"+s.Until.Format("2T15:04"))
	}
	if all := strings.Join(got, " "); all != want {
		w.Errorf("%s: taken %s, want %s", what, all, want)
	}
}

// hour is an event of an hour that begins so many hours after the epoch.
func hour(id string, hours int) cal.Event {
	e := event(id, "1", content(id, hours))
	e.Kind = cal.KindSingle
	return e
}

func ofKind(kind cal.EventKind, id string, hours int, series string, original int) cal.Event {
	e := hour(id, hours)
	e.Kind, e.Series = kind, cal.EventID(series)
	e.OriginalStart = slot(original).Start
	return e
}

// series is a daily one of an hour from the epoch on, which is the 2nd at 9.
func series(id string, lines ...string) cal.Event {
	e := hour(id, 0)
	e.Kind, e.Recurrence = cal.KindSeries, lines
	return e
}

func busyMerges(h *harness) {
	w := h.targeted()
	free := hour("free", 9)
	free.Free = true
	tentative := hour("tentative", 50)
	tentative.Status = cal.StatusTentative
	long := hour("long", 3)
	long.Content.Slot = between(epoch().Add(3*time.Hour), epoch().Add(8*time.Hour))
	early := hour("early", 0)
	early.Content.Slot = between(week().From.Add(-time.Hour), week().From.Add(time.Hour))
	nothing := hour("nothing", 12)
	nothing.Content.Slot.End = nothing.Content.Slot.Start
	w.tells(cal.Snapshot, week(), hour("a", 0), hour("b", 1), hour("within", 4), long, free, tentative, early, nothing, hour("after", 200), hour("gone", 20))
	w.tells(cal.Delta, week(), tombstone("gone"))
	w.takes("the week", "1T09:00-1T10:00 2T09:00-2T11:00 2T12:00-2T17:00 4T11:00-4T12:00")
	same(h, "an hour of it", fmt.Sprint(w.busy(between0(epoch().Add(4*time.Hour), epoch().Add(5*time.Hour))).Spans), fmt.Sprint([]cal.Window{between0(epoch().Add(4*time.Hour), epoch().Add(5*time.Hour))}))
	same(h, "between two", len(w.busy(between0(epoch().Add(2*time.Hour), epoch().Add(3*time.Hour))).Spans), 0)
}

func between0(from, until time.Time) cal.Window { return cal.Window{From: from, Until: until} }

func busySeries(h *harness) {
	w := h.targeted()
	cancelled := ofKind(cal.KindException, "s_cancelled", 0, "s", 24)
	cancelled.Status, cancelled.Content = cal.StatusCancelled, cal.Content{}
	w.tells(cal.Snapshot, week(), series("s", "RRULE:FREQ=DAILY;COUNT=5", "EXDATE:20260306T090000Z"), cancelled, ofKind(cal.KindException, "s_moved", 53, "s", 48))
	w.takes("with exceptions", "2T09:00-2T10:00 4T14:00-4T15:00 5T09:00-5T10:00")
	w.tells(cal.Delta, week(), tombstone("s_moved"))
	w.takes("the moved one deleted", "2T09:00-2T10:00 5T09:00-5T10:00")
}

func busyOrder(h *harness) {
	w := h.targeted()
	w.tells(cal.Snapshot, week(), ofKind(cal.KindException, "s_moved", 5, "s", 0))
	w.takes("the exception alone", "2T14:00-2T15:00")
	w.tells(cal.Delta, week(), series("s", "RRULE:FREQ=DAILY;COUNT=2"))
	w.takes("and its series", "2T14:00-2T15:00 3T09:00-3T10:00")
	w.tells(cal.Delta, week(), ofKind(cal.KindException, "s_other", 30, "s", 24))
	w.takes("and another", "2T14:00-2T15:00 3T15:00-3T16:00")
}

func busySeriesGone(h *harness) {
	w := h.targeted()
	w.tells(cal.Snapshot, week(), series("s", "RRULE:FREQ=DAILY"), series("t", "RRULE:FREQ=DAILY;COUNT=1"), ofKind(cal.KindException, "s_moved", 5, "s", 0))
	w.tells(cal.Delta, week(), tombstone("s"))
	w.takes("the other is left", "2T09:00-2T10:00")
	w.tells(cal.Delta, week(), series("s", "RRULE:FREQ=DAILY;COUNT=2"))
	w.takes("and comes back without exceptions", "2T09:00-2T10:00 3T09:00-3T10:00")
}

func busySeriesChanges(h *harness) {
	w := h.targeted()
	w.tells(cal.Snapshot, week(), series("s", "RRULE:FREQ=DAILY"))
	w.takes("daily", "2T09:00-2T10:00 3T09:00-3T10:00 4T09:00-4T10:00 5T09:00-5T10:00 6T09:00-6T10:00 7T09:00-7T10:00")
	later := series("s", "RRULE:FREQ=WEEKLY;BYDAY=TU")
	later.Content.Slot = slot(2)
	w.tells(cal.Delta, week(), later)
	w.takes("weekly, later", "2T11:00-2T12:00 3T11:00-3T12:00")
	single := hour("s", 3)
	w.tells(cal.Delta, week(), single)
	w.takes("no series any more", "2T12:00-2T13:00")
}

func busyStaged(h *harness) {
	w := h.targeted()
	w.tells(cal.Snapshot, week(), series("s", "RRULE:FREQ=DAILY;COUNT=3"), hour("e", 5))
	want := "2T09:00-2T10:00 2T14:00-2T15:00 3T09:00-3T10:00 4T09:00-4T10:00"
	l, on := w.listing(0, cal.Snapshot)
	on.Window = week()
	moved := series("s", "RRULE:FREQ=DAILY;COUNT=4")
	moved.Content.Slot = slot(1)
	w.takes("begun", want)
	on, l = w.stage(l, on, "2", items(moved)...)
	same(h, "staged", h.number(`SELECT COUNT(*) FROM staged_occurrences`), 4)
	w.takes("staged", want)
	same(h, "a listing is under way", w.busy(week()).Listing, true)
	on, l = w.stage(l, on, "3", items(hour("f", 20))...)
	w.takes("staged further", want)
	w.publish(l, on, week())
	w.takes("published; what was missed once stays", "2T10:00-2T11:00 2T14:00-2T15:00 3T05:00-3T06:00 3T10:00-3T11:00 4T10:00-4T11:00 5T10:00-5T11:00")
	same(h, "staged", h.number(`SELECT COUNT(*) FROM staged_occurrences`), 0)
	same(h, "no listing is under way", w.busy(week()).Listing, false)
	l, on = w.listing(0, cal.Snapshot)
	on.Window = week()
	_, l = w.stage(l, on, "2", items(series("s", "RRULE:FREQ=DAILY"))...)
	_, err := w.DiscardListing(w.ctx, l, true, "410", leaseTime)
	h.ok(err)
	same(h, "discarded", h.number(`SELECT COUNT(*) FROM staged_occurrences`), 0)
}

func busyUnexpanded(h *harness) {
	w := h.targeted()
	got := w.tells(cal.Snapshot, week(), series("s1", "RRULE:FREQ=SECONDLY"), series("s2", "RRULE:FREQ=DAILY;COUNT=1"), series("s3", "nonsense"))
	same(h, "published", got, record.Published{})
	w.takes("the honest one", "2T09:00-2T10:00")
	same(h, "unexpanded", w.busy(week()).Unexpanded, 2)
	same(h, "why", h.number(`SELECT COUNT(*) FROM events WHERE unexpanded LIKE '%finer%'`), 1)
	w.tells(cal.Delta, week(), tombstone("s1"), series("s3", "RRULE:FREQ=DAILY;COUNT=2"))
	same(h, "mended", w.busy(week()).Unexpanded, 0)
	w.takes("all", "2T09:00-2T10:00 3T09:00-3T10:00")
}

func busyListed(h *harness) {
	w := h.targeted()
	free := series("free")
	free.Free = true
	whole := series("whole")
	whole.Content.Slot = days("2026-03-05", "2026-03-06")
	stub := ofKind(cal.KindOccurrence, "w1", 0, "whole", 0)
	midnight := time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC)
	stub.Content.Slot = between(midnight, midnight.Add(24*time.Hour)) // stubs say nothing of days
	w.tells(cal.Snapshot, week(), series("s"), ofKind(cal.KindOccurrence, "s1", 0, "s", 0), ofKind(cal.KindOccurrence, "s2", 24, "s", 24),
		free, ofKind(cal.KindOccurrence, "f1", 5, "free", 5), whole, stub)
	w.takes("listed", "2T09:00-2T10:00 3T09:00-3T10:00 4T23:00-5T23:00")
	w.tells(cal.Delta, week(), ofKind(cal.KindException, "s2", 26, "s", 24))
	w.takes("one moved", "2T09:00-2T10:00 3T11:00-3T12:00 4T23:00-5T23:00")
	w.tells(cal.Delta, week(), tombstone("s"))
	w.takes("the series removed", "4T23:00-5T23:00")
}

func busyDoubted(h *harness) {
	w := h.targeted()
	all := []cal.Event{series("s"), ofKind(cal.KindOccurrence, "s1", 0, "s", 0), ofKind(cal.KindOccurrence, "s2", 24, "s", 24)}
	w.tells(cal.Snapshot, week(), all...)
	w.tells(cal.Delta, week(), all...)
	same(h, "all of it", w.sync().Recheck, false)
	h.notDue(w.syncOf(0))
	h.clock.Advance(-time.Minute) // what is shown no more may be newer than now
	w.tells(cal.Delta, week(), all[:2]...)
	same(h, "doubted", w.sync().Recheck, true)
	h.clock.Advance(time.Minute)
	w.takes("nothing is gone yet", "2T09:00-2T10:00 3T09:00-3T10:00")
	h.served(w.syncOf(0)) // a listing is due at once
	w.tells(cal.Snapshot, week(), all[:2]...)
	w.takes("missed once", "2T09:00-2T10:00 3T09:00-3T10:00")
	w.tells(cal.Snapshot, week(), all[:2]...)
	w.takes("missed twice", "2T09:00-2T10:00")
	same(h, "settled", w.sync().Recheck, false)
}

func busyDays(h *harness) {
	w := h.targeted()
	whole := hour("whole", 0)
	whole.Content.Slot = days("2026-03-03", "2026-03-04")
	weekly := series("s", "RRULE:FREQ=DAILY;INTERVAL=2;COUNT=3", "EXDATE;VALUE=DATE:20260308")
	weekly.Content.Slot = days("2026-03-04", "2026-03-05")
	w.tells(cal.Snapshot, week(), whole, weekly)
	w.takes("in Berlin", "2T23:00-4T23:00 5T23:00-6T23:00")
	moved := ofKind(cal.KindException, "x", 0, "s", 0)
	moved.Content.Slot, moved.OriginalStart = days("2026-03-07", "2026-03-08"), cal.Moment{Date: "2026-03-06"}
	w.tells(cal.Delta, week(), moved)
	w.takes("one moved", "2T23:00-4T23:00 6T23:00-7T23:00")
	h.owner(`UPDATE calendars SET zone = 'Nowhere/Atall'`)
	w.takes("anywhere", "2T00:00-8T09:00")
}

func busyKeeps(h *harness) {
	w := h.targeted()
	out := ofKind(cal.KindException, "x", 0, "s", 0)
	out.Status = cal.StatusCancelled
	alone := ofKind(cal.KindException, "y", 0, "t", 0)
	alone.Status = cal.StatusCancelled
	w.tells(cal.Snapshot, week(), series("s", "RRULE:FREQ=DAILY;COUNT=2"), out, alone)
	h.clock.Advance(365 * day)
	w.pruned()
	same(h, "kept", h.number(`SELECT COUNT(*) FROM events WHERE event_id = 'x'`), 1)
	same(h, "of no series", h.number(`SELECT COUNT(*) FROM events WHERE event_id = 'y'`), 0)
	w.takes("after a year", "3T09:00-3T10:00")
}

func busyMissed(h *harness) {
	w := h.targeted()
	old := series("old", "RRULE:FREQ=DAILY")
	old.Content.Slot = slot(-24 * 30)
	ended := series("ended", "RRULE:FREQ=DAILY;COUNT=2")
	ended.Content.Slot = slot(-24 * 30)
	all := "1T09:00-1T10:00 2T09:00-2T10:00 3T09:00-3T10:00 4T09:00-4T10:00 5T09:00-5T10:00 6T09:00-6T10:00 7T09:00-7T10:00"
	w.tells(cal.Snapshot, week(), old, ended)
	w.takes("long begun", all)
	same(h, "missed", w.tells(cal.Snapshot, week()), record.Published{Missed: 1})
	w.takes("missed once", all)
	same(h, "missed again", w.tells(cal.Snapshot, week()), record.Published{})
	w.takes("missed twice", "")
	same(h, "occurrences", h.number(`SELECT COUNT(*) FROM occurrences`), 0)
	same(h, "the one without a day in the window", h.number(`SELECT COUNT(*) FROM events WHERE event_id = 'ended'`), 0)
}

func busyProven(h *harness) {
	w := h.newWorld(1)
	w.choose(0, cal.SyncBusy, nil)
	w.followed(0)
	same(h, "before any listing", w.busy(week()).Coverage, cal.Window{})
	w.tells(cal.Snapshot, week(), hour("e", 0))
	h.clock.Advance(time.Minute)
	b := w.busy(week())
	same(h, "coverage", b.Coverage, week())
	same(h, "age", b.Age, time.Minute)
	same(h, "as of", b.AsOf, h.clock.Now().Add(-time.Minute))
	w.tells(cal.Delta, week())
	same(h, "age", w.busy(week()).Age, 0)
	w.choose(0, cal.SyncOff, nil)
	b = w.busy(week())
	same(h, "turned off", b.Coverage, cal.Window{})
	same(h, "forgotten", len(b.Spans)+h.number(`SELECT COUNT(*) FROM occurrences`), 0)
	_, err := h.Busy(h.ctx, h.newWorld(1).tenant, w.calendars[0].ID, week(), 1)
	h.fails(err, record.ErrNotFound)
}

func busyTooMany(h *harness) {
	w := h.targeted()
	w.tells(cal.Snapshot, week(), series("s", "RRULE:FREQ=DAILY;COUNT=3"), hour("e", 5))
	for limit, want := range map[int]bool{1: true, 3: true, 4: false} {
		b, err := h.Busy(h.ctx, w.tenant, w.calendars[0].ID, week(), limit)
		h.ok(err)
		same(h, fmt.Sprint("limit ", limit), b.TooMany, want)
		same(h, "spans", len(b.Spans) == 0, want)
	}
}

func windowLeft(h *harness) {
	w := h.newWorld(1)
	_, link := w.standing("b", "past", "1")
	old := series("series", "RRULE:FREQ=DAILY")
	old.Content.Slot = slot(-24 * 30)
	across := hour("across", 0)
	later := week()
	later.From = epoch().Add(48 * time.Hour)
	across.Content.Slot = between(later.From.Add(-time.Hour), later.From.Add(time.Hour))
	part := ofKind(cal.KindException, "part", 1, "series", 72) // moved out of the window: its place in it stays empty
	w.tells(cal.Snapshot, week(), hour("past", 0), hour("e", 60), old, across, part)
	before := len(w.messages())
	h.clock.Advance(-time.Minute) // it has left all the same
	same(h, "published", w.tells(cal.Snapshot, later, hour("e", 60), old, across), record.Published{})
	h.clock.Advance(time.Minute)
	var left []string
	for _, row := range w.query(`SELECT event_id FROM events ORDER BY event_id`) {
		left = append(left, row["event_id"])
	}
	sameList(h, "left", left, []string{"across", "e", "part", "series"})
	h.notDue(w.push(link))
	same(h, "told", len(w.messages()), before)
	same(h, "coverage", w.busy(later).Coverage, later)
	same(h, "the moved one", len(w.busy(between0(epoch().Add(72*time.Hour), epoch().Add(73*time.Hour))).Spans), 0)
	same(h, "work", h.row(w.ref(task.LinkPush, string(link.ID))).State, record.Ready)
}

func windowSpares(h *harness) {
	w := h.newWorld(1)
	link := w.linkOf(w.accept(w.booking("b", 1, 0)), 0)
	l, on := w.listing(0, cal.Snapshot)
	on.Window = week()
	on.Window.From = epoch().Add(48 * time.Hour)
	w.agreed(w.claim(w.push(link)), link, hour("written", 0), 1)
	p := w.delta(on)
	p.Last.Coverage = on.Window
	_, err := w.Publish(w.ctx, l, p)
	w.ok(err)
	sameList(h, "while it was listed", w.mirror(), []string{"written 1"})
	w.tells(cal.Snapshot, on.Window)
	sameList(h, "by the next", w.mirror(), nil)
}
