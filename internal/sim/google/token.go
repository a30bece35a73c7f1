package google

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/calweave/calweave/internal/sim/oauth"
)

const (
	accessPrefix  = "ya29.a0"
	refreshPrefix = "1//0e"
	// accessLife is what a token response promises.
	accessLife = 3599 * time.Second
	// idleLife is how long a refresh token may go unused: six months (https://developers.google.com/identity/protocols/oauth2#expiration).
	idleLife = 182 * 24 * time.Hour
	// testingLife is how long a refresh token lives while the client's consent screen is in testing, and maxRefreshTokens how many of them an
	// account has per client, the same page says.
	testingLife      = 7 * 24 * time.Hour
	maxRefreshTokens = 100
)

// tokenError is an error of the token endpoint (RFC 6749, section 5.2).
type tokenError struct {
	status int
	code   string
	text   string
}

func (e tokenError) write(w http.ResponseWriter) {
	writeJSON(w, e.status, map[string]string{"error": e.code, "error_description": e.text})
}

// token exchanges codes and refresh tokens. Called once per connection and then about once an hour.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		tokenError{http.StatusBadRequest, "invalid_request", "Bad Request"}.write(w)
		return
	}
	if r.PostForm.Get("grant_type") == assertionGrant { // the assertion itself proves who asks
		s.assertion(w, r)
		return
	}
	client, err := s.clients.Prove(r, r.PostForm)
	switch {
	case errors.Is(err, oauth.ErrBadSecret):
		tokenError{http.StatusUnauthorized, "invalid_client", "Unauthorized"}.write(w)
		return
	case err != nil:
		tokenError{http.StatusUnauthorized, "invalid_client", "The OAuth client was not found."}.write(w)
		return
	}
	switch r.PostForm.Get("grant_type") {
	case "authorization_code":
		s.exchange(w, client, r.PostForm)
	case "refresh_token":
		s.refresh(w, client, r.PostForm)
	case "urn:ietf:params:oauth:grant-type:device_code":
		notSimulated("the grant type " + r.PostForm.Get("grant_type")).write(w)
	default:
		tokenError{http.StatusBadRequest, "unsupported_grant_type", "Invalid grant_type: " + r.PostForm.Get("grant_type")}.write(w)
	}
}

// exchange turns a code into tokens.
func (s *Server) exchange(w http.ResponseWriter, client oauth.Client, form url.Values) {
	c, err := s.ledger.Redeem(client, form)
	switch {
	case errors.Is(err, oauth.ErrBadRedirect):
		tokenError{http.StatusBadRequest, "redirect_uri_mismatch", "Bad Request"}.write(w)
		return
	case errors.Is(err, oauth.ErrNoVerifier):
		tokenError{http.StatusBadRequest, "invalid_grant", "Missing code verifier."}.write(w)
		return
	case errors.Is(err, oauth.ErrBadVerifier):
		tokenError{http.StatusBadRequest, "invalid_grant", "Invalid code verifier."}.write(w)
		return
	case err != nil:
		tokenError{http.StatusBadRequest, "invalid_grant", "Bad Request"}.write(w)
		return
	}
	before := s.ledger.Consented(c.Account, client.ID, c.Granted)
	scopes := c.Granted
	if c.Query.Get("include_granted_scopes") == "true" {
		scopes = slices.Compact(slices.Sorted(slices.Values(slices.Concat(before, scopes))))
	}
	grant := s.ledger.Open(c.Account, client.ID, scopes)
	v := s.tokens(grant, c.Query.Get("nonce"))
	// A refresh token comes with the first consent only, unless the person was asked to consent anew
	// (https://developers.google.com/identity/protocols/oauth2/web-server#offline).
	if c.Query.Get("access_type") == "offline" && (before == nil || strings.Contains(c.Query.Get("prompt"), "consent")) {
		v["refresh_token"] = s.ledger.MintRefresh(refreshPrefix, grant)
		if client.Testing {
			s.ledger.Limit(grant, testingLife)
			v["refresh_token_expires_in"] = int(testingLife.Seconds())
		}
	}
	writeJSON(w, http.StatusOK, v)
}

// refresh turns a refresh token into an access token. The refresh token stays the same, so the answer has none.
func (s *Server) refresh(w http.ResponseWriter, client oauth.Client, form url.Values) {
	grant, err := s.ledger.Renew(form.Get("refresh_token"), client.ID)
	switch {
	case form.Get("refresh_token") == "":
		tokenError{http.StatusBadRequest, "invalid_request", "Missing required parameter: refresh_token"}.write(w)
	case errors.Is(err, oauth.ErrUnknownToken):
		tokenError{http.StatusBadRequest, "invalid_grant", "Bad Request"}.write(w)
	case err != nil:
		tokenError{http.StatusBadRequest, "invalid_grant", "Token has been expired or revoked."}.write(w)
	default:
		writeJSON(w, http.StatusOK, s.tokens(grant, ""))
	}
}

// tokens are what a grant gives now. Only the first identity token repeats the nonce of the request, if that had one.
func (s *Server) tokens(g oauth.Grant, nonce string) map[string]any {
	v := map[string]any{
		"access_token": s.ledger.MintAccess(accessPrefix, g, g.Scopes, accessLife),
		"expires_in":   int(accessLife.Seconds()), "scope": strings.Join(g.Scopes, " "), "token_type": "Bearer",
	}
	if slices.Contains(g.Scopes, "openid") {
		v["id_token"] = oauth.IDToken(s.identity(g, nonce))
	}
	return v
}

// identity are the claims of an identity token (https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload).
func (s *Server) identity(g oauth.Grant, nonce string) map[string]any {
	now := s.world.Now()
	claims := map[string]any{
		"iss": "https://accounts.google.com", "azp": g.Client, "aud": g.Client, "sub": resourceOf(g.Account, "sub"),
		"iat": now.Unix(), "exp": now.Add(accessLife).Unix(),
	}
	if slices.Contains(g.Scopes, scopePrefix+"userinfo.email") {
		claims["email"], claims["email_verified"] = g.Account, true
	}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	return claims
}

// revoke serves https://developers.google.com/identity/protocols/oauth2/web-server#tokenrevoke: either token ends all that
// the person has allowed the client, whichever connection it was for.
func (s *Server) revoke(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil || !s.ledger.Revoke(r.Form.Get("token")) {
		tokenError{http.StatusBadRequest, "invalid_token", "Token expired or revoked"}.write(w)
		return
	}
	s.world.Signal.Raise()
	writeJSON(w, http.StatusOK, map[string]any{})
}
