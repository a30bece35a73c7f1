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
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pact-foundation/pact-go/v2/consumer"
	"github.com/pact-foundation/pact-go/v2/matchers"
)

// scene is one call of a consumer and the exchanges that it leads to.
type scene struct {
	// act makes the call through httpc and fails unless its outcome is what the consumer makes of the answers.
	act   func(ctx context.Context, httpc *http.Client) error
	steps []step
}

// step is one exchange of a scene, which becomes one interaction. What is asked is not written down: it is what the consumer sends.
type step struct {
	name  string
	state state
	reply reply
}

// state is what has to be so at the provider before it is asked.
type state struct{ name string }

// reply is the part of an answer that the consumer relies on.
type reply struct {
	status int
	header map[string]any // strings or matchers
	body   any
	// text is a body that is no JSON.
	text string
}

// one is a scene of a single exchange.
func one(name string, s state, r reply, act func(context.Context, *http.Client) error) scene {
	return scene{act: act, steps: []step{{name: name, state: s, reply: r}}}
}

// httpEdge is one pact over HTTP.
type httpEdge struct {
	edge
	scenes []scene
}

// make runs all scenes against Pact's mock server, which writes the pact into dir.
func (e httpEdge) make(t *testing.T, dir string) {
	t.Helper()
	mock, err := consumer.NewV4Pact(consumer.MockHTTPProviderConfig{Consumer: e.Consumer, Provider: e.Provider, PactDir: dir, LogDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range e.scenes {
		e.play(t, mock, s)
	}
}

func (e httpEdge) play(t *testing.T, mock *consumer.V4HTTPMockProvider, s scene) {
	t.Helper()
	name := s.steps[0].name
	asked := &rehearsal{steps: s.steps}
	if err := s.act(t.Context(), &http.Client{Transport: asked}); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if len(asked.requests) != len(s.steps) {
		t.Fatalf("%s: %d requests instead of %d", name, len(asked.requests), len(s.steps))
	}
	var last *consumer.V4InteractionWithResponse
	for i, st := range s.steps {
		last = e.declare(t, mock, asked.requests[i], st)
	}
	err := last.ExecuteTest(t, func(at consumer.MockServerConfig) error {
		return s.act(t.Context(), &http.Client{Transport: redirected{fmt.Sprintf("%s:%d", at.Host, at.Port)}})
	})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// declare tells the mock server of one exchange: what was asked in the rehearsal, and what is answered.
func (e httpEdge) declare(t *testing.T, mock *consumer.V4HTTPMockProvider, r sent, s step) *consumer.V4InteractionWithResponse {
	t.Helper()
	given := mock.AddInteraction().UponReceiving(s.name)
	if s.state.name != "" {
		given = given.Given(s.state.name)
	}
	return given.WithRequest(consumer.Method(r.method), r.path, func(b *consumer.V4RequestBuilder) {
		for name, values := range r.query {
			for _, value := range values {
				b.Query(name, matchers.S(value))
			}
		}
		for name, value := range e.relied(r.header) {
			b.Header(name, value)
		}
		describeBody(t, r, b)
	}).WillRespondWith(s.reply.status, func(b *consumer.V4ResponseBuilder) {
		for name, value := range s.reply.headers() {
			b.Header(name, matcherOf(value))
		}
		switch {
		case s.reply.body != nil:
			b.JSONBody(s.reply.body)
		case s.reply.text != "":
			b.Body("text/plain", []byte(s.reply.text))
		}
	})
}

func describeBody(t *testing.T, r sent, b *consumer.V4RequestBuilder) {
	t.Helper()
	if len(r.body) == 0 {
		return
	}
	kind := r.header.Get("Content-Type")
	if !strings.HasPrefix(kind, "application/json") {
		b.Body(kind, r.body)
		return
	}
	var doc any
	if err := json.Unmarshal(r.body, &doc); err != nil {
		t.Fatalf("%s %s: %v", r.method, r.path, err)
	}
	b.JSONBody(doc)
}

// relied are the headers of a request that mean something to the provider.
func (e httpEdge) relied(h http.Header) map[string]matchers.Matcher {
	out := map[string]matchers.Matcher{}
	for _, name := range e.Headers {
		value := h.Get(name)
		switch {
		case value == "":
		case name == "Authorization":
			out[name] = matchers.Term(value, "Bearer .+")
		default:
			out[name] = matchers.Equality(value) // as an object: a bare string with quotes is escaped twice
		}
	}
	return out
}

func matcherOf(value any) matchers.Matcher {
	if m, ok := value.(object); ok {
		pattern, _ := m["regex"].(string)
		example, _ := m[valueKey].(string)
		return matchers.Term(example, pattern)
	}
	text, _ := value.(string)
	return matchers.S(text)
}

// headers are those of the reply; a body of JSON says that it is JSON.
func (r reply) headers() map[string]any {
	out := map[string]any{}
	if r.body != nil {
		out["Content-Type"] = matching(`application/(problem\+)?json.*`, "application/json; charset=utf-8")
	}
	for name, value := range r.header {
		out[name] = value
	}
	return out
}

// sent is a request that a consumer has sent.
type sent struct {
	method, path string
	query        map[string][]string
	header       http.Header
	body         []byte
}

// rehearsal answers with the examples of the steps in turn and keeps what it was asked.
type rehearsal struct {
	steps    []step
	requests []sent
}

func (r *rehearsal) RoundTrip(req *http.Request) (*http.Response, error) {
	n := len(r.requests)
	if n >= len(r.steps) {
		return nil, fmt.Errorf("request %d, %s %s, is one too many", n+1, req.Method, req.URL.Path)
	}
	var body []byte
	if req.Body != nil {
		var err error
		if body, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
	}
	r.requests = append(r.requests, sent{req.Method, req.URL.EscapedPath(), req.URL.Query(), req.Header, body})
	return r.steps[n].reply.response(req)
}

func (r reply) response(req *http.Request) (*http.Response, error) {
	raw := []byte(r.text)
	if r.body != nil {
		var err error
		if raw, err = json.Marshal(exampleOf(r.body)); err != nil {
			return nil, err
		}
	}
	header := http.Header{}
	for name, value := range r.headers() {
		text, ok := exampleOf(value).(string)
		if !ok {
			return nil, errors.New("a header is no string")
		}
		header.Set(name, text)
	}
	return &http.Response{
		StatusCode: r.status, Status: http.StatusText(r.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(bytes.NewReader(raw)), ContentLength: int64(len(raw)), Request: req,
	}, nil
}

// redirected sends every request to one address, so that consumers run with the addresses that they have in production.
type redirected struct{ to string }

func (r redirected) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.URL.Scheme, req.URL.Host = "http", r.to
	return http.DefaultTransport.RoundTrip(req)
}

var errOutput = errors.New("it has failed beside what was verified: the output of the run says why")

// fresh makes an edge's pact anew and compares it with the committed one, which -update writes. It returns the committed file's path.
func fresh(t *testing.T, e edge, make func(t *testing.T, dir string)) string {
	t.Helper()
	t.Cleanup(func() { // a consumer that has failed before anything was verified is in the report as well
		if t.Failed() && !book.of(e).Failed() {
			book.failed(e, errOutput)
		}
	})
	dir := t.TempDir()
	make(t, dir)
	name := e.file()
	got, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(name, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatalf("%v: make it with scripts/pact go test -tags pact ./contracts/pacts -update", err)
	}
	if !bytes.Equal(got, want) {
		err := fmt.Errorf("contracts/pacts/%s is stale, for calweave or a consumer behaves differently now: write it anew with -update and read the difference", name)
		book.failed(e, err)
		t.Error(err)
	}
	return name
}
