package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/telemetry"
)

func refuse(reason record.Reason, detail string, problems ...message.Problem) error {
	return &record.RefusalError{Reason: reason, Detail: detail, Problems: problems}
}

// laterError is a refusal that says when to come back.
type laterError struct {
	error

	after time.Duration
}

// Unwrap returns the refusal.
func (e *laterError) Unwrap() error { return e.error }

// retryAfter is in how many seconds a caller should come back, and 0 for problems that no waiting helps with.
func retryAfter(reason record.Reason, err error) int {
	seconds := 0
	switch reason { //nolint:exhaustive // see above
	case reasonUnavailable, reasonInFlight:
		seconds = retrySeconds
	case reasonProviderAway:
		seconds = providerSeconds
	case reasonSealKey:
		seconds = operatorSeconds
	}
	if later, ok := errors.AsType[*laterError](err); ok {
		seconds = max(seconds, int(math.Ceil(later.after.Seconds())))
	}
	return seconds
}

// document is a problem as it is sent.
type document struct {
	Type      string            `json:"type"`
	Title     string            `json:"title"`
	Status    int               `json:"status"`
	Detail    string            `json:"detail"`
	RequestID string            `json:"request_id,omitempty"`
	TraceID   string            `json:"trace_id,omitempty"`
	Problems  []message.Problem `json:"problems,omitempty"`
}

// fail answers with the problem that err is. What is wrong on our side is logged, and told without its cause.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	refusal := s.refusal(r, err)
	m := Meanings()[refusal.Reason]
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Set("Link", "</problems/"+string(refusal.Reason)+`>; rel="help"`)
	if refusal.Reason == reasonUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="calweave"`)
	}
	if seconds := retryAfter(refusal.Reason, err); seconds > 0 {
		h.Set("Retry-After", strconv.Itoa(seconds))
	}
	raw, err := json.Marshal(document{
		Type: ProblemBase + string(refusal.Reason), Title: m.Title, Status: m.Status, Detail: refusal.Detail,
		RequestID: requestID(r.Context()), TraceID: traceID(r.Context()), Problems: refusal.Problems,
	})
	if err != nil {
		raw = []byte("{}")
	}
	w.WriteHeader(m.Status)
	_, _ = w.Write(raw) // the caller has hung up
}

func traceID(ctx context.Context) string {
	if t, ok := telemetry.TraceFrom(ctx); ok {
		return t.TraceID()
	}
	return ""
}

// retrySeconds is when a caller should come back, providerSeconds when to a provider that has not said so itself, and operatorSeconds when a person has
// to do something first.
const (
	retrySeconds    = 2
	providerSeconds = 10
	operatorSeconds = 60
)

func (s *Server) refusal(req *http.Request, err error) *record.RefusalError {
	if r, ok := errors.AsType[*record.RefusalError](err); ok {
		return r
	}
	if errors.Is(err, record.ErrNotFound) {
		return &record.RefusalError{Reason: reasonNotFound, Detail: "this tenant has nothing of that name"}
	}
	if errors.Is(err, record.ErrTaken) {
		return &record.RefusalError{Reason: reasonInFlight, Detail: "a request with this Idempotency-Key is being carried out: send it again in a moment, as it is"}
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &record.RefusalError{Reason: reasonTooLarge, Detail: "a body may have 256 KiB at the most"}
	}
	ctx := req.Context()
	if missing, ok := errors.AsType[*record.MissingKeyError](err); ok {
		s.Log.ErrorContext(ctx, "a request needs a key that is missing", slog.String("error", err.Error()))
		return &record.RefusalError{Reason: reasonSealKey, Detail: "a stored value does not open: " + missing.Error() + "; " + outcome(req)}
	}
	f, ok := fault.As(err)
	if errors.Is(err, context.DeadlineExceeded) || ok && (f.Kind == fault.Transient || f.Kind == fault.Canceled) {
		s.Log.ErrorContext(ctx, "a request could not be committed", slog.String("error", err.Error()))
		return &record.RefusalError{Reason: reasonUnavailable, Detail: outcome(req)}
	}
	s.Log.ErrorContext(ctx, "a request failed", slog.String("error", err.Error()))
	return defect(req)
}

// defect is a failure that is calweave's own.
func defect(req *http.Request) *record.RefusalError {
	return &record.RefusalError{Reason: reasonInternal, Detail: outcome(req) + "; the log has the cause under this request's id"}
}

// outcome says what is known of a request that was not refused and yet failed, and what to do. A transaction is committed as a whole or not at all, but
// which of the two is not known: the answer to a commit may have been lost as well as the commit.
func outcome(req *http.Request) string {
	const unknown = "nothing is half done, but it is not known whether this was stored: "
	switch req.Method {
	case http.MethodGet, http.MethodHead:
		return "nothing was to be changed: send the request again"
	case http.MethodPost:
		if req.Header.Get(headerIdempotency) != "" {
			return unknown + "send the same request again, with the same Idempotency-Key"
		}
		return unknown + "look before you send it again"
	default: // the version of a booking tells a repetition
		return unknown + "send the same request again"
	}
}
