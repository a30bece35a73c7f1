package google_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/calweave/calweave/internal/sim"
)

func TestImport(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	s.Person(sim.Google, "guest@example.com")
	body := meeting(object{"iCalUID": "x@elsewhere.org", "organizer": object{"email": "boss@elsewhere.org"}, "attendees": []object{{"email": "guest@example.com"}}})
	a := wantStatus(t, c.Do("POST", "/calendars/primary/events/import?sendUpdates=all", body), http.StatusOK)
	if a.Text("organizer", "email") != "boss@elsewhere.org" || a.Text("iCalUID") != "x@elsewhere.org" || a.At("organizer", "self") != nil {
		t.Errorf("imported: %s", a.Raw)
	}
	body["summary"] = "again"
	if b := wantStatus(t, c.Do("POST", "/calendars/primary/events/import", body), http.StatusOK); b.Text("id") != a.Text("id") || b.Text("summary") != "again" {
		t.Errorf("imported again: %s", b.Raw)
	}
	if mails := s.Mails(0); len(mails) != 0 {
		t.Errorf("an import sent %v", mails)
	}
	wantStatus(t, s.Client(sim.Google, "guest@example.com").Do("GET", "/calendars/primary/events/"+a.Text("id"), nil), http.StatusNotFound)
	wantError(t, c.Do("POST", "/calendars/primary/events/import", meeting(nil)), http.StatusBadRequest, "required")
	wantError(t, c.Do("POST", "/calendars/primary/events/import", meeting(object{"iCalUID": "y", "eventType": "focusTime"})), http.StatusBadRequest, "invalid")
}

func TestMove(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	p, err := s.Seed(sim.Person{Provider: sim.Google, Email: host, Calendars: []sim.Calendar{{Name: "Team"}}})
	if err != nil {
		t.Fatal(err)
	}
	team := p.Calendars[1].ID
	c.Do("POST", "/calendars/primary/events", weekly(nil))
	c.Do("PATCH", "/calendars/primary/events/series1_20261008T080000Z", object{"summary": "touched"})
	const path = "/calendars/primary/events/series1"
	wantError(t, c.Do("POST", path+"/move", nil), http.StatusBadRequest, "required")
	wantError(t, c.Do("POST", path+"/move?destination=nosuch", nil), http.StatusNotFound, "notFound")
	wantError(t, c.Do("POST", path+"_20261008T080000Z/move?destination="+team, nil), http.StatusBadRequest, "cannotChangeOrganizerOfInstance")
	a := wantStatus(t, c.Do("POST", path+"/move?destination="+team, nil), http.StatusOK)
	if a.Text("organizer", "email") != team || a.Text("id") != "series1" || a.At("organizer", "self") != true {
		t.Errorf("moved: %s", a.Raw)
	}
	if b := c.Do("GET", path, nil); b.Text("status") != "cancelled" {
		t.Errorf("where it was: %s", b.Raw)
	}
	if b := c.Do("GET", "/calendars/"+team+"/events/series1_20261008T080000Z", nil); b.Text("summary") != "touched" || b.Text("status") != "confirmed" {
		t.Errorf("what was touched: %s", b.Raw)
	}
	wantError(t, c.Do("POST", path+"/move?destination="+team, nil), http.StatusGone, "deleted")
	wantStatus(t, c.Do("POST", "/calendars/"+team+"/events/series1/move?destination="+host, nil), http.StatusOK)
	if b := c.Do("GET", path, nil); b.Text("status") != "confirmed" {
		t.Errorf("back again: %s", b.Raw)
	}
}

func TestEventTypes(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	p, err := s.Seed(sim.Person{Provider: sim.Google, Email: host, Calendars: []sim.Calendar{{Name: "Team"}}})
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, c.Do("POST", "/calendars/primary/events", meeting(object{"id": "0ut", "eventType": "vacation"})), http.StatusBadRequest)
	for id, kind := range map[string]string{"event1": "outOfOffice", "event2": "focusTime", "event3": "default"} {
		wantStatus(t, c.Do("POST", "/calendars/primary/events", meeting(object{"id": id, "eventType": kind})), http.StatusOK)
	}
	for query, want := range map[string][]string{
		"":                   {"event1", "event2", "event3"},
		"eventTypes=default": {"event3"},
		"eventTypes=default&eventTypes=outOfOffice": {"event1", "event3"},
	} {
		q, _ := url.ParseQuery(query)
		rows, _, sync := round(t, c, q)
		if got := ids(rows); !slices.Equal(got, want) {
			t.Errorf("%q: %v", query, got)
		}
		q.Set("syncToken", sync)
		round(t, c, q)
		wantError(t, c.Do("GET", "/calendars/primary/events?eventTypes=birthday&syncToken="+sync, nil), http.StatusBadRequest, "invalid")
	}
	wantError(t, c.Do("GET", "/calendars/primary/events?eventTypes=party", nil), http.StatusBadRequest, "invalid")
	wantError(t, c.Do("POST", "/calendars/primary/events", meeting(object{"eventType": "fromGmail"})), http.StatusBadRequest, "invalid")
	wantError(t, c.Do("POST", "/calendars/"+p.Calendars[1].ID+"/events", meeting(object{"eventType": "focusTime"})), http.StatusBadRequest, "invalid")
	if a := c.Do("PATCH", "/calendars/primary/events/event1", object{"eventType": "default"}); a.Text("eventType") != "outOfOffice" {
		t.Errorf("the type changed: %s", a.Raw)
	}
}

func TestCalendarListChanges(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	s.Person(sim.Google, "other@example.com")
	p, err := s.Seed(sim.Person{Provider: sim.Google, Email: host, Calendars: []sim.Calendar{{Name: "Team"}, {ID: "other@example.com", Role: "reader"}}})
	if err != nil {
		t.Fatal(err)
	}
	team := p.Calendars[1].ID
	list := func(query string) []string {
		t.Helper()
		return column(wantStatus(t, c.Do("GET", "/users/me/calendarList?"+query, nil), http.StatusOK).Rows("items"), "id")
	}
	sync := c.Do("GET", "/users/me/calendarList", nil).Text("nextSyncToken")
	if got := list("minAccessRole=writer"); !slices.Equal(got, []string{host, team}) {
		t.Errorf("writable: %v", got)
	}
	wantStatus(t, c.Do("PATCH", "/users/me/calendarList/"+team, object{"hidden": true, "summaryOverride": "Ours"}), http.StatusOK)
	wantStatus(t, c.Do("DELETE", "/users/me/calendarList/other@example.com", nil), http.StatusNoContent)
	wantError(t, c.Do("DELETE", "/users/me/calendarList/primary", nil), http.StatusForbidden, "cannotChangeOwnPrimarySubscription")
	wantError(t, c.Do("GET", "/users/me/calendarList/other@example.com", nil), http.StatusNotFound, "notFound")
	for query, want := range map[string][]string{
		"": {host}, "showHidden=true": {host, team}, "showHidden=true&showDeleted=true": {host, team, "other@example.com"},
		"syncToken=" + sync: {team, "other@example.com"}, "syncToken=" + sync + "&showDeleted=true": {team, "other@example.com"},
	} {
		if got := list(query); !slices.Equal(got, want) {
			t.Errorf("%q: %v", query, got)
		}
	}
	a := c.Do("GET", "/users/me/calendarList?syncToken="+sync, nil)
	if rows := a.Rows("items"); rows[0]["hidden"] != true || rows[0]["summaryOverride"] != "Ours" || rows[1]["deleted"] != true {
		t.Errorf("changed entries: %s", a.Raw)
	}
	for _, query := range []string{"minAccessRole=reader", "showHidden=false", "showDeleted=false"} {
		wantError(t, c.Do("GET", "/users/me/calendarList?syncToken="+sync+"&"+query, nil), http.StatusBadRequest, "invalid")
	}
	wantError(t, c.Do("GET", "/users/me/calendarList?minAccessRole=king", nil), http.StatusBadRequest, "invalid")
	wantError(t, c.Do("GET", "/users/me/calendarList?syncToken=nonsense", nil), http.StatusGone, "fullSyncRequired")
	wantStatus(t, c.Do("POST", "/users/me/calendarList", object{"id": "other@example.com"}), http.StatusOK)
	if got := list("showHidden=true"); len(got) != 3 {
		t.Errorf("in the end: %v", got)
	}
}
