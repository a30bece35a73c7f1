package sim

import (
	"net/http"

	"github.com/calweave/calweave/internal/sim/oauth"
)

// Application is one that acts by itself, and what the administrator of a domain has opened to it. Without permissions the domain is closed to it;
// at Microsoft an empty list that is no nil lets it have tokens that open nothing.
type Application = oauth.Application

// Authorise does what an administrator of a domain does for an application that acts by itself: domain-wide delegation to a service account
// (Google), application permissions (Microsoft).
func (s *Sim) Authorise(p Provider, a Application) error {
	at, err := s.side(p)
	if err != nil {
		return err
	}
	return at.Authorise(a)
}

func (s *Sim) adminAuthorise(r *http.Request) (int, any, error) {
	var a Application
	if err := decode(r, &a); err != nil {
		return 0, nil, err
	}
	a.Client = r.PathValue("client")
	return http.StatusNoContent, nil, s.Authorise(Provider(r.PathValue("provider")), a)
}
