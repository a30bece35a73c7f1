package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/calweave/calweave/internal/api"
	"github.com/calweave/calweave/internal/record"
)

// drawnRequests is how many requests are drawn for each operation.
const drawnRequests = 120

// Requests are drawn from the OpenAPI document for each of its operations, as it wants them and spoiled. None is answered outside the document
// or with a failure of ours; what the document allows is never refused for its form, and what it forbids is never carried out.
func TestDrawnRequests(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.api.CheckURL = func(_ context.Context, address string) error { // the guarded dialer's part, which the bench leaves out
		if u, err := url.Parse(address); err != nil || u.Host == "" {
			return &record.RefusalError{Reason: record.ReasonInvalid, Detail: "the address is none"}
		}
		return nil
	}
	d := &drawer{bench: b, known: map[string][]any{}}
	d.known["booking_id"], d.known["name"] = []any{"b1", "b2", "b3"}, []any{"internal"}
	d.known["email"] = []any{"guest@example.org", "Gäste@example.org"}
	d.known["targets"] = []any{[]any{map[string]any{"calendar_id": b.google}}, []any{map[string]any{"calendar_id": b.graph}}}
	d.known["start"] = []any{map[string]any{"date_time": "2026-10-01T10:00:00", "time_zone": "Europe/Berlin"}}
	d.known["end"] = []any{map[string]any{"date_time": "2026-10-01T11:00:00+02:00", "time_zone": "Europe/Berlin"}}
	seen := map[string]map[bool]int{}
	for round := range drawnRequests {
		for _, op := range b.oracle.inOrder() {
			if strings.HasPrefix(op.path, "/hooks/") || op.path == "/metrics" {
				continue // served elsewhere
			}
			if op.method == http.MethodDelete && round < drawnRequests/2 {
				continue // let there be something to do without
			}
			d.Rand = rand.New(rand.NewPCG(uint64(round), uint64(len(op.method+op.path)))) //nolint:gosec // a test that can be repeated
			d.spoiled = round%2 == 1
			r := d.request(op)
			fine := d.send(r)
			if seen[r.name] == nil {
				seen[r.name] = map[bool]int{}
			}
			seen[r.name][fine]++
		}
	}
	d.reached(seen)
}

// reached fails unless every operation was asked often, and those that need nothing but what other answers have named were answered well.
func (d *drawer) reached(seen map[string]map[bool]int) {
	d.Helper()
	var never []string
	for name, n := range seen {
		if n[false]+n[true] < drawnRequests/2 {
			d.Errorf("%s was asked %d times", name, n[false]+n[true])
		}
		if n[true] == 0 {
			never = append(never, name)
		}
	}
	slices.Sort(never)
	if len(seen) < 50 || len(never) > len(seen)/4 {
		d.Errorf("of %d operations %d were never answered well: %s", len(seen), len(never), strings.Join(never, ", "))
	}
}

// inOrder are the operations in an order that is always the same.
func (o *oracle) inOrder() []operation {
	return slices.SortedFunc(slices.Values(o.operations()), func(a, b operation) int { return strings.Compare(a.path+a.method, b.path+b.method) })
}

// drawer draws requests, and remembers what the answers to them have named.
type drawer struct {
	*bench
	*rand.Rand
	known   map[string][]any
	spoiled bool
}

// drawn is a request, and whether its body and its parameters are as the document wants them.
type drawn struct {
	name      string
	op        operation
	http      *http.Request
	body      []byte
	valid     bool
	addressed bool
}

func (d *drawer) request(op operation) drawn {
	d.Helper()
	item := child(d.oracle.doc, "paths", op.path)
	described := child(item, strings.ToLower(op.method))
	r := drawn{name: op.method + " " + op.path, op: op, valid: true, addressed: true}
	path, query, headers := op.path, url.Values{}, http.Header{}
	for _, v := range append(slices.Clone(list(item["parameters"])), list(described["parameters"])...) {
		p := d.resolved(v)
		name, _ := p["name"].(string)
		in, _ := p["in"].(string)
		if in == "cookie" || in != "path" && p["required"] != true && d.IntN(3) > 0 {
			continue
		}
		value := text(d.value(name, child(p, "schema")))
		if in != "path" && d.spoiled && d.IntN(3) == 0 {
			value, r.addressed = d.nonsense(), false
		}
		switch in {
		case "path":
			path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(value))
		case "query":
			query.Set(name, value)
		case "header":
			headers.Set(name, value)
		}
	}
	r.http = httptest.NewRequestWithContext(d.Context(), op.method, path, nil)
	r.http.URL.RawQuery = query.Encode()
	if body := child(described, "requestBody", "content", "application/json", "schema"); body != nil {
		d.body(&r, body)
	}
	maps.Copy(r.http.Header, headers)
	r.http.Header.Set("Authorization", "Bearer "+d.key)
	return r
}

// body draws the request's body. Whether it is valid is said by the document, not by whoever has spoiled it.
func (d *drawer) body(r *drawn, schema map[string]any) {
	d.Helper()
	var err error
	r.body, err = json.Marshal(d.value("", schema))
	d.ok(err)
	if d.spoiled {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(r.body)) // a copy: examples are the document's own
		d.ok(err)
		r.body, err = json.Marshal(d.spoil(doc))
		d.ok(err)
	}
	at := "#/paths/" + escape(r.op.path) + "/" + strings.ToLower(r.op.method) + "/requestBody/content/application~1json/schema"
	r.valid = d.oracle.valid(at, r.body) == nil
	with := httptest.NewRequestWithContext(d.Context(), r.op.method, r.http.URL.String(), strings.NewReader(string(r.body)))
	r.http = with
	r.http.Header.Set("Content-Type", "application/json")
}

// send makes the request, holds its answer against the document, and reports whether it was carried out.
func (d *drawer) send(r drawn) bool {
	d.Helper()
	rec := httptest.NewRecorder()
	d.api.Handler().ServeHTTP(rec, r.http)
	resp := rec.Result()
	body := rec.Body.Bytes()
	what := fmt.Sprintf("%s %s %s", r.op.method, r.http.URL, r.body)
	if err := d.oracle.check(r.op.method, r.http.URL.Path, resp, body); err != nil {
		d.Fatalf("%s\nanswers %d, which the document does not: %v\n%s", what, resp.StatusCode, err, body)
	}
	fine := resp.StatusCode < http.StatusBadRequest
	switch refusal := formRefused(body); {
	case resp.StatusCode >= http.StatusInternalServerError:
		d.Fatalf("%s\nfails: %d %s", what, resp.StatusCode, body)
	case fine && r.body != nil && !r.valid:
		d.Fatalf("%s\nis not as the document wants it, and was carried out: %d %s", what, resp.StatusCode, body)
	case !fine && r.valid && r.addressed && refusal:
		d.Fatalf("%s\nis as the document wants it, and was refused for its form: %s", what, body)
	}
	if fine {
		d.learn(r.op, body)
	}
	return fine
}

// formRefused reports whether an answer refuses the form of a document and not what it says.
func formRefused(body []byte) bool {
	var p problem
	if json.Unmarshal(body, &p) != nil {
		return false
	}
	return p.Type == api.ProblemBase+string(record.ReasonMalformed) || p.Detail == "the document is not what the contract says"
}

// learn remembers what an answer has named, so that later requests are about things that are there.
func (d *drawer) learn(op operation, body []byte) {
	var doc any
	if json.Unmarshal(body, &doc) != nil {
		return
	}
	own := ""
	for _, other := range d.oracle.inOrder() {
		if rest, ok := strings.CutPrefix(other.path, op.path+"/{"); ok && strings.Count(rest, "/") == 0 {
			own = strings.TrimSuffix(rest, "}")
		}
	}
	d.walk(doc, own)
}

func (d *drawer) walk(v any, own string) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			d.walk(e, own)
		}
	case map[string]any:
		for name, e := range v {
			if name == "id" {
				name = own
			}
			if s, ok := e.(string); ok && (strings.HasSuffix(name, "_id") || strings.HasSuffix(name, "token")) && s != "" {
				d.remember(strings.TrimPrefix(name, "reservation_"), s)
				continue
			}
			d.walk(e, own)
		}
	}
}

// remember keeps a few names of each kind, the newest among them.
func (d *drawer) remember(name, value string) {
	const most = 8
	if slices.Contains(d.known[name], any(value)) {
		return
	}
	d.known[name] = append(d.known[name], value)
	if len(d.known[name]) > most {
		d.known[name] = d.known[name][1:]
	}
}

// child follows keys into nested objects; nil when there is nothing.
func child(v map[string]any, keys ...string) map[string]any {
	for _, key := range keys {
		v, _ = v[key].(map[string]any)
	}
	return v
}

func list(v any) []any {
	all, _ := v.([]any)
	return all
}

// resolved is what stands where v refers to, or v.
func (d *drawer) resolved(v any) map[string]any {
	o, _ := v.(map[string]any)
	for {
		ref, ok := o["$ref"].(string)
		if !ok {
			return o
		}
		o = child(d.oracle.doc, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
	}
}
