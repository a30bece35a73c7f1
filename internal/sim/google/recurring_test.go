package google_test

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

// weekly is a series of five Thursdays from the first of October 2026; Berlin's clocks go back before the last of them.
func weekly(more object) object {
	e := meeting(object{"id": "series1", "recurrence": []string{"RRULE:FREQ=WEEKLY;COUNT=5"}})
	maps.Copy(e, more)
	return e
}

func ids(rows map[string]map[string]any) []string { return slices.Sorted(maps.Keys(rows)) }

func column(rows []map[string]any, name string) []string {
	var all []string
	for _, row := range rows {
		all = append(all, fmt.Sprint(row[name]))
	}
	return all
}

func seriesOf(t *testing.T, body object) simtest.Client {
	t.Helper()
	_, c := start(t)
	wantStatus(t, c.Do("POST", "/calendars/primary/events", body), http.StatusOK)
	return c
}

func TestInstancesKeepTheWallTime(t *testing.T) {
	t.Parallel()
	c := seriesOf(t, weekly(nil))
	a := wantStatus(t, c.Do("GET", "/calendars/primary/events/series1/instances", nil), http.StatusOK)
	rows := a.Rows("items")
	want := []string{"series1_20261001T080000Z", "series1_20261008T080000Z", "series1_20261015T080000Z", "series1_20261022T080000Z", "series1_20261029T090000Z"}
	if got := column(rows, "id"); !slices.Equal(got, want) {
		t.Fatalf("instances are %v", got)
	}
	for _, row := range rows {
		original, _ := row["originalStartTime"].(object)
		if row["recurringEventId"] != "series1" || row["iCalUID"] != "series1@google.com" || row["recurrence"] != nil ||
			!strings.Contains(fmt.Sprint(original["dateTime"]), "T10:00:00+0") || original["timeZone"] != "Europe/Berlin" {
			t.Errorf("instance: %v", row)
		}
	}
	if one := c.Do("GET", "/calendars/primary/events/"+want[4], nil); one.Text("start", "dateTime") != "2026-10-29T10:00:00+01:00" {
		t.Errorf("one instance: %s", one.Raw)
	}
	wantError(t, c.Do("GET", "/calendars/primary/events/series1_20261002T080000Z", nil), http.StatusNotFound, "notFound")
	wantError(t, c.Do("GET", "/calendars/primary/events/series1_20261008", nil), http.StatusNotFound, "notFound")
	b := c.Do("GET", "/calendars/primary/events/series1/instances?originalStart="+url.QueryEscape("2026-10-08T10:00:00+02:00"), nil)
	if got := column(b.Rows("items"), "id"); !slices.Equal(got, want[1:2]) {
		t.Errorf("by original start: %v", got)
	}
	var paged []string
	for page := ""; ; {
		a := wantStatus(t, c.Do("GET", "/calendars/primary/events/series1/instances?maxResults=2&pageToken="+page, nil), http.StatusOK)
		paged = append(paged, column(a.Rows("items"), "id")...)
		if page = a.Text("nextPageToken"); page == "" {
			break
		}
	}
	if !slices.Equal(paged, want) {
		t.Errorf("in pages: %v", paged)
	}
}

func TestAllDaySeries(t *testing.T) {
	t.Parallel()
	c := seriesOf(t, object{
		"id": "dates1", "start": object{"date": "2026-10-24"}, "end": object{"date": "2026-10-26"},
		"recurrence": []string{"RRULE:FREQ=DAILY;INTERVAL=2;UNTIL=20261030", "EXDATE;VALUE=DATE:20261026", "RDATE;VALUE=DATE:20261103"},
	})
	a := c.Do("GET", "/calendars/primary/events/dates1/instances", nil)
	want := []string{"dates1_20261024", "dates1_20261028", "dates1_20261030", "dates1_20261103"}
	if got := column(a.Rows("items"), "id"); !slices.Equal(got, want) {
		t.Errorf("instances are %v", got)
	}
	one := c.Do("GET", "/calendars/primary/events/dates1_20261028", nil)
	if one.Text("end", "date") != "2026-10-30" || one.Text("originalStartTime", "date") != "2026-10-28" {
		t.Errorf("one: %s", one.Raw)
	}
}

func TestRecurrenceRefuses(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	for name, line := range map[string]string{
		"no rule": "FREQ=DAILY", "start": "DTSTART:20261001T080000Z", "start in a rule": "RRULE:FREQ=DAILY;DTSTART=20261001T080000Z", "no frequency": "RRULE:COUNT=2", "hourly": "RRULE:FREQ=HOURLY",
		"count and until": "RRULE:FREQ=DAILY;COUNT=2;UNTIL=20261010T000000Z", "never": "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
		"bad date": "EXDATE:2026-10-01", "only exceptions": "EXDATE:20261001T080000Z", "unknown zone": "RDATE;TZID=Mars/Base:20261001T100000",
		"huge interval": "RRULE:FREQ=DAILY;INTERVAL=9999999", "empty": "RRULE:",
	} {
		wantError(t, c.Do("POST", "/calendars/primary/events", meeting(object{"summary": name, "recurrence": []string{line}})), http.StatusBadRequest, "invalid")
	}
	noZone := object{"start": object{"dateTime": "2026-10-01T10:00:00Z"}, "end": object{"dateTime": "2026-10-01T11:00:00Z"}, "recurrence": []string{"RRULE:FREQ=DAILY"}}
	wantError(t, c.Do("POST", "/calendars/primary/events", noZone), http.StatusBadRequest, "required")
}

func TestListingsOfSeries(t *testing.T) {
	t.Parallel()
	c := seriesOf(t, weekly(nil))
	rows, _, _ := round(t, c, url.Values{})
	if got := ids(rows); !slices.Equal(got, []string{"series1"}) || rows["series1"]["recurrence"] == nil {
		t.Errorf("masters: %v", rows)
	}
	window := url.Values{"timeMin": {"2026-10-08T08:30:00Z"}, "timeMax": {"2026-10-22T08:00:00Z"}, "singleEvents": {"true"}}
	rows, _, _ = round(t, c, window) // the end of one touches timeMin, the start of another timeMax
	if got := ids(rows); !slices.Equal(got, []string{"series1_20261015T080000Z"}) {
		t.Errorf("in the window: %v", got)
	}
	rows, _, _ = round(t, c, url.Values{"timeMin": {"2026-11-08T08:30:00Z"}})
	if len(rows) != 0 {
		t.Errorf("a series that is over: %v", rows)
	}
	for size, pages := range map[string]int{"1": 5, "2": 3, "5": 1} {
		rows, got, _ := round(t, c, url.Values{"singleEvents": {"true"}, "maxResults": {size}})
		if len(rows) != 5 || got != pages {
			t.Errorf("maxResults=%s: %d rows on %d pages", size, len(rows), got)
		}
	}
}

func TestUnboundedSeriesIsBounded(t *testing.T) {
	t.Parallel()
	c := seriesOf(t, weekly(object{"recurrence": []string{"RRULE:FREQ=DAILY"}}))
	rows, _, sync := round(t, c, url.Values{"singleEvents": {"true"}, "maxResults": {"2500"}})
	if len(rows) != 1000 {
		t.Errorf("%d rows", len(rows))
	}
	c.Do("PATCH", "/calendars/primary/events/series1", object{"summary": "x"})
	rows, _, _ = round(t, c, url.Values{"singleEvents": {"true"}, "syncToken": {sync}, "maxResults": {"300"}})
	if len(rows) != 1000 || rows["series1_20261001T080000Z"]["summary"] != "x" {
		t.Errorf("%d rows after a change", len(rows))
	}
}

func TestOrderByStartTime(t *testing.T) {
	t.Parallel()
	c := seriesOf(t, weekly(nil))
	c.Do("POST", "/calendars/primary/events", object{"id": "before1", "start": object{"date": "2026-10-08"}, "end": object{"date": "2026-10-09"}})
	c.Do("PATCH", "/calendars/primary/events/series1_20261001T080000Z", object{"start": at("10:00"), "end": object{"dateTime": "2026-10-30T10:00:00Z"}, "summary": "long"})
	var got []string
	for page := ""; ; {
		a := wantStatus(t, c.Do("GET", "/calendars/primary/events?singleEvents=true&orderBy=startTime&maxResults=2&pageToken="+page, nil), http.StatusOK)
		got = append(got, column(a.Rows("items"), "id")...)
		if page = a.Text("nextPageToken"); page == "" {
			if a.At("nextSyncToken") != nil {
				t.Error("an ordered listing ends with a sync token")
			}
			break
		}
	}
	want := []string{"series1_20261001T080000Z", "before1", "series1_20261008T080000Z", "series1_20261015T080000Z", "series1_20261022T080000Z", "series1_20261029T090000Z"}
	if !slices.Equal(got, want) {
		t.Errorf("in order: %v", got)
	}
	a := c.Do("GET", "/calendars/primary/events?orderBy=updated", nil)
	if got := column(a.Rows("items"), "id"); !slices.Equal(got, []string{"series1", "before1", "series1_20261001T080000Z"}) {
		t.Errorf("by change: %v", got)
	}
}

func TestExceptions(t *testing.T) {
	t.Parallel()
	c := seriesOf(t, weekly(nil))
	_, _, masters := round(t, c, url.Values{})
	_, _, singles := round(t, c, url.Values{"singleEvents": {"true"}})
	const second, third = "series1_20261008T080000Z", "series1_20261015T080000Z"
	before := c.Do("GET", "/calendars/primary/events/series1", nil)
	moved := wantStatus(t, c.Do("PATCH", "/calendars/primary/events/"+second, object{
		"summary": "Moved", "start": object{"dateTime": "2026-10-09T12:00:00+02:00"}, "end": object{"dateTime": "2026-10-09T12:30:00+02:00"},
	}), http.StatusOK)
	if moved.Text("originalStartTime", "dateTime") != "2026-10-08T10:00:00+02:00" || moved.Text("recurringEventId") != "series1" || moved.Text("id") != second ||
		moved.Text("iCalUID") != "series1@google.com" {
		t.Errorf("moved: %s", moved.Raw)
	}
	wantError(t, c.Do("PATCH", "/calendars/primary/events/"+second, object{"recurrence": []string{"RRULE:FREQ=DAILY"}}), http.StatusBadRequest, "invalid")
	wantStatus(t, c.Do("DELETE", "/calendars/primary/events/"+third, nil), http.StatusNoContent)
	wantError(t, c.Do("DELETE", "/calendars/primary/events/"+third, nil), http.StatusGone, "deleted")
	if after := c.Do("GET", "/calendars/primary/events/series1", nil); after.Raw != before.Raw {
		t.Errorf("the master changed: %s", after.Raw)
	}
	for _, q := range []url.Values{{"syncToken": {masters}}, {"syncToken": {singles}, "singleEvents": {"true"}}} {
		rows, _, _ := round(t, c, q)
		if got := ids(rows); !slices.Equal(got, []string{second, third}) {
			t.Errorf("changed: %v", got)
		}
		gone := rows[third]
		if original, _ := gone["originalStartTime"].(object); len(gone) != 6 || gone["status"] != "cancelled" || gone["recurringEventId"] != "series1" || original["dateTime"] != "2026-10-15T10:00:00+02:00" {
			t.Errorf("cancelled: %v", gone)
		}
	}
	// Cancelled occurrences are listed beside their master, though deleted events are not asked for.
	if rows, _, _ := round(t, c, url.Values{}); !slices.Equal(ids(rows), []string{"series1", second, third}) {
		t.Errorf("all: %v", ids(rows))
	}
	if rows, _, _ := round(t, c, url.Values{"singleEvents": {"true"}}); len(rows) != 4 || rows[third] != nil {
		t.Errorf("singles: %v", ids(rows))
	}
	if rows, _, _ := round(t, c, url.Values{"singleEvents": {"true"}, "showDeleted": {"true"}}); len(rows) != 5 || rows[third]["status"] != "cancelled" {
		t.Errorf("singles with deleted ones: %v", ids(rows))
	}
	if a := c.Do("GET", "/calendars/primary/events/series1/instances", nil); len(a.Rows("items")) != 4 || a.Rows("items")[1]["summary"] != "Moved" {
		t.Errorf("instances: %s", a.Raw)
	}
	if a := c.Do("PATCH", "/calendars/primary/events/"+third, object{"status": "confirmed"}); a.Text("status") != "confirmed" {
		t.Errorf("revived: %s", a.Raw)
	}
}

func TestChangesOfASeriesReachSingleOccurrences(t *testing.T) {
	t.Parallel()
	c := seriesOf(t, weekly(nil))
	_, _, masters := round(t, c, url.Values{})
	_, _, singles := round(t, c, url.Values{"singleEvents": {"true"}})
	c.Do("PATCH", "/calendars/primary/events/series1_20261029T090000Z", object{"summary": "touched"})
	follow := func(want map[string]int) {
		t.Helper()
		rows, _, next := round(t, c, url.Values{"syncToken": {singles}, "singleEvents": {"true"}, "maxResults": {"2"}})
		singles = next
		got := map[string]int{}
		for _, row := range rows {
			got[fmt.Sprint(row["status"])]++
		}
		if !maps.Equal(got, want) {
			t.Errorf("rows: %v, want %v", ids(rows), want)
		}
	}
	wantStatus(t, c.Do("PATCH", "/calendars/primary/events/series1", object{"summary": "renamed"}), http.StatusOK)
	follow(map[string]int{"confirmed": 5})
	if rows, _, _ := round(t, c, url.Values{"syncToken": {masters}}); !slices.Equal(ids(rows), []string{"series1", "series1_20261029T090000Z"}) {
		t.Errorf("masters: %v", ids(rows))
	}
	// A shorter series: its last two go, the touched one with them.
	wantStatus(t, c.Do("PATCH", "/calendars/primary/events/series1", object{"recurrence": []string{"RRULE:FREQ=WEEKLY;UNTIL=20261015T080000Z"}}), http.StatusOK)
	follow(map[string]int{"confirmed": 3, "cancelled": 2})
	// An hour later: every occurrence is another one.
	wantStatus(t, c.Do("PATCH", "/calendars/primary/events/series1", object{
		"start": at("11:00"), "end": at("11:30"), "recurrence": []string{"RRULE:FREQ=WEEKLY;COUNT=3"},
	}), http.StatusOK)
	follow(map[string]int{"confirmed": 3, "cancelled": 3})
	// No series any more: its own row, and the end of the occurrences.
	wantStatus(t, c.Do("PATCH", "/calendars/primary/events/series1", object{"recurrence": nil}), http.StatusOK)
	follow(map[string]int{"confirmed": 1, "cancelled": 3})
	wantStatus(t, c.Do("PATCH", "/calendars/primary/events/series1", object{"recurrence": []string{"RRULE:FREQ=WEEKLY;COUNT=2"}}), http.StatusOK)
	follow(map[string]int{"confirmed": 2, "cancelled": 1})
	wantStatus(t, c.Do("DELETE", "/calendars/primary/events/series1", nil), http.StatusNoContent)
	follow(map[string]int{"cancelled": 2})
	wantError(t, c.Do("DELETE", "/calendars/primary/events/series1", nil), http.StatusGone, "deleted")
	if rows, _, _ := round(t, c, url.Values{"syncToken": {masters}}); rows["series1"]["status"] != "cancelled" || rows["series1_20261029T090000Z"]["status"] != "cancelled" {
		t.Errorf("masters in the end: %v", rows)
	}
	follow(map[string]int{})
}

func TestWindowOfAFirstListingStays(t *testing.T) {
	t.Parallel()
	c := seriesOf(t, weekly(object{"recurrence": []string{"RRULE:FREQ=DAILY"}}))
	_, _, sync := round(t, c, url.Values{"singleEvents": {"true"}, "timeMin": {"2026-10-05T00:00:00Z"}, "timeMax": {"2026-10-08T00:00:00Z"}})
	c.Do("PATCH", "/calendars/primary/events/series1", object{"summary": "x"})
	rows, _, _ := round(t, c, url.Values{"singleEvents": {"true"}, "syncToken": {sync}})
	if got := ids(rows); len(got) != 3 || got[0] != "series1_20261005T080000Z" {
		t.Errorf("after a change: %v", got)
	}
}

func TestOldTokensOfMuchChangedSeries(t *testing.T) {
	t.Parallel()
	c := seriesOf(t, weekly(nil))
	_, _, sync := round(t, c, url.Values{"singleEvents": {"true"}})
	for i := range 70 {
		c.Do("PATCH", "/calendars/primary/events/series1", object{"summary": fmt.Sprint(i)})
	}
	wantError(t, c.Do("GET", "/calendars/primary/events?singleEvents=true&syncToken="+sync, nil), http.StatusGone, "fullSyncRequired")
}

func TestOccurrencesByHand(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	c.Do("POST", "/calendars/primary/events", weekly(nil))
	in := sim.In{Provider: sim.Google, Email: host}
	title := "By hand"
	e, err := s.EditEvent(in, "series1_20261008T080000Z", sim.Edit{Title: &title})
	if err != nil || e.Series != "series1" || e.Recurrence != nil {
		t.Errorf("edited: %+v, %v", e, err)
	}
	if err := s.DeleteEvent(in, "series1_20261015T080000Z", false); err != nil {
		t.Fatal(err)
	}
	if a := c.Do("GET", "/calendars/primary/events/series1/instances", nil); len(a.Rows("items")) != 4 || a.Rows("items")[1]["summary"] != title {
		t.Errorf("instances: %s", a.Raw)
	}
}

func TestFreeBusyReadersSeeOccurrences(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	c.Do("POST", "/calendars/primary/events", weekly(nil))
	if _, err := s.Seed(sim.Person{Provider: sim.Google, Email: "peer@example.com", Calendars: []sim.Calendar{{ID: host, Role: sim.RoleFreeBusyReader}}}); err != nil {
		t.Fatal(err)
	}
	peer := s.Client(sim.Google, "peer@example.com")
	if a := peer.Do("GET", "/calendars/"+host+"/events/series1_20261008T080000Z", nil); a.Status != http.StatusOK || a.At("summary") != nil {
		t.Errorf("one: %s", a.Raw)
	}
	a := peer.Do("GET", "/calendars/"+host+"/events", nil)
	if rows := a.Rows("items"); len(rows) != 5 || rows[0]["summary"] != nil || rows[0]["start"] == nil {
		t.Errorf("seen: %s", a.Raw)
	}
}

func keys(row map[string]any) []string { return slices.Sorted(maps.Keys(row)) }

func TestWhatLiesBehindTheBoundIsNotGone(t *testing.T) {
	t.Parallel()
	c := seriesOf(t, weekly(object{"recurrence": []string{"RRULE:FREQ=WEEKLY"}}))
	_, _, sync := round(t, c, url.Values{"singleEvents": {"true"}, "maxResults": {"2500"}})
	c.Do("PATCH", "/calendars/primary/events/series1", object{"recurrence": []string{"RRULE:FREQ=DAILY"}})
	rows, _, _ := round(t, c, url.Values{"singleEvents": {"true"}, "maxResults": {"2500"}, "syncToken": {sync}})
	for id, row := range rows {
		if row["status"] == "cancelled" {
			t.Fatalf("%s is said to be gone", id)
		}
	}
}

func TestRemindersOfAnOccurrence(t *testing.T) {
	t.Parallel()
	c := seriesOf(t, weekly(nil))
	wantStatus(t, c.Do("PATCH", "/calendars/primary/events/series1_20261008T080000Z", object{"reminders": object{"useDefault": false}}), http.StatusOK)
	if rows, _, _ := round(t, c, url.Values{"singleEvents": {"true"}}); len(rows) != 5 {
		t.Errorf("listed: %v", ids(rows))
	}
}
