package openapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/calweave/calweave/contracts/openapi"
)

// object is a JSON object.
type object = map[string]any

// document is openapi.yaml as JSON has it; each call gives a copy of its own.
func document(tb testing.TB) object {
	tb.Helper()
	var parsed any
	if err := yaml.Unmarshal(openapi.Spec, &parsed); err != nil {
		tb.Fatal(err)
	}
	raw, err := json.Marshal(parsed)
	if err != nil {
		tb.Fatal(err)
	}
	doc, ok := fromJSON(tb, raw).(object)
	if !ok {
		tb.Fatal("the document is no object")
	}
	return doc
}

func fromJSON(tb testing.TB, raw []byte) any {
	tb.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

// at follows keys into nested objects.
func at(tb testing.TB, v any, keys ...string) any {
	tb.Helper()
	for _, key := range keys {
		o, ok := v.(object)
		if !ok || o[key] == nil {
			tb.Fatalf("there is no %q on the way %v", key, keys)
		}
		v = o[key]
	}
	return v
}

// inside is at for an object.
func inside(tb testing.TB, v any, keys ...string) object {
	tb.Helper()
	o, ok := at(tb, v, keys...).(object)
	if !ok {
		tb.Fatalf("%v is no object", keys)
	}
	return o
}

// walk calls visit for each object of the document, with where it is.
func walk(v any, where string, visit func(where string, o object)) {
	switch v := v.(type) {
	case object:
		visit(where, v)
		for key, value := range v {
			walk(value, where+"/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(key), visit)
		}
	case []any:
		for i, value := range v {
			walk(value, fmt.Sprintf("%s/%d", where, i), visit)
		}
	}
}

// faults is all that is wrong with a document.
func faults(tb testing.TB, doc object) []string {
	tb.Helper()
	var out []string
	for _, check := range []func(testing.TB, object) []string{
		shape, references, schemas, operations, placeholders, errorAnswers, scopes,
	} {
		out = append(out, check(tb, doc)...)
	}
	return out
}

func TestDocumentIsSound(t *testing.T) {
	t.Parallel()
	for _, fault := range faults(t, document(t)) {
		t.Error(fault)
	}
}

// shape holds a document against the part of OpenAPI that we use.
func shape(tb testing.TB, doc object) []string {
	tb.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "openapi.schema.json"))
	if err != nil {
		tb.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("openapi.schema.json", fromJSON(tb, raw)); err != nil {
		tb.Fatal(err)
	}
	schema, err := c.Compile("openapi.schema.json")
	if err != nil {
		tb.Fatal(err)
	}
	if err := schema.Validate(doc); err != nil {
		return []string{err.Error()}
	}
	return nil
}

// references lead somewhere, and every component is referred to. What the queue's payload is made of is referred to by nobody.
func references(_ testing.TB, doc object) []string {
	var out []string
	there := map[string]bool{"#/components/schemas/SubmitBooking": true, "#/components/securitySchemes/key": true}
	walk(doc, "#", func(where string, _ object) {
		if parts := strings.Split(where, "/"); len(parts) == 4 && parts[1] == "components" {
			if _, exempt := there[where]; !exempt {
				there[where] = false
			}
		}
	})
	walk(doc, "#", func(where string, o object) {
		ref, ok := o["$ref"].(string)
		if !ok {
			return
		}
		if _, known := there[ref]; !known {
			out = append(out, where+" refers to "+ref+", which is not there")
		}
		there[ref] = true
	})
	for name, used := range there {
		if !used {
			out = append(out, name+" is referred to by nobody")
		}
	}
	return out
}

// schemas compile, and their examples and defaults are valid. A $ref resolves within the document, so it is compiled whole.
func schemas(tb testing.TB, doc object) []string {
	tb.Helper()
	var out []string
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	if err := c.AddResource("openapi.json", doc); err != nil {
		return []string{err.Error()}
	}
	walk(doc, "", func(where string, o object) {
		isSchema := o["type"] != nil && o["in"] == nil && !strings.HasSuffix(where, "/properties") && !strings.Contains(where, "securitySchemes")
		if !isSchema {
			return
		}
		compiled, err := c.Compile("openapi.json#" + where)
		if err != nil {
			out = append(out, where+": "+err.Error())
			return
		}
		values, _ := o["examples"].([]any)
		if def, ok := o["default"]; ok {
			values = append(values, def)
		}
		for _, v := range values {
			if err := compiled.Validate(v); err != nil {
				out = append(out, fmt.Sprintf("%s: %v is no valid example: %v", where, v, err))
			}
		}
	})
	return out
}

// each calls visit for every operation.
func each(doc object, visit func(method, path string, item, op object)) {
	paths, _ := doc["paths"].(object)
	for path, v := range paths {
		item, _ := v.(object)
		for method, v := range item {
			if op, ok := v.(object); ok {
				visit(method, path, item, op)
			}
		}
	}
}

// operations have ids of their own and a tag that is explained.
func operations(_ testing.TB, doc object) []string {
	var out, tags []string
	all, _ := doc["tags"].([]any)
	for _, v := range all {
		if tag, ok := v.(object); ok {
			name, _ := tag["name"].(string)
			tags = append(tags, name)
		}
	}
	seen := map[string]bool{}
	each(doc, func(method, path string, _, op object) {
		id, _ := op["operationId"].(string)
		if seen[id] {
			out = append(out, fmt.Sprintf("two operations are called %q", id))
		}
		seen[id] = true
		own, _ := op["tags"].([]any)
		for _, tag := range own {
			if name, _ := tag.(string); !slices.Contains(tags, name) {
				out = append(out, fmt.Sprintf("%s %s: no tag %q is explained", method, path, tag))
			}
		}
	})
	return out
}

// placeholders of a path are its path parameters, neither more nor less.
func placeholders(tb testing.TB, doc object) []string {
	tb.Helper()
	var out []string
	each(doc, func(method, path string, item, op object) {
		var wanted, declared []string
		for part := range strings.SplitSeq(path, "/") {
			if name, ok := strings.CutPrefix(part, "{"); ok {
				wanted = append(wanted, strings.TrimSuffix(name, "}"))
			}
		}
		for _, list := range []any{item["parameters"], op["parameters"]} {
			params, _ := list.([]any)
			for _, p := range params {
				p := resolved(doc, p)
				if name, _ := p["name"].(string); p["in"] == "path" {
					declared = append(declared, name)
				}
			}
		}
		if !slices.Equal(wanted, declared) {
			out = append(out, fmt.Sprintf("%s %s has the placeholders %v and declares %v", method, path, wanted, declared))
		}
	})
	return out
}

// resolved follows a reference.
func resolved(doc object, v any) object {
	o, _ := v.(object)
	ref, ok := o["$ref"].(string)
	if !ok {
		return o
	}
	var to any = doc
	for part := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		parent, _ := to.(object)
		to = parent[part]
	}
	o, _ = to.(object)
	return o
}

// errorAnswers are problems, but for pages that people see and for the health check that orchestrators read.
func errorAnswers(_ testing.TB, doc object) []string {
	var out []string
	each(doc, func(method, path string, _, op object) {
		answers, _ := op["responses"].(object)
		for status, v := range answers {
			if strings.HasPrefix(status, "2") || strings.HasPrefix(status, "3") || strings.HasPrefix(path, "/readyz") {
				continue
			}
			answer, _ := v.(object)
			content, _ := answer["content"].(object)
			page := slices.Equal([]any{"browser"}, op["tags"].([]any)) && content["text/html"] != nil
			if answer["$ref"] != "#/components/responses/Problem" && !page {
				out = append(out, fmt.Sprintf("%s %s answers %s with something else than a problem", method, path, status))
			}
		}
		if answers["default"] == nil && method+path != "get/healthz" && method+path != "get/readyz" {
			out = append(out, fmt.Sprintf("%s %s does not say how it fails", method, path))
		}
	})
	return out
}
