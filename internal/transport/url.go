package transport

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strconv"
)

// The things that can be wrong with a URL that somebody wants requests sent to.
var (
	ErrURL      = errors.New("this is no absolute URL of the form https://host/path")
	ErrScheme   = errors.New("use https: plain http reaches addresses that the operator has allowed only")
	ErrUserInfo = errors.New("leave user and password out of the URL")
	ErrFragment = errors.New("leave the fragment (#…) out of the URL")
	ErrNoHost   = errors.New("the host of the URL cannot be resolved")
)

// CheckURL refuses a URL that no request could be sent to, before it is saved. It resolves the host now; the dialer checks again each time, since
// a name may lead elsewhere later. An error is one of this file's or ErrRefused itself, and names no address: it may be one of a network that
// whoever asks is not to learn about.
func (g *Guard) CheckURL(ctx context.Context, resolver *net.Resolver, raw string) error {
	u, err := parseTarget(raw)
	if err != nil {
		return err
	}
	port, err := portOf(u)
	if err != nil {
		return ErrURL
	}
	addrs, err := resolver.LookupNetIP(ctx, "ip", u.Hostname())
	if err != nil || len(addrs) == 0 {
		return ErrNoHost
	}
	for _, addr := range addrs {
		if g.Check(netip.AddrPortFrom(addr, port)) != nil {
			return ErrRefused
		}
		if u.Scheme == "http" && !g.allows(addr) {
			return ErrScheme
		}
	}
	return nil
}

// parseTarget reads an absolute http or https URL with nothing in it that a request would not carry, or not safely.
func parseTarget(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil, u.Hostname() == "", u.Opaque != "":
		return nil, ErrURL
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, ErrScheme
	case u.User != nil:
		return nil, ErrUserInfo
	case u.Fragment != "":
		return nil, ErrFragment
	default:
		return u, nil
	}
}

// portOf returns the port that a request to u goes to.
func portOf(u *url.URL) (uint16, error) {
	port := u.Port()
	if port == "" {
		port = defaultPort(u.Scheme)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return uint16(n), err
}

// defaultPort is what a URL without a port means; empty for a scheme that is not HTTP's.
func defaultPort(scheme string) string {
	switch scheme {
	case "http":
		return "80"
	case "https":
		return "443"
	default:
		return ""
	}
}
