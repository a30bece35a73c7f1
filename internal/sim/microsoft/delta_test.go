package microsoft_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
)

const april = "/me/calendarView/delta?startDateTime=2026-04-01T00:00:00Z&endDateTime=2026-05-01T00:00:00Z"

// round follows a listing to its end and returns the rows by subject (removals by id), the number of pages, and the delta link.
func round(t *testing.T, c simtest.Client, link string, prefer ...string) (map[string]map[string]any, int, string) {
	t.Helper()
	rows := map[string]map[string]any{}
	for pages := 1; ; pages++ {
		a := wantStatus(t, c.Do("GET", link, nil, prefer...), http.StatusOK)
		for _, row := range a.Rows("value") {
			name := fmt.Sprint(row["id"])
			if row["@removed"] == nil {
				name = fmt.Sprint(row["subject"])
			}
			rows[name] = row
		}
		next, done := a.Text("@odata.nextLink"), a.Text("@odata.deltaLink")
		if (next == "") == (done == "") {
			t.Fatalf("a page has both links or none: %s", a.Raw)
		}
		if done != "" {
			return rows, pages, done
		}
		link = next
	}
}

func names(rows map[string]map[string]any) []string { return slices.Sorted(maps.Keys(rows)) }

func createOn(t *testing.T, c simtest.Client, path, subject, day string) string {
	t.Helper()
	a := wantStatus(t, c.Do("POST", path, object{
		"subject": subject, "start": object{"dateTime": day + "T10:00:00", "timeZone": "UTC"}, "end": object{"dateTime": day + "T11:00:00", "timeZone": "UTC"},
	}), http.StatusCreated)
	return a.Text("id")
}

func TestDeltaPages(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	for i := range 5 {
		createOn(t, c, "/me/events", fmt.Sprint("e", i), "2026-04-15")
	}
	createOn(t, c, "/me/events", "outside", "2026-05-01")
	for size, pages := range map[string]int{"1": 5, "2": 3, "3": 2, "50": 1} {
		rows, got, _ := round(t, c, april, "Prefer", "odata.maxpagesize="+size)
		if len(rows) != 5 || got != pages || rows["outside"] != nil {
			t.Errorf("pages of %s: %v on %d pages, want %d", size, names(rows), got, pages)
		}
	}
	for _, path := range []string{"/me/calendarView/delta()", "/me/calendarView/microsoft.graph.delta()", "/me/calendar/calendarView/delta", "/users/" + host + "/calendarView/delta"} {
		rows, _, _ := round(t, c, strings.Replace(april, "/me/calendarView/delta", path, 1))
		if len(rows) != 5 {
			t.Errorf("%s shows %v", path, names(rows))
		}
	}
}

func TestDeltaEmptyFirstPage(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	createOn(t, c, "/me/events", "a", "2026-04-15")
	set(t, s, func(w *sim.Switches) { w.EmptyFirstPage = true })
	a := c.Do("GET", april, nil)
	if len(a.Rows("value")) != 0 || a.Text("@odata.nextLink") == "" {
		t.Fatalf("first page: %s", a.Raw)
	}
	rows, pages, link := round(t, c, april)
	if len(rows) != 1 || pages != 2 {
		t.Errorf("%v on %d pages", names(rows), pages)
	}
	if rows, pages, _ = round(t, c, link); len(rows) != 0 || pages != 2 {
		t.Errorf("nothing changed: %v on %d pages", names(rows), pages)
	}
}

func TestDeltaChanges(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	stay := createOn(t, c, "/me/events", "stay", "2026-04-15")
	leave := createOn(t, c, "/me/events", "leave", "2026-04-15")
	die := createOn(t, c, "/me/events", "die", "2026-04-15")
	far := createOn(t, c, "/me/events", "far", "2027-01-01")
	_, _, link := round(t, c, april, "Prefer", immutable)
	quiet, _, next := round(t, c, link, "Prefer", immutable)
	if len(quiet) != 0 || next == link {
		t.Errorf("nothing changed: %v, the same link: %v", names(quiet), next == link)
	}
	c.Do("PATCH", event(stay), object{"subject": "stayed"})
	c.Do("PATCH", event(leave), object{"start": object{"dateTime": "2026-06-01T10:00:00", "timeZone": "UTC"}, "end": object{"dateTime": "2026-06-01T11:00:00", "timeZone": "UTC"}})
	c.Do("DELETE", event(die), nil)
	c.Do("DELETE", event(far), nil) // never in the window: not told
	outside := createOn(t, c, "/me/events", "outside", "2026-08-01")
	rows, _, _ := round(t, c, next, "Prefer", immutable)
	id := func(rest string) string {
		return c.Do("GET", event(rest), nil, "Prefer", immutable).Text("id")
	}
	if len(rows) != 4 || rows["stayed"] == nil || rows[id(leave)]["@removed"] == nil || rows[id(outside)]["@removed"] == nil {
		t.Errorf("told: %v", names(rows))
	}
	if full := rows["stayed"]; full["@odata.type"] != "#microsoft.graph.event" || full["iCalUId"] == nil || full["body"] == nil {
		t.Errorf("a single event is shown as %v", full)
	}
	// An event that left the window and is deleted before anyone asks has to be told.
	c.Do("DELETE", event(leave), nil)
	again, _, _ := round(t, c, next, "Prefer", immutable)
	if len(again) != 4 {
		t.Errorf("the same link again tells %v", names(again))
	}
}

func TestDeltaOfANamedCalendar(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	team := "/me/calendars/" + url.PathEscape(c.Do("GET", "/me/calendars", nil).Rows("value")[1]["id"].(string))
	createOn(t, c, team+"/events", "team", "2026-04-15")
	createOn(t, c, "/me/events", "own", "2026-04-15")
	view := team + strings.TrimPrefix(april, "/me")
	rows, _, link := round(t, c, view)
	if !slices.Equal(names(rows), []string{"team"}) || !strings.Contains(link, "/calendars/") {
		t.Errorf("%v, on with %s", names(rows), link)
	}
	set(t, s, func(w *sim.Switches) { w.Microsoft.CalendarFeeds = sim.Refused })
	wantError(t, c.Do("GET", view, nil), http.StatusBadRequest, "ErrorInvalidRequest")
	wantStatus(t, c.Do("GET", april, nil), http.StatusOK)
}

func TestOnlyTheLatestGenerationsLive(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	createOn(t, c, "/me/events", "a", "2026-04-15")
	_, _, first := round(t, c, april)
	_, _, second := round(t, c, first)
	_, _, third := round(t, c, first) // a link can be used again
	wantStatus(t, c.Do("GET", second, nil), http.StatusOK)
	a := c.Do("GET", first, nil) // the fourth generation came out meanwhile
	wantError(t, a, http.StatusGone, "SyncStateNotFound")
	if !strings.Contains(a.Text("error", "message"), "generation=1;[highest=4][4][3][2].") {
		t.Errorf("message: %s", a.Raw)
	}
	wantStatus(t, c.Do("GET", third, nil), http.StatusOK)
	_, _, other := round(t, c, april) // a listing of its own
	wantStatus(t, c.Do("GET", other, nil), http.StatusOK)
	if err := s.ExpireCursors(sim.In{Provider: sim.Microsoft, Email: host}); err != nil {
		t.Fatal(err)
	}
	wantError(t, c.Do("GET", third, nil), http.StatusGone, "SyncStateNotFound")
}

func TestDeltaRefuses(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	for query, code := range map[string]string{
		"": "ErrorInvalidParameter", "?startDateTime=2026-04-01T00:00:00Z": "ErrorInvalidParameter",
		"?startDateTime=april&endDateTime=may":                                 "ErrorInvalidParameter",
		"?startDateTime=2026-05-01T00:00:00Z&endDateTime=2026-04-01T00:00:00Z": "ErrorInvalidRequest",
		"?startDateTime=2020-01-01T00:00:00Z&endDateTime=2026-01-01T00:00:00Z": "ErrorInvalidRequest",
		"?startDateTime=2026-04-01&endDateTime=2026-05-01&$select=subject":     "ErrorInvalidUrlQuery",
		"?startDateTime=2026-04-01&endDateTime=2026-05-01&$skip=1":             "ErrorInvalidUrlQuery",
		"?startDateTime=2026-04-01&endDateTime=2026-05-01&$count=true":         "ErrorInvalidUrlQuery",
		"?$deltatoken=nonsense": "SyncStateInvalid", "?$skiptoken=nonsense": "SyncStateInvalid",
	} {
		wantError(t, c.Do("GET", "/me/calendarView/delta"+query, nil), http.StatusBadRequest, code)
	}
}
