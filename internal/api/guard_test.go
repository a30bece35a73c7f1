package api_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/api"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/telemetry"
	"github.com/calweave/calweave/providers/google"
	"github.com/calweave/calweave/providers/microsoft"
	"github.com/calweave/calweave/webhooks/inbound"
)

// strangers knows no channel, or fails.
type strangers struct{ err error }

func (s *strangers) ChannelTenants(context.Context, []cal.ChannelID) (map[cal.ChannelID]cal.TenantID, error) {
	return nil, s.err
}

func (s *strangers) Receive(context.Context, cal.TenantID, []cal.ChannelID, func([]record.Channel) []record.Notification) error {
	return s.err
}

// serveAll serves the API and the pushes behind one guard, as the App does.
func (b *bench) serveAll(s *strangers) {
	b.Helper()
	mux := http.NewServeMux()
	pushes := inbound.NewBatcher(s, b.clock, inbound.DefaultLimits())
	b.Cleanup(pushes.Close)
	trace := func(ctx context.Context) (context.Context, string) { return ctx, telemetry.Traceparent(ctx) }
	for name, r := range map[string]*inbound.Receiver{
		"google": {Provider: cal.Google, Decoder: google.New(google.Config{})}, "microsoft": {Provider: cal.Microsoft, Decoder: microsoft.New(microsoft.Config{})},
	} {
		r.Batch, r.Trace, r.Log = pushes, trace, b.api.Log
		mux.Handle("/hooks/"+name, r)
	}
	mux.Handle("/", b.api.Handler())
	server := httptest.NewServer(b.api.Guard(mux))
	b.Cleanup(server.Close)
	b.url = server.URL
}

// guarded fails unless an answer has every header that all have, and its body, if it is a problem, the ids that they have.
func (b *bench) guarded(name string, a answer) {
	b.Helper()
	for header, want := range map[string]string{
		"Request-Id":                `^req_[0-9a-f]{32}$`,
		"Traceparent":               `^00-[0-9a-f]{32}-[0-9a-f]{16}-01$`,
		"X-Content-Type-Options":    `^nosniff$`,
		"Referrer-Policy":           `^no-referrer$`,
		"X-Frame-Options":           `^DENY$`,
		"Cache-Control":             `^no-store$`,
		"Strict-Transport-Security": `^max-age=63072000$`,
		"Content-Security-Policy":   `^default-src 'none'; `,
	} {
		if got := a.header.Values(header); len(got) != 1 || !regexp.MustCompile(want).MatchString(got[0]) {
			b.Errorf("%s: %d: %s: %q", name, a.status, header, got)
		}
	}
	if a.status < 400 || a.header.Get("Content-Type") != "application/problem+json" {
		return
	}
	var p struct {
		RequestID string `json:"request_id"`
		TraceID   string `json:"trace_id"`
	}
	b.ok(json.Unmarshal(a.body, &p))
	if t, err := telemetry.ParseTrace(a.header.Get("Traceparent")); err != nil || p.RequestID != a.header.Get("Request-Id") || p.TraceID != t.TraceID() {
		b.Errorf("%s: %d: %s of %v", name, a.status, a.body, a.header)
	}
}

// samples are the values that stand for a route's parameters, and the bodies that are taken.
type samples struct {
	places map[string]string
	bodies map[string]any
}

// sample makes one of everything.
func (b *bench) sample() samples {
	b.Helper()
	var made struct {
		ID    string `json:"id"`
		Token string `json:"reservation_token"`
	}
	b.call("PUT", "/v1/bookings/b1", b.spec(1)).into(b.T, 202, &made)
	token := made.Token
	b.call("POST", "/v1/endpoints", map[string]any{"url": "https://core.test"}).into(b.T, 201, &made)
	endpoint := made.ID
	b.call("POST", "/v1/endpoints/"+endpoint+"/test", nil).into(b.T, 202, &made)
	return samples{
		map[string]string{
			"/reservations/{token}": "/reservations/" + token, "{booking_id}": "b1", "{token}": "t", "{connection_id}": b.account(b.google),
			"{calendar_id}": string(b.google), "{endpoint_id}": endpoint, "{delivery_id}": made.ID, "{provider}": "google", "{name}": "internal",
		},
		map[string]any{
			"PUT /v1/bookings/{booking_id}": b.spec(2), "POST /v1/connections": map[string]any{"provider": "google"},
			"PATCH /v1/calendars/{calendar_id}": map[string]any{"sync": "full"}, "POST /v1/endpoints": map[string]any{"url": "https://core.test"},
			"PATCH /v1/connections/{connection_id}": map[string]any{"backflow": map[string]any{"moved": "accept"}},
			"PATCH /v1/endpoints/{endpoint_id}":     map[string]any{"description": "Berlin"}, "POST /hooks/microsoft": `{"value":[]}`,
		},
	}
}

// fill is a path of the document with a sample in each place, and the query that it cannot do without.
func (s samples) fill(op operation) string {
	path := op.path
	for _, place := range slices.SortedFunc(maps.Keys(s.places), func(a, b string) int { return len(b) - len(a) }) {
		path = strings.ReplaceAll(path, place, s.places[place])
	}
	switch op.method + " " + op.path {
	case "DELETE /v1/bookings/{booking_id}":
		return path + "?version=9"
	case "POST /v1/endpoints/{endpoint_id}/redeliver":
		return path + "?since=2026-01-01T00:00:00Z"
	}
	return path
}

// sorted are the operations of the document, what removes something last.
func (o *oracle) sorted() []operation {
	ops := o.operations()
	order := func(op operation) string {
		if op.method == "DELETE" {
			return "~" + op.path
		}
		return op.method + op.path
	}
	slices.SortFunc(ops, func(a, b operation) int { return strings.Compare(order(a), order(b)) })
	return ops
}

// Whatever a route answers, it has the headers that protect a browser, and the ids that an answer is found in the log by. Whoever needs a key is told
// what is left to it.
func TestEveryAnswerIsGuarded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	asked, answered, requestID := atomic.Int64{}, int64(0), b.api.RequestID
	b.api.RequestID = func() string { asked.Add(1); return requestID() }
	b.api.Limits = api.NewLimits(1, 10_000, b.clock)
	pushes := &strangers{}
	b.serveAll(pushes)
	s := b.sample()
	asked.Store(0)
	seen := map[int]int{}
	send := func(op operation, method string, body any, edits ...func(*http.Request)) {
		t.Helper()
		a := b.call(method, s.fill(op), body, edits...)
		seen[a.status]++
		answered++
		if told := a.header.Get("RateLimit") != "" && a.header.Get("RateLimit-Policy") != ""; told != strings.HasPrefix(op.path, "/v1/") {
			t.Errorf("%s %s: %d: what is left is told: %t", method, op.path, a.status, told)
		}
		b.guarded(method+" "+op.path, a)
	}
	ops := b.oracle.sorted()
	served := 0
	for _, op := range ops {
		before := seen[200] + seen[201] + seen[202] + seen[204]
		send(op, op.method, s.bodies[op.method+" "+op.path], header("X-Goog-Channel-Id", "c"), header("X-Goog-Channel-Token", "t"),
			header("X-Goog-Resource-State", "exists"), header("X-Goog-Resource-Id", "r"), header("X-Goog-Message-Number", "1"))
		served += seen[200] + seen[201] + seen[202] + seen[204] - before
	}
	if served < 30 {
		t.Errorf("%d of %d operations were answered with 2xx: %v", served, len(ops), seen)
	}
	large := strings.Repeat("x", 2<<20)
	for _, op := range ops {
		send(op, "TRACE", nil)
		send(op, op.method, "{")
		send(op, op.method, large)
		send(op, op.method, nil, header("Authorization", "Bearer cwk_unknown"))
	}
	if asked.Load() != answered {
		t.Errorf("%d ids for %d requests", asked.Load(), answered)
	}
	b.guarded("no such path", b.call("GET", "/nowhere", nil))
	b.guarded("a path to be cleaned", b.call("GET", "//v1/calendars", nil))
	b.api.Authenticate = func(context.Context, string) (api.Identity, error) { panic("CANARY") }
	for _, op := range ops {
		send(op, op.method, nil)
	}
	b.api.Authenticate = b.newServer().Authenticate
	b.ok(b.store.Close())
	pushes.err = context.Canceled
	for _, op := range ops {
		send(op, op.method, s.bodies[op.method+" "+op.path])
	}
	for _, status := range []int{200, 201, 202, 204, 302, 400, 401, 404, 405, 413, 500, 503} {
		if seen[status] == 0 {
			t.Errorf("no answer was %d: %v", status, seen)
		}
	}
}

// Without https there is nothing to hold a browser to.
func TestNoStrictTransportWithoutHTTPS(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.api.PublicURL = "http://127.0.0.1:8080"
	if a := b.call("GET", "/healthz", nil); a.header.Get("Strict-Transport-Security") != "" {
		t.Errorf("%v", a.header)
	}
}

// stuck answers nothing before its caller gives up.
type stuck struct{ *shelf }

func (stuck) Booking(ctx context.Context, _ cal.TenantID, _ cal.BookingID) (record.Booking, error) {
	<-ctx.Done()
	return record.Booking{}, ctx.Err()
}

// A request that takes too long is given up, and its caller is told to come back.
func TestTimeout(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.api.Bookings, b.api.Timeout = stuck{shelved()}, time.Nanosecond
	b.api.Authenticate = func(context.Context, string) (api.Identity, error) {
		return api.Identity{Tenant: b.tenant, KeyID: b.keyID, Scopes: record.AllScopes()}, nil
	}
	a := b.call("GET", "/v1/bookings/b1", nil)
	refused{"unavailable", read, nil}.want(t, "stuck", a)
	b.guarded("stuck", a)
	if a.header.Get("Retry-After") != "2" {
		t.Errorf("%v", a.header)
	}
}
