package drivertest

import (
	"net/http"
	"sync"
)

// served is a provider that can be waited for: a request that its client has given up goes on for a moment.
type served struct {
	handler http.Handler
	mu      sync.Mutex
	idle    *sync.Cond
	busy    int
}

func newServed(h http.Handler) *served {
	s := &served{handler: h}
	s.idle = sync.NewCond(&s.mu)
	return s
}

// ServeHTTP implements http.Handler.
func (s *served) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.count(1)
	defer s.count(-1)
	s.handler.ServeHTTP(w, r)
}

func (s *served) count(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy += n
	s.idle.Broadcast()
}

// rest waits until no request is served.
func (s *served) rest() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.busy > 0 {
		s.idle.Wait()
	}
}
