package task_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/calweave/calweave/contracts/task"
)

// released holds the tasks of the last version.
const released = "../released/tasks"

// A submission that a client of the last version has enqueued is read by this one without loss.
func TestLastVersionsSubmissionsAreRead(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(released, "submit_*.json"))
	if err != nil || len(files) < 3 {
		t.Fatalf("%v: %v", files, err)
	}
	for _, f := range files {
		raw := lastTask(t, filepath.Base(f))
		var s task.SubmitBooking
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&s); err != nil {
			t.Errorf("%s: %v", f, err)
			continue
		}
		written, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(fields(t, raw), fields(t, written)) {
			t.Errorf("%s: %s\nis read as %s", f, raw, written)
		}
	}
}

// Processes of the last version and of this one share a queue while they take turns: a hint of either is read by the other. The last version
// refuses unknown fields in hints of its own schema, so that a field that is added raises the schema.
func TestHintsAreReadByBothVersions(t *testing.T) {
	t.Parallel()
	raw := lastTask(t, "hint.json")
	last, err := task.ParseHint(raw)
	if err != nil || last.Subject == "" {
		t.Fatalf("%+v %v", last, err)
	}
	written, err := json.Marshal(hint())
	if err != nil {
		t.Fatal(err)
	}
	was, is := fields(t, raw), fields(t, written)
	if task.SchemaVersion > last.Schema+1 {
		t.Errorf("schema %d: readers of the last version take their own, %d, and the next", task.SchemaVersion, last.Schema)
	}
	for name, value := range was {
		if reflect.TypeOf(is[name]) != reflect.TypeOf(value) {
			t.Errorf("%s was %T, and is %T", name, value, is[name])
		}
	}
	for name := range is {
		if _, known := was[name]; !known && task.SchemaVersion == last.Schema {
			t.Errorf("%s is new: raise SchemaVersion, or processes of the last version refuse the hint", name)
		}
	}
}

func lastTask(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(released, name))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func fields(t *testing.T, raw []byte) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}
