package outbound_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

// The vector that the reference libraries of Standard Webhooks are tested with. It holds the test's own arithmetic, and the library, to account.
func TestPublishedVector(t *testing.T) {
	t.Parallel()
	const (
		key       = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
		id        = "msg_p5jXN8AQM9LWM0D4loKWxJek"
		at        = 1614265330
		body      = `{"test": 2432232314}`
		signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
	)
	if got := sign(key, id, at, []byte(body)); got != signature {
		t.Errorf("%s, want %s", got, signature)
	}
	library, err := standardwebhooks.NewWebhook(key)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := library.Sign(id, time.Unix(at, 0), []byte(body)); err != nil || got != signature {
		t.Errorf("the library: %s %v", got, err)
	}
}

// What arrives is what a core has to get: the envelope, signed, and nothing that does not belong.
func TestRequest(t *testing.T) {
	t.Parallel()
	p := newPost(t, status(http.StatusNoContent))
	if err := p.send(time.Minute); err != nil {
		t.Fatal(err)
	}
	got := p.letters()[0]
	if got.method != http.MethodPost || got.path != "/CANARY-path" || got.query != "token=CANARY-query" {
		t.Errorf("%s %s?%s", got.method, got.path, got.query)
	}
	var e message.Envelope
	if err := json.Unmarshal(got.body, &e); err != nil || e.ID != "msg_0190" || e.Type != message.BookingSynced || !e.Timestamp.Equal(noon().Add(-time.Minute)) {
		t.Errorf("%v %s", err, got.body)
	}
	at := noon().Unix()
	for name, want := range map[string]string{
		"Content-Type": "application/json", "User-Agent": "calweave", "Webhook-Id": "msg_0190", "Webhook-Timestamp": strconv.FormatInt(at, 10),
		"Webhook-Signature": sign(secret, "msg_0190", at, got.body), "Traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	} {
		if values := got.header.Values(name); len(values) != 1 || values[0] != want {
			t.Errorf("%s: %q, want %q", name, values, want)
		}
	}
	allowed := []string{"Accept-Encoding", "Content-Length", "Content-Type", "Traceparent", "User-Agent", "Webhook-Id", "Webhook-Signature", "Webhook-Timestamp"}
	for name := range got.header {
		if !slices.Contains(allowed, name) {
			t.Errorf("%s was sent too", name)
		}
	}
	if slices.ContainsFunc([]string{got.header.Get("Webhook-Id"), got.header.Get("Webhook-Timestamp")}, func(s string) bool { return strings.Contains(s, ".") }) {
		t.Errorf("a dot in %v would let a part lend to its neighbour", got.header)
	}
}

// The reference library accepts what we send, and nothing that was tampered with.
func TestReferenceLibraryAccepts(t *testing.T) {
	t.Parallel()
	p := newPost(t, status(http.StatusOK))
	p.Clock = clock.System{}
	if err := p.Work(t.Context(), lease(clock.System{}, time.Minute)); err != nil {
		t.Fatal(err)
	}
	got := p.letters()[0]
	library, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	if err := library.Verify(got.body, got.header); err != nil {
		t.Fatal(err)
	}
	for name, tamper := range map[string]func(http.Header) []byte{
		"body":      func(http.Header) []byte { return append(slices.Clone(got.body), ' ') },
		"id":        func(h http.Header) []byte { h.Set("Webhook-Id", "msg_0191"); return got.body },
		"timestamp": func(h http.Header) []byte { h.Set("Webhook-Timestamp", "1"); return got.body },
	} {
		h := got.header.Clone()
		if body := tamper(h); library.Verify(body, h) == nil {
			t.Errorf("another %s goes unnoticed", name)
		}
	}
}

// Without a trace none is sent.
func TestNoTrace(t *testing.T) {
	t.Parallel()
	p := newPost(t, status(http.StatusOK))
	p.outbox.delivery.Traceparent = ""
	if err := p.send(time.Minute); err != nil || p.letters()[0].header.Get("Traceparent") != "" {
		t.Errorf("%v %v", err, p.letters())
	}
}

// The id and the body stay the same over all attempts; the timestamp, and the signature with it, is fresh in each.
func TestAttempts(t *testing.T) {
	t.Parallel()
	p := newPost(t, status(http.StatusInternalServerError))
	for range 3 {
		if err := p.send(time.Minute); err == nil {
			t.Fatal("500 is no failure")
		}
		p.clock.Advance(time.Hour)
	}
	got := p.letters()
	for i, l := range got {
		at := noon().Add(time.Duration(i) * time.Hour).Unix()
		if l.header.Get("Webhook-Id") != "msg_0190" || string(l.body) != string(got[0].body) || l.header.Get("Webhook-Timestamp") != strconv.FormatInt(at, 10) ||
			l.header.Get("Webhook-Signature") != sign(secret, "msg_0190", at, l.body) {
			t.Errorf("attempt %d: %v %s", i, l.header, l.body)
		}
	}
	if len(got) != 3 || len(p.outbox.delivered) > 0 {
		t.Errorf("%d attempts, %v", len(got), p.outbox.delivered)
	}
}

// Every 2xx takes the message.
func TestAccepted(t *testing.T) {
	t.Parallel()
	for _, code := range []int{200, 201, 202, 203, 204, 205, 206, 226, 299} {
		p := newPost(t, status(code))
		if err := p.send(time.Minute); err != nil || !slices.Equal(p.outbox.delivered, []int{code}) {
			t.Errorf("%d: %v, %v", code, err, p.outbox.delivered)
		}
	}
}

// What was delivered already, and what went with its endpoint, is not sent: its work is forgotten.
func TestNothingToSend(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*outbox){
		"delivered before": func(o *outbox) { o.delivery.State = record.DeliveryDelivered },
		"deleted":          func(o *outbox) { o.err = fmt.Errorf("store: %w", record.ErrNotFound) },
	} {
		p := newPost(t, status(http.StatusOK))
		spoil(p.outbox)
		forget := record.Outcome{State: record.Ready, Served: true, Forget: true}
		if err := p.send(time.Minute); err != nil || len(p.letters())+len(p.outbox.ended)+p.outbox.parked > 0 || !slices.Equal(p.outbox.finished, []record.Outcome{forget}) {
			t.Errorf("%s: %v, %d letters, %+v", name, err, len(p.letters()), p.outbox)
		}
	}
}

// A delivery waits for an endpoint that is disabled; a test does not.
func TestDisabledEndpoint(t *testing.T) {
	t.Parallel()
	p := newPost(t, status(http.StatusOK))
	p.outbox.delivery.Endpoint.Enabled = false
	if err := p.send(time.Minute); err != nil || p.outbox.parked != 1 || len(p.letters())+len(p.outbox.ended) > 0 {
		t.Errorf("%v, parked %d times, %d letters", err, p.outbox.parked, len(p.letters()))
	}
	p.outbox.delivery.Message.Type = message.EndpointTested
	if err := p.send(time.Minute); err != nil || p.outbox.parked != 1 || len(p.letters()) != 1 || len(p.outbox.delivered) != 1 {
		t.Errorf("a test: %v, parked %d times, %d letters", err, p.outbox.parked, len(p.letters()))
	}
}

// A test is sent once: what became of it is recorded, and neither repeated nor held against the endpoint.
func TestTestsAreNotRepeated(t *testing.T) {
	t.Parallel()
	for _, code := range []int{http.StatusGone, http.StatusInternalServerError, http.StatusTooManyRequests} {
		p := newPost(t, status(code))
		p.outbox.delivery.Message.Type = message.EndpointTested
		if err := p.send(time.Minute); err != nil || len(p.outbox.ended) != 1 || p.outbox.ended[0].Status != code || p.outbox.ended[0].Failure != record.FailureStatus {
			t.Errorf("%d: %v, %+v", code, err, p.outbox.ended)
		}
	}
}

// While a secret is replaced both sign, the newest first, and the reference library is content with either.
func TestRotation(t *testing.T) {
	t.Parallel()
	const old = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	p := newPost(t, status(http.StatusOK))
	p.Clock = clock.System{}
	p.outbox.delivery.Endpoint.Previous = old
	if err := p.Work(t.Context(), lease(clock.System{}, time.Minute)); err != nil {
		t.Fatal(err)
	}
	got := p.letters()[0]
	at, err := strconv.ParseInt(got.header.Get("Webhook-Timestamp"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	if want := sign(secret, "msg_0190", at, got.body) + " " + sign(old, "msg_0190", at, got.body); got.header.Get("Webhook-Signature") != want {
		t.Errorf("%q, want %q", got.header.Get("Webhook-Signature"), want)
	}
	for _, key := range []string{secret, old} {
		library, err := standardwebhooks.NewWebhook(key)
		if err != nil {
			t.Fatal(err)
		}
		if err := library.Verify(got.body, got.header); err != nil {
			t.Error(err)
		}
	}
}
