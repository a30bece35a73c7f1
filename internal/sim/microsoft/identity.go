package microsoft

import (
	"encoding/base64"
	"encoding/json"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/calweave/calweave/internal/sim/oauth"
)

// tokenWish is what a token response is about.
type tokenWish struct {
	grant  oauth.Grant
	scopes []string
	// prefixed says that scopes are shown by their full names, as they were asked for: libraries look for those in what they kept.
	prefixed bool
	nonce    string
}

// grantTokens serves https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#successful-response-2.
func (s *Server) grantTokens(w http.ResponseWriter, r *http.Request, t tokenWish) {
	if !s.mayEnter(r.PathValue("tenant"), t.grant.Account) {
		s.refuseToken(w, r, invalidGrant(50020, "User account does not exist in the tenant and cannot access the application in that tenant."))
		return
	}
	life := int(accessLife.Seconds())
	v := map[string]any{
		"token_type": "Bearer", "scope": t.shown(), "expires_in": life, "ext_expires_in": life,
		"access_token": s.ledger.MintAccess(accessPrefix, t.grant, t.scopes, accessLife),
	}
	if slices.Contains(t.grant.Scopes, "offline_access") {
		v["refresh_token"] = s.ledger.MintRefresh(refreshPrefix, t.grant)
	}
	if slices.Contains(t.scopes, "openid") {
		token, err := s.idToken(rootOf(r), t)
		if err != nil {
			s.refuseToken(w, r, serverError())
			return
		}
		v["id_token"] = token
	}
	if r.PostForm.Get("client_info") == "1" {
		v["client_info"] = s.clientInfo(t.grant.Account)
	}
	w.Header().Set("Cache-Control", "no-store")
	writePlainJSON(w, http.StatusOK, v)
}

func (t tokenWish) shown() string {
	var all []string
	for _, scope := range t.scopes {
		switch {
		case scope == "offline_access":
		case t.prefixed && !identityScope(scope):
			all = append(all, scopePrefix+scope)
		default:
			all = append(all, scope)
		}
	}
	return strings.Join(all, " ")
}

func serverError() tokenError {
	return tokenError{http.StatusInternalServerError, "server_error", 90055, "The key that tokens are signed with cannot be made.", ""}
}

// mayEnter reports whether the account can have tokens of the tenant that the path names.
func (s *Server) mayEnter(segment, account string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	m := s.mailboxes[strings.ToLower(account)]
	return m != nil && s.admits(segment, m)
}

// idToken says who the person is: oid and tid together are the stable key, and sub is another one for each application
// (https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference).
func (s *Server) idToken(root string, t tokenWish) (string, error) {
	s.mu.RLock()
	m := s.mailboxes[strings.ToLower(t.grant.Account)]
	s.mu.RUnlock()
	now := s.world.Now()
	claims := map[string]any{
		"ver": "2.0", "iss": root + "/" + m.tenant + "/v2.0", "aud": t.grant.Client, "oid": m.oid, "tid": m.tenant,
		"sub": derivedUUID("sub " + t.grant.Client + " " + m.oid), "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(accessLife).Unix(),
		"uti": s.world.IDs.Hex(22),
	}
	if slices.Contains(t.scopes, "profile") {
		claims["name"], claims["preferred_username"] = m.person.Name, m.person.Email
	}
	if slices.Contains(t.scopes, "email") {
		claims["email"] = m.person.Email
	}
	if t.nonce != "" {
		claims["nonce"] = t.nonce
	}
	return oauth.SignedToken(claims)
}

// clientInfo tells a library whose tokens it was given, by which it keeps them. Not documented: this is what the libraries' source reads.
func (s *Server) clientInfo(account string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	m := s.mailboxes[strings.ToLower(account)]
	raw, err := json.Marshal(map[string]string{"uid": m.oid, "utid": m.tenant})
	if err != nil {
		return "" // unreachable: strings always marshal
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// responseModes are the ways in which a code comes back to the client
// (https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#request-an-authorization-code).
func responseModes() []string { return []string{"query", "fragment", "form_post"} }

// formPost sends the parameters by the person's browser.
//
//nolint:gochecknoglobals // parsed once; the text is a constant
var formPost = template.Must(template.New("post").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"/><title>Working...</title></head>
<body onload="document.forms[0].submit()">
<form method="post" action="{{.To}}">
{{range $name, $values := .Params}}{{range $values}}<input type="hidden" name="{{$name}}" value="{{.}}"/>
{{end}}{{end}}<noscript><p>Script is disabled. Click Submit to continue.</p><button type="submit">Submit</button></noscript>
</form>
</body></html>
`))

// sendBack sends the person's browser to the client in the way that the client asked for.
func sendBack(w http.ResponseWriter, r *http.Request, ask oauth.Ask, params url.Values) {
	switch ask.Query.Get("response_mode") {
	case "form_post":
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		_ = formPost.Execute(w, map[string]any{"To": ask.Redirect, "Params": params}) // a browser that has gone needs no page
	case "fragment":
		http.Redirect(w, r, ask.Redirect+"#"+params.Encode(), http.StatusFound)
	default:
		oauth.SendBack(w, r, ask.Redirect, params)
	}
}

// rootOf is the address under which the client reached the identity platform and Graph.
func rootOf(r *http.Request) string { return strings.TrimSuffix(base(r), "/v1.0") }

// shareWithBrowsers lets scripts of any page read the answer.
func shareWithBrowsers(w http.ResponseWriter) { w.Header().Set("Access-Control-Allow-Origin", "*") }

// writePlainJSON answers as the identity platform does.
func writePlainJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	writeRaw(w, status, v)
}
