package store_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

func guardDecidedOnce(h *harness) {
	w := h.newWorld(1)
	_, gone := w.stand(8)
	w.lists(gone[:6]...)
	seen := w.openGuard()
	w.lists(gone[6])
	stale := record.GuardDecision{Approve: true, Seen: seen.Revision, Actor: "operator"}
	_, err := h.DecideGuard(h.ctx, w.tenant, seen.ID, stale)
	h.fails(err, record.ErrStale)
	same(h, "still open", w.openGuard().Events, 7)
	same(h, "nothing was decided", h.number(`SELECT COUNT(*) FROM deletions WHERE verdict = 'held'`), 7)
	stale.Seen = w.openGuard().Revision
	_, err = h.DecideGuard(h.ctx, w.tenant, seen.ID, stale)
	h.ok(err)
	for _, approve := range []bool{true, false} {
		_, err = h.DecideGuard(h.ctx, w.tenant, seen.ID, record.GuardDecision{Approve: approve, Actor: "operator"})
		h.fails(err, record.ErrDecided)
	}
	_, err = h.DecideGuard(h.ctx, w.tenant, "grd_unknown", stale)
	h.fails(err, record.ErrNotFound)
	_, err = h.DecideGuard(h.ctx, h.newTenant("other"), seen.ID, stale)
	h.fails(err, record.ErrNotFound)
	_, err = h.Guard(h.ctx, w.tenant, "grd_unknown")
	h.fails(err, record.ErrNotFound)
}

func guardLetsGo(h *harness) {
	w := h.newWorld(1)
	links, gone := w.stand(6)
	w.lists(gone...)
	for i, link := range links {
		w.accept(w.cancellation(w.read(link.BookingID), 2))
		l := h.claim(w.push(link))
		c, err := h.Case(h.ctx, l)
		h.ok(err)
		same(h, "the case says so", c.Deletion, record.DeletionHeld)
		removed := c.Link
		removed.Generation++
		removed.EventID, removed.State = "", record.LinkRemoved
		h.ok(h.Settle(h.ctx, l, record.Decision{Link: removed, Over: &c.Link, Outcome: record.Served()}))
		same(h, fmt.Sprint("open after ", i), len(w.guards("")) == 1, i < 5)
	}
	same(h, "ended", len(w.guards(record.GuardEnded)), 1)
}

// guardMessages are what the core was told of holds: how many events, or how it ended.
func (w *world) guardMessages() (all []string) {
	w.Helper()
	for _, m := range w.messages() {
		var g message.Guarded
		var u message.Unguarded
		switch m.Type {
		case message.CalendarGuarded:
			w.ok(json.Unmarshal(m.Data, &g))
			all = append(all, fmt.Sprint(g.Missing))
		case message.CalendarUnguarded:
			w.ok(json.Unmarshal(m.Data, &u))
			all = append(all, fmt.Sprint(u.Outcome, " ", u.Events))
		default:
			continue
		}
		if id := g.GuardID + u.GuardID; !strings.HasPrefix(id, "grd_") {
			w.Errorf("%s names the hold %q", m.Type, id)
		}
	}
	return all
}

func guardTellsAgain(h *harness) {
	w := h.newWorld(1)
	links, gone := w.stand(20)
	w.lists(gone[:6]...)
	sameList(h, "opened", w.guardMessages(), []string{"6"})
	w.lists(gone[6:11]...)
	sameList(h, "larger by five and less than twice as large", w.guardMessages(), []string{"6"})
	w.lists(gone[11])
	sameList(h, "twice as large", w.guardMessages(), []string{"6", "12"})
	w.lists(gone[12:]...)
	sameList(h, "less than twice as large again", w.guardMessages(), []string{"6", "12"})
	w.says(w.openGuard().ID, false)
	sameList(h, "rejected", w.guardMessages(), []string{"6", "12", "rejected 20"})
	w.finds(links[0], limits(0))
	same(h, "a rejected one is no other hold", len(w.guards("")), 0)
}

func guardTellsItsEnd(h *harness) {
	w := h.newWorld(1)
	_, gone := w.stand(6)
	w.lists(gone...)
	var back []cal.Event
	for _, e := range gone {
		back = append(back, event(string(e.ID), "2", content("Title 1", 24)))
	}
	w.lists(back[:5]...)
	sameList(h, "five are back", w.guardMessages(), []string{"6"})
	w.lists(back[5])
	sameList(h, "all are back", w.guardMessages(), []string{"6", "ended 0"})
	same(h, "open", len(w.guards("")), 0)
}

func guardDoubts(h *harness) {
	w := h.newWorld(2)
	links, gone := w.stand(8)
	poll := record.Lease{Ref: w.ref(task.CalendarPoll, string(w.calendars[0].ID))}
	doubted := func() []cal.LinkID {
		all, err := h.Doubted(h.ctx, poll)
		h.ok(err)
		return all
	}
	for i := range 5 {
		w.finds(links[i], limits(2))
	}
	same(h, "held", w.openGuard().Events, 3)
	sameList(h, "what only runs have missed", doubted(), []cal.LinkID{links[2].ID, links[3].ID, links[4].ID})
	h.owner(`UPDATE links SET updated_at = updated_at + 100000000 WHERE link_id = $1`, string(links[2].ID))
	sameList(h, "the longest ago first", doubted(), []cal.LinkID{links[3].ID, links[4].ID, links[2].ID})
	w.lists(gone[3])
	h.owner(`UPDATE events SET missing = 1 WHERE event_id = $1`, string(gone[4].ID))
	sameList(h, "what listings have missed too is not in doubt", doubted(), []cal.LinkID{links[2].ID})
	elsewhere, err := h.Doubted(h.ctx, record.Lease{Ref: w.ref(task.CalendarPoll, string(w.calendars[1].ID))})
	h.ok(err)
	same(h, "of another calendar", len(elsewhere), 0)
	w.says(w.openGuard().ID, true)
	same(h, "once it is decided", len(doubted()), 0)
}

func guardDistrustsTheStale(h *harness) {
	w := h.newWorld(1)
	links, gone := w.stand(6)
	w.lists(gone...)
	w.accept(w.booking(links[0].BookingID, 2, 0))
	l := h.claim(w.push(links[0]))
	w.lists(gone...) // it vanished again after the run has read it
	d := agreement(links[0], event("e0", "1", content("Title 1", 24)), 1)
	d.Over = &links[0]
	h.ok(h.Settle(h.ctx, l, d))
	same(h, "held", h.row(w.push(links[0])).HeldFor, record.HeldForGuard)
	same(h, "events", w.openGuard().Events, 6)
}

func guardReleasesOne(h *harness) {
	w := h.newWorld(1)
	links, gone := w.stand(6)
	w.lists(gone...)
	h.ok(h.Release(h.ctx, w.push(links[0]), "operator"))
	same(h, "events", w.openGuard().Events, 5)
	h.notDue(w.push(links[1]))
	w.says(w.openGuard().ID, false)
	w.conclude(links[0], limits(5)) // what is decided about the rest is not about this one
	w.conclude(links[1], limits(5))
	same(h, "told", w.removed(), 1)
	same(h, "audit", h.number(`SELECT COUNT(*) FROM audit WHERE action = 'deletion.approved' AND actor = 'operator'`), 1)
}

func guardLists(h *harness) {
	w := h.newWorld(1)
	_, gone := w.stand(6)
	w.lists(gone...)
	first := w.openGuard()
	w.says(first.ID, false)
	b := w.accept(w.booking("more", 1, 0))
	link := w.linkOf(b, 0)
	w.agreed(w.claim(w.push(link)), link, event("more", "1", content("Title 1", 24)), 1)
	w.finds(w.linkOf(w.read("more"), 0), limits(0)) // the first two are free
	same(h, "open", len(w.guards("")), 0)
	same(h, "rejected", len(w.guards(record.GuardRejected)), 1)
	all, err := h.GuardedDeletions(h.ctx, w.tenant, first.ID, "", 4)
	h.ok(err)
	rest, err := h.GuardedDeletions(h.ctx, w.tenant, first.ID, all[3].LinkID, 4)
	h.ok(err)
	same(h, "pages", fmt.Sprint(len(all), len(rest)), "4 2")
	same(h, "no overlap", slices.ContainsFunc(rest, func(d record.GuardedDeletion) bool { return slices.Contains(all, d) }), false)
	after, err := h.Guards(h.ctx, w.tenant, record.GuardFilter{State: record.GuardRejected}, first.ID, 10)
	h.ok(err)
	same(h, "after the last", len(after), 0)
	elsewhere, err := h.Guards(h.ctx, w.tenant, record.GuardFilter{State: record.GuardRejected, Calendar: "cal_other"}, "", 10)
	h.ok(err)
	same(h, "of another calendar", len(elsewhere), 0)
	strange, err := h.Guards(h.ctx, h.newTenant("other"), record.GuardFilter{State: record.GuardRejected}, "", 10)
	h.ok(err)
	same(h, "of another tenant", len(strange), 0)
}

func guardPrunes(h *harness) {
	w := h.newWorld(1)
	links, gone := w.stand(9)
	w.finds(links[8], limits(5))
	w.lists(gone[:6]...)
	w.says(w.openGuard().ID, false)
	w.conclude(links[0], limits(5))
	w.lists(gone[6], gone[7])
	h.clock.Advance(91 * 24 * time.Hour)
	prune := w.ref(task.TenantPrune, string(w.tenant))
	w.mark(record.Mark{Kind: prune.Kind, Subject: prune.Subject, Lane: task.Bulk})
	_, err := h.Prune(h.ctx, h.claim(prune), record.Served())
	h.ok(err)
	same(h, "decided holds", len(w.guards(record.GuardRejected)), 0)
	same(h, "what is decided and not yet done is kept", h.number(`SELECT COUNT(*) FROM deletions WHERE verdict = 'rejected'`), 5)
	same(h, "what is over is forgotten", h.number(`SELECT COUNT(*) FROM deletions WHERE verdict IN ('let', 'done', 'over')`), 0)
}

func raceGuard(h *harness) {
	w := h.newWorld(1)
	links, _ := w.stand(racers)
	leases := make([]record.Lease, racers)
	for i, link := range links {
		w.mark(record.Mark{Kind: task.LinkPush, Subject: string(link.ID), Lane: task.Interactive, ConnectionID: w.connection})
		leases[i] = w.claim(w.push(link))
	}
	for _, err := range race(racers, func(i int) error { return h.Settle(h.ctx, leases[i], deleted(links[i], limits(5))) }) {
		h.ok(err)
	}
	same(h, "told", w.removed(), 5)
	same(h, "held", w.openGuard().Events, racers-5)
	same(h, "messages", h.number(`SELECT COUNT(*) FROM messages WHERE type = 'calendar.guarded'`), 2) // of the first, and of six
	same(h, "waiting", h.number(`SELECT COUNT(*) FROM work WHERE held_for = 'guard'`), racers-5)
}

func raceDecideGuard(h *harness) {
	w := h.newWorld(1)
	_, gone := w.stand(6)
	w.lists(gone...)
	g := w.openGuard()
	h.oneWins(race(racers, func(i int) error {
		_, err := h.DecideGuard(h.ctx, w.tenant, g.ID, record.GuardDecision{Approve: i%2 == 0, Actor: fmt.Sprint("operator ", i)})
		return err
	}), record.ErrDecided)
	same(h, "one verdict for all", h.number(`SELECT COUNT(DISTINCT verdict) FROM deletions`), 1)
	same(h, "audit", h.number(`SELECT COUNT(*) FROM audit WHERE action IN ('guard.approved', 'guard.rejected')`), 1)
}

// guardMeetsListing lets a listing that shows the same deletions, and more, meet the approval of those that are held: none of them is lost between
// the two, each is either approved or held, and what is approved is due.
func guardMeetsListing(h *harness) {
	for round := range 8 {
		w := h.newWorld(1)
		links, gone := w.stand(14)
		w.lists(gone[:7]...)
		g := w.openGuard()
		h.clock.Advance(time.Second)
		sync, on := w.listing(0, cal.Delta)
		errs := race(2, func(i int) error {
			if (i+round)%2 == 0 {
				_, err := h.DecideGuard(h.ctx, w.tenant, g.ID, record.GuardDecision{Approve: true, Actor: "operator"})
				return err
			}
			_, err := h.Publish(h.ctx, sync, w.delta(on, gone...))
			return err
		})
		h.ok(errors.Join(errs...))
		held := h.number(`SELECT COUNT(*) FROM deletions WHERE tenant_id = $1 AND verdict = 'held'`, string(w.tenant))
		approved := h.number(`SELECT COUNT(*) FROM deletions WHERE tenant_id = $1 AND verdict = 'approved'`, string(w.tenant))
		same(h, "approved or held", held+approved, 14)
		same(h, "held work", h.number(`SELECT COUNT(*) FROM work WHERE tenant_id = $1 AND held_for = 'guard'`, string(w.tenant)), held)
		open := 0
		for _, is := range w.guards("") {
			open += is.Events
		}
		same(h, "open holds hold", open, held)
		for _, link := range links[:7] {
			w.claim(w.push(link)) // whoever came first, these were seen and approved
		}
	}
}

// guardMeetsRun lets a run that finds a held event gone meet the operator's word: the run's end obeys it, or the next run does.
func guardMeetsRun(h *harness) {
	for round := range 8 {
		w := h.newWorld(1)
		links, gone := w.stand(6)
		w.lists(gone...)
		g := w.openGuard()
		w.accept(w.booking(links[0].BookingID, 2, 0))
		l := h.claim(w.push(links[0]))
		approve := round%2 == 0
		errs := race(2, func(i int) error {
			if i == 0 {
				return h.Settle(h.ctx, l, deleted(links[0], limits(5)))
			}
			_, err := h.DecideGuard(h.ctx, w.tenant, g.ID, record.GuardDecision{Approve: approve, Actor: "operator"})
			return err
		})
		h.ok(errors.Join(errs...))
		if now := w.linkOf(w.read(links[0].BookingID), 0); now.EventID != "" {
			w.conclude(now, limits(5))
		}
		want := record.LinkDiverged
		if !approve {
			want = record.LinkPending
		}
		same(h, "obeyed", w.linkOf(w.read(links[0].BookingID), 0).State, want)
	}
}
