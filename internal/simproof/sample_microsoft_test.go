package simproof_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/microsoftgraph/msgraph-sdk-go/models"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
	"github.com/calweave/calweave/providers/microsoft"
)

const annaOutlook = "anna@salon.onmicrosoft.com"

// office is a simulated Microsoft with one person, at the time of the samples.
func office(t *testing.T) (*simtest.Sim, simtest.Client) {
	t.Helper()
	s := simtest.Start(t, sim.Config{Clock: clock.NewManual(time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC))})
	s.Person(sim.Microsoft, annaOutlook, sim.Calendar{Primary: true})
	return s, s.Client(sim.Microsoft, annaOutlook)
}

// Simulated Graph answers in the shapes of the field: the same members with the same types.
func TestGraphAnswersInTheShapeOfSamples(t *testing.T) {
	t.Parallel()
	_, c := office(t)
	made := c.Do("POST", "/me/events", outlook(object{
		"transactionId": "7E163156-7762-4BEB-A1C6-729EA81755A7", "attendees": []object{{"type": "required", "emailAddress": object{"address": "bob@mail.example", "name": "Bob"}}},
	}))
	single := c.Do("GET", "/me/events/"+url.PathEscape(made.Text("id")), nil)
	compare(t, "event", sample(t, "microsoft", "event"), []byte(single.Raw))

	var recurrence object
	if err := json.Unmarshal(sample(t, "microsoft", "recurrence"), &recurrence); err != nil {
		t.Fatal(err)
	}
	span, ok := recurrence["range"].(object)
	if !ok {
		t.Fatalf("%v has no range", recurrence)
	}
	span["startDate"] = "2026-09-07" // a Monday, as the pattern wants; the sample was cut together
	series := c.Do("POST", "/me/events", outlook(object{
		"recurrence": recurrence, "start": object{"dateTime": "2026-09-07T10:00:00", "timeZone": "Pacific Standard Time"},
		"end": object{"dateTime": "2026-09-07T10:30:00", "timeZone": "Pacific Standard Time"},
	}))
	raw, err := json.Marshal(series.At("recurrence"))
	if err != nil || series.Status != http.StatusCreated {
		t.Fatalf("%v %s", err, series.Raw)
	}
	compare(t, "recurrence", sample(t, "microsoft", "recurrence"), raw)
	c.Do("DELETE", "/me/events/"+url.PathEscape(series.Text("id")), nil)

	page := c.Do("GET", view, nil)
	c.Do("DELETE", "/me/events/"+url.PathEscape(made.Text("id")), nil)
	gone := c.Do("GET", page.Text("@odata.deltaLink"), nil)
	for _, row := range gone.Rows("value") {
		removed, err := json.Marshal(row)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, "removed", deltaRow(t, 2), removed)
	}
	// a full row of delta holds what a GET holds; the sample is an excerpt of it
	for _, d := range differences(shapeOf(decoded(t, deltaRow(t, 0))), shapeOf(page.Rows("value")[0])) {
		if !strings.HasPrefix(d, "also ") {
			t.Errorf("delta: the simulator has %s", d)
		}
	}
	compareSubscription(t, c)
}

func deltaRow(t *testing.T, i int) []byte {
	t.Helper()
	var page struct {
		Value []json.RawMessage `json:"value"`
	}
	if err := json.Unmarshal(sample(t, "microsoft", "delta"), &page); err != nil {
		t.Fatal(err)
	}
	return page.Value[i]
}

func compareSubscription(t *testing.T, c simtest.Client) {
	t.Helper()
	r := simtest.NewReceiver(t)
	var wish object
	if err := json.Unmarshal(sample(t, "microsoft", "subscription_request"), &wish); err != nil {
		t.Fatal(err)
	}
	wish["notificationUrl"], wish["lifecycleNotificationUrl"] = r.URL+"/n", r.URL+"/l"
	a := c.Do("POST", "/subscriptions", wish)
	if a.Status != http.StatusCreated {
		t.Fatalf("subscription: %d %s", a.Status, a.Raw)
	}
	compare(t, "subscription", sample(t, "microsoft", "subscription_201"), []byte(a.Raw), ".notificationContentType") // always null there
	c.Do("POST", "/me/events", outlook(nil))
	push := r.Wait(1)[0]
	if push.URL != "/n" {
		t.Errorf("the push went to %s", push.URL)
	}
	compare(t, "notification", sample(t, "microsoft", "notification"), []byte(push.Body))
}

func TestGraphLifecycleInTheShapeOfSamples(t *testing.T) {
	t.Parallel()
	s, c := office(t)
	r := simtest.NewReceiver(t)
	c.Do("POST", "/subscriptions", object{
		"changeType": "created", "notificationUrl": r.URL + "/n", "lifecycleNotificationUrl": r.URL + "/l", "resource": "me/events",
		"expirationDateTime": "2026-11-02T18:00:00Z", "clientState": "chan-1.opensesame",
	})
	for i, event := range []string{"reauthorizationRequired", "missed", "subscriptionRemoved"} {
		if err := s.Lifecycle(annaOutlook, "", event); err != nil {
			t.Fatal(err)
		}
		push := r.Wait(i + 1)[i]
		compare(t, event, sample(t, "microsoft", "lifecycle"), []byte(push.Body))
		if push.URL != "/l" {
			t.Errorf("%s went to %s", event, push.URL)
		}
	}
}

type graphBody struct {
	Error struct{ Code, Message string }
}

func graphErrors(t *testing.T) (raws []json.RawMessage, bodies []graphBody) {
	t.Helper()
	if err := json.Unmarshal(sample(t, "microsoft", "errors"), &raws); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(sample(t, "microsoft", "errors"), &bodies); err != nil {
		t.Fatal(err)
	}
	return raws, bodies
}

// statuses are those that the errors of the samples came with.
func statuses() map[string]int {
	return map[string]int{
		"ApplicationThrottled": 429, "SyncStateNotFound": 410, "InvalidAuthenticationToken": 401, "ErrorItemNotFound": 404, "ErrorIrresolvableConflict": 412,
		"ErrorDuplicateTransactionId": 400, "ErrorAccessDenied": 403, "ResourceNotFound": 404,
	}
}

// Errors of the field: simulated Graph can make each of them. Where a sample has no innerError, it was cut from the sample.
func TestGraphFailsInTheShapeOfSamples(t *testing.T) {
	t.Parallel()
	s, c := office(t)
	id := url.PathEscape(c.Do("POST", "/me/events", outlook(object{"transactionId": "t"})).Text("id"))
	brought := map[string]func() simtest.Answer{
		"ErrorDuplicateTransactionId": func() simtest.Answer {
			return c.Do("POST", "/me/events", outlook(object{"transactionId": "t", "subject": "Another"}))
		},
		"ErrorIrresolvableConflict": func() simtest.Answer {
			return c.Do("PATCH", "/me/events/"+id, object{"subject": "x"}, "If-Match", `W/"stale"`)
		},
		"ErrorItemNotFound": func() simtest.Answer {
			c.Do("DELETE", "/me/events/"+id, nil)
			return c.Do("GET", "/me/events/"+id, nil)
		},
		"InvalidAuthenticationToken": func() simtest.Answer {
			nobody := c
			nobody.Token = "nobody's"
			return nobody.Do("GET", "/me/events", nil)
		},
	}
	raws, bodies := graphErrors(t)
	for i, body := range bodies {
		code := body.Error.Code
		ask, ok := brought[code]
		if !ok || code == "ErrorItemNotFound" {
			fault, err := s.AddFault(sim.Fault{Action: sim.ActStatus, Status: statuses()[code], Code: code, Message: body.Error.Message})
			if err != nil {
				t.Fatal(err)
			}
			ask = func() simtest.Answer { defer s.RemoveFault(fault); return c.Do("GET", "/me/events", nil) }
		}
		a := ask()
		compare(t, code, raws[i], []byte(a.Raw), ".error.innerError")
		if a.Status != statuses()[code] || a.Reason() != code {
			t.Errorf("%s: %d %s", code, a.Status, a.Raw)
		}
		inner := decoded(t, []byte(`{"date":"","request-id":"","client-request-id":""}`))
		if d := differences(shapeOf(inner), shapeOf(a.At("error", "innerError"))); d != nil {
			t.Errorf("%s: innerError: %q", code, d)
		}
	}
	if a := brought["ErrorItemNotFound"](); a.Status != http.StatusNotFound || a.Reason() != "ErrorItemNotFound" {
		t.Errorf("a deleted event: %d %s", a.Status, a.Raw)
	}
}

// Our driver and the SDK's models read the samples.
func TestMicrosoftDriverReadsSamples(t *testing.T) {
	t.Parallel()
	answer, status := []byte(nil), http.StatusOK
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write(answer)
	}))
	t.Cleanup(srv.Close)
	driver := microsoft.New(microsoft.Config{APIURL: srv.URL + "/v1.0"})
	client, err := driver.Open(srv.Client())
	if err != nil {
		t.Fatal(err)
	}
	answer = sample(t, "microsoft", "event")
	if err := through(answer, models.CreateEventFromDiscriminatorValue); err != nil {
		t.Errorf("event: %v", err)
	}
	e, err := client.ReadEvent(t.Context(), provider.EventRef{Calendar: "c", ID: "x"})
	if err != nil || e.Content.Title != "Haircut" || len(e.Content.Attendees) != 1 {
		t.Errorf("event: %+v, %v", e, err)
	}
	answer = sample(t, "microsoft", "delta")
	page, err := client.(provider.DeltaLister).ListEvents(t.Context(), provider.ListEvents{Calendar: "c", Window: cal.Window{From: window, Until: window.AddDate(1, 0, 0)}})
	if err == nil {
		t.Errorf("a delta link to another host was taken: %+v", page)
	}
	answer = []byte(replaceHost(string(answer), srv.URL))
	page, err = client.(provider.DeltaLister).ListEvents(t.Context(), provider.ListEvents{Calendar: "c", Window: cal.Window{From: window, Until: window.AddDate(1, 0, 0)}})
	if err != nil || len(page.Items) != 3 || page.Items[2].Event.Status != cal.StatusCancelled {
		t.Errorf("delta: %+v, %v", page, err)
	}
	kinds := map[string]fault.Kind{
		"ApplicationThrottled": fault.RateLimited, "SyncStateNotFound": fault.CursorLost, "InvalidAuthenticationToken": fault.Unauthorized,
		"ErrorItemNotFound": fault.NotFound, "ErrorIrresolvableConflict": fault.Conflict, "ErrorDuplicateTransactionId": fault.Duplicate,
		"ErrorAccessDenied": fault.Forbidden, "ResourceNotFound": fault.NotFound,
	}
	raws, bodies := graphErrors(t)
	for i, body := range bodies {
		answer, status = raws[i], statuses()[body.Error.Code]
		if _, err := client.ReadEvent(t.Context(), provider.EventRef{Calendar: "c", ID: "x"}); fault.KindOf(err) != kinds[body.Error.Code] {
			t.Errorf("%s: %v, want %s", body.Error.Code, err, kinds[body.Error.Code])
		}
	}
	n, err := driver.DecodeNotification(provider.Push{Body: sample(t, "microsoft", "notification")})
	if err != nil || len(n.Notices) != 2 || n.Notices[0].Channel != "chan-1" || n.Notices[0].Secret != "opensesame" || n.Notices[1].Channel != "chan-2" {
		t.Errorf("notification: %+v, %v", n, err)
	}
	n, err = driver.DecodeNotification(provider.Push{Body: sample(t, "microsoft", "lifecycle")})
	if err != nil || len(n.Notices) != 3 || n.Notices[0].Kind != provider.NoticeExpiring || n.Notices[1].Kind != provider.NoticeDropped || n.Notices[2].Kind != provider.NoticeChanged {
		t.Errorf("lifecycle: %+v, %v", n, err)
	}
	verdicts := map[string]fault.Kind{"token_400": fault.NeedsReauth, "token_400_consent": fault.NeedsConsent, "token_400_mfa": fault.NeedsReauth}
	for name, want := range verdicts {
		if got := driver.TokenFault(http.StatusBadRequest, http.Header{}, sample(t, "microsoft", name)); got.Kind != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if err := judgeBatch(httptest.NewRequest(http.MethodPost, "/v1.0/$batch", nil), sample(t, "microsoft", "batch_200")); err != nil {
		t.Errorf("batch: %v", err)
	}
}
