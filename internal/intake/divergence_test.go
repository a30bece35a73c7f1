package intake_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/intake"
	"github.com/calweave/calweave/internal/record"
)

const (
	accepted = message.DecisionAccepted
	reverted = message.DecisionReverted
)

// later moves an event by an hour.
func later(c *cal.Content) {
	c.Slot.Start.Instant, c.Slot.End.Instant = c.Slot.Start.Instant.Add(time.Hour), c.Slot.End.Instant.Add(time.Hour)
}

func renamed(to string) func(*cal.Content) { return func(c *cal.Content) { c.Title = to } }

// The whole way, once for each provider as the one whose calendar is changed.
func TestAcceptMakesTheBookingWhatThePersonMadeOfIt(t *testing.T) {
	t.Parallel()
	for _, p := range []cal.Provider{cal.Google, cal.Microsoft} {
		h := newHouse(t)
		first := h.spec(1, cal.Google, cal.Microsoft)
		h.book(first)
		h.person(p, func(c *cal.Content) { later(c); c.Title = "Later" })
		seen := h.read().Revision
		b, err := h.decide(accepted, "", seen)
		h.ok(err)
		if b.Version != 1 || b.Revision != seen+1 || b.Diverged() || b.Spec.Version != 1 {
			t.Errorf("%s: version %d, revision %d, diverged %t", p, b.Version, b.Revision, b.Diverged())
		}
		if b.Spec.Start != (cal.When{DateTime: "2026-10-01T11:00:00+02:00", TimeZone: "Europe/Berlin"}) || b.Spec.Title != "Later" || b.Spec.Location != "Room 4" {
			t.Errorf("%s: the booking says %+v", p, b.Spec)
		}
		h.agreed(cal.Google, cal.Microsoft)
		if d := h.decided(); d.Decision != accepted || d.Target.Provider != p || d.Revision != seen+1 || d.Version != 1 || d.Cancelled || !slices.Equal(d.Fields, []string{"title", "slot"}) {
			t.Errorf("%s: told %+v", p, d)
		}
		want := []message.Type{
			message.BookingAccepted, message.BookingSynced, message.BookingSynced, message.BookingMoved, message.BookingDecided, message.BookingSynced,
		}
		if got := h.told(); !slices.Equal(got, want) {
			t.Errorf("%s: told %v, want %v", p, got, want)
		}
		revision := h.read().Revision
		r, err := h.submit(first, 0)
		h.ok(err)
		if !r.Repeat || r.Booking.Revision != revision || r.Booking.Spec.Title != "Later" {
			t.Errorf("%s: what the core has submitted is no repetition: %+v", p, r)
		}
		h.refused(second(h.submit(h.spec(1, cal.Google), 0)), record.ReasonReused)
		h.refused(second(h.decide(accepted, "", 0)), record.ReasonUndiverged)
		h.refused(second(h.decide(accepted, "", seen)), record.ReasonRevision)
		h.agreed(cal.Google, cal.Microsoft)
	}
}

func second[T any](_ T, err error) error { return err }

func TestRevertMakesTheEventWhatTheBookingSays(t *testing.T) {
	t.Parallel()
	for _, p := range []cal.Provider{cal.Google, cal.Microsoft} {
		h := newHouse(t)
		h.book(h.spec(1, cal.Google, cal.Microsoft))
		h.person(p, func(c *cal.Content) { later(c); c.Title = "Later" })
		before := h.read()
		b, err := h.decide(reverted, "", before.Revision)
		h.ok(err)
		if b.Version != 1 || b.Revision != before.Revision+1 || b.Spec.Title != "Intro call" || !b.Slot.Equal(before.Slot) {
			t.Errorf("%s: %+v", p, b)
		}
		h.agreed(cal.Google, cal.Microsoft)
		if got := h.event(p).Content; got.Title != "Intro call" || !got.Slot.Equal(before.Slot) {
			t.Errorf("%s shows %+v", p, got)
		}
		if d := h.decided(); d.Decision != reverted || d.Target.Provider != p {
			t.Errorf("%s: told %+v", p, d)
		}
		if got := h.told(); !slices.Equal(got[len(got)-2:], []message.Type{message.BookingDecided, message.BookingSynced}) {
			t.Errorf("%s: told %v", p, got)
		}
		h.refused(second(h.decide(reverted, "", 0)), record.ReasonUndiverged)
	}
}

// A person who takes an accepted change back has changed the event once more. That must not pass for a late write of ours.
func TestAcceptedChangeThatIsTakenBackIsReported(t *testing.T) {
	t.Parallel()
	for _, p := range []cal.Provider{cal.Google, cal.Microsoft} {
		h := newHouse(t)
		h.book(h.spec(1, cal.Google, cal.Microsoft))
		before := h.event(p).Content
		h.person(p, later)
		_, err := h.decide(accepted, "", 0)
		h.ok(err)
		h.agreed(cal.Google, cal.Microsoft)
		h.person(p, func(c *cal.Content) { c.Slot = before.Slot })
		_, err = h.decide(accepted, "", 0)
		h.ok(err)
		h.agreed(cal.Google, cal.Microsoft)
		if b := h.read(); !b.Slot.Equal(before.Slot) {
			t.Errorf("%s: the booking is at %+v", p, b.Slot)
		}
	}
}

func TestDeletedEventIsAcceptedAsCancellation(t *testing.T) {
	t.Parallel()
	for _, p := range []cal.Provider{cal.Google, cal.Microsoft} {
		h := newHouse(t)
		first := h.spec(1, cal.Google, cal.Microsoft)
		h.book(first)
		h.deletes(p)
		b, err := h.decide(accepted, "", 0)
		h.ok(err)
		if !b.Cancelled || b.Version != 1 || b.Diverged() {
			t.Errorf("%s: %+v", p, b)
		}
		h.settle()
		h.empty(cal.Google)
		h.empty(cal.Microsoft)
		for _, l := range h.read().Links {
			if l.State != record.LinkRemoved {
				t.Errorf("%s: the link at %s is %s", p, l.Provider, l.State)
			}
		}
		if d := h.decided(); !d.Cancelled || len(d.Fields) != 0 {
			t.Errorf("%s: told %+v", p, d)
		}
		r, err := h.submit(first, 0)
		h.ok(err)
		if !r.Repeat || !r.Booking.Cancelled {
			t.Errorf("%s: what the core has submitted books anew: %+v", p, r)
		}
		h.refused(second(h.decide(accepted, "", 0)), record.ReasonUndiverged)
		_, err = h.submit(h.spec(2, cal.Google, cal.Microsoft), 0)
		h.ok(err)
		h.agreed(cal.Google, cal.Microsoft)
	}
}

// A deleted event is made anew under the key of the next generation: under that of the deleted one it would stay deleted.
func TestDeletedEventIsRevertedToANewOne(t *testing.T) {
	t.Parallel()
	for _, p := range []cal.Provider{cal.Google, cal.Microsoft} {
		h := newHouse(t)
		h.book(h.spec(1, cal.Google, cal.Microsoft))
		before := h.event(p).ID
		h.deletes(p)
		_, err := h.decide(reverted, "", 0)
		h.ok(err)
		h.agreed(cal.Google, cal.Microsoft)
		if h.event(p).ID == before {
			t.Errorf("%s: the deleted event is back", p)
		}
	}
}

// Only what a person has changed is taken, in either direction; guests that they have invited are the core's from then on.
func TestAcceptTakesGuests(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.book(h.spec(1, cal.Google, cal.Microsoft))
	h.person(cal.Google, func(c *cal.Content) {
		c.Attendees = append(slices.Clone(c.Attendees), cal.Attendee{Email: "new@person.test", Response: cal.ResponseAccepted})
	})
	b, err := h.decide(accepted, "", 0)
	h.ok(err)
	want := []cal.Attendee{{Email: "guest@core.test", Name: "Gus Guest"}, {Email: "new@person.test"}}
	if !slices.Equal(b.Spec.Attendees, want) {
		t.Errorf("%+v", b.Spec.Attendees)
	}
	h.agreed(cal.Google, cal.Microsoft)
	h.person(cal.Google, func(c *cal.Content) { c.Attendees = c.Attendees[1:] })
	b, err = h.decide(accepted, "", 0)
	h.ok(err)
	if !slices.Equal(b.Spec.Attendees, want[1:]) {
		t.Errorf("%+v", b.Spec.Attendees)
	}
	h.agreed(cal.Google, cal.Microsoft)
	h.person(cal.Google, func(c *cal.Content) { c.Attendees = append(c.Attendees, cal.Attendee{Email: "other@person.test"}) })
	_, err = h.decide(reverted, "", 0)
	h.ok(err)
	h.agreed(cal.Google, cal.Microsoft)
	if got := h.event(cal.Google).Content.Attendees; len(got) != 1 || got[0].Email != "new@person.test" || h.accounts[cal.Google].Mails() != 0 {
		t.Errorf("%+v, %d mails", got, h.accounts[cal.Google].Mails())
	}
}

// Microsoft mails whoever stands on an event, so undoing a change there waits for an operator unless the booking's notify covers it.
func TestRevertThatWouldMailIsHeld(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.book(h.spec(1, cal.Microsoft))
	calendar := h.accounts[cal.Microsoft].Calendar("work")
	calendar.Edit(h.event(cal.Microsoft).ID, func(c *cal.Content) {
		later(c)
		c.Attendees = []cal.Attendee{{Email: "new@person.test"}}
	})
	h.settle()
	h.wantDiverged(true)
	_, err := h.decide(reverted, "", 0)
	h.ok(err)
	h.settle()
	link := h.read().Links[0]
	if link.State != record.LinkHeld || h.accounts[cal.Microsoft].Mails() != 0 || !slices.Contains(h.told(), message.BookingHeld) {
		t.Fatalf("%s, %d mails, told %v", link.State, h.accounts[cal.Microsoft].Mails(), h.told())
	}
	h.ok(h.store.Release(h.Context(), task.Ref{Tenant: h.tenant, Kind: task.LinkPush, Subject: string(link.ID)}, "operator"))
	h.agreed(cal.Microsoft)
}

// Both calendars were changed, each in its way: a calendar has to be named, and the other one's change is decided about by itself.
func TestTwoDivergences(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.book(h.spec(1, cal.Google, cal.Microsoft))
	h.person(cal.Google, later)
	h.person(cal.Microsoft, renamed("By hand"))
	problems := h.refused(second(h.decide(accepted, "", 0)), record.ReasonAmbiguous)
	if len(problems) != 2 || !strings.HasPrefix(problems[0].Detail, string(h.targets[cal.Google])) || !strings.Contains(problems[1].Detail, "title") {
		t.Errorf("%+v", problems)
	}
	h.wantDiverged(true)
	_, err := h.decide(accepted, cal.Google, 0)
	h.ok(err)
	h.settle()
	h.wantDiverged(true)
	if b, there := h.read(), h.event(cal.Microsoft).Content; !there.Slot.Equal(b.Slot) || there.Title != "By hand" || b.Spec.Title != "Intro call" {
		t.Errorf("the other calendar shows %+v, the booking says %+v", there, b.Spec)
	}
	problems = h.refused(second(h.decide(accepted, cal.Google, 0)), record.ReasonUndiverged)
	if len(problems) != 1 || !strings.HasPrefix(problems[0].Detail, string(h.targets[cal.Microsoft])) {
		t.Errorf("%+v", problems)
	}
	_, err = h.decide(accepted, cal.Microsoft, 0)
	h.ok(err)
	h.agreed(cal.Google, cal.Microsoft)
	if b := h.read(); b.Spec.Title != "By hand" || b.Spec.Start.DateTime != "2026-10-01T11:00:00+02:00" {
		t.Errorf("%+v", b.Spec)
	}
}

// Both calendars were moved, to different times: one is accepted, and the other one reverted to it.
func TestDivergencesThatExcludeEachOther(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.book(h.spec(1, cal.Google, cal.Microsoft))
	h.person(cal.Google, later)
	h.person(cal.Microsoft, func(c *cal.Content) { later(c); later(c) })
	_, err := h.decide(accepted, cal.Google, 0)
	h.ok(err)
	h.settle()
	h.wantDiverged(true)
	_, err = h.decide(reverted, "", 0)
	h.ok(err)
	h.agreed(cal.Google, cal.Microsoft)
	if b := h.read(); b.Spec.Start.DateTime != "2026-10-01T11:00:00+02:00" {
		t.Errorf("%+v", b.Spec.Start)
	}
}

// Two persons who made the same of it leave nothing to choose.
func TestSameDivergenceTwice(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.book(h.spec(1, cal.Google, cal.Microsoft))
	h.person(cal.Google, later)
	h.person(cal.Microsoft, later)
	b, err := h.decide(accepted, "", 0)
	h.ok(err)
	if b.Diverged() {
		t.Error("still diverged")
	}
	h.agreed(cal.Google, cal.Microsoft)
	if got := h.told(); slices.Contains(got, message.BookingRestored) {
		t.Errorf("told %v", got)
	}
}

// A reversal without a calendar is about all of them.
func TestRevertOfTwoDivergences(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.book(h.spec(1, cal.Google, cal.Microsoft))
	h.person(cal.Google, later)
	h.deletes(cal.Microsoft)
	_, err := h.decide(reverted, cal.Microsoft, 0)
	h.ok(err)
	h.settle()
	h.wantDiverged(true)
	h.event(cal.Microsoft)
	h.person(cal.Microsoft, renamed("By hand"))
	_, err = h.decide(reverted, "", 0)
	h.ok(err)
	h.agreed(cal.Google, cal.Microsoft)
}

func TestChangeThatIsNoBookingIsNotAccepted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change  func(*cal.Content)
		pointer string
	}{
		"a blank title":    {renamed("  "), "/title"},
		"no title at all":  {renamed(""), "/title"},
		"a title too long": {renamed(strings.Repeat("x", 1025)), "/title"},
		"no length":        {func(c *cal.Content) { c.Slot.End = c.Slot.Start }, "/end"},
	} {
		h := newHouse(t)
		h.book(h.spec(1, cal.Google))
		h.person(cal.Google, c.change)
		before := h.read()
		problems := h.refused(second(h.decide(accepted, "", 0)), record.ReasonUnacceptable)
		if len(problems) != 1 || problems[0].Pointer != c.pointer {
			t.Errorf("%s: %+v", name, problems)
		}
		if b := h.read(); b.Revision != before.Revision || !b.Diverged() {
			t.Errorf("%s: the refusal has changed the booking", name)
		}
		_, err := h.decide(reverted, "", 0)
		h.ok(err)
		h.agreed(cal.Google)
	}
}

func TestNothingToDecide(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, d := range []message.Decision{accepted, reverted} {
		h.refused(second(h.decide(d, "", 0)), record.ReasonUnknown)
	}
	h.book(h.spec(1, cal.Google, cal.Microsoft))
	revision := h.read().Revision
	for _, d := range []message.Decision{accepted, reverted} {
		h.refused(second(h.decide(d, "", 0)), record.ReasonUndiverged)
		h.refused(second(h.decide(d, cal.Google, 0)), record.ReasonUndiverged)
		h.refused(second(h.decide(d, "", revision+1)), record.ReasonRevision)
	}
	h.deletes(cal.Google)
	version := int64(2)
	_, err := h.service.Submit(h.Context(), h.tenant, intake.Submission{ID: bookingID, Cancel: &version, Actor: "key_1", Via: "http"})
	h.ok(err)
	for _, d := range []message.Decision{accepted, reverted} {
		h.refused(second(h.decide(d, "", 0)), record.ReasonUndiverged)
	}
}
