package sim_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/sim"
)

// raw is a keep-alive client that costs next to nothing, so that the server is what is measured.
type raw struct {
	conn net.Conn
	in   *bufio.Reader
}

func dial(b *testing.B, address string) raw {
	b.Helper()
	var d net.Dialer
	conn, err := d.DialContext(b.Context(), "tcp", strings.TrimPrefix(address, "http://"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	return raw{conn: conn, in: bufio.NewReaderSize(conn, 64<<10)}
}

// do sends a whole request and returns the body's length.
func (r raw) do(b *testing.B, request string) int64 {
	b.Helper()
	if _, err := io.WriteString(r.conn, request); err != nil {
		b.Fatal(err)
	}
	resp, err := http.ReadResponse(r.in, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	n, err := io.Copy(io.Discard, resp.Body)
	if err != nil || resp.StatusCode >= 300 {
		b.Fatalf("%d: %v", resp.StatusCode, err)
	}
	return n
}

func request(method, target, token, body string) string {
	return fmt.Sprintf("%s %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", method, target, token, len(body), body)
}

// bench is a provider with n events in one calendar.
type bench struct {
	c      raw
	token  string
	prefix string
	id     string
}

func newBench(b *testing.B, p sim.Provider, n int) bench {
	b.Helper()
	s, err := sim.New(sim.Config{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.Close)
	h, prefix := s.Google(), "/calendar/v3/calendars/primary"
	if p == sim.Microsoft {
		h, prefix = s.Microsoft(), "/v1.0/me"
	}
	srv := httptest.NewServer(h)
	b.Cleanup(srv.Close)
	if _, err := s.Seed(sim.Person{Provider: p, Email: googleHost}); err != nil {
		b.Fatal(err)
	}
	var last sim.Event
	for i := range n {
		begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * time.Minute)
		if last, err = s.CreateEvent(sim.In{Provider: p, Email: googleHost}, sim.Draft{Title: "Intro call", Description: "Booked online", Start: begin, End: begin.Add(time.Hour)}); err != nil {
			b.Fatal(err)
		}
	}
	token, err := s.IssueToken(p, googleHost, "app")
	if err != nil {
		b.Fatal(err)
	}
	return bench{c: dial(b, srv.URL), token: token.Access, prefix: prefix, id: url.PathEscape(last.ID)}
}

func each(b *testing.B, n int, run func(b *testing.B, x bench)) {
	b.Helper()
	for _, p := range []sim.Provider{sim.Google, sim.Microsoft} {
		b.Run(string(p), func(b *testing.B) {
			x := newBench(b, p, n)
			b.ReportAllocs()
			b.ResetTimer()
			run(b, x)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
		})
	}
}

func BenchmarkRead(b *testing.B) {
	each(b, 100, func(b *testing.B, x bench) {
		b.Helper()
		q := request("GET", x.prefix+"/events/"+x.id, x.token, "")
		for b.Loop() {
			x.c.do(b, q)
		}
	})
}

func BenchmarkPatch(b *testing.B) {
	each(b, 100, func(b *testing.B, x bench) {
		b.Helper()
		q := request("PATCH", x.prefix+"/events/"+x.id, x.token, `{"location":null}`)
		for b.Loop() {
			x.c.do(b, q)
		}
	})
}

// BenchmarkFirstPage reads the first page of 250 rows in a calendar of 100,000.
func BenchmarkFirstPage(b *testing.B) {
	each(b, 100_000, func(b *testing.B, x bench) {
		b.Helper()
		target := x.prefix + "/events?maxResults=250"
		if strings.HasPrefix(x.prefix, "/v1.0") {
			target = x.prefix + "/events?$top=250"
		}
		q := request("GET", target, x.token, "")
		var size int64
		for b.Loop() {
			size = x.c.do(b, q)
		}
		b.ReportMetric(float64(size), "bytes")
	})
}
