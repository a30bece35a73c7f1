package simproof_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// sample reads a payload as it was seen in the field, with other names in it.
func sample(tb testing.TB, provider, name string) []byte {
	tb.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", provider, name+".json"))
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

func decoded(tb testing.TB, raw []byte) any {
	tb.Helper()
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		tb.Fatalf("%v: %s", err, raw)
	}
	return v
}

// shape is every member of a value and the type it has; the elements of a list count as one. What is null has no type.
type shape map[string]string

func shapeOf(v any) shape {
	s := shape{}
	s.add("", v)
	return s
}

func (s shape) add(at string, v any) {
	switch v := v.(type) {
	case object:
		s[at] = "object"
		for name, member := range v {
			s.add(at+"."+name, member)
		}
	case []any:
		s[at] = "list"
		for _, element := range v {
			s.add(at+"[]", element)
		}
	case nil:
		if s[at] == "" {
			s[at] = "null"
		}
	default:
		s[at] = fmt.Sprintf("%T", v)
	}
}

// differences are what only one of the two has, or has with another type. Members named by except, with all below them, are left out.
func differences(sample, answer shape, except ...string) []string {
	excused := func(at string) bool {
		return slices.ContainsFunc(except, func(e string) bool { return at == e || strings.HasPrefix(at, e+".") || strings.HasPrefix(at, e+"[") })
	}
	var all []string
	for _, at := range slices.Sorted(maps.Keys(sample)) {
		switch got, ok := answer[at]; {
		case excused(at), got == sample[at], sample[at] == "null" && ok, got == "null":
		case !ok:
			all = append(all, "no "+at)
		default:
			all = append(all, fmt.Sprintf("%s is a %s and not a %s", at, got, sample[at]))
		}
	}
	for _, at := range slices.Sorted(maps.Keys(answer)) {
		if _, ok := sample[at]; !ok && !excused(at) && sample[at[:max(0, strings.LastIndexAny(at, ".["))]] != "null" {
			all = append(all, "also "+at)
		}
	}
	return all
}

func TestDifferencesAreFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sample, answer string
		want           string
	}{
		"the same":          {`{"a":1,"b":[{"c":"x"}]}`, `{"a":2,"b":[{"c":"y"},{"c":"z"}]}`, ""},
		"null is any type":  {`{"a":null}`, `{"a":{"b":1}}`, ""},
		"any type is null":  {`{"a":1}`, `{"a":null}`, ""},
		"something missing": {`{"a":{"b":1}}`, `{"a":{}}`, "no .a.b"},
		"something more":    {`{"a":[{}]}`, `{"a":[{"b":1}]}`, "also .a[].b"},
		"another type":      {`{"a":1}`, `{"a":"1"}`, ".a is a string and not a float64"},
		"an excuse":         {`{"x":{"b":1}}`, `{}`, ""},
		"no excuse":         {`{"xy":1}`, `{}`, "no .xy"},
	} {
		got := strings.Join(differences(shapeOf(decoded(t, []byte(c.sample))), shapeOf(decoded(t, []byte(c.answer))), ".x"), "; ")
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
