package microsoft

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/calweave/calweave/internal/sim/oauth"
	"github.com/calweave/calweave/internal/sim/stage"
)

// maxBatch is the limit of https://learn.microsoft.com/graph/json-batching#batch-size-limitations.
const maxBatch = 20

// part is one request of a batch.
type part struct {
	ID        string            `json:"id"`
	Method    string            `json:"method"`
	URL       string            `json:"url"`
	Headers   map[string]string `json:"headers"`
	Body      json.RawMessage   `json:"body"`
	DependsOn []string          `json:"dependsOn"`
}

// partAnswer is the answer to one.
type partAnswer struct {
	ID      string            `json:"id"`
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    any               `json:"body,omitempty"`
}

// batch serves https://learn.microsoft.com/graph/json-batching. Each part goes the way of a request of its own, past faults and limits, one after
// the other: Outlook runs no more than four at once.
func (s *Server) batch(w http.ResponseWriter, r *http.Request) {
	if _, ok := s.ledger.Access(oauth.Bearer(r.Header.Get("Authorization"))); !ok {
		s.writeError(w, r, unauthorised(r))
		return
	}
	parts, err := parseBatch(r)
	if err != nil {
		s.writeError(w, r, err)
		return
	}
	answers := make([]partAnswer, 0, len(parts))
	done := map[string]int{}
	for _, p := range parts {
		a := s.part(r, p, done)
		done[strings.ToLower(p.ID)] = a.Status
		answers = append(answers, a)
	}
	if s.world.Switches().Microsoft.BatchReversed {
		slices.Reverse(answers)
	}
	writeJSON(w, http.StatusOK, map[string]any{"responses": answers})
}

func parseBatch(r *http.Request) ([]part, error) {
	var doc struct {
		Requests []part `json:"requests"`
	}
	raw, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(raw, &doc) != nil || len(doc.Requests) == 0 {
		return nil, badRequest("BadRequest", "Invalid batch payload format.")
	}
	if len(doc.Requests) > maxBatch {
		return nil, badRequest("BadRequest", "Number of batch request steps exceeds the maximum value of 20.")
	}
	seen := map[string]bool{}
	for _, p := range doc.Requests {
		if err := p.check(seen); err != nil {
			return nil, err
		}
		seen[strings.ToLower(p.ID)] = true
	}
	return doc.Requests, nil
}

// check refuses the whole batch for one part that is not well formed. Ids have no case, and a part depends on parts before it only.
func (p part) check(seen map[string]bool) error {
	switch {
	case p.ID == "" || p.Method == "" || !relative(p.URL):
		return badRequest("BadRequest", "Invalid batch payload format.")
	case seen[strings.ToLower(p.ID)]:
		return badRequest("BadRequest", "The request id '"+p.ID+"' is not unique.")
	case !isNull(p.Body) && p.header().Get("Content-Type") == "":
		return badRequest("BadRequest", "Write request id : "+p.ID+" does not contain Content-Type header or body.")
	}
	for _, id := range p.DependsOn {
		if !seen[strings.ToLower(id)] {
			return badRequest("BadRequest", "Invalid dependency for request Id "+p.ID+".")
		}
	}
	return nil
}

// relative reports whether the address is one below that of the batch: without a host and, as clients have found out, without a version
// (https://github.com/microsoftgraph/msgraph-sdk-javascript/issues/1451).
func relative(address string) bool {
	u, err := url.Parse(address)
	if address == "" || err != nil || u.Host != "" || strings.Contains(address, "$batch") {
		return false
	}
	address = strings.ToLower(address)
	return !strings.HasPrefix(address, "/v1.0/") && !strings.HasPrefix(address, "/beta/")
}

func (p part) header() http.Header {
	h := http.Header{}
	for name, v := range p.Headers {
		h.Set(name, v)
	}
	return h
}

// part answers one request of the batch, unless one that it depends on failed.
func (s *Server) part(outer *http.Request, p part, done map[string]int) partAnswer {
	if slices.ContainsFunc(p.DependsOn, func(id string) bool { return done[strings.ToLower(id)] >= http.StatusBadRequest }) {
		return partAnswer{ID: p.ID, Status: http.StatusFailedDependency, Headers: map[string]string{"Content-Type": "application/json"}, Body: map[string]any{"error": map[string]string{"code": "FailedDependency", "message": "Dependency failed"}}}
	}
	var body io.Reader = http.NoBody
	if !isNull(p.Body) {
		body = bytes.NewReader(p.Body)
	}
	inner, err := http.NewRequestWithContext(outer.Context(), strings.ToUpper(p.Method), "/v1.0/"+strings.TrimPrefix(p.URL, "/"), body)
	if err != nil {
		return partAnswer{ID: p.ID, Status: http.StatusBadRequest, Body: map[string]any{"error": map[string]string{"code": "BadRequest", "message": "Invalid batch payload format."}}}
	}
	inner.Header = p.header()
	inner.Header.Del("Accept-Encoding") // an answer in a batch is compressed with the batch
	if inner.Header.Get("Authorization") == "" {
		inner.Header.Set("Authorization", outer.Header.Get("Authorization"))
	}
	inner.Host, inner.TLS, inner.RemoteAddr = outer.Host, outer.TLS, outer.RemoteAddr
	kept, aborted := stage.Keep(s.handler, inner)
	if aborted { // a connection that a fault closes is a gateway's failure to the part
		s.writeError(kept, inner, usual(http.StatusGatewayTimeout))
	}
	return answerOf(p.ID, kept)
}

func answerOf(id string, kept *stage.Kept) partAnswer {
	a := partAnswer{ID: id, Status: kept.Status(), Headers: map[string]string{}}
	for name := range kept.Header() {
		a.Headers[name] = kept.Header().Get(name)
	}
	raw := kept.Body()
	if len(raw) == 0 {
		return a
	}
	if json.Valid(raw) {
		a.Body = json.RawMessage(raw)
	} else {
		a.Body = string(raw)
	}
	return a
}
