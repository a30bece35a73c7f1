package reconcile

import (
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
	if d := b.settle(); len(b.account.live()) != 1 || len(b.account.held) != 2 || d.Link.State != record.LinkSynced {
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
		b.event().bury("e9", "person")
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
		if d := b.settle(); d.Link.State != record.LinkSynced || len(b.account.live()) != 1 || len(b.account.held) != 2 {
			t.Errorf("%s: decided: %+v", p, d.Link)
		}
	}
}

// "Not found" proves a deletion only while the calendar can be seen: one that was unshared hides all its events at once.
func TestHiddenCalendarIsNoProofOfADeletion(t *testing.T) {
	t.Parallel()
	b := booked(t, cal.Microsoft)
	before := copied(b.shelf.link)
	b.account.unlisted = true
	b.want(func(s *cal.Booking) { s.Title = "other" })
	if err := b.run(); !fault.Is(err, fault.Forbidden) {
		t.Errorf("%v", err)
	}
	if l := b.shelf.link; l.Generation != 1 || l.EventID != before.EventID || len(b.shelf.settled) != 1 {
		t.Errorf("%+v", l)
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
	if len(b.account.live()) != 0 || len(b.account.held) != 1 || d.Link.State != record.LinkRemoved || d.Link.Generation != 2 || len(d.Reports) != 0 {
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
		c := b.account.held[id].event.Content
		mailed = mailed || op == "create" && (notify != cal.NotifyNone || guests || c.Title != "")
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
	b.account.live()[0].bury("e9", "person")
	d := b.settle()
	if d.Link.State != record.LinkDiverged || d.Link.Generation != 2 || !reported(d, message.BookingRemoved) {
		t.Errorf("%+v, reported %+v", d.Link, d.Reports)
	}
	b = newBench(t, cal.Google)
	b.want(nil)
	b.clock.Advance(time.Second)
	b.settle()
	b.event().bury("e9", "person")
	b.want(func(s *cal.Booking) { s.Title = "other" })
	if d := b.settle(); !reported(d, message.BookingRemoved) {
		t.Errorf("found deleted by a write: %+v", d.Reports)
	}
}
