package microsoft

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/calweave/calweave/internal/sim/oauth"
)

const (
	accessPrefix  = "eyJ0eXAi"
	refreshPrefix = "0.AXoA"
	// accessLife is what a token response promises.
	accessLife = 3599 * time.Second
	// idleLife is how long a refresh token may go unused (https://learn.microsoft.com/entra/identity-platform/refresh-tokens).
	idleLife = 90 * 24 * time.Hour
)

// tokenError is an error of the token endpoint
// (https://learn.microsoft.com/entra/identity-platform/reference-error-codes).
type tokenError struct {
	status   int
	code     string
	number   int
	text     string
	suberror string
}

func invalidGrant(number int, text string) tokenError {
	return tokenError{status: http.StatusBadRequest, code: "invalid_grant", number: number, text: text}
}

func without(parameter string) tokenError {
	return tokenError{http.StatusBadRequest, "invalid_request", 900144, "The request body must contain the following parameter: '" + parameter + "'.", ""}
}

// refuseToken answers with the error. Libraries send the id that they want to find it by again.
func (s *Server) refuseToken(w http.ResponseWriter, r *http.Request, e tokenError) {
	trace := s.world.IDs.UUID()
	correlation := cmp.Or(r.Header.Get("client-request-id"), r.URL.Query().Get("client-request-id"), s.world.IDs.UUID())
	at := s.world.Now().Format("2006-01-02 15:04:05Z")
	v := map[string]any{
		"error": e.code,
		"error_description": fmt.Sprintf("AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: %s",
			e.number, e.text, trace, correlation, at),
		"error_codes": []int{e.number}, "timestamp": at, "trace_id": trace, "correlation_id": correlation,
		"error_uri": fmt.Sprintf("https://login.microsoftonline.com/error?code=%d", e.number),
	}
	if e.suberror != "" {
		v["suberror"] = e.suberror
	}
	if e.code == "interaction_required" {
		v["claims"] = claims
	}
	w.Header().Set("Cache-Control", "no-store")
	writePlainJSON(w, e.status, v)
}

// token exchanges codes, refresh tokens and what an application proves itself with. Called once per connection and then about once an hour.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		s.refuseToken(w, r, tokenError{http.StatusBadRequest, "invalid_request", 900144, "The request body cannot be read.", ""})
		return
	}
	if _, known := s.tenant(r.PathValue("tenant")); !known {
		s.refuseToken(w, r, unknownTenant(r.PathValue("tenant")))
		return
	}
	if r.PostForm.Get("grant_type") == "" {
		s.refuseToken(w, r, without("grant_type"))
		return
	}
	client, ok := s.proven(w, r)
	if !ok {
		return
	}
	switch r.PostForm.Get("grant_type") {
	case "authorization_code":
		s.exchange(w, r, client)
	case "refresh_token":
		s.refresh(w, r, client)
	case "client_credentials":
		s.applicationToken(w, r, client)
	case "urn:ietf:params:oauth:grant-type:jwt-bearer", "urn:ietf:params:oauth:grant-type:device_code":
		s.refuseToken(w, r, tokenError{http.StatusNotImplemented, "unsupported_grant_type", 70003, "The simulator does not do this yet.", ""})
	default:
		s.refuseToken(w, r, tokenError{http.StatusBadRequest, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.", ""})
	}
}

// proven returns the client that asks, or answers that it is not known or has not proved itself.
func (s *Server) proven(w http.ResponseWriter, r *http.Request) (oauth.Client, bool) {
	client, err := s.clients.Prove(r, r.PostForm)
	switch {
	case errors.Is(err, oauth.ErrBadSecret) && r.PostForm.Get("client_secret") == "" && r.Header.Get("Authorization") == "":
		s.refuseToken(w, r, aadsts()[7000218])
		return client, false
	case errors.Is(err, oauth.ErrBadSecret):
		s.refuseToken(w, r, tokenError{http.StatusUnauthorized, "invalid_client", 7000215, "Invalid client secret provided.", ""})
		return client, false
	case err != nil:
		s.refuseToken(w, r, tokenError{http.StatusBadRequest, "unauthorized_client", 700016, "Application was not found in the directory.", ""})
		return client, false
	}
	return client, true
}

// exchange turns a code into tokens.
func (s *Server) exchange(w http.ResponseWriter, r *http.Request, client oauth.Client) {
	c, err := s.ledger.Redeem(client, r.PostForm)
	switch {
	case errors.Is(err, oauth.ErrUsedCode):
		s.refuseToken(w, r, invalidGrant(54005, "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token."))
	case errors.Is(err, oauth.ErrExpiredCode):
		s.refuseToken(w, r, invalidGrant(70008, "The provided authorization code or refresh token has expired due to inactivity."))
	case errors.Is(err, oauth.ErrBadVerifier), errors.Is(err, oauth.ErrNoVerifier):
		s.refuseToken(w, r, invalidGrant(501481, "The Code_Verifier does not match the code_challenge supplied in the authorization request."))
	case errors.Is(err, oauth.ErrBadRedirect):
		s.refuseToken(w, r, invalidGrant(500112, "The reply address does not match the reply address provided when requesting the authorization code."))
	case err != nil:
		s.refuseToken(w, r, invalidGrant(70000, "The provided value for the 'code' parameter is not valid."))
	default:
		if e, refused := s.refusal(c.Account); refused {
			s.refuseToken(w, r, e)
			return
		}
		grant := s.ledger.Open(c.Account, client.ID, expanded(c.Granted))
		s.grantTokens(w, r, tokenWish{grant: grant, scopes: grant.Scopes, prefixed: prefixed(c.Granted), nonce: c.Query.Get("nonce")})
	}
}

// expanded turns .default into what an application of this kind was given by its registration.
func expanded(all []string) []string {
	var out []string
	for _, scope := range all {
		if isDefault(scope) {
			out = append(out, "Calendars.ReadWrite", "User.Read")
			continue
		}
		out = append(out, strings.TrimPrefix(scope, scopePrefix))
	}
	return out
}

// refresh turns a refresh token into an access token and a further refresh token. The one that was used stays good.
func (s *Server) refresh(w http.ResponseWriter, r *http.Request, client oauth.Client) {
	form := r.PostForm
	grant, err := s.ledger.Renew(form.Get("refresh_token"), client.ID)
	switch {
	case form.Get("refresh_token") == "":
		s.refuseToken(w, r, without("refresh_token"))
		return
	case errors.Is(err, oauth.ErrRevoked):
		s.refuseToken(w, r, invalidGrant(50173, "The provided grant has expired due to it being revoked, a fresh auth token is needed."))
		return
	case errors.Is(err, oauth.ErrInactive):
		s.refuseToken(w, r, invalidGrant(700082, "The refresh token has expired due to inactivity."))
		return
	case err != nil:
		s.refuseToken(w, r, invalidGrant(9002313, "Invalid request. Request is malformed or invalid."))
		return
	}
	if e, refused := s.refusal(grant.Account); refused {
		s.refuseToken(w, r, e)
		return
	}
	scopes, wish := grant.Scopes, strings.Fields(form.Get("scope"))
	if asked := renewed(wish, grant.Scopes); len(asked) > 0 {
		if slices.ContainsFunc(asked, func(scope string) bool { return !identityScope(scope) && !slices.Contains(grant.Scopes, scope) }) {
			e := invalidGrant(65001, "The user or administrator has not consented to use the application.")
			e.suberror = "consent_required"
			s.refuseToken(w, r, e)
			return
		}
		scopes = asked
	}
	s.grantTokens(w, r, tokenWish{grant: grant, scopes: scopes, prefixed: prefixed(wish)})
}

// renewed is what a refresh asks for: .default is all that was granted.
func renewed(wish, granted []string) []string {
	if !slices.ContainsFunc(wish, isDefault) {
		return expanded(wish)
	}
	return slices.Compact(slices.Sorted(slices.Values(append(slices.DeleteFunc(slices.Clone(wish), isDefault), granted...))))
}

func isDefault(scope string) bool { return strings.HasSuffix(scope, ".default") }

// prefixed reports whether scopes were asked for by their full names.
func prefixed(wish []string) bool {
	return slices.ContainsFunc(wish, func(scope string) bool { return strings.HasPrefix(scope, scopePrefix) })
}
