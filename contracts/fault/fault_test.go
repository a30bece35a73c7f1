package fault_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/fault"
)

func TestErrorText(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]*fault.Error{
		"google: read event: not_found (404 notFound): gone away": {
			Kind: fault.NotFound, Op: "google: read event", Status: 404, Code: "notFound", Err: errors.New("gone away"),
		},
		"graph: list: rate_limited (429), retry after 3s": {Kind: fault.RateLimited, Op: "graph: list", Status: 429, RetryAfter: 3 * time.Second},
		"refresh: needs_reauth":                           {Kind: fault.NeedsReauth, Op: "refresh"},
		"push: held: 3 guests would be mailed":            fault.Newf(fault.Held, "push", "%d guests would be mailed", 3),
	} {
		if got := err.Error(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestKindOf(t *testing.T) {
	t.Parallel()
	gone := fault.New(fault.Gone, "read", nil)
	for name, c := range map[string]struct {
		err  error
		want fault.Kind
	}{
		"its own":            {gone, fault.Gone},
		"wrapped":            {fmt.Errorf("outer: %w", gone), fault.Gone},
		"joined":             {errors.Join(errors.New("x"), gone), fault.Gone},
		"the outermost wins": {fault.New(fault.Held, "push", gone), fault.Held},
		"canceled":           {fmt.Errorf("x: %w", context.Canceled), fault.Canceled},
		"a kind of its own":  {fault.New(fault.Transient, "x", context.Canceled), fault.Transient},
		"deadline":           {context.DeadlineExceeded, fault.Transient},
		"anything else":      {errors.New("x"), fault.Transient},
	} {
		if got := fault.KindOf(c.err); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if !fault.Is(c.err, c.want) || fault.Is(c.err, fault.Invalid) {
			t.Errorf("%s: Is disagrees with KindOf", name)
		}
	}
	if fault.Is(nil, fault.Transient) {
		t.Error("no error has a kind")
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	limited := &fault.Error{Kind: fault.RateLimited, RetryAfter: time.Minute}
	if got := fault.RetryAfter(fmt.Errorf("x: %w", limited)); got != time.Minute {
		t.Errorf("%s, want 1m", got)
	}
	if got := fault.RetryAfter(errors.New("x")) + fault.RetryAfter(nil); got != 0 {
		t.Errorf("%s without a word from anybody", got)
	}
}

func TestUnwrap(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	if err := fault.New(fault.Invalid, "op", cause); !errors.Is(err, cause) {
		t.Error("the cause is lost")
	}
	if _, ok := fault.As(cause); ok {
		t.Error("an ordinary error became a fault")
	}
}

func TestNetwork(t *testing.T) {
	t.Parallel()
	live := t.Context()
	canceled, cancel := context.WithCancel(live)
	cancel()
	withCause, cancelCause := context.WithCancelCause(live)
	cancelCause(errors.New("lease lost"))
	expired, stop := context.WithDeadline(live, time.Unix(0, 0))
	defer stop()
	secret := errors.New(`Get "https://x.test/?token=hunter2": connection refused`)
	for name, c := range map[string]struct {
		ctx  context.Context
		err  error
		want fault.Kind
		text string
	}{
		"our own cancellation":       {canceled, secret, fault.Canceled, "op: canceled: context canceled"},
		"our own, with a cause":      {withCause, secret, fault.Canceled, "op: canceled: context canceled"},
		"our own deadline":           {expired, context.DeadlineExceeded, fault.Transient, "op: transient: no answer in time"},
		"a transport's timeout":      {live, &net.OpError{Op: "dial", Err: &net.DNSError{IsTimeout: true}}, fault.Transient, "op: transient: no answer in time"},
		"a refused connection":       {live, secret, fault.Transient, "op: transient: connection failed"},
		"somebody else's cancelling": {live, context.Canceled, fault.Transient, "op: transient: connection failed"},
	} {
		got := fault.Network(c.ctx, "op", c.err)
		if got.Kind != c.want || got.Error() != c.text {
			t.Errorf("%s: %q, want %q", name, got, c.text)
		}
		if strings.Contains(got.Error(), "hunter2") {
			t.Errorf("%s: the query is in the text", name)
		}
	}
}
