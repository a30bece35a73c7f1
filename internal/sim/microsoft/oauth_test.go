package microsoft_test

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
	wanted   = "openid offline_access User.Read Calendars.ReadWrite"
)

// connection is a client that wants to connect accounts.
type connection struct {
	t    *testing.T
	s    *simtest.Sim
	back *httptest.Server
}

func connecting(t *testing.T, cfg sim.Config) connection {
	t.Helper()
	back := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("back")) }))
	t.Cleanup(back.Close)
	cfg.MicrosoftClients = []sim.OAuthClient{{ID: "app", Secret: "hush", Redirects: []string{back.URL + "/callback"}}}
	s := simtest.Start(t, cfg)
	s.Person(sim.Microsoft, host)
	return connection{t: t, s: s, back: back}
}

func (c connection) start(changed map[string]string) string {
	sum := sha256.Sum256([]byte(verifier))
	q := url.Values{
		"client_id": {"app"}, "redirect_uri": {c.back.URL + "/callback"}, "response_type": {"code"}, "scope": {wanted}, "state": {"s"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	for name, v := range changed {
		q.Set(name, v)
	}
	return c.s.MicrosoftURL + "/common/oauth2/v2.0/authorize?" + q.Encode()
}

func (c connection) consent(choice browser.Choice) url.Values {
	c.t.Helper()
	p, err := browser.Consent(c.t.Context(), simtest.HTTP(c.t), c.start(nil), choice)
	if err != nil {
		c.t.Fatal(err)
	}
	return p.URL.Query()
}

func (c connection) post(form url.Values) simtest.Answer {
	c.t.Helper()
	form.Set("client_id", "app")
	if !form.Has("client_secret") {
		form.Set("client_secret", "hush")
	}
	return simtest.Client{}.With(c.t).Do("POST", c.s.MicrosoftURL+"/common/oauth2/v2.0/token", form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
}

func (c connection) exchange(code, withVerifier string) simtest.Answer {
	c.t.Helper()
	return c.post(url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {c.back.URL + "/callback"}, "code_verifier": {withVerifier}})
}

func (c connection) refresh(token, scope string) simtest.Answer {
	c.t.Helper()
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}
	if scope != "" {
		form.Set("scope", scope)
	}
	return c.post(form)
}

// wantAADSTS fails unless the answer is the error with the number.
func wantAADSTS(t *testing.T, a simtest.Answer, status int, code string, number int) {
	t.Helper()
	numbers, _ := a.At("error_codes").([]any)
	if a.Status != status || a.Text("error") != code || len(numbers) != 1 || numbers[0] != float64(number) || !strings.HasPrefix(a.Text("error_description"), "AADSTS") {
		t.Errorf("got %d %s, want %d %s %d", a.Status, a.Raw, status, code, number)
	}
}

func TestCodeGrantAndRotation(t *testing.T) {
	t.Parallel()
	c := connecting(t, sim.Config{})
	q := c.consent(browser.Choice{Account: host, Untick: []string{"User.Read"}}) // there is nothing to untick here
	if q.Get("state") != "s" || q.Get("code") == "" {
		t.Fatalf("came back with %v", q)
	}
	wantAADSTS(t, c.exchange(q.Get("code"), verifier+"x"), http.StatusBadRequest, "invalid_grant", 501481)
	wantAADSTS(t, c.exchange(q.Get("code"), ""), http.StatusBadRequest, "invalid_grant", 501481)
	elsewhere := url.Values{"grant_type": {"authorization_code"}, "code": {q.Get("code")}, "redirect_uri": {c.back.URL + "/"}, "code_verifier": {verifier}}
	wantAADSTS(t, c.post(elsewhere), http.StatusBadRequest, "invalid_grant", 500112)
	a := wantStatus(t, c.exchange(q.Get("code"), verifier), http.StatusOK)
	if a.Text("scope") != "openid User.Read Calendars.ReadWrite" || a.Text("refresh_token") == "" || strings.Count(a.Text("id_token"), ".") != 2 {
		t.Errorf("tokens: %s", a.Raw)
	}
	wantAADSTS(t, c.exchange(q.Get("code"), verifier), http.StatusBadRequest, "invalid_grant", 54005)
	api := simtest.Client{Base: c.s.MicrosoftURL + "/v1.0", Token: a.Text("access_token")}.With(t)
	if me := wantStatus(t, api.Do("GET", "/me", nil), http.StatusOK); me.Text("mail") != host {
		t.Errorf("connected as %s", me.Raw)
	}
	b := wantStatus(t, c.refresh(a.Text("refresh_token"), ""), http.StatusOK)
	if b.Text("refresh_token") == "" || b.Text("refresh_token") == a.Text("refresh_token") {
		t.Errorf("the refresh token did not rotate: %s", b.Raw)
	}
	for _, old := range []string{a.Text("refresh_token"), b.Text("refresh_token"), a.Text("refresh_token")} {
		wantStatus(t, c.refresh(old, ""), http.StatusOK)
	}
	if less := wantStatus(t, c.refresh(a.Text("refresh_token"), "User.Read"), http.StatusOK); less.Text("scope") != "User.Read" {
		t.Errorf("narrowed: %s", less.Raw)
	}
	wantAADSTS(t, c.refresh(a.Text("refresh_token"), "Mail.Read"), http.StatusBadRequest, "invalid_grant", 65001)
}

func TestTokenRefuses(t *testing.T) {
	t.Parallel()
	now := clock.NewManual(time.Date(2026, 4, 10, 8, 0, 0, 0, time.UTC))
	c := connecting(t, sim.Config{Clock: now})
	wantAADSTS(t, c.post(url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}}), http.StatusNotImplemented, "unsupported_grant_type", 70003)
	wantAADSTS(t, c.post(url.Values{}), http.StatusBadRequest, "invalid_request", 900144)
	wantAADSTS(t, c.post(url.Values{"grant_type": {"password"}}), http.StatusBadRequest, "unsupported_grant_type", 70003)
	wantAADSTS(t, c.post(url.Values{"grant_type": {"refresh_token"}, "client_secret": {"loud"}}), http.StatusUnauthorized, "invalid_client", 7000215)
	wantAADSTS(t, c.refresh("0.AXoAother", ""), http.StatusBadRequest, "invalid_grant", 9002313)
	code := c.consent(browser.Choice{}).Get("code")
	now.Advance(11 * time.Minute)
	wantAADSTS(t, c.exchange(code, verifier), http.StatusBadRequest, "invalid_grant", 70008)
	a := wantStatus(t, c.exchange(c.consent(browser.Choice{}).Get("code"), verifier), http.StatusOK)
	now.Advance(91 * 24 * time.Hour)
	wantAADSTS(t, c.refresh(a.Text("refresh_token"), ""), http.StatusBadRequest, "invalid_grant", 700082)
	a = wantStatus(t, c.exchange(c.consent(browser.Choice{}).Get("code"), verifier), http.StatusOK)
	if err := c.s.RevokeGrants(sim.Microsoft, host); err != nil {
		t.Fatal(err)
	}
	wantAADSTS(t, c.refresh(a.Text("refresh_token"), ""), http.StatusBadRequest, "invalid_grant", 50173)
	api := simtest.Client{Base: c.s.MicrosoftURL + "/v1.0", Token: a.Text("access_token")}.With(t)
	wantError(t, api.Do("GET", "/me", nil), http.StatusUnauthorized, "InvalidAuthenticationToken")
}

func TestConsentPageRefuses(t *testing.T) {
	t.Parallel()
	c := connecting(t, sim.Config{})
	plain := simtest.Client{}.With(t)
	for name, tc := range map[string]struct{ set, to, text string }{
		"unknown client": {"client_id", "nobody", "AADSTS700016"},
		"other redirect": {"redirect_uri", "https://evil.example.com/", "AADSTS50011"},
		"no scope":       {"scope", "", "AADSTS70011"},
		"mixed scopes":   {"scope", "https://graph.microsoft.com/.default User.Read", "AADSTS70011"},
		"short hash":     {"code_challenge", "short", "AADSTS501491"},
		"no hash":        {"code_challenge", "", "AADSTS501491"},
		"odd hash":       {"code_challenge", strings.Repeat("=", 43), "AADSTS501491"},
		"odd challenge":  {"code_challenge_method", "S512", "AADSTS501481"},
	} {
		if a := plain.Do("GET", c.start(map[string]string{tc.set: tc.to}), nil); a.Status != http.StatusBadRequest || !strings.Contains(a.Raw, tc.text) {
			t.Errorf("%s: %d %s", name, a.Status, a.Raw)
		}
	}
	if q := c.consent(browser.Choice{Refuse: true}); q.Get("error") != "access_denied" || !strings.HasPrefix(q.Get("error_description"), "AADSTS65004") {
		t.Errorf("a refusal comes back with %v", q)
	}
}
