package store_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// mutantVariable names the mutant that a run of the suite is to meet.
const mutantVariable = "CALWEAVE_STORE_MUTANT"

// mutant is a store that breaks a promise: one of its statements is another.
type mutant struct {
	// name says what it does wrong.
	name string
	// query is the name of the statement, old the part of it that new takes the place of.
	query, old, new string
	// killer is the trial that notices.
	killer string
}

// mutation is what breaks the store's statements in this run; nil breaks nothing.
func mutation(tb testing.TB) func(name, sql string) string {
	tb.Helper()
	name := os.Getenv(mutantVariable)
	if name == "" {
		return nil
	}
	for _, m := range mutants() {
		if m.name == name {
			return func(query, sql string) string {
				if query != m.query {
					return sql
				}
				if !strings.Contains(sql, m.old) {
					panic("the mutant does not apply: " + m.name)
				}
				return strings.Replace(sql, m.old, m.new, 1)
			}
		}
	}
	tb.Fatalf("there is no mutant %q", name)
	return nil
}

// TestMutants runs, for each mutant, the trial that has to notice it, in a process of its own.
func TestMutants(t *testing.T) {
	t.Parallel()
	if testing.Short() || os.Getenv(mutantVariable) != "" {
		t.Skip("left out of short runs and of the mutants' own")
	}
	known := map[string]bool{}
	for _, c := range suite() {
		known[c.name] = true
	}
	for _, m := range mutants() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			if !known[m.killer] {
				t.Fatalf("there is no trial %q", m.killer)
			}
			out, err := runMutant(t, m)
			killed := regexp.MustCompile(`(?m)^    --- FAIL: TestSQLite/`).MatchString(out)
			if err == nil || !killed || strings.Contains(out, "does not apply") {
				t.Errorf("survives %q:\n%s", m.killer, out)
			}
		})
	}
}

func runMutant(t *testing.T, m mutant) (string, error) {
	t.Helper()
	pattern := "^" + regexp.QuoteMeta(strings.ReplaceAll(m.killer, " ", "_")) + "$"
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestSQLite$/"+pattern, "-test.count=1") //nolint:gosec // this very program
	cmd.Env = append(os.Environ(), mutantVariable+"="+m.name)
	out, err := cmd.CombinedOutput()
	return string(out), err
}
