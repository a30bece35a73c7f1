package microsoft

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/calweave/calweave/internal/sim/oauth"
)

// authorize shows the consent page
// (https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#request-an-authorization-code). A browser comes here once per
// connection.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	ask := oauth.NewAsk(r.URL.Query())
	client, err := s.clients.Find(ask.Client)
	_, known := s.tenant(r.PathValue("tenant"))
	switch {
	case !known:
		problem(w, "AADSTS90002: "+noTenant(r.PathValue("tenant")))
		return
	case err != nil:
		problem(w, "AADSTS700016: Application with identifier '"+ask.Client+"' was not found in the directory.")
		return
	case !client.Redirected(ask.Redirect):
		problem(w, "AADSTS50011: The redirect URI '"+ask.Redirect+"' specified in the request does not match the redirect URIs configured for the application '"+ask.Client+"'.")
		return
	case ask.Query.Get("response_type") != "code" || !slices.Contains(responseModes(), cmp.Or(ask.Query.Get("response_mode"), "query")):
		problem(w, "AADSTS900144: The simulator serves response_type=code with response_mode=query, fragment and form_post only.")
		return
	case errors.Is(ask.CheckChallenge(), oauth.ErrNoHash):
		problem(w, "AADSTS501491: Invalid size of Code_Challenge parameter.")
		return
	case ask.CheckChallenge() != nil:
		problem(w, "AADSTS501481: The code challenge method is not known.")
		return
	case len(ask.Scopes) == 0 || mixesDefault(ask.Scopes):
		problem(w, "AADSTS70011: The provided value for the input parameter 'scope' is not valid.")
		return
	}
	if ask.Query.Get("prompt") == "none" { // there is no session that would make a page needless
		sendBack(w, r, ask, url.Values{
			"error": {"login_required"}, "state": {ask.State},
			"error_description": {"AADSTS50058: A silent sign-in request was sent but no user is signed in."},
		})
		return
	}
	oauth.Page{
		Title: "Sign in to your Microsoft account", Action: r.URL.EscapedPath(), Request: s.ledger.Begin(ask), Client: ask.Client,
		Accounts: oauth.Offer(s.offered(r.PathValue("tenant")), ask.Hint), Scopes: ask.Scopes, AllOrNothing: true,
	}.Write(w)
}

func problem(w http.ResponseWriter, text string) {
	oauth.WriteProblem(w, http.StatusBadRequest, "Sorry, but we're having trouble signing you in.", text)
}

// mixesDefault reports whether .default stands beside named scopes, which is not allowed.
func mixesDefault(all []string) bool {
	named := slices.DeleteFunc(slices.Clone(all), identityScope)
	return len(named) > 1 && slices.ContainsFunc(named, isDefault)
}

// identityScope reports whether a scope is about who the person is, and not about Graph.
func identityScope(scope string) bool {
	return slices.Contains([]string{"openid", "profile", "email", "offline_access"}, scope)
}

// offered are the people who can sign in under the tenant that the path names.
func (s *Server) offered(tenant string) []oauth.Account {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var all []oauth.Account
	for _, m := range s.order {
		if s.admits(tenant, m) {
			all = append(all, oauth.Account{Email: m.person.Email, Name: m.person.Name})
		}
	}
	return all
}

// decide takes the person's word, which is about all scopes at once.
func (s *Server) decide(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		problem(w, "The form cannot be read.")
		return
	}
	ask, ok := s.ledger.Decide(r.PostForm.Get("request"))
	if !ok {
		problem(w, "This request is no longer waiting.")
		return
	}
	back := url.Values{}
	if ask.State != "" {
		back.Set("state", ask.State)
	}
	account := s.known(r.PostForm.Get("account"))
	if r.PostForm.Get("decision") != "allow" || account == "" {
		back.Set("error", "access_denied")
		back.Set("error_subcode", "cancel")
		back.Set("error_description", "AADSTS65004: User declined to consent to access the app.")
		sendBack(w, r, ask, back)
		return
	}
	if ask.Query.Get("client_info") == "1" {
		back.Set("client_info", s.clientInfo(account))
	}
	back.Set("code", s.ledger.Code("0.A", oauth.Consent{Ask: ask, Account: account, Granted: ask.Scopes}))
	back.Set("session_state", s.world.IDs.UUID())
	s.world.Signal.Raise()
	sendBack(w, r, ask, back)
}

// known returns the address as the mailbox has it, or "".
func (s *Server) known(email string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if m := s.mailboxes[strings.ToLower(email)]; m != nil {
		return m.person.Email
	}
	return ""
}
