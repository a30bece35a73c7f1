package sim

// Respond answers an invitation as a guest would in Outlook, on the guest's own copy: accepted, tentativelyAccepted or declined.
func (s *Sim) Respond(email, calendar, id, answer string) error {
	return s.microsoft.Respond(email, calendar, id, answer)
}

// Relocate moves an event to another calendar of the same mailbox, as a person would in Outlook: its immutable id stays, its other id does not.
func (s *Sim) Relocate(email, from, id, to string) (Event, error) {
	return s.microsoft.Relocate(email, from, id, to)
}
