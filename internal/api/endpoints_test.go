package api_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
)

const coreURL = "https://core.example.com/calweave?token=CANARY-token"

// endpoint makes an endpoint.
func (b *bench) endpoint(types ...message.Type) gen.Endpoint {
	b.Helper()
	var e gen.Endpoint
	types = append([]message.Type{}, types...)
	b.call("POST", "/v1/endpoints", gen.NewEndpoint{URL: coreURL, Types: &types}).into(b.T, 201, &e)
	return e
}

// claim takes the lease of a delivery, as a worker does.
func (b *bench) claim(id string) record.Lease {
	b.Helper()
	l, claimed, err := b.store.Claim(b.Context(), task.Ref{Tenant: b.tenant, Kind: task.DeliverySend, Subject: id}, time.Minute)
	b.ok(err)
	if !claimed {
		b.Fatalf("%s is not due", id)
	}
	return l
}

// answered is an attempt that an endpoint has answered.
func answered(at time.Time, status int, text string) record.Attempt {
	a := record.Attempt{At: at, Latency: 70 * time.Millisecond, Status: status, Answer: []byte(text)}
	if status/100 != 2 {
		a.Failure = record.FailureStatus
	}
	return a
}

// fails ends a delivery after one attempt.
func (b *bench) fails(id string, status int) {
	b.Helper()
	a := answered(b.clock.Now(), status, "CANARY-answer \xff")
	b.ok(b.store.Finish(b.Context(), b.claim(id), record.Outcome{State: record.Dead, Attempts: 1, Attempt: &a}))
}

// test sends a test to an endpoint.
func (b *bench) test(e gen.Endpoint) gen.Delivery {
	b.Helper()
	var d gen.Delivery
	b.call("POST", "/v1/endpoints/"+e.ID+"/test", nil).into(b.T, 202, &d)
	return d
}

// A secret is shown to whoever makes it, and nowhere else.
func TestSecretsAreShownOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	n := byte(0)
	b.api.Secret = func() []byte { n++; return bytes.Repeat([]byte{n}, 32) }
	e := b.endpoint()
	if !strings.HasPrefix(e.Secret, "whsec_") || len(e.Secret) != 50 {
		t.Errorf("the secret is %q", e.Secret)
	}
	b.clock.Advance(time.Minute)
	var rotated gen.Endpoint
	b.call("POST", "/v1/endpoints/"+e.ID+"/rotate", nil).into(t, 200, &rotated)
	until := b.clock.Now().Add(24 * time.Hour)
	if rotated.Secret == e.Secret || !strings.HasPrefix(rotated.Secret, "whsec_") || rotated.PreviousSecretUntil == nil || !rotated.PreviousSecretUntil.Equal(until) {
		t.Errorf("%+v", rotated)
	}
	for name, a := range map[string]answer{
		"list":   b.call("GET", "/v1/endpoints", nil),
		"read":   b.call("GET", "/v1/endpoints/"+e.ID, nil),
		"change": b.call("PATCH", "/v1/endpoints/"+e.ID, map[string]any{"description": "x"}),
	} {
		if a.status != 200 || strings.Contains(string(a.body), "whsec_") || strings.Contains(string(a.body), `"secret"`) {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	b.clock.Advance(24 * time.Hour)
	var later gen.Endpoint
	b.call("GET", "/v1/endpoints/"+e.ID, nil).into(t, 200, &later)
	if later.PreviousSecretUntil != nil {
		t.Errorf("%+v", later)
	}
	if log := b.log.String(); strings.Contains(log, "CANARY") || strings.Contains(log, "whsec") {
		t.Errorf("the log: %s", log)
	}
}

// What is left out of a change stays as it is.
func TestChangingEndpoints(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	e := b.endpoint(message.BookingSynced)
	want := e
	want.Secret = ""
	for _, c := range []struct {
		name   string
		change map[string]any
		edit   func(*gen.Endpoint)
	}{
		{"nothing", map[string]any{}, func(*gen.Endpoint) {}},
		{"the URL", map[string]any{"url": "https://other.example.com"}, func(e *gen.Endpoint) { e.URL = "https://other.example.com" }},
		{"the description", map[string]any{"description": "Berlin"}, func(e *gen.Endpoint) { e.Description = "Berlin" }},
		{"the types, each once", map[string]any{"types": []string{"booking.moved", "booking.accepted", "booking.moved"}}, func(e *gen.Endpoint) {
			e.Types = []gen.MessageType{message.BookingAccepted, message.BookingMoved}
		}},
		{"all types", map[string]any{"types": []string{}}, func(e *gen.Endpoint) { e.Types = []gen.MessageType{} }},
		{"off", map[string]any{"state": "disabled"}, func(e *gen.Endpoint) {
			e.State, e.DisabledReason, e.DisabledAt = gen.EndpointStateDisabled, new(gen.EndpointDisabledReasonRequested), new(b.clock.Now())
		}},
		{"on", map[string]any{"state": "enabled"}, func(e *gen.Endpoint) { e.State, e.DisabledReason, e.DisabledAt = gen.EndpointStateEnabled, nil, nil }},
	} {
		b.clock.Advance(time.Second)
		c.edit(&want)
		want.UpdatedAt = b.clock.Now()
		var got, read gen.Endpoint
		b.call("PATCH", "/v1/endpoints/"+e.ID, c.change).into(t, 200, &got)
		b.call("GET", "/v1/endpoints/"+e.ID, nil).into(t, 200, &read)
		if text := string(mustJSON(t, want)); string(mustJSON(t, got)) != text || string(mustJSON(t, read)) != text {
			t.Errorf("%s:\ngot  %s\nread %s\nwant %s", c.name, mustJSON(t, got), mustJSON(t, read), text)
		}
	}
}

// Wrong documents change nothing, and the URL of a change is looked at as that of a new endpoint is.
func TestWrongEndpoints(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	e := b.endpoint()
	b.unchanging()
	const types = "booking.accepted, booking.rejected, booking.synced, booking.moved, booking.edited, booking.removed, booking.restored, booking.decided, booking.attendee_responded, booking.conference_ready, booking.conference_failed, booking.held, " +
		"booking.failed, connection.activated, connection.needs_reauth, connection.disconnected, calendar.guarded, calendar.unguarded, endpoint.disabled, endpoint.tested"
	for name, c := range map[string]struct {
		body    map[string]any
		problem message.Problem
	}{
		"a state that is none":    {map[string]any{"state": "deleted"}, at("/state", "give one of enabled, disabled")},
		"a type that is none":     {map[string]any{"types": []string{"booking.guessed"}}, at("/types/0", "give one of "+types)},
		"types without end":       {map[string]any{"types": repeated(51, "booking.moved")}, at("/types", "give at most 50 of them, not 51")},
		"no types at all":         {map[string]any{"types": nil}, at("/types", "give an array, not null")},
		"a secret of their own":   {map[string]any{"secret": "whsec_CANARY"}, at("/secret", unknown)},
		"a long description":      {map[string]any{"description": strings.Repeat("x", 257)}, at("/description", "give at most 256 characters, not 257")},
		"another id":              {map[string]any{"id": "end_1"}, at("/id", unknown)},
		"a reason of their own":   {map[string]any{"disabled_reason": "gone"}, at("/disabled_reason", unknown)},
		"a URL that is too short": {map[string]any{"url": "http:/"}, at("/url", "give at least 8 characters, not 6")},
	} {
		refused{record.ReasonInvalid, noFit, []message.Problem{c.problem}}.want(t, name, b.call("PATCH", "/v1/endpoints/"+e.ID, c.body))
	}
	var asked []string
	b.api.CheckURL = func(_ context.Context, url string) error {
		asked = append(asked, url)
		return errors.New("this address is not public")
	}
	private := refused{"endpoint-unusable", "messages cannot be delivered to this URL", []message.Problem{at("/url", "this address is not public")}}
	private.want(t, "changed to a private address", b.call("PATCH", "/v1/endpoints/"+e.ID, map[string]any{"url": "http://169.254.169.254/"}))
	private.want(t, "of a private address", b.call("POST", "/v1/endpoints", map[string]any{"url": "http://10.0.0.1/"}))
	if !slices.Equal(asked, []string{"http://169.254.169.254/", "http://10.0.0.1/"}) {
		t.Errorf("looked at %q", asked)
	}
}

// A deleted endpoint is gone with its deliveries; what it was told stays in the feed.
func TestDeletingEndpoints(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	e := b.endpoint()
	d := b.test(e)
	if a := b.call("DELETE", "/v1/endpoints/"+e.ID, nil); a.status != http.StatusNoContent || len(a.body) > 0 {
		t.Errorf("%d %s", a.status, a.body)
	}
	none := refused{"not-found", "this tenant has nothing of that name", nil}
	none.want(t, "twice", b.call("DELETE", "/v1/endpoints/"+e.ID, nil))
	none.want(t, "read", b.call("GET", "/v1/endpoints/"+e.ID, nil))
	none.want(t, "its delivery", b.call("GET", "/v1/deliveries/"+d.ID, nil))
	var page gen.MessagePage
	b.call("GET", "/v1/messages?limit=200", nil).into(t, 200, &page)
	if !slices.ContainsFunc(page.Messages, func(m gen.Message) bool { return string(m.ID) == d.MessageID }) {
		t.Error("the test is not in the feed")
	}
}

// An endpoint that was given up says why, and goes on where it was once it is enabled.
func TestEndpointComesBack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	e := b.endpoint()
	b.call("PUT", "/v1/bookings/b1", b.spec(1))
	var page gen.DeliveryPage
	b.call("GET", "/v1/deliveries?endpoint="+e.ID, nil).into(t, 200, &page)
	b.fails(page.Deliveries[0].ID, http.StatusGone)
	var got gen.Endpoint
	b.call("GET", "/v1/endpoints/"+e.ID, nil).into(t, 200, &got)
	if got.State != gen.EndpointStateDisabled || got.DisabledReason == nil || *got.DisabledReason != gen.EndpointDisabledReasonGone || got.DisabledAt == nil {
		t.Errorf("%s", mustJSON(t, got))
	}
	b.call("PUT", "/v1/bookings/b2", b.spec(1))
	b.call("PATCH", "/v1/endpoints/"+e.ID, map[string]any{"state": "enabled"}).into(t, 200, &got)
	b.call("GET", "/v1/deliveries?endpoint="+e.ID+"&state=pending", nil).into(t, 200, &page)
	if got.State != gen.EndpointStateEnabled || len(page.Deliveries) != 2 {
		t.Errorf("%s %s", got.State, mustJSON(t, page))
	}
	for _, d := range page.Deliveries {
		b.claim(d.ID)
	}
}

// tenantsOwn is what the first tenant has, for the other one to ask for.
type tenantsOwn struct{ endpoint, delivery string }

// With one tenant's key nothing of another's endpoints, deliveries and messages is there.
func TestOtherTenantsEndpointsAreNotThere(t *testing.T) {
	t.Parallel()
	r := newRooms(t)
	e := r.endpoint()
	own := tenantsOwn{e.ID, r.test(e).ID}
	r.test(e)
	var page gen.DeliveryPage
	r.call("GET", "/v1/deliveries?limit=1", nil).into(t, 200, &page)
	nobody := func(id string) string {
		return id[:len(id)-1] + map[bool]string{true: "1", false: "0"}[id[len(id)-1] == '0']
	}
	change := func(string) any { return map[string]any{"state": "disabled", "url": "https://evil.example.com"} }
	for method, paths := range map[string][]string{"GET": {""}, "DELETE": {""}, "POST": {"/rotate", "/test", "/redeliver?since=2020-01-01T00:00:00Z"}} {
		for _, path := range paths {
			r.same(method, "/v1/endpoints/{}"+path, own.endpoint, nobody(own.endpoint), nothing)
		}
	}
	r.same("PATCH", "/v1/endpoints/{}", own.endpoint, nobody(own.endpoint), change)
	r.same("GET", "/v1/deliveries/{}", own.delivery, nobody(own.delivery), nothing)
	r.same("POST", "/v1/deliveries/{}/redeliver", own.delivery, nobody(own.delivery), nothing)
	for _, path := range []string{
		"/v1/endpoints", "/v1/deliveries", "/v1/deliveries?endpoint=" + own.endpoint, "/v1/deliveries?cursor=" + *page.NextCursor,
		"/v1/messages", "/v1/messages?limit=200",
	} {
		a := r.as("GET", path, nil)
		if text := string(a.body); a.status != 200 || strings.Contains(text, own.endpoint) || strings.Contains(text, own.delivery) || strings.Contains(text, "msg_") {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	var first gen.MessagePage
	r.call("GET", "/v1/messages", nil).into(t, 200, &first)
	if a := r.as("GET", "/v1/messages?after="+first.NextCursor, nil); a.status != 200 || strings.Contains(string(a.body), "msg_") {
		t.Errorf("with the cursor of another tenant: %d %s", a.status, a.body)
	}
	if got := r.claim(own.delivery); got.Attempts != 0 {
		t.Errorf("%+v", got)
	}
}

// reportOf reads a delivery.
func (b *bench) reportOf(id string) gen.Delivery {
	b.Helper()
	var d gen.Delivery
	b.call("GET", "/v1/deliveries/"+id, nil).into(b.T, 200, &d)
	return d
}
