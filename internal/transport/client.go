package transport

import (
	"context"
	"net/http"
	"time"
)

// DefaultTimeout and DefaultMaxBody apply where Options leaves them zero.
const (
	DefaultTimeout = 30 * time.Second
	DefaultMaxBody = 16 << 20
)

// Options says what a client adds to the connections that it shares.
type Options struct {
	// Base makes the connections. It is required, and is what Base returns.
	Base http.RoundTripper
	// Timeout bounds each exchange from the first byte sent to the last byte of the answer read.
	Timeout time.Duration
	// MaxBody is how many bytes of an answer are read at most, after decompression.
	MaxBody int64
	// Token returns the bearer token of a request to one of Origins; nil sends none. Its error ends the request and is passed on as it is.
	Token func(ctx context.Context) (string, error)
	// Admit stands before each exchange, whose time begins once it lets the request pass; nil lets all pass.
	Admit func(next http.RoundTripper) http.RoundTripper
	// Origins are URLs whose scheme, host and port the token may be sent to.
	Origins []string
}

// Client returns a client with the chain that the package comment describes. It does not follow redirects: the caller gets the 3xx answer.
func Client(o Options) *http.Client {
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.MaxBody == 0 {
		o.MaxBody = DefaultMaxBody
	}
	chain := Timeout(LimitBody(o.Base, o.MaxBody), o.Timeout)
	if o.Admit != nil {
		chain = o.Admit(chain)
	}
	if o.Token != nil {
		chain = Authorise(chain, o.Origins, o.Token)
	}
	return &http.Client{Transport: Redacted(chain), CheckRedirect: stay}
}

func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// roundTripper is a function that is a RoundTripper.
type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip calls the function.
func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// withHeader returns a copy of the request with one header set; a RoundTripper may not change the request that it was given.
func withHeader(req *http.Request, name, value string) *http.Request {
	out := req.Clone(req.Context())
	out.Header.Set(name, value)
	return out
}
