package transport

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/fault"
)

func TestChainOrder(t *testing.T) {
	t.Parallel()
	var seen []string
	note := func(name string) { seen = append(seen, name) }
	b := roundTripper(func(req *http.Request) (*http.Response, error) {
		if _, bounded := req.Context().Deadline(); !bounded {
			t.Error("no time limit at the connection")
		}
		note("base " + req.Header.Get("Authorization"))
		return nil, errors.New(`malformed HTTP response "hunter2"`)
	})
	client := Client(Options{
		Base: b,
		Token: func(ctx context.Context) (string, error) {
			if _, bounded := ctx.Deadline(); bounded {
				t.Error("waiting for a token counts against the exchange")
			}
			note("token")
			return "t", nil
		},
		Origins: []string{"https://api.test/v3"},
	})
	err := get(t, client, "https://api.test/x")
	if got, want := strings.Join(seen, ", "), "token, base Bearer t"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v: what the peer sent must not be in it", err)
	}
}

func TestAuthoriseOnlyItsOrigins(t *testing.T) {
	t.Parallel()
	var got string
	b := roundTripper(func(req *http.Request) (*http.Response, error) {
		got = req.Header.Get("Authorization")
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: req}, nil
	})
	token := func(context.Context) (string, error) { return "secret", nil }
	client := Client(Options{Base: b, Token: token, Origins: []string{"https://api.test/v3", "http://127.0.0.1:8081", "not a url", "%"}})
	for address, want := range map[string]bool{
		"https://api.test/calendars":          true,
		"https://API.test:443/":               true,
		"https://api.test./":                  true,
		"http://127.0.0.1:8081/x":             true,
		"http://api.test/calendars":           false,
		"http://api.test:443/":                false,
		"https://api.test:8443/":              false,
		"https://api.test.evil.test/":         false,
		"https://evil.test/?https://api.test": false,
		"https://api.test@evil.test/":         false,
		"http://127.0.0.1:8082/":              false,
	} {
		if err := get(t, client, address); err != nil {
			t.Fatal(err)
		}
		if sent := got == "Bearer secret"; sent != want {
			t.Errorf("%s: sent %q, want the token %t", address, got, want)
		}
	}
}

func TestAuthoriseLeavesTheRequestAlone(t *testing.T) {
	t.Parallel()
	b := roundTripper(func(req *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: req}, nil
	})
	chain := Authorise(b, []string{"https://api.test"}, func(context.Context) (string, error) { return "secret", nil })
	req := request(t, http.MethodGet, "https://api.test", "")
	resp, err := chain.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if len(req.Header) != 0 {
		t.Errorf("the caller's request now carries %v", req.Header)
	}
}

// A grant that is dead must reach the engine as what it is, and the body must be closed as RoundTripper asks.
func TestTokenFaultComesThrough(t *testing.T) {
	t.Parallel()
	b := roundTripper(func(*http.Request) (*http.Response, error) {
		t.Error("sent without a token")
		return nil, io.EOF
	})
	dead := fault.New(fault.NeedsReauth, "refresh", nil)
	client := Client(Options{Base: b, Origins: []string{"https://api.test"}, Token: func(context.Context) (string, error) { return "", dead }})
	body := &closeCounter{Reader: strings.NewReader("x")}
	req := request(t, http.MethodPost, "https://api.test/?code=hunter2", "")
	req.Body = body
	resp, err := client.Do(req)
	if err == nil {
		_ = resp.Body.Close()
	}
	if !fault.Is(err, fault.NeedsReauth) || !fault.Is(Redact(err), fault.NeedsReauth) || body.closed == 0 {
		t.Errorf("%v, body closed %d times", err, body.closed)
	}
}

type closeCounter struct {
	io.Reader
	closed int
}

func (c *closeCounter) Close() error { c.closed++; return nil }

// One byte at a time keeps every timeout of a connection from firing; the bound on the whole exchange ends it.
func TestSlowLorisEnds(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-r.Context().Done():
				return
			case <-tick.C:
				_, _ = w.Write([]byte("x"))
				_ = http.NewResponseController(w).Flush()
			}
		}
	}))
	t.Cleanup(server.Close)
	client := localClient(t, Options{Timeout: 100 * time.Millisecond})
	resp, err := client.Do(request(t, http.MethodGet, server.URL, ""))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if n, err := io.Copy(io.Discard, resp.Body); !errors.Is(err, context.DeadlineExceeded) || n == 0 {
		t.Errorf("%d bytes, then %v", n, err)
	}
}

func TestNoAnswerEnds(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(server.Close)
	err := get(t, localClient(t, Options{Timeout: 50 * time.Millisecond}), server.URL)
	if f := fault.Network(t.Context(), "op", err); !errors.Is(err, context.DeadlineExceeded) || f.Error() != "op: transient: no answer in time" {
		t.Errorf("%v, as a fault %v", err, f)
	}
}

func TestCallersCancellationComesThrough(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	req := request(t, http.MethodGet, server.URL, "").WithContext(ctx)
	resp, err := localClient(t, Options{}).Do(req)
	if err == nil {
		_ = resp.Body.Close()
	}
	if !errors.Is(err, context.Canceled) || !errors.Is(Redact(err), context.Canceled) {
		t.Error(err)
	}
}

func TestLimitBody(t *testing.T) {
	t.Parallel()
	b := roundTripper(func(req *http.Request) (*http.Response, error) {
		size := int64(len(req.URL.Path) - 1)
		return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(io.LimitReader(zeroes{}, size)), Request: req}, nil
	})
	client := Client(Options{Base: b, MaxBody: 10})
	for size, want := range map[int]error{0: nil, 9: nil, 10: nil, 11: fault.ErrTooLarge, 5000: fault.ErrTooLarge} {
		body, err := read(t, client, "https://api.test/"+strings.Repeat("y", size))
		if !errors.Is(err, want) || len(body) != min(size, 10) {
			t.Errorf("%d bytes sent: %d read, %v; want %v", size, len(body), err, want)
		}
	}
}

// A few kilobytes that unpack to a few megabytes are cut off like any other body.
func TestGzipBomb(t *testing.T) {
	t.Parallel()
	var bomb bytes.Buffer
	zip := gzip.NewWriter(&bomb)
	if _, err := io.CopyN(zip, zeroes{}, 4<<20); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bomb.Bytes())
	}))
	t.Cleanup(server.Close)
	body, err := read(t, localClient(t, Options{MaxBody: 1000}), server.URL)
	if !errors.Is(err, fault.ErrTooLarge) || len(body) != 1000 {
		t.Errorf("%d bytes, %v", len(body), err)
	}
}

type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestConnectionsAreReused(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }))
	t.Cleanup(server.Close)
	client := localClient(t, Options{})
	for n := range 5 {
		var reused bool
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { reused = info.Reused }})
		resp, err := client.Do(request(t, http.MethodGet, server.URL, "").WithContext(ctx))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		if n > 0 && !reused {
			t.Fatalf("call %d opened a new connection", n+1)
		}
	}
}

func TestHugeHeadersAreRefused(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Huge", strings.Repeat("hunter2 ", 1<<20/8))
	}))
	t.Cleanup(server.Close)
	if err := get(t, localClient(t, Options{}), server.URL); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%.100v", err)
	}
}

func TestTLSIsVerified(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	t.Cleanup(server.Close)
	if err := get(t, localClient(t, Options{}), server.URL); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("%v, want a certificate that is not trusted", err)
	}
}

// localClient returns a client that may reach this machine.
func localClient(t *testing.T, o Options) *http.Client {
	t.Helper()
	b := Base(NewGuard([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}))
	t.Cleanup(b.CloseIdleConnections)
	o.Base = b
	return Client(o)
}

func request(t *testing.T, method, address, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return req
}

func read(t *testing.T, client *http.Client, address string) ([]byte, error) {
	t.Helper()
	resp, err := client.Do(request(t, http.MethodGet, address, ""))
	if err != nil {
		if _, ok := errors.AsType[*url.Error](err); !ok {
			t.Errorf("%v is not what http.Client returns", err)
		}
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	return io.ReadAll(resp.Body)
}

func get(t *testing.T, client *http.Client, address string) error {
	t.Helper()
	_, err := read(t, client, address)
	return err
}
