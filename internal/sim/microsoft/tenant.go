package microsoft

import (
	"slices"
	"strings"
)

// consumersTenant is where personal accounts are at home
// (https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference#payload-claims, tid).
const consumersTenant = "9188040d-6c67-4c5b-b112-36a304b66dad"

// tenantOf is the tenant of those with an address in the domain: that of personal accounts for the domains that Microsoft gives those.
func tenantOf(domain string) string {
	if slices.Contains([]string{"outlook.com", "hotmail.com", "live.com", "msn.com"}, domain) {
		return consumersTenant
	}
	return derivedUUID("tenant " + domain)
}

// tenant finds what the first segment of a path of the identity platform names: a tenant by its id or its domain, or one of the three that
// stand for more than one (https://learn.microsoft.com/entra/identity-platform/v2-protocols#endpoints). The id is empty for "common" and
// "organizations".
func (s *Server) tenant(segment string) (id string, known bool) {
	segment = strings.ToLower(segment)
	switch segment {
	case "common", "organizations":
		return "", true
	case "consumers", consumersTenant:
		return consumersTenant, true
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, m := range s.order {
		if segment == m.tenant || tenantOf(segment) == m.tenant {
			return m.tenant, true
		}
	}
	return "", false
}

// admits reports whether the person can sign in under the tenant that a path names. s.mu is held.
func (s *Server) admits(segment string, m *mailbox) bool {
	segment = strings.ToLower(segment)
	switch segment {
	case "common":
		return true
	case "organizations":
		return m.tenant != consumersTenant
	case "consumers":
		return m.tenant == consumersTenant
	default:
		return m.tenant == segment || m.tenant == tenantOf(segment)
	}
}

func noTenant(segment string) string {
	return "Tenant '" + segment + "' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud."
}

func unknownTenant(segment string) tokenError {
	return tokenError{status: 400, code: "invalid_request", number: 90002, text: noTenant(segment)}
}
