package google

import (
	"bytes"
	"encoding/json"
	"maps"
	"strings"
)

// maxSelectors and maxDepth bound a selection. Not documented: which bounds there are.
const (
	maxSelectors = 10_000
	maxDepth     = 20
)

// fields is a tree of names: what a client selects, or what there is to be selected. nil is everything below; "*" stands for every name.
type fields map[string]fields

// selection reads the parameter fields, and holds it against what the answer can have
// (https://developers.google.com/workspace/calendar/api/guides/performance#partial-response). nil is the whole answer.
func selection(text string, there fields) (fields, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // nothing was asked for
	}
	p := selector{rest: text, left: maxSelectors}
	wanted, ok := p.list(maxDepth)
	if !ok || p.rest != "" {
		return nil, badSelection(text)
	}
	if path := wanted.beyond(there); path != "" {
		return nil, badSelection(path)
	}
	return wanted, nil
}

func badSelection(what string) *apiError {
	return failed(400, "invalidParameter", "Invalid field selection "+what).at("parameter", "fields")
}

// selector reads a selection from left to right.
type selector struct {
	rest string
	left int
}

// list reads selectors with commas between them.
func (p *selector) list(depth int) (fields, bool) {
	out := fields{}
	for {
		if !p.one(out, depth) {
			return nil, false
		}
		if !p.take(',') {
			return out, true
		}
	}
}

// one reads a name and what is selected below it: a/b, or a(b,c).
func (p *selector) one(into fields, depth int) bool {
	end := strings.IndexAny(p.rest, ",/()")
	if end < 0 {
		end = len(p.rest)
	}
	name := p.rest[:end]
	p.rest, p.left = p.rest[end:], p.left-1
	if name == "" || depth == 0 || p.left < 0 {
		return false
	}
	var below fields
	ok := true
	switch {
	case p.take('/'):
		below = fields{}
		ok = p.one(below, depth-1)
	case p.take('('):
		below, ok = p.list(depth - 1)
		ok = ok && p.take(')')
	}
	into.add(name, below)
	return ok
}

func (p *selector) take(c byte) bool {
	if p.rest == "" || p.rest[0] != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

// add selects the name too. Of everything and a part of it, everything counts.
func (f fields) add(name string, below fields) {
	have, there := f[name]
	switch {
	case !there:
		f[name] = below
	case have == nil || below == nil:
		f[name] = nil
	default:
		for name, one := range below {
			have.add(name, one)
		}
	}
}

// beyond returns the path of a name that is not there; "" if all are.
func (f fields) beyond(there fields) string {
	for name, below := range f {
		next, known := there[name]
		if every, open := there["*"]; !known && open {
			next, known = every, true
		}
		switch {
		case name == "*":
			if len(there) == 0 {
				return name
			}
			// Each name below it has to be somewhere.
			next = there.merged()
		case !known:
			return name
		}
		if path := below.beyond(next); path != "" {
			return name + "/" + path
		}
	}
	return ""
}

// merged is all that is below any of the names.
func (f fields) merged() fields {
	out := fields{}
	for _, below := range f {
		maps.Copy(out, below)
	}
	return out
}

// of is the selected part of a value that was JSON.
func (f fields) of(v any) any {
	if f == nil {
		return v
	}
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, one := range v {
			below, wanted := f[name]
			if every, open := f["*"]; open && (!wanted || every == nil) {
				below, wanted = every, true
			}
			if wanted {
				out[name] = below.of(one)
			}
		}
		return out
	case []any:
		for i := range v {
			v[i] = f.of(v[i])
		}
		return v
	default:
		return v
	}
}

// part is the selected part of an answer's body.
func (f fields) part(body map[string]any) (map[string]any, error) {
	if f == nil || body == nil {
		return body, nil
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var whole map[string]any
	if err := d.Decode(&whole); err != nil {
		return nil, err
	}
	out, _ := f.of(whole).(map[string]any)
	return out, nil
}
