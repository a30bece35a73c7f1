package microsoft_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
)

func calendarPath(id string) string { return "/me/calendars/" + url.PathEscape(id) }

func TestCalendarsAreMadeChangedAndDeleted(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	made := wantStatus(t, c.Do("POST", "/me/calendars", object{"name": "Salon", "color": "lightBlue"}), http.StatusCreated)
	path := calendarPath(made.Text("id"))
	if made.Text("name") != "Salon" || made.Text("color") != "lightBlue" || made.At("isRemovable") != true || made.At("isDefaultCalendar") != false {
		t.Errorf("made: %s", made.Raw)
	}
	if got := wantStatus(t, c.Do("GET", made.Header.Get("Location"), nil), http.StatusOK); got.Text("id") != made.Text("id") {
		t.Errorf("at its location: %s", got.Raw)
	}
	wantError(t, c.Do("POST", "/me/calendars", object{"name": "salon"}), http.StatusConflict, "ErrorFolderExists")
	changed := wantStatus(t, c.Do("PATCH", path, object{"name": "Studio"}), http.StatusOK)
	if changed.Text("name") != "Studio" || changed.Text("color") != "lightBlue" || changed.Text("changeKey") == made.Text("changeKey") {
		t.Errorf("changed: %s", changed.Raw)
	}
	wantError(t, c.Do("PATCH", path, object{"name": "Team"}), http.StatusConflict, "ErrorFolderExists")
	event := wantStatus(t, c.Do("POST", path+"/events", meeting(nil)), http.StatusCreated).Text("id")
	if of := wantStatus(t, c.Do("GET", "/me/events/"+url.PathEscape(event)+"/calendar?$select=name", nil), http.StatusOK); of.Text("name") != "Studio" {
		t.Errorf("of the event: %s", of.Raw)
	}
	r := simtest.NewReceiver(t)
	sub := wantStatus(t, c.Do("POST", "/subscriptions", object{
		"changeType": "created,deleted", "notificationUrl": r.URL, "resource": strings.TrimPrefix(path, "/") + "/events",
		"expirationDateTime": time.Now().Add(time.Hour).UTC().Format(time.RFC3339),
	}), http.StatusCreated)
	wantStatus(t, c.Do("DELETE", path, nil), http.StatusNoContent)
	for _, gone := range []string{path, path + "/events", "/me/events/" + url.PathEscape(event)} {
		wantError(t, c.Do("GET", gone, nil), http.StatusNotFound, "ErrorItemNotFound")
	}
	wantError(t, c.Do("GET", "/subscriptions/"+sub.Text("id"), nil), http.StatusNotFound, "ResourceNotFound")
	wantError(t, c.Do("DELETE", path, nil), http.StatusNotFound, "ErrorItemNotFound")
	wantError(t, c.Do("DELETE", "/me/calendar", nil), http.StatusBadRequest, "ErrorDeleteDistinguishedFolder")
	for name, body := range map[string]object{
		"no name": {"color": "auto"}, "odd colour": {"name": "x", "color": "teal"}, "odd property": {"name": "x", "colour": "auto"}, "odd type": {"name": 1}, "empty": {"name": " "},
	} {
		if a := c.Do("POST", "/me/calendars", body); a.Status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, a.Status, a.Raw)
		}
	}
	wantError(t, c.Do("PATCH", "/me/calendar", object{"isDefaultCalendar": false}), http.StatusNotImplemented, "NotSimulated")
	reader := s.Client(sim.Microsoft, host, "Calendars.Read")
	wantError(t, reader.Do("POST", "/me/calendars", object{"name": "y"}), http.StatusForbidden, "ErrorAccessDenied")
}

// A guest's answer to an organizer whose calendar is gone goes nowhere, and breaks nothing.
func TestGuestsOutliveTheOrganizersCalendar(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	s.Person(sim.Microsoft, "guest@contoso.example")
	made := c.Do("POST", "/me/calendars", object{"name": "Salon"})
	path := calendarPath(made.Text("id"))
	wantStatus(t, c.Do("POST", path+"/events", meeting(object{"attendees": []object{{"emailAddress": object{"address": "guest@contoso.example"}}}})), http.StatusCreated)
	wantStatus(t, c.Do("DELETE", path, nil), http.StatusNoContent)
	guest := s.Client(sim.Microsoft, "guest@contoso.example")
	rows := guest.Do("GET", "/me/events", nil).Rows("value")
	if len(rows) != 1 {
		t.Fatalf("the guest has %v", rows)
	}
	id, _ := rows[0]["id"].(string)
	wantStatus(t, guest.Do("POST", event(id)+"/accept", nil), http.StatusAccepted)
	wantError(t, guest.Do("POST", event(id)+"/forward", object{"toRecipients": []object{{"emailAddress": object{"address": "x@y.example"}}}}), http.StatusNotFound, "ErrorItemNotFound")
}

func TestCalendarGroups(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	groups := c.Do("GET", "/me/calendarGroups", nil).Rows("value")
	if len(groups) != 2 || groups[0]["name"] != "My Calendars" {
		t.Fatalf("groups: %v", groups)
	}
	own, _ := groups[0]["id"].(string)
	other, _ := groups[1]["id"].(string)
	path := "/me/calendarGroups/" + url.PathEscape(own)
	if a := wantStatus(t, c.Do("GET", path, nil), http.StatusOK); a.Text("name") != "My Calendars" {
		t.Errorf("group: %s", a.Raw)
	}
	made := wantStatus(t, c.Do("POST", path+"/calendars", object{"name": "Salon"}), http.StatusCreated)
	if rows := c.Do("GET", "/me/calendarGroups('"+url.PathEscape(own)+"')/calendars", nil).Rows("value"); len(rows) != 3 || rows[2]["id"] != made.Text("id") {
		t.Errorf("calendars: %v", rows)
	}
	within := path + "/calendars/" + url.PathEscape(made.Text("id"))
	wantStatus(t, c.Do("POST", within+"/events", meeting(nil)), http.StatusCreated)
	if rows := c.Do("GET", within+"/events", nil).Rows("value"); len(rows) != 1 {
		t.Errorf("events: %v", rows)
	}
	if rows := c.Do("GET", "/me/calendarGroups/"+url.PathEscape(other)+"/calendars", nil).Rows("value"); len(rows) != 0 {
		t.Errorf("the other group has %v", rows)
	}
	for _, gone := range []string{"/me/calendarGroups/AAMkgone", "/me/calendarGroups/AAMkgone/calendars", "/me/calendarGroups/AAMkgone/calendars/" + url.PathEscape(made.Text("id")) + "/events"} {
		wantError(t, c.Do("GET", gone, nil), http.StatusNotFound, "ErrorItemNotFound")
	}
	wantError(t, c.Do("POST", "/me/calendarGroups", object{"name": "x"}), http.StatusNotImplemented, "NotSimulated")
	wantError(t, c.Do("DELETE", path, nil), http.StatusNotImplemented, "NotSimulated")
}

// What $select, $filter, $orderby, $top, $count and the rest do to calendars, and that nothing is ignored.
func TestOptionsOfSmallCollections(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	c.Do("POST", "/me/calendars", object{"name": "Aaa"})
	names := func(query string) string {
		t.Helper()
		var all []string
		for _, row := range wantStatus(t, c.Do("GET", "/me/calendars?"+query, nil), http.StatusOK).Rows("value") {
			name, _ := row["name"].(string)
			all = append(all, name)
		}
		return strings.Join(all, " ")
	}
	for query, want := range map[string]string{
		"$filter=name%20eq%20'team'": "Team", "$filter=isDefaultCalendar%20ne%20true": "Team Aaa", "$filter=startswith(name,'Ca')": "Calendar",
		"$orderby=name": "Aaa Calendar Team", "$orderby=name%20desc&$top=1&$skip=1": "Calendar", "$select=name": "Calendar Team Aaa",
	} {
		if got := names(query); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	a := c.Do("GET", "/me/calendars?$select=name&$count=true&$top=1", nil)
	if row := a.Rows("value")[0]; len(row) != 2 || row["id"] == nil || a.At("@odata.count") != 3.0 || !strings.HasSuffix(a.Text("@odata.context"), "/calendars(name)") {
		t.Errorf("selected: %s", a.Raw)
	}
	if me := c.Do("GET", "/me?$select=mail", nil); len(me.Body) != 3 || me.Text("mail") != host {
		t.Errorf("me: %s", me.Raw)
	}
	for query, want := range map[string]int{
		"calendars?$select=colour": 400, "calendars?$filter=colour%20eq%20'x'": 400, "calendars?$filter=name%20gt%20'x'": 501, "calendars?$orderby=name,color": 501,
		"calendars?$search=x": 501, "calendars?$expand=events": 501, "calendars?$levels=2": 400, "calendars?$count=maybe": 400, "calendar?$expand=events": 501,
		"events?$select=colour": 400, "events?$search=x": 400, "events?$levels=2": 400, "events?$count=maybe": 400, "events?$expand=attachments": 501, "?$select=manager": 501,
	} {
		if got := c.Do("GET", "/me/"+query, nil); got.Status != want {
			t.Errorf("%s: %d, want %d: %s", query, got.Status, want, got.Raw)
		}
	}
	wantStatus(t, c.Do("POST", "/me/events", meeting(nil)), http.StatusCreated)
	for _, list := range []string{"/me/events?", april + "&"} {
		a := wantStatus(t, c.Do("GET", strings.Replace(list, "/delta", "", 1)+"$select=subject&$count=true&$top=1", nil), http.StatusOK)
		if a.At("@odata.count") != 1.0 || !strings.Contains(a.Text("@odata.context"), "(subject)") {
			t.Errorf("%s: %s", list, a.Raw)
		}
	}
}

// Paths are written in more than one way, and what is not there is told from what is not simulated.
func TestPaths(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	made := wantStatus(t, c.Do("POST", "/me/events", meeting(nil)), http.StatusCreated)
	id, me := made.Text("id"), c.Do("GET", "/me", nil).Text("id")
	if got := wantStatus(t, c.Do("GET", made.Header.Get("Location"), nil), http.StatusOK); got.Text("id") != id {
		t.Errorf("at its location: %s", got.Raw)
	}
	team, _ := c.Do("GET", "/me/calendars?$filter=name%20eq%20'Team'", nil).Rows("value")[0]["id"].(string)
	for _, path := range []string{
		"/me/events('" + id + "')", "/Me/Events('" + url.PathEscape(id) + "')", "/users/" + me + "/events/" + id, "/users('" + me + "')/events/" + id,
		"/users('" + host + "')/calendar/events('" + id + "')", "/me/calendars('" + team + "')/events",
	} {
		wantStatus(t, c.Do("GET", path, nil), http.StatusOK)
	}
	for path, want := range map[string]int{
		"/me/events/" + id + "/foo": 400, "/me/calendar/foo": 400, "/foo": 400, "/me/events/" + id + "/attachments": 501, "/me/calendar/calendarPermissions": 501,
		"/me/messages": 501, "/me/events/$count": 501, "/users": 501, "/subscriptions?$top=1": 501, "/groups/x/events": 501, s.MicrosoftURL + "/beta/me/events": 501,
	} {
		if a := c.Do("GET", path, nil); a.Status != want {
			t.Errorf("%s: %d, want %d: %s", path, a.Status, want, a.Raw)
		}
	}
	for _, method := range []string{"HEAD", "PUT", "OPTIONS"} {
		wantStatus(t, c.Do(method, "/me/events", nil), http.StatusMethodNotAllowed)
	}
	asked := "11111111-2222-3333-4444-555555555555"
	if a := c.Do("GET", "/me/events", nil, "client-request-id", asked); a.Header.Get("client-request-id") != asked || a.Header.Get("request-id") == "" {
		t.Errorf("headers: %v", a.Header)
	}
}

// A script in a browser may call Graph from any page.
func TestScriptsInBrowsers(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	a := wantStatus(t, simtest.Client{}.With(t).Do("OPTIONS", s.MicrosoftURL+"/v1.0/me/events", nil,
		"Origin", "https://x.example", "Access-Control-Request-Method", "PATCH", "Access-Control-Request-Headers", "authorization,prefer"), http.StatusOK)
	if a.Header.Get("Access-Control-Allow-Origin") != "*" || a.Header.Get("Access-Control-Allow-Headers") != "authorization,prefer" || !strings.Contains(a.Header.Get("Access-Control-Allow-Methods"), "PATCH") {
		t.Errorf("preflight: %v", a.Header)
	}
	if a := c.Do("GET", "/me/events", nil, "Origin", "https://x.example"); a.Header.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(a.Header.Get("Access-Control-Expose-Headers"), "Retry-After") {
		t.Errorf("answer: %v", a.Header)
	}
	if a := c.Do("GET", "/me/events", nil); a.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("without an origin: %v", a.Header)
	}
}

// Whoever forwards a meeting, its organizer's event gets the further guests, who are invited.
func TestForward(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	s.Person(sim.Microsoft, "guest@contoso.example")
	made := c.Do("POST", "/me/events", meeting(object{"attendees": []object{{"emailAddress": object{"address": "guest@contoso.example"}}}}))
	to := func(address string) object {
		return object{"toRecipients": []object{{"emailAddress": object{"address": address}}}}
	}
	wantStatus(t, c.Do("POST", event(made.Text("id"))+"/forward", to("third@x.example")), http.StatusAccepted)
	guest := s.Client(sim.Microsoft, "guest@contoso.example")
	copied, _ := guest.Do("GET", "/me/events", nil).Rows("value")[0]["id"].(string)
	wantStatus(t, guest.Do("POST", event(copied)+"/forward", to("fourth@x.example")), http.StatusAccepted)
	guests, _ := c.Do("GET", event(made.Text("id")), nil).At("attendees").([]any)
	if len(guests) != 3 {
		t.Errorf("guests: %v", guests)
	}
	mails := map[string]int{}
	for _, m := range s.Mails(0) {
		mails[m.To]++
	}
	if mails["third@x.example"] != 1 || mails["fourth@x.example"] != 1 || mails[host] != 1 {
		t.Errorf("mails: %v", mails)
	}
	for name, body := range map[string]object{"nobody": {}, "no address": to("x"), "odd": {"to": 1}} {
		if a := c.Do("POST", event(made.Text("id"))+"/forward", body); a.Status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, a.Status, a.Raw)
		}
	}
}

func TestReminders(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	id := c.Do("POST", "/me/events", meeting(nil)).Text("id")
	wantStatus(t, c.Do("POST", event(id)+"/snoozeReminder", object{"newReminderTime": at("10:00")}), http.StatusOK)
	wantStatus(t, c.Do("POST", event(id)+"/dismissReminder", nil), http.StatusOK)
	for name, body := range map[string]object{"no time": {}, "odd time": {"newReminderTime": object{"dateTime": "soon"}}, "odd": {"time": 1}} {
		if a := c.Do("POST", event(id)+"/snoozeReminder", body); a.Status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, a.Status, a.Raw)
		}
	}
	c.Do("PATCH", event(id), object{"isReminderOn": false})
	wantError(t, c.Do("POST", event(id)+"/dismissReminder", nil), http.StatusBadRequest, "ErrorInvalidRequest")
	wantError(t, c.Do("POST", event("AAMkgone")+"/dismissReminder", nil), http.StatusNotFound, "ErrorItemNotFound")
}
