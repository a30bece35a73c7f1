package grant

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/browser"
	"github.com/calweave/calweave/internal/sim/simtest"
	"github.com/calweave/calweave/providers/google"
	"github.com/calweave/calweave/providers/microsoft"
)

const host = "host@example.com"

// owner is an account's owner at a browser, before a flow of ours and a simulated authorization server.
type owner struct {
	*Flow

	t        *testing.T
	provider cal.Provider
	sim      *simtest.Sim
	clock    *clock.Manual
	journal  *journal
	// app is the tenant's application to connect the account by; empty for the installation's.
	app cal.AppID
}

// meet puts an owner before a provider that knows the redirect URI and the secret of one client of ours.
func meet(t *testing.T, p cal.Provider) owner {
	t.Helper()
	back := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(back.Close)
	c := clock.NewManual(began)
	client := []sim.OAuthClient{{ID: "app", Secret: clientSecret, Redirects: []string{back.URL + "/callback"}}}
	s := simtest.Start(t, sim.Config{Clock: c, GoogleClients: client, MicrosoftClients: client})
	s.Person(sim.Provider(p), host)
	var d provider.Driver = google.New(google.Config{AuthURL: s.GoogleURL + "/o/oauth2/v2/auth", TokenURL: s.GoogleURL + "/token", Clock: c})
	if p == cal.Microsoft {
		base := s.MicrosoftURL + "/common/oauth2/v2.0"
		d = microsoft.New(microsoft.Config{AuthURL: base + "/authorize", TokenURL: base + "/token", Clock: c})
	}
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	apps := []App{{ID: cal.AppID(p), Driver: d, ClientID: "app", Secret: func() string { return clientSecret }}}
	x := NewExchange(apps, &http.Client{Transport: tr}, func(cal.Provider) string { return back.URL + "/callback" }, c)
	j := &journal{clock: c, err: map[string]error{}}
	return owner{Flow: NewFlow(j, x, &dice{}, c), t: t, provider: p, sim: s, clock: c, journal: j}
}

// visit goes from our connect page through the provider's and back.
func (o owner) visit(choice browser.Choice) Answer {
	o.t.Helper()
	_, token, err := o.Begin(o.t.Context(), tenant, Request{Provider: o.provider, App: o.app})
	if err != nil {
		o.t.Fatal(err)
	}
	page, err := o.Open(o.t.Context(), token, "cookie")
	if err != nil {
		o.t.Fatal(err)
	}
	tr := &http.Transport{}
	defer tr.CloseIdleConnections()
	end, err := browser.Consent(o.t.Context(), &http.Client{Transport: tr}, page, choice)
	if err != nil {
		o.t.Fatal(err)
	}
	q := end.URL.Query()
	return Answer{Provider: o.provider, State: q.Get("state"), Code: q.Get("code"), Error: q.Get("error"), Issuer: q.Get("iss"), Cookie: "cookie"}
}

// TestAccountsAreConnectedAndKept walks both authorization servers through a refusal, a consent, refreshes, and a grant that its owner ends.
func TestAccountsAreConnectedAndKept(t *testing.T) {
	t.Parallel()
	for _, p := range []cal.Provider{cal.Google, cal.Microsoft} {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			o := meet(t, p)
			if _, err := o.Finish(t.Context(), o.visit(browser.Choice{Refuse: true})); !errors.Is(err, ErrRefused) {
				t.Errorf("refused: %v", err)
			}
			if _, err := o.Finish(t.Context(), o.visit(browser.Choice{})); err != nil || len(o.journal.activated) != 1 {
				t.Fatal(err)
			}
			g := o.journal.activated[0]
			g.Version = 1
			v := newVault(o.clock, g)
			m := NewManager(v, o.exchange, o.clock)
			token := func() (string, error) {
				access, _, err := m.Token(t.Context(), tenant, connectionOf(p))
				return access, err
			}
			last := ""
			for range 3 {
				access, err := token()
				if err != nil || access == last {
					t.Fatalf("%v; the same token again: %t", err, access == last)
				}
				last = access
				o.clock.Advance(time.Hour)
			}
			if v.rotated != 2 || (v.now().RefreshToken == g.RefreshToken) != (p == cal.Google) {
				t.Errorf("refreshed %d times; rotated: %t", v.rotated, v.now().RefreshToken != g.RefreshToken)
			}
			if err := o.sim.RevokeGrants(sim.Provider(p), host); err != nil {
				t.Fatal(err)
			}
			if _, err := token(); !fault.Is(err, fault.NeedsReauth) || len(v.revoked) != 1 {
				t.Errorf("%v, revoked for %q", err, v.revoked)
			}
		})
	}
}

func TestUntickedScopeIsLacking(t *testing.T) {
	t.Parallel()
	o := meet(t, cal.Google)
	done, err := o.Finish(t.Context(), o.visit(browser.Choice{Untick: []string{"*/calendar.events"}}))
	if err != nil || !slices.Equal(done.Lacks, []cal.Ability{cal.ReadEvents, cal.WriteEvents}) {
		t.Errorf("%+v, %v", done, err)
	}
	o = meet(t, cal.Google)
	if _, err := o.Finish(t.Context(), o.visit(browser.Choice{Untick: []string{"*"}})); err == nil {
		t.Error("connected without anything")
	}
}

// A code that was stolen is worth nothing without the verifier of the flow that it came from (RFC 7636).
func TestCodeOfAnotherFlowIsRefused(t *testing.T) {
	t.Parallel()
	for _, p := range []cal.Provider{cal.Google, cal.Microsoft} {
		o := meet(t, p)
		stolen := o.visit(browser.Choice{})
		a := o.visit(browser.Choice{})
		a.Code = stolen.Code
		if _, err := o.Finish(t.Context(), a); err == nil || len(o.journal.activated) != 0 {
			t.Errorf("%s: activated %+v", p, o.journal.activated)
		}
	}
}

// A token endpoint that accepts the connection and says nothing does not hold a caller that leaves.
func TestSilentServer(t *testing.T) {
	t.Parallel()
	o := meet(t, cal.Google)
	id, err := o.sim.AddFault(sim.Fault{Path: "/token", Action: sim.ActHold})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := o.exchange.Refresh(ctx, tenant, connectionOf(cal.Google), record.Grant{RefreshToken: oldRefresh})
		done <- err
	}()
	o.sim.Until("the call is held", func() bool {
		f, _ := o.sim.Fault(id)
		return f.Waiting == 1
	})
	cancel()
	if err := <-done; !fault.Is(err, fault.Canceled) {
		t.Errorf("%v", err)
	}
}
