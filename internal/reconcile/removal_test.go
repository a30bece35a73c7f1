package reconcile

import (
	"slices"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/record"
)

func TestRemovalIsReportedOncePerVersion(t *testing.T) {
	t.Parallel()
	b := booked(t, cal.Google)
	b.cancel()
	d := b.settle()
	if d.Link.State != record.LinkRemoved || d.Link.Generation != 2 || d.Link.EventID != "" || d.Link.Synced != 2 || len(b.account.live()) != 0 {
		t.Errorf("%+v", d.Link)
	}
	if len(d.Reports) != 1 || d.Reports[0].Type != message.BookingSynced || d.Reports[0].Outcome != message.OutcomeRemoved || d.Event != nil {
		t.Errorf("%+v", d.Reports)
	}
	b.shelf.mark()
	if d := b.settle(); len(d.Reports) != 0 {
		t.Errorf("again: %+v", d.Reports)
	}
	b.cancel()
	if d := b.settle(); len(d.Reports) != 1 || d.Link.Synced != 3 || d.Link.Generation != 2 {
		t.Errorf("a later cancellation: %+v", d)
	}
	b.want(nil)
	if d := b.settle(); len(b.account.live()) != 1 || len(b.account.work.Events()) != 2 || d.Link.State != record.LinkSynced {
		t.Errorf("booked anew: %+v", d.Link)
	}
}

func TestTargetThatIsDroppedLosesItsEvent(t *testing.T) {
	t.Parallel()
	b := booked(t, cal.Google)
	b.submit(accepted{})
	if d := b.settle(); d.Link.State != record.LinkRemoved || len(b.account.live()) != 0 {
		t.Errorf("%+v", d.Link)
	}
}

func TestPersonDeletesAnEvent(t *testing.T) {
	t.Parallel()
	for _, p := range []cal.Provider{cal.Google, cal.Microsoft} {
		b := booked(t, p)
		b.account.bury(b.shelf.link.EventID)
		b.listed()
		d := b.settle()
		if d.Link.State != record.LinkDiverged || d.Link.Generation != 2 || d.Link.EventID != "" || len(d.Link.InFlight) != 0 || d.Link.Base != nil {
			t.Errorf("%s: %+v", p, d.Link)
		}
		if len(d.Reports) != 1 || d.Reports[0].Type != message.BookingRemoved || !d.Reports[0].Revise || !d.Reports[0].Diverged {
			t.Errorf("%s: %+v", p, d.Reports)
		}
		calls := len(b.account.calls)
		b.shelf.mark()
		if d := b.settle(); len(d.Reports) != 0 || len(b.account.calls) != calls || d.Link.State != record.LinkDiverged {
			t.Errorf("%s: undecided, and yet %v, %+v", p, b.account.calls[calls:], d.Reports)
		}
		b.submit(accepted{target: true, authoritative: true, decide: true})
		if d := b.settle(); d.Link.State != record.LinkSynced || len(b.account.live()) != 1 || len(b.account.work.Events()) != 2 {
			t.Errorf("%s: decided: %+v", p, d.Link)
		}
	}
}

// No answer about an event proves that it was deleted while its calendar cannot be seen: one that was unshared hides all its events at once.
func TestHiddenCalendarIsNoProofOfADeletion(t *testing.T) {
	t.Parallel()
	for _, says := range []fault.Kind{fault.NotFound, fault.Gone} {
		for _, unlisted := range []bool{true, false} { // what a person shares may stay in the list of whom it was shared with
			for _, does := range []string{"read", "update", "delete"} {
				b := booked(t, cal.Microsoft)
				before := copied(b.shelf.link)
				b.account.Kind.Unseen = says
				b.account.fates = func(op string) fate {
					if op == does {
						b.account.work.Hide(unlisted)
					}
					return answered
				}
				if b.want(func(s *cal.Booking) { s.Title = "other" }); does == "delete" {
					b.cancel()
				}
				if err := b.run(); !fault.Is(err, fault.Forbidden) {
					t.Errorf("%s, %s: %v", says, does, err)
				}
				if l := b.shelf.link; l.Generation != 1 || l.EventID != before.EventID || len(b.shelf.settled) != 1 {
					t.Errorf("%s, %s: %+v", says, does, l)
				}
			}
		}
	}
}

// A calendar that comes back between two answers does not make the first of them a proof.
func TestCalendarThatComesBackWhileItIsLookedAt(t *testing.T) {
	t.Parallel()
	for _, back := range []string{"calendars", "find"} {
		for _, p := range []cal.Provider{cal.Google, cal.Microsoft} {
			b := booked(t, p)
			b.account.Kind.Unseen = fault.Gone
			b.account.work.Hide(false)
			b.account.fates = func(op string) fate {
				if op == back {
					b.account.work.Show()
				}
				return answered
			}
			b.shelf.mirror[b.shelf.link.EventID] = mirrorRow{etag: "a listing's"}
			b.want(func(s *cal.Booking) { s.Title = "other" })
			if p == cal.Google && back == "find" {
				continue // it has no search
			}
			if d := b.settle(); d.Link.State != record.LinkSynced || d.Link.Generation != 1 || b.event().Content.Title != "other" {
				t.Errorf("%s, %s: %+v, reported %+v", p, back, d.Link, d.Reports)
			}
		}
	}
}

// What was made just now may not be readable yet: while nothing else tells of a deletion, a second look has to say the same, later.
func TestEventThatCannotBeReadYetIsNotBuried(t *testing.T) {
	t.Parallel()
	for _, says := range []fault.Kind{fault.NotFound, fault.Gone} {
		b := newBench(t, cal.Microsoft)
		b.account.Kind.Unseen, b.account.Kind.Lag = says, time.Minute
		b.want(nil)
		b.settle()
		b.shelf.work.attempts = 3
		b.want(func(s *cal.Booking) { s.Title = "other" })
		d := b.settle()
		want := record.Outcome{State: record.Ready, NotBefore: b.clock.Now().Add(straggling), Attempts: 3}
		if d.Outcome != want || len(d.Reports) != 0 || d.Link.Generation != 1 || d.Link.EventID == "" {
			t.Fatalf("%s: %+v, %+v, reported %+v", says, d.Outcome, d.Link, d.Reports)
		}
		b.clock.Set(d.Outcome.NotBefore)
		if d := b.settle(); d.Link.State != record.LinkSynced || len(d.Link.InFlight) != 0 || !d.Link.MissedAt.IsZero() || b.event().Content.Title != "other" {
			t.Errorf("%s: %+v", says, d.Link)
		}
	}
}

func TestEventThatIsNotFoundTwiceIsGone(t *testing.T) {
	t.Parallel()
	b := newBench(t, cal.Microsoft)
	b.want(nil)
	b.settle()
	b.account.bury(b.shelf.link.EventID)
	b.want(func(s *cal.Booking) { s.Title = "other" })
	first := b.settle()
	b.clock.Advance(time.Minute)
	b.shelf.work.notBefore = time.Time{} // an operator releases it
	if d := b.settle(); len(d.Reports) != 0 || !d.Outcome.NotBefore.Equal(first.Outcome.NotBefore) || d.Link.MissedAt.IsZero() {
		t.Fatalf("looked at too early: %+v, %+v", d.Outcome, d.Link)
	}
	b.clock.Set(first.Outcome.NotBefore)
	if d := b.settle(); !reported(d, message.BookingRemoved) || d.Link.Generation != 2 || !d.Link.MissedAt.IsZero() {
		t.Errorf("%+v, reported %+v", d.Link, d.Reports)
	}
}

// A create whose key is taken by an event that cannot be seen leads to the same two looks.
func TestKeyThatIsTakenByWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	for _, stands := range []bool{true, false} {
		b := newBench(t, cal.Microsoft)
		b.account.Kind.Lag = time.Minute
		b.want(nil)
		b.loses("create", lostAfter)
		if !stands {
			b.account.bury(b.account.work.Standing()[0].ID)
		}
		d := b.settle()
		if d.Link.Generation != 1 || d.Link.EventID == "" || len(d.Reports) != 0 || !d.Outcome.NotBefore.Equal(b.clock.Now().Add(straggling)) {
			t.Fatalf("%+v, %+v", d.Link, d.Outcome)
		}
		b.clock.Set(d.Outcome.NotBefore)
		if d := b.settle(); reported(d, message.BookingRemoved) == stands || (d.Link.State == record.LinkSynced) != stands {
			t.Errorf("%+v, reported %+v", d.Link, d.Reports)
		}
	}
}

// A booking that comes back while its deletion is under way gets its next event in the next run, at once and without an attempt spent.
func TestBookingComesBackWhileItsDeletionIsUnderWay(t *testing.T) {
	t.Parallel()
	b := booked(t, cal.Google)
	b.cancel()
	b.loses("delete", lostAfter)
	b.want(nil)
	b.shelf.work.attempts = 3
	d := b.settle()
	want := record.Outcome{State: record.Ready, Attempts: 3}
	if len(d.Reports) != 0 || d.Link.State != record.LinkPending || d.Outcome != want {
		t.Errorf("%+v, reported %+v, %+v", d.Link, d.Reports, d.Outcome)
	}
	if d := b.settle(); d.Link.State != record.LinkSynced || d.Link.Generation != 2 || len(b.account.live()) != 1 {
		t.Errorf("%+v", d.Link)
	}
}

func TestUnansweredCreateIsWaitedOutWhenUnwanted(t *testing.T) {
	t.Parallel()
	b := newBench(t, cal.Microsoft)
	b.want(nil)
	b.loses("create", delayed)
	at := b.shelf.link.InFlight[0].At
	b.cancel()
	b.shelf.work.attempts = 3
	d := b.settle()
	want := record.Outcome{State: record.Ready, NotBefore: at.Add(straggling), Attempts: 3}
	if d.Outcome != want || len(d.Reports) != 1 || d.Link.State != record.LinkRemoved || len(d.Link.InFlight) != 1 {
		t.Errorf("%+v, %+v, reported %+v", d.Outcome, d.Link, d.Reports)
	}
	b.lands()
	b.clock.Set(at.Add(straggling))
	d = b.settle()
	if len(b.account.live()) != 0 || len(b.account.work.Events()) != 1 || d.Link.State != record.LinkRemoved || d.Link.Generation != 2 || len(d.Reports) != 0 {
		t.Errorf("%+v, reported %+v", d.Link, d.Reports)
	}
}

// What is made only to be taken away says nothing and tells nobody.
func TestUnwantedEventIsMadeBareToBeTakenAway(t *testing.T) {
	t.Parallel()
	b := newBench(t, cal.Google)
	b.spec.Notify = cal.NotifyAll
	b.want(nil)
	b.loses("create", lostBefore)
	b.cancel()
	mailed := false
	b.account.changed = func(op string, id cal.EventID, notify cal.Notify, guests bool) {
		mailed = mailed || op == "create" && (notify != cal.NotifyNone || guests || b.account.known(id).event.Content.Title != "")
	}
	if d := b.settle(); d.Link.State != record.LinkRemoved || len(b.account.live()) != 0 || mailed {
		t.Errorf("%+v, told somebody: %v", d.Link, mailed)
	}
}

func TestKeyThatIsTakenByADeletedEventIsAPersonsDeletion(t *testing.T) {
	t.Parallel()
	b := newBench(t, cal.Google)
	b.want(nil)
	b.loses("create", lostAfter)
	b.account.bury(b.account.work.Standing()[0].ID)
	d := b.settle()
	if d.Link.State != record.LinkDiverged || d.Link.Generation != 2 || !reported(d, message.BookingRemoved) {
		t.Errorf("%+v, reported %+v", d.Link, d.Reports)
	}
	b = newBench(t, cal.Google)
	b.want(nil)
	b.clock.Advance(time.Second)
	b.settle()
	b.account.bury(b.shelf.link.EventID)
	b.want(func(s *cal.Booking) { s.Title = "other" })
	if d := b.settle(); !reported(d, message.BookingRemoved) {
		t.Errorf("found deleted by a write: %+v", d.Reports)
	}
}

// Providers say of an event that is gone and of one that is hidden whatever they like: only one that is shown as cancelled needs no other proof.
func TestReadThatSaysGoneProvesNothing(t *testing.T) {
	t.Parallel()
	b := booked(t, cal.Google)
	b.account.refusal = fault.New(fault.Gone, "read", nil)
	b.shelf.mirror[b.shelf.link.EventID] = mirrorRow{etag: "a listing's"}
	if d := b.settle(); len(d.Reports) != 0 || d.Link.Generation != 1 || !slices.Equal(b.account.calls[1:], []string{"read", "calendars", "read"}) {
		t.Errorf("%+v after %v", d.Reports, b.account.calls)
	}
	b = booked(t, cal.Google)
	b.account.bury(b.shelf.link.EventID)
	b.listed()
	if d := b.settle(); !reported(d, message.BookingRemoved) || !slices.Equal(b.account.calls[1:], []string{"read"}) {
		t.Errorf("%+v after %v", d.Reports, b.account.calls)
	}
}

// An event that a search shows under another id stands: it is the same one to the link.
func TestEventThatStandsUnderAnotherID(t *testing.T) {
	t.Parallel()
	b := booked(t, cal.Microsoft)
	b.account.work.Rename(b.shelf.link.EventID, "moved")
	b.want(func(s *cal.Booking) { s.Title = "other" })
	if d := b.settle(); d.Link.EventID != "moved" || d.Link.Generation != 1 || d.Link.State != record.LinkSynced || b.event().Content.Title != "other" {
		t.Errorf("%+v", d.Link)
	}
}
