package sim

// IssueToken returns tokens as if the person had consented to the client, without a browser. Without scopes they are good for everything.
func (s *Sim) IssueToken(p Provider, email, client string, scopes ...string) (Token, error) {
	at, err := s.side(p)
	if err != nil {
		return Token{}, err
	}
	return at.IssueToken(email, client, scopes...)
}

// RevokeGrants ends all that a person allowed: the token endpoint then says invalid_grant, the API 401.
func (s *Sim) RevokeGrants(p Provider, email string) error {
	at, err := s.side(p)
	if err != nil {
		return err
	}
	return at.RevokeGrants(email)
}

// ExpireAccess ends the life of a person's access tokens now; their refresh tokens stay.
func (s *Sim) ExpireAccess(p Provider, email string) error {
	at, err := s.side(p)
	if err != nil {
		return err
	}
	return at.ExpireAccess(email)
}

// ExpireCursors makes every cursor and page token of a calendar that was issued so far invalid: the answer to them is 410.
func (s *Sim) ExpireCursors(in In) error {
	at, err := s.side(in.Provider)
	if err != nil {
		return err
	}
	return at.ExpireCursors(in.Email, in.Calendar)
}

// Channels are the channels or subscriptions on a person's calendars that are alive.
func (s *Sim) Channels(p Provider, email string) ([]Channel, error) {
	at, err := s.side(p)
	if err != nil {
		return nil, err
	}
	return at.Channels(email)
}

// DropChannel ends a channel or subscription without a word to anyone.
func (s *Sim) DropChannel(p Provider, email, id string) error {
	at, err := s.side(p)
	if err != nil {
		return err
	}
	return at.DropChannel(email, id)
}

// Lifecycle sends a lifecycle notification about a Microsoft subscription: reauthorizationRequired, subscriptionRemoved (which also removes
// it) or missed. Nothing is sent to a subscription that has no address for it.
func (s *Sim) Lifecycle(email, subscription, event string) error {
	return s.microsoft.Lifecycle(email, subscription, event)
}
