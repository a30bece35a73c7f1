package scenario

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// maxFile bounds a scenario file.
const maxFile = 4 << 20

// Schema is the JSON Schema of a scenario.
//
//go:embed scenario.schema.json
var Schema []byte

// Parse reads a scenario. name is the file's, for mistakes; its error is a MistakesError with everything that the schema finds wrong.
func Parse(name string, raw []byte) (*Scenario, error) {
	src := &source{name: name}
	if len(raw) > maxFile {
		return nil, MistakesError{src.at(fmt.Sprintf("is larger than %d bytes", maxFile))}
	}
	file, err := parser.ParseBytes(raw, 0)
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
	if mistakes := src.check(text); mistakes != nil {
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

// check holds the file against the schema and the switches that there are. It returns nil if nothing is wrong.
func (s *source) check(text []byte) MistakesError {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return s.mistake(err)
	}
	var mistakes MistakesError
	if err := compiled().Validate(v); err != nil {
		invalid, ok := errors.AsType[*jsonschema.ValidationError](err)
		if !ok {
			return s.mistake(err)
		}
		mistakes = s.told(invalid)
	}
	if doc, ok := v.(map[string]any); ok {
		mistakes = append(mistakes, s.unknownSwitches(doc["switches"])...)
	}
	slices.SortStableFunc(mistakes, func(a, b Mistake) int { return a.Line - b.Line })
	return mistakes
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
	if err := c.AddResource("scenario.schema.json", v); err != nil {
		panic(err)
	}
	return c.MustCompile("scenario.schema.json")
}
