package sim

// RefuseTokens makes Microsoft's token endpoint refuse a person's codes and refresh tokens with an AADSTS error, such as 50076, until it is
// called with 0. It fails on a number that the simulator does not know.
func (s *Sim) RefuseTokens(email string, aadsts int) error {
	return s.microsoft.RefuseTokens(email, aadsts)
}
