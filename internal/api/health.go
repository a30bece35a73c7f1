package api

import (
	"encoding/json"
	"log/slog"
	"net/http"
)

type health struct {
	Status string `json:"status"`
	Detail string `json:"detail,omitempty"`
}

// healthz says that the process is alive. It looks at nothing else: a database that is away is no reason to restart.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	writeHealth(w, http.StatusOK, health{Status: "ok"})
}

// readyz says whether requests can be served now. A process that goes on with less than it has otherwise is ready, and says what is missing.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	if err := s.Ready(r.Context()); err != nil {
		s.Log.WarnContext(r.Context(), "not ready", slog.String("error", err.Error()))
		writeHealth(w, http.StatusServiceUnavailable, health{Status: "unavailable", Detail: "the database does not answer"})
		return
	}
	if s.Degraded != nil {
		if detail := s.Degraded(); detail != "" {
			writeHealth(w, http.StatusOK, health{Status: "degraded", Detail: detail})
			return
		}
	}
	writeHealth(w, http.StatusOK, health{Status: "ok"})
}

func writeHealth(w http.ResponseWriter, status int, h health) {
	raw, err := json.Marshal(h)
	if err != nil {
		status = http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(raw) // the caller has hung up
}
