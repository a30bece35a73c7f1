package sim_test

import (
	"errors"
	"net/http"
	"testing"

	"golang.org/x/oauth2"
	"google.golang.org/api/calendar/v3"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"

	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
)

// service is Google's own client, pointed at the simulator.
func service(t *testing.T, s *simtest.Sim) *calendar.Service {
	t.Helper()
	token, err := s.IssueToken(sim.Google, googleHost, "app")
	if err != nil {
		t.Fatal(err)
	}
	httpc := oauth2.NewClient(t.Context(), oauth2.StaticTokenSource(&oauth2.Token{AccessToken: token.Access}))
	svc, err := calendar.NewService(t.Context(), option.WithHTTPClient(httpc), option.WithEndpoint(s.GoogleURL+"/calendar/v3/"))
	if err != nil {
		t.Fatal(err)
	}
	return svc
}

// refused fails unless err is Google's error with the status and reason.
func refused(t *testing.T, err error, status int, reason string) {
	t.Helper()
	e, ok := errors.AsType[*googleapi.Error](err)
	if !ok || e.Code != status || len(e.Errors) != 1 || e.Errors[0].Reason != reason {
		t.Errorf("got %v, want %d %s", err, status, reason)
	}
}

func TestGoogleClientWritesAndLists(t *testing.T) {
	t.Parallel()
	s, _, _ := start(t)
	svc := service(t, s)
	list, err := svc.CalendarList.List().Context(t.Context()).Do()
	if err != nil || len(list.Items) != 1 || !list.Items[0].Primary || list.NextSyncToken == "" {
		t.Fatalf("calendars: %+v, %v", list, err)
	}
	e, err := svc.Events.Insert("primary", &calendar.Event{
		Id: "booking0001", Summary: "Intro", Start: &calendar.EventDateTime{DateTime: "2026-10-01T10:00:00+02:00"},
		End:                &calendar.EventDateTime{DateTime: "2026-10-01T10:30:00+02:00"},
		ExtendedProperties: &calendar.EventExtendedProperties{Private: map[string]string{"k": "v"}},
		Attendees:          []*calendar.EventAttendee{{Email: "guest@example.org"}},
	}).SendUpdates("none").Context(t.Context()).Do()
	if err != nil || e.Etag == "" || e.ExtendedProperties.Private["k"] != "v" || e.Header.Get("ETag") != e.Etag {
		t.Fatalf("inserted: %+v, %v", e, err)
	}
	if len(s.Mails(0)) != 0 {
		t.Errorf("mails: %v", s.Mails(0))
	}
	_, err = svc.Events.Insert("primary", e).Context(t.Context()).Do()
	refused(t, err, http.StatusConflict, "duplicate")

	patch := svc.Events.Patch("primary", e.Id, &calendar.Event{Summary: "Moved", NullFields: []string{"Location"}}).Context(t.Context())
	patch.Header().Set("If-Match", `"stale"`)
	_, err = patch.Do()
	refused(t, err, http.StatusPreconditionFailed, "conditionNotMet")
	patch.Header().Set("If-Match", e.Etag)
	if e, err = patch.Do(); err != nil || e.Summary != "Moved" || len(e.Attendees) != 1 {
		t.Fatalf("patched: %+v, %v", e, err)
	}
	if _, err = svc.Events.Get("primary", e.Id).IfNoneMatch(e.Etag).Context(t.Context()).Do(); !googleapi.IsNotModified(err) {
		t.Errorf("unchanged: %v", err)
	}

	first, err := svc.Events.List("primary").MaxResults(2500).Context(t.Context()).Do()
	if err != nil || len(first.Items) != 1 || first.NextSyncToken == "" {
		t.Fatalf("listed: %+v, %v", first, err)
	}
	if err := svc.Events.Delete("primary", e.Id).Context(t.Context()).Do(); err != nil {
		t.Fatal(err)
	}
	refused(t, svc.Events.Delete("primary", e.Id).Context(t.Context()).Do(), http.StatusGone, "deleted")
	second, err := svc.Events.List("primary").SyncToken(first.NextSyncToken).Context(t.Context()).Do()
	if err != nil || len(second.Items) != 1 || second.Items[0].Status != "cancelled" {
		t.Fatalf("changes: %+v, %v", second, err)
	}
	_, err = svc.Events.List("primary").SyncToken("nonsense").Context(t.Context()).Do()
	refused(t, err, http.StatusGone, "fullSyncRequired")
}

func TestGoogleClientWatches(t *testing.T) {
	t.Parallel()
	s, _, _ := start(t)
	svc := service(t, s)
	r := simtest.NewReceiver(t)
	ch, err := svc.Events.Watch(googleHost, &calendar.Channel{
		Id: "01234567-89ab-cdef-0123456789ab", Type: "web_hook", Address: r.URL, Token: "s3cret", Expiration: 4102444800000,
	}).Context(t.Context()).Do()
	if err != nil || ch.ResourceId == "" || ch.Expiration == 0 || ch.Expiration == 4102444800000 {
		t.Fatalf("channel: %+v, %v", ch, err)
	}
	if got := r.Wait(1)[0].Header.Get("X-Goog-Resource-State"); got != "sync" {
		t.Errorf("first came %q", got)
	}
	if err := svc.Channels.Stop(&calendar.Channel{Id: ch.Id, ResourceId: ch.ResourceId}).Context(t.Context()).Do(); err != nil {
		t.Fatal(err)
	}
	refused(t, svc.Channels.Stop(&calendar.Channel{Id: ch.Id, ResourceId: ch.ResourceId}).Context(t.Context()).Do(), http.StatusNotFound, "notFound")
}
