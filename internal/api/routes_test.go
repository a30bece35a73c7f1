package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/providers/google"
	"github.com/calweave/calweave/providers/microsoft"
	"github.com/calweave/calweave/webhooks/inbound"
)

// Every route of the document is served, and whatever is served is in the document.
func TestRoutesAreTheDocument(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	mux := http.NewServeMux()
	for name, receiver := range map[cal.Provider]*inbound.Receiver{
		cal.Google: {Provider: cal.Google, Decoder: google.New(google.Config{})}, cal.Microsoft: {Provider: cal.Microsoft, Decoder: microsoft.New(microsoft.Config{})},
	} {
		mux.Handle("/hooks/"+string(name), receiver)
	}
	mux.Handle("/", b.api.Handler())
	serves := func(method, path string) bool {
		for from, to := range map[string]string{
			"{booking_id}": "b1", "{token}": "t1", "{provider}": "google", "{endpoint_id}": "end_1", "{delivery_id}": "dlv_1",
			"{calendar_id}": "cal_1", "{name}": "internal", "{connection_id}": "con_1",
			"{dead_letter_id}": "dead_1",
		} {
			path = strings.ReplaceAll(path, from, to)
		}
		req := b.request(method, path, nil)
		if strings.HasPrefix(path, "/hooks/") {
			_, pattern := mux.Handler(req)
			return pattern == path && method == http.MethodPost
		}
		a := b.call(method, path, "{}")
		p := string(a.body)
		return !strings.Contains(p, "#method-not-allowed") && !strings.Contains(p, "there is no such path")
	}
	var paths []string
	for _, op := range b.oracle.operations() {
		if !serves(op.method, op.path) {
			t.Errorf("%s %s is in the document and nowhere else", op.method, op.path)
		}
		paths = append(paths, op.path)
	}
	slices.Sort(paths)
	for _, path := range slices.Compact(paths) {
		for _, method := range []string{"GET", "PUT", "POST", "PATCH", "DELETE"} {
			if documented := slices.ContainsFunc(b.oracle.operations(), func(op operation) bool { return op.method == method && op.path == path }); !documented && serves(method, path) {
				t.Errorf("%s %s is served and not in the document", method, path)
			}
		}
	}
	if len(paths) < 12 {
		t.Errorf("only %d operations were looked at", len(paths))
	}
}

// Every body that the document describes is held against its schema: an empty object is refused by each.
func TestEveryBodyIsValidated(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	n := 0
	for _, op := range b.oracle.operations() {
		item, _ := b.oracle.doc["paths"].(map[string]any)[op.path].(map[string]any)
		described, _ := item[strings.ToLower(op.method)].(map[string]any)
		if described["requestBody"] == nil {
			continue
		}
		n++
		for body, status := range map[string]int{`{"CANARY": 1}`: 422, `{`: 400, ``: 400} {
			if a := b.call(op.method, strings.NewReplacer("{booking_id}", "b1", "{endpoint_id}", "end_1", "{calendar_id}", "cal_1", "{connection_id}", "con_1").Replace(op.path), body); a.status != status {
				t.Errorf("%s %s takes %q: %d %s", op.method, op.path, body, a.status, a.body)
			}
		}
	}
	if n != 7 {
		t.Errorf("%d operations have a body", n)
	}
}

// Processes that serve no API answer health checks alone.
func TestHealthAlone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	h := b.api.HealthHandler()
	for path, status := range map[string]int{"/healthz": 200, "/readyz": 200, "/v1/calendars": 404, "/connect/t": 404} {
		rec := newRecorder()
		h.ServeHTTP(rec, b.request("GET", path, nil))
		if rec.Code != status || rec.Header().Get("Request-Id") == "" {
			t.Errorf("%s: %d %s", path, rec.Code, rec.Body)
		}
	}
}
