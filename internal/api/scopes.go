package api

import (
	"net/http"

	"github.com/calweave/calweave/internal/record"
)

// scopes gathers the scope that each operation needs, by method and path. An operation without one stands under none.
func scopes(doc any) map[string]record.Scope {
	out := map[string]record.Scope{}
	for route, op := range operations(doc) {
		for _, v := range items(op["security"]) {
			requirement, _ := v.(map[string]any)
			for _, name := range items(requirement["key"]) {
				if name, ok := name.(string); ok {
					out[route] = record.Scope(name)
				}
			}
		}
	}
	return out
}

// permit lets a request pass whose key has the scope that its route needs. A route that names none lets nobody pass; what is no route has nothing
// to protect.
func (s *Server) permit(routes *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, pattern := routes.Handler(r)
		matched(r, pattern)
		need, have := s.Contract.scopes[pattern], identity(r.Context()).Scopes
		if pattern == unroutedPattern || have.Allow(need) {
			routes.ServeHTTP(w, r)
			return
		}
		w.Header().Set("WWW-Authenticate", `Bearer realm="calweave", error="insufficient_scope", scope="`+string(need)+`"`)
		has := "none"
		if have != "" {
			has = have.String()
		}
		s.fail(w, r, refuse(reasonScope, "this needs the scope "+string(need)+", and the scopes of this key are: "+has+
			". A key never gains a scope: make one that has it with calweave key create --scopes"))
	})
}
