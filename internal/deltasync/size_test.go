package deltasync

import (
	"context"
	"slices"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

// A listing with huge rows asks for fewer of them at once until a page can be read, and goes on where it was.
func TestPagesThatAreTooLargeAreAskedForInSmallerParts(t *testing.T) {
	t.Parallel()
	large := fault.New(fault.Transient, "list", fault.ErrTooLarge)
	s := newShelf().withCursor("c1")
	l := &lister{pages: map[string][]cal.Page{"c1": script(cal.Delta, 3, "c2")}}
	fits := map[string]int{"": pageSize, "p1": 125, "p2": 62}
	var sizes []int
	l.before = func(_ context.Context, req provider.ListEvents) error {
		sizes = append(sizes, req.PageSize)
		if req.PageSize > fits[req.Page] {
			return large
		}
		return nil
	}
	if err := syncer(s, l).Work(t.Context(), s.claim()); err != nil {
		t.Fatal(err)
	}
	if want := []int{500, 500, 250, 125, 125, 62}; !slices.Equal(sizes, want) {
		t.Errorf("asked for %v rows, want %v", sizes, want)
	}
	if len(s.publish) != 1 || len(s.mirror) != 6 || len(s.reasons) > 0 {
		t.Errorf("published %d times, %d events, discarded for %q", len(s.publish), len(s.mirror), s.reasons)
	}
}

// What is too large even in the smallest part is a failure that is waited for: the run ends.
func TestAPageThatIsAlwaysTooLargeEndsTheRun(t *testing.T) {
	t.Parallel()
	s := newShelf().withCursor("c1")
	l := &lister{before: func(context.Context, provider.ListEvents) error {
		return fault.New(fault.Transient, "list", fault.ErrTooLarge)
	}}
	if err := syncer(s, l).Work(t.Context(), s.claim()); !fault.Is(err, fault.Transient) {
		t.Fatal(err)
	}
	if n := len(l.reqs); n > 10 || l.reqs[n-1].PageSize != smallestPage {
		t.Errorf("%d calls, the last one for %d rows", n, l.reqs[n-1].PageSize)
	}
}

// A run whose time was over before a page was small enough is followed by one that begins with smaller pages.
func TestRunsAfterFailuresBeginWithSmallerPages(t *testing.T) {
	t.Parallel()
	for attempts, want := range []int{500, 250, 125, 62, 62, 62} {
		s := newShelf().withCursor("c1")
		l := &lister{pages: map[string][]cal.Page{"c1": script(cal.Delta, 1, "c2")}}
		lease := s.claim()
		lease.Attempts = attempts
		if err := syncer(s, l).Work(t.Context(), lease); err != nil {
			t.Fatal(err)
		}
		if got := l.reqs[0].PageSize; got != want {
			t.Errorf("after %d failures it asks for %d rows, want %d", attempts, got, want)
		}
	}
}
