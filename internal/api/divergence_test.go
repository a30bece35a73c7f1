package api_test

import (
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
)

const (
	accepts = "/v1/bookings/b1/divergence:accept"
	reverts = "/v1/bookings/b1/divergence:revert"
)

// A decision answers with the booking as it is from then on. Repeated, it is refused and changes nothing.
func TestDecisionsAboutADivergence(t *testing.T) {
	t.Parallel()
	for path, starts := range map[string]string{accepts: "2026-10-01T11:00:00+02:00", reverts: "2026-10-01T10:00:00"} {
		b := newBench(t)
		seen := b.diverged("b1")
		b.unchanged(func() {
			a := b.call("POST", path, nil, header("If-Match", `"1"`))
			refused{record.ReasonRevision, "If-Match names revision 1 and the booking is at revision 2: read it again and decide anew", nil}.want(t, "stale", a)
		})
		var out gen.Booking
		a := b.call("POST", path, nil, header("If-Match", `"2"`))
		a.into(t, 202, &out)
		if out.Version != 1 || out.Revision != seen.Revision+1 || out.Diverged || out.State != "booked" || a.header.Get("ETag") != `"3"` {
			t.Errorf("%s: %s, ETag %s", path, a.body, a.header.Get("ETag"))
		}
		if out.Booking.Start.DateTime != starts || out.Targets[0].Status != "pending" || out.Targets[0].Observed != nil {
			t.Errorf("%s: %s", path, a.body)
		}
		b.unchanged(func() {
			const nothing = "no person's change to the booking's events awaits a decision: it may have been decided about, or taken back"
			refused{record.ReasonUndiverged, nothing, nil}.want(t, "again", b.call("POST", path, nil))
			const moved = "If-Match names revision 2 and the booking is at revision 3: read it again and decide anew"
			refused{record.ReasonRevision, moved, nil}.want(t, "again with If-Match", b.call("POST", path, nil, header("If-Match", `"2"`)))
			b.call("PUT", "/v1/bookings/b1", b.spec(1)).into(t, 200, &out)
			if out.Revision != 3 {
				t.Errorf("%s: what the core has submitted came to revision %d", path, out.Revision)
			}
		})
	}
}

func TestWrongDecisions(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.twiceDiverged("b1")
	b.call("PUT", "/v1/bookings/b2", b.spec(1)).into(t, 202, &gen.Booking{})
	google, graph := string(b.google)+" (changed there: slot)", string(b.graph)+" (the event was deleted)"
	for name, c := range map[string]struct {
		path string
		want refused
	}{
		"no such booking": {"/v1/bookings/b3/divergence:accept", refused{record.ReasonUnknown, "there is no such booking: check its id", nil}},
		"nothing to decide": {"/v1/bookings/b2/divergence:revert", refused{
			record.ReasonUndiverged, "no person's change to the booking's events awaits a decision: it may have been decided about, or taken back", nil,
		}},
		"which of two": {accepts, refused{
			record.ReasonAmbiguous, "the events were changed in different ways: say with calendar_id which change is accepted",
			[]message.Problem{at("query: calendar_id", google), at("query: calendar_id", graph)},
		}},
		"a calendar that was not changed": {reverts + "?calendar_id=" + string(b.shared), refused{
			record.ReasonUndiverged, "no change in that calendar awaits a decision",
			[]message.Problem{at("query: calendar_id", google), at("query: calendar_id", graph)},
		}},
		"a calendar that is none": {accepts + "?calendar_id=a%20b", refused{
			record.ReasonInvalid, parameter, []message.Problem{at("query: calendar_id", "only this is allowed: visible ASCII characters without blanks")},
		}},
		"a parameter that is none": {accepts + "?calendar=x", refused{
			record.ReasonInvalid, parameter, []message.Problem{at("query: calendar", "there is no such parameter: remove it, or check its spelling")},
		}},
		"another verb":  {"/v1/bookings/b1/divergence:forget", refused{"not-found", "there is no such path: /docs lists them all", nil}},
		"no verb":       {"/v1/bookings/b1/divergence", refused{"not-found", "there is no such path: /docs lists them all", nil}},
		"a longer path": {accepts + "/now", refused{"not-found", "there is no such path: /docs lists them all", nil}},
	} {
		b.unchanged(func() { c.want.want(t, name, b.call("POST", c.path, nil)) })
	}
	b.unchanged(func() {
		format := []message.Problem{at("header: If-Match", `only this is allowed: the booking's revision in quotes, as its ETag has it: "7"`)}
		for _, path := range []string{accepts, reverts} {
			refused{record.ReasonInvalid, parameter, format}.want(t, path, b.call("POST", path, nil, header("If-Match", "*")))
		}
	})
	var out gen.Booking
	b.call("POST", accepts+"?calendar_id="+string(b.google), nil).into(t, 202, &out)
	if !out.Diverged || out.State != "booked" {
		t.Errorf("the other change has gone: %+v", out)
	}
	b.call("POST", "/v1/bookings/b1/divergence%3Aaccept", nil).into(t, 202, &out)
	if out.Diverged || out.State != "cancelled" || out.Version != 1 || out.Revision != 5 {
		t.Errorf("the deletion is not accepted: %+v", out)
	}
}

// twiceDiverged makes a booking of which persons have moved the event in one calendar and deleted it in another.
func (b *bench) twiceDiverged(id cal.BookingID) {
	b.Helper()
	b.call("PUT", "/v1/bookings/"+string(id), b.spec(1, with("targets", to(b.google, b.graph)))).into(b.T, 202, &gen.Booking{})
	b.settleIn(id, b.google, func(d *record.Decision) {
		seen := d.Link.Base.Read
		seen.Slot.Start.Instant, seen.Slot.End.Instant = seen.Slot.Start.Instant.Add(time.Hour), seen.Slot.End.Instant.Add(time.Hour)
		event := message.NewEvent(seen)
		d.Link.State, d.Link.Observed = record.LinkDiverged, &seen
		d.Reports = []record.Report{{Type: message.BookingMoved, Version: 1, Revise: true, Fields: []string{"slot"}, Event: &event, Diverged: true}}
	})
	b.settleIn(id, b.graph, func(d *record.Decision) {
		d.Link.State, d.Link.EventID, d.Link.Base, d.Link.Generation = record.LinkDiverged, "", nil, 2
		d.Event = nil
		d.Reports = []record.Report{{Type: message.BookingRemoved, Version: 1, Revise: true, Diverged: true}}
	})
}
