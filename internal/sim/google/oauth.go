package google

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/calweave/calweave/internal/sim/oauth"
)

// authorize shows the consent page (https://developers.google.com/identity/protocols/oauth2/web-server#creatingclient). A browser comes here
// once per connection.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	ask := oauth.NewAsk(r.URL.Query())
	client, err := s.clients.Find(ask.Client)
	switch {
	case err != nil:
		oauth.WriteProblem(w, http.StatusUnauthorized, "Error 401: invalid_client", "The OAuth client was not found.")
		return
	case !client.Redirected(ask.Redirect):
		oauth.WriteProblem(w, http.StatusBadRequest, "Error 400: redirect_uri_mismatch", "The redirect URI "+ask.Redirect+" is not registered.")
		return
	case ask.Query.Get("response_type") != "code":
		oauth.WriteProblem(w, http.StatusBadRequest, "Error 400: invalid_request", "Required parameter is missing: response_type")
		return
	case errors.Is(ask.CheckChallenge(), oauth.ErrNoHash):
		oauth.WriteProblem(w, http.StatusBadRequest, "Error 400: invalid_request", "Invalid parameter value for code_challenge")
		return
	case ask.CheckChallenge() != nil:
		oauth.WriteProblem(w, http.StatusBadRequest, "Error 400: invalid_request", "Invalid parameter value for code_challenge_method")
		return
	case len(ask.Scopes) == 0 || slices.ContainsFunc(ask.Scopes, unknownScope):
		oauth.WriteProblem(w, http.StatusBadRequest, "Error 400: invalid_scope", "Some requested scopes were invalid.")
		return
	}
	oauth.Page{
		Title: "Sign in with Google", Action: r.URL.Path, Request: s.ledger.Begin(ask), Client: ask.Client,
		Accounts: oauth.Offer(s.offered(), ask.Hint), Scopes: ask.Scopes,
	}.Write(w)
}

// fullScopes are the scopes as Google names them in its answers: the short ones of OpenID Connect stand for addresses, which its page on scopes
// lists (https://developers.google.com/identity/protocols/oauth2/scopes#oauth2).
func fullScopes(asked []string) []string {
	var all []string
	for _, scope := range asked {
		if scope == "email" || scope == "profile" {
			scope = scopePrefix + "userinfo." + scope
		}
		if !slices.Contains(all, scope) {
			all = append(all, scope)
		}
	}
	return all
}

// offered are the people who can sign in.
func (s *Server) offered() []oauth.Account {
	var all []oauth.Account
	for _, p := range s.People() {
		all = append(all, oauth.Account{Email: p.Email, Name: p.Name})
	}
	return all
}

// decide takes the person's word. The scopes that were left ticked are the ones granted
// (https://developers.google.com/identity/protocols/oauth2/resources/granular-permissions).
func (s *Server) decide(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		oauth.WriteProblem(w, http.StatusBadRequest, "Error 400", "The form cannot be read.")
		return
	}
	ask, ok := s.ledger.Decide(r.PostForm.Get("request"))
	if !ok {
		oauth.WriteProblem(w, http.StatusBadRequest, "Error 400", "This request is no longer waiting.")
		return
	}
	granted := fullScopes(slices.DeleteFunc(slices.Clone(ask.Scopes), func(scope string) bool { return !slices.Contains(r.PostForm["scope"], scope) }))
	back := url.Values{}
	if ask.State != "" {
		back.Set("state", ask.State)
	}
	account := s.known(r.PostForm.Get("account"))
	if r.PostForm.Get("decision") != "allow" || account == "" || len(granted) == 0 {
		back.Set("error", "access_denied")
		oauth.SendBack(w, r, ask.Redirect, back)
		return
	}
	back.Set("code", s.ledger.Code("4/0A", oauth.Consent{Ask: ask, Account: account, Granted: granted}))
	back.Set("scope", strings.Join(granted, " "))
	s.world.Signal.Raise()
	oauth.SendBack(w, r, ask.Redirect, back)
}

// known returns the address as the account has it, or "".
func (s *Server) known(email string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if a := s.accounts[strings.ToLower(email)]; a != nil {
		return a.person.Email
	}
	return ""
}
