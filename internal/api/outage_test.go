package api_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/api"
	"github.com/calweave/calweave/internal/record"
)

// everything is one request to each route that needs the database.
func (b *bench) everything() map[string]answer {
	return map[string]answer{
		"put":         b.call("PUT", "/v1/bookings/b1", b.spec(1)),
		"get":         b.call("GET", "/v1/bookings/b1", nil),
		"delete":      b.call("DELETE", "/v1/bookings/b1?version=2", nil),
		"reservation": b.call("GET", "/v1/reservations/rsv_1", nil),
		"calendars":   b.call("GET", "/v1/calendars", nil),
		"calendar":    b.call("GET", "/v1/calendars/"+string(b.google), nil),
		"choice":      b.call("PATCH", "/v1/calendars/"+string(b.google), map[string]any{"sync": "full"}),
		"connections": b.call("GET", "/v1/connections", nil),
		"account":     b.call("GET", "/v1/connections/con_1", nil),
		"disconnect":  b.call("DELETE", "/v1/connections/con_1", nil),
		"connection":  b.call("POST", "/v1/connections", map[string]any{"provider": "google"}),
		"endpoint":    b.call("POST", "/v1/endpoints", map[string]any{"url": "https://core.test"}),
		"endpoints":   b.call("GET", "/v1/endpoints", nil),
		"an endpoint": b.call("GET", "/v1/endpoints/end_1", nil),
		"change":      b.call("PATCH", "/v1/endpoints/end_1", map[string]any{"state": "disabled"}),
		"remove":      b.call("DELETE", "/v1/endpoints/end_1", nil),
		"rotate":      b.call("POST", "/v1/endpoints/end_1/rotate", nil),
		"test":        b.call("POST", "/v1/endpoints/end_1/test", nil),
		"replay":      b.call("POST", "/v1/endpoints/end_1/redeliver?since=2026-10-01T10:00:00Z", nil),
		"deliveries":  b.call("GET", "/v1/deliveries", nil),
		"delivery":    b.call("GET", "/v1/deliveries/dlv_1", nil),
		"redeliver":   b.call("POST", "/v1/deliveries/dlv_1/redeliver", nil),
		"messages":    b.call("GET", "/v1/messages", nil),
	}
}

// What a caller is told of a request that failed on our side, by what it was: that it was not stored is not known, nor that it was.
const (
	read    = "nothing was to be changed: send the request again"
	again   = "nothing is half done, but it is not known whether this was stored: send the same request again"
	look    = "nothing is half done, but it is not known whether this was stored: look before you send it again"
	because = "; the log has the cause under this request's id"
)

// outcomes are what the requests of everything are told.
func outcomes() map[string]string {
	return map[string]string{
		"put": again, "get": read, "delete": again, "reservation": read, "calendars": read, "connection": look, "endpoint": look,
		"endpoints": read, "an endpoint": read, "change": again, "remove": again, "rotate": look, "test": look, "replay": look,
		"calendar": read, "disconnect": again, "connections": read, "account": read, "choice": again,
		"deliveries": read, "delivery": read, "redeliver": look, "messages": read,
	}
}

// Without the database every route says so and when to come back, and the process is still alive.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.ok(b.store.Close())
	for name, a := range b.everything() {
		refused{"unavailable", outcomes()[name], nil}.want(t, name, a)
		if got := a.header.Get("Retry-After"); got != "2" {
			t.Errorf("%s: Retry-After: %q", name, got)
		}
	}
	if a := b.call("GET", "/healthz", nil); a.status != 200 {
		t.Errorf("alive: %d %s", a.status, a.body)
	}
	if a := b.call("GET", "/readyz", nil); a.status != 503 || string(a.body) != `{"status":"unavailable","detail":"the database does not answer"}` {
		t.Errorf("ready: %d %s", a.status, a.body)
	}
}

// Without it only behind the key, the same.
func TestDatabaseAwayAfterTheKey(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.api.Authenticate = func(context.Context, string) (api.Identity, error) {
		return api.Identity{Tenant: b.tenant, KeyID: b.keyID, Scopes: record.AllScopes()}, nil
	}
	b.ok(b.store.Close())
	for name, a := range b.everything() {
		refused{"unavailable", outcomes()[name], nil}.want(t, name, a)
	}
}

// What is wrong on our side is logged under the request's id, and the caller is told nothing of it.
func TestFailuresLeakNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		want record.Reason
		also string
	}{
		"an error of no kind": {errors.New("CANARY: duplicate key value"), "internal", because},
		"a failure that may pass": {
			fault.Newf(fault.Transient, "store: CANARY", "dial tcp 10.0.0.5:5432: connect: connection refused"), "unavailable", "",
		},
		"one that does not":   {fault.Newf(fault.Invalid, "store", "CANARY"), "internal", because},
		"ours, and cancelled": {fault.New(fault.Canceled, "store: CANARY", context.Canceled), "unavailable", ""},
		"a race not decided":  {record.ErrStale, "internal", because},
	} {
		b, s := newBench(t), shelved()
		b.api.Bookings, s.err = s, c.err
		for method, path := range map[string]string{"PUT": "/v1/bookings/b1", "GET": "/v1/bookings/b1", "DELETE": "/v1/bookings/b1?version=2"} {
			a := b.call(method, path, b.spec(1))
			detail := again
			if method == "GET" {
				detail = read
			}
			refused{c.want, detail + c.also, nil}.want(t, name, a)
			if strings.Contains(string(a.body), "CANARY") || strings.Contains(string(a.body), "10.0.0.5") {
				t.Errorf("%s: %s", name, a.body)
			}
		}
		if log := b.log.String(); !strings.Contains(log, c.err.Error()) || strings.Count(log, `"level":"ERROR"`) != 3 {
			t.Errorf("%s: the log: %s", name, log)
		}
	}
}

// A handler that panics is answered for, and harms nobody else.
func TestPanics(t *testing.T) {
	t.Parallel()
	b, s := newBench(t), shelved()
	b.api.Bookings, s.panics = s, true
	a := b.call("PUT", "/v1/bookings/b1", b.spec(1))
	refused{"internal", again + because, nil}.want(t, "panic", a)
	if strings.Contains(string(a.body), "CANARY") {
		t.Errorf("%s", a.body)
	}
	if log := b.log.String(); !strings.Contains(log, "a request panicked") || !strings.Contains(log, "render_test.go") {
		t.Errorf("the log: %s", log)
	}
	if a := b.call("GET", "/v1/bookings/b1", nil); a.status != http.StatusOK {
		t.Errorf("afterwards: %d %s", a.status, a.body)
	}
}

// A handler that wants its connection dropped gets that.
func TestAbort(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.api.Ready = func(context.Context) error { panic(http.ErrAbortHandler) }
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	resp, err := client.Do(b.request("GET", "/readyz", nil)) //nolint:bodyclose // there is none
	if err == nil {
		t.Errorf("%d", resp.StatusCode)
	}
}

// Endpoints: what is refused before anything is kept, and that the secret is told once.
func TestEndpoints(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	refuse := errors.New("use https: plain http reaches addresses that the operator has allowed only")
	b.api.CheckURL = func(_ context.Context, url string) error {
		if strings.HasPrefix(url, "http:") {
			return refuse
		}
		return nil
	}
	b.unchanged(func() {
		a := b.call("POST", "/v1/endpoints", map[string]any{"url": "http://core.test/hook"})
		refused{"endpoint-unusable", "messages cannot be delivered to this URL", problems("/url", refuse.Error())}.want(t, "http", a)
	})
	for range 20 {
		a := b.call("POST", "/v1/endpoints", map[string]any{"url": "https://core.test/hook"})
		if a.status != 201 || !strings.Contains(string(a.body), `"secret":"whsec_BwcHBwcH`) {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	b.unchanged(func() {
		a := b.call("POST", "/v1/endpoints", map[string]any{"url": "https://core.test/hook"})
		refused{"limit-reached", "a tenant may have 20 endpoints: delete one that is not needed, or change its URL", nil}.want(t, "one too many", a)
	})
}

// A provider without an OAuth client is the operator's to mend, and the caller is told so.
func TestProviderNotConfigured(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.api.Flow = &script{err: api.ErrNoProvider}
	b.unchanged(func() {
		a := b.call("POST", "/v1/connections", map[string]any{"provider": "microsoft"})
		refused{
			"provider-not-configured", "the operator has to set this provider's client id and secret first", problems("/provider", "no OAuth client is configured for it"),
		}.want(t, "no client", a)
	})
}
