package reconcile

import (
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/record"
)

// vanished is a bench whose event a person has deleted, which a listing has shown, with the guard's verdict about it.
func vanished(t *testing.T, p cal.Provider, v record.DeletionVerdict) *bench {
	t.Helper()
	b := booked(t, p)
	b.shelf.verdict = v
	b.account.bury(b.shelf.link.EventID)
	b.listed()
	return b
}

func TestGuardHoldsADeletion(t *testing.T) {
	t.Parallel()
	for _, p := range []cal.Provider{cal.Google, cal.Microsoft} {
		b := vanished(t, p, record.DeletionHeld)
		before := b.shelf.link
		d := b.settle()
		if d.Outcome.State != record.Held || d.Outcome.HeldFor != record.HeldForGuard || d.Outcome.Reason == "" || len(d.Reports) != 0 {
			t.Errorf("%s: %+v, %+v", p, d.Outcome, d.Reports)
		}
		if l := d.Link; l.State != before.State || l.EventID != before.EventID || l.Generation != before.Generation || l.Base == nil {
			t.Errorf("%s: the link forgets its event: %+v", p, l)
		}
		if len(d.Notes) != 1 || d.Notes[0].Action != "link.guarded" || d.Notes[0].Detail["why"] != guardedWhy {
			t.Errorf("%s: %+v", p, d.Notes)
		}
		b.shelf.verdict, b.shelf.work.state = record.DeletionApproved, record.Ready
		b.shelf.mark()
		if d := b.settle(); d.Link.State != record.LinkDiverged || !reported(d, message.BookingRemoved) {
			t.Errorf("%s: approved: %+v", p, d.Link)
		}
	}
}

func TestRejectedDeletionIsMadeAnew(t *testing.T) {
	t.Parallel()
	for _, p := range []cal.Provider{cal.Google, cal.Microsoft} {
		b := vanished(t, p, record.DeletionRejected)
		d := b.settle()
		if d.Link.State != record.LinkPending || d.Link.Generation != 2 || d.Link.EventID != "" || len(d.Reports) != 0 || d.Outcome.Served {
			t.Errorf("%s: %+v, %+v, %+v", p, d.Link, d.Reports, d.Outcome)
		}
		d = b.settle()
		if d.Link.State != record.LinkSynced || len(b.account.live()) != 1 || !reported(d, message.BookingSynced) || reported(d, message.BookingRemoved) {
			t.Errorf("%s: %+v, %v", p, d.Link, types(d.Reports))
		}
		if calls := len(b.account.calls); b.settleAgain() || len(b.account.calls) != calls {
			t.Errorf("%s: a second pass writes or tells something: %v", p, b.account.calls[calls:])
		}
	}
}

// settleAgain runs the link once more and says whether that told anything.
func (b *bench) settleAgain() bool {
	b.t.Helper()
	b.shelf.mark()
	return len(b.settle().Reports) > 0
}

// What an operator is asked about is looked at, whatever else there is to do, and an event that is there answers it.
func TestGuardedEventIsLookedAt(t *testing.T) {
	t.Parallel()
	for _, v := range []record.DeletionVerdict{record.DeletionHeld, record.DeletionApproved, record.DeletionRejected} {
		b := booked(t, cal.Google)
		b.shelf.verdict = v
		b.shelf.mark()
		calls := len(b.account.calls)
		d := b.settle()
		if d.Over == nil || d.Over.Generation != 1 || d.Link.State != record.LinkSynced || len(b.account.calls) == calls {
			t.Errorf("%s: %+v after %v", v, d, b.account.calls[calls:])
		}
		if b.shelf.mark(); b.settle().Over != nil {
			t.Errorf("%s: answered twice", v)
		}
	}
}

func TestCancelledBookingNeedsNoWordOfTheGuards(t *testing.T) {
	t.Parallel()
	b := vanished(t, cal.Microsoft, record.DeletionHeld)
	b.cancel()
	d := b.settle()
	if d.Over == nil || d.Over.Generation != 1 || d.Link.State != record.LinkRemoved || d.Removal != nil {
		t.Errorf("%+v", d)
	}
}
