package grant

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

// What an assertion is refused for may be this machine's clock, which is the operator's to set right: no grant ends by it.
func TestVerdictUnderAWrongClock(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code string
		date string
		want fault.Kind
		says string
	}{
		"clocks that agree":                  {"invalid_grant", at(0), fault.NeedsReauth, ""},
		"a minute's difference":              {"invalid_grant", at(time.Minute), fault.NeedsReauth, ""},
		"a clock that is behind":             {"invalid_grant", at(61 * time.Second), fault.Misconfigured, "1m1s behind"},
		"a clock that is ahead":              {"invalid_grant", at(-time.Hour), fault.Misconfigured, "1h0m0s ahead"},
		"a consent that is missing":          {"access_denied", at(time.Hour), fault.Misconfigured, "1h0m0s behind"},
		"a mistake of another kind":          {"unauthorized_client", at(time.Hour), fault.Misconfigured, ""},
		"what passes":                        {"server_error", at(time.Hour), fault.Transient, ""},
		"an answer that does not tell":       {"invalid_grant", "", fault.NeedsReauth, ""},
		"an answer that tells it in no form": {"invalid_grant", "hunter2", fault.NeedsReauth, ""},
	} {
		a := says(http.StatusBadRequest, `{"error":"`+c.code+`"}`)
		a.header = http.Header{"Date": {c.date}}
		k := clock.NewManual(began)
		v := newVault(k, record.Grant{ConnectionID: "con_1", Version: 1, AccessToken: "access-1", ExpiresAt: began.Add(-time.Minute)})
		_, _, err := NewManager(v, registered(t, answering(a), k), k).Token(t.Context(), tenant, of("app_robot", cal.Google, mailbox))
		if !fault.Is(err, c.want) || !strings.Contains(err.Error(), c.says) || (c.says == "") == strings.Contains(err.Error(), "clock") || (len(v.revoked) == 1) != c.want.EndsGrant() {
			t.Errorf("%s: %v, ended %q", name, err, v.revoked)
		}
		wantNoSecret(t, name, err)
	}
	// A refresh token does not depend on any clock of ours.
	a := says(http.StatusBadRequest, `{"error":"invalid_grant"}`)
	a.header = http.Header{"Date": {at(time.Hour)}}
	if _, err := exchange(answering(a), clock.NewManual(began)).Refresh(t.Context(), tenant, connectionOf(cal.Google), oldGrant()); !fault.Is(err, fault.NeedsReauth) {
		t.Errorf("a refresh token: %v", err)
	}
}

// at is a header that tells a moment so long after began.
func at(d time.Duration) string { return began.Add(d).UTC().Format(http.TimeFormat) }
