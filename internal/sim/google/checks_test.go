package google_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/browser"
	"github.com/calweave/calweave/internal/sim/simtest"
)

func TestSearchLooksAtPeople(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	wantStatus(t, c.Do("POST", "/calendars/primary/events", meeting(object{
		"id": "booking1", "attendees": []object{{"email": "guest@example.org", "displayName": "Ada Lovelace"}},
	})), http.StatusOK)
	wantStatus(t, c.Do("POST", "/calendars/primary/events", meeting(object{"id": "booking2"})), http.StatusOK)
	for words, want := range map[string][]string{
		"ada love": {"booking1"}, "GUEST@example.org": {"booking1"}, host: {"booking1", "booking2"}, "nobody": {},
	} {
		got := column(c.Do("GET", "/calendars/primary/events?q="+url.QueryEscape(words), nil).Rows("items"), "id")
		if !slices.Equal(got, want) {
			t.Errorf("%q finds %v, want %v", words, got, want)
		}
	}
}

func TestRemindersAreChecked(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	popup := func(minutes int) object { return object{"method": "popup", "minutes": minutes} }
	for name, tc := range map[string]struct {
		reminders object
		reason    string
	}{
		"default and own": {object{"useDefault": true, "overrides": []object{popup(5)}}, "cannotUseDefaultRemindersAndSpecifyOverride"},
		"too late":        {object{"useDefault": false, "overrides": []object{popup(-1)}}, "invalid"},
		"too early":       {object{"useDefault": false, "overrides": []object{popup(40321)}}, "invalid"},
		"no minutes":      {object{"useDefault": false, "overrides": []object{{"method": "popup"}}}, "invalid"},
		"by SMS":          {object{"useDefault": false, "overrides": []object{{"method": "sms", "minutes": 5}}}, "invalid"},
		"six of them":     {object{"overrides": []object{popup(0), popup(1), popup(2), popup(3), popup(4), popup(5)}}, "invalid"},
	} {
		a := c.Do("POST", "/calendars/primary/events", meeting(object{"reminders": tc.reminders}))
		if a.Status != http.StatusBadRequest || a.Reason() != tc.reason {
			t.Errorf("%s: %d %s", name, a.Status, a.Raw)
		}
	}
	own := object{"useDefault": false, "overrides": []object{popup(0), {"method": "email", "minutes": 40320}}}
	wantStatus(t, c.Do("POST", "/calendars/primary/events", meeting(object{"id": "booking1", "reminders": own})), http.StatusOK)
	wantStatus(t, c.Do("PATCH", "/calendars/primary/events/booking1", object{"summary": "Later"}), http.StatusOK)
	back := object{"useDefault": true, "overrides": []object{}}
	wantStatus(t, c.Do("PATCH", "/calendars/primary/events/booking1", object{"reminders": back}), http.StatusOK)
}

func TestShortScopesComeBackInFull(t *testing.T) {
	t.Parallel()
	c := connecting(t, sim.Config{})
	const full = "openid https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/userinfo.profile"
	q := c.consent(map[string]string{"scope": "openid email profile"}, browser.Choice{Account: host})
	tokens := wantStatus(t, c.exchange(q.Get("code")), http.StatusOK)
	info := simtest.Client{}.With(t).Do("GET", c.s.GoogleURL+"/tokeninfo?access_token="+url.QueryEscape(tokens.Text("access_token")), nil)
	again := c.refresh(tokens.Text("refresh_token"))
	for where, got := range map[string]string{
		"redirect": q.Get("scope"), "tokens": tokens.Text("scope"), "tokeninfo": info.Text("scope"), "refreshed": again.Text("scope"),
	} {
		if got != full {
			t.Errorf("%s: %q", where, got)
		}
	}
}

func TestRulesOfNothing(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	for _, rule := range []string{"RRULE:FREQ=DAILY;COUNT=0", "RRULE:FREQ=WEEKLY;INTERVAL=0;COUNT=3", "RRULE:COUNT=00;FREQ=DAILY"} {
		wantError(t, c.Do("POST", "/calendars/primary/events", meeting(object{"recurrence": []string{rule}})), http.StatusBadRequest, "invalid")
	}
	wantStatus(t, c.Do("POST", "/calendars/primary/events", meeting(object{"recurrence": []string{"RRULE:FREQ=DAILY;INTERVAL=10;COUNT=10"}})), http.StatusOK)
}

func TestColoursAndConferenceVersions(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	wantError(t, c.Do("POST", "/calendars/primary/events", meeting(object{"colorId": "12"})), http.StatusBadRequest, "invalid")
	for _, version := range []string{"2", "-1", "one"} {
		a := c.Do("POST", "/calendars/primary/events?conferenceDataVersion="+version, meeting(nil))
		if a.Status != http.StatusBadRequest || !strings.Contains(a.Raw, "[0, 1]") || !strings.Contains(a.Raw, "conferenceDataVersion") {
			t.Errorf("version %s: %d %s", version, a.Status, a.Raw)
		}
	}
	wantStatus(t, c.Do("POST", "/calendars/primary/events?conferenceDataVersion=0", meeting(object{"colorId": "11"})), http.StatusOK)
}

func TestInsufficientScopeIsNamed(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	issued, err := s.IssueToken(sim.Google, host, "app", "https://www.googleapis.com/auth/calendar.events")
	if err != nil {
		t.Fatal(err)
	}
	c.Token = issued.Access
	a := c.Do("GET", "/users/me/settings", nil)
	wantError(t, a, http.StatusForbidden, "insufficientPermissions")
	const challenge = `Bearer realm="https://accounts.google.com/", error="insufficient_scope", scope="https://www.googleapis.com/auth/calendar https://`
	if got := a.Header.Get("WWW-Authenticate"); !strings.HasPrefix(got, challenge) {
		t.Errorf("challenge %q", got)
	}
	if a.Text("error", "message") != "Request had insufficient authentication scopes." || a.Text("error", "status") != "PERMISSION_DENIED" ||
		!strings.Contains(a.Raw, `"Insufficient Permission"`) || !strings.Contains(a.Raw, `"ACCESS_TOKEN_SCOPE_INSUFFICIENT"`) {
		t.Errorf("refused with %s", a.Raw)
	}
}

func TestIdentityTokens(t *testing.T) {
	t.Parallel()
	c := connecting(t, sim.Config{})
	claims := func(asked, nonce string) object {
		tokens := c.exchange(c.consent(map[string]string{"scope": asked, "nonce": nonce}, browser.Choice{Account: host}).Get("code"))
		parts := strings.Split(tokens.Text("id_token"), ".")
		raw, err := base64.RawURLEncoding.DecodeString(parts[min(1, len(parts)-1)])
		var v object
		if err != nil || json.Unmarshal(raw, &v) != nil {
			t.Fatalf("no identity token: %s", tokens.Raw)
		}
		return v
	}
	if v := claims("openid", "n-1"); v["nonce"] != "n-1" || v["azp"] != "app" || v["aud"] != "app" || v["email"] != nil || v["email_verified"] != nil {
		t.Errorf("without the address: %v", v)
	}
	if v := claims("openid email", ""); v["nonce"] != nil || v["email"] != host || v["email_verified"] != true {
		t.Errorf("with the address: %v", v)
	}
}

func TestTimesAreRead(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	for _, zone := range []string{"", "Europe/Berlin"} {
		a := c.Do("POST", "/calendars/primary/events", meeting(object{"start": object{"dateTime": "tomorrow", "timeZone": zone}}))
		wantError(t, a, http.StatusBadRequest, "invalid")
		if !strings.Contains(a.Text("error", "message"), "Invalid format") {
			t.Errorf("refused with %s", a.Raw)
		}
	}
	a := wantStatus(t, c.Do("POST", "/calendars/primary/events", object{
		"start": object{"dateTime": "2026-10-01t08:00:00z"}, "end": object{"dateTime": "2026-10-01t08:30:00z"},
	}), http.StatusOK)
	if got := a.Text("start", "dateTime"); got != "2026-10-01T10:00:00+02:00" {
		t.Errorf("starts at %q", got)
	}
	path := "/calendars/primary/events?timeMin=2026-10-01t00:00:00z&timeMax=2026-10-02t00:00:00z"
	if rows := wantStatus(t, c.Do("GET", path, nil), http.StatusOK).Rows("items"); len(rows) != 1 {
		t.Errorf("%d events between small letters", len(rows))
	}
}

func TestGuestsSeeNoSource(t *testing.T) {
	t.Parallel()
	_, c, g := invitation(t, object{"source": object{"title": "Shop", "url": "https://shop.example/7781"}})
	wantStatus(t, c.Do("PATCH", bookingPath, object{"summary": "Renamed"}), http.StatusOK)
	if mine, theirs := c.Do("GET", bookingPath, nil), g.Do("GET", bookingPath, nil); mine.Text("source", "title") != "Shop" ||
		theirs.Text("summary") != "Renamed" || theirs.At("source") != nil {
		t.Errorf("the host has %s\nthe guest %s", mine.Raw, theirs.Raw)
	}
	for _, address := range []string{"ftp://shop.example/7781", "shop.example", ""} {
		a := c.Do("POST", "/calendars/primary/events", meeting(object{"source": object{"title": "Shop", "url": address}}))
		wantError(t, a, http.StatusBadRequest, "invalid")
	}
}

func TestFreeBusyRefuses(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	ask := func(more object) simtest.Answer {
		body := object{"timeMin": "2026-10-01T00:00:00Z", "timeMax": "2026-10-02T00:00:00Z", "items": []object{{"id": host}}}
		maps.Copy(body, more)
		return c.Do("POST", "/freeBusy", body)
	}
	wantError(t, ask(object{"calendarExpansionMax": 51}), http.StatusBadRequest, "invalid")
	wantError(t, ask(object{"items": []object{{"id": host}, {}}}), http.StatusBadRequest, "required")
	wantStatus(t, ask(object{"calendarExpansionMax": 50}), http.StatusOK)
}

func TestScopesThatAreNotThere(t *testing.T) {
	t.Parallel()
	c := connecting(t, sim.Config{})
	plain := simtest.Client{}.With(t)
	for name, want := range map[string]int{
		"zork": http.StatusBadRequest, "calendar.zork": http.StatusBadRequest, "": http.StatusBadRequest,
		"calendar.acls.readonly": http.StatusOK, "calendar.events.owned.readonly": http.StatusOK, "userinfo.email": http.StatusOK, "gmail.readonly": http.StatusOK,
	} {
		a := plain.Do("GET", c.start(map[string]string{"scope": scope + " https://www.googleapis.com/auth/" + name}), nil)
		if a.Status != want || strings.Contains(a.Raw, "invalid_scope") != (want != http.StatusOK) {
			t.Errorf("%q: %d %s", name, a.Status, a.Raw)
		}
	}
}

func TestLargeBodies(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	a := c.Do("POST", "/calendars/primary/events", meeting(object{"description": strings.Repeat("x", 5<<20)}))
	wantError(t, a, http.StatusRequestEntityTooLarge, "uploadTooLarge")
}
