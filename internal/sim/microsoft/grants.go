package microsoft

import (
	"fmt"

	"github.com/calweave/calweave/internal/sim/stage"
)

// IssueToken returns tokens as if the person had consented; without scopes for everything.
func (s *Server) IssueToken(email, client string, scopes ...string) (stage.Token, error) {
	account := s.known(email)
	if account == "" {
		return stage.Token{}, fmt.Errorf("%w: %q at Microsoft", stage.ErrUnknownPerson, email)
	}
	if len(scopes) == 0 {
		scopes = []string{"offline_access", "User.Read", "Calendars.ReadWrite"}
	}
	g := s.ledger.Open(account, client, expanded(scopes))
	return stage.Token{
		Access:  s.ledger.MintAccess(accessPrefix, g, g.Scopes, accessLife),
		Refresh: s.ledger.MintRefresh(refreshPrefix, g), Scopes: g.Scopes,
	}, nil
}

// RevokeGrants ends all that the person allowed, as an administrator does.
func (s *Server) RevokeGrants(email string) error {
	account := s.known(email)
	if account == "" {
		return fmt.Errorf("%w: %q at Microsoft", stage.ErrUnknownPerson, email)
	}
	s.ledger.RevokeAccount(account)
	s.world.Signal.Raise()
	return nil
}

// ExpireAccess ends the life of the person's access tokens; refresh tokens stay.
func (s *Server) ExpireAccess(email string) error {
	account := s.known(email)
	if account == "" {
		return fmt.Errorf("%w: %q at Microsoft", stage.ErrUnknownPerson, email)
	}
	s.ledger.ExpireAccess(account)
	return nil
}
