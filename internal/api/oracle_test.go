package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/calweave/calweave/contracts/openapi"
)

// oracle holds every answer against the OpenAPI document. It is built on its own, so that it shares no mistake with the server's Contract.
type oracle struct {
	doc     map[string]any
	mu      sync.Mutex
	c       *jsonschema.Compiler
	schemas map[string]*jsonschema.Schema
}

var built = sync.OnceValues(func() (*oracle, error) {
	var parsed any
	if err := yaml.Unmarshal(openapi.Spec, &parsed); err != nil {
		return nil, err
	}
	raw, err := json.Marshal(parsed)
	if err != nil {
		return nil, err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	if err := c.AddResource("openapi.json", doc); err != nil {
		return nil, err
	}
	o := &oracle{c: c, schemas: map[string]*jsonschema.Schema{}}
	o.doc, _ = doc.(map[string]any)
	return o, nil
})

func theOracle(tb testing.TB) *oracle {
	tb.Helper()
	o, err := built()
	if err != nil {
		tb.Fatal(err)
	}
	return o
}

// operation is one of the document's, found by a request.
type operation struct {
	method, path string
	answers      map[string]any
}

// operations are all of the document's.
func (o *oracle) operations() []operation {
	var out []operation
	paths, _ := o.doc["paths"].(map[string]any)
	for path, v := range paths {
		item, _ := v.(map[string]any)
		for method, v := range item {
			if op, ok := v.(map[string]any); ok {
				answers, _ := op["responses"].(map[string]any)
				out = append(out, operation{strings.ToUpper(method), path, answers})
			}
		}
	}
	return out
}

func (o *oracle) find(method, path string) (operation, bool) {
	for _, op := range o.operations() {
		if op.method == method && matches(op.path, path) {
			return op, true
		}
	}
	return operation{}, false
}

func matches(template, path string) bool {
	wanted, got := strings.Split(template, "/"), strings.Split(path, "/")
	if len(wanted) != len(got) {
		return false
	}
	for i, part := range wanted {
		if placeholder := strings.HasPrefix(part, "{"); placeholder && got[i] == "" || !placeholder && part != got[i] {
			return false
		}
	}
	return true
}

// check says in what an answer is not what the document promises. What belongs to no operation has to be a problem.
func (o *oracle) check(method, path string, resp *http.Response, body []byte) error {
	if resp.StatusCode == http.StatusTemporaryRedirect {
		return nil // net/http sends a path such as //v1 to its clean form before anybody sees it
	}
	op, ok := o.find(method, path)
	if !ok {
		return o.valid("#/components/schemas/Problem", body)
	}
	status := strconv.Itoa(resp.StatusCode)
	at := "#/paths/" + escape(op.path) + "/" + strings.ToLower(op.method) + "/responses/" + status
	answer, ok := op.answers[status].(map[string]any)
	if !ok {
		at = at[:len(at)-len(status)] + "default"
		if answer, ok = op.answers["default"].(map[string]any); !ok {
			return fmt.Errorf("%s %s may not answer %s", op.method, op.path, status)
		}
	}
	if ref, ok := answer["$ref"].(string); ok {
		at = ref
		responses, _ := o.doc["components"].(map[string]any)["responses"].(map[string]any)
		answer, _ = responses[ref[strings.LastIndex(ref, "/")+1:]].(map[string]any)
	}
	content, _ := answer["content"].(map[string]any)
	if len(content) == 0 {
		if len(body) > 0 && resp.StatusCode/100 != 3 {
			return fmt.Errorf("%s has a body", at)
		}
		return nil
	}
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil || content[kind] == nil {
		return fmt.Errorf("%s is of type %q", at, resp.Header.Get("Content-Type"))
	}
	if !strings.HasSuffix(kind, "json") {
		return nil
	}
	return o.valid(at+"/content/"+escape(kind)+"/schema", body)
}

func escape(s string) string {
	return strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(s)
}

func (o *oracle) valid(at string, body []byte) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.schemas[at] == nil {
		s, err := o.c.Compile("openapi.json" + at)
		if err != nil {
			return err
		}
		o.schemas[at] = s
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%s: %q is no JSON: %w", at, body, err)
	}
	return o.schemas[at].Validate(doc)
}

// The oracle finds an answer that is not in the document, or not as the document says.
func TestOracleCanFail(t *testing.T) {
	t.Parallel()
	o := theOracle(t)
	const problem = `{"type":"about:blank","title":"t","status":404,"detail":"d"}`
	for name, c := range map[string]struct {
		path   string
		status int
		kind   string
		body   string
		fine   bool
	}{
		"a status that is not there":   {"/healthz", http.StatusTeapot, "application/json", `{"status":"ok"}`, false},
		"the body of another answer":   {"/healthz", http.StatusOK, "application/json", problem, false},
		"another content type":         {"/healthz", http.StatusOK, "text/plain", `{"status":"ok"}`, false},
		"no JSON":                      {"/healthz", http.StatusOK, "application/json", `ok`, false},
		"as promised":                  {"/healthz", http.StatusOK, "application/json; charset=utf-8", `{"status":"ok"}`, true},
		"a problem as promised":        {"/v1/bookings/b1", http.StatusNotFound, "application/problem+json", problem, true},
		"a problem as plain JSON":      {"/v1/bookings/b1", http.StatusNotFound, "application/json", problem, false},
		"a problem without detail":     {"/v1/bookings/b1", http.StatusNotFound, "application/problem+json", `{"type":"t"}`, false},
		"no operation, and a problem":  {"/v2", http.StatusNotFound, "application/problem+json", problem, true},
		"no operation, and no problem": {"/v2", http.StatusNotFound, "text/plain", `404 page not found`, false},
	} {
		resp := &http.Response{StatusCode: c.status, Header: http.Header{"Content-Type": {c.kind}}}
		if err := o.check(http.MethodGet, c.path, resp, []byte(c.body)); (err == nil) != c.fine {
			t.Errorf("%s: %v", name, err)
		}
	}
}
