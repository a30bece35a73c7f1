package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/app/cli"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/testkit"
)

// TestAllDaySeriesAsOneEventOnPostgreSQL walks an all-day series through what becomes of any.
func TestAllDaySeriesAsOneEventOnPostgreSQL(t *testing.T) {
	t.Parallel()
	owner := testkit.Postgres(t)
	w := newWorld(t, testkit.Login(t, owner), owner)
	b := lessons(w, 1)
	b.Title, b.Recurrence = "Trip", []string{"RRULE:FREQ=WEEKLY;COUNT=4"}
	b.Start, b.End = cal.When{Date: "2027-03-20"}, cal.When{Date: "2027-03-22"}
	w.submit("trip", b, nil)
	w.settle()
	w.wantAgenda("booked", "03-20 00:00 Trip", "03-27 00:00 Trip", "04-03 00:00 Trip", "04-10 00:00 Trip")

	later := cal.When{Date: "2027-04-05"}
	b.Version, b.Overrides = 2, []cal.Override{{OriginalStart: cal.When{Date: "2027-03-27"}, Cancelled: true}, {OriginalStart: cal.When{Date: "2027-04-03"}, Start: &later}}
	w.submit("trip", b, nil)
	w.settle()
	w.wantAgenda("changed", "03-20 00:00 Trip", "04-05 00:00 Trip", "04-10 00:00 Trip")

	w.must(w.sim.DeleteEvent(in(sim.Microsoft), w.on(sim.Microsoft, "2027-04-05"), false))
	w.settle()
	w.wantDiverged("trip", cal.When{Date: "2027-04-03"})
	w.decide("trip", "accept", "2027-04-03")
	w.wantAgenda("a deletion accepted", "03-20 00:00 Trip", "04-10 00:00 Trip")
	w.checkNothingStopped("an all-day series")
}

// What a target's provider cannot keep is refused by the name of the part, and nothing is booked; where all can keep it, or single events are allowed, it is.
func TestSeriesThatAProviderCannotKeep(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	both := []cal.CalendarID{w.targets[cal.Google], w.targets[cal.Microsoft]}
	for n, c := range []struct {
		day     int
		rule    string
		targets []cal.CalendarID
		expand  bool
		refused []string
	}{
		{25, "RRULE:FREQ=MONTHLY;BYDAY=MO,TH;BYSETPOS=-2;COUNT=3", both, false, []string{"microsoft", "BYSETPOS"}},
		{25, "RRULE:FREQ=MONTHLY;BYDAY=MO,TH;BYSETPOS=-2;COUNT=3", both[:1], false, nil},
		{25, "RRULE:FREQ=MONTHLY;BYDAY=MO,TH;BYSETPOS=-2;COUNT=3", both, true, nil},
		{11, "RRULE:FREQ=MONTHLY;BYMONTHDAY=11,18;COUNT=3", both, false, []string{"microsoft", "BYMONTHDAY"}},
		{11, "RRULE:FREQ=HOURLY;COUNT=3", both[:1], false, []string{"google", "FREQ"}},
	} {
		b := w.booking(1, "Course", fmt.Sprintf("2027-03-%02dT10:00:00", c.day))
		b.Recurrence, b.Expand, b.Targets = []string{c.rule}, c.expand, nil
		for _, id := range c.targets {
			b.Targets = append(b.Targets, cal.Target{CalendarID: id})
		}
		raw, err := json.Marshal(b)
		w.must(err)
		path := fmt.Sprint("/v1/bookings/course-", n)
		status, answer := w.send(http.MethodPut, path, string(raw))
		var problem struct{ Problems []message.Problem }
		w.must(json.Unmarshal([]byte(answer), &problem))
		if c.refused == nil {
			if status != http.StatusAccepted {
				t.Errorf("%s: %d %s", c.rule, status, answer)
			}
			continue
		}
		if status != http.StatusUnprocessableEntity || len(problem.Problems) != 1 || problem.Problems[0].Pointer != "/recurrence" {
			t.Errorf("%s: got %d %s", c.rule, status, answer)
			continue
		}
		for _, word := range append(c.refused, "expand: true") {
			if !strings.Contains(problem.Problems[0].Detail, word) {
				t.Errorf("%s: %q does not say %q", c.rule, problem.Problems[0].Detail, word)
			}
		}
		if got := w.call(http.MethodGet, path, "", nil); got != http.StatusNotFound {
			t.Errorf("%s was refused, and GET answers %d", c.rule, got)
		}
	}
	w.settle()
	w.checkNoWorkStopped("series that can be kept")
}

// A series has one conference, for all of its occurrences, and guests, of whom none is mailed whatever becomes of single occurrences.
func TestSeriesHasOneConferenceAndMailsNobody(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	b := w.conferring(sim.Google, 1, "Course")
	b.Location, b.Recurrence = "", []string{"RRULE:FREQ=DAILY;COUNT=4"}
	b.Start, b.End = berlin("2027-03-15T10:00:00"), berlin("2027-03-15T11:00:00")
	b.Attendees = []cal.Attendee{{Email: "guest@elsewhere.example"}}
	w.submit("course", b, nil)
	w.settle()
	url := w.byHand(sim.Google, http.MethodGet, w.master(sim.Google).ID, nil)
	if url == "" {
		t.Error("the series has no conference")
	}
	w.hasHeard("once it was booked", "google "+url)

	title, later := "Guest lecture", berlin("2027-03-17T12:00:00")
	b.Version, b.Overrides = 2, []cal.Override{
		{OriginalStart: berlin("2027-03-16T10:00:00"), Cancelled: true}, {OriginalStart: berlin("2027-03-17T10:00:00"), Title: &title, Start: &later},
	}
	w.submit("course", b, nil)
	w.settle()
	w.wantAgenda("changed", "03-15 09:00 Course", "03-17 11:00 Guest lecture", "03-18 09:00 Course")
	if got := w.byHand(sim.Google, http.MethodGet, w.on(sim.Google, "2027-03-17"), nil); got != url {
		t.Errorf("an occurrence that differs has the conference %q, and the series %q", got, url)
	}
	w.hasHeard("after single occurrences have changed", "google "+url)
	w.call(http.MethodDelete, "/v1/bookings/course?version=3", "", nil)
	w.settle()
	w.wantAgenda("cancelled")
	if mails := w.sim.Mails(0); len(mails) != 0 {
		t.Errorf("guests were mailed: %+v", mails)
	}
	w.checkNothingStopped("a series with guests")
}

// A dry run looks at series, at occurrences of them, and at bookings that stand as single events, and finds what a person has just done.
func TestDryRunOfRecurringBookings(t *testing.T) {
	t.Parallel()
	owner := testkit.Postgres(t)
	w := newWorld(t, testkit.Login(t, owner), owner)
	title := "Guest lecture"
	b := lessons(w, 1)
	b.Overrides = []cal.Override{{OriginalStart: berlin("2027-03-25T10:00:00"), Title: &title}, {OriginalStart: berlin("2027-04-01T10:00:00"), Cancelled: true}}
	w.submit("series", b, nil)
	w.submit("singles", w.course(1, "2027-03-19T10:00:00", 3), nil)
	w.settle()
	for _, by := range []string{"", "By hand"} {
		if by != "" {
			_, err := w.sim.EditEvent(in(sim.Google), w.on(sim.Google, "2027-03-25"), sim.Edit{Title: &by})
			w.must(err)
			_, err = w.sim.EditEvent(in(sim.Google), w.on(sim.Google, "2027-03-26"), sim.Edit{Title: &by})
			w.must(err)
		}
		var out, complaints bytes.Buffer
		cli.Main(w.ctx, []string{"reconcile", "--dry-run", "--json", "--tenant=" + string(w.tenant)}, w.environ(), nil, &out, &complaints)
		var run dryRun
		if err := json.Unmarshal(out.Bytes(), &run); err != nil {
			t.Fatalf("%v: %s%s", err, out.String(), complaints.String())
		}
		said := map[string]int{}
		for _, l := range run.Links {
			said[string(l.Booking)+" "+string(l.Would)]++
		}
		want := map[string]int{} // it leaves out what is in order
		if by != "" {
			want = map[string]int{"series report": 1, "singles report": 1}
		}
		if fmt.Sprint(said) != fmt.Sprint(want) {
			t.Errorf("it says %v, want %v", said, want)
		}
	}
}

// A dry run of what waits for its series, or has gone with it, finds nothing to look at and says so.
func TestDryRunOfOccurrencesThatWait(t *testing.T) {
	t.Parallel()
	owner := testkit.Postgres(t)
	w := newWorld(t, testkit.Login(t, owner), owner)
	title := "Guest lecture"
	b := lessons(w, 1)
	b.Overrides = []cal.Override{{OriginalStart: berlin("2027-03-25T10:00:00"), Title: &title}}
	for _, id := range []cal.BookingID{"moved", "cancelled", "fresh", "elsewhere"} {
		w.submit(id, b, nil)
		if id == "fresh" {
			continue
		}
		w.settle()
	}
	all := b.Targets
	b.Version, b.Targets = 2, all[:1]
	w.submit("elsewhere", b, nil)
	w.settle()
	b.Version, b.Overrides, b.Targets = 3, nil, all
	w.submit("elsewhere", b, nil)
	w.call(http.MethodDelete, "/v1/bookings/cancelled?version=2", "", nil)
	w.settle()
	series := w.master(sim.Google)
	_, err := w.sim.MoveEvent(in(sim.Google), series.ID, series.Start.Add(time.Hour))
	w.must(err)
	w.must(w.sim.DeleteEvent(in(sim.Microsoft), w.master(sim.Microsoft).ID, false))
	w.settle()
	var out, complaints bytes.Buffer
	cli.Main(w.ctx, []string{"reconcile", "--dry-run", "--json", "--tenant=" + string(w.tenant)}, w.environ(), nil, &out, &complaints)
	var run dryRun
	if err := json.Unmarshal(out.Bytes(), &run); err != nil {
		t.Fatalf("%v: %s%s", err, out.String(), complaints.String())
	}
	for _, l := range run.Links {
		if l.Booking != "moved" || l.Would == record.WouldFail {
			t.Errorf("%s at %s: it would %s: %s", l.Booking, l.Provider, l.Would, l.Why)
		}
	}
}

// An occurrence that Microsoft lets nobody move past its neighbour stops there alone, and the core hears of it.
func TestOccurrenceThatCannotBeMovedSoFar(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	b := lessons(w, 1)
	beyond := berlin("2027-04-02T10:00:00")
	b.Overrides = []cal.Override{{OriginalStart: berlin("2027-03-25T10:00:00"), Start: &beyond}}
	w.submit("course", b, nil)
	w.settle()
	if n := w.core.types()[message.BookingFailed]; n != 1 {
		t.Errorf("the core heard %d times that it failed, want once", n)
	}
	for p, want := range map[sim.Provider]string{sim.Google: "2027-04-02", sim.Microsoft: "2027-03-25"} {
		if w.on(p, want) == "" || len(w.agenda(p)) != 5 {
			t.Errorf("%s shows %+v", p, w.agenda(p))
		}
	}
	b.Version, b.Overrides = 2, nil
	w.submit("course", b, nil)
	w.settle()
	w.wantAgenda("mended", "03-18 09:00 Course", "03-25 09:00 Course", "04-01 08:00 Course", "04-08 08:00 Course", "04-15 08:00 Course")
}

// A connection whose calendar stops being a target loses the series and every trace of its occurrences, and one that becomes a target gets them.
func TestSeriesChangesItsCalendars(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	b := lessons(w, 1)
	title := "Guest lecture"
	b.Overrides = []cal.Override{{OriginalStart: berlin("2027-03-25T10:00:00"), Title: &title}, {OriginalStart: berlin("2027-04-01T10:00:00"), Cancelled: true}}
	all := b.Targets
	for version, targets := range [][]cal.Target{all[:1], all[1:], all, all[:1], all} {
		b.Version, b.Targets = int64(version+1), slices.Clone(targets)
		w.submit("course", b, nil)
		w.settle()
		for _, p := range both() {
			want := 0
			if slices.ContainsFunc(targets, func(t cal.Target) bool { return t.CalendarID == w.targets[cal.Provider(p)] }) {
				want = 4
			}
			shown := w.agenda(p)
			lectures := slices.DeleteFunc(slices.Clone(shown), func(e planned) bool { return e.Title != title })
			if len(shown) != want || len(lectures) != want/4 {
				t.Errorf("version %d: %s shows %+v, want %d", b.Version, p, shown, want)
			}
		}
		var now gen.Booking
		w.call(http.MethodGet, "/v1/bookings/course", "", &now)
		if now.State != gen.BookingStateBooked || now.Diverged {
			t.Errorf("version %d: %+v", b.Version, now)
		}
	}
	w.checkNothingStopped("a series that changes its calendars")
}
