package microsoft_test

import (
	"fmt"
	"maps"
	"net/http"
	"testing"

	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
)

const guest = "guest@contoso.example"

// meet is a host and a guest at the same provider, and clients of both.
func meet(t *testing.T) (*simtest.Sim, simtest.Client, simtest.Client) {
	t.Helper()
	s, organizer := start(t)
	s.Person(sim.Microsoft, guest)
	return s, organizer, s.Client(sim.Microsoft, guest)
}

func invited(more object) object {
	e := meeting(object{"attendees": []object{{"emailAddress": object{"address": guest}}, {"emailAddress": object{"address": "far@x.org"}}}})
	maps.Copy(e, more)
	return e
}

// only is the only event of a mailbox.
func only(t *testing.T, c simtest.Client) simtest.Answer {
	t.Helper()
	rows := c.Do("GET", "/me/events", nil).Rows("value")
	if len(rows) != 1 {
		t.Fatalf("there are %d events: %v", len(rows), rows)
	}
	return simtest.Answer{Body: rows[0]}
}

// answerOf is what the n-th guest answered, as the organizer sees it.
func answerOf(a simtest.Answer, n int) string {
	return simtest.Answer{Body: a.Rows("attendees")[n]}.Text("status", "response")
}

func TestInvitationsArrive(t *testing.T) {
	t.Parallel()
	_, c, g := meet(t)
	made := wantStatus(t, c.Do("POST", "/me/events", invited(object{"categories": []string{"x"}, "singleValueExtendedProperties": []object{{"id": stampID, "value": "1"}}})), http.StatusCreated)
	got := only(t, g)
	if got.At("isOrganizer") != false || got.Text("responseStatus", "response") != "notResponded" || got.Text("organizer", "emailAddress", "address") != host ||
		got.Text("iCalUId") != made.Text("iCalUId") || got.Text("id") == made.Text("id") || got.Text("showAs") != "tentative" || len(got.At("categories").([]any)) != 0 || len(got.Rows("attendees")) != 2 {
		t.Errorf("the guest has %v", got.Body)
	}
	// What a guest writes holds until the organizer writes.
	mine := event(got.Text("id"))
	wantStatus(t, g.Do("PATCH", mine, object{"subject": "Mine", "categories": []string{"y"}, "isReminderOn": false}), http.StatusOK)
	if only(t, c).Text("subject") != "Intro call" {
		t.Error("a guest changed the organizer's event")
	}
	wantStatus(t, c.Do("PATCH", event(made.Text("id")), object{"location": object{"displayName": "Room 5"}}), http.StatusOK)
	if got = only(t, g); got.Text("subject") != "Intro call" || got.Text("location", "displayName") != "Room 5" || got.At("isReminderOn") != false || len(got.At("categories").([]any)) != 1 {
		t.Errorf("after the organizer's change the guest has %v", got.Body)
	}
	wantStatus(t, c.Do("PATCH", event(made.Text("id")), object{"attendees": []object{}}), http.StatusOK)
	if got = g.Do("GET", mine, nil); got.At("isCancelled") != true || got.Text("subject") != "Canceled: Intro call" || got.Text("showAs") != "free" {
		t.Errorf("no longer invited the guest has %v", got.Body)
	}
	wantError(t, g.Do("POST", mine+"/accept", nil), http.StatusBadRequest, "ErrorInvalidRequest")
}

func TestAnswersReachTheOrganizer(t *testing.T) {
	t.Parallel()
	s, c, g := meet(t)
	made := wantStatus(t, c.Do("POST", "/me/events", invited(nil)), http.StatusCreated)
	path, mine := event(made.Text("id")), event(only(t, g).Text("id"))
	_, _, link := round(t, c, april)
	before := s.Mails(0)
	wantStatus(t, g.Do("POST", mine+"/accept", object{"comment": "Fine", "sendResponse": true}), http.StatusAccepted)
	a := c.Do("GET", path, nil)
	if answerOf(a, 0) != "accepted" || answerOf(a, 1) != "none" || a.Text("@odata.etag") == made.Text("@odata.etag") {
		t.Errorf("the organizer sees %s", a.Raw)
	}
	if b := g.Do("GET", mine, nil); b.Text("responseStatus", "response") != "accepted" || b.Text("showAs") != "busy" {
		t.Errorf("the guest sees %s", b.Raw)
	}
	if rows, _, _ := round(t, c, link); len(rows) != 1 {
		t.Errorf("the organizer's listing tells %v", names(rows))
	}
	if mails := s.Mails(0); len(mails) != len(before)+1 || mails[len(before)].Kind != "reply" || mails[len(before)].To != host {
		t.Errorf("mailed: %+v", mails)
	}
	wantStatus(t, g.Do("POST", mine+"/microsoft.graph.tentativelyAccept", object{"sendResponse": false}), http.StatusAccepted)
	if answerOf(c.Do("GET", path, nil), 0) != "accepted" || g.Do("GET", mine, nil).Text("responseStatus", "response") != "tentativelyAccepted" {
		t.Error("an answer that was kept back came through")
	}
	slot := object{"start": object{"dateTime": "2026-04-16T11:00:00", "timeZone": "UTC"}, "end": object{"dateTime": "2026-04-16T12:00:00", "timeZone": "UTC"}}
	wantError(t, g.Do("POST", mine+"/decline", object{"sendResponse": false, "proposedNewTime": slot}), http.StatusBadRequest, "ErrorInvalidParameter")
	wantError(t, g.Do("POST", mine+"/accept", object{"proposedNewTime": slot}), http.StatusBadRequest, "RequestBodyRead")
	wantStatus(t, g.Do("POST", mine+"/tentativelyAccept", object{"proposedNewTime": slot}), http.StatusAccepted)
	if row := (simtest.Answer{Body: c.Do("GET", path, nil).Rows("attendees")[0]}); row.Text("proposedNewTime", "start", "dateTime") != "2026-04-16T11:00:00.0000000" {
		t.Errorf("proposed: %v", row.Body)
	}
	// Another time asks anew.
	wantStatus(t, c.Do("PATCH", path, object{"end": at("13:00")}), http.StatusOK)
	if b := g.Do("GET", mine, nil); b.Text("responseStatus", "response") != "notResponded" {
		t.Errorf("after the move the guest has %s", b.Raw)
	}
	wantStatus(t, g.Do("POST", mine+"/decline", nil), http.StatusAccepted)
	if answerOf(c.Do("GET", path, nil), 0) != "declined" {
		t.Error("the organizer does not know of the refusal")
	}
	wantError(t, g.Do("GET", mine, nil), http.StatusNotFound, "ErrorItemNotFound")
}

func TestMeetingRules(t *testing.T) {
	t.Parallel()
	s, c, g := meet(t)
	made := wantStatus(t, c.Do("POST", "/me/events", invited(object{"allowNewTimeProposals": false, "responseRequested": false, "hideAttendees": true})), http.StatusCreated)
	path, copied := event(made.Text("id")), only(t, g)
	mine := event(copied.Text("id"))
	if rows := copied.Rows("attendees"); len(rows) != 1 || len(made.Rows("attendees")) != 2 {
		t.Errorf("the guest sees the guests %v", rows)
	}
	for _, action := range []string{"accept", "decline", "tentativelyAccept"} {
		wantError(t, c.Do("POST", path+"/"+action, nil), http.StatusBadRequest, "ErrorInvalidRequest")
	}
	slot := object{"start": object{"dateTime": "2026-04-16T11:00:00", "timeZone": "UTC"}, "end": object{"dateTime": "2026-04-16T12:00:00", "timeZone": "UTC"}}
	wantError(t, g.Do("POST", mine+"/decline", object{"proposedNewTime": slot}), http.StatusBadRequest, "ErrorInvalidParameter")
	wantError(t, g.Do("POST", mine+"/cancel", object{"comment": "No"}), http.StatusBadRequest, "ErrorInvalidRequest")
	wantStatus(t, g.Do("POST", mine+"/accept", nil), http.StatusAccepted)
	if answerOf(c.Do("GET", path, nil), 0) != "none" {
		t.Error("an answer that nobody asked for came through")
	}
	n := len(s.Mails(0))
	wantStatus(t, c.Do("POST", path+"/cancel", object{"comment": "Sorry"}), http.StatusAccepted)
	if mails := s.Mails(0)[n:]; len(mails) != 2 || mails[0].Kind != "cancellation" || mails[0].To != guest {
		t.Errorf("mailed: %+v", mails)
	}
	wantError(t, c.Do("GET", path, nil), http.StatusNotFound, "ErrorItemNotFound")
	if got := only(t, g); got.At("isCancelled") != true {
		t.Errorf("the guest has %v", got.Body)
	}
	n = len(s.Mails(0))
	wantStatus(t, g.Do("DELETE", mine, nil), http.StatusNoContent)
	if mails := s.Mails(0)[n:]; len(mails) != 0 {
		t.Errorf("removing a copy mailed %+v", mails)
	}
}

func TestAGuestRemovesAndIsInvitedAgain(t *testing.T) {
	t.Parallel()
	_, c, g := meet(t)
	made := c.Do("POST", "/me/events", invited(nil))
	first := only(t, g).Text("id")
	wantStatus(t, g.Do("DELETE", event(first), nil), http.StatusNoContent)
	if answerOf(c.Do("GET", event(made.Text("id")), nil), 0) != "none" {
		t.Error("removing a copy answered the invitation")
	}
	wantStatus(t, c.Do("PATCH", event(made.Text("id")), object{"subject": "Again"}), http.StatusOK)
	if got := only(t, g); got.Text("subject") != "Again" || got.Text("id") == first {
		t.Errorf("the guest has %v", got.Body)
	}
}

func TestMeetingSeries(t *testing.T) {
	t.Parallel()
	_, c, g := meet(t)
	body := mondays(3)
	body["attendees"] = invited(nil)["attendees"]
	master := wantStatus(t, c.Do("POST", "/me/events", body), http.StatusCreated).Text("id")
	theirs := only(t, g).Text("id")
	own, _ := instancesOf(t, c, master)
	copies, dates := instancesOf(t, g, theirs)
	if len(dates) != 3 || copies["2026-10-26"]["iCalUId"] != own["2026-10-26"]["iCalUId"] {
		t.Fatalf("the guest's series occurs on %v", dates)
	}
	id := func(rows map[string]map[string]any, day string) string { return event(fmt.Sprint(rows[day]["id"])) }
	wantStatus(t, g.Do("POST", id(copies, "2026-10-26")+"/accept", nil), http.StatusAccepted)
	if a := c.Do("GET", id(own, "2026-10-26"), nil); answerOf(a, 0) != "accepted" || a.Text("type") != "exception" {
		t.Errorf("the organizer's occurrence is %s", a.Raw)
	}
	if answerOf(c.Do("GET", event(master), nil), 0) != "none" {
		t.Error("the answer to one occurrence became that to all")
	}
	wantStatus(t, c.Do("PATCH", id(own, "2026-11-02"), object{"subject": "Once"}), http.StatusOK)
	wantStatus(t, c.Do("POST", id(own, "2026-10-19")+"/cancel", nil), http.StatusAccepted)
	copies, _ = instancesOf(t, g, theirs)
	if copies["2026-11-02"]["subject"] != "Once" || copies["2026-10-19"]["isCancelled"] != true || copies["2026-10-26"]["isCancelled"] != false {
		t.Errorf("the guest's series is %v", copies)
	}
	wantStatus(t, g.Do("POST", id(copies, "2026-10-26")+"/decline", nil), http.StatusAccepted)
	if _, dates = instancesOf(t, g, theirs); len(dates) != 2 || answerOf(c.Do("GET", id(own, "2026-10-26"), nil), 0) != "declined" {
		t.Errorf("after a refusal the guest's series occurs on %v", dates)
	}
	wantStatus(t, g.Do("POST", event(theirs)+"/accept", nil), http.StatusAccepted)
	if answerOf(c.Do("GET", event(master), nil), 0) != "accepted" {
		t.Error("the answer to the series is lost")
	}
	wantStatus(t, c.Do("DELETE", event(master), nil), http.StatusNoContent)
	if got := only(t, g); got.At("isCancelled") != true {
		t.Errorf("the guest has %v", got.Body)
	}
}
