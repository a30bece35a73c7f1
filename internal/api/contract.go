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

	"github.com/calweave/calweave/contracts/cal"
	contract "github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/openapi"
	"github.com/calweave/calweave/internal/record"
)

// Contract validates documents against the schemas of the OpenAPI document. It is safe for concurrent use.
type Contract struct {
	schemas map[string]*jsonschema.Schema
	// patterns says in words what a pattern allows: the description of the schema that it stands in.
	patterns map[string]string
	// queries are the query parameters of each route.
	queries map[string][]string
	// scopes are what a key needs for each route.
	scopes map[string]record.Scope
}

// The schemas that documents are validated against.
const (
	schemaBooking       = "BookingSpec"
	schemaSubmission    = "SubmitBooking"
	schemaConnection    = "NewConnection"
	schemaEndpoint      = "NewEndpoint"
	schemaApplication   = "NewApplication"
	schemaChange        = "EndpointChange"
	schemaDeliveryState = "DeliveryState"
	schemaWorkKind      = "WorkKind"
	schemaWords         = "Words"
	schemaBookingID     = "BookingID"
	schemaID            = "ID"
	schemaVersion       = "Version"
	schemaRevision      = "RevisionTag"
	schemaCursor        = "Cursor"
	schemaProvider      = "Provider"
	schemaSync          = "SyncLevel"
	schemaChoice        = "CalendarChoice"
	schemaBackflow      = "ConnectionChoice"
	schemaState         = "ConnectionState"
	schemaKey           = "IdempotencyKey"
	schemaBookingState  = "BookingState"
	schemaGuardState    = "GuardState"
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
	out := &Contract{schemas: map[string]*jsonschema.Schema{}, patterns: patterns(parsed), queries: queries(parsed), scopes: scopes(parsed)}
	for _, name := range []string{
		schemaBooking, schemaSubmission, schemaConnection, schemaEndpoint, schemaApplication, schemaBookingID, schemaID, schemaVersion, schemaRevision, schemaCursor, schemaProvider,
		schemaSync, schemaChoice, schemaBackflow, schemaState, schemaChange, schemaDeliveryState, schemaWorkKind, schemaWords, schemaKey, schemaBookingState, schemaGuardState,
	} {
		if out.schemas[name], err = c.Compile(root + "#/components/schemas/" + name); err != nil {
			return nil, fmt.Errorf("api: schema %s: %w", name, err)
		}
	}
	return out, nil
}

// patterns gathers the patterns of the schemas that have a name, with their descriptions.
func patterns(doc any) map[string]string {
	out := map[string]string{}
	root, _ := doc.(map[string]any)
	components, _ := root["components"].(map[string]any)
	schemas, _ := components["schemas"].(map[string]any)
	for _, v := range schemas {
		schema, _ := v.(map[string]any)
		pattern, _ := schema["pattern"].(string)
		if words, _ := schema["description"].(string); pattern != "" && words != "" {
			out[pattern] = strings.ToLower(words[:1]) + strings.TrimSuffix(words[1:], ".")
		}
	}
	return out
}

// operations are those of a document, by method and path.
func operations(doc any) map[string]map[string]any {
	out := map[string]map[string]any{}
	root, _ := doc.(map[string]any)
	paths, _ := root["paths"].(map[string]any)
	for path, v := range paths {
		item, _ := v.(map[string]any)
		for method, v := range item {
			if op, ok := v.(map[string]any); ok {
				out[strings.ToUpper(method)+" "+path] = op
			}
		}
	}
	return out
}

// queries gathers the query parameters of every operation, by method and path.
func queries(doc any) map[string][]string {
	out := map[string][]string{}
	root, _ := doc.(map[string]any)
	for route, op := range operations(doc) {
		for _, v := range items(op["parameters"]) {
			p := resolved(root, v)
			if name, ok := p["name"].(string); ok && p["in"] == "query" {
				out[route] = append(out[route], name)
			}
		}
	}
	return out
}

// items are those of a list in a document.
func items(v any) []any {
	all, _ := v.([]any)
	return all
}

// resolved is a parameter of an operation, or what stands in the place that it refers to.
func resolved(root map[string]any, v any) map[string]any {
	p, _ := v.(map[string]any)
	ref, ok := p["$ref"].(string)
	if !ok {
		return p
	}
	components, _ := root["components"].(map[string]any)
	parameters, _ := components["parameters"].(map[string]any)
	p, _ = parameters[ref[strings.LastIndex(ref, "/")+1:]].(map[string]any)
	return p
}

// Document validates a JSON document, and refuses it with everything that is wrong with it.
func (c *Contract) Document(schema string, raw []byte) error {
	doc, problems, err := read(raw)
	if err != nil {
		return err
	}
	found := c.check(schema, doc)
	for _, p := range problems {
		if !slices.ContainsFunc(found, func(f contract.Problem) bool { return f.Pointer == p.Pointer }) {
			found = append(found, p)
		}
	}
	if len(found) == 0 {
		return nil
	}
	slices.SortStableFunc(found, func(a, b contract.Problem) int { return cmp.Compare(a.Pointer, b.Pointer) })
	return &record.RefusalError{
		Reason: record.ReasonInvalid, Detail: "the document is not what the contract says", Problems: found[:min(problemLimit, len(found))],
	}
}

// Submission validates the payload of the queue's public task.
func (c *Contract) Submission(raw []byte) error { return c.Document(schemaSubmission, raw) }

// Booking validates a booking that did not come in as a document.
func (c *Contract) Booking(b cal.Booking) error {
	raw, err := json.Marshal(b)
	if err != nil {
		return err
	}
	return c.Document(schemaBooking, raw)
}

// value validates a value of a path, a query or a header.
func (c *Contract) value(schema, pointer string, v any) error {
	problems := c.check(schema, v)
	if len(problems) == 0 {
		return nil
	}
	for i := range problems {
		problems[i].Pointer = pointer
	}
	return &record.RefusalError{Reason: record.ReasonInvalid, Detail: wrongParameter, Problems: problems}
}

func (c *Contract) check(schema string, doc any) []contract.Problem {
	err := c.schemas[schema].Validate(doc)
	invalid, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		return nil
	}
	var out []contract.Problem
	c.gather(invalid, &out)
	return out
}

// problemLimit bounds how many problems one answer lists.
const problemLimit = 50

// gather collects the leaves of a validation error: those say what is really wrong.
func (c *Contract) gather(e *jsonschema.ValidationError, out *[]contract.Problem) {
	if len(*out) >= problemLimit {
		return
	}
	if _, choice := e.ErrorKind.(*kind.OneOf); choice {
		*out = append(*out, contract.Problem{Pointer: pointer(e.InstanceLocation), Detail: "give exactly one of booking and cancellation"})
		return
	}
	for _, cause := range e.Causes {
		c.gather(cause, out)
	}
	if len(e.Causes) == 0 {
		*out = append(*out, c.explain(e)...)
	}
}

// explain says what is wrong at one place, and how to mend it.
func (c *Contract) explain(e *jsonschema.ValidationError) []contract.Problem {
	at := pointer(e.InstanceLocation)
	switch k := e.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		return each(at, k.Properties, "there is no such field: remove it, or check its spelling")
	case *kind.Required:
		return each(at, k.Missing, "this field is required")
	default:
		return []contract.Problem{{Pointer: at, Detail: c.bound(e.ErrorKind)}}
	}
}

func each(at string, names []string, detail string) []contract.Problem {
	var out []contract.Problem
	for _, name := range names[:min(problemLimit, len(names))] {
		out = append(out, contract.Problem{Pointer: at + "/" + escape(name), Detail: detail})
	}
	return out
}

// bound says which bound a value breaks. It never quotes the value.
func (c *Contract) bound(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.Type:
		return fmt.Sprintf("give %s, not %s", typeName(strings.Join(k.Want, " or ")), typeName(k.Got))
	case *kind.Enum:
		return fmt.Sprintf("give one of %s", list(k.Want))
	case *kind.Minimum:
		return "give at least " + k.Want.RatString()
	case *kind.Maximum:
		return "give at most " + k.Want.RatString()
	case *kind.Pattern:
		if words := c.patterns[k.Want]; words != "" {
			return "only this is allowed: " + words
		}
		return "only this pattern is allowed: " + k.Want
	default:
		return size(k)
	}
}

// size says how long or how many something may be.
func size(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.MinLength:
		if k.Got == 0 {
			return "it is empty: give at least 1 character"
		}
		return fmt.Sprintf("give at least %d characters, not %d", k.Want, k.Got)
	case *kind.MaxLength:
		return fmt.Sprintf("give at most %d characters, not %d", k.Want, k.Got)
	case *kind.MaxItems:
		return fmt.Sprintf("give at most %d of them, not %d", k.Want, k.Got)
	case *kind.MinProperties:
		return fmt.Sprintf("give at least %d field", k.Want)
	case *kind.MaxProperties:
		return fmt.Sprintf("give at most %d of them, not %d", k.Want, k.Got)
	default:
		return "this is not what the contract allows here"
	}
}

// typeName is a JSON type with its article.
func typeName(of string) string {
	switch of {
	case "integer":
		return "a whole number"
	case "array", "object":
		return "an " + of
	case "null":
		return of
	default:
		return "a " + of
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
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(bounded(name))
}

// bounded cuts a name that somebody else has chosen.
func bounded(name string) string {
	const longest = 64
	if len(name) > longest {
		name = name[:longest] + "…"
	}
	return strings.ToValidUTF8(name, "\ufffd")
}
