package sim

// Respond answers an invitation as a guest would in Outlook, on the guest's own copy: accepted, tentativelyAccepted or declined.
func (s *Sim) Respond(email, calendar, id, answer string) error {
	return s.microsoft.Respond(email, calendar, id, answer)
}

// Relocate moves an event to another calendar of the same mailbox, as a person would in Outlook: its immutable id stays, its other id does not.
func (s *Sim) Relocate(email, from, id, to string) (Event, error) {
	return s.microsoft.Relocate(email, from, id, to)
}

// RefuseTokens makes Microsoft's token endpoint refuse a person's codes and refresh tokens with an AADSTS error, such as 50076, until it is
// called with 0. It fails on a number that the simulator does not know.
func (s *Sim) RefuseTokens(email string, aadsts int) error {
	return s.microsoft.RefuseTokens(email, aadsts)
}
