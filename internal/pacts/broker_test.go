package pacts_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/pacts"
)

// stub is a Pact Broker as its documentation describes it: pacts by consumer, provider and version, and results of each.
type stub struct {
	mu       sync.Mutex
	server   *httptest.Server
	contents map[string]string // by the path of the pact
	results  map[string][]string
	branches []string
	calls    []string
	// fail answers a call in place of the broker.
	fail func(w http.ResponseWriter, r *http.Request) bool
}

func newStub(t *testing.T) *stub {
	t.Helper()
	s := &stub{contents: map[string]string{}, results: map[string][]string{}}
	s.server = httptest.NewServer(s)
	t.Cleanup(s.server.Close)
	return s
}

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, r.Method+" "+r.URL.Path)
	if s.fail != nil && s.fail(w, r) {
		return
	}
	path, isResult := strings.CutSuffix(r.URL.Path, "/verification-results")
	switch {
	case r.Header.Get("Authorization") != "Bearer secret-token":
		w.WriteHeader(http.StatusUnauthorized)
	case r.URL.Path == "/sub":
		s.links(w, "pb:publish-contracts", "/sub/contracts/publish")
	case r.Method == http.MethodPost && r.URL.Path == "/sub/contracts/publish":
		s.publish(w, r)
	case r.Method == http.MethodPut && strings.Contains(path, "/branches/"):
		s.branches = append(s.branches, path)
	case r.Method == http.MethodPost && isResult && s.contents[path] != "":
		var in map[string]any
		if json.NewDecoder(r.Body).Decode(&in) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		s.results[path] = append(s.results[path], fmt.Sprint(in["success"], " ", in["providerApplicationVersion"], " ", in["buildUrl"]))
		w.WriteHeader(http.StatusCreated)
	case r.Method == http.MethodGet && s.contents[path] != "":
		s.links(w, "pb:publish-verification-results", path+"/verification-results")
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (s *stub) links(w http.ResponseWriter, relation, path string) {
	w.Header().Set("Content-Type", "application/hal+json")
	links := map[string]map[string]map[string]string{"_links": {relation: {"href": s.server.URL + path}}}
	if err := json.NewEncoder(w).Encode(links); err != nil {
		s.calls = append(s.calls, err.Error())
	}
}

func (s *stub) publish(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Name      string `json:"pacticipantName"`
		Version   string `json:"pacticipantVersionNumber"`
		Contracts []struct {
			Consumer, Provider, Specification, ContentType, Content string
			ConsumerName                                            string `json:"consumerName"`
			ProviderName                                            string `json:"providerName"`
		} `json:"contracts"`
	}
	raw, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(raw, &in) != nil || len(in.Contracts) != 1 || in.Contracts[0].ConsumerName != in.Name ||
		in.Contracts[0].Specification != "pact" || in.Contracts[0].ContentType != "application/json" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	content, err := base64.StdEncoding.DecodeString(in.Contracts[0].Content)
	at := "/sub/pacts/provider/" + in.Contracts[0].ProviderName + "/consumer/" + in.Name + "/version/" + in.Version
	switch known := s.contents[at]; {
	case err != nil:
		w.WriteHeader(http.StatusBadRequest)
	case known != "" && known != string(content):
		w.WriteHeader(http.StatusConflict)
		_, _ = io.WriteString(w, `{"notices": ["cannot change the content of the pact"]}`) // the test sees what is missing
	default:
		s.contents[at] = string(content)
	}
}

// publish publishes as the broker's client does with the right token.
func (s *stub) published(t *testing.T, token string, all ...pacts.Result) ([]pacts.Published, error) {
	t.Helper()
	base, err := url.Parse(s.server.URL + "/sub")
	if err != nil {
		t.Fatal(err)
	}
	b := pacts.Broker{Base: base, HTTP: &http.Client{Timeout: 10 * time.Second}, Authorization: "Bearer " + token}
	var done []pacts.Published
	err = b.Publish(t.Context(), pacts.Publication{Version: "v1", Branch: "main", BuildURL: "https://ci.test/1"}, all, func(p pacts.Published) error {
		done = append(done, p)
		return nil
	})
	return done, err
}

const token = "secret-token"

func TestPublish(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	google := found("calweave", "google-calendar", `{"a": 1}`, true, day(1))
	api := found("booking-core", "calweave-api", `{"b": 1}`, false, day(1))
	for range 2 { // again does no harm
		done, err := s.published(t, token, google, api)
		if err != nil || len(done) != 2 || done[0].ProviderVersion != "stand-in-v1" || done[1].ConsumerVersion != "stand-in-v1" || done[1].OK {
			t.Fatalf("got %+v, %v", done, err)
		}
	}
	const first = "/sub/pacts/provider/google-calendar/consumer/calweave/version/v1"
	const second = "/sub/pacts/provider/calweave-api/consumer/booking-core/version/stand-in-v1"
	if len(s.contents) != 2 || s.contents[first] != `{"a": 1}` || s.contents[second] != `{"b": 1}` {
		t.Errorf("the broker has %v", s.contents)
	}
	if got := s.results[first]; !slices.Equal(got, []string{"true stand-in-v1 https://ci.test/1", "true stand-in-v1 https://ci.test/1"}) {
		t.Errorf("results: %q", got)
	}
	if got := s.results[second]; len(got) != 2 || got[0] != "false v1 https://ci.test/1" {
		t.Errorf("results: %q", got)
	}
	if len(s.branches) != 2 || s.branches[0] != "/sub/pacticipants/calweave-api/branches/main/versions/v1" {
		t.Errorf("branches: %q", s.branches)
	}
}

func TestPublishFails(t *testing.T) {
	t.Parallel()
	google := found("calweave", "google-calendar", `{"a": 1}`, true, day(1))
	status := func(code int, at string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if strings.HasSuffix(r.URL.Path, at) {
				w.WriteHeader(code)
				_, _ = io.WriteString(w, "because\n of "+strings.Repeat("x", 2000)) // the test sees what is missing
				return true
			}
			return false
		}
	}
	for name, c := range map[string]struct {
		token string
		fail  func(http.ResponseWriter, *http.Request) bool
		words string
	}{
		"a wrong token":                   {"other", nil, "PACT_BROKER_TOKEN"},
		"may not publish":                 {token, status(http.StatusForbidden, "/publish"), "PACT_BROKER_TOKEN"},
		"no broker":                       {token, status(http.StatusNotFound, "/sub"), "the URL of its index"},
		"unavailable":                     {token, status(http.StatusServiceUnavailable, "/publish"), "does nothing twice. It says: because of xxx"},
		"refused":                         {token, status(http.StatusBadRequest, "/verification-results"), "result of calweave with google-calendar"},
		"a redirect":                      {token, status(http.StatusFound, "/publish"), "answered 302"},
		"an index that is something else": {token, func(w http.ResponseWriter, _ *http.Request) bool { _, _ = io.WriteString(w, "<html>"); return true }, "is this a Pact Broker?"},
		"an old broker":                   {token, func(w http.ResponseWriter, _ *http.Request) bool { _, _ = io.WriteString(w, "{}"); return true }, "2.86"},
		"a link that leads somewhere else": {token, func(w http.ResponseWriter, _ *http.Request) bool {
			_, _ = io.WriteString(w, `{"_links": {"pb:publish-contracts": {"href": "https://elsewhere.test/publish"}}}`)
			return true
		}, "which is not the broker"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t)
			s.fail = c.fail
			_, err := s.published(t, c.token, google)
			if err == nil || !strings.Contains(err.Error(), c.words) {
				t.Errorf("got %v, want %q", err, c.words)
			}
			if err != nil && (strings.Contains(err.Error(), token) || len(err.Error()) > 1000) {
				t.Errorf("the error shows the token or too much: %v", err)
			}
		})
	}
}

// TestPublishConflict wants a version to keep its pact.
func TestPublishConflict(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	if _, err := s.published(t, token, found("calweave", "google-calendar", `{"a": 1}`, true, day(1))); err != nil {
		t.Fatal(err)
	}
	_, err := s.published(t, token, found("calweave", "google-calendar", `{"a": 2}`, true, day(1)))
	if err == nil || !strings.Contains(err.Error(), "versions do not change") || !strings.Contains(err.Error(), "cannot change the content") {
		t.Errorf("got %v", err)
	}
}
