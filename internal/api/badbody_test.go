package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/record"
)

const (
	noJSON   = "the body is no JSON: "
	noFit    = "the document is not what the contract says"
	unknown  = "there is no such field: remove it, or check its spelling"
	required = "this field is required"
	whole    = "write a whole number of at most 19 digits, without fraction and exponent"
)

// Documents that are no JSON: where they break is told, and nothing of them is repeated.
func TestMalformedBodies(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.unchanging()
	fine, err := json.Marshal(b.spec(1))
	b.ok(err)
	for name, c := range map[string]struct{ body, detail string }{
		"nothing":               {"", "the body is empty: send a JSON document"},
		"blanks":                {" \n\t", "the body is empty: send a JSON document"},
		"text":                  {"book me", noJSON + "invalid character 'b' looking for beginning of value at line 1, column 1"},
		"cut off":               {`{"version": 1,`, noJSON + "unexpected end of JSON input at line 1, column 14"},
		"a comma too many":      {"{\n  \"version\": 1,\n}", noJSON + "invalid character '}' looking for beginning of object key string at line 3, column 1"},
		"single quotes":         {"{'version': 1}", noJSON + `invalid character '\'' looking for beginning of object key string at line 1, column 2`},
		"a comment":             {"// a booking\n{}", noJSON + "invalid character '/' looking for beginning of value at line 1, column 1"},
		"something behind it":   {string(fine) + "\n{}", noJSON + "invalid character '{' after top-level value at line 2, column 1"},
		"a second document":     {string(fine) + "1", noJSON + fmt.Sprintf("invalid character '1' after top-level value at line 1, column %d", len(fine)+1)},
		"a byte order mark":     {"\ufeff{}", noJSON + "invalid character 'ï' looking for beginning of value at line 1, column 1"},
		"bytes that no text is": {"{\"title\":\n \"a\xffb\"}", noJSON + "it is not UTF-8 at line 2, column 4"},
		"half a character":      {`{"title": "a\ud83d b"}`, noJSON + `\u escapes name half a character at line 1, column 13`},
		"halves swapped":        {`{"title": "\udca9\ud83d"}`, noJSON + `\u escapes name half a character at line 1, column 12`},
		"half a name":           {`{"\ud83d": 1}`, noJSON + `\u escapes name half a character at line 1, column 3`},
		"too deep":              {strings.Repeat("[", 20_000), noJSON + "it is nested deeper than 64 levels at line 1, column 65"},
		"too deep, and whole":   {strings.Repeat(`{"a":`, 65) + "1" + strings.Repeat("}", 65), noJSON + "it is nested deeper than 64 levels at line 1, column 321"},
	} {
		a := b.call("PUT", "/v1/bookings/b1", c.body)
		refused{record.ReasonMalformed, c.detail, nil}.want(t, name, a)
	}
}

// Documents that are JSON and not what the contract says. Everything that is wrong is told at once.
func TestInvalidBodies(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.unchanging()
	one := func(pointer, detail string) []message.Problem { return []message.Problem{at(pointer, detail)} }
	for name, c := range map[string]struct {
		body     any
		problems []message.Problem
	}{
		"a list":                   {"[]", one("", "give an object, not an array")},
		"null":                     {"null", one("", "give an object, not null")},
		"nothing in it":            {"{}", []message.Problem{at("/end", required), at("/start", required), at("/targets", required), at("/title", required), at("/version", required)}},
		"an unknown field":         {b.spec(1, with("colour", "red")), one("/colour", unknown)},
		"another spelling":         {b.spec(1, without("title"), with("Title", "x")), []message.Problem{at("/Title", unknown), at("/title", required)}},
		"unknown fields, nested":   {b.spec(1, with("start", map[string]any{"date": "2026-10-01", "tz": "UTC"}), with("targets", []any{map[string]any{"id": "x", "calendar_id": b.google}})), []message.Problem{at("/start/tz", unknown), at("/targets/0/id", unknown)}},
		"an answer of a guest":     {b.spec(1, with("attendees", []any{map[string]any{"email": "a@x.test", "response": "accepted"}})), one("/attendees/0/response", unknown)},
		"a name that needs escape": {b.spec(1, with("a/b~c", 1)), one("/a~1b~0c", unknown)},
		"wrong types": {
			b.spec(1, with("title", 5), with("version", "1"), with("start", "now"), with("targets", map[string]any{}), with("notify", true)),
			[]message.Problem{
				at("/notify", "give a string, not a boolean"), at("/start", "give an object, not a string"),
				at("/targets", "give an array, not an object"), at("/title", "give a string, not a number"), at("/version", "give a whole number, not a string"),
			},
		},
		"null for a field":       {b.spec(1, with("description", nil)), one("/description", "give a string, not null")},
		"an unknown notify":      {b.spec(1, with("notify", "some")), one("/notify", "give one of none, external, all")},
		"version 0":              {b.spec(0), one("/version", "give at least 1")},
		"a negative version":     {b.spec(-1), one("/version", "give at least 1")},
		"a version beyond":       {b.spec(9007199254740992), one("/version", "give at most 9007199254740991")},
		"half a version":         {b.spec(1, with("version", 1.5)), one("/version", whole)},
		"a whole fraction":       {b.spec(1, with("version", json.Number("1.0"))), one("/version", whole)},
		"an exponent":            {b.spec(1, with("version", json.Number("1e3"))), one("/version", whole)},
		"a huge exponent":        {b.spec(1, with("version", json.Number("1e999999999"))), one("/version", whole)},
		"a tiny exponent":        {b.spec(1, with("version", json.Number("1E-999999"))), one("/version", whole)},
		"a number without end":   {b.spec(1, with("version", json.Number(strings.Repeat("9", 200_000)))), one("/version", whole)},
		"no title":               {b.spec(1, with("title", "")), one("/title", "it is empty: give at least 1 character")},
		"a title too long":       {b.spec(1, with("title", strings.Repeat("ä", 1025))), one("/title", "give at most 1024 characters, not 1025")},
		"a description too long": {b.spec(1, with("description", strings.Repeat("x", 8193))), one("/description", "give at most 8192 characters, not 8193")},
		"too many targets":       {b.spec(1, with("targets", repeated(21, map[string]any{"calendar_id": b.google}))), one("/targets", "give at most 20 of them, not 21")},
		"too many guests":        {b.spec(1, with("attendees", repeated(201, map[string]any{"email": "a@x.test"}))), one("/attendees", "give at most 200 of them, not 201")},
		"a target without id":    {b.spec(1, with("targets", []any{map[string]any{}})), one("/targets/0/calendar_id", required)},
		"an id with a control":   {b.spec(1, with("targets", []any{map[string]any{"calendar_id": "cal\u0000"}})), one("/targets/0/calendar_id", "only this is allowed: visible ASCII characters without blanks")},
		"metadata of a number":   {b.spec(1, with("metadata", map[string]any{"a": 1})), one("/metadata/a", "give a string, not a number")},
		"much metadata":          {b.spec(1, with("metadata", many(51))), one("/metadata", "give at most 50 of them, not 51")},
		"a name given twice":     {`{"version":1,"version":1,"title":"t","start":{"date":"2026-10-01"},"end":{"date":"2026-10-02"},"targets":[{"calendar_id":"x"}]}`, one("/version", "this name is given more than once: keep one of them")},
		"a name given twice, in another spelling": {
			`{"version":1,"title":"t","start":{"date":"2026-10-01"},"end":{"date":"2026-10-02"},"targets":[],"metadata":{"a":"1","\u0061":"2"}}`,
			one("/metadata/a", "this name is given more than once: keep one of them"),
		},
		"parts given twice, one of them hidden": {
			`{"version":1,"title":"t","start":{"date":"2026-10-01"},"end":{"date":"2026-10-02"},"targets":[],"metadata":{"a":` + quoted(2000) + `},"metadata":{"b":"2"}}`,
			one("/metadata", "this name is given more than once: keep one of them"),
		},
	} {
		a := b.call("PUT", "/v1/bookings/b1", c.body)
		refused{record.ReasonInvalid, noFit, c.problems}.want(t, name, a)
	}
}

func repeated(n int, v any) []any {
	out := make([]any, n)
	for i := range out {
		out[i] = v
	}
	return out
}

func many(n int) map[string]any {
	out := map[string]any{}
	for i := range n {
		out[fmt.Sprintf("k%02d", i)] = "v"
	}
	return out
}

func quoted(n int) string { return `"` + strings.Repeat("x", n) + `"` }

// An answer lists a bounded number of problems, with bounded names.
func TestProblemsAreBounded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	doc := many(2000)
	doc[strings.Repeat("ä", 5000)] = 1
	a := b.call("PUT", "/v1/bookings/b1", doc)
	p := a.problem(t)
	if a.status != 422 || len(p.Problems) != 50 || len(a.body) > 16<<10 {
		t.Errorf("%d with %d problems in %d bytes", a.status, len(p.Problems), len(a.body))
	}
}
