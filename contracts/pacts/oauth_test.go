//go:build pact

package pacts_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/grant"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/providers/google"
	"github.com/calweave/calweave/providers/microsoft"
)

const (
	codeWord   = "code-of-the-consent"
	verifier   = "a-verifier-of-the-code-that-is-forty-three-chars"
	redirect   = "https://calweave.example/oauth/callback"
	clientID   = "calweave"
	secretWord = "secret-of-the-client"
)

func TestGoogleOAuth(t *testing.T) {
	e := httpEdge{edge: edge{
		ID: "a", Title: "calweave asks Google for tokens", Consumer: "calweave", Provider: "google-oauth", Against: "the simulator of Google",
		Headers: []string{"Content-Type"}, Interactions: 12,
	}, scenes: append(delegationScenes(t), tokenScenes(authority{
		driver: func() provider.Driver { return google.New(google.Config{Clock: clock.NewManual(today)}) }, revokes: true,
		scope: "https://www.googleapis.com/auth/calendar.events", refusals: []refused{
			{401, "invalid_client", "", fault.Misconfigured}, {400, "unauthorized_client", "", fault.Misconfigured},
			{403, "admin_policy_enforced", "", fault.NeedsConsent}, {500, "internal_failure", "", fault.Transient},
		},
	})...)}
	holdTokens(t, e, newSimulated(sim.Google))
}

func TestEntra(t *testing.T) {
	e := httpEdge{edge: edge{
		ID: "a", Title: "calweave asks Entra for tokens", Consumer: "calweave", Provider: "microsoft-entra", Against: "the simulator of Microsoft",
		Headers: []string{"Content-Type"}, Interactions: 12,
	}, scenes: append(credentialScenes(), tokenScenes(authority{
		driver: func() provider.Driver { return microsoft.New(microsoft.Config{Clock: clock.NewManual(today)}) }, rotates: true, codes: true,
		scope: "Calendars.ReadWrite", refusals: []refused{
			{401, "invalid_client", "", fault.Misconfigured}, {400, "consent_required", "", fault.NeedsConsent},
			{400, "interaction_required", "", fault.NeedsReauth}, {400, "unauthorized_client", "", fault.Misconfigured},
			{503, "temporarily_unavailable", "", fault.Transient}, {500, "server_error", "", fault.Transient},
		},
	})...)}
	holdTokens(t, e, newSimulated(sim.Microsoft))
}

func holdTokens(t *testing.T, e httpEdge, side *simulated) {
	t.Helper()
	path := fresh(t, e.edge, e.make)
	t.Cleanup(side.close)
	states := map[string]setup{
		"an account":                         side.after(),
		"an account that has just consented": side.after(side.consented),
		"an account that has ended its consent": side.after(func() error {
			return side.sim.RevokeGrants(side.provider, ana)
		}),
	}
	side.delegates(states)
	for _, s := range e.scenes {
		for _, st := range s.steps {
			var status int
			var code string
			if n, _ := fmt.Sscanf(st.state.name, "the provider refuses with %d %s", &status, &code); n == 2 {
				states[st.state.name] = side.refusesTokens(status, code)
			}
		}
	}
	hold(t, e.edge, path, &providerSide{states: states, handler: side.handler, filter: addressed, clean: side.close})
}

// authority is what is different about an authorization server.
type authority struct {
	driver                  func() provider.Driver
	rotates, revokes, codes bool
	scope                   string
	refusals                []refused
}

func (a authority) exchange(httpc *http.Client) (*grant.Exchange, grant.App) {
	app := grant.App{ID: "app", Driver: a.driver(), ClientID: clientID, Secret: func() string { return secretWord }}
	return grant.NewExchange([]grant.App{app}, httpc, func(cal.Provider) string { return redirect }, clock.NewManual(today)), app
}

func (a authority) refresh(ctx context.Context, httpc *http.Client) (record.Grant, error) {
	x, _ := a.exchange(httpc)
	return x.Refresh(ctx, "tenant", record.Connection{ID: "connection", AppID: "app", Provider: a.driver().Name()},
		record.Grant{ConnectionID: "connection", RefreshToken: refreshWord, Scopes: a.scope})
}

func tokenScenes(a authority) []scene {
	tokens := func(refresh bool) object {
		body := object{
			"access_token": like(tokenWord), "expires_in": like(3599), "token_type": exactly("Bearer"), "scope": like(a.scope),
		}
		if refresh {
			body["refresh_token"] = like(refreshWord)
		}
		return body
	}
	check := func(g record.Grant, err error) error {
		return wants(err, g.AccessToken == tokenWord && g.RefreshToken == refreshWord && g.Scopes == a.scope && g.ExpiresAt.After(today), g.ExpiresAt)
	}
	refusal := func(status int, code string) reply {
		body := object{"error": exactly(code)}
		if a.codes {
			body["error_description"] = like("AADSTS0: No.")
		}
		return reply{status: status, body: body}
	}
	redeem := func(ctx context.Context, httpc *http.Client) (record.Grant, error) {
		x, app := a.exchange(httpc)
		return x.Redeem(ctx, app, "connection", codeWord, verifier)
	}
	scenes := []scene{
		one("tokens for a code", given("an account that has just consented"), reply{status: 200, body: tokens(true)},
			func(ctx context.Context, httpc *http.Client) error { return check(redeem(ctx, httpc)) }),
		one("tokens for a code that is none", given("an account"), refusal(400, "invalid_grant"), func(ctx context.Context, httpc *http.Client) error {
			_, err := redeem(ctx, httpc)
			return fails(fault.NeedsReauth, err)
		}),
		one("tokens for a refresh token", given("an account"), reply{status: 200, body: tokens(a.rotates)},
			func(ctx context.Context, httpc *http.Client) error { return check(a.refresh(ctx, httpc)) }),
		one("tokens for a refresh token of an ended consent", given("an account that has ended its consent"), refusal(400, "invalid_grant"),
			func(ctx context.Context, httpc *http.Client) error {
				_, err := a.refresh(ctx, httpc)
				return fails(fault.NeedsReauth, err)
			}),
	}
	if a.revokes {
		scenes = append(scenes, one("the end of a consent", given("an account"), reply{status: 200}, func(ctx context.Context, httpc *http.Client) error {
			x, app := a.exchange(httpc)
			return x.Revoke(ctx, app, refreshWord)
		}))
	}
	for _, r := range a.refusals {
		scenes = append(scenes, one(fmt.Sprintf("tokens, and is refused with %d %s", r.status, r.code), refusing(r.status, r.code, ""), refusal(r.status, r.code),
			func(ctx context.Context, httpc *http.Client) error {
				_, err := a.refresh(ctx, httpc)
				return fails(r.kind, err)
			}))
	}
	return scenes
}

// refusesTokens has the token endpoint refuse in the form of RFC 6749, section 5.2.
func (s *simulated) refusesTokens(status int, code string) setup {
	return s.after(func() error {
		body := fmt.Sprintf(`{"error":%q,"error_description":"AADSTS0: No."}`, code)
		_, err := s.sim.AddFault(sim.Fault{
			Provider: s.provider, Path: "*token", Action: sim.ActStatus, Status: status, Body: body, ContentType: "application/json; charset=utf-8",
		})
		return err
	})
}

// consented signs in at the consent page as the account's owner, and keeps the code.
func (s *simulated) consented() error {
	o := google.New(google.Config{}).OAuth()
	path := "/o/oauth2/v2/auth"
	if s.provider == sim.Microsoft {
		o, path = microsoft.New(microsoft.Config{}).OAuth(), "/common/oauth2/v2.0/authorize"
	}
	query := url.Values{
		"client_id": {clientID}, "redirect_uri": {redirect}, "response_type": {"code"}, "scope": {strings.Join(o.Scopes, " ")}, "state": {"state"},
		"code_challenge": {challenge(verifier)}, "code_challenge_method": {"S256"}, "access_type": {"offline"}, "prompt": {"consent"},
	}
	rec := httptest.NewRecorder()
	s.handler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path+"?"+query.Encode(), nil))
	_, rest, _ := strings.Cut(rec.Body.String(), `name="request" value="`)
	request, _, _ := strings.Cut(rest, `"`)
	form := url.Values{"request": {request}, "account": {ana}, "decision": {"allow"}, "scope": o.Scopes}
	post := httptest.NewRequest(http.MethodPost, path, bytes.NewBufferString(form.Encode()))
	post.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rec = httptest.NewRecorder()
	s.handler().ServeHTTP(rec, post)
	back, err := url.Parse(rec.Header().Get("Location"))
	if err != nil {
		return err
	}
	s.words[codeWord] = back.Query().Get("code")
	if s.words[codeWord] == "" {
		return fmt.Errorf("the consent page sent nobody back: %d %s", rec.Code, rec.Body)
	}
	return nil
}

// challenge is the S256 challenge of a verifier (RFC 7636, section 4.2).
func challenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
