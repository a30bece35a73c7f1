package deltasync

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

func TestListingIsPublishedOnceAsAWhole(t *testing.T) {
	t.Parallel()
	for _, kind := range []cal.ListingKind{cal.Snapshot, cal.Delta} {
		for pages := 1; pages <= 3; pages++ {
			s := newShelf()
			cursor := ""
			if kind == cal.Delta {
				cursor = "c1"
				s.withCursor(cursor)
			}
			l := &lister{pages: map[string][]cal.Page{cursor: script(kind, pages, "c2")}}
			l.before = func(context.Context, provider.ListEvents) error {
				if len(s.mirror) > 0 {
					t.Errorf("%s of %d pages: something is visible before the last page was read", kind, pages)
				}
				return nil
			}
			if err := syncer(s, l).Work(t.Context(), s.claim()); err != nil {
				t.Fatalf("%s of %d pages: %v", kind, pages, err)
			}
			if len(s.publish) != 1 || len(s.mirror) != 2*pages || s.state.Cursor.Token != "c2" || s.state.Listing != nil {
				t.Errorf("%s of %d pages: published %d times, %d events, cursor %q", kind, pages, len(s.publish), len(s.mirror), s.state.Cursor.Token)
			}
			if len(l.reqs) != pages {
				t.Errorf("%s of %d pages: asked %v", kind, pages, l.tokens())
			}
			p, lane := s.publish[0], task.Background
			if kind == cal.Snapshot {
				lane = task.Bulk // a first listing is a backfill
			}
			if p.Last.Kind != kind || p.Listing.Pages != int64(pages-1) || p.Guard != guardLimits() || p.Lane != lane || !p.Outcome.Served {
				t.Errorf("%s of %d pages: %+v", kind, pages, p)
			}
		}
	}
}

func TestRequestsCarryWhatMadeTheCursor(t *testing.T) {
	t.Parallel()
	s := newShelf().withCursor("c1")
	l := &lister{pages: map[string][]cal.Page{"c1": script(cal.Delta, 2, "c2")}}
	if err := syncer(s, l).Work(t.Context(), s.claim()); err != nil {
		t.Fatal(err)
	}
	for i, r := range l.reqs {
		if r.Cursor != (cal.Cursor{Token: "c1", Scope: "scope"}) || r.Calendar != "work" || r.PageSize != pageSize || r.Window.From.IsZero() {
			t.Errorf("page %d: %+v", i, r)
		}
	}
	s = newShelf()
	l = &lister{pages: map[string][]cal.Page{"": script(cal.Snapshot, 2, "c1")}}
	if err := syncer(s, l).Work(t.Context(), s.claim()); err != nil {
		t.Fatal(err)
	}
	want := cal.Window{From: began.Add(-30 * day), Until: began.Add(365 * day)}
	for i, r := range l.reqs {
		if r.Cursor != (cal.Cursor{}) || r.Window != want {
			t.Errorf("snapshot page %d: %+v", i, r)
		}
	}
	if got := s.publish[0].Listing.Window; got != want {
		t.Errorf("the cursor covers %v, want what was asked for, of which the provider has proven more", got)
	}
}

// A cursor covers what was asked for and was shown, and no more.
func TestCoverageIsWhatWasShownOfTheWindow(t *testing.T) {
	t.Parallel()
	asked := cal.Window{From: began.Add(-30 * day), Until: began.Add(365 * day)}
	for name, c := range map[string]struct{ shown, want cal.Window }{
		"all of it":      {asked, asked},
		"more":           {cal.Window{From: asked.From.Add(-day), Until: asked.Until.Add(day)}, asked},
		"without an end": {cal.Window{From: asked.From}, asked},
		"everything":     {cal.Window{}, asked},
		"less":           {cal.Window{From: asked.From.Add(day), Until: asked.Until.Add(-day)}, cal.Window{From: asked.From.Add(day), Until: asked.Until.Add(-day)}},
	} {
		s := newShelf()
		pages := script(cal.Snapshot, 1, "c1")
		pages[0].Coverage = c.shown
		if err := syncer(s, &lister{pages: map[string][]cal.Page{"": pages}}).Work(t.Context(), s.claim()); err != nil {
			t.Fatal(err)
		}
		if got := s.publish[0].Listing.Window; got != c.want {
			t.Errorf("%s: covered %v, want %v", name, got, c.want)
		}
	}
}

// A window that reaches less far ahead than the slide moves on before its end is reached all the same.
func TestShortWindowMovesOn(t *testing.T) {
	t.Parallel()
	for behind, want := range map[time.Duration]cal.ListingKind{day: cal.Delta, day + time.Second: cal.Snapshot} {
		s := newShelf().withCursor("c1")
		s.state.Window.Until = began.Add(4*day - behind)
		l := &lister{pages: map[string][]cal.Page{"c1": script(cal.Delta, 1, "c2"), "": script(cal.Snapshot, 1, "c2")}}
		y := syncer(s, l)
		y.Future = 4 * day
		if err := y.Work(t.Context(), s.claim()); err != nil {
			t.Fatal(err)
		}
		if got := s.publish[0].Last.Kind; got != want {
			t.Errorf("%v behind: %s, want %s", behind, got, want)
		}
	}
}

// A delta proves nothing about the window: the one that the cursor was made with stays.
func TestDeltaKeepsTheWindowOfItsCursor(t *testing.T) {
	t.Parallel()
	s := newShelf().withCursor("c1")
	want := s.state.Window
	l := &lister{pages: map[string][]cal.Page{"c1": script(cal.Delta, 2, "c2")}}
	if err := syncer(s, l).Work(t.Context(), s.claim()); err != nil {
		t.Fatal(err)
	}
	if got := s.publish[0].Listing.Window; got != want || s.state.Window != want {
		t.Errorf("published with %v, want %v", got, want)
	}
}

// A snapshot that was begun beside a good cursor, since events were missed, stays one when it is resumed.
func TestResumedSnapshotAsksWithoutTheCursor(t *testing.T) {
	t.Parallel()
	s := newShelf().withCursor("c1")
	s.state.Recheck = true
	l := &lister{pages: map[string][]cal.Page{"": script(cal.Snapshot, 2, "c2")}}
	down := fault.New(fault.Transient, "list", nil)
	l.before = func(_ context.Context, req provider.ListEvents) error {
		if req.Page == "p1" && len(l.reqs) == 2 {
			return down
		}
		return nil
	}
	if err := syncer(s, l).Work(t.Context(), s.claim()); !errors.Is(err, down) {
		t.Fatal(err)
	}
	if err := syncer(s, l).Work(t.Context(), s.claim()); err != nil {
		t.Fatal(err)
	}
	if got := l.tokens(); !slices.Equal(got, []string{"/", "/p1", "/p1"}) || s.state.Cursor.Token != "c2" {
		t.Errorf("asked %v, cursor %q", got, s.state.Cursor.Token)
	}
}

func TestQuietDeltaAdvancesTheCursor(t *testing.T) {
	t.Parallel()
	s := newShelf().withCursor("c1")
	l := &lister{pages: map[string][]cal.Page{"c1": {{Kind: cal.Delta, Cursor: cal.Cursor{Token: "c2", Scope: "scope"}}}}}
	if err := syncer(s, l).Work(t.Context(), s.claim()); err != nil {
		t.Fatal(err)
	}
	if s.state.Cursor.Token != "c2" || len(s.publish) != 1 {
		t.Errorf("cursor %q after %d publications", s.state.Cursor.Token, len(s.publish))
	}
}

func TestEmptyPageWithANextOneGoesOn(t *testing.T) {
	t.Parallel()
	s := newShelf()
	pages := script(cal.Snapshot, 3, "c1")
	pages[0].Items, pages[1].Items = nil, nil
	if err := syncer(s, &lister{pages: map[string][]cal.Page{"": pages}}).Work(t.Context(), s.claim()); err != nil {
		t.Fatal(err)
	}
	if got := s.shown(); !slices.Equal(got, []string{"ev04@c1", "ev05@c1"}) {
		t.Errorf("%v", got)
	}
}

// A listing that is cut off goes on at its next page, whatever cut it off.
func TestFailingPageIsResumed(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]error{
		"throttled": &fault.Error{Kind: fault.RateLimited, Op: "list", Status: 429}, "server error": fault.New(fault.Transient, "list", nil),
		"token refused": fault.New(fault.Unauthorized, "list", nil), "rights gone": fault.New(fault.Forbidden, "list", nil),
		"shut down": fault.New(fault.Canceled, "list", nil),
	} {
		s := newShelf().withCursor("c1")
		s.mirror["old"] = "c1"
		l := &lister{pages: map[string][]cal.Page{"c1": script(cal.Delta, 3, "c2")}}
		l.before = func(_ context.Context, req provider.ListEvents) error {
			if req.Page == "p1" && len(l.reqs) == 2 {
				return failure
			}
			return nil
		}
		sy := syncer(s, l)
		if err := sy.Work(t.Context(), s.claim()); !errors.Is(err, failure) {
			t.Fatalf("%s: %v", name, err)
		}
		if len(s.publish) != 0 || len(s.mirror) != 1 || s.state.Cursor.Token != "c1" {
			t.Errorf("%s: a failing page has shown %v and left the cursor %q", name, s.shown(), s.state.Cursor.Token)
		}
		if err := sy.Work(t.Context(), s.claim()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := l.tokens(); !slices.Equal(got, []string{"c1/", "c1/p1", "c1/p1", "c1/p2"}) {
			t.Errorf("%s: asked for %v, want the first page once", name, got)
		}
		if len(s.mirror) != 7 || s.state.Cursor.Token != "c2" {
			t.Errorf("%s: %v, cursor %q", name, s.shown(), s.state.Cursor.Token)
		}
	}
}

func TestWindowAndRecheckForceASnapshot(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*record.Sync)
		want   cal.ListingKind
	}{
		"the window is young":    {func(*record.Sync) {}, cal.Delta},
		"the window lags a week": {func(s *record.Sync) { s.Window.Until = began.Add(365*day - slide) }, cal.Delta},
		"the window lags longer": {func(s *record.Sync) { s.Window.Until = began.Add(365*day - slide - time.Second) }, cal.Snapshot},
		"the window is open":     {func(s *record.Sync) { s.Window.Until = time.Time{} }, cal.Delta},
		"events were missed":     {func(s *record.Sync) { s.Recheck = true }, cal.Snapshot},
		"the cursor was lost":    {func(s *record.Sync) { s.Cursor.Token = "" }, cal.Snapshot},
		"a listing is still under way": {func(s *record.Sync) {
			s.Recheck, s.Listing = true, &record.Listing{ID: "lst_0", Kind: cal.Delta, Page: "p1", Pages: 1}
		}, cal.Delta},
	} {
		s := newShelf().withCursor("c1")
		c.change(&s.state)
		l := &lister{pages: map[string][]cal.Page{"c1": script(cal.Delta, 2, "c2"), "": script(cal.Snapshot, 1, "c3")}}
		if err := syncer(s, l).Work(t.Context(), s.claim()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := s.publish[0].Last.Kind; got != c.want {
			t.Errorf("%s: a %s, want a %s", name, got, c.want)
		}
	}
}

func TestCalendarsThatDoNotMatterAreNotListed(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*record.Sync){
		"off":         func(s *record.Sync) { s.Calendar.Targeted = false },
		"vanished":    func(s *record.Sync) { s.Calendar.Vanished = true },
		"not allowed": func(s *record.Sync) { s.Connection.Lacks = record.NewLacks([]cal.Ability{cal.ReadEvents}) },
	} {
		s := newShelf().withCursor("c1")
		change(&s.state)
		sy := syncer(s, nil)
		sy.Open = func(context.Context, cal.TenantID, cal.ConnectionID) (Lister, bool, error) {
			t.Errorf("%s: a client was opened", name)
			return nil, false, nil
		}
		if err := sy.Work(t.Context(), s.claim()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if len(s.outcome) != 1 || !s.outcome[0].Served {
			t.Errorf("%s: %+v", name, s.outcome)
		}
	}
}

// A provider that lists nothing is not asked to, and nothing is wrong with it.
func TestProviderThatListsNothing(t *testing.T) {
	t.Parallel()
	s, l := newShelf(), &lister{}
	sy := syncer(s, l)
	sy.Open = func(context.Context, cal.TenantID, cal.ConnectionID) (Lister, bool, error) { return l, false, nil }
	if err := sy.Work(t.Context(), s.claim()); err != nil || len(s.outcome) != 1 || !s.outcome[0].Served || len(l.reqs) > 0 {
		t.Errorf("%v, %+v, %d calls", err, s.outcome, len(l.reqs))
	}
}

func TestFailuresOfTheStoreEndTheRun(t *testing.T) {
	t.Parallel()
	down := fault.New(fault.Transient, "store", nil)
	for _, op := range []string{"sync", "begin", "stage", "publish", "discard"} {
		s := newShelf()
		l := &lister{pages: map[string][]cal.Page{"": script(cal.Snapshot, 3, "c1")}}
		if op == "discard" {
			l.before = func(context.Context, provider.ListEvents) error { return fault.New(fault.CursorLost, "list", nil) }
		}
		s.fail[op] = down
		if err := syncer(s, l).Work(t.Context(), s.claim()); !errors.Is(err, down) {
			t.Errorf("%s: %v", op, err)
		}
		if got := s.ops[len(s.ops)-1]; got != op || len(s.mirror) != 0 {
			t.Errorf("%s: went on to %s and showed %v", op, got, s.shown())
		}
	}
	s := newShelf().withCursor("c1")
	l := &lister{pages: map[string][]cal.Page{}, before: func(_ context.Context, req provider.ListEvents) error {
		if req.Cursor.Token == "" {
			s.fail["discard"] = down // the second time
		}
		return fault.New(fault.CursorLost, "list", nil)
	}}
	if err := syncer(s, l).Work(t.Context(), s.claim()); !errors.Is(err, down) {
		t.Errorf("the second discard: %v", err)
	}
	s = newShelf()
	sy := syncer(s, nil)
	sy.Open = func(context.Context, cal.TenantID, cal.ConnectionID) (Lister, bool, error) { return nil, false, down }
	if err := sy.Work(t.Context(), s.claim()); !errors.Is(err, down) {
		t.Errorf("open: %v", err)
	}
}

func TestEveryCallEndsBeforeItsLeaseDoes(t *testing.T) {
	t.Parallel()
	s := newShelf()
	l := &lister{pages: map[string][]cal.Page{"": script(cal.Snapshot, 3, "c1")}}
	l.before = func(ctx context.Context, _ provider.ListEvents) error {
		until, ok := ctx.Deadline()
		if !ok || time.Until(until) >= s.until.Sub(s.clock.Now()) {
			t.Errorf("a call may take %s of a lease of %s", time.Until(until), s.until.Sub(s.clock.Now()))
		}
		s.clock.Advance(leaseTime / 2) // each page prolongs the lease, or the third call would be too late
		return nil
	}
	if err := syncer(s, l).Work(t.Context(), s.claim()); err != nil {
		t.Error(err)
	}
}

func TestLostLeaseEndsTheRun(t *testing.T) {
	t.Parallel()
	s := newShelf()
	l := &lister{pages: map[string][]cal.Page{"": script(cal.Snapshot, 3, "c1")}}
	l.before = func(context.Context, provider.ListEvents) error {
		s.claim() // somebody else has taken over
		return nil
	}
	if err := syncer(s, l).Work(t.Context(), s.claim()); !fault.Is(err, fault.Fenced) {
		t.Errorf("%v", err)
	}
	if len(l.reqs) != 1 || len(s.publish) != 0 {
		t.Errorf("went on for %d calls", len(l.reqs))
	}
	s = newShelf()
	lease := s.claim()
	s.clock.Advance(leaseTime)
	if err := syncer(s, l).Work(t.Context(), lease); !fault.Is(err, fault.Fenced) {
		t.Errorf("%v", err)
	}
}

func TestNoCallIsMadeOnceTheLeaseIsOver(t *testing.T) {
	t.Parallel()
	s := newShelf().withCursor("c1")
	s.state.Listing = &record.Listing{ID: "lst_0", Kind: cal.Delta, Page: "p1", Pages: 1}
	l := &lister{pages: map[string][]cal.Page{"c1": script(cal.Delta, 2, "c2")}}
	sy := syncer(s, l)
	sy.Open = func(context.Context, cal.TenantID, cal.ConnectionID) (Lister, bool, error) {
		s.clock.Advance(leaseTime) // the process was frozen here
		return l, true, nil
	}
	if err := sy.Work(t.Context(), s.claim()); !fault.Is(err, fault.Fenced) || len(l.reqs) != 0 {
		t.Errorf("%v after %d calls", err, len(l.reqs))
	}
}

// TestNoErrorEverShowsLess lets any failure happen at any page, any number of times: readers see the old rows until the whole new listing is
// there, and then all of it.
func TestNoErrorEverShowsLess(t *testing.T) {
	t.Parallel()
	kinds := []fault.Kind{fault.Transient, fault.RateLimited, fault.QuotaExhausted, fault.Unauthorized, fault.CursorLost, fault.Canceled, fault.Forbidden}
	rapid.Check(t, func(t *rapid.T) {
		s := newShelf()
		if rapid.Bool().Draw(t, "delta") {
			s.withCursor("c1")
		}
		s.mirror["old"] = "c0"
		deltas, snapshots := rapid.IntRange(1, 4).Draw(t, "delta pages"), rapid.IntRange(1, 4).Draw(t, "snapshot pages")
		l := &lister{pages: map[string][]cal.Page{"c1": script(cal.Delta, deltas, "c2"), "": script(cal.Snapshot, snapshots, "c3")}}
		failures := rapid.IntRange(0, 6).Draw(t, "failures")
		l.before = func(context.Context, provider.ListEvents) error {
			if got := s.shown(); !slices.Equal(got, []string{"old@c0"}) {
				t.Fatalf("readers see %v while the listing is under way", got)
			}
			if failures > 0 && rapid.Bool().Draw(t, "fails") {
				failures--
				return fault.New(rapid.SampledFrom(kinds).Draw(t, "kind"), "list", nil)
			}
			return nil
		}
		for range 20 {
			if len(s.publish) > 0 {
				break
			}
			if err := syncer(s, l).Work(t.Context(), s.claim()); err != nil && len(s.publish) > 0 {
				t.Fatalf("failed after it was published: %v", err)
			}
		}
		if len(s.publish) != 1 {
			t.Fatalf("published %d times", len(s.publish))
		}
		want := deltas
		if s.publish[0].Last.Kind == cal.Snapshot {
			want = snapshots
		}
		if len(s.mirror) != 1+2*want {
			t.Fatalf("%v, want all %d pages of a %s", s.shown(), want, s.publish[0].Last.Kind)
		}
	})
}
