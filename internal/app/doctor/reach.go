package doctor

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/transport"
)

// answer is what somebody has answered.
type answer struct {
	status int
	body   []byte
	// date is the server's own time, zero when it does not tell; when is ours halfway through the exchange.
	date, when time.Time
	took       time.Duration
}

// maxBody is how much of an answer is read: health is a few bytes.
const maxBody = 4096

// ask makes one request through the guarded dialer, which also reaches the addresses in allow.
func (d Doctor) ask(ctx context.Context, method, address string, allow []netip.Prefix) (answer, error) {
	base := d.Base(transport.NewGuard(allow))
	defer base.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(ctx, d.Patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, address, http.NoBody)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("User-Agent", "calweave")
	began := d.Clock.Now()
	resp, err := transport.Client(transport.Options{Base: base, MaxBody: maxBody}).Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close() //nolint:errcheck // it was read as far as wanted
	took := d.Clock.Now().Sub(began)
	body, err := io.ReadAll(resp.Body)
	if errors.Is(err, fault.ErrTooLarge) {
		body, err = nil, nil // whoever answers at such length is not calweave
	}
	if err != nil {
		return answer{}, err
	}
	date, _ := http.ParseTime(resp.Header.Get("Date")) // zero when there is none
	return answer{resp.StatusCode, body, date, began.Add(took / 2), took}, nil
}

// unreached says why an address was not reached, and what to do about it.
func unreached(err error, address string) (what, mend string) {
	host := address
	if u, parseErr := url.Parse(address); parseErr == nil {
		host = u.Host
	}
	if ue, ok := errors.AsType[*url.Error](transport.Redact(err)); ok {
		err = ue.Err
	}
	_, dns := errors.AsType[*net.DNSError](err)
	switch {
	case errors.Is(err, transport.ErrRefused):
		return host + " is not a public address", "if it is meant to be reached, name its network in CALWEAVE_EGRESS_ALLOW"
	case dns:
		return host + " is not reached: " + line(err), "see to the name, and to this machine's DNS"
	case untrusted(err):
		return "the certificate of " + host + " is not trusted: " + line(err), "see who answers there, and whether this machine's root certificates are up to date"
	default:
		return host + " is not reached: " + line(err), "let this machine out to " + host
	}
}

// untrusted reports whether somebody answered whose certificate is not accepted.
func untrusted(err error) bool {
	_, is := errors.AsType[*tls.CertificateVerificationError](err)
	return is
}
