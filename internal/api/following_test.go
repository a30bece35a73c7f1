package api_test

import (
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
)

// claimed takes a lease on work of the Google calendar.
func (b *bench) claimed(kind task.Kind) record.Lease {
	b.Helper()
	l, ok, err := b.store.Claim(b.Context(), task.Ref{Tenant: b.tenant, Kind: kind, Subject: string(b.google)}, time.Minute)
	if err != nil || !ok {
		b.Fatalf("%s cannot be claimed: %v", kind, err)
	}
	return l
}

// shown is the Google calendar as the API shows it.
func (b *bench) shown() (c gen.Calendar) {
	b.Helper()
	b.call("GET", "/v1/calendars/"+string(b.google), nil).into(b.T, 200, &c)
	return c
}

// A calendar that is listed for the first time shows how far that has come, and one whose channel was refused shows why.
func TestCalendarShowsHowItIsFollowed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if c := b.shown(); c.Push != nil || c.Poll != nil || c.Listing != nil || c.LastListing != nil {
		t.Errorf("one that is off: %+v", c)
	}
	b.chosen(string(b.google), map[string]any{"sync": "full"})
	if c := b.shown(); c.Push == nil || c.Push.State != gen.PushStateOpening || c.Listing != nil {
		t.Errorf("one that is about to be listed: %+v", c)
	}
	now := b.clock.Now()
	window := cal.Window{From: now.Add(-24 * time.Hour), Until: now.Add(24 * time.Hour)}
	on, l, err := b.store.BeginListing(b.Context(), b.claimed(task.CalendarSync), record.Listing{Kind: cal.Snapshot, Window: window}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	calendar, err := b.store.Calendar(b.Context(), b.tenant, b.google)
	if err != nil {
		t.Fatal(err)
	}
	page := cal.Page{Kind: cal.Snapshot, Items: []cal.Item{{Withheld: "a"}, {Withheld: "b"}, {Withheld: "c"}}, Next: "2"}
	if on, l, err = b.store.Stage(b.Context(), l, calendar, on, page, time.Minute); err != nil {
		t.Fatal(err)
	}
	got := b.shown().Listing
	if got == nil || got.Kind != gen.CalendarListingKindSnapshot || got.Pages != 1 || got.Events != 3 || !got.BeganAt.Equal(now) ||
		!got.Window.From.Equal(window.From) || !got.Window.Until.Equal(window.Until) {
		t.Errorf("after a page: %+v", got)
	}
	_, err = b.store.Publish(b.Context(), l, record.Publication{
		Calendar: calendar, Listing: on, Outcome: record.Served(), Lane: task.Bulk, Last: cal.Page{Kind: cal.Snapshot, Cursor: cal.Cursor{Token: "t", Scope: "s"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	why, retry := "google: open channel: misconfigured (401 push.webhookUrlUnauthorized)", now.Add(time.Hour)
	if err := b.store.Finish(b.Context(), b.claimed(task.CalendarWatch), record.Outcome{State: record.Ready, NotBefore: retry, Reason: why}); err != nil {
		t.Fatal(err)
	}
	c := b.shown()
	if c.Listing != nil || c.LastListing == nil || !c.LastListing.At.Equal(now) || c.LastListing.Withheld != 3 || !c.LastListing.Window.Until.Equal(window.Until) {
		t.Errorf("once it is listed: %+v, %+v", c.Listing, c.LastListing)
	}
	if p := c.Push; p.State != gen.PushStateRefused || p.Detail == nil || *p.Detail != why || p.RetryAt == nil || !p.RetryAt.Equal(retry) {
		t.Errorf("refused: %+v", p)
	}
}
