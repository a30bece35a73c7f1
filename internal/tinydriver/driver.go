package tinydriver

import (
	"net/http"
	"strings"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/clock"
)

// What the driver and its clients can do.
var (
	_ provider.Driver            = (*Driver)(nil)
	_ provider.QuietWriter       = (*Driver)(nil)
	_ provider.ConditionalWriter = (*Driver)(nil)
	_ provider.Client            = (*client)(nil)
	_ provider.DeltaLister       = (*client)(nil)
)

// Name is the provider's name.
const Name cal.Provider = "tiny"

// Config says where the server is.
type Config struct {
	URL string
	// Clock turns the date form of Retry-After into a wait; nil is the machine's clock.
	Clock clock.Clock
}

// Driver is the tiny calendar server.
type Driver struct{ config Config }

// New returns a driver.
func New(config Config) *Driver {
	config.URL = strings.TrimRight(config.URL, "/")
	if config.Clock == nil {
		config.Clock = clock.System{}
	}
	return &Driver{config: config}
}

// Name is Name.
func (d *Driver) Name() cal.Provider { return Name }

// QuietWrites marks that mail can be none.
func (d *Driver) QuietWrites() {}

// ConditionalWrites marks that If-Match is honoured.
func (d *Driver) ConditionalWrites() {}

// OAuth describes the server's own authorization server.
func (d *Driver) OAuth() provider.OAuth {
	return provider.OAuth{
		AuthURL: d.config.URL + "/authorize", TokenURL: d.config.URL + "/token", Resource: d.config.URL + "/v1/", Scopes: []string{"calendar"},
	}
}

// TokenFault reads the errors of RFC 6749, section 5.2. Only invalid_grant ends a grant: what nobody documents is taken to pass.
func (d *Driver) TokenFault(status int, header http.Header, body []byte) *fault.Error {
	f := &fault.Error{Kind: fault.Transient, Op: "tiny: token", Status: status, RetryAfter: fault.ParseRetryAfter(header, d.config.Clock.Now())}
	switch code := said(body); {
	case status == http.StatusTooManyRequests:
		f.Kind = fault.RateLimited
	case status < http.StatusBadRequest || status >= http.StatusInternalServerError:
	case code == "invalid_grant":
		f.Kind, f.Code = fault.NeedsReauth, code
	case code == "invalid_client" || code == "unauthorized_client" || code == "invalid_scope":
		f.Kind, f.Code = fault.Misconfigured, code
	}
	return f
}

// Open returns a client for the account that httpc authorises. It follows no redirect: the API answers where it is asked.
func (d *Driver) Open(httpc *http.Client) (provider.Client, error) {
	own := *httpc
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client{base: d.config.URL + "/v1", http: &own, clock: d.config.Clock}, nil
}
