package simproof_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
)

// page is docs/simulators.md.
func page(tb testing.TB) string {
	tb.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "simulators.md"))
	if err != nil {
		tb.Fatal(err)
	}
	return string(raw)
}

// Every row of the table of surprises has a number of its own, in order, and names a test that is there.
func TestSurprisesNameTestsThatAreThere(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{}
	tree := os.DirFS(filepath.Join("..", ".."))
	err := fs.WalkDir(tree, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		raw, err := fs.ReadFile(tree, path)
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(string(raw), -1) {
			tests[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	last := 0
	rows := regexp.MustCompile(`(?m)^\| (\d+) \|.*\| ([^|]+) \|$`).FindAllStringSubmatch(page(t), -1)
	for _, row := range rows {
		var n int
		if _, err := fmt.Sscan(row[1], &n); err != nil || n <= last || n > 69 {
			t.Errorf("number %s after %d: %v", row[1], last, err)
		}
		last = n
		named := regexp.MustCompile(`Test\w+`).FindAllString(row[2], -1)
		if len(named) == 0 && !strings.HasPrefix(row[2], "Left out") {
			t.Errorf("number %d names no test and does not say that it is left out: %s", n, row[2])
		}
		for _, name := range named {
			if !tests[name] {
				t.Errorf("number %d names %s, which is not there", n, name)
			}
		}
	}
	if len(rows) == 0 {
		t.Error("there is no table")
	}
}

// The page names every action of faults there is, and none that there is not.
func TestPageNamesAllActions(t *testing.T) {
	t.Parallel()
	all := strings.Split(page(t), "`POST /sim/v1/push-faults`")
	named := func(text string) (names []string) {
		for _, row := range regexp.MustCompile("(?m)^\\| (`[a-z_`, ]+`) \\|").FindAllStringSubmatch(text, -1) {
			names = append(names, strings.Split(strings.ReplaceAll(row[1], "`", ""), ", ")...)
		}
		slices.Sort(names)
		return names
	}
	s := simtest.Start(t, sim.Config{})
	actions := []string{"closed", "cursor_lost", "early", "hold", "hold_answer", "html", "lost_answer", "reset", "reset_after", "revoke", "slow", "status", "truncated"}
	if got := named(all[0]); !slices.Equal(got, actions) {
		t.Errorf("actions are %q, the page has %q", actions, got)
	}
	for _, action := range actions {
		if _, err := s.AddFault(sim.Fault{Action: sim.Action(action), Status: 503, DelayMS: 1}); err != nil {
			t.Error(err)
		}
	}
	pushActions := []string{"delay", "drop", "duplicate", "forge", "hold", "reorder"}
	if got := named(all[1]); !slices.Equal(got, pushActions) {
		t.Errorf("push actions are %q, the page has %q", pushActions, got)
	}
	// the schemas' enumerations are the same lists
	for _, action := range append(actions, pushActions...) {
		if !regexp.MustCompile(`action: \{enum: \[[^]]*\b` + action + `\b`).Match(sim.Document) {
			t.Errorf("the admin API's document does not have the action %s", action)
		}
	}
}
