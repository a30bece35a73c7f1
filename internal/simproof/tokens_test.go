package simproof_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/browser"
	"github.com/calweave/calweave/internal/sim/simtest"
)

func replaceHost(text, base string) string {
	return strings.ReplaceAll(text, "https://graph.microsoft.com", base)
}

// Token endpoints answer in the shapes of the field, to a code, to a refresh token, and to a grant that has ended.
func TestTokenAnswersInTheShapeOfSamples(t *testing.T) {
	t.Parallel()
	const verifier = "a-code-verifier-that-is-at-least-43-characters-long"
	back := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(back.Close)
	clients := []sim.OAuthClient{{ID: "app", Secret: "hush", Redirects: []string{back.URL}}}
	s := simtest.Start(t, sim.Config{GoogleClients: clients, MicrosoftClients: clients})
	s.Person(sim.Google, anna)
	s.Person(sim.Microsoft, annaOutlook)
	sum := sha256.Sum256([]byte(verifier))
	for _, c := range []struct {
		provider                        sim.Provider
		person, page, token, scope      string
		exchange, refresh, dead, client string
		except                          []string
	}{
		{
			sim.Google, anna, s.GoogleURL + "/o/oauth2/v2/auth", s.GoogleURL + "/token", "https://www.googleapis.com/auth/calendar.events",
			"token_code_exchange", "token_refresh", "token_error_400", "token_error_401",
			[]string{".refresh_token_expires_in"}, // while a project is being tested
		},
		{
			sim.Microsoft, annaOutlook, s.MicrosoftURL + "/common/oauth2/v2.0/authorize", s.MicrosoftURL + "/common/oauth2/v2.0/token",
			"openid offline_access User.Read Calendars.ReadWrite", "token_200", "token_200", "token_400", "token_400", nil,
		},
	} {
		p, err := browser.Consent(t.Context(), http.DefaultClient, c.page+"?"+url.Values{
			"client_id": {"app"}, "redirect_uri": {back.URL}, "response_type": {"code"}, "scope": {c.scope}, "access_type": {"offline"}, "state": {"s"},
			"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
		}.Encode(), browser.Choice{})
		if err != nil {
			t.Fatal(err)
		}
		ask := func(form url.Values) simtest.Answer {
			form.Set("client_id", "app")
			if !form.Has("client_secret") {
				form.Set("client_secret", "hush")
			}
			return simtest.Client{}.With(t).Do("POST", c.token, form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
		}
		got := ask(url.Values{"grant_type": {"authorization_code"}, "code": {p.URL.Query().Get("code")}, "redirect_uri": {back.URL}, "code_verifier": {verifier}})
		compare(t, c.exchange, sample(t, string(c.provider), c.exchange), []byte(got.Raw), c.except...)
		refresh := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {got.Text("refresh_token")}}
		compare(t, c.refresh, sample(t, string(c.provider), c.refresh), []byte(ask(refresh).Raw), c.except...)
		refresh.Set("client_secret", "wrong")
		compare(t, c.client, sample(t, string(c.provider), c.client), []byte(ask(refresh).Raw))
		refresh.Del("client_secret")
		if err := s.RevokeGrants(c.provider, c.person); err != nil {
			t.Fatal(err)
		}
		dead := ask(refresh)
		compare(t, c.dead, sample(t, string(c.provider), c.dead), []byte(dead.Raw))
		if dead.Status != http.StatusBadRequest || dead.Text("error") != "invalid_grant" {
			t.Errorf("%s: %d %s", c.provider, dead.Status, dead.Raw)
		}
	}
}
