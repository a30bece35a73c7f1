package app_test

import (
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/sim"
)

// silencer stands before a provider: once it is silent it answers no write until it speaks again.
type silencer struct {
	next    http.Handler
	mu      sync.Mutex
	speaks  chan struct{} // nil while it answers
	waiting int
}

func newSilencer(tb testing.TB, provider string) *silencer {
	tb.Helper()
	u, err := url.Parse(provider)
	if err != nil {
		tb.Fatal(err)
	}
	return &silencer{next: &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(u)
		r.Out.Host = r.In.Host
	}}}
}

func (s *silencer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	speaks := s.speaks
	if speaks != nil && r.Method != http.MethodGet {
		s.waiting++
		s.mu.Unlock()
		select {
		case <-speaks:
		case <-r.Context().Done():
			return
		}
	} else {
		s.mu.Unlock()
	}
	s.next.ServeHTTP(w, r)
}

func (s *silencer) silence() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.speaks = make(chan struct{})
}

func (s *silencer) speak() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.speaks != nil {
		close(s.speaks)
		s.speaks = nil
	}
}

func (s *silencer) silent() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waiting
}

// A provider that answers nothing has bookings accepted and the other provider's written, and is told of all of them once it answers again.
func TestSilentProviderHoldsUpNobody(t *testing.T) {
	t.Parallel()
	for name, back := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLive(t, back(t))
			const version = "/v1.0"
			proxy := newSilencer(t, strings.TrimSuffix(l.settings["CALWEAVE_MICROSOFT_API_URL"], version))
			l.settings["CALWEAVE_MICROSOFT_API_URL"] = serve(t, proxy) + version
			// As many calls of the silent provider as there are workers could be under way, for longer than this test takes.
			l.settings["CALWEAVE_WORKERS"], l.settings["CALWEAVE_LEASE"], l.settings["CALWEAVE_MICROSOFT_MAILBOX_CALLS"] = "4", "2m", "0"
			l.run("api,receiver,worker,scheduler")
			l.connect()
			var google, microsoft []cal.Target
			for _, target := range l.targets {
				if target.Authoritative {
					google = append(google, target)
				} else {
					target.Authoritative = true
					microsoft = append(microsoft, target)
				}
			}
			proxy.silence()
			t.Cleanup(proxy.speak) // a test that has failed lets the workers end
			l.targets = microsoft
			const many = 8
			for i := range many {
				l.put(fmt.Sprintf("silent-%d", i), 1, "Waits", wall)
			}
			l.until("calls are not answered", func() bool { return proxy.silent() >= 3 })
			l.targets = google
			l.put("loud", 1, "Goes on", wall)
			l.shows(sim.Google, "Goes on")
			proxy.speak()
			l.until("all are written", func() bool {
				events, err := l.sim.Standing(in(sim.Microsoft))
				l.must(err)
				return len(events) == many
			})
		})
	}
}
