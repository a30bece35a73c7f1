package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"

	"github.com/calweave/calweave/contracts/fault"
)

// Redacted replaces errors whose text may repeat what a peer sent, such as a malformed header, by ones that name only what failed. It cannot
// reach the *url.Error that http.Client puts around them, with the URL and its query: whoever keeps a client's error calls Redact.
func Redacted(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(req)
		if err != nil {
			return nil, plain(err)
		}
		return resp, nil
	})
}

// Redact returns an error of http.Client, or of url.Parse, that may be logged and stored: of the URL the scheme, host and port are left, and
// of the cause what is known to hold no secret. Faults, ended contexts, timeouts, ErrRefused and fault.ErrTooLarge can still be told apart. Errors
// without a *url.Error in their chain are returned as they are.
func Redact(err error) error {
	ue, ok := errors.AsType[*url.Error](err)
	if !ok {
		return err
	}
	if f, ok := err.(*fault.Error); ok { //nolint:errorlint // only the outermost keeps its kind
		clean := *f
		clean.Err = Redact(f.Err)
		return &clean
	}
	if ue.Op == "parse" {
		return &url.Error{Op: ue.Op, URL: "(redacted)", Err: errors.New("malformed URL")}
	}
	where := "(redacted)"
	if u, err := url.Parse(ue.URL); err == nil {
		where = u.Scheme + "://" + u.Host
	}
	return &url.Error{Op: ue.Op, URL: where, Err: plain(ue.Err)}
}

// plain keeps errors whose text is made of addresses, names and our own words, and hides the text of all others behind their type.
func plain(err error) error {
	if _, ok := errors.AsType[*url.Error](err); ok {
		return Redact(err)
	}
	for _, known := range []error{context.Canceled, context.DeadlineExceeded, fault.ErrTooLarge, io.EOF, io.ErrUnexpectedEOF} {
		if errors.Is(err, known) {
			return known
		}
	}
	switch err.(type) { //nolint:errorlint // the outermost error makes the text
	case *fault.Error, *net.OpError, *net.DNSError, *tls.CertificateVerificationError, tls.RecordHeaderError, tls.AlertError:
		return err
	}
	if ne, ok := errors.AsType[net.Error](err); ok && ne.Timeout() {
		return context.DeadlineExceeded
	}
	return fmt.Errorf("exchange failed (%T)", err)
}
