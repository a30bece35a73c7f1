package simtest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/sim"
)

// patience bounds every wait. It is never reached unless something is broken.
const patience = 30 * time.Second

// Sim is a Sim that listens on the loopback interface.
type Sim struct {
	*sim.Sim

	GoogleURL    string
	MicrosoftURL string
	AdminURL     string

	t testing.TB
}

// Start runs a Sim until the test ends. Pushes that fail are tried again after 5 ms unless cfg says otherwise.
func Start(tb testing.TB, cfg sim.Config) *Sim {
	tb.Helper()
	if cfg.PushBackoff == 0 {
		cfg.PushBackoff = 5 * time.Millisecond
	}
	s, err := sim.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	serve := func(h http.Handler) string {
		srv := httptest.NewServer(h)
		tb.Cleanup(srv.Close)
		return srv.URL
	}
	out := &Sim{Sim: s, GoogleURL: serve(s.Google()), MicrosoftURL: serve(s.Microsoft()), AdminURL: serve(s.Admin()), t: tb}
	tb.Cleanup(s.Close) // runs before the servers are closed, which wait for held requests
	return out
}

// Until waits for the condition, which may call any method of the Sim.
func (s *Sim) Until(what string, cond func() bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	if err := s.Wait(ctx, cond); err != nil {
		s.t.Fatalf("%s: %v", what, err)
	}
}

// Person seeds a person and returns it with its calendars.
func (s *Sim) Person(p sim.Provider, email string, calendars ...sim.Calendar) sim.Person {
	s.t.Helper()
	seeded, err := s.Seed(sim.Person{Provider: p, Email: email, Name: "Test " + email, Calendars: calendars})
	if err != nil {
		s.t.Fatal(err)
	}
	return seeded
}

// Client returns a client of one provider's API that acts for the person. Without scopes it may do everything.
func (s *Sim) Client(p sim.Provider, email string, scopes ...string) Client {
	s.t.Helper()
	token, err := s.IssueToken(p, email, "test-client", scopes...)
	if err != nil {
		s.t.Fatal(err)
	}
	base := s.GoogleURL + "/calendar/v3"
	if p == sim.Microsoft {
		base = s.MicrosoftURL + "/v1.0"
	}
	return Client{t: s.t, Base: base, Token: token.Access}
}
