package api

import (
	"crypto/sha256"
	"net"
	"net/http"
	"net/netip"

	"github.com/calweave/calweave/internal/api/ratelimit"
	"github.com/calweave/calweave/internal/clock"
)

// Limits bound how often the API is called, in this process.
type Limits struct {
	// keys are those that were in force when they were used last, by the hash of their token.
	keys *ratelimit.Limiter
	// failures are the addresses that tokens came from which are no key in force.
	failures *ratelimit.Limiter
}

// The bounds of what is remembered, and how many tokens may be tried that are no key: so many at once from one address, and one a second.
const (
	keysKnown      = 16384
	addressesKnown = 16384
	failureBurst   = 60
)

// NewLimits allows each key rate requests a second, and burst at once. A rate of 0 means no limits.
func NewLimits(rate, burst int, c clock.Clock) *Limits {
	if rate == 0 {
		return nil
	}
	return &Limits{
		keys:     ratelimit.New(ratelimit.Policy{Name: "default", Rate: rate, Burst: burst}, keysKnown, c),
		failures: ratelimit.New(ratelimit.Policy{Name: "failed-keys", Rate: 1, Burst: failureBurst}, addressesKnown, c),
	}
}

// pass is one request on its way through the limits; nil where there are none.
type pass struct {
	limits        *Limits
	header        http.Header
	address, name string
	// charged tells that the address has paid for a token that may be none.
	charged bool
}

// begin tells, until more is known, what is left to the address for guesses.
func (l *Limits) begin(w http.ResponseWriter, r *http.Request) *pass {
	if l == nil {
		return nil
	}
	p := &pass{limits: l, header: w.Header(), address: network(r.RemoteAddr)}
	l.failures.Look(p.address).Tell(p.header)
	return p
}

// try charges the address for a token that is not known to be a key. Whoever shares an address with somebody who guesses, as all do behind a proxy,
// is not held up: a key that was in force is looked up nevertheless.
func (p *pass) try(token string) error {
	if p == nil {
		return nil
	}
	sum := sha256.Sum256([]byte(token))
	p.name = string(sum[:])
	if p.limits.keys.Knows(p.name) {
		return nil
	}
	d := p.limits.failures.Take(p.address)
	d.Tell(p.header)
	if d.Wait > 0 {
		d.Refuse(p.header)
		return refuse(reasonRate, "too many tokens came from this address that are no API key in force: wait as Retry-After says, and check the key")
	}
	p.charged = true
	return nil
}

// failed is a token that is no key, or none any more.
func (p *pass) failed() {
	if p == nil {
		return
	}
	p.limits.keys.Forget(p.name)
	if !p.charged {
		p.limits.failures.Take(p.address).Tell(p.header)
	}
}

// unblamed is a token that the address need not pay for.
func (p *pass) unblamed() {
	if p != nil && p.charged {
		p.limits.failures.Return(p.address)
	}
}

// used counts a request of a key that is in force.
func (p *pass) used() error {
	if p == nil {
		return nil
	}
	d := p.limits.keys.Take(p.name)
	d.Tell(p.header)
	if d.Wait > 0 {
		d.Refuse(p.header)
		return refuse(reasonRate, "this key has sent more requests than it may: wait as Retry-After says, and spread them")
	}
	return nil
}

// network is what an address is counted by: itself, and of IPv6 the /64 that one host has all of. It is that of the connection: a header such as
// X-Forwarded-For is anybody's to write.
func network(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return remote
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	addr = addr.Unmap().WithZone("")
	const own = 64
	if addr.Is6() {
		return netip.PrefixFrom(addr, own).Masked().String()
	}
	return addr.String()
}
