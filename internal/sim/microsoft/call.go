package microsoft

import (
	"cmp"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/calweave/calweave/internal/sim/oauth"
)

const scopePrefix = "https://graph.microsoft.com/"

// scopes returns the permissions of which one is enough (https://learn.microsoft.com/graph/permissions-reference).
type scopes func() []string

func writeScopes() []string { return []string{"Calendars.ReadWrite", "Calendars.ReadWrite.Shared"} }

func readScopes() []string {
	return append(writeScopes(), "Calendars.Read", "Calendars.Read.Shared")
}

func basicScopes() []string { return append(readScopes(), "Calendars.ReadBasic") }

func userScopes() []string {
	return []string{"User.Read", "User.ReadWrite", "User.Read.All", "User.ReadBasic.All"}
}

// call is one authorised Graph request.
type call struct {
	r      *http.Request
	target target
	query  url.Values
	prefer preferences
	access oauth.Access
}

// answer is what a handler returns; it is written once no lock is held.
type answer struct {
	// status is 200 unless set.
	status int
	// location is where what was made is from now on.
	location string
	// body is left out if nil.
	body map[string]any
}

// serve checks the access token and its permissions before the endpoint runs.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, t target, e endpoint) {
	access, ok := s.ledger.Access(oauth.Bearer(r.Header.Get("Authorization")))
	if !ok {
		s.writeError(w, r, unauthorised(r))
		return
	}
	if !slices.ContainsFunc(access.Scopes, func(scope string) bool { return slices.Contains(e.enough(), strings.TrimPrefix(scope, scopePrefix)) }) {
		if t.shape == "" {
			s.writeError(w, r, requestDenied())
			return
		}
		s.writeError(w, r, accessDenied())
		return
	}
	query := r.URL.Query()
	if err := checkOptions(query); err != nil {
		s.writeError(w, r, err)
		return
	}
	c := &call{r: r, target: t, query: query, prefer: parsePrefer(r.Header), access: access}
	a, err := e.handle(c)
	if err != nil {
		s.writeError(w, r, err)
		return
	}
	request := s.world.IDs.UUID()
	w.Header().Set("request-id", request)
	w.Header().Set("client-request-id", cmp.Or(r.Header.Get("client-request-id"), request))
	w.Header().Set("OData-Version", "4.0")
	if a.location != "" {
		w.Header().Set("Location", a.location)
	}
	if applied := c.prefer.applied(); applied != "" {
		w.Header().Set("Preference-Applied", applied)
	}
	if a.body == nil {
		w.WriteHeader(a.status)
		return
	}
	writeJSON(w, max(a.status, http.StatusOK), a.body)
}

func unauthorised(r *http.Request) *graphError {
	if r.Header.Get("Authorization") == "" {
		return failed(http.StatusUnauthorized, "InvalidAuthenticationToken", "Access token is empty.")
	}
	return usual(http.StatusUnauthorized)
}

// accountOf is the address that the request's access token stands for, or the refresh token or code of a token request; where the token is an
// application's own, the mailbox that it goes to; or "".
func (s *Server) accountOf(r *http.Request) string {
	token := oauth.Bearer(r.Header.Get("Authorization"))
	if token == "" {
		return s.ledger.Asker(r)
	}
	if a, alive := s.ledger.Access(token); alive && a.Tenant != "" {
		return s.addressed(r)
	}
	return s.ledger.Owner(token)
}

// addressed is the address of the mailbox that a request of an application's own goes to, or "".
func (s *Server) addressed(r *http.Request) string {
	t, err := parseTarget(strings.TrimPrefix(r.URL.EscapedPath(), "/v1.0"))
	if err != nil {
		return ""
	}
	return s.known(t.user)
}

// mailbox finds the mailbox that the path names; a person reaches their own only. s.mu is held.
func (s *Server) mailbox(c *call) (*mailbox, error) { return s.reach(c.access, c.target.user) }

func (s *Server) reach(access oauth.Access, user string) (*mailbox, error) {
	if access.Tenant != "" {
		return s.reachAny(access.Tenant, user)
	}
	own := s.mailboxes[strings.ToLower(access.Account)]
	if own == nil {
		return nil, failed(http.StatusNotFound, "MailboxNotEnabledForRESTAPI", "The mailbox is either inactive, soft-deleted, or is hosted on-premise.")
	}
	if strings.EqualFold(user, "me") {
		return own, nil
	}
	switch s.mailboxes[strings.ToLower(user)] {
	case own:
		return own, nil
	case nil:
		return nil, failed(http.StatusNotFound, "ErrorInvalidUser", "The requested user '"+user+"' is invalid.")
	default:
		return nil, accessDenied()
	}
}

// reachAny finds a mailbox for an application that acts for itself: any of its tenant, but nobody is "me" to it. s.mu is held.
func (s *Server) reachAny(tenant, user string) (*mailbox, error) {
	if strings.EqualFold(user, "me") {
		return nil, badRequest("BadRequest", "/me request is only valid with delegated authentication flow.")
	}
	m := s.mailboxes[strings.ToLower(user)]
	if m == nil || m.tenant != tenant {
		return nil, failed(http.StatusNotFound, "ErrorInvalidUser", "The requested user '"+user+"' is invalid.")
	}
	return m, nil
}

// place finds the mailbox and the calendar that the path names. s.mu is held.
func (s *Server) place(c *call) (*mailbox, *calendar, error) {
	m, err := s.mailbox(c)
	if err != nil {
		return nil, nil, err
	}
	if c.target.group != "" {
		if _, known := m.group(c.target.group); !known {
			return nil, nil, unknownID(c.target.group)
		}
	}
	cal := m.calendar(c.target.calendar)
	if cal == nil {
		return nil, nil, unknownID(c.target.calendar)
	}
	return m, cal, nil
}

// document reads a JSON object, which the header has to say it is.
func (c *call) document() (map[string]json.RawMessage, error) {
	var doc map[string]json.RawMessage
	kind, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	raw, err := io.ReadAll(c.r.Body)
	if err == nil {
		err = json.Unmarshal(raw, &doc)
	}
	if err != nil || doc == nil || kind != "application/json" {
		return nil, badRequest("BadRequest", "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.")
	}
	return doc, nil
}

// optional reads a JSON object that may be left out.
func (c *call) optional() (map[string]json.RawMessage, error) {
	if c.r.ContentLength == 0 || c.r.Body == nil || c.r.Body == http.NoBody {
		return nil, nil //nolint:nilnil // nothing was said
	}
	return c.document()
}

// base is the address under which the client reached Graph.
func base(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host + "/v1.0"
	}
	return "http://" + r.Host + "/v1.0"
}
