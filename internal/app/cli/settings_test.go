package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// commands are one use of each command that reads the configuration.
func commands() []string {
	return []string{
		"run", "migrate up", "migrate status", "migrate down --yes", "tenant create x", "key create --tenant=ten_1", "key revoke --tenant=ten_1 key_1",
		"work list --tenant=ten_1", "work release --tenant=ten_1 link:push lnk_1",
	}
}

// Without a configuration each command says everything that it misses in one go, each once, and how to give it.
func TestMissingSettings(t *testing.T) {
	t.Parallel()
	for _, line := range commands() {
		want := []string{"CALWEAVE_DATABASE_URL: is missing; give postgres://"}
		if !strings.HasPrefix(line, "migrate") {
			want = append(want, "CALWEAVE_SEAL_KEYS: is missing; give ")
		}
		if line == "run" {
			want = append(want, "CALWEAVE_REDIS_URL: is missing; give redis://", "CALWEAVE_PUBLIC_URL: is missing; give an http")
		}
		r := calweave(t, nil, strings.Fields(line)...)
		r.fails(t, 2, append(want, "calweave: the configuration cannot be used:\n  CALWEAVE_")...)
		if n := strings.Count(r.err, "\n"); n != len(want)+1 {
			t.Errorf("%s: %d lines for %d mistakes: %s", line, n, len(want), r.err)
		}
	}
}

// Mistakes of all kinds are told at once, with where each setting was given, and no secret is repeated.
func TestWrongSettings(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "calweave.env")
	if err := os.WriteFile(file, []byte("CALWEAVE_WORKERS=many\nCALWEAVE_REDIS_URL=redis://:CANARY@redis:6379/first\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := settings{
		"CALWEAVE_DATABASE_URL":       "mysql://calweave:CANARY@db/calweave",
		"CALWEAVE_PUBLIC_URL":         "calweave.example.com",
		"CALWEAVE_SEAL_KEYS":          "CANARY",
		"CALWEAVE_GOOGLE_CLIENT_ID":   "client",
		"CALWEAVE_MICROSOFT_CLIENTID": "client",
	}
	r := calweave(t, env, "run", "--config="+file, "--roles=api,wroker", "--listen=everywhere")
	r.fails(t, 2,
		`CALWEAVE_ROLES (command line): "wroker" is no role: did you mean worker?`, `CALWEAVE_LISTEN (command line): "everywhere" is no host:port`,
		"CALWEAVE_DATABASE_URL (environment): is no postgres:// or postgresql:// URL", "CALWEAVE_SEAL_KEYS (environment): is not JSON",
		"CALWEAVE_PUBLIC_URL (environment): ", "CALWEAVE_GOOGLE_CLIENT_SECRET: is missing beside CALWEAVE_GOOGLE_CLIENT_ID",
		"CALWEAVE_MICROSOFT_CLIENTID (environment): is no setting: did you mean CALWEAVE_MICROSOFT_CLIENT_ID?",
		"CALWEAVE_WORKERS (file "+file+"): ", "CALWEAVE_REDIS_URL (file "+file+"): names no database of Redis; give redis://",
	)
	if strings.Contains(r.err, "CANARY") {
		t.Errorf("it repeats a secret: %s", r.err)
	}
	calweave(t, nil, "run", "--config=/no/such/file").fails(t, 2, "--config (file /no/such/file): cannot be read: no such file or directory")
}

// A mistake that the loader sees hides none that only a setting's user sees.
func TestMistakesOfAllReadersAtOnce(t *testing.T) {
	t.Parallel()
	r := calweave(t, settings{
		"CALWEAVE_ROLES":        "foo",
		"CALWEAVE_DATABASE_URL": "postgres://calweave:CANARY@db/calweave?sslmode=bogus",
		"CALWEAVE_REDIS_URL":    "redis://:CANARY@h/abc",
		"CALWEAVE_SEAL_KEYS":    `{"primaryKeyId":1,"key":[{"keyData":{"value":"CANARY"}}]}`,
		"CALWEAVE_PUBLIC_URL":   "http://127.0.0.1:8080",
	}, "run")
	words := []string{
		`CALWEAVE_ROLES (environment): "foo" is no role`, "CALWEAVE_DATABASE_URL (environment): names no database of PostgreSQL; give postgres://",
		"CALWEAVE_REDIS_URL (environment): names no database of Redis; give redis://", "CALWEAVE_SEAL_KEYS (environment): is no usable keyset",
	}
	r.fails(t, 2, words...)
	if n := strings.Count(r.err, "\n"); n != len(words)+1 || strings.Contains(r.err, "CANARY") {
		t.Errorf("%s", r.err)
	}
}

// Roles that are given and name none are a mistake: they would silently mean all.
func TestEmptyRoles(t *testing.T) {
	t.Parallel()
	for where, r := range map[string]result{
		"command line": calweave(t, nil, "run", "--roles="),
		"environment":  calweave(t, settings{"CALWEAVE_ROLES": ""}, "run"),
	} {
		r.fails(t, 2, "CALWEAVE_ROLES ("+where+"): is empty; give one or more of api, receiver, worker and scheduler, separated by commas; leave it out for all")
	}
}

// What only PostgreSQL's, Redis's and the sealer's own readers can refuse is a mistake like the others, and told with them.
func TestUnusableSettings(t *testing.T) {
	t.Parallel()
	env := settings{
		"CALWEAVE_DATABASE_URL": "postgres://calweave:CANARY@db/calweave?sslmode=perhaps",
		"CALWEAVE_REDIS_URL":    "redis://:CANARY@redis:6379/first",
		"CALWEAVE_SEAL_KEYS":    `{"primaryKeyId":1,"key":[{"keyData":{"value":"CANARY"}}]}`,
		"CALWEAVE_PUBLIC_URL":   "http://127.0.0.1:8080",
	}
	for _, line := range commands() {
		words := []string{"CALWEAVE_DATABASE_URL (environment): names no database of PostgreSQL; give postgres://", "CALWEAVE_REDIS_URL (environment): names no database of Redis; give redis://", "CALWEAVE_SEAL_KEYS (environment): is no usable keyset"}
		r := calweave(t, env, strings.Fields(line)...)
		r.fails(t, 2, words...)
		if n := strings.Count(r.err, "\n"); n != len(words)+1 || strings.Contains(r.err, "CANARY") {
			t.Errorf("%s: %s", line, r.err)
		}
	}
}
