package google_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
	"github.com/calweave/calweave/internal/sim/stage"
)

// round follows a listing to its end and returns the rows by id, the number of pages, and the sync token.
func round(t *testing.T, c simtest.Client, query url.Values) (map[string]map[string]any, int, string) {
	t.Helper()
	rows := map[string]map[string]any{}
	for pages := 1; ; pages++ {
		a := wantStatus(t, c.Do("GET", "/calendars/primary/events?"+query.Encode(), nil), http.StatusOK)
		for _, row := range a.Rows("items") {
			rows[fmt.Sprint(row["id"])] = row
		}
		next, sync := a.Text("nextPageToken"), a.Text("nextSyncToken")
		if (next == "") == (sync == "") {
			t.Fatalf("a page has both tokens or none: %s", a.Raw)
		}
		if next == "" {
			return rows, pages, sync
		}
		query = maps.Clone(query)
		query.Set("pageToken", next)
	}
}

func insertMany(t *testing.T, c simtest.Client, n int) {
	t.Helper()
	for i := range n {
		wantStatus(t, c.Do("POST", "/calendars/primary/events", meeting(object{"id": fmt.Sprintf("event%d", i)})), http.StatusOK)
	}
}

func TestPagesOfAFullListing(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	insertMany(t, c, 5)
	for size, pages := range map[string]int{"1": 5, "2": 3, "3": 2, "5": 1, "9000": 1} {
		rows, got, _ := round(t, c, url.Values{"maxResults": {size}})
		if len(rows) != 5 || got != pages {
			t.Errorf("maxResults=%s: %d rows on %d pages, want 5 on %d", size, len(rows), got, pages)
		}
	}
	wantError(t, c.Do("GET", "/calendars/primary/events?maxResults=0", nil), http.StatusBadRequest, "invalid")
}

func TestEmptyFirstPageAndCappedPages(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	insertMany(t, c, 4)
	if err := s.SetSwitches(func(w *sim.Switches) { w.EmptyFirstPage, w.PageCap = true, 2 }); err != nil {
		t.Fatal(err)
	}
	a := c.Do("GET", "/calendars/primary/events", nil)
	if len(a.Rows("items")) != 0 || a.Text("nextPageToken") == "" {
		t.Fatalf("first page: %s", a.Raw)
	}
	rows, pages, sync := round(t, c, url.Values{})
	if len(rows) != 4 || pages != 3 {
		t.Errorf("%d rows on %d pages", len(rows), pages)
	}
	insertMany2 := wantStatus(t, c.Do("POST", "/calendars/primary/events", meeting(nil)), http.StatusOK)
	rows, pages, _ = round(t, c, url.Values{"syncToken": {sync}})
	if len(rows) != 1 || pages != 2 || rows[insertMany2.Text("id")] == nil {
		t.Errorf("changes: %d rows on %d pages", len(rows), pages)
	}
}

func TestIncrementalListing(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	insertMany(t, c, 4)
	_, _, sync := round(t, c, url.Values{})
	rows, _, quiet := round(t, c, url.Values{"syncToken": {sync}})
	if len(rows) != 0 || quiet == "" {
		t.Errorf("nothing changed, but there are %v", rows)
	}
	c.Do("PATCH", "/calendars/primary/events/event1", object{"summary": "changed"})
	c.Do("PATCH", "/calendars/primary/events/event1", object{"summary": "changed again"})
	c.Do("DELETE", "/calendars/primary/events/event2", nil)
	c.Do("POST", "/calendars/primary/events", meeting(object{"id": "event9"}))
	for size, pages := range map[string]int{"1": 3, "2": 2, "250": 1} {
		rows, got, _ := round(t, c, url.Values{"syncToken": {sync}, "maxResults": {size}})
		if ids := slices.Sorted(maps.Keys(rows)); !slices.Equal(ids, []string{"event1", "event2", "event9"}) || got != pages {
			t.Errorf("maxResults=%s: %v on %d pages, want %d", size, ids, got, pages)
		}
		if rows["event1"]["summary"] != "changed again" {
			t.Errorf("the changed event is %v", rows["event1"])
		}
		if gone := rows["event2"]; gone["status"] != "cancelled" || gone["start"] != nil || len(gone) != 4 {
			t.Errorf("the deleted event is %v", gone)
		}
	}
}

func TestNothingIsLostWhilePaging(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	insertMany(t, c, 4)
	first := c.Do("GET", "/calendars/primary/events?maxResults=2", nil)
	c.Do("PATCH", "/calendars/primary/events/event0", object{"summary": "behind the page"})
	c.Do("PATCH", "/calendars/primary/events/event3", object{"summary": "ahead of the page"})
	c.Do("DELETE", "/calendars/primary/events/event2", nil)
	last := c.Do("GET", "/calendars/primary/events?maxResults=2&pageToken="+first.Text("nextPageToken"), nil)
	if len(last.Rows("items")) != 1 || last.Text("nextSyncToken") == "" {
		t.Fatalf("last page: %s", last.Raw)
	}
	rows, _, _ := round(t, c, url.Values{"syncToken": {last.Text("nextSyncToken")}})
	if ids := slices.Sorted(maps.Keys(rows)); !slices.Equal(ids, []string{"event0", "event2", "event3"}) {
		t.Errorf("the next listing shows %v", ids)
	}
}

func TestWindowAndDeleted(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	for id, day := range map[string]string{"before": "2026-09-30", "during": "2026-10-01", "behind": "2026-10-02"} {
		c.Do("POST", "/calendars/primary/events", object{
			"id":    id[:5],
			"start": object{"dateTime": day + "T10:00:00+02:00"}, "end": object{"dateTime": day + "T11:00:00+02:00"},
		})
	}
	window := url.Values{"timeMin": {"2026-09-30T11:00:00+02:00"}, "timeMax": {"2026-10-02T10:00:00+02:00"}}
	rows, _, _ := round(t, c, window) // the end of one touches timeMin, the start of another timeMax
	if ids := slices.Sorted(maps.Keys(rows)); !slices.Equal(ids, []string{"durin"}) {
		t.Errorf("in the window are %v", ids)
	}
	c.Do("DELETE", "/calendars/primary/events/durin", nil)
	if rows, _, _ = round(t, c, window); len(rows) != 0 {
		t.Errorf("a deleted event is shown: %v", rows)
	}
	window.Set("showDeleted", "true")
	if rows, _, _ = round(t, c, window); len(rows) != 1 || rows["durin"]["status"] != "cancelled" {
		t.Errorf("with showDeleted there are %v", rows)
	}
}

func TestRefusedListings(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	insertMany(t, c, 1)
	_, _, sync := round(t, c, url.Values{})
	for query, want := range map[string]string{
		"syncToken=" + sync + "&timeMin=2026-01-01T00:00:00Z":       "invalid",
		"syncToken=" + sync + "&timeMax=2026-01-01T00:00:00Z":       "invalid",
		"syncToken=" + sync + "&updatedMin=2026-01-01T00:00:00Z":    "invalid",
		"syncToken=" + sync + "&q=x":                                "invalid",
		"syncToken=" + sync + "&iCalUID=x":                          "invalid",
		"syncToken=" + sync + "&orderBy=updated":                    "invalid",
		"syncToken=" + sync + "&privateExtendedProperty=a%3Db":      "invalid",
		"syncToken=" + sync + "&sharedExtendedProperty=a%3Db":       "invalid",
		"syncToken=" + sync + "&showDeleted=false":                  "invalid",
		"syncToken=" + sync + "&singleEvents=true":                  "invalid",
		"syncToken=" + sync + "&pageToken=x":                        "invalid",
		"pageToken=x":                                               "invalid",
		"orderBy=startTime":                                         "invalid",
		"timeMin=2026-10-01T10:00:00":                               "badRequest",
		"timeMin=2026-10-01T10:00:00Z&timeMax=2026-10-01T10:00:00Z": "timeRangeEmpty",
		"singleEvents=perhaps":                                      "invalid",
		"timeZone=Mars/Base":                                        "invalid",
	} {
		a := c.Do("GET", "/calendars/primary/events?"+query, nil)
		if a.Reason() != want {
			t.Errorf("%s: %d %q, want %q", query, a.Status, a.Reason(), want)
		}
	}
}

func TestLostCursors(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	insertMany(t, c, 3)
	_, _, sync := round(t, c, url.Values{})
	page := c.Do("GET", "/calendars/primary/events?maxResults=1", nil).Text("nextPageToken")
	wantError(t, c.Do("GET", "/calendars/primary/events?syncToken=nonsense", nil), http.StatusGone, "fullSyncRequired")
	if err := s.SetSwitches(func(w *sim.Switches) { w.Google.UnreadableCursor = 400 }); err != nil {
		t.Fatal(err)
	}
	wantError(t, c.Do("GET", "/calendars/primary/events?syncToken=nonsense", nil), http.StatusBadRequest, "invalid")
	if err := s.ExpireCursors(sim.In{Provider: sim.Google, Email: host}); err != nil {
		t.Fatal(err)
	}
	wantError(t, c.Do("GET", "/calendars/primary/events?syncToken="+url.QueryEscape(sync), nil), http.StatusGone, "fullSyncRequired")
	wantError(t, c.Do("GET", "/calendars/primary/events?maxResults=1&pageToken="+url.QueryEscape(page), nil), http.StatusGone, "fullSyncRequired")
	if rows, _, _ := round(t, c, url.Values{}); len(rows) != 3 {
		t.Errorf("a full listing shows %d rows", len(rows))
	}
}

func TestListFilters(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	c.Do("POST", "/calendars/primary/events", meeting(object{"id": "event1", "extendedProperties": object{"private": object{"a": "1", "b": "2"}}}))
	c.Do("POST", "/calendars/primary/events", meeting(object{"id": "event2", "summary": "Lunch", "extendedProperties": object{"private": object{"a": "1"}}}))
	for query, want := range map[string]int{
		"privateExtendedProperty=a%3D1": 2, "privateExtendedProperty=a%3D1&privateExtendedProperty=b%3D2": 1, "q=lunch": 1,
		"iCalUID=event1@google.com": 1, "sharedExtendedProperty=a%3D1": 0,
	} {
		a := wantStatus(t, c.Do("GET", "/calendars/primary/events?"+query, nil), http.StatusOK)
		if got := len(a.Rows("items")); got != want || a.At("nextSyncToken") != nil {
			t.Errorf("%s: %d rows, want %d; sync token %v", query, got, want, a.At("nextSyncToken"))
		}
	}
}

// Whether several constraints all have to hold is told in two ways; private and shared ones have to in any case.
func TestPropertyFilters(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	for id, p := range map[string]object{
		"event1": {"private": object{"a": "1", "b": "2"}, "shared": object{"c": "3"}},
		"event2": {"private": object{"a": "1"}},
		"event3": {"shared": object{"c": "3"}},
	} {
		c.Do("POST", "/calendars/primary/events", meeting(object{"id": id, "extendedProperties": p}))
	}
	const a, b, other, shared = "privateExtendedProperty=a%3D1", "privateExtendedProperty=b%3D2", "privateExtendedProperty=b%3D9", "sharedExtendedProperty=c%3D3"
	for filters, rows := range map[stage.PropertyFilters]map[string]int{
		stage.FilterAll: {"": 3, a: 2, a + "&" + b: 1, b + "&" + other: 0, a + "&" + shared: 1},
		stage.FilterAny: {"": 3, a: 2, a + "&" + b: 2, b + "&" + other: 1, a + "&" + b + "&" + shared: 1},
	} {
		switchTo(t, s, func(w *sim.Switches) { w.Google.PropertyFilters = filters })
		for query, want := range rows {
			if got := len(c.Do("GET", "/calendars/primary/events?"+query, nil).Rows("items")); got != want {
				t.Errorf("%s: %s: %d rows, want %d", filters, query, got, want)
			}
		}
	}
}

func TestUnchangedListingIs304(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	insertMany(t, c, 1)
	etag := c.Do("GET", "/calendars/primary/events", nil).Text("etag")
	wantStatus(t, c.Do("GET", "/calendars/primary/events", nil, "If-None-Match", etag), http.StatusNotModified)
	c.Do("PATCH", "/calendars/primary/events/event0", object{"summary": "x"})
	wantStatus(t, c.Do("GET", "/calendars/primary/events", nil, "If-None-Match", etag), http.StatusOK)
}
