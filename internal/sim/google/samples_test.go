package google_test

import (
	"encoding/json"
	"net/url"
	"reflect"
	"testing"

	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
)

// TestErrorBodies compares whole bodies with those of https://developers.google.com/workspace/calendar/api/guides/errors.
func TestErrorBodies(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	s.Person(sim.Google, guest)
	g := s.Client(sim.Google, guest)
	c.Do("POST", "/calendars/primary/events", meeting(object{"id": "booking1", "attendees": []object{{"email": guest}}}))
	c.Do("POST", "/calendars/primary/events", meeting(object{"id": "gone1"}))
	c.Do("DELETE", "/calendars/primary/events/gone1", nil)
	anyone := c
	anyone.Token = "other"
	struck := func(status int, reason string) simtest.Answer {
		id, err := s.AddFault(sim.Fault{Provider: sim.Google, Action: sim.ActStatus, Status: status, Code: reason, Count: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer s.RemoveFault(id)
		return c.Do("GET", bookingPath, nil)
	}
	list := func(query string) simtest.Answer { return c.Do("GET", "/calendars/primary/events?"+query, nil) }
	for _, tc := range []struct {
		got  simtest.Answer
		want string
	}{
		{struck(403, "rateLimitExceeded"), `{"error":{"errors":[{"domain":"usageLimits","reason":"rateLimitExceeded","message":"Rate Limit Exceeded"}],"code":403,"message":"Rate Limit Exceeded"}}`},
		{struck(403, "userRateLimitExceeded"), `{"error":{"errors":[{"domain":"usageLimits","reason":"userRateLimitExceeded","message":"User Rate Limit Exceeded"}],"code":403,"message":"User Rate Limit Exceeded"}}`},
		{struck(403, "quotaExceeded"), `{"error":{"errors":[{"domain":"usageLimits","reason":"quotaExceeded","message":"Calendar usage limits exceeded."}],"code":403,"message":"Calendar usage limits exceeded."}}`},
		{struck(500, ""), `{"error":{"errors":[{"domain":"global","reason":"backendError","message":"Backend Error"}],"code":500,"message":"Backend Error"}}`},
		{g.Do("PATCH", bookingPath, object{"summary": "x"}), `{"error":{"errors":[{"domain":"calendar","reason":"forbiddenForNonOrganizer","message":"Shared properties can only be changed by the organizer of the event."}],"code":403,"message":"Shared properties can only be changed by the organizer of the event."}}`},
		{anyone.Do("GET", bookingPath, nil), `{"error":{"errors":[{"domain":"global","reason":"authError","message":"Invalid Credentials","locationType":"header","location":"Authorization"}],"code":401,"message":"Invalid Credentials"}}`},
		{c.Do("GET", "/calendars/primary/events/nosuch", nil), `{"error":{"errors":[{"domain":"global","reason":"notFound","message":"Not Found"}],"code":404,"message":"Not Found"}}`},
		{c.Do("POST", "/calendars/primary/events", meeting(object{"id": "booking1"})), `{"error":{"errors":[{"domain":"global","reason":"duplicate","message":"The requested identifier already exists."}],"code":409,"message":"The requested identifier already exists."}}`},
		{list("syncToken=x"), `{"error":{"errors":[{"domain":"calendar","reason":"fullSyncRequired","message":"Sync token is no longer valid, a full sync is required.","locationType":"parameter","location":"syncToken"}],"code":410,"message":"Sync token is no longer valid, a full sync is required."}}`},
		{list("updatedMin=2020-01-01T00:00:00Z"), `{"error":{"errors":[{"domain":"calendar","reason":"updatedMinTooLongAgo","message":"The requested minimum modification time lies too far in the past.","locationType":"parameter","location":"updatedMin"}],"code":410,"message":"The requested minimum modification time lies too far in the past."}}`},
		{c.Do("DELETE", "/calendars/primary/events/gone1", nil), `{"error":{"errors":[{"domain":"global","reason":"deleted","message":"Resource has been deleted"}],"code":410,"message":"Resource has been deleted"}}`},
		{c.Do("DELETE", bookingPath, nil, "If-Match", `"1"`), `{"error":{"errors":[{"domain":"global","reason":"conditionNotMet","message":"Precondition Failed","locationType":"header","location":"If-Match"}],"code":412,"message":"Precondition Failed"}}`},
		{list("timeMin=2026-10-02T00:00:00Z&timeMax=2026-10-01T00:00:00Z"), `{"error":{"errors":[{"domain":"calendar","reason":"timeRangeEmpty","message":"The specified time range is empty.","locationType":"parameter","location":"timeMax"}],"code":400,"message":"The specified time range is empty."}}`},
	} {
		var want map[string]any
		if err := json.Unmarshal([]byte(tc.want), &want); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(tc.got.Body, want) || float64(tc.got.Status) != tc.got.At("error", "code") {
			t.Errorf("%d %s\nwant %s", tc.got.Status, tc.got.Raw, tc.want)
		}
	}
}

// TestShapeOfRows compares the members of rows with those that the reference and the sync guide show.
func TestShapeOfRows(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	c.Do("POST", "/calendars/primary/events", weekly(nil))
	c.Do("POST", "/calendars/primary/events", meeting(object{"id": "gone1"}))
	_, _, sync := round(t, c, url.Values{})
	c.Do("DELETE", "/calendars/primary/events/gone1", nil)
	c.Do("DELETE", "/calendars/primary/events/series1_20261008T080000Z", nil)
	c.Do("PATCH", "/calendars/primary/events/series1_20261015T080000Z", object{"summary": "Moved", "start": at("12:00"), "end": at("12:30")})
	rows, _, _ := round(t, c, url.Values{"syncToken": {sync}})
	for id, want := range map[string][]string{
		"gone1":                    {"etag", "id", "kind", "status"},
		"series1_20261008T080000Z": {"etag", "id", "kind", "originalStartTime", "recurringEventId", "status"},
		"series1_20261015T080000Z": {
			"created", "creator", "end", "etag", "eventType", "htmlLink", "iCalUID", "id", "kind", "organizer", "originalStartTime", "recurringEventId",
			"reminders", "sequence", "start", "status", "summary", "updated",
		},
	} {
		if got := keys(rows[id]); !reflect.DeepEqual(got, want) {
			t.Errorf("%s has %v", id, got)
		}
	}
	switchTo(t, s, func(w *sim.Switches) { w.Google.CancelledDetails = true })
	if rows, _, _ := round(t, c, url.Values{"syncToken": {sync}}); rows["gone1"]["summary"] != "Intro call" {
		t.Errorf("with details: %v", rows["gone1"])
	}
}
