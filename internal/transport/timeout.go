package transport

import (
	"context"
	"io"
	"net/http"
	"time"
)

// Timeout bounds a whole exchange: connecting, sending, waiting, and reading the body to its end or its Close. When the time is up, the call
// or the read fails with context.DeadlineExceeded.
func Timeout(next http.RoundTripper, d time.Duration) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		ctx, cancel := context.WithTimeout(req.Context(), d)
		resp, err := next.RoundTrip(req.WithContext(ctx))
		if err != nil {
			cancel()
			return nil, err
		}
		resp.Body = &timedBody{ReadCloser: resp.Body, cancel: cancel}
		return resp, nil
	})
}

// timedBody keeps the exchange's time running until it is read or closed.
type timedBody struct {
	io.ReadCloser
	cancel context.CancelFunc
}

// Read reads on, and ends the exchange's time with the body.
func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.cancel()
	}
	return n, err
}

// Close ends the exchange.
func (b *timedBody) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}
