package grant

import (
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/clock"
)

// Each question to a token endpoint is heard of once, with its answer; a token that is still good asks nobody.
func TestRefreshesAreHeardOf(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		endpoint *endpoint
		want     fault.Kind
	}{
		"well":    {answering(tokens("access-2", "")), ""},
		"revoked": {refusing(400, "invalid_grant"), fault.NeedsReauth},
		"overrun": {refusing(503, "x"), fault.Transient},
	} {
		m, _ := manage(clock.NewManual(began), oldGrant(), c.endpoint)
		heard := 0
		m.Refreshed = func(p cal.Provider, err error) {
			heard++
			if p != cal.Google || (err == nil) != (c.want == "") || err != nil && !fault.Is(err, c.want) {
				t.Errorf("%s: %s %v", name, p, err)
			}
		}
		_, _, err := m.Token(t.Context(), tenant, connectionOf(cal.Google))
		if err == nil {
			wantToken(t, m, "access-2", 2)
		}
		if heard != 1 {
			t.Errorf("%s: heard of %d times", name, heard)
		}
	}
}
