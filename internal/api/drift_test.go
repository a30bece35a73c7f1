package api_test

import (
	"slices"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
)

// drift lets an audit find that so many bookings of one target have drifted.
func (b *bench) drift(names ...string) {
	b.Helper()
	var found []record.Finding
	for _, name := range names {
		if a := b.call("PUT", "/v1/bookings/"+name, b.spec(1, with("targets", to(b.google)))); a.status != 202 {
			b.Fatalf("%d %s", a.status, a.body)
		}
		f := record.Finding{
			AuditedLink: record.AuditedLink{ID: cal.LinkID(b.linksOf(name)[0]), BookingID: cal.BookingID(name), CalendarID: b.google}, Would: record.WouldPush,
			Fields: cal.Fields(cal.FieldTitle), Why: "the core has changed something",
		}
		f.Judge()
		found = append(found, f)
	}
	l, ok, err := b.store.Claim(b.Context(), task.Ref{Tenant: b.tenant, Kind: task.CalendarPoll, Subject: string(b.google)}, time.Minute)
	b.ok(err)
	if !ok {
		b.Fatal("the calendar cannot be claimed")
	}
	b.ok(b.store.ReportDrift(b.Context(), l, record.AuditReport{Found: found, Outcome: record.Served()}))
}

// A core sees what audits have found, page by page, and of what it asks for.
func TestDrift(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.drift("one", "two", "three")
	list := func(query string) (all []gen.Drift) {
		for cursor := ""; ; {
			var page gen.DriftPage
			b.call("GET", "/v1/drift?limit=2"+query+cursor, nil).into(t, 200, &page)
			all = append(all, page.Drift...)
			if page.NextCursor == nil {
				return all
			}
			cursor = "&cursor=" + *page.NextCursor
		}
	}
	all := list("")
	if len(all) != 3 || !slices.IsSortedFunc(all, func(a, b gen.Drift) int { return slices.Compare([]byte(a.LinkID), []byte(b.LinkID)) }) {
		t.Fatalf("%+v", all)
	}
	one := list("&booking_id=two")
	if len(one) != 1 || one[0].BookingID != "two" || one[0].Would != "push" || !slices.Equal(one[0].Fields, []string{"title"}) || one[0].FoundAt.IsZero() {
		t.Errorf("%+v", one)
	}
	if n, none := len(list("&calendar_id="+string(b.google))), len(list("&calendar_id="+string(b.graph))); n != 3 || none != 0 {
		t.Errorf("%d in the calendar, %d in another", n, none)
	}
}
