package microsoft

import (
	"fmt"
	"net/http"

	"github.com/calweave/calweave/internal/sim/stage"
)

// claims is a claims challenge as the token endpoint words it
// (https://learn.microsoft.com/entra/identity-platform/claims-challenge#claims-challenge-header-format).
const claims = `{"access_token":{"capolids":{"essential":true,"values":["00000000-0000-0000-0000-000000000001"]}}}`

// aadsts are the refusals that the token endpoint can be told to give, by their number
// (https://learn.microsoft.com/entra/identity-platform/reference-error-codes). Their texts are shortened: clients go by the numbers.
func aadsts() map[int]tokenError {
	table := map[int]tokenError{}
	add := func(status int, code, suberror, text string, numbers ...int) {
		for _, n := range numbers {
			table[n] = tokenError{status: status, code: code, number: n, text: text, suberror: suberror}
		}
	}
	const bad = http.StatusBadRequest
	add(bad, "invalid_grant", "consent_required", "The user or administrator has not consented to use the application.", 65001)
	add(bad, "access_denied", "", "The user declined to consent.", 65004)
	add(bad, "invalid_grant", "consent_required", "Admin consent is required.", 90094, 90095)
	add(bad, "invalid_client", "", "The application is misconfigured or lacks a required permission.", 650052, 650056, 65005)
	add(bad, "interaction_required", "basic_action", "The user has to pass multifactor authentication.", 50072, 50074, 50076, 50078, 50079)
	add(bad, "interaction_required", "additional_action", "An external security challenge was not satisfied.", 50158)
	add(bad, "interaction_required", "message_only", "Access has been blocked by Conditional Access policies.", 53000, 53001, 53002, 53003, 53004, 530032, 530035)
	add(bad, "invalid_grant", "", "The refresh token has expired due to inactivity.", 700082, 70008)
	add(bad, "invalid_grant", "", "The provided grant has expired due to it being revoked.", 50173)
	add(bad, "invalid_grant", "bad_token", "The session is not valid due to a password expiration or a recent password change.", 50132, 50133)
	add(bad, "invalid_grant", "bad_token", "The refresh token has a limited life and has expired.", 700084, 70043, 70000)
	add(bad, "invalid_grant", "", "The code was redeemed or its verifier does not match.", 54005, 501481, 50147)
	add(http.StatusUnauthorized, "invalid_client", "", "The client secret is invalid, expired or missing.", 7000215, 7000222, 7000218)
	add(bad, "unauthorized_client", "", "The application was not found in the directory.", 700016, 700011)
	add(bad, "invalid_request", "", "The reply URL, the resource or the audience is not valid.", 50011, 50194, 90130, 9002332)
	add(bad, "invalid_scope", "", "The scope is not valid.", 70011, 700022)
	add(bad, "invalid_grant", "", "The account does not exist, is disabled, locked or unassigned, or its password has expired.", 50020, 50034, 50057, 50053, 50055, 50144, 50105)
	add(http.StatusServiceUnavailable, "temporarily_unavailable", "", "A transient error has occurred. Please try again.", 90033, 90024, 50033)
	add(bad, "server_error", "", "The server closed the request or found a loop. Please try again later.", 90055, 50196)
	return table
}

// RefuseTokens makes the token endpoint refuse the person's codes and refresh tokens with an AADSTS error, from now on and until it is called
// with 0. Access tokens that are out stay good.
func (s *Server) RefuseTokens(email string, number int) error {
	account := s.known(email)
	if account == "" {
		return fmt.Errorf("%w: %q at Microsoft", stage.ErrUnknownPerson, email)
	}
	if _, known := aadsts()[number]; number != 0 && !known {
		return fmt.Errorf("%w: AADSTS%d is not one of those that the simulator knows", stage.ErrInvalid, number)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusals[account] = number
	s.world.Signal.Raise()
	return nil
}

// refusal is the error that the account's tokens are refused with, if any.
func (s *Server) refusal(account string) (tokenError, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	e, ok := aadsts()[s.refusals[account]]
	return e, ok
}
