package openapi_test

import (
	"fmt"
	"strings"
	"testing"
)

// scopes: each operation under /v1 needs exactly one that is explained, GET one to read and every other method one to write. Nothing else needs a key.
func scopes(tb testing.TB, doc object) []string {
	tb.Helper()
	var out []string
	used := map[string]bool{}
	for name := range inside(tb, doc, "components", "securitySchemes", "key", "x-scopes") {
		used[name] = false
	}
	each(doc, func(method, path string, _, op object) {
		needs, there := op["security"].([]any)
		if !strings.HasPrefix(path, "/v1/") {
			if !there || len(needs) > 0 {
				out = append(out, fmt.Sprintf("%s %s does not say that it needs no key", method, path))
			}
			return
		}
		var names []any
		for _, need := range needs {
			key, _ := need.(object)
			list, _ := key["key"].([]any)
			names = append(names, list...)
		}
		if len(needs) != 1 || len(names) != 1 {
			out = append(out, fmt.Sprintf("%s %s needs the scopes %v, not one", method, path, names))
			return
		}
		name, _ := names[0].(string)
		if _, known := used[name]; !known {
			out = append(out, fmt.Sprintf("%s %s needs the scope %q, which is explained nowhere", method, path, name))
		}
		used[name] = true
		if reads := strings.HasSuffix(name, ":read"); reads != (method == "get") {
			out = append(out, fmt.Sprintf("%s %s needs %s", method, path, name))
		}
	})
	for name, needed := range used {
		if !needed {
			out = append(out, "no operation needs the scope "+name)
		}
	}
	return out
}
