package app

import (
	"net/http"

	"github.com/calweave/calweave/internal/work"
)

// calling lets the gate know which work waits for somebody else.
type calling struct{ http.RoundTripper }

// RoundTrip makes one exchange.
func (c calling) RoundTrip(r *http.Request) (*http.Response, error) {
	defer work.Calling(r.Context())()
	return c.RoundTripper.RoundTrip(r)
}

// CloseIdleConnections does so where there are any.
func (c calling) CloseIdleConnections() {
	if pooled, ok := c.RoundTripper.(interface{ CloseIdleConnections() }); ok {
		pooled.CloseIdleConnections()
	}
}
