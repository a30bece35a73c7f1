package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/calweave/calweave/internal/config"
	"github.com/calweave/calweave/internal/testkit/golden"
)

// commands are one use of each command that reads the configuration.
func commands() []string {
	return []string{
		"run", "migrate up", "migrate status", "migrate down --yes", "tenant create x", "key create --tenant=ten_1", "key list --tenant=ten_1", "key revoke --tenant=ten_1 key_1",
		"seal remove 1", "seal rotate", "seal status", "seal retire 1", "work list --tenant=ten_1", "work release --tenant=ten_1 link:push lnk_1",
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

// The list shows every setting with where it comes from and no secret; mistakes are told beside it, all at once.
func TestConfigList(t *testing.T) {
	t.Parallel()
	env := onSQLite(t).with("CALWEAVE_GOOGLE_CLIENT_ID", "my-client", "CALWEAVE_GOOGLE_CLIENT_SECRET", "CANARY", "CALWEAVE_WEBHOOK_SECRET", "CANARY")
	out := succeeds(t, env, "config", "list")
	for _, want := range []string{
		`(?m)^SETTING +VALUE +FROM$`, `(?m)^CALWEAVE_SEAL_KEYS +REDACTED +environment$`, `(?m)^CALWEAVE_GOOGLE_CLIENT_ID +my-client +environment$`,
		`(?m)^CALWEAVE_WORKERS +16 +default$`, `(?m)^CALWEAVE_REDIS_URL +environment$`,
	} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("%s is not in %s", want, out)
		}
	}
	if strings.Contains(out, "CANARY") || strings.Contains(out, keyValue(env["CALWEAVE_SEAL_KEYS"])) {
		t.Errorf("a secret is in %s", out)
	}
	var all []struct {
		Name, Value, Origin string
		Wrong               bool
	}
	r := calweave(t, env.with("CALWEAVE_WORKERS", "many", "CALWEAVE_PUBLIC_URL", "https://u:CANARY@h"), "config", "list", "--json")
	if err := json.Unmarshal([]byte(r.out), &all); err != nil || len(all) < 25 || r.code != 2 || strings.Contains(r.out+r.err, "CANARY") {
		t.Errorf("%v: %+v", err, r)
	}
	for _, s := range all {
		if s.Wrong != (s.Name == "CALWEAVE_WORKERS" || s.Name == "CALWEAVE_PUBLIC_URL") {
			t.Errorf("%+v", s)
		}
	}
	for _, want := range []string{`CALWEAVE_WORKERS (environment): "many" is not understood`, "CALWEAVE_PUBLIC_URL (environment): has a user or password"} {
		if !strings.Contains(r.err, want) {
			t.Errorf("it does not say %q: %s", want, r.err)
		}
	}
}

// The reference in each form: for people it is looked at before it changes, and docs/configuration.md holds it as a table.
func TestConfigReference(t *testing.T) {
	t.Parallel()
	golden.Check(t, "reference.txt", []byte(succeeds(t, nil, "config", "reference")))
	var entries []config.Entry
	if err := json.Unmarshal([]byte(succeeds(t, nil, "config", "reference", "--format=json")), &entries); err != nil || !reflect.DeepEqual(entries, config.Reference()) {
		t.Errorf("%v: %+v", err, entries)
	}
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "configuration.md"))
	if err != nil {
		t.Fatal(err)
	}
	table := succeeds(t, nil, "config", "reference", "--format=markdown")
	if !strings.Contains(string(page), "\n\n"+table+"\n") || strings.Count(table, "\n") != len(entries)+2 {
		t.Errorf("docs/configuration.md does not hold this table: run make generate\n%s", table)
	}
}
