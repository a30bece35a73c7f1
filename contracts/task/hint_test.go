package task_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/calweave/calweave/contracts/task"
)

func hint() task.Hint {
	return task.Hint{
		Schema:      task.SchemaVersion,
		Ref:         task.Ref{Tenant: "ten_0199a1b2c3d470008000000000000001", Kind: task.LinkPush, Subject: "lnk_0199a1b2c3d470008000000000000002"},
		Lane:        task.Interactive,
		Traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
	}
}

func TestParseHint(t *testing.T) {
	t.Parallel()
	for _, kind := range task.Kinds() {
		for _, lane := range task.Lanes() {
			want := hint()
			want.Kind, want.Lane = kind, lane
			raw, err := json.Marshal(want)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := task.ParseHint(raw); err != nil || got != want {
				t.Errorf("%s on %s: %+v, %v", kind, lane, got, err)
			}
		}
	}
}

func TestParseHintReadsTheNextSchema(t *testing.T) {
	t.Parallel()
	want := hint()
	want.Schema = task.SchemaVersion + 1
	raw, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	raw = append(raw[:len(raw)-1], `,"invented":{"later":[1]}}`...)
	if got, err := task.ParseHint(raw); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := task.ParseHint(bytes.Replace(raw, []byte(`"schema":2`), []byte(`"schema":1`), 1)); err == nil {
		t.Error("a field that its own schema does not have is read over")
	}
}

func TestParseHintRefuses(t *testing.T) {
	t.Parallel()
	good, err := json.Marshal(hint())
	if err != nil {
		t.Fatal(err)
	}
	edit := func(old, replacement string) string {
		if !strings.Contains(string(good), old) {
			t.Fatalf("%q is not in %s", old, good)
		}
		return strings.Replace(string(good), old, replacement, 1)
	}
	for name, payload := range map[string]string{
		"nothing":            "",
		"not JSON":           "{",
		"another JSON value": `["link:push"]`,
		"null":               "null",
		"two values":         string(good) + string(good),
		"rubbish behind":     string(good) + "}",
		"an unknown field":   edit(`"lane"`, `"event":"body","lane"`),
		"no schema":          edit(`"schema":1`, `"schema":0`),
		"a far schema":       edit(`"schema":1`, `"schema":3`),
		"a schema in words":  edit(`"schema":1`, `"schema":"1"`),
		"no tenant":          edit(`ten_0199a1b2c3d470008000000000000001`, ``),
		"no subject":         edit(`lnk_0199a1b2c3d470008000000000000002`, ``),
		"an unknown kind":    edit(`link:push`, `link:pull`),
		"an unknown lane":    edit(`interactive`, `express`),
	} {
		if h, err := task.ParseHint([]byte(payload)); err == nil {
			t.Errorf("%s: read as %+v", name, h)
		}
	}
}

func TestNamesAreUnique(t *testing.T) {
	t.Parallel()
	kinds := task.Kinds()
	slices.Sort(kinds)
	if len(slices.Compact(kinds)) != len(task.Kinds()) {
		t.Error("two kinds share a name")
	}
	for _, k := range kinds {
		if noun, verb, ok := strings.Cut(string(k), ":"); !ok || noun == "" || verb == "" {
			t.Errorf("%q is no noun:verb", k)
		}
	}
}

func TestRefString(t *testing.T) {
	t.Parallel()
	r := task.Ref{Tenant: "ten_1", Kind: task.CalendarSync, Subject: "cal_1"}
	if got := r.String(); got != "calendar:sync/ten_1/cal_1" {
		t.Errorf("%q", got)
	}
}

func FuzzParseHint(f *testing.F) {
	golden, err := os.ReadFile(filepath.Join("testdata", "hint.json"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(golden)
	f.Add([]byte(`{"schema":1,"tenant_id":"t","kind":"tenant:prune","subject":"t","lane":"bulk","traceparent":"\ud800"}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		h, err := task.ParseHint(payload)
		if err != nil {
			return
		}
		if h.Tenant == "" || h.Subject == "" || !slices.Contains(task.Kinds(), h.Kind) || !slices.Contains(task.Lanes(), h.Lane) {
			t.Fatalf("accepted %+v", h)
		}
		raw, err := json.Marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := task.ParseHint(raw); err != nil || again != h {
			t.Fatalf("%+v became %+v, %v", h, again, err)
		}
	})
}
