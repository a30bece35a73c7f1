package store_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

func guardTrials() []trial {
	return []trial{
		{"guard: what trickles counts for a day", guardTrickles},
		{"guard: one calendar's deletions are not another's", guardKeepsApart},
		{"guard: a share of what is booked, and never one or two", guardShares},
		{"guard: a listing counts what was let through that day", guardCountsBoth},
		{"guard: one hold, which grows and is told once", guardGrows},
		{"guard: nothing more is let through while a hold is open", guardStaysShut},
		{"guard: what comes back ends the hold by itself", guardEnds},
		{"guard: what comes back and goes again is held again", guardHoldsAgain},
		{"guard: approved deletions go through, and the count begins anew", guardApproves},
		{"guard: rejected deletions are made anew, once", guardRejects},
		{"guard: decided once, about what was seen", guardDecidedOnce},
		{"guard: what is not wanted any more leaves the hold", guardLetsGo},
		{"guard: a hold that has become much larger is told again", guardTellsAgain},
		{"guard: the end of a hold is told", guardTellsItsEnd},
		{"guard: what only runs have missed is worth another look", guardDoubts},
		{"guard: an event that was seen before it vanished again stays held", guardDistrustsTheStale},
		{"guard: released work is approved alone", guardReleasesOne},
		{"guard: holds are listed page by page, the open ones by themselves", guardLists},
		{"guard: what is forgotten, and what is not", guardPrunes},
		{"race: no more is let through than the limit", raceGuard},
		{"race: a hold is decided once", raceDecideGuard},
	}
}

// postgresGuardTrials need a database that runs transactions side by side.
func postgresGuardTrials() []trial {
	return []trial{
		{"meet: a decision and a listing that shows the same and more", guardMeetsListing},
		{"meet: a decision and a run that finds the event gone", guardMeetsRun},
	}
}

func limits(count int) record.GuardLimits { return record.GuardLimits{Count: count, Percent: 100} }

// deleted is the decision that the link's event was deleted, as a reconciliation hands it over.
func deleted(link record.Link, g record.GuardLimits) record.Decision {
	buried := link
	buried.Generation++
	buried.EventID, buried.ETag, buried.Base = "", "", nil
	d := record.Decision{Link: buried, Outcome: record.Served(), Removal: &record.Removal{Limits: g, Link: link}}
	d.Link.State = record.LinkDiverged
	d.Reports = []record.Report{{Type: message.BookingRemoved, Version: 1, Revise: true, Diverged: true}}
	d.Removal.Held = record.Decision{Link: link, Outcome: record.Outcome{State: record.Held, HeldFor: record.HeldForGuard, Reason: "many"}}
	d.Removal.Anew = record.Decision{Link: buried, Outcome: record.Outcome{State: record.Ready}}
	d.Removal.Anew.Link.State = record.LinkPending
	return d
}

// finds lets a run find the link's event deleted, and returns how the link's work stands then.
func (w *world) finds(link record.Link, g record.GuardLimits) record.Work {
	w.Helper()
	w.clock.Advance(time.Second)
	w.mark(record.Mark{Kind: task.LinkPush, Subject: string(link.ID), Lane: task.Interactive, ConnectionID: w.connection})
	w.ok(w.Settle(w.ctx, w.claim(w.push(link)), deleted(link, g)))
	return w.row(w.push(link))
}

// stand makes n bookings whose events stand in calendar 0.
func (w *world) stand(n int) (links []record.Link, gone []cal.Event) {
	w.Helper()
	for i := range n {
		_, link := w.standing(bookingNo(i), fmt.Sprint("e", i), "1")
		links, gone = append(links, link), append(gone, tombstone(fmt.Sprint("e", i)))
	}
	return links, gone
}

func (w *world) guards(state record.GuardState) []record.Guard {
	w.Helper()
	all, err := w.Guards(w.ctx, w.tenant, record.GuardFilter{State: state}, "", 100)
	w.ok(err)
	return all
}

// openGuard is the only hold that is open.
func (w *world) openGuard() record.Guard {
	w.Helper()
	all := w.guards("")
	if len(all) != 1 {
		w.Fatalf("%d holds are open, want one: %+v", len(all), all)
	}
	return all[0]
}

func (w *world) says(id string, approve bool) record.Guard {
	w.Helper()
	g, err := w.DecideGuard(w.ctx, w.tenant, id, record.GuardDecision{Approve: approve, Actor: "operator"})
	w.ok(err)
	return g
}

// removed counts the messages that tell of a deletion.
func (w *world) removed() int {
	w.Helper()
	return w.number(`SELECT COUNT(*) FROM messages WHERE type = 'booking.removed'`)
}

func guardTrickles(h *harness) {
	w := h.newWorld(1)
	links, _ := w.stand(8)
	for i, link := range links[:5] {
		same(h, fmt.Sprint("deletion ", i), w.finds(link, limits(5)).State, record.Ready)
		h.clock.Advance(4 * time.Hour)
	}
	held := w.finds(links[5], limits(5))
	same(h, "the sixth is held for", held.HeldFor, record.HeldForGuard)
	same(h, "told", w.removed(), 5)
	link := w.linkOf(w.read(links[5].BookingID), 0)
	same(h, "the held one keeps its event", link.EventID, "e5")
	same(h, "its state", link.State, record.LinkSynced)
	g := w.openGuard()
	same(h, "events", g.Events, 1)
	same(h, "reason", g.Reason, "6 booked events vanished within a day, and more than 5 are not believed without a person's word")
	h.ok(h.Release(h.ctx, w.push(links[5]), "operator"))
	same(h, "holds", len(w.guards("")), 0)
	same(h, "approved alone", w.conclude(links[5], limits(5)).State, record.Ready)
	h.clock.Advance(5 * time.Hour) // the first two are a day old
	same(h, "a day after the first", w.finds(links[6], limits(5)).State, record.Ready)
	same(h, "told", w.removed(), 7)
}

// conclude lets a run that is due find the link's event deleted.
func (w *world) conclude(link record.Link, g record.GuardLimits) record.Work {
	w.Helper()
	w.ok(w.Settle(w.ctx, w.claim(w.push(link)), deleted(link, g)))
	return w.row(w.push(link))
}

func guardKeepsApart(h *harness) {
	w := h.newWorld(2)
	var here, there []record.Link
	for i := range 3 {
		_, link := w.standing(bookingNo(i), fmt.Sprint("e", i), "1")
		here = append(here, link)
		b := w.accept(w.booking(cal.BookingID(fmt.Sprint("other", i)), 1, 1))
		other := w.linkOf(b, 1)
		w.agreed(w.claim(w.push(other)), other, event(fmt.Sprint("e", i), "1", content("Title 1", 24)), 1)
		there = append(there, w.linkOf(w.read(b.ID), 1))
	}
	for i := range 2 {
		w.finds(here[i], limits(2))
		same(h, "the other calendar", w.finds(there[i], limits(2)).State, record.Ready)
	}
	same(h, "beyond", w.finds(here[2], limits(2)).State, record.Held)
	same(h, "calendar", w.openGuard().CalendarID, w.calendars[0].ID)
	same(h, "connection", w.openGuard().ConnectionID, w.connection)
	same(h, "provider", w.openGuard().Provider, cal.Google)
}

func guardShares(h *harness) {
	w := h.newWorld(1)
	links, _ := w.stand(7)
	half := record.GuardLimits{Count: 100, Percent: 50}
	for i := range 2 {
		w.accept(w.cancellation(w.read(links[5+i].BookingID), 2)) // not booked any more
		h.ok(h.Finish(h.ctx, h.claim(w.push(links[5+i])), record.Served()))
	}
	for i := range 2 {
		same(h, fmt.Sprint("deletion ", i), w.finds(links[i], half).State, record.Ready)
	}
	same(h, "the third of five", w.finds(links[2], half).State, record.Held)
	same(h, "reason", w.openGuard().Reason, "3 of 5 booked events vanished within a day, and more than 50 % are not believed without a person's word")
	quiet := h.newWorld(1)
	alone, _ := quiet.stand(2)
	none := record.GuardLimits{Count: 0, Percent: 1}
	same(h, "one of two", quiet.finds(alone[0], none).State, record.Ready)
	same(h, "two of two", quiet.finds(alone[1], none).State, record.Ready)
}

func guardCountsBoth(h *harness) {
	w := h.newWorld(1)
	links, gone := w.stand(7)
	for i := range 3 {
		w.finds(links[i], limits(5))
	}
	same(h, "as many as are allowed", w.lists(gone[3], gone[4]), record.Published{Raised: 2, Vanished: 2})
	for _, link := range links[3:5] { // they were there after all
		w.agreed(w.claim(w.push(link)), link, event(string(link.EventID), "1", content("Title 1", 24)), 1)
	}
	same(h, "one more", w.lists(gone[3], gone[4], gone[5]), record.Published{Raised: 3, Vanished: 3, Guarded: true})
	same(h, "events", w.openGuard().Events, 3)
	same(h, "none of those let through", h.row(w.push(links[0])).State, record.Ready)
}

func guardGrows(h *harness) {
	w := h.newWorld(1)
	links, gone := w.stand(10)
	before := len(w.messages())
	for range 3 {
		same(h, "published", w.lists(gone[:6]...).Guarded, true)
	}
	g := w.openGuard()
	same(h, "events", g.Events, 6)
	same(h, "revision", g.Revision, 1)
	w.lists(append(slices.Clone(gone[:8]), event("e9", "2", content("edited", 3)))...)
	again := w.openGuard()
	same(h, "the same hold", again.ID, g.ID)
	same(h, "grown to", again.Events, 8)
	same(h, "revision", again.Revision, 2)
	same(h, "opened at", again.OpenedAt, g.OpenedAt)
	h.notDue(w.push(links[7]))
	h.claim(w.push(links[9])) // the rest of the calendar goes on
	told := w.messages()[before:]
	same(h, "told", len(told), 1)
	same(h, "message", strings.Contains(string(told[0].Data), g.ID), true)
	same(h, "opened", h.number(`SELECT COUNT(*) FROM audit WHERE action = 'guard.opened' AND subject = $1`, g.ID), 1)
	same(h, "grown", h.number(`SELECT COUNT(*) FROM audit WHERE action = 'guard.grown' AND subject = $1`, g.ID), 1)
	all, err := h.GuardedDeletions(h.ctx, w.tenant, g.ID, "", 100)
	h.ok(err)
	same(h, "deletions", len(all), 8)
	same(h, "booking", string(all[0].BookingID) != "" && all[0].Verdict == record.DeletionHeld, true)
}

func guardStaysShut(h *harness) {
	w := h.newWorld(1)
	links, gone := w.stand(9)
	w.lists(gone[:6]...)
	same(h, "found by a run", w.finds(links[7], record.GuardLimits{Count: 100, Percent: 100}).HeldFor, record.HeldForGuard)
	same(h, "events", w.openGuard().Events, 7)
	same(h, "told", w.removed(), 0)
	// A new version lets the link run, and the deletion is held all the same.
	next := w.booking(links[0].BookingID, 2, 0)
	w.accept(next)
	same(h, "a new version", w.conclude(links[0], limits(5)).HeldFor, record.HeldForGuard)
	same(h, "events", w.openGuard().Events, 7)
	same(h, "told", w.removed(), 0)
}

func guardEnds(h *harness) {
	w := h.newWorld(1)
	links, gone := w.stand(6)
	w.lists(gone...)
	g := w.openGuard()
	there := func(i int) cal.Event { return event(fmt.Sprint("e", i), "1", content("Title 1", 24)) }
	w.lists(there(0), there(1))
	same(h, "events", w.openGuard().Events, 4)
	same(h, "revision", w.openGuard().Revision, 2)
	h.claim(w.push(links[0]))
	h.notDue(w.push(links[2]))
	w.lists(there(2), there(3), there(4), there(5))
	same(h, "open", len(w.guards("")), 0)
	ended := w.guards(record.GuardEnded)
	same(h, "ended", len(ended) == 1 && ended[0].ID == g.ID && ended[0].DecidedBy == record.ActorEngine, true)
	for _, link := range links[2:] {
		h.claim(w.push(link))
	}
	same(h, "audit", h.number(`SELECT COUNT(*) FROM audit WHERE action = 'guard.ended' AND subject = $1`, g.ID), 1)
}

func guardHoldsAgain(h *harness) {
	w := h.newWorld(1)
	_, gone := w.stand(6)
	w.lists(gone...)
	first := w.openGuard()
	back := []cal.Event{}
	for i := range 6 {
		back = append(back, event(fmt.Sprint("e", i), "1", content("Title 1", 24)))
	}
	w.lists(back...)
	same(h, "again", w.lists(gone...).Guarded, true)
	second := w.openGuard()
	same(h, "another hold", second.ID != first.ID, true)
	same(h, "events", second.Events, 6)
	all, err := h.GuardedDeletions(h.ctx, w.tenant, second.ID, "", 100)
	h.ok(err)
	same(h, "deletions", len(all), 6)
}

func guardApproves(h *harness) {
	w := h.newWorld(1)
	links, gone := w.stand(12)
	for i := range 5 {
		w.finds(links[i], limits(5))
	}
	w.lists(gone[5:8]...)
	g := w.openGuard()
	h.clock.Advance(time.Minute)
	after := w.says(g.ID, true)
	same(h, "state", after.State, record.GuardApproved)
	same(h, "events", after.Events, 3)
	same(h, "by", after.DecidedBy, "operator")
	for _, link := range links[5:8] {
		same(h, "audit", h.number(`SELECT COUNT(*) FROM audit WHERE action = 'deletion.approved' AND booking_id = $1`, string(link.BookingID)), 1)
		same(h, "goes through", w.conclude(link, limits(5)).State, record.Ready)
		same(h, "diverged", w.linkOf(w.read(link.BookingID), 0).State, record.LinkDiverged)
	}
	same(h, "told", w.removed(), 8)
	same(h, "done", h.number(`SELECT COUNT(*) FROM deletions WHERE verdict = 'done'`), 3)
	same(h, "the next one counts as the first", w.finds(links[8], limits(5)).State, record.Ready)
	same(h, "and a listing again", w.lists(gone[9:]...).Guarded, false)
}

func guardRejects(h *harness) {
	w := h.newWorld(1)
	links, gone := w.stand(8)
	for i := range 5 {
		w.finds(links[i], limits(5))
	}
	w.lists(gone[5], gone[6])
	after := w.says(w.openGuard().ID, false)
	same(h, "state", after.State, record.GuardRejected)
	same(h, "to be done", w.conclude(links[5], limits(5)).State, record.Ready)
	made := w.linkOf(w.read(links[5].BookingID), 0)
	same(h, "anew", made.State, record.LinkPending)
	same(h, "generation", made.Generation, links[5].Generation+1)
	same(h, "told", w.removed(), 5)
	// The other one is there after all. Should a person delete it later, that is another question.
	d := agreement(links[6], event("e6", "2", content("Title 1", 24)), 1)
	d.Over = &links[6]
	h.ok(h.Settle(h.ctx, h.claim(w.push(links[6])), d))
	same(h, "a rejection starts no count", w.finds(w.linkOf(w.read(links[6].BookingID), 0), limits(5)).State, record.Held)
	same(h, "a new hold", w.openGuard().Events, 1)
}
