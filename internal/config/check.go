package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// formError says what is wrong with a value in words of our own.
type formError string

// Error gives the words.
func (e formError) Error() string { return string(e) }

func formErrorf(format string, args ...any) error { return formError(fmt.Sprintf(format, args...)) }

func parseSwitch(s string) (bool, error) {
	switch s {
	case "on", "true":
		return true, nil
	case "off", "false":
		return false, nil
	default:
		return false, formErrorf("%q is neither on nor off", s)
	}
}

func parsePrefixes(s string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for part := range strings.SplitSeq(s, ",") {
		part = strings.TrimSpace(part)
		p, err := netip.ParsePrefix(part)
		addr, addrErr := netip.ParseAddr(part)
		switch {
		case addrErr == nil:
			return nil, formErrorf("%q is an address: for it alone, write %s", part, netip.PrefixFrom(addr, addr.BitLen()))
		case err != nil:
			return nil, formErrorf("%q is no network", part)
		case p.Masked() != p:
			return nil, formErrorf("%q has bits beyond its length: write %s, or %s for one address", part, p.Masked(), netip.PrefixFrom(p.Addr(), p.Addr().BitLen()))
		case p.Bits() == 0:
			return nil, formErrorf("%q is everywhere, which would switch the guard off", part)
		}
		out = append(out, p)
	}
	return out, nil
}

// parseURLs reads URLs that browsers are sent to. They are compared as they stand, so that each has to be written as it will be asked for.
func parseURLs(s string) ([]string, error) {
	var out []string
	for part := range strings.SplitSeq(s, ",") {
		part = strings.TrimSpace(part)
		u, err := url.Parse(part)
		switch {
		case strings.Contains(part, "@"):
			return nil, formError("one has a user or password in it")
		case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
			return nil, formErrorf("%q is no http or https URL", part)
		case strings.Contains(part, "#"):
			return nil, formErrorf("%q has a fragment", part)
		}
		out = append(out, part)
	}
	return out, nil
}

// check looks at what the types of the fields cannot hold, for values that are given and could be parsed.
func (l *loader) check(c *Config, settings []setting) {
	table := checks()
	maps.Copy(table, limitChecks())
	for _, s := range settings {
		text := l.text[s.name]
		if text == "" || l.reported(s.name) {
			continue
		}
		if wrong := table[strings.TrimPrefix(s.name, prefix)]; wrong != nil {
			if what := wrong(c, text); what != "" {
				l.wrong(c, s, what)
				continue
			}
		}
		l.ask(c, s, text)
	}
	l.checkPairs(c)
	c.PublicURL = strings.TrimSuffix(c.PublicURL, "/")
}

// ask lets the user of a setting look at a value in which nothing else is wrong.
func (l *loader) ask(c *Config, s setting, text string) {
	user := l.src.Checks[s.name]
	if user.Wrong == nil || s.name == prefix+"SEAL_KEYS" && c.SealKMSCommand != "" { // what is wrapped only its KMS can read
		return
	}
	if what := user.Wrong(text); what != "" {
		l.report(Mistake{Name: s.name, Where: c.origin[s.name], What: what, Mend: user.Mend})
	}
}

// checkPairs wants an OAuth client to have both its id and its secret.
func (l *loader) checkPairs(c *Config) {
	for name, p := range map[string]Provider{"GOOGLE_": c.Google, "MICROSOFT_": c.Microsoft.Provider} {
		id, secret := prefix+name+"CLIENT_ID", prefix+name+"CLIENT_SECRET"
		switch {
		case p.ClientID != "" && p.ClientSecret == "" && !l.reported(secret):
			l.report(Mistake{Name: secret, What: "is missing beside " + id, Mend: "give both or neither"})
		case p.ClientID == "" && p.ClientSecret != "":
			l.report(Mistake{Name: id, What: "is missing beside " + secret, Mend: "give both or neither"})
		}
	}
}

// checks says, for the settings whose type can hold a wrong value, what is wrong with one that was given. For a secret it does not repeat it.
func checks() map[string]func(c *Config, text string) string {
	database := func(_ *Config, text string) string { return wrongDatabase(text) }
	endpoint := func(_ *Config, text string) string { return wrongURL(text, true) }
	return map[string]func(c *Config, text string) string{
		"DATABASE_URL":         database,
		"MIGRATE_DATABASE_URL": database,
		"SWEEP_DATABASE_URL":   database,
		"REDIS_URL":            func(_ *Config, text string) string { return wrongSecretURL(text, "redis", "rediss") },
		"SEAL_KEYS": func(c *Config, text string) string {
			return unless(c.SealKMSCommand != "" || json.Valid([]byte(text)), "is not JSON")
		},
		"SEAL_KMS_COMMAND": func(_ *Config, text string) string { return unless(strings.TrimSpace(text) != "", "names no program") },
		"LISTEN":           func(_ *Config, text string) string { return wrongAddress(text) },
		"METRICS_LISTEN":   func(_ *Config, text string) string { return wrongAddress(text) },
		"METRICS_TENANTS": func(c *Config, text string) string {
			return unless(c.MetricsTenants >= 0 && c.MetricsTenants <= 1000, text+" is out of range")
		},
		"PUBLIC_URL":          func(_ *Config, text string) string { return wrongURL(text, false) },
		"GOOGLE_API_URL":      endpoint,
		"GOOGLE_AUTH_URL":     endpoint,
		"GOOGLE_TOKEN_URL":    endpoint,
		"MICROSOFT_API_URL":   endpoint,
		"MICROSOFT_AUTH_URL":  endpoint,
		"MICROSOFT_TOKEN_URL": endpoint,
		"MICROSOFT_TENANT": func(_ *Config, text string) string {
			return unless(directory.MatchString(text), fmt.Sprintf("%q is no directory", text))
		},
		"LOG_FORMAT": func(_ *Config, text string) string {
			return unless(text == "json" || text == "text", fmt.Sprintf("%q is no format", text))
		},
		"WORKERS": func(c *Config, text string) string {
			return unless(c.Workers >= 1 && c.Workers <= 1024, text+" is out of range")
		},
		"API_RATE": func(c *Config, text string) string {
			return unless(c.APIRate >= 0 && c.APIRate <= 100_000, text+" is out of range")
		},
		"API_BURST": func(c *Config, text string) string {
			return unless(c.APIBurst >= 1 && c.APIBurst <= 1_000_000, text+" is out of range")
		},
		"GUARD_DELETIONS": func(c *Config, text string) string {
			return unless(c.GuardDeletions >= 2 && c.GuardDeletions <= 1_000_000, text+" is out of range")
		},
		"GUARD_SHARE": func(c *Config, text string) string {
			return unless(c.GuardShare >= 1 && c.GuardShare <= 100, text+" is no percentage")
		},
		"LEASE":              func(c *Config, _ string) string { return outside(c.Lease, 2*time.Second, 10*time.Minute) },
		"SHUTDOWN_TIMEOUT":   func(c *Config, _ string) string { return outside(c.ShutdownTimeout, time.Millisecond, 10*time.Minute) },
		"POLL_INTERVAL":      func(c *Config, _ string) string { return outside(c.PollInterval, time.Second, 1<<63-1) },
		"POLL_MIN":           func(c *Config, _ string) string { return outside(c.PollMin, time.Second, 1<<63-1) },
		"POLL_MAX":           func(c *Config, _ string) string { return outside(c.PollMax, time.Second, 1<<63-1) },
		"SYNC_WINDOW_PAST":   func(c *Config, _ string) string { return outside(c.SyncWindowPast, 0, maxWindow) },
		"SYNC_WINDOW_FUTURE": func(c *Config, _ string) string { return outside(c.SyncWindowFuture, time.Hour, maxWindow) },
	}
}

var directory = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]*$`)

func unless(fine bool, what string) string {
	if fine {
		return ""
	}
	return what
}

// maxWindow is ten years: beyond it a listing is an archive, not a calendar.
const maxWindow = 10 * 365 * 24 * time.Hour

func outside(d, least, most time.Duration) string {
	switch {
	case d < least:
		return fmt.Sprintf("%s is less than %s", d, least)
	case d > most:
		return fmt.Sprintf("%s is more than %s", d, most)
	default:
		return ""
	}
}

func wrongDatabase(text string) string {
	if path, ok := strings.CutPrefix(text, "sqlite:"); ok {
		if strings.Trim(path, "/") == "" {
			return "names no file behind sqlite:"
		}
		return ""
	}
	return wrongSecretURL(text, "postgres", "postgresql")
}

// wrongSecretURL checks a URL that may hold a password, and so is not repeated.
func wrongSecretURL(text string, schemes ...string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "cannot be read as a URL: in a password, write special characters as %40 and the like"
	}
	if slices.Contains(schemes, u.Scheme) {
		return ""
	}
	return "is no " + strings.Join(schemes, ":// or ") + ":// URL"
}

// wrongURL checks a URL that is no secret, and repeats it unless somebody put one into it.
func wrongURL(text string, mayHavePath bool) string {
	u, err := url.Parse(text)
	switch {
	case strings.Contains(text, "@"):
		return "has a user or password in it"
	case strings.ContainsAny(text, "?#"):
		return "has a query or a fragment"
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return fmt.Sprintf("%q is no http or https URL", text)
	case !mayHavePath && strings.Trim(u.Path, "/") != "":
		return fmt.Sprintf("%q has a path", text)
	default:
		return ""
	}
}

func wrongAddress(text string) string {
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return fmt.Sprintf("%q is no host:port", text)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Sprintf("%q has no port from 0 to 65535", text)
	}
	return ""
}
