package api

import (
	"cmp"
	"context"
	"net/http"
)

// measured is a request that is measured. It stands between the handlers and the answer, to hear the status.
type measured struct {
	http.ResponseWriter

	request  *http.Request
	route    string
	status   int
	answered func(route string, status int)
}

// Unwrap returns what http.ResponseController looks for.
func (m *measured) Unwrap() http.ResponseWriter { return m.ResponseWriter }

// WriteHeader notes the first status that is no mere information.
func (m *measured) WriteHeader(status int) {
	if m.status == 0 && status >= http.StatusOK {
		m.status = status
	}
	m.ResponseWriter.WriteHeader(status)
}

// measure begins to measure a request.
func (s *Server) measure(w http.ResponseWriter, r *http.Request) *measured {
	m := &measured{ResponseWriter: w, answered: s.Measure()}
	m.request = r.WithContext(context.WithValue(r.Context(), keyRoute, m))
	return m
}

// unmeasured is the server's own writer.
func unmeasured(w http.ResponseWriter) http.ResponseWriter {
	if m, ok := w.(*measured); ok {
		return m.ResponseWriter
	}
	return w
}

// unmatched is the route of what no route matches.
const unmatched = "unmatched"

// end tells what was answered. r is the request as it was routed last.
func (m *measured) end(r *http.Request) {
	route := cmp.Or(m.route, r.Pattern, unmatched)
	if route == unroutedPattern {
		route = unmatched
	}
	m.answered(route, cmp.Or(m.status, http.StatusOK))
}

// matched notes which route a request belongs to.
func matched(r *http.Request, pattern string) {
	if m, ok := r.Context().Value(keyRoute).(*measured); ok {
		m.route = pattern
	}
}
