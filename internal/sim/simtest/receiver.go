package simtest

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// Received is a push that came in.
type Received struct {
	URL    string
	Header http.Header
	Body   string
}

// Receiver takes the simulators' pushes, and answers handshakes as it should.
type Receiver struct {
	URL string

	t       testing.TB
	mu      sync.Mutex
	all     []Received
	status  int
	rude    bool
	onPush  func()
	arrived chan struct{}
}

// NewReceiver returns a Receiver that listens until the test ends.
func NewReceiver(tb testing.TB) *Receiver {
	tb.Helper()
	r := &Receiver{t: tb, status: http.StatusAccepted, arrived: make(chan struct{})}
	srv := httptest.NewServer(r)
	tb.Cleanup(srv.Close)
	r.URL = srv.URL
	return r
}

// Answer sets the status of the answers from now on.
func (r *Receiver) Answer(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

// Refuse makes handshakes fail from now on.
func (r *Receiver) Refuse() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rude = true
}

// OnPush has f called for each push that comes in from now on, before that is answered.
func (r *Receiver) OnPush(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.onPush = f
}

// ServeHTTP implements http.Handler.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body) // a push that breaks off is told from the rest by its body
	token := req.URL.Query().Get("validationToken")
	r.mu.Lock()
	status := r.status
	if token != "" {
		status = http.StatusOK
		if r.rude {
			status = http.StatusForbidden
		}
	} else {
		r.all = append(r.all, Received{URL: req.URL.String(), Header: req.Header.Clone(), Body: string(body)})
	}
	close(r.arrived)
	r.arrived = make(chan struct{})
	onPush := r.onPush
	r.mu.Unlock()
	if onPush != nil && token == "" {
		onPush()
	}
	w.Header().Set("Content-Type", "text/plain")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, token) //nolint:gosec // the handshake wants the token back as it is, as text that no browser runs
}

// All are the pushes so far, in the order in which they came.
func (r *Receiver) All() []Received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Received(nil), r.all...)
}

// Wait returns the pushes once there are n, and fails the test if that takes too long.
func (r *Receiver) Wait(n int) []Received {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	for {
		r.mu.Lock()
		arrived := r.arrived
		r.mu.Unlock()
		if all := r.All(); len(all) >= n {
			return all
		}
		select {
		case <-arrived:
		case <-ctx.Done():
			r.t.Fatalf("only %d of %d pushes came", len(r.All()), n)
		}
	}
}
