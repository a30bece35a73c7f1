package app_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/sim"
)

// shows are the titles and starts of what stands at a provider, in order.
func (w *world) shows(p sim.Provider) []string {
	w.tb.Helper()
	var out []string
	for _, e := range w.standing(p) {
		out = append(out, e.Start.UTC().Format(time.RFC3339)+" "+e.Title)
	}
	slices.Sort(out)
	return out
}

func (w *world) wantShown(what string, want ...string) {
	w.tb.Helper()
	for _, p := range both() {
		if got := w.shows(p); !slices.Equal(got, want) {
			w.tb.Errorf("%s: %s shows\n%q, want\n%q", what, p, got, want)
		}
	}
}

// starting is the event that begins at an instant.
func (w *world) starting(p sim.Provider, at string) sim.Event {
	w.tb.Helper()
	for _, e := range w.standing(p) {
		if e.Start.UTC().Format(time.RFC3339) == at {
			return e
		}
	}
	w.tb.Fatalf("%s shows nothing at %s", p, at)
	return sim.Event{}
}

// TestRecurringBookingStandsAsSingleEvents books a series across a change of clocks (28 March 2027), lets persons change single occurrences, and decides.
func TestRecurringBookingStandsAsSingleEvents(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	w.connect()
	const id = "course"
	b := w.booking(1, "Course", "2027-03-18T10:00:00")
	b.Recurrence, b.Expand = []string{"RRULE:FREQ=WEEKLY;COUNT=4"}, true
	w.submit(id, b, nil)
	w.settle()
	w.wantShown("booked", "2027-03-18T09:00:00Z Course", "2027-03-25T09:00:00Z Course", "2027-04-01T08:00:00Z Course", "2027-04-08T08:00:00Z Course")

	title := "Guest lecture"
	b.Version, b.Recurrence = 2, []string{"RRULE:FREQ=WEEKLY;COUNT=5", "EXDATE;TZID=Europe/Berlin:20270325T100000"}
	b.Overrides = []cal.Override{{OriginalStart: cal.When{DateTime: "2027-04-08T10:00:00", TimeZone: zone}, Title: &title}}
	kept := w.starting(sim.Google, "2027-04-08T08:00:00Z").ID
	w.submit(id, b, nil)
	w.settle()
	w.wantShown("changed", "2027-03-18T09:00:00Z Course", "2027-04-01T08:00:00Z Course", "2027-04-08T08:00:00Z Guest lecture", "2027-04-15T08:00:00Z Course")
	if got := w.starting(sim.Google, "2027-04-08T08:00:00Z").ID; got != kept {
		t.Errorf("an occurrence that is called otherwise has become event %s, was %s", got, kept)
	}

	google := w.starting(sim.Google, "2027-04-01T08:00:00Z")
	_, err := w.sim.MoveEvent(in(sim.Google), google.ID, google.Start.Add(time.Hour))
	w.must(err)
	w.settle()
	at := cal.When{DateTime: "2027-04-01T10:00:00+02:00", TimeZone: zone}
	w.wantDiverged(id, at)
	before := w.core.types()[message.BookingSynced]
	w.call(http.MethodPost, "/v1/bookings/"+id+"/divergence:accept", "", nil)
	w.settle()
	if n := w.core.types()[message.BookingSynced] - before; n != 1 {
		t.Errorf("%d messages say that an event shows the booking, want that of the other target alone", n)
	}
	w.wantShown("a move accepted", "2027-03-18T09:00:00Z Course", "2027-04-01T09:00:00Z Course", "2027-04-08T08:00:00Z Guest lecture", "2027-04-15T08:00:00Z Course")

	other := "Renamed"
	_, err = w.sim.EditEvent(in(sim.Microsoft), w.starting(sim.Microsoft, "2027-04-15T08:00:00Z").ID, sim.Edit{Title: &other})
	w.must(err)
	w.settle()
	w.wantDiverged(id, cal.When{DateTime: "2027-04-15T10:00:00+02:00", TimeZone: zone})
	w.call(http.MethodPost, "/v1/bookings/"+id+"/divergence:revert", "", nil)
	w.settle()
	w.wantShown("an edit reverted", "2027-03-18T09:00:00Z Course", "2027-04-01T09:00:00Z Course", "2027-04-08T08:00:00Z Guest lecture", "2027-04-15T08:00:00Z Course")

	w.must(w.sim.DeleteEvent(in(sim.Microsoft), w.starting(sim.Microsoft, "2027-03-18T09:00:00Z").ID, false))
	w.settle()
	w.wantDiverged(id, cal.When{DateTime: "2027-03-18T10:00:00+01:00", TimeZone: zone})
	w.call(http.MethodPost, "/v1/bookings/"+id+"/divergence:accept", "", nil)
	w.settle()
	w.wantShown("a deletion accepted", "2027-04-01T09:00:00Z Course", "2027-04-08T08:00:00Z Guest lecture", "2027-04-15T08:00:00Z Course")

	var now gen.Booking
	w.call(http.MethodGet, "/v1/bookings/"+id, "", &now)
	var reservation gen.Reservation
	w.call(http.MethodGet, "/v1/reservations/"+now.ReservationToken, "", &reservation)
	if now.State != gen.BookingStateBooked || now.Diverged || len(now.Booking.Overrides) != 3 {
		t.Errorf("got %+v, want a booking with three overrides", now)
	}
	if len(reservation.Targets) != 2 {
		t.Errorf("got %+v, want one row for each calendar", reservation.Targets)
	}
	for _, target := range reservation.Targets {
		if target.Status != gen.ReservationTargetStatusSynced {
			t.Errorf("got %+v, want it synced", target)
		}
	}

	// The core has not heard of what was accepted.
	b.Version, b.Location = 3, "Room 5"
	w.submit(id, b, nil)
	w.settle()
	w.wantShown("the next version", "2027-04-01T09:00:00Z Course", "2027-04-08T08:00:00Z Guest lecture", "2027-04-15T08:00:00Z Course")

	b.Version, b.Backflow = 4, cal.Backflow{Cancelled: cal.StanceAccept}
	w.guestsStand(&b, sim.Google)
	w.submit(id, b, nil)
	w.settle()
	w.must(w.sim.DeleteEvent(in(sim.Google), w.starting(sim.Google, "2027-04-15T08:00:00Z").ID, false))
	w.settle()
	w.wantShown("a deletion that the policy accepts", "2027-04-01T09:00:00Z Course", "2027-04-08T08:00:00Z Guest lecture")

	b.Version, b.Recurrence, b.Overrides, b.Expand = 5, nil, nil, false
	w.submit(id, b, nil)
	w.settle()
	w.wantShown("a single booking again", "2027-03-18T09:00:00Z Course")
	w.call(http.MethodDelete, "/v1/bookings/"+id+"?version=6", "", nil)
	w.settle()
	w.wantShown("cancelled")
}

// wantDiverged wants exactly one occurrence of a booking to await a decision, and the core to have heard of that one.
func (w *world) wantDiverged(id string, at cal.When) {
	w.tb.Helper()
	var b gen.Booking
	w.call(http.MethodGet, "/v1/bookings/"+id, "", &b)
	var open []cal.When
	for _, target := range b.Targets {
		if target.Status == gen.TargetStatusStatusDiverged && target.Occurrence != nil {
			open = append(open, target.Occurrence.OriginalStart)
		}
	}
	if !b.Diverged || !slices.Equal(open, []cal.When{at}) {
		w.tb.Errorf("%v await a decision, want %v", open, at)
	}
	items, err := w.app.Store.Feed(w.ctx, w.tenant, 0, 500)
	w.must(err)
	var last message.Target
	for _, m := range items {
		if !slices.Contains([]message.Type{message.BookingMoved, message.BookingEdited, message.BookingRemoved}, m.Type) {
			continue
		}
		var about struct{ Target message.Target }
		w.must(json.Unmarshal(m.Data, &about))
		last = about.Target
	}
	if last.Occurrence == nil || last.Occurrence.OriginalStart != at {
		w.tb.Errorf("the core heard of %+v, want %v", last, at)
	}
}
