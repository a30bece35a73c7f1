package microsoft_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/sim"
)

// oracle says of single days whether a pattern has them, by its definition.
type oracle struct {
	kind                  string
	first                 time.Time
	interval, date, month int
	nth                   int // 4 is the last
	week                  time.Weekday
	days                  map[time.Weekday]bool
}

func (o oracle) has(d time.Time) bool {
	months := (d.Year()-o.first.Year())*12 + int(d.Month()) - int(o.first.Month())
	years := d.Year() - o.first.Year()
	switch o.kind {
	case "daily":
		return int(d.Sub(o.first).Hours()/24)%o.interval == 0
	case "weekly":
		monday := func(t time.Time) time.Time { return t.AddDate(0, 0, -(int(t.Weekday())-int(o.week)+7)%7) }
		return o.days[d.Weekday()] && int(monday(d).Sub(monday(o.first)).Hours()/24/7)%o.interval == 0
	case "absoluteMonthly":
		return months%o.interval == 0 && d.Day() == o.date
	case "relativeMonthly":
		return months%o.interval == 0 && o.inMonth(d)
	case "absoluteYearly":
		return years%o.interval == 0 && int(d.Month()) == o.month && d.Day() == o.date
	default:
		return years%o.interval == 0 && int(d.Month()) == o.month && o.inMonth(d)
	}
}

// inMonth counts the month's days that are in the set before and after the one given.
func (o oracle) inMonth(d time.Time) bool {
	before, after := 0, 0
	for e := d.AddDate(0, 0, -1); e.Month() == d.Month(); e = e.AddDate(0, 0, -1) {
		if o.days[e.Weekday()] {
			before++
		}
	}
	for e := d.AddDate(0, 0, 1); e.Month() == d.Month(); e = e.AddDate(0, 0, 1) {
		if o.days[e.Weekday()] {
			after++
		}
	}
	return o.days[d.Weekday()] && ((o.nth == 4 && after == 0) || (o.nth < 4 && before == o.nth))
}

// TestRulesByDefinition compares random series with what the definition of their pattern says of each day.
func TestRulesByDefinition(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	names := []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}
	r := rand.New(rand.NewPCG(7, 7)) //nolint:gosec // the same every time
	for range 120 {
		o := oracle{
			kind:  []string{"daily", "weekly", "absoluteMonthly", "relativeMonthly", "absoluteYearly", "relativeYearly"}[r.IntN(6)],
			first: time.Date(2026, time.Month(1+r.IntN(12)), 1+r.IntN(28), 0, 0, 0, 0, time.UTC), interval: 1 + r.IntN(3), date: 1 + r.IntN(28),
			month: 1 + r.IntN(12), nth: r.IntN(5), week: time.Weekday(r.IntN(2)), days: map[time.Weekday]bool{},
		}
		var set []string
		for _, i := range r.Perm(7)[:1+r.IntN(3)] {
			set, o.days[time.Weekday(i)] = append(set, names[i]), true
		}
		pattern := object{
			"type": o.kind, "interval": o.interval, "daysOfWeek": set, "dayOfMonth": o.date, "month": o.month, "firstDayOfWeek": names[o.week],
			"index": []string{"first", "second", "third", "fourth", "last"}[o.nth],
		}
		count := 1 + r.IntN(8)
		var want []string
		for d := o.first; d.Year() < 2030 && len(want) < count; d = d.AddDate(0, 0, 1) {
			if o.has(d) {
				want = append(want, d.Format(time.DateOnly))
			}
		}
		made := wantStatus(t, c.Do("POST", "/me/events", repeating(o.first.Format(time.DateOnly), pattern, numberedRange(count))), http.StatusCreated)
		_, got := instancesOf(t, c, made.Text("id"))
		if got = slices.DeleteFunc(got, func(day string) bool { return day >= "2030" }); !slices.Equal(got, want) {
			t.Errorf("%v from %s on occurs on %v, want %v", pattern, o.first.Format(time.DateOnly), got, want)
		}
	}
}

// TestOddTimes makes events that take no time, more than a day, or begin when no clock shows that time.
func TestOddTimes(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	for name, tc := range map[string]struct{ zone, from, to, begin string }{
		"no time":        {"UTC", "2026-04-15T10:00:00", "2026-04-15T10:00:00", "2026-04-15T10:00:00"},
		"three days":     {"UTC", "2026-04-15T10:00:00", "2026-04-18T10:00:00", "2026-04-15T10:00:00"},
		"long ago":       {"UTC", "1999-12-31T23:30:00", "2000-01-01T00:30:00", "1999-12-31T23:30:00"},
		"skipped hour":   {pacific, "2026-03-08T02:30:00", "2026-03-08T04:00:00", "2026-03-08T09:30:00"}, // it is not documented which way it goes
		"repeated hour":  {pacific, "2026-11-01T01:30:00", "2026-11-01T03:00:00", "2026-11-01T08:30:00"},
		"with an offset": {pacific, "2026-11-01T01:30:00-08:00", "2026-11-01T03:00:00-08:00", "2026-11-01T09:30:00"},
	} {
		a := wantStatus(t, c.Do("POST", "/me/events", object{
			"subject": name, "start": object{"dateTime": tc.from, "timeZone": tc.zone}, "end": object{"dateTime": tc.to, "timeZone": tc.zone},
		}), http.StatusCreated)
		if got := a.Text("start", "dateTime"); got != tc.begin+".0000000" {
			t.Errorf("%s begins at %s", name, got)
		}
	}
}

// TestIDsAreExact has ids with characters that paths have to escape, in which the case of letters counts.
func TestIDsAreExact(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	if id := createOn(t, c, "/me/events", "plain", "2026-04-15"); strings.ContainsAny(id, "/+") {
		t.Errorf("an ordinary id is %s without being told to", id)
	}
	set(t, s, func(w *sim.Switches) { w.Microsoft.SlashedIDs = true })
	seen := map[rune]bool{}
	for i := range 40 {
		id := createOn(t, c, "/me/events", fmt.Sprint(i), "2026-04-15")
		if got := wantStatus(t, c.Do("GET", event(id), nil), http.StatusOK); got.Text("subject") != fmt.Sprint(i) {
			t.Errorf("%s is %s", id, got.Raw)
		}
		wantError(t, c.Do("GET", event("AAMk"+strings.ToLower(id[4:])), nil), http.StatusNotFound, "ErrorItemNotFound")
		lasting := c.Do("GET", event(id), nil, "Prefer", immutable).Text("id")
		if strings.ContainsAny(lasting, "/+") {
			t.Errorf("an immutable id is %s", lasting)
		}
		for _, r := range id {
			seen[r] = true
		}
	}
	if !seen['/'] || !seen['+'] || !seen['='] {
		t.Error("no id has a slash, a plus and an equals sign")
	}
}

// TestAccessEndsBetweenPages: a listing that was begun is refused from then on, and can be gone on with once access is back.
func TestAccessEndsBetweenPages(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	for _, name := range []string{"a", "b"} {
		createOn(t, c, "/me/events", name, "2026-04-15")
	}
	next := c.Do("GET", april, nil, "Prefer", "odata.maxpagesize=1").Text("@odata.nextLink")
	if err := s.RevokeGrants(sim.Microsoft, host); err != nil {
		t.Fatal(err)
	}
	wantError(t, c.Do("GET", next, nil), http.StatusUnauthorized, "InvalidAuthenticationToken")
	if rows, _, _ := round(t, s.Client(sim.Microsoft, host), next); len(rows) != 1 || rows["b"] == nil {
		t.Errorf("gone on with %v", names(rows))
	}
}

// TestViewsAreFresh asks for the same view again and again, while something changes.
func TestViewsAreFresh(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	view := func() string {
		var all []string
		for _, row := range c.Do("GET", "/me/calendarView?startDateTime=2026-10-19&endDateTime=2026-11-01", nil).Rows("value") {
			all = append(all, fmt.Sprint(row["subject"]))
		}
		return strings.Join(all, " ")
	}
	wantView := func(want string) {
		t.Helper()
		for range 2 {
			if got := view(); got != want {
				t.Errorf("the view is %q, want %q", got, want)
			}
		}
	}
	wantView("")
	id := createOn(t, c, "/me/events", "a", "2026-10-20")
	wantView("a")
	master := wantStatus(t, c.Do("POST", "/me/events", mondays(2)), http.StatusCreated).Text("id")
	wantView("Weekly a Weekly")
	rows, _ := instancesOf(t, c, master)
	wantStatus(t, c.Do("PATCH", event(fmt.Sprint(rows["2026-10-26"]["id"])), object{"subject": "Once"}), http.StatusOK)
	wantView("Weekly a Once")
	wantStatus(t, c.Do("DELETE", event(fmt.Sprint(rows["2026-10-19"]["id"])), nil), http.StatusNoContent)
	wantStatus(t, c.Do("PATCH", event(id), object{"subject": "b"}), http.StatusOK)
	wantView("b Once")
	wantStatus(t, c.Do("PATCH", event(master), object{"subject": "All"}), http.StatusOK)
	wantView("b Once")
	wantStatus(t, c.Do("DELETE", event(master), nil), http.StatusNoContent)
	wantView("b")
}

// A connection that speaks TLS is reset like any other.
func TestResetUnderTLS(t *testing.T) {
	t.Parallel()
	s, _ := start(t)
	secure := httptest.NewTLSServer(s.Microsoft())
	t.Cleanup(secure.Close)
	if _, err := s.AddFault(sim.Fault{Action: sim.ActReset}); err != nil {
		t.Fatal(err)
	}
	resp, err := secure.Client().Get(secure.URL + "/v1.0/me")
	if err == nil {
		_ = resp.Body.Close()
	}
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the connection ended with %v", err)
	}
}
