package api

import (
	"net/http"

	"github.com/calweave/calweave/contracts/openapi"
	"github.com/calweave/calweave/internal/api/reference"
)

// NewReference makes the pages that explain the API.
func NewReference() (reference.Pages, error) {
	var all []reference.Problem
	for _, p := range Problems() {
		all = append(all, reference.Problem{
			Name: string(p.Name), Type: ProblemBase + string(p.Name), Status: p.Status, Title: p.Title, About: p.About, Mend: p.Mend,
		})
	}
	return reference.New(openapi.Spec, all)
}

// explain serves the reference. It is the same for everybody, so that nobody needs a key.
func (s *Server) explain(mux *http.ServeMux) {
	pages := s.Reference
	mux.HandleFunc("GET /docs", func(w http.ResponseWriter, _ *http.Request) { showReference(w, pages.Policy, pages.API) })
	mux.HandleFunc("GET /openapi.yaml", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/yaml")
		_, _ = w.Write(openapi.Spec) // the caller has hung up
	})
	mux.HandleFunc("GET /problems/{name}", func(w http.ResponseWriter, r *http.Request) {
		raw, ok := pages.Problems[r.PathValue("name")]
		if !ok {
			s.fail(w, r, refuse(reasonNotFound, "there is no such problem: /docs#problems lists them all"))
			return
		}
		showReference(w, pages.Policy, raw)
	})
}

func showReference(w http.ResponseWriter, policy string, raw []byte) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", policy)
	_, _ = w.Write(raw) // the browser has hung up
}
