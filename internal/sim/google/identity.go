package google

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/calweave/calweave/internal/sim/oauth"
)

// identityRoutes are what Google's clients ask about a token and whose it is. They stand on several hosts and in several versions.
func (s *Server) identityRoutes(mux *http.ServeMux) {
	for _, path := range []string{"/tokeninfo", "/oauth2/v3/tokeninfo", "/oauth2/v2/tokeninfo", "/oauth2/v1/tokeninfo"} {
		mux.HandleFunc("GET "+path, s.tokenInfo)
		mux.HandleFunc("POST "+path, s.tokenInfo)
	}
	for _, path := range []string{"/v1/userinfo", "/oauth2/v3/userinfo", "/oauth2/v2/userinfo", "/oauth2/v1/userinfo", "/userinfo/v2/me"} {
		mux.HandleFunc("GET "+path, s.userInfo)
	}
	// Identity tokens are not signed here, so there is no key to check them by.
	for _, path := range []string{"GET /oauth2/v1/certs", "GET /oauth2/v3/certs", "POST /device/code"} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { notSimulated(r.Method + " " + r.URL.Path).write(w) })
	}
}

// older reports whether the path is of the version whose members have other names.
func older(r *http.Request) bool {
	return strings.Contains(r.URL.Path, "/v2/") || strings.HasPrefix(r.URL.Path, "/oauth2/v1/")
}

// tokenInfo says what an access token is good for. Not documented: its members; they are as clients read them
// (https://github.com/googleapis/google-auth-library-nodejs/blob/main/src/auth/oauth2client.ts).
func (s *Server) tokenInfo(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		tokenError{http.StatusBadRequest, "invalid_request", "Bad Request"}.write(w)
		return
	}
	if r.Form.Has("id_token") {
		notSimulated("tokeninfo of an identity token").write(w)
		return
	}
	token := r.Form.Get("access_token")
	if token == "" {
		token = oauth.Bearer(r.Header.Get("Authorization"))
	}
	access, ok := s.ledger.Access(token)
	if !ok {
		tokenError{http.StatusBadRequest, "invalid_token", "Invalid Value"}.write(w)
		return
	}
	left := int64(access.Expires.Sub(s.world.Now()).Seconds())
	v := map[string]any{"scope": strings.Join(access.Scopes, " "), "access_type": "offline"}
	if older(r) {
		v["issued_to"], v["audience"], v["expires_in"] = access.Client, access.Client, left
	} else {
		v["azp"], v["aud"], v["expires_in"] = access.Client, access.Client, strconv.FormatInt(left, 10)
		v["exp"] = strconv.FormatInt(access.Expires.Unix(), 10)
	}
	for name, value := range s.claims(access, older(r)) {
		if b, is := value.(bool); is && !older(r) {
			value = strconv.FormatBool(b)
		}
		if name == "id" {
			name = "user_id"
		}
		if name != "name" {
			v[name] = value
		}
	}
	writeJSON(w, http.StatusOK, v)
}

// userInfo serves https://developers.google.com/identity/openid-connect/openid-connect#obtaininguserprofileinformation.
func (s *Server) userInfo(w http.ResponseWriter, r *http.Request) {
	access, ok := s.ledger.Access(oauth.Bearer(r.Header.Get("Authorization")))
	if !ok {
		unauthorised(r).write(w)
		return
	}
	v := s.claims(access, older(r))
	if len(v) == 0 {
		insufficient([]string{"userinfo.email", "userinfo.profile"}).write(w)
		return
	}
	writeJSON(w, http.StatusOK, v)
}

// claims are what the scopes of the token let know of the person.
func (s *Server) claims(access oauth.Access, older bool) map[string]any {
	names := map[string]string{"sub": "sub", "verified": "email_verified"}
	if older {
		names = map[string]string{"sub": "id", "verified": "verified_email"}
	}
	has := func(scopes ...string) bool {
		return slices.ContainsFunc(access.Scopes, func(one string) bool { return slices.Contains(scopes, strings.TrimPrefix(one, scopePrefix)) })
	}
	v := map[string]any{}
	email, profile := has("email", "userinfo.email"), has("profile", "userinfo.profile")
	if email || profile || has("openid") {
		v[names["sub"]] = resourceOf(access.Account, "sub")
	}
	if email {
		v["email"], v[names["verified"]] = access.Account, true
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if a := s.accounts[strings.ToLower(access.Account)]; profile && a != nil && a.person.Name != "" {
		v["name"] = a.person.Name
	}
	return v
}
