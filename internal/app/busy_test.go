package app_test

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/sim"
)

// busyWorld is a world whose calendars are kept at a level.
type busyWorld struct {
	*walker
}

func newBusyWorld(t *testing.T, level cal.SyncLevel) *busyWorld {
	t.Helper()
	w := &busyWorld{newWalker(t, plan{switches: sim.DefaultSwitches()})}
	w.choose(level)
	return w
}

func (w *busyWorld) choose(level cal.SyncLevel) {
	w.tb.Helper()
	for _, id := range w.targets {
		_, err := w.app.Store.ChooseCalendar(w.ctx, w.tenant, id, record.CalendarChoice{Sync: &level, Actor: "test"})
		w.must(err)
	}
	w.settle()
}

const busyDays = "?from=2027-02-02T00:00:00Z&until=2027-02-28T00:00:00Z"

// taken is when a calendar's time is taken in February 2027, in days and hours.
func (w *busyWorld) taken(p sim.Provider) string {
	w.tb.Helper()
	var b gen.Busy
	if status := w.call(http.MethodGet, "/v1/calendars/"+string(w.targets[cal.Provider(p)])+"/busy"+busyDays, "", &b); status != http.StatusOK {
		w.tb.Fatalf("%s: answered %d", p, status)
	}
	if b.Stale || b.Unexpanded != 0 || !b.AsOf.Equal(w.clock.Now()) && b.AsOf.After(w.clock.Now()) || !b.Coverage.From.Before(b.From) || !b.Coverage.Until.After(b.Until) {
		w.tb.Errorf("%s: %+v", p, b)
	}
	var all []string
	for _, s := range b.Busy {
		all = append(all, s.From.Format("2T15:04")+"-"+s.Until.Format("2T15:04"))
	}
	return strings.Join(all, " ")
}

func (w *busyWorld) want(what, want string) {
	w.tb.Helper()
	for _, p := range both() {
		if got := w.taken(p); got != want {
			w.tb.Errorf("%s at %s: taken %s, want %s", what, p, got, want)
		}
	}
}

// weekly is the rule of four Tuesdays, in the provider's words.
func weekly(p sim.Provider) string {
	if p == sim.Google {
		return "RRULE:FREQ=WEEKLY;COUNT=4"
	}
	return `{"pattern":{"type":"weekly","interval":1,"daysOfWeek":["tuesday"]},"range":{"type":"numbered","startDate":"2027-02-02","numberOfOccurrences":4}}`
}

// occurrence is the id of the occurrence of a series on a day of February 2027 at 10.
func (w *busyWorld) occurrence(p sim.Provider, series string, at time.Time) string {
	w.tb.Helper()
	if p == sim.Google {
		return series + "_" + at.Format("20060102T150405Z")
	}
	all, err := w.app.Store.Events(w.ctx, w.tenant, w.targets[cal.Microsoft], "", 100)
	w.must(err)
	for _, e := range all {
		if e.Start.Equal(at) && string(e.EventID) != series {
			return string(e.EventID)
		}
	}
	w.tb.Fatalf("there is no occurrence at %v", at)
	return ""
}

func february(day, hour int) time.Time { return time.Date(2027, 2, day, hour, 0, 0, 0, time.UTC) }

// What persons do in their calendars shows in when their time is taken: events, series, an occurrence that is moved, one that is deleted, and the end of
// a series; and a snapshot that replaces everything changes nothing.
func TestBusy(t *testing.T) {
	t.Parallel()
	w := newBusyWorld(t, cal.SyncBusy)
	events, series := map[sim.Provider]string{}, map[sim.Provider]string{}
	for _, p := range both() {
		e, err := w.sim.CreateEvent(in(p), sim.Draft{Title: "private", Start: february(3, 14), End: february(3, 15), Zone: "UTC"})
		w.must(err)
		events[p] = e.ID
		e, err = w.sim.CreateEvent(in(p), sim.Draft{Title: "secret", Start: february(2, 10), End: february(2, 11), Zone: "UTC", Recurrence: []string{weekly(p)}})
		w.must(err)
		series[p] = e.ID
	}
	w.settle()
	w.want("an event and a series", "2T10:00-2T11:00 3T14:00-3T15:00 9T10:00-9T11:00 16T10:00-16T11:00 23T10:00-23T11:00")
	for _, p := range both() {
		_, err := w.sim.MoveEvent(in(p), events[p], february(3, 16))
		w.must(err)
		_, err = w.sim.MoveEvent(in(p), w.occurrence(p, series[p], february(9, 10)), february(10, 12))
		w.must(err)
	}
	w.settle()
	moved := "2T10:00-2T11:00 3T16:00-3T17:00 10T12:00-10T13:00 16T10:00-16T11:00 23T10:00-23T11:00"
	w.want("both moved", moved)
	for _, p := range both() {
		w.must(w.sim.DeleteEvent(in(p), w.occurrence(p, series[p], february(16, 10)), false))
	}
	w.settle()
	for _, p := range both() { // Graph tells of no deleted occurrence: two snapshots have to miss it
		_, err := w.sim.CreateEvent(in(p), sim.Draft{Title: "private", Start: february(26, 9), End: february(26, 10), Zone: "UTC"})
		w.must(err)
	}
	w.settle()
	left := "2T10:00-2T11:00 3T16:00-3T17:00 10T12:00-10T13:00 23T10:00-23T11:00 26T09:00-26T10:00"
	w.want("one occurrence deleted", left)
	w.replaced(left)
	for _, p := range both() {
		w.must(w.sim.DeleteEvent(in(p), series[p], false))
	}
	w.settle()
	w.want("the series deleted", "3T16:00-3T17:00 26T09:00-26T10:00")
	w.nothingKept("private", "secret")
	w.refused()
}

// replaced lets snapshots list everything anew, and wants the same to be taken after each step.
func (w *busyWorld) replaced(want string) {
	w.tb.Helper()
	steps := 0
	w.afterStep = func() {
		steps++
		w.want("while a snapshot is taken", want)
	}
	for _, p := range both() {
		w.must(w.sim.ExpireCursors(in(p)))
	}
	w.pass(w.config.PollInterval)
	w.afterStep = nil
	if steps == 0 {
		w.tb.Error("nothing was done: this proves nothing")
	}
	w.want("after snapshots", want)
}

// nothingKept wants no event of the mirror to have any text.
func (w *busyWorld) nothingKept(texts ...string) {
	w.tb.Helper()
	for _, id := range w.targets {
		all, err := w.app.Store.Events(w.ctx, w.tenant, id, "", 100)
		w.must(err)
		for _, e := range all {
			if slices.Contains(texts, e.Content.Title) || len(e.Content.Attendees) > 0 || e.Content.Description+e.Content.Location != "" {
				w.tb.Errorf("kept: %+v", e.Content)
			}
		}
	}
}

// refused wants an answer that cannot be proven to be a problem and no empty list.
func (w *busyWorld) refused() {
	w.tb.Helper()
	id := string(w.targets[cal.Google])
	for query, want := range map[string]string{
		"?from=2027-02-02T00:00:00Z&until=2027-02-02T00:00:00Z":  "422 invalid-request",
		"?from=2027-02-02T00:00:00Z&until=2027-08-02T00:00:00Z":  "422 invalid-request",
		"?from=2027-02-02T00:00:00ZZ&until=2027-02-03T00:00:00Z": "422 invalid-request",
		"?from=2020-02-02T00:00:00Z&until=2020-02-03T00:00:00Z":  "422 beyond-coverage",
		"?from=2037-02-02T00:00:00Z&until=2037-02-03T00:00:00Z":  "422 beyond-coverage",
	} {
		w.problem(id, query, want)
	}
	w.choose(cal.SyncOff)
	w.problem(id, busyDays, "409 calendar-not-listed")
	w.problem("cal_unknown", busyDays, "404 not-found")
}

func (w *busyWorld) problem(calendar, query, want string) {
	w.tb.Helper()
	status, body := w.send(http.MethodGet, "/v1/calendars/"+calendar+"/busy"+query, "")
	if want[:3] != strconv.Itoa(status) || !strings.Contains(body, "problems.md#"+want[4:]+`"`) {
		w.tb.Errorf("%s: %d %s, want %s", query, status, body, want)
	}
}

// A window rolls on, and with it how far series are known, though nobody changes anything.
func TestBusyWindowRolls(t *testing.T) {
	t.Parallel()
	w := newBusyWorld(t, cal.SyncBusy)
	for _, p := range both() {
		rule := "RRULE:FREQ=WEEKLY"
		if p == sim.Microsoft {
			rule = `{"pattern":{"type":"weekly","interval":1,"daysOfWeek":["tuesday"]},"range":{"type":"noEnd","startDate":"2027-02-02"}}`
		}
		_, err := w.sim.CreateEvent(in(p), sim.Draft{Title: "secret", Start: february(2, 10), End: february(2, 11), Zone: "UTC", Recurrence: []string{rule}})
		w.must(err)
	}
	w.settle()
	horizon := w.clock.Now().Add(w.config.SyncWindowFuture)
	w.pass(20 * 24 * time.Hour)
	for _, p := range both() {
		b, err := w.app.Store.Busy(w.ctx, w.tenant, w.targets[cal.Provider(p)], cal.Window{From: horizon, Until: horizon.Add(7 * 24 * time.Hour)}, 100)
		w.must(err)
		if len(b.Spans) != 1 || b.Coverage.Until.Before(horizon.Add(7*24*time.Hour)) {
			w.tb.Errorf("%s: %d spans beyond the first window, known until %v", p, len(b.Spans), b.Coverage.Until)
		}
		past, err := w.app.Store.Events(w.ctx, w.tenant, w.targets[cal.Provider(p)], "", 200)
		w.must(err)
		for _, e := range past {
			if p == sim.Microsoft && e.End.Before(b.Coverage.From) && e.Start.After(february(2, 12)) {
				w.tb.Errorf("an occurrence of %v is kept, outside the window from %v", e.Start, b.Coverage.From)
			}
		}
	}
}
