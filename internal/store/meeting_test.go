package store_test

import (
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/record"
)

func meetingTrials() []trial {
	return []trial{
		{"meeting: copies in several mailboxes are known as one", meetingGroups},
		{"meeting: what does not say it is still known", meetingStays},
		{"meeting: what a run has seen is of one too", meetingIsRead},
		{"meeting: copies of a booking", meetingCopies},
		{"meeting: copies page by page", meetingCopyPages},
		{"meeting: tenants share none", meetingTenants},
	}
}

// meets is an event of a meeting.
func meets(uid, id, etag string, hours int) cal.Event {
	e := event(id, etag, content(id, hours))
	e.ICalUID, e.Kind = uid, cal.KindSingle
	return e
}

// showsIn publishes a delta of any calendar.
func (w *world) showsIn(calendar int, events ...cal.Event) {
	w.Helper()
	w.clock.Advance(time.Second)
	l, on := w.listing(calendar, cal.Delta)
	p := w.delta(on, events...)
	p.Calendar = w.calendars[calendar]
	p.Calendar.Targeted = true
	_, err := w.Publish(w.ctx, l, p)
	w.ok(err)
}

// meetings are the meetings of a calendar's events.
func (w *world) meetings(calendar int) map[cal.EventID]string {
	w.Helper()
	rows, err := w.Events(w.ctx, w.tenant, w.calendars[calendar].ID, "", 100)
	w.ok(err)
	out := map[cal.EventID]string{}
	for _, r := range rows {
		out[r.EventID] = r.Meeting
	}
	return out
}

func meetingGroups(h *harness) {
	w := h.newWorld(2)
	w.showsIn(0, meets("uid-1", "hosts", "1", 1), meets("uid-2", "other", "1", 2), meets("", "untold", "1", 3))
	w.showsIn(1, meets("uid-1", "guests", "1", 1), meets("", "untold", "1", 3))
	a, b := w.meetings(0), w.meetings(1)
	same(h, "the same meeting", a["hosts"], b["guests"])
	same(h, "another one", a["other"] != a["hosts"] && a["other"] != "", true)
	same(h, "untold", a["untold"]+b["untold"], "")
	same(h, "kept in clear", h.number(`SELECT COUNT(*) FROM events WHERE meeting LIKE '%uid-%'`), 0)
}

func meetingStays(h *harness) {
	w := h.newWorld(1)
	w.showsIn(0, meets("uid", "e", "1", 1))
	before := w.meetings(0)["e"]
	w.showsIn(0, meets("", "e", "2", 2))
	same(h, "after a row without a UID", w.meetings(0)["e"], before)
	w.showsIn(0, tombstone("e"))
	same(h, "of a tombstone", h.number(`SELECT COUNT(*) FROM events WHERE event_id = 'e' AND meeting <> ''`), 1)
	l, on := w.listing(0, cal.Delta)
	on, l = w.stage(l, on, "2", items(meets("uid", "f", "1", 1))...)
	w.stage(l, on, "3", items(meets("", "f", "2", 1))...)
	same(h, "staged", h.number(`SELECT COUNT(*) FROM staged WHERE event_id = 'f' AND meeting <> ''`), 1)
}

func meetingIsRead(h *harness) {
	w := h.newWorld(2)
	w.showsIn(1, meets("uid", "guests", "1", 1))
	b := w.accept(w.booking("b", 1, 0))
	link := w.linkOf(b, 0)
	w.agreed(w.claim(w.push(link)), link, meets("uid", "own", "1", 1), 1)
	same(h, "what a run has made", w.meetings(0)["own"], w.meetings(1)["guests"])
	w.settled(w.linkOf(w.read("b"), 0), meets("", "own", "2", 1), false, nil)
	sameList(h, "mirror", w.mirror(), []string{"own 2"})
	same(h, "after an answer without a UID", w.meetings(0)["own"], w.meetings(1)["guests"])
}

// copies lists what stands of a booking in other mailboxes.
func (w *world) copies(id cal.BookingID) []cal.EventID {
	w.Helper()
	rows, err := w.Copies(w.ctx, w.tenant, id, record.Copy{}, 100)
	w.ok(err)
	var out []cal.EventID
	for _, r := range rows {
		out = append(out, r.EventID)
	}
	return out
}

func meetingCopies(h *harness) {
	w := h.newWorld(3)
	w.standing("b", "own", "1")
	w.showsIn(0, meets("uid", "own", "1", 1))
	w.showsIn(1, meets("uid", "own", "7", 2), meets("uid-2", "not one", "1", 1)) // Google's copies have the id of what they are copies of
	w.showsIn(2, meets("uid", "guests", "1", 1), meets("uid", "declined", "1", 1))
	w.showsIn(2, tombstone("declined"))
	rows, err := h.Copies(h.ctx, w.tenant, "b", record.Copy{}, 100)
	h.ok(err)
	sameList(h, "copies", rows, []record.Copy{
		{CalendarID: w.calendars[1].ID, ConnectionID: w.connection, Provider: cal.Google, EventID: "own", Slot: slot(2)},
		{CalendarID: w.calendars[2].ID, ConnectionID: w.connection, Provider: cal.Google, EventID: "guests", Slot: slot(1)},
	})
	// What another booking has written is that booking's own, whatever UID it has.
	other := w.accept(w.booking("other", 1, 2))
	w.agreed(w.claim(w.push(w.linkOf(other, 2))), w.linkOf(other, 2), meets("uid", "guests", "1", 1), 1)
	sameList(h, "beside another booking's", w.copies("b"), []cal.EventID{"own"})
	w.showsIn(0, tombstone("own"))
	sameList(h, "once the booking's own is gone", w.copies("b"), []cal.EventID{"own"})
	sameList(h, "of another", w.copies("other"), []cal.EventID{"own"})
	_, err = h.Copies(h.ctx, w.tenant, "nobody's", record.Copy{}, 1)
	h.fails(err, record.ErrNotFound)
}

func meetingCopyPages(h *harness) {
	w := h.newWorld(3)
	w.standing("b", "own", "1")
	w.showsIn(0, meets("uid", "own", "1", 1))
	w.showsIn(1, meets("uid", "z", "1", 1), meets("uid", "a", "1", 1))
	w.showsIn(2, meets("uid", "m", "1", 1))
	var got []cal.EventID
	after := record.Copy{}
	for range mostPages {
		page, err := h.Copies(h.ctx, w.tenant, "b", after, 1)
		h.ok(err)
		if len(page) == 0 {
			break
		}
		got, after = append(got, page[0].EventID), page[0]
	}
	sameList(h, "copies", got, []cal.EventID{"a", "z", "m"})
}

func meetingTenants(h *harness) {
	w, o := h.newWorld(1), h.newWorld(1)
	w.showsIn(0, meets("uid", "e", "1", 1))
	o.showsIn(0, meets("uid", "e", "1", 1))
	same(h, "one name for both tenants' meetings", w.meetings(0)["e"] == o.meetings(0)["e"], false)
	same(h, "named", w.meetings(0)["e"] != "" && o.meetings(0)["e"] != "", true)
}
