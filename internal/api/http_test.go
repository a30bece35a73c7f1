package api_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/api"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
)

const parameter = "a parameter is not what the contract says"

// What no route answers: 405 with what can be used, where the path is known, else 404.
func TestMethodsAndPaths(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.unchanging()
	for path, allowed := range map[string]string{
		"/v1/bookings":                      "GET",
		"/v1/bookings/b1":                   "GET, PUT, DELETE",
		"/v1/bookings/b1/divergence:accept": "POST",
		"/v1/bookings/b1/history":           "GET",
		"/v1/bookings/b1/copies":            "GET",
		"/v1/bookings/b1/divergence:revert": "POST",
		"/v1/reservations/rsv_1":            "GET",
		"/v1/connections":                   "GET, POST",
		"/v1/connections/con_1":             "GET, PATCH, DELETE",
		"/v1/calendars":                     "GET",
		"/v1/calendars/cal_1":               "GET, PATCH",
		"/v1/endpoints":                     "GET, POST",
		"/v1/endpoints/end_1":               "GET, PATCH, DELETE",
		"/v1/endpoints/end_1/test":          "POST",
		"/v1/deliveries":                    "GET",
		"/v1/dead-letters":                  "GET",
		"/v1/dead-letters/dead_1":           "GET",
		"/v1/dead-letters/dead_1/replay":    "POST",
		"/v1/guards":                        "GET",
		"/v1/guards/grd_1":                  "GET",
		"/v1/guards/grd_1/deletions":        "GET",
		"/v1/guards/grd_1/approve":          "POST",
		"/v1/guards/grd_1/reject":           "POST",
		"/v1/messages":                      "GET",
		"/connect/token":                    "GET",
		"/oauth/google/callback":            "GET",
		"/healthz":                          "GET",
		"/readyz":                           "GET",
		"/docs":                             "GET",
		"/openapi.yaml":                     "GET",
		"/problems/internal":                "GET",
	} {
		for _, method := range []string{"GET", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY", "get"} {
			if strings.Contains(allowed, method) {
				continue
			}
			a := b.call(method, path, nil)
			refused{"method-not-allowed", "here only " + allowed + " can be used", nil}.want(t, method+" "+path, a)
			if got := a.header.Get("Allow"); got != allowed {
				t.Errorf("%s %s: Allow: %s", method, path, got)
			}
		}
	}
	for _, path := range []string{
		"/", "/v1/", "/v2/bookings/b1", "/v1/bookings/", "/v1/bookings/b1/", "/v1/bookings/b1/more", "/v1/booking", "/v1/reservations/", "/connect/",
		"/connect/a/b", "/oauth/google/callback/", "/hooks/google", "/healthz/", "/favicon.ico", "/.env",
	} {
		for _, method := range []string{"GET", "POST", "DELETE"} {
			a := b.call(method, path, nil)
			refused{"not-found", "there is no such path: /docs lists them all", nil}.want(t, method+" "+path, a)
		}
	}
}

// HEAD tells what GET would, but never opens or spends an owner's link: mail scanners and chat previews send it.
func TestHead(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for path, status := range map[string]int{
		"/v1/calendars": 200, "/v1/bookings/b1": 404, "/healthz": 200, "/connect/token": 405, "/oauth/google/callback?state=s&code=c": 405,
	} {
		if a := b.call("HEAD", path, nil); a.status != status || len(a.body) > 0 {
			t.Errorf("%s: %d %q", path, a.status, a.body)
		}
	}
}

func TestContentTypes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, kind := range []string{
		"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx", "application/merge-patch+json",
		"text/json", "application/json;", "json", "application/json, text/plain", "application/json; charset", strings.Repeat("a", 5000),
	} {
		for path, method := range map[string]string{
			"/v1/bookings/b1": "PUT", "/v1/connections": "POST", "/v1/endpoints": "POST", "/v1/endpoints/end_1": "PATCH",
			"/v1/calendars/cal_1": "PATCH",
		} {
			if kind == "application/json;" {
				continue // a parameter list that ends is none: mime lets it pass, and so do we
			}
			b.unchanged(func() {
				a := b.call(method, path, b.spec(1), header("Content-Type", kind))
				refused{"unsupported-media-type", "send Content-Type: application/json", nil}.want(t, method+" "+kind, a)
			})
		}
	}
	for i, kind := range []string{"application/json", "Application/JSON", "application/json; charset=utf-8", " application/json"} {
		if a := b.call("PUT", fmt.Sprintf("/v1/bookings/t%d", i), b.spec(1), header("Content-Type", kind)); a.status != 202 {
			t.Errorf("%s: %d %s", kind, a.status, a.body)
		}
	}
	if a := b.call("PUT", "/v1/bookings/b1", b.spec(1), func(r *http.Request) { r.Header.Del("Content-Type") }); a.status != 415 {
		t.Errorf("no type at all: %d %s", a.status, a.body)
	}
}

// A body may have 256 KiB, whether its length is told beforehand or not.
func TestBodySize(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const limit = 256 << 10
	body := func(n int) []byte {
		doc := []byte(`{"version":1,"title":"` + strings.Repeat("x", n) + `"}`)
		return append(doc[:n-2], `"}`...)
	}
	for path, method := range map[string]string{
		"/v1/bookings/b1": "PUT", "/v1/connections": "POST", "/v1/endpoints": "POST", "/v1/endpoints/end_1": "PATCH",
		"/v1/calendars/cal_1": "PATCH",
	} {
		b.unchanged(func() {
			if a := b.call(method, path, body(limit)); a.status != 422 {
				t.Errorf("%s with all that is allowed: %d %s", path, a.status, a.body)
			}
			tooLarge := refused{"too-large", "a body may have 256 KiB at the most", nil}
			tooLarge.want(t, path+" with one byte more", b.call(method, path, body(limit+1)))
			tooLarge.want(t, path+" chunked", b.call(method, path, io.MultiReader(bytes.NewReader(body(limit+1)))))
			tooLarge.want(t, path+" without end", b.call(method, path, io.LimitReader(endless{}, 64<<20)))
		})
	}
	if a := b.call("PUT", "/v1/bookings/b2", append(bytes.Repeat([]byte(" "), limit-1000), mustJSON(b.T, b.spec(1))...)); a.status != 202 {
		t.Errorf("a booking behind many blanks: %d %s", a.status, a.body)
	}
}

// endless is blanks for ever.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// A body that breaks off is no document, however well it reads so far.
func TestBodyBreaksOff(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	doc := mustJSON(t, b.spec(1))
	b.unchanged(func() {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(b.url, "http://"))
		b.ok(err)
		defer conn.Close() //nolint:errcheck // it is half closed already
		_, err = fmt.Fprintf(conn, "PUT /v1/bookings/b1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
			b.key, len(doc)+1, doc)
		b.ok(err)
		tcp, ok := conn.(*net.TCPConn)
		if !ok {
			t.Fatal("no TCP")
		}
		b.ok(tcp.CloseWrite())
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		b.ok(err)
		raw, err := io.ReadAll(resp.Body)
		b.ok(err)
		b.ok(resp.Body.Close())
		refused{record.ReasonMalformed, "the body could not be read to its end", nil}.want(t, "cut", answer{resp.StatusCode, resp.Header, raw})
	})
}

func TestListParameters(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var page gen.CalendarPage
	b.call("GET", "/v1/calendars?limit=1", nil).into(t, 200, &page)
	first := *page.NextCursor
	const noPlace = "this is no next_cursor of this list with these filters: leave it out to begin at the start"
	for query, problem := range map[string]message.Problem{
		"limit=0":                            at("query: limit", "give a number from 1 to 200"),
		"limit=-1":                           at("query: limit", "give a number from 1 to 200"),
		"limit=201":                          at("query: limit", "give a number from 1 to 200"),
		"limit=many":                         at("query: limit", "it cannot be read: give a whole number"),
		"limit=":                             at("query: limit", "it cannot be read: give a whole number"),
		"limit=1.5":                          at("query: limit", "it cannot be read: give a whole number"),
		"limit=99999999999999999999":         at("query: limit", "it cannot be read: give a whole number"),
		"limit=1&limit=2":                    at("query: limit", "it is given 2 times: give it once"),
		"cursor=nonsense":                    at("query: cursor", noPlace),
		"cursor=" + string(b.tenant):         at("query: cursor", noPlace),
		"cursor=cal_%00":                     at("query: cursor", "only this is allowed: letters, digits, - and _ as a page gave them"),
		"cursor=%ff":                         at("query: cursor", "only this is allowed: letters, digits, - and _ as a page gave them"),
		"cursor=" + strings.Repeat("0", 513): at("query: cursor", "give at most 512 characters, not 513"),
		"cursor=A" + first[1:]:               at("query: cursor", noPlace),
		"cursor=" + first + "&writable=true": at("query: cursor", noPlace),
		"connection_id=a%20b":                at("query: connection_id", "only this is allowed: visible ASCII characters without blanks"),
		"provider=caldav":                    at("query: provider", "give one of google, microsoft"),
		"sync=all":                           at("query: sync", "give one of off, busy, full"),
		"writable=maybe":                     at("query: writable", "it cannot be read: give true or false"),
		"writable=true&writable=false":       at("query: writable", "it is given 2 times: give it once"),
		"cursor=cal_1&cursor=cal_2":          at("query: cursor", "it is given 2 times: give it once"),
		"curser=cal_1&limit=5":               at("query: curser", "there is no such parameter: remove it, or check its spelling"),
	} {
		a := b.call("GET", "/v1/calendars?"+query, nil)
		refused{record.ReasonInvalid, parameter, []message.Problem{problem}}.want(t, query, a)
	}
	for _, query := range []string{"limit=5;cursor=cal_1", "limit=%zz"} {
		a := b.call("GET", "/v1/calendars?"+query, nil)
		refused{record.ReasonInvalid, "the query cannot be read: write special characters as %26 and the like, and & between parameters", nil}.want(t, query, a)
	}
	a := b.call("GET", "/v1/reservations/rsv%00", nil)
	refused{record.ReasonInvalid, parameter, []message.Problem{at("path: token", "only this is allowed: visible ASCII characters without blanks")}}.want(t, "token", a)
	a = b.call("GET", "/v1/reservations/rsv_unknown", nil)
	refused{"not-found", "this tenant has nothing of that name", nil}.want(t, "unknown token", a)
}

func TestOtherDocuments(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.unchanging()
	for name, c := range map[string]struct {
		path    string
		body    any
		problem message.Problem
	}{
		"an unknown provider":     {"/v1/connections", map[string]any{"provider": "caldav"}, at("/provider", "give one of google, microsoft")},
		"no provider":             {"/v1/connections", map[string]any{}, at("/provider", required)},
		"an unknown field":        {"/v1/connections", map[string]any{"provider": "google", "scope": "all"}, at("/scope", unknown)},
		"a connection of nothing": {"/v1/connections", map[string]any{"provider": "google", "connection_id": ""}, at("/connection_id", "it is empty: give at least 1 character")},
		"no URL":                  {"/v1/endpoints", map[string]any{}, at("/url", required)},
		"a secret of their own":   {"/v1/endpoints", map[string]any{"url": "https://core.test", "secret": "s"}, at("/secret", unknown)},
		"a URL too long":          {"/v1/endpoints", map[string]any{"url": "https://core.test/" + strings.Repeat("x", 2048)}, at("/url", "give at most 2048 characters, not 2066")},
		"a URL too short":         {"/v1/endpoints", map[string]any{"url": "http:/"}, at("/url", "give at least 8 characters, not 6")},
	} {
		refused{record.ReasonInvalid, noFit, []message.Problem{c.problem}}.want(t, name, b.call("POST", c.path, c.body))
	}
	a := b.call("POST", "/v1/connections", map[string]any{"provider": "google", "connection_id": "con_unknown"})
	refused{record.ReasonInvalid, "the connection cannot be connected anew", []message.Problem{
		at("/connection_id", "no such connection of this provider: leave it out to make a new one"),
	}}.want(t, "an unknown connection", a)
}

// Every answer carries the same guards, and its request's id and trace.
func TestHeaders(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, a := range map[string]answer{
		"found":     b.call("GET", "/v1/calendars", nil),
		"accepted":  b.call("PUT", "/v1/bookings/b1", b.spec(1)),
		"invalid":   b.call("PUT", "/v1/bookings/b1", "{}"),
		"unknown":   b.call("GET", "/v1/bookings/b2", nil),
		"no route":  b.call("GET", "/nowhere", nil),
		"no key":    b.call("GET", "/v1/calendars", nil, func(r *http.Request) { r.Header.Del("Authorization") }),
		"no method": b.call("POST", "/v1/calendars", nil),
		"page":      b.call("GET", "/oauth/google/callback", nil),
		"redirect":  b.call("GET", "/connect/token", nil),
		"health":    b.call("GET", "/healthz", nil),
	} {
		for header, want := range map[string]string{
			"Request-Id":              `^req_[0-9a-f]{32}$`,
			"Traceparent":             `^00-[0-9a-f]{32}-[0-9a-f]{16}-01$`,
			"X-Content-Type-Options":  `^nosniff$`,
			"Referrer-Policy":         `^no-referrer$`,
			"X-Frame-Options":         `^DENY$`,
			"Cache-Control":           `^no-store$`,
			"Content-Security-Policy": `^default-src 'none'; (style-src 'sha256-[A-Za-z0-9+/=]+'; )?frame-ancestors 'none'; base-uri 'none'; form-action 'none'$`,
		} {
			if got := a.header.Get(header); !regexp.MustCompile(want).MatchString(got) {
				t.Errorf("%s: %s: %s", name, header, got)
			}
		}
		if a.header.Get("Server") != "" || a.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %v", name, a.header)
		}
	}
}

// A trace is gone on with if the caller has one, and begun otherwise: it is never a reason to refuse anything.
func TestTrace(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const trace, span = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	ids := map[string]bool{}
	for name, c := range map[string]struct {
		headers []string
		goesOn  bool
	}{
		"a trace":           {[]string{"00-" + trace + "-" + span + "-01"}, true},
		"none":              {nil, false},
		"nonsense":          {[]string{"trace me"}, false},
		"all zeroes":        {[]string{"00-" + strings.Repeat("0", 32) + "-" + span + "-01"}, false},
		"two traces":        {[]string{"00-" + trace + "-" + span + "-01", "00-" + trace + "-" + span + "-01"}, false},
		"more than allowed": {[]string{strings.Repeat("0", 4000)}, false},
	} {
		for _, send := range []func(...func(*http.Request)) answer{
			func(e ...func(*http.Request)) answer { return b.call("PUT", "/v1/bookings/b1", b.spec(1), e...) },
			func(e ...func(*http.Request)) answer { return b.call("GET", "/healthz", nil, e...) },
		} {
			a := send(header("Traceparent", c.headers...))
			got := a.header.Get("Traceparent")
			if strings.Contains(got, trace) != c.goesOn || strings.Contains(got, span) || len(got) != 55 || a.status/100 != 2 {
				t.Errorf("%s: %d %s", name, a.status, got)
			}
			if id := a.header.Get("Request-Id"); ids[id] {
				t.Errorf("%s: the id %s was used before", name, id)
			} else {
				ids[id] = true
			}
		}
	}
}

// The problem types are the headings of docs/problems.md, neither more nor less.
func TestProblemsAreDocumented(t *testing.T) {
	t.Parallel()
	text := docs(t, "problems.md")
	var documented []string
	for _, m := range regexp.MustCompile(`(?m)^## (.+)\n\n(\d{3})\. `).FindAllStringSubmatch(text, -1) {
		documented = append(documented, m[1])
		if meaning, ok := api.Meanings()[record.Reason(m[1])]; !ok || fmt.Sprint(meaning.Status) != m[2] {
			t.Errorf("## %s: %s, the code says %d", m[1], m[2], meaning.Status)
		}
	}
	if headings := strings.Count(text, "\n## "); headings != len(documented) || headings != len(api.Meanings()) {
		t.Errorf("%d headings, %d with a status, %d reasons", headings, len(documented), len(api.Meanings()))
	}
	titles := map[string]bool{}
	for reason, m := range api.Meanings() {
		if !regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`).MatchString(string(reason)) || m.Title == "" || titles[m.Title] {
			t.Errorf("%s: title %q", reason, m.Title)
		}
		titles[m.Title] = true
	}
}
