package api_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/api"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
)

const (
	inFlight = "a request with this Idempotency-Key is being carried out: send it again in a moment, as it is"
	lost     = "this request was carried out, and its answer was lost: read what it was to change"
	reused   = "this Idempotency-Key came with another request before: give each request a key of its own"
)

func key(values ...string) func(*http.Request) { return header("Idempotency-Key", values...) }

// Every route that changes something takes a key, and each repetition of a request changes nothing and is answered as the request was: even a secret that
// is shown once.
func TestRequestIsCarriedOutOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	e := b.endpoint()
	delivery := b.test(e)
	b.fails(delivery.ID, 500)
	bodies := map[string]any{
		"PUT /v1/bookings/{booking_id}":         b.spec(1),
		"POST /v1/connections":                  map[string]any{"provider": "google"},
		"PATCH /v1/calendars/{calendar_id}":     map[string]any{"sync": "full"},
		"PATCH /v1/connections/{connection_id}": map[string]any{"backflow": map[string]any{"moved": "accept"}},
		"POST /v1/endpoints":                    map[string]any{"url": "https://core.test/again"},
		"POST /v1/applications":                 newApplication(),
		"PATCH /v1/endpoints/{endpoint_id}":     map[string]any{"description": "changed"},
	}
	queries := map[string]string{
		"DELETE /v1/bookings/{booking_id}":           "?version=2",
		"POST /v1/endpoints/{endpoint_id}/redeliver": "?since=2026-08-01T10:00:00Z",
	}
	b.letters(1)
	letters := b.listDead("&kind=link:push") // the delivery is sent again by another route
	ids := strings.NewReplacer("{dead_letter_id}", letters[0].ID, "{guard_id}/approve", b.vanish(b.google, 1, "approved").ID+"/approve", "{guard_id}/reject", b.vanish(b.graph, 1, "rejected").ID+"/reject", "{booking_id}", "b1", "{calendar_id}", string(b.google), "{endpoint_id}", e.ID, "{delivery_id}", delivery.ID, "{app_id}", b.application(),
		"{connection_id}", string(b.connect(b.tenant, cal.Google)))
	b.diverged("accepted")
	b.diverged("reverted")
	own := strings.NewReplacer("b1/divergence:accept", "accepted/divergence:accept", "b1/divergence:revert", "reverted/divergence:revert")
	tried := 0
	var last []operation // what removes comes after what it is removed from
	for _, op := range b.oracle.operations() {
		switch {
		case !strings.HasPrefix(op.path, "/v1/") || op.method == "GET":
		case op.method == "DELETE":
			last = append(last, op)
		default:
			last = append([]operation{op}, last...)
		}
	}
	for i, op := range last {
		route := op.method + " " + op.path
		send := func() answer {
			return b.call(op.method, own.Replace(ids.Replace(op.path))+queries[route], bodies[route], key(fmt.Sprint("key-", i)))
		}
		first := send()
		if first.status >= 300 || first.header.Get("Idempotency-Replayed") != "" {
			t.Errorf("%s: %d %s", route, first.status, first.body)
			continue
		}
		b.clock.Advance(time.Hour)
		b.unchanged(func() {
			again := send()
			if again.status != first.status || string(again.body) != string(first.body) || again.header.Get("Idempotency-Replayed") != "true" {
				t.Errorf("%s, again: %d %s, want %d %s", route, again.status, again.body, first.status, first.body)
			}
			for _, name := range []string{"Content-Type", "Etag"} {
				if again.header.Get(name) != first.header.Get(name) {
					t.Errorf("%s, again: %s: %s", route, name, again.header.Get(name))
				}
			}
			if again.header.Get("Request-Id") == first.header.Get("Request-Id") {
				t.Errorf("%s: two requests of one id", route)
			}
		})
		tried++
	}
	if tried < 16 {
		t.Errorf("%d routes were tried", tried)
	}
}

// A key names one request, down to the last byte of it.
func TestKeyOfAnotherRequest(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if a := b.call("PUT", "/v1/bookings/b1", b.spec(1), key("k"), header("If-Match", `"0"`)); a.status != 412 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := b.call("PUT", "/v1/bookings/b1", b.spec(1), key("k")); a.status != 202 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	other := refused{"idempotency-key-reused", reused, nil}
	b.unchanged(func() {
		other.want(t, "another body", b.call("PUT", "/v1/bookings/b1", b.spec(2), key("k")))
		other.want(t, "another path", b.call("PUT", "/v1/bookings/b2", b.spec(1), key("k")))
		other.want(t, "another method", b.call("DELETE", "/v1/bookings/b1?version=2", nil, key("k")))
		other.want(t, "another condition", b.call("PUT", "/v1/bookings/b1", b.spec(1), key("k"), header("If-Match", `"1"`)))
	})
	b.call("DELETE", "/v1/bookings/b1?version=2", nil, key("delete"))
	other.want(t, "another query", b.call("DELETE", "/v1/bookings/b1?version=3", nil, key("delete")))
	if a := b.call("GET", "/v1/bookings/b1", nil, key("k")); a.status != 200 || a.header.Get("Idempotency-Replayed") != "" {
		t.Errorf("what only reads needs no key: %d %v", a.status, a.header)
	}
	b.clock.Advance(25 * time.Hour)
	if a := b.call("PUT", "/v1/bookings/b1", b.spec(3), key("k")); a.status != 202 {
		t.Errorf("a day later: %d %s", a.status, a.body)
	}
}

// Keys are a tenant's own.
func TestKeysOfTenants(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var mine, theirs gen.BegunConnection
	b.call("POST", "/v1/connections", map[string]any{"provider": "google"}, key("k")).into(t, 201, &mine)
	_, _, b.key = b.newTenant("second")
	b.call("POST", "/v1/connections", map[string]any{"provider": "google"}, key("k")).into(t, 201, &theirs)
	if mine.ID == theirs.ID {
		t.Error("one tenant was given another's answer")
	}
}

func TestBadKeys(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.unchanging()
	for name, c := range map[string]struct {
		values  []string
		problem string
	}{
		"empty":    {[]string{""}, "it is empty: give at least 1 character"},
		"blank":    {[]string{"a b"}, "only this is allowed: visible ASCII characters without blanks"},
		"too long": {[]string{strings.Repeat("k", 256)}, "give at most 255 characters, not 256"},
		"twice":    {[]string{"a", "b"}, "it is given 2 times: give it once"},
	} {
		refused{record.ReasonInvalid, parameter, []message.Problem{at("header: Idempotency-Key", c.problem)}}.want(t, name,
			b.call("PUT", "/v1/bookings/b1", b.spec(1), key(c.values...)))
	}
}

// gate lets a test stand between a request and what it does.
type gate struct {
	api.Flow
	begin func(next func() (cal.ConnectionID, string, error)) (cal.ConnectionID, string, error)
}

func (g *gate) Begin(ctx context.Context, tenant cal.TenantID, r api.Request) (cal.ConnectionID, string, error) {
	return g.begin(func() (cal.ConnectionID, string, error) { return g.Flow.Begin(ctx, tenant, r) })
}

// guarded is a bench whose connections begin as a test likes.
func guarded(t *testing.T) (*bench, *gate) {
	t.Helper()
	b := newBench(t)
	g := &gate{Flow: b.api.Flow}
	b.api.Flow = g
	b.serve()
	return b, g
}

func (b *bench) connects() answer {
	return b.call("POST", "/v1/connections", map[string]any{"provider": "google"}, key("k"))
}

func TestRequestInFlight(t *testing.T) {
	t.Parallel()
	b, g := guarded(t)
	entered, goOn := make(chan struct{}), make(chan struct{})
	g.begin = func(next func() (cal.ConnectionID, string, error)) (cal.ConnectionID, string, error) {
		close(entered)
		<-goOn
		return next()
	}
	first := make(chan answer)
	go func() { first <- b.connects() }()
	<-entered
	a := b.connects()
	refused{"request-in-flight", inFlight, nil}.want(t, "meanwhile", a)
	if a.header.Get("Retry-After") != "2" {
		t.Errorf("Retry-After: %q", a.header.Get("Retry-After"))
	}
	refused{"idempotency-key-reused", reused, nil}.want(t, "another one meanwhile",
		b.call("POST", "/v1/connections", map[string]any{"provider": "microsoft"}, key("k")))
	close(goOn)
	done := <-first
	if again := b.connects(); done.status != 201 || string(again.body) != string(done.body) {
		t.Errorf("afterwards: %d %s, want %d %s", again.status, again.body, done.status, done.body)
	}
}

// An attempt that takes longer than anybody waits has lost its turn: what it would have done is undone.
func TestRequestOvertaken(t *testing.T) {
	t.Parallel()
	b, g := guarded(t)
	calls, second := 0, answer{}
	g.begin = func(next func() (cal.ConnectionID, string, error)) (cal.ConnectionID, string, error) {
		if calls++; calls == 1 {
			b.clock.Advance(2 * time.Minute)
			second = b.connects()
		}
		return next()
	}
	refused{"request-in-flight", inFlight, nil}.want(t, "the slow one", b.connects())
	if again := b.connects(); second.status != 201 || string(again.body) != string(second.body) {
		t.Errorf("%d %s, want %d %s", again.status, again.body, second.status, second.body)
	}
	var page gen.ConnectionPage
	b.call("GET", "/v1/connections?state=pending", nil).into(t, 200, &page)
	if len(page.Connections) != 1 {
		t.Errorf("%d connections were begun", len(page.Connections))
	}
}

// What failed without effect can be tried again at once, and is told so.
func TestRequestFails(t *testing.T) {
	t.Parallel()
	b, g := guarded(t)
	for name, fails := range map[string]func() (cal.ConnectionID, string, error){
		"a defect":     func() (cal.ConnectionID, string, error) { return "", "", errors.New("broken") },
		"a panic":      func() (cal.ConnectionID, string, error) { panic("broken") },
		"not possible": func() (cal.ConnectionID, string, error) { return "", "", api.ErrNoProvider },
	} {
		g.begin = func(func() (cal.ConnectionID, string, error)) (cal.ConnectionID, string, error) { return fails() }
		b.unchanged(func() {
			a := b.connects()
			if p := a.problem(t); a.status < 400 || a.status == 500 && p.Detail != onceMore+because {
				t.Errorf("%s: %d %s", name, a.status, a.body)
			}
		})
	}
	g.begin = func(next func() (cal.ConnectionID, string, error)) (cal.ConnectionID, string, error) { return next() }
	if a := b.connects(); a.status != 201 {
		t.Errorf("after all of it: %d %s", a.status, a.body)
	}
}

const onceMore = "nothing is half done, but it is not known whether this was stored: send the same request again, with the same Idempotency-Key"

// forgetful is a store that cannot store what a request was answered.
type forgetful struct{ api.Requests }

func (forgetful) SettleRequest(context.Context, cal.TenantID, record.RequestClaim, record.Answer) error {
	return errors.New("the database is gone")
}

// A request whose answer is lost is not carried out again, and its caller is told where it stands.
func TestAnswerLost(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.api.Requests = forgetful{b.store}
	b.serve()
	if a := b.connects(); a.status != 201 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	b.unchanged(func() {
		refused{"request-in-flight", inFlight, nil}.want(t, "at once", b.connects())
		b.clock.Advance(time.Minute)
		refused{"answer-lost", lost, nil}.want(t, "later", b.connects())
	})
	if !strings.Contains(b.log.String(), "the answer to a request could not be stored") {
		t.Error("nobody is told")
	}
}
