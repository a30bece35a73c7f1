package cli_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The simulators begin with what the scenario says.
func TestSimBeginsWithAScenario(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, "sim", "--google=127.0.0.1:0", "--microsoft=127.0.0.1:0", "--admin=127.0.0.1:0",
		"--scenario="+filepath.Join("..", "..", "..", "docs", "scenario.yaml"))
	if !s.out.await(s.ctx, "admin") {
		t.Fatalf("it does not start: %s", s.err)
	}
	admin := regexp.MustCompile(`admin     (http://\S+)`).FindStringSubmatch(s.out.String())
	if admin == nil {
		t.Fatalf("%q", s.out)
	}
	for path, word := range map[string]string{"people": "anna@salon.example", "clock": `"frozen":true`, "faults": "quotaExceeded", "openapi.yaml": "openapi: 3.1.0"} {
		if status, body := get(t, admin[1]+"/sim/v1/"+path, ""); status != 200 || !strings.Contains(body, word) {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if code := s.stop(); code != 0 || s.err.String() != "" {
		t.Errorf("exit code %d: %s", code, s.err)
	}
}

// A mistake in the scenario is told with its line and field before anything is served.
func TestSimRefusesAScenario(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "s.yaml")
	for content, want := range map[string]string{
		"people:\n  - provider: apple\n    email: a@b.example\n":                  "s.yaml:2:5: people[0].provider: value must be one of 'google', 'microsoft'",
		"switches:\n  page_cap: -1\n":                                             "s.yaml:2:3: switches.page_cap: ",
		"people:\n  - provider: google\n    email: a@b.example\n    zone: Mars\n": "s.yaml:4:5: people[0].zone: ",
	} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		calweave(t, nil, "sim", "--scenario="+file).fails(t, 2, "calweave: the scenario cannot be used:\n", want)
	}
	calweave(t, nil, "sim", "--scenario="+file+".gone").fails(t, 1, "--scenario: ", "no such file")
}
