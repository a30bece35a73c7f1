package google_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
)

// entryOf is the calendar in the caller's list, nil if it is not there.
func entryOf(c simtest.Client, id string) object {
	for _, row := range c.Do("GET", "/users/me/calendarList?showHidden=true", nil).Rows("items") {
		if row["id"] == id {
			return row
		}
	}
	return nil
}

func TestCalendarsAreMadeAndDeleted(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	sync := c.Do("GET", "/users/me/calendarList", nil).Text("nextSyncToken")
	wantError(t, c.Do("POST", "/calendars", object{"timeZone": "Europe/Paris"}), http.StatusBadRequest, "required")
	wantError(t, c.Do("POST", "/calendars", object{"summary": "x", "timeZone": "Mars"}), http.StatusBadRequest, "invalid")
	made := wantStatus(t, c.Do("POST", "/calendars", object{"summary": "Team", "location": "Berlin", "timeZone": "Europe/Paris"}), http.StatusOK)
	id := made.Text("id")
	path := "/calendars/" + url.PathEscape(id)
	if made.Text("summary") != "Team" || made.Text("timeZone") != "Europe/Paris" || made.Text("dataOwner") != host || made.Text("location") != "Berlin" {
		t.Errorf("made: %s", made.Raw)
	}
	if rows := c.Do("GET", "/users/me/calendarList?syncToken="+sync, nil).Rows("items"); len(rows) != 1 || rows[0]["accessRole"] != "owner" || rows[0]["summary"] != "Team" {
		t.Errorf("what changed: %v", rows)
	}
	wantError(t, c.Do("PATCH", path, object{"summary": "x"}, "If-Match", `"1"`), http.StatusPreconditionFailed, "conditionNotMet")
	a := wantStatus(t, c.Do("PATCH", path, object{"summary": "Crew"}, "If-Match", made.Text("etag")), http.StatusOK)
	if a.Text("summary") != "Crew" || a.Text("location") != "Berlin" || a.Text("etag") == made.Text("etag") {
		t.Errorf("patched: %s", a.Raw)
	}
	if e := entryOf(c, id); e["summary"] != "Crew" {
		t.Errorf("in the list: %v", e)
	}
	if a := c.Do("PUT", path, object{"summary": "Band", "timeZone": "UTC"}); a.Text("summary") != "Band" || a.At("location") != nil || a.Text("timeZone") != "UTC" {
		t.Errorf("replaced: %s", a.Raw)
	}
	wantError(t, c.Do("PUT", path, object{}), http.StatusBadRequest, "required")
	c.Do("POST", path+"/events", meeting(object{"id": "booking1"}))
	if a := c.Do("GET", path+"/events/booking1", nil); a.Text("start", "dateTime") != "2026-10-01T08:00:00Z" {
		t.Errorf("in the calendar's zone: %s", a.Raw)
	}
	wantError(t, c.Do("POST", path+"/clear", nil), http.StatusForbidden, "forbidden")
	wantStatus(t, c.Do("DELETE", path, nil), http.StatusNoContent)
	for _, gone := range []string{path, path + "/events", path + "/events/booking1", path + "/acl", "/users/me/calendarList/" + url.PathEscape(id)} {
		wantError(t, c.Do("GET", gone, nil), http.StatusNotFound, "notFound")
	}
	wantError(t, c.Do("DELETE", path, nil), http.StatusNotFound, "notFound")
	if rows := c.Do("GET", "/users/me/calendarList?syncToken="+sync, nil).Rows("items"); len(rows) != 1 || rows[0]["deleted"] != true {
		t.Errorf("what changed in the end: %v", rows)
	}
	wantError(t, c.Do("DELETE", "/calendars/primary", nil), http.StatusForbidden, "cannotDeletePrimaryCalendar")
}

func TestClear(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	s.Person(sim.Google, "guest@example.com")
	c.Do("POST", "/calendars/primary/events", weekly(nil))
	c.Do("PATCH", "/calendars/primary/events/series1_20261008T080000Z", object{"summary": "moved"})
	c.Do("POST", "/calendars/primary/events", meeting(object{"id": "booking1", "attendees": []object{{"email": "guest@example.com"}}}))
	theirs := s.Client(sim.Google, "guest@example.com")
	wantStatus(t, theirs.Do("GET", bookingPath, nil), http.StatusOK)
	wantStatus(t, c.Do("POST", "/calendars/primary/clear", nil), http.StatusNoContent)
	if a := c.Do("GET", "/calendars/primary/events?singleEvents=true", nil); len(a.Rows("items")) != 0 {
		t.Errorf("left are %s", a.Raw)
	}
	if a := theirs.Do("GET", bookingPath, nil); a.Text("status") != "cancelled" {
		t.Errorf("the guest's copy: %s", a.Raw)
	}
	if mails := s.Mails(0); len(mails) != 0 {
		t.Errorf("mailed: %v", mails)
	}
}

func TestCalendarListEntries(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	id := c.Do("POST", "/calendars", object{"summary": "Team"}).Text("id")
	path := "/users/me/calendarList/" + url.PathEscape(id)
	a := wantStatus(t, c.Do("PATCH", path, object{"colorId": "3", "summaryOverride": "Mine", "selected": false}), http.StatusOK)
	if a.Text("backgroundColor") != "#f83a22" || a.Text("summaryOverride") != "Mine" || a.At("selected") != nil || a.Text("summary") != "Team" {
		t.Errorf("patched: %s", a.Raw)
	}
	// Colours by value count with colorRgbFormat only.
	if a := c.Do("PATCH", path, object{"backgroundColor": "#112233"}); a.Text("backgroundColor") != "#f83a22" {
		t.Errorf("without colorRgbFormat: %s", a.Raw)
	}
	if a := c.Do("PATCH", path+"?colorRgbFormat=true", object{"backgroundColor": "#112233", "foregroundColor": "#ffffff"}); a.Text("backgroundColor") != "#112233" {
		t.Errorf("with it: %s", a.Raw)
	}
	if a := c.Do("PUT", path, object{"selected": true}); a.At("summaryOverride") != nil || a.Text("colorId") != "14" || a.At("selected") != true {
		t.Errorf("replaced: %s", a.Raw)
	}
	wantError(t, c.Do("PATCH", path, object{"colorId": "99"}), http.StatusBadRequest, "invalid")
	wantError(t, c.Do("PATCH", path, object{"defaultReminders": []object{{"method": "popup", "minutes": 5}}}), http.StatusNotImplemented, "notSimulated")
	wantError(t, c.Do("PATCH", path, object{}, "If-Match", `"1"`), http.StatusPreconditionFailed, "conditionNotMet")
	wantError(t, c.Do("POST", "/users/me/calendarList", object{}), http.StatusBadRequest, "required")
	wantError(t, c.Do("DELETE", path, nil), http.StatusForbidden, "cannotUnsubscribeFromOwnedCalendar")
	// Whoever does not own it can take it off the list, and keeps the access.
	s.Person(sim.Google, "guest@example.com")
	guest := s.Client(sim.Google, "guest@example.com")
	c.Do("POST", "/calendars/"+url.PathEscape(id)+"/acl", object{"role": "owner", "scope": object{"type": "user", "value": "guest@example.com"}})
	wantError(t, guest.Do("DELETE", path, nil), http.StatusNotFound, "notFound")
	wantStatus(t, guest.Do("POST", "/users/me/calendarList", object{"id": id}), http.StatusOK)
	wantStatus(t, guest.Do("DELETE", path, nil), http.StatusNoContent)
	wantError(t, guest.Do("PATCH", path, object{"hidden": true}), http.StatusNotFound, "notFound")
	wantStatus(t, guest.Do("GET", "/calendars/"+url.PathEscape(id), nil), http.StatusOK)
	wantStatus(t, guest.Do("POST", "/users/me/calendarList", object{"id": id}), http.StatusOK)
	if entryOf(guest, id) == nil {
		t.Error("it is not back")
	}
	// An owner beside the data owner neither deletes the calendar nor takes the data owner's access.
	wantError(t, guest.Do("DELETE", "/calendars/"+url.PathEscape(id), nil), http.StatusForbidden, "forbidden")
	wantError(t, guest.Do("DELETE", "/calendars/"+url.PathEscape(id)+"/acl/user:"+host, nil), http.StatusForbidden, "cannotChangeOwnerAcl")
	wantStatus(t, c.Do("DELETE", "/calendars/"+url.PathEscape(id)+"/acl/user:guest@example.com", nil), http.StatusNoContent)
}

func TestSharing(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	s.Person(sim.Google, "guest@example.com")
	guest := s.Client(sim.Google, "guest@example.com")
	id := c.Do("POST", "/calendars", object{"summary": "Team"}).Text("id")
	path := "/calendars/" + url.PathEscape(id)
	c.Do("POST", path+"/events", meeting(object{"id": "booking1"}))
	wantError(t, guest.Do("GET", path+"/events", nil), http.StatusNotFound, "notFound")

	user := object{"type": "user", "value": "Guest@example.com"}
	made := wantStatus(t, c.Do("POST", path+"/acl", object{"role": "reader", "scope": user}), http.StatusOK)
	if made.Text("id") != "user:guest@example.com" || made.Text("role") != "reader" {
		t.Errorf("made: %s", made.Raw)
	}
	if mails := s.Mails(0); len(mails) != 1 || mails[0].Kind != "sharing" || mails[0].To != "guest@example.com" || mails[0].Title != "Team" {
		t.Errorf("mailed: %v", mails)
	}
	// Access does not put the calendar on a list; its reader does.
	wantStatus(t, guest.Do("GET", path+"/events/booking1", nil), http.StatusOK)
	wantError(t, guest.Do("POST", path+"/events", meeting(nil)), http.StatusForbidden, "requiredAccessLevel")
	if entryOf(guest, id) != nil {
		t.Error("it is on the list already")
	}
	wantError(t, guest.Do("GET", "/users/me/calendarList/"+url.PathEscape(id), nil), http.StatusNotFound, "notFound")
	if a := wantStatus(t, guest.Do("POST", "/users/me/calendarList", object{"id": id}), http.StatusOK); a.Text("accessRole") != "reader" {
		t.Errorf("taken in: %s", a.Raw)
	}

	sync := guest.Do("GET", path+"/events", nil).Text("nextSyncToken")
	rule := path + "/acl/user:guest@example.com"
	wantStatus(t, c.Do("PATCH", rule+"?sendNotifications=false", object{"role": "writer"}), http.StatusOK)
	if e := entryOf(guest, id); e["accessRole"] != "writer" {
		t.Errorf("on the list as %v", e)
	}
	wantStatus(t, guest.Do("POST", path+"/events", meeting(nil)), http.StatusOK)
	wantError(t, guest.Do("GET", path+"/events?syncToken="+sync, nil), http.StatusGone, "fullSyncRequired") // changed rights end cursors
	wantStatus(t, guest.Do("GET", path+"/acl", nil), http.StatusOK)
	wantError(t, guest.Do("POST", path+"/acl", object{"role": "owner", "scope": user}), http.StatusForbidden, "requiredAccessLevel")
	wantError(t, guest.Do("DELETE", path, nil), http.StatusForbidden, "requiredAccessLevel")
	wantError(t, guest.Do("PATCH", path, object{"summary": "x"}), http.StatusForbidden, "requiredAccessLevel")
	if len(s.Mails(0)) != 1 {
		t.Errorf("mailed: %v", s.Mails(0))
	}

	wantStatus(t, c.Do("DELETE", rule, nil), http.StatusNoContent)
	wantError(t, c.Do("DELETE", rule, nil), http.StatusNotFound, "notFound")
	wantError(t, guest.Do("GET", path+"/events", nil), http.StatusNotFound, "notFound")
	if entryOf(guest, id) != nil {
		t.Error("it is still on the list")
	}
	// Who may write but not see what is private is told when it is, and no more.
	c.Do("PATCH", path+"/events/booking1", object{"visibility": "private"})
	for role, summary := range map[string]any{"reader": nil, "writerWithoutPrivateAccess": nil, "writer": "Intro call", "owner": "Intro call"} {
		wantStatus(t, c.Do("POST", path+"/acl", object{"role": role, "scope": user}), http.StatusOK)
		a := wantStatus(t, guest.Do("GET", path+"/events/booking1", nil), http.StatusOK)
		if a.At("summary") != summary || a.Text("start", "dateTime") == "" {
			t.Errorf("a private event for %s: %s", role, a.Raw)
		}
		if row := guest.Do("GET", path+"/events", nil).Rows("items")[0]; row["summary"] != summary {
			t.Errorf("listed for %s: %v", role, row)
		}
		if a := guest.Do("POST", path+"/events", meeting(nil)); (a.Status == http.StatusOK) != (role != "reader") {
			t.Errorf("%s writes: %d", role, a.Status)
		}
	}
	wantStatus(t, c.Do("DELETE", rule, nil), http.StatusNoContent)
	// Whoever has no account at all may come in by the domain, or as anybody.
	for _, scope := range []object{{"type": "domain", "value": "example.com"}, {"type": "default"}} {
		made := wantStatus(t, c.Do("POST", path+"/acl", object{"role": "freeBusyReader", "scope": scope}), http.StatusOK)
		if a := guest.Do("GET", path+"/events", nil); len(a.Rows("items")) != 5 || a.Rows("items")[0]["summary"] != nil {
			t.Errorf("%v: %s", scope, a.Raw)
		}
		wantStatus(t, c.Do("DELETE", path+"/acl/"+made.Text("id"), nil), http.StatusNoContent)
		wantError(t, guest.Do("GET", path+"/events", nil), http.StatusNotFound, "notFound")
	}
}

func TestRulesAreListed(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	const path = "/calendars/primary/acl"
	put := func(role, kind, value string) simtest.Answer {
		scope := object{"type": kind}
		if value != "" {
			scope["value"] = value
		}
		return c.Do("POST", path, object{"role": role, "scope": scope})
	}
	sync := c.Do("GET", path, nil).Text("nextSyncToken")
	put("reader", "user", "a@x.example")
	put("writer", "group", "g@x.example")
	first := wantStatus(t, c.Do("GET", path+"?maxResults=2", nil), http.StatusOK)
	rest := c.Do("GET", path+"?maxResults=2&pageToken="+first.Text("nextPageToken"), nil)
	got := append(column(first.Rows("items"), "id"), column(rest.Rows("items"), "id")...)
	if !slices.Equal(got, []string{"user:" + host, "user:a@x.example", "group:g@x.example"}) || first.At("nextSyncToken") != nil || rest.Text("nextSyncToken") == "" {
		t.Errorf("listed: %v", got)
	}
	wantStatus(t, c.Do("DELETE", path+"/group:g@x.example", nil), http.StatusNoContent)
	if rows := c.Do("GET", path+"?syncToken="+sync, nil).Rows("items"); len(rows) != 2 || rows[1]["role"] != "none" {
		t.Errorf("what changed: %v", rows)
	}
	for q, want := range map[string]int{"": 2, "?showDeleted=true": 3} {
		if rows := c.Do("GET", path+q, nil).Rows("items"); len(rows) != want {
			t.Errorf("%s: %v", q, rows)
		}
	}
	a := c.Do("GET", path+"/user:a@x.example", nil)
	wantStatus(t, c.Do("GET", path+"/user:a@x.example", nil, "If-None-Match", a.Text("etag")), http.StatusNotModified)
	if a := c.Do("PUT", path+"/user:a@x.example", object{"role": "writer", "scope": object{"type": "user", "value": "a@x.example"}}); a.Text("role") != "writer" {
		t.Errorf("replaced: %s", a.Raw)
	}
	wantError(t, c.Do("PUT", path+"/user:a@x.example", object{}), http.StatusBadRequest, "required")
	wantError(t, c.Do("PATCH", path+"/user:a@x.example", object{"scope": object{"type": "default"}}), http.StatusBadRequest, "invalid")
	wantError(t, c.Do("PATCH", path+"/user:a@x.example", object{"role": "king"}), http.StatusBadRequest, "invalid")
	wantError(t, c.Do("PATCH", path+"/user:a@x.example", object{"role": "reader"}, "If-Match", `"1"`), http.StatusPreconditionFailed, "conditionNotMet")
	wantError(t, c.Do("DELETE", path+"/user:"+host, nil), http.StatusForbidden, "cannotChangeOwnAcl")
	wantError(t, c.Do("PATCH", path+"/user:"+host, object{"role": "reader"}), http.StatusForbidden, "cannotChangeOwnAcl")
	wantStatus(t, c.Do("PATCH", path+"/user:"+host, object{"role": "owner"}), http.StatusOK)
	wantError(t, c.Do("GET", path+"?syncToken="+sync+"&showDeleted=false", nil), http.StatusBadRequest, "invalid")
	wantError(t, c.Do("GET", path+"?syncToken=x", nil), http.StatusGone, "fullSyncRequired")
	wantError(t, c.Do("GET", path+"?pageToken=x", nil), http.StatusBadRequest, "invalid")
	for _, wrong := range []object{
		{"role": "reader"},
		{"role": "reader", "scope": object{"type": "user"}},
		{"role": "reader", "scope": object{"type": "user", "value": "nobody"}},
		{"role": "reader", "scope": object{"type": "default", "value": "x"}},
		{"role": "reader", "scope": object{"type": "planet", "value": "mars"}},
		{"scope": object{"type": "default"}},
		{"role": "king", "scope": object{"type": "default"}},
	} {
		if a := c.Do("POST", path, wrong); a.Status != http.StatusBadRequest {
			t.Errorf("%v: %d %s", wrong, a.Status, a.Raw)
		}
	}
}

func TestSettingsAndColours(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	all := wantStatus(t, c.Do("GET", "/users/me/settings?maxResults=5", nil), http.StatusOK)
	rest := c.Do("GET", "/users/me/settings?pageToken="+all.Text("nextPageToken"), nil)
	if ids := append(column(all.Rows("items"), "id"), column(rest.Rows("items"), "id")...); len(ids) != 12 || !slices.Contains(ids, "timezone") {
		t.Errorf("settings: %v", ids)
	}
	if a := c.Do("GET", "/users/me/settings?syncToken="+rest.Text("nextSyncToken"), nil); len(a.Rows("items")) != 0 {
		t.Errorf("what changed: %s", a.Raw)
	}
	if a := c.Do("GET", "/users/me/settings/timezone", nil); a.Text("value") != "Europe/Berlin" {
		t.Errorf("the zone: %s", a.Raw)
	}
	wantError(t, c.Do("GET", "/users/me/settings/nosuch", nil), http.StatusNotFound, "notFound")
	colours := c.Do("GET", "/colors", nil)
	for kind, want := range map[string]int{"calendar": 24, "event": 11} {
		if got, _ := colours.At(kind).(object); len(got) != want {
			t.Errorf("%s: %v", kind, got)
		}
	}
}

func TestListsArePushed(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	for _, path := range []string{"/users/me/calendarList", "/calendars/primary/acl", "/users/me/settings"} {
		r := simtest.NewReceiver(t)
		opened := wantStatus(t, c.Do("POST", path+"/watch", wish(r, "ch"+path[len(path)-3:])), http.StatusOK)
		r.Wait(1)
		c.Do("POST", "/calendars", object{"summary": "Team"})
		c.Do("POST", "/calendars/primary/acl", object{"role": "reader", "scope": object{"type": "user", "value": "a@x.example"}})
		s.Until("pushes", func() bool { return s.PushesPending() == 0 })
		want := 2
		if path == "/users/me/settings" {
			want = 1
		}
		all := r.All()
		if len(all) != want || all[0].Header.Get("X-Goog-Resource-State") != "sync" || (want == 2 && all[1].Header.Get("X-Goog-Resource-State") != "exists") {
			t.Errorf("%s: %v", path, all)
		}
		if chans, err := s.Channels(sim.Google, host); err != nil || len(chans) != 1 {
			t.Errorf("%s: channels %v, %v", path, chans, err)
		}
		wantStatus(t, c.Do("POST", "/channels/stop", object{"id": opened.Text("id"), "resourceId": opened.Text("resourceId")}), http.StatusNoContent)
	}
	// Channels are listed in the order in which they were opened.
	quiet := simtest.NewReceiver(t)
	for _, id := range []string{"z-last", "a-first", "m-middle", "b-second"} {
		wantStatus(t, c.Do("POST", "/users/me/settings/watch", wish(quiet, id)), http.StatusOK)
	}
	all, err := s.Channels(sim.Google, host)
	if err != nil || len(all) != 4 || all[0].ID != "z-last" || all[1].ID != "a-first" || all[2].ID != "m-middle" {
		t.Errorf("channels: %v, %v", all, err)
	}
	// Whoever watches a calendar that is deleted hears that it is gone.
	id := c.Do("POST", "/calendars", object{"summary": "Team"}).Text("id")
	r := simtest.NewReceiver(t)
	wantStatus(t, c.Do("POST", "/calendars/"+url.PathEscape(id)+"/events/watch", wish(r, "channel-9")), http.StatusOK)
	r.Wait(1)
	c.Do("DELETE", "/calendars/"+url.PathEscape(id), nil)
	if got := r.Wait(2)[1].Header.Get("X-Goog-Resource-State"); got != "not_exists" {
		t.Errorf("told %q", got)
	}
}

func TestQuickAdd(t *testing.T) {
	t.Parallel()
	s, c, now := timed(t)
	_ = s
	today := now.Now().Format("2006-01-02")
	for text, want := range map[string]object{
		"Lunch":                              {"date": today},
		"Lunch 2026-10-01":                   {"date": "2026-10-01"},
		"Lunch on 2026-10-01 at 12:30":       {"dateTime": "2026-10-01T12:30:00+02:00", "timeZone": "Europe/Berlin"},
		"2026-10-01 2pm-3:30pm Call 5 folks": {"dateTime": "2026-10-01T14:00:00+02:00", "timeZone": "Europe/Berlin"},
		"12am 2026-10-01 Party for 25":       {"dateTime": "2026-10-01T00:00:00+02:00", "timeZone": "Europe/Berlin"},
		"Room 25:70 2026-10-01":              {"date": "2026-10-01"},
	} {
		a := wantStatus(t, c.Do("POST", "/calendars/primary/events/quickAdd?text="+url.QueryEscape(text), nil), http.StatusOK)
		begin, _ := a.At("start").(object)
		if a.Text("summary") != text || begin["date"] != want["date"] || begin["dateTime"] != want["dateTime"] || begin["timeZone"] != want["timeZone"] {
			t.Errorf("%s: %s", text, a.Raw)
		}
	}
	a := c.Do("POST", "/calendars/primary/events/quickAdd?text="+url.QueryEscape("2026-10-01 2pm-3:30pm"), nil)
	if a.Text("end", "dateTime") != "2026-10-01T15:30:00+02:00" {
		t.Errorf("its end: %s", a.Raw)
	}
	wantError(t, c.Do("POST", "/calendars/primary/events/quickAdd", nil), http.StatusBadRequest, "required")
}
