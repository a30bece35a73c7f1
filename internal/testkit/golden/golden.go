package golden

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Check fails the test unless got is exactly what testdata/name holds.
func Check(tb testing.TB, name string, got []byte) {
	tb.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		write(tb, file, got)
	}
	want, err := os.ReadFile(file)
	if err != nil {
		tb.Fatalf("%v: run this test with -update to make it", err)
	}
	if !bytes.Equal(got, want) {
		tb.Errorf("%s holds\n%s\nbut the code makes\n%s", file, want, got)
	}
}

// JSON checks v's indented JSON.
func JSON(tb testing.TB, name string, v any) {
	tb.Helper()
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		tb.Fatal(err)
	}
	Check(tb, name, append(raw, '\n'))
}

func write(tb testing.TB, file string, content []byte) {
	tb.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(file, content, 0o644); err != nil {
		tb.Fatal(err)
	}
}
