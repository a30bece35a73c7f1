package sim

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// Every route of the admin API is in its document, and everything in the document is served.
func TestEveryAdminRouteIsDocumented(t *testing.T) {
	t.Parallel()
	var doc struct {
		Paths map[string]map[string]any `yaml:"paths"`
	}
	if err := yaml.Unmarshal(Document, &doc); err != nil {
		t.Fatal(err)
	}
	var whole any
	if err := yaml.Unmarshal(Document, &whole); err != nil {
		t.Fatal(err)
	}
	for _, place := range nothings(whole, "") {
		t.Errorf("a comma broke a text: nothing stands under %s", place)
	}
	documented := map[string]bool{}
	for path, methods := range doc.Paths {
		for method := range methods {
			if method != "parameters" {
				documented[strings.ToUpper(method)+" "+path] = true
			}
		}
	}
	s, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	served := map[string]bool{"GET /sim/v1/openapi.yaml": true}
	for pattern := range s.adminTable() {
		served[pattern] = true
	}
	if !maps.Equal(documented, served) {
		t.Errorf("documented are %q,\nserved are %q", slices.Sorted(maps.Keys(documented)), slices.Sorted(maps.Keys(served)))
	}
}

// nothings are the names under which nothing stands: what is left of a text without quotes behind a comma.
func nothings(v any, at string) (all []string) {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			all = append(all, nothings(member, at+"/"+name)...)
		}
	case []any:
		for _, item := range v {
			all = append(all, nothings(item, at)...)
		}
	case nil:
		all = append(all, at)
	}
	return all
}
