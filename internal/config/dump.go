package config

import (
	"fmt"
	"log/slog"
	"net/url"
	"strings"
)

// Setting is one line of the dump.
type Setting struct {
	Name string
	// Value shows no secret: REDACTED, or for the URL of a database or Redis where it is.
	Value string
	// Origin says where the value comes from.
	Origin string
}

// Redacted returns all settings in a fixed order, fit to be printed.
func (c *Config) Redacted() []Setting {
	var out []Setting
	for _, s := range settingsOf(c) {
		value := fmt.Sprint(s.value.Interface())
		if strings.HasSuffix(s.name, "DATABASE_URL") || strings.HasSuffix(s.name, "REDIS_URL") {
			value = location(s.value.String())
		}
		if c.origin[s.name] == "" {
			out = append(out, Setting{s.name, value, "default"})
			continue
		}
		out = append(out, Setting{s.name, value, c.origin[s.name]})
	}
	return out
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
