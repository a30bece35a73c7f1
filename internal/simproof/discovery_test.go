package simproof_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

type object = map[string]any

// method is one of Google's methods.
type method struct {
	ID         string            `json:"id"`
	HTTPMethod string            `json:"httpMethod"`
	Path       string            `json:"path"`
	Parameters map[string]object `json:"parameters"`
	Response   struct {
		Ref string `json:"$ref"`
	} `json:"response"`

	pattern *regexp.Regexp
	schema  *jsonschema.Schema
	// fields are the paths of all that the method can answer with, such as items/start/date; those of keys that a client chooses end with "*".
	fields []string
}

// discovery is what Google publishes about the API, ready to judge.
type discovery struct {
	methods []*method
	// common are the query parameters that every method has.
	common map[string]object
	// failure is the body of an error, which the document leaves out.
	failure *jsonschema.Schema
}

// googleError is the form of https://developers.google.com/workspace/calendar/api/guides/errors.
const googleError = `{
	"type": "object", "additionalProperties": false, "required": ["error"],
	"properties": {"error": {
		"type": "object", "additionalProperties": false, "required": ["errors", "code", "message"],
		"properties": {
			"code": {"type": "integer", "minimum": 400, "maximum": 599}, "message": {"type": "string"},
			"errors": {"type": "array", "minItems": 1, "items": {
				"type": "object", "additionalProperties": false, "required": ["domain", "reason", "message"],
				"properties": {
					"domain": {"enum": ["global", "usageLimits", "calendar"]}, "reason": {"type": "string", "minLength": 1}, "message": {"type": "string"},
					"locationType": {"enum": ["parameter", "header"]}, "location": {"type": "string"}
				},
				"dependentRequired": {"location": ["locationType"], "locationType": ["location"]}
			}}
		}
	}}
}`

// published reads the document out of the module that the build uses, so that it is never older than the SDK and is there without a network.
func published(tb testing.TB) []byte {
	tb.Helper()
	dir, err := exec.CommandContext(tb.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "google.golang.org/api").Output()
	if err != nil {
		tb.Fatalf("where is google.golang.org/api? %v", err)
	}
	raw, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "calendar", "v3", "calendar-api.json"))
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

func readDiscovery(tb testing.TB) *discovery {
	tb.Helper()
	var doc struct {
		Parameters map[string]object `json:"parameters"`
		Schemas    map[string]any    `json:"schemas"`
		Resources  map[string]struct {
			Methods map[string]*method `json:"methods"`
		} `json:"resources"`
	}
	if err := json.Unmarshal(published(tb), &doc); err != nil {
		tb.Fatal(err)
	}
	d := &discovery{common: doc.Parameters}
	definitions := object{}
	for name, s := range doc.Schemas {
		definitions[name] = strict(s)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	addSchema(tb, c, "google.json", object{"$defs": definitions})
	addSchema(tb, c, "error.json", parse(tb, googleError))
	d.failure = c.MustCompile("error.json")
	for _, r := range doc.Resources {
		for _, m := range r.Methods {
			m.pattern = regexp.MustCompile("^/calendar/v3/" + regexp.MustCompile(`\{\w+\}`).ReplaceAllString(m.Path, "[^/]+") + "$")
			if m.Response.Ref != "" {
				m.schema = c.MustCompile("google.json#/$defs/" + m.Response.Ref)
				m.fields = paths(doc.Schemas, doc.Schemas[m.Response.Ref], "")
			}
			d.methods = append(d.methods, m)
		}
	}
	// of two that match, the one with fewer wildcards is meant: ".../events/watch" is no event
	slices.SortFunc(d.methods, func(a, b *method) int { return strings.Count(a.Path, "{") - strings.Count(b.Path, "{") })
	return d
}

// paths are those of all fields below one.
func paths(schemas map[string]any, v any, at string) (all []string) {
	s, _ := v.(object)
	if ref, ok := s["$ref"].(string); ok {
		return paths(schemas, schemas[ref], at)
	}
	if s["type"] == "array" {
		return paths(schemas, s["items"], at)
	}
	below, _ := s["properties"].(object)
	if more, ok := s["additionalProperties"]; ok {
		below = object{"*": more}
	}
	for name, one := range below {
		path := strings.TrimPrefix(at+"/"+name, "/")
		all = append(append(all, path), paths(schemas, one, path)...)
	}
	return all
}

// strict turns one schema of the document into a JSON Schema that refuses whatever the document does not name. Enumerations stand in its prose.
func strict(v any) any {
	s, ok := v.(object)
	if !ok {
		return v
	}
	out := object{}
	switch kind, _ := s["type"].(string); kind {
	case "object":
		out["type"], out["additionalProperties"] = kind, false
		if more, ok := s["additionalProperties"]; ok {
			out["additionalProperties"] = strict(more)
		}
		if named, ok := s["properties"].(object); ok {
			properties := object{}
			for name, p := range named {
				properties[name] = strict(p)
			}
			out["properties"] = properties
		}
	case "array":
		out["type"], out["items"] = kind, strict(s["items"])
	case "any", "":
	default:
		out["type"] = kind
	}
	if ref, ok := s["$ref"].(string); ok {
		out["$ref"] = "google.json#/$defs/" + ref
	}
	restrict(out, s)
	return out
}

// restrict adds what a text may be.
func restrict(out, s object) {
	if s["type"] != "string" {
		return
	}
	description, _ := s["description"].(string)
	value, _ := s["default"].(string)
	switch format, _ := s["format"].(string); {
	case format == "int64":
		out["pattern"] = `^-?[0-9]+$`
	case format != "":
		out["format"] = format
	case strings.Contains(value, "#"): // the kinds, which never differ
		out["const"] = value
	case strings.Contains(description, "ossible values"):
		if values := regexp.MustCompile(`(?m)^\s*- "([^"]+)"`).FindAllStringSubmatch(description, -1); values != nil {
			var named []any
			for _, v := range values {
				named = append(named, v[1])
			}
			out["enum"] = named
		}
	}
}

// find returns the method that a request calls, nil for none.
func (d *discovery) find(r *http.Request) *method {
	method := r.Method
	if other := r.Header.Get("X-HTTP-Method-Override"); method == http.MethodPost && other != "" {
		method = other
	}
	for _, m := range d.methods {
		if m.HTTPMethod == method && m.pattern.MatchString(r.URL.EscapedPath()) {
			return m
		}
	}
	return nil
}

// unknown returns the query parameters that the method does not have.
func (d *discovery) unknown(m *method, q url.Values) (names []string) {
	for name := range q {
		if m.Parameters[name]["location"] != "query" && d.common[name] == nil {
			names = append(names, name)
		}
	}
	return names
}

func addSchema(tb testing.TB, c *jsonschema.Compiler, name string, doc any) {
	tb.Helper()
	raw, err := json.Marshal(doc)
	if err != nil {
		tb.Fatal(err)
	}
	if err := c.AddResource(name, parse(tb, string(raw))); err != nil {
		tb.Fatal(err)
	}
}

func parse(tb testing.TB, raw string) any {
	tb.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(raw)))
	if err != nil {
		tb.Fatalf("%v: %s", err, raw)
	}
	return v
}
