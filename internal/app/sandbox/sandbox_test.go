package sandbox_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/calweave/calweave/internal/app/sandbox"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/ident"
	"github.com/calweave/calweave/internal/sim"
)

const owner = "test@sandbox.example"

// remote is a simulator as a sandbox is met: by its URL and a token.
type remote struct {
	world    *sim.Sim
	url      string
	token    string
	provider string
}

func newRemote(t *testing.T, provider string) *remote {
	t.Helper()
	world, err := sim.New(sim.Config{PushTransport: refusing{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(world.Close)
	side := sim.Provider(provider)
	if _, err := world.Seed(sim.Person{Provider: side, Email: owner, Zone: "America/New_York"}); err != nil {
		t.Fatal(err)
	}
	token, err := world.IssueToken(side, owner, "contracts")
	if err != nil {
		t.Fatal(err)
	}
	handler := world.Google()
	if provider == "microsoft" {
		handler = world.Microsoft()
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return &remote{world, server.URL, token.Access, provider}
}

// refusing is a network that reaches no receiver of pushes.
type refusing struct{}

func (refusing) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("no route") }

// person is the account with its calendars.
func (r *remote) person() sim.Person {
	for _, p := range r.world.People() {
		if p.Email == owner {
			return p
		}
	}
	return sim.Person{}
}

func (r *remote) open(t *testing.T) *sandbox.Account {
	t.Helper()
	a, err := sandbox.Open(r.provider, r.url, r.token, ident.New(clock.System{}, rand.Reader), clock.System{})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// pristine fails unless the account is as it was: one calendar, nothing in it, no channel, and no mail to anybody.
func (r *remote) pristine(t *testing.T) {
	t.Helper()
	side := sim.Provider(r.provider)
	if p := r.person(); len(p.Calendars) != 1 {
		t.Errorf("the account has the calendars %+v", p.Calendars)
	}
	events, err := r.world.Events(sim.In{Provider: side, Email: owner})
	if err != nil || len(events) != 0 {
		t.Errorf("the account's own calendar has %+v (%v)", events, err)
	}
	channels, err := r.world.Channels(side, owner)
	if err != nil || len(channels) != 0 {
		t.Errorf("the account has the channels %+v (%v)", channels, err)
	}
	if mails := r.world.Mails(0); len(mails) != 0 {
		t.Errorf("mails went out: %+v", mails)
	}
}

func pactOf(t *testing.T, provider string) []byte {
	t.Helper()
	name := map[string]string{"google": "calweave-google-calendar.json", "microsoft": "calweave-microsoft-graph.json"}[provider]
	raw, err := os.ReadFile(filepath.Join("..", "..", "..", "contracts", "pacts", name))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// byStatus asks what a pact of one interaction asks, and compares the status alone: Pact's own verifier needs a library that this test goes without.
func byStatus(ctx context.Context) sandbox.Verifier {
	return func(pact []byte, provider string) (string, error) {
		var doc struct {
			Interactions []struct {
				Request struct {
					Method, Path string
					Query        url.Values
					Headers      http.Header
					Body         struct{ Content json.RawMessage }
				}
				Response struct{ Status int }
			}
		}
		if err := json.Unmarshal(pact, &doc); err != nil {
			return "", err
		}
		r := doc.Interactions[0].Request
		req, err := http.NewRequestWithContext(ctx, r.Method, provider+r.Path+"?"+r.Query.Encode(), strings.NewReader(string(r.Body.Content)))
		if err != nil {
			return "", err
		}
		req.Header = r.Headers
		resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
		if err != nil {
			return "", err
		}
		defer resp.Body.Close() //nolint:errcheck // not read
		if want := doc.Interactions[0].Response.Status; resp.StatusCode != want {
			return fmt.Sprintf("status %d, not %d", resp.StatusCode, want), nil
		}
		return "", nil
	}
}

// What a real account can be brought to is asked, the rest is left out with a reason, and nothing is left behind.
func TestVerifyAtAnAccount(t *testing.T) {
	t.Parallel()
	for provider, held := range map[string]int{"google": 27, "microsoft": 26} {
		t.Run(provider, func(t *testing.T) {
			t.Parallel()
			r := newRemote(t, provider)
			a := r.open(t)
			if err := a.Check(t.Context()); err != nil {
				t.Fatal(err)
			}
			var asked, left int
			err := a.Verify(t.Context(), pactOf(t, provider), byStatus(t.Context()), func(o sandbox.Outcome) error {
				switch {
				case o.Left != "":
					left++
				case o.Diff != "":
					t.Errorf("%s, given %s: %s", o.Interaction, o.State, o.Diff)
				default:
					asked++
				}
				return nil
			})
			if err != nil || asked != held || left == 0 {
				t.Errorf("%d were asked, %d left out: %v", asked, left, err)
			}
			if p := r.person(); len(p.Calendars) < 2 {
				t.Errorf("there was nothing to clean: %+v", p.Calendars)
			}
			if err := a.Clean(t.Context()); err != nil {
				t.Error(err)
			}
			r.pristine(t)
		})
	}
}

// Simulators of its own are brought to everything that a pact speaks of.
func TestVerifyAtASimulator(t *testing.T) {
	t.Parallel()
	for provider, held := range map[string]int{"google": 44, "microsoft": 45} {
		a, stop, err := sandbox.Simulated(t.Context(), provider, ident.New(clock.System{}, rand.Reader), clock.System{})
		if err != nil {
			t.Fatal(err)
		}
		asked := 0
		err = a.Verify(t.Context(), pactOf(t, provider), byStatus(t.Context()), func(o sandbox.Outcome) error {
			if o.Left != "" || o.Diff != "" {
				t.Errorf("%s: %+v", provider, o)
			}
			asked++
			return nil
		})
		if err = errors.Join(err, a.Clean(t.Context())); err != nil || asked != held {
			t.Errorf("%s: %d were asked: %v", provider, asked, err)
		}
		stop()
	}
}

// Whatever ends a verification, the account is as it was.
func TestNothingIsLeftBehind(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, provider := range []string{"google", "microsoft"} {
		for name, end := range map[string]func(r *remote, cancel func()) error{
			"interrupted": func(_ *remote, cancel func()) error { cancel(); return nil },
			"failed":      func(*remote, func()) error { return broken },
			"refused": func(r *remote, _ func()) error { // the making of calendars takes effect, and its answer is lost
				_, err := r.world.AddFault(sim.Fault{
					Provider: sim.Provider(provider), Method: http.MethodPost, Path: "*/calendars", Action: sim.ActLostAnswer, Count: 1,
				})
				return err
			},
		} {
			t.Run(provider+" "+name, func(t *testing.T) {
				t.Parallel()
				r := newRemote(t, provider)
				a := r.open(t)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				asked := 0
				err := a.Verify(ctx, pactOf(t, provider), byStatus(t.Context()), func(sandbox.Outcome) error {
					const some = 9
					if asked++; asked != some {
						return nil
					}
					return end(r, cancel)
				})
				if name != "refused" && err == nil {
					t.Error("it did not end early")
				}
				if err := a.Clean(ctx); err != nil {
					t.Error(err)
				}
				r.pristine(t)
			})
		}
	}
}

// Calendars of others stay, also those whose names look alike.
func TestOthersCalendarsStay(t *testing.T) {
	t.Parallel()
	r := newRemote(t, "google")
	if _, err := r.world.Seed(sim.Person{Provider: sim.Google, Email: owner, Calendars: []sim.Calendar{{Name: "calweave_contracts_of_a_person"}}}); err != nil {
		t.Fatal(err)
	}
	a := r.open(t)
	if err := a.Verify(t.Context(), pactOf(t, "google"), byStatus(t.Context()), func(sandbox.Outcome) error { return nil }); err != nil {
		t.Error(err)
	}
	if err := a.Clean(t.Context()); err != nil {
		t.Error(err)
	}
	if p := r.person(); len(p.Calendars) != 2 {
		t.Errorf("%+v", p)
	}
}

// A token that nobody issued is told before anything is made, and is not in what is told.
func TestBadCredentials(t *testing.T) {
	t.Parallel()
	for _, provider := range []string{"google", "microsoft"} {
		r := newRemote(t, provider)
		r.token = "CANARY-token"
		err := r.open(t).Check(t.Context())
		if err == nil || !strings.Contains(err.Error(), "does not accept the token") || strings.Contains(err.Error(), "CANARY") {
			t.Errorf("%s: %v", provider, err)
		}
		r.pristine(t)
	}
}

// A token never travels in clear, nor to where a provider sends on.
func TestTokensStay(t *testing.T) {
	t.Parallel()
	ids := ident.New(clock.System{}, rand.Reader)
	for address, ok := range map[string]bool{
		"https://graph.microsoft.com": true, "http://127.0.0.1:9081": true, "http://localhost:1": true, "http://graph.microsoft.com": false, "graph.microsoft.com": false,
		"https://user:pass@graph.microsoft.com": false, "ftp://127.0.0.1": false, "": false,
	} {
		if _, err := sandbox.Open("microsoft", address, "token", ids, clock.System{}); (err == nil) != ok {
			t.Errorf("%q: %v", address, err)
		}
	}
	heard := make(chan string, 1)
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { heard <- r.Header.Get("Authorization") }))
	defer other.Close()
	first := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	defer first.Close()
	a, err := sandbox.Open("google", first.URL, "token", ids, clock.System{})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Check(t.Context()); err == nil || len(heard) != 0 {
		t.Errorf("it follows to another host: %v", err)
	}
}

// A pact that says nothing that can be asked, or a state that nobody knows, does not pass.
func TestNothingPassesByAccident(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ pact, want string }{
		"no pact":          {"{", "cannot be read"},
		"no interaction":   {`{"interactions":[]}`, "no interaction"},
		"an unknown state": {`{"interactions":[{"description":"x","providerStates":[{"name":"a new one"}]}]}`, `"a new one", of "x"`},
		"all left out":     {`{"interactions":[{"description":"x","providerStates":[{"name":"the provider refuses with 500 x"}]}]}`, "no interaction"},
	} {
		r := newRemote(t, "google")
		err := r.open(t).Verify(t.Context(), []byte(c.pact), byStatus(t.Context()), func(sandbox.Outcome) error { return nil })
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r := newRemote(t, "google")
	a := r.open(t)
	never := func([]byte, string) (string, error) { return "", nil }
	if err := a.Verify(t.Context(), pactOf(t, "google"), never, func(sandbox.Outcome) error { return nil }); err == nil || !strings.Contains(err.Error(), "never asked") {
		t.Errorf("a provider that is never asked passes: %v", err)
	}
	if err := a.Clean(t.Context()); err != nil {
		t.Error(err)
	}
}
