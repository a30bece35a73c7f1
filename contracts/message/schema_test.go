package message_test

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
)

// A field that is added to a Go type and forgotten in its schema, or the other way round, fails here.
func TestSchemasNameTheFieldsOfTheGoTypes(t *testing.T) {
	t.Parallel()
	compareFields(t, "envelope", schemaFile(t, message.EnvelopeSchema), reflect.TypeFor[message.Envelope]())
	for typ, data := range examples() {
		compareFields(t, string(typ), schemaFile(t, string(typ)+".json"), reflect.TypeOf(data))
	}
	shared := property(t, schemaFile(t, "definitions.json"), "$defs")
	for name, typ := range map[string]reflect.Type{
		"target":     reflect.TypeFor[message.Target](),
		"occurrence": reflect.TypeFor[cal.Occurrence](),
		"event":      reflect.TypeFor[message.Event](),
		"problem":    reflect.TypeFor[message.Problem](),
		"attendee":   reflect.TypeFor[cal.Attendee](),
	} {
		compareFields(t, name, property(t, shared, name), typ)
	}
}

func compareFields(t *testing.T, name string, schema any, typ reflect.Type) {
	t.Helper()
	all, required := jsonFields(typ)
	properties, ok := property(t, schema, "properties").(map[string]any)
	if !ok {
		t.Fatalf("%s: properties is no object", name)
	}
	if got := slices.Sorted(maps.Keys(properties)); !slices.Equal(got, all) {
		t.Errorf("%s: the schema has %v, %s has %v", name, got, typ, all)
	}
	if got := texts(property(t, schema, "required")); !slices.Equal(got, required) {
		t.Errorf("%s: the schema requires %v, %s always writes %v", name, got, typ, required)
	}
	if closed := property(t, schema, "additionalProperties"); closed != false {
		t.Errorf("%s: additionalProperties is %v", name, closed)
	}
}

// jsonFields returns the sorted names of all fields of a struct in JSON, and of those that are always written.
func jsonFields(typ reflect.Type) (all, required []string) {
	for _, f := range reflect.VisibleFields(typ) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous {
			continue
		}
		all = append(all, name)
		if options == "" {
			required = append(required, name)
		}
	}
	slices.Sort(all)
	slices.Sort(required)
	return all, required
}

func property(t *testing.T, schema any, name string) any {
	t.Helper()
	object, ok := schema.(map[string]any)
	if !ok || object[name] == nil {
		t.Fatalf("no %q in %v", name, schema)
	}
	return object[name]
}

func texts(list any) []string {
	var out []string
	if items, ok := list.([]any); ok {
		for _, item := range items {
			if s, ok := item.(string); ok {
				out = append(out, s)
			}
		}
	}
	slices.Sort(out)
	return out
}
