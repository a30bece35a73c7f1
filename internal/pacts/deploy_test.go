package pacts_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/pacts"
)

// day is a day of November 2026.
func day(n int) time.Time { return time.Date(2026, 11, n, 12, 0, 0, 0, time.UTC) }

// found is what a run has found of a pact with some content.
func found(consumer, provider, content string, ok bool, at time.Time) pacts.Result {
	return pacts.Result{Consumer: consumer, Provider: provider, Pact: []byte(content), Against: "simulator", OK: ok, At: at}
}

// google is a verification of calweave 2 with what stands in for Google.
func google(ok bool) pacts.Verification {
	return pacts.Verification{
		Consumer: "calweave", ConsumerVersion: "2", Provider: "google-calendar", ProviderVersion: "stand-in-2", Pact: "a", OK: ok, At: day(1),
	}
}

func TestCanDeploy(t *testing.T) {
	t.Parallel()
	const production = "production"
	api := func(cv, pv, hash string, ok bool, n int) pacts.Verification {
		return pacts.Verification{Consumer: "booking-core", ConsumerVersion: cv, Provider: "calweave-api", ProviderVersion: pv, Pact: hash, OK: ok, At: day(n)}
	}
	tasks := func(cv, pv, hash string, ok bool, n int) pacts.Verification {
		return pacts.Verification{Consumer: "calweave", ConsumerVersion: cv, Provider: "booking-core-tasks", ProviderVersion: pv, Pact: hash, OK: ok, At: day(n)}
	}
	core := pacts.Deployment{Participant: "booking-core", Version: "7", Environment: production}
	for name, c := range map[string]struct {
		known    []pacts.Verification
		deployed []pacts.Deployment
		// want is what holds of each pact, and a word of why.
		want []string
	}{
		"a provider that nobody deploys":                  {known: []pacts.Verification{google(true)}, want: []string{"yes nobody has recorded"}},
		"a provider that nobody deploys, and that failed": {known: []pacts.Verification{google(false)}, want: []string{"no the newest verification failed"}},
		"verified with what is there":                     {known: []pacts.Verification{api("7", "2", "a", true, 1)}, deployed: []pacts.Deployment{core}, want: []string{"yes verified with booking-core in version 7"}},
		"not verified with what is there":                 {known: []pacts.Verification{api("8", "2", "b", true, 1), api("7", "1", "a", true, 1)}, deployed: []pacts.Deployment{core}, want: []string{"no production has booking-core in version 7"}},
		"failed with what is there":                       {known: []pacts.Verification{api("7", "2", "a", false, 2)}, deployed: []pacts.Deployment{core}, want: []string{"no it was verified with booking-core in version 7, and failed"}},
		"failed once, and held since":                     {known: []pacts.Verification{api("7", "2", "a", false, 1), api("7", "2", "a", true, 2)}, deployed: []pacts.Deployment{core}, want: []string{"yes verified"}},
		"held once, and failed since":                     {known: []pacts.Verification{api("7", "2", "a", true, 1), api("7", "2", "a", false, 2)}, deployed: []pacts.Deployment{core}, want: []string{"no it was verified"}},
		"another version there has the same pact":         {known: []pacts.Verification{api("8", "2", "a", true, 2), api("7", "1", "a", true, 1)}, deployed: []pacts.Deployment{core}, want: []string{"yes verified with booking-core in version 7"}},
		"another version of ours has the same pact":       {known: []pacts.Verification{tasks("1", "7", "a", true, 1), tasks("2", "8", "a", true, 2)}, deployed: []pacts.Deployment{core}, want: []string{"yes verified with booking-core-tasks in version 7"}},
		"another version of ours has another pact":        {known: []pacts.Verification{tasks("1", "7", "a", true, 1), tasks("2", "8", "b", true, 2)}, deployed: []pacts.Deployment{core}, want: []string{"no production has booking-core-tasks in version 7"}},
		"a pact that this version has lost":               {known: []pacts.Verification{api("7", "2", "a", true, 1), tasks("1", "7", "a", true, 1)}, deployed: []pacts.Deployment{core}, want: []string{"yes", "no version 2 was never verified"}},
		"deployed elsewhere":                              {known: []pacts.Verification{api("8", "2", "a", true, 1)}, deployed: []pacts.Deployment{{Participant: "booking-core", Version: "7", Environment: "test"}}, want: []string{"yes nobody has recorded"}},
		"another product":                                 {known: []pacts.Verification{api("7", "2", "a", true, 1)}, deployed: []pacts.Deployment{{Participant: "booking", Version: "6", Environment: production}}, want: []string{"no production has booking-core in version 6"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := pacts.Matrix{Verifications: c.known} // as a file may hold them, older results included
			for _, d := range c.deployed {
				m.Deploy(d)
			}
			all, err := m.CanDeploy("calweave", "2", production)
			if err != nil || len(all) != len(c.want) {
				t.Fatalf("got %+v, %v, want %q", all, err, c.want)
			}
			for i, a := range all {
				got := map[bool]string{true: "yes ", false: "no "}[a.OK] + a.Why
				if !strings.HasPrefix(got, c.want[i]) {
					t.Errorf("%s with %s: %q, want %q", a.Consumer, a.Provider, got, c.want[i])
				}
			}
		})
	}
}

func TestNothingIsKnown(t *testing.T) {
	t.Parallel()
	var m pacts.Matrix
	if all, err := m.CanDeploy("calweave", "2", "production"); err == nil {
		t.Errorf("an empty matrix allows it: %+v", all)
	}
	m.Record("1", []pacts.Result{found("calweave", "google-calendar", "{}", true, day(1))})
	if all, err := m.CanDeploy("calweave", "2", "production"); err == nil || !strings.Contains(err.Error(), `"2"`) {
		t.Errorf("a version that nobody has verified: %+v, %v", all, err)
	}
	if all, err := m.CanDeploy("calweav", "1", "production"); err == nil {
		t.Errorf("somebody who has no pact: %+v", all)
	}
}

func TestMatrixIsKept(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "matrix.json")
	m, err := pacts.ReadMatrix(path)
	if err != nil {
		t.Fatal(err)
	}
	run := []pacts.Result{found("calweave", "google-calendar", "{}", false, day(1)), found("booking-core", "calweave-api", "{}", true, day(1))}
	m.Record("2", run)
	run[0].OK, run[0].At = true, day(2)
	m.Record("2", run)
	m.Record("2", []pacts.Result{found("calweave", "google-calendar", "{}", false, day(1))}) // an older run, later
	m.Deploy(pacts.Deployment{Participant: "booking-core", Version: "6", Environment: "production", At: day(1)})
	m.Deploy(pacts.Deployment{Participant: "booking-core", Version: "7", Environment: "production", At: day(2)})
	if err := m.Write(path); err != nil {
		t.Fatal(err)
	}
	got, err := pacts.ReadMatrix(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Verifications) != 2 || !got.Verifications[1].OK || !got.Verifications[1].At.Equal(day(2)) {
		t.Errorf("got %+v, want the newer result of each pact", got.Verifications)
	}
	if v := got.Verifications[0]; v.ConsumerVersion != "stand-in-2" || v.ProviderVersion != "2" {
		t.Errorf("got %+v, want the core's version to be that of a stand-in", v)
	}
	if len(got.Deployments) != 1 || got.Deployments[0].Version != "7" {
		t.Errorf("got %+v, want what was deployed last", got.Deployments)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("got %v, %v, want the file alone", left, err)
	}
}

func TestBrokenMatrix(t *testing.T) {
	t.Parallel()
	for content, words := range map[string]string{
		"":                                    "no matrix of contracts",
		"{":                                   "no matrix of contracts",
		`{"verification": []}`:                "verification",
		`{"verifications": [{}]}`:             "/verifications/0",
		`{"deployments": [{"version": "1"}]}`: "/deployments/0",
	} {
		path := filepath.Join(t.TempDir(), "matrix.json")
		write(t, path, content)
		if _, err := pacts.ReadMatrix(path); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%q: %v, want %q", content, err, words)
		}
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
