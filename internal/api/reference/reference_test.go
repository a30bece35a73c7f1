package reference_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/calweave/calweave/contracts/openapi"
	"github.com/calweave/calweave/internal/api/reference"
	"github.com/calweave/calweave/internal/testkit/golden"
)

func problems() []reference.Problem {
	return []reference.Problem{
		{Name: "internal", Type: "https://calweave.test/problems#internal", Status: 500, Title: "Something <went> wrong", About: "A defect of `calweave`.", Mend: "See https://calweave.test/log."},
		{Name: "not-found", Type: "https://calweave.test/problems#not-found", Status: 404, Title: "There is no such thing", About: "No path.", Mend: "Check `a<b`."},
	}
}

func pages(t *testing.T, spec []byte) reference.Pages {
	t.Helper()
	out, err := reference.New(spec, problems())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A small document that has one of everything, and the pages that come of it. The style is left out: it is looked at in a browser.
func TestPagesAreGolden(t *testing.T) {
	t.Parallel()
	spec, err := os.ReadFile(filepath.Join("testdata", "small.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	out := pages(t, spec)
	style := regexp.MustCompile(`(?s)<style>.*?</style>`)
	golden.Check(t, "small.html", style.ReplaceAll(out.API, []byte("<style></style>")))
	golden.Check(t, "problem.html", style.ReplaceAll(out.Problems["internal"], []byte("<style></style>")))
}

// all matches of a pattern's first group.
func all(raw []byte, pattern string) []string {
	var out []string
	for _, m := range regexp.MustCompile(pattern).FindAllSubmatch(raw, -1) {
		out = append(out, string(m[1]))
	}
	return out
}

// The pages load nothing and run nothing, and their policy lets them look as they do.
func TestPagesNeedNothing(t *testing.T) {
	t.Parallel()
	out := pages(t, openapi.Spec)
	for name, raw := range map[string][]byte{"api": out.API, "internal": out.Problems["internal"], "not-found": out.Problems["not-found"]} {
		for _, banned := range []string{`(?i)<(script|link|img|iframe|object|embed|form|base|svg)\b`, `(?i)\s(on[a-z]+|style|src|srcset)=`, `(?i)javascript:`, `@import|url\(`} {
			if found := regexp.MustCompile(banned).Find(raw); found != nil {
				t.Errorf("%s has %q", name, found)
			}
		}
		style := regexp.MustCompile(`(?s)<style>(.*?)</style>`).FindSubmatch(raw)
		if style == nil || bytes.Count(raw, []byte("<style")) != 1 || len(style[1]) < 1000 {
			t.Fatalf("%s has not one style", name)
		}
		sum := sha256.Sum256(style[1])
		if want := "style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(out.Policy, want) {
			t.Errorf("%s: the policy %s does not allow %s", name, out.Policy, want)
		}
	}
	if !strings.HasPrefix(out.Policy, "default-src 'none'; ") || strings.Contains(out.Policy, "unsafe") {
		t.Errorf("the policy: %s", out.Policy)
	}
}

// Every link within a page leads somewhere, and every id is there once.
func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	out := pages(t, openapi.Spec)
	ids := map[string]int{}
	for _, id := range all(out.API, ` id="([^"]*)"`) {
		ids[id]++
	}
	for id, n := range ids {
		if n != 1 {
			t.Errorf("the id %s is there %d times", id, n)
		}
	}
	links := all(out.API, ` href="([^"]*)"`)
	if len(links) < 100 {
		t.Errorf("only %d links", len(links))
	}
	for _, link := range slices.Concat(links, all(out.Problems["internal"], ` href="/docs([^"]*)"`)) {
		name, within := strings.CutPrefix(link, "#")
		problem, page := strings.CutPrefix(link, "/problems/")
		switch {
		case within && ids[name] == 0, page && out.Problems[problem] == nil:
			t.Errorf("%s leads nowhere", link)
		case !within && !page && link != "/openapi.yaml" && !strings.HasPrefix(link, "https://"):
			t.Errorf("%s leads somewhere else", link)
		}
	}
}

func contract(t *testing.T) map[string]any {
	t.Helper()
	var parsed any
	if err := yaml.Unmarshal(openapi.Spec, &parsed); err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(parsed)
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// sections are the parts of the page about one thing each, by id.
func sections(raw []byte) map[string]string {
	out := map[string]string{}
	for _, m := range regexp.MustCompile(`(?s)<section aria-labelledby="([^"]*)">(.*?)</section>`).FindAllSubmatch(raw, -1) {
		out[string(m[1])] = html.UnescapeString(string(m[2]))
	}
	return out
}

// Every operation is there with its method, path, scope, parameters and answers, and every schema with its fields.
func TestNothingIsLeftOut(t *testing.T) {
	t.Parallel()
	doc, got := contract(t), sections(pages(t, openapi.Spec).API)
	want := func(section string, texts ...string) {
		t.Helper()
		for _, text := range texts {
			if !strings.Contains(got[section], text) {
				t.Errorf("%s does not say %s", section, text)
			}
		}
	}
	operations := 0
	for path, item := range doc["paths"].(map[string]any) {
		for method, v := range item.(map[string]any) {
			op, ok := v.(map[string]any)
			if !ok {
				continue
			}
			operations++
			id := op["operationId"].(string)
			want(id, path, `>`+strings.ToUpper(method)+`<`, op["summary"].(string))
			for status := range op["responses"].(map[string]any) {
				want(id, `<th scope="row">`+strings.Replace(status, "default", "4xx, 5xx", 1)+`</th>`)
			}
			for _, need := range op["security"].([]any) {
				want(id, "needs", need.(map[string]any)["key"].([]any)[0].(string))
			}
			for _, name := range all([]byte(path), `{(\w+)}`) {
				want(id, "<code>"+name+"</code><small>path</small>")
			}
			if op["requestBody"] != nil {
				want(id, "<h4>Body</h4>", "-d '{")
			}
		}
	}
	schemas := doc["components"].(map[string]any)["schemas"].(map[string]any)
	for name, v := range schemas {
		section := "schema-" + name
		want(section, name)
		for field := range v.(map[string]any) {
			if field == "properties" {
				for p := range v.(map[string]any)[field].(map[string]any) {
					want(section, "<code>"+p+"</code>")
				}
			}
		}
	}
	if len(got) != operations+len(schemas) || operations < 25 {
		t.Errorf("%d sections, %d operations, %d schemas", len(got), operations, len(schemas))
	}
}

// What stands there as an example is what the contract allows.
func TestExamplesAreValid(t *testing.T) {
	t.Parallel()
	raw, err := json.Marshal(contract(t))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	if err := c.AddResource("openapi.json", doc); err != nil {
		t.Fatal(err)
	}
	n := 0
	got := sections(pages(t, openapi.Spec).API)
	for _, section := range slices.Sorted(maps.Keys(got)) {
		name, ok := strings.CutPrefix(section, "schema-")
		samples := all([]byte(got[section]), `(?s)<pre tabindex="0"><code>(.*?)</code>`)
		if !ok || len(samples) == 0 {
			continue
		}
		n++
		sample, err := jsonschema.UnmarshalJSON(strings.NewReader(samples[0]))
		if err != nil {
			t.Errorf("%s: %v in %s", name, err, samples[0])
			continue
		}
		if err := c.MustCompile("openapi.json#/components/schemas/" + name).Validate(sample); err != nil {
			t.Errorf("%s: %v in %s", name, err, samples[0])
		}
	}
	if n < 20 {
		t.Errorf("%d examples", n)
	}
}

func TestNoDocument(t *testing.T) {
	t.Parallel()
	for _, spec := range []string{"", "a: [", "\t"} {
		if _, err := reference.New([]byte(spec), nil); err == nil || !strings.HasPrefix(err.Error(), "reference: ") {
			t.Errorf("%q: %v", spec, err)
		}
	}
}
