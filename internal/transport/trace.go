package transport

import (
	"context"
	"net/http"
)

// Traced puts the traceparent of the request's context on it (https://www.w3.org/TR/trace-context/), if there is one.
func Traced(next http.RoundTripper, traceparent func(ctx context.Context) string) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		if value := traceparent(req.Context()); value != "" {
			req = withHeader(req, "Traceparent", value)
		}
		return next.RoundTrip(req)
	})
}
