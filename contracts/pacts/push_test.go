//go:build pact

package pacts_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/sim"
)

func TestGooglePushes(t *testing.T) {
	e := httpEdge{edge: edge{
		ID: "b", Title: "Google pushes to calweave", Consumer: "google-push", Provider: "calweave-receiver", Against: "calweave on SQLite, with both simulators",
		Headers:      []string{"X-Goog-Channel-Id", "X-Goog-Channel-Token", "X-Goog-Resource-State", "X-Goog-Resource-Id", "X-Goog-Message-Number"},
		Interactions: 4,
	}, scenes: googlePushes()}
	holdPushes(t, e, func(l *live) (map[string]string, error) {
		p, err := l.push("google")
		h := http.Header(p.Header)
		return map[string]string{"channel-1": h.Get("X-Goog-Channel-Id"), "secret-of-the-channel": h.Get("X-Goog-Channel-Token")}, err
	})
}

func TestMicrosoftPushes(t *testing.T) {
	e := httpEdge{edge: edge{
		ID: "b", Title: "Microsoft pushes to calweave", Consumer: "microsoft-push", Provider: "calweave-receiver", Against: "calweave on SQLite, with both simulators",
		Headers: []string{"Content-Type"}, Interactions: 4,
	}, scenes: graphPushes()}
	holdPushes(t, e, func(l *live) (map[string]string, error) {
		p, err := l.push("microsoft")
		var body struct {
			Value []struct{ ClientState string }
		}
		if err == nil {
			err = json.Unmarshal([]byte(p.Body), &body)
		}
		if err != nil || len(body.Value) == 0 {
			return nil, errors.Join(err, errNever)
		}
		return map[string]string{"channel-1.secret-of-the-channel": body.Value[0].ClientState}, nil
	})
}

func holdPushes(t *testing.T, e httpEdge, words func(*live) (map[string]string, error)) {
	t.Helper()
	path := fresh(t, e.edge, e.make)
	l := startLive(t)
	hold(t, e.edge, path, &providerSide{handler: l.handler, states: map[string]setup{
		"an open channel": func() (map[string]string, error) { return words(l) },
		"no channel":      func() (map[string]string, error) { return nil, nil },
	}})
}

// pushed is a push of the simulators'.
type pushed struct {
	Provider string
	Header   map[string][]string
	Body     string
}

// push is the newest push of a provider about one of calweave's channels.
func (l *live) push(provider string) (found pushed, err error) {
	err = until(func() (bool, error) {
		var raw json.RawMessage
		if err := l.sim(http.MethodGet, "/pushes", nil, &raw); err != nil {
			return false, err
		}
		var all struct{ Pushes []pushed }
		if json.Unmarshal(raw, &all) != nil || all.Pushes == nil {
			if err := json.Unmarshal(raw, &all.Pushes); err != nil {
				return false, err
			}
		}
		for _, p := range all.Pushes {
			if p.Provider == provider && (len(p.Body) > 0 || provider == "google") {
				found = p
			}
		}
		return found.Provider != "", nil
	})
	return found, err
}

// pushing is an act of a simulator whose pushes go through the scene's client.
func pushing(p sim.Provider, do func(ctx context.Context, s *simulated) error) func(context.Context, *http.Client) error {
	return func(ctx context.Context, httpc *http.Client) error {
		s := newSimulated(p)
		s.pushes = httpc.Transport
		defer s.close()
		if err := s.begin(); err != nil {
			return err
		}
		if err := do(ctx, s); err != nil {
			return err
		}
		for _, p := range s.sim.Pushes(0) {
			if p.State != "delivered" {
				return fmt.Errorf("push %d is %s: %v", p.N, p.State, p.Statuses)
			}
		}
		return nil
	}
}

func (s *simulated) sent(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return s.sim.Wait(ctx, func() bool { return s.sim.PushesPending() == 0 })
}

func (s *simulated) changed(ctx context.Context) error {
	at := today.AddDate(0, 0, 3)
	_, err := s.sim.CreateEvent(s.in(), sim.Draft{Title: "By hand", Start: at, End: at.Add(time.Hour), Zone: "UTC"})
	return errors.Join(err, s.sent(ctx))
}

func googlePushes() []scene {
	open := func(ctx context.Context, s *simulated) error {
		_, err := s.ask(http.MethodPost, channelPath, object{
			"id": "channel-1", "type": "web_hook", "address": "https://calweave.example/hooks/google", "token": "secret-of-the-channel",
		})
		return errors.Join(err, s.sent(ctx))
	}
	both := pushing(sim.Google, func(ctx context.Context, s *simulated) error { return errors.Join(open(ctx, s), s.changed(ctx)) })
	taken := reply{status: 202}
	return []scene{
		{act: both, steps: []step{
			{"that a channel is open", given("an open channel"), taken},
			{"that something has changed", given("an open channel"), taken},
		}},
		{act: both, steps: []step{
			{"that a channel is open which calweave does not know", given("no channel"), taken},
			{"that something has changed, by a channel which calweave does not know", given("no channel"), taken},
		}},
	}
}

func graphPushes() []scene {
	subscribe := func(ctx context.Context, s *simulated) (string, error) {
		doc, err := s.ask(http.MethodPost, "/v1.0/subscriptions", object{
			"changeType": "created,updated,deleted", "resource": "me/calendars/" + s.calendar + "/events", "clientState": "channel-1.secret-of-the-channel",
			"notificationUrl": "https://calweave.example/hooks/microsoft", "lifecycleNotificationUrl": "https://calweave.example/hooks/microsoft",
			"expirationDateTime": "2026-09-03T08:00:00Z",
		})
		id, _ := doc["id"].(string)
		return id, errors.Join(err, s.sent(ctx))
	}
	shaken := func(s *simulated) { s.pushes = &shaking{next: s.pushes} }
	hears := func(do func(ctx context.Context, s *simulated, id string) error) func(context.Context, *http.Client) error {
		return func(ctx context.Context, httpc *http.Client) error {
			return pushing(sim.Microsoft, func(ctx context.Context, s *simulated) error {
				shaken(s)
				if err := s.begin(); err != nil { // anew, with handshakes answered here
					return err
				}
				id, err := subscribe(ctx, s)
				if err != nil {
					return err
				}
				return do(ctx, s, id)
			})(ctx, httpc)
		}
	}
	handshake := call{
		method: "POST", path: "/hooks/microsoft?validationToken=Validation%3A+Testing+client+application+reachability", open: true, want: 200,
	}
	changed := func(ctx context.Context, s *simulated, _ string) error { return s.changed(ctx) }
	return []scene{
		one("a handshake", given("no channel"), reply{
			status: 200, text: "Validation: Testing client application reachability", header: map[string]any{"Content-Type": matching("text/plain.*", "text/plain; charset=utf-8")},
		}, handshake.act),
		one("that something has changed", given("an open channel"), reply{status: 202}, hears(changed)),
		one("that something has changed, by a subscription which calweave does not know", given("no channel"), reply{status: 202}, hears(changed)),
		one("that a subscription has to be authorised again", given("an open channel"), reply{status: 202},
			hears(func(ctx context.Context, s *simulated, id string) error {
				return errors.Join(s.sim.Lifecycle(ana, id, "reauthorizationRequired"), s.sent(ctx))
			})),
	}
}

// shaking answers handshakes, which a scene of their own is about, and all pushes after the first: Graph tells of one change more than once.
type shaking struct {
	next http.RoundTripper
	told atomic.Bool
}

func (s *shaking) RoundTrip(req *http.Request) (*http.Response, error) {
	if strings.Contains(req.URL.RawQuery, "validationToken=") || s.told.Swap(true) {
		return hearing{}.RoundTrip(req)
	}
	return s.next.RoundTrip(req)
}
