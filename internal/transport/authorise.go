package transport

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Authorise puts a bearer token on requests whose scheme, host and port are those of one of the origins; other requests go out as they are,
// so that a link in an answer cannot lead a token to somebody else. An origin is a URL; what follows its host does not count.
func Authorise(next http.RoundTripper, origins []string, token func(ctx context.Context) (string, error)) http.RoundTripper {
	trusted := make([]string, 0, len(origins))
	for _, o := range origins {
		if u, err := url.Parse(o); err == nil && u.Host != "" {
			trusted = append(trusted, origin(u))
		}
	}
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		if !slices.Contains(trusted, origin(req.URL)) {
			return next.RoundTrip(req)
		}
		bearer, err := token(req.Context())
		if err != nil {
			closeBody(req)
			return nil, err
		}
		return next.RoundTrip(withHeader(req, "Authorization", "Bearer "+bearer))
	})
}

// origin is the scheme, host and port of a URL, in the one form in which they are compared.
func origin(u *url.URL) string {
	scheme, port := strings.ToLower(u.Scheme), u.Port()
	if port == "" {
		port = defaultPort(scheme)
	}
	return scheme + "://" + strings.TrimSuffix(strings.ToLower(u.Hostname()), ".") + ":" + port
}

// closeBody closes the body of a request that is not sent, as a RoundTripper must.
func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}
