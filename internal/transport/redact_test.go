package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"testing"

	"github.com/calweave/calweave/contracts/fault"
)

const secretURL = "https://user:hunter2@api.test:8443/hunter2/oauth?code=hunter2#hunter2"

func TestRedact(t *testing.T) {
	t.Parallel()
	inURL := func(err error) error { return &url.Error{Op: "Get", URL: secretURL, Err: err} }
	opErr := &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 443}, Err: errors.New("connection refused")}
	parse := func(s string) error {
		_, err := url.Parse(s)
		return err
	}
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"a dial":                   {inURL(opErr), `Get "https://api.test:8443": dial tcp 10.0.0.1:443: connection refused`},
		"wrapped":                  {fmt.Errorf("call %s: %w", secretURL, inURL(opErr)), `Get "https://api.test:8443": dial tcp 10.0.0.1:443: connection refused`},
		"canceled":                 {inURL(context.Canceled), `Get "https://api.test:8443": context canceled`},
		"a deadline":               {inURL(context.DeadlineExceeded), `Get "https://api.test:8443": context deadline exceeded`},
		"cut off":                  {inURL(fmt.Errorf("hunter2: %w", io.ErrUnexpectedEOF)), `Get "https://api.test:8443": unexpected EOF`},
		"a peer's words":           {inURL(errors.New(`malformed HTTP response "hunter2"`)), `Get "https://api.test:8443": exchange failed (*errors.errorString)`},
		"an error within an error": {inURL(inURL(errors.New("hunter2"))), `Get "https://api.test:8443": Get "https://api.test:8443": exchange failed (*errors.errorString)`},
		"a URL that is none":       {parse("https://user:hunter2@host:port/"), `parse "(redacted)": malformed URL`},
		"an escape that is none":   {parse("https://host/%hunter2"), `parse "(redacted)": malformed URL`},
		"a URL beyond parsing":     {&url.Error{Op: "Get", URL: "https://%hunter2", Err: io.EOF}, `Get "(redacted)": EOF`},
		"a fault around it":        {fault.New(fault.Transient, "op", inURL(io.EOF)), `op: transient: Get "https://api.test:8443": EOF`},
		"a fault inside":           {inURL(fault.New(fault.Busy, "op", nil)), `Get "https://api.test:8443": op: busy`},
		"any other error":          {errors.New("plain"), "plain"},
	} {
		got := Redact(c.err)
		if got == nil || got.Error() != c.want || strings.Contains(got.Error(), "hunter2") {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if Redact(nil) != nil {
		t.Error("no error became one")
	}
}

func TestRedactKeepsWhatCallersAskFor(t *testing.T) {
	t.Parallel()
	inURL := func(err error) error { return Redact(&url.Error{Op: "Get", URL: secretURL, Err: err}) }
	timeout := inURL(&net.OpError{Op: "read", Err: &net.DNSError{IsTimeout: true}})
	if ne, ok := errors.AsType[net.Error](timeout); !ok || !ne.Timeout() {
		t.Error("a timeout is no longer one")
	}
	if err := inURL(NewGuard(nil).Control("tcp4", "127.0.0.1:80", nil)); err == nil {
		t.Error("a refusal vanished")
	}
	dial := inURL(&net.OpError{Op: "dial", Err: NewGuard(nil).Control("tcp4", "127.0.0.1:80", nil)})
	for name, c := range map[string]struct{ err, is error }{
		"refused":   {dial, ErrRefused},
		"canceled":  {inURL(context.Canceled), context.Canceled},
		"deadline":  {inURL(context.DeadlineExceeded), context.DeadlineExceeded},
		"too large": {inURL(fault.ErrTooLarge), fault.ErrTooLarge},
	} {
		if !errors.Is(c.err, c.is) {
			t.Errorf("%s: %v", name, c.err)
		}
	}
	fenced := fault.New(fault.Fenced, "op", &url.Error{Op: "Get", URL: secretURL, Err: io.EOF})
	if got := Redact(fenced); !fault.Is(got, fault.Fenced) {
		t.Errorf("%v lost its kind", got)
	}
}
