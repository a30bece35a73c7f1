package config

import (
	"fmt"
	"io"
	"log/slog"
)

const redacted = "REDACTED"

// Secret is a text that shows as REDACTED wherever it is printed, logged or marshalled. Keep it in exported fields: fmt cannot call methods
// of unexported ones.
type Secret string

// Reveal returns the text.
func (s Secret) Reveal() string { return string(s) }

// String gives REDACTED, or nothing when there is nothing to hide.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// Format prints String for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue logs String.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText writes String, in JSON too.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
