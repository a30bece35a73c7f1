package store_test

import (
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

// discovery lists the account's calendars, as the daily schedule does.
func (w *world) discovery(all ...cal.Calendar) {
	w.Helper()
	ref := w.ref(task.ConnectionDiscover, string(w.connection))
	w.mark(record.Mark{Kind: ref.Kind, Subject: ref.Subject, Lane: task.Background, ConnectionID: w.connection, Reset: true})
	daily := record.Served()
	daily.Again, daily.NotBefore = true, w.clock.Now().Add(day)
	w.ok(w.Discovered(w.ctx, w.claim(ref), record.Discovery{
		Connection: w.connection, Calendars: all, Outcome: daily, Recheck: w.clock.Now().Add(time.Minute),
	}))
}

func (w *world) listedAs(n int) cal.Calendar {
	return cal.Calendar{ID: w.calendars[n].Remote, Name: "canary", Primary: n == 0, Owner: "canary@example.test", Writable: true}
}

func calendarsDoubted(h *harness) {
	w := h.newWorld(2)
	next := func() time.Duration {
		return h.row(w.ref(task.ConnectionDiscover, string(w.connection))).NotBefore.Sub(h.clock.Now())
	}
	w.discovery(w.listedAs(0), w.listedAs(1))
	same(h, "all are there", next(), day)
	w.discovery(w.listedAs(0))
	same(h, "one is missing", next(), time.Minute)
	w.discovery(w.listedAs(0))
	same(h, "it has vanished", next(), day)
	w.discovery(w.listedAs(0))
	same(h, "it stays away", next(), day)
}

func calendarsBack(h *harness) {
	w := h.newWorld(2)
	b := w.accept(w.booking("b", 1, 0, 1))
	for _, kind := range []task.Kind{task.CalendarSync, task.CalendarWatch} {
		h.served(w.ref(kind, string(w.calendars[1].ID)))
	}
	for n := range 2 {
		h.ok(h.Finish(h.ctx, w.claim(w.push(w.linkOf(b, n))), record.Outcome{
			State: record.Dead, Attempts: 100, Crashes: 2, Reason: "403", NotBefore: h.clock.Now().Add(time.Hour),
		}))
	}
	asks := w.push(w.linkOf(w.accept(w.booking("asks", 1, 1)), 1))
	h.ok(h.Finish(h.ctx, w.claim(asks), record.Outcome{State: record.Held, HeldFor: record.HeldForApproval}))
	w.discovery(w.listedAs(0))
	w.discovery(w.listedAs(0))
	h.notDue(w.ref(task.CalendarSync, string(w.calendars[1].ID)))
	w.discovery(w.listedAs(0), w.listedAs(1))
	for _, kind := range []task.Kind{task.CalendarSync, task.CalendarWatch} {
		h.served(w.ref(kind, string(w.calendars[1].ID)))
	}
	h.notDue(w.push(w.linkOf(b, 0))) // it died of something else
	w.revived(w.push(w.linkOf(b, 1)))
	h.notDue(asks) // nobody has approved it
}

// The owner has picked another account at the provider: what is listed is none of the connection's business.
func anotherAccount(h *harness) {
	w := h.newWorld(1)
	w.accept(w.booking("b", 1, 0))
	w.die()
	w.reconnect()
	before := h.dump("calendars")
	discover := w.ref(task.ConnectionDiscover, string(w.connection))
	h.ok(h.Discovered(h.ctx, w.claim(discover), record.Discovery{
		Connection: w.connection, Outcome: record.Served(),
		Calendars: []cal.Calendar{{ID: "remote-of-another", Name: "canary", Primary: true, Owner: "canary-other@example.test", Writable: true}},
	}))
	h.unchanged(before, "calendars")
	c, err := h.Connection(h.ctx, w.tenant, w.connection)
	h.ok(err)
	same(h, "account", c.Account, "canary@example.test")
	same(h, "state", c.State, cal.ConnectionNeedsReauth)
	same(h, "reason", c.Reason, "another account was connected than before: connect the first one again")
	types := w.types()
	same(h, "told", types[len(types)-1], message.ConnectionNeedsReauth)
	same(h, "held for", h.row(discover).HeldFor, record.HeldForReauth)
	w.reconnect()
	owner := w.listedAs(0)
	owner.Owner = "canary-married@example.test" // the address is another one, the calendar is not
	h.ok(h.Discovered(h.ctx, w.claim(discover), record.Discovery{Connection: w.connection, Calendars: []cal.Calendar{owner}, Outcome: record.Served()}))
	c, err = h.Connection(h.ctx, w.tenant, w.connection)
	h.ok(err)
	same(h, "the first one again", c.State, cal.ConnectionActive)
	same(h, "by its new address", c.Account, "canary-married@example.test")
}
