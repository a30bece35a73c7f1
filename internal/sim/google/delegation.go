package google

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/calweave/calweave/internal/sim/oauth"
	"github.com/calweave/calweave/internal/sim/stage"
)

// assertionGrant is the grant type of service accounts (RFC 7523, section 2.1).
const assertionGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer"

// assertionLife is how long an assertion may be good for, and clockSkew how far the clock of who made it may be ahead
// (https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests). The skew is not documented.
const (
	assertionLife = time.Hour
	clockSkew     = 5 * time.Minute
)

// Authorise lets a service account act for the accounts of a domain, as its administrator does by domain-wide delegation.
func (s *Server) Authorise(a oauth.Application) error {
	if a.PublicKey == "" {
		return fmt.Errorf("%w: a service account needs public_key", stage.ErrInvalid)
	}
	if i := slices.IndexFunc(a.Permissions, unknownScope); i >= 0 {
		return fmt.Errorf("%w: %q is no scope of Google's", stage.ErrInvalid, a.Permissions[i])
	}
	return s.applications.Put(a)
}

// assertion turns what a service account has signed into an access token for the account that it acts for
// (https://developers.google.com/identity/protocols/oauth2/service-account#error-codes).
func (s *Server) assertion(w http.ResponseWriter, r *http.Request) {
	c, err := s.applications.Verify(r.PostForm.Get("assertion"))
	invalid := func(text string) { tokenError{http.StatusBadRequest, "invalid_grant", text}.write(w) }
	now := s.world.Now()
	account := s.known(c.Subject)
	scopes := strings.Fields(c.Scope)
	switch {
	case errors.Is(err, oauth.ErrBadSignature):
		invalid("Invalid JWT Signature.")
	case errors.Is(err, oauth.ErrUnknownIssuer):
		invalid("Invalid grant: account not found")
	case err != nil:
		invalid("Bad Request")
	case c.Audience != addressOf(r):
		invalid("Invalid JWT: Failed audience check")
	case timely(c, now) != nil:
		invalid("Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.")
	case len(scopes) == 0 || slices.ContainsFunc(scopes, unknownScope):
		tokenError{http.StatusBadRequest, "invalid_scope", "Invalid OAuth scope or ID token audience provided."}.write(w)
	case c.Subject == "":
		tokenError{http.StatusNotImplemented, "unsupported_grant_type", "The simulator has no calendars of service accounts."}.write(w)
	case !s.delegated(c, scopes):
		tokenError{
			http.StatusUnauthorized, "unauthorized_client",
			"Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.",
		}.write(w)
	case account == "":
		invalid("Invalid email or User ID")
	default:
		g := s.ledger.Open(account, c.Issuer, scopes)
		writeJSON(w, http.StatusOK, map[string]any{
			"access_token": s.ledger.MintAccess(accessPrefix, g, scopes, accessLife), "expires_in": int(accessLife.Seconds()), "token_type": "Bearer",
		})
	}
}

// delegated reports whether all scopes are delegated in the domain of the account that is acted for.
func (s *Server) delegated(c oauth.Claims, scopes []string) bool {
	_, domain, _ := strings.Cut(c.Subject, "@")
	allowed, _ := s.applications.Permissions(c.Issuer, domain)
	return !slices.ContainsFunc(scopes, func(scope string) bool { return !slices.Contains(allowed, scope) })
}

func timely(c oauth.Claims, now time.Time) error {
	issued, expires := time.Unix(c.Issued, 0), time.Unix(c.Expires, 0)
	if issued.After(now.Add(clockSkew)) || !expires.After(now) || expires.Sub(issued) > assertionLife {
		return errors.New("not now")
	}
	return nil
}

// addressOf is the address under which the client reached the token endpoint.
func addressOf(r *http.Request) string {
	u := url.URL{Scheme: "http", Host: r.Host, Path: r.URL.Path}
	if r.TLS != nil {
		u.Scheme = "https"
	}
	return u.String()
}
