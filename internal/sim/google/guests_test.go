package google_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
)

const (
	guest    = "guest@example.com"
	stranger = "stranger@example.org"
)

// invitation is a host's event with a guest who has a Google calendar and one who has none.
func invitation(t *testing.T, more object) (*simtest.Sim, simtest.Client, simtest.Client) {
	t.Helper()
	s, c := start(t)
	s.Person(sim.Google, guest)
	body := meeting(object{
		"id": "booking1", "attendees": []object{{"email": guest}, {"email": stranger}}, "colorId": "5", "guestsCanModify": false,
		"reminders":          object{"useDefault": false},
		"extendedProperties": object{"private": object{"bookingId": "1"}, "shared": object{"team": "a"}},
	})
	maps.Copy(body, more)
	wantStatus(t, c.Do("POST", "/calendars/primary/events", body), http.StatusOK)
	return s, c, s.Client(sim.Google, guest)
}

const bookingPath = "/calendars/primary/events/booking1"

func answers(a simtest.Answer) string {
	text := ""
	for _, row := range a.Rows("attendees") {
		text += fmt.Sprint(row["email"], "=", row["responseStatus"], " ")
	}
	return text
}

func TestGuestsHaveCopies(t *testing.T) {
	t.Parallel()
	_, c, g := invitation(t, nil)
	mine, theirs := c.Do("GET", bookingPath, nil), wantStatus(t, g.Do("GET", bookingPath, nil), http.StatusOK)
	if mine.Text("etag") == theirs.Text("etag") || mine.Text("iCalUID") != theirs.Text("iCalUID") || theirs.Text("organizer", "email") != host ||
		theirs.At("organizer", "self") != nil || theirs.At("colorId") != nil || theirs.At("reminders", "useDefault") != true ||
		theirs.At("extendedProperties", "private") != nil || theirs.Text("extendedProperties", "shared", "team") != "a" {
		t.Errorf("the host has %s\nthe guest %s", mine.Raw, theirs.Raw)
	}
	if rows := theirs.Rows("attendees"); rows[0]["self"] != true || rows[1]["self"] != nil {
		t.Errorf("attendees: %v", rows)
	}
	// What is the guest's own stays theirs, and the host does not see it.
	wantStatus(t, g.Do("PATCH", bookingPath, object{"colorId": "7", "transparency": "transparent", "extendedProperties": object{"private": object{"x": "y"}}}), http.StatusOK)
	c.Do("PATCH", bookingPath, object{"summary": "Renamed", "extendedProperties": object{"shared": object{"team": "b"}}})
	theirs = g.Do("GET", bookingPath, nil)
	if theirs.Text("summary") != "Renamed" || theirs.Text("colorId") != "7" || theirs.Text("transparency") != "transparent" ||
		theirs.Text("extendedProperties", "private", "x") != "y" || theirs.Text("extendedProperties", "shared", "team") != "b" {
		t.Errorf("the guest's copy: %s", theirs.Raw)
	}
	if mine = c.Do("GET", bookingPath, nil); mine.Text("colorId") != "5" || mine.Text("extendedProperties", "private", "bookingId") != "1" || mine.At("transparency") != nil {
		t.Errorf("the host's: %s", mine.Raw)
	}
	c.Do("PATCH", bookingPath, object{"attendees": []object{{"email": stranger}}})
	if theirs = g.Do("GET", bookingPath, nil); theirs.Text("status") != "cancelled" {
		t.Errorf("no longer invited: %s", theirs.Raw)
	}
	c.Do("PATCH", bookingPath, object{"attendees": []object{{"email": guest}}})
	if theirs = g.Do("GET", bookingPath, nil); theirs.Text("status") != "confirmed" {
		t.Errorf("invited again: %s", theirs.Raw)
	}
	c.Do("DELETE", bookingPath, nil)
	if theirs = g.Do("GET", bookingPath, nil); theirs.Text("status") != "cancelled" {
		t.Errorf("called off: %s", theirs.Raw)
	}
}

func TestAnswersReachTheOrganizer(t *testing.T) {
	t.Parallel()
	s, c, g := invitation(t, nil)
	_, _, sync := round(t, c, url.Values{})
	before := c.Do("GET", bookingPath, nil)
	mails := len(s.Mails(0))
	a := wantStatus(t, g.Do("PATCH", bookingPath+"?sendUpdates=all", object{
		"attendees": []object{{"email": guest, "responseStatus": "accepted", "comment": "gladly"}, {"email": stranger}},
	}), http.StatusOK)
	after := c.Do("GET", bookingPath, nil)
	if after.Text("etag") == before.Text("etag") || after.Rows("attendees")[0]["comment"] != "gladly" ||
		answers(after) != answers(a) || answers(after) != guest+"=accepted "+stranger+"=needsAction " {
		t.Errorf("the organizer has %s", after.Raw)
	}
	wantError(t, c.Do("PATCH", bookingPath, object{"summary": "x"}, "If-Match", before.Text("etag")), http.StatusPreconditionFailed, "conditionNotMet")
	if rows, _, _ := round(t, c, url.Values{"syncToken": {sync}}); rows["booking1"] == nil {
		t.Errorf("changed: %v", rows)
	}
	if got := s.Mails(0)[mails:]; len(got) != 1 || got[0].Kind != "reply" || got[0].To != host || got[0].From != guest {
		t.Errorf("mails: %v", got)
	}
	wantStatus(t, g.Do("DELETE", bookingPath, nil), http.StatusNoContent)
	if after = c.Do("GET", bookingPath, nil); answers(after) != guest+"=declined "+stranger+"=needsAction " {
		t.Errorf("after the guest threw it away: %s", answers(after))
	}
	c.Do("PATCH", bookingPath, object{"summary": "Renamed"})
	if theirs := g.Do("GET", bookingPath, nil); theirs.Text("status") != "cancelled" {
		t.Errorf("it came back to the guest: %s", theirs.Raw)
	}
}

func TestGuestsMayNotChangeWhatIsShared(t *testing.T) {
	t.Parallel()
	s, c, g := invitation(t, nil)
	for name, body := range map[string]object{
		"title":   {"summary": "Mine"},
		"time":    {"start": at("12:00"), "end": at("12:30")},
		"others":  {"attendees": []object{{"email": guest}}},
		"shared":  {"extendedProperties": object{"shared": object{"team": "z"}}},
		"dropped": {"attendees": nil},
	} {
		a := g.Do("PATCH", bookingPath, body)
		if a.Status != http.StatusForbidden || a.Reason() != "forbiddenForNonOrganizer" {
			t.Errorf("%s: %d %s", name, a.Status, a.Raw)
		}
	}
	wantError(t, g.Do("PUT", bookingPath, object{"start": at("10:00"), "end": at("10:30")}), http.StatusForbidden, "forbiddenForNonOrganizer")
	whole := g.Do("GET", bookingPath, nil).Body
	wantStatus(t, g.Do("PUT", bookingPath, whole), http.StatusOK) // nothing is left out
	if err := s.SetSwitches(func(w *sim.Switches) { w.Google.GuestEdits = sim.Served }); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, g.Do("PATCH", bookingPath, object{"summary": "Mine"}), http.StatusOK)
	if a := c.Do("GET", bookingPath, nil); a.Text("summary") != "Intro call" {
		t.Errorf("the host has %s", a.Raw)
	}
	c.Do("PATCH", bookingPath, object{"location": "Room 4"})
	if a := g.Do("GET", bookingPath, nil); a.Text("summary") != "Intro call" || a.Text("location") != "Room 4" {
		t.Errorf("the guest has %s", a.Raw)
	}
	c.Do("PATCH", bookingPath, object{"guestsCanModify": true})
	wantStatus(t, g.Do("PATCH", bookingPath, object{"summary": "Ours"}), http.StatusOK)
	if a := c.Do("GET", bookingPath, nil); a.Text("summary") != "Ours" || a.Text("colorId") != "5" {
		t.Errorf("the host has %s", a.Raw)
	}
}

func TestCopiesOfSeries(t *testing.T) {
	t.Parallel()
	_, c, g := invitation(t, object{"recurrence": []string{"RRULE:FREQ=WEEKLY;COUNT=3"}})
	second := bookingPath + "_20261008T080000Z"
	wantStatus(t, g.Do("PATCH", second, object{"attendees": []object{{"email": guest, "responseStatus": "declined"}, {"email": stranger}}}), http.StatusOK)
	if a := c.Do("GET", second, nil); answers(a) != guest+"=declined "+stranger+"=needsAction " {
		t.Errorf("the occurrence: %s", a.Raw)
	}
	if a := c.Do("GET", bookingPath, nil); answers(a) != guest+"=needsAction "+stranger+"=needsAction " {
		t.Errorf("the series: %s", a.Raw)
	}
	wantStatus(t, c.Do("DELETE", bookingPath+"_20261015T080000Z", nil), http.StatusNoContent)
	if a := g.Do("GET", bookingPath+"_20261015T080000Z", nil); a.Text("status") != "cancelled" {
		t.Errorf("the guest's last one: %s", a.Raw)
	}
	c.Do("DELETE", bookingPath, nil)
	if rows := g.Do("GET", "/calendars/primary/events?singleEvents=true", nil).Rows("items"); len(rows) != 0 {
		t.Errorf("left: %v", rows)
	}
}

func TestSilentGuestsCanBeLost(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	s.Person(sim.Google, guest)
	if err := s.SetSwitches(func(w *sim.Switches) { w.Google.SilentGuests = sim.GuestsLost }); err != nil {
		t.Fatal(err)
	}
	g := s.Client(sim.Google, guest)
	body := meeting(object{"id": "booking1", "attendees": []object{{"email": guest}}})
	c.Do("POST", "/calendars/primary/events?sendUpdates=none", body)
	wantError(t, g.Do("GET", bookingPath, nil), http.StatusNotFound, "notFound")
	c.Do("PATCH", bookingPath+"?sendUpdates=all", object{"summary": "Told"})
	if a := g.Do("GET", bookingPath, nil); a.Text("summary") != "Told" {
		t.Errorf("the guest has %s", a.Raw)
	}
}

func TestSomeAttendeesOnly(t *testing.T) {
	t.Parallel()
	_, c, g := invitation(t, nil)
	a := g.Do("GET", bookingPath+"?maxAttendees=1", nil)
	if rows := a.Rows("attendees"); len(rows) != 1 || rows[0]["self"] != true || a.At("attendeesOmitted") != true {
		t.Errorf("the guest sees %s", a.Raw)
	}
	if a = c.Do("GET", "/calendars/primary/events?maxAttendees=1", nil); a.Rows("items")[0]["attendeesOmitted"] != true || a.Rows("items")[0]["attendees"] != nil {
		t.Errorf("the host sees %s", a.Raw)
	}
	if a = c.Do("GET", bookingPath+"?maxAttendees=2", nil); a.At("attendeesOmitted") != nil {
		t.Errorf("enough for all: %s", a.Raw)
	}
	wantError(t, c.Do("GET", bookingPath+"?maxAttendees=0", nil), http.StatusBadRequest, "invalid")
	wantStatus(t, g.Do("PATCH", bookingPath, object{"attendeesOmitted": true, "attendees": []object{{"email": guest, "responseStatus": "tentative"}}}), http.StatusOK)
	if a = c.Do("GET", bookingPath, nil); answers(a) != guest+"=tentative "+stranger+"=needsAction " {
		t.Errorf("the host has %s", a.Raw)
	}
}

// eager is a client that asks again as soon as the answer begins to arrive.
type eager struct {
	*httptest.ResponseRecorder

	asks func()
}

func (e eager) Write(b []byte) (int, error) {
	e.asks()
	return e.ResponseRecorder.Write(b)
}

// The answer to a wish says that the conference is pending, and whoever has it finds the conference.
func TestConferenceIsMadeBehindTheAnswer(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	token, err := s.IssueToken(sim.Google, host, "calweave")
	if err != nil {
		t.Fatal(err)
	}
	const wish = `{"summary":"Call","start":{"dateTime":"2026-10-01T10:00:00Z"},"end":{"dateTime":"2026-10-01T11:00:00Z"},"id":"booking1",
		"conferenceData":{"createRequest":{"requestId":"r1"}}}`
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/calendar/v3/calendars/primary/events?conferenceDataVersion=1", strings.NewReader(wish))
	r.Header.Set("Authorization", "Bearer "+token.Access)
	r.Header.Set("Content-Type", "application/json")
	asked, found := 0, ""
	w := eager{httptest.NewRecorder(), func() {
		asked++
		found = c.Do("GET", "/calendars/primary/events/booking1", nil).Text("hangoutLink")
	}}
	s.Google().ServeHTTP(w, r)
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"pending"`) || strings.Contains(w.Body.String(), "hangoutLink") {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
	if asked == 0 || found == "" {
		t.Errorf("asked %d times while the answer arrives, and found %q", asked, found)
	}
}

func TestConferences(t *testing.T) {
	t.Parallel()
	s, c, g := invitation(t, nil)
	wish := object{"conferenceData": object{"createRequest": object{"requestId": "r1", "conferenceSolutionKey": object{"type": "hangoutsMeet"}}}}
	if a := c.Do("PATCH", bookingPath, wish); a.At("conferenceData") != nil {
		t.Errorf("without a version: %s", a.Raw)
	}
	_, _, sync := round(t, c, url.Values{})
	a := wantStatus(t, c.Do("PATCH", bookingPath+"?conferenceDataVersion=1", wish), http.StatusOK)
	if a.Text("conferenceData", "createRequest", "status", "statusCode") != "pending" || a.At("hangoutLink") != nil {
		t.Errorf("asked for: %s", a.Raw)
	}
	link := func() string { return c.Do("GET", bookingPath, nil).Text("hangoutLink") }
	s.Until("the conference", func() bool { return link() != "" })
	rows, _, _ := round(t, c, url.Values{"syncToken": {sync}})
	if rows["booking1"]["hangoutLink"] != link() || rows["booking1"]["etag"] == a.Text("etag") {
		t.Errorf("changed: %v", rows)
	}
	if b := g.Do("GET", bookingPath, nil); b.Text("hangoutLink") != link() {
		t.Errorf("the guest has %s", b.Raw)
	}
	first := link()
	if b := c.Do("PATCH", bookingPath+"?conferenceDataVersion=1", wish); b.Text("hangoutLink") != first {
		t.Errorf("the same wish again: %s", b.Raw)
	}
	if b := c.Do("PATCH", bookingPath, object{"summary": "x"}); b.Text("hangoutLink") != first || b.Text("conferenceData", "createRequest", "status", "statusCode") != "success" {
		t.Errorf("another patch: %s", b.Raw)
	}
	other := object{"conferenceData": object{"createRequest": object{"requestId": "r2", "conferenceSolutionKey": object{"type": "pigeon"}}}}
	wantError(t, c.Do("PATCH", bookingPath+"?conferenceDataVersion=1", other), http.StatusBadRequest, "invalid")
	if b := c.Do("PUT", bookingPath, meeting(nil)); b.At("conferenceData") != nil || b.At("hangoutLink") != nil {
		t.Errorf("after a PUT without a version: %s", b.Raw)
	}
	if err := s.SetSwitches(func(w *sim.Switches) { w.Google.Conferences = sim.ConferenceFails }); err != nil {
		t.Fatal(err)
	}
	c.Do("PATCH", bookingPath+"?conferenceDataVersion=1", wish)
	s.Until("the failure", func() bool {
		return c.Do("GET", bookingPath, nil).Text("conferenceData", "createRequest", "status", "statusCode") == "failure"
	})
	if err := s.SetSwitches(func(w *sim.Switches) { w.Google.Conferences = sim.ConferenceAtOnce }); err != nil {
		t.Fatal(err)
	}
	if b := c.Do("POST", "/calendars/primary/events?conferenceDataVersion=1", meeting(wish)); b.Text("hangoutLink") == "" {
		t.Errorf("at once: %s", b.Raw)
	}
}

func TestManyGuestsDoNotHearEachOther(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	s.Person(sim.Google, guest)
	s.Person(sim.Google, "peer@example.com")
	all := []object{{"email": guest}, {"email": "peer@example.com"}}
	for i := range 199 {
		all = append(all, object{"email": fmt.Sprintf("g%d@example.org", i)})
	}
	wantStatus(t, c.Do("POST", "/calendars/primary/events", meeting(object{"id": "booking1", "attendees": all})), http.StatusOK)
	mine := object{"attendeesOmitted": true, "attendees": []object{{"email": guest, "responseStatus": "accepted"}}}
	wantStatus(t, s.Client(sim.Google, guest).Do("PATCH", bookingPath, mine), http.StatusOK)
	if rows := c.Do("GET", bookingPath, nil).Rows("attendees"); rows[0]["responseStatus"] != "accepted" {
		t.Errorf("the organizer has %v", rows[0])
	}
	if rows := s.Client(sim.Google, "peer@example.com").Do("GET", bookingPath, nil).Rows("attendees"); rows[0]["responseStatus"] != "needsAction" {
		t.Errorf("the other guest has %v", rows[0])
	}
}
