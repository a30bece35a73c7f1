package reference

import (
	"slices"
	"strings"
)

// schema is a named form of a document or a value.
type schema struct {
	Name, About string
	Type        typ
	Bounds      []string
	Values      []string
	Fields      []field
	Sample      string
}

// field is a field of an object, or a parameter.
type field struct {
	Name string
	// In says where a parameter is sent; empty for a field.
	In       string
	Type     typ
	Required bool
	About    string
	Bounds   []string
	Values   []string
}

// typ is what a value is: Ref is the schema that explains it, if any.
type typ struct {
	Text, Ref string
}

// schemas are the named ones.
func (d document) schemas() []schema {
	var out []schema
	for _, p := range d.root.at("components", "schemas").pairs() {
		s := schema{Name: p.key, About: p.value.at("description").text(), Type: d.typeOf(p.value), Bounds: bounds(p.value), Values: p.value.at("enum").texts()}
		s.Fields = d.fields(p.value)
		if len(s.Fields) > 0 {
			s.Sample = d.json(p.value)
		}
		out = append(out, s)
	}
	return out
}

// fields are those of an object, with those of lists of objects that have no name of their own.
func (d document) fields(n node) []field {
	required := n.at("required").texts()
	var out []field
	for _, p := range n.at("properties").pairs() {
		out = append(out, d.field(p.key, p.value, slices.Contains(required, p.key)))
		for _, inner := range d.fields(p.value.at("items")) {
			inner.Name = p.key + "[]." + inner.Name
			out = append(out, inner)
		}
	}
	return out
}

func (d document) field(name string, n node, required bool) field {
	f := field{Name: name, Type: d.typeOf(n), Required: required, About: n.at("description").text(), Bounds: bounds(n), Values: n.at("enum").texts()}
	if f.Type.Ref != "" && f.About == "" && len(n.at("items").pairs()) == 0 {
		f.About = d.resolved(n).at("description").text()
	}
	if f.Values == nil && f.Type.Ref != "" {
		f.Values = d.resolved(n).at("enum").texts()
	}
	return f
}

// typeOf says in a word or two what a value is.
func (d document) typeOf(n node) typ {
	if ref := n.at("$ref").text(); ref != "" {
		name := ref[strings.LastIndex(ref, "/")+1:]
		return typ{Text: name, Ref: name}
	}
	switch kind := n.at("type").text(); kind {
	case "array":
		item := d.typeOf(n.at("items"))
		item.Text = "array of " + item.Text
		return item
	case "object":
		if values := n.at("additionalProperties"); len(values.pairs()) > 0 {
			return typ{Text: "object of " + d.typeOf(values).Text}
		}
		return typ{Text: kind}
	case "integer":
		return typ{Text: kind}
	default:
		if format := n.at("format").text(); format != "" {
			return typ{Text: kind + ", " + format}
		}
		return typ{Text: kind}
	}
}

// bounds are what a schema allows, in words.
func bounds(n node) []string {
	var out []string
	for _, b := range []struct{ key, before, after string }{
		{"minimum", "at least ", ""},
		{"maximum", "at most ", ""},
		{"minLength", "at least ", " characters"},
		{"maxLength", "at most ", " characters"},
		{"maxItems", "at most ", " items"},
		{"minProperties", "at least ", " field"},
		{"maxProperties", "at most ", " entries"},
		{"default", "default ", ""},
		{"pattern", "pattern ", ""},
	} {
		if v := n.at(b.key).text(); v != "" {
			out = append(out, b.before+v+b.after)
		}
	}
	return out
}
