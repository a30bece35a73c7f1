package simproof_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
)

const googleHost = "host@example.com"

// unserved are the methods of Google's that the simulator answers with 501.
func unserved() []string { return []string{"calendar.calendars.transferOwnership"} }

// judge says what is wrong with an answer of simulated Google, and of which kind it is.
func (d *discovery) judge(r *http.Request, status int, contentType string, body []byte) (kind string, err error) {
	m := d.find(r)
	if m == nil {
		return "", fmt.Errorf("Google has no method %s %s", r.Method, r.URL.Path)
	}
	kind = fmt.Sprintf("%s %d", m.ID, status)
	switch {
	case status == http.StatusNotImplemented && slices.Contains(unserved(), m.ID):
		return kind, nil // the simulator's own word for what it leaves out
	case status == http.StatusNotModified, status == http.StatusNoContent, status < 300 && m.schema == nil:
		if len(bytes.TrimSpace(body)) > 0 {
			return kind, fmt.Errorf("%s: a body where there is none: %s", kind, body)
		}
		return kind, nil
	}
	schema := m.schema
	if status >= 400 {
		schema = d.failure
	} else if odd := d.unknown(m, r.URL.Query()); odd != nil {
		return kind, fmt.Errorf("%s takes the parameters %q, which Google does not have", kind, odd)
	}
	if !strings.HasPrefix(contentType, "application/json") {
		return kind, fmt.Errorf("%s: the content type is %q", kind, contentType)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err == nil {
		err = schema.Validate(v)
	}
	if err != nil {
		return kind, fmt.Errorf("%s: %w\n%s", kind, err, body)
	}
	return kind, nil
}

// witness stands before a simulator and judges what passes.
type witness struct {
	t     testing.TB
	next  http.Handler
	judge func(r *http.Request, status int, contentType string, body []byte) (string, error)

	mu   sync.Mutex
	seen map[string]int
}

// ServeHTTP implements http.Handler.
func (w *witness) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.t.Errorf("%s %s: %v", r.Method, r.URL, err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	asked := r.Clone(r.Context()) // a handler may change its request
	asked.Body = io.NopCloser(bytes.NewReader(body))
	rec := httptest.NewRecorder()
	w.next.ServeHTTP(rec, r)
	kind, err := w.judge(asked, rec.Code, rec.Header().Get("Content-Type"), plain(w.t, rec))
	if err != nil {
		w.t.Errorf("%s %s: %v", r.Method, r.URL, err)
	}
	w.mu.Lock()
	w.seen[kind]++
	w.mu.Unlock()
	maps.Copy(out.Header(), rec.Header())
	out.WriteHeader(rec.Code)
	_, _ = out.Write(rec.Body.Bytes()) // a client that has gone needs no answer
}

// plain is the body of an answer, decompressed if it says so.
func plain(tb testing.TB, rec *httptest.ResponseRecorder) []byte {
	tb.Helper()
	if rec.Header().Get("Content-Encoding") != "gzip" {
		return rec.Body.Bytes()
	}
	z, err := gzip.NewReader(bytes.NewReader(rec.Body.Bytes()))
	if err != nil {
		tb.Errorf("no gzip: %v", err)
		return nil
	}
	raw, err := io.ReadAll(z)
	if err != nil {
		tb.Errorf("broken gzip: %v", err)
	}
	return raw
}

// want fails unless each kind of answer has passed.
func (w *witness) want(kinds ...string) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, kind := range kinds {
		if w.seen[kind] == 0 {
			w.t.Errorf("no answer of the kind %q has passed; these have: %q", kind, slices.Sorted(maps.Keys(w.seen)))
		}
	}
}

// watched puts a witness before a simulator and returns its address.
func watched(tb testing.TB, next http.Handler, judge func(*http.Request, int, string, []byte) (string, error)) (*witness, string) {
	tb.Helper()
	w := &witness{t: tb, next: next, judge: judge, seen: map[string]int{}}
	srv := httptest.NewServer(w)
	tb.Cleanup(srv.Close)
	return w, srv.URL
}

func meeting(more object) object {
	e := object{
		"summary": "Intro call", "description": "Booked online", "location": "Room 4",
		"start": object{"dateTime": "2026-10-01T10:00:00", "timeZone": "Europe/Berlin"},
		"end":   object{"dateTime": "2026-10-01T10:30:00", "timeZone": "Europe/Berlin"},
	}
	maps.Copy(e, more)
	return e
}

// full is an event with all that a client may write.
func full() object {
	return meeting(object{
		"id": "fullevent0001", "status": "tentative", "visibility": "private", "transparency": "transparent", "colorId": "5",
		"attendees":               []object{{"email": "guest@example.org", "displayName": "Guest", "optional": true, "comment": "late", "additionalGuests": 1}},
		"extendedProperties":      object{"private": object{"bookingId": "7781"}, "shared": object{"team": "blue"}},
		"reminders":               object{"useDefault": false, "overrides": []object{{"method": "popup", "minutes": 10}, {"method": "email", "minutes": 60}}},
		"guestsCanModify":         true,
		"guestsCanInviteOthers":   false,
		"guestsCanSeeOtherGuests": false,
		"conferenceData":          object{"createRequest": object{"requestId": "bk-7781", "conferenceSolutionKey": object{"type": "hangoutsMeet"}}},
		"source":                  object{"title": "Shop", "url": "https://shop.example/7781"},
	})
}

// Every route and every kind of answer of simulated Google is as the discovery document says: what it does not name, another type and another
// word of an enumeration fail.
func TestGoogleAnswersAsItsDiscoveryDocumentSays(t *testing.T) {
	t.Parallel()
	d := readDiscovery(t)
	for name, set := range map[string]func(*sim.Switches){
		"by default":             func(*sim.Switches) {},
		"details of the deleted": func(s *sim.Switches) { s.Google.CancelledDetails = true },
		"an empty first page":    func(s *sim.Switches) { s.EmptyFirstPage = true },
		"stop is refused":        func(s *sim.Switches) { s.Google.StopUnknown, s.Google.UnreadableCursor = 400, 400 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := simtest.Start(t, sim.Config{})
			if err := s.SetSwitches(set); err != nil {
				t.Fatal(err)
			}
			w, base := watched(t, s.Google(), d.judge)
			walkGoogle(t, s, base)
			w.want(
				"calendar.calendarList.list 200", "calendar.calendarList.get 200", "calendar.calendars.get 200", "calendar.calendarList.get 404",
				"calendar.events.list 200", "calendar.events.list 400", "calendar.events.list 401", "calendar.events.list 403", "calendar.events.list 404",
				"calendar.events.list 410", "calendar.events.list 429", "calendar.events.list 500", "calendar.events.insert 200", "calendar.events.insert 400",
				"calendar.events.insert 403", "calendar.events.insert 409", "calendar.events.get 200", "calendar.events.get 304", "calendar.events.get 404",
				"calendar.events.patch 200", "calendar.events.patch 412", "calendar.events.update 200", "calendar.events.delete 204", "calendar.events.delete 410",
				"calendar.events.watch 200", "calendar.events.watch 400", "calendar.channels.stop 204",
			)
			for _, m := range d.methods { // every method that Google has, and not only refused
				switch {
				case slices.Contains(unserved(), m.ID):
					w.want(m.ID + " 501")
				case m.schema == nil:
					w.want(m.ID + " 204")
				default:
					w.want(m.ID + " 200")
				}
			}
		})
	}
}

func walkGoogle(t *testing.T, s *simtest.Sim, base string) {
	t.Helper()
	person := s.Person(sim.Google, googleHost, sim.Calendar{Primary: true, Zone: "Europe/Berlin"}, sim.Calendar{Name: "Team"}, sim.Calendar{Name: "Read", Role: sim.RoleReader},
		sim.Calendar{Name: "Busy", Role: sim.RoleFreeBusyReader})
	s.Person(sim.Google, "guest@example.org")
	c := s.Client(sim.Google, googleHost)
	c.Base = base + "/calendar/v3"
	events := "/calendars/primary/events"
	for _, cal := range person.Calendars {
		c.Do("GET", "/users/me/calendarList/"+url.PathEscape(cal.ID), nil)
		c.Do("GET", "/calendars/"+url.PathEscape(cal.ID), nil)
		c.Do("GET", "/calendars/"+url.PathEscape(cal.ID)+"/events", nil)
		c.Do("POST", "/calendars/"+url.PathEscape(cal.ID)+"/events", meeting(nil))
	}
	calendars := c.Do("GET", "/users/me/calendarList?maxResults=1", nil)
	c.Do("GET", "/users/me/calendarList?maxResults=1&pageToken="+url.QueryEscape(calendars.Text("nextPageToken")), nil)
	calendars = c.Do("GET", "/users/me/calendarList", nil)
	c.Do("GET", "/users/me/calendarList?syncToken="+url.QueryEscape(calendars.Text("nextSyncToken")), nil)
	c.Do("GET", "/users/me/calendarList/nosuch", nil)

	made := c.Do("POST", events+"?conferenceDataVersion=1&sendUpdates=all", full())
	path := events + "/" + made.Text("id")
	c.Do("POST", events, full())
	etag := c.Do("GET", path, nil).Text("etag") // not the one of the insert: a meeting that was asked for may complete in between
	c.Do("GET", path, nil, "If-None-Match", etag)
	c.Do("GET", events+"/nosuch00", nil)
	c.Do("PATCH", path, object{"summary": "x"}, "If-Match", `"stale"`)
	c.Do("PATCH", path, object{"summary": nil, "attendees": []object{{"email": "guest@example.org", "responseStatus": "accepted"}}})
	c.Do("PUT", path, meeting(nil))
	c.Do("POST", events, object{"summary": "no times"})
	c.Do("POST", events, meeting(object{"id": "NO"}))
	c.Do("POST", events, meeting(object{"start": object{"date": "2026-10-01"}, "end": object{"date": "2026-10-03"}}))
	series := c.Do("POST", events, meeting(object{"recurrence": []string{"RRULE:FREQ=WEEKLY;COUNT=3"}}))
	for _, q := range []string{"?singleEvents=true&orderBy=startTime", "?q=intro", "?showDeleted=true", "?timeZone=Asia/Tokyo&maxAttendees=1"} {
		c.Do("GET", events+q, nil)
	}
	c.Do("GET", events+"/"+series.Text("id")+"/instances", nil)
	c.Do("POST", path+"/move?destination="+url.QueryEscape(person.Calendars[1].ID), nil)
	imported := meeting(object{"iCalUID": "abc@elsewhere.example"})
	c.Do("POST", events+"/import", imported)
	c.Do("POST", events+"/quickAdd?text=Lunch", nil)
	c.Do("POST", "/freeBusy", object{"timeMin": "2026-10-01T00:00:00Z", "timeMax": "2026-10-02T00:00:00Z", "items": []object{{"id": googleHost}, {"id": "nosuch@x.org"}}})

	full := c.Do("GET", events, nil)
	for full.Text("nextPageToken") != "" {
		full = c.Do("GET", events+"?pageToken="+url.QueryEscape(full.Text("nextPageToken")), nil)
	}
	gone := c.Do("POST", events, meeting(nil)).Text("id")
	c.Do("DELETE", events+"/"+gone, nil)
	c.Do("DELETE", events+"/"+gone, nil)
	c.Do("GET", events+"?showDeleted=true", nil)
	c.Do("GET", events+"?syncToken="+url.QueryEscape(full.Text("nextSyncToken")), nil)
	c.Do("GET", events+"?syncToken="+url.QueryEscape(full.Text("nextSyncToken"))+"&q=x", nil)
	c.Do("GET", events+"?syncToken=nonsense", nil)
	if err := s.ExpireCursors(sim.In{Provider: sim.Google, Email: googleHost}); err != nil {
		t.Fatal(err)
	}
	c.Do("GET", events+"?syncToken="+url.QueryEscape(full.Text("nextSyncToken")), nil)
	watchGoogle(t, c)
	manageGoogle(t, c)
	failGoogle(t, s, c)
}

func watchGoogle(t *testing.T, c simtest.Client) {
	t.Helper()
	r := simtest.NewReceiver(t)
	channel := object{"id": "01234567-89ab-cdef-0123456789ab", "type": "web_hook", "address": r.URL, "token": "s3cret", "params": object{"ttl": "3600"}}
	opened := c.Do("POST", "/calendars/primary/events/watch", channel)
	c.Do("POST", "/calendars/primary/events/watch", channel)
	c.Do("POST", "/calendars/primary/events/watch", object{"id": "x", "type": "carrier_pigeon"})
	c.Do("POST", "/channels/stop", object{"id": opened.Text("id"), "resourceId": opened.Text("resourceId")})
	c.Do("POST", "/channels/stop", object{"id": opened.Text("id"), "resourceId": opened.Text("resourceId")})
}

// manageGoogle makes, shares and deletes calendars, and asks for all that is no event.
func manageGoogle(t *testing.T, c simtest.Client) {
	t.Helper()
	r := simtest.NewReceiver(t)
	id := c.Do("POST", "/calendars", object{"summary": "Made", "description": "by hand", "location": "Berlin", "timeZone": "Europe/Berlin"}).Text("id")
	cal, entry := "/calendars/"+url.PathEscape(id), "/users/me/calendarList/"+url.PathEscape(id)
	c.Do("PATCH", cal, object{"summary": "Changed"})
	c.Do("PATCH", cal, object{"summary": "Changed"}, "If-Match", `"stale"`)
	c.Do("PUT", cal, object{"summary": "Replaced"})
	c.Do("PATCH", entry, object{"summaryOverride": "Mine", "hidden": true})
	c.Do("PUT", entry+"?colorRgbFormat=true", object{"backgroundColor": "#112233", "foregroundColor": "#000000", "selected": true})
	c.Do("DELETE", entry, nil) // refused: it is the data owner's
	for _, row := range c.Do("GET", "/users/me/calendarList?fields=items(id,accessRole)", nil).Rows("items") {
		if read, _ := row["id"].(string); row["accessRole"] == "reader" {
			c.Do("DELETE", "/users/me/calendarList/"+url.PathEscape(read), nil)
			c.Do("POST", "/users/me/calendarList", object{"id": read})
		}
	}
	rule := c.Do("POST", cal+"/acl?sendNotifications=false", object{"role": "reader", "scope": object{"type": "user", "value": "guest@example.org"}}).Text("id")
	c.Do("POST", cal+"/acl", object{"role": "freeBusyReader", "scope": object{"type": "default"}})
	c.Do("GET", cal+"/acl", nil)
	c.Do("GET", cal+"/acl/"+rule, nil)
	c.Do("PATCH", cal+"/acl/"+rule, object{"role": "writer"})
	c.Do("PUT", cal+"/acl/"+rule, object{"role": "owner"})
	c.Do("DELETE", cal+"/acl/"+rule, nil)
	c.Do("GET", cal+"/acl?showDeleted=true", nil)
	for i, path := range []string{cal + "/acl", "/users/me/calendarList", "/users/me/settings"} {
		c.Do("POST", path+"/watch", object{"id": fmt.Sprintf("list-%d", i), "type": "web_hook", "address": r.URL})
	}
	c.Do("DELETE", cal, nil)
	c.Do("GET", "/users/me/calendarList?showDeleted=true", nil)
	c.Do("POST", "/calendars/primary/clear", nil)
	c.Do("POST", "/calendars/primary/transferOwnership?newDataOwner=guest@example.org&useAdminAccess=true", nil)
	c.Do("GET", "/users/me/settings", nil)
	c.Do("GET", "/users/me/settings/timezone", nil)
	c.Do("GET", "/users/me/settings/nosuch", nil)
	c.Do("GET", "/colors", nil)
	c.Do("POST", "/calendars/primary/events", "q=x&maxResults=1", "X-HTTP-Method-Override", "GET", "Content-Type", "application/x-www-form-urlencoded")
	c.Do("GET", "/calendars/primary/events?fields=items(id,start),nextSyncToken&alt=json&prettyPrint=false&quotaUser=x&key=k", nil)
	c.Do("GET", "/calendars/primary/events?fields=nosuch", nil)
	c.Do("GET", "/colors", nil, "Accept-Encoding", "gzip", "User-Agent", "gzip")
}

// failGoogle asks for every error that a fault can make.
func failGoogle(t *testing.T, s *simtest.Sim, c simtest.Client) {
	t.Helper()
	for _, f := range []sim.Fault{
		{Status: 400},
		{Status: 401},
		{Status: 403},
		{Status: 403, Code: "quotaExceeded"},
		{Status: 403, Code: "userRateLimitExceeded"},
		{Status: 403, Code: "forbiddenForNonOrganizer"},
		{Status: 404},
		{Status: 409},
		{Status: 410},
		{Status: 410, Code: "updatedMinTooLongAgo"},
		{Status: 410, Code: "deleted"},
		{Status: 412},
		{Status: 429},
		{Status: 500},
		{Status: 503},
	} {
		f.Provider, f.Action, f.Count = sim.Google, sim.ActStatus, 1
		if _, err := s.AddFault(f); err != nil {
			t.Fatal(err)
		}
		c.Do("GET", "/calendars/primary/events", nil)
	}
	c.Token = "nobody's"
	c.Do("GET", "/calendars/primary/events", nil)
}

// A judge that lets everything pass would prove nothing.
func TestDiscoveryJudgeCanFail(t *testing.T) {
	t.Parallel()
	d := readDiscovery(t)
	const event = "/calendar/v3/calendars/primary/events/x"
	for name, c := range map[string]struct {
		method, path string
		status       int
		body, want   string
	}{
		"an event":               {"GET", event, 200, `{"kind":"calendar#event","status":"confirmed"}`, ""},
		"a field that is no":     {"GET", event, 200, `{"title":"x"}`, "title"},
		"a field below":          {"GET", event, 200, `{"attendees":[{"mail":"x"}]}`, "mail"},
		"another type":           {"GET", event, 200, `{"sequence":"1"}`, "sequence"},
		"another word":           {"GET", event, 200, `{"status":"canceled"}`, "status"},
		"another kind":           {"GET", event, 200, `{"kind":"calendar#events"}`, "kind"},
		"no date":                {"GET", event, 200, `{"start":{"date":"01.10.2026"}}`, "date"},
		"no time":                {"GET", event, 200, `{"start":{"dateTime":"2026-10-01T10:00:00"}}`, "dateTime"},
		"a property of one kind": {"GET", event, 200, `{"extendedProperties":{"private":{"a":1}}}`, "private"},
		"an expiry as a number":  {"POST", "/calendar/v3/calendars/primary/events/watch", 200, `{"expiration":1}`, "expiration"},
		"no JSON":                {"GET", event, 200, `<html>`, "invalid"},
		"a body of nothing":      {"DELETE", event, 204, `{}`, "body"},
		"an error":               {"GET", event, 404, `{"error":{"errors":[{"domain":"global","reason":"notFound","message":"x"}],"code":404,"message":"x"}}`, ""},
		"an error of another":    {"GET", event, 404, `{"error":{"code":"NotFound","message":"x"}}`, "errors"},
		"a parameter that is no": {"GET", "/calendar/v3/calendars/primary/events?limit=1", 200, `{}`, "limit"},
		"a method that is no":    {"GET", "/calendar/v3/nosuch", 200, `{}`, "no method"},
		"a refusal to serve":     {"GET", event, 501, `{"error":{"errors":[],"code":501,"message":"x"}}`, "errors"},
		"what is left out":       {"POST", "/calendar/v3/calendars/primary/transferOwnership", 501, `{}`, ""},
	} {
		r := httptest.NewRequest(c.method, c.path, nil)
		_, err := d.judge(r, c.status, "application/json", []byte(c.body))
		if (err == nil) != (c.want == "") || (err != nil && !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
