//go:build pact

package pacts_test

// object is a JSON object, with matchers in the place of values where a consumer does not rely on the value itself.
type object = map[string]any

const (
	matcherKey = "pact:matcher:type"
	valueKey   = "value"
)

// like holds for every value of the example's type, and so on below it.
func like(example any) object { return object{matcherKey: "type", valueKey: example} }

// exactly holds for the value alone, also inside like.
func exactly(value any) object { return object{matcherKey: "equality", valueKey: value} }

// matching holds for strings that a regular expression matches as a whole. Pact's own would hold for the text of a list or an object too, so that any
// string is rather a matter of type.
func matching(pattern, example string) object {
	if pattern == filled {
		return like(example)
	}
	return object{matcherKey: "regex", "regex": pattern, valueKey: example}
}

// some holds for a list of at least one element of the example's form.
func some(example any) object { return object{matcherKey: "type", valueKey: []any{example}, "min": 1} }

// none holds for a list without elements.
func none() object { return object{matcherKey: "equality", valueKey: []any{}} }

// exampleOf is a body without its matchers.
func exampleOf(v any) any {
	switch v := v.(type) {
	case object:
		if _, matches := v[matcherKey]; matches {
			return exampleOf(v[valueKey])
		}
		out := object{}
		for name, value := range v {
			out[name] = exampleOf(value)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = exampleOf(v[i])
		}
		return out
	default:
		return v
	}
}

// rfc3339 and friends are the forms of values that differ from run to run.
const (
	rfc3339  = `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)`
	wallTime = `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?`
	filled   = `.+` // any string
)
