package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// The tables that are committed are those that are made of the committed files.
func TestTablesAreFresh(t *testing.T) {
	t.Parallel()
	dir := filepath.Join("..", "data")
	for source, table := range tables() {
		raw, err := os.ReadFile(filepath.Join(dir, "cldr", source))
		if err != nil {
			t.Fatal(err)
		}
		want, err := table.make(raw)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(dir, table.name))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what is made of %s: run go generate ./internal/zone (%v)", table.name, source, err)
		}
	}
}

func TestOtherFormsAreRefused(t *testing.T) {
	t.Parallel()
	for source, table := range tables() {
		for _, raw := range []string{"", "[]", "{}", `{"keyword":{"u":{"tz":{}}}}`, `{"keyword":{"u":{"tz":{"a":{"_alias":1}}}}}`} {
			if out, err := table.make([]byte(raw)); err == nil {
				t.Errorf("%s: of %q was made %q", source, raw, out)
			}
		}
	}
}
