package microsoft

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/sim/stage"
)

const host = "host@contoso.example"

// crowded is a Microsoft with n events in one calendar, and what its journal has been asked so far.
func crowded(t *testing.T, n int) (get func(target string, size int) map[string]any, visits func() uint64, s *Server) {
	t.Helper()
	w, err := stage.New(stage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	s = New(w, nil)
	if _, err := s.Seed(stage.Person{Email: host}); err != nil {
		t.Fatal(err)
	}
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range n {
		if _, err := s.CreateEvent(host, "", stage.Draft{Title: fmt.Sprint(i), Start: begin, End: begin.Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
	}
	token, err := s.IssueToken(host, "app")
	if err != nil {
		t.Fatal(err)
	}
	get = func(target string, size int) map[string]any {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, strings.ReplaceAll(target, " ", "%20"), http.NoBody)
		r.Header.Set("Authorization", "Bearer "+token.Access)
		r.Header.Set("Prefer", fmt.Sprint("odata.maxpagesize=", size))
		a := httptest.NewRecorder()
		s.Handler().ServeHTTP(a, r)
		return decoded(t, a)
	}
	return get, s.mailboxes[host].calendar("").journal.Visits, s
}

// TestPagesLookAtWhatTheyShow counts the rows that each page looks at in a calendar that is much larger than a page.
func TestPagesLookAtWhatTheyShow(t *testing.T) {
	t.Parallel()
	const size, slack, all = 10, 2, 3000
	get, visits, s := crowded(t, all)
	page := func(what, target string, size, shown, most int) (link string) {
		t.Helper()
		before := visits()
		v := get(target, size)
		if rows, _ := v["value"].([]any); len(rows) != shown {
			t.Errorf("%s: %d rows, want %d", what, len(rows), shown)
		}
		if n := int(visits() - before); n > most { //nolint:gosec // a few thousand
			t.Errorf("%s: looked at %d rows to show %d", what, n, shown)
		}
		for _, name := range []string{"@odata.nextLink", "@odata.deltaLink"} {
			if text, ok := v[name].(string); ok {
				link = text
			}
		}
		return link
	}
	const view = "/v1.0/me/calendarView%s?startDateTime=2025-01-01T00:00:00Z&endDateTime=2027-01-01T00:00:00Z"
	more := page("first page of delta", fmt.Sprintf(view, "/delta"), size, size, size+slack)
	more = page("second page of delta", more, size, size, size+slack)
	for range 2 {
		more = page("a large page of delta", more, 1000, 1000, 1000+slack)
	}
	link := page("last page of delta", more, 1000, all-2*size-2000, 1000+slack)
	link = page("nothing new", link, size, 0, slack)
	events, err := s.Events(host, "")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2000 { // one event changes all the time
		title := fmt.Sprint("again ", i)
		if _, err := s.EditEvent(host, "", events[0].ID, stage.Edit{Title: &title}); err != nil {
			t.Fatal(err)
		}
	}
	page("one event that changed often", link, size, 1, 256)
	for what, target := range map[string]string{
		"events": "/v1.0/me/events?$top=1000", "events by start": "/v1.0/me/events?$top=1000&$orderby=start/dateTime", "a view": fmt.Sprintf(view, "") + "&$top=1000",
	} {
		most := all // what has an order is looked at once for all pages
		if what == "events" {
			most = 1000 + slack
		}
		next := page("first page of "+what, target, 0, 1000, most)
		if what != "events" {
			most = slack
		}
		next = page("second page of "+what, next, 0, 1000, most)
		page("last page of "+what, next, 0, 1000, most)
	}
}

func decoded(t *testing.T, a *httptest.ResponseRecorder) (v map[string]any) {
	t.Helper()
	if err := json.Unmarshal(a.Body.Bytes(), &v); err != nil || a.Code != http.StatusOK {
		t.Fatalf("%d %s", a.Code, a.Body)
	}
	return v
}
