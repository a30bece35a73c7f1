package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// top is the repository.
const top = "../.."

// TestWhatTheRaceDetectorMissesRunsWithoutIt holds scripts/test to running each test once more that does less under the race detector.
func TestWhatTheRaceDetectorMissesRunsWithoutIt(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile(filepath.Join(top, "scripts", "test"))
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`(?m)^slow='(.+)'$`).FindSubmatch(script)
	packages := regexp.MustCompile(`(?m)-run "\$slow" (.+?) </dev/null`).FindSubmatch(script)
	if names == nil || packages == nil {
		t.Fatal("scripts/test has no second pass")
	}
	slow, found := regexp.MustCompile(string(names[1])), 0
	err = filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		for _, name := range lessUnderRace(t, path) {
			found++
			rel, err := filepath.Rel(top, filepath.Dir(path))
			if err != nil {
				return err
			}
			if dir := "./" + filepath.ToSlash(rel); !slow.MatchString(name) || !strings.Contains(" "+string(packages[1])+" ", " "+dir+" ") {
				t.Errorf("%s of %s does less under the race detector, and scripts/test does not run it without", name, dir)
			}
		}
		return nil
	})
	if err != nil || found < 10 {
		t.Errorf("%d tests do less under the race detector, %v", found, err)
	}
}

// lessUnderRace are the tests of a file that ask whether the race detector watches.
func lessUnderRace(t *testing.T, path string) (names []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, decl := range file.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok || !strings.HasPrefix(fn.Name.Name, "Test") {
			continue
		}
		asks := false
		ast.Inspect(fn, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			asks = asks || ok && sel.Sel.Name == "UnderRace"
			return true
		})
		if asks {
			names = append(names, fn.Name.Name)
		}
	}
	return names
}
