package api_test

import (
	"slices"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
)

// settle does the work on a booking's only link, as the reconciler would, and leaves the link in a state.
func (b *bench) settle(id cal.BookingID, edit func(*record.Decision)) {
	b.Helper()
	b.settleIn(id, b.google, edit)
}

// settleIn does the work on a booking's link to one calendar.
func (b *bench) settleIn(id cal.BookingID, calendar cal.CalendarID, edit func(*record.Decision)) {
	b.Helper()
	booking, err := b.store.Booking(b.Context(), b.tenant, id)
	b.ok(err)
	link := booking.Links[slices.IndexFunc(booking.Links, func(l record.Link) bool { return l.CalendarID == calendar })]
	l, claimed, err := b.store.Claim(b.Context(), task.Ref{Tenant: b.tenant, Kind: task.LinkPush, Subject: string(link.ID)}, time.Minute)
	b.ok(err)
	if !claimed {
		b.Fatal("the link has no work")
	}
	content := cal.Content{Title: booking.Spec.Title, Slot: booking.Slot}
	link.EventID, link.ETag, link.State, link.Synced = "event", "etag", record.LinkSynced, booking.Version
	link.Base, link.BaseVersion = &record.Base{Sent: content, Read: content}, booking.Version
	d := record.Decision{Link: link, Outcome: record.Served()}
	edit(&d)
	b.ok(b.store.Settle(b.Context(), l, d))
}

// diverged makes a booking whose event a person has moved.
func (b *bench) diverged(id cal.BookingID) gen.Booking {
	b.Helper()
	if a := b.call("PUT", "/v1/bookings/"+string(id), b.spec(1)); a.status != 202 {
		b.Fatalf("%d %s", a.status, a.body)
	}
	b.settle(id, func(d *record.Decision) {
		seen := d.Link.Base.Read
		seen.Slot.Start.Instant, seen.Slot.End.Instant = seen.Slot.Start.Instant.Add(time.Hour), seen.Slot.End.Instant.Add(time.Hour)
		seen.Attendees = []cal.Attendee{{Email: "guest@x.test", Response: cal.ResponseAccepted}}
		event := message.NewEvent(seen)
		d.Link.State, d.Link.Observed = record.LinkDiverged, &seen
		d.Reports = []record.Report{{Type: message.BookingMoved, Version: 1, Revise: true, Fields: []string{"slot"}, Event: &event, Diverged: true}}
	})
	var out gen.Booking
	b.call("GET", "/v1/bookings/"+string(id), nil).into(b.T, 200, &out)
	return out
}

// Versions that are not accepted: each with its own answer, and nothing changed.
func TestVersionConflicts(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ifMatch := func(tag string) func() answer {
		return func() answer {
			return b.call("PUT", "/v1/bookings/b1", b.spec(4, with("title", "x")), header("If-Match", tag))
		}
	}
	b.call("PUT", "/v1/bookings/b1", b.spec(2)).into(t, 202, &gen.Booking{})
	b.call("PUT", "/v1/bookings/b1", b.spec(3, with("title", "Third"))).into(t, 202, &gen.Booking{})
	format := []message.Problem{at("header: If-Match", `only this is allowed: the booking's revision in quotes, as its ETag has it: "7"`)}
	const parameter = "a parameter is not what the contract says"
	put := func(id string, doc any) func() answer {
		return func() answer { return b.call("PUT", "/v1/bookings/"+id, doc) }
	}
	for name, c := range map[string]struct {
		send func() answer
		want refused
	}{
		"same version, other content": {put("b1", b.spec(3, with("title", "Fourth"))), refused{
			record.ReasonReused, "version 3 was accepted with other content: give the changed booking a higher version", nil,
		}},
		"same version, cancelled": {func() answer { return b.call("DELETE", "/v1/bookings/b1?version=3", nil) }, refused{
			record.ReasonReused, "version 3 was accepted with other content: give the changed booking a higher version", nil,
		}},
		"an older version": {put("b1", b.spec(1)), refused{
			record.ReasonSuperseded, "version 1 is older than version 3, which was accepted already: read the booking and go on from there", nil,
		}},
		"an older version as it was": {put("b1", b.spec(2)), refused{
			record.ReasonSuperseded, "version 2 is older than version 3, which was accepted already: read the booking and go on from there", nil,
		}},
		"an older cancellation": {func() answer { return b.call("DELETE", "/v1/bookings/b1?version=2", nil) }, refused{
			record.ReasonSuperseded, "version 2 is older than version 3, which was accepted already: read the booking and go on from there", nil,
		}},
		"another revision": {ifMatch(`"1"`), refused{
			record.ReasonRevision, "If-Match names revision 1 and the booking is at revision 2: read it again and decide anew", nil,
		}},
		"a revision to come":   {ifMatch(`"999999999999999999"`), refused{record.ReasonRevision, "If-Match names revision 999999999999999999 and the booking is at revision 2: read it again and decide anew", nil}},
		"revision without end": {ifMatch(`"99999999999999999999"`), refused{record.ReasonInvalid, parameter, format}},
		"without quotes":       {ifMatch(`2`), refused{record.ReasonInvalid, parameter, format}},
		"a weak tag":           {ifMatch(`W/"2"`), refused{record.ReasonInvalid, parameter, format}},
		"any":                  {ifMatch(`*`), refused{record.ReasonInvalid, parameter, format}},
		"several tags":         {ifMatch(`"1", "2"`), refused{record.ReasonInvalid, parameter, format}},
		"zeroes in front":      {ifMatch(`"02"`), refused{record.ReasonInvalid, parameter, format}},
		"negative":             {ifMatch(`"-2"`), refused{record.ReasonInvalid, parameter, format}},
		"empty":                {ifMatch(``), refused{record.ReasonInvalid, parameter, format}},
		"two headers": {func() answer {
			return b.call("DELETE", "/v1/bookings/b1?version=4", nil, header("If-Match", `"2"`, `"2"`))
		}, refused{record.ReasonInvalid, parameter, []message.Problem{at("header: If-Match", "it is given 2 times: give it once")}}},
		"no such booking, and a revision": {func() answer { return b.call("PUT", "/v1/bookings/b2", b.spec(1), header("If-Match", `"1"`)) }, refused{
			record.ReasonRevision, "If-Match names a revision, but there is no such booking: leave it out to create one", nil,
		}},
		"no such booking to cancel": {func() answer { return b.call("DELETE", "/v1/bookings/b2?version=1", nil) }, refused{
			record.ReasonUnknown, "there is no such booking to cancel: check its id", nil,
		}},
		"no such booking to read": {func() answer { return b.call("GET", "/v1/bookings/b2", nil) }, refused{
			record.ReasonUnknown, "this tenant has no booking of that id", nil,
		}},
		"no version to cancel": {func() answer { return b.call("DELETE", "/v1/bookings/b1", nil) }, refused{
			record.ReasonInvalid, parameter, []message.Problem{at("query: version", "this parameter is required")},
		}},
		"a version that is no number": {func() answer { return b.call("DELETE", "/v1/bookings/b1?version=4x", nil) }, refused{
			record.ReasonInvalid, parameter, []message.Problem{at("query: version", "it cannot be read: give a whole number")},
		}},
		"a version of zero": {func() answer { return b.call("DELETE", "/v1/bookings/b1?version=0", nil) }, refused{
			record.ReasonInvalid, parameter, []message.Problem{at("query: version", "give at least 1")},
		}},
		"a version beyond": {func() answer { return b.call("DELETE", "/v1/bookings/b1?version=9007199254740993", nil) }, refused{
			record.ReasonInvalid, parameter, []message.Problem{at("query: version", "give at most 9007199254740991")},
		}},
		"a version beyond all": {func() answer { return b.call("DELETE", "/v1/bookings/b1?version=99999999999999999999", nil) }, refused{
			record.ReasonInvalid, parameter, []message.Problem{at("query: version", "it cannot be read: give a whole number")},
		}},
	} {
		b.unchanged(func() { c.want.want(t, name, c.send()) })
	}
}

// What was accepted is accepted again, changes nothing, and says so.
func TestRepeats(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var first, again gen.Booking
	b.call("PUT", "/v1/bookings/b1", b.spec(1)).into(t, 202, &first)
	b.unchanged(func() {
		a := b.call("PUT", "/v1/bookings/b1", b.spec(1))
		a.into(t, 200, &again)
		if again.ReservationToken != first.ReservationToken || a.header.Get("ETag") != `"1"` {
			t.Errorf("%s", a.body)
		}
		// As it is read, with the defaults filled in, and with a revision that has passed.
		b.call("PUT", "/v1/bookings/b1", first.Booking, header("If-Match", `"7"`)).into(t, 200, &again)
	})
	b.call("DELETE", "/v1/bookings/b1?version=2", nil).into(t, 202, &first)
	b.unchanged(func() {
		b.call("DELETE", "/v1/bookings/b1?version=2", nil).into(t, 200, &again)
		if again.State != gen.BookingStateCancelled || again.ReservationToken != first.ReservationToken || again.Booking.Title != "Intro call" {
			t.Errorf("%+v", again)
		}
	})
	b.call("PUT", "/v1/bookings/b1", b.spec(3)).into(t, 202, &again)
	if again.State != gen.BookingStateBooked {
		t.Errorf("booked anew: %+v", again)
	}
}

// After a person's change only a core that has seen it may overrule it.
func TestDivergence(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	seen := b.diverged("b1")
	if !seen.Diverged || seen.Revision != 2 || seen.Targets[0].Observed == nil {
		t.Fatalf("%+v", seen)
	}
	b.unchanged(func() {
		a := b.call("PUT", "/v1/bookings/b1", b.spec(2))
		refused{record.ReasonDiverged, `a person has changed the event in a calendar: read the booking and accept or revert that, or send If-Match: "2" to overrule it`, nil}.want(t, "blind", a)
		a = b.call("PUT", "/v1/bookings/b1", b.spec(2), header("If-Match", `"1"`))
		refused{record.ReasonRevision, "If-Match names revision 1 and the booking is at revision 2: read it again and decide anew", nil}.want(t, "stale", a)
	})
	var decided gen.Booking
	b.call("PUT", "/v1/bookings/b1", b.spec(2), header("If-Match", `"2"`)).into(t, 202, &decided)
	if decided.Diverged || decided.Revision != 3 {
		t.Errorf("%+v", decided)
	}
}
