package microsoft

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/calweave/calweave/internal/sim/oauth"
	"github.com/calweave/calweave/internal/sim/stage"
)

// Authorise grants an application permissions in the Entra tenant of a domain, as its administrator does. From then on it has none in any other
// tenant where it was granted none.
func (s *Server) Authorise(a oauth.Application) error {
	known := slices.Concat(basicScopes(), userScopes())
	if i := slices.IndexFunc(a.Permissions, func(p string) bool { return !slices.Contains(known, p) }); i >= 0 {
		return fmt.Errorf("%w: %q is no permission that the simulator knows", stage.ErrInvalid, a.Permissions[i])
	}
	if a.PublicKey != "" {
		return fmt.Errorf("%w: at Microsoft an application proves itself with its secret: leave public_key out", stage.ErrInvalid)
	}
	if a.Domain != "" {
		a.Domain = tenantOf(strings.ToLower(a.Domain))
	}
	return s.applications.Put(a)
}

// permitted is what an application may do in a tenant. It is admitted unless it was named for other tenants alone.
func (s *Server) permitted(client, tenant string) (permissions []string, admitted bool) {
	permissions, named := s.applications.Permissions(client, tenant)
	if !named {
		return []string{"Calendars.ReadWrite", "User.Read.All"}, true
	}
	return permissions, permissions != nil
}

// applicationToken serves https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow: an application acts for itself,
// with what an administrator of the tenant allowed it. A token comes even if that is nothing, and opens nothing then.
func (s *Server) applicationToken(w http.ResponseWriter, r *http.Request, client oauth.Client) {
	form := r.PostForm
	tenant, _ := s.tenant(r.PathValue("tenant"))
	_, _, basic := r.BasicAuth()
	permissions, admitted := s.permitted(client.ID, tenant)
	switch wish := strings.Fields(form.Get("scope")); {
	case tenant == "":
		s.refuseToken(w, r, tokenError{http.StatusBadRequest, "invalid_request", 50059, "No tenant-identifying information found in either the request or implied by any provided credentials.", ""})
	case form.Get("client_secret") == "" && form.Get("client_assertion") == "" && !basic:
		s.refuseToken(w, r, tokenError{http.StatusUnauthorized, "invalid_client", 7000216, "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.", ""})
	case len(wish) != 1 || wish[0] != scopePrefix+".default":
		s.refuseToken(w, r, tokenError{http.StatusBadRequest, "invalid_scope", 1002012, "The provided value for scope " + form.Get("scope") + " is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).", ""})
	case !admitted:
		s.refuseToken(w, r, tokenError{http.StatusBadRequest, "unauthorized_client", 700016, "Application was not found in the directory.", ""})
	default:
		life := int(accessLife.Seconds())
		g := s.ledger.Open("", client.ID, permissions)
		g.Tenant = tenant
		w.Header().Set("Cache-Control", "no-store")
		writePlainJSON(w, http.StatusOK, map[string]any{
			"token_type": "Bearer", "expires_in": life, "ext_expires_in": life,
			"access_token": s.ledger.MintAccess(accessPrefix, g, g.Scopes, accessLife),
		})
	}
}
