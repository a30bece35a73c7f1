package inbound

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sync/atomic"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/telemetry"
)

// The bounds of one push. Microsoft batches notifications, Google sends no body at all.
const (
	bodyLimit   = 1 << 20
	noticeLimit = 1000
	// tokenLimit bounds what a handshake may have reflected.
	tokenLimit = 4096
)

// Receiver answers the pushes of one provider.
//
// Mounted at POST /hooks/{provider}; called by the provider, from once in minutes to thousands in a second; protected by the secret of each
// channel, bounded in size, and answered within a store's commit.
type Receiver struct {
	Provider cal.Provider
	Decoder  provider.NotificationDecoder
	// Batch commits what comes in. It may be shared.
	Batch *Batcher
	// Trace begins a trace and lets the context carry it.
	Trace           func(ctx context.Context) (context.Context, string)
	Log             *slog.Logger
	strays, refused atomic.Int64

	// Counted hears of notices, and what became of them: one of Verdicts; nil for nobody.
	Counted func(p cal.Provider, verdict string, n int)
}

// ServeHTTP answers one push.
func (h *Receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		problem(r.Context(), w, http.StatusMethodNotAllowed, "pushes are sent by POST")
		return
	}
	push := provider.Push{Header: r.Header, Query: r.URL.Query()}
	// A handshake needs no body, and the provider does not wait long for its answer: nothing comes before it.
	if n, err := h.Decoder.DecodeNotification(push); err == nil && n.Handshake != "" {
		h.shake(w, r, n.Handshake)
		return
	}
	var err error
	push.Body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLimit))
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			h.malformed(w, r, http.StatusRequestEntityTooLarge, "a push may have 1 MiB at the most")
			return
		}
		h.malformed(w, r, http.StatusBadRequest, "the body could not be read")
		return
	}
	n, err := h.Decoder.DecodeNotification(push)
	switch {
	case err != nil:
		h.malformed(w, r, http.StatusBadRequest, err.Error())
	case len(n.Notices) > noticeLimit:
		h.malformed(w, r, http.StatusRequestEntityTooLarge, "a push may carry 1000 notices at the most")
	default:
		h.receive(w, r, n.Notices)
	}
}

// shake reflects a handshake as text that no browser takes for anything else.
func (h *Receiver) shake(w http.ResponseWriter, r *http.Request, token string) {
	if len(token) > tokenLimit {
		h.malformed(w, r, http.StatusBadRequest, "the validation token is too long")
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.count(verdictHandshake, 1)
	_, _ = io.WriteString(w, token) // the provider has hung up, and will ask again
}

// receive commits notices, of which one that is wrong harms no other. Only a store that fails makes the provider try again.
func (h *Receiver) receive(w http.ResponseWriter, r *http.Request, notices []provider.Notice) {
	ctx, trace := h.Trace(r.Context())
	ctx = telemetry.WithScope(ctx)
	notices = coalesce(notices)
	verdicts, err := h.Batch.Take(ctx, notices, trace)
	h.note(ctx, verdicts)
	h.countAll(len(notices), verdicts, err)
	if err != nil {
		h.failed(ctx, err)
		w.Header().Set("Retry-After", "5")
		problem(ctx, w, http.StatusServiceUnavailable, "at least one notice could not be committed: send the push again")
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

// note counts strays, and lets the log know the tenant of a push that is one tenant's.
func (h *Receiver) note(ctx context.Context, verdicts []Verdict) {
	var tenants []cal.TenantID
	for _, v := range verdicts {
		if v.Stray {
			h.stray(ctx, v.Known)
		}
		if v.Tenant != "" && !slices.Contains(tenants, v.Tenant) {
			tenants = append(tenants, v.Tenant)
		}
	}
	if len(tenants) == 1 {
		telemetry.Learn(ctx, slog.String("tenant", string(tenants[0])))
	}
}

// failed logs why a push is answered 503. Of those that are only too many, every doubling is logged.
func (h *Receiver) failed(ctx context.Context, err error) {
	if errors.Is(err, ErrFull) {
		if n := h.refused.Add(1); n&(n-1) == 0 {
			h.Log.WarnContext(ctx, "a push was refused because too many notices are waiting",
				slog.String("provider", string(h.Provider)), slog.Int64("so_far", n))
		}
		return
	}
	h.Log.ErrorContext(ctx, "a notification could not be committed", slog.String("provider", string(h.Provider)), slog.String("error", err.Error()))
}

// coalesce drops notices that ask for the same once more.
func coalesce(notices []provider.Notice) []provider.Notice {
	seen := map[provider.Notice]bool{}
	var out []provider.Notice
	for _, n := range notices {
		if !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out
}

// stray counts a notice that no open channel vouches for. Only every doubling is logged: whoever sends them shall not fill the log.
func (h *Receiver) stray(ctx context.Context, known bool) {
	if n := h.strays.Add(1); n&(n-1) == 0 {
		h.Log.InfoContext(ctx, "a push belongs to no open channel",
			slog.String("provider", string(h.Provider)), slog.Bool("known", known), slog.Int64("so_far", n))
	}
}

// genuine compares a push's secret with its channel's in constant time.
func genuine(ch record.Channel, secret string) bool {
	sum := sha256.Sum256([]byte(secret))
	return subtle.ConstantTimeCompare([]byte(hex.EncodeToString(sum[:])), []byte(ch.SecretHash)) == 1
}

func notification(ch record.Channel, n provider.Notice) record.Notification {
	out := record.Notification{Channel: ch, Kind: string(n.Kind), Remote: n.Remote, Resource: n.Resource}
	switch n.Kind {
	case provider.NoticeOpened:
	case provider.NoticeExpiring:
		out.Watch, out.State = true, record.ChannelExpiring
	case provider.NoticeDropped:
		out.Watch, out.Sync, out.State = true, true, record.ChannelClosed
	case provider.NoticeChanged:
		out.Sync = true
	default:
		out.Sync = true // a listing too many does no harm
	}
	if ch.State == record.ChannelClosing && ch.Remote == "" && ch.Resource == "" && (n.Remote != "" || n.Resource != "") {
		out.Watch = true // it could not be ended until it was known what the provider calls it
	}
	return out
}

// problem answers with an RFC 9457 problem without a type of its own: providers do not read it, whoever tries the address does.
func problem(ctx context.Context, w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	doc := map[string]any{"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": detail}
	if id := w.Header().Get("Request-Id"); id != "" {
		doc["request_id"] = id
	}
	if t, ok := telemetry.TraceFrom(ctx); ok {
		doc["trace_id"] = t.TraceID()
	}
	raw, err := json.Marshal(doc)
	if err == nil {
		_, _ = w.Write(raw) // the sender has hung up
	}
}
