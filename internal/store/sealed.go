package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
)

// sealText seals a short text at its place. Empty stays empty, so that "nothing" can be told without a key.
func (t *tx) sealText(table, column, row, text string) ([]byte, error) {
	if text == "" {
		return []byte{}, nil
	}
	return t.seal.Seal(t.tenantID(), table, column, row, []byte(text))
}

func (t *tx) openText(table, column, row string, sealed []byte) (string, error) {
	if len(sealed) == 0 {
		return "", nil
	}
	plain, err := t.seal.Open(t.tenantID(), table, column, row, sealed)
	if err != nil {
		return "", fmt.Errorf("%s.%s of %s: %w", table, column, row, err)
	}
	return string(plain), nil
}

// sealJSON seals a value as JSON at its place.
func (t *tx) sealJSON(table, column, row string, v any) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return t.seal.Seal(t.tenantID(), table, column, row, plain)
}

// openJSON opens a value that sealJSON has sealed, and reports false when there is none.
func (t *tx) openJSON(table, column, row string, sealed []byte, v any) (bool, error) {
	if len(sealed) == 0 {
		return false, nil
	}
	plain, err := t.seal.Open(t.tenantID(), table, column, row, sealed)
	if err == nil {
		err = json.Unmarshal(plain, v)
	}
	if err != nil {
		return false, fmt.Errorf("%s.%s of %s: %w", table, column, row, err)
	}
	return true, nil
}

// longestText is how much is kept of a text that somebody else has worded.
const longestText = 2048

// plainText makes any text one that both databases store: valid, without NUL, and not too long.
func plainText(s string) string {
	if len(s) > longestText {
		s = s[:longestText]
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

func nullable(n int64) sql.NullInt64 { return sql.NullInt64{Int64: n, Valid: true} }
