package google_test

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/calweave/calweave/internal/sim"
)

// shape is the JSON with every text, number and flag replaced by 1, in one line.
func shape(t *testing.T, raw string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(raw), &v); err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	out, err := json.Marshal(flat(v))
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func flat(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, one := range v {
			v[name] = flat(one)
		}
		return v
	case []any:
		for i := range v {
			v[i] = flat(v[i])
		}
		return v
	default:
		return 1
	}
}

func TestPartialAnswers(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	c.Do("POST", "/calendars/primary/events", meeting(object{
		"id": "booking1", "attendees": []object{{"email": "a@b.example"}, {"email": host}},
		"extendedProperties": object{"private": object{"a": "1", "b": "2"}, "shared": object{"c": "3"}},
	}))
	for selected, want := range map[string]string{
		"id":                                   `{"id":1}`,
		"id,id":                                `{"id":1}`,
		"start/dateTime,end(timeZone)":         `{"end":{"timeZone":1},"start":{"dateTime":1}}`,
		"start/dateTime,start":                 `{"start":{"dateTime":1,"timeZone":1}}`,
		"attendees/email":                      `{"attendees":[{"email":1},{"email":1}]}`,
		"attendees(email,organizer)":           `{"attendees":[{"email":1},{"email":1,"organizer":1}]}`,
		"extendedProperties/private/a":         `{"extendedProperties":{"private":{"a":1}}}`,
		"extendedProperties(private/b,shared)": `{"extendedProperties":{"private":{"b":1},"shared":{"c":1}}}`,
		"extendedProperties/*/c":               `{"extendedProperties":{"private":{},"shared":{"c":1}}}`,
		"start/*,reminders(*)":                 `{"reminders":{"useDefault":1},"start":{"dateTime":1,"timeZone":1}}`,
		"location":                             `{}`,
	} {
		a := wantStatus(t, c.Do("GET", bookingPath+"?fields="+url.QueryEscape(selected), nil), http.StatusOK)
		if got := shape(t, a.Raw); got != want {
			t.Errorf("%s: %s, want %s", selected, got, want)
		}
		if a.Header.Get("ETag") == "" {
			t.Errorf("%s: no ETag", selected)
		}
	}
	list := wantStatus(t, c.Do("GET", "/calendars/primary/events?fields="+url.QueryEscape("items(id,creator/email),nextSyncToken"), nil), http.StatusOK)
	if got := shape(t, list.Raw); got != `{"items":[{"creator":{"email":1},"id":1}],"nextSyncToken":1}` {
		t.Errorf("the list: %s", got)
	}
	whole := c.Do("GET", bookingPath, nil)
	if all := c.Do("GET", bookingPath+"?fields=*", nil); !reflect.DeepEqual(all.Body, whole.Body) {
		t.Errorf("everything: %s", all.Raw)
	}
}

func TestWrongSelections(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	for selected, named := range map[string]string{
		"nosuch": "nosuch", "items(id,nosuch)": "items/nosuch", "items/summary/x": "items/summary/x", "items(id": "items(id", "items)": "items)", "items/": "items/",
		",": ",", "items()": "items()", "items(id)x": "items(id)x", "items(attendees(mail))": "items/attendees/mail",
		strings.Repeat("items/", 30) + "id": "items", strings.Repeat("kind,", 20_000) + "kind": "kind",
	} {
		// as a form, since the last one is longer than a URL can be
		a := c.Do("POST", "/calendars/primary/events", "fields="+url.QueryEscape(selected), "X-HTTP-Method-Override", "GET", "Content-Type", "application/x-www-form-urlencoded")
		wantError(t, a, http.StatusBadRequest, "invalidParameter")
		if text := a.Text("error", "message"); !strings.HasPrefix(text, "Invalid field selection "+named) {
			t.Errorf("%.40s: %.80s", selected, text)
		}
	}
	// nothing is written by a call that is refused
	wantError(t, c.Do("POST", "/calendars/primary/events?fields=nosuch", meeting(object{"id": "booking1"})), http.StatusBadRequest, "invalidParameter")
	wantError(t, c.Do("GET", bookingPath, nil), http.StatusNotFound, "notFound")
	wantError(t, c.Do("GET", "/calendars/primary/events?alt=media", nil), http.StatusBadRequest, "invalidParameter")
	wantStatus(t, c.Do("GET", "/calendars/primary/events?alt=json&key=k&userIp=127.0.0.1&quotaUser=u", nil), http.StatusOK)
}

func TestPrettyPrintAndGzip(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	const path = "/colors"
	if a := c.Do("GET", path, nil); !strings.Contains(a.Raw, "{\n \"calendar\": {\n  \"1\": {") {
		t.Errorf("with line breaks: %.60s", a.Raw)
	}
	if a := c.Do("GET", path+"?prettyPrint=false", nil); strings.Count(a.Raw, "\n") != 1 {
		t.Errorf("without: %.60s", a.Raw)
	}
	if a := c.Do("GET", "/calendars/nosuch", nil); !strings.Contains(a.Raw, "\n   \"reason\": \"notFound\"") && !strings.Contains(a.Raw, "\n    \"reason\": \"notFound\"") {
		t.Errorf("an error: %s", a.Raw)
	}
	// Compressed is what says so twice: in Accept-Encoding and in User-Agent.
	for agent, packed := range map[string]bool{"my app (gzip)": true, "my app": false} {
		a := c.Do("GET", path, nil, "Accept-Encoding", "gzip, deflate", "User-Agent", agent)
		if got := a.Header.Get("Content-Encoding"); (got == "gzip") != packed {
			t.Errorf("%s: %q", agent, got)
		}
		if !packed {
			continue
		}
		z, err := gzip.NewReader(strings.NewReader(a.Raw))
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(z)
		if err != nil || !json.Valid(raw) {
			t.Errorf("%v: %s", err, raw)
		}
	}
	if a := c.Do("DELETE", "/calendars/nosuch", nil, "Accept-Encoding", "gzip", "User-Agent", "gzip"); a.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("an error: %v", a.Header)
	}
}

func TestMethodOverride(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	c.Do("POST", "/calendars/primary/events", meeting(object{"id": "booking1"}))
	// Google's client for Java has no PATCH.
	if a := c.Do("POST", bookingPath, object{"summary": "patched"}, "X-HTTP-Method-Override", "PATCH"); a.Text("summary") != "patched" {
		t.Errorf("patched: %s", a.Raw)
	}
	// A GET is no override, and what it names does not count.
	wantStatus(t, c.Do("GET", bookingPath, nil, "X-HTTP-Method-Override", "DELETE"), http.StatusOK)
	const form = "application/x-www-form-urlencoded"
	for q, want := range map[string]int{"q=patched": 1, "q=" + strings.Repeat("x", 4000): 0} {
		a := wantStatus(t, c.Do("POST", "/calendars/primary/events?alt=json", q, "X-HTTP-Method-Override", "GET", "Content-Type", form), http.StatusOK)
		if len(a.Rows("items")) != want {
			t.Errorf("%.20s: %s", q, a.Raw)
		}
	}
	// Google's client for Java compresses the form.
	a := c.Do("POST", "/calendars/primary/events", zipped(t, "q=patched&fields=items/id"), "X-HTTP-Method-Override", "GET", "Content-Type", form, "Content-Encoding", "gzip")
	if rows := wantStatus(t, a, http.StatusOK).Rows("items"); len(rows) != 1 || len(rows[0]) != 1 {
		t.Errorf("compressed: %s", a.Raw)
	}
	for name, body := range map[string]string{"no gzip": "q=x", "too long": zipped(t, strings.Repeat("q=x&", 1<<19))} {
		if a := c.Do("POST", "/calendars/primary/events", body, "X-HTTP-Method-Override", "GET", "Content-Type", form, "Content-Encoding", "gzip"); a.Status != http.StatusBadRequest {
			t.Errorf("compressed, %s: %d", name, a.Status)
		}
	}
	for name, body := range map[string]string{"too long": strings.Repeat("q=x&", 1<<19), "no form": "q=%zz"} {
		if a := c.Do("POST", "/calendars/primary/events", body, "X-HTTP-Method-Override", "GET", "Content-Type", form); a.Status != http.StatusBadRequest {
			t.Errorf("%s: %d", name, a.Status)
		}
	}
	wantStatus(t, c.Do("POST", bookingPath, nil, "X-HTTP-Method-Override", "delete"), http.StatusNoContent)
	// A fault strikes what is meant, not how it is sent.
	if _, err := s.AddFault(sim.Fault{Provider: sim.Google, Method: "GET", Query: "q=struck", Action: sim.ActStatus, Status: 503}); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, c.Do("POST", "/calendars/primary/events", "q=struck", "X-HTTP-Method-Override", "GET", "Content-Type", form), http.StatusServiceUnavailable)
}

func zipped(t *testing.T, text string) string {
	t.Helper()
	var out strings.Builder
	z := gzip.NewWriter(&out)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestTokenInTheQuery(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	token := c.Token
	c.Token = ""
	wantError(t, c.Do("GET", "/colors", nil), http.StatusUnauthorized, "required")
	wantStatus(t, c.Do("GET", "/colors?fields=kind&oauth_token="+url.QueryEscape(token), nil), http.StatusOK)
	all := s.Requests(0)
	last := all[len(all)-1]
	if last.Account != host || last.Query != "fields=kind" {
		t.Errorf("logged: %+v", last)
	}
}

func TestMethodsThatAreNone(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	for _, call := range [][2]string{{"GET", "/nosuch"}, {"PUT", "/calendars/primary/events"}, {"DELETE", "/colors"}, {"POST", "/calendars/primary/events/x"}} {
		wantError(t, c.Do(call[0], call[1], nil), http.StatusNotFound, "notFound")
	}
	wantError(t, c.Do("POST", "/calendars/primary/transferOwnership?newDataOwner=x", nil), http.StatusNotImplemented, "notSimulated")
	a := wantStatus(t, c.Do("OPTIONS", "/colors", nil, "Origin", "https://shop.example", "Access-Control-Request-Headers", "authorization"), http.StatusOK)
	if a.Header.Get("Access-Control-Allow-Origin") != "https://shop.example" || a.Header.Get("Access-Control-Allow-Headers") != "authorization" {
		t.Errorf("before a call from a page: %v", a.Header)
	}
	if a := c.Do("GET", "/colors", nil, "Origin", "https://shop.example"); a.Header.Get("Access-Control-Allow-Origin") != "https://shop.example" {
		t.Errorf("the call: %v", a.Header)
	}
	if a := wantStatus(t, c.Do("HEAD", "/colors", nil), http.StatusOK); a.Raw != "" {
		t.Errorf("HEAD: %s", a.Raw)
	}
}
