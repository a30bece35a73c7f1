package outbound_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/transport"
)

// attempt sends the delivery and returns what is recorded of the attempt, whichever way it ended.
func (p *post) attempt(d time.Duration) record.Attempt {
	p.Helper()
	err := p.send(d)
	if failed, ok := errors.AsType[*record.AttemptError](err); ok {
		return failed.Attempt
	}
	if err != nil || len(p.outbox.ended) != 1 {
		p.Fatalf("no attempt: %v, %+v", err, p.outbox.ended)
	}
	return p.outbox.ended[0]
}

// Of each attempt its time, latency, status and the beginning of the answer are kept, byte by byte.
func TestAttemptIsRecorded(t *testing.T) {
	t.Parallel()
	long := bytes.Repeat([]byte{0xff, 0, 'x'}, 2000)
	for status, failure := range map[int]record.Failure{200: "", 500: record.FailureStatus, 301: record.FailureStatus, 410: record.FailureStatus} {
		var p *post
		p = newPost(t, func(w http.ResponseWriter, _ *http.Request) {
			p.clock.Advance(70 * time.Millisecond)
			w.WriteHeader(status)
			_, _ = w.Write(long)
		})
		a := p.attempt(time.Minute)
		if !a.At.Equal(noon()) || a.Latency != 70*time.Millisecond || a.Status != status || a.Failure != failure || !bytes.Equal(a.Answer, long[:4096]) {
			t.Errorf("%d: %s %s %d %q %d bytes", status, a.At, a.Latency, a.Status, a.Failure, len(a.Answer))
		}
	}
}

// Each way not to be reached has a name.
func TestFailures(t *testing.T) {
	t.Parallel()
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelWarn)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	silent := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	for name, c := range map[string]struct {
		url    string
		answer http.HandlerFunc
		lease  time.Duration
		want   record.Failure
	}{
		"blocked":        {url: "http://169.254.169.254/CANARY", want: record.FailureBlocked},
		"another port":   {url: "http://10.0.0.1:22/CANARY", want: record.FailureBlocked},
		"no such host":   {url: "http://canary.invalid/CANARY", want: record.FailureDNS},
		"nobody listens": {url: "http://" + closed, want: record.FailureConnect},
		"a strange one":  {url: secure.URL, want: record.FailureTLS},
		"silence":        {answer: silent, lease: 200 * time.Millisecond, want: record.FailureTimeout},
		"no HTTP":        {answer: hijacked("CANARY: no HTTP at all\r\n\r\n"), want: record.FailureExchange},
		"dropped":        {answer: hijacked(""), want: record.FailureExchange},
	} {
		if c.answer == nil {
			c.answer = status(http.StatusOK)
		}
		if c.lease == 0 {
			c.lease = 20 * time.Second
		}
		p := newPost(t, c.answer)
		if c.url != "" {
			p.outbox.delivery.Endpoint.URL = c.url
		}
		a := p.attempt(c.lease)
		if a.Failure != c.want || a.Status != 0 || len(a.Answer) > 0 {
			t.Errorf("%s: %q %d %q, want %q", name, a.Failure, a.Status, a.Answer, c.want)
		}
	}
}

// hijacked answers with raw bytes and hangs up.
func hijacked(raw string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_, _ = io.WriteString(conn, raw)
			_ = conn.Close()
		}
	}
}

// Tests of an endpoint go the guarded way too: whatever the URL says, no address that is not public is connected to.
func TestGuard(t *testing.T) {
	t.Parallel()
	for _, host := range []string{
		"127.0.0.1", "[::1]", "169.254.169.254", "10.1.2.3", "192.168.0.1", "172.16.0.1", "100.64.0.1", "0.0.0.0", "[::ffff:127.0.0.1]",
		"[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1]", "[fd00::1]", "2130706433", "0x7f000001", "017700000001", "localhost", "168.63.129.16",
	} {
		for _, typ := range []message.Type{message.BookingSynced, message.EndpointTested} {
			p := newPost(t, status(http.StatusOK))
			base := transport.Base(transport.NewGuard([]netip.Prefix{}))
			t.Cleanup(base.CloseIdleConnections)
			p.HTTP = transport.Client(transport.Options{Base: base})
			port := p.url[strings.LastIndex(p.url, ":"):]
			p.outbox.delivery.Endpoint.URL = "http://" + host + port[:strings.Index(port, "/")] + "/"
			p.outbox.delivery.Message.Type = typ
			a := p.attempt(5 * time.Second)
			if len(p.letters()) > 0 || a.Status != 0 || a.Failure != record.FailureBlocked && a.Failure != record.FailureDNS {
				t.Errorf("%s %s: %q, %d letters", typ, host, a.Failure, len(p.letters()))
			}
		}
	}
}

// A shutdown is no attempt.
func TestShutdownIsNoAttempt(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	p := newPost(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	err := p.Work(ctx, lease(p.clock, time.Minute))
	if _, tried := errors.AsType[*record.AttemptError](err); tried || !fault.Is(err, fault.Canceled) {
		t.Errorf("%v", err)
	}
}
