package gateway

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
	"github.com/calweave/calweave/internal/transport"
	"github.com/calweave/calweave/providers/google"
	"github.com/calweave/calweave/providers/microsoft"
)

const host = "host@example.com"

// TestAgainstTheSimulators walks both real drivers through an access token that ends: one refused call, one expiry, and a next client that
// carries the next token. Then each provider asks to be left alone.
func TestAgainstTheSimulators(t *testing.T) {
	t.Parallel()
	for p, open := range map[cal.Provider]func(*simtest.Sim) provider.Driver{
		cal.Google: func(s *simtest.Sim) provider.Driver {
			return google.New(google.Config{APIURL: s.GoogleURL + "/calendar/v3/"})
		},
		cal.Microsoft: func(s *simtest.Sim) provider.Driver {
			return microsoft.New(microsoft.Config{APIURL: s.MicrosoftURL + "/v1.0"})
		},
	} {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			s := simtest.Start(t, sim.Config{})
			s.Person(sim.Provider(p), host)
			issue := func() string {
				token, err := s.IssueToken(sim.Provider(p), host, "app")
				if err != nil {
					t.Fatal(err)
				}
				return token.Access
			}
			d := open(s)
			b := newBench()
			b.connection.Provider, b.tokens = p, []string{issue()}
			g := b.gateway()
			g.Drivers = map[cal.Provider]provider.Driver{p: d}
			base := transport.Base(transport.NewGuard([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}))
			t.Cleanup(base.CloseIdleConnections)
			g.HTTP = func(_ cal.Provider, access string) *http.Client {
				return transport.Client(transport.Options{
					Base: base, Origins: []string{d.OAuth().Resource}, Token: func(context.Context) (string, error) { return access, nil },
				})
			}
			list := func() error {
				c, err := g.Open(t.Context(), tenant, connection)
				if err != nil {
					return err
				}
				_, err = c.Calendars(t.Context())
				if err != nil && strings.Contains(err.Error(), b.tokens[len(b.tokens)-1]) {
					t.Errorf("the token is in %q", err)
				}
				return err
			}
			if err := list(); err != nil {
				t.Fatal(err)
			}
			if err := s.ExpireAccess(sim.Provider(p), host); err != nil {
				t.Fatal(err)
			}
			if err := list(); !fault.Is(err, fault.Unauthorized) || !slices.Equal(b.refused, []int64{1}) {
				t.Fatalf("%v, refused %v", err, b.refused)
			}
			b.tokens = append(b.tokens, issue())
			if err := list(); err != nil || len(b.refused) != 1 {
				t.Fatalf("with the next token: %v, refused %v", err, b.refused)
			}
			if _, err := s.AddFault(sim.Fault{Provider: sim.Provider(p), Action: sim.ActStatus, Status: http.StatusServiceUnavailable, RetryAfter: "40"}); err != nil {
				t.Fatal(err)
			}
			if err := list(); err == nil || !slices.Equal(b.penalties, []time.Time{began.Add(40 * time.Second)}) {
				t.Errorf("%v, recorded %v", err, b.penalties)
			}
			if err := list(); !fault.Is(err, fault.RateLimited) {
				t.Errorf("called again at once: %v", err)
			}
		})
	}
}
