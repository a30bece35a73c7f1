package tryout

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/calweave/calweave/internal/clock"
)

// The vector that the reference libraries of Standard Webhooks are tested with.
const (
	secret    = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	id        = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	at        = 1614265330
	body      = `{"test": 2432232314}`
	signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
)

func headers(changes ...string) http.Header {
	h := http.Header{}
	h.Set("Webhook-Id", id)
	h.Set("Webhook-Timestamp", strconv.Itoa(at))
	h.Set("Webhook-Signature", signature)
	for change := range slices.Chunk(changes, 2) {
		h.Set(change[0], change[1])
	}
	return h
}

func verifier(t *testing.T, now time.Time) *Verifier {
	t.Helper()
	v, err := NewVerifier(secret, DefaultTolerance, clock.NewManual(now))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Each way to be wrong is told from the others, and several are told at once.
func TestVerify(t *testing.T) {
	t.Parallel()
	const other = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	for name, c := range map[string]struct {
		late   time.Duration
		header http.Header
		body   string
		want   []string
	}{
		"valid":                     {0, headers(), body, nil},
		"as old as allowed":         {5 * time.Minute, headers(), body, nil},
		"as new as allowed":         {-5 * time.Minute, headers(), body, nil},
		"one of several signatures": {0, headers("Webhook-Signature", other+" v1a,xyz "+signature), body, nil},
		"too old":                   {5*time.Minute + time.Second, headers(), body, []string{"the timestamp is 5m1s old"}},
		"too new":                   {-time.Hour, headers(), body, []string{"the timestamp is 1h0m0s ahead"}},
		"no id":                     {0, headers("Webhook-Id", ""), body, []string{"webhook-id is missing"}},
		"no header":                 {0, http.Header{}, body, []string{"webhook-id is missing", "webhook-timestamp is missing", "webhook-signature is missing"}},
		"no number":                 {0, headers("Webhook-Timestamp", "2021-02-25T15:02:10Z"), body, []string{"webhook-timestamp is no number of seconds"}},
		"another secret":            {0, headers("Webhook-Signature", other), body, []string{"the signature is of another secret"}},
		"another id":                {0, headers("Webhook-Id", "msg_2"), body, []string{"the signature is of another secret, or of another id"}},
		"another body":              {0, headers(), `{"test": 2432232315}`, []string{"the signature is of another secret"}},
		"old and of another secret": {time.Hour, headers("Webhook-Signature", other), body, []string{"the timestamp is 1h0m0s old", "the signature is of another secret"}},
		"a line end":                {0, headers(), body + "\r\n", []string{"the body has a line end that was not signed"}},
		"asymmetric":                {0, headers("Webhook-Signature", "v1a,xyz"), body, []string{"webhook-signature has no v1 signature"}},
		"no version":                {0, headers("Webhook-Signature", strings.TrimPrefix(signature, "v1,")), body, []string{"webhook-signature has no v1 signature"}},
		"cut off":                   {0, headers("Webhook-Signature", signature[:30]), body, []string{"the v1 signature is not 32 bytes"}},
	} {
		got := verifier(t, time.Unix(at, 0).Add(c.late)).Verify(c.header, []byte(c.body))
		if len(got) != len(c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
			continue
		}
		for i, want := range c.want {
			if !strings.HasPrefix(got[i], want) {
				t.Errorf("%s: %q, want %q", name, got, c.want)
			}
		}
	}
}

// A body that a framework has written anew is recognised, which is the usual mistake of receivers.
func TestVerifyFormattedBody(t *testing.T) {
	t.Parallel()
	signer, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	made, err := signer.Sign(id, time.Unix(at, 0), []byte(`{"a":1,"b":[2]}`))
	if err != nil {
		t.Fatal(err)
	}
	got := verifier(t, time.Unix(at, 0)).Verify(headers("Webhook-Signature", made), []byte("{\n  \"a\": 1, \"b\": [2]\n}"))
	if len(got) != 1 || !strings.HasPrefix(got[0], "the body was formatted anew") {
		t.Errorf("%q", got)
	}
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]error{
		secret: nil, strings.TrimPrefix(secret, "whsec_"): nil, "": ErrNoSecret, "whsec_": ErrNoSecret, "whsk_AAAA": ErrAsymmetric, "whpk_AAAA": ErrAsymmetric,
		"whsec_hunter2!": ErrSecret,
	} {
		_, err := NewVerifier(s, DefaultTolerance, clock.System{})
		if !errors.Is(err, want) || err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v, want %v", s, err, want)
		}
	}
}

// What is sent is answered and told by what it is; nothing is told of what was not verified.
func TestListener(t *testing.T) {
	t.Parallel()
	var told []Heard
	now := time.Unix(at, 0)
	l := &Listener{Verifier: verifier(t, now), Status: http.StatusServiceUnavailable, Clock: clock.NewManual(now), Tell: func(h Heard) { told = append(told, h) }}
	long := strings.Repeat(" ", MaxBody)
	for name, c := range map[string]struct {
		method string
		header http.Header
		body   io.Reader
		status int
		wrong  string
	}{
		"valid":     {http.MethodPost, headers(), strings.NewReader(body), 503, ""},
		"not valid": {http.MethodPost, headers("Webhook-Id", "CANARY"), strings.NewReader("CANARY"), 400, "the signature is of another secret"},
		"no POST":   {http.MethodGet, headers(), http.NoBody, 405, "a message is a POST"},
		"longest":   {http.MethodPost, headers(), strings.NewReader(long), 400, "the signature is of another secret"},
		"too long":  {http.MethodPost, headers(), strings.NewReader(long + " "), 413, "longer than 1 MiB"},
		"broken":    {http.MethodPost, headers(), io.MultiReader(strings.NewReader(body), broken{}), 400, "did not arrive whole"},
	} {
		req := httptest.NewRequestWithContext(t.Context(), c.method, "/any/path", c.body)
		req.Header = c.header
		w := httptest.NewRecorder()
		told = nil
		l.ServeHTTP(w, req)
		if w.Code != c.status || len(told) != 1 || told[0].Answered != c.status || told[0].Verified != (c.wrong == "") || !told[0].At.Equal(now) {
			t.Errorf("%s: %d %+v", name, w.Code, told)
			continue
		}
		if c.wrong != "" && !strings.Contains(strings.Join(told[0].Wrong, ";"), c.wrong) {
			t.Errorf("%s: %+v", name, told[0])
		}
		raw, err := json.Marshal(told[0])
		if err != nil || bytes.Contains(raw, []byte("CANARY")) {
			t.Errorf("%s: %v %s", name, err, raw)
		}
		if c.wrong == "" && (told[0].ID != id || string(told[0].Message) != body) {
			t.Errorf("%s: %+v", name, told[0])
		}
	}
}

// A body that is verified and no JSON is told as a string.
func TestListenerToldNoJSON(t *testing.T) {
	t.Parallel()
	signer, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	made, err := signer.Sign(id, time.Unix(at, 0), []byte("hello\x1b"))
	if err != nil {
		t.Fatal(err)
	}
	var told Heard
	now := time.Unix(at, 0)
	l := &Listener{Verifier: verifier(t, now), Status: http.StatusNoContent, Clock: clock.NewManual(now), Tell: func(h Heard) { told = h }}
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader("hello\x1b"))
	req.Header = headers("Webhook-Signature", made)
	l.ServeHTTP(httptest.NewRecorder(), req)
	if string(told.Message) != `"hello\u001b"` || told.Type != "" || !told.Verified {
		t.Errorf("%+v", told)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
