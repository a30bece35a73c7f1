package reconcile

import (
	"slices"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/record"
)

const host = "host@core.test"

// hosted is a bench whose account is known.
func hosted(t *testing.T, p cal.Provider) *bench {
	t.Helper()
	b := newBench(t, p)
	b.shelf.account = "Host@Core.test"
	b.spec.Notify = cal.NotifyAll // the only way to guests on either provider
	return b
}

func hostAmong(b *cal.Booking) {
	b.Attendees = guestList("a@core.test", " HOST@core.TEST ", "b@core.test")
}

func TestHostIsNotInvitedToTheirOwnEvent(t *testing.T) {
	t.Parallel()
	for _, p := range []cal.Provider{cal.Google, cal.Microsoft} {
		b := hosted(t, p)
		b.want(hostAmong)
		if d := b.settle(); d.Link.State != record.LinkSynced || d.Link.Synced != 1 || !reported(d, message.BookingSynced) {
			t.Errorf("%s: %+v", p, d)
		}
		if got := b.guests(); !slices.Equal(got, []string{"a@core.test", "b@core.test"}) {
			t.Errorf("%s: invited %v", p, got)
		}
		b.account.updating = func(req provider.UpdateEvent, _ *known) {
			for _, a := range req.Invite {
				if slices.Contains(req.Uninvite, host) || a.Email != "c@core.test" {
					t.Errorf("%s: an update invites %v and takes off %v", p, req.Invite, req.Uninvite)
				}
			}
		}
		b.want(func(s *cal.Booking) { s.Attendees = append(s.Attendees, cal.Attendee{Email: "c@core.test"}) })
		b.settle()
		if got := b.guests(); !slices.Equal(got, []string{"a@core.test", "b@core.test", "c@core.test"}) {
			t.Errorf("%s: after an update %v", p, got)
		}
		b.account.updating = nil
		b.quiet(p)
	}
}

func TestBookingWithTheHostAloneHasNoGuests(t *testing.T) {
	t.Parallel()
	for _, p := range []cal.Provider{cal.Google, cal.Microsoft} {
		b := hosted(t, p)
		b.want(func(s *cal.Booking) { s.Attendees = guestList(host) })
		b.settle()
		if got := b.guests(); len(got) != 0 {
			t.Errorf("%s: invited %v", p, got)
		}
		b.quiet(p)
	}
}

// A calendar that is not the account's primary one has another organizer, and then providers list the host like any guest.
func TestHostShownAmongTheGuestsIsNobodysChange(t *testing.T) {
	t.Parallel()
	for name, listed := range map[string]func(*cal.Booking){"listed by the core too": hostAmong, "not listed by the core": nil} {
		for _, p := range []cal.Provider{cal.Google, cal.Microsoft} {
			b := hosted(t, p)
			b.want(listed)
			b.settle()
			b.person(cal.FieldAttendees, func(c *cal.Content) { c.Attendees = append(c.Attendees, cal.Attendee{Email: "HOST@core.test"}) })
			d := b.settle()
			if len(d.Reports) != 0 || d.Link.State != record.LinkSynced {
				t.Errorf("%s, %s: %s, reported %v", p, name, d.Link.State, types(d.Reports))
			}
			if got := d.Event.Content.Attendees; len(got) != 3 || got[0].Email != "a@core.test" || got[2].Email != "HOST@core.test" {
				t.Errorf("%s, %s: the mirror is to show the event as it is, not %v", p, name, got)
			}
			for _, guest := range []string{"c@core.test", "d@core.test"} { // the second change meets what the first has agreed on
				b.want(func(s *cal.Booking) { s.Attendees = slices.Concat(s.Attendees[1:], guestList(guest)) })
				if d := b.settle(); d.Link.State != record.LinkSynced || reported(d, message.BookingEdited) {
					t.Errorf("%s, %s: %s, reported %v", p, name, d.Link.State, types(d.Reports))
				}
			}
			if got := b.guests(); slices.Contains(got, "a@core.test") || !slices.Contains(got, "HOST@core.test") || !slices.Contains(got, "d@core.test") {
				t.Errorf("%s, %s: updates leave %v", p, name, got)
			}
			b.quiet(p)
		}
	}
}

// What a person wants of other guests is theirs, and reported the same whether or not the host stands beside them.
func TestHostBesideOthersChangesNothing(t *testing.T) {
	t.Parallel()
	decide := func(others ...string) record.Decision {
		b := hosted(t, cal.Google)
		b.want(nil)
		b.settle()
		b.person(cal.FieldAttendees, func(c *cal.Content) { c.Attendees = append(c.Attendees, guestList(others...)...) })
		b.want(func(s *cal.Booking) { s.Attendees = append(s.Attendees, cal.Attendee{Email: "c@core.test"}) })
		return b.settle()
	}
	want, got := decide("x@person.test"), decide("x@person.test", host)
	if !slices.Equal(types(got.Reports), types(want.Reports)) || got.Link.State != want.Link.State || got.Reports[0].Diverged != want.Reports[0].Diverged {
		t.Errorf("with the host %s and %+v, without %s and %+v", got.Link.State, got.Reports, want.Link.State, want.Reports)
	}
	if want.Link.State != record.LinkSynced || !reported(want, message.BookingEdited) {
		t.Errorf("%s, reported %v", want.Link.State, types(want.Reports))
	}
}

// The host's own change is the host's to know.
func TestHostAloneIsNobodyToBeMailed(t *testing.T) {
	t.Parallel()
	b := hosted(t, cal.Microsoft)
	b.spec.Notify = cal.NotifyNone
	b.want(nil)
	b.settle()
	b.person(cal.FieldAttendees, func(c *cal.Content) { c.Attendees = guestList(host) })
	b.want(func(s *cal.Booking) { s.Title = "other" })
	if d := b.settle(); d.Link.State != record.LinkSynced || b.event().Content.Title != "other" {
		t.Errorf("%s: %+v", d.Link.State, b.event())
	}
}

func TestGuestsStandWhileTheAccountIsNotKnown(t *testing.T) {
	t.Parallel()
	b := hosted(t, cal.Google)
	b.shelf.account = ""
	b.want(hostAmong)
	b.settle()
	if got := b.guests(); len(got) != 3 {
		t.Errorf("%v", got)
	}
}

// quiet wants another look to change and report nothing.
func (b *bench) quiet(p cal.Provider) {
	b.t.Helper()
	writes := len(b.account.writes)
	b.shelf.mirror[b.shelf.link.EventID] = mirrorRow{etag: "a listing's"} // so that the event is read
	d := b.settle()
	if len(b.account.writes) != writes || len(d.Reports) != 0 || d.Link.State != record.LinkSynced {
		b.t.Errorf("%s: another look wrote %v, reported %v, and left the link %s", p, b.account.writes[writes:], types(d.Reports), d.Link.State)
	}
}
