package dev

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/app"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
	"github.com/calweave/calweave/internal/sim/stage"
	"github.com/calweave/calweave/internal/testkit"
)

func TestMain(m *testing.M) {
	app.QuietRedis()
	goleak.VerifyTestMain(m, testkit.RedisProbe())
}

const limit = 60 * time.Second

// newTour starts the stack of a tour that has not begun to walk.
func newTour(t *testing.T, ctx context.Context) (*tour, *stack) { //nolint:revive // a test's own context comes second
	t.Helper()
	o := Options{Once: true, JSON: true, Out: io.Discard, Log: slog.New(slog.DiscardHandler)}
	tour := &tour{options: o, clock: clock.System{}}
	s, err := tour.start(ctx, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Error(err)
		}
		simtest.CheckMails(t, s.sim, nil)
	})
	return tour, s
}

// Each hop's claim holds at the simulators, and in what was sent to the core.
func TestTourIsTrue(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	tour, s := newTour(t, ctx)
	if err := tour.walk(ctx, s); err != nil {
		t.Fatal(err)
	}
	for _, h := range tour.hops {
		if !h.OK || h.Error != "" {
			t.Errorf("%+v", h)
		}
	}
	checkEvents(t, s)
	checkConsent(t, s)
	google, err := s.sim.Channels(sim.Google, googleHost)
	if err != nil || len(google) != 1 || google[0].Address != s.url+"/hooks/google" {
		t.Errorf("Google's channels: %+v, %v", google, err)
	}
	checkMessages(t, s)
}

// checkEvents wants one event in each calendar, ever, of which Google's has been moved by an hour.
func checkEvents(t *testing.T, s *stack) {
	t.Helper()
	starts := map[sim.Provider]time.Time{}
	for _, in := range []sim.In{{Provider: sim.Google, Email: googleHost}, {Provider: sim.Microsoft, Email: microsoftHost}} {
		all, err := s.sim.Events(in)
		if err != nil || len(all) != 1 || all[0].Deleted || all[0].Title != "Intro call" || all[0].End.Sub(all[0].Start) != 30*time.Minute {
			t.Fatalf("%s: %+v, %v", in.Provider, all, err)
		}
		starts[in.Provider] = all[0].Start
	}
	if moved := starts[sim.Google].Sub(starts[sim.Microsoft]); moved != time.Hour {
		t.Errorf("Google's event stands %s after Microsoft's", moved)
	}
}

// checkConsent wants both hosts to have been asked, and the codes to have been redeemed with PKCE's verifier.
func checkConsent(t *testing.T, s *stack) {
	t.Helper()
	asked := map[sim.Provider]int{}
	for _, r := range s.sim.Requests(0) {
		if strings.HasSuffix(r.Path, "/token") && r.Status == http.StatusOK {
			asked[r.Provider]++
		}
	}
	if asked[sim.Google] != 1 || asked[sim.Microsoft] != 1 {
		t.Errorf("tokens were issued %v times", asked)
	}
}

// checkMessages wants the core to have been told of everything, once.
func checkMessages(t *testing.T, s *stack) {
	t.Helper()
	s.core.mu.Lock()
	defer s.core.mu.Unlock()
	got := map[message.Type]int{}
	for _, m := range s.core.messages {
		got[m.Type]++
	}
	for kind, n := range map[message.Type]int{message.ConnectionActivated: 2, message.BookingAccepted: 1, message.BookingSynced: 2, message.BookingMoved: 1} {
		if got[kind] > n || got[kind] == 0 {
			t.Errorf("%s came %d times", kind, got[kind])
		}
	}
}

// A provider that fails makes the hop fail that depends on it, and the tour with it, however long it would have gone on.
func TestFailingProviderFailsItsHop(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault sim.Fault
		hop   string
	}{
		"no token":   {sim.Fault{Provider: sim.Microsoft, Path: "*/token", Action: stage.ActStatus, Status: http.StatusBadRequest}, "connect microsoft"},
		"no event":   {sim.Fault{Provider: sim.Google, Method: http.MethodPost, Path: "*/events", Action: stage.ActStatus, Status: http.StatusForbidden}, "event in google calendar"},
		"no channel": {sim.Fault{Provider: sim.Google, Path: "*/watch", Action: stage.ActStatus, Status: http.StatusBadRequest}, "push channel open"},
		"no listing": {sim.Fault{Provider: sim.Google, Method: http.MethodGet, Path: "*/events", Action: stage.ActStatus, Status: http.StatusForbidden}, "signed webhook at the core"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second) // some hops fail by never coming
			defer cancel()
			tour, s := newTour(t, ctx)
			if _, err := s.sim.AddFault(c.fault); err != nil {
				t.Fatal(err)
			}
			err := tour.walk(ctx, s)
			last := tour.hops[len(tour.hops)-1]
			if err == nil || last.OK || last.Name != c.hop || last.Error == "" {
				t.Errorf("%v: %+v", err, tour.hops)
			}
			for _, h := range tour.hops[:len(tour.hops)-1] {
				if !h.OK {
					t.Errorf("%+v", h)
				}
			}
		})
	}
}

// A message that nobody has signed is not believed.
func TestCoreVerifies(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	_, s := newTour(t, ctx)
	body := strings.NewReader(`{"id":"msg_1","type":"booking.moved","timestamp":"2026-01-01T00:00:00Z","data":{}}`)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.coreURL+"/calweave", body)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := simtest.HTTP(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized || s.core.count() != 0 {
		t.Errorf("%d, %d messages", resp.StatusCode, s.core.count())
	}
}

// screen is what a person sees of the tour.
type screen struct {
	mu    sync.Mutex
	b     bytes.Buffer
	ended chan struct{}
	once  sync.Once
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if strings.Contains(string(p), "act as a person") {
		s.once.Do(func() { close(s.ended) })
	}
	return s.b.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// Every command that is printed at the end does what it is printed for.
func TestPrintedCommands(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	out := &screen{ended: make(chan struct{})}
	ended := make(chan error, 1)
	stopped, stop := context.WithCancel(ctx)
	env := filepath.Join(t.TempDir(), "dev.env")
	go func() { ended <- Run(stopped, Options{Out: out, Env: env, Log: slog.New(slog.DiscardHandler)}) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(env); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("its key outlives it: %v", err)
		}
	}()
	select {
	case <-out.ended:
	case <-ctx.Done():
		t.Fatalf("%s", out.String())
	}
	lines := regexp.MustCompile(`(?m)^  (export|curl) .*$`).FindAllString(out.String(), -1)
	if len(lines) != 6 {
		t.Fatalf("%d commands: %s", len(lines), out.String())
	}
	wants := []string{`"id":"intro-call-1"`, `"primary":true`, `"title":"Intro call"`, `"title":"Edited by hand"`, `"type":"booking.moved"`}
	sourced := `set -eu; . ` + env + `; curl -sS --fail-with-body -H "Authorization: Bearer $KEY" $URL/v1/bookings/intro-call-1; curl -sS --fail-with-body $CORE/messages`
	raw, err := exec.CommandContext(ctx, "sh", "-c", sourced+`; echo "$CALENDAR"`).CombinedOutput() //nolint:gosec // our own text
	if err != nil || strings.Count(string(raw), "cal_") < 2 {
		t.Errorf("what a shell may source: %v: %s", err, raw)
	}
	if info, err := os.Stat(env); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v: it holds a key", info, err)
	}
	for i, line := range lines[1:] {
		raw, err := exec.CommandContext(ctx, "sh", "-c", lines[0]+"\n"+line).CombinedOutput() //nolint:gosec // what we have printed
		if err != nil || !strings.Contains(string(raw), wants[i]) || !json.Valid(raw) {
			t.Errorf("%s: %v: %s", line, err, raw)
		}
	}
}
