package store_test

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/testkit"
)

// mutantVariable names the mutant that a run of the suite is to meet.
const mutantVariable = "CALWEAVE_STORE_MUTANT"

// tookHold is what a run prints once a mutant has done what is wrong with it.
const tookHold = "the mutant took hold"

// mutant is a store that breaks a promise.
type mutant struct {
	// name says what it does wrong.
	name string
	flaw flaw
	// killer is the trial that notices.
	killer string
}

// flaw is what is wrong with a store. What is not set is as it should be.
type flaw struct {
	// postgres says that it takes a database which runs transactions side by side, or which has roles and policies.
	postgres bool
	slip     slip
	tx       txFlaw
	// clear leaves in clear what should be sealed; spot is where a value is sealed for instead.
	clear bool
	spot  func(spot) spot
	// schema is a statement by which the owner spoils the database.
	schema string
	took   *sync.Once
}

// slip is one statement that is another.
type slip struct {
	// query is the name of the statement, old the part of it that new takes the place of.
	query, old, new string
}

// hold tells that the flaw has shown.
func (f *flaw) hold() {
	f.took.Do(func() { fmt.Fprintln(os.Stderr, tookHold) })
}

// rewrite is what the store asks instead of a statement.
func (f *flaw) rewrite(name, sql string) string {
	if name != f.slip.query || !strings.Contains(sql, f.slip.old) {
		return sql
	}
	f.hold()
	return strings.Replace(sql, f.slip.old, f.slip.new, 1)
}

// flawed is what is wrong with the store in this run: nothing, unless the run is a mutant's.
func flawed(tb testing.TB) *flaw {
	tb.Helper()
	f := flaw{took: &sync.Once{}}
	name := os.Getenv(mutantVariable)
	if name == "" {
		return &f
	}
	at := slices.IndexFunc(mutants(), func(m mutant) bool { return m.name == name })
	if at < 0 {
		tb.Fatalf("there is no mutant %q", name)
	}
	f = mutants()[at].flaw
	f.took = &sync.Once{}
	return &f
}

// test is the one whose trials the flaw is tried by.
func (f *flaw) test() string {
	if f.postgres {
		return "TestPostgres"
	}
	return "TestSQLite"
}

func (f *flaw) trials() []trial {
	if f.postgres {
		return postgresTrials()
	}
	return sqliteTrials()
}

// mutants are the wrong stores that the suite has to tell from the right one.
func mutants() []mutant {
	return slices.Concat(
		workMutants(), sweepMutants(), dataMutants(), nounMutants(), choiceMutants(), accountMutants(), transactionMutants(), sealMutants(), schemaMutants(), sideBySideMutants(),
		endpointMutants(), disconnectMutants(), resealMutants(), applicationMutants(), backflowMutants(), guardMutants(),
	)
}

// TestMutants runs, for each mutant, the trial that has to notice it, in a process of its own.
func TestMutants(t *testing.T) {
	t.Parallel()
	leaveOut(t)
	const fewest = 20
	if n := len(mutants()); n < fewest {
		t.Errorf("there are %d mutants, want %d", n, fewest)
	}
	names := map[string]bool{}
	for _, m := range mutants() {
		if names[m.name] {
			t.Errorf("there are two mutants %q", m.name)
		}
		names[m.name] = true
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			m.flaw.needs(t)
			if !slices.ContainsFunc(m.flaw.trials(), func(c trial) bool { return c.name == m.killer }) {
				t.Fatalf("there is no trial %q", m.killer)
			}
			out, err := runTrials(t, m.flaw.test(), m.name, m.killer)
			switch {
			case !strings.Contains(out, tookHold):
				t.Errorf("never takes hold in %q:\n%s", m.killer, out)
			case err == nil || !strings.Contains(out, "--- FAIL: "+m.flaw.test()+"/"+testName(m.killer)+" "):
				t.Errorf("survives %q:\n%s", m.killer, out)
			}
		})
	}
}

// TestMutantsControl runs every trial that kills a mutant against the store as it is, in the same way: what is red there is red for its flaw.
func TestMutantsControl(t *testing.T) {
	t.Parallel()
	leaveOut(t)
	for _, f := range []flaw{{}, {postgres: true}} {
		t.Run(f.test(), func(t *testing.T) {
			t.Parallel()
			f.needs(t)
			var killers []string
			for _, m := range mutants() {
				if m.flaw.postgres == f.postgres && !slices.Contains(killers, m.killer) {
					killers = append(killers, m.killer)
				}
			}
			out, err := runTrials(t, f.test(), "", killers...)
			if err != nil || strings.Contains(out, tookHold) {
				t.Errorf("the store as it is: %v\n%s", err, out)
			}
			for _, k := range killers {
				if !strings.Contains(out, "--- PASS: "+f.test()+"/"+testName(k)+" ") {
					t.Errorf("%q does not pass:\n%s", k, out)
				}
			}
		})
	}
}

// leaveOut skips the mutants in short runs, in their own, and where each takes several times as long: they run in the pass without the race detector.
func leaveOut(t *testing.T) {
	t.Helper()
	if testing.Short() || testkit.UnderRace || os.Getenv(mutantVariable) != "" {
		t.Skip("left out of short runs, of the race detector's and of the mutants' own")
	}
}

// needs skips the test where the flaw's database is missing.
func (f *flaw) needs(t *testing.T) {
	t.Helper()
	if f.postgres && os.Getenv(testkit.PostgresVariable) == "" {
		t.Skip(testkit.PostgresVariable + " is not set")
	}
}

// testName is a trial's name as package testing writes it.
func testName(trial string) string { return strings.ReplaceAll(trial, " ", "_") }

// runTrials runs trials against a mutant, or against the store as it is if no mutant is named, in a process of their own.
func runTrials(t *testing.T, test, mutant string, trials ...string) (string, error) {
	t.Helper()
	var names []string
	for _, c := range trials {
		names = append(names, regexp.QuoteMeta(testName(c)))
	}
	pattern := "^" + test + "$/^(" + strings.Join(names, "|") + ")$"
	const limit = time.Minute
	cmd := exec.CommandContext( //nolint:gosec // this very program
		t.Context(), os.Args[0], "-test.run", pattern, "-test.count=1", "-test.v", "-test.timeout="+limit.String(),
	)
	cmd.Env = append(os.Environ(), mutantVariable+"="+mutant)
	out, err := cmd.CombinedOutput()
	return string(out), err
}
