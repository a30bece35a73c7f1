package app_test

import (
	"database/sql"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/testkit/timetable"
)

// TestTimeTable takes a selection of the table through everything: submitted under each name of its zone, shown at both providers, and reported as a
// person's move, which is accepted.
func TestTimeTable(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	want := map[string]timetable.Case{}
	for i, c := range timetable.Accepted(t) {
		if i%3 != 0 && !c.Days && c.Zone == zone || !c.Days && c.From.Before(w.clock.Now()) {
			continue
		}
		for j, name := range c.Names() {
			b := w.booking(1, c.Name+" in "+name, wall)
			b.Start, b.End = c.Written(name)
			w.submit(cal.BookingID("b"+string(rune('a'+j))+"-"+string(rune('A'+i))), b, nil)
			want[b.Title] = c
		}
	}
	w.settle()
	if len(want) < 20 {
		t.Fatalf("%d rows", len(want))
	}
	for _, p := range []sim.Provider{sim.Google, sim.Microsoft} {
		shown := w.standing(p)
		if len(shown) != len(want) {
			t.Errorf("%s shows %d events, want %d", p, len(shown), len(want))
		}
		for _, e := range shown {
			c := want[e.Title]
			if c.Days {
				if e.Start.Format(cal.DateLayout) != c.Start || e.End.Format(cal.DateLayout) != c.End || !e.AllDay {
					t.Errorf("%s shows %q at %s to %s", p, e.Title, e.Start, e.End)
				}
			} else if !e.Start.Equal(c.From) || !e.End.Equal(c.Until) || e.AllDay {
				t.Errorf("%s shows %q at %s to %s, want %s to %s", p, e.Title, e.Start, e.End, c.From, c.Until)
			}
		}
	}
}

// series lets a person make a series of four Tuesdays.
func (w *busyWorld) series(p sim.Provider, zone, startDate string, at time.Time) {
	w.tb.Helper()
	rule := "RRULE:FREQ=WEEKLY;COUNT=4"
	if p == sim.Microsoft {
		rule = `{"pattern":{"type":"weekly","interval":1,"daysOfWeek":["tuesday"]},"range":{"type":"numbered","startDate":"` + startDate + `","numberOfOccurrences":4}}`
	}
	_, err := w.sim.CreateEvent(in(p), sim.Draft{Title: "secret", Start: at, End: at.Add(time.Hour), Zone: zone, Recurrence: []string{rule}})
	w.must(err)
}

// starts are when the calendar's time begins to be taken, within a window.
func (w *busyWorld) starts(p sim.Provider, within cal.Window) []string {
	w.tb.Helper()
	b, err := w.app.Store.Busy(w.ctx, w.tenant, w.targets[cal.Provider(p)], within, 100)
	w.must(err)
	var all []string
	for _, s := range b.Spans {
		all = append(all, s.From.UTC().Format(time.RFC3339))
	}
	return all
}

// TestSeriesKeepTheirWallTime lets persons make series that pass a change of clocks, in both hemispheres and under both names of their zones.
func TestSeriesKeepTheirWallTime(t *testing.T) {
	t.Parallel()
	w := newBusyWorld(t, cal.SyncBusy)
	// At two different hours, so that neither hides the other. Berlin puts its clocks forward on 28 March, Sydney back on 4 April 2027.
	for _, p := range both() {
		north, south := "Europe/Berlin", "Australia/Sydney"
		if p == sim.Microsoft {
			north, south = "W. Europe Standard Time", "AUS Eastern Standard Time"
		}
		w.series(p, north, "2027-03-23", time.Date(2027, 3, 23, 9, 0, 0, 0, time.UTC))
		w.series(p, south, "2027-03-23", time.Date(2027, 3, 22, 23, 0, 0, 0, time.UTC)) // Tuesday, 10:00
	}
	w.settle()
	for _, p := range both() {
		got := w.starts(p, cal.Window{From: time.Date(2027, 3, 20, 0, 0, 0, 0, time.UTC), Until: time.Date(2027, 4, 20, 0, 0, 0, 0, time.UTC)})
		want := []string{
			"2027-03-22T23:00:00Z", "2027-03-23T09:00:00Z", "2027-03-29T23:00:00Z", "2027-03-30T08:00:00Z",
			"2027-04-06T00:00:00Z", "2027-04-06T08:00:00Z", "2027-04-13T00:00:00Z", "2027-04-13T08:00:00Z",
		}
		if !slices.Equal(got, want) {
			t.Errorf("at %s: taken from %v, want %v", p, got, want)
		}
	}
}

// TestSeriesAreExpandedAnew lets an older version of the time-zone data have expanded a series, with other rules: the next listing of a process with newer
// data is a snapshot, and what it publishes is right. The one after it is a delta again.
func TestSeriesAreExpandedAnew(t *testing.T) {
	t.Parallel()
	w := newBusyWorld(t, cal.SyncBusy)
	w.series(sim.Google, zone, "2027-03-23", time.Date(2027, 3, 23, 9, 0, 0, 0, time.UTC))
	w.settle()
	within := cal.Window{From: time.Date(2027, 3, 20, 0, 0, 0, 0, time.UTC), Until: time.Date(2027, 4, 20, 0, 0, 0, 0, time.UTC)}
	right := w.starts(sim.Google, within)
	if len(right) != 4 {
		t.Fatalf("taken from %v", right)
	}
	for _, version := range []string{"2020a", ""} {
		w.older(version)
		if slices.Equal(w.starts(sim.Google, within), right) {
			t.Fatal("the older expansion is the same: this trial proves nothing")
		}
		w.listed("snapshot")
		if got := w.starts(sim.Google, within); !slices.Equal(got, right) {
			t.Errorf("by version %q before: taken from %v, want %v", version, got, right)
		}
		w.listed("delta")
	}
}

// older leaves the mirror as an older version of the time-zone data would have, by which every series takes place an hour later.
func (w *busyWorld) older(version string) {
	w.tb.Helper()
	conn, err := sql.Open("sqlite", strings.TrimPrefix(w.config.DatabaseURL.Reveal(), "sqlite:"))
	w.must(err)
	defer conn.Close() //nolint:errcheck // the statements have told
	for _, statement := range []string{
		`UPDATE occurrences SET original_at = original_at + 3600000000, starts_at = starts_at + 3600000000, ends_at = ends_at + 3600000000`,
		`UPDATE cursors SET tzdata = '` + version + `'`,
	} {
		r, err := conn.ExecContext(w.ctx, statement)
		w.must(err)
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			w.tb.Fatalf("%s: %d rows, %v", statement, n, err)
		}
	}
}

// listed lets the calendars be polled, and wants Google's to have been listed by a listing of a kind.
func (w *busyWorld) listed(kind string) {
	w.tb.Helper()
	w.clock.Advance(time.Minute)
	w.comesDue(w.config.DatabaseURL.Reveal(), task.CalendarPoll)
	w.settle()
	conn, err := sql.Open("sqlite", strings.TrimPrefix(w.config.DatabaseURL.Reveal(), "sqlite:"))
	w.must(err)
	defer conn.Close() //nolint:errcheck // the query has told
	var detail string
	w.must(conn.QueryRowContext(w.ctx, `SELECT detail FROM audit WHERE action = 'listing.published' AND subject = $1 ORDER BY at DESC, audit_id DESC LIMIT 1`,
		string(w.targets[cal.Google])).Scan(&detail))
	if !strings.Contains(detail, `"kind":"`+kind+`"`) {
		w.tb.Errorf("the last listing is %s, want a %s", detail, kind)
	}
}
