package simtest

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// HTTP returns a client that shares no connection and leaves none behind when the test ends. Tests that run in parallel must not send through
// http.DefaultTransport: each httptest.Server that ends closes its idle connections, under a request of another test that has just been given one.
func HTTP(tb testing.TB) *http.Client {
	tb.Helper()
	c := &http.Client{Transport: &http.Transport{}}
	tb.Cleanup(c.CloseIdleConnections)
	return c
}

// Client sends single requests.
type Client struct {
	Base  string
	Token string

	t   testing.TB
	ctx context.Context //nolint:containedctx // a test's client lives as long as the context
}

// Within returns the client with a context of its own; without one it is the test's.
func (c Client) Within(ctx context.Context) Client {
	c.ctx = ctx
	return c
}

// With returns the client for another test.
func (c Client) With(tb testing.TB) Client {
	tb.Helper()
	c.t = tb
	return c
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Raw    string
	// Body is the JSON object, nil if it is none.
	Body map[string]any
}

// Do sends one request. body is text as it stands, or a value to marshal, or nil; headers are pairs of name and value. path is added to Base
// unless it is a whole URL. It fails the test if there is no answer.
func (c Client) Do(method, path string, body any, headers ...string) Answer {
	c.t.Helper()
	a, err := c.Try(method, path, body, headers...)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

// Try is Do for requests that may get no answer.
func (c Client) Try(method, path string, body any, headers ...string) (Answer, error) {
	c.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = c.Base + path
	}
	ctx := c.ctx
	if ctx == nil {
		ctx = c.t.Context()
	}
	req, err := http.NewRequestWithContext(ctx, method, path, c.reader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	if body != nil && req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json")
	}
	wire := &http.Transport{} // see HTTP
	defer wire.CloseIdleConnections()
	resp, err := wire.RoundTrip(req) // follows no redirect
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return Answer{}, err
	}
	a := Answer{Status: resp.StatusCode, Header: resp.Header, Raw: string(raw)}
	if json.Unmarshal(raw, &a.Body) != nil {
		a.Body = nil
	}
	return a, nil
}

func (c Client) reader(body any) io.Reader {
	c.t.Helper()
	switch v := body.(type) {
	case nil:
		return http.NoBody
	case string:
		return strings.NewReader(v)
	case io.Reader:
		return v
	default:
		raw, err := json.Marshal(v)
		if err != nil {
			c.t.Fatal(err)
		}
		return strings.NewReader(string(raw))
	}
}

// At walks the body by the names and returns what is there, nil if nothing is.
func (a Answer) At(names ...string) any {
	var v any = a.Body
	for _, name := range names {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}

// Text is At for a text; "" if it is none.
func (a Answer) Text(names ...string) string {
	text, _ := a.At(names...).(string)
	return text
}

// Rows are the objects in the list under the name.
func (a Answer) Rows(name string) []map[string]any {
	list, _ := a.Body[name].([]any)
	rows := make([]map[string]any, 0, len(list))
	for _, v := range list {
		if row, ok := v.(map[string]any); ok {
			rows = append(rows, row)
		}
	}
	return rows
}

// Reason is the reason (Google) or code (Microsoft) of an error, "" if it is none.
func (a Answer) Reason() string {
	if code := a.Text("error", "code"); code != "" {
		return code
	}
	list, _ := a.At("error", "errors").([]any)
	if len(list) == 0 {
		return a.Text("error")
	}
	first, _ := list[0].(map[string]any)
	reason, _ := first["reason"].(string)
	return reason
}
