package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/record"
)

// Requests remembers requests by their idempotency keys.
type Requests interface {
	// ClaimRequest asks for the right to carry a request out, in the context that it returns.
	ClaimRequest(ctx context.Context, tenant cal.TenantID, r record.Request) (context.Context, record.RequestClaim, error)
	// SettleRequest stores what a request was answered.
	SettleRequest(ctx context.Context, tenant cal.TenantID, c record.RequestClaim, a record.Answer) error
	// GiveBackRequest lets a request that has changed nothing be tried anew.
	GiveBackRequest(ctx context.Context, tenant cal.TenantID, c record.RequestClaim) error
}

const (
	headerIdempotency = "Idempotency-Key"
	headerReplayed    = "Idempotency-Replayed"
)

// repeatable are the headers of an answer that belong to it, and not to the request that it was first given to.
func repeatable() []string { return []string{"Content-Type", "Etag", "Location"} }

// once carries a request with an idempotency key out once, and answers its repetitions as it was answered. What was refused has changed nothing, and
// may be sent again corrected, under the same key.
func (s *Server) once(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := r.Header.Get(headerIdempotency)
		if key == "" || r.Method == http.MethodGet || r.Method == http.MethodHead {
			next.ServeHTTP(w, r)
			return
		}
		asked, err := fingerprint(r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		ctx, claim, err := s.Requests.ClaimRequest(r.Context(), identity(r.Context()).Tenant, record.Request{Key: key, Fingerprint: asked})
		if err == nil {
			err = unclaimed(claim.State)
		}
		switch {
		case err != nil:
			s.fail(w, r, err)
		case claim.State == record.RequestAnswered:
			w.Header().Set(headerReplayed, "true")
			send(w, claim.Answer)
		default:
			s.carryOut(ctx, claim, next, w, r)
		}
	})
}

// fingerprint stands for all that a request asks for.
func fingerprint(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	h := sha256.New()
	for _, part := range []string{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, r.Header.Get("If-Match"), string(body)} {
		_, _ = fmt.Fprintf(h, "%d:%s", len(part), part) // a hash takes all
	}
	return h.Sum(nil), nil
}

// unclaimed says why a request is not to be carried out.
func unclaimed(state record.RequestState) error {
	switch state {
	case record.RequestOther:
		return refuse(reasonKeyReused, "this Idempotency-Key came with another request before: give each request a key of its own")
	case record.RequestElsewhere:
		return record.ErrTaken
	case record.RequestUnanswered:
		return refuse(reasonUnanswered, "this request was carried out, and its answer was lost: read what it was to change")
	default:
		return nil
	}
}

// carryOut answers only once the answer is stored. Whether the caller still waits for it makes no difference.
func (s *Server) carryOut(ctx context.Context, claim record.RequestClaim, next http.Handler, w http.ResponseWriter, r *http.Request) {
	outer, tenant := context.WithoutCancel(ctx), identity(ctx).Tenant
	answer := &kept{header: http.Header{}}
	settled := false
	defer func() {
		if settled {
			return
		}
		if err := s.Requests.GiveBackRequest(outer, tenant, claim); err != nil {
			s.Log.ErrorContext(outer, "a request could not be given back: its key can be used again in a minute", slog.String("error", err.Error()))
		}
	}()
	next.ServeHTTP(answer, r.WithContext(ctx))
	if answer.status < http.StatusBadRequest {
		settled = true
		if err := s.Requests.SettleRequest(outer, tenant, claim, answer.record()); err != nil {
			s.Log.ErrorContext(outer, "the answer to a request could not be stored: a repetition will be told so", slog.String("error", err.Error()))
		}
	}
	maps.Copy(w.Header(), answer.header)
	w.WriteHeader(answer.status)
	_, _ = w.Write(answer.body.Bytes()) // the caller has hung up
}

// kept is an answer that is not sent yet.
type kept struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (k *kept) Header() http.Header { return k.header }

func (k *kept) WriteHeader(status int) {
	if k.status == 0 {
		k.status = status
	}
}

func (k *kept) Write(p []byte) (int, error) {
	k.WriteHeader(http.StatusOK)
	return k.body.Write(p)
}

func (k *kept) record() record.Answer {
	a := record.Answer{Status: k.status, Header: map[string]string{}, Body: k.body.Bytes()}
	for _, name := range repeatable() {
		if v := k.header.Get(name); v != "" {
			a.Header[name] = v
		}
	}
	return a
}

// send answers as before.
func send(w http.ResponseWriter, a record.Answer) {
	for name, value := range a.Header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body) // the caller has hung up
}
