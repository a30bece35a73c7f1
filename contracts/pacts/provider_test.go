//go:build pact

package pacts_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pact-foundation/pact-go/v2/message"
	"github.com/pact-foundation/pact-go/v2/models"
	"github.com/pact-foundation/pact-go/v2/provider"
)

// setup brings a state about. It returns what a request of this run has to say in the place of an example's words, such as an ETag.
type setup func() (words map[string]string, err error)

// providerSide is the side of an edge that is verified.
type providerSide struct {
	states map[string]setup
	// handler answers requests; it may be another one after each setup.
	handler func() http.Handler
	// messages make messages, by their description.
	messages message.Handlers
	// filter changes a request after its words are in place, as a consumer would have made it now: a signature that holds the time, for instance.
	filter func(*http.Request, []byte)
	// clean ends what a setup has begun; nil for nothing.
	clean func()
}

// pactFile is a pact, read as far as is needed here.
type pactFile struct {
	Consumer     json.RawMessage   `json:"consumer"`
	Interactions []json.RawMessage `json:"interactions"`
	Metadata     json.RawMessage   `json:"metadata"`
	Provider     json.RawMessage   `json:"provider"`
}

// interaction is one of a pact's, read as far as is needed here.
type interaction struct {
	Description string `json:"description"`
	States      []struct {
		Name string `json:"name"`
	} `json:"providerStates"`
	Type     string `json:"type"`
	Response struct {
		Status  int                 `json:"status"`
		Headers map[string][]string `json:"headers"`
		Body    struct {
			Content any `json:"content"`
		} `json:"body"`
	} `json:"response"`
	Contents struct {
		Content any `json:"content"`
	} `json:"contents"`
	Metadata map[string]string `json:"metadata"`
	raw      json.RawMessage
}

func (i interaction) stateNames() []string {
	var names []string
	for _, s := range i.States {
		names = append(names, s.Name)
	}
	return names
}

// readPact reads a pact and refuses one that could pass by accident: with no interaction, another number of them than expected, or a state that
// nobody brings about.
func readPact(path string, want int, side *providerSide) (pactFile, []interaction, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return pactFile{}, nil, err
	}
	var file pactFile
	if err := json.Unmarshal(raw, &file); err != nil {
		return pactFile{}, nil, err
	}
	var all []interaction
	for _, raw := range file.Interactions {
		i := interaction{raw: raw}
		if err := json.Unmarshal(raw, &i); err != nil {
			return pactFile{}, nil, err
		}
		if err := side.knows(i); err != nil {
			return pactFile{}, nil, err
		}
		all = append(all, i)
	}
	if len(all) == 0 || len(all) != want {
		return pactFile{}, nil, fmt.Errorf("%w: %s has %d, and %d are expected", errCount, path, len(all), want)
	}
	return file, all, nil
}

var (
	errCount   = errors.New("the number of interactions is wrong")
	errState   = errors.New("a state has no handler")
	errMessage = errors.New("a message has no maker")
	errUnasked = errors.New("the provider was never asked")
)

func (p *providerSide) knows(i interaction) error {
	for _, name := range i.stateNames() {
		if p.states[name] == nil {
			return fmt.Errorf("%w: %q, of %q", errState, name, i.Description)
		}
	}
	if strings.Contains(i.Type, "Messages") && p.messages[i.Description] == nil {
		return fmt.Errorf("%w: %q", errMessage, i.Description)
	}
	return nil
}

// verdict is what became of one verification.
type verdict struct {
	err  error
	diff string
	took time.Duration
}

// noticed reports whether the verifier has found an answer to be another than the pact's. All else that fails says nothing about the answer.
func (v verdict) noticed() bool { return errors.Is(v.err, provider.ErrVerificationFailed) }

// run is one verification of one interaction.
type run struct {
	side  *providerSide
	spoil func(*answer) // breaks the provider's answer; nil for none
	words map[string]string
	asked int
	set   int
	// failed is why a state could not be brought about.
	failed error
}

// verify verifies one interaction of a pact against the provider, whose answers pass spoil first.
func (p *providerSide) verify(t *testing.T, file pactFile, i interaction, spoil func(*answer)) (v verdict) {
	t.Helper()
	file.Interactions = []json.RawMessage{i.raw}
	raw, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "pact.json")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	r := &run{side: p, spoil: spoil, words: map[string]string{}}
	server := httptest.NewServer(r)
	defer server.Close()
	began := time.Now()
	v.diff = captured(t, func() {
		v.err = provider.NewVerifier().VerifyProvider(t, provider.VerifyRequest{
			ProviderBaseURL: server.URL, Provider: "provider", PactFiles: []string{path}, StateHandlers: r.states(i), MessageHandlers: r.makers(i),
			FailIfNoPactsFound: true, DisableColoredOutput: true, SoftFail: true, RequestTimeout: 30 * time.Second,
		})
	})
	v.took = time.Since(began)
	if p.clean != nil {
		p.clean()
	}
	switch {
	case r.failed != nil:
		v.err = r.failed
	case v.err == nil && r.asked == 0:
		v.err = errUnasked
	case v.err == nil && r.set != len(i.States):
		v.err = errState
	}
	v.diff = tidy(v.diff)
	return v
}

func (r *run) states(i interaction) models.StateHandlers {
	handlers := models.StateHandlers{}
	for _, name := range i.stateNames() {
		handlers[name] = func(begin bool, _ models.ProviderState) (models.ProviderStateResponse, error) {
			if !begin {
				return nil, nil //nolint:nilnil // nothing to say
			}
			r.set++
			words, err := r.side.states[name]()
			maps.Copy(r.words, words)
			r.failed = errors.Join(r.failed, err)
			return nil, nil //nolint:nilnil // of an error the verifier would ask again and again, with longer and longer waits
		}
	}
	return handlers
}

func (r *run) makers(i interaction) message.Handlers {
	maker := r.side.messages[i.Description]
	if maker == nil {
		return nil
	}
	return message.Handlers{i.Description: func(s []models.ProviderState) (message.Body, message.Metadata, error) {
		r.asked++
		body, meta, err := maker(s)
		r.failed = errors.Join(r.failed, err)
		if err != nil || r.spoil == nil {
			return body, meta, err
		}
		raw, err := json.Marshal(body)
		if err != nil {
			return nil, nil, err
		}
		a := answer{header: http.Header{}, body: raw}
		for name, value := range meta {
			a.header[name] = []string{fmt.Sprint(value)}
		}
		r.spoil(&a)
		out := message.Metadata{}
		for name, values := range a.header {
			out[name] = values[0]
		}
		return json.RawMessage(a.body), out, nil
	}}
}

// ServeHTTP puts this run's words in the place of the examples' and asks the provider.
func (r *run) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.asked++
	body, err := io.ReadAll(req.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	body = []byte(r.replaced(string(body)))
	next := req.Clone(req.Context())
	next.URL.Path, next.URL.RawPath, next.URL.RawQuery = r.replaced(req.URL.Path), "", ""
	query := req.URL.Query()
	for _, values := range query {
		for n := range values {
			values[n] = r.replaced(values[n])
		}
	}
	next.URL.RawQuery = query.Encode()
	for _, values := range next.Header {
		for n := range values {
			values[n] = r.replaced(values[n])
		}
	}
	if r.side.filter != nil {
		r.side.filter(next, body)
	}
	next.Body, next.ContentLength, next.RequestURI = io.NopCloser(bytes.NewReader(body)), int64(len(body)), next.URL.RequestURI()
	next.Header.Del("Accept-Encoding")
	rec := httptest.NewRecorder()
	r.side.handler().ServeHTTP(rec, next)
	a := answer{status: rec.Code, header: rec.Header(), body: rec.Body.Bytes()}
	if r.spoil != nil {
		r.spoil(&a)
	}
	a.header.Del("Content-Length")
	maps.Copy(w.Header(), a.header)
	if _, typed := a.header["Content-Type"]; !typed {
		w.Header()["Content-Type"] = nil // otherwise net/http would guess one
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

func (r *run) replaced(s string) string {
	for _, example := range slices.SortedFunc(maps.Keys(r.words), func(a, b string) int { return len(b) - len(a) }) {
		s = strings.ReplaceAll(s, example, r.words[example])
	}
	return s
}

// captured returns what fn has written to the process's standard output, where libpact_ffi writes its differences.
func captured(t *testing.T, fn func()) string {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "out")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	saved, err := syscall.Dup(1)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Dup3(int(f.Fd()), 1, 0); err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(saved)
	func() {
		defer func() { _ = syscall.Dup3(saved, 1, 0) }()
		fn()
	}()
	raw, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

var ansi = regexp.MustCompile("\x1b\\[[0-9;]*m")

// tidy is the part of the verifier's output that says what does not fit.
func tidy(out string) string {
	out = ansi.ReplaceAllString(out, "")
	_, failures, found := strings.Cut(out, "Failures:\n")
	if !found {
		return strings.TrimSpace(out)
	}
	failures, _, _ = strings.Cut(failures, "There were ")
	return margins(strings.TrimSpace(failures))
}
