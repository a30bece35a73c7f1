package inbound_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/providers/google"
	"github.com/calweave/calweave/providers/microsoft"
	"github.com/calweave/calweave/webhooks/inbound"
)

// channels is a store of channels in memory. It counts what is asked of it.
type channels struct {
	mu       sync.Mutex
	known    map[cal.ChannelID]record.Channel
	received []record.Notification
	lookups  int
	// failAt makes the n-th commit fail, counted from 1; failLookup makes every look-up fail.
	failAt     int
	commits    int
	failLookup bool
	// enter, unless nil, comes before each transaction; its error fails it.
	enter func(cal.TenantID, []cal.ChannelID) error
}

func (c *channels) ChannelTenants(_ context.Context, ids []cal.ChannelID) (map[cal.ChannelID]cal.TenantID, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lookups++
	if c.failLookup {
		return nil, fault.Newf(fault.Transient, "store: look up channels", "CANARY 10.0.0.5: connection refused")
	}
	out := map[cal.ChannelID]cal.TenantID{}
	for _, id := range ids {
		if ch, ok := c.known[id]; ok {
			out[id] = ch.TenantID
		}
	}
	return out, nil
}

func (c *channels) Receive(_ context.Context, tenant cal.TenantID, ids []cal.ChannelID, judge func([]record.Channel) []record.Notification) error {
	if c.enter != nil {
		if err := c.enter(tenant, ids); err != nil {
			return err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var known []record.Channel
	for _, id := range slices.Compact(slices.Sorted(slices.Values(ids))) {
		if ch, ok := c.known[id]; ok && ch.TenantID == tenant {
			known = append(known, ch)
		}
	}
	_ = judge(known) // the database may give a transaction up for another one
	genuine := judge(known)
	if len(genuine) == 0 {
		return nil
	}
	if c.commits++; c.commits == c.failAt {
		return fault.Newf(fault.Transient, "store: receive notifications", "CANARY database is locked")
	}
	c.received = append(c.received, genuine...)
	return nil
}

const (
	channelID = "chn_0190"
	secret    = "CANARY-secret-of-the-channel"
	foreignID = "chn_0191"
	foreign   = "CANARY-secret-of-another-tenant"
	closedID  = "chn_0192"
)

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func newChannels() *channels {
	channel := func(id cal.ChannelID, tenant cal.TenantID, secret string, state record.ChannelState) record.Channel {
		return record.Channel{TenantID: tenant, CalendarID: "cal_of_" + cal.CalendarID(tenant), Channel: cal.Channel{ID: id}, State: state, SecretHash: hash(secret), MovedAt: clock.System{}.Now()}
	}
	return &channels{known: map[cal.ChannelID]record.Channel{
		channelID: channel(channelID, "ten_1", secret, record.ChannelOpen),
		foreignID: channel(foreignID, "ten_2", foreign, record.ChannelOpen),
		closedID:  channel(closedID, "ten_1", secret, record.ChannelClosed),
	}}
}

// door is a receiver with its channels.
type door struct {
	*testing.T
	*inbound.Receiver
	batcher  *inbound.Batcher
	channels *channels
	log      *bytes.Buffer
}

func newDoor(t *testing.T, p cal.Provider) *door {
	t.Helper()
	decoders := map[cal.Provider]provider.NotificationDecoder{cal.Google: google.New(google.Config{}), cal.Microsoft: microsoft.New(microsoft.Config{})}
	d := &door{T: t, channels: newChannels(), log: &bytes.Buffer{}}
	d.batcher = newBatcher(t, d.channels, inbound.DefaultLimits())
	d.Receiver = &inbound.Receiver{Provider: p, Decoder: decoders[p], Batch: d.batcher, Trace: traced, Log: slog.New(slog.NewJSONHandler(d.log, nil))}
	return d
}

// newBatcher makes a batcher that has ended when the test has.
func newBatcher(tb testing.TB, c inbound.Channels, l inbound.Limits) *inbound.Batcher {
	tb.Helper()
	b := inbound.NewBatcher(c, clock.System{}, l)
	tb.Cleanup(b.Close)
	return b
}

// push sends a request and checks what holds for every answer: no secret in it, its type told, nothing to be kept or run.
func (d *door) push(req *http.Request) *httptest.ResponseRecorder {
	d.Helper()
	rec := httptest.NewRecorder()
	d.ServeHTTP(rec, req)
	h := rec.Header()
	if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cache-Control") != "no-store" {
		d.Errorf("headers %v", h)
	}
	if strings.Contains(rec.Body.String(), "CANARY") || strings.Contains(d.log.String(), "CANARY-secret") {
		d.Errorf("a secret in the answer %q or in the log %q", rec.Body, d.log)
	}
	if rec.Code >= 400 {
		var p struct {
			Type, Title, Detail string
			Status              int
		}
		if err := json.Unmarshal(rec.Body.Bytes(), &p); err != nil || p.Status != rec.Code || p.Detail == "" || p.Title == "" ||
			h.Get("Content-Type") != "application/problem+json" {
			d.Errorf("%d is no problem: %v %s", rec.Code, h, rec.Body)
		}
	}
	return rec
}

func post(target string, body io.Reader, headers ...string) *http.Request {
	req := httptest.NewRequest(http.MethodPost, target, body)
	for pair := range slices.Chunk(headers, 2) {
		req.Header.Set(pair[0], pair[1])
	}
	return req
}

// googlePush is a push of Google's for a channel.
func googlePush(id, secret, state string) *http.Request {
	return post("/hooks/google", nil, "X-Goog-Channel-ID", id, "X-Goog-Channel-Token", secret, "X-Goog-Resource-State", state,
		"X-Goog-Resource-ID", "resource", "X-Goog-Message-Number", "7")
}

// item is one notification of Microsoft's. The form of clientState is the driver's own.
func item(id, secret, lifecycle string) map[string]any {
	out := map[string]any{
		"subscriptionId": "sub", "clientState": id + "." + secret, "changeType": "updated", "resource": "Users/u/Events/e",
		"tenantId": "t", "resourceData": map[string]any{"id": "e"},
	}
	if lifecycle != "" {
		out["lifecycleEvent"] = lifecycle
	}
	return out
}

func batch(t *testing.T, items ...any) *http.Request {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"value": items})
	if err != nil {
		t.Fatal(err)
	}
	return post("/hooks/microsoft", bytes.NewReader(raw), "Content-Type", "application/json")
}

// begun is the trace that every push of these tests begins.
const begun = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func traced(ctx context.Context) (context.Context, string) { return ctx, begun }
