package config

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"strings"
)

// Setting is one line of the dump.
type Setting struct {
	Name string `json:"name"`
	// Value shows no secret: REDACTED, or for the URL of a database or Redis where it is.
	Value string `json:"value"`
	// Origin says where the value comes from.
	Origin string `json:"origin"`
	// Wrong tells that what was given, or that nothing was, is a mistake.
	Wrong bool `json:"wrong,omitempty"`
}

// Redacted returns all settings in a fixed order, fit to be printed.
func (c *Config) Redacted() []Setting {
	var out []Setting
	for _, s := range settingsOf(c) {
		value := written(s.value.Interface())
		if strings.HasSuffix(s.name, "DATABASE_URL") || strings.HasSuffix(s.name, "REDIS_URL") {
			value = location(s.value.String())
		}
		out = append(out, Setting{Name: s.name, Value: value, Origin: cmp.Or(c.origin[s.name], "default")})
	}
	return out
}

// written gives a value in the form in which it could be set.
func written(value any) string {
	switch v := value.(type) {
	case bool:
		if v {
			return "on"
		}
		return "off"
	case slog.Level:
		return strings.ToLower(v.String())
	case []string:
		return strings.Join(v, ",")
	case []netip.Prefix:
		networks := make([]string, len(v))
		for i, p := range v {
			networks[i] = p.String()
		}
		return strings.Join(networks, ",")
	default:
		return fmt.Sprint(v)
	}
}

// LogValue logs the settings as Redacted shows them.
func (c *Config) LogValue() slog.Value {
	var attrs []slog.Attr
	for _, s := range c.Redacted() {
		attrs = append(attrs, slog.String(strings.ToLower(strings.TrimPrefix(s.Name, prefix)), s.Value))
	}
	return slog.GroupValue(attrs...)
}

// location leaves of a URL its scheme, host and path.
func location(raw string) string {
	if path, ok := strings.CutPrefix(raw, "sqlite:"); ok {
		path, _, _ = strings.Cut(path, "?")
		return "sqlite:" + path
	}
	u, err := url.Parse(raw)
	if err != nil {
		return redacted
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}
