package microsoft_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
)

const (
	host      = "host@contoso.example"
	stampID   = "String {6F1D4B52-5C1A-4F0E-9B1D-1F2E3D4C5B6A} Name bookingId"
	normalID  = "String {6f1d4b52-5c1a-4f0e-9b1d-1f2e3d4c5b6a} Name bookingId"
	immutable = `IdType="ImmutableId"`
)

type object = map[string]any

func at(clock string) object {
	return object{"dateTime": "2026-04-15T" + clock + ":00", "timeZone": "Pacific Standard Time"}
}

func meeting(more object) object {
	e := object{"subject": "Intro call", "start": at("11:00"), "end": at("12:00")}
	maps.Copy(e, more)
	return e
}

func start(t *testing.T) (*simtest.Sim, simtest.Client) {
	t.Helper()
	s := simtest.Start(t, sim.Config{})
	s.Person(sim.Microsoft, host, sim.Calendar{Primary: true}, sim.Calendar{Name: "Team"})
	return s, s.Client(sim.Microsoft, host)
}

func set(t *testing.T, s *simtest.Sim, change func(*sim.Switches)) {
	t.Helper()
	if err := s.SetSwitches(change); err != nil {
		t.Fatal(err)
	}
}

func wantError(t *testing.T, a simtest.Answer, status int, code string) {
	t.Helper()
	if a.Status != status || a.Reason() != code {
		t.Errorf("got %d %q, want %d %q: %s", a.Status, a.Reason(), status, code, a.Raw)
	}
}

func wantStatus(t *testing.T, a simtest.Answer, status int) simtest.Answer {
	t.Helper()
	if a.Status != status {
		t.Fatalf("got %d, want %d: %s", a.Status, status, a.Raw)
	}
	return a
}

func event(id string) string { return "/me/events/" + url.PathEscape(id) }

func TestCreateAndRead(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	made := wantStatus(t, c.Do("POST", "/me/events", meeting(object{
		"body": object{"contentType": "text", "content": "Booked <online>\nBring a friend"}, "location": object{"displayName": "Room 4"},
		"attendees": []object{{"emailAddress": object{"address": "guest@example.org"}, "status": object{"response": "accepted"}}},
		"id":        "mine", "changeKey": "mine",
	})), http.StatusCreated)
	got := wantStatus(t, c.Do("GET", event(made.Text("id")), nil), http.StatusOK)
	if got.Raw != made.Raw {
		t.Errorf("read:\n%s\nmade:\n%s", got.Raw, made.Raw)
	}
	for _, want := range []struct {
		path []string
		text string
	}{
		{[]string{"start", "dateTime"}, "2026-04-15T18:00:00.0000000"},
		{[]string{"start", "timeZone"}, "UTC"},
		{[]string{"originalStartTimeZone"}, "Pacific Standard Time"},
		{[]string{"type"}, "singleInstance"},
		{[]string{"showAs"}, "busy"},
		{[]string{"bodyPreview"}, "Booked <online>\r\nBring a friend"},
		{[]string{"body", "contentType"}, "html"},
		{[]string{"location", "displayName"}, "Room 4"},
		{[]string{"organizer", "emailAddress", "address"}, host},
		{[]string{"@odata.etag"}, `W/"` + got.Text("changeKey") + `"`},
	} {
		if text := got.Text(want.path...); text != want.text {
			t.Errorf("%v is %q, want %q", want.path, text, want.text)
		}
	}
	if html := got.Text("body", "content"); !strings.Contains(html, "Booked &lt;online&gt;<br>\r\nBring a friend") || !strings.HasPrefix(html, "<html>") {
		t.Errorf("the body is %q", html)
	}
	if guest := got.Rows("attendees")[0]; guest["type"] != "required" || guest["status"].(object)["response"] != "none" {
		t.Errorf("the guest is %v", guest)
	}
	plain := c.Do("GET", event(made.Text("id")), nil, "Prefer", `outlook.body-content-type="text"`, "Prefer", `outlook.timezone="Europe/Berlin", `+immutable)
	if plain.Text("body", "content") != "Booked <online>\r\nBring a friend" || plain.Text("start", "dateTime") != "2026-04-15T20:00:00.0000000" ||
		plain.Text("start", "timeZone") != "Europe/Berlin" || plain.Text("id") == made.Text("id") || !strings.Contains(plain.Header.Get("Preference-Applied"), immutable) {
		t.Errorf("with preferences: %s", plain.Raw)
	}
	for _, path := range []string{event(plain.Text("id")), "/users/" + host + "/events/" + url.PathEscape(made.Text("id")), "/me/calendar/events/" + url.PathEscape(made.Text("id"))} {
		wantStatus(t, c.Do("GET", path, nil), http.StatusOK)
	}
	if a := c.Do("GET", event(made.Text("id"))+"?$select=subject", nil); a.At("start") != nil || a.Text("subject") != "Intro call" || a.Text("id") == "" {
		t.Errorf("selected: %s", a.Raw)
	}
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	day := func(clock string) object { return object{"dateTime": "2026-04-15T" + clock, "timeZone": "UTC"} }
	for name, tc := range map[string]struct {
		body any
		code string
	}{
		"unknown property":     {meeting(object{"uid": "x"}), "RequestBodyRead"},
		"wrong type":           {meeting(object{"subject": 7}), "RequestBodyRead"},
		"unknown enum":         {meeting(object{"showAs": "sleeping"}), "RequestBodyRead"},
		"unknown zone":         {meeting(object{"start": object{"dateTime": "2026-04-15T11:00:00", "timeZone": "Mars"}}), "TimeZoneNotSupportedException"},
		"bad time":             {meeting(object{"start": object{"dateTime": "noon", "timeZone": "UTC"}}), "ErrorInvalidParameter"},
		"no end":               {object{"start": at("11:00")}, "ErrorPropertyValidationFailure"},
		"end before start":     {meeting(object{"end": at("10:00")}), "ErrorPropertyValidationFailure"},
		"all day not midnight": {object{"isAllDay": true, "start": day("10:00:00"), "end": day("10:00:00")}, "ErrorPropertyValidationFailure"},
		"all day too short":    {object{"isAllDay": true, "start": day("00:00:00"), "end": day("00:00:00")}, "ErrorPropertyValidationFailure"},
		"guest without at":     {meeting(object{"attendees": []object{{"emailAddress": object{"address": "x"}}}}), "ErrorInvalidRecipients"},
		"bad property id":      {meeting(object{"singleValueExtendedProperties": []object{{"id": "bookingId", "value": "1"}}}), "ErrorInvalidProperty"},
		"not JSON":             {"{", "BadRequest"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantError(t, c.Do("POST", "/me/events", tc.body), http.StatusBadRequest, tc.code)
		})
	}
	wantError(t, c.Do("POST", "/me/events", meeting(nil), "Prefer", `outlook.timezone="Mars"`), http.StatusBadRequest, "TimeZoneNotSupportedException")
	wantError(t, c.Do("GET", "/me/events/xyz", nil), http.StatusBadRequest, "ErrorInvalidIdMalformed")
	wantError(t, c.Do("GET", "/me/events/AAMkxyz", nil), http.StatusNotFound, "ErrorItemNotFound")
	if a := c.Do("GET", "/me/events", nil); len(a.Rows("value")) != 0 {
		t.Errorf("something was stored: %s", a.Raw)
	}
}

func TestAllDayEventsFloat(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	midnight := func(day string) object {
		return object{"dateTime": day + "T00:00:00.0000000", "timeZone": "Tokyo Standard Time"}
	}
	a := wantStatus(t, c.Do("POST", "/me/events", object{"isAllDay": true, "start": midnight("2026-04-15"), "end": midnight("2026-04-17")}), http.StatusCreated)
	for _, zone := range []string{"UTC", "Pacific Standard Time", "Asia/Tokyo"} {
		b := c.Do("GET", event(a.Text("id")), nil, "Prefer", `outlook.timezone="`+zone+`"`)
		if b.Text("start", "dateTime") != "2026-04-15T00:00:00.0000000" || b.Text("end", "dateTime") != "2026-04-17T00:00:00.0000000" || b.Text("start", "timeZone") != zone {
			t.Errorf("in %s: %v to %v", zone, b.At("start"), b.At("end"))
		}
	}
}

func TestPatchAndConflicts(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	made := c.Do("POST", "/me/events", meeting(object{"location": object{"displayName": "Room 4"}, "categories": []string{"a"}}))
	path, etag := event(made.Text("id")), made.Text("@odata.etag")
	a := wantStatus(t, c.Do("PATCH", path, object{"subject": "B", "end": at("13:00")}, "If-Match", etag), http.StatusOK)
	if a.Text("subject") != "B" || a.Text("location", "displayName") != "Room 4" || a.Text("@odata.etag") == etag || a.Text("end", "dateTime") != "2026-04-15T20:00:00.0000000" {
		t.Errorf("after PATCH: %s", a.Raw)
	}
	wantError(t, c.Do("PATCH", path, object{"subject": "C"}, "If-Match", etag), http.StatusPreconditionFailed, "ErrorIrresolvableConflict")
	wantError(t, c.Do("DELETE", path, nil, "If-Match", etag), http.StatusPreconditionFailed, "ErrorIrresolvableConflict")
	set(t, s, func(w *sim.Switches) { w.Microsoft.PatchIfMatch, w.Microsoft.DeleteIfMatch = sim.Ignored, sim.Ignored })
	wantStatus(t, c.Do("PATCH", path, object{"subject": "C"}, "If-Match", etag), http.StatusOK)
	wantStatus(t, c.Do("DELETE", path, nil, "If-Match", etag), http.StatusNoContent)
	wantError(t, c.Do("DELETE", path, nil), http.StatusNotFound, "ErrorItemNotFound")
	wantError(t, c.Do("GET", path, nil), http.StatusNotFound, "ErrorItemNotFound")
	wantError(t, c.Do("PATCH", path, object{"subject": "D"}), http.StatusNotFound, "ErrorItemNotFound")
}

func TestTransactionID(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	body := meeting(object{"transactionId": "7E163156-7762-4BEB-A1C6-729EA81755A7"})
	first := wantStatus(t, c.Do("POST", "/me/events", body), http.StatusCreated)
	again := wantStatus(t, c.Do("POST", "/me/events", body), http.StatusCreated)
	if first.Text("id") != again.Text("id") || first.Text("transactionId") != "7E163156-7762-4BEB-A1C6-729EA81755A7" {
		t.Errorf("again: %s", again.Raw)
	}
	other := meeting(object{"transactionId": "7e163156-7762-4beb-a1c6-729ea81755a7", "subject": "Other"})
	wantDuplicate := func(status int) {
		t.Helper()
		a := c.Do("POST", "/me/events", other)
		wantError(t, a, status, "ErrorDuplicateTransactionId")
		if a.Text("error", "@event.existingEventId") != first.Text("id") {
			t.Errorf("it names another event: %s", a.Raw)
		}
	}
	wantDuplicate(http.StatusBadRequest)
	set(t, s, func(w *sim.Switches) { w.Microsoft.DuplicateTransaction = http.StatusConflict })
	wantDuplicate(http.StatusConflict)
	if a := c.Do("GET", "/me/events", nil); len(a.Rows("value")) != 1 {
		t.Errorf("there are %d events", len(a.Rows("value")))
	}
	wantStatus(t, c.Do("DELETE", event(first.Text("id")), nil), http.StatusNoContent)
	set(t, s, func(w *sim.Switches) { w.Microsoft.DeletedTransaction = sim.Honoured })
	wantDuplicate(http.StatusConflict)
	set(t, s, func(w *sim.Switches) { w.Microsoft.DeletedTransaction = sim.Ignored })
	wantStatus(t, c.Do("POST", "/me/events", other), http.StatusCreated)
}

func TestTransactionScope(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	team := c.Do("GET", "/me/calendars", nil).Rows("value")[1]["id"].(string)
	body := meeting(object{"transactionId": "same"})
	first := wantStatus(t, c.Do("POST", "/me/events", body), http.StatusCreated)
	if a := c.Do("POST", "/me/calendars/"+url.PathEscape(team)+"/events", body); a.Text("id") != first.Text("id") {
		t.Errorf("per mailbox the second is %s", a.Raw)
	}
	set(t, s, func(w *sim.Switches) { w.Microsoft.TransactionScope = sim.ScopeCalendar })
	a := wantStatus(t, c.Do("POST", "/me/events", meeting(object{"transactionId": "other"})), http.StatusCreated)
	b := wantStatus(t, c.Do("POST", "/me/calendars/"+url.PathEscape(team)+"/events", meeting(object{"transactionId": "other"})), http.StatusCreated)
	if a.Text("id") == b.Text("id") {
		t.Error("per calendar there is one event only")
	}
}

func TestExtendedProperties(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	made := wantStatus(t, c.Do("POST", "/me/events", meeting(object{
		"singleValueExtendedProperties": []object{{"id": stampID, "value": "it's 7781"}},
	})), http.StatusCreated)
	c.Do("POST", "/me/events", meeting(nil))
	if made.At("singleValueExtendedProperties") != nil {
		t.Errorf("echoed: %s", made.Raw)
	}
	expand := "$expand=" + url.QueryEscape("singleValueExtendedProperties($filter=id eq '"+stampID+"')")
	a := c.Do("GET", event(made.Text("id"))+"?"+expand, nil)
	if rows := a.Rows("singleValueExtendedProperties"); len(rows) != 1 || rows[0]["id"] != normalID || rows[0]["value"] != "it's 7781" {
		t.Errorf("expanded: %s", a.Raw)
	}
	if b := c.Do("GET", event(made.Text("id"))+"?"+strings.ReplaceAll(expand, "bookingId", "bookingid"), nil); b.At("singleValueExtendedProperties") != nil {
		t.Errorf("the name has no case: %s", b.Raw)
	}
	find := func(value string) []map[string]any {
		t.Helper()
		filter := "singleValueExtendedProperties/Any(ep: ep/id eq '" + stampID + "' and ep/value eq '" + strings.ReplaceAll(value, "'", "''") + "')"
		return wantStatus(t, c.Do("GET", "/me/events?$filter="+url.QueryEscape(filter)+"&"+expand, nil), http.StatusOK).Rows("value")
	}
	if rows := find("it's 7781"); len(rows) != 1 || rows[0]["id"] != made.Text("id") || rows[0]["singleValueExtendedProperties"] == nil {
		t.Errorf("found: %v", rows)
	}
	c.Do("PATCH", event(made.Text("id")), object{"singleValueExtendedProperties": []object{{"id": stampID, "value": "2"}}})
	if len(find("it's 7781")) != 0 || len(find("2")) != 1 {
		t.Error("PATCH did not change the property")
	}
	in := sim.In{Provider: sim.Microsoft, Email: host}
	if all, err := s.Events(in); err != nil || all[0].Properties[normalID] != "2" {
		t.Errorf("by hand: %v, %v", all, err)
	}
}

func TestGuestsAreAlwaysMailed(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	guest := func(address string) object {
		return object{"emailAddress": object{"address": address}, "type": "required"}
	}
	made := c.Do("POST", "/me/events", meeting(object{"attendees": []object{guest("a@x.org"), guest("b@x.org")}}))
	path := event(made.Text("id"))
	n := uint64(0)
	wantMails := func(what string, want ...string) {
		t.Helper()
		var got []string
		for _, m := range s.Mails(n) {
			got = append(got, m.To+" "+string(m.Kind))
			n = m.N
		}
		if strings.Join(got, ", ") != strings.Join(want, ", ") {
			t.Errorf("%s mailed %v, want %v", what, got, want)
		}
	}
	wantMails("creating", "a@x.org invitation", "b@x.org invitation")
	c.Do("PATCH", path, object{"categories": []string{"x"}, "isReminderOn": false, "singleValueExtendedProperties": []object{{"id": stampID, "value": "1"}}})
	wantMails("what only the organizer sees")
	c.Do("PATCH", path, object{"attendees": []object{guest("b@x.org"), guest("c@x.org")}})
	wantMails("other guests", "c@x.org invitation", "a@x.org cancellation")
	c.Do("PATCH", path, object{"subject": "B"})
	wantMails("another subject", "b@x.org update", "c@x.org update")
	c.Do("DELETE", path, nil)
	wantMails("deleting", "b@x.org cancellation", "c@x.org cancellation")
}

func TestBodiesAreRewritten(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	post := func(content string) simtest.Answer {
		return wantStatus(t, c.Do("POST", "/me/events", meeting(object{"body": object{"contentType": "html", "content": content}})), http.StatusCreated)
	}
	a := post(`<p>Hello <b>you</b></p><script>alert(1)</script><p>A &amp; B</p>`)
	if body := a.Text("body", "content"); strings.Contains(body, "script") || !strings.Contains(body, "<p>Hello <b>you</b></p><p>A &amp; B</p>") || !strings.HasPrefix(body, "<html>\r\n<head>\r\n<meta") {
		t.Errorf("body is %q", body)
	}
	if a.Text("bodyPreview") != "Hello you\r\nA & B" {
		t.Errorf("preview is %q", a.Text("bodyPreview"))
	}
	if b := post(a.Text("body", "content")); b.Text("body", "content") != a.Text("body", "content") {
		t.Errorf("written again the body is %q", b.Text("body", "content"))
	}
	long := post(strings.Repeat("ä", 300))
	if n := len([]rune(long.Text("bodyPreview"))); n != 255 {
		t.Errorf("the preview has %d characters", n)
	}
}

func TestGzipAndChunkedBodies(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if err := json.NewEncoder(z).Encode(meeting(nil)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	raw := packed.Bytes()
	wantStatus(t, c.Do("POST", "/me/events", io.NopCloser(bytes.NewReader(raw)), "Content-Encoding", "gzip"), http.StatusCreated) // no length: chunked
	wantError(t, c.Do("POST", "/me/events", meeting(nil), "Content-Encoding", "br"), http.StatusUnsupportedMediaType, "ErrorInternalServerError")
	if a := c.Do("POST", "/me/events", meeting(nil), "Content-Encoding", "gzip"); a.Status != http.StatusBadRequest {
		t.Errorf("a plain body that calls itself gzip: %d %s", a.Status, a.Raw)
	}
	if a := c.Do("POST", "/me/events", strings.Repeat(" ", 5<<20)); a.Status != http.StatusRequestEntityTooLarge || a.Reason() != "RequestEntityTooLarge" {
		t.Errorf("5 MiB: %d %s", a.Status, a.Raw)
	}
}

func TestAnswersArePacked(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	made := wantStatus(t, c.Do("POST", "/me/events", meeting(nil)), http.StatusCreated)
	plain := wantStatus(t, c.Do("GET", event(made.Text("id")), nil, "Accept-Encoding", "identity"), http.StatusOK)
	packed := wantStatus(t, c.Do("GET", event(made.Text("id")), nil, "Accept-Encoding", "gzip"), http.StatusOK)
	z, err := gzip.NewReader(strings.NewReader(packed.Raw))
	if err != nil || packed.Header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("packed: %v, %v", packed.Header, err)
	}
	raw, err := io.ReadAll(z)
	if err != nil || string(raw) != plain.Raw || plain.Header.Get("Content-Encoding") != "" {
		t.Errorf("unpacked: %s, %v", raw, err)
	}
	if gone := c.Do("DELETE", event(made.Text("id")), nil, "Accept-Encoding", "gzip"); gone.Status != http.StatusNoContent || gone.Raw != "" {
		t.Errorf("without a body: %d %q", gone.Status, gone.Raw)
	}
}
