package transport

import (
	"io"
	"net/http"

	"github.com/calweave/calweave/contracts/fault"
)

// LimitBody lets at most n bytes of an answer be read, counted after decompression; the read that would go beyond fails with fault.ErrTooLarge.
func LimitBody(next http.RoundTripper, n int64) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(req)
		if err == nil {
			resp.Body = &limitedBody{body: resp.Body, left: n}
		}
		return resp, err
	})
}

// limitedBody passes on at most left bytes.
type limitedBody struct {
	body io.ReadCloser
	left int64
}

// Read reads on, or fails once there is more than was allowed.
func (b *limitedBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, fault.ErrTooLarge
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1] // one byte more tells "full" from "too large"
	}
	n, err := b.body.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return n - 1, fault.ErrTooLarge
	}
	return n, err
}

// Close closes the answer.
func (b *limitedBody) Close() error { return b.body.Close() }
