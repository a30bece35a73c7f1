package transport

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"syscall"

	"code.dny.dev/ssrf"
)

// ErrRefused means that the guard did not let a connection be made. Trying again does not help.
var ErrRefused = errors.New("address refused: it is not public, and no allow-list names it")

// Guard decides which addresses may be connected to.
type Guard struct {
	allow  []netip.Prefix
	public *ssrf.Guardian
}

// NewGuard returns a guard that lets public addresses through, and those in allow on any port.
func NewGuard(allow []netip.Prefix) *Guard {
	return &Guard{
		allow: slices.Clone(allow),
		// 168.63.129.16 is a public address that every Azure machine reaches its host's agent by:
		// https://learn.microsoft.com/en-us/azure/virtual-network/what-is-ip-address-168-63-129-16
		public: ssrf.New(ssrf.WithAnyPort(), ssrf.WithDeniedV4Prefixes(netip.MustParsePrefix("168.63.129.16/32"))),
	}
}

// Check says whether addr may be connected to. An error is always ErrRefused. It is the rule that the dialer applies, so whoever saves a URL
// and resolves its host can refuse it early; that never replaces the dialer's own check.
func (g *Guard) Check(addr netip.AddrPort) error {
	if g.allows(addr.Addr()) {
		return nil
	}
	if port := addr.Port(); port != 80 && port != 443 && port < 1024 {
		return fmt.Errorf("%w: port %d of a public address", ErrRefused, port)
	}
	if err := g.public.SafeAddr(destination(addr.Addr())); err != nil {
		return fmt.Errorf("%w: %s", ErrRefused, addr.Addr())
	}
	return nil
}

// allows reports whether an address is on the allow-list.
func (g *Guard) allows(addr netip.Addr) bool {
	ip := destination(addr)
	return slices.ContainsFunc(g.allow, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// Control is a net.Dialer.Control: it sees each address that a name was resolved to, just before the connection is made.
func (g *Guard) Control(network, address string, _ syscall.RawConn) error {
	addr, err := netip.ParseAddrPort(address)
	if err != nil || network != "tcp4" && network != "tcp6" {
		return fmt.Errorf("%w: %s %s", ErrRefused, network, address)
	}
	return g.Check(addr)
}

// destination returns the address that a packet really goes to. An IPv4 address can be written as an IPv6 one: mapped (RFC 4291, 2.5.5.2),
// and behind the well-known prefix of NAT64 (RFC 6052), which networks without IPv4 need to reach public IPv4 hosts. 6to4 (RFC 3056) and the
// other forms that embed an address are special ranges themselves, so they are refused whatever they embed.
func destination(ip netip.Addr) netip.Addr {
	ip = ip.WithZone("").Unmap()
	if !ssrf.IPv6NAT64Prefix.Contains(ip) {
		return ip
	}
	b := ip.As16()
	return netip.AddrFrom4([4]byte(b[12:]))
}
