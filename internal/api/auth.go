package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/telemetry"
)

// authenticate finds out whose a request is. From here on no other tenant exists for it.
func (s *Server) authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, err := s.identify(w, r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		defer s.Arrive()()
		telemetry.Learn(r.Context(), slog.String("tenant", string(id.Tenant)))
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), keyIdentity, id)))
	})
}

func (s *Server) identify(w http.ResponseWriter, r *http.Request) (Identity, error) {
	pass := s.Limits.begin(w, r)
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return Identity{}, refuse(reasonUnauthorized, "send the header Authorization: Bearer with an API key (calweave key create)")
	}
	if err := pass.try(token); err != nil {
		return Identity{}, err
	}
	id, err := s.Authenticate(r.Context(), token)
	if errors.Is(err, record.ErrNotFound) {
		pass.failed()
		return Identity{}, refuse(reasonUnauthorized, "this API key is unknown or revoked: make one with calweave key create")
	}
	pass.unblamed()
	if err != nil {
		return Identity{}, err
	}
	return id, pass.used()
}
