package simproof_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
	"github.com/calweave/calweave/providers/google"
)

const anna = "anna@salon.example"

// window is where listings of the samples begin.
var window = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// salon is a simulated Google with one person, at the time of the samples.
func salon(t *testing.T) (*simtest.Sim, simtest.Client) {
	t.Helper()
	s := simtest.Start(t, sim.Config{Clock: clock.NewManual(time.Date(2026, 9, 20, 11, 0, 0, 0, time.UTC))})
	s.Person(sim.Google, anna, sim.Calendar{Primary: true, Zone: "Europe/Berlin"})
	return s, s.Client(sim.Google, anna)
}

func compare(t *testing.T, what string, sample, answer []byte, except ...string) {
	t.Helper()
	for _, d := range differences(shapeOf(decoded(t, sample)), shapeOf(decoded(t, answer)), except...) {
		t.Errorf("%s: the simulator has %s\n%s", what, d, answer)
	}
}

// Simulated Google answers in the shapes of the field: the same members with the same types.
func TestGoogleAnswersInTheShapeOfSamples(t *testing.T) {
	t.Parallel()
	s, c := salon(t)
	made := c.Do("POST", "/calendars/primary/events?conferenceDataVersion=1", object{
		"summary": "Haircut", "description": "Bob asked for it on the web", "location": "Chair 2",
		"start": object{"dateTime": "2026-10-01T10:00:00+02:00", "timeZone": "Europe/Berlin"}, "end": object{"dateTime": "2026-10-01T10:30:00+02:00", "timeZone": "Europe/Berlin"},
		"attendees":          []object{{"email": anna, "responseStatus": "accepted"}, {"email": "bob@mail.example"}},
		"conferenceData":     object{"createRequest": object{"requestId": "cut-4402", "conferenceSolutionKey": object{"type": "hangoutsMeet"}}},
		"extendedProperties": object{"private": object{"bookingId": "4402"}}, "reminders": object{"useDefault": true},
		"transparency": "opaque", "visibility": "default",
	})
	path := "/calendars/primary/events/" + made.Text("id")
	s.Until("the meeting", func() bool { return c.Do("GET", path, nil).Text("hangoutLink") != "" }) // it completes after the answer
	compare(t, "event", sample(t, "google", "event"), []byte(c.Do("GET", path, nil).Raw),
		".transparency", ".visibility") // defaults may be left out

	cursor := c.Do("GET", "/calendars/primary/events", nil).Text("nextSyncToken")
	c.Do("DELETE", "/calendars/primary/events/"+made.Text("id"), nil)
	series := c.Do("POST", "/calendars/primary/events", meeting(object{"recurrence": []string{"RRULE:FREQ=WEEKLY;COUNT=3"}})).Text("id")
	except := []string{
		".items[].reminders", ".items[].creator", ".items[].organizer", ".items[].created", ".items[].htmlLink", ".items[].recurrence",
		".items[].location", ".items[].description", ".description", ".items[].transparency", ".items[].visibility",
	} // what is not of interest in the sample
	c.Do("PATCH", "/calendars/primary/events/"+series+"_20261008T080000Z", object{"summary": "Cut and colour"})
	compare(t, "list", sample(t, "google", "list_incremental"), []byte(c.Do("GET", "/calendars/primary/events?syncToken="+url.QueryEscape(cursor), nil).Raw), except...)

	r := simtest.NewReceiver(t)
	var wish object
	if err := json.Unmarshal(sample(t, "google", "watch_request"), &wish); err != nil {
		t.Fatal(err)
	}
	wish["address"], wish["expiration"] = r.URL, "1790000000000"
	compare(t, "watch", sample(t, "google", "watch_response"), []byte(c.Do("POST", "/calendars/primary/events/watch", wish).Raw))
	var headers map[string]string
	if err := json.Unmarshal(sample(t, "google", "webhook_headers"), &headers); err != nil {
		t.Fatal(err)
	}
	c.Do("POST", "/calendars/primary/events", meeting(nil))
	for _, push := range r.Wait(2) {
		for name := range headers {
			if push.Header.Get(name) == "" {
				t.Errorf("a push without %s: %v", name, push.Header)
			}
		}
		if _, err := time.Parse(http.TimeFormat, push.Header.Get("X-Goog-Channel-Expiration")); err != nil || push.Body != "" {
			t.Errorf("a push: %v %q", err, push.Body)
		}
	}
	if got := s.Pushes(0); len(got) != 2 {
		t.Errorf("%d pushes", len(got))
	}
}

type googleBody struct {
	Error struct {
		Errors []struct{ Domain, Reason, Message, LocationType, Location string }
		Code   int
	}
}

// readErrors returns the samples of errors as they stand and what they say.
func readErrors(t *testing.T) (raws []json.RawMessage, bodies []googleBody) {
	t.Helper()
	if err := json.Unmarshal(sample(t, "google", "errors"), &raws); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(sample(t, "google", "errors"), &bodies); err != nil {
		t.Fatal(err)
	}
	return raws, bodies
}

// Errors of the field: simulated Google can make each of them, with the same words in the same places.
func TestGoogleFailsInTheShapeOfSamples(t *testing.T) {
	t.Parallel()
	s, c := salon(t)
	c.Do("POST", "/calendars/primary/events", meeting(object{"id": "taken00"}))
	gone := "/calendars/primary/events/" + c.Do("POST", "/calendars/primary/events", meeting(nil)).Text("id")
	c.Do("DELETE", gone, nil)
	// what a request can bring about is brought about by one; the rest is a fault on demand
	brought := map[string]func() simtest.Answer{
		"authError": func() simtest.Answer {
			nobody := c
			nobody.Token = "nobody's"
			return nobody.Do("GET", "/calendars/primary/events", nil)
		},
		"notFound": func() simtest.Answer { return c.Do("GET", "/calendars/primary/events/nosuch00", nil) },
		"duplicate": func() simtest.Answer {
			return c.Do("POST", "/calendars/primary/events", meeting(object{"id": "taken00"}))
		},
		"deleted":          func() simtest.Answer { return c.Do("DELETE", gone, nil) },
		"fullSyncRequired": func() simtest.Answer { return c.Do("GET", "/calendars/primary/events?syncToken=nonsense", nil) },
		"conditionNotMet": func() simtest.Answer {
			return c.Do("PATCH", "/calendars/primary/events/taken00", object{}, "If-Match", `"stale"`)
		},
		"timeRangeEmpty": func() simtest.Answer {
			return c.Do("GET", "/calendars/primary/events?timeMin=2026-10-02T00:00:00Z&timeMax=2026-10-01T00:00:00Z", nil)
		},
	}
	raws, bodies := readErrors(t)
	for i, body := range bodies {
		want := body.Error.Errors[0]
		ask, ok := brought[want.Reason]
		if !ok {
			id, err := s.AddFault(sim.Fault{Action: sim.ActStatus, Status: body.Error.Code, Code: want.Reason, Message: want.Message})
			if err != nil {
				t.Fatal(err)
			}
			ask = func() simtest.Answer { defer s.RemoveFault(id); return c.Do("GET", "/calendars/primary/events", nil) }
		}
		a := ask()
		var got googleBody
		if err := json.Unmarshal([]byte(a.Raw), &got); err != nil || len(got.Error.Errors) != 1 {
			t.Errorf("%s: %s", want.Reason, a.Raw)
			continue
		}
		compare(t, want.Reason, raws[i], []byte(a.Raw))
		has := got.Error.Errors[0]
		has.Message, want.Message = "", ""
		if want.Reason == "updatedMinTooLongAgo" {
			has.Location, want.Location = "", "" // a fault on demand knows no parameter
		}
		if has != want || got.Error.Code != body.Error.Code || a.Status != body.Error.Code {
			t.Errorf("%s: got %d %+v, want %+v", want.Reason, a.Status, has, want)
		}
	}
}

// Our driver reads the samples.
func TestGoogleDriverReadsSamples(t *testing.T) {
	t.Parallel()
	answer, status := []byte(nil), http.StatusOK
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=UTF-8")
		w.WriteHeader(status)
		_, _ = w.Write(answer)
	}))
	t.Cleanup(srv.Close)
	driver := google.New(google.Config{APIURL: srv.URL + "/calendar/v3/"})
	client, err := driver.Open(srv.Client())
	if err != nil {
		t.Fatal(err)
	}
	answer = sample(t, "google", "event")
	e, err := client.ReadEvent(t.Context(), provider.EventRef{Calendar: anna, ID: "x"})
	if err != nil || e.Content.Title != "Haircut" || e.ETag != `"3579811350140000"` || len(e.Content.Attendees) != 1 {
		t.Errorf("event: %+v, %v", e, err)
	}
	answer = sample(t, "google", "list_incremental")
	page, err := client.(provider.DeltaLister).ListEvents(t.Context(), provider.ListEvents{Calendar: anna, Window: cal.Window{From: window, Until: window.AddDate(1, 0, 0)}})
	if err != nil || len(page.Items) != 3 || page.Cursor.Token == "" {
		t.Errorf("list: %+v, %v", page, err)
	}
	kinds := map[string]fault.Kind{
		"rateLimitExceeded": fault.RateLimited, "userRateLimitExceeded": fault.RateLimited, "quotaExceeded": fault.QuotaExhausted,
		"forbiddenForNonOrganizer": fault.Forbidden, "authError": fault.Unauthorized, "notFound": fault.NotFound, "duplicate": fault.Duplicate,
		"deleted": fault.Gone, "conditionNotMet": fault.Conflict, "timeRangeEmpty": fault.Invalid, "backendError": fault.Transient,
		"fullSyncRequired": fault.CursorLost, "updatedMinTooLongAgo": fault.CursorLost,
	}
	raws, bodies := readErrors(t)
	for i, body := range bodies {
		reason := body.Error.Errors[0].Reason
		answer, status = raws[i], body.Error.Code
		if _, err := client.ReadEvent(t.Context(), provider.EventRef{Calendar: anna, ID: "x"}); fault.KindOf(err) != kinds[reason] {
			t.Errorf("%s: %v, want %s", reason, err, kinds[reason])
		}
	}
	var headers map[string]string
	if err := json.Unmarshal(sample(t, "google", "webhook_headers"), &headers); err != nil {
		t.Fatal(err)
	}
	push := provider.Push{Header: http.Header{}}
	for name, value := range headers {
		push.Header.Set(name, value)
	}
	n, err := driver.DecodeNotification(push)
	if err != nil || len(n.Notices) != 1 || n.Notices[0].Secret != headers["X-Goog-Channel-Token"] || n.Notices[0].Kind != provider.NoticeChanged {
		t.Errorf("push: %+v, %v", n, err)
	}
	for name, want := range map[string]fault.Kind{"token_error_400": fault.NeedsReauth, "token_error_401": fault.Misconfigured} {
		status := map[string]int{"token_error_400": 400, "token_error_401": 401}[name]
		if got := driver.TokenFault(status, http.Header{}, sample(t, "google", name)); got.Kind != want {
			t.Errorf("%s: %v, want %s", name, got, want)
		}
	}
}
