package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/api"
	"github.com/calweave/calweave/internal/telemetry"
)

// lines are those of the log that bear a request's id.
func (b *bench) lines(request string) []map[string]any {
	b.Helper()
	var out []map[string]any
	for s := bufio.NewScanner(strings.NewReader(b.log.String())); s.Scan(); {
		doc := map[string]any{}
		b.ok(json.Unmarshal(s.Bytes(), &doc))
		if id, ok := doc["request_id"].(string); ok && id == request && id != "" {
			out = append(out, doc)
		}
	}
	return out
}

// found fails unless the log has one line of a request, at a level, with its tenant and its trace.
func (b *bench) found(name, request, level, tenant string, a answer) {
	b.Helper()
	trace, err := telemetry.ParseTrace(a.header.Get("Traceparent"))
	b.ok(err)
	lines := b.lines(request)
	if len(lines) != 1 {
		b.Fatalf("%s: %d lines of %s in the log: %s", name, len(lines), request, b.log)
	}
	said, _ := lines[0]["tenant"].(string)
	if lines[0]["level"] != level || said != tenant || lines[0]["trace_id"] != trace.TraceID() {
		b.Errorf("%s: %v, want %s of the tenant %q in the trace %s", name, lines[0], level, tenant, trace.TraceID())
	}
}

const (
	traceID   = "4bf92f3577b34da6a3ce929d0e0e4736"
	ourParent = "00-" + traceID + "-00f067aa0ba902b7-01"
)

// Whoever gives an answer's id finds its cause in the log, with the tenant and the trace, and nothing of what was in the request.
func TestFailuresAreFoundInTheLog(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err    error
		panics bool
		status int
	}{
		"a defect":                {errors.New("store: no rows"), false, 500},
		"a failure that may pass": {fault.Newf(fault.Transient, "store: accept", "connection refused"), false, 503},
		"a panic":                 {nil, true, 500},
	} {
		b, s := newBench(t), shelved()
		b.api.Bookings, s.err, s.panics = s, c.err, c.panics
		private := with("attendees", []any{map[string]any{"email": "CANARY@x.test", "name": "CANARY"}})
		for parent, traced := range map[string]bool{ourParent: true, "": false, "CANARY": false} {
			a := b.call("PUT", "/v1/bookings/CANARY", b.spec(1, with("title", "CANARY"), with("description", "CANARY"), private), header("Traceparent", parent))
			if a.status != c.status || traced != strings.Contains(a.header.Get("Traceparent"), traceID) {
				t.Errorf("%s: %d %v", name, a.status, a.header)
			}
			b.found(name, a.problem(t).RequestID, "ERROR", string(b.tenant), a)
		}
		if log := b.log.String(); strings.Contains(log, "CANARY") || strings.Contains(log, b.key) || strings.Contains(log, b.keyID) {
			t.Errorf("%s: the log: %s", name, log)
		}
	}
}

// Each tenant's failures bear its own name; before a key is looked up there is none.
func TestTenantsInTheLog(t *testing.T) {
	t.Parallel()
	r := newRooms(t)
	s := shelved()
	s.err = errors.New("a defect")
	r.api.Bookings = s
	a := r.call("GET", "/v1/bookings/b1", nil)
	r.found("ours", a.problem(t).RequestID, "ERROR", string(r.tenant), a)
	a = r.as("GET", "/v1/bookings/b1", nil)
	r.found("theirs", a.problem(t).RequestID, "ERROR", string(r.other), a)
	r.api.Authenticate = func(context.Context, string) (api.Identity, error) { return api.Identity{}, s.err }
	a = r.call("GET", "/v1/bookings/b1", nil)
	r.found("nobody's", a.problem(t).RequestID, "ERROR", "", a)
	if log := r.log.String(); strings.Contains(log, r.key) || strings.Contains(log, r.otherKey) {
		t.Errorf("the log: %s", log)
	}
}

// What the caller has to mend is no line of the log.
func TestRefusalsAreNotLogged(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.call("PUT", "/v1/bookings/b1", "{")
	b.call("GET", "/v1/bookings/b1", nil)
	b.call("GET", "/v1/calendars", nil, header("Authorization", "Bearer nobody"))
	if log := b.log.String(); log != "" {
		t.Errorf("the log: %s", log)
	}
}

// The number that a page shows is in the log, with the tenant whose link it was, and no secret of the link, the browser or the provider.
func TestPagesAreFoundInTheLog(t *testing.T) {
	t.Parallel()
	number := regexp.MustCompile(`give this number: (\w+)<`)
	for name, c := range map[string]struct {
		err    error
		tenant string
		level  string
	}{
		"our own fault":            {fault.Newf(fault.Transient, "store: use state", "connection refused"), "ten_1", "ERROR"},
		"before the link is known": {errors.New("store: bind state"), "", "ERROR"},
		"the owner refused":        {&api.OwnerError{Err: errors.New("the account was not connected: access was refused")}, "ten_1", "INFO"},
	} {
		b := pages(t, "https://calweave.test", &script{err: c.err, tenant: c.tenant})
		for path, cookie := range map[string]string{
			"/connect/" + canaryToken: "", "/oauth/google/callback?state=" + canaryState + "&code=" + canaryCode: "__Host-calweave_connect=" + canaryCookie,
		} {
			a := b.browse(path, cookie)
			shown := number.FindStringSubmatch(string(a.body))
			if (shown == nil) != (a.status != http.StatusServiceUnavailable) || shown != nil && !slices.Contains(shown, a.header.Get("Request-Id")) {
				t.Errorf("%s: %s", name, a.body)
			}
			b.found(name, a.header.Get("Request-Id"), c.level, c.tenant, a)
		}
		if log := b.log.String(); strings.Contains(log, "CANARY") {
			t.Errorf("%s: the log: %s", name, log)
		}
	}
}

// A process that is not ready says so under the id of whoever asked.
func TestNotReadyIsFoundInTheLog(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.ok(b.store.Close())
	a := b.call("GET", "/readyz", nil)
	b.found("not ready", a.header.Get("Request-Id"), "WARN", "", a)
}
