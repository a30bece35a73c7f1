package microsoft_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/browser"
	"github.com/calweave/calweave/internal/sim/simtest"
)

const personal = "9188040d-6c67-4c5b-b112-36a304b66dad"

// claimsOf verifies a token by the keys that are served and returns its claims.
func claimsOf(t *testing.T, keys simtest.Answer, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("no token: %q", token)
	}
	raw := func(text string) []byte {
		b, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	var head struct{ Alg, Kid string }
	if err := json.Unmarshal(raw(parts[0]), &head); err != nil || head.Alg != "RS256" {
		t.Fatalf("head %s: %v", raw(parts[0]), err)
	}
	key := keys.Rows("keys")[0]
	n, _ := key["n"].(string)
	e, _ := key["e"].(string)
	if key["kid"] != head.Kid {
		t.Errorf("signed with %q, the key is %v", head.Kid, key["kid"])
	}
	public := &rsa.PublicKey{N: new(big.Int).SetBytes(raw(n)), E: int(new(big.Int).SetBytes(raw(e)).Int64())}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], raw(parts[2])); err != nil {
		t.Errorf("the signature is wrong: %v", err)
	}
	var claims map[string]any
	if err := json.Unmarshal(raw(parts[1]), &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

// A library finds everything by the metadata, and the identity token that it gets can be verified by them.
func TestIdentityTokensAreVerifiedByTheMetadata(t *testing.T) {
	t.Parallel()
	c := connecting(t, sim.Config{})
	plain := simtest.Client{}.With(t)
	meta := wantStatus(t, plain.Do("GET", c.s.MicrosoftURL+"/contoso.example/v2.0/.well-known/openid-configuration", nil), http.StatusOK)
	asked := c.start(map[string]string{"nonce": "n-1", "client_info": "1", "scope": wanted + " profile email"})
	asked = meta.Text("authorization_endpoint") + asked[strings.Index(asked, "?"):]
	p, err := browser.Consent(t.Context(), simtest.HTTP(t), asked, browser.Choice{Account: host})
	if err != nil {
		t.Fatal(err)
	}
	a := wantStatus(t, plain.Do("POST", meta.Text("token_endpoint"), url.Values{
		"client_id": {"app"}, "client_secret": {"hush"}, "grant_type": {"authorization_code"}, "code": {p.URL.Query().Get("code")},
		"redirect_uri": {c.back.URL + "/callback"}, "code_verifier": {verifier}, "client_info": {"1"},
	}.Encode(), "Content-Type", "application/x-www-form-urlencoded"), http.StatusOK)
	claims := claimsOf(t, wantStatus(t, plain.Do("GET", meta.Text("jwks_uri"), nil), http.StatusOK), a.Text("id_token"))
	for name, want := range map[string]any{
		"iss": meta.Text("issuer"), "aud": "app", "nonce": "n-1", "preferred_username": host, "email": host, "ver": "2.0",
	} {
		if claims[name] != want {
			t.Errorf("%s is %v, want %v", name, claims[name], want)
		}
	}
	if claims["sub"] == claims["oid"] {
		t.Errorf("sub is the same for every application: %v", claims)
	}
	raw, err := base64.RawURLEncoding.DecodeString(a.Text("client_info"))
	want := fmt.Sprintf(`{"uid":"%s","utid":"%s"}`, claims["oid"], claims["tid"])
	if err != nil || string(raw) != want || p.URL.Query().Get("client_info") != a.Text("client_info") {
		t.Errorf("client info %s, want %s: %v", raw, want, err)
	}
	if a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Content-Type") != "application/json; charset=utf-8" {
		t.Errorf("headers: %v", a.Header)
	}
}

func TestMetadataOfTenants(t *testing.T) {
	t.Parallel()
	s := simtest.Start(t, sim.Config{})
	s.Person(sim.Microsoft, host)
	s.Person(sim.Microsoft, "carla@outlook.com")
	c := simtest.Client{Base: s.MicrosoftURL}.With(t)
	tenant := regexp.MustCompile(`/([^/]+)/v2\.0$`)
	own := tenant.FindStringSubmatch(c.Do("GET", "/contoso.example/v2.0/.well-known/openid-configuration", nil).Text("issuer"))[1]
	for segment, want := range map[string][2]string{
		"common": {"{tenantid}", "common"}, "organizations": {"{tenantid}", "organizations"}, "consumers": {personal, "consumers"},
		personal: {personal, personal}, "Contoso.Example": {own, own}, own: {own, own},
	} {
		a := wantStatus(t, c.Do("GET", "/"+segment+"/v2.0/.well-known/openid-configuration", nil), http.StatusOK)
		if a.Text("issuer") != s.MicrosoftURL+"/"+want[0]+"/v2.0" || a.Text("token_endpoint") != s.MicrosoftURL+"/"+want[1]+"/oauth2/v2.0/token" {
			t.Errorf("%s: %s", segment, a.Raw)
		}
		for _, path := range []string{"authorization_endpoint", "end_session_endpoint", "jwks_uri"} {
			if got := c.Do("GET", a.Text(path), nil); got.Status == http.StatusNotFound || got.Status == http.StatusNotImplemented {
				t.Errorf("%s: %s is %d", segment, path, got.Status)
			}
		}
	}
	for _, path := range []string{"/nosuch.example/v2.0/.well-known/openid-configuration", "/nosuch.example/discovery/v2.0/keys"} {
		wantAADSTS(t, c.Do("GET", path, nil), http.StatusBadRequest, "invalid_request", 90002)
	}
	form := "application/x-www-form-urlencoded"
	if a := c.Do("POST", "/common/oauth2/v2.0/token", "client_id=app", "Content-Type", form, "client-request-id", "asked"); a.Text("correlation_id") != "asked" || !strings.Contains(a.Text("error_description"), "Correlation ID: asked") {
		t.Errorf("correlation: %s", a.Raw)
	}
	wantAADSTS(t, c.Do("POST", "/nosuch.example/oauth2/v2.0/token", "client_id=app", "Content-Type", form), http.StatusBadRequest, "invalid_request", 90002)
	for path, status := range map[string]int{"/common/oauth2/v2.0/devicecode": 501, "/common/v2.0/adminconsent": 501, "/favicon.ico": 404} {
		wantStatus(t, c.Do("POST", path, "", "Content-Type", form), status)
	}
}

// Only those who belong to the tenant of the path can sign in there.
func TestTenantsAdmitTheirOwn(t *testing.T) {
	t.Parallel()
	s := simtest.Start(t, sim.Config{})
	for _, person := range []string{host, "carla@outlook.com", "dora@fabrikam.example"} {
		s.Person(sim.Microsoft, person)
	}
	c := simtest.Client{Base: s.MicrosoftURL}.With(t)
	query := "/oauth2/v2.0/authorize?client_id=app&response_type=code&scope=User.Read&redirect_uri=http://127.0.0.1/&login_hint="
	for segment, want := range map[string]string{
		"common": "host carla dora", "organizations": "host dora", "consumers": "carla", "fabrikam.example": "dora", personal: "carla",
	} {
		page := wantStatus(t, c.Do("GET", "/"+segment+query, nil), http.StatusOK)
		for _, name := range []string{"host", "carla", "dora"} {
			if strings.Contains(page.Raw, `value="`+name+"@") != strings.Contains(want, name) {
				t.Errorf("%s offers %s: %s", segment, name, page.Raw)
			}
		}
	}
	if a := c.Do("GET", "/nosuch.example"+query, nil); a.Status != http.StatusBadRequest || !strings.Contains(a.Raw, "AADSTS90002") {
		t.Errorf("unknown tenant: %d %s", a.Status, a.Raw)
	}
	token, err := s.IssueToken(sim.Microsoft, host, "app")
	if err != nil {
		t.Fatal(err)
	}
	refresh := func(segment string) simtest.Answer {
		return c.Do("POST", "/"+segment+"/oauth2/v2.0/token", "client_id=app&grant_type=refresh_token&refresh_token="+token.Refresh, "Content-Type", "application/x-www-form-urlencoded")
	}
	wantStatus(t, refresh("organizations"), http.StatusOK)
	wantAADSTS(t, refresh("fabrikam.example"), http.StatusBadRequest, "invalid_grant", 50020)
}

func TestResponseModes(t *testing.T) {
	t.Parallel()
	c := connecting(t, sim.Config{})
	plain := simtest.Client{}.With(t)
	decide := func(mode string) simtest.Answer {
		page := wantStatus(t, plain.Do("GET", c.start(map[string]string{"response_mode": mode}), nil), http.StatusOK)
		request := regexp.MustCompile(`name="request" value="([^"]+)"`).FindStringSubmatch(page.Raw)[1]
		return plain.Do("POST", c.s.MicrosoftURL+"/common/oauth2/v2.0/authorize", url.Values{"request": {request}, "account": {host}, "decision": {"allow"}}.Encode(),
			"Content-Type", "application/x-www-form-urlencoded")
	}
	if a := decide("form_post"); a.Status != http.StatusOK || !strings.Contains(a.Raw, `action="`+c.back.URL) || !regexp.MustCompile(`name="code" value="[^"]+"`).MatchString(a.Raw) {
		t.Errorf("form_post: %d %s", a.Status, a.Raw)
	}
	if a := decide("fragment"); !strings.HasPrefix(a.Header.Get("Location"), c.back.URL+"/callback#") || !strings.Contains(a.Header.Get("Location"), "code=") {
		t.Errorf("fragment: %d %v", a.Status, a.Header)
	}
	if a := plain.Do("GET", c.start(map[string]string{"response_mode": "web_message"}), nil); a.Status != http.StatusBadRequest {
		t.Errorf("web_message: %d", a.Status)
	}
}

// Full names of scopes come back as they were asked for, and .default is what was granted.
func TestScopesComeBackAsTheyWereAskedFor(t *testing.T) {
	t.Parallel()
	c := connecting(t, sim.Config{})
	full := "openid offline_access https://graph.microsoft.com/Calendars.ReadWrite"
	p, err := browser.Consent(t.Context(), simtest.HTTP(t), c.start(map[string]string{"scope": full}), browser.Choice{Account: host})
	if err != nil {
		t.Fatal(err)
	}
	a := wantStatus(t, c.exchange(p.URL.Query().Get("code"), verifier), http.StatusOK)
	if a.Text("scope") != "openid https://graph.microsoft.com/Calendars.ReadWrite" {
		t.Errorf("scope: %s", a.Raw)
	}
	b := wantStatus(t, c.refresh(a.Text("refresh_token"), "https://graph.microsoft.com/.default openid"), http.StatusOK)
	if b.Text("scope") != "https://graph.microsoft.com/Calendars.ReadWrite openid" || b.Text("id_token") == "" {
		t.Errorf("default: %s", b.Raw)
	}
}

// An application that acts for itself reaches every mailbox of its tenant, and nobody is "me" to it.
func TestApplicationActsForItself(t *testing.T) {
	t.Parallel()
	s := simtest.Start(t, sim.Config{MicrosoftClients: []sim.OAuthClient{{ID: "app", Secret: "hush"}}})
	for _, person := range []string{host, "other@contoso.example", "dora@fabrikam.example"} {
		s.Person(sim.Microsoft, person)
	}
	ask := func(tenant string, changed url.Values) simtest.Answer {
		form := url.Values{
			"client_id": {"app"}, "client_secret": {"hush"}, "grant_type": {"client_credentials"}, "scope": {"https://graph.microsoft.com/.default"},
		}
		maps.Copy(form, changed)
		return simtest.Client{}.With(t).Do("POST", s.MicrosoftURL+"/"+tenant+"/oauth2/v2.0/token", form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	}
	wantAADSTS(t, ask("common", nil), http.StatusBadRequest, "invalid_request", 50059)
	wantAADSTS(t, ask("contoso.example", url.Values{"scope": {"Calendars.Read"}}), http.StatusBadRequest, "invalid_scope", 1002012)
	wantAADSTS(t, ask("contoso.example", url.Values{"client_secret": {"loud"}}), http.StatusUnauthorized, "invalid_client", 7000215)
	a := wantStatus(t, ask("contoso.example", nil), http.StatusOK)
	if a.At("refresh_token") != nil || a.At("id_token") != nil || a.At("scope") != nil {
		t.Errorf("tokens: %s", a.Raw)
	}
	c := simtest.Client{Base: s.MicrosoftURL + "/v1.0", Token: a.Text("access_token")}.With(t)
	wantError(t, c.Do("GET", "/me/events", nil), http.StatusBadRequest, "BadRequest")
	for _, person := range []string{host, "other@contoso.example"} {
		wantStatus(t, c.Do("POST", "/users/"+person+"/events", meeting(nil)), http.StatusCreated)
	}
	wantError(t, c.Do("GET", "/users/dora@fabrikam.example/events", nil), http.StatusNotFound, "ErrorInvalidUser")
	r := simtest.NewReceiver(t)
	wish := object{
		"changeType": "created", "notificationUrl": r.URL, "resource": "users/" + host + "/events", "clientState": "x",
		"expirationDateTime": time.Now().Add(time.Hour).UTC().Format(time.RFC3339),
	}
	sub := wantStatus(t, c.Do("POST", "/subscriptions", wish), http.StatusCreated)
	wantStatus(t, c.Do("GET", "/subscriptions/"+sub.Text("id"), nil), http.StatusOK)
	wish["resource"] = "me/events"
	wantError(t, c.Do("POST", "/subscriptions", wish), http.StatusBadRequest, "BadRequest")
	wantStatus(t, c.Do("POST", "/users/"+host+"/events", meeting(nil)), http.StatusCreated)
	r.Wait(1)
	if _, err := s.AddFault(sim.Fault{Account: host, Action: sim.ActStatus, Status: http.StatusServiceUnavailable}); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, c.Do("GET", "/users/"+host+"/events", nil), http.StatusServiceUnavailable)
	wantStatus(t, c.Do("GET", "/users/other@contoso.example/events", nil), http.StatusOK)
	stranger := c
	stranger.Token = "eyJ0eXAiother"
	wantError(t, stranger.Do("GET", "/users/"+host+"/events", nil), http.StatusUnauthorized, "InvalidAuthenticationToken")
	wantError(t, s.Client(sim.Microsoft, host).Do("GET", "/subscriptions/"+sub.Text("id"), nil), http.StatusServiceUnavailable, "UnknownError")
}
