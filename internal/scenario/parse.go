package scenario

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// Schema is the JSON Schema of a scenario.
//
//go:embed scenario.schema.json
var Schema []byte

// Parse reads a scenario. name is the file's, for mistakes; its error is a MistakesError with everything that the schema finds wrong.
func Parse(name string, raw []byte) (*Scenario, error) {
	src := &source{name: name}
	raw = bytes.TrimPrefix(raw, []byte("\uFEFF"))
	if mistakes := src.checkText(raw); mistakes != nil {
		return nil, mistakes
	}
	tokens := lexer.Tokenize(string(raw))
	if mistakes := src.checkTokens(tokens); mistakes != nil {
		return nil, mistakes
	}
	file, err := parser.Parse(tokens, 0)
	if err != nil {
		return nil, src.unreadable(err)
	}
	if len(file.Docs) > 1 {
		return nil, MistakesError{src.at("holds more than one document")}
	}
	if len(file.Docs) == 1 && file.Docs[0].Body != nil && file.Docs[0].Body.Type() != ast.NullType {
		src.root = file.Docs[0].Body
	} else {
		return &Scenario{source: src}, nil // nobody is there, and nothing goes wrong
	}
	text, err := yaml.YAMLToJSON(raw)
	if err != nil {
		return nil, src.unreadable(err)
	}
	text, mistakes := src.check(text)
	if mistakes != nil {
		return nil, mistakes
	}
	out := &Scenario{source: src}
	if err := json.Unmarshal(text, out); err != nil {
		return nil, src.mistake(err, typed(err)...)
	}
	return out, nil
}

// unreadable is a mistake in the YAML itself.
func (s *source) unreadable(err error) MistakesError {
	m := s.at(err.Error())
	if at, ok := errors.AsType[yaml.Error](err); ok {
		m.What = at.GetMessage()
		m.take(at.GetToken())
	}
	return MistakesError{m}
}

// check holds the file against the schema and the switches that there are. If nothing is wrong it returns the text in a form that Go reads.
func (s *source) check(text []byte) ([]byte, MistakesError) {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, s.mistake(err)
	}
	var mistakes MistakesError
	if err := compiled().Validate(v); err != nil {
		invalid, ok := errors.AsType[*jsonschema.ValidationError](err)
		if !ok {
			return nil, s.mistake(err)
		}
		mistakes = s.told(invalid)
	}
	if doc, ok := v.(map[string]any); ok {
		mistakes = append(mistakes, s.unknownSwitches(doc["switches"])...)
	}
	if mistakes != nil {
		return nil, mistakes.inOrder()
	}
	text, err = json.Marshal(whole(v))
	if err != nil {
		return nil, s.mistake(err)
	}
	return text, nil
}

// whole writes 1.0, which is an integer to the schema, as one that Go reads as an integer too.
func whole(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			v[name] = whole(member)
		}
	case []any:
		for i, item := range v {
			v[i] = whole(item)
		}
	case json.Number:
		if f, err := v.Float64(); err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
			return int64(f)
		}
	}
	return v
}

// told gathers the leaves of what the validator says.
func (s *source) told(e *jsonschema.ValidationError) (mistakes MistakesError) {
	path := s.steps(e.InstanceLocation)
	if more, ok := e.ErrorKind.(*kind.AdditionalProperties); ok {
		for _, name := range more.Properties {
			mistakes = append(mistakes, s.at("there is no such field", append(slices.Clone(path), name)...))
		}
		return mistakes
	}
	if len(e.Causes) == 0 {
		text := e.Error()
		if i := strings.LastIndex(text, "': "); i >= 0 { // the validator names the place in its own way before
			text = text[i+len("': "):]
		}
		return MistakesError{s.at(text, path...)}
	}
	for _, cause := range e.Causes {
		mistakes = append(mistakes, s.told(cause)...)
	}
	return mistakes
}

func compiled() *jsonschema.Schema {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema))
	if err != nil {
		panic(err) // the schema is part of the program
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	for name, read := range formats() {
		c.RegisterFormat(&jsonschema.Format{Name: name, Validate: func(v any) error {
			text, ok := v.(string)
			if !ok {
				return nil // the schema's type is for that
			}
			return read(text)
		}})
	}
	if err := c.AddResource("scenario.schema.json", v); err != nil {
		panic(err)
	}
	return c.MustCompile("scenario.schema.json")
}

// formats are those of the schema, read as the simulators read them.
func formats() map[string]func(string) error {
	return map[string]func(string) error{
		"date-time": func(text string) error { _, err := time.Parse(time.RFC3339, text); return err },
		"advance":   func(text string) error { _, err := time.ParseDuration(text); return err },
		"iana-zone": func(text string) error {
			if text == "Local" {
				return errLocal
			}
			_, err := time.LoadLocation(text)
			return err
		},
	}
}

var errLocal = errors.New("the machine's own zone differs from one to the next")
