package google

import (
	"fmt"

	"github.com/calweave/calweave/internal/sim/stage"
)

// IssueToken returns tokens as if the person had consented; without scopes for everything.
func (s *Server) IssueToken(email, client string, scopes ...string) (stage.Token, error) {
	account := s.known(email)
	if account == "" {
		return stage.Token{}, fmt.Errorf("%w: %q at Google", stage.ErrUnknownPerson, email)
	}
	if len(scopes) == 0 {
		scopes = []string{scopePrefix + "calendar"}
	}
	scopes = fullScopes(scopes)
	s.ledger.Consented(account, client, scopes)
	g := s.ledger.Open(account, client, scopes)
	if c, err := s.clients.Find(client); err == nil && c.Testing {
		s.ledger.Limit(g, testingLife)
	}
	return stage.Token{
		Access: s.ledger.MintAccess(accessPrefix, g, scopes, accessLife), Refresh: s.ledger.MintRefresh(refreshPrefix, g), Scopes: scopes,
	}, nil
}

// RevokeGrants ends all that the person allowed, as on their account's page.
func (s *Server) RevokeGrants(email string) error {
	account := s.known(email)
	if account == "" {
		return fmt.Errorf("%w: %q at Google", stage.ErrUnknownPerson, email)
	}
	s.ledger.RevokeAccount(account)
	s.world.Signal.Raise()
	return nil
}

// ExpireAccess ends the life of the person's access tokens; refresh tokens stay.
func (s *Server) ExpireAccess(email string) error {
	account := s.known(email)
	if account == "" {
		return fmt.Errorf("%w: %q at Google", stage.ErrUnknownPerson, email)
	}
	s.ledger.ExpireAccess(account)
	return nil
}
