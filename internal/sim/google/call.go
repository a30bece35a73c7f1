package google

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/calweave/calweave/internal/sim/oauth"
)

const scopePrefix = "https://www.googleapis.com/auth/"

// scopes returns the scopes of which one is enough; nil is any at all. The lists are those of the discovery document.
type scopes func() []string

func anyScope() []string { return nil }

func listScopes() []string {
	return []string{"calendar", "calendar.readonly", "calendar.calendarlist", "calendar.calendarlist.readonly"}
}

func entryScopes() []string { return append(listScopes(), "calendar.app.created") }

func calendarScopes() []string {
	return []string{"calendar", "calendar.readonly", "calendar.calendars", "calendar.calendars.readonly", "calendar.app.created"}
}

func writeScopes() []string {
	return []string{"calendar", "calendar.app.created", "calendar.events", "calendar.events.owned"}
}

func busyScopes() []string {
	return []string{"calendar", "calendar.events.freebusy", "calendar.freebusy", "calendar.readonly"}
}

func relistScopes() []string { return []string{"calendar", "calendar.calendarlist"} }

func entryWriteScopes() []string { return append(relistScopes(), "calendar.app.created") }

func clearScopes() []string { return []string{"calendar", "calendar.calendars"} }

func calendarWriteScopes() []string { return append(clearScopes(), "calendar.app.created") }

func ruleWriteScopes() []string { return []string{"calendar", "calendar.acls"} }

func ruleListScopes() []string { return append(ruleWriteScopes(), "calendar.acls.readonly") }

func ruleScopes() []string { return append(ruleListScopes(), "calendar.readonly") }

func settingScopes() []string {
	return []string{"calendar", "calendar.readonly", "calendar.settings", "calendar.settings.readonly"}
}

func colorScopes() []string {
	return append(entryScopes(), "calendar.events.freebusy", "calendar.events.owned", "calendar.events.owned.readonly", "calendar.events.public.readonly")
}

func moveScopes() []string { return []string{"calendar", "calendar.events", "calendar.events.owned"} }

func readScopes() []string {
	return append(writeScopes(), "calendar.readonly", "calendar.events.readonly", "calendar.events.freebusy",
		"calendar.events.owned.readonly", "calendar.events.public.readonly")
}

// call is one authorised API request.
type call struct {
	r      *http.Request
	query  url.Values
	access oauth.Access
}

// answer is what a handler returns; it is written once no lock is held.
type answer struct {
	// status is 200 unless set.
	status int
	// body is left out if nil. Its "etag" also stands in the header, unless another does.
	body map[string]any
	etag string
	// before runs before the answer is on its way, and changes nothing about it; after once it is.
	before, after func()
}

// api checks the access token, its scopes and the parameters that every method has before the route's handler runs.
func (s *Server) api(to route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		access, ok := s.ledger.Access(oauth.Bearer(r.Header.Get("Authorization")))
		if !ok {
			unauthorised(r).write(w)
			return
		}
		if !allows(access.Scopes, to.enough()) {
			insufficient(to.enough()).write(w)
			return
		}
		c := &call{r: r, query: r.URL.Query(), access: access}
		if refusal := s.overQuota(c); refusal != nil {
			refusal.write(w)
			return
		}
		wanted, err := standard(c.query, to.answers)
		if err != nil {
			writeError(w, err)
			return
		}
		a, err := to.handle(c)
		if err == nil {
			err = a.cut(wanted)
		}
		if err != nil {
			writeError(w, err)
			return
		}
		a.write(w)
	})
}

// standard reads the parameters that every method has
// (https://developers.google.com/workspace/calendar/api/v3/reference/query-parameters). key and userIp mean nothing beside a token; quota.go
// reads quotaUser, dress.go prettyPrint and front.go oauth_token. Not documented: what becomes of another alt than json.
func standard(q url.Values, answers resource) (fields, error) {
	if alt := q.Get("alt"); alt != "" && alt != "json" {
		return nil, failed(http.StatusBadRequest, "invalidParameter", "Invalid value '"+alt+"'. Allowed values: [json]").at("parameter", "alt")
	}
	if !q.Has("fields") {
		return nil, nil //nolint:nilnil // nothing was selected
	}
	return selection(q.Get("fields"), answers.fields())
}

// cut leaves of the answer what was selected; its ETag stays in the header.
func (a *answer) cut(wanted fields) (err error) {
	if etag, _ := a.body["etag"].(string); etag != "" {
		a.etag = etag
	}
	a.body, err = wanted.part(a.body)
	return err
}

func (a answer) write(w http.ResponseWriter) {
	if a.etag != "" {
		w.Header().Set("ETag", a.etag)
	}
	if a.status == 0 {
		a.status = http.StatusOK
	}
	if a.before != nil {
		a.before()
	}
	if a.body == nil {
		w.WriteHeader(a.status)
	} else {
		writeJSON(w, a.status, a.body)
	}
	if a.after != nil {
		_ = http.NewResponseController(w).Flush() // without a flusher the answer is complete in any case
		a.after()
	}
}

func unauthorised(r *http.Request) *apiError {
	if r.Header.Get("Authorization") == "" {
		return failed(http.StatusUnauthorized, "required", "Login Required").at("header", "Authorization")
	}
	return usual(http.StatusUnauthorized)
}

func allows(granted, enough []string) bool {
	return enough == nil || slices.ContainsFunc(granted, func(scope string) bool {
		return slices.Contains(enough, strings.TrimPrefix(scope, scopePrefix))
	})
}

// accountOf is the address that the request's access token stands for, or the refresh token or code of a token request, or "".
func (s *Server) accountOf(r *http.Request) string {
	token := oauth.Bearer(r.Header.Get("Authorization"))
	if token == "" {
		return s.ledger.Asker(r)
	}
	return s.ledger.Owner(token)
}

// entry finds the calendar that the path names, as the caller sees it. s.mu is held.
func (s *Server) entry(c *call) (*listEntry, error) {
	a, err := s.caller(c)
	if err != nil {
		return nil, err
	}
	e := s.sees(a, c.r.PathValue("calendar"))
	if e == nil {
		return nil, notFound()
	}
	return e, nil
}

// document reads a JSON object.
func (c *call) document() (map[string]json.RawMessage, error) {
	var doc map[string]json.RawMessage
	return doc, c.decode(&doc)
}

func (c *call) decode(into any) error {
	raw, err := io.ReadAll(c.r.Body)
	if err == nil {
		err = json.Unmarshal(raw, into)
	}
	if err != nil {
		return failed(http.StatusBadRequest, "parseError", "Parse Error")
	}
	return nil
}

// matches compares the If-Match header with a resource that is no event.
func (c *call) matches(etag string) error {
	return writing{ifMatch: c.r.Header.Get("If-Match")}.matches(etag)
}

// unchanged reports whether the client has this state already, which is then answered with 304.
func (c *call) unchanged(etag string) bool { return c.r.Header.Get("If-None-Match") == etag }

func notModified(etag string) answer { return answer{status: http.StatusNotModified, etag: etag} }

// base is the address under which the client reached the simulator.
func base(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
