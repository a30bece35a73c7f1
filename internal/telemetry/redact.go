package telemetry

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

const redacted = "REDACTED"

// redactAttr is a slog.HandlerOptions.ReplaceAttr. It hides attributes by their name, or their group's, and scrubs what is left of URLs and
// bearer tokens. Values that hide themselves (slog.LogValuer) have done so before. It is a net below careful callers, not instead of them.
func redactAttr(groups []string, a slog.Attr) slog.Attr {
	if secretName(a.Key) || slices.ContainsFunc(groups, secretName) {
		return slog.String(a.Key, redacted)
	}
	switch a.Value.Kind() {
	case slog.KindString:
		return slog.String(a.Key, scrub(a.Value.String()))
	case slog.KindAny:
		return redactAny(a)
	default:
		return a
	}
}

// redactAny writes errors and the types that carry secrets in HTTP as scrubbed text, and leaves other values to the handler.
func redactAny(a slog.Attr) slog.Attr {
	switch v := a.Value.Any().(type) {
	case http.Header, url.Values, *http.Request, *http.Response, *url.Userinfo:
		return slog.String(a.Key, redacted)
	case []byte:
		return slog.String(a.Key, scrub(string(v)))
	case error, fmt.Stringer:
		return slog.String(a.Key, scrub(fmt.Sprint(v))) // fmt survives the methods of nil pointers
	default:
		return a
	}
}

// secretName reports whether a name says that its value is a secret: one of a few whole names, or one that holds a telling word.
func secretName(name string) bool {
	plain := strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == '.' {
			return -1
		}
		return r
	}, strings.ToLower(name))
	switch plain {
	case "code", "key", "keys", "auth", "dsn", "sig", "body", "payload":
		return true
	}
	for _, word := range []string{
		"token", "secret", "password", "passwd", "authorization", "cookie", "credential", "apikey", "signingkey", "sealkey", "privatekey",
		"clientstate", "signature", "verifier", "databaseurl", "redisurl",
	} {
		if strings.Contains(plain, word) {
			return true
		}
	}
	return false
}

var (
	bearer   = regexp.MustCompile(`(?i)\b(bearer|basic)\s+[\w.~+/=-]+`)
	userinfo = regexp.MustCompile(`(\w+://)[^/\s"'@]*@`)
	query    = regexp.MustCompile(`(\w+://[^\s"'?#]*)[?#][^\s"']*`)
)

// scrub removes bearer tokens, and the userinfo, query and fragment of URLs, from a text.
func scrub(s string) string {
	if strings.Contains(s, "://") {
		s = userinfo.ReplaceAllString(s, "${1}")
		s = query.ReplaceAllString(s, "${1}")
	}
	return bearer.ReplaceAllString(s, "${1} "+redacted)
}
