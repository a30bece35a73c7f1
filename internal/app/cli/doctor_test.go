package cli_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

// The doctor says what is wrong and how to mend it, for people and for programs, and its exit code tells whether something has failed.
func TestDoctor(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, env settings) {
		t.Helper()
		env = env.with("CALWEAVE_GOOGLE_CLIENT_ID", "client", "CALWEAVE_GOOGLE_CLIENT_SECRET", "CANARY",
			"CALWEAVE_GOOGLE_API_URL", "http://127.0.0.1:1", "CALWEAVE_GOOGLE_TOKEN_URL", "http://127.0.0.1:1",
			"CALWEAVE_PUBLIC_URL", "http://"+closedPort(t))
		r := calweave(t, env, "doctor")
		if r.code != 1 || strings.Contains(r.out+r.err, "CANARY") || !regexp.MustCompile(`^calweave: \d of \d+ checks failed\n$`).MatchString(r.err) {
			t.Errorf("%+v", r)
		}
		for _, want := range []string{
			`(?m)^ok       settings          10 of \d+ are given`, `(?m)^failed   (migrations|database) .*\n +to mend it: run .calweave migrate up`,
			`(?m)^failed   google API        127.0.0.1:1 is not a public address\n +to mend it: .*CALWEAVE_EGRESS_ALLOW$`,
		} {
			if !regexp.MustCompile(want).MatchString(r.out) {
				t.Errorf("%s is not in %s", want, r.out)
			}
		}
		succeeds(t, env, "migrate", "up")
		delete(env, "CALWEAVE_GOOGLE_CLIENT_ID")
		delete(env, "CALWEAVE_GOOGLE_CLIENT_SECRET")
		ok, checks := examined(t, calweave(t, env, "doctor", "--json"), 0)
		if !ok || checks["migrations"] != "ok" || checks["database login"] != "ok" || checks["providers"] != "warning" {
			t.Errorf("%v", checks)
		}
	})
}

// examined reads what --json has printed: whether all is well, and each check's status.
func examined(t *testing.T, r result, code int) (ok bool, checks map[string]string) {
	t.Helper()
	var report struct {
		OK     bool
		Checks []struct{ Check, Status, Detail, Mend string }
	}
	if err := json.Unmarshal([]byte(r.out), &report); err != nil || r.code != code {
		t.Fatalf("%v: %+v", err, r)
	}
	checks = map[string]string{}
	for _, c := range report.Checks {
		checks[c.Check] = c.Status
	}
	return report.OK, checks
}

// A configuration that cannot be used is what the doctor finds, every mistake of it.
func TestDoctorOfAWrongConfiguration(t *testing.T) {
	t.Parallel()
	env := settings{"CALWEAVE_DATABASE_URL": "mysql://CANARY@db", "CALWEAVE_WORKERS": "many", "CALWEAVE_REDIS_URL": "", "CALWEAVE_PUBLIC_URL": "http://127.0.0.1:8080"}
	r := calweave(t, env, "doctor")
	for _, want := range []string{"CALWEAVE_DATABASE_URL (environment): is no postgres://", "CALWEAVE_WORKERS (environment): ", "CALWEAVE_SEAL_KEYS: is missing\n"} {
		if !strings.Contains(r.out, "failed   settings          "+want) {
			t.Errorf("%q is not in %s", want, r.out)
		}
	}
	if strings.Count(r.out, "to mend it: give ") != 3 || r.code != 1 || strings.Contains(r.out, "CANARY") {
		t.Errorf("%+v", r)
	}
	if ok, checks := examined(t, calweave(t, env, "doctor", "--json"), 1); ok || len(checks) != 1 || checks["settings"] != "failed" {
		t.Errorf("%t %v", ok, checks)
	}
}
