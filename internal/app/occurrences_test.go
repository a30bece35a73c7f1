package app_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/store"
	"github.com/calweave/calweave/internal/testkit"
	zones "github.com/calweave/calweave/internal/zone"
)

// course is a booking that recurs weekly.
func (w *world) course(version int64, start string, count int) cal.Booking {
	b := w.booking(version, "Course", start)
	b.Recurrence, b.Expand = []string{fmt.Sprintf("RRULE:FREQ=WEEKLY;COUNT=%d", count)}, true
	return b
}

// events are the events of a booking's links by provider and part.
func (w *world) events(id cal.BookingID) map[string]cal.EventID {
	w.tb.Helper()
	b, err := w.app.Store.Booking(w.ctx, w.tenant, id)
	w.must(err)
	out := map[string]cal.EventID{}
	for _, l := range b.Links {
		if l.Target {
			out[string(l.Provider)+" "+l.Part] = l.EventID
		}
	}
	return out
}

// TestOccurrencesAreDecidedOneByOne lets a person change two occurrences, accepts the one and reverts the other.
func TestOccurrencesAreDecidedOneByOne(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	w.submit("course", w.course(1, "2027-03-18T10:00:00", 3), nil)
	w.settle()
	title := "Guest lecture"
	_, err := w.sim.EditEvent(in(sim.Google), w.starting(sim.Google, "2027-03-25T09:00:00Z").ID, sim.Edit{Title: &title})
	w.must(err)
	last := w.starting(sim.Google, "2027-04-01T08:00:00Z")
	_, err = w.sim.MoveEvent(in(sim.Google), last.ID, last.Start.Add(time.Hour))
	w.must(err)
	w.settle()

	const divergence = "/v1/bookings/course/divergence:"
	for query, want := range map[string]int{
		"?occurrence=2027-03-18T10:00:00": http.StatusConflict, "?occurrence=2027-03-26T10:00:00": http.StatusConflict,
		"?occurrence=next+week": http.StatusUnprocessableEntity,
	} {
		if got := w.call(http.MethodPost, divergence+"accept"+query, "", nil); got != want {
			t.Errorf("%s is answered %d, want %d", query, got, want)
		}
	}
	var b gen.Booking
	if got := w.call(http.MethodPost, divergence+"accept?occurrence=2027-03-25T10:00:00%2B01:00", "", &b); got != http.StatusAccepted || !b.Diverged {
		t.Errorf("got %d, %+v, want one accepted and the other open", got, b)
	}
	w.settle()
	w.wantDiverged("course", cal.When{DateTime: "2027-04-01T10:00:00+02:00", TimeZone: zone})
	w.call(http.MethodPost, divergence+"revert?occurrence=2027-04-01T10:00:00", "", nil)
	w.settle()
	w.wantShown("one accepted, one reverted", "2027-03-18T09:00:00Z Course", "2027-03-25T09:00:00Z Guest lecture", "2027-04-01T08:00:00Z Course")
}

// TestSeriesMovesAsAWhole gives every occurrence another place: each event is moved, and none is made anew.
func TestSeriesMovesAsAWhole(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	w.submit("course", w.course(1, "2027-03-18T10:00:00", 3), nil)
	w.settle()
	before := w.events("course")
	b := w.course(2, "2027-03-18T11:00:00", 3)
	title := "Guest lecture"
	b.Overrides = []cal.Override{{OriginalStart: cal.When{DateTime: "2027-04-01T11:00:00", TimeZone: zone}, Title: &title}}
	w.submit("course", b, nil)
	w.settle()
	w.wantShown("an hour later", "2027-03-18T10:00:00Z Course", "2027-03-25T10:00:00Z Course", "2027-04-01T09:00:00Z Guest lecture")
	byHand := "By hand"
	_, err := w.sim.EditEvent(in(sim.Google), w.starting(sim.Google, "2027-03-25T10:00:00Z").ID, sim.Edit{Location: &byHand})
	w.must(err)
	w.settle()
	w.wantDiverged("course", cal.When{DateTime: "2027-03-25T11:00:00+01:00", TimeZone: zone})
	w.call(http.MethodPost, "/v1/bookings/course/divergence:accept", "", nil)
	w.settle()
	if got := w.starting(sim.Microsoft, "2027-03-25T10:00:00Z"); got.Location != byHand {
		t.Errorf("got %+v, want what was accepted of this occurrence", got)
	}

	b = w.course(3, "2027-03-19T09:00:00", 4)
	w.submit("course", b, nil)
	w.settle()
	w.wantShown("another day", "2027-03-19T08:00:00Z Course", "2027-03-26T08:00:00Z Course", "2027-04-02T07:00:00Z Course", "2027-04-09T07:00:00Z Course")
	after := w.events("course")
	for at, id := range before {
		if after[at] != id {
			t.Errorf("%s is event %s, was %s: %v", at, after[at], id, after)
		}
	}
	if len(after) != len(before)+2 {
		t.Errorf("%d events, want one more in each calendar: %v", len(after), after)
	}
}

// TestRecurringBookingFollowsItsZone gives a process whose predecessor knew other rules of Berlin's clocks a series that has begun.
func TestRecurringBookingFollowsItsZone(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	w.app.Intake.Zones = oldTables()
	b := w.course(1, "2027-01-28T10:00:00", 3)
	moved := cal.When{DateTime: "2027-02-12T12:00:00+02:00", TimeZone: zone}
	b.Overrides = []cal.Override{{OriginalStart: cal.When{DateTime: "2027-02-11T10:00:00+02:00", TimeZone: zone}, Start: &moved}}
	w.submit("course", b, nil)
	w.settle()
	w.wantShown("before", "2027-01-28T08:00:00Z Course", "2027-02-04T08:00:00Z Course", "2027-02-12T10:00:00Z Course")
	before := w.events("course")

	w.app.Intake.Zones = zones.Tables{}
	w.refreshZones()
	w.settle()
	w.wantShown("after", "2027-01-28T09:00:00Z Course", "2027-02-04T09:00:00Z Course", "2027-02-12T11:00:00Z Course")
	for at, id := range w.events("course") {
		if before[at] != id {
			t.Errorf("%s is event %s, was %s", at, id, before[at])
		}
	}
	stored, err := w.app.Store.Booking(w.ctx, w.tenant, "course")
	w.must(err)
	if o := stored.Spec.Overrides[0]; o.OriginalStart.DateTime != "2027-02-11T10:00:00+01:00" || o.Start.DateTime != "2027-02-12T12:00:00+01:00" {
		t.Errorf("the override says %+v, want the offsets in force", o)
	}
	heard := w.core.types()
	w.refreshZones()
	w.settle()
	if got := w.core.types(); got[message.BookingAccepted] != heard[message.BookingAccepted] {
		t.Error("a booking that was resolved is resolved again")
	}
}

// TestAllDaySeriesOnPostgreSQL walks an all-day series through what becomes of any: booked, changed, one occurrence edited and one deleted by hand.
func TestAllDaySeriesOnPostgreSQL(t *testing.T) {
	t.Parallel()
	owner := testkit.Postgres(t)
	w := newWorld(t, testkit.Login(t, owner), owner)
	b := w.course(1, "2027-03-27T00:00:00", 3)
	b.Recurrence = []string{"RRULE:FREQ=DAILY;COUNT=3"}
	b.Start, b.End = cal.When{Date: "2027-03-27"}, cal.When{Date: "2027-03-28"}
	w.submit("trip", b, nil)
	w.settle()
	w.wantDays("booked", "2027-03-27", "2027-03-28", "2027-03-29")

	two := cal.When{Date: "2027-03-31"}
	b.Version, b.Overrides = 2, []cal.Override{{OriginalStart: cal.When{Date: "2027-03-28"}, Cancelled: true}, {OriginalStart: cal.When{Date: "2027-03-29"}, Start: &two}}
	w.submit("trip", b, nil)
	w.settle()
	w.wantDays("changed", "2027-03-27", "2027-03-31")

	for _, e := range w.standing(sim.Microsoft) {
		if e.Start.Format(cal.DateLayout) == "2027-03-31" {
			w.must(w.sim.DeleteEvent(in(sim.Microsoft), e.ID, false))
		}
	}
	w.settle()
	w.wantDiverged("trip", cal.When{Date: "2027-03-29"})
	w.call(http.MethodPost, "/v1/bookings/trip/divergence:accept?occurrence=2027-03-29", "", nil)
	w.settle()
	w.wantDays("a deletion accepted", "2027-03-27")
	w.checkNothingStopped("an all-day series")
}

func (w *world) wantDays(what string, want ...string) {
	w.tb.Helper()
	for _, p := range both() {
		var got []string
		for _, e := range w.standing(p) {
			if !e.AllDay {
				w.tb.Errorf("%s: %s shows %+v, want all-day events", what, p, e)
			}
			got = append(got, e.Start.Format(cal.DateLayout))
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			w.tb.Errorf("%s: %s shows %v, want %v", what, p, got, want)
		}
	}
}

// TestManyOccurrences books as many occurrences as may be, and drops most of them: what a version drops is no mistake that a guard waits for.
func TestManyOccurrences(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	b := w.course(1, "2027-03-01T10:00:00", 200)
	b.Recurrence, b.Targets = []string{"RRULE:FREQ=DAILY;COUNT=200"}, b.Targets[:1]
	b.Targets[0].Authoritative = true
	w.submit("course", b, nil)
	w.settle()
	if n := len(w.standing(sim.Google)); n != 200 {
		t.Fatalf("%d events, want 200", n)
	}
	b.Version, b.Recurrence = 2, []string{"RRULE:FREQ=DAILY;COUNT=3"}
	w.submit("course", b, nil)
	w.settle()
	if n := len(w.standing(sim.Google)); n != 3 {
		t.Errorf("%d events, want 3", n)
	}
	held, err := w.app.Store.Guards(w.ctx, w.tenant, record.GuardFilter{}, "", 10)
	w.must(err)
	if len(held) > 0 {
		t.Errorf("what a version drops waits for a person: %+v", held)
	}
	stopped, err := w.app.Store.ListWork(w.ctx, w.tenant, store.StoppedWork, task.Ref{}, 10)
	w.must(err)
	if len(stopped) > 0 {
		t.Errorf("work waits for a person: %+v", stopped)
	}
}

// TestKillWhileSeriesStands ends the process at each 61st statement and call of a series that is booked, is changed by a person, and is given another time.
func TestKillWhileSeriesStands(t *testing.T) {
	t.Parallel()
	everyCall(t, "a series", 61, func(t *testing.T, at int, after bool) int {
		t.Helper()
		w := sqliteWorld(t)
		w.killer.arm(at, after)
		armed := w.killer
		b := w.course(1, "2027-03-18T10:00:00", 3)
		b.Backflow = cal.Backflow{Cancelled: cal.StanceAccept}
		w.guestsStand(&b, sim.Google)
		w.submit("course", b, nil)
		w.settle()
		w.must(w.sim.DeleteEvent(in(sim.Google), w.starting(sim.Google, "2027-03-25T09:00:00Z").ID, false))
		w.settle()
		b.Version, b.Title = 2, "Seminar"
		w.submit("course", b, nil)
		w.settle()
		calls := struck(t, armed, at)
		w.wantShown(armed.what, "2027-03-18T09:00:00Z Seminar", "2027-04-01T08:00:00Z Seminar")
		stored, err := w.app.Store.Booking(w.ctx, w.tenant, "course")
		w.must(err)
		for _, l := range stored.Links {
			if want := l.Part != "20270325T100000"; l.Target && !want || len(l.InFlight) > 0 || l.Generation > 1 && want {
				t.Errorf("killed at %q: %s of %s: target %t, %d in flight, generation %d", armed.what, l.Part, l.Provider, l.Target, len(l.InFlight), l.Generation)
			}
		}
		got := w.core.types()
		if got[message.BookingRemoved] != 1 || got[message.BookingDecided] != 1 || got[message.BookingAccepted] != 2 {
			t.Errorf("killed at %q: messages %v", armed.what, got)
		}
		w.checkNothingStopped(armed.what)
		return calls
	})
}
