package google_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
)

const host = "host@example.com"

type object = map[string]any

// at is a timed start or end in Berlin on the first of October 2026.
func at(clock string) object {
	return object{"dateTime": "2026-10-01T" + clock + ":00", "timeZone": "Europe/Berlin"}
}

func meeting(more object) object {
	e := object{"summary": "Intro call", "start": at("10:00"), "end": at("10:30")}
	maps.Copy(e, more)
	return e
}

func start(t *testing.T) (*simtest.Sim, simtest.Client) {
	t.Helper()
	s := simtest.Start(t, sim.Config{})
	if _, err := s.Seed(sim.Person{Provider: sim.Google, Email: host, Name: "Host", Zone: "Europe/Berlin"}); err != nil {
		t.Fatal(err)
	}
	return s, s.Client(sim.Google, host)
}

// wantError fails unless the answer is the error.
func wantError(t *testing.T, a simtest.Answer, status int, reason string) {
	t.Helper()
	if a.Status != status || a.Reason() != reason {
		t.Errorf("got %d %q, want %d %q: %s", a.Status, a.Reason(), status, reason, a.Raw)
	}
}

func wantStatus(t *testing.T, a simtest.Answer, status int) simtest.Answer {
	t.Helper()
	if a.Status != status {
		t.Fatalf("got %d, want %d: %s", a.Status, status, a.Raw)
	}
	return a
}

func TestInsertAndRead(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	made := wantStatus(t, c.Do("POST", "/calendars/primary/events", meeting(object{
		"id": "0f3vq2m1u5d8k7b4c6s9t0a1eo", "description": "Booked online", "location": "Room 4", "colorId": "5", "unknownField": "gone",
		"extendedProperties": object{"private": object{"bookingId": "7781"}},
		"attendees":          []object{{"email": "guest@example.org"}, {"email": host, "responseStatus": "accepted"}},
	})), http.StatusOK)
	got := wantStatus(t, c.Do("GET", "/calendars/"+host+"/events/0f3vq2m1u5d8k7b4c6s9t0a1eo", nil), http.StatusOK)
	if got.Raw != made.Raw {
		t.Errorf("by the calendar's address the event is\n%s\nnot\n%s", got.Raw, made.Raw)
	}
	for _, want := range []struct {
		path []string
		text string
	}{
		{[]string{"kind"}, "calendar#event"},
		{[]string{"status"}, "confirmed"},
		{[]string{"start", "dateTime"}, "2026-10-01T10:00:00+02:00"},
		{[]string{"start", "timeZone"}, "Europe/Berlin"},
		{[]string{"iCalUID"}, "0f3vq2m1u5d8k7b4c6s9t0a1eo@google.com"},
		{[]string{"organizer", "email"}, host},
		{[]string{"colorId"}, "5"},
		{[]string{"eventType"}, "default"},
		{[]string{"extendedProperties", "private", "bookingId"}, "7781"},
		{[]string{"unknownField"}, ""},
	} {
		if text := got.Text(want.path...); text != want.text {
			t.Errorf("%v is %q, want %q", want.path, text, want.text)
		}
	}
	if etag := got.Text("etag"); etag == "" || etag != got.Header.Get("ETag") || !strings.HasPrefix(etag, `"`) {
		t.Errorf("etag %q, in the header %q", etag, got.Header.Get("ETag"))
	}
	guests := got.Rows("attendees")
	if len(guests) != 2 || guests[0]["responseStatus"] != "needsAction" || guests[1]["self"] != true || guests[1]["organizer"] != true {
		t.Errorf("attendees are %v", guests)
	}
}

func TestInsertRefuses(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	for name, tc := range map[string]struct {
		body   any
		reason string
	}{
		"id with w":            {meeting(object{"id": "abcdw"}), "invalid"},
		"id in upper case":     {meeting(object{"id": "ABCDE"}), "invalid"},
		"id with a dash":       {meeting(object{"id": "abc-de"}), "invalid"},
		"short id":             {meeting(object{"id": "abcd"}), "invalid"},
		"long id":              {meeting(object{"id": strings.Repeat("a", 1025)}), "invalid"},
		"id and uid":           {meeting(object{"id": "abcde", "iCalUID": "x@y"}), "invalid"},
		"no end":               {object{"start": at("10:00")}, "required"},
		"end before start":     {object{"start": at("10:00"), "end": at("09:00")}, "timeRangeEmpty"},
		"date and time":        {object{"start": object{"date": "2026-10-01"}, "end": at("11:00")}, "invalid"},
		"unknown zone":         {object{"start": object{"dateTime": "2026-10-01T10:00:00", "timeZone": "Mars/Base"}, "end": at("11:00")}, "invalid"},
		"no zone":              {object{"start": object{"dateTime": "2026-10-01T10:00:00"}, "end": at("11:00")}, "required"},
		"guest without email":  {meeting(object{"attendees": []object{{"displayName": "X"}}}), "required"},
		"number for a text":    {meeting(object{"summary": 7}), "invalid"},
		"unknown transparency": {meeting(object{"transparency": "misty"}), "invalid"},
		"not JSON":             {"{", "parseError"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantError(t, c.Do("POST", "/calendars/primary/events", tc.body), http.StatusBadRequest, tc.reason)
		})
	}
}

func TestDeletedEventKeepsItsID(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	insert := func() simtest.Answer {
		return c.Do("POST", "/calendars/primary/events", meeting(object{"id": "booking1"}))
	}
	wantStatus(t, insert(), http.StatusOK)
	wantError(t, insert(), http.StatusConflict, "duplicate")
	if a := wantStatus(t, c.Do("DELETE", "/calendars/primary/events/booking1", nil), http.StatusNoContent); a.Raw != "" {
		t.Errorf("delete answered %q", a.Raw)
	}
	wantError(t, c.Do("DELETE", "/calendars/primary/events/booking1", nil), http.StatusGone, "deleted")
	wantError(t, insert(), http.StatusConflict, "duplicate")
	if a := c.Do("GET", "/calendars/primary/events/booking1", nil); a.Status != http.StatusOK || a.Text("status") != "cancelled" {
		t.Errorf("a deleted event reads as %d %s", a.Status, a.Raw)
	}
	if a := c.Do("PATCH", "/calendars/primary/events/booking1", object{"status": "confirmed"}); a.Text("status") != "confirmed" {
		t.Errorf("reviving it gave %d %s", a.Status, a.Raw)
	}
	wantError(t, c.Do("DELETE", "/calendars/primary/events/nosuch", nil), http.StatusNotFound, "notFound")
}

func TestETags(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	const path = "/calendars/primary/events/booking1"
	first := c.Do("POST", "/calendars/primary/events", meeting(object{"id": "booking1"})).Text("etag")
	wantStatus(t, c.Do("GET", path, nil, "If-None-Match", first), http.StatusNotModified)
	second := wantStatus(t, c.Do("PATCH", path, object{"summary": "B"}, "If-Match", first), http.StatusOK).Text("etag")
	if second == first {
		t.Fatal("the etag did not change")
	}
	for _, method := range []string{"PATCH", "PUT", "DELETE"} {
		wantError(t, c.Do(method, path, meeting(nil), "If-Match", first), http.StatusPreconditionFailed, "conditionNotMet")
	}
	wantStatus(t, c.Do("GET", path, nil, "If-None-Match", first), http.StatusOK)
	third := wantStatus(t, c.Do("PUT", path, meeting(nil), "If-Match", second), http.StatusOK).Text("etag")
	wantStatus(t, c.Do("DELETE", path, nil, "If-Match", third), http.StatusNoContent)
}

func TestRemindersChangeNothingVisible(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	before := c.Do("POST", "/calendars/primary/events", meeting(object{"id": "booking1"}))
	after := c.Do("PATCH", "/calendars/primary/events/booking1", object{"reminders": object{"useDefault": false}})
	if before.Text("etag") != after.Text("etag") || before.Text("updated") != after.Text("updated") {
		t.Errorf("from %s to %s", before.Raw, after.Raw)
	}
	if after.At("reminders", "useDefault") != false {
		t.Errorf("the reminders were not kept: %s", after.Raw)
	}
}

func TestPatchMergesAndPutReplaces(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	const path = "/calendars/primary/events/booking1"
	wantStatus(t, c.Do("POST", "/calendars/primary/events", meeting(object{
		"id": "booking1", "location": "Room 4", "description": "x",
		"extendedProperties": object{"private": object{"a": "1", "b": "2"}}, "attendees": []object{{"email": "a@x.org"}, {"email": "b@x.org"}},
	})), http.StatusOK)
	a := wantStatus(t, c.Do("PATCH", path, object{
		"location": nil, "extendedProperties": object{"private": object{"a": nil, "c": "3"}}, "attendees": []object{{"email": "b@x.org"}},
		"start": at("11:00"), "end": at("11:30"),
	}), http.StatusOK)
	private, _ := a.At("extendedProperties", "private").(object)
	if a.At("location") != nil || a.Text("description") != "x" || len(private) != 2 || private["b"] != "2" || private["c"] != "3" {
		t.Errorf("after PATCH: %s", a.Raw)
	}
	if len(a.Rows("attendees")) != 1 || a.At("sequence") != float64(1) {
		t.Errorf("after PATCH: %s", a.Raw)
	}
	a = wantStatus(t, c.Do("PUT", path, meeting(nil)), http.StatusOK)
	if a.At("description") != nil || a.At("attendees") != nil || a.At("extendedProperties") != nil || a.At("sequence") != float64(2) {
		t.Errorf("after PUT: %s", a.Raw)
	}
	allDay := object{"date": "2026-10-01", "dateTime": nil, "timeZone": nil}
	a = wantStatus(t, c.Do("PATCH", path, object{"start": allDay, "end": object{"date": "2026-10-02", "dateTime": nil, "timeZone": nil}}), http.StatusOK)
	if a.Text("start", "date") != "2026-10-01" || a.At("start", "dateTime") != nil {
		t.Errorf("all-day: %s", a.Raw)
	}
	wantError(t, c.Do("PATCH", path, object{"start": at("10:00"), "end": at("11:00")}), http.StatusBadRequest, "invalid")
}

func TestExtendedPropertiesOverTheLimitsVanish(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	a := c.Do("POST", "/calendars/primary/events", meeting(object{"extendedProperties": object{
		"private": object{strings.Repeat("k", 45): "dropped", strings.Repeat("k", 44): strings.Repeat("ä", 1025)},
	}}))
	private, _ := a.At("extendedProperties", "private").(object)
	value, _ := private[strings.Repeat("k", 44)].(string)
	if len(private) != 1 || value != strings.Repeat("ä", 1024) {
		t.Errorf("kept %d properties, one with %d bytes", len(private), len(value))
	}
}

// An event has no more than 300 properties and 32 kB of them, private and shared ones together.
func TestExtendedPropertiesOverTheTotalsVanish(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	many := func(n, size int) object {
		out := object{}
		for i := range n {
			out[fmt.Sprintf("k%03d", i)] = strings.Repeat("v", size)
		}
		return out
	}
	for name, tc := range map[string]struct {
		private, shared object
		kept            [2]int
	}{
		"as many as can be":           {many(200, 1), many(100, 1), [2]int{200, 100}},
		"one more":                    {many(200, 1), many(101, 1), [2]int{200, 100}},
		"many more":                   {many(400, 1), many(1, 1), [2]int{300, 0}},
		"as much as can be":           {many(32, 1020), nil, [2]int{32, 0}},
		"more than that":              {many(33, 1020), many(1, 1), [2]int{32, 0}},
		"what is small still fits":    {many(31, 1020), object{"big": strings.Repeat("v", 1024), "small": "v"}, [2]int{31, 1}},
		"bytes count and not letters": {object{"a": strings.Repeat("ä", 1024)}, many(30, 1020), [2]int{1, 29}},
	} {
		a := wantStatus(t, c.Do("POST", "/calendars/primary/events", meeting(object{"extendedProperties": object{"private": tc.private, "shared": tc.shared}})), http.StatusOK)
		private, _ := a.At("extendedProperties", "private").(object)
		shared, _ := a.At("extendedProperties", "shared").(object)
		if got := [2]int{len(private), len(shared)}; got != tc.kept {
			t.Errorf("%s: kept %v, want %v", name, got, tc.kept)
		}
	}
}

func TestTimesAreShownInTheCalendarsZone(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	a := c.Do("POST", "/calendars/primary/events", object{
		"start": object{"dateTime": "2026-10-01T10:00:00", "timeZone": "America/New_York"}, "end": object{"dateTime": "2026-10-01T15:00:00Z"},
	})
	if a.Text("start", "dateTime") != "2026-10-01T16:00:00+02:00" || a.Text("start", "timeZone") != "America/New_York" {
		t.Errorf("start is %v", a.At("start"))
	}
	if a.Text("end", "dateTime") != "2026-10-01T17:00:00+02:00" || a.Text("end", "timeZone") != "Europe/Berlin" {
		t.Errorf("end is %v", a.At("end"))
	}
	b := c.Do("GET", "/calendars/primary/events/"+a.Text("id")+"?timeZone=UTC", nil)
	if b.Text("start", "dateTime") != "2026-10-01T14:00:00Z" {
		t.Errorf("in UTC the start is %v", b.At("start"))
	}
}

func TestMailsFollowSendUpdates(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	s.Person(sim.Google, "colleague@example.com")
	both := []object{{"email": "guest@example.org"}, {"email": "colleague@example.com"}}
	for query, want := range map[string]int{"": 0, "?sendUpdates=none": 0, "?sendUpdates=all": 2, "?sendUpdates=externalOnly": 1, "?sendNotifications=true": 2} {
		before := len(s.Mails(0))
		wantStatus(t, c.Do("POST", "/calendars/primary/events"+query, meeting(object{"attendees": both})), http.StatusOK)
		if got := len(s.Mails(0)) - before; got != want {
			t.Errorf("%q sent %d mails, want %d", query, got, want)
		}
	}
	wantError(t, c.Do("POST", "/calendars/primary/events?sendUpdates=some", meeting(nil)), http.StatusBadRequest, "invalid")
	id := c.Do("POST", "/calendars/primary/events", meeting(object{"attendees": both})).Text("id")
	before := s.Mails(0)
	c.Do("PATCH", "/calendars/primary/events/"+id+"?sendUpdates=all", object{"attendees": []object{{"email": "guest@example.org"}, {"email": "new@example.org"}}})
	kinds := map[string]string{}
	for _, m := range s.Mails(before[len(before)-1].N) {
		kinds[m.To] = string(m.Kind)
	}
	if len(kinds) != 3 || kinds["guest@example.org"] != "update" || kinds["new@example.org"] != "invitation" || kinds["colleague@example.com"] != "cancellation" {
		t.Errorf("mails are %v", kinds)
	}
}

func TestCalendars(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	s.Person(sim.Google, "other@example.com")
	shared, err := s.Seed(sim.Person{Provider: sim.Google, Email: host, Calendars: []sim.Calendar{{Name: "Team"}, {ID: "other@example.com", Role: "reader"}}})
	if err != nil {
		t.Fatal(err)
	}
	a := wantStatus(t, c.Do("GET", "/users/me/calendarList?maxResults=2", nil), http.StatusOK)
	rows := a.Rows("items")
	if len(rows) != 2 || rows[0]["primary"] != true || rows[0]["id"] != host || rows[0]["timeZone"] != "Europe/Berlin" || a.At("nextSyncToken") != nil {
		t.Fatalf("first page: %s", a.Raw)
	}
	a = wantStatus(t, c.Do("GET", "/users/me/calendarList?maxResults=2&pageToken="+a.Text("nextPageToken"), nil), http.StatusOK)
	if rows := a.Rows("items"); len(rows) != 1 || rows[0]["accessRole"] != "reader" || a.Text("nextSyncToken") == "" {
		t.Fatalf("second page: %s", a.Raw)
	}
	quiet := c.Do("GET", "/users/me/calendarList?syncToken="+a.Text("nextSyncToken"), nil)
	if len(quiet.Rows("items")) != 0 || quiet.Text("nextSyncToken") == "" {
		t.Errorf("nothing changed: %s", quiet.Raw)
	}
	team := shared.Calendars[1].ID
	if a := c.Do("GET", "/calendars/"+team, nil); a.Text("summary") != "Team" {
		t.Errorf("calendar: %s", a.Raw)
	}
	if a := c.Do("GET", "/users/me/calendarList/primary", nil); a.Text("id") != host || a.Text("accessRole") != "owner" {
		t.Errorf("entry: %s", a.Raw)
	}
	wantError(t, c.Do("GET", "/calendars/nosuch", nil), http.StatusNotFound, "notFound")
	wantError(t, c.Do("POST", "/calendars/other@example.com/events", meeting(nil)), http.StatusForbidden, "requiredAccessLevel")
}

func TestWhoMayCall(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	anyone := c
	anyone.Token = ""
	wantError(t, anyone.Do("GET", "/calendars/primary/events", nil), http.StatusUnauthorized, "required")
	anyone.Token = "ya29.other"
	wantError(t, anyone.Do("GET", "/calendars/primary/events", nil), http.StatusUnauthorized, "authError")
	reader := s.Client(sim.Google, host, "https://www.googleapis.com/auth/calendar.events.readonly")
	wantStatus(t, reader.Do("GET", "/calendars/primary/events", nil), http.StatusOK)
	wantError(t, reader.Do("POST", "/calendars/primary/events", meeting(nil)), http.StatusForbidden, "insufficientPermissions")
	wantError(t, reader.Do("GET", "/users/me/calendarList", nil), http.StatusForbidden, "insufficientPermissions")
	if err := s.ExpireAccess(sim.Google, host); err != nil {
		t.Fatal(err)
	}
	wantError(t, c.Do("GET", "/calendars/primary/events", nil), http.StatusUnauthorized, "authError")
}

func TestByHand(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	in := sim.In{Provider: sim.Google, Email: host}
	begin := time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC) // in the night in which Berlin's clocks go back
	e, err := s.CreateEvent(in, sim.Draft{Title: "By hand", Start: begin, End: begin.Add(2 * time.Hour), Attendees: []sim.Attendee{{Email: "g@x.org"}}, Notify: true})
	if err != nil {
		t.Fatal(err)
	}
	if a := c.Do("GET", "/calendars/primary/events/"+e.ID, nil); a.Text("start", "dateTime") != "2026-10-25T02:30:00+02:00" || a.Text("end", "dateTime") != "2026-10-25T03:30:00+01:00" {
		t.Errorf("made: %s", a.Raw)
	}
	moved, err := s.MoveEvent(in, e.ID, begin.Add(24*time.Hour))
	if err != nil || moved.ETag == e.ETag || !moved.End.Equal(begin.Add(26*time.Hour)) || len(moved.Attendees) != 1 {
		t.Errorf("moved: %+v, %v", moved, err)
	}
	day := true
	if moved, err = s.EditEvent(in, e.ID, sim.Edit{AllDay: &day}); err == nil {
		t.Errorf("an all-day event of no length: %+v", moved)
	}
	if err := s.DeleteEvent(in, e.ID, false); err != nil {
		t.Fatal(err)
	}
	if left, err := s.Standing(in); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	if mails := s.Mails(0); len(mails) != 1 {
		t.Errorf("mails: %v", mails)
	}
}
