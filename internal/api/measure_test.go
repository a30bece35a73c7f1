package api_test

import (
	"context"
	"maps"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/calweave/calweave/internal/api"
	"github.com/calweave/calweave/internal/record"
)

// heard is what was told of requests.
type heard struct {
	mu  sync.Mutex
	all map[string]int
}

func (h *heard) begin() func(string, int) {
	return func(route string, status int) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.all[route+" "+strconv.Itoa(status)]++
	}
}

// take returns what was told since the last time.
func (h *heard) take() map[string]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := h.all
	h.all = map[string]int{}
	return out
}

// Each request is told of once, by the pattern of its route and never by its path, with the status that it was answered.
func TestRequestsAreMeasured(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	h := &heard{all: map[string]int{}}
	b.api.Measure = h.begin
	b.serveAll(&strangers{})
	s := b.sample()
	h.take()
	for _, op := range b.oracle.sorted() {
		a := b.call(op.method, s.fill(op), s.bodies[op.method+" "+op.path])
		want := op.method + " " + op.path
		if provider, ok := strings.CutPrefix(op.path, "/hooks/"); ok {
			want = "/hooks/" + strings.ReplaceAll(provider, "{provider}", "google")
		}
		if got := h.take(); !maps.Equal(got, map[string]int{want + " " + strconv.Itoa(a.status): 1}) {
			t.Errorf("%s %s: %v, want %s %d", op.method, op.path, got, want, a.status)
		}
	}
	authenticate := b.api.Authenticate
	for name, c := range map[string]struct {
		method, path string
		body         any
		want         string
		change       func()
	}{
		"no route":     {"GET", "/canary/x", nil, "unmatched 404", nil},
		"no v1 route":  {"GET", "/v1/canary", nil, "unmatched 404", nil},
		"wrong method": {"PUT", "/v1/messages", "{}", "unmatched 405", nil},
		"too large":    {"PUT", "/v1/bookings/canary", strings.Repeat("x", 1<<20), "PUT /v1/bookings/{booking_id} 413", nil},
		"no key": {"GET", "/v1/messages", nil, "/v1/ 401", func() {
			b.api.Authenticate = func(context.Context, string) (api.Identity, error) { return api.Identity{}, record.ErrNotFound }
		}},
		"a defect": {"GET", "/v1/messages", nil, "/v1/ 500", func() {
			b.api.Authenticate = func(context.Context, string) (api.Identity, error) { panic("CANARY") }
		}},
	} {
		b.api.Authenticate = authenticate
		if c.change != nil {
			c.change()
		}
		b.call(c.method, c.path, c.body)
		if got := h.take(); !maps.Equal(got, map[string]int{c.want: 1}) {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
}
