package openapi_test

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
)

// goTypes are the types that x-go-type may name.
func goTypes() map[string]reflect.Type {
	return map[string]reflect.Type{
		"cal.When":           reflect.TypeFor[cal.When](),
		"cal.Attendee":       reflect.TypeFor[cal.Attendee](),
		"cal.Target":         reflect.TypeFor[cal.Target](),
		"cal.Notify":         reflect.TypeFor[cal.Notify](),
		"cal.Stance":         reflect.TypeFor[cal.Stance](),
		"cal.Backflow":       reflect.TypeFor[cal.Backflow](),
		"cal.ConferenceWish": reflect.TypeFor[cal.ConferenceWish](),
		"cal.Booking":        reflect.TypeFor[cal.Booking](),
		"cal.Override":       reflect.TypeFor[cal.Override](),
		"cal.Occurrence":     reflect.TypeFor[cal.Occurrence](),
		"task.Cancellation":  reflect.TypeFor[task.Cancellation](),
		"task.SubmitBooking": reflect.TypeFor[task.SubmitBooking](),
		"message.Event":      reflect.TypeFor[message.Event](),
		"message.Problem":    reflect.TypeFor[message.Problem](),
		"message.Type":       reflect.TypeFor[message.Type](),
		"message.Envelope":   reflect.TypeFor[message.Envelope](),
	}
}

// withheld are the fields of a Go type that a schema leaves out on purpose.
func withheld() map[string][]string {
	return map[string][]string{
		"Guest": {"response"}, // what a guest answered is read from providers, and never taken from a core
	}
}

// A field that is added to a Go type and forgotten in its schema, or the other way round, fails here.
func TestSchemasNameTheFieldsOfTheGoTypes(t *testing.T) {
	t.Parallel()
	for name, v := range inside(t, document(t), "components", "schemas") {
		schema, _ := v.(object)
		goType, ok := schema["x-go-type"].(string)
		if !ok {
			continue
		}
		typ, known := goTypes()[goType]
		if !known {
			t.Errorf("%s: this test does not know %s", name, goType)
			continue
		}
		if path, _ := at(t, schema, "x-go-type-import", "path").(string); path != typ.PkgPath() {
			t.Errorf("%s: %s is imported from %s", name, goType, path)
		}
		for _, fault := range compare(schema, typ, withheld()[name]) {
			t.Errorf("%s: %s", name, fault)
		}
	}
}

// compare says in what a schema and a Go type differ.
func compare(schema object, typ reflect.Type, withheld []string) []string {
	if typ.Kind() == reflect.String {
		return compareEnum(schema, typ)
	}
	var out []string
	all, required := jsonFields(typ)
	all = slices.DeleteFunc(all, func(f string) bool { return slices.Contains(withheld, f) })
	properties, _ := schema["properties"].(object)
	if got := slices.Sorted(maps.Keys(properties)); !slices.Equal(got, all) {
		out = append(out, "the schema has "+strings.Join(got, ", ")+"; the type has "+strings.Join(all, ", "))
	}
	if got := texts(schema["required"]); !slices.Equal(got, required) {
		out = append(out, "the schema requires "+strings.Join(got, ", ")+"; the type always writes "+strings.Join(required, ", "))
	}
	if schema["additionalProperties"] != false {
		out = append(out, "the schema is open")
	}
	for name, field := range fieldTypes(typ) {
		property, ok := properties[name].(object)
		if want := jsonType(field); ok && property["$ref"] == nil && property["type"] != want {
			out = append(out, name+" is no "+want)
		}
	}
	return out
}

func compareEnum(schema object, typ reflect.Type) []string {
	enums := map[reflect.Type][]string{
		reflect.TypeFor[cal.Notify]():         {string(cal.NotifyAll), string(cal.NotifyExternal), string(cal.NotifyNone)},
		reflect.TypeFor[cal.Stance]():         {string(cal.StanceReport), string(cal.StanceAccept), string(cal.StanceEnforce)},
		reflect.TypeFor[cal.ConferenceWish](): {string(cal.ConferenceRequested)},
	}
	for _, t := range message.Types() {
		enums[reflect.TypeFor[message.Type]()] = append(enums[reflect.TypeFor[message.Type]()], string(t))
	}
	want, known := enums[typ]
	slices.Sort(want)
	if got := texts(schema["enum"]); !known || !slices.Equal(got, want) {
		return []string{"the schema's values are " + strings.Join(got, ", ")}
	}
	return nil
}

// jsonType is how JSON Schema calls what a Go type becomes.
func jsonType(typ reflect.Type) string {
	switch typ {
	case reflect.TypeFor[time.Time]():
		return "string"
	case reflect.TypeFor[json.RawMessage]():
		return "object"
	}
	switch typ.Kind() {
	case reflect.Pointer:
		return jsonType(typ.Elem())
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int64:
		return "integer"
	case reflect.Slice:
		return "array"
	default:
		return "object"
	}
}

// jsonFields returns the sorted names of all fields of a struct in JSON, and of those that are always written.
func jsonFields(typ reflect.Type) (all, required []string) {
	for _, f := range reflect.VisibleFields(typ) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		all = append(all, name)
		if options == "" {
			required = append(required, name)
		}
	}
	slices.Sort(all)
	slices.Sort(required)
	return all, required
}

func fieldTypes(typ reflect.Type) map[string]reflect.Type {
	out := map[string]reflect.Type{}
	for _, f := range reflect.VisibleFields(typ) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		out[name] = f.Type
	}
	return out
}

func texts(list any) []string {
	var out []string
	items, _ := list.([]any)
	for _, item := range items {
		if s, ok := item.(string); ok {
			out = append(out, s)
		}
	}
	slices.Sort(out)
	return out
}

func TestComparisonCanFail(t *testing.T) {
	t.Parallel()
	typ := reflect.TypeFor[cal.Target]()
	for name, spoil := range map[string]func(object){
		"a field too many":        func(o object) { inside(t, o, "properties")["colour"] = object{"type": "string"} },
		"a field too few":         func(o object) { delete(inside(t, o, "properties"), "authoritative") },
		"a field of another type": func(o object) { inside(t, o, "properties", "authoritative")["type"] = "string" },
		"optional in one only":    func(o object) { o["required"] = []any{"authoritative", "calendar_id"} },
		"an open schema":          func(o object) { delete(o, "additionalProperties") },
	} {
		schema := inside(t, document(t), "components", "schemas", "Target")
		if got := compare(schema, typ, nil); got != nil {
			t.Fatalf("the schema itself: %v", got)
		}
		spoil(schema)
		if compare(schema, typ, nil) == nil {
			t.Errorf("%s goes unnoticed", name)
		}
	}
}
