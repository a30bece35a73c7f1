package api

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/calweave/calweave/internal/telemetry"
)

// transportAge is how long a browser keeps to https once it has seen it. Nothing is said of other hosts of the domain: they are not ours.
const transportAge = 2 * 365 * 24 * time.Hour

// Guard gives every request its id, its trace and its time, and every answer its headers. Whatever is logged on the request's way bears both, and its
// tenant once that is known. What Handler returns is guarded; whoever serves other routes beside it guards all of them together, which counts once.
func (s *Server) Guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if requestID(r.Context()) != "" {
			next.ServeHTTP(w, r)
			return
		}
		if s.Measure != nil {
			m := s.measure(w, r)
			defer func() { m.end(r) }()
			w, r = m, m.request
		}
		id := s.RequestID()
		h := w.Header()
		h.Set("Request-Id", id)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
		h.Set("Cache-Control", "no-store")
		if s.secure() {
			h.Set("Strict-Transport-Security", "max-age="+strconv.Itoa(int(transportAge.Seconds())))
		}
		t := s.Trace(soleTrace(r.Header))
		h.Set("Traceparent", t)
		ctx := telemetry.WithScope(telemetry.WithTraceparent(r.Context(), t), slog.String("request_id", id))
		ctx = context.WithValue(ctx, keyRequestID, id)
		if s.Timeout > 0 {
			bounded, cancel := context.WithTimeout(ctx, s.Timeout)
			defer cancel()
			ctx = bounded
		}
		r = r.WithContext(ctx)
		defer s.rescue(w, r)
		next.ServeHTTP(w, r)
	})
}

// soleTrace takes the trace context out of a request's header. Several are as good as none (https://www.w3.org/TR/trace-context/#traceparent-header),
// and no reason to refuse the request.
func soleTrace(h http.Header) string {
	const name = "Traceparent"
	defer h.Del(name)
	if all := h.Values(name); len(all) == 1 {
		return all[0]
	}
	return ""
}

// rescue answers for a handler that has panicked, so that its caller has an id to ask about.
func (s *Server) rescue(w http.ResponseWriter, r *http.Request) {
	cause := recover()
	if cause == nil {
		return
	}
	if cause == http.ErrAbortHandler { //nolint:errorlint // it is this very value, as net/http itself compares it
		panic(cause)
	}
	s.Log.ErrorContext(r.Context(), "a request panicked", slog.String("cause", telemetry.Panic(cause)), slog.String("stack", string(debug.Stack())))
	s.fail(w, r, defect(r))
}

// bound bounds the body of a request.
func bound(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(unmeasured(w), r.Body, bodyLimit) // which closes the connection of a body that is too long
		next.ServeHTTP(w, r)
	})
}
