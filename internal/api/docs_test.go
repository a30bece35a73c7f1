package api_test

import (
	"bytes"
	"html"
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/calweave/calweave/contracts/openapi"
	"github.com/calweave/calweave/internal/api"
	"github.com/calweave/calweave/internal/record"
)

// Nobody needs a key for what explains the API, and nothing of it can be taken for anything else.
func TestReferenceIsServed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for target, kind := range map[string]string{"/docs": "text/html; charset=utf-8", "/openapi.yaml": "application/yaml", "/problems/internal": "text/html; charset=utf-8"} {
		a := b.browse(target)
		b.guarded(target, a)
		if a.status != 200 || a.header.Get("Content-Type") != kind || len(a.body) < 1000 {
			t.Errorf("%s: %d %v", target, a.status, a.header)
		}
		styled := strings.Contains(a.header.Get("Content-Security-Policy"), "style-src 'sha256-")
		if page := strings.HasPrefix(kind, "text/html"); page != styled {
			t.Errorf("%s: %s", target, a.header.Get("Content-Security-Policy"))
		}
	}
	if a := b.browse("/openapi.yaml"); !bytes.Equal(a.body, openapi.Spec) {
		t.Error("the document is another one")
	}
	for _, target := range []string{"/problems/", "/problems/none", "/problems/internal/", "/docs/", "/docs/x"} {
		if a := b.browse(target); a.status != 404 {
			t.Errorf("%s: %d", target, a.status)
		}
	}
	refused{"not-found", "there is no such problem: /docs#problems lists them all", nil}.want(t, "no problem", b.call("GET", "/problems/none", nil))
}

// Every problem has a page that says all that the table has, and the reference leads to it.
func TestEveryProblemHasAPage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	docs := string(b.browse("/docs").body)
	unmarked := func(s string) string { return strings.ReplaceAll(s, "`", "") }
	for _, p := range api.Problems() {
		a := b.browse("/problems/" + string(p.Name))
		text := html.UnescapeString(regexp.MustCompile("<[^>]*>").ReplaceAllString(string(a.body), ""))
		for _, want := range []string{string(p.Name), p.Title, unmarked(p.About), unmarked(p.Mend), api.ProblemBase + string(p.Name)} {
			if a.status != 200 || want == "" || !strings.Contains(text, want) {
				t.Errorf("%s: %d, no %q in %s", p.Name, a.status, want, text)
			}
		}
		if !strings.Contains(docs, `href="/problems/`+string(p.Name)+`"`) {
			t.Errorf("/docs does not lead to %s", p.Name)
		}
	}
}

// Every reason that stands in the code is in the table, and every reason of the table stands in the code.
func TestEveryReasonIsInTheTable(t *testing.T) {
	t.Parallel()
	reason := regexp.MustCompile(`\bReason\s+= "([a-z-]+)"`)
	found := map[record.Reason]bool{}
	tree := os.DirFS("..")
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return err
		}
		raw, err := fs.ReadFile(tree, name)
		for _, m := range reason.FindAllSubmatch(raw, -1) {
			found[record.Reason(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	code, table := slices.Sorted(maps.Keys(found)), slices.Sorted(maps.Keys(api.Meanings()))
	if !slices.Equal(code, table) {
		t.Errorf("the code has %q, the table %q", code, table)
	}
}

// The text of docs/problems.md between its markers is what the table makes.
func TestProblemsPageIsFresh(t *testing.T) {
	t.Parallel()
	if text := docs(t, "problems.md"); !strings.Contains(text, api.Markdown(api.Problems())) {
		t.Error("docs/problems.md is stale: run make generate")
	}
}
