package inbound_test

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

// A genuine push is committed before it is answered, for the calendar and tenant of its channel.
func TestGenuinePushes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		provider cal.Provider
		req      func(*testing.T) *http.Request
		want     record.Notification
	}{
		"google: opened":       {cal.Google, func(*testing.T) *http.Request { return googlePush(channelID, secret, "sync") }, record.Notification{Kind: "opened"}},
		"google: changed":      {cal.Google, func(*testing.T) *http.Request { return googlePush(channelID, secret, "exists") }, record.Notification{Kind: "changed", Sync: true}},
		"google: gone":         {cal.Google, func(*testing.T) *http.Request { return googlePush(channelID, secret, "not_exists") }, record.Notification{Kind: "changed", Sync: true}},
		"google: unknown":      {cal.Google, func(*testing.T) *http.Request { return googlePush(channelID, secret, "renamed") }, record.Notification{Kind: "changed", Sync: true}},
		"microsoft: changed":   {cal.Microsoft, lifecycle(""), record.Notification{Kind: "changed", Sync: true}},
		"microsoft: missed":    {cal.Microsoft, lifecycle("missed"), record.Notification{Kind: "changed", Sync: true}},
		"microsoft: removed":   {cal.Microsoft, lifecycle("subscriptionRemoved"), record.Notification{Kind: "dropped", Sync: true, Watch: true, State: record.ChannelClosed}},
		"microsoft: expiring":  {cal.Microsoft, lifecycle("reauthorizationRequired"), record.Notification{Kind: "expiring", Watch: true, State: record.ChannelExpiring}},
		"microsoft: new event": {cal.Microsoft, lifecycle("invented later"), record.Notification{Kind: "changed", Sync: true}},
	} {
		d := newDoor(t, c.provider)
		rec := d.push(c.req(t))
		want := c.want
		want.Channel, want.Traceparent = d.channels.known[channelID], begun
		if c.provider == cal.Google {
			want.Resource = "resource"
		} else {
			want.Remote = "sub"
		}
		if rec.Code != http.StatusAccepted || rec.Body.Len() > 0 || !slices.Equal(d.channels.received, []record.Notification{want}) || d.Strays() != 0 {
			t.Errorf("%s: %d %s, %+v", name, rec.Code, rec.Body, d.channels.received)
		}
	}
}

func lifecycle(event string) func(*testing.T) *http.Request {
	return func(t *testing.T) *http.Request {
		t.Helper()
		return batch(t, item(channelID, secret, event))
	}
}

// Channels that were not answered yet, that end soon, or that were replaced still push.
func TestChannelsThatStillPush(t *testing.T) {
	t.Parallel()
	for state, taken := range map[record.ChannelState]bool{
		record.ChannelOpening: true, record.ChannelOpen: true, record.ChannelExpiring: true, record.ChannelClosing: true, record.ChannelClosed: false,
	} {
		d := newDoor(t, cal.Google)
		ch := d.channels.known[channelID]
		ch.State = state
		d.channels.known[channelID] = ch
		if rec := d.push(googlePush(channelID, secret, "exists")); rec.Code != http.StatusAccepted || (len(d.channels.received) == 1) != taken {
			t.Errorf("%s: %d, %+v", state, rec.Code, d.channels.received)
		}
	}
}

// A channel that was ended and goes on pushing for long was not ended: the keeper is to end it, and no change is taken from it.
func TestChannelThatOutlivesItsEndIsEndedOnceMore(t *testing.T) {
	t.Parallel()
	for p, req := range map[cal.Provider]func(*testing.T) *http.Request{
		cal.Google:    func(*testing.T) *http.Request { return googlePush(closedID, secret, "exists") },
		cal.Microsoft: func(t *testing.T) *http.Request { t.Helper(); return batch(t, item(closedID, secret, "")) },
	} {
		for ago, taken := range map[time.Duration]bool{59 * time.Minute: false, 61 * time.Minute: true} {
			d := newDoor(t, p)
			ch := d.channels.known[closedID]
			ch.MovedAt = clock.System{}.Now().Add(-ago)
			d.channels.known[closedID] = ch
			if rec := d.push(req(t)); rec.Code != http.StatusAccepted || d.Strays() != 1 || (len(d.channels.received) == 1) != taken {
				t.Errorf("%s, ended %s ago: %d, %d strays, %+v", p, ago, rec.Code, d.Strays(), d.channels.received)
			}
			for _, n := range d.channels.received {
				if !n.Watch || n.Sync || n.State != record.ChannelClosing || n.Remote == "" && n.Resource == "" {
					t.Errorf("%s: %+v", p, n)
				}
			}
		}
	}
	d := newDoor(t, cal.Microsoft)
	ch := d.channels.known[closedID]
	ch.MovedAt = clock.System{}.Now().Add(-24 * time.Hour)
	d.channels.known[closedID] = ch
	d.push(batch(t, item(closedID, secret, "subscriptionRemoved")))
	if len(d.channels.received) > 0 {
		t.Errorf("one that the provider has dropped is to be ended: %+v", d.channels.received)
	}
}

// A channel that could not be ended since nobody knew what the provider calls it is ended once a push tells.
func TestPushThatNamesAChannelHasItEnded(t *testing.T) {
	t.Parallel()
	for remote, watch := range map[string]bool{"": true, "known already": false} {
		d := newDoor(t, cal.Google)
		ch := d.channels.known[channelID]
		ch.State, ch.Remote = record.ChannelClosing, remote
		d.channels.known[channelID] = ch
		d.push(googlePush(channelID, secret, "exists"))
		if len(d.channels.received) != 1 || d.channels.received[0].Watch != watch || !d.channels.received[0].Sync {
			t.Errorf("name %q: %+v", remote, d.channels.received)
		}
	}
}

// Nobody's pushes are dropped one by one, and their sender learns nothing: the answer is the one to a genuine push, byte for byte.
func TestStrays(t *testing.T) {
	t.Parallel()
	genuine := newDoor(t, cal.Google).push(googlePush(channelID, secret, "exists"))
	for name, c := range map[string]struct{ id, secret string }{
		"an unknown channel":             {"chn_unknown", secret},
		"a forged secret":                {channelID, "forged"},
		"a secret cut by one":            {channelID, secret[:len(secret)-1]},
		"a secret in other letters":      {channelID, strings.ToLower(secret)},
		"another tenant's secret":        {channelID, foreign},
		"our secret, their channel":      {foreignID, secret},
		"the hash of the secret":         {channelID, hash(secret)},
		"a closed channel":               {closedID, secret},
		"a channel in other letters":     {strings.ToUpper(channelID), secret},
		"an id that is a query":          {"' OR 1=1 --", secret},
		"an id without end":              {strings.Repeat("x", 30_000), secret},
		"an id of odd bytes":             {"\xff\xfe", secret},
		"the name of another kind of id": {"ten_1", secret},
	} {
		for _, p := range []cal.Provider{cal.Google, cal.Microsoft} {
			d := newDoor(t, p)
			req := googlePush(c.id, c.secret, "exists")
			if p == cal.Microsoft {
				if strings.Contains(c.id, "\xff") || len(c.id) > 100 {
					continue // no clientState that the decoder takes for one
				}
				req = batch(t, item(c.id, c.secret, ""))
			}
			rec := d.push(req)
			if rec.Code != genuine.Code || rec.Body.String() != genuine.Body.String() || !sameHeaders(rec.Header(), genuine.Header()) {
				t.Errorf("%s: %d %v %q, a genuine push %d %v", name, rec.Code, rec.Header(), rec.Body, genuine.Code, genuine.Header())
			}
			if len(d.channels.received) > 0 || d.channels.commits > 0 || d.Strays() != 1 {
				t.Errorf("%s: %d commits, %d strays", name, d.channels.commits, d.Strays())
			}
		}
	}
}

func sameHeaders(a, b http.Header) bool {
	if len(a) != len(b) {
		return false
	}
	for name, values := range a {
		if !slices.Equal(values, b[name]) {
			return false
		}
	}
	return true
}

// Requests that no provider sends are told what is wrong with them, and never reach the store.
func TestWrongPushes(t *testing.T) {
	t.Parallel()
	json := func(body string) *http.Request {
		return post("/hooks/microsoft", strings.NewReader(body), "Content-Type", "application/json")
	}
	for name, c := range map[string]struct {
		provider cal.Provider
		req      *http.Request
		status   int
		detail   string
	}{
		"google: nothing":        {cal.Google, post("/hooks/google", nil), 400, "header X-Goog-Channel-ID is missing"},
		"google: no token":       {cal.Google, post("/hooks/google", nil, "X-Goog-Channel-ID", "c"), 400, "header X-Goog-Channel-Token is missing"},
		"google: no state":       {cal.Google, post("/hooks/google", nil, "X-Goog-Channel-ID", "c", "X-Goog-Channel-Token", "t"), 400, "header X-Goog-Resource-State is missing"},
		"microsoft: nothing":     {cal.Microsoft, post("/hooks/microsoft", nil), 400, `the body is no JSON object with a list \"value\"`},
		"microsoft: no JSON":     {cal.Microsoft, json("value"), 400, `the body is no JSON object with a list \"value\"`},
		"microsoft: no list":     {cal.Microsoft, json(`{"value": {}}`), 400, `the body is no JSON object with a list \"value\"`},
		"microsoft: null":        {cal.Microsoft, json(`{"value": null}`), 400, `the body is no JSON object with a list \"value\"`},
		"microsoft: deep":        {cal.Microsoft, json(strings.Repeat("[", 500_000)), 400, `the body is no JSON object with a list \"value\"`},
		"a body without end":     {cal.Microsoft, post("/hooks/microsoft", io.MultiReader(strings.NewReader(`{"value":[`), endless{})), 413, "a push may have 1 MiB at the most"},
		"google: a long body":    {cal.Google, post("/hooks/google", endless{}), 413, "a push may have 1 MiB at the most"},
		"a body that breaks off": {cal.Microsoft, post("/hooks/microsoft", &broken{}), 400, "the body could not be read"},
		"too many notices":       {cal.Microsoft, batch(t, slices.Repeat([]any{item(channelID, secret, "")}, 1001)...), 413, "a push may carry 1000 notices at the most"},
	} {
		d := newDoor(t, c.provider)
		rec := d.push(c.req)
		if rec.Code != c.status || !strings.Contains(rec.Body.String(), `"detail":"`+c.detail+`"`) {
			t.Errorf("%s: %d %.200s", name, rec.Code, rec.Body)
		}
		if d.channels.lookups+d.channels.commits > 0 {
			t.Errorf("%s: the store was asked", name)
		}
	}
}

// endless is blanks for ever.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return copy(p, bytes.Repeat([]byte(" "), len(p))), nil }

// One item that is wrong harms no other.
func TestMixedBatch(t *testing.T) {
	t.Parallel()
	d := newDoor(t, cal.Microsoft)
	rec := d.push(batch(t,
		item(channelID, "forged", ""), "no object", nil, 7, map[string]any{"clientState": 5}, map[string]any{}, item("chn_unknown", secret, ""),
		item(channelID, secret, ""), item(closedID, secret, ""), map[string]any{"clientState": strings.Repeat("x", 100_000)}, item(foreignID, foreign, "missed"),
	))
	if rec.Code != http.StatusAccepted || len(d.channels.received) != 2 || d.Strays() != 3 {
		t.Fatalf("%d, %d received, %d strays", rec.Code, len(d.channels.received), d.Strays())
	}
	tenants := []cal.TenantID{d.channels.received[0].Channel.TenantID, d.channels.received[1].Channel.TenantID}
	if slices.Sort(tenants); !slices.Equal(tenants, []cal.TenantID{"ten_1", "ten_2"}) {
		t.Errorf("for %v", tenants)
	}
}

// Notices that ask for the same are committed once; a push of nothing is answered like any other.
func TestRepeatsInOnePush(t *testing.T) {
	t.Parallel()
	d := newDoor(t, cal.Microsoft)
	many := slices.Repeat([]any{item(channelID, secret, "")}, 1000)
	if rec := d.push(batch(t, many...)); rec.Code != http.StatusAccepted || d.channels.commits != 1 || d.channels.lookups != 1 {
		t.Errorf("%d after %d look-ups and %d commits", rec.Code, d.channels.lookups, d.channels.commits)
	}
	if rec := d.push(batch(t, []any{}...)); rec.Code != http.StatusAccepted {
		t.Errorf("an empty list: %d %s", rec.Code, rec.Body)
	}
	// The same push once more is committed once more: what it asks for may have changed since.
	d.push(batch(t, many...))
	if d.channels.commits != 2 {
		t.Errorf("%d commits", d.channels.commits)
	}
}

// What cannot be committed is answered 503, so that the provider sends it again; then nothing of the push is lost.
func TestStoreAway(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*channels){
		"look-up":      func(c *channels) { c.failLookup = true },
		"first commit": func(c *channels) { c.failAt = 1 },
		"last commit":  func(c *channels) { c.failAt = 2 },
	} {
		d := newDoor(t, cal.Microsoft)
		spoil(d.channels)
		push := func() *http.Request { return batch(t, item(channelID, secret, ""), item(foreignID, foreign, "")) }
		rec := d.push(push())
		if rec.Code != http.StatusServiceUnavailable || rec.Header().Get("Retry-After") != "5" || !strings.Contains(rec.Body.String(), "send the push again") {
			t.Errorf("%s: %d %v %s", name, rec.Code, rec.Header(), rec.Body)
		}
		if !strings.Contains(d.log.String(), "a notification could not be committed") {
			t.Errorf("%s: the log: %s", name, d.log)
		}
		d.channels.failLookup = false
		if rec := d.push(push()); rec.Code != http.StatusAccepted {
			t.Errorf("%s, again: %d", name, rec.Code)
		}
		tenants := map[cal.TenantID]bool{}
		for _, n := range d.channels.received {
			tenants[n.Channel.TenantID] = true
		}
		if len(tenants) != 2 {
			t.Errorf("%s: in the end %+v", name, d.channels.received)
		}
	}
}

// Strangers can neither choose what stands in the log nor fill it.
func TestStrangersWriteNothing(t *testing.T) {
	t.Parallel()
	d := newDoor(t, cal.Google)
	for range 1000 {
		d.push(googlePush("CANARY-id", "CANARY-token", "CANARY-state"))
	}
	log := d.log.String()
	if strings.Contains(log, "CANARY") || strings.Count(log, "a push belongs to no open channel") != 10 || !strings.Contains(log, `"so_far":512`) {
		t.Errorf("the log: %s", log)
	}
	if d.Strays() != 1000 {
		t.Errorf("%d strays", d.Strays())
	}
}
