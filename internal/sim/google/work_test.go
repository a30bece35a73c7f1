package google

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/sim/stage"
)

const host = "host@example.com"

// crowded is a Google with n events in one calendar, and what its journal has been asked so far.
func crowded(t *testing.T, n int) (get func(query string) map[string]any, visits func() uint64, s *Server) {
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
	get = func(query string) map[string]any {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/calendar/v3/calendars/primary/events?"+query, http.NoBody)
		r.Header.Set("Authorization", "Bearer "+token.Access)
		a := httptest.NewRecorder()
		s.Handler().ServeHTTP(a, r)
		return decoded(t, a)
	}
	return get, s.calendars[host].journal.Visits, s
}

// TestPagesLookAtWhatTheyShow counts the rows that each page looks at in a calendar that is much larger than a page.
func TestPagesLookAtWhatTheyShow(t *testing.T) {
	t.Parallel()
	const size, slack = 10, 2
	get, visits, s := crowded(t, 3000)
	page := func(what, query string, shown, most int) map[string]any {
		t.Helper()
		before := visits()
		v := get(query)
		if rows, _ := v["items"].([]any); len(rows) != shown {
			t.Errorf("%s: %d rows, want %d", what, len(rows), shown)
		}
		if n := int(visits() - before); n > most { //nolint:gosec // a few thousand
			t.Errorf("%s: looked at %d rows to show %d", what, n, shown)
		}
		return v
	}
	next := func(v map[string]any) string { return fmt.Sprint("&pageToken=", v["nextPageToken"]) }
	first := page("first page", "maxResults=10", size, size+slack)
	page("second page", "maxResults=10"+next(first), size, size+slack)
	page("last page", "maxResults=2500"+next(page("nearly all", "maxResults=2500", 2500, 2500+slack)), 500, 500+slack)
	sync := fmt.Sprint("syncToken=", get("maxResults=2500" + next(get("maxResults=2500")))["nextSyncToken"])
	page("nothing new", sync, 0, slack)
	id := fmt.Sprint(first["items"].([]any)[0].(map[string]any)["id"])
	for i := range 2000 { // one event changes all the time
		title := fmt.Sprint("again ", i)
		if _, err := s.EditEvent(host, "", id, stage.Edit{Title: &title}); err != nil {
			t.Fatal(err)
		}
	}
	page("one event that changed often", sync, 1, 256)
	ordered := page("first in order", "maxResults=10&singleEvents=true&orderBy=startTime", size, 3000)
	page("second in order", "maxResults=10&singleEvents=true&orderBy=startTime"+next(ordered), size, slack)
}

func decoded(t *testing.T, a *httptest.ResponseRecorder) (v map[string]any) {
	t.Helper()
	if err := json.Unmarshal(a.Body.Bytes(), &v); err != nil || a.Code != http.StatusOK {
		t.Fatalf("%d %s", a.Code, a.Body)
	}
	return v
}

// A client names as many users of its quota as it likes: those that were not heard of for longest are forgotten.
func TestQuotasAreBounded(t *testing.T) {
	t.Parallel()
	var q quotas
	began := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	const users = 12_000
	for i := range users {
		q.spend(fmt.Sprint(i), 1, time.Minute, began.Add(time.Duration(i)))
	}
	if n := len(q.recent); n > 10_000 {
		t.Errorf("%d users are remembered", n)
	}
	if q.spend(fmt.Sprint(users-1), 1, time.Minute, began.Add(users)) {
		t.Error("the latest user was forgotten")
	}
}
