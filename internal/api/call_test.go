package api_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/api"
	"github.com/calweave/calweave/internal/record"
)

// answer is what the API said. It was held against the OpenAPI document already.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// problem is an error's body.
type problem struct {
	Type      string            `json:"type"`
	Title     string            `json:"title"`
	Status    int               `json:"status"`
	Detail    string            `json:"detail"`
	RequestID string            `json:"request_id"`
	Problems  []message.Problem `json:"problems"`
}

// call sends a request with the tenant's key. A string or bytes are sent as they are, anything else as JSON.
func (b *bench) call(method, path string, body any, edits ...func(*http.Request)) answer {
	b.Helper()
	return exchange(b.T, b.oracle, b.request(method, path, body, edits...))
}

func (b *bench) request(method, path string, body any, edits ...func(*http.Request)) *http.Request {
	b.Helper()
	var in io.Reader
	switch body := body.(type) {
	case nil:
	case string:
		in = strings.NewReader(body)
	case []byte:
		in = bytes.NewReader(body)
	case io.Reader:
		in = body
	default:
		raw, err := json.Marshal(body)
		b.ok(err)
		in = bytes.NewReader(raw)
	}
	// A path may be one that url.Parse would mend.
	target, err := url.Parse(b.url)
	b.ok(err)
	path, query, _ := strings.Cut(path, "?")
	target.RawQuery = query
	if target.Path, err = url.PathUnescape(path); err != nil {
		target.Opaque = path
	}
	target.RawPath = path
	req, err := http.NewRequestWithContext(b.Context(), method, b.url, in)
	b.ok(err)
	req.URL = target
	req.Header.Set("Authorization", "Bearer "+b.key)
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, edit := range edits {
		edit(req)
	}
	return req
}

// exchange sends a request and holds the answer against the OpenAPI document.
func exchange(t *testing.T, o *oracle, req *http.Request) answer {
	t.Helper()
	c := &http.Client{
		Transport:     &http.Transport{}, // the default one is closed by each httptest.Server that ends, whosever request is in it
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer c.CloseIdleConnections()
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // it is read to its end
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if req.Method != http.MethodHead {
		if err := o.check(req.Method, req.URL.Path, resp, body); err != nil {
			t.Errorf("%s %s answers %d, which the contract does not: %v\n%s", req.Method, req.URL.Path, resp.StatusCode, err, body)
		}
	}
	return answer{resp.StatusCode, resp.Header, body}
}

// into decodes a successful answer.
func (a answer) into(t *testing.T, status int, out any) {
	t.Helper()
	if a.status != status {
		t.Fatalf("%d %s, want %d", a.status, a.body, status)
	}
	if err := json.Unmarshal(a.body, out); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
}

// problem decodes an error.
func (a answer) problem(t *testing.T) problem {
	t.Helper()
	var p problem
	if err := json.Unmarshal(a.body, &p); err != nil {
		t.Fatalf("%d %q: %v", a.status, a.body, err)
	}
	return p
}

// refused is the answer that a request should get: a problem of a reason, the text of its detail, and every place that is wrong.
type refused struct {
	reason   record.Reason
	detail   string
	problems []message.Problem
}

func at(pointer, detail string) message.Problem {
	return message.Problem{Pointer: pointer, Detail: detail}
}

// want fails unless the answer is the refusal, and nothing else.
func (r refused) want(t *testing.T, name string, a answer) {
	t.Helper()
	p := a.problem(t)
	m, known := api.Meanings()[r.reason]
	if !known {
		t.Fatalf("%s: there is no reason %q", name, r.reason)
	}
	if a.status != m.Status || p.Status != m.Status || p.Title != m.Title || p.Type != api.ProblemBase+string(r.reason) {
		t.Errorf("%s: %d %s\nwant %d %s", name, a.status, a.body, m.Status, r.reason)
	}
	if p.Detail != r.detail || !slices.Equal(p.Problems, r.problems) {
		t.Errorf("%s:\ngot  %q %q\nwant %q %q", name, p.Detail, p.Problems, r.detail, r.problems)
	}
	if p.RequestID == "" || p.RequestID != a.header.Get("Request-Id") {
		t.Errorf("%s: request id %q, header %q", name, p.RequestID, a.header.Get("Request-Id"))
	}
	if link := a.header.Get("Link"); link != "</problems/"+string(r.reason)+`>; rel="help"` {
		t.Errorf("%s: Link: %s", name, link)
	}
	if kind := a.header.Get("Content-Type"); kind != "application/problem+json" {
		t.Errorf("%s: content type %q", name, kind)
	}
}

// unchanged runs requests and fails if any row of the database is another one afterwards.
func (b *bench) unchanged(requests func()) {
	b.Helper()
	before := b.dump()
	requests()
	if after := b.dump(); after != before {
		b.Errorf("the database changed:\n%s", difference(before, after))
	}
}

// unchanging fails if any row of the database is another one when the test ends.
func (b *bench) unchanging() {
	b.Helper()
	before := b.dump()
	b.Cleanup(func() {
		if after := b.dump(); after != before {
			b.Errorf("the database changed:\n%s", difference(before, after))
		}
	})
}

// dump is every row of every table.
func (b *bench) dump() string {
	b.Helper()
	pool, err := sql.Open("sqlite", "file:"+b.path+"?mode=ro")
	b.ok(err)
	defer func() { b.ok(pool.Close()) }()
	var out strings.Builder
	for _, name := range texts(b, pool, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name") {
		for _, row := range texts(b, pool, "SELECT * FROM "+name) {
			fmt.Fprintf(&out, "%s: %s\n", name, row)
		}
	}
	return out.String()
}

// texts runs a query and returns each row as one text.
func texts(b *bench, pool *sql.DB, query string) []string {
	b.Helper()
	ctx := context.WithoutCancel(b.Context())
	rows, err := pool.QueryContext(ctx, query)
	b.ok(err)
	defer rows.Close() //nolint:errcheck // read to its end
	columns, err := rows.Columns()
	b.ok(err)
	var out []string
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		b.ok(rows.Scan(into...))
		parts := make([]string, len(values))
		for i, v := range values {
			parts[i] = fmt.Sprintf("%v", v)
			if raw, ok := v.([]byte); ok {
				parts[i] = string(raw)
			}
		}
		out = append(out, strings.Join(parts, " | "))
	}
	b.ok(rows.Err())
	slices.Sort(out)
	return out
}

// difference is the lines that only one of two texts has.
func difference(a, b string) string {
	before, after := strings.Split(a, "\n"), strings.Split(b, "\n")
	var out []string
	for _, line := range after {
		if !slices.Contains(before, line) {
			out = append(out, "+ "+line)
		}
	}
	for _, line := range before {
		if !slices.Contains(after, line) {
			out = append(out, "- "+line)
		}
	}
	return strings.Join(out, "\n")
}

func problems(pointer, detail string) []message.Problem {
	return []message.Problem{at(pointer, detail)}
}
