package api_test

import (
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
)

// copied makes a booking whose meeting stands in so many events of another mailbox too.
func (b *bench) copied(id cal.BookingID, names ...string) {
	b.Helper()
	if a := b.call("PUT", "/v1/bookings/"+string(id), b.spec(1, with("targets", to(b.google)))); a.status != 202 {
		b.Fatalf("%d %s", a.status, a.body)
	}
	var slot cal.Slot
	b.settle(id, func(d *record.Decision) {
		d.Link.EventID = cal.EventID("event-" + string(id))
		slot = d.Link.Base.Read.Slot
		d.Event = &cal.Event{
			ID: d.Link.EventID, ETag: "etag", Status: cal.StatusConfirmed, ICalUID: string(id) + "@example.com", Content: d.Link.Base.Read,
		}
	})
	level := cal.SyncFull
	_, err := b.store.ChooseCalendar(b.Context(), b.tenant, b.graph, record.CalendarChoice{Sync: &level, Actor: "test"})
	b.ok(err)
	l, ok, err := b.store.Claim(b.Context(), task.Ref{Tenant: b.tenant, Kind: task.CalendarSync, Subject: string(b.graph)}, time.Minute)
	b.ok(err)
	if !ok {
		b.Fatal("the calendar cannot be claimed")
	}
	c, err := b.store.Calendar(b.Context(), b.tenant, b.graph)
	b.ok(err)
	on, l, err := b.store.BeginListing(b.Context(), l, record.Listing{Kind: cal.Delta}, time.Minute)
	b.ok(err)
	last := cal.Page{Kind: cal.Delta, Cursor: cal.Cursor{Token: "cursor", Scope: "scope"}}
	for _, name := range names {
		last.Items = append(last.Items, cal.Item{Event: cal.Event{
			ID: cal.EventID(name), ETag: "1", Status: cal.StatusConfirmed, ICalUID: string(id) + "@example.com", Content: cal.Content{Title: "Intro call", Slot: slot},
		}})
	}
	_, err = b.store.Publish(b.Context(), l, record.Publication{
		Calendar: c, Listing: on, Last: last, Guard: record.GuardLimits{Count: 5, Percent: 100}, Outcome: record.Served(), Lane: task.Background,
	})
	b.ok(err)
}

// What stands of a booking's meeting in other mailboxes is listed page by page, and is not the booking's own.
func TestCopies(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.copied("b1", "c/1", "a", "b")
	if a := b.call("PUT", "/v1/bookings/b2", b.spec(1)); a.status != 202 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	var first, second, none gen.CopyPage
	b.call("GET", "/v1/bookings/b1/copies?limit=2", nil).into(t, 200, &first)
	if first.NextCursor == nil {
		t.Fatalf("%+v", first)
	}
	b.call("GET", "/v1/bookings/b1/copies?cursor="+*first.NextCursor, nil).into(t, 200, &second)
	var got []string
	for _, c := range append(first.Copies, second.Copies...) {
		got = append(got, c.EventID)
		if c.CalendarID != string(b.graph) || c.Provider != "microsoft" || c.ConnectionID == "" || c.Start.DateTime != "2026-10-01T10:00:00+02:00" || c.End.DateTime != "2026-10-01T10:30:00+02:00" {
			t.Errorf("%+v is a copy", c)
		}
	}
	if len(got) != 3 || got[0] != "a" || got[1] != "b" || got[2] != "c/1" || second.NextCursor != nil {
		t.Errorf("got %v, and then %v", got, second.NextCursor)
	}
	b.call("GET", "/v1/bookings/b2/copies", nil).into(t, 200, &none)
	if len(none.Copies) > 0 {
		t.Errorf("%+v", none)
	}
	refused{record.ReasonUnknown, "this tenant has no booking of that id", nil}.want(t, "no such booking", b.call("GET", "/v1/bookings/b4/copies", nil))
}
