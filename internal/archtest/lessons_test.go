package archtest

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

const (
	lessonsPage = "docs/lessons.md"
	// conformance is where the cases that every driver runs as its subtests are written down.
	conformance = "contracts/provider/providertest"
)

// lessonNumbers are all lessons in their order. One was split after the others had their numbers.
func lessonNumbers() []string {
	var all []string
	for n := 1; n <= 50; n++ {
		all = append(all, strconv.Itoa(n))
	}
	return slices.Insert(all, slices.Index(all, "8"), "7b")
}

// TestLessons holds docs/lessons.md to what it promises: each lesson is there, once and in order, and is covered by tests that exist or waits for a
// part of the product that the page names.
func TestLessons(t *testing.T) {
	t.Parallel()
	for _, broken := range checkLessons(t, os.DirFS(filepath.Join("..", "..")), lessonNumbers()) {
		t.Error(broken)
	}
}

func TestLessonsCheckerCanFail(t *testing.T) {
	t.Parallel()
	const one, two = "| 1 | What was learned. | `a.TestX/a case` |\n", "| 2 | Another. | waits for **the sea** |\n"
	const sea = "\n- **the sea**: salt water.\n"
	for name, c := range map[string]struct{ page, want string }{
		"all is well":                    {one + two + sea, ""},
		"both":                           {one + "| 2 | Another. | `a.TestX`, `a.TestX/listed` and waits for **the sea** |\n" + sea, ""},
		"a lesson is missing":            {one, "the lessons are 1, want 1 2"},
		"a lesson stands twice":          {one + two + two + sea, "the lessons are 1 2 2, want 1 2"},
		"out of order":                   {two + one + sea, "the lessons are 2 1, want 1 2"},
		"nothing covers it":              {one + "| 2 | Another. | good intentions |\n", "lesson 2 is neither covered nor waited for"},
		"it says nothing":                {one + "| 2 | | `a.TestX` |\n", "lesson 2 says nothing"},
		"a cell is missing":              {one + "| 2 | Another. |\n", "the lessons are 1, want 1 2"},
		"a test was renamed":             {one + "| 2 | Another. | `a.TestY` |\n", "lesson 2: there is no test TestY in a"},
		"a case was renamed":             {one + "| 2 | Another. | `a.TestX/another case` |\n", `lesson 2: no test in a has the case "another case"`},
		"the package has moved":          {one + "| 2 | Another. | `b.TestX` |\n", "lesson 2: there is no test TestX in b"},
		"a helper is no test":            {one + "| 2 | Another. | `a.TestHelp` |\n", "lesson 2: there is no test TestHelp in a"},
		"a method is no test":            {one + "| 2 | Another. | `a.TestMethod` |\n", "lesson 2: there is no test TestMethod in a"},
		"a test elsewhere":               {one + "| 2 | Another. | `a.TestHidden` |\n", "lesson 2: there is no test TestHidden in a"},
		"a test that is always skipped":  {one + "| 2 | Another. | `a.TestSkipped` |\n", "lesson 2: there is no test TestSkipped in a"},
		"it waits for what nobody knows": {one + "| 2 | Another. | waits for **the rain** |\n", "lesson 2 waits for the rain, which the page does not explain"},
		"nothing waits for it":           {one + "| 2 | Another. | `a.TestX` |\n" + sea, "no lesson waits for the sea"},
		"a hard case was renamed":        {one + two + "| Frozen | `a.TestX/no case` |\n" + sea, `Frozen: no test in a has the case "no case"`},
		"a hard case":                    {one + two + "| Frozen | `a.TestX/a case` |\n" + sea, ""},
		"something that is no test":      {one + "| 2 | Another. | `a.TestX`, `make test` |\n", "lesson 2: make test names no test"},
	} {
		tree := fstest.MapFS{
			lessonsPage: {Data: []byte("# Lessons\n\n" + c.page)},
			"a/a_test.go": {Data: []byte("package a\n\nimport \"x/" + conformance + "\"\n\nfunc TestX(t *testing.T) { t.Run(\"a case\", nil) }\n" +
				"func TestHelp(s string) {}\nfunc (x) TestMethod(t *testing.T) {}\nfunc TestSkipped(t *testing.T) { t.Parallel(); t.Skip(\"later\") }\n")},
			"a/hidden.go":             {Data: []byte("package a\n\nfunc TestHidden(t *testing.T) {}\n")},
			"a/testdata/b_test.go":    {Data: []byte("package a\n\nfunc TestHidden(t *testing.T) {}\n")},
			conformance + "/cases.go": {Data: []byte("package providertest\n\nvar x = \"listed\"\n")},
		}
		if got := strings.Join(checkLessons(t, tree, []string{"1", "2"}), "\n"); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// lessonTests are the tests of a package, and the words that may name a case of theirs.
type lessonTests struct{ tests, cases map[string]bool }

// checkLessons compares the page with the numbers that it must have and with the source of the tests that it names.
func checkLessons(t *testing.T, tree fs.FS, numbers []string) []string {
	t.Helper()
	page, err := fs.ReadFile(tree, lessonsPage)
	if err != nil {
		t.Fatal(err)
	}
	var got, broken []string
	known, explained, waited := map[string]lessonTests{}, topics(page), map[string]bool{}
	for _, row := range regexp.MustCompile(`(?m)^\| (\d+\w?) \|(.*)\|(.*)\|$`).FindAllStringSubmatch(string(page), -1) {
		n, lesson, held := row[1], strings.TrimSpace(row[2]), row[3]
		got = append(got, n)
		if lesson == "" {
			broken = append(broken, fmt.Sprintf("lesson %s says nothing", n))
		}
		names := regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(held, -1)
		waits := regexp.MustCompile(`\*\*([^*]+)\*\*`).FindAllStringSubmatch(held, -1)
		if len(names)+len(waits) == 0 {
			broken = append(broken, fmt.Sprintf("lesson %s is neither covered nor waited for", n))
		}
		for _, name := range names {
			if wrong := checkNamed(t, tree, known, name[1]); wrong != "" {
				broken = append(broken, fmt.Sprintf("lesson %s: %s", n, wrong))
			}
		}
		for _, topic := range waits {
			waited[topic[1]] = true
			if !slices.Contains(explained, topic[1]) {
				broken = append(broken, fmt.Sprintf("lesson %s waits for %s, which the page does not explain", n, topic[1]))
			}
		}
	}
	if !slices.Equal(got, numbers) {
		return []string{fmt.Sprintf("the lessons are %s, want %s", strings.Join(got, " "), strings.Join(numbers, " "))}
	}
	for _, row := range regexp.MustCompile(`(?m)^\| ([^|\d][^|]*) \|(.*)\|$`).FindAllStringSubmatch(string(page), -1) {
		for _, name := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[2], -1) {
			if wrong := checkNamed(t, tree, known, name[1]); wrong != "" {
				broken = append(broken, fmt.Sprintf("%s: %s", row[1], wrong))
			}
		}
	}
	for _, topic := range explained {
		if !waited[topic] {
			broken = append(broken, "no lesson waits for "+topic)
		}
	}
	return broken
}

// topics are the parts of the product that the page explains below its table.
func topics(page []byte) []string {
	var all []string
	for _, m := range regexp.MustCompile(`(?m)^- \*\*([^*]+)\*\*: `).FindAllSubmatch(page, -1) {
		all = append(all, string(m[1]))
	}
	return all
}

// checkNamed says what is wrong with the name of a test, in the form folder.TestX or folder.TestX/case.
func checkNamed(t *testing.T, tree fs.FS, known map[string]lessonTests, name string) string {
	t.Helper()
	m := regexp.MustCompile(`^([\w/]+)\.(Test\w+)(?:/(.+))?$`).FindStringSubmatch(name)
	if m == nil {
		return name + " names no test"
	}
	dir, test, one := m[1], m[2], m[3]
	if _, ok := known[dir]; !ok {
		known[dir] = testsIn(t, tree, dir)
	}
	switch {
	case !known[dir].tests[test]:
		return fmt.Sprintf("there is no test %s in %s", test, dir)
	case one != "" && !known[dir].cases[one]:
		return fmt.Sprintf("no test in %s has the case %q", dir, one)
	}
	return ""
}

// testsIn reads what a folder's tests are called. A package that runs the conformance suite has its cases too.
func testsIn(t *testing.T, tree fs.FS, dir string) lessonTests {
	t.Helper()
	found := lessonTests{tests: map[string]bool{}, cases: map[string]bool{}}
	files, err := fs.Glob(tree, path.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		src, err := fs.ReadFile(tree, file)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(src, []byte(conformance+`"`)) {
			suite, err := fs.Glob(tree, conformance+"/*.go")
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range suite {
				addWords(parseSource(t, tree, f), found.cases)
			}
		}
		parsed := parseSource(t, tree, file)
		addWords(parsed, found.cases)
		for _, d := range parsed.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && isTest(f) {
				found.tests[f.Name.Name] = true
			}
		}
	}
	return found
}

func parseSource(t *testing.T, tree fs.FS, file string) *ast.File {
	t.Helper()
	src, err := fs.ReadFile(tree, file)
	if err != nil {
		t.Fatal(err)
	}
	f, err := parser.ParseFile(token.NewFileSet(), file, src, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// addWords adds every string that is written down in a file.
func addWords(f *ast.File, words map[string]bool) {
	ast.Inspect(f, func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
			if s, err := strconv.Unquote(l.Value); err == nil {
				words[s] = true
			}
		}
		return true
	})
}

// isTest reports whether go test runs a function, and the function does more than to be skipped.
func isTest(f *ast.FuncDecl) bool {
	if f.Recv != nil || !strings.HasPrefix(f.Name.Name, "Test") || len(f.Type.Params.List) != 1 {
		return false
	}
	star, ok := f.Type.Params.List[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	of, ok := star.X.(*ast.SelectorExpr)
	return ok && of.Sel.Name == "T" && !slices.ContainsFunc(f.Body.List, isSkip)
}

// isSkip reports whether a statement skips the test whatever else is the case.
func isSkip(s ast.Stmt) bool {
	e, ok := s.(*ast.ExprStmt)
	if !ok {
		return false
	}
	call, ok := e.X.(*ast.CallExpr)
	if !ok {
		return false
	}
	of, ok := call.Fun.(*ast.SelectorExpr)
	return ok && strings.HasPrefix(of.Sel.Name, "Skip")
}
