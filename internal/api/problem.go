package api

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/record"
)

// ProblemBase is what the type of every problem begins with; the rest is its reason, which is an anchor of that page.
const ProblemBase = "https://github.com/calweave/calweave/blob/main/docs/problems.md#"

// The reasons that only HTTP knows.
const (
	reasonUnauthorized record.Reason = "unauthorized"
	reasonNotFound     record.Reason = "not-found"
	reasonMethod       record.Reason = "method-not-allowed"
	reasonTooLarge     record.Reason = "too-large"
	reasonMediaType    record.Reason = "unsupported-media-type"
	reasonUnavailable  record.Reason = "unavailable"
	reasonInternal     record.Reason = "internal"
	reasonProvider     record.Reason = "provider-not-configured"
	reasonEndpoint     record.Reason = "endpoint-unusable"
	reasonLimit        record.Reason = "limit-reached"
)

// Meaning is what a reason means on HTTP.
type Meaning struct {
	Status int
	Title  string
}

// Meanings is the one table from a reason to a status.
func Meanings() map[record.Reason]Meaning {
	return map[record.Reason]Meaning{
		record.ReasonMalformed:    {http.StatusBadRequest, "The document is no JSON"},
		record.ReasonInvalid:      {http.StatusUnprocessableEntity, "The request is not what the contract says"},
		record.ReasonSuperseded:   {http.StatusConflict, "A newer version is known"},
		record.ReasonReused:       {http.StatusConflict, "The version is known with other content"},
		record.ReasonDiverged:     {http.StatusConflict, "A person's change awaits a decision"},
		record.ReasonUndiverged:   {http.StatusConflict, "Nothing awaits a decision"},
		record.ReasonAmbiguous:    {http.StatusConflict, "Several changes await a decision"},
		record.ReasonUnacceptable: {http.StatusConflict, "The change cannot be accepted"},
		record.ReasonRevision:     {http.StatusPreconditionFailed, "The booking is at another revision"},
		record.ReasonUnknown:      {http.StatusNotFound, "There is no such booking"},
		record.ReasonCalendar:     {http.StatusUnprocessableEntity, "A target cannot be used"},
		record.ReasonNotify:       {http.StatusUnprocessableEntity, "The provider cannot notify that way"},
		reasonUnauthorized:        {http.StatusUnauthorized, "The API key is missing or not in force"},
		reasonNotFound:            {http.StatusNotFound, "There is no such thing"},
		reasonMethod:              {http.StatusMethodNotAllowed, "The method is not allowed here"},
		reasonTooLarge:            {http.StatusRequestEntityTooLarge, "The body is too large"},
		reasonMediaType:           {http.StatusUnsupportedMediaType, "The body is not JSON"},
		reasonUnavailable:         {http.StatusServiceUnavailable, "Nothing can be committed at the moment"},
		reasonInternal:            {http.StatusInternalServerError, "Something went wrong on our side"},
		reasonProvider:            {http.StatusUnprocessableEntity, "The provider is not configured"},
		reasonEndpoint:            {http.StatusUnprocessableEntity, "The URL cannot be used"},
		reasonLimit:               {http.StatusConflict, "The limit is reached"},
	}
}

func refuse(reason record.Reason, detail string, problems ...message.Problem) error {
	return &record.RefusalError{Reason: reason, Detail: detail, Problems: problems}
}

// document is a problem as it is sent.
type document struct {
	Type      string            `json:"type"`
	Title     string            `json:"title"`
	Status    int               `json:"status"`
	Detail    string            `json:"detail"`
	RequestID string            `json:"request_id,omitempty"`
	Problems  []message.Problem `json:"problems,omitempty"`
}

// fail answers with the problem that err is. What is wrong on our side is logged, and told without its cause.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	refusal := s.refusal(r, err)
	m := Meanings()[refusal.Reason]
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	switch refusal.Reason { //nolint:exhaustive // the other problems need no header
	case reasonUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="calweave"`)
	case reasonUnavailable:
		h.Set("Retry-After", strconv.Itoa(retrySeconds))
	}
	raw, err := json.Marshal(document{
		Type: ProblemBase + string(refusal.Reason), Title: m.Title, Status: m.Status, Detail: refusal.Detail,
		RequestID: requestID(r.Context()), Problems: refusal.Problems,
	})
	if err != nil {
		raw = []byte("{}")
	}
	w.WriteHeader(m.Status)
	_, _ = w.Write(raw) // the caller has hung up
}

// retrySeconds is when a caller should come back after 503.
const retrySeconds = 2

func (s *Server) refusal(req *http.Request, err error) *record.RefusalError {
	if r, ok := errors.AsType[*record.RefusalError](err); ok {
		return r
	}
	if errors.Is(err, record.ErrNotFound) {
		return &record.RefusalError{Reason: reasonNotFound, Detail: "this tenant has nothing of that name"}
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &record.RefusalError{Reason: reasonTooLarge, Detail: "a body may have 256 KiB at the most"}
	}
	ctx := req.Context()
	if f, ok := fault.As(err); ok && (f.Kind == fault.Transient || f.Kind == fault.Canceled) {
		s.Log.ErrorContext(ctx, "a request could not be committed", slog.String("error", err.Error()))
		return &record.RefusalError{Reason: reasonUnavailable, Detail: outcome(req.Method)}
	}
	s.Log.ErrorContext(ctx, "a request failed", slog.String("error", err.Error()))
	return defect(req)
}

// defect is a failure that is calweave's own.
func defect(req *http.Request) *record.RefusalError {
	return &record.RefusalError{Reason: reasonInternal, Detail: outcome(req.Method) + "; the log has the cause under this request's id"}
}

// outcome says what is known of a request that was not refused and yet failed, and what to do. A transaction is committed as a whole or not at all, but
// which of the two is not known: the answer to a commit may have been lost as well as the commit.
func outcome(method string) string {
	const unknown = "nothing is half done, but it is not known whether this was stored: "
	switch method {
	case http.MethodGet, http.MethodHead:
		return "nothing was to be changed: send the request again"
	case http.MethodPost:
		return unknown + "look before you send it again"
	default: // the version of a booking tells a repetition
		return unknown + "send the same request again"
	}
}
