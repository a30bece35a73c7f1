package config_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/calweave/calweave/internal/config"
)

func mistakes(t *testing.T, err error) config.MistakesError {
	t.Helper()
	ms, ok := errors.AsType[config.MistakesError](err)
	if !ok || len(ms) == 0 {
		t.Fatalf("%v is no list of mistakes", err)
	}
	return ms
}

// Each change alone is one mistake; its line begins with the variable and says what is given here.
func TestMistakes(t *testing.T) {
	t.Parallel()
	empty := write(t, "empty", "\n")
	for change, want := range map[string]string{
		"DATABASE_URL=-":                             "CALWEAVE_DATABASE_URL: is missing; give postgres://",
		"DATABASE_URL=":                              "CALWEAVE_DATABASE_URL (environment): is missing",
		"DATABASE_URL=mysql://u:hunter2@":            "CALWEAVE_DATABASE_URL (environment): is no postgres:// or postgresql:// URL; give",
		"DATABASE_URL=postgres://a:hunter2%@db.test": "CALWEAVE_DATABASE_URL (environment): cannot be read as a URL",
		"DATABASE_URL=sqlite:":                       "CALWEAVE_DATABASE_URL (environment): names no file",
		"DATABASE_URL=sqlite://":                     "CALWEAVE_DATABASE_URL (environment): names no file",
		"SWEEP_DATABASE_URL=hunter2":                 "CALWEAVE_SWEEP_DATABASE_URL (environment): is no",
		"MIGRATE_DATABASE_URL=hunter2":               "CALWEAVE_MIGRATE_DATABASE_URL (environment): is no",
		"REDIS_URL=-":                                "CALWEAVE_REDIS_URL: is missing; give redis://host:6379 or rediss://host:6379; set it to nothing",
		"REDIS_URL=http://:hunter2@redis.test":       "CALWEAVE_REDIS_URL (environment): is no redis://",
		"REDIS_URL=redis.test:6379":                  "CALWEAVE_REDIS_URL (environment): is no redis://",
		"LISTEN=8080":                                `CALWEAVE_LISTEN (environment): "8080" is no host:port; give host:port, such as`,
		"METRICS_LISTEN=9464":                        `CALWEAVE_METRICS_LISTEN (environment): "9464" is no host:port; give host:port, such as`,
		"METRICS_TENANTS=1001":                       "CALWEAVE_METRICS_TENANTS (environment): 1001 is out of range; give a number from 0 to 1000",
		"LISTEN=:http":                               "CALWEAVE_LISTEN (environment): \":http\" has no port",
		"LISTEN=:65536":                              "CALWEAVE_LISTEN (environment): \":65536\" has no port",
		"PUBLIC_URL=-":                               "CALWEAVE_PUBLIC_URL: is missing",
		"PUBLIC_URL=calweave.test":                   `CALWEAVE_PUBLIC_URL (environment): "calweave.test" is no http`,
		"PUBLIC_URL=ftp://calweave.test":             "CALWEAVE_PUBLIC_URL (environment): \"ftp://calweave.test\" is no http",
		"PUBLIC_URL=https://calweave.test/path":      "CALWEAVE_PUBLIC_URL (environment): \"https://calweave.test/path\" has a path",
		"PUBLIC_URL=https://calweave.test?hunter2":   "CALWEAVE_PUBLIC_URL (environment): has a query",
		"PUBLIC_URL=https://u:hunter2@calweave.test": "CALWEAVE_PUBLIC_URL (environment): has a user or password",
		"SEAL_KEYS=-":                                "CALWEAVE_SEAL_KEYS: is missing",
		"SEAL_KEYS=hunter2":                          "CALWEAVE_SEAL_KEYS (environment): is not JSON",
		"SEAL_KEYS_FILE=/no/such/file":               "CALWEAVE_SEAL_KEYS (environment): is set, and so is CALWEAVE_SEAL_KEYS_FILE; keep one",
		"GOOGLE_CLIENT_ID=-":                         "CALWEAVE_GOOGLE_CLIENT_ID: is missing beside CALWEAVE_GOOGLE_CLIENT_SECRET",
		"GOOGLE_CLIENT_SECRET=-":                     "CALWEAVE_GOOGLE_CLIENT_SECRET: is missing beside CALWEAVE_GOOGLE_CLIENT_ID",
		"MICROSOFT_CLIENT_ID=app":                    "CALWEAVE_MICROSOFT_CLIENT_SECRET: is missing beside",
		"MICROSOFT_CLIENT_SECRET=hunter2":            "CALWEAVE_MICROSOFT_CLIENT_ID: is missing beside",
		"MICROSOFT_CLIENT_SECRET_FILE=/no/such/file": "CALWEAVE_MICROSOFT_CLIENT_SECRET_FILE (environment): /no/such/file cannot be read: no such file",
		"MICROSOFT_CLIENT_SECRET_FILE=" + empty:      "CALWEAVE_MICROSOFT_CLIENT_SECRET_FILE (environment): " + empty + " is empty",
		"MICROSOFT_API_URL=graph":                    "CALWEAVE_MICROSOFT_API_URL (environment): \"graph\" is no http",
		"GOOGLE_TOKEN_URL=https://t.test/?x":         "CALWEAVE_GOOGLE_TOKEN_URL (environment): has a query",
		"MICROSOFT_TENANT=../common":                 "CALWEAVE_MICROSOFT_TENANT (environment): \"../common\" is no directory",
		"RETURN_URLS=core.test/done":                 `CALWEAVE_RETURN_URLS (environment): "core.test/done" is no http or https URL`,
		"RETURN_URLS=https://core.test/#done":        `CALWEAVE_RETURN_URLS (environment): "https://core.test/#done" has a fragment`,
		"RETURN_URLS=https://hunter2@core.test/":     `CALWEAVE_RETURN_URLS (environment): one has a user or password in it`,
		"RETURN_URLS=https://core.test/,,":           `CALWEAVE_RETURN_URLS (environment): "" is no http or https URL`,
		"EGRESS_ALLOW=10.0.0.1":                      `CALWEAVE_EGRESS_ALLOW (environment): "10.0.0.1" is an address: for it alone, write 10.0.0.1/32`,
		"EGRESS_ALLOW=10.0.0.1/8":                    `CALWEAVE_EGRESS_ALLOW (environment): "10.0.0.1/8" has bits beyond its length: write 10.0.0.0/8, or 10.0.0.1/32`,
		"EGRESS_ALLOW=0.0.0.0/0":                     `CALWEAVE_EGRESS_ALLOW (environment): "0.0.0.0/0" is everywhere`,
		"EGRESS_ALLOW=10.0.0.0/8,intranet":           `CALWEAVE_EGRESS_ALLOW (environment): "intranet" is no network`,
		"LOG_LEVEL=loud":                             `CALWEAVE_LOG_LEVEL (environment): "loud" is not understood; give debug, info, warn or error`,
		"LOG_FORMAT=xml":                             `CALWEAVE_LOG_FORMAT (environment): "xml" is no format`,
		"ROLES=api,workers":                          `CALWEAVE_ROLES (environment): "workers" is no role: did you mean worker?; give one or more`,
		"ROLES=":                                     "CALWEAVE_ROLES (environment): is empty; give one or more of api, receiver, worker and scheduler, separated by commas; leave it out for all",
		"WORKERS=0":                                  "CALWEAVE_WORKERS (environment): 0 is out of range; give a number from 1 to 1024",
		"API_RATE=-1":                                "CALWEAVE_API_RATE (environment): -1 is out of range; give a number from 1 to 100000, or 0 for no limits",
		"API_RATE=100001":                            "CALWEAVE_API_RATE (environment): 100001 is out of range; give a number from 1 to 100000, or 0 for no limits",
		"API_BURST=0":                                "CALWEAVE_API_BURST (environment): 0 is out of range; give a number from 1 to 1000000",
		"WORKERS=many":                               `CALWEAVE_WORKERS (environment): "many" is not understood`,
		"LEASE=1s":                                   "CALWEAVE_LEASE (environment): 1s is less than 2s",
		"LEASE=11m":                                  "CALWEAVE_LEASE (environment): 11m0s is more than 10m0s",
		"LEASE=30":                                   `CALWEAVE_LEASE (environment): "30" is not understood; give a duration from 2s to 10m`,
		"SHUTDOWN_TIMEOUT=0s":                        "CALWEAVE_SHUTDOWN_TIMEOUT (environment): 0s is less",
		"SYNC_WINDOW_PAST=-1h":                       "CALWEAVE_SYNC_WINDOW_PAST (environment): -1h0m0s is less",
		"SYNC_WINDOW_FUTURE=1000000h":                "CALWEAVE_SYNC_WINDOW_FUTURE (environment): 1000000h0m0s is more",
		"POLL_MIN=1ms":                               "CALWEAVE_POLL_MIN (environment): 1ms is less than 1s",
		"POLL_MAX=1ms":                               "CALWEAVE_POLL_MAX (environment): 1ms is less than 1s",
		"POLL_INTERVAL=1ms":                          "CALWEAVE_POLL_INTERVAL (environment): 1ms is less than 1s",
		"PUSH=perhaps":                               `CALWEAVE_PUSH (environment): "perhaps" is neither on nor off`,
		"DATABSE_URL=hunter2":                        "CALWEAVE_DATABSE_URL (environment): is no setting: did you mean CALWEAVE_DATABASE_URL?",
		"SEAL_KEY_FILE=hunter2":                      "CALWEAVE_SEAL_KEY_FILE (environment): is no setting: did you mean CALWEAVE_SEAL_KEYS_FILE?",
		"LISTEN_FILE=x":                              "CALWEAVE_LISTEN_FILE (environment): is no setting",
		"UTTERLY_UNKNOWN_THING=hunter2":              "CALWEAVE_UTTERLY_UNKNOWN_THING (environment): is no setting; mend",
		"CONFIG=/no/such/file":                       "CALWEAVE_CONFIG (file /no/such/file): cannot be read: no such file",
	} {
		_, err := config.Load(config.Source{Purpose: config.ForRun, Environ: environ(change)})
		ms := mistakes(t, err)
		if len(ms) != 1 || !strings.HasPrefix(ms[0].String(), want) {
			t.Errorf("%s gives\n%v\nwant one line that begins with\n%s", change, err, want)
		}
		if strings.Contains(err.Error(), canary) {
			t.Errorf("%s: a secret is in %v", change, err)
		}
	}
}

func TestAllMistakesAtOnce(t *testing.T) {
	t.Parallel()
	file := write(t, "calweave.env", "CALWEAVE_LEASE=1h\nCALWEAVE_WORKRES=3\n")
	_, err := config.Load(config.Source{
		Purpose: config.ForRun, File: file,
		Environ: environ("PUBLIC_URL=-", "LISTEN=x", "WORKERS=x", "MICROSOFT_CLIENT_ID=app", "UNKNOWN=x"),
		Flags:   map[string]string{"CALWEAVE_ROLES": "nobody"},
	})
	text := err.Error()
	for _, want := range []string{
		"configuration:\n", "CALWEAVE_PUBLIC_URL: is missing", "CALWEAVE_LISTEN (environment)", "CALWEAVE_WORKERS (environment)",
		"CALWEAVE_MICROSOFT_CLIENT_SECRET: is missing", "CALWEAVE_UNKNOWN (environment)", "CALWEAVE_LEASE (file " + file + "): 1h0m0s is more",
		"CALWEAVE_WORKRES (file " + file + "): is no setting: did you mean CALWEAVE_WORKERS?", "CALWEAVE_ROLES (command line): \"nobody\" is no role",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if n := len(mistakes(t, err)); n != 8 {
		t.Errorf("%d mistakes, want 8:\n%s", n, text)
	}
}

func TestMistakesInAFile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ content, want string }{
		"no assignment":  {"CALWEAVE_LISTEN=:1\n\nhunter2\n", "line 3 is no NAME=value"},
		"a strange name": {"CALWEAVE-LISTEN=hunter2\n", "line 1 is no NAME=value"},
		"a dollar":       {"CALWEAVE_DATABASE_URL=postgres://u:hunter2$X@db.test/d\n", "line 1 has a $ outside single quotes"},
		"an open quote":  {"CALWEAVE_LISTEN=:1\nCALWEAVE_SEAL_KEYS='hunter2\n", "a quoted value has no closing quote"},
	} {
		_, err := config.Load(config.Source{Purpose: config.ForRun, Environ: environ(), File: write(t, "calweave.env", c.content)})
		if ms := mistakes(t, err); len(ms) != 1 || ms[0].Name != "--config" || !strings.HasPrefix(ms[0].What, c.want) {
			t.Errorf("%s gives %v, want %q", name, err, c.want)
		}
		if strings.Contains(err.Error(), canary) {
			t.Errorf("%s: a secret is in %v", name, err)
		}
	}
	fine := "\ufeff# CALWEAVE_X=$y\nCALWEAVE_DATABASE_URL='postgres://u:p$XY@db.test/d'\r\nCALWEAVE_LISTEN=:1 # why\nOTHER=1\n"
	c := load(t, config.Source{Environ: environ("DATABASE_URL=-"), File: write(t, "calweave.env", fine)})
	if c.DatabaseURL != "postgres://u:p$XY@db.test/d" || c.Listen != ":1" {
		t.Errorf("%s, %s", c.DatabaseURL.Reveal(), c.Listen)
	}
}

func TestSecretsDoNotShow(t *testing.T) {
	t.Parallel()
	c := load(t, config.Source{Environ: environ("MICROSOFT_CLIENT_ID=app", "MICROSOFT_CLIENT_SECRET=hunter2")})
	var log bytes.Buffer
	for _, h := range []slog.Handler{slog.NewJSONHandler(&log, nil), slog.NewTextHandler(&log, nil)} {
		slog.New(h).InfoContext(t.Context(), "configuration", slog.Any("config", c), slog.Any("value", *c), slog.Any("secret", c.SealKeys), slog.Any("google", c.Google))
	}
	raw, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{
		"slog": log.String(), "JSON": string(raw), "dump": fmt.Sprint(c.Redacted()),
		"JSON of a map": mustJSON(t, map[string]config.Secret{"a": c.SealKeys}),
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
		texts[verb] = fmt.Sprintf(verb, c.SealKeys) + fmt.Sprintf(verb, c.Google) + fmt.Sprintf(verb, []config.Secret{c.SealKeys}) + fmt.Sprintf(verb, &c.SealKeys)
	}
	for name, text := range texts {
		if strings.Contains(text, canary) || strings.Contains(text, fmt.Sprintf("%x", canary)) {
			t.Errorf("%s shows a secret: %s", name, text)
		}
	}
	if c.SealKeys.Reveal() != keys || fmt.Sprint(config.Secret("")) != "" || fmt.Sprint(c.SealKeys) != "REDACTED" {
		t.Errorf("%q, %q", config.Secret(""), c.SealKeys)
	}
}

func TestDump(t *testing.T) {
	t.Parallel()
	c := load(t, config.Source{Environ: environ("MIGRATE_DATABASE_URL=sqlite:/a b/c.db?hunter2", "EGRESS_ALLOW=10.0.0.0/8")})
	got := map[string]string{}
	for _, s := range c.Redacted() {
		got[s.Name] = s.Value
	}
	for name, want := range map[string]string{
		"CALWEAVE_DATABASE_URL":            "postgres://db.test:5432/calweave",
		"CALWEAVE_SWEEP_DATABASE_URL":      "postgres://db.test:5432/calweave",
		"CALWEAVE_MIGRATE_DATABASE_URL":    "sqlite:/a b/c.db",
		"CALWEAVE_REDIS_URL":               "redis://redis.test:6379/0",
		"CALWEAVE_SEAL_KEYS":               "REDACTED",
		"CALWEAVE_GOOGLE_CLIENT_ID":        "google-app",
		"CALWEAVE_GOOGLE_CLIENT_SECRET":    "REDACTED",
		"CALWEAVE_MICROSOFT_CLIENT_SECRET": "",
		"CALWEAVE_EGRESS_ALLOW":            "10.0.0.0/8",
		"CALWEAVE_ROLES":                   "api,receiver,worker,scheduler",
		"CALWEAVE_LEASE":                   "30s",
		"CALWEAVE_PUSH":                    "on",
	} {
		if value, ok := got[name]; !ok || value != want {
			t.Errorf("%s shows as %q, want %q", name, value, want)
		}
	}
}

func FuzzFile(f *testing.F) {
	f.Add("CALWEAVE_LISTEN=:1\n")
	f.Add("A='b\nexport C=\"d$E\\n\" # f")
	f.Fuzz(func(t *testing.T, content string) {
		c, err := config.Load(config.Source{
			Purpose: config.ForRun, Environ: environ("LISTEN=:1"), File: "x",
			ReadFile: func(string) ([]byte, error) { return []byte(content), nil },
		})
		if err != nil {
			_ = mistakes(t, err)
		} else if c.Listen != ":1" {
			t.Fatal("the file won over the environment")
		}
	})
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
