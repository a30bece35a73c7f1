package tinydriver

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

// Only the token endpoint's own word ends a grant.
func TestTokenFault(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		want   fault.Kind
	}{
		"a dead grant":           {400, `{"error":"invalid_grant"}`, fault.NeedsReauth},
		"a wrong secret":         {401, `{"error":"invalid_client"}`, fault.Misconfigured},
		"too many":               {429, `{"error":"invalid_grant"}`, fault.RateLimited},
		"a server that is down":  {503, `{"error":"invalid_grant"}`, fault.Transient},
		"what nobody documents":  {400, `{"error":"CANARY"}`, fault.Transient},
		"a page of something in": {403, `<html>CANARY</html>`, fault.Transient},
	} {
		f := New(Config{}).TokenFault(c.status, http.Header{"Retry-After": {"7"}}, []byte(c.body))
		if f.Kind != c.want || f.Status != c.status || f.RetryAfter != 7*time.Second || strings.Contains(f.Error(), "CANARY") {
			t.Errorf("%s: %v", name, f)
		}
	}
}

// canned is a client whose server has one answer.
func canned(t *testing.T, answer http.HandlerFunc) *client {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	c, err := New(Config{URL: s.URL}).Open(s.Client())
	if err != nil {
		t.Fatal(err)
	}
	return c.(*client) //nolint:forcetypeassert // ours
}

// What the given transport fails with says what it is: no token can be had, say, or the provider is to be left alone.
func TestFaultsOfTheTransport(t *testing.T) {
	t.Parallel()
	c, err := New(Config{URL: "http://tiny.example"}).Open(&http.Client{Transport: failing{fault.Newf(fault.Busy, "token", "somebody refreshes it")}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Calendars(t.Context())
	if f, ok := fault.As(err); !ok || f.Kind != fault.Busy || f.Op != "tiny: list calendars" {
		t.Errorf("%v", err)
	}
}

type failing struct{ err error }

func (f failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.err }

// A row that cannot be read stops nothing, and its words are not passed on.
func TestWithheldRows(t *testing.T) {
	t.Parallel()
	const good = `{"id":"e1","status":"confirmed","start":{"date":"2026-09-01"},"end":{"date":"2026-09-02"}}`
	c := canned(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"cursor":"1.1","events":[` + strings.Join([]string{
			good, `{"id":"e2","title":7}`, `{"id":"e3","start":{"date":"2026-09-01"},"end":{"instant":"2026-09-01T10:00:00Z"}}`, `{"id":"e4"}`,
			`{"id":"e5","start":{"instant":"CANARY"}}`, `["CANARY"]`, `{"id":"e6","status":"cancelled","title":7}`,
		}, ",") + `]}`))
	})
	page, err := c.ListEvents(t.Context(), provider.ListEvents{Calendar: calendarID})
	if err != nil || len(page.Items) != 7 {
		t.Fatalf("%+v, %v", page, err)
	}
	for i, item := range page.Items {
		if (item.Withheld == "") != (i == 0 || i == 6) || item.Event.ID == "" || strings.Contains(item.Withheld, "CANARY") {
			t.Errorf("row %d: %+v", i, item)
		}
	}
	if last := page.Items[6].Event; last.ID != "e6" || !last.Gone() {
		t.Errorf("a deleted one is %+v", last)
	}
}

// A token goes nowhere but where it was asked to, and an answer is read up to a bound.
func TestAnswersThatAreNone(t *testing.T) {
	t.Parallel()
	away := canned(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/elsewhere" {
			t.Error("the redirect was followed")
		}
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	})
	large := canned(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(append([]byte(`{}`), make([]byte, maxAnswer)...))
	})
	endless := canned(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"events":[],"next":"again"}`)) })
	if _, err := away.Calendars(t.Context()); !fault.Is(err, fault.Transient) {
		t.Errorf("a redirect: %v", err)
	}
	if _, err := large.Calendars(t.Context()); !fault.Is(err, fault.Transient) || !strings.Contains(err.Error(), fault.ErrTooLarge.Error()) {
		t.Errorf("too large: %v", err)
	}
	_, err := endless.ListEvents(t.Context(), provider.ListEvents{Calendar: calendarID, Page: "again", Cursor: cal.Cursor{}})
	if !fault.Is(err, fault.CursorLost) {
		t.Errorf("a page that names itself: %v", err)
	}
}
