package microsoft

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden runs fn on the input of every file of a folder under testdata and compares what it returns with the file's output.
func golden(t *testing.T, folder string, fn func(t *testing.T, in json.RawMessage) any) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", folder, "*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no golden files in %s: %v", folder, err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".json"), func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var file struct {
				In  json.RawMessage `json:"in"`
				Out json.RawMessage `json:"out"`
			}
			if err := json.Unmarshal(raw, &file); err != nil {
				t.Fatal(err)
			}
			out, err := encode(fn(t, file.In))
			if err != nil {
				t.Fatal(err)
			}
			if *update {
				file.Out = out
				raw, err := encode(file)
				if err != nil {
					t.Fatal(err)
				}
				var pretty bytes.Buffer
				if err := json.Indent(&pretty, raw, "", "  "); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, append(bytes.TrimSpace(pretty.Bytes()), '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if !sameJSON(out, file.Out) {
				t.Errorf("got  %s\nwant %s", out, file.Out)
			}
		})
	}
}

func encode(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return bytes.TrimSpace(out.Bytes()), err
}
