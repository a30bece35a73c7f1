package transport

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

func TestGuardCheck(t *testing.T) {
	t.Parallel()
	open := NewGuard(nil)
	for address, want := range map[string]bool{
		"93.184.215.14:443":               true,
		"93.184.215.14:80":                true,
		"93.184.215.14:8443":              true,
		"[2606:2800:21f:cb07::1]:443":     true,
		"[64:ff9b::5db8:d70e]:443":        true, // NAT64 of 93.184.215.14
		"[::ffff:93.184.215.14]:443":      true,
		"93.184.215.14:22":                false,
		"93.184.215.14:25":                false,
		"93.184.215.14:1023":              false,
		"127.0.0.1:443":                   false,
		"127.255.255.254:443":             false,
		"0.0.0.0:443":                     false,
		"10.1.2.3:443":                    false,
		"172.16.0.1:443":                  false,
		"192.168.1.1:443":                 false,
		"100.64.0.1:443":                  false,
		"169.254.169.254:80":              false, // metadata of AWS, Google Cloud and Azure
		"100.100.100.200:80":              false, // metadata of Alibaba Cloud
		"192.0.0.192:80":                  false, // metadata of Oracle Cloud
		"168.63.129.16:80":                false, // Azure's agent
		"224.0.0.1:443":                   false,
		"255.255.255.255:443":             false,
		"[::1]:443":                       false,
		"[::]:443":                        false,
		"[fe80::1]:443":                   false,
		"[fe80::1%eth0]:443":              false,
		"[fd00:ec2::254]:80":              false, // metadata of AWS over IPv6
		"[ff02::1]:443":                   false,
		"[::ffff:127.0.0.1]:443":          false,
		"[::ffff:169.254.169.254]:80":     false,
		"[::ffff:10.0.0.1%1]:80":          false,
		"[::7f00:1]:443":                  false, // IPv4-compatible
		"[64:ff9b::7f00:1]:443":           false, // NAT64 of loopback
		"[64:ff9b::a9fe:a9fe]:80":         false, // NAT64 of the metadata address
		"[64:ff9b::a00:1%eth0]:80":        false, // NAT64 of 10.0.0.1 with a zone
		"[64:ff9b:1::7f00:1]:443":         false, // NAT64 of local use (RFC 8215)
		"[2002:7f00:1::1]:443":            false, // 6to4 of loopback
		"[2002:a9fe:a9fe::1]:80":          false, // 6to4 of the metadata address
		"[2001:0:53aa:64c:0:0:f5ff::]:80": false, // Teredo
		"[2001:db8::1]:443":               false,
	} {
		err := open.Check(netip.MustParseAddrPort(address))
		if (err == nil) != want || err != nil && !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v, want allowed %t", address, err, want)
		}
	}
}

func TestGuardAllowList(t *testing.T) {
	t.Parallel()
	g := NewGuard([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.9.0.0/16"), netip.MustParsePrefix("fd12::/16"), netip.MustParsePrefix("fe80::/10")})
	for address, want := range map[string]bool{
		"127.0.0.1:22":           true,
		"127.0.0.1:8080":         true,
		"[::ffff:127.0.0.1]:80":  true,
		"10.9.1.1:5432":          true,
		"[fd12::1]:80":           true,
		"[64:ff9b::a09:101]:443": true, // NAT64 of 10.9.1.1
		"93.184.215.14:443":      true,
		"93.184.215.14:22":       false,
		"[fe80::1%eth0]:80":      true,
		"10.8.1.1:443":           false,
		"[::1]:443":              false,
		"[fd13::1]:443":          false,
		"[64:ff9b::a08:101]:443": false,
		"169.254.169.254:80":     false,
	} {
		if err := g.Check(netip.MustParseAddrPort(address)); (err == nil) != want {
			t.Errorf("%s: %v, want allowed %t", address, err, want)
		}
	}
}

func TestGuardControlRefusesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	g := NewGuard([]netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")})
	for _, c := range [][2]string{{"tcp4", "host.test:80"}, {"tcp4", "127.0.0.1"}, {"udp4", "127.0.0.1:53"}, {"unix", "/run/x.sock"}, {"tcp", "127.0.0.1:80"}} {
		if err := g.Control(c[0], c[1], nil); !errors.Is(err, ErrRefused) {
			t.Errorf("%v: %v", c, err)
		}
	}
	if err := g.Control("tcp4", "127.0.0.1:80", nil); err != nil {
		t.Error(err)
	}
}

// The server counts what reaches it; nothing may.
func TestNothingPrivateIsReached(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a private address was reached") }))
	t.Cleanup(server.Close)
	port := server.URL[strings.LastIndex(server.URL, ":"):]
	names := &nameServer{records: map[string][]string{
		"internal.test": {"127.0.0.1"}, "six.test": {"::1"}, "mapped.test": {"::ffff:127.0.0.1"}, "metadata.google.internal": {"169.254.169.254"},
	}}
	client := clientOn(t, NewGuard(nil), names.resolver(t))
	for _, host := range []string{
		"127.0.0.1", "127.0.0.2", "[::1]", "0.0.0.0", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
		"public.test@127.0.0.1", "public.test:443@127.0.0.1", "internal.test", "INTERNAL.test.", "six.test", "mapped.test",
		"metadata.google.internal", "169.254.169.254",
	} {
		if err := get(t, client, "http://"+host+port); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v, want a refusal", host, err)
		}
	}
}

// The machine's own resolver may take a number for an address (getaddrinfo does), or for no host at all. Either way nothing is reached.
func TestNumbersForHosts(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a private address was reached") }))
	t.Cleanup(server.Close)
	client := clientOn(t, NewGuard(nil), nil)
	for _, host := range []string{"2130706433", "0177.0.0.1", "0x7f000001", "0x7f.0.0.1", "127.1", "127.0.1", "0"} {
		err := get(t, client, "http://"+host+server.URL[strings.LastIndex(server.URL, ":"):])
		if _, nowhere := errors.AsType[*net.DNSError](err); !nowhere && !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v, want a refusal or no such host", host, err)
		}
	}
}

func TestDNSRebinding(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a private address was reached") }))
	t.Cleanup(server.Close)
	names := &nameServer{records: map[string][]string{"rebind.test": {"93.184.215.14", "127.0.0.1"}}}
	resolver, guard := names.resolver(t), NewGuard(nil)
	client := clientOn(t, guard, resolver)

	atSave, err := resolver.LookupNetIP(t.Context(), "ip4", "rebind.test")
	if err != nil || len(atSave) != 1 || guard.Check(netip.AddrPortFrom(atSave[0], 443)) != nil {
		t.Fatalf("the first answer should be public: %v, %v", atSave, err)
	}
	if err := get(t, client, "http://rebind.test"+server.URL[strings.LastIndex(server.URL, ":"):]); !errors.Is(err, ErrRefused) {
		t.Errorf("after the record changed: %v, want a refusal", err)
	}
}

func TestAllowListOptsIn(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	t.Cleanup(server.Close)
	names := &nameServer{records: map[string][]string{"core.test": {"127.0.0.1"}}}
	client := clientOn(t, NewGuard([]netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}), names.resolver(t))
	if err := get(t, client, "http://core.test"+server.URL[strings.LastIndex(server.URL, ":"):]); err != nil {
		t.Error(err)
	}
}

// A redirect to a private address is not followed: the caller sees the 3xx.
func TestRedirectsStayWhereTheyAre(t *testing.T) {
	t.Parallel()
	private := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }))
	t.Cleanup(private.Close)
	server := httptest.NewServer(http.RedirectHandler(private.URL, http.StatusFound))
	t.Cleanup(server.Close)
	client := localClient(t, Options{})
	resp, err := client.Do(request(t, http.MethodGet, server.URL, ""))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusFound || resp.Header.Get("Location") != private.URL {
		t.Errorf("status %d, location %q", resp.StatusCode, resp.Header.Get("Location"))
	}
}

func TestProxiesAreIgnored(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	if Base(NewGuard(nil)).Proxy != nil {
		t.Error("a proxy would connect where the guard does not look")
	}
}

// clientOn returns a client of a guard whose names are resolved by resolver.
func clientOn(t *testing.T, guard *Guard, resolver *net.Resolver) *http.Client {
	t.Helper()
	b := base(guard, resolver)
	t.Cleanup(b.CloseIdleConnections)
	return Client(Options{Base: b})
}
