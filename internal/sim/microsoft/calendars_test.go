package microsoft_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/sim"
)

func TestCalendarsAndMe(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	me := wantStatus(t, c.Do("GET", "/me", nil), http.StatusOK)
	if me.Text("mail") != host || me.Text("id") == "" {
		t.Errorf("me: %s", me.Raw)
	}
	a := c.Do("GET", "/me/calendars?$top=1", nil)
	rows := a.Rows("value")
	if len(rows) != 1 || rows[0]["isDefaultCalendar"] != true || rows[0]["canEdit"] != true || a.Text("@odata.nextLink") == "" {
		t.Fatalf("first page: %s", a.Raw)
	}
	b := c.Do("GET", a.Text("@odata.nextLink"), nil)
	if rows := b.Rows("value"); len(rows) != 1 || rows[0]["name"] != "Team" || b.At("@odata.nextLink") != nil {
		t.Fatalf("second page: %s", b.Raw)
	}
	team, _ := b.Rows("value")[0]["id"].(string)
	if got := c.Do("GET", "/me/calendars/"+url.PathEscape(team), nil); got.Text("name") != "Team" {
		t.Errorf("calendar: %s", got.Raw)
	}
	if got := c.Do("GET", "/me/calendar", nil); got.Text("name") != "Calendar" {
		t.Errorf("default calendar: %s", got.Raw)
	}
	made := wantStatus(t, c.Do("POST", "/me/calendars/"+url.PathEscape(team)+"/events", meeting(nil)), http.StatusCreated)
	id := url.PathEscape(made.Text("id"))
	wantStatus(t, c.Do("GET", "/me/events/"+id, nil), http.StatusOK)
	wantError(t, c.Do("GET", "/me/calendar/events/"+id, nil), http.StatusNotFound, "ErrorItemNotFound")
	s.Person(sim.Microsoft, "other@contoso.example")
	wantError(t, c.Do("GET", "/users/other@contoso.example/events", nil), http.StatusForbidden, "ErrorAccessDenied")
	reader := s.Client(sim.Microsoft, host, "Calendars.Read")
	wantError(t, reader.Do("POST", "/me/events", meeting(nil)), http.StatusForbidden, "ErrorAccessDenied")
	wantError(t, reader.Do("GET", "/me", nil), http.StatusForbidden, "Authorization_RequestDenied")
	wantError(t, c.Do("GET", "/users/other@contoso.example", nil), http.StatusForbidden, "Authorization_RequestDenied")
	wantError(t, c.Do("GET", "/users/nobody@contoso.example", nil), http.StatusNotFound, "Request_ResourceNotFound")
	wantError(t, c.Do("GET", "/users/nobody@contoso.example/events", nil), http.StatusNotFound, "ErrorInvalidUser")
	reader.Token = "eyJ0eXAiother"
	wantError(t, reader.Do("GET", "/me/events", nil), http.StatusUnauthorized, "InvalidAuthenticationToken")
	wantError(t, c.Do("PUT", "/me/events", meeting(nil)), http.StatusMethodNotAllowed, "UnsupportedMethod")
	wantError(t, c.Do("GET", "/me/events/delta", nil), http.StatusNotImplemented, "NotSimulated")
}

func TestByHand(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	in := sim.In{Provider: sim.Microsoft, Email: host}
	begin := time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC)
	e, err := s.CreateEvent(in, sim.Draft{Title: "By hand", Description: "x", Start: begin, End: begin.Add(time.Hour), Zone: "Europe/Berlin"})
	if err != nil {
		t.Fatal(err)
	}
	if a := c.Do("GET", event(e.ID), nil); a.Text("originalStartTimeZone") != "W. Europe Standard Time" || a.Text("start", "dateTime") != "2026-10-25T00:30:00.0000000" {
		t.Errorf("made: %s", a.Raw)
	}
	title := "Renamed"
	edited, err := s.EditEvent(in, e.ID, sim.Edit{Title: &title})
	if err != nil || edited.Title != title || edited.Description != "x" || !edited.Start.Equal(begin) {
		t.Errorf("edited: %+v, %v", edited, err)
	}
	moved, err := s.MoveEvent(in, e.ID, begin.Add(48*time.Hour))
	if err != nil || !moved.End.Equal(begin.Add(49*time.Hour)) || moved.ETag == edited.ETag {
		t.Errorf("moved: %+v, %v", moved, err)
	}
	if err := s.DeleteEvent(in, e.ID, false); err != nil {
		t.Fatal(err)
	}
	if left, err := s.Standing(in); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}
