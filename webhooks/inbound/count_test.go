package inbound_test

import (
	"bytes"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/webhooks/inbound"
)

// Each notice is counted once, by what became of it; a push without one by what it was.
func TestNoticesAreCounted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(*door)
		req   func(*testing.T) *http.Request
		want  map[string]int
	}{
		"mixed": {nil, func(t *testing.T) *http.Request {
			t.Helper()
			one := item(channelID, secret, "")
			return batch(t, one, one, item(foreignID, foreign, ""), item(channelID, "CANARY-secret", ""))
		}, map[string]int{"accepted": 2, "stray": 1}},
		"away":      {func(d *door) { d.channels.failLookup = true }, lifecycle(""), map[string]int{"failed": 1}},
		"full":      {func(d *door) { d.Batch = newBatcher(d.T, d.channels, inbound.Limits{Transactions: 1}) }, lifecycle(""), map[string]int{"refused": 1}},
		"handshake": {nil, func(*testing.T) *http.Request { return post("/hooks/microsoft?validationToken=x", nil) }, map[string]int{"handshake": 1}},
		"unread":    {nil, func(*testing.T) *http.Request { return post("/hooks/microsoft", strings.NewReader("{")) }, map[string]int{"malformed": 1}},
		"too large": {nil, func(*testing.T) *http.Request {
			return post("/hooks/microsoft", bytes.NewReader(make([]byte, 2<<20)))
		}, map[string]int{"malformed": 1}},
		"empty": {nil, func(*testing.T) *http.Request { return post("/hooks/microsoft", strings.NewReader(`{"value":[]}`)) }, map[string]int{}},
	} {
		d := newDoor(t, cal.Microsoft)
		if c.spoil != nil {
			c.spoil(d)
		}
		got := map[string]int{}
		d.Counted = func(p cal.Provider, verdict string, n int) {
			got[verdict] += n
			if p != cal.Microsoft || n < 1 || !slices.Contains(inbound.Verdicts(), verdict) {
				t.Errorf("%s: %s %s %d", name, p, verdict, n)
			}
		}
		d.push(c.req(t))
		if !maps.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
