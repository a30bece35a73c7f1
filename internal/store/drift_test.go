package store_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

func driftTrials() []trial {
	return []trial{
		{"drift: links are listed page by page, each with what is wanted of it", driftLists},
		{"drift: a filter chooses links", driftFilters},
	}
}

// audited are the links that a filter chooses, read in pages of two.
func (w *world) audited(f record.AuditFilter) []record.AuditedLink {
	w.Helper()
	var all []record.AuditedLink
	for after := cal.LinkID(""); ; after = all[len(all)-1].ID {
		page, err := w.AuditedLinks(w.ctx, w.tenant, f, after, 2)
		w.ok(err)
		if all = append(all, page...); len(page) < 2 {
			return all
		}
	}
}

func driftLists(h *harness) {
	w := h.newWorld(1)
	var links []record.Link
	for i := range 5 {
		links = append(links, w.linkOf(w.accept(w.booking(cal.BookingID(fmt.Sprintf("b%d", i)), 1, 0)), 0))
	}
	served, held, dead, waiting := links[1], links[2], links[3], links[4]
	synced := fullLink(served)
	synced.State = record.LinkSynced
	h.ok(h.Settle(h.ctx, w.claim(w.push(served)), record.Decision{Link: synced, Outcome: record.Served()}))
	h.ok(h.Finish(h.ctx, w.claim(w.push(held)), record.Outcome{State: record.Held, HeldFor: record.HeldForApproval, Reason: "guests"}))
	h.ok(h.Finish(h.ctx, w.claim(w.push(dead)), record.Outcome{State: record.Dead, Reason: "forbidden"}))
	later := h.clock.Now().Add(leaseTime)
	h.ok(h.Finish(h.ctx, w.claim(w.push(waiting)), record.Outcome{State: record.Ready, NotBefore: later}))
	got := w.audited(record.AuditFilter{})
	if !slices.IsSortedFunc(got, func(a, b record.AuditedLink) int { return compareText(a.ID, b.ID) }) || len(got) != len(links) {
		h.Fatalf("%+v", got)
	}
	for _, l := range links {
		i := slices.IndexFunc(got, func(a record.AuditedLink) bool { return a.ID == l.ID })
		a := got[i]
		want := record.AuditedLink{
			ID: l.ID, BookingID: l.BookingID, CalendarID: l.CalendarID, ConnectionID: w.connection, Provider: cal.Google, State: record.LinkPending,
			ChangedAt: h.clock.Now().UTC(), Work: a.Work,
		}
		if l.ID == served.ID {
			want.State = record.LinkSynced
		}
		if l.ID == dead.ID {
			want.State = a.State // giving up writes the link too
		}
		same(h, "link of "+string(l.BookingID), a, want)
	}
	work := func(l record.Link) record.AuditedWork {
		w := got[slices.IndexFunc(got, func(a record.AuditedLink) bool { return a.ID == l.ID })].Work
		return record.AuditedWork{State: w.State, HeldFor: w.HeldFor, Reason: w.Reason}
	}
	same(h, "due", work(links[0]), record.AuditedWork{State: record.Ready})
	same(h, "served", work(served), record.AuditedWork{})
	same(h, "held", work(held), record.AuditedWork{State: record.Held, HeldFor: record.HeldForApproval, Reason: "guests"})
	same(h, "dead", work(dead), record.AuditedWork{State: record.Dead, Reason: "forbidden"})
	same(h, "waiting", work(waiting), record.AuditedWork{State: record.Ready})
	if at := got[slices.IndexFunc(got, func(a record.AuditedLink) bool { return a.ID == waiting.ID })].Work.NotBefore; !at.Equal(later) {
		h.Errorf("it waits until %s, want %s", at, later)
	}
}

func driftFilters(h *harness) {
	w := h.newWorld(2)
	w.accept(w.booking("one", 1, 0, 1))
	w.accept(w.booking("two", 1, 0))
	h.insertWork(task.Ref{Tenant: w.tenant, Kind: task.DeliverySend, Subject: "dlv"}, nil)
	for want, f := range map[string]record.AuditFilter{
		"3 links":                    {},
		"3 links of the connection":  {Connection: w.connection},
		"0 links of another":         {Connection: "con_other"},
		"2 links in the calendar":    {Calendar: w.calendars[0].ID},
		"1 link in the second":       {Calendar: w.calendars[1].ID},
		"2 links of the booking":     {Booking: "one"},
		"1 link of the booking here": {Booking: "one", Calendar: w.calendars[1].ID, Connection: w.connection},
		"0 links of no booking":      {Booking: "three"},
	} {
		if n := len(w.audited(f)); fmt.Sprint(n) != want[:1] {
			h.Errorf("%d links, want %s", n, want)
		}
	}
	stranger := &world{harness: h, tenant: h.newTenant("stranger")}
	if n := len(stranger.audited(record.AuditFilter{})); n != 0 {
		h.Errorf("another tenant sees %d links", n)
	}
}

func compareText(a, b cal.LinkID) int { return strings.Compare(string(a), string(b)) }
