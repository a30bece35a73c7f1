package google

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

var window = cal.Window{From: noon.AddDate(0, -1, 0), Until: noon.AddDate(1, 0, 0)}

// listed is the query of every listing with more in it.
func listed(more url.Values) url.Values {
	q := url.Values{"singleEvents": {"false"}, "showDeleted": {"true"}}
	maps.Copy(q, more)
	return q
}

func row(id string) string {
	return `{"id":"` + id + `","etag":"\"1\"","status":"confirmed","start":{"date":"2026-10-01"},"end":{"date":"2026-10-02"}}`
}

func ids(page cal.Page) []cal.EventID {
	var out []cal.EventID
	for _, item := range page.Items {
		out = append(out, item.Event.ID)
	}
	return out
}

// walk follows a listing to its end and returns all ids in their order, and the last page.
func walk(t *testing.T, c provider.Client, req provider.ListEvents) ([]cal.EventID, cal.Page, error) {
	t.Helper()
	var all []cal.EventID
	for {
		page, err := c.(provider.DeltaLister).ListEvents(t.Context(), req)
		if err != nil {
			return all, cal.Page{}, err
		}
		all = append(all, ids(page)...)
		if page.Next == "" {
			return all, page, nil
		}
		if page.Cursor != (cal.Cursor{}) {
			t.Errorf("a page before the last has a cursor: %+v", page.Cursor)
		}
		req.Page = page.Next
	}
}

func TestSnapshotAndDelta(t *testing.T) {
	t.Parallel()
	from := []string{"2026-08-20T12:00:00Z"}
	client := script(t,
		exchange{
			want: "GET " + eventsURL, query: listed(url.Values{"timeMin": from, "maxResults": {"2"}}),
			answer: `{"items":[` + row("a") + `,` + row("b") + `],"nextPageToken":"p2"}`,
		},
		exchange{
			want: "GET " + eventsURL, query: listed(url.Values{"timeMin": from, "maxResults": {"2"}, "pageToken": {"p2"}}),
			answer: `{"items":[],"nextPageToken":"p3"}`,
		}, // an empty page and still a next one
		exchange{
			want: "GET " + eventsURL, query: listed(url.Values{"timeMin": from, "maxResults": {"2"}, "pageToken": {"p3"}}),
			answer: `{"items":[` + row("c") + `],"nextSyncToken":"s1"}`,
		},
		exchange{want: "GET " + eventsURL, query: listed(url.Values{"syncToken": {"s1"}}), answer: `{"items":[` + row("a") + `],"nextPageToken":"p2"}`},
		exchange{
			want: "GET " + eventsURL, query: listed(url.Values{"syncToken": {"s1"}, "pageToken": {"p2"}}),
			answer: `{"items":[{"id":"b","status":"cancelled"}],"nextSyncToken":"s2"}`,
		},
		exchange{want: "GET " + eventsURL, query: listed(url.Values{"syncToken": {"s2"}}), answer: `{"nextSyncToken":"s3"}`}, // a quiet one
	)
	all, last, err := walk(t, client, provider.ListEvents{Calendar: ref.Calendar, Window: window, PageSize: 2})
	if err != nil || !slices.Equal(all, []cal.EventID{"a", "b", "c"}) {
		t.Fatalf("snapshot: %v, %v", all, err)
	}
	if last.Kind != cal.Snapshot || last.Coverage != (cal.Window{From: window.From}) || last.Cursor.Token != "s1" {
		t.Errorf("snapshot ended with %+v", last)
	}
	later := cal.Window{From: noon, Until: noon.AddDate(2, 0, 0)} // the window has moved on: the cursor still stands
	all, delta, err := walk(t, client, provider.ListEvents{Calendar: ref.Calendar, Window: later, Cursor: last.Cursor})
	if err != nil || !slices.Equal(all, []cal.EventID{"a", "b"}) {
		t.Fatalf("delta: %v, %v", all, err)
	}
	if delta.Kind != cal.Delta || delta.Coverage != (cal.Window{}) || delta.Cursor != (cal.Cursor{Token: "s2", Scope: last.Cursor.Scope}) {
		t.Errorf("delta ended with %+v", delta)
	}
	all, quiet, err := walk(t, client, provider.ListEvents{Calendar: ref.Calendar, Cursor: delta.Cursor})
	if err != nil || len(all) != 0 || quiet.Cursor.Token != "s3" {
		t.Errorf("quiet delta: %v, %+v, %v", all, quiet, err)
	}
}

// TestOpenWindow checks that a window without a begin asks for everything, and that no page size is ever more than allowed.
func TestOpenWindow(t *testing.T) {
	t.Parallel()
	client := script(t, exchange{want: "GET " + eventsURL, query: listed(url.Values{"maxResults": {"2500"}}), answer: `{"nextSyncToken":"s"}`})
	_, page, err := walk(t, client, provider.ListEvents{Calendar: ref.Calendar, PageSize: 9999})
	if err != nil || page.Coverage != (cal.Window{}) || page.Kind != cal.Snapshot {
		t.Errorf("got %+v, %v", page, err)
	}
}

// TestCursorOfOtherParameters checks that such a cursor is lost before any request.
func TestCursorOfOtherParameters(t *testing.T) {
	t.Parallel()
	client := script(t)
	own := scopeOf(provider.ListEvents{Calendar: ref.Calendar, Window: window})
	for _, scope := range []string{
		"", "events.list", strings.Replace(own, "singleEvents=false", "singleEvents=true", 1),
		scopeOf(provider.ListEvents{Calendar: "other@example.com", Window: window}),
	} {
		_, _, err := walk(t, client, provider.ListEvents{Calendar: ref.Calendar, Cursor: cal.Cursor{Token: "s1", Scope: scope}})
		if !fault.Is(err, fault.CursorLost) {
			t.Errorf("scope %q: %v", scope, err)
		}
	}
}

func TestCursorLost(t *testing.T) {
	t.Parallel()
	cursor := cal.Cursor{Token: "s1", Scope: scopeOf(provider.ListEvents{Calendar: ref.Calendar})}
	refusal := func(reason string) string {
		return `{"error":{"code":410,"message":"m","errors":[{"reason":"` + reason + `"}]}}`
	}
	for _, tt := range []struct {
		name   string
		req    provider.ListEvents
		status int
		answer string
		want   fault.Kind
	}{
		{"410", provider.ListEvents{Cursor: cursor}, 410, refusal("fullSyncRequired"), fault.CursorLost},
		{"410 on a later page", provider.ListEvents{Cursor: cursor, Page: "p2"}, 410, refusal("fullSyncRequired"), fault.CursorLost},
		{"410 of a snapshot", provider.ListEvents{Page: "p2"}, 410, refusal("updatedMinTooLongAgo"), fault.CursorLost},
		{"410 without a reason", provider.ListEvents{Cursor: cursor}, 410, "", fault.CursorLost},
		{"410 deleted", provider.ListEvents{Cursor: cursor}, 410, refusal("deleted"), fault.CursorLost},
		{"400 on a sync token", provider.ListEvents{Cursor: cursor}, 400, refusal("invalid"), fault.CursorLost},
		{"400 on a page token", provider.ListEvents{Page: "p2"}, 400, refusal("invalid"), fault.CursorLost},
		{"400 on nothing of Google's", provider.ListEvents{}, 400, refusal("invalid"), fault.Invalid},
		{"404 is the calendar", provider.ListEvents{Cursor: cursor}, 404, refusal("notFound"), fault.NotFound},
		{"403 mid-page", provider.ListEvents{Cursor: cursor, Page: "p2"}, 403, refusal("forbidden"), fault.Forbidden},
		{"401 mid-page", provider.ListEvents{Cursor: cursor, Page: "p2"}, 401, refusal("authError"), fault.Unauthorized},
		{"503 mid-page", provider.ListEvents{Cursor: cursor, Page: "p2"}, 503, refusal("backendError"), fault.Transient},
		{"no token on the last page", provider.ListEvents{Cursor: cursor}, 200, `{"items":[]}`, fault.CursorLost},
		{"nothing at all", provider.ListEvents{}, 200, `{}`, fault.CursorLost},
		{"a page that names itself", provider.ListEvents{Page: "p2"}, 200, `{"nextPageToken":"p2"}`, fault.CursorLost},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			more := url.Values{}
			if tt.req.Cursor.Token != "" {
				more.Set("syncToken", "s1")
			}
			if tt.req.Page != "" {
				more.Set("pageToken", tt.req.Page)
			}
			client := script(t, exchange{want: "GET " + eventsURL, query: listed(more), status: tt.status, answer: tt.answer})
			tt.req.Calendar = ref.Calendar
			page, err := client.(provider.DeltaLister).ListEvents(t.Context(), tt.req)
			if !fault.Is(err, tt.want) || page.Items != nil || page.Cursor != (cal.Cursor{}) {
				t.Errorf("got %+v, %v; want %s", page, err, tt.want)
			}
		})
	}
}

// TestOddRowHarmsNoOther checks that a row of any form is withheld alone.
func TestOddRowHarmsNoOther(t *testing.T) {
	t.Parallel()
	client := script(t, exchange{
		want: "GET " + eventsURL, query: listed(nil),
		answer: `{"items":[` + row("a") + `,{"id":"odd","start":{"dateTime":7}},{"id":"b","status":"cancelled"},null,"x",` + row("c") + `],"nextSyncToken":"s"}`,
	})
	page, err := client.(provider.DeltaLister).ListEvents(t.Context(), provider.ListEvents{Calendar: ref.Calendar})
	if err != nil || len(page.Items) != 6 {
		t.Fatalf("got %+v, %v", page, err)
	}
	for i, withheld := range []bool{false, true, false, true, true, false} {
		if (page.Items[i].Withheld != "") != withheld || page.Items[i].Event.ID == "" {
			t.Errorf("row %d: %+v", i, page.Items[i])
		}
	}
}

// TestNotesAreLeftOut checks that what takes nobody's time is no event, and that a tombstone of it still is one.
func TestNotesAreLeftOut(t *testing.T) {
	t.Parallel()
	typed := func(id, kind string) string { return strings.Replace(row(id), "{", `{"eventType":"`+kind+`",`, 1) }
	rows := []string{typed("a", "birthday"), typed("b", "workingLocation"), typed("c", "focusTime"), typed("d", "outOfOffice"), typed("e", "default"), typed("f", "somethingNew")}
	client := script(t, exchange{want: "GET " + eventsURL, query: listed(nil), answer: `{"items":[` + strings.Join(rows, ",") + `,{"id":"a","status":"cancelled"}],"nextSyncToken":"s"}`})
	all, _, err := walk(t, client, provider.ListEvents{Calendar: ref.Calendar})
	if err != nil || !slices.Equal(all, []cal.EventID{"c", "d", "e", "f", "a"}) {
		t.Errorf("got %v, %v", all, err)
	}
}

// TestCoverage checks that what a snapshot claims to cover it has asked for, to the second.
func TestCoverage(t *testing.T) {
	t.Parallel()
	w := cal.Window{From: noon.Add(999 * time.Millisecond)}
	if got := timeMin(w); got != "2026-09-20T12:00:00Z" {
		t.Errorf("asked from %s for a window from %s", got, w.From)
	}
}
