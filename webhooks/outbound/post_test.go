package outbound_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/transport"
	"github.com/calweave/calweave/webhooks/outbound"
)

const secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDWVd2uKzMVc8="

// noon is when every test begins.
func noon() time.Time { return time.Date(2026, 10, 1, 12, 0, 0, 250_000_000, time.UTC) }

// outbox is a store with one delivery.
type outbox struct {
	delivery  record.Delivery
	err       error
	settleErr error
	delivered []int
	ended     []record.Attempt
	parked    int
	finished  []record.Outcome
}

func (o *outbox) Delivery(context.Context, record.Lease) (record.Delivery, error) {
	return o.delivery, o.err
}

func (o *outbox) EndDelivery(_ context.Context, _ record.Lease, a record.Attempt) error {
	o.ended = append(o.ended, a)
	if a.Failure == "" {
		o.delivered = append(o.delivered, a.Status)
	}
	return o.settleErr
}

func (o *outbox) ParkDelivery(context.Context, record.Lease) error {
	o.parked++
	return o.settleErr
}

func (o *outbox) Finish(_ context.Context, _ record.Lease, out record.Outcome, _ ...record.Mark) error {
	o.finished = append(o.finished, out)
	return o.settleErr
}

// letter is a request that arrived at the endpoint.
type letter struct {
	method, path, query string
	header              http.Header
	body                []byte
}

// post is a sender with its outbox and an endpoint that keeps what arrives.
type post struct {
	*testing.T
	*outbound.Sender
	outbox *outbox
	clock  *clock.Manual
	url    string
	mu     sync.Mutex
	got    []letter
}

// newPost starts an endpoint that answers as told. The sender reaches it through the same client as in production.
func newPost(t *testing.T, answer http.HandlerFunc) *post {
	t.Helper()
	p := &post{T: t, clock: clock.NewManual(noon())}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		p.mu.Lock()
		p.got = append(p.got, letter{r.Method, r.URL.Path, r.URL.RawQuery, r.Header.Clone(), body})
		p.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	p.url = s.URL + "/CANARY-path?token=CANARY-query"
	p.outbox = &outbox{delivery: record.Delivery{
		ID: "dlv_1", State: record.DeliveryPending, Traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		Endpoint: record.Endpoint{ID: "end_1", URL: p.url, Secret: secret, Enabled: true},
		Message: message.Envelope{
			ID: "msg_0190", Type: message.BookingSynced, Timestamp: noon().Add(-time.Minute), Data: json.RawMessage(`{"booking_id":"b1","title":"<CANARY> & more"}`),
		},
	}}
	base := transport.Base(transport.NewGuard([]netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}))
	t.Cleanup(base.CloseIdleConnections)
	p.Sender = &outbound.Sender{Store: p.outbox, HTTP: transport.Client(transport.Options{Base: base}), Clock: p.clock, Blocked: blocked}
	return p
}

func blocked(err error) bool { return errors.Is(err, transport.ErrRefused) }

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// send works on the delivery under a lease of a length.
func (p *post) send(d time.Duration) error {
	p.Helper()
	return p.Work(p.Context(), lease(p.clock, d))
}

func lease(c clock.Clock, d time.Duration) record.Lease {
	return record.Lease{Ref: task.Ref{Tenant: "ten_1", Kind: task.DeliverySend, Subject: "dlv_1"}, Token: 1, Until: c.Now().Add(d)}
}

// letters are what has arrived so far.
func (p *post) letters() []letter {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]letter(nil), p.got...)
}

// sign is what Standard Webhooks asks for, worked out without any library: HMAC-SHA256 over id, timestamp and body, joined by dots.
func sign(secret, id string, at int64, body []byte) string {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		panic(err)
	}
	h := hmac.New(sha256.New, key)
	h.Write([]byte(id + "." + strconv.FormatInt(at, 10) + "." + string(body)))
	return "v1," + base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// hides fails if an error tells of the endpoint's URL or secret, or of the message.
func hides(t *testing.T, name string, err error) {
	t.Helper()
	for _, never := range []string{"CANARY", "127.0.0.1", "whsec", secret[6:], "token="} {
		if err != nil && strings.Contains(err.Error(), never) {
			t.Errorf("%s: %q tells %q", name, err, never)
		}
	}
}
