package intake

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/zone"
)

func version(n int64) func(*cal.Booking) { return func(b *cal.Booking) { b.Version = n } }

func titled(title string) func(*cal.Booking) { return func(b *cal.Booking) { b.Title = title } }

func TestSubmitCommitsWhatWasDecided(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	in := good(version(3))
	r := s.accept(in)
	spec, slot, err := check(in)
	if err != nil {
		t.Fatal(err)
	}
	want := record.Acceptance{
		ID: id, Spec: spec, Slot: slot, Version: 3, Hash: fingerprint(spec, false), TZData: zone.Version(), Actor: "key_1", Via: "http", Traceparent: "00-1",
		Targets: []record.AcceptedTarget{{Calendar: s.calendars["cal_1"], Authoritative: true}, {Calendar: s.calendars["cal_2"]}},
	}
	if len(s.accepted) != 1 || !reflect.DeepEqual(s.accepted[0], want) {
		t.Errorf("committed\n%+v, want\n%+v", s.accepted, want)
	}
	if r.Repeat || r.Booking.Revision != 1 || r.Booking.Version != 3 {
		t.Errorf("%+v", r)
	}
}

func TestSubmitAgainChangesNothing(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	first := s.accept(good())
	delete(s.calendars, "cal_2") // what has become of its calendars does not count for a repeat
	s.calls = nil
	for _, b := range []cal.Booking{good(), good(func(b *cal.Booking) { b.Notify = cal.NotifyNone })} {
		again := s.accept(b)
		if !again.Repeat || !reflect.DeepEqual(again.Booking, first.Booking) {
			t.Errorf("%+v, want a repeat of %+v", again, first)
		}
	}
	if slices.Contains(s.calls, "accept") || slices.Contains(s.calls, "calendar") {
		t.Errorf("a repeat calls %v", s.calls)
	}
	seen := int64(99)
	b := good()
	if r, err := s.service().Submit(t.Context(), ours, Submission{ID: id, Booking: &b, IfMatch: &seen}); err != nil || !r.Repeat {
		t.Errorf("with an If-Match of before: %+v, %v", r, err)
	}
}

func TestSubmitRefusesAndChangesNothing(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.accept(good(version(2)))
	_, err := s.put(good(version(2), titled("else")))
	wantRefusal(t, err, record.ReasonReused)
	_, err = s.put(good(version(1)))
	wantRefusal(t, err, record.ReasonSuperseded)
	_, err = s.cancel(2)
	wantRefusal(t, err, record.ReasonReused)
	_, err = s.put(good(version(3), titled(" ")))
	wantRefusal(t, err, record.ReasonInvalid)
	seen, b := int64(7), good(version(3))
	_, err = s.service().Submit(t.Context(), ours, Submission{ID: id, Booking: &b, IfMatch: &seen})
	wantRefusal(t, err, record.ReasonRevision)
	if len(s.accepted) != 1 {
		t.Errorf("committed %d times", len(s.accepted))
	}
}

func TestVersionsBeginAtOne(t *testing.T) {
	t.Parallel()
	for _, n := range []int64{0, -1} {
		s := newShelf(t)
		want := problem("/version", "versions begin at 1")
		_, err := s.put(good(version(n)))
		if got := wantRefusal(t, err, record.ReasonInvalid); !slices.Equal(got, want) {
			t.Errorf("%d: %q", n, got)
		}
		_, err = s.cancel(n)
		if got := wantRefusal(t, err, record.ReasonInvalid); !slices.Equal(got, want) {
			t.Errorf("a cancellation of %d: %q", n, got)
		}
		if len(s.calls) != 0 {
			t.Errorf("the store is asked: %v", s.calls)
		}
	}
}

func TestTombstone(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	booked := s.accept(good(version(2))).Booking
	kept := s.bookings[id]
	kept.TZData = "1999z" // its slot was worked out long ago
	s.bookings[id] = kept
	r, err := s.cancel(5)
	if err != nil {
		t.Fatal(err)
	}
	a := s.accepted[1]
	want := booked.Spec
	want.Version = 5
	if !a.Cancelled || a.Version != 5 || a.Seen != 1 || a.Targets != nil || !reflect.DeepEqual(a.Spec, want) || a.Slot != booked.Slot {
		t.Errorf("the tombstone %+v does not keep what the booking said", a)
	}
	if a.TZData != "1999z" {
		t.Errorf("the slot is said to be worked out with %s", a.TZData)
	}
	again, err := s.cancel(5)
	if err != nil || !again.Repeat || again.Booking.Revision != r.Booking.Revision {
		t.Errorf("cancelled again: %+v, %v", again, err)
	}
	_, err = s.put(good(version(5)))
	wantRefusal(t, err, record.ReasonReused)
	if r := s.accept(good(version(6))); r.Booking.Cancelled || r.Booking.Version != 6 {
		t.Errorf("booked anew: %+v", r)
	}
}

func TestCancellationBeforeItsBooking(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	_, err := s.cancel(4)
	wantRefusal(t, err, record.ReasonUnknown)
	four := int64(4)
	r, err := s.service().Submit(t.Context(), ours, Submission{ID: id, Cancel: &four, Unordered: true})
	if err != nil || !r.Booking.Cancelled || r.Booking.Version != 4 {
		t.Errorf("%+v, %v", r, err)
	}
	_, err = s.put(good(version(3)))
	wantRefusal(t, err, record.ReasonSuperseded)
}

func TestDecisionIsCommittedAsOne(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.accept(good())
	b := s.bookings[id]
	b.Links = []record.Link{{State: record.LinkDiverged, Target: true}}
	s.bookings[id] = b
	_, err := s.put(good(version(2)))
	wantRefusal(t, err, record.ReasonDiverged)
	seen, next := b.Revision, good(version(2))
	if _, err := s.service().Submit(t.Context(), ours, Submission{ID: id, Booking: &next, IfMatch: &seen}); err != nil {
		t.Fatal(err)
	}
	if a := s.accepted[1]; !a.Decide || a.Seen != seen {
		t.Errorf("%+v", a)
	}
	if s.accepted[0].Decide {
		t.Error("a booking that nobody has changed was decided about")
	}
}

// Another version is committed between a decision and its commit: the decision is made anew on what is there now.
func TestOvertaken(t *testing.T) {
	t.Parallel()
	overtake := func(s *shelf, n int64) {
		s.before = func(call string) error {
			if call == "accept" {
				s.before = nil
				s.rival(n)
			}
			return nil
		}
	}
	for name, c := range map[string]struct {
		first  bool
		rival  int64
		reason record.Reason
	}{
		"by an older one":           {true, 4, ""},
		"by an older one, at first": {false, 4, ""},
		"by a newer one":            {true, 6, record.ReasonSuperseded},
		"by a newer one, at first":  {false, 6, record.ReasonSuperseded},
		"by the same":               {true, 5, record.ReasonReused},
	} {
		s := newShelf(t)
		if c.first {
			s.accept(good(version(1)))
		}
		overtake(s, c.rival)
		r, err := s.put(good(version(5)))
		if c.reason != "" {
			wantRefusal(t, err, c.reason)
			continue
		}
		if err != nil || r.Booking.Version != 5 || s.bookings[id].Version != 5 {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

// Two processes take the same submission at once: one commits it, for the other it is a repeat.
func TestOvertakenByItself(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.before = func(call string) error {
		if call == "accept" {
			s.before = nil
			s.accept(good())
		}
		return nil
	}
	if r := s.accept(good()); !r.Repeat || len(s.accepted) != 1 {
		t.Errorf("%+v, committed %d times", r, len(s.accepted))
	}
}

func TestAlwaysOvertakenGivesUp(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.accept(good(version(1)))
	attempts, next := 0, int64(2)
	s.before = func(call string) error {
		if call == "accept" {
			attempts++
			s.rival(next)
			next++
		}
		return nil
	}
	_, err := s.put(good(version(1000)))
	if !fault.Is(err, fault.Transient) || attempts != tries || s.bookings[id].Version == 1000 {
		t.Errorf("%v after %d attempts", err, attempts)
	}
}

func TestTargets(t *testing.T) {
	t.Parallel()
	const (
		unknown  = "no such calendar: GET /v1/calendars lists those that can be used"
		vanished = "the account does not see this calendar any more"
		readOnly = "the account may only read this calendar: choose one with writable: true"
		closed   = "the account of this calendar was disconnected: connect it anew (POST /v1/connections with its connection_id), or choose another one"
	)
	external := func(b *cal.Booking) { b.Notify = cal.NotifyExternal }
	for name, c := range map[string]struct {
		tenant   cal.TenantID
		edits    []func(*cal.Booking)
		reason   record.Reason
		problems []message.Problem
	}{
		"of another tenant": {theirs, nil, record.ReasonCalendar, []message.Problem{
			{Pointer: "/targets/0/calendar_id", Detail: unknown}, {Pointer: "/targets/1/calendar_id", Detail: unknown},
		}},
		"every unusable one, in one go": {
			ours,
			[]func(*cal.Booking){targets(cal.Target{CalendarID: "vanished"}, cal.Target{CalendarID: "cal_1"}, cal.Target{CalendarID: "read-only"}, cal.Target{CalendarID: "cal_9"})},
			record.ReasonCalendar,
			[]message.Problem{
				{Pointer: "/targets/0/calendar_id", Detail: vanished}, {Pointer: "/targets/2/calendar_id", Detail: readOnly}, {Pointer: "/targets/3/calendar_id", Detail: unknown},
			},
		},
		"disconnected ones": {
			ours,
			[]func(*cal.Booking){targets(cal.Target{CalendarID: "closing"}, cal.Target{CalendarID: "closed"})},
			record.ReasonCalendar,
			[]message.Problem{{Pointer: "/targets/0/calendar_id", Detail: closed}, {Pointer: "/targets/1/calendar_id", Detail: closed}},
		},
		"external guests where all are mailed": {
			ours,
			[]func(*cal.Booking){external, func(b *cal.Booking) { b.Targets[1].Authoritative = true }},
			record.ReasonNotify,
			problem("/notify", "microsoft cannot mail external guests only: choose none (no guests are written) or all"),
		},
		"external guests, mailed by another":     {ours, []func(*cal.Booking){external}, "", nil},
		"all guests where all are mailed":        {ours, []func(*cal.Booking){targets(cal.Target{CalendarID: "cal_2"}), func(b *cal.Booking) { b.Notify = cal.NotifyAll }}, "", nil},
		"one whose owner has to connect it anew": {ours, []func(*cal.Booking){targets(cal.Target{CalendarID: "reauth"})}, "", nil},
	} {
		s := newShelf(t)
		b := good(c.edits...)
		_, err := s.service().Submit(t.Context(), c.tenant, Submission{ID: id, Booking: &b})
		if c.reason == "" {
			if err != nil || len(s.accepted) != 1 {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		refusal, ok := errors.AsType[*record.RefusalError](err)
		if !ok || refusal.Reason != c.reason || !slices.Equal(refusal.Problems, c.problems) || refusal.Detail == "" {
			t.Errorf("%s:\n got %v %q\nwant %s %q", name, err, refusal, c.reason, c.problems)
		}
		if slices.Contains(s.calls, "accept") {
			t.Errorf("%s: committed", name)
		}
	}
}

// What the store says goes out as it is: no call is taken for an answer.
func TestStoreFails(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"booking", "version", "calendar", "accept"} {
		s := newShelf(t)
		s.accept(good(version(1)))
		down := errors.New("the database is down")
		s.calls = nil
		s.before = func(c string) error {
			if c == call {
				return down
			}
			return nil
		}
		if _, err := s.put(good(version(2))); !errors.Is(err, down) || s.calls[len(s.calls)-1] != call {
			t.Errorf("%s: %v, having called %v", call, err, s.calls)
		}
	}
	s := newShelf(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b := good()
	if _, err := s.service().Submit(ctx, ours, Submission{ID: id, Booking: &b}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
