package sim_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/sim"
)

// What "make bench" holds the simulators to.
const (
	// readsFloor and writesFloor are requests that one core answers in a second.
	readsFloor  = 10_000
	writesFloor = 3_000
	// clients send at once: as many as Microsoft serves one mailbox.
	clients = 4
)

// serveEnv tells the test's own binary to be the server of a benchmark.
const serveEnv = "CALWEAVE_SIM_BENCH_SERVE"

// target is what a server tells its clients.
type target struct {
	URL, Token, Prefix, ID string
}

// served is what the server's process prints when it is ready.
type served struct {
	Targets map[sim.Provider]target
	// Usage answers with the processor time that the process has taken so far, in nanoseconds, and Bare with a body as large as an event's
	// through net/http alone.
	Usage, Bare string
}

// TestServeForBenchmarks is the server of BenchmarkRequests, in a process of its own with one core. It ends with its input.
func TestServeForBenchmarks(t *testing.T) { //nolint:paralleltest // it is the only one in its process
	if os.Getenv(serveEnv) == "" {
		return // there is no benchmark to serve
	}
	s := newSim(t)
	out := served{Targets: map[sim.Provider]target{}, Usage: listen(t, http.HandlerFunc(usage)), Bare: listen(t, http.HandlerFunc(bare))}
	for p, h := range map[sim.Provider]http.Handler{sim.Google: s.Google(), sim.Microsoft: s.Microsoft()} {
		x := fill(t, s, p, 1000)
		x.URL = listen(t, h)
		out.Targets[p] = x
	}
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // until whoever measures has gone
}

func listen(t *testing.T, h http.Handler) string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}

func usage(w http.ResponseWriter, _ *http.Request) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = fmt.Fprint(w, u.Utime.Nano()+u.Stime.Nano())
}

func bare(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"text":"`+strings.Repeat("x", 1000)+`"}`)
}

func newSim(tb testing.TB) *sim.Sim {
	tb.Helper()
	s, err := sim.New(sim.Config{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Close)
	return s
}

// fill adds a person with n events in one calendar, one a minute.
func fill(tb testing.TB, s *sim.Sim, p sim.Provider, n int) target {
	tb.Helper()
	email := fmt.Sprintf("host%d@example.com", n)
	if _, err := s.Seed(sim.Person{Provider: p, Email: email}); err != nil {
		tb.Fatal(err)
	}
	var last sim.Event
	for i := range n {
		begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * time.Minute)
		var err error
		if last, err = s.CreateEvent(sim.In{Provider: p, Email: email}, sim.Draft{Title: "Intro call", Description: "Booked online", Start: begin, End: begin.Add(time.Hour)}); err != nil {
			tb.Fatal(err)
		}
	}
	token, err := s.IssueToken(p, email, "app")
	if err != nil {
		tb.Fatal(err)
	}
	prefix := "/calendar/v3/calendars/primary"
	if p == sim.Microsoft {
		prefix = "/v1.0/me"
	}
	return target{Token: token.Access, Prefix: prefix, ID: url.PathEscape(last.ID)}
}

// spawn starts the server's process.
func spawn(b *testing.B) served {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	// It ends with its input, which is closed after the benchmark's context has ended.
	cmd := exec.CommandContext(context.WithoutCancel(b.Context()), self, "-test.run=^TestServeForBenchmarks$") //nolint:gosec // this very program
	if profile := os.Getenv("CALWEAVE_SIM_BENCH_PROFILE"); profile != "" {
		cmd.Args = append(cmd.Args, "-test.cpuprofile="+profile)
	}
	cmd.Env = append(os.Environ(), serveEnv+"=1", "GOMAXPROCS=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			b.Errorf("the server: %v", err)
		}
	})
	var ready served
	r := bufio.NewReader(out)
	line, err := r.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &ready)
	}
	if err != nil {
		b.Fatalf("the server said %q: %v", line, err)
	}
	go func() { _, _ = io.Copy(io.Discard, r) }() // what the test prints at its end
	return ready
}

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

// do sends a whole request and reads the answer.
func (r raw) do(request string) error {
	if _, err := io.WriteString(r.conn, request); err != nil {
		return err
	}
	resp, err := http.ReadResponse(r.in, nil)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err = io.Copy(io.Discard, resp.Body); err == nil && resp.StatusCode >= 300 {
		err = fmt.Errorf("answered %d", resp.StatusCode) //nolint:err113 // a benchmark's
	}
	return err
}

func request(method, target, token, body string) string {
	return fmt.Sprintf("%s %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", method, target, token, len(body), body)
}

// BenchmarkRequests measures a server that is a process of its own with GOMAXPROCS=1. core-req/s are the requests per second of the processor
// time that it took, which others on the machine change little, and req/s what its clients saw. x-floor is core-req/s over the floor, and below 1
// it fails; x-bare is core-req/s over what net/http alone does in the same run.
func BenchmarkRequests(b *testing.B) {
	s := spawn(b)
	usage := dial(b, s.Usage)
	bare := 0.0
	b.Run("bare", func(b *testing.B) {
		bare = load(b, usage, s.Bare, func(int64) string { return request("GET", "/", "x", "") })
		b.ReportMetric(bare, "core-req/s")
	})
	for _, p := range []sim.Provider{sim.Google, sim.Microsoft} {
		x := s.Targets[p]
		when, title := `"start":{"dateTime":"2026-10-01T10:00:00","timeZone":"UTC"},"end":{"dateTime":"2026-10-01T11:00:00","timeZone":"UTC"}`, "summary"
		if p == sim.Microsoft {
			title = "subject"
		}
		for _, c := range []struct {
			name  string
			floor float64
			send  func(i int64) string
		}{
			{"get", readsFloor, func(int64) string { return request("GET", x.Prefix+"/events/"+x.ID, x.Token, "") }},
			{"patch", writesFloor, func(i int64) string {
				return request("PATCH", x.Prefix+"/events/"+x.ID, x.Token, fmt.Sprintf(`{"%s":"title %d"}`, title, i))
			}},
			{"create", writesFloor, func(i int64) string {
				return request("POST", x.Prefix+"/events", x.Token, fmt.Sprintf(`{"%s":"title %d",%s}`, title, i, when))
			}},
		} {
			b.Run(string(p)+"/"+c.name, func(b *testing.B) {
				got := load(b, usage, x.URL, c.send)
				b.ReportMetric(got, "core-req/s")
				b.ReportMetric(got/c.floor, "x-floor")
				if bare > 0 {
					b.ReportMetric(got/bare, "x-bare")
				}
				if got < c.floor && b.N >= 5000 {
					b.Errorf("%.0f requests per second of one core, below the floor of %.0f", got, c.floor)
				}
			})
		}
	}
}

// load sends b.N requests from all clients at once, and returns how many there were per second of the server's processor time.
func load(b *testing.B, usage raw, address string, send func(i int64) string) float64 {
	b.Helper()
	conns := make([]raw, clients)
	for i := range conns {
		conns[i] = dial(b, address)
	}
	before := taken(b, usage)
	var sent atomic.Int64
	var group sync.WaitGroup
	b.ResetTimer()
	for _, c := range conns {
		group.Go(func() {
			for i := sent.Add(1); i <= int64(b.N); i = sent.Add(1) {
				if err := c.do(send(i)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
	return float64(b.N) / (taken(b, usage) - before).Seconds()
}

// taken is the processor time of the server.
func taken(b *testing.B, usage raw) time.Duration {
	b.Helper()
	if _, err := io.WriteString(usage.conn, request("GET", "/", "", "")); err != nil {
		b.Fatal(err)
	}
	resp, err := http.ReadResponse(usage.in, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var ns int64
	if _, err := fmt.Fscan(resp.Body, &ns); err != nil {
		b.Fatal(err)
	}
	return time.Duration(ns)
}
