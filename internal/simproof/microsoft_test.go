package simproof_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/microsoft/kiota-abstractions-go/serialization"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/models/odataerrors"

	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
)

const microsoftHost = "host@contoso.example"

// keyed is a key in brackets, which stands for a segment of its own.
var keyed = regexp.MustCompile(`\('([^']*)'\)`)

// modelOf says what a path names, in the SDK's words, and whether the answer is a list of it.
func modelOf(method, path string) (name string, factory serialization.ParsableFactory, list bool) {
	path = keyed.ReplaceAllString(strings.ReplaceAll(path, "%27", "'"), "/$1")
	parts := strings.Split(strings.Trim(strings.ToLower(strings.TrimPrefix(path, "/v1.0")), "/"), "/")
	last := parts[len(parts)-1]
	before := ""
	if len(parts) > 1 {
		before = parts[len(parts)-2]
	}
	switch {
	case strings.HasPrefix(last, "getschedule"), strings.HasSuffix(last, ".getschedule"):
		return "schedule", models.CreateScheduleInformationFromDiscriminatorValue, true
	case strings.HasPrefix(last, "delta"), strings.HasSuffix(last, ".delta"), last == "calendarview", last == "instances":
		return last, models.CreateEventFromDiscriminatorValue, true
	case last == "events":
		return last, models.CreateEventFromDiscriminatorValue, method == http.MethodGet
	case before == "events":
		return "event", models.CreateEventFromDiscriminatorValue, false
	case last == "calendar", before == "calendars":
		return "calendar", models.CreateCalendarFromDiscriminatorValue, false
	case last == "calendargroups":
		return last, models.CreateCalendarGroupFromDiscriminatorValue, true
	case before == "calendargroups":
		return "calendargroup", models.CreateCalendarGroupFromDiscriminatorValue, false
	case last == "calendars":
		return last, models.CreateCalendarFromDiscriminatorValue, method == http.MethodGet
	case last == "subscriptions":
		return last, models.CreateSubscriptionFromDiscriminatorValue, method == http.MethodGet
	case before == "subscriptions":
		return "subscription", models.CreateSubscriptionFromDiscriminatorValue, false
	case last == "me", before == "users":
		return "user", models.CreateUserFromDiscriminatorValue, false
	default:
		return last, nil, false
	}
}

// judgeGraph says what is wrong with an answer of simulated Graph, and of which kind it is.
func judgeGraph(r *http.Request, status int, contentType string, body []byte) (kind string, err error) {
	if strings.HasSuffix(r.URL.Path, "/$batch") && status == http.StatusOK {
		return "POST batch 200", judgeBatch(r, body)
	}
	name, factory, list := modelOf(r.Method, r.URL.EscapedPath())
	kind = fmt.Sprintf("%s %s %d", r.Method, name, status)
	if status == http.StatusNotImplemented {
		return kind, nil // the simulator's own word for what is to come
	}
	if status == http.StatusNoContent || status == http.StatusAccepted || (len(body) == 0 && status < 300) {
		if len(body) > 0 {
			return kind, fmt.Errorf("%s: a body where there is none: %s", kind, body)
		}
		return kind, nil
	}
	if !strings.HasPrefix(contentType, "application/json") {
		return kind, fmt.Errorf("%s: the content type is %q", kind, contentType)
	}
	switch {
	case status >= 400:
		err = through(body, odataerrors.CreateODataErrorFromDiscriminatorValue)
	case factory == nil:
		err = fmt.Errorf("nobody knows what %s is", r.URL.Path)
	case list:
		err = throughList(body, factory)
	default:
		err = through(body, factory)
	}
	if err != nil {
		return kind, fmt.Errorf("%s: %w\n%s", kind, err, body)
	}
	return kind, nil
}

// throughList reads a page: nothing but annotations and the list itself.
func throughList(body []byte, factory serialization.ParsableFactory) error {
	var page map[string]json.RawMessage
	var rows []json.RawMessage
	if err := json.Unmarshal(body, &page); err != nil {
		return err
	}
	if err := json.Unmarshal(page["value"], &rows); err != nil || rows == nil {
		return fmt.Errorf("no list: %w", err)
	}
	for name := range page {
		if name != "value" && !strings.HasPrefix(name, "@odata.") {
			return fmt.Errorf("a page has no %q", name)
		}
	}
	for i, row := range rows {
		if err := through(row, factory); err != nil {
			return fmt.Errorf("row %d: %w", i, err)
		}
	}
	return nil
}

const view = "/me/calendarView/delta?startDateTime=2026-09-01T00:00:00Z&endDateTime=2026-12-01T00:00:00Z"

// Every answer of simulated Graph goes through the SDK's models and comes out as it was: no field, and no word of an enumeration, that they do
// not know.
func TestGraphAnswersGoThroughTheSDKsModels(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*sim.Switches){
		"by default":          func(*sim.Switches) {},
		"small pages":         func(s *sim.Switches) { s.PageCap, s.EmptyFirstPage = 1, true },
		"conflicts are 409":   func(s *sim.Switches) { s.Microsoft.DuplicateTransaction = 409 },
		"doubles are allowed": func(s *sim.Switches) { s.Microsoft.DuplicateSubscription = sim.Served },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := simtest.Start(t, sim.Config{})
			if err := s.SetSwitches(set); err != nil {
				t.Fatal(err)
			}
			w, base := watched(t, s.Microsoft(), judgeGraph)
			walkGraph(t, s, base)
			w.want(
				"GET user 200", "GET calendars 200", "GET calendar 200", "GET calendar 400", "GET events 200", "GET event 200", "GET event 404",
				"POST events 201", "POST events 400", "PATCH event 200", "PATCH event 412", "DELETE event 204", "DELETE event 404", "GET delta 200",
				"GET delta 410", "GET delta 400", "POST subscriptions 201", "POST subscriptions 400", "GET subscriptions 200", "GET subscription 200",
				"PATCH subscription 200", "DELETE subscription 204", "GET subscription 404", "GET events 401", "GET events 403", "GET events 429",
				"GET events 503", "GET calendarview 200", "GET instances 200", "POST schedule 200", "POST calendars 201", "POST calendars 409",
				"PATCH calendar 200", "DELETE calendar 204", "DELETE calendar 400", "GET calendargroups 200", "GET calendargroup 200",
				"POST forward 202", "POST snoozereminder 200", "POST dismissreminder 200", "POST accept 202", "POST accept 400", "POST batch 200",
				"POST $batch 400", "PUT events 405", "GET foo 400",
			)
			for kind := range w.seen {
				if strings.HasSuffix(kind, " 501") {
					t.Errorf("a walk past what is served met %s", kind)
				}
			}
		})
	}
}

func walkGraph(t *testing.T, s *simtest.Sim, base string) {
	t.Helper()
	person := s.Person(sim.Microsoft, microsoftHost, sim.Calendar{Primary: true, Zone: "Europe/Berlin"}, sim.Calendar{Name: "Team"}, sim.Calendar{Name: "Read", Role: sim.RoleReader})
	c := s.Client(sim.Microsoft, microsoftHost)
	c.Base = base + "/v1.0"
	for _, path := range []string{"/me", "/users/" + microsoftHost, "/me/calendar", "/me/calendars", "/me/calendars?$top=1", "/me/calendars/nosuch"} {
		c.Do("GET", path, nil)
	}
	for _, cal := range person.Calendars {
		c.Do("GET", "/me/calendars/"+url.PathEscape(cal.ID), nil)
		c.Do("GET", "/me/calendars/"+url.PathEscape(cal.ID)+"/events", nil)
		c.Do("POST", "/me/calendars/"+url.PathEscape(cal.ID)+"/events", outlook(nil))
	}
	walkCalendars(c)
	walkEvents(c)
	walkActions(s, c)
	walkBatch(c)
	walkDelta(t, s, c)
	walkSubscriptions(t, c)
	for _, f := range []sim.Fault{
		{Status: 400},
		{Status: 401},
		{Status: 403},
		{Status: 404},
		{Status: 409},
		{Status: 410},
		{Status: 412},
		{Status: 429},
		{Status: 500},
		{Status: 503},
		{Status: 504},
	} {
		f.Provider, f.Action, f.Count = sim.Microsoft, sim.ActStatus, 1
		if _, err := s.AddFault(f); err != nil {
			t.Fatal(err)
		}
		c.Do("GET", "/me/events", nil)
	}
	c.Token = "nobody's"
	c.Do("GET", "/me/events", nil)
}

func walkCalendars(c simtest.Client) {
	made := c.Do("POST", "/me/calendars", object{"name": "Salon", "color": "lightTeal"})
	c.Do("POST", "/me/calendars", object{"name": "Salon"})
	path := "/me/calendars('" + url.PathEscape(made.Text("id")) + "')"
	c.Do("PATCH", path, object{"name": "Studio"})
	c.Do("GET", "/me/calendars?$select=name,color&$filter=name%20eq%20'Studio'&$orderby=name&$count=true", nil)
	c.Do("DELETE", path, nil)
	c.Do("DELETE", "/me/calendar", nil)
	groups := c.Do("GET", "/me/calendarGroups", nil)
	for _, g := range groups.Rows("value") {
		id, _ := g["id"].(string)
		c.Do("GET", "/me/calendarGroups/"+url.PathEscape(id), nil)
		c.Do("GET", "/me/calendarGroups/"+url.PathEscape(id)+"/calendars", nil)
	}
	c.Do("PUT", "/me/events", object{})
	c.Do("GET", "/me/events/x/foo", nil)
}

func walkActions(s *simtest.Sim, c simtest.Client) {
	const guest = "guest@contoso.example"
	s.Person(sim.Microsoft, guest)
	made := c.Do("POST", "/me/events", outlook(object{"attendees": []object{{"emailAddress": object{"address": guest}}}}))
	path := "/me/events('" + url.PathEscape(made.Text("id")) + "')"
	c.Do("POST", path+"/forward", object{"toRecipients": []object{{"emailAddress": object{"address": "third@x.example"}}}})
	c.Do("POST", path+"/snoozeReminder", object{"newReminderTime": outlook(nil)["start"]})
	c.Do("POST", path+"/dismissReminder", nil)
	c.Do("GET", path+"/calendar", nil)
	c.Do("POST", path+"/accept", nil)
	invited := s.Client(sim.Microsoft, guest)
	invited.Base = c.Base
	for _, row := range invited.Do("GET", "/me/events?$count=true&$select=id", nil).Rows("value") {
		id, _ := row["id"].(string)
		invited.Do("POST", "/me/events/"+url.PathEscape(id)+"/accept", object{"comment": "x", "sendResponse": true})
		invited.Do("GET", "/me/events/"+url.PathEscape(id), nil)
	}
}

func walkBatch(c simtest.Client) {
	write := object{"Content-Type": "application/json"}
	c.Do("POST", "/$batch", object{"requests": []object{
		{"id": "1", "method": "POST", "url": "/me/events", "body": outlook(nil), "headers": write},
		{"id": "2", "method": "GET", "url": "/me/calendars?$top=1", "dependsOn": []string{"1"}},
		{"id": "3", "method": "GET", "url": "/me/events/AAMkgone", "dependsOn": []string{"2"}},
		{"id": "4", "method": "GET", "url": "/me", "dependsOn": []string{"3"}},
		{"id": "5", "method": "GET", "url": view},
		{"id": "6", "method": "POST", "url": "/me/calendars", "body": object{"name": "In a batch"}, "headers": write},
	}})
	c.Do("POST", "/$batch", object{"requests": []object{{"id": "1", "method": "GET", "url": "/v1.0/me"}}})
}

func outlook(more object) object {
	e := object{
		"subject": "Intro call", "body": object{"contentType": "text", "content": "Booked online"}, "location": object{"displayName": "Room 4"},
		"start": object{"dateTime": "2026-10-01T10:00:00", "timeZone": "Pacific Standard Time"},
		"end":   object{"dateTime": "2026-10-01T10:30:00", "timeZone": "Pacific Standard Time"},
	}
	maps.Copy(e, more)
	return e
}

func walkEvents(c simtest.Client) {
	const property = "String {6f1d4b52-5c1a-4f0e-9b1d-1f2e3d4c5b6a} Name bookingId"
	transaction := object{"transactionId": "7E163156-7762-4BEB-A1C6-729EA81755A7"}
	made := c.Do("POST", "/me/events", outlook(transaction))
	c.Do("POST", "/me/events", outlook(transaction))
	transaction["subject"] = "Another"
	c.Do("POST", "/me/events", outlook(transaction))
	c.Do("POST", "/me/events", object{"subject": "no times"})
	full := c.Do("POST", "/me/events", outlook(object{
		"importance": "high", "sensitivity": "private", "showAs": "tentative", "categories": []string{"Red"}, "isReminderOn": false,
		"attendees": []object{{"emailAddress": object{"address": "guest@example.org", "name": "Guest"}, "type": "optional"}}, "hideAttendees": true,
		"singleValueExtendedProperties": []object{{"id": property, "value": "7781"}}, "isOnlineMeeting": true, "onlineMeetingProvider": "teamsForBusiness",
	}), "Prefer", `IdType="ImmutableId"`)
	series := c.Do("POST", "/me/events", outlook(object{"recurrence": object{
		"pattern": object{"type": "weekly", "interval": 1, "daysOfWeek": []string{"thursday"}, "firstDayOfWeek": "monday"},
		"range":   object{"type": "numbered", "startDate": "2026-10-01", "numberOfOccurrences": 3},
	}}))
	c.Do("POST", "/me/events", outlook(object{
		"isAllDay": true, "start": object{"dateTime": "2026-10-01T00:00:00", "timeZone": "UTC"}, "end": object{"dateTime": "2026-10-02T00:00:00", "timeZone": "UTC"},
	}))
	path := "/me/events/" + url.PathEscape(made.Text("id"))
	expand := "?$expand=" + url.QueryEscape("singleValueExtendedProperties($filter=id eq '"+property+"')")
	c.Do("GET", "/me/events/"+url.PathEscape(full.Text("id"))+expand, nil, "Prefer", `IdType="ImmutableId"`)
	c.Do("GET", "/me/events"+expand, nil)
	c.Do("GET", path, nil, "Prefer", `outlook.timezone="Europe/Berlin", outlook.body-content-type="text"`)
	c.Do("GET", path+"?$select=subject,start", nil)
	c.Do("GET", "/me/events/nosuch", nil)
	c.Do("PATCH", path, object{"subject": "x"}, "If-Match", `W/"stale"`)
	c.Do("PATCH", path, object{"subject": "x", "location": object{"displayName": "Room 5"}})
	c.Do("GET", "/me/events?$top=1", nil)
	c.Do("GET", "/me/events/"+url.PathEscape(series.Text("id"))+"/instances?startDateTime=2026-10-01T00:00:00Z&endDateTime=2026-12-01T00:00:00Z", nil)
	c.Do("GET", "/me/calendarView?startDateTime=2026-10-01T00:00:00Z&endDateTime=2026-12-01T00:00:00Z", nil)
	c.Do("POST", "/me/calendar/getSchedule", object{
		"schedules": []string{microsoftHost, "nosuch@x.org"}, "startTime": outlook(nil)["start"], "endTime": outlook(nil)["end"], "availabilityViewInterval": 15,
	})
	c.Do("POST", "/me/events/"+url.PathEscape(full.Text("id"))+"/cancel", object{"comment": "No time"})
}

func walkDelta(t *testing.T, s *simtest.Sim, c simtest.Client) {
	t.Helper()
	follow := func(page simtest.Answer) simtest.Answer {
		for page.Text("@odata.nextLink") != "" {
			page = c.Do("GET", page.Text("@odata.nextLink"), nil)
		}
		return page
	}
	c.Do("GET", "/me/calendarView/delta", nil)
	first := follow(c.Do("GET", view, nil))
	made := c.Do("POST", "/me/events", outlook(nil))
	path := "/me/events/" + url.PathEscape(made.Text("id"))
	second := follow(c.Do("GET", first.Text("@odata.deltaLink"), nil))
	c.Do("DELETE", path, nil)
	c.Do("DELETE", path, nil)
	c.Do("GET", path, nil)
	follow(c.Do("GET", second.Text("@odata.deltaLink"), nil))
	if err := s.ExpireCursors(sim.In{Provider: sim.Microsoft, Email: microsoftHost}); err != nil {
		t.Fatal(err)
	}
	c.Do("GET", second.Text("@odata.deltaLink"), nil)
}

func walkSubscriptions(t *testing.T, c simtest.Client) {
	t.Helper()
	r := simtest.NewReceiver(t)
	until := time.Now().Add(24 * time.Hour).UTC().Format(time.RFC3339)
	wish := object{
		"changeType": "created,updated,deleted", "notificationUrl": r.URL + "/n", "lifecycleNotificationUrl": r.URL + "/l", "resource": "me/events",
		"expirationDateTime": until, "clientState": "s3cret",
	}
	made := c.Do("POST", "/subscriptions", wish)
	c.Do("POST", "/subscriptions", wish)
	c.Do("POST", "/subscriptions", object{"changeType": "everything"})
	c.Do("GET", "/subscriptions", nil)
	path := "/subscriptions/" + made.Text("id")
	c.Do("GET", path, nil)
	c.Do("PATCH", path, object{"expirationDateTime": until})
	c.Do("POST", path+"/reauthorize", nil)
	c.Do("DELETE", path, nil)
	c.Do("GET", path, nil)
	c.Do("DELETE", path, nil)
}

// Notifications of changes and of a subscription's life are what the SDK's model of them holds. The model of a resource has no member of its
// own for the id.
func TestGraphPushesGoThroughTheSDKsModels(t *testing.T) {
	t.Parallel()
	s := simtest.Start(t, sim.Config{})
	s.Person(sim.Microsoft, microsoftHost)
	c := s.Client(sim.Microsoft, microsoftHost)
	r := simtest.NewReceiver(t)
	c.Do("POST", "/subscriptions", object{
		"changeType": "created,updated,deleted", "notificationUrl": r.URL + "/n", "lifecycleNotificationUrl": r.URL + "/l", "resource": "me/events",
		"expirationDateTime": time.Now().Add(24 * time.Hour).UTC().Format(time.RFC3339), "clientState": "s3cret",
	})
	made := c.Do("POST", "/me/events", outlook(nil))
	c.Do("DELETE", "/me/events/"+url.PathEscape(made.Text("id")), nil)
	for _, event := range []string{"reauthorizationRequired", "missed", "subscriptionRemoved"} {
		if err := s.Lifecycle(microsoftHost, "", event); err != nil {
			t.Fatal(err)
		}
	}
	s.Until("all pushes", func() bool { return s.PushesPending() == 0 })
	seen := map[string]bool{}
	for _, p := range s.Pushes(0) {
		seen[p.Kind] = true
		if err := through([]byte(p.Body), models.CreateChangeNotificationCollectionResponseFromDiscriminatorValue, "id"); err != nil {
			t.Errorf("%s: %v\n%s", p.Kind, err, p.Body)
		}
	}
	for _, kind := range []string{"created", "updated", "deleted", "reauthorizationRequired", "missed", "subscriptionRemoved"} {
		if !seen[kind] {
			t.Errorf("no push of the kind %s: %v", kind, seen)
		}
	}
}

func TestGraphJudgeCanFail(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path   string
		status int
		body   string
		want   string
	}{
		"a page":               {"/v1.0/me/events", 200, `{"value":[{"id":"a"}],"@odata.nextLink":"x"}`, ""},
		"a page with more":     {"/v1.0/me/events", 200, `{"value":[],"nextLink":"x"}`, "nextLink"},
		"no page":              {"/v1.0/me/events", 200, `{"id":"a"}`, "no list"},
		"a row":                {"/v1.0/me/calendars", 200, `{"value":[{"title":"a"}]}`, "row 0"},
		"a removed row":        {"/v1.0/me/calendarView/delta", 200, `{"value":[{"id":"a","@removed":{"reason":"deleted"}}]}`, ""},
		"an error":             {"/v1.0/me/events/x", 404, `{"error":{"code":"a","message":"b","innerError":{"date":"2026-09-18T08:52:45","request-id":"r"}}}`, ""},
		"an error of another":  {"/v1.0/me/events/x", 404, `{"error":{"code":"a","errors":[]}}`, "errors"},
		"a path of nobody's":   {"/v1.0/me/planner", 200, `{}`, "nobody knows"},
		"a body of nothing":    {"/v1.0/me/events/x", 204, `{}`, "body"},
		"an error in a batch":  {"/v1.0/$batch", 200, `{"responses":[{"id":"1","status":429,"body":{"error":{"reason":"x"}}}]}`, "reason"},
		"an answer without id": {"/v1.0/$batch", 200, `{"responses":[{"status":200}]}`, "without id"},
		"a group":              {"/v1.0/me/calendarGroups('g')", 200, `{"title":"x"}`, "title"},
	} {
		_, err := judgeGraph(httptest.NewRequest(http.MethodGet, c.path, nil), c.status, "application/json", []byte(c.body))
		if (err == nil) != (c.want == "") || (err != nil && !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
