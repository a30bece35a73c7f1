package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"

	"github.com/calweave/calweave/internal/transport"
)

// public looks at the address that browsers and providers reach this installation by, first whether it is fit for that, then whether calweave answers.
func (d Doctor) public(ctx context.Context) []Finding {
	const check = "public URL"
	u, err := url.Parse(d.Config.PublicURL)
	if err != nil {
		return []Finding{{check, Failed, "it cannot be read", "mend CALWEAVE_PUBLIC_URL"}} // unreachable: the configuration was checked
	}
	bounded, cancel := context.WithTimeout(ctx, d.Patience)
	defer cancel()
	addresses, err := d.Resolver.LookupNetIP(bounded, "ip", u.Hostname())
	if err != nil || len(addresses) == 0 {
		return []Finding{{check, Failed, u.Hostname() + " has no address", "give the name a DNS record, or mend CALWEAVE_PUBLIC_URL"}}
	}
	return []Finding{fit(u, addresses), d.health(ctx, addresses)}
}

// fit says whether providers accept the URL and can reach it.
func fit(u *url.URL, addresses []netip.Addr) Finding {
	const check = "public URL"
	local, inside := true, false
	for _, a := range addresses {
		local = local && a.Unmap().IsLoopback()
		inside = inside || transport.NewGuard(nil).Check(netip.AddrPortFrom(a, 443)) != nil
	}
	switch {
	case local:
		return Finding{check, Warning, u.String() + " is this machine: nobody else reaches it", "to serve others, give the https address that they reach in CALWEAVE_PUBLIC_URL"}
	case u.Scheme != "https":
		return Finding{check, Failed, u.String() + " is not https: providers neither push to it nor send people back to it", "serve https there, and say so in CALWEAVE_PUBLIC_URL"}
	case inside:
		return Finding{check, Warning, u.Hostname() + " has an address that is not public: providers cannot push to it, and calendars are polled", "give it a public address, or set CALWEAVE_PUSH=off"}
	default:
		return Finding{check, OK, u.String() + " is https, and its name has an address", ""}
	}
}

// health looks whether calweave answers at the public address. It may be a network's own: the operator named it, so that the guard lets it through.
func (d Doctor) health(ctx context.Context, addresses []netip.Addr) Finding {
	const check = "public health"
	var allow []netip.Prefix
	for _, a := range addresses {
		allow = append(allow, netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()))
	}
	address := d.Config.PublicURL + "/healthz"
	a, err := d.ask(ctx, http.MethodGet, address, allow)
	switch {
	case err == nil && healthy(a):
		return Finding{check, OK, address + " is answered by calweave", ""}
	case err == nil:
		return Finding{check, Failed, fmt.Sprintf("%s answers %d, and not as calweave does", address, a.status), "route it to where CALWEAVE_LISTEN serves: " + d.Config.Listen}
	}
	what, mend := unreached(err, d.Config.PublicURL)
	switch {
	case untrusted(err):
		return Finding{check, Failed, what, mend}
	case !d.serving(ctx):
		return Finding{check, Warning, what + ", and nothing serves at " + d.Config.Listen, "if it should: start `calweave run`, and try again"}
	default:
		return Finding{check, Failed, what + ", though calweave serves at " + d.Config.Listen, "see that the address leads there, and " + mend}
	}
}

// serving reports whether calweave answers on this machine, where CALWEAVE_LISTEN says.
func (d Doctor) serving(ctx context.Context) bool {
	host, port, err := net.SplitHostPort(d.Config.Listen)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || ip.IsUnspecified() {
		ip = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	a, err := d.ask(ctx, http.MethodGet, "http://"+net.JoinHostPort(ip.String(), port)+"/healthz", []netip.Prefix{netip.PrefixFrom(ip.Unmap(), ip.Unmap().BitLen())})
	return err == nil && healthy(a)
}

func healthy(a answer) bool {
	var body struct{ Status string }
	return a.status == http.StatusOK && json.Unmarshal(a.body, &body) == nil && body.Status == "ok"
}
