package outbound_test

import (
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/record"
)

// What an answer other than 2xx means: all may pass but 410, and only who is overrun says when to come back.
func TestRefusals(t *testing.T) {
	t.Parallel()
	soon := noon().Add(90 * time.Second).Format(http.TimeFormat)
	for name, c := range map[string]struct {
		status int
		header http.Header
		kind   fault.Kind
		wait   time.Duration
	}{
		"moved":                   {301, http.Header{"Location": {"/elsewhere"}}, fault.Transient, 0},
		"not modified":            {304, nil, fault.Transient, 0},
		"bad request":             {400, nil, fault.Transient, 0},
		"unauthorized":            {401, nil, fault.Transient, 0},
		"not found":               {404, nil, fault.Transient, 0},
		"gone":                    {410, nil, fault.Gone, 0},
		"too large":               {413, nil, fault.Transient, 0},
		"too many":                {429, nil, fault.Transient, 0},
		"too many, in seconds":    {429, http.Header{"Retry-After": {"120"}}, fault.Transient, 2 * time.Minute},
		"too many, as a date":     {429, http.Header{"Retry-After": {soon}}, fault.Transient, 90 * time.Second},
		"too many, past":          {429, http.Header{"Retry-After": {noon().Add(-time.Hour).Format(http.TimeFormat)}}, fault.Transient, 0},
		"too many, nonsense":      {429, http.Header{"Retry-After": {"soon"}}, fault.Transient, 0},
		"too many, a year":        {429, http.Header{"Retry-After": {"31536000"}}, fault.Transient, fault.LongestWait},
		"unavailable":             {503, nil, fault.Transient, 0},
		"unavailable, in seconds": {503, http.Header{"Retry-After": {"7"}}, fault.Transient, 7 * time.Second},
		"unavailable, as a date":  {503, http.Header{"Retry-After": {soon}}, fault.Transient, 90 * time.Second},
		"internal":                {500, http.Header{"Retry-After": {"7"}}, fault.Transient, 0},
		"bad gateway":             {502, nil, fault.Transient, 0},
	} {
		p := newPost(t, func(w http.ResponseWriter, _ *http.Request) {
			maps.Copy(w.Header(), c.header)
			w.WriteHeader(c.status)
			if c.status != 304 {
				_, _ = io.WriteString(w, "CANARY: whatever the endpoint says")
			}
		})
		err := p.send(time.Minute)
		f, ok := fault.As(err)
		// The date was written without the fraction that the clock has.
		if !ok || f.Kind != c.kind || f.Status != c.status || f.RetryAfter != c.wait {
			t.Errorf("%s: %v, wait %s", name, err, fault.RetryAfter(err))
		}
		if len(p.outbox.delivered) > 0 || len(p.letters()) != 1 {
			t.Errorf("%s: delivered %v in %d letters", name, p.outbox.delivered, len(p.letters()))
		}
		hides(t, name, err)
	}
}

// A redirect is a failure, and is not followed: the endpoint was checked, where it leads was not.
func TestRedirects(t *testing.T) {
	t.Parallel()
	for _, code := range []int{301, 302, 303, 307, 308} {
		var elsewhere atomic.Int64
		p := newPost(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/elsewhere" {
				elsewhere.Add(1)
				return
			}
			http.Redirect(w, r, "/elsewhere", code)
		})
		if err := p.send(time.Minute); !fault.Is(err, fault.Transient) || elsewhere.Load() > 0 || len(p.outbox.delivered) > 0 {
			t.Errorf("%d: %v, followed %d times", code, err, elsewhere.Load())
		}
	}
}

// An endpoint that does not answer costs no more than the call's share of the lease.
func TestNoAnswer(t *testing.T) {
	t.Parallel()
	released := make(chan struct{})
	p := newPost(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-released:
		}
	})
	defer close(released)
	err := p.send(200 * time.Millisecond)
	if !fault.Is(err, fault.Transient) || !strings.Contains(err.Error(), "no answer in time") {
		t.Error(err)
	}
	hides(t, "no answer", err)
}

// Once an endpoint has said yes, the message is delivered: what it goes on to say is neither waited for nor read to its end.
// An endpoint that takes its time takes a worker's too, however long the lease is.
func TestEndpointHasTenSeconds(t *testing.T) {
	t.Parallel()
	p := newPost(t, status(http.StatusOK))
	var left time.Duration
	next := p.HTTP.Transport
	p.HTTP.Transport = roundTripper(func(req *http.Request) (*http.Response, error) {
		until, _ := req.Context().Deadline()
		left = time.Until(until)
		return next.RoundTrip(req)
	})
	if err := p.send(time.Hour); err != nil {
		t.Fatal(err)
	}
	if left <= 0 || left > 10*time.Second {
		t.Errorf("the endpoint has %s", left)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func TestAnswersThatDoNotEnd(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"silent": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000")
			w.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		},
		"endless": func(w http.ResponseWriter, _ *http.Request) {
			for {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
		},
		"broken off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			w.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		},
	} {
		p := newPost(t, answer)
		began := time.Now()
		if err := p.send(5 * time.Minute); err != nil || len(p.outbox.delivered) != 1 {
			t.Errorf("%s: %v %v", name, err, p.outbox.delivered)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%s: it held the sender for %s", name, took)
		}
	}
}

// Answers that are no HTTP, and connections that are not made.
func TestNoConnection(t *testing.T) {
	t.Parallel()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "http://" + l.Addr().String() + "/?token=CANARY"
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		url    string
		answer http.HandlerFunc
	}{
		"nobody listens":     {url: closed},
		"an address refused": {url: "http://10.1.2.3/CANARY"},
		"a metadata service": {url: "http://169.254.169.254/latest/meta-data/CANARY"},
		"no such host":       {url: "http://canary.invalid/CANARY"},
		"dropped": {answer: func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_ = conn.Close()
			}
		}},
		"no HTTP": {answer: func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_, _ = io.WriteString(conn, "CANARY: no HTTP at all\r\n\r\n")
				_ = conn.Close()
			}
		}},
		"headers without end": {answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Long", strings.Repeat("x", 1<<20))
			w.WriteHeader(http.StatusOK)
		}},
	} {
		if c.answer == nil {
			c.answer = status(http.StatusOK)
		}
		p := newPost(t, c.answer)
		if c.url != "" {
			p.outbox.delivery.Endpoint.URL = c.url
		}
		err := p.send(20 * time.Second)
		if !fault.Is(err, fault.Transient) || len(p.outbox.delivered) > 0 {
			t.Errorf("%s: %v", name, err)
		}
		hides(t, name, err)
	}
}

// Deliveries that cannot be sent at all are given up, and nobody is called.
func TestUnusable(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(*record.Delivery)
		text  string
	}{
		"a URL that is none":     {func(d *record.Delivery) { d.Endpoint.URL = "https://CANARY\x7f/" }, "the endpoint's URL cannot be used"},
		"a secret that is none":  {func(d *record.Delivery) { d.Endpoint.Secret = "whsec_CANARY!" }, "the endpoint's secret cannot be used"},
		"an old one that is":     {func(d *record.Delivery) { d.Endpoint.Previous = "whsec_CANARY!" }, "the endpoint's secret cannot be used"},
		"no secret":              {func(d *record.Delivery) { d.Endpoint.Secret = "" }, "the endpoint has no secret"},
		"a message that is none": {func(d *record.Delivery) { d.Message.Data = []byte("{CANARY") }, "the message cannot be written"},
	} {
		p := newPost(t, status(http.StatusOK))
		c.spoil(&p.outbox.delivery)
		err := p.send(time.Minute)
		if _, tried := errors.AsType[*record.AttemptError](err); tried {
			t.Errorf("%s counts as an attempt", name)
		}
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), c.text) || len(p.letters())+len(p.outbox.delivered) > 0 {
			t.Errorf("%s: %v, %d letters", name, err, len(p.letters()))
		}
		hides(t, name, err)
	}
}

// The store's and the engine's own failures are theirs to judge.
func TestOtherFailures(t *testing.T) {
	t.Parallel()
	away := fault.Newf(fault.Transient, "store", "away")
	p := newPost(t, status(http.StatusOK))
	p.outbox.err = away
	if err := p.send(time.Minute); !errors.Is(err, away) || len(p.letters()) > 0 {
		t.Errorf("read: %v", err)
	}
	p.outbox.err, p.outbox.settleErr = nil, away
	if err := p.send(time.Minute); !errors.Is(err, away) || len(p.letters()) != 1 {
		t.Errorf("settle: %v", err)
	}
	if err := p.send(0); !fault.Is(err, fault.Fenced) || len(p.letters()) != 1 {
		t.Errorf("a lease that has ended: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Work(ctx, lease(p.clock, time.Minute)); !fault.Is(err, fault.Canceled) {
		t.Errorf("shutdown: %v", err)
	}
}
