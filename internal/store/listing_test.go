package store_test

import (
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

// syncOf is the work of listing a calendar.
func (w *world) syncOf(calendar int) task.Ref {
	return w.ref(task.CalendarSync, string(w.calendars[calendar].ID))
}

// listing claims a calendar's listing and begins one.
func (w *world) listing(calendar int, kind cal.ListingKind) (record.Lease, record.Listing) {
	w.Helper()
	w.mark(record.Mark{Kind: task.CalendarSync, Subject: string(w.calendars[calendar].ID), Lane: task.Background, ConnectionID: w.connection})
	on, l, err := w.BeginListing(w.ctx, w.claim(w.syncOf(calendar)), record.Listing{Kind: kind}, leaseTime)
	w.ok(err)
	return l, on
}

// delta is a publication of one page with what has changed in calendar 0.
func (w *world) delta(on record.Listing, events ...cal.Event) record.Publication {
	p := record.Publication{
		Calendar: w.calendars[0], Listing: on, Guard: record.GuardLimits{Count: 5, Percent: 100}, Outcome: record.Served(), Lane: task.Background,
		Last: cal.Page{Kind: on.Kind, Cursor: cal.Cursor{Token: "canary-cursor", Scope: "scope"}},
	}
	p.Calendar.Targeted = true
	for _, e := range events {
		p.Last.Items = append(p.Last.Items, cal.Item{Event: e})
	}
	return p
}

// lists publishes a delta of calendar 0.
func (w *world) lists(events ...cal.Event) record.Published {
	w.Helper()
	w.clock.Advance(time.Second)
	l, on := w.listing(0, cal.Delta)
	p, err := w.Publish(w.ctx, l, w.delta(on, events...))
	w.ok(err)
	return p
}
