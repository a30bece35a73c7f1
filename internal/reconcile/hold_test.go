package reconcile

import (
	"slices"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/record"
)

// guestByHand is a bench on which a person has invited somebody, where every write would mail them.
func guestByHand(t *testing.T) *bench {
	t.Helper()
	b := booked(t, cal.Microsoft)
	b.person(cal.FieldAttendees, stands("x@person.test"))
	return b
}

func TestWriteThatWouldMailIsHeldAndReportedOnce(t *testing.T) {
	t.Parallel()
	b := guestByHand(t)
	b.want(func(s *cal.Booking) { s.Title = "other" })
	d := b.settle()
	if d.Link.State != record.LinkHeld || d.Link.Reason == "" || len(d.Reports) != 1 || d.Reports[0].Type != message.BookingHeld || d.Reports[0].Reason != d.Link.Reason {
		t.Fatalf("%+v, reported %+v", d.Link, d.Reports)
	}
	want := record.Outcome{State: record.Held, HeldFor: record.HeldForApproval, Reason: d.Link.Reason}
	if d.Outcome != want || len(b.account.writes) != 1 {
		t.Errorf("%+v after %v", d.Outcome, b.account.writes)
	}
	if d := b.settle(); len(d.Reports) != 0 || d.Link.State != record.LinkHeld {
		t.Errorf("looked at again: %+v", d.Reports)
	}
	b.shelf.release()
	if d := b.settle(); d.Link.State != record.LinkSynced || d.Link.Reason != "" || b.event().Content.Title != "other" {
		t.Errorf("approved: %+v", d.Link)
	}
	b.want(func(s *cal.Booking) { s.Title = "third" })
	if d := b.settle(); d.Link.State != record.LinkHeld || len(d.Reports) != 1 {
		t.Errorf("an approval lets one write through, not the next: %+v", d.Link)
	}
}

// What a person has changed does not wait for the operator.
func TestPersonsChangeIsReportedWhileAWriteIsHeld(t *testing.T) {
	t.Parallel()
	b := guestByHand(t)
	b.person(cal.FieldTitle, title("by hand"))
	b.want(func(s *cal.Booking) { s.Location = "elsewhere" })
	d := b.settle()
	if !slices.Equal(types(d.Reports), []message.Type{message.BookingEdited, message.BookingHeld}) || !slices.Equal(d.Reports[0].Fields, []string{"title"}) {
		t.Fatalf("%+v", d.Reports)
	}
	if d.Link.Observed == nil || d.Link.Observed.Title != "by hand" {
		t.Errorf("%+v is to be remembered", d.Link.Observed)
	}
	b.want(func(s *cal.Booking) { s.Location = "somewhere" })
	if d := b.settle(); !slices.Equal(types(d.Reports), []message.Type{message.BookingHeld}) {
		t.Errorf("a newer version: %+v", d.Reports)
	}
}

func TestHeldRemovalKeepsWhatIsUndecided(t *testing.T) {
	t.Parallel()
	b := guestByHand(t)
	b.person(cal.FieldTitle, title("by hand"))
	b.settle()
	b.cancel()
	d := b.settle()
	if !slices.Equal(types(d.Reports), []message.Type{message.BookingHeld}) || d.Link.Observed == nil {
		t.Errorf("%+v, %+v", d.Link, d.Reports)
	}
	b.shelf.release()
	if d := b.settle(); d.Link.State != record.LinkRemoved || len(b.account.live()) != 0 || d.Link.Observed != nil {
		t.Errorf("approved: %+v", d.Link)
	}
}

// A removal that is held has looked at the event without a word about what a person made of it. Should the booking come back, that is news still.
func TestChangeUnderAHeldRemovalIsReportedOnceTheBookingIsBack(t *testing.T) {
	t.Parallel()
	b := guestByHand(t)
	b.person(cal.FieldTitle, title("by hand"))
	b.cancel()
	if d := b.settle(); d.Link.State != record.LinkHeld || !reported(d, message.BookingHeld) {
		t.Fatalf("%+v", d)
	}
	b.listed()
	b.want(nil)
	d := b.settle()
	if d.Link.State != record.LinkDiverged || !slices.Equal(named(d, message.BookingEdited), []string{"title"}) {
		t.Errorf("%s, reported %+v", d.Link.State, d.Reports)
	}
}

// The guests of a booking that asks for mail stay ours once it asks for none: they are known when it does again.
func TestGuestsStayKnownWhileTheyMayNotBeWritten(t *testing.T) {
	t.Parallel()
	b := newBench(t, cal.Microsoft)
	b.spec.Notify = cal.NotifyAll
	b.want(nil)
	b.settle()
	b.person(cal.FieldAttendees, stands("a@core.test", "x@person.test"))
	b.want(func(s *cal.Booking) { s.Notify = cal.NotifyNone })
	d := b.settle()
	if got := d.Link.Base.Sent.Attendees; d.Link.State != record.LinkSynced || len(got) != 1 || got[0].Email != "a@core.test" {
		t.Errorf("%s, ours are %v", d.Link.State, got)
	}
	b.want(func(s *cal.Booking) { s.Notify, s.Attendees = cal.NotifyAll, nil })
	b.settle()
	if got := b.guests(); !slices.Equal(got, []string{"x@person.test"}) {
		t.Errorf("%v", got)
	}
}
