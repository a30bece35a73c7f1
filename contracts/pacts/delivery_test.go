//go:build pact

package pacts_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	contract "github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/transport"
	"github.com/calweave/calweave/internal/work"
	"github.com/calweave/calweave/webhooks/outbound"
)

// The secrets of an endpoint. They are of no use: no endpoint outside this file has them.
const (
	secretOfTheCore = "whsec_Y29udHJhY3RzOiB0aGUgY29yZSBrbm93cyB0aGlz"
	secretReplacing = "whsec_Y29udHJhY3RzOiBhIG5ldyBzZWNyZXQsIGZyZXNo"
	secretOfOthers  = "whsec_Y29udHJhY3RzOiB0aGUgc2VjcmV0IG9mIG90aGVy"
)

func TestCoreTakesDeliveries(t *testing.T) {
	e := httpEdge{edge: edge{
		ID: "c", Title: "calweave delivers messages to a booking core", Consumer: "calweave", Provider: "booking-core-endpoint",
		Against: "a core that receives as docs/examples/core does",
		Headers: []string{
			"Content-Type", standardwebhooks.HeaderWebhookID, standardwebhooks.HeaderWebhookTimestamp, standardwebhooks.HeaderWebhookSignature, "Traceparent",
		},
		Interactions: 11,
	}, scenes: deliveries()}
	path := fresh(t, e.edge, e.make)
	c := &receivingCore{}
	hold(t, e.edge, path, &providerSide{handler: func() http.Handler { return c }, filter: c.signNow, states: c.states()})
}

// began is when every delivery of the pact is attempted.
func began() time.Time { return time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC) }

// posted is what a sender makes of a delivery.
type posted struct {
	// ended is the attempt that was recorded as the last; nil for none.
	ended *record.Attempt
	// outcome is what the engine does about the failure; zero without one.
	outcome record.Outcome
}

// outbox is a store with one delivery.
type outbox struct {
	outbound.Store
	delivery record.Delivery
	posted   posted
}

func (o *outbox) Delivery(context.Context, record.Lease) (record.Delivery, error) {
	return o.delivery, nil
}

func (o *outbox) EndDelivery(_ context.Context, _ record.Lease, a record.Attempt) error {
	o.posted.ended = &a
	return nil
}

// delivering delivers a message as calweave does, with its client and its table of decisions, and checks what it has sent and what came of it.
func delivering(d record.Delivery, attempts int, wants func(posted) bool) func(context.Context, *http.Client) error {
	return func(ctx context.Context, httpc *http.Client) error {
		box := &outbox{delivery: d}
		sealed := &sealing{next: httpc.Transport, delivery: d}
		c := clock.NewManual(began())
		sender := &outbound.Sender{
			Store: box, Clock: c, HTTP: transport.Client(transport.Options{Base: sealed}), Blocked: func(err error) bool { return errors.Is(err, transport.ErrRefused) },
		}
		l := record.Lease{Ref: task.Ref{Tenant: "ten_01", Kind: task.DeliverySend, Subject: string(d.ID)}, Token: 1, Until: began().Add(time.Minute), Attempts: attempts}
		if err := sender.Work(ctx, l); err != nil {
			box.posted.outcome = work.Decide(err, l, began(), func(time.Duration) time.Duration { return 0 })
		}
		if sealed.err != nil || sealed.sent != 1 {
			return fmt.Errorf("%d requests were sent: %w", sealed.sent, sealed.err)
		}
		if !wants(box.posted) {
			return fmt.Errorf("calweave makes of it %+v", box.posted)
		}
		return nil
	}
}

// sealing verifies every request as a core would, with each secret that is in force, before it is sent.
type sealing struct {
	next     http.RoundTripper
	delivery record.Delivery
	sent     int
	err      error
}

func (s *sealing) RoundTrip(req *http.Request) (*http.Response, error) {
	s.sent++
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	for _, secret := range []string{s.delivery.Endpoint.Secret, s.delivery.Endpoint.Previous} {
		if secret == "" {
			continue
		}
		key, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			return nil, err
		}
		s.err = errors.Join(s.err, key.VerifyIgnoringTimestamp(body, req.Header))
	}
	if at := req.Header.Get(standardwebhooks.HeaderWebhookTimestamp); at != strconv.FormatInt(began().Unix(), 10) {
		s.err = errors.Join(s.err, fmt.Errorf("the timestamp is %s", at))
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	return s.next.RoundTrip(req)
}

// deliveries have no redirect among them: Pact's verifier would follow it. That calweave does not is tested in webhooks/outbound.
func deliveries() []scene {
	taken := func(p posted) bool {
		return p.ended != nil && p.ended.Failure == "" && p.ended.Status == http.StatusOK && p.outcome.Fault == ""
	}
	again := func(status int, wait time.Duration) func(posted) bool {
		return func(p posted) bool {
			o := p.outcome
			return p.ended == nil && o.State == record.Ready && o.Fault == fault.Transient && o.Attempts == 1 && o.NotBefore.Equal(began().Add(wait)) &&
				o.Attempt != nil && o.Attempt.Status == status
		}
	}
	given := func(name string) state { return state{name} }
	const first = 5 * time.Second // the schedule's
	said := func(status int, name, value string) reply {
		return reply{status: status, header: map[string]any{name: exactlyText(value)}}
	}
	bare := func(status int) reply { return reply{status: status} }
	synced, tested := deliveryOf(contract.BookingSynced), deliveryOf(contract.EndpointTested)
	untraced, replaced, forged := synced, synced, synced
	untraced.Traceparent = ""
	replaced.Endpoint.Secret, replaced.Endpoint.Previous = secretReplacing, secretOfTheCore
	forged.Endpoint.Secret = secretOfOthers
	const lastAttempt = 12
	return []scene{
		one("a message", given("a core that takes messages"), bare(200), delivering(synced, 0, taken)),
		one("a message that belongs to no trace", given("a core that takes messages"), bare(200), delivering(untraced, 0, taken)),
		one("a message that it has already", given("a core that is full, and has the message"), bare(200), delivering(synced, 1, taken)),
		one("a message while the secret is replaced", given("a core that knows the replaced secret only"), bare(200), delivering(replaced, 0, taken)),
		one("a message with another's signature", given("a core whose secret calweave does not have"), bare(401), delivering(forged, 0, again(401, first))),
		one("a message to a core that is full", given("a core that is full for two minutes"), said(503, "Retry-After", "120"),
			delivering(synced, 0, again(503, 2*time.Minute))),
		one("a message to a core that is overrun", given("a core that is overrun for a minute"), said(429, "Retry-After", "60"),
			delivering(synced, 0, again(429, time.Minute))),
		one("a message to a core that fails", given("a core that fails"), bare(500), delivering(synced, 0, again(500, first))),
		one("a message to a core that has failed for days", given("a core that fails"), bare(500), delivering(synced, lastAttempt, func(p posted) bool {
			return p.ended == nil && p.outcome.State == record.Dead && p.outcome.Fault == fault.Transient && p.outcome.Attempt.Status == http.StatusInternalServerError
		})),
		one("a message to an endpoint that is gone", given("a core whose endpoint is gone"), bare(410), delivering(synced, 0, func(p posted) bool {
			return p.ended == nil && p.outcome.State == record.Dead && p.outcome.Fault == fault.Gone && p.outcome.Attempt.Status == http.StatusGone
		})),
		one("a test of an endpoint that fails", given("a core that fails"), bare(500), delivering(tested, 0, func(p posted) bool {
			return p.ended != nil && p.ended.Failure == record.FailureStatus && p.ended.Status == http.StatusInternalServerError && p.outcome.Fault == ""
		})),
	}
}

// exactlyText is a header's matcher for one value.
func exactlyText(value string) object { return matching(value, value) }

// deliveryOf is a delivery of the contract's own example of a message.
func deliveryOf(kind contract.Type) record.Delivery {
	e, _ := contract.Example(kind) // without one the pact would name no type, and nobody would take it
	return record.Delivery{
		ID: "dlv_01", State: record.DeliveryPending, Message: e, Traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		Endpoint: record.Endpoint{ID: "end_01", URL: "https://core.example/calweave", Secret: secretOfTheCore, Enabled: true},
	}
}

// receivingCore is a core's endpoint. It takes what is signed, each message once, and says so only then.
type receivingCore struct {
	// answer is what it answers to what is signed, beside 200.
	answer http.HandlerFunc
	secret string
	// signs are the secrets that calweave signs with in this state.
	signs []string
	seen  []cal.MessageID
	// full says that nothing new is taken.
	full bool
}

func (c *receivingCore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	key, err := standardwebhooks.NewWebhook(c.secret)
	if err != nil || key.Verify(body, r.Header) != nil {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	var e contract.Envelope
	if json.Unmarshal(body, &e) != nil || !slices.Contains(contract.Types(), e.Type) || string(e.ID) != r.Header.Get(standardwebhooks.HeaderWebhookID) {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if c.answer != nil {
		c.answer(w, r)
		return
	}
	if slices.Contains(c.seen, e.ID) {
		return
	}
	if c.full {
		w.Header().Set("Retry-After", "120")
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	c.seen = append(c.seen, e.ID)
}

// signNow signs a request anew, as calweave would have now with the secrets that it has in this state. What was not signed by as many stays as it is.
func (c *receivingCore) signNow(req *http.Request, body []byte) {
	old := strings.Fields(req.Header.Get(standardwebhooks.HeaderWebhookSignature))
	if len(old) != len(c.signs) || req.Header.Get(standardwebhooks.HeaderWebhookTimestamp) == "" {
		return
	}
	now, all := time.Now(), make([]string, 0, len(old))
	for _, secret := range c.signs {
		key, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			return
		}
		signature, err := key.Sign(req.Header.Get(standardwebhooks.HeaderWebhookID), now, body)
		if err != nil {
			return
		}
		all = append(all, signature)
	}
	req.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	req.Header.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(all, " "))
}

func (c *receivingCore) states() map[string]setup {
	in := func(next receivingCore) setup {
		return func() (map[string]string, error) {
			if next.secret == "" {
				next.secret = secretOfTheCore
			}
			if next.signs == nil {
				next.signs = []string{secretOfTheCore}
			}
			*c = next
			return nil, nil //nolint:nilnil // no words
		}
	}
	answers := func(status int, header, value string) setup {
		return in(receivingCore{answer: func(w http.ResponseWriter, _ *http.Request) {
			if header != "" {
				w.Header().Set(header, value)
			}
			w.WriteHeader(status)
		}})
	}
	e, _ := contract.Example(contract.BookingSynced)
	return map[string]setup{
		"a core that takes messages":                 in(receivingCore{}),
		"a core that is full, and has the message":   in(receivingCore{full: true, seen: []cal.MessageID{e.ID}}),
		"a core that knows the replaced secret only": in(receivingCore{signs: []string{secretReplacing, secretOfTheCore}}),
		"a core whose secret calweave does not have": in(receivingCore{signs: []string{secretOfOthers}}),
		"a core that is full for two minutes":        in(receivingCore{full: true}),
		"a core that is overrun for a minute":        answers(http.StatusTooManyRequests, "Retry-After", "60"),
		"a core that fails":                          answers(http.StatusInternalServerError, "", ""),
		"a core whose endpoint is gone":              answers(http.StatusGone, "", ""),
	}
}
