package api

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"go.yaml.in/yaml/v3"

	contract "github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/openapi"
	"github.com/calweave/calweave/internal/record"
)

// Contract validates documents against the schemas of the OpenAPI document. It is safe for concurrent use.
type Contract struct {
	schemas map[string]*jsonschema.Schema
}

// The schemas that documents are validated against.
const (
	schemaBooking    = "BookingSpec"
	schemaSubmission = "SubmitBooking"
	schemaConnection = "NewConnection"
	schemaEndpoint   = "NewEndpoint"
	schemaBookingID  = "BookingID"
	schemaID         = "ID"
	schemaVersion    = "Version"
)

// NewContract compiles the schemas.
func NewContract() (*Contract, error) {
	var doc any
	if err := yaml.Unmarshal(openapi.Spec, &doc); err != nil {
		return nil, fmt.Errorf("api: OpenAPI document: %w", err)
	}
	raw, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("api: OpenAPI document: %w", err)
	}
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("api: OpenAPI document: %w", err)
	}
	const root = "openapi.json"
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource(root, parsed); err != nil {
		return nil, fmt.Errorf("api: OpenAPI document: %w", err)
	}
	out := &Contract{schemas: map[string]*jsonschema.Schema{}}
	for _, name := range []string{
		schemaBooking, schemaSubmission, schemaConnection, schemaEndpoint, schemaBookingID, schemaID, schemaVersion,
	} {
		if out.schemas[name], err = c.Compile(root + "#/components/schemas/" + name); err != nil {
			return nil, fmt.Errorf("api: schema %s: %w", name, err)
		}
	}
	return out, nil
}

// Document validates a JSON document, and refuses it with everything that is wrong with it.
func (c *Contract) Document(schema string, raw []byte) error {
	if len(bytes.TrimSpace(raw)) == 0 {
		return &record.RefusalError{Reason: record.ReasonMalformed, Detail: "the body is empty: send a JSON document"}
	}
	var probe json.RawMessage
	if err := json.Unmarshal(raw, &probe); err != nil {
		return &record.RefusalError{Reason: record.ReasonMalformed, Detail: "the body is no JSON: " + whereBroken(raw, err)}
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return &record.RefusalError{Reason: record.ReasonMalformed, Detail: "the body is no JSON: " + whereBroken(raw, err)}
	}
	if problems := c.check(schema, doc); len(problems) > 0 {
		return &record.RefusalError{Reason: record.ReasonInvalid, Detail: "the document is not what the contract says", Problems: problems}
	}
	return nil
}

// Submission validates the payload of the queue's public task.
func (c *Contract) Submission(raw []byte) error { return c.Document(schemaSubmission, raw) }

// value validates a value of a path, a query or a header.
func (c *Contract) value(schema, pointer string, v any) error {
	problems := c.check(schema, v)
	if len(problems) == 0 {
		return nil
	}
	for i := range problems {
		problems[i].Pointer = pointer
	}
	return &record.RefusalError{Reason: record.ReasonInvalid, Detail: "a parameter is not what the contract says", Problems: problems}
}

func (c *Contract) check(schema string, doc any) []contract.Problem {
	err := c.schemas[schema].Validate(doc)
	invalid, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		return nil
	}
	var out []contract.Problem
	gather(invalid, &out)
	slices.SortStableFunc(out, func(a, b contract.Problem) int { return cmp.Compare(a.Pointer, b.Pointer) })
	return out
}

// problemLimit bounds how many problems one answer lists.
const problemLimit = 50

// gather collects the leaves of a validation error: those say what is really wrong.
func gather(e *jsonschema.ValidationError, out *[]contract.Problem) {
	if len(*out) >= problemLimit {
		return
	}
	if _, choice := e.ErrorKind.(*kind.OneOf); choice {
		*out = append(*out, contract.Problem{Pointer: pointer(e.InstanceLocation), Detail: "give exactly one of booking and cancellation"})
		return
	}
	for _, cause := range e.Causes {
		gather(cause, out)
	}
	if len(e.Causes) == 0 {
		*out = append(*out, explain(e)...)
	}
}

// explain says what is wrong at one place, and how to mend it.
func explain(e *jsonschema.ValidationError) []contract.Problem {
	at := pointer(e.InstanceLocation)
	switch k := e.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		return each(at, k.Properties, "there is no such field: remove it, or check its spelling")
	case *kind.Required:
		return each(at, k.Missing, "this field is required")
	default:
		return []contract.Problem{{Pointer: at, Detail: bound(e.ErrorKind)}}
	}
}

func each(at string, names []string, detail string) []contract.Problem {
	var out []contract.Problem
	for _, name := range names {
		out = append(out, contract.Problem{Pointer: at + "/" + escape(name), Detail: detail})
	}
	return out
}

// bound says which bound a value breaks. It never quotes the value.
func bound(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.Type:
		return fmt.Sprintf("give %s, not %s", strings.Join(k.Want, " or "), k.Got)
	case *kind.Enum:
		return fmt.Sprintf("give one of %s", list(k.Want))
	case *kind.Minimum:
		return "give at least " + k.Want.RatString()
	case *kind.Maximum:
		return "give at most " + k.Want.RatString()
	case *kind.MinLength:
		return fmt.Sprintf("give at least %d characters, not %d", k.Want, k.Got)
	case *kind.MaxLength:
		return fmt.Sprintf("give at most %d characters, not %d", k.Want, k.Got)
	case *kind.MaxItems:
		return fmt.Sprintf("give at most %d of them, not %d", k.Want, k.Got)
	case *kind.MaxProperties:
		return fmt.Sprintf("give at most %d of them, not %d", k.Want, k.Got)
	case *kind.Pattern:
		return "only this pattern is allowed: " + k.Want
	default:
		return "this is not what the contract allows here"
	}
}

func list(values []any) string {
	var out []string
	for _, v := range values {
		out = append(out, fmt.Sprint(v))
	}
	return strings.Join(out, ", ")
}

func pointer(location []string) string {
	var b strings.Builder
	for _, part := range location {
		b.WriteString("/" + escape(part))
	}
	return b.String()
}

// escape puts a name into a JSON Pointer (RFC 6901, section 3) and bounds it.
func escape(name string) string {
	const longest = 64
	if len(name) > longest {
		name = strings.ToValidUTF8(name[:longest], "") + "…"
	}
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

// whereBroken says at which line and column a document stops being JSON, without quoting it.
func whereBroken(raw []byte, err error) string {
	syntax, ok := errors.AsType[*json.SyntaxError](err)
	if !ok {
		return "it could not be read"
	}
	before := raw[:min(int64(len(raw)), max(0, syntax.Offset))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := len(before) - bytes.LastIndexByte(before, '\n') - 1
	return fmt.Sprintf("%s at line %d, column %d", syntax.Error(), line, max(1, column))
}
