package api_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store"
)

const (
	noKey  = "send the header Authorization: Bearer with an API key (calweave key create)"
	badKey = "this API key is unknown or revoked: make one with calweave key create"
)

// Whoever has no key in force gets one answer on every path, and learns nothing about what is there.
func TestKeys(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.call("PUT", "/v1/bookings/b1", b.spec(1))
	revoked, err := b.store.CreateKey(t.Context(), b.tenant, store.PurposeAPI, record.AllScopes(), "test")
	b.ok(err)
	b.ok(b.store.RevokeKey(t.Context(), b.tenant, revoked.ID, "test"))
	signing, err := b.store.CreateKey(t.Context(), b.tenant, store.PurposeSigning, "", "test")
	b.ok(err)
	for name, c := range map[string]struct {
		headers []string
		detail  string
	}{
		"no header":        {nil, noKey},
		"nothing in it":    {[]string{""}, noKey},
		"no key":           {[]string{"Bearer"}, noKey},
		"no key, a blank":  {[]string{"Bearer "}, noKey},
		"another scheme":   {[]string{"Basic " + b.key}, noKey},
		"no scheme":        {[]string{b.key}, noKey},
		"unknown":          {[]string{"Bearer cwk_unknown"}, badKey},
		"revoked":          {[]string{"Bearer " + revoked.Secret}, badKey},
		"a signing key":    {[]string{"Bearer " + signing.Secret}, badKey},
		"a signing key id": {[]string{"Bearer " + signing.ID}, badKey},
		"the key's id":     {[]string{"Bearer " + b.keyID}, badKey},
		"cut by one":       {[]string{"Bearer " + b.key[:len(b.key)-1]}, badKey},
		"in capitals":      {[]string{"Bearer " + strings.ToUpper(b.key)}, badKey},
		"two blanks":       {[]string{"Bearer  " + b.key}, badKey},
		"very long":        {[]string{"Bearer " + strings.Repeat("x", 100_000)}, badKey},
		"odd bytes":        {[]string{"Bearer \xff\xfe"}, badKey},
		"several, no good": {[]string{"Bearer cwk_unknown", "Bearer " + b.key}, badKey},
	} {
		b.unchanged(func() {
			for path, method := range map[string]string{
				"/v1/bookings/b1": "PUT", "/v1/bookings/b2": "GET", "/v1/calendars": "GET", "/v1/connections": "POST", "/v1/nowhere": "GET", "/v1/": "TRACE",
			} {
				a := b.call(method, path, b.spec(2), func(r *http.Request) { r.Header["Authorization"] = c.headers })
				refused{"unauthorized", c.detail, nil}.want(t, name+" "+path, a)
				if got := a.header.Get("WWW-Authenticate"); got != `Bearer realm="calweave"` {
					t.Errorf("%s: %q", name, got)
				}
			}
		})
	}
	for _, fine := range []string{"Bearer ", "bearer ", "BEARER "} {
		if a := b.call("GET", "/v1/bookings/b1", nil, header("Authorization", fine+b.key)); a.status != 200 {
			t.Errorf("%q: %d %s", fine, a.status, a.body)
		}
	}
	if log := b.log.String(); strings.Contains(log, "cwk_") || strings.Contains(log, revoked.Secret) {
		t.Errorf("a key is in the log: %s", log)
	}
}

// A core's requests come and are answered, whatever the answer; nobody else's count.
func TestArrivals(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var came, answered atomic.Int64
	b.api.Arrive = func() func() {
		came.Add(1)
		return func() { answered.Add(1) }
	}
	defective := shelved()
	defective.panics = true
	for _, c := range []struct {
		name string
		send func() answer
		want int64
	}{
		{"a list", func() answer { return b.call("GET", "/v1/calendars", nil) }, 1},
		{"a request that is refused", func() answer { return b.call("PUT", "/v1/bookings/b1", "{}") }, 2},
		{"a path that is not there", func() answer { return b.call("GET", "/v1/nothing", nil) }, 3},
		{"a stranger", func() answer {
			return b.call("GET", "/v1/calendars", nil, header("Authorization", "Bearer cwk_unknown"))
		}, 3},
		{"an orchestrator", func() answer { return b.call("GET", "/healthz", nil) }, 3},
		{"a reader", func() answer { return b.call("GET", "/docs", nil) }, 3},
		{"a request that panics", func() answer {
			b.api.Bookings = defective
			return b.call("GET", "/v1/bookings/b1", nil)
		}, 4},
	} {
		c.send()
		if came.Load() != c.want || answered.Load() != c.want {
			t.Errorf("%s: %d came and %d were answered, want %d", c.name, came.Load(), answered.Load(), c.want)
		}
	}
}

// Without a key a body is not even read.
func TestBodyOfAStrangerIsNotRead(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	a := b.call("PUT", "/v1/bookings/b1", endless{}, header("Authorization", "Bearer cwk_unknown"))
	if a.status != http.StatusUnauthorized {
		t.Errorf("%d %s", a.status, a.body)
	}
}
