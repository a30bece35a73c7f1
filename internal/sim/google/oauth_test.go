package google_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/browser"
	"github.com/calweave/calweave/internal/sim/simtest"
)

const (
	verifier = "a-code-verifier-that-is-at-least-43-characters-long"
	scope    = "https://www.googleapis.com/auth/calendar.events"
	listing  = "https://www.googleapis.com/auth/calendar.calendarlist.readonly"
)

// connection is a client that wants to connect accounts.
type connection struct {
	t    *testing.T
	s    *simtest.Sim
	back *httptest.Server
}

func connecting(t *testing.T, cfg sim.Config) connection {
	t.Helper()
	back := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte("back")) }))
	t.Cleanup(back.Close)
	cfg.GoogleClients = []sim.OAuthClient{{ID: "app", Secret: "hush", Redirects: []string{back.URL + "/callback"}}}
	s := simtest.Start(t, cfg)
	s.Person(sim.Google, "other@example.com")
	s.Person(sim.Google, host)
	return connection{t: t, s: s, back: back}
}

// start is the authorization request with some parameters changed; an empty value removes one.
func (c connection) start(changed map[string]string) string {
	sum := sha256.Sum256([]byte(verifier))
	q := url.Values{
		"client_id": {"app"}, "redirect_uri": {c.back.URL + "/callback"}, "response_type": {"code"}, "scope": {scope + " " + listing},
		"state": {"st&te"}, "access_type": {"offline"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])},
		"code_challenge_method": {"S256"},
	}
	for name, v := range changed {
		q.Set(name, v)
	}
	return c.s.GoogleURL + "/o/oauth2/v2/auth?" + q.Encode()
}

func (c connection) consent(changed map[string]string, choice browser.Choice) url.Values {
	c.t.Helper()
	p, err := browser.Consent(c.t.Context(), simtest.HTTP(c.t), c.start(changed), choice)
	if err != nil {
		c.t.Fatal(err)
	}
	if string(p.Body) != "back" {
		c.t.Fatalf("the browser ended on %s: %s", p.URL, p.Body)
	}
	return p.URL.Query()
}

func (c connection) post(path string, form url.Values) simtest.Answer {
	c.t.Helper()
	form.Set("client_id", "app")
	if !form.Has("client_secret") {
		form.Set("client_secret", "hush")
	}
	return simtest.Client{}.With(c.t).Do("POST", c.s.GoogleURL+path, form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
}

func (c connection) exchange(code string) simtest.Answer {
	c.t.Helper()
	return c.post("/token", url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {c.back.URL + "/callback"}, "code_verifier": {verifier}})
}

func (c connection) refresh(token string) simtest.Answer {
	c.t.Helper()
	return c.post("/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
}

func TestCodeGrant(t *testing.T) {
	t.Parallel()
	c := connecting(t, sim.Config{})
	q := c.consent(nil, browser.Choice{Account: "HOST@example.com"})
	if q.Get("state") != "st&te" || q.Get("scope") != scope+" "+listing {
		t.Errorf("came back with %v", q)
	}
	a := wantStatus(t, c.exchange(q.Get("code")), http.StatusOK)
	if a.Text("token_type") != "Bearer" || a.At("expires_in") != float64(3599) || a.Text("scope") != scope+" "+listing || a.Text("refresh_token") == "" {
		t.Errorf("tokens: %s", a.Raw)
	}
	api := simtest.Client{Base: c.s.GoogleURL + "/calendar/v3", Token: a.Text("access_token")}.With(t)
	if list := api.Do("GET", "/users/me/calendarList", nil); list.Rows("items")[0]["id"] != host {
		t.Errorf("connected as %s", list.Raw)
	}
	wantError(t, c.exchange(q.Get("code")), http.StatusBadRequest, "invalid_grant")
	b := wantStatus(t, c.refresh(a.Text("refresh_token")), http.StatusOK)
	if b.At("refresh_token") != nil || b.Text("access_token") == a.Text("access_token") {
		t.Errorf("refreshed: %s", b.Raw)
	}
	for _, token := range []string{a.Text("access_token"), b.Text("access_token")} {
		api.Token = token
		wantStatus(t, api.Do("GET", "/calendars/primary/events", nil), http.StatusOK)
	}
}

func TestExchangeRefuses(t *testing.T) {
	t.Parallel()
	c := connecting(t, sim.Config{})
	code := c.consent(nil, browser.Choice{}).Get("code")
	good := func() url.Values {
		return url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {c.back.URL + "/callback"}, "code_verifier": {verifier}}
	}
	for name, tc := range map[string]struct {
		set, to string
		status  int
		reason  string
	}{
		"other verifier": {"code_verifier", verifier + "x", 400, "invalid_grant"},
		"no verifier":    {"code_verifier", "", 400, "invalid_grant"},
		"other redirect": {"redirect_uri", c.back.URL, 400, "redirect_uri_mismatch"},
		"other code":     {"code", "4/0Ax", 400, "invalid_grant"},
		"wrong secret":   {"client_secret", "loud", 401, "invalid_client"},
		"other grant":    {"grant_type", "password", 400, "unsupported_grant_type"},
	} {
		form := good()
		form.Set(tc.set, tc.to)
		if a := c.post("/token", form); a.Status != tc.status || a.Reason() != tc.reason {
			t.Errorf("%s: %d %s", name, a.Status, a.Raw)
		}
	}
	wantStatus(t, c.exchange(code), http.StatusOK) // none of these used it up
}

func TestConsentPageRefuses(t *testing.T) {
	t.Parallel()
	c := connecting(t, sim.Config{})
	plain := simtest.Client{}.With(t)
	for name, tc := range map[string]struct {
		set, to string
		status  int
	}{
		"unknown client":   {"client_id", "nobody", 401},
		"other redirect":   {"redirect_uri", "https://evil.example.com/", 400},
		"other response":   {"response_type", "token", 400},
		"short hash":       {"code_challenge", "short", 400},
		"no hash":          {"code_challenge", "", 400},
		"odd challenge":    {"code_challenge_method", "S512", 400},
		"no scope":         {"scope", "", 400},
		"not Google scope": {"scope", "Calendars.Read", 400},
	} {
		if a := plain.Do("GET", c.start(map[string]string{tc.set: tc.to}), nil); a.Status != tc.status || !strings.Contains(a.Raw, "Error 4") {
			t.Errorf("%s: %d %s", name, a.Status, a.Raw)
		}
	}
	if q := c.consent(nil, browser.Choice{Refuse: true}); q.Get("error") != "access_denied" || q.Has("code") || q.Get("state") != "st&te" {
		t.Errorf("a refusal comes back with %v", q)
	}
	if _, err := browser.Consent(t.Context(), simtest.HTTP(t), c.start(nil), browser.Choice{Account: "nobody@example.com"}); err == nil {
		t.Error("the browser found an account that is not there")
	}
}

func TestGranularConsent(t *testing.T) {
	t.Parallel()
	c := connecting(t, sim.Config{})
	q := c.consent(map[string]string{"login_hint": host}, browser.Choice{Untick: []string{"*/calendar.calendarlist.readonly"}})
	a := wantStatus(t, c.exchange(q.Get("code")), http.StatusOK)
	if a.Text("scope") != scope {
		t.Errorf("granted %q", a.Text("scope"))
	}
	api := simtest.Client{Base: c.s.GoogleURL + "/calendar/v3", Token: a.Text("access_token")}.With(t)
	wantError(t, api.Do("GET", "/users/me/calendarList", nil), http.StatusForbidden, "insufficientPermissions")
	// A second consent brings no refresh token, unless it was asked for.
	again := c.exchange(c.consent(map[string]string{"login_hint": host, "include_granted_scopes": "true", "scope": listing}, browser.Choice{}).Get("code"))
	if again.At("refresh_token") != nil || again.Text("scope") != listing+" "+scope {
		t.Errorf("second consent: %s", again.Raw)
	}
	third := c.exchange(c.consent(map[string]string{"login_hint": host, "prompt": "consent"}, browser.Choice{}).Get("code"))
	if third.Text("refresh_token") == "" {
		t.Errorf("consent with prompt: %s", third.Raw)
	}
}

func TestRevokedAndExpired(t *testing.T) {
	t.Parallel()
	now := clock.NewManual(time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC))
	c := connecting(t, sim.Config{Clock: now})
	tokens := wantStatus(t, c.exchange(c.consent(nil, browser.Choice{Account: host}).Get("code")), http.StatusOK)
	api := simtest.Client{Base: c.s.GoogleURL + "/calendar/v3", Token: tokens.Text("access_token")}.With(t)
	now.Advance(time.Hour)
	wantError(t, api.Do("GET", "/calendars/primary/events", nil), http.StatusUnauthorized, "authError")
	api.Token = wantStatus(t, c.refresh(tokens.Text("refresh_token")), http.StatusOK).Text("access_token")
	wantStatus(t, api.Do("GET", "/calendars/primary/events", nil), http.StatusOK)
	wantStatus(t, c.post("/revoke", url.Values{"token": {api.Token}}), http.StatusOK)
	wantError(t, api.Do("GET", "/calendars/primary/events", nil), http.StatusUnauthorized, "authError")
	wantError(t, c.refresh(tokens.Text("refresh_token")), http.StatusBadRequest, "invalid_grant")
	wantError(t, c.post("/revoke", url.Values{"token": {api.Token}}), http.StatusBadRequest, "invalid_token")
	// A revocation ends what the person has allowed the client as a whole: every grant of theirs, and nobody else's.
	again := map[string]string{"prompt": "consent"}
	one := wantStatus(t, c.exchange(c.consent(again, browser.Choice{Account: host}).Get("code")), http.StatusOK)
	two := wantStatus(t, c.exchange(c.consent(again, browser.Choice{Account: host}).Get("code")), http.StatusOK)
	other := wantStatus(t, c.exchange(c.consent(again, browser.Choice{Account: "other@example.com"}).Get("code")), http.StatusOK)
	wantStatus(t, c.post("/revoke", url.Values{"token": {one.Text("refresh_token")}}), http.StatusOK)
	wantError(t, c.refresh(two.Text("refresh_token")), http.StatusBadRequest, "invalid_grant")
	wantError(t, c.post("/revoke", url.Values{"token": {two.Text("refresh_token")}}), http.StatusBadRequest, "invalid_token")
	wantStatus(t, c.refresh(other.Text("refresh_token")), http.StatusOK)
	if first := wantStatus(t, c.exchange(c.consent(nil, browser.Choice{Account: host}).Get("code")), http.StatusOK); first.Text("refresh_token") == "" {
		t.Errorf("a consent after the revocation is not a first one: %s", first.Raw)
	}
	code := c.consent(nil, browser.Choice{Account: host}).Get("code")
	now.Advance(11 * time.Minute)
	wantError(t, c.exchange(code), http.StatusBadRequest, "invalid_grant")
}
