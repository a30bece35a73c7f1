package google

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/fault"
)

const canary = "canary-7f3a"

// TestHostileAnswers sends odd answers to every operation: each is one attempt and one *fault.Error that repeats nothing of the answer.
func TestHostileAnswers(t *testing.T) {
	t.Parallel()
	long := strings.Repeat(canary+" ", 10_000)
	tests := []struct {
		name   string
		status int
		header map[string]string
		answer string
		want   fault.Kind
	}{
		{"html 502", 502, map[string]string{"Content-Type": "text/html"}, "<html>" + canary + "</html>", fault.Transient},
		{"html 403", 403, map[string]string{"Content-Type": "text/html"}, "<html>" + canary + "</html>", fault.Transient},
		{"empty 500", 500, nil, "", fault.Transient},
		{"empty object 503", 503, nil, "{}", fault.Transient},
		{"empty error 401", 401, nil, `{"error":{}}`, fault.Unauthorized},
		{"odd error 400", 400, nil, `{"error":"` + canary + `"}`, fault.Invalid},
		{"long message", 403, nil, `{"error":{"code":403,"message":"` + long + `","errors":[{"reason":"forbiddenForNonOrganizer"}]}}`, fault.Forbidden},
		{"long reason", 400, nil, `{"error":{"code":400,"message":"m","errors":[{"reason":"` + long + `"}]}}`, fault.Invalid},
		{"rate limit", 429, nil, `{"error":{"code":429,"message":"` + canary + `","errors":[{"reason":"rateLimitExceeded"}]}}`, fault.RateLimited},
		{"backend error", 503, nil, `{"error":{"code":503,"message":"` + canary + `","errors":[{"reason":"backendError"}]}}`, fault.Transient},
		{"redirect", 302, map[string]string{"Location": "http://127.0.0.1:1/" + canary}, "", fault.Transient},
	}
	for _, tt := range tests {
		for _, op := range operations() {
			t.Run(tt.name+"/"+op.name, func(t *testing.T) {
				t.Parallel()
				var calls atomic.Int64
				client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					calls.Add(1)
					for name, value := range tt.header {
						w.Header().Set(name, value)
					}
					w.WriteHeader(tt.status)
					_, _ = io.WriteString(w, tt.answer)
				}))
				err := op.run(t.Context(), client)
				want := tt.want
				if op.name == "close" && want == fault.Invalid {
					want = fault.NotFound // whatever is wrong, there is nothing to end
				}
				f, ok := fault.As(err)
				if !ok || f.Kind != want || f.Status != tt.status {
					t.Errorf("got %#v, want %s %d", err, want, tt.status)
				}
				if err != nil && (strings.Contains(err.Error(), canary) || len(err.Error()) > 300) {
					t.Errorf("the error repeats the answer: %.400s", err)
				}
				if n := calls.Load(); n != 1 {
					t.Errorf("%d attempts, want 1", n)
				}
			})
		}
	}
}

// TestUnreadableSuccess sends 200 with what is no answer: the write may have happened, so it is Transient, and never an empty success.
func TestUnreadableSuccess(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{"", "<html>" + canary + "</html>", `{"items":[{"id":`, `{"id":"abc01","start":{"dateTi`, `[]`, `"` + canary + `"`, `{"id":7,"items":"x"}`} {
		for _, op := range operations() {
			if op.name == "delete" || op.name == "close" {
				continue // they have no answer to read
			}
			t.Run(answer+"/"+op.name, func(t *testing.T) {
				t.Parallel()
				client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", "application/json")
					_, _ = io.WriteString(w, answer)
				}))
				err := op.run(t.Context(), client)
				if !fault.Is(err, fault.Transient) {
					t.Errorf("got %v, want %s", err, fault.Transient)
				}
				if err != nil && strings.Contains(err.Error(), canary) {
					t.Errorf("the error repeats the answer: %v", err)
				}
			})
		}
	}
}

// TestTooLongAnswer checks that an answer without an end is given up.
func TestTooLongAnswer(t *testing.T) {
	t.Parallel()
	client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		chunk := strings.Repeat(" ", 1<<16)
		for range maxRefusal>>16 + 4 {
			_, _ = io.WriteString(w, chunk)
		}
	}))
	_, err := client.ReadEvent(t.Context(), ref)
	if f, ok := fault.As(err); !ok || f.Status != http.StatusForbidden {
		t.Errorf("got %v", err)
	}
}

func TestBoundedBody(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		limit int64
		want  error
	}{{4, fault.ErrTooLarge}, {5, nil}, {6, nil}} {
		b := &boundedBody{ReadCloser: io.NopCloser(strings.NewReader("12345")), left: tt.limit}
		if _, err := io.ReadAll(b); !errors.Is(err, tt.want) {
			t.Errorf("limit %d: %v, want %v", tt.limit, err, tt.want)
		}
	}
}

// TestCancellation ends the context of each operation while its request is under way, and before.
func TestCancellation(t *testing.T) {
	t.Parallel()
	for _, op := range operations() {
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			arrived := make(chan struct{})
			client := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				close(arrived)
				_, _ = io.Copy(io.Discard, r.Body) // the server notices a closed connection only once the body is read
				<-r.Context().Done()
			}))
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				<-arrived
				cancel()
			}()
			if err := op.run(ctx, client); !fault.Is(err, fault.Canceled) {
				t.Errorf("cancelled under way: %v", err)
			}
			if err := op.run(ctx, client); !fault.Is(err, fault.Canceled) {
				t.Errorf("cancelled before: %v", err)
			}
			past, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
			defer cancel()
			if err := op.run(past, client); !fault.Is(err, fault.Transient) {
				t.Errorf("too late: %v", err)
			}
		})
	}
}

// TestTransportFault checks that what the given transport decides reaches the caller with the operation's name.
func TestTransportFault(t *testing.T) {
	t.Parallel()
	decided := fault.Newf(fault.NeedsReauth, "authorise", "the grant is dead")
	httpc := &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) { return nil, decided })}
	for _, op := range operations() {
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			f, ok := fault.As(op.run(t.Context(), open(t, "http://127.0.0.1:1", httpc)))
			if !ok || f.Kind != fault.NeedsReauth || !strings.HasPrefix(f.Op, "google: ") || decided.Op != "authorise" {
				t.Errorf("got %v", f)
			}
		})
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestLostConnection checks that no answer is Transient and that the error does not show the address.
func TestLostConnection(t *testing.T) {
	t.Parallel()
	for _, op := range operations() {
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				conn, _, err := http.NewResponseController(w).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				_ = conn.Close()
			}))
			err := op.run(t.Context(), client)
			if !fault.Is(err, fault.Transient) || strings.Contains(err.Error(), "127.0.0.1") || strings.Contains(err.Error(), "?") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestTooLargeAnswer checks that a caller can tell an answer that is too large from others that cannot be read, whoever has cut it off.
func TestTooLargeAnswer(t *testing.T) {
	t.Parallel()
	httpc := &http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
		body := &boundedBody{ReadCloser: io.NopCloser(strings.NewReader(strings.Repeat(" ", 100))), left: 50}
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: body, Request: req}, nil
	})}
	for _, op := range operations() {
		if op.name == "delete" || op.name == "close" {
			continue // they have no answer to read
		}
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			if err := op.run(t.Context(), open(t, "http://127.0.0.1:1", httpc)); !fault.Is(err, fault.Transient) || !errors.Is(err, fault.ErrTooLarge) {
				t.Errorf("got %v", err)
			}
		})
	}
}
