package store_test

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

func linkTrials() []trial {
	return []trial{
		{"link: every field comes back", linkRoundTrip},
		{"link: settling leaves to the intake what is the intake's", linkSettleKeepsTarget},
		{"link: what is sealed is not there in clear", linkSealed},
		{"link: an intent is recorded before the write", linkIntends},
		{"link: the hashes of the current generation", linkHashes},
		{"case: all that a reconciliation needs", caseTells},
		{"case: suspect when the mirror shows something else", caseSuspects},
		{"case: unknown links", caseUnknown},
		{"mirror: an event is added", mirrorAdds},
		{"mirror: the answer to our own write takes the place of what it was decided on", mirrorOwnWrite},
		{"mirror: what a listing has shown before is not looked at again for it", mirrorEcho},
		{"mirror: what a listing has shown meanwhile stays, and the link is looked at again", mirrorKeeps},
		{"mirror: what was read takes the place of an older listing", mirrorFresh},
		{"mirror: what was read before a newer listing does not", mirrorFreshButOlder},
		{"mirror: an event that was found does not hide what a listing has shown since", mirrorFoundButOlder},
		{"mirror: an event that was read is not missing", mirrorFinds},
		{"mirror: as much content as the calendar's level allows", mirrorLevels},
	}
}

// fullLink is the link with every field that a reconciliation writes.
func fullLink(l record.Link) record.Link {
	base, observed := content("Base", 1), content("Observed", 3)
	base.Attendees = []cal.Attendee{{Email: "canary@example.test", Name: "canary guest", Optional: true, Response: cal.ResponseAccepted}}
	l.Generation, l.EventID, l.ETag, l.State, l.Reason = 3, "event-id", `"etag"`, record.LinkDiverged, "why"
	l.Base, l.BaseVersion, l.Observed = &record.Base{Sent: base, Read: content("Read", 2)}, 4, &observed
	l.MissedAt = epoch().Add(-time.Minute)
	l.InFlight = []record.Write{
		{Op: record.OpUpdate, Version: 5, Content: content("Five", 5), At: epoch()},
		{Op: record.OpDelete, Version: 6, At: epoch().Add(time.Minute)},
	}
	l.Synced, l.Failed = 4, 2
	l.Conference = &record.Conference{
		Conference: cal.Conference{State: cal.ConferencePending, URL: "https://meet.test/canary", Reason: "canary reason"}, Since: epoch(), Looks: 2,
	}
	return l
}

func linkRoundTrip(h *harness) {
	w := h.newWorld(1)
	want := fullLink(w.linkOf(w.accept(w.booking("b", 1, 0)), 0))
	h.ok(h.Settle(h.ctx, w.claim(w.push(want)), record.Decision{Link: want, Outcome: record.Served()}))
	if got := w.linkOf(w.read("b"), 0); !reflect.DeepEqual(got, want) {
		h.Errorf("booking:\n got %+v\nwant %+v", got, want)
	}
	c, err := h.Case(h.ctx, record.Lease{Ref: w.push(want)})
	h.ok(err)
	if !reflect.DeepEqual(c.Link, want) {
		h.Errorf("case:\n got %+v\nwant %+v", c.Link, want)
	}
	empty := want
	empty.Base, empty.Observed, empty.InFlight, empty.EventID, empty.ETag, empty.Reason = nil, nil, nil, "", "", ""
	empty.Conference = nil
	empty.MissedAt = time.Time{}
	w.mark(record.Mark{Kind: task.LinkPush, Subject: string(want.ID), Lane: task.Bulk})
	h.ok(h.Settle(h.ctx, w.claim(w.push(want)), record.Decision{Link: empty, Outcome: record.Served()}))
	if got := w.linkOf(w.read("b"), 0); !reflect.DeepEqual(got, empty) {
		h.Errorf("emptied:\n got %+v\nwant %+v", got, empty)
	}
}

func linkSettleKeepsTarget(h *harness) {
	w := h.newWorld(2)
	link := w.linkOf(w.accept(w.booking("b", 1, 0)), 0)
	l := w.claim(w.push(link))
	w.accept(w.booking("b", 2, 1))
	h.ok(h.Settle(h.ctx, l, record.Decision{Link: link, Outcome: record.Served()}))
	same(h, "aims", w.aims(w.read("b")), "0:false/false 1:true/true ")
}

func linkSealed(h *harness) {
	w := h.newWorld(1)
	link := fullLink(w.linkOf(w.accept(w.booking("b", 1, 0)), 0))
	h.ok(h.Settle(h.ctx, w.claim(w.push(link)), record.Decision{Link: link, Outcome: record.Served()}))
	row := h.query(`SELECT base, in_flight, observed, conference FROM links`)[0]
	for column, value := range row {
		if len(value) < 34 || strings.Contains(value, "title") || strings.Contains(value, "canary") {
			h.Errorf("%s is not sealed: %q", column, value)
		}
	}
}

func linkIntends(h *harness) {
	w := h.newWorld(1)
	before := w.linkOf(w.accept(w.booking("b", 1, 0)), 0)
	intended := fullLink(before)
	intended.Generation = 1
	l := w.claim(w.push(before))
	h.clock.Advance(30 * time.Second)
	note := record.Note{Actor: record.ActorEngine, Action: "link.writing", Subject: string(before.ID), BookingID: "b", Detail: map[string]any{"version": 5}}
	prolonged, err := h.Intend(h.ctx, l, intended, leaseTime, note)
	h.ok(err)
	same(h, "lease", prolonged.Until, h.clock.Now().Add(leaseTime))
	want := before
	want.InFlight, want.MissedAt = intended.InFlight, intended.MissedAt
	if got := w.linkOf(w.read("b"), 0); !reflect.DeepEqual(got, want) {
		h.Errorf("got %+v\nwant %+v", got, want)
	}
	c, err := h.Case(h.ctx, l)
	h.ok(err)
	sameList(h, "sent", c.Sent, []record.SentHash{{Version: 5, Hash: content("Five", 5).Hash(cal.AllFields)}})
	same(h, "audit", h.number(`SELECT COUNT(*) FROM audit WHERE action = 'link.writing' AND booking_id = 'b'`), 1)
	unknown := intended
	unknown.ID = "lnk_unknown"
	_, err = h.Intend(h.ctx, prolonged, unknown, leaseTime, note)
	h.fails(err, record.ErrStale)
}

func linkHashes(h *harness) {
	w := h.newWorld(1)
	link := w.linkOf(w.accept(w.booking("b", 1, 0)), 0)
	sent := []record.SentHash{{Version: 1, Hash: "c1:a"}, {Version: 1, Hash: "c1:b"}, {Version: 2, Hash: "c1:a"}}
	settle := func(l record.Link, sent ...record.SentHash) {
		w.mark(record.Mark{Kind: task.LinkPush, Subject: string(l.ID), Lane: task.Bulk})
		h.ok(h.Settle(h.ctx, w.claim(w.push(l)), record.Decision{Link: l, Sent: sent, Outcome: record.Served()}))
	}
	settle(link, sent...)
	settle(link, sent[0], sent[0])
	c, err := h.Case(h.ctx, record.Lease{Ref: w.push(link)})
	h.ok(err)
	sameList(h, "sent", c.Sent, sent)
	link.Generation = 2
	settle(link, record.SentHash{Version: 3, Hash: "c1:c"})
	c, err = h.Case(h.ctx, record.Lease{Ref: w.push(link)})
	h.ok(err)
	sameList(h, "sent in the next generation", c.Sent, []record.SentHash{{Version: 3, Hash: "c1:c"}})
}

func caseTells(h *harness) {
	w := h.newWorld(2)
	b, link := w.standing("b", "e", "1")
	c, err := h.Case(h.ctx, record.Lease{Ref: w.push(link)})
	h.ok(err)
	calendar, err := h.Calendar(h.ctx, w.tenant, w.calendars[0].ID)
	h.ok(err)
	connection, err := h.Connection(h.ctx, w.tenant, w.connection)
	h.ok(err)
	want := record.Case{Link: link, Booking: b, Calendar: calendar, Connection: withoutGrant(connection)}
	if !reflect.DeepEqual(c, want) {
		h.Errorf("got %+v\nwant %+v", c, want)
	}
	same(h, "account", connection.Account, "canary@example.test")
}

func caseSuspects(h *harness) {
	w := h.newWorld(1)
	_, link := w.standing("b", "e", "1")
	suspect := func() bool {
		c, err := h.Case(h.ctx, record.Lease{Ref: w.push(link)})
		h.ok(err)
		return c.Suspect
	}
	same(h, "in agreement", suspect(), false)
	for change, want := range map[string]bool{
		"etag = '2'": true, "missing = 1": true, "status = 'cancelled'": true, "status = 'tentative'": false, "starts_at = 1": false,
	} {
		h.owner(`UPDATE events SET ` + change)
		same(h, change, suspect(), want)
		h.owner(`UPDATE events SET etag = '1', missing = 0, status = 'confirmed'`)
	}
	h.owner(`DELETE FROM events`)
	same(h, "no mirror", suspect(), false)
	h.owner(`UPDATE links SET event_id = ''`)
	same(h, "no event", suspect(), false)
}

func caseUnknown(h *harness) {
	w := h.newWorld(1)
	_, err := h.Case(h.ctx, record.Lease{Ref: w.ref(task.LinkPush, "lnk_unknown")})
	h.fails(err, record.ErrNotFound)
}

// mirror says what the mirror shows: for each event its id, etag and title.
func (w *world) mirror() []string {
	w.Helper()
	events, err := w.Events(w.ctx, w.tenant, w.calendars[0].ID, "", 100)
	w.ok(err)
	var shown []string
	for _, e := range events {
		shown = append(shown, string(e.EventID)+" "+e.ETag)
	}
	return shown
}

// shows wants calendar 0 to show one event, that many hours after the epoch.
func (w *world) shows(e cal.Event, hours int) {
	w.Helper()
	events, err := w.Events(w.ctx, w.tenant, w.calendars[0].ID, "", 10)
	w.ok(err)
	from := epoch().Add(time.Duration(hours) * time.Hour)
	want := record.Observed{
		EventID: e.ID, ETag: e.ETag, Status: e.Status, Start: from, End: from.Add(time.Hour), Content: cal.Content{Slot: e.Content.Slot},
	}
	if len(events) != 1 || !reflect.DeepEqual(events[0], want) {
		w.Errorf("got %+v\nwant %+v", events, want)
	}
}

// settled claims the link, lets something happen, and settles on an event.
func (w *world) settled(link record.Link, e cal.Event, fresh bool, meanwhile func()) {
	w.Helper()
	w.mark(record.Mark{Kind: task.LinkPush, Subject: string(link.ID), Lane: task.Bulk, ConnectionID: w.connection})
	l := w.claim(w.push(link))
	if meanwhile != nil {
		meanwhile()
	}
	d := agreement(link, e, 1)
	d.Fresh = fresh
	w.told.take()
	w.ok(w.Settle(w.ctx, l, d))
}

// lookedAtAgain wants the link to be due, and to be read before anything is decided.
func (w *world) lookedAtAgain(link record.Link) {
	w.Helper()
	w.claim(w.push(link))
	c, err := w.Case(w.ctx, record.Lease{Ref: w.push(link)})
	w.ok(err)
	same(w.harness, "suspect", c.Suspect, true)
}

func mirrorAdds(h *harness) {
	w := h.newWorld(1)
	_, link := w.standing("b", "e", "1")
	sameList(h, "mirror", w.mirror(), []string{"e 1"})
	h.notDue(w.push(link))
}

func mirrorOwnWrite(h *harness) {
	w := h.newWorld(1)
	_, link := w.standing("b", "e", "1")
	moved := event("e", "2", content("x", 30))
	moved.Status = cal.StatusTentative
	w.settled(link, moved, false, nil)
	w.shows(moved, 30)
	h.notDue(w.push(link))
	link = w.linkOf(w.read("b"), 0)
	w.settled(link, event("e", "2", content("y", 24)), false, nil)
	sameList(h, "mirror", w.mirror(), []string{"e 2"})
	h.notDue(w.push(link))
}

func mirrorEcho(h *harness) {
	w := h.newWorld(1)
	_, link := w.standing("b", "e", "1")
	w.lists(event("e", "2", content("x", 30)))
	w.settled(link, event("e", "2", content("x", 30)), false, nil)
	sameList(h, "mirror", w.mirror(), []string{"e 2"})
	h.notDue(w.push(link))
}

func mirrorKeeps(h *harness) {
	w := h.newWorld(1)
	_, link := w.standing("b", "e", "1")
	w.settled(link, event("e", "2", content("x", 24)), false, func() { w.lists(event("e", "3", content("by a person", 30))) })
	sameList(h, "mirror", w.mirror(), []string{"e 3"})
	same(h, "hinted at", len(h.told.take()) > 0, true)
	w.lookedAtAgain(link)
}

func mirrorFresh(h *harness) {
	w := h.newWorld(1)
	_, link := w.standing("b", "e", "1")
	w.lists(event("e", "2", content("by a person", 30)))
	w.settled(link, event("e", "3", content("later", 31)), true, nil)
	sameList(h, "mirror", w.mirror(), []string{"e 3"})
	h.notDue(w.push(link))
}

func mirrorFreshButOlder(h *harness) {
	w := h.newWorld(1)
	_, link := w.standing("b", "e", "1")
	w.settled(link, event("e", "2", content("as it was read", 30)), true, func() { w.lists(event("e", "3", content("later", 31))) })
	sameList(h, "mirror", w.mirror(), []string{"e 3"})
	w.lookedAtAgain(link)
}

func mirrorFinds(h *harness) {
	w := h.newWorld(1)
	_, link := w.standing("b", "e", "1")
	same(h, "missed", w.snapshot(week()).Missed, 1)
	there := event("e", "1", content("x", 24))
	w.settled(link, there, true, nil)
	w.shows(there, 24)
	same(h, "missed for the first time", w.snapshot(week()).Missed, 1)
}

func mirrorFoundButOlder(h *harness) {
	w := h.newWorld(1)
	b := w.accept(w.booking("b", 1, 0))
	link := w.linkOf(b, 0)
	l := w.claim(w.push(link))
	w.lists(event("e", "3", content("later", 31)))
	d := agreement(link, event("e", "2", content("as it was found", 30)), 1)
	d.Fresh = true
	h.ok(h.Settle(h.ctx, l, d))
	sameList(h, "mirror", w.mirror(), []string{"e 3"})
	w.lookedAtAgain(link)
}

func mirrorLevels(h *harness) {
	w := h.newWorld(1)
	_, link := w.standing("b", "e", "1")
	title := func() string {
		events, err := w.Events(w.ctx, w.tenant, w.calendars[0].ID, "", 10)
		h.ok(err)
		same(h, "slot", events[0].Content.Slot.Equal(slot(24)), true)
		return events[0].Content.Title
	}
	same(h, "busy", title(), "")
	h.owner(`UPDATE calendars SET sync = 'full'`)
	w.settled(link, event("e", "2", content("Full", 24)), false, nil)
	same(h, "full", title(), "canary Full")
	h.owner(`UPDATE calendars SET sync = 'off', targeted = FALSE`)
	link = w.linkOf(w.read("b"), 0)
	w.settled(link, event("e", "3", content("Off", 24)), false, nil)
	same(h, "off", title(), "canary Full")
	same(h, "rows", slices.Contains(w.mirror(), "e 2"), true)
}
