package deltasync

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/record"
)

func TestLostCursorMeansOneSnapshotAtOnceAndOldRowsStay(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"", "p1", "p2"} {
		s := newShelf().withCursor("c1")
		s.mirror["old"] = "c1"
		l := &lister{pages: map[string][]cal.Page{"c1": script(cal.Delta, 3, "c2"), "": script(cal.Snapshot, 2, "c3")}}
		l.before = func(_ context.Context, req provider.ListEvents) error {
			if _, ok := s.mirror["old"]; !ok || len(s.mirror) != 1 {
				t.Errorf("lost at %q: readers see %v meanwhile", at, s.shown())
			}
			if req.Cursor.Token == "c1" && req.Page == at {
				return &fault.Error{Kind: fault.CursorLost, Op: "list", Status: 410}
			}
			return nil
		}
		if err := syncer(s, l).Work(t.Context(), s.claim()); err != nil {
			t.Fatalf("lost at %q: %v", at, err)
		}
		if len(s.publish) != 1 || s.publish[0].Last.Kind != cal.Snapshot || s.state.Cursor.Token != "c3" {
			t.Errorf("lost at %q: %+v", at, s.publish)
		}
		if got := s.shown(); !slices.Equal(got, []string{"ev00@c3", "ev01@c3", "ev02@c3", "ev03@c3", "old@c1"}) {
			t.Errorf("lost at %q: %v: what the delta has staged must not be shown, and old rows are the store's to judge", at, got)
		}
		if len(s.reasons) != 1 || !strings.Contains(s.reasons[0], "cursor_lost") {
			t.Errorf("lost at %q: discarded for %q", at, s.reasons)
		}
	}
}

func TestListingLostTwiceBacksOff(t *testing.T) {
	t.Parallel()
	lost := fault.New(fault.CursorLost, "list", nil)
	always := func(context.Context, provider.ListEvents) error { return lost }
	late := func(_ context.Context, req provider.ListEvents) error {
		if req.Page == "p1" {
			return lost
		}
		return nil
	}
	for name, c := range map[string]struct {
		shelf  *shelf
		before func(context.Context, provider.ListEvents) error
		calls  int
	}{
		"a delta, then the snapshot's first page":  {newShelf().withCursor("c1"), always, 2},
		"a delta, then the snapshot's second page": {newShelf().withCursor("c1"), late, 4},
		"a snapshot's first page":                  {newShelf(), always, 1},
		"a snapshot's second page, both times":     {newShelf(), late, 4},
	} {
		l := &lister{pages: map[string][]cal.Page{"c1": script(cal.Delta, 2, "c2"), "": script(cal.Snapshot, 2, "c3")}, before: c.before}
		err := syncer(c.shelf, l).Work(t.Context(), c.shelf.claim())
		if !fault.Is(err, fault.Transient) {
			t.Errorf("%s: %v, want a failure that is waited for", name, err)
		}
		if len(l.reqs) != c.calls || c.shelf.state.Listing != nil || c.shelf.state.Cursor.Token != "" || len(c.shelf.publish) != 0 {
			t.Errorf("%s: %d calls, want %d; left %+v", name, len(l.reqs), c.calls, c.shelf.state)
		}
	}
}

func TestListingThatGoesRoundInCirclesIsLost(t *testing.T) {
	t.Parallel()
	for name, next := range map[string][]string{"to itself": {"p1", "p1"}, "to the first": {"p1", "p2", "p1"}, "in between": {"p1", "p2", "p3", "p2"}} {
		s := newShelf().withCursor("c1")
		var pages []cal.Page
		for i, n := range next {
			pages = append(pages, cal.Page{Kind: cal.Delta, Items: []cal.Item{event(i, "x")}, Next: n})
		}
		l := &lister{pages: map[string][]cal.Page{"c1": pages, "": script(cal.Snapshot, 1, "c3")}}
		l.before = func(context.Context, provider.ListEvents) error {
			if len(l.reqs) > 10 {
				t.Fatalf("%s: asked %v", name, l.tokens())
			}
			return nil
		}
		if err := syncer(s, l).Work(t.Context(), s.claim()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := s.shown(); !slices.Equal(got, []string{"ev00@c3", "ev01@c3"}) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestEndlessListingIsLost(t *testing.T) {
	t.Parallel()
	s := newShelf().withCursor("c1")
	s.state.Listing = &record.Listing{ID: "lst_0", Kind: cal.Delta, Page: "p0", Pages: pageLimit}
	l := &lister{pages: map[string][]cal.Page{"c1": script(cal.Delta, 2, "c2"), "": script(cal.Snapshot, 1, "c3")}}
	if err := syncer(s, l).Work(t.Context(), s.claim()); err != nil {
		t.Fatal(err)
	}
	if s.state.Cursor.Token != "c3" {
		t.Errorf("cursor %q", s.state.Cursor.Token)
	}
}

// What could not prove that it is complete moves no cursor and shows nothing.
func TestUnprovenListingIsLost(t *testing.T) {
	t.Parallel()
	noCursor, partial, middle := script(cal.Delta, 2, ""), script(cal.Delta, 2, "c2"), script(cal.Delta, 3, "c2")
	partial[1].Kind = cal.Partial
	middle[1].Kind = cal.Partial
	for name, pages := range map[string][]cal.Page{"no cursor at the end": noCursor, "the last page is partial": partial, "a middle page is partial": middle} {
		s := newShelf().withCursor("c1")
		l := &lister{pages: map[string][]cal.Page{"c1": pages, "": script(cal.Snapshot, 1, "c3")}}
		if err := syncer(s, l).Work(t.Context(), s.claim()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := s.shown(); !slices.Equal(got, []string{"ev00@c3", "ev01@c3"}) || len(s.publish) != 1 {
			t.Errorf("%s: %v", name, got)
		}
		s = newShelf()
		for i := range pages {
			pages[i].Coverage = cal.Window{From: began}
		}
		err := syncer(s, &lister{pages: map[string][]cal.Page{"": pages}}).Work(t.Context(), s.claim())
		if !fault.Is(err, fault.Transient) || len(s.publish) != 0 || len(s.mirror) != 0 {
			t.Errorf("%s of a snapshot: %v, published %d", name, err, len(s.publish))
		}
	}
}

// A listing proves what has become of events up to the moment that it was begun. One that was begun and never answered must not be gone on with: an
// event that was made and deleted since stands neither in its pages nor behind the cursor that it ends with.
func TestListingOfWhichNothingWasAnsweredBeginsAnew(t *testing.T) {
	t.Parallel()
	for _, kind := range []cal.ListingKind{cal.Snapshot, cal.Delta} {
		s := newShelf()
		cursor := ""
		if kind == cal.Delta {
			cursor = "c1"
			s.withCursor(cursor)
		}
		down := fault.New(fault.Transient, "list", nil)
		l := &lister{pages: map[string][]cal.Page{cursor: script(kind, 2, "c2")}}
		l.before = func(context.Context, provider.ListEvents) error {
			if len(l.reqs) == 1 {
				return down
			}
			return nil
		}
		sy := syncer(s, l)
		if err := sy.Work(t.Context(), s.claim()); !errors.Is(err, down) {
			t.Fatalf("%s: %v", kind, err)
		}
		if s.state.Listing == nil || s.state.Listing.Pages != 0 {
			t.Fatalf("%s: %+v is not a listing that was begun and never answered", kind, s.state.Listing)
		}
		s.clock.Advance(time.Hour) // an event comes and goes
		gone := s.clock.Now()
		if err := sy.Work(t.Context(), s.claim()); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		if len(s.publish) != 1 {
			t.Fatalf("%s: published %d times", kind, len(s.publish))
		}
		if p := s.publish[0].Listing; p.StartedAt.Before(gone) || p.Kind != kind {
			t.Errorf("%s: a %s listing that was begun at %s says nothing about an event that was gone at %s", kind, p.Kind, p.StartedAt, gone)
		}
		if last := l.reqs[len(l.reqs)-1]; kind == cal.Snapshot && !last.Window.Until.Equal(gone.Add(365*day)) {
			t.Errorf("%s: asked for the window %v of the listing before", kind, last.Window)
		}
	}
}
