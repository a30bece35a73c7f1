package sim_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
)

// contract is the admin API's document, ready to judge.
type contract struct {
	paths   object
	schemas *jsonschema.Compiler
}

func readContract(tb testing.TB) *contract {
	tb.Helper()
	var parsed any
	if err := yaml.Unmarshal(sim.Document, &parsed); err != nil {
		tb.Fatal(err)
	}
	raw, err := json.Marshal(parsed)
	if err != nil {
		tb.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		tb.Fatal(err)
	}
	c := &contract{schemas: jsonschema.NewCompiler()}
	c.schemas.AssertFormat()
	if err := c.schemas.AddResource("admin.json", v); err != nil {
		tb.Fatal(err)
	}
	c.paths, _ = at(v, "paths").(object)
	return c
}

func at(v any, names ...string) any {
	for _, name := range names {
		m, _ := v.(object)
		v = m[name]
	}
	return v
}

// find returns the operation that a request calls and where it stands in the document.
func (c *contract) find(method, path string) (operation any, pointer string) {
	best := ""
	for pattern := range c.paths {
		if !regexp.MustCompile("^" + regexp.MustCompile(`\{\w+\}`).ReplaceAllString(pattern, "[^/]+") + "$").MatchString(path) {
			continue
		}
		if best == "" || strings.Count(pattern, "{") < strings.Count(best, "{") {
			best = pattern
		}
	}
	operation = at(c.paths, best, strings.ToLower(method))
	return operation, "admin.json#/paths/" + strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(best) + "/" + strings.ToLower(method)
}

// judge says what is wrong with an exchange: an answer that the document does not have, or a body that was taken though the document forbids it.
func (c *contract) judge(r *http.Request, sent []byte, status int, body []byte) error {
	operation, pointer := c.find(r.Method, r.URL.EscapedPath())
	if operation == nil {
		if status == http.StatusNotFound || status == http.StatusMethodNotAllowed {
			return nil
		}
		return fmt.Errorf("%s %s is not documented and answers %d", r.Method, r.URL.Path, status)
	}
	code := strconv.Itoa(status)
	answer := at(operation, "responses", code)
	if answer == nil {
		return fmt.Errorf("%s %s: the answer %d is not documented", r.Method, r.URL.Path, status)
	}
	if status < 300 && len(sent) > 0 {
		if err := c.validate(pointer+"/requestBody/content/application~1json/schema", sent); err != nil {
			return fmt.Errorf("%s %s took %s: %w", r.Method, r.URL.Path, sent, err)
		}
	}
	where := pointer + "/responses/" + code
	if ref, ok := at(answer, "$ref").(string); ok {
		where = "admin.json" + ref
	} else if at(answer, "content") == nil {
		if len(body) > 0 {
			return fmt.Errorf("%s %s: a body where there is none: %s", r.Method, r.URL.Path, body)
		}
		return nil
	}
	if at(answer, "content", "application/yaml") != nil {
		return nil
	}
	if err := c.validate(where+"/content/application~1json/schema", body); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", r.Method, r.URL.Path, err, body)
	}
	return nil
}

func (c *contract) validate(where string, raw []byte) error {
	s, err := c.schemas.Compile(where)
	if err != nil {
		return err
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	return s.Validate(v)
}

// documented serves an admin API, of which every answer is judged by its document, and returns its address.
func documented(tb testing.TB, next http.Handler) string {
	tb.Helper()
	c := readContract(tb)
	var judging sync.Mutex // a compiler is not safe for concurrent use
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent, err := io.ReadAll(r.Body)
		if err != nil {
			tb.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(sent))
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		judging.Lock()
		err = c.judge(r, sent, rec.Code, rec.Body.Bytes())
		judging.Unlock()
		if err != nil {
			tb.Error(err)
		}
		maps.Copy(w.Header(), rec.Header())
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes()) // a client that has gone needs no answer
	}))
	tb.Cleanup(srv.Close)
	return srv.URL
}

func TestAdminServesItsDocument(t *testing.T) {
	t.Parallel()
	s, _, _ := start(t)
	a := admin(t, s).Do("GET", "/openapi.yaml", nil)
	if a.Status != http.StatusOK || a.Raw != string(sim.Document) || a.Header.Get("Content-Type") != "application/yaml" {
		t.Errorf("%d %v", a.Status, a.Header)
	}
}

func TestClockAndForgedPushesOverHTTP(t *testing.T) {
	t.Parallel()
	s, g, _ := start(t)
	c := admin(t, s)
	moved := want(t, c.Do("PATCH", "/clock", object{"frozen": true, "now": "2030-01-01T00:00:00Z"}), http.StatusOK)
	if now := want(t, c.Do("GET", "/clock", nil), http.StatusOK); moved.Text("now") != "2030-01-01T00:00:00Z" || now.At("frozen") != true || now.Text("now") != moved.Text("now") {
		t.Errorf("moved to %s, stands at %s", moved.Raw, now.Raw)
	}
	want(t, c.Do("PATCH", "/clock", object{"advance": "soon"}), http.StatusBadRequest)
	want(t, c.Do("PATCH", "/clock", object{"advance": "1h", "now": "2030-01-01T00:00:00Z"}), http.StatusBadRequest)
	want(t, c.Do("PATCH", "/clock", object{"frozen": false}), http.StatusOK)

	r := simtest.NewReceiver(t)
	n := want(t, c.Do("POST", "/pushes", object{"provider": "google", "url": r.URL, "header": object{"X-Goog-Channel-Token": "guessed"}}), http.StatusCreated)
	if got := r.Wait(1)[0].Header.Get("X-Goog-Channel-Token"); got != "guessed" || n.At("n") != float64(1) {
		t.Errorf("came %q as number %s", got, n.Raw)
	}
	want(t, c.Do("POST", "/pushes", object{"like": 99}), http.StatusBadRequest)
	s.Until("delivery", func() bool { return s.PushesPending() == 0 })
	want(t, c.Do("GET", "/pushes", nil), http.StatusOK)
	// everything that can stand in a fault and in a switch, and all that is listed
	want(t, c.Do("POST", "/faults", object{
		"provider": "google", "account": "a@b.c", "method": "GET", "path": "*", "query": "q", "skip": 1, "count": 2, "every": 2, "rate": 0.5, "seed": 7,
		"from": "2026-01-01T00:00:00Z", "minutes": 180, "action": "slow", "delay_ms": 5, "status": 503, "code": "x", "message": "m", "retry_after": "1",
		"content_type": "text/plain", "body": "b",
	}), http.StatusCreated)
	want(t, c.Do("POST", "/push-faults", object{"action": "delay", "delay_ms": 5, "rate": 1, "channel": "c", "kind": "k"}), http.StatusCreated)
	g.Do("GET", "/calendars/primary", nil)
	for _, path := range []string{"/people", "/switches", "/switches/values", "/faults", "/push-faults", "/requests", "/mails"} {
		want(t, c.Do("GET", path, nil), http.StatusOK)
	}
	want(t, c.Do("POST", "/people/google/"+googleHost+"/tokens", object{}), http.StatusCreated)
}

func TestContractCanFail(t *testing.T) {
	t.Parallel()
	c := readContract(t)
	const events = "/sim/v1/people/google/a@b.c/calendars/primary/events"
	for name, x := range map[string]struct {
		method, path, sent string
		status             int
		body, want         string
	}{
		"an answer":              {"GET", "/sim/v1/clock", "", 200, `{"now":"2026-01-01T00:00:00Z","frozen":true}`, ""},
		"a member that is no":    {"GET", "/sim/v1/clock", "", 200, `{"now":"2026-01-01T00:00:00Z","frozen":true,"zone":"UTC"}`, "zone"},
		"a member that is not":   {"GET", "/sim/v1/clock", "", 200, `{"now":"2026-01-01T00:00:00Z"}`, "frozen"},
		"no time":                {"GET", "/sim/v1/clock", "", 200, `{"now":"noon","frozen":true}`, "noon"},
		"a status that is no":    {"GET", "/sim/v1/clock", "", 418, ``, "418"},
		"a route that is no":     {"GET", "/sim/v1/moon", "", 200, `{}`, "not documented"},
		"a refusal":              {"POST", events, `{"colour":1}`, 400, `{"error":"x"}`, ""},
		"no refusal":             {"POST", events, `{"colour":1}`, 201, `{"id":"a"}`, "colour"},
		"a refusal without word": {"POST", events, `{}`, 400, `{}`, "error"},
		"a fault of too much":    {"GET", "/sim/v1/faults/x", "", 200, `{"id":"x","action":"html","struck":0,"waiting":0,"spent":false,"colour":1}`, "colour"},
		"a body of nothing":      {"DELETE", "/sim/v1/faults/x", "", 204, `{}`, "body"},
	} {
		err := c.judge(httptest.NewRequest(x.method, x.path, nil), []byte(x.sent), x.status, []byte(x.body))
		if (err == nil) != (x.want == "") || (err != nil && !strings.Contains(err.Error(), x.want)) {
			t.Errorf("%s: %v, want %q", name, err, x.want)
		}
	}
}
