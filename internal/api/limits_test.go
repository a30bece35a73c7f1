package api_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/api"
	"github.com/calweave/calweave/internal/record"
)

const (
	tooFast    = "this key has sent more requests than it may: wait as Retry-After says, and spread them"
	tooGuessed = "too many tokens came from this address that are no API key in force: wait as Retry-After says, and check the key"
)

// newLimitedBench allows each key a burst of 3 and one request a second.
func newLimitedBench(t *testing.T) *bench {
	t.Helper()
	b := newBench(t)
	b.api.Limits = api.NewLimits(1, 3, b.clock)
	return b
}

// limits are the fields of an answer, in the order policy, what is left, when to come back.
func limits(a answer) string {
	return a.header.Get("RateLimit-Policy") + " " + a.header.Get("RateLimit") + " " + a.header.Get("Retry-After")
}

func (b *bench) tells(name string, a answer, status int, want string) {
	b.Helper()
	if got := limits(a); a.status != status || got != want {
		b.Errorf("%s: %d %q, want %d %q", name, a.status, got, status, want)
	}
}

// Every answer under /v1 tells how much is left, whatever it is, and a key that has used up its burst is told when to come back.
func TestRateOfAKey(t *testing.T) {
	t.Parallel()
	b := newLimitedBench(t)
	const policy = `"default";q=3;w=3 `
	b.tells("found", b.call("GET", "/v1/calendars", nil), 200, policy+`"default";r=2;t=1 `)
	b.tells("refused", b.call("PUT", "/v1/bookings/b1", "{}"), 422, policy+`"default";r=1;t=2 `)
	b.tells("no route", b.call("GET", "/v1/nowhere", nil), 404, policy+`"default";r=0;t=3 `)
	b.unchanged(func() {
		a := b.call("PUT", "/v1/bookings/b1", b.spec(1))
		b.tells("one too many", a, 429, policy+`"default";r=0;t=3 1`)
		refused{"rate-limited", tooFast, nil}.want(t, "one too many", a)
	})
	other := b.keyWith("bookings:read")
	b.tells("another key, and no scope", b.call("GET", "/v1/calendars", nil, header("Authorization", "Bearer "+other)), 403, policy+`"default";r=2;t=1 `)
	b.clock.Advance(time.Second)
	b.tells("as told", b.call("PUT", "/v1/bookings/b1", b.spec(1)), 202, policy+`"default";r=0;t=3 `)
	for _, path := range []string{"/healthz", "/readyz", "/nowhere", "/connect/token"} {
		if a := b.call("GET", path, nil); limits(a) != "  " || a.status == 429 {
			t.Errorf("%s: %d %s", path, a.status, limits(a))
		}
	}
}

// With a rate of 0 there are no limits, and nothing is told of any.
func TestNoLimits(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.api.Limits = api.NewLimits(0, 1, b.clock)
	for range 5 {
		b.tells("any number", b.call("GET", "/v1/calendars", nil), 200, "  ")
	}
	for range 100 {
		b.tells("of guesses too", b.call("GET", "/v1/calendars", nil, header("Authorization", "Bearer cwk_unknown")), 401, "  ")
	}
}

// Guesses are counted by the address of the connection, whatever the request says of others. Once there are too many none is looked up any more, while a
// key that was in force goes on from the same address.
func TestGuesses(t *testing.T) {
	t.Parallel()
	b := newLimitedBench(t)
	b.call("GET", "/v1/calendars", nil)
	looked, authenticate := 0, b.api.Authenticate
	b.api.Authenticate = func(ctx context.Context, token string) (api.Identity, error) {
		looked++
		return authenticate(ctx, token)
	}
	guess := func(i int) answer {
		return b.call("GET", "/v1/calendars", nil, header("Authorization", fmt.Sprintf("Bearer cwk_%d", i)), header("X-Forwarded-For", fmt.Sprintf("192.0.2.%d", i%250)),
			header("Forwarded", fmt.Sprintf("for=192.0.2.%d", i%250)))
	}
	const policy = `"failed-keys";q=60;w=60 `
	for i := range 60 {
		b.tells("a guess", guess(i), 401, policy+fmt.Sprintf(`"failed-keys";r=%d;t=%d `, 59-i, i+1))
	}
	for i := range 3 {
		a := guess(100 + i)
		b.tells("a guess too many", a, 429, policy+`"failed-keys";r=0;t=60 1`)
		refused{"rate-limited", tooGuessed, nil}.want(t, "a guess too many", a)
	}
	if looked != 60 {
		t.Errorf("%d tokens were looked up", looked)
	}
	b.tells("no token", b.call("GET", "/v1/calendars", nil, func(r *http.Request) { r.Header.Del("Authorization") }), 401, policy+`"failed-keys";r=0;t=60 `)
	b.tells("the key", b.call("GET", "/v1/calendars", nil), 200, `"default";q=3;w=3 "default";r=1;t=2 `)
	fresh := b.keyWith("calendars:read")
	b.tells("a key that was never used", b.call("GET", "/v1/calendars", nil, header("Authorization", "Bearer "+fresh)), 429, policy+`"failed-keys";r=0;t=60 1`)
	b.clock.Advance(time.Second)
	b.tells("later", b.call("GET", "/v1/calendars", nil, header("Authorization", "Bearer "+fresh)), 200, `"default";q=3;w=3 "default";r=2;t=1 `)
	b.tells("and not at the cost of others", b.call("GET", "/v1/calendars", nil, header("Authorization", "Bearer "+b.keyWith("calendars:read"))), 200, `"default";q=3;w=3 "default";r=2;t=1 `)
	if log := b.log.String(); strings.Contains(log, "cwk_") {
		t.Errorf("the log: %s", log)
	}
}

// A key that is revoked is a guess from then on. What fails on our side is nobody's guess.
func TestRevokedKeysAreGuesses(t *testing.T) {
	t.Parallel()
	b := newLimitedBench(t)
	b.call("GET", "/v1/calendars", nil)
	b.ok(b.store.RevokeKey(t.Context(), b.tenant, b.keyID, "test"))
	for i, left := range []int{59, 58} {
		b.tells("revoked", b.call("GET", "/v1/calendars", nil), 401, fmt.Sprintf(`"failed-keys";q=60;w=60 "failed-keys";r=%d;t=%d `, left, i+1))
	}
	for range 58 {
		b.call("GET", "/v1/calendars", nil)
	}
	b.tells("revoked, too often", b.call("GET", "/v1/calendars", nil), 429, `"failed-keys";q=60;w=60 "failed-keys";r=0;t=60 1`)
	b.clock.Advance(time.Minute)
	authenticate := b.api.Authenticate
	b.api.Authenticate = func(context.Context, string) (api.Identity, error) { return api.Identity{}, record.ErrStale }
	for range 70 {
		if a := b.call("GET", "/v1/calendars", nil); a.status != 500 {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	b.api.Authenticate = authenticate
	b.tells("after an outage", b.call("GET", "/v1/calendars", nil), 401, `"failed-keys";q=60;w=60 "failed-keys";r=59;t=1 `)
}

// Addresses are counted apart; of IPv6 a whole /64 is one, since one host has all of it.
func TestAddresses(t *testing.T) {
	t.Parallel()
	b := newLimitedBench(t)
	h := b.api.Handler()
	from := func(remote string) int {
		r := b.request("GET", "/v1/calendars", nil, header("Authorization", "Bearer cwk_unknown"))
		r.RemoteAddr = remote
		rec := newRecorder()
		h.ServeHTTP(rec, r)
		return rec.Code
	}
	for _, group := range [][]string{
		{"192.0.2.1:1000", "192.0.2.1:2000", "[::ffff:192.0.2.1]:3000"},
		{"192.0.2.2:1000"},
		{"[2001:db8::1]:1000", "[2001:db8::ffff:2]:2000", "[2001:db8::1%eth0]:1"},
		{"[2001:db8:0:1::1]:1000"},
		{"@"},
	} {
		for i := range 60 {
			if code := from(group[i%len(group)]); code != 401 {
				t.Errorf("%s: guess %d: %d", group, i, code)
			}
		}
		for _, remote := range group {
			if code := from(remote); code != 429 {
				t.Errorf("%s: %d", remote, code)
			}
		}
	}
}
