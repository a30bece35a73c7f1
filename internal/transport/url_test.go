package transport

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
)

func TestCheckURL(t *testing.T) {
	t.Parallel()
	names := &nameServer{records: map[string][]string{
		"public.test": {"93.184.215.14"}, "private.test": {"10.8.0.1"}, "metadata.google.internal": {"169.254.169.254"}, "listed.test": {"10.9.0.1"},
		"six.test": {"2606:2800:21f:cb07::1"},
	}}
	resolver := names.resolver(t)
	g := NewGuard([]netip.Prefix{netip.MustParsePrefix("10.9.0.0/16")})
	for raw, want := range map[string]error{
		"https://public.test/hook?a=b":      nil,
		"https://PUBLIC.test:8443":          nil,
		"https://six.test/":                 nil,
		"https://93.184.215.14/":            nil,
		"https://listed.test:22/":           nil,
		"http://listed.test/":               nil,
		"http://10.9.0.1:8080/":             nil,
		"http://public.test/":               ErrScheme,
		"ftp://public.test/":                ErrScheme,
		"//public.test/":                    ErrScheme,
		"":                                  ErrURL,
		"public.test":                       ErrURL,
		"https:///path":                     ErrURL,
		"https://:443/":                     ErrURL,
		"https:public.test":                 ErrURL,
		"https://public.test:99999/":        ErrURL,
		"https://public.test/%zz":           ErrURL,
		"https://user@public.test/":         ErrUserInfo,
		"https://public.test@10.8.0.1/":     ErrUserInfo,
		"https://public.test/#a":            ErrFragment,
		"https://nobody.test/":              ErrNoHost,
		"https://private.test/":             ErrRefused,
		"https://metadata.google.internal/": ErrRefused,
		"https://10.8.0.1/":                 ErrRefused,
		"https://[::1]/":                    ErrRefused,
		"https://[::ffff:169.254.169.254]/": ErrRefused,
		"https://[64:ff9b::a9fe:a9fe]/":     ErrRefused,
		"https://public.test:25/":           ErrRefused,
	} {
		err := g.CheckURL(t.Context(), resolver, raw)
		if !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", raw, err, want)
		}
		if err != nil && (strings.Contains(err.Error(), "10.8") || strings.Contains(err.Error(), "169.254")) {
			t.Errorf("%q: the error tells an address: %v", raw, err)
		}
	}
}
