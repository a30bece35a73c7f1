package grant

import (
	"errors"
	"strings"
	"testing"

	"github.com/calweave/calweave/contracts/fault"
)

// What a browser brings back is judged as what the token endpoint says: an owner who refuses is told so, an operator's mistake and a provider that is away are
// not taken for that, and the word is kept for the log.
func TestWordsThatABrowserBringsBack(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]fault.Kind{
		"access_denied": fault.NeedsConsent, "admin_policy_enforced": fault.NeedsConsent,
		"unauthorized_client": fault.Misconfigured, "invalid_scope": fault.Misconfigured, "invalid_request": fault.Misconfigured, "org_internal": fault.Misconfigured,
		"server_error": fault.Transient, "temporarily_unavailable": fault.Transient, "what_nobody_documents": fault.Transient,
	} {
		e := answering(tokens("access-1", "refresh-1"))
		r, a := opened(t, e)
		a.Error, a.Code = word, ""
		_, err := r.Finish(t.Context(), a)
		if !fault.Is(err, want) || errors.Is(err, ErrRefused) != want.EndsGrant() || !strings.Contains(err.Error(), word) || len(r.journal.activated) != 0 || e.count() != 0 {
			t.Errorf("%s: %v, want %s", word, err, want)
		}
	}
}
