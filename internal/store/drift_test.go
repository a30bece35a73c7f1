package store_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

func driftTrials() []trial {
	return []trial{
		{"drift: links are listed page by page, each with what is wanted of it", driftLists},
		{"drift: a filter chooses links", driftFilters},
		{"drift: what is found begins, goes on and ends, and no link changes", driftReported},
		{"drift: an audit goes on where it was", driftResumed},
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

// found is a finding about a link.
func found(l record.Link, would record.Would) record.Finding {
	f := record.Finding{
		AuditedLink: record.AuditedLink{ID: l.ID, BookingID: l.BookingID, CalendarID: l.CalendarID}, Would: would, Why: "why",
		Fields: cal.Fields(cal.FieldTitle | cal.FieldLocation), Person: cal.Fields(cal.FieldSlot),
	}
	f.Judge()
	return f
}

// audit reports findings about the first calendar.
func (w *world) audit(r record.AuditReport) {
	w.Helper()
	ref := w.ref(task.CalendarAudit, string(w.calendars[0].ID))
	w.clock.Advance(max(0, w.row(ref).NotBefore.Sub(w.clock.Now())))
	r.Outcome = record.Outcome{State: record.Ready, Served: true, Again: true}
	w.ok(w.ReportDrift(w.ctx, w.claim(ref), r))
}

func (w *world) drifts(f record.AuditFilter) (out []record.Drift) {
	w.Helper()
	for after := cal.LinkID(""); ; after = out[len(out)-1].LinkID {
		page, err := w.Drifts(w.ctx, w.tenant, f, after, 1)
		w.ok(err)
		if len(page) == 0 {
			return out
		}
		out = append(out, page...)
	}
}

func driftReported(h *harness) {
	w := h.newWorld(1)
	one := w.linkOf(w.accept(w.booking("one", 1, 0)), 0)
	two := w.linkOf(w.accept(w.booking("two", 1, 0)), 0)
	links := h.dump("links", "events", "bookings", "messages")
	w.audit(record.AuditReport{Found: []record.Finding{found(one, record.WouldPush), found(two, record.WouldReport)}})
	began := h.clock.Now().UTC()
	want := record.Drift{
		LinkID: one.ID, BookingID: "one", CalendarID: one.CalendarID, Would: record.WouldPush, Fields: []string{"title", "location"},
		Person: []string{"slot"}, Why: "why", FoundAt: began, SeenAt: began,
	}
	sameDrift := func(what string) {
		h.Helper()
		if got := w.drifts(record.AuditFilter{Booking: "one"}); len(got) != 1 || !reflect.DeepEqual(got[0], want) {
			h.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
		}
	}
	sameDrift("drift that begins")
	h.clock.Advance(time.Hour)
	w.audit(record.AuditReport{Found: []record.Finding{found(one, record.WouldDelete), found(two, record.WouldFail)}})
	want.Would, want.SeenAt = record.WouldDelete, h.clock.Now().UTC()
	sameDrift("drift that goes on")
	if all := w.drifts(record.AuditFilter{Calendar: one.CalendarID}); len(all) != 2 || !all[1].SeenAt.Equal(began) {
		h.Errorf("of what could not be looked at nothing more is known: %+v", all)
	}
	w.audit(record.AuditReport{Found: []record.Finding{found(one, record.WouldNothing), found(two, record.WouldNothing)}, Whole: true})
	same(h, "drifts in the end", len(w.drifts(record.AuditFilter{})), 0)
	h.unchanged(links, "links", "events", "bookings", "messages")
	for action, n := range map[string]int{"link.drifted": 2, "link.drift_ended": 2, "calendar.audited": 1} {
		same(h, action, h.number(`SELECT COUNT(*) FROM audit WHERE action = '`+action+`'`), n)
	}
	same(h, "in the booking's history", h.number(`SELECT COUNT(*) FROM audit WHERE booking_id = 'one' AND action LIKE 'link.drift%'`), 2)
}

func driftResumed(h *harness) {
	w := h.newWorld(2)
	var links []record.Link
	for i := range 3 {
		links = append(links, w.linkOf(w.accept(w.booking(cal.BookingID(fmt.Sprintf("b%d", i)), 1, 0)), 0))
	}
	w.accept(w.booking("elsewhere", 1, 1))
	ref := w.ref(task.CalendarAudit, string(w.calendars[0].ID))
	if first := h.row(ref).NotBefore.Sub(h.clock.Now()); first != 24*time.Hour {
		h.Errorf("the first audit is after %s", first)
	}
	read := func() (record.DriftAudit, []cal.LinkID) {
		a, next, err := w.CalendarAudit(w.ctx, record.Lease{Ref: ref}, 2)
		w.ok(err)
		var ids []cal.LinkID
		for _, l := range next {
			ids = append(ids, l.ID)
			if l.ConnectionID != w.connection || l.Provider != cal.Google || l.Work.State != record.Ready || l.ChangedAt.IsZero() {
				h.Errorf("%+v", l)
			}
		}
		return a, ids
	}
	all := w.audited(record.AuditFilter{Calendar: w.calendars[0].ID})
	a, ids := read()
	same(h, "before the first", a.StartedAt.IsZero() && a.FinishedAt.IsZero() && a.Calendar.ID == w.calendars[0].ID, true)
	sameList(h, "the first page", ids, []cal.LinkID{all[0].ID, all[1].ID})
	a.StartedAt = h.clock.Now().UTC()
	a.Count([]record.Finding{found(links[0], record.WouldPush), found(links[1], record.WouldFail)})
	a.After = all[1].ID
	w.audit(record.AuditReport{Audit: a})
	b, ids := read()
	same(h, "counted", []int64{b.Links, b.Drifted, b.Unreachable}[0]*100+b.Drifted*10+b.Unreachable, 211)
	same(h, "began", b.StartedAt, a.StartedAt)
	sameList(h, "the second page", ids, []cal.LinkID{all[2].ID})
	w.audit(record.AuditReport{Audit: b, Whole: true})
	c, ids := read()
	sameList(h, "the first page again", ids, []cal.LinkID{all[0].ID, all[1].ID})
	same(h, "finished", c.FinishedAt, h.clock.Now().UTC())
}
