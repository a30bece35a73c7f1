package api_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
)

// manyPages is more than any list here has: one that goes on has no end.
const manyPages = 100

// listedBookings are the ids of a list of bookings, read to its end.
func (b *bench) listedBookings(query string) []string {
	b.Helper()
	ids := []string{}
	for cursor := ""; ; {
		if len(ids) > manyPages {
			b.Fatalf("%s has no end: %v", query, ids[:10])
		}
		var page gen.BookingPage
		b.call("GET", "/v1/bookings?"+query+cursor, nil).into(b.T, 200, &page)
		for _, one := range page.Bookings {
			ids = append(ids, one.ID)
		}
		if page.NextCursor == nil {
			return ids
		}
		cursor = "&cursor=" + *page.NextCursor
	}
}

// Bookings are found by each filter and by several at once, whatever a page holds; what is listed is what is read one by one.
func TestBookingsAreListed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	day := func(n int) func(map[string]any) {
		return func(doc map[string]any) {
			doc["start"] = map[string]any{"date_time": fmt.Sprintf("2026-10-%02dT10:00:00", n), "time_zone": "Europe/Berlin"}
			doc["end"] = map[string]any{"date_time": fmt.Sprintf("2026-10-%02dT11:00:00", n), "time_zone": "Europe/Berlin"}
		}
	}
	b.diverged("c")
	b.clock.Advance(1e9)
	b.call("PUT", "/v1/bookings/a", b.spec(1, day(3))).into(t, 202, &gen.Booking{})
	b.call("PUT", "/v1/bookings/b", b.spec(1, day(2), with("targets", to(b.graph)))).into(t, 202, &gen.Booking{})
	b.call("DELETE", "/v1/bookings/b?version=2", nil).into(t, 202, &gen.Booking{})
	b.clock.Advance(1e9)
	b.call("PUT", "/v1/bookings/d", b.spec(1, day(2), with("targets", to(b.google, b.graph)))).into(t, 202, &gen.Booking{})
	for query, want := range map[string]string{
		"":                                          "a b c d",
		"state=booked":                              "a c d",
		"state=cancelled":                           "b",
		"diverged=true":                             "c",
		"diverged=false":                            "a b d",
		"calendar_id=" + string(b.google):           "a c d",
		"calendar_id=" + string(b.graph):            "b d",
		"calendar_id=" + string(b.shared):           "",
		"updated_since=2026-09-01T09:00:02Z":        "a b d",
		"updated_since=2026-09-01T09:00:03Z":        "d",
		"updated_since=2026-09-01T11:00:03%2B02:00": "d",
		"starts_from=2026-10-01T08:00:00Z":          "c b d a",
		"starts_from=2026-10-01T08:00:01Z":          "b d a",
		"starts_before=2026-10-02T08:00:00Z":        "c",
		"starts_from=2026-10-02T00:00:00Z&starts_before=2026-10-03T00:00:00Z":                  "b d",
		"starts_from=2026-10-02T00:00:00Z&starts_before=2026-10-03T00:00:00Z&state=booked":     "d",
		"starts_from=2026-10-02T00:00:00Z&calendar_id=" + string(b.graph) + "&state=booked":    "d",
		"updated_since=2026-09-01T09:00:02Z&starts_before=2026-10-03T00:00:00Z&state=booked":   "d",
		"diverged=true&calendar_id=" + string(b.graph):                                         "",
		"diverged=false&calendar_id=" + string(b.google) + "&starts_from=2026-10-03T00:00:00Z": "a",
	} {
		for _, limit := range []string{"1", "2", "200"} {
			if got := strings.Join(b.listedBookings(query+"&limit="+limit), " "); got != want {
				t.Errorf("%s, %s at a time: %q, want %q", query, limit, got, want)
			}
		}
	}
	var page gen.BookingPage
	b.call("GET", "/v1/bookings", nil).into(t, 200, &page)
	for _, one := range page.Bookings {
		listed, read := mustJSON(t, one), b.call("GET", "/v1/bookings/"+one.ID, nil)
		if strings.TrimSpace(string(read.body)) != string(listed) {
			t.Errorf("%s is listed as %s and read as %s", one.ID, listed, read.body)
		}
	}
}

func TestWrongListsOfBookings(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, id := range []string{"b1", "b2"} {
		b.call("PUT", "/v1/bookings/"+id, b.spec(1)).into(t, 202, &gen.Booking{})
	}
	b.unchanging()
	var page gen.BookingPage
	b.call("GET", "/v1/bookings?limit=1", nil).into(t, 200, &page)
	const noTime, noPlace = "it cannot be read: give a time as 2026-10-01T10:00:00Z", "this is no next_cursor of this list with these filters: leave it out to begin at the start"
	raw, err := base64.RawURLEncoding.DecodeString(*page.NextCursor)
	b.ok(err)
	forged := func(place string) string {
		return "limit=1&cursor=" + base64.RawURLEncoding.EncodeToString(append(slices.Clone(raw[:6]), place...))
	}
	for query, problem := range map[string]message.Problem{
		forged("soon/b1"):                              at("query: cursor", "this is no next_cursor of this list: leave it out to begin at the start"),
		forged("b1"):                                   at("query: cursor", "this is no next_cursor of this list: leave it out to begin at the start"),
		"state=pending":                                at("query: state", "give one of booked, cancelled"),
		"diverged=maybe":                               at("query: diverged", "it cannot be read: give true or false"),
		"calendar_id=a%20b":                            at("query: calendar_id", "only this is allowed: visible ASCII characters without blanks"),
		"updated_since=2026-10-01":                     at("query: updated_since", noTime),
		"updated_since=2026-10-01T10:00:00+02:00":      at("query: updated_since", noTime), // a plus is a blank
		"starts_from=0001-01-01T00:00:00Z":             at("query: starts_from", noTime),
		"starts_before=":                               at("query: starts_before", noTime),
		"limit=201":                                    at("query: limit", "give a number from 1 to 200"),
		"cursor=" + *page.NextCursor + "&state=booked": at("query: cursor", noPlace),
		"cursor=nonsense":                              at("query: cursor", noPlace),
		"title=Intro":                                  at("query: title", "there is no such parameter: remove it, or check its spelling"),
		"starts_from=2026-10-01T10:00:00Z&starts_before=2026-10-01T12:00:00%2B02:00": at("query: starts_before",
			"nothing begins before this and not before starts_from: give a later time than that"),
	} {
		refused{record.ReasonInvalid, parameter, []message.Problem{problem}}.want(t, query, b.call("GET", "/v1/bookings?"+query, nil))
	}
}

// The history is read page by page, as it was written, and is that of one booking.
func TestHistoryPages(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for version := range int64(5) {
		b.call("PUT", "/v1/bookings/b1", b.spec(version+1)).into(t, 202, &gen.Booking{})
		b.call("PUT", "/v1/bookings/b2", b.spec(version+1)).into(t, 202, &gen.Booking{})
	}
	b.diverged("b3")
	var whole gen.HistoryPage
	b.call("GET", "/v1/bookings/b1/history", nil).into(t, 200, &whole)
	if len(whole.Entries) != 5 || whole.NextCursor != nil {
		t.Fatalf("%+v", whole)
	}
	for _, limit := range []string{"1", "2", "5"} {
		var ids []string
		for cursor := ""; ; {
			if len(ids) > manyPages {
				t.Fatalf("the history has no end: %v", ids[:10])
			}
			var page gen.HistoryPage
			b.call("GET", "/v1/bookings/b1/history?limit="+limit+cursor, nil).into(t, 200, &page)
			for _, e := range page.Entries {
				ids = append(ids, e.ID)
			}
			if page.NextCursor == nil {
				break
			}
			cursor = "&cursor=" + *page.NextCursor
		}
		if !slices.EqualFunc(ids, whole.Entries, func(id string, e gen.HistoryEntry) bool { return id == e.ID }) {
			t.Errorf("%s at a time: %v", limit, ids)
		}
	}
	b.unchanging()
	var page gen.HistoryPage
	b.call("GET", "/v1/bookings/b1/history?limit=1", nil).into(t, 200, &page)
	const noPlace = "this is no next_cursor of this list with these filters: leave it out to begin at the start"
	refused{record.ReasonInvalid, parameter, []message.Problem{at("query: cursor", noPlace)}}.want(t, "another booking's cursor",
		b.call("GET", "/v1/bookings/b2/history?cursor="+*page.NextCursor, nil))
	refused{record.ReasonUnknown, "this tenant has no booking of that id", nil}.want(t, "no such booking", b.call("GET", "/v1/bookings/b4/history", nil))
}
