package archtest

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestHouse(t *testing.T) {
	t.Parallel()
	tree := os.DirFS(filepath.Join("..", ".."))
	for _, broken := range slices.Concat(checkPackages(t, tree), checkLists(t, tree), checkPaths(t, tree)) {
		t.Error(broken)
	}
}

func TestHouseCheckersCanFail(t *testing.T) {
	t.Parallel()
	outside := "/wo" + "rk/shared"
	for name, c := range map[string]struct {
		file, content string
		want          string
	}{
		"a package that says what it is for": {"a/doc.go", "// Package a is for tests.\npackage a\n", ""},
		"a command that does":                {"cmd/a/doc.go", "// Command a is for tests.\npackage main\n", ""},
		"a package that says it elsewhere":   {"a/a.go", "// Package a is for tests.\npackage a\n", "a: no doc.go"},
		"a command that says it elsewhere":   {"cmd/a/main.go", "// Command a is for tests.\npackage main\n", "cmd/a: no doc.go"},
		"a package that does not":            {"a/doc.go", "package a\n", "a: no doc.go"},
		"a comment about something else":     {"a/doc.go", "// Copyright.\npackage a\n", "a: no doc.go"},
		"a comment that is set apart":        {"a/doc.go", "// Package a is for tests.\n\npackage a\n", "a: no doc.go"},
		"a package below that says nothing":  {"a/doc/b.go", "package doc\n", "a/doc: no doc.go"},
		"a function called init":             {"a/doc.go", "// Package a is.\npackage a\n\nfunc init() {}\n", "a/doc.go: func init"},
		"a method called init":               {"a/doc.go", "// Package a is.\npackage a\n\nfunc (x) init() {}\n", ""},
		"a test package":                     {"a/a_test.go", "package a\n\nfunc init() {}\n", ""},
		"a folder that is no part":           {"a/testdata/a.go", "package a\n", ""},
		"a list of files that is short":      {"a/doc.go", "// Package a is.\n//\n// Files: b.go.\npackage a\n", "a/doc.go: lists b.go, which is not there"},
		"a path outside":                     {"README.md", "see `" + outside + "`\n", "README.md: names a path outside the project"},
		"a path outside at the start":        {"README.md", outside, "README.md: names a path outside the project"},
		"a worktree's link":                  {".git", "gitdir: " + outside, ""},
		"a folder next door":                 {"docs/a.md", "see ../sha" + "red/x.md", "docs/a.md: names a path outside the project"},
		"a folder of ours called work":       {"README.md", "see internal/work/decide.go and ./work/x", ""},
		"something that is no text":          {"logo.png", "\x00" + outside, ""},
	} {
		tree := fstest.MapFS{c.file: {Data: []byte(c.content)}}
		if got := strings.Join(slices.Concat(checkPackages(t, tree), checkLists(t, tree), checkPaths(t, tree)), "\n"); !strings.HasPrefix(got, c.want) || (c.want == "") != (got == "") {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// checkPackages wants a doc.go with the package comment in every package and no init function anywhere: registration is a table, never a side
// effect.
func checkPackages(t *testing.T, tree fs.FS) []string {
	t.Helper()
	var broken []string
	described := map[string]bool{}
	for _, file := range goFiles(t, tree) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		src, err := fs.ReadFile(tree, file)
		if err != nil {
			t.Fatal(err)
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, src, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		dir := path.Dir(file)
		described[dir] = described[dir] || path.Base(file) == "doc.go" && describes(f)
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				broken = append(broken, file+": func init: make it a constructor or a line in a table")
			}
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(described)) {
		if !described[dir] {
			broken = append(broken, dir+": no doc.go with a package comment: say there what the package is for and which file holds what")
		}
	}
	return broken
}

// checkLists wants the package comments that list files to list all of them, and nothing that is not there.
func checkLists(t *testing.T, tree fs.FS) []string {
	t.Helper()
	name := regexp.MustCompile(`[\w*]+(\.\w+)?\.go\b`)
	var broken []string
	all := goFiles(t, tree)
	for _, doc := range all {
		if path.Base(doc) != "doc.go" {
			continue
		}
		src, err := fs.ReadFile(tree, doc)
		if err != nil {
			t.Fatal(err)
		}
		_, list, listed := strings.Cut(string(src), "\n// Files: ")
		if !listed {
			continue
		}
		names := name.FindAllString(list, -1)
		stale := slices.Clone(names)
		for _, file := range all {
			if path.Dir(file) != path.Dir(doc) || file == doc {
				continue
			}
			lists := func(pattern string) bool {
				ok, err := path.Match(pattern, path.Base(file))
				return ok && err == nil
			}
			stale = slices.DeleteFunc(stale, lists)
			if !slices.ContainsFunc(names, lists) && !strings.HasSuffix(file, "_test.go") {
				broken = append(broken, doc+": does not list "+path.Base(file))
			}
		}
		for _, n := range stale {
			broken = append(broken, doc+": lists "+n+", which is not there")
		}
	}
	return broken
}

// describes reports whether a file carries a package comment in Go's form.
func describes(f *ast.File) bool {
	text := f.Doc.Text()
	return strings.HasPrefix(text, "Package "+f.Name.Name+" ") || f.Name.Name == "main" && strings.HasPrefix(text, "Command ")
}

// checkPaths wants no text to name a path that only exists on the machine where it was written.
func checkPaths(t *testing.T, tree fs.FS) []string {
	t.Helper()
	outside := regexp.MustCompile(`(?m)(^|[^\w./-])/wo` + `rk/|\.\./sha` + `red`)
	var broken []string
	walk(t, tree, func(file string) {
		src, err := fs.ReadFile(tree, file)
		if err != nil {
			return // a file that somebody removed meanwhile
		}
		if !bytes.ContainsRune(src, 0) && outside.Match(src) {
			broken = append(broken, file+": names a path outside the project")
		}
	})
	return broken
}

// goFiles returns all Go files of a tree but those in testdata.
func goFiles(t *testing.T, tree fs.FS) []string {
	t.Helper()
	var files []string
	walk(t, tree, func(file string) {
		if strings.HasSuffix(file, ".go") && !slices.Contains(strings.Split(file, "/"), "testdata") {
			files = append(files, file)
		}
	})
	return files
}

// walk calls visit for every file that belongs to the project.
func walk(t *testing.T, tree fs.FS, visit func(file string)) {
	t.Helper()
	err := fs.WalkDir(tree, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := strings.HasPrefix(d.Name(), ".") && d.Name() != "." && d.Name() != ".ci"
		if d.IsDir() && (hidden || d.Name() == "node_modules") {
			return fs.SkipDir
		}
		if d.Type().IsRegular() && d.Name() != ".git" { // in a worktree it is a file, which names the repository's place and is no part of it
			visit(p)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
