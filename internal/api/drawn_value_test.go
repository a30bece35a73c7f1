package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// value draws what a schema allows, mostly what is known by that name, or an example.
func (d *drawer) value(name string, v any) any {
	schema := d.resolved(v)
	if known := d.known[name]; len(known) > 0 && d.IntN(4) > 0 {
		return known[d.IntN(len(known))]
	}
	if examples := list(schema["examples"]); len(examples) > 0 && d.IntN(4) == 0 {
		return examples[d.IntN(len(examples))]
	}
	if all := list(schema["enum"]); len(all) > 0 {
		return all[d.IntN(len(all))]
	}
	if fixed, ok := schema["const"]; ok {
		return fixed
	}
	for _, choice := range []string{"oneOf", "anyOf"} {
		if all := list(schema[choice]); len(all) > 0 {
			return d.value(name, all[d.IntN(len(all))])
		}
	}
	switch kind(schema) {
	case "object":
		return d.object(schema)
	case "array":
		out := []any{}
		least, most := bound(schema, "minItems", 0), bound(schema, "maxItems", 3)
		for range min(most, max(least, d.IntN(least+4))) {
			out = append(out, d.value(strings.TrimSuffix(name, "s"), schema["items"]))
		}
		return out
	case "integer":
		least := bound(schema, "minimum", 0)
		return least + d.IntN(min(bound(schema, "maximum", 50), least+50)-least+1)
	case "boolean":
		return d.IntN(2) == 0
	case "string":
		return d.text(schema)
	default:
		return nil
	}
}

// kind is a schema's type; of several, the first.
func kind(schema map[string]any) string {
	if all := list(schema["type"]); len(all) > 0 {
		s, _ := all[0].(string)
		return s
	}
	s, _ := schema["type"].(string)
	return s
}

func bound(schema map[string]any, name string, otherwise int) int {
	n, ok := schema[name].(json.Number)
	if !ok {
		return otherwise
	}
	i, err := n.Int64()
	if err != nil {
		return otherwise
	}
	return int(i)
}

func (d *drawer) object(schema map[string]any) map[string]any {
	out, required := map[string]any{}, map[string]bool{}
	for _, name := range list(schema["required"]) {
		required[fmt.Sprint(name)] = true
	}
	properties := child(schema, "properties")
	for _, name := range sortedKeys(properties) {
		if required[name] || d.IntN(2) == 0 {
			out[name] = d.value(name, properties[name])
		}
	}
	if free := child(schema, "additionalProperties"); free != nil {
		out["k"+d.letters(3)] = d.value("", free)
	}
	return out
}

func (d *drawer) text(schema map[string]any) string {
	if format, _ := schema["format"].(string); format == "date-time" {
		return "2026-10-01T10:00:00Z"
	} else if format == "uri" || format == "uri-reference" {
		return "https://core.test/" + d.letters(5)
	}
	least, most := bound(schema, "minLength", 0), bound(schema, "maxLength", 40)
	if pattern, ok := schema["pattern"].(string); ok {
		return rapid.StringMatching(pattern).Filter(func(s string) bool { return len(s) >= least && len(s) <= most }).Example(d.Int())
	}
	return d.letters(least + d.IntN(min(most, least+12)-least+1))
}

// letters draws n characters, some of which are more than one byte, or mean something elsewhere.
func (d *drawer) letters(n int) string {
	alphabet := []rune("abcXYZ019 -_.ßé日🎈'\"<&%")
	var b strings.Builder
	for range n {
		b.WriteRune(alphabet[d.IntN(len(alphabet))])
	}
	return b.String()
}

// nonsense is what hardly any parameter allows.
func (d *drawer) nonsense() string {
	all := []string{"", " ", "-1", "0", "1e9", "99999999999999999999", "null", "true", "[]", "a b", "日", "\x00", strings.Repeat("x", 600), "2026-13-01T00:00:00Z", `"7`, "*", "../.."}
	return all[d.IntN(len(all))]
}

// spoil changes a document in one place.
func (d *drawer) spoil(v any) any {
	switch v := v.(type) {
	case map[string]any:
		keys := sortedKeys(v)
		if len(keys) == 0 || d.IntN(5) == 0 {
			v["surplus"] = d.junk()
			return v
		}
		key := keys[d.IntN(len(keys))]
		switch d.IntN(4) {
		case 0:
			delete(v, key)
		case 1:
			v[key] = d.junk()
		default:
			v[key] = d.spoil(v[key])
		}
		return v
	case []any:
		if len(v) == 0 || d.IntN(4) == 0 {
			return append(v, d.junk())
		}
		i := d.IntN(len(v))
		v[i] = d.spoil(v[i])
		return v
	default:
		return d.junk()
	}
}

func (d *drawer) junk() any {
	all := []any{
		nil, true, -1, 0, 1.5, 1e300, "", " ", "\u0000", strings.Repeat("é", 5000),
		[]any{},
		[]any{nil},
		map[string]any{},
		map[string]any{"": map[string]any{"a": []any{}}},
		"9999-99-99", "2026-02-30", "2026-03-29T02:30:00", "Mars/Olympus", "-----", json.Number("9007199254740993"),
	}
	return all[d.IntN(len(all))]
}

// text is a drawn value as a parameter has it.
func text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return fmt.Sprint(v)
}

func sortedKeys(o map[string]any) []string { return slices.Sorted(maps.Keys(o)) }
