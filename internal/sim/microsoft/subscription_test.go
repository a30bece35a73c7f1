package microsoft_test

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
)

func wish(r *simtest.Receiver, now time.Time) object {
	return object{
		"changeType": "created,updated,deleted", "notificationUrl": r.URL + "/n?c=42", "lifecycleNotificationUrl": r.URL + "/l?c=42",
		"resource": "me/events", "expirationDateTime": now.Add(24 * time.Hour).Format(time.RFC3339), "clientState": "s3cret",
	}
}

// frozen is a simulator whose clock stands.
func frozen(t *testing.T) (*simtest.Sim, simtest.Client, *clock.Manual) {
	t.Helper()
	now := clock.NewManual(time.Date(2026, 4, 10, 8, 0, 0, 0, time.UTC))
	s := simtest.Start(t, sim.Config{Clock: now})
	s.Person(sim.Microsoft, host, sim.Calendar{Primary: true}, sim.Calendar{Name: "Team"})
	return s, s.Client(sim.Microsoft, host), now
}

// item is the only notification of a push.
func item(t *testing.T, p simtest.Received) simtest.Answer {
	t.Helper()
	var body struct {
		Value []map[string]any `json:"value"`
	}
	if err := json.Unmarshal([]byte(p.Body), &body); err != nil || len(body.Value) != 1 {
		t.Fatalf("came %q: %v", p.Body, err)
	}
	return simtest.Answer{Body: body.Value[0]}
}

func TestNotifications(t *testing.T) {
	t.Parallel()
	_, c, now := frozen(t)
	r := simtest.NewReceiver(t)
	sub := wantStatus(t, c.Do("POST", "/subscriptions", wish(r, now.Now()), "Prefer", immutable), http.StatusCreated)
	if got := r.All(); len(got) != 0 {
		t.Errorf("a new subscription was told %v", got)
	}
	made := c.Do("POST", "/me/events", meeting(nil), "Prefer", immutable)
	c.Do("PATCH", event(made.Text("id")), object{"subject": "B"})
	c.Do("DELETE", event(made.Text("id")), nil)
	kinds := map[string]int{}
	var first, last string
	for _, p := range r.Wait(5) {
		n := item(t, p)
		last = n.Text("changeType")
		kinds[last]++
		first = cmp.Or(first, last)
		if n.Text("subscriptionId") != sub.Text("id") || n.Text("clientState") != "s3cret" || n.Text("tenantId") == "" || p.URL != "/n?c=42" ||
			n.Text("resourceData", "id") != made.Text("id") || !strings.HasPrefix(n.Text("resource"), "Users/") || n.Text("resourceData", "@odata.type") != "#Microsoft.Graph.Event" {
			t.Errorf("came %s", p.Body)
		}
	}
	if first != "created" || last != "deleted" || kinds["updated"] != 3 {
		t.Errorf("first came %s, last %s, of all %v", first, last, kinds)
	}
}

func TestSubscriptionsAreForOneCalendar(t *testing.T) {
	t.Parallel()
	s, c, now := frozen(t)
	r := simtest.NewReceiver(t)
	team := c.Do("GET", "/me/calendars", nil).Rows("value")[1]["id"].(string)
	w := wish(r, now.Now())
	w["resource"], w["changeType"] = "/me/calendars/"+team+"/events", "deleted"
	wantStatus(t, c.Do("POST", "/subscriptions", w), http.StatusCreated)
	id := createOn(t, c, "/me/events", "own", "2026-04-15")
	c.Do("DELETE", event(id), nil)
	id = createOn(t, c, "/me/calendars/"+url.PathEscape(team)+"/events", "team", "2026-04-15")
	c.Do("DELETE", event(id), nil)
	if got := item(t, r.Wait(1)[0]); got.Text("changeType") != "deleted" || got.Text("resourceData", "id") != id {
		t.Errorf("came %v", got.Body)
	}
	if n := len(s.Pushes(0)); n != 1 {
		t.Errorf("%d pushes", n)
	}
	set(t, s, func(w *sim.Switches) { w.Microsoft.CalendarFeeds = sim.Refused })
	wantError(t, c.Do("POST", "/subscriptions", w), http.StatusBadRequest, "ExtensionError")
}

func TestSubscribeRefuses(t *testing.T) {
	t.Parallel()
	s, c, now := frozen(t)
	r := simtest.NewReceiver(t)
	for name, tc := range map[string]struct {
		set  string
		to   any
		code string
	}{
		"no change type":   {"changeType", "", "InvalidRequest"},
		"other type":       {"changeType", "created,moved", "InvalidRequest"},
		"no resource":      {"resource", nil, "InvalidRequest"},
		"other resource":   {"resource", "me/messages", "InvalidRequest"},
		"unknown calendar": {"resource", "me/calendars/xyz/events", "ErrorInvalidIdMalformed"},
		"no expiry":        {"expirationDateTime", nil, "InvalidRequest"},
		"past expiry":      {"expirationDateTime", "2020-01-01T00:00:00Z", "ExtensionError"},
		"far expiry":       {"expirationDateTime", now.Now().Add(10_081 * time.Minute).Format(time.RFC3339), "ExtensionError"},
		"long state":       {"clientState", strings.Repeat("x", 129), "InvalidRequest"},
		"no address":       {"notificationUrl", "ftp://x", "InvalidRequest"},
		"misspelt":         {"ClientState", "s", "InvalidRequest"},
		"old TLS":          {"latestSupportedTlsVersion", "v0_9", "InvalidRequest"},
		"nobody there":     {"notificationUrl", "http://127.0.0.1:1/", "ValidationError"},
	} {
		w := wish(r, now.Now())
		w[tc.set] = tc.to
		a := c.Do("POST", "/subscriptions", w)
		if a.Status != http.StatusBadRequest || a.Reason() != tc.code {
			t.Errorf("%s: %d %s", name, a.Status, a.Raw)
		}
	}
	set(t, s, func(w *sim.Switches) { w.HTTPSPushOnly = true })
	wantError(t, c.Do("POST", "/subscriptions", wish(r, now.Now())), http.StatusBadRequest, "InvalidRequest")
}

func TestHandshakeOfBothAddresses(t *testing.T) {
	t.Parallel()
	s, c, now := frozen(t)
	good, bad := simtest.NewReceiver(t), simtest.NewReceiver(t)
	bad.Refuse()
	for _, name := range []string{"notificationUrl", "lifecycleNotificationUrl"} {
		w := wish(good, now.Now())
		w[name] = bad.URL
		wantError(t, c.Do("POST", "/subscriptions", w), http.StatusBadRequest, "ValidationError")
	}
	if all, err := s.Channels(sim.Microsoft, host); err != nil || len(all) != 0 {
		t.Errorf("subscriptions: %v, %v", all, err)
	}
	wantStatus(t, c.Do("POST", "/subscriptions", wish(good, now.Now())), http.StatusCreated)
}

func TestHandshakeWantsTheTokenAsText(t *testing.T) {
	t.Parallel()
	s, c, now := frozen(t)
	set(t, s, func(w *sim.Switches) { w.Microsoft.DuplicateSubscription = sim.Served })
	for name, tc := range map[string]struct {
		contentType string
		before      string
		status      int
		want        int
	}{
		"as it should be": {"text/plain; charset=utf-8", "", http.StatusOK, http.StatusCreated},
		"another token":   {"text/plain", "x", http.StatusOK, http.StatusBadRequest},
		"as HTML":         {"text/html", "", http.StatusOK, http.StatusBadRequest},
		"202":             {"text/plain", "", http.StatusAccepted, http.StatusBadRequest},
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPost || r.URL.Query().Get("c") != "42" || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/plain") {
				t.Errorf("asked with %s %s %v", r.Method, r.URL, r.Header)
			}
			w.Header().Set("Content-Type", tc.contentType)
			w.WriteHeader(tc.status)
			_, _ = io.WriteString(w, tc.before+r.URL.Query().Get("validationToken")) //nolint:gosec // a test that no browser sees
		}))
		t.Cleanup(srv.Close)
		w := object{
			"changeType": "updated", "notificationUrl": srv.URL + "?c=42", "resource": "me/events",
			"expirationDateTime": now.Now().Add(time.Hour).Format(time.RFC3339),
		}
		if a := c.Do("POST", "/subscriptions", w); a.Status != tc.want {
			t.Errorf("%s: %d %s", name, a.Status, a.Raw)
		}
	}
}

func TestDuplicateSubscriptions(t *testing.T) {
	t.Parallel()
	s, c, now := frozen(t)
	r := simtest.NewReceiver(t)
	wantStatus(t, c.Do("POST", "/subscriptions", wish(r, now.Now())), http.StatusCreated)
	wantError(t, c.Do("POST", "/subscriptions", wish(r, now.Now())), http.StatusConflict, "Conflict")
	set(t, s, func(w *sim.Switches) { w.Microsoft.DuplicateSubscription = sim.Served })
	wantStatus(t, c.Do("POST", "/subscriptions", wish(r, now.Now())), http.StatusCreated)
	if rows := c.Do("GET", "/subscriptions", nil).Rows("value"); len(rows) != 2 {
		t.Errorf("listed are %v", rows)
	}
	c.Do("POST", "/me/events", meeting(nil))
	r.Wait(4)
}

func TestSubscriptionLife(t *testing.T) {
	t.Parallel()
	s, c, now := frozen(t)
	r := simtest.NewReceiver(t)
	w := wish(r, now.Now())
	w["expirationDateTime"] = now.Now().Add(time.Minute).Format(time.RFC3339)
	sub := wantStatus(t, c.Do("POST", "/subscriptions", w), http.StatusCreated)
	if sub.Text("expirationDateTime") != "2026-04-10T08:45:00Z" {
		t.Errorf("raised to %q", sub.Text("expirationDateTime"))
	}
	path := "/subscriptions/" + sub.Text("id")
	until := func(m int) object {
		return object{"expirationDateTime": now.Now().Add(time.Duration(m) * time.Minute).Format(time.RFC3339)}
	}
	if a := wantStatus(t, c.Do("PATCH", path, until(60)), http.StatusOK); a.Text("expirationDateTime") != "2026-04-10T09:00:00Z" {
		t.Errorf("renewed until %q", a.Text("expirationDateTime"))
	}
	wantError(t, c.Do("PATCH", path, until(20_000)), http.StatusBadRequest, "ExtensionError")
	set(t, s, func(w *sim.Switches) { w.Microsoft.LongSubscription = sim.Cut })
	if a := wantStatus(t, c.Do("PATCH", path, until(20_000)), http.StatusOK); a.Text("expirationDateTime") != "2026-04-17T08:00:00Z" {
		t.Errorf("cut to %q", a.Text("expirationDateTime"))
	}
	wantStatus(t, c.Do("POST", path+"/reauthorize", nil), http.StatusNoContent)
	other := s.Client(sim.Microsoft, host)
	wantStatus(t, other.Do("GET", path, nil), http.StatusOK) // the same app and person
	now.Advance(7 * 24 * time.Hour)
	late := s.Client(sim.Microsoft, host)
	if rows := late.Do("GET", "/subscriptions", nil).Rows("value"); len(rows) != 0 {
		t.Errorf("expired, but listed: %v", rows)
	}
	wantError(t, late.Do("GET", path, nil), http.StatusNotFound, "ResourceNotFound")
	wantError(t, late.Do("PATCH", path, until(60)), http.StatusNotFound, "ResourceNotFound")
	late.Do("POST", "/me/events", meeting(nil))
	if n := len(s.Pushes(0)); n != 0 {
		t.Errorf("an expired subscription was told %d times", n)
	}
	sub = wantStatus(t, late.Do("POST", "/subscriptions", wish(r, now.Now())), http.StatusCreated)
	wantStatus(t, late.Do("DELETE", "/subscriptions/"+sub.Text("id"), nil), http.StatusNoContent)
	wantError(t, late.Do("DELETE", "/subscriptions/"+sub.Text("id"), nil), http.StatusNotFound, "ResourceNotFound")
}

func TestLifecycle(t *testing.T) {
	t.Parallel()
	s, c, now := frozen(t)
	r := simtest.NewReceiver(t)
	sub := wantStatus(t, c.Do("POST", "/subscriptions", wish(r, now.Now())), http.StatusCreated)
	for i, kind := range []string{"reauthorizationRequired", "missed", "subscriptionRemoved"} {
		if err := s.Lifecycle(host, sub.Text("id"), kind); err != nil {
			t.Fatal(err)
		}
		p := r.Wait(i + 1)[i]
		if n := item(t, p); p.URL != "/l?c=42" || n.Text("lifecycleEvent") != kind || n.Text("clientState") != "s3cret" || n.At("resource") != nil {
			t.Errorf("came %s to %s", p.Body, p.URL)
		}
	}
	wantError(t, c.Do("GET", "/subscriptions/"+sub.Text("id"), nil), http.StatusNotFound, "ResourceNotFound")
	if err := s.Lifecycle(host, sub.Text("id"), "missed"); err == nil {
		t.Error("a removed subscription was told something")
	}
}

func decoded(t *testing.T, body string) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatal(err)
	}
	return v
}
