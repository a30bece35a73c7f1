package microsoft

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

const (
	viewURL    = "/v1.0/me/calendars/AAMkCal%2F1%3D/calendarView/delta()"
	listPrefix = `IdType="ImmutableId", outlook.timezone="UTC", outlook.body-content-type="text"`
)

func row(id string) string {
	return `{"id":"` + id + `","@odata.etag":"W/\"1\"","type":"singleInstance","start":{"dateTime":"2026-10-01T08:00:00.0000000","timeZone":"UTC"},"end":{"dateTime":"2026-10-01T08:30:00.0000000","timeZone":"UTC"}}`
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
	for range 1000 {
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
	t.Fatal("the listing does not end")
	return nil, cal.Page{}, nil
}

// linked is a server whose answers name its own address as BASE, and which notes what it was asked.
func linked(t *testing.T, answers ...string) (client provider.Client, base string, asked *[]string) {
	t.Helper()
	asked = &[]string{}
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(*asked) >= len(answers) {
			t.Errorf("one request too many: %s", r.URL)
			w.WriteHeader(http.StatusTeapot)
			return
		}
		answer := strings.ReplaceAll(answers[len(*asked)], "BASE", server.URL+"/v1.0")
		*asked = append(*asked, r.RequestURI+" "+r.Header.Get("Prefer"))
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	return open(t, server.URL, server.Client()), server.URL + "/v1.0", asked
}

func page(rows []string, link, to string) string {
	return `{"@odata.context":"x","value":[` + strings.Join(rows, ",") + `],"@odata.` + link + `":"` + to + `"}`
}

func TestSnapshotAndDelta(t *testing.T) {
	t.Parallel()
	// Links are followed byte for byte, in whatever form they come.
	client, base, asked := linked(t,
		page(nil, "nextLink", "BASE/me/calendarView/delta?%24skiptoken=R0%2Fus+x&$x=%7e"), // an empty page and still a next one
		page([]string{row("a"), row("b")}, "nextLink", "BASE/me/calendars('x')/calendarView/delta()?$skiptoken=2"),
		page([]string{row("a"), row("c")}, "deltaLink", "BASE/me/calendarView/delta?$deltatoken=R0usmcMDNGg0J1E%3D"), // a repeats: the last one counts
		page([]string{`{"id":"b","@removed":{"reason":"deleted"}}`}, "deltaLink", "BASE/me/calendarView/delta?$deltatoken=2"),
		page(nil, "deltaLink", "BASE/me/calendarView/delta?$deltatoken=3"),
	)
	all, last, err := walk(t, client, provider.ListEvents{Calendar: ref.Calendar, Window: window, PageSize: 50})
	if err != nil || !slices.Equal(all, []cal.EventID{"a", "b", "a", "c"}) {
		t.Fatalf("snapshot: %v, %v", all, err)
	}
	if last.Kind != cal.Snapshot || last.Coverage != window || last.Cursor.Token != base+"/me/calendarView/delta?$deltatoken=R0usmcMDNGg0J1E%3D" {
		t.Errorf("snapshot ended with %+v", last)
	}
	_, delta, err := walk(t, client, provider.ListEvents{Calendar: ref.Calendar, Cursor: last.Cursor, PageSize: 9999})
	if err != nil || delta.Kind != cal.Delta || delta.Coverage != (cal.Window{}) || !delta.Items[0].Event.Gone() {
		t.Fatalf("delta: %+v, %v", delta, err)
	}
	if delta.Cursor.Scope != last.Cursor.Scope {
		t.Errorf("the scope changed from %q to %q", last.Cursor.Scope, delta.Cursor.Scope)
	}
	later := cal.Window{From: noon, Until: noon.AddDate(2, 0, 0)} // the window has moved on: the cursor still stands
	if _, quiet, err := walk(t, client, provider.ListEvents{Calendar: ref.Calendar, Window: later, Cursor: delta.Cursor}); err != nil || quiet.Items == nil {
		t.Errorf("quiet delta: %+v, %v", quiet, err)
	}
	want := []string{
		viewURL + "?endDateTime=2027-09-20T12%3A00%3A00Z&startDateTime=2026-08-20T12%3A00%3A00Z " + listPrefix + `, odata.maxpagesize=50`,
		"/v1.0/me/calendarView/delta?%24skiptoken=R0%2Fus+x&$x=%7e " + listPrefix + `, odata.maxpagesize=50`,
		"/v1.0/me/calendars('x')/calendarView/delta()?$skiptoken=2 " + listPrefix + `, odata.maxpagesize=50`,
		"/v1.0/me/calendarView/delta?$deltatoken=R0usmcMDNGg0J1E%3D " + listPrefix + `, odata.maxpagesize=1000`,
		"/v1.0/me/calendarView/delta?$deltatoken=2 " + listPrefix,
	}
	if !slices.Equal(*asked, want) {
		t.Errorf("asked\n%s\nwant\n%s", strings.Join(*asked, "\n"), strings.Join(want, "\n"))
	}
}

// TestOpenWindow checks that what Graph cannot show is not asked for.
func TestOpenWindow(t *testing.T) {
	t.Parallel()
	client := script(t)
	for _, w := range []cal.Window{{}, {From: noon}, {Until: noon}} {
		_, _, err := walk(t, client, provider.ListEvents{Calendar: ref.Calendar, Window: w})
		if !fault.Is(err, fault.Unsupported) {
			t.Errorf("%+v: %v", w, err)
		}
	}
}

// TestCursorOfOtherParameters checks that such a cursor is lost before any request.
func TestCursorOfOtherParameters(t *testing.T) {
	t.Parallel()
	client, base, _ := linked(t)
	own := scopeOf(provider.ListEvents{Calendar: ref.Calendar, Window: window})
	for _, scope := range []string{
		"", "calendarView.delta", strings.Replace(own, "immutable", "default", 1),
		scopeOf(provider.ListEvents{Calendar: "other", Window: window}),
	} {
		_, _, err := walk(t, client, provider.ListEvents{Calendar: ref.Calendar, Cursor: cal.Cursor{Token: base + "/me", Scope: scope}})
		if !fault.Is(err, fault.CursorLost) {
			t.Errorf("scope %q: %v", scope, err)
		}
	}
}

// TestForeignLinks checks that no request leaves for another host, whoever names it: a stored cursor, a stored page, or an answer.
func TestForeignLinks(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("a request left for %s", r.URL) }))
	t.Cleanup(elsewhere.Close)
	scope := scopeOf(provider.ListEvents{Calendar: ref.Calendar})
	for _, foreign := range []string{
		elsewhere.URL + "/v1.0/me/calendarView/delta?$deltatoken=1", "https://graph.microsoft.com/v1.0/x", "//evil.example/x", "/v1.0/x", "javascript:x", "%zz", "x",
		"http://user@127.0.0.1:1/x",
	} {
		t.Run(foreign, func(t *testing.T) {
			t.Parallel()
			none, base, _ := linked(t)
			for name, link := range map[string]string{"as it is": foreign, "with our host as user": strings.Replace(base, "://", "://evil@", 1)} {
				_, _, err := walk(t, none, provider.ListEvents{Calendar: ref.Calendar, Cursor: cal.Cursor{Token: link, Scope: scope}})
				if !fault.Is(err, fault.CursorLost) {
					t.Errorf("%s: a stored cursor: %v", name, err)
				}
				_, _, err = walk(t, none, provider.ListEvents{Calendar: ref.Calendar, Page: place{link: link, mark: "x", power: 1}.String()})
				if !fault.Is(err, fault.CursorLost) {
					t.Errorf("%s: a stored page: %v", name, err)
				}
			}
			for _, kind := range []string{"nextLink", "deltaLink"} {
				client, _, _ := linked(t, page(nil, kind, foreign))
				_, _, err := walk(t, client, provider.ListEvents{Calendar: ref.Calendar, Window: window})
				if !fault.Is(err, fault.Invalid) || strings.Contains(err.Error(), "token") {
					t.Errorf("a %s: %v", kind, err)
				}
			}
			client, _, _ := linked(t, `{"value":[],"@odata.nextLink":"`+foreign+`"}`)
			if _, err := client.Calendars(t.Context()); !fault.Is(err, fault.Invalid) {
				t.Errorf("calendars: %v", err)
			}
		})
	}
}

// TestLinksInACircle follows listings whose links lead back, after any number of pages.
func TestLinksInACircle(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ lead, circle int }{{0, 1}, {1, 1}, {0, 2}, {3, 5}, {10, 1}, {1, 40}} {
		t.Run(fmt.Sprintf("%d then %d", tt.lead, tt.circle), func(t *testing.T) {
			t.Parallel()
			calls := 0
			var base string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				at := calls
				if at >= tt.lead {
					at = tt.lead + (at-tt.lead)%tt.circle
				}
				calls++
				w.Header().Set("Content-Type", "application/json")
				_, _ = io.WriteString(w, page(nil, "nextLink", fmt.Sprintf("%s/v1.0/me/x?$skiptoken=%d", base, at)))
			}))
			base = server.URL
			t.Cleanup(server.Close)
			_, _, err := walk(t, open(t, base, server.Client()), provider.ListEvents{Calendar: ref.Calendar, Window: window})
			if !fault.Is(err, fault.CursorLost) || calls > 4*(tt.lead+tt.circle)+2 {
				t.Errorf("after %d pages: %v", calls, err)
			}
		})
	}
}

func TestLongListing(t *testing.T) {
	t.Parallel()
	var answers []string
	for i := range 300 {
		answers = append(answers, page([]string{row(fmt.Sprint(i))}, "nextLink", fmt.Sprintf("BASE/me/x?$skiptoken=%d", i)))
	}
	client, _, _ := linked(t, append(answers, page(nil, "deltaLink", "BASE/me/x?$deltatoken=1"))...)
	if all, _, err := walk(t, client, provider.ListEvents{Calendar: ref.Calendar, Window: window}); err != nil || len(all) != 300 {
		t.Errorf("%d rows, %v", len(all), err)
	}
}

func TestCursorLost(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		followed bool
		status   int
		code     string
		want     fault.Kind
	}{
		{"410", true, 410, "SyncStateNotFound", fault.CursorLost},
		{"410 in other letters", true, 410, "syncStateNotFound", fault.CursorLost},
		{"410 of another code", true, 410, "somethingNew", fault.CursorLost},
		{"410 without a code", true, 410, "", fault.CursorLost},
		{"410 on the first page", false, 410, "ResyncRequired", fault.CursorLost},
		{"400 of another code", true, 400, "somethingNew", fault.CursorLost},
		{"400 without a token", false, 400, "ErrorInvalidRequest", fault.Invalid},
		{"404 on a token", true, 404, "ErrorItemNotFound", fault.CursorLost},
		{"404 is the calendar", false, 404, "ErrorItemNotFound", fault.NotFound},
		{"404 is the mailbox", true, 404, "MailboxNotEnabledForRESTAPI", fault.Unsupported},
		{"409 resync", true, 409, "resyncRequired", fault.CursorLost},
		{"403 mid-page", true, 403, "ErrorAccessDenied", fault.Forbidden},
		{"401 mid-page", true, 401, "InvalidAuthenticationToken", fault.Unauthorized},
		{"503 mid-page", true, 503, "UnknownError", fault.Transient},
		{"429 mid-page", true, 429, "ApplicationThrottled", fault.RateLimited},
		{"400 throttled", true, 400, "ApplicationThrottled", fault.RateLimited},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, `{"error":{"code":"`+tt.code+`","message":"generation=149;[highest=157]"}}`)
			}))
			t.Cleanup(server.Close)
			req := provider.ListEvents{Calendar: ref.Calendar, Window: window}
			pages := []provider.ListEvents{req}
			if tt.followed {
				req.Page = place{link: server.URL + "/v1.0/me/x?$skiptoken=1", mark: "x", power: 1}.String()
				pages = []provider.ListEvents{req, {Calendar: ref.Calendar, Cursor: cal.Cursor{Token: server.URL + "/v1.0/me/x?$deltatoken=1", Scope: scopeOf(req)}}}
			}
			for _, req := range pages {
				_, err := open(t, server.URL, server.Client()).(provider.DeltaLister).ListEvents(t.Context(), req)
				if !fault.Is(err, tt.want) {
					t.Errorf("%+v: %v, want %s", req, err, tt.want)
				}
			}
		})
	}
}

func TestNoDeltaLink(t *testing.T) {
	t.Parallel()
	client, _, _ := linked(t, `{"value":[`+row("a")+`]}`)
	if _, _, err := walk(t, client, provider.ListEvents{Calendar: ref.Calendar, Window: window}); !fault.Is(err, fault.CursorLost) {
		t.Errorf("got %v", err)
	}
}

// TestOddRowHarmsNoOther checks that a row of any form is withheld alone.
func TestOddRowHarmsNoOther(t *testing.T) {
	t.Parallel()
	rows := []string{row("a"), `{"id":"odd","start":{"dateTime":7}}`, `{"id":"b","@removed":{"reason":"deleted"}}`, "null", `"x"`, row("c")}
	client, _, _ := linked(t, page(rows, "deltaLink", "BASE/x"))
	_, last, err := walk(t, client, provider.ListEvents{Calendar: ref.Calendar, Window: window})
	if err != nil || len(last.Items) != 6 {
		t.Fatalf("got %+v, %v", last, err)
	}
	for i, withheld := range []bool{false, true, false, true, true, false} {
		if (last.Items[i].Withheld != "") != withheld || last.Items[i].Event.ID == "" {
			t.Errorf("row %d: %+v", i, last.Items[i])
		}
	}
}

func TestForeignPage(t *testing.T) {
	t.Parallel()
	client := script(t)
	for _, p := range []string{"x", "a b c d", "a 1 0 http://127.0.0.1:1/x"} {
		if _, err := client.(provider.DeltaLister).ListEvents(t.Context(), provider.ListEvents{Calendar: ref.Calendar, Page: p, Window: window}); !fault.Is(err, fault.CursorLost) {
			t.Errorf("%q: %v", p, err)
		}
	}
}
