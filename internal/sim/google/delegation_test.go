package google_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
)

const robot = "robot@project.iam.gserviceaccount.com"

// pair is a key, and its public half as PEM.
func pair(t *testing.T) (*rsa.PrivateKey, string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return key, string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// signed is an assertion.
func signed(t *testing.T, key *rsa.PrivateKey, head string, claims map[string]any) string {
	t.Helper()
	body, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	text := base64.RawURLEncoding.EncodeToString([]byte(head)) + "." + base64.RawURLEncoding.EncodeToString(body)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// A service account gets a token for a user of a domain that has delegated all of the scopes to it, and for nobody else.
func TestServiceAccounts(t *testing.T) {
	t.Parallel()
	now := clock.NewManual(time.Date(2026, 4, 15, 10, 0, 0, 0, time.UTC))
	s := simtest.Start(t, sim.Config{Clock: now, GoogleClients: []sim.OAuthClient{{ID: "app", Secret: "hush"}}})
	s.Person(sim.Google, host)
	key, public := pair(t)
	stranger, _ := pair(t)
	if err := s.Authorise(sim.Google, sim.Application{Client: robot, Domain: "example.com", Permissions: []string{scope, listing}, PublicKey: public}); err != nil {
		t.Fatal(err)
	}
	const rs256 = `{"alg":"RS256","typ":"JWT"}`
	claims := func(changed map[string]any) map[string]any {
		all := map[string]any{
			"iss": robot, "sub": host, "scope": scope + " " + listing, "aud": s.GoogleURL + "/token", "iat": now.Now().Unix(), "exp": now.Now().Add(time.Hour).Unix(),
		}
		maps.Copy(all, changed)
		return all
	}
	c := simtest.Client{Base: s.GoogleURL}.With(t)
	ask := func(assertion string) simtest.Answer {
		form := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {assertion}}
		return c.Do("POST", "/token", form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	}
	a := wantStatus(t, ask(signed(t, key, rs256, claims(nil))), http.StatusOK)
	if a.Text("token_type") != "Bearer" || a.At("refresh_token") != nil || a.At("scope") != nil || a.At("expires_in") != 3599.0 {
		t.Errorf("%s", a.Raw)
	}
	api := simtest.Client{Base: s.GoogleURL + "/calendar/v3", Token: a.Text("access_token")}.With(t)
	if a := wantStatus(t, api.Do("GET", "/users/me/calendarList", nil), http.StatusOK); len(a.Rows("items")) == 0 || a.Rows("items")[0]["id"] != host {
		t.Errorf("whose calendars: %s", a.Raw)
	}
	for name, c := range map[string]struct {
		assertion string
		status    int
		code      string
	}{
		"no assertion":            {"", 400, "invalid_grant"},
		"signed by another key":   {signed(t, stranger, rs256, claims(nil)), 400, "invalid_grant"},
		"not signed":              {signed(t, key, `{"alg":"none"}`, claims(nil)), 400, "invalid_grant"},
		"an unknown account":      {signed(t, key, rs256, claims(map[string]any{"iss": "x@y.example"})), 400, "invalid_grant"},
		"for another address":     {signed(t, key, rs256, claims(map[string]any{"aud": "https://oauth2.googleapis.com/token"})), 400, "invalid_grant"},
		"over":                    {signed(t, key, rs256, claims(map[string]any{"iat": now.Now().Unix() - 60, "exp": now.Now().Unix()})), 400, "invalid_grant"},
		"for too long":            {signed(t, key, rs256, claims(map[string]any{"exp": now.Now().Add(61 * time.Minute).Unix()})), 400, "invalid_grant"},
		"from the future":         {signed(t, key, rs256, claims(map[string]any{"iat": now.Now().Add(time.Hour).Unix()})), 400, "invalid_grant"},
		"a user who is not there": {signed(t, key, rs256, claims(map[string]any{"sub": "nobody@example.com"})), 400, "invalid_grant"},
		"another domain":          {signed(t, key, rs256, claims(map[string]any{"sub": "ada@other.example"})), 401, "unauthorized_client"},
		"a scope too many":        {signed(t, key, rs256, claims(map[string]any{"scope": scope + " https://www.googleapis.com/auth/calendar"})), 401, "unauthorized_client"},
		"no scope":                {signed(t, key, rs256, claims(map[string]any{"scope": ""})), 400, "invalid_scope"},
		"nobody":                  {signed(t, key, rs256, claims(map[string]any{"sub": ""})), 501, "unsupported_grant_type"},
	} {
		if a := ask(c.assertion); a.Status != c.status || a.Text("error") != c.code {
			t.Errorf("%s: %d %s, want %d %s", name, a.Status, a.Raw, c.status, c.code)
		}
	}
	if err := s.Authorise(sim.Google, sim.Application{Client: robot, Domain: "example.com", PublicKey: public}); err != nil {
		t.Fatal(err)
	}
	if a := ask(signed(t, key, rs256, claims(nil))); a.Text("error") != "unauthorized_client" {
		t.Errorf("once the delegation is over: %s", a.Raw)
	}
}
