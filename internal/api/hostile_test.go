package api_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// quickly is how long any request may take, however it is made up; it is a hundred times what one takes on a busy machine with the race detector.
const quickly = 3 * time.Second

// Requests that are made to cost much are refused at little cost, and change nothing.
func TestHostileRequests(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.unchanging()
	const size = 250_000
	put := func(body any, edits ...func(*http.Request)) func() answer {
		return func() answer { return b.call("PUT", "/v1/bookings/b1", body, edits...) }
	}
	long := strings.Repeat("x", 60_000)
	for name, c := range map[string]struct {
		send   func() answer
		status int
	}{
		"deep lists":             {put(strings.Repeat("[", size)), 400},
		"deep objects":           {put(strings.Repeat(`{"a":`, size/5)), 400},
		"a huge number":          {put(`{"version":` + strings.Repeat("9", size) + `}`), 422},
		"a huge exponent":        {put(`{"version":1e999999999}`), 422},
		"many huge exponents":    {put(`{"targets":[` + strings.TrimSuffix(strings.Repeat("1e999999,", size/9), ",") + `]}`), 422},
		"many unknown fields":    {put(many(15_000)), 422},
		"many wrong targets":     {put(b.spec(1, with("targets", repeated(40_000, 1)))), 422},
		"many guests":            {put(b.spec(1, with("attendees", repeated(10_000, map[string]any{"email": "x"})))), 422},
		"one name, many times":   {put("{" + strings.TrimSuffix(strings.Repeat(`"a":1,`, size/6), ",") + "}"), 422},
		"escapes without end":    {put(`{"title":"` + strings.Repeat(`\u0041`, size/6) + `"}`), 422},
		"half an escape":         {put(`{"title":"\u00`), 400},
		"bytes of no encoding":   {put(bytes.Repeat([]byte{0xff, 0xfe}, size/2)), 400},
		"zero bytes":             {put(make([]byte, size)), 400},
		"a compressed body":      {put(bytes.Repeat([]byte{0x1f, 0x8b}, 10), header("Content-Encoding", "gzip")), 400},
		"many headers":           {put(b.spec(0), headers(10_000)), 422},
		"a long header":          {put(b.spec(0), header("X-Long", strings.Repeat("x", 500_000))), 422},
		"a long tag":             {put(b.spec(2), header("If-Match", `"`+long+`"`)), 422},
		"a long trace":           {put(b.spec(0), header("Traceparent", long)), 422},
		"a long path":            {func() answer { return b.call("GET", "/v1/bookings/"+long, nil) }, 422},
		"a long unknown path":    {func() answer { return b.call("GET", "/"+strings.Repeat("a/", 30_000), nil) }, 404},
		"a long query":           {func() answer { return b.call("GET", "/v1/calendars?cursor="+long, nil) }, 422},
		"many parameters":        {func() answer { return b.call("GET", "/v1/calendars?"+strings.Repeat("a=b&", 9_000), nil) }, 422},
		"many, and each another": {func() answer { return b.call("GET", "/v1/calendars?"+parameters(9_000), nil) }, 422},
		"a cookie like a book":   {func() answer { return b.call("GET", "/oauth/google/callback", nil, header("Cookie", long)) }, 200},
	} {
		began := time.Now()
		a := c.send()
		if took := time.Since(began); a.status != c.status || took > quickly || len(a.body) > 16<<10 {
			t.Errorf("%s: %d with %d bytes after %s: %.200s", name, a.status, len(a.body), took, a.body)
		}
	}
}

func headers(n int) func(*http.Request) {
	return func(r *http.Request) {
		for i := range n {
			r.Header.Set(fmt.Sprintf("X-Many-%d", i), "v")
		}
	}
}

func parameters(n int) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, "p%d=v&", i)
	}
	return out.String()
}
