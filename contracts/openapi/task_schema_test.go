package openapi_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/calweave/calweave/internal/testkit/golden"
)

// taskSchema is where the golden file stands, as seen from testdata.
const taskSchema = "../../task/schema/submit_booking.json"

// The task's JSON Schema is made from the OpenAPI document, for whoever enqueues without Go. It stands alone: what it refers to is within it.
func TestTaskSchema(t *testing.T) {
	t.Parallel()
	doc := document(t)
	all := inside(t, doc, "components", "schemas")
	schema, defs := object{}, object{}
	bundle(t, all, at(t, all, "SubmitBooking"), schema, defs)
	schema["$schema"], schema["title"], schema["$defs"] = "https://json-schema.org/draft/2020-12/schema", "SubmitBooking", defs
	golden.JSON(t, taskSchema, schema)
	c := jsonschema.NewCompiler()
	if err := c.AddResource("https://schemas.test/task.json", schema); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("https://schemas.test/task.json")
	if err != nil {
		t.Fatal(err)
	}
	payloads, err := filepath.Glob("../task/testdata/submit_*.json")
	if err != nil || len(payloads) < 3 {
		t.Fatalf("%v: %v", payloads, err)
	}
	for _, f := range payloads {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if err := compiled.Validate(fromJSON(t, raw)); err != nil {
			t.Errorf("%s: %v", f, err)
		}
		for was, is := range map[string]string{`"booking_id"`: `"booking"`, `"version": `: `"version": -`, `"targets"`: `"target"`} {
			if broken := strings.Replace(string(raw), was, is, 1); broken != string(raw) && compiled.Validate(fromJSON(t, []byte(broken))) == nil {
				t.Errorf("%s with %s for %s is taken", f, is, was)
			}
		}
	}
}

// bundle copies a schema into to without what only generators read, and what it refers to into defs.
func bundle(t *testing.T, all object, from any, to, defs object) {
	t.Helper()
	o, _ := from.(object)
	for key, value := range o {
		switch ref, _ := value.(string); {
		case strings.HasPrefix(key, "x-go-"):
		case key == "$ref":
			name := ref[strings.LastIndex(ref, "/")+1:]
			to[key] = "#/$defs/" + name
			if defs[name] == nil {
				def := object{}
				defs[name] = def
				bundle(t, all, at(t, all, name), def, defs)
			}
		default:
			to[key] = bundled(t, all, value, defs)
		}
	}
}

func bundled(t *testing.T, all object, v any, defs object) any {
	t.Helper()
	switch v := v.(type) {
	case object:
		out := object{}
		bundle(t, all, v, out, defs)
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, e := range v {
			out = append(out, bundled(t, all, e, defs))
		}
		return out
	default:
		return v
	}
}
