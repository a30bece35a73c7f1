package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/sim"
)

// planned is one event, or one occurrence of a series, as a calendar shows it to its owner.
type planned struct {
	ID, Title, Location string
	Start               time.Time
}

// agenda is what a calendar shows in 2027, in order, as another client of its owner's reads it.
func (w *world) agenda(p sim.Provider) []planned {
	w.tb.Helper()
	address := strings.TrimSuffix(w.config.Google.APIURL, "/") + "/calendars/primary/events?singleEvents=true&maxResults=2500&timeMin=2027-01-01T00:00:00Z&timeMax=2028-01-01T00:00:00Z"
	if p == sim.Microsoft {
		address = w.config.Microsoft.APIURL + "/me/calendarView?$top=999&startDateTime=2027-01-01T00:00:00Z&endDateTime=2028-01-01T00:00:00Z"
	}
	token, err := w.sim.IssueToken(p, in(p).Email, "by-hand")
	w.must(err)
	req, err := http.NewRequestWithContext(w.ctx, http.MethodGet, address, nil)
	w.must(err)
	req.Header.Set("Authorization", "Bearer "+token.Access)
	status, answer := w.do(req)
	if status != http.StatusOK {
		w.tb.Fatalf("%s: %d %s", address, status, answer)
	}
	var page struct {
		Items, Value []struct {
			ID, Summary, Subject string
			Location             json.RawMessage
			Start                struct{ DateTime, Date string }
		}
	}
	w.must(json.Unmarshal([]byte(answer), &page))
	var out []planned
	for _, e := range append(page.Items, page.Value...) {
		layout, text := time.RFC3339, e.Start.DateTime
		switch {
		case p == sim.Microsoft:
			layout = "2006-01-02T15:04:05.9999999"
		case text == "":
			layout, text = time.DateOnly, e.Start.Date
		}
		at, err := time.Parse(layout, text)
		w.must(err)
		one := planned{ID: e.ID, Title: e.Summary + e.Subject, Start: at.UTC()}
		var place struct{ DisplayName string }
		if json.Unmarshal(e.Location, &one.Location) != nil && json.Unmarshal(e.Location, &place) == nil {
			one.Location = place.DisplayName
		}
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b planned) int { return a.Start.Compare(b.Start) })
	return out
}

// wantAgenda wants both calendars to show the same.
func (w *world) wantAgenda(what string, want ...string) {
	w.tb.Helper()
	for _, p := range both() {
		var got []string
		for _, e := range w.agenda(p) {
			got = append(got, e.Start.Format("01-02 15:04 ")+strings.TrimSpace(e.Title+" "+e.Location))
		}
		if !slices.Equal(got, want) {
			w.tb.Errorf("%s: %s shows\n%q, want\n%q", what, p, got, want)
		}
	}
}

// on is what a calendar shows on a day.
func (w *world) on(p sim.Provider, day string) string {
	w.tb.Helper()
	for _, e := range w.agenda(p) {
		if e.Start.Format(time.DateOnly) == day {
			return e.ID
		}
	}
	w.tb.Fatalf("%s shows nothing on %s", p, day)
	return ""
}

// decide accepts or reverts everything, or one occurrence.
func (w *world) decide(id, verdict, occurrence string) {
	w.tb.Helper()
	query := ""
	if occurrence != "" {
		query = "?occurrence=" + url.QueryEscape(occurrence)
	}
	var problem json.RawMessage
	if got := w.call(http.MethodPost, "/v1/bookings/"+id+"/divergence:"+verdict+query, "", &problem); got != http.StatusAccepted {
		w.tb.Errorf("%s %s is answered %d: %s", verdict, occurrence, got, problem)
	}
	w.settle()
}

// wantMasters wants so many events of our own, series and singles, in each calendar.
func (w *world) wantMasters(what string, series, singles int) {
	w.tb.Helper()
	for _, p := range both() {
		var masters, others int
		for _, e := range w.standing(p) {
			switch {
			case len(e.Recurrence) > 0:
				masters++
			case e.Series == "":
				others++
			}
		}
		if masters != series || others != singles {
			w.tb.Errorf("%s: %s has %d series and %d single events, want %d and %d", what, p, masters, others, series, singles)
		}
	}
}

func lessons(w *world, version int64) cal.Booking {
	b := w.booking(version, "Course", "2027-03-18T10:00:00")
	b.Location, b.Recurrence = "", []string{"RRULE:FREQ=WEEKLY;COUNT=5"}
	return b
}

func berlin(at string) cal.When { return cal.When{DateTime: at, TimeZone: zone} }

// TestSeriesStandsAsOneEvent books a series across a change of clocks (28 March 2027), lets persons change single occurrences, and decides.
func TestSeriesStandsAsOneEvent(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	w.connect()
	const id = "course"
	b := lessons(w, 1)
	w.submit(id, b, nil)
	w.settle()
	w.wantAgenda("booked", "03-18 09:00 Course", "03-25 09:00 Course", "04-01 08:00 Course", "04-08 08:00 Course", "04-15 08:00 Course")
	w.wantMasters("booked", 1, 0)

	title := "Guest lecture"
	b.Version = 2
	b.Overrides = []cal.Override{
		{OriginalStart: berlin("2027-03-25T10:00:00"), Cancelled: true}, {OriginalStart: berlin("2027-04-08T10:00:00"), Title: &title},
	}
	w.submit(id, b, nil)
	w.settle()
	w.wantAgenda("changed", "03-18 09:00 Course", "04-01 08:00 Course", "04-08 08:00 Guest lecture", "04-15 08:00 Course")

	google := w.on(sim.Google, "2027-04-01")
	_, err := w.sim.MoveEvent(in(sim.Google), google, time.Date(2027, 4, 1, 9, 0, 0, 0, time.UTC))
	w.must(err)
	w.settle()
	w.wantDiverged(id, berlin("2027-04-01T10:00:00+02:00"))
	w.decide(id, "accept", "")
	w.wantAgenda("a move accepted", "03-18 09:00 Course", "04-01 09:00 Course", "04-08 08:00 Guest lecture", "04-15 08:00 Course")

	other := "Renamed"
	_, err = w.sim.EditEvent(in(sim.Microsoft), w.on(sim.Microsoft, "2027-04-15"), sim.Edit{Title: &other})
	w.must(err)
	w.settle()
	w.wantDiverged(id, berlin("2027-04-15T10:00:00+02:00"))
	w.decide(id, "revert", "2027-04-15T10:00:00")
	w.wantAgenda("an edit reverted", "03-18 09:00 Course", "04-01 09:00 Course", "04-08 08:00 Guest lecture", "04-15 08:00 Course")

	w.must(w.sim.DeleteEvent(in(sim.Microsoft), w.on(sim.Microsoft, "2027-03-18"), false))
	w.settle()
	w.wantDiverged(id, berlin("2027-03-18T10:00:00+01:00"))
	w.decide(id, "accept", "")
	w.wantAgenda("a deletion accepted", "04-01 09:00 Course", "04-08 08:00 Guest lecture", "04-15 08:00 Course")

	w.must(w.sim.DeleteEvent(in(sim.Google), w.on(sim.Google, "2027-04-15"), false))
	w.settle()
	w.wantDiverged(id, berlin("2027-04-15T10:00:00+02:00"))
	w.decide(id, "revert", "")
	w.wantAgenda("a deletion reverted", "04-01 09:00 Course", "04-08 08:00 Guest lecture", "04-15 08:00 Course")

	// The core has not heard of what was accepted.
	b.Version, b.Location = 3, "Room 5"
	w.submit(id, b, nil)
	w.settle()
	w.wantAgenda("the next version", "04-01 09:00 Course Room 5", "04-08 08:00 Guest lecture Room 5", "04-15 08:00 Course Room 5")

	var now gen.Booking
	w.call(http.MethodGet, "/v1/bookings/"+id, "", &now)
	if now.State != gen.BookingStateBooked || now.Diverged || len(now.Booking.Overrides) != 4 {
		t.Errorf("got %+v, want a booking with four overrides", now)
	}
	w.call(http.MethodDelete, "/v1/bookings/"+id+"?version=4", "", nil)
	w.settle()
	w.wantAgenda("cancelled")
	w.wantMasters("cancelled", 0, 0)
}

// TestPersonChangesTheWholeSeries lets persons move, rename, shorten and delete the series itself.
func TestPersonChangesTheWholeSeries(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	w.connect()
	const id = "course"
	b := lessons(w, 1)
	b.Recurrence = []string{"RRULE:FREQ=WEEKLY;COUNT=6", "EXDATE;TZID=Europe/Berlin:20270422T100000"}
	title := "Guest lecture"
	b.Overrides = []cal.Override{{OriginalStart: berlin("2027-03-25T10:00:00"), Title: &title}, {OriginalStart: berlin("2027-04-01T10:00:00"), Cancelled: true}}
	w.submit(id, b, nil)
	w.settle()
	w.wantAgenda("booked", "03-18 09:00 Course", "03-25 09:00 Guest lecture", "04-08 08:00 Course", "04-15 08:00 Course")

	for n, p := range both() {
		series := w.master(p)
		_, err := w.sim.MoveEvent(in(p), series.ID, series.Start.Add(time.Hour))
		w.must(err)
		w.settle()
		w.wantWhole(id, message.BookingMoved, 2*n+1, "slot")
		w.decide(id, "accept", "")
		w.wantAgenda("moved in "+string(p), fmt.Sprintf("03-18 %02d:00 Course", 10+n), fmt.Sprintf("03-25 %02d:00 Guest lecture", 10+n),
			fmt.Sprintf("04-08 %02d:00 Course", 9+n), fmt.Sprintf("04-15 %02d:00 Course", 9+n))

		series = w.master(p)
		_, err = w.sim.MoveEvent(in(p), series.ID, series.Start.Add(time.Hour))
		w.must(err)
		w.settle()
		w.wantWhole(id, message.BookingMoved, 2*n+2, "slot")
		w.decide(id, "revert", "")
		w.wantAgenda("not moved in "+string(p), fmt.Sprintf("03-18 %02d:00 Course", 10+n), fmt.Sprintf("03-25 %02d:00 Guest lecture", 10+n),
			fmt.Sprintf("04-08 %02d:00 Course", 9+n), fmt.Sprintf("04-15 %02d:00 Course", 9+n))
	}

	renamed := "Seminar"
	_, err := w.sim.EditEvent(in(sim.Microsoft), w.master(sim.Microsoft).ID, sim.Edit{Title: &renamed})
	w.must(err)
	w.settle()
	w.wantWhole(id, message.BookingEdited, 1, "title")
	w.decide(id, "accept", "")
	w.wantAgenda("renamed", "03-18 11:00 Seminar", "03-25 11:00 Guest lecture", "04-08 10:00 Seminar", "04-15 10:00 Seminar")

	w.must(w.sim.DeleteEvent(in(sim.Google), w.master(sim.Google).ID, false))
	w.settle()
	w.wantWhole(id, message.BookingRemoved, 1, "")
	w.decide(id, "revert", "")
	w.wantAgenda("not deleted", "03-18 11:00 Seminar", "03-25 11:00 Guest lecture", "04-08 10:00 Seminar", "04-15 10:00 Seminar")

	w.must(w.sim.DeleteEvent(in(sim.Microsoft), w.master(sim.Microsoft).ID, false))
	w.settle()
	w.wantWhole(id, message.BookingRemoved, 2, "")
	w.decide(id, "accept", "")
	w.wantAgenda("deleted")
	w.wantMasters("deleted", 0, 0)
}

// master is the series that stands in a calendar.
func (w *world) master(p sim.Provider) sim.Event {
	w.tb.Helper()
	for _, e := range w.standing(p) {
		if len(e.Recurrence) > 0 {
			return e
		}
	}
	w.tb.Fatalf("%s has no series", p)
	return sim.Event{}
}

// wantWhole wants the core to have heard the nth time of such a change, to the series as a whole, and of none to single occurrences since.
func (w *world) wantWhole(id string, kind message.Type, nth int, field string) {
	w.tb.Helper()
	items, err := w.app.Store.Feed(w.ctx, w.tenant, 0, 500)
	w.must(err)
	heard := 0
	for _, m := range items {
		var about struct {
			Target message.Target
			Fields []string
		}
		if m.Type != kind {
			continue
		}
		w.must(json.Unmarshal(m.Data, &about))
		heard++
		if about.Target.Occurrence != nil || field != "" && !slices.Equal(about.Fields, []string{field}) {
			w.tb.Errorf("%s: the core heard of %s: %s", id, kind, m.Data)
		}
	}
	if heard != nth {
		w.tb.Errorf("%s: the core heard %d times of %s, want %d", id, heard, kind, nth)
	}
}

// TestThisAndFollowing splits a series by hand at Google, as its calendar does: the booking's rule ends earlier, and the rest is not calweave's.
func TestThisAndFollowing(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	w.connect()
	b := lessons(w, 1)
	w.submit("course", b, nil)
	w.settle()
	later := "Moved on"
	rest, err := w.sim.SplitSeries(in(sim.Google), w.on(sim.Google, "2027-04-08"), sim.Edit{Title: &later})
	w.must(err)
	w.settle()
	w.wantWhole("course", message.BookingMoved, 1, "recurrence")
	w.decide("course", "accept", "")
	var now gen.Booking
	w.call(http.MethodGet, "/v1/bookings/course", "", &now)
	if want := []string{"RRULE:FREQ=WEEKLY;BYDAY=TH;UNTIL=20270407T215959Z"}; !slices.Equal(now.Booking.Recurrence, want) {
		t.Errorf("the booking repeats by %v, want %v", now.Booking.Recurrence, want)
	}
	var shown []string
	for _, e := range w.agenda(sim.Microsoft) {
		shown = append(shown, e.Start.Format("01-02"))
	}
	if want := []string{"03-18", "03-25", "04-01"}; !slices.Equal(shown, want) {
		t.Errorf("microsoft shows %v, want %v", shown, want)
	}
	w.call(http.MethodDelete, "/v1/bookings/course?version=2", "", nil)
	w.settle()
	left := w.standing(sim.Google)
	if len(left) != 1 || left[0].ID != rest.ID || left[0].Title != later {
		t.Errorf("google keeps %+v, want the rest, which a person has made", left)
	}
}

// TestSeriesChangesShape gives a series another rule, another time and another length, and makes a single booking of it and a series again.
func TestSeriesChangesShape(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	w.connect()
	const id = "course"
	b := lessons(w, 1)
	title := "Guest lecture"
	b.Overrides = []cal.Override{{OriginalStart: berlin("2027-03-25T10:00:00"), Title: &title}, {OriginalStart: berlin("2027-04-01T10:00:00"), Cancelled: true}}
	w.submit(id, b, nil)
	w.settle()
	b.Version, b.Recurrence = 2, []string{"RRULE:FREQ=WEEKLY;COUNT=6"}
	w.submit(id, b, nil)
	w.settle()
	w.wantAgenda("one more", "03-18 09:00 Course", "03-25 09:00 Guest lecture", "04-08 08:00 Course", "04-15 08:00 Course", "04-22 08:00 Course")

	b.Version, b.Overrides = 3, nil
	w.submit(id, b, nil)
	w.settle()
	w.wantAgenda("nothing differs", "03-18 09:00 Course", "03-25 09:00 Course", "04-01 08:00 Course", "04-08 08:00 Course", "04-15 08:00 Course", "04-22 08:00 Course")

	for _, p := range both() {
		w.must(w.sim.DeleteEvent(in(p), w.on(p, "2027-04-01"), false))
		w.settle()
		w.decide(id, "revert", "")
	}
	w.wantMasters("deleted by hand and brought back", 1, 1)
	b.Version, b.Recurrence = 4, []string{"RRULE:FREQ=WEEKLY;COUNT=5"}
	w.submit(id, b, nil)
	w.settle()
	w.wantAgenda("one less", "03-18 09:00 Course", "03-25 09:00 Course", "04-01 08:00 Course", "04-08 08:00 Course", "04-15 08:00 Course")

	b = w.booking(5, "Course", "2027-03-19T12:00:00")
	b.Location, b.Recurrence = "", []string{"RRULE:FREQ=WEEKLY;BYDAY=FR;COUNT=3"}
	b.Overrides = []cal.Override{{OriginalStart: berlin("2027-03-26T12:00:00"), Title: &title}}
	w.submit(id, b, nil)
	w.settle()
	w.wantAgenda("another day", "03-19 11:00 Course", "03-26 11:00 Guest lecture", "04-02 10:00 Course")

	b.Version, b.Recurrence, b.Overrides = 6, nil, nil
	w.submit(id, b, nil)
	w.settle()
	w.wantAgenda("a single booking", "03-19 11:00 Course")
	w.wantMasters("a single booking", 0, 1)

	b.Version, b.Recurrence = 7, []string{"RRULE:FREQ=DAILY;COUNT=2"}
	w.submit(id, b, nil)
	w.settle()
	w.wantAgenda("a series again", "03-19 11:00 Course", "03-20 11:00 Course")
	w.wantMasters("a series again", 1, 0)
}
