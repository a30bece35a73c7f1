package microsoft

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/calweave/calweave/internal/sim/oauth"
)

// metadata serves the OpenID Connect metadata of a tenant
// (https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc#fetch-the-openid-configuration-document). It names what the simulator
// serves, and as the issuer the simulator itself: libraries refuse one of another host than the one that they asked.
func (s *Server) metadata(w http.ResponseWriter, r *http.Request) {
	segment := r.PathValue("tenant")
	id, known := s.tenant(segment)
	if !known {
		s.refuseToken(w, r, unknownTenant(segment))
		return
	}
	issuer := "{tenantid}" // as it stands: "common" has as many issuers as there are tenants
	if id != "" {
		issuer = id
	}
	if id != "" && segment != "consumers" {
		segment = id // a domain is told by its id
	}
	root := rootOf(r)
	base := root + "/" + segment
	shareWithBrowsers(w)
	writePlainJSON(w, http.StatusOK, map[string]any{
		"issuer": root + "/" + issuer + "/v2.0", "authorization_endpoint": base + "/oauth2/v2.0/authorize",
		"token_endpoint": base + "/oauth2/v2.0/token", "jwks_uri": base + "/discovery/v2.0/keys",
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "client_secret_basic"},
		"response_modes_supported":              responseModes(), "response_types_supported": []string{"code"},
		"subject_types_supported": []string{"pairwise"}, "id_token_signing_alg_values_supported": []string{"RS256"},
		"scopes_supported":                []string{"openid", "profile", "email", "offline_access"},
		"request_uri_parameter_supported": false, "http_logout_supported": true, "frontchannel_logout_supported": true,
		"end_session_endpoint": base + "/oauth2/v2.0/logout",
		"claims_supported": []string{
			"sub", "iss", "aud", "exp", "iat", "nonce", "preferred_username", "name", "tid", "ver", "email",
		},
		"tenant_region_scope": nil, "cloud_instance_name": "microsoftonline.com", "cloud_graph_host_name": "graph.windows.net",
		"msgraph_host": "graph.microsoft.com",
	})
}

// keys serves the keys that identity tokens are verified with
// (https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-tokens). They are the same for all tenants.
func (s *Server) keys(w http.ResponseWriter, r *http.Request) {
	key, err := oauth.PublicKey()
	if err != nil {
		s.refuseToken(w, r, serverError())
		return
	}
	id, known := s.tenant(r.PathValue("tenant"))
	if !known {
		s.refuseToken(w, r, unknownTenant(r.PathValue("tenant")))
		return
	}
	if id == "" {
		id = "{tenantid}"
	}
	key["issuer"] = rootOf(r) + "/" + id + "/v2.0"
	shareWithBrowsers(w)
	writePlainJSON(w, http.StatusOK, map[string]any{"keys": []any{key}})
}

// logout ends a session, of which there is none, and sends the person back if the client says where to
// (https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc#send-a-sign-out-request).
func (s *Server) logout(w http.ResponseWriter, r *http.Request) {
	back := r.URL.Query().Get("post_logout_redirect_uri")
	if back == "" || !s.returns(back) {
		oauth.WriteProblem(w, http.StatusOK, "You signed out of your account", "It's a good idea to close all browser windows.")
		return
	}
	params := url.Values{}
	if state := r.URL.Query().Get("state"); state != "" {
		params.Set("state", state)
	}
	oauth.SendBack(w, r, back, params)
}

// returns reports whether the address is one that a client has registered.
func (s *Server) returns(address string) bool {
	return len(s.clients) == 0 || slices.ContainsFunc(s.clients, func(c oauth.Client) bool { return c.Redirected(address) })
}

// unservedPage tells what the identity platform does not have from what the simulator does not have yet.
func unservedPage(w http.ResponseWriter, r *http.Request) {
	for _, known := range []string{"/oauth2/v2.0/", "/adminconsent", "/v1.0/", "/.well-known/", "/oauth2/", "/oidc/"} {
		if strings.Contains(r.URL.Path, known) {
			oauth.WriteProblem(w, http.StatusNotImplemented, "501", "The simulator does not do this yet: "+r.Method+" "+r.URL.Path)
			return
		}
	}
	oauth.WriteProblem(w, http.StatusNotFound, "404", "The page was not found.")
}
