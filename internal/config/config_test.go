package config_test

import (
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/config"
)

const (
	canary = "hunter2"
	keys   = `{"primaryKeyId":1,"key":["hunter2"]}`
)

// environ is a complete environment with the given changes; a change to "-" leaves a name out.
func environ(changes ...string) []string {
	values := map[string]string{
		"PATH":                          "/bin",
		"CALWEAVE_DATABASE_URL":         "postgres://app:hunter2@db.test:5432/calweave?sslmode=require",
		"CALWEAVE_REDIS_URL":            "redis://:hunter2@redis.test:6379/0",
		"CALWEAVE_PUBLIC_URL":           "https://calweave.test",
		"CALWEAVE_SEAL_KEYS":            keys,
		"CALWEAVE_GOOGLE_CLIENT_ID":     "google-app",
		"CALWEAVE_GOOGLE_CLIENT_SECRET": "hunter2-google",
		"CALWEAVE_TEST_POSTGRES_URL":    "postgres://left.alone",
	}
	for _, c := range changes {
		name, value, _ := strings.Cut(c, "=")
		values["CALWEAVE_"+name] = value
	}
	var out []string
	for name, value := range values {
		if value != "-" {
			out = append(out, name+"="+value)
		}
	}
	slices.Sort(out)
	return out
}

func load(t *testing.T, src config.Source) *config.Config {
	t.Helper()
	if src.Purpose == "" {
		src.Purpose = config.ForRun
	}
	c, err := config.Load(src)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	c := load(t, config.Source{Environ: environ()})
	database := config.Secret("postgres://app:hunter2@db.test:5432/calweave?sslmode=require")
	for name, got := range map[string][2]any{
		"database":  {c.DatabaseURL, database},
		"migrate":   {c.MigrateDatabaseURL, database},
		"sweep":     {c.SweepDatabaseURL, database},
		"redis":     {c.RedisURL, config.Secret("redis://:hunter2@redis.test:6379/0")},
		"listen":    {c.Listen, "127.0.0.1:8080"},
		"public":    {c.PublicURL, "https://calweave.test"},
		"keys":      {c.SealKeys, config.Secret(keys)},
		"google":    {c.Google, config.Provider{ClientID: "google-app", ClientSecret: "hunter2-google"}},
		"microsoft": {c.Microsoft, config.Microsoft{Tenant: "common"}},
		"egress":    {len(c.EgressAllow), 0},
		"level":     {c.LogLevel, slog.LevelInfo},
		"format":    {c.LogFormat, "json"},
		"roles":     {c.Roles, config.AllRoles()},
		"workers":   {c.Workers, 16},
		"lease":     {c.Lease, 30 * time.Second},
		"shutdown":  {c.ShutdownTimeout, 20 * time.Second},
		"past":      {c.SyncWindowPast, 744 * time.Hour},
		"future":    {c.SyncWindowFuture, 9600 * time.Hour},
		"poll":      {c.PollInterval, 15 * time.Minute},
		"poll min":  {c.PollMin, time.Minute},
		"poll max":  {c.PollMax, 6 * time.Hour},
		"push":      {c.Push, true},
		"rate":      {c.APIRate, 300},
		"burst":     {c.APIBurst, 600},
		"limits": {c.Limits, config.Limits{
			GooglePerMinute: 9500, GooglePerDay: 950_000, GoogleMailboxPerMinute: 570, MicrosoftPer10s: 123_500, MicrosoftMailboxPer10m: 9500,
			MicrosoftMailboxCalls: 3, CalendarWritesPerMinute: 300, TenantShare: 100, LocalShare: 10,
		}},
	} {
		if !reflect.DeepEqual(got[0], got[1]) {
			t.Errorf("%s is %#v, want %#v", name, got[0], got[1])
		}
	}
}

func TestEverySettingCanBeSet(t *testing.T) {
	t.Parallel()
	c := load(t, config.Source{Environ: environ(
		"DATABASE_URL=sqlite:/var/lib/calweave.db", "MIGRATE_DATABASE_URL=postgres://owner@db.test/x", "SWEEP_DATABASE_URL=postgresql://sweep@db.test/x",
		"REDIS_URL=rediss://redis.test:6380", "LISTEN=:80", "METRICS_LISTEN=:9464", "METRICS_TENANTS=3", "PUBLIC_URL=http://localhost:8080/",
		"GOOGLE_API_URL=http://127.0.0.1:8081/calendar/v3", "GOOGLE_AUTH_URL=https://a.test/auth", "GOOGLE_TOKEN_URL=https://a.test/token",
		"MICROSOFT_CLIENT_ID=ms-app", "MICROSOFT_CLIENT_SECRET=ms-secret", "MICROSOFT_TENANT=organizations",
		"MICROSOFT_API_URL=https://graph.test/v1.0", "MICROSOFT_AUTH_URL=https://b.test/auth", "MICROSOFT_TOKEN_URL=https://b.test/token",
		"RETURN_URLS=https://core.test/done?a=b, http://localhost:3000/done", "EGRESS_ALLOW=10.0.0.0/8, 127.0.0.1/32,fd00::/8", "LOG_LEVEL=debug", "LOG_FORMAT=text", "ROLES=worker, api,worker", "WORKERS=4",
		"LEASE=2s", "SHUTDOWN_TIMEOUT=1m", "SYNC_WINDOW_PAST=0s", "SYNC_WINDOW_FUTURE=24h", "POLL_INTERVAL=1s", "POLL_MIN=2s", "POLL_MAX=3s", "PUSH=off", "API_RATE=0", "API_BURST=1", "GUARD_DELETIONS=2", "GUARD_SHARE=100",
		"GOOGLE_LIMIT_PER_MINUTE=1", "GOOGLE_LIMIT_PER_DAY=0", "GOOGLE_MAILBOX_LIMIT_PER_MINUTE=2", "MICROSOFT_LIMIT_PER_10S=3",
		"MICROSOFT_MAILBOX_LIMIT_PER_10M=4", "MICROSOFT_MAILBOX_CALLS=5", "CALENDAR_WRITES_PER_MINUTE=6", "TENANT_SHARE=7", "LOCAL_SHARE=100",
	)})
	want := config.Config{
		DatabaseURL: "sqlite:/var/lib/calweave.db", MigrateDatabaseURL: "postgres://owner@db.test/x", SweepDatabaseURL: "postgresql://sweep@db.test/x",
		RedisURL: "rediss://redis.test:6380", Listen: ":80", MetricsListen: ":9464", MetricsTenants: 3, PublicURL: "http://localhost:8080", SealKeys: keys,
		Google: config.Provider{
			ClientID: "google-app", ClientSecret: "hunter2-google",
			APIURL: "http://127.0.0.1:8081/calendar/v3", AuthURL: "https://a.test/auth", TokenURL: "https://a.test/token",
		},
		Microsoft: config.Microsoft{Tenant: "organizations", Provider: config.Provider{
			ClientID: "ms-app", ClientSecret: "ms-secret",
			APIURL: "https://graph.test/v1.0", AuthURL: "https://b.test/auth", TokenURL: "https://b.test/token",
		}},
		ReturnURLs:  []string{"https://core.test/done?a=b", "http://localhost:3000/done"},
		EgressAllow: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("fd00::/8")},
		LogLevel:    slog.LevelDebug, LogFormat: "text", Roles: config.Roles{config.RoleWorker, config.RoleAPI}, Workers: 4,
		Lease: 2 * time.Second, ShutdownTimeout: time.Minute, SyncWindowFuture: 24 * time.Hour, PollInterval: time.Second, PollMin: 2 * time.Second, PollMax: 3 * time.Second, APIBurst: 1, GuardDeletions: 2, GuardShare: 100,
		Limits: config.Limits{
			GooglePerMinute: 1, GoogleMailboxPerMinute: 2, MicrosoftPer10s: 3, MicrosoftMailboxPer10m: 4, MicrosoftMailboxCalls: 5,
			CalendarWritesPerMinute: 6, TenantShare: 7, LocalShare: 100,
		},
	}
	got, expected := reflect.ValueOf(*c), reflect.ValueOf(want)
	for i := range got.NumField() {
		if f := got.Type().Field(i); f.IsExported() && !reflect.DeepEqual(got.Field(i).Interface(), expected.Field(i).Interface()) {
			t.Errorf("%s is %+v, want %+v", f.Name, got.Field(i), expected.Field(i))
		}
	}
}

func TestWhoWins(t *testing.T) {
	t.Parallel()
	file := write(t, "calweave.env", "# a comment\nCALWEAVE_LISTEN=:2\nexport CALWEAVE_WORKERS=2\nCALWEAVE_LEASE='2s'\nCALWEAVE_PUSH=off\n")
	src := config.Source{
		Flags:   map[string]string{"CALWEAVE_LISTEN": ":4"},
		Environ: environ("LISTEN=:3", "WORKERS=3", "PUSH=", "CONFIG="+file),
		Presets: map[string]string{"CALWEAVE_LISTEN": ":1", "CALWEAVE_WORKERS": "1", "CALWEAVE_LEASE": "10s", "CALWEAVE_POLL_INTERVAL": "5s"},
	}
	c := load(t, src)
	if c.Listen != ":4" || c.Workers != 3 || c.Lease != 2*time.Second || c.PollInterval != 5*time.Second || !c.Push {
		t.Errorf("%s, %d, %s, %s, %t: want the flag's :4, the environment's 3, the file's 2s, the preset's 5s, the default's on",
			c.Listen, c.Workers, c.Lease, c.PollInterval, c.Push)
	}
	origins := map[string]string{}
	for _, s := range c.Redacted() {
		origins[s.Name] = s.Origin
	}
	for name, want := range map[string]string{
		"CALWEAVE_LISTEN": "command line", "CALWEAVE_WORKERS": "environment", "CALWEAVE_LEASE": "file " + file,
		"CALWEAVE_POLL_INTERVAL": "preset", "CALWEAVE_LOG_LEVEL": "default",
	} {
		if origins[name] != want {
			t.Errorf("%s comes from %q, want %q", name, origins[name], want)
		}
	}
	src.File = write(t, "other.env", "CALWEAVE_LEASE=3s\n")
	if c := load(t, src); c.Lease != 3*time.Second {
		t.Errorf("--config lost to CALWEAVE_CONFIG: lease %s", c.Lease)
	}
}

func TestSecretsFromFiles(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{"no line end": canary, "line end": canary + "\n", "Windows line end": canary + "\r\n"} {
		path := write(t, "secret", content)
		c := load(t, config.Source{Environ: environ("GOOGLE_CLIENT_SECRET=-", "GOOGLE_CLIENT_SECRET_FILE="+path)})
		if c.Google.ClientSecret != canary {
			t.Errorf("%s: %q", name, c.Google.ClientSecret.Reveal())
		}
	}
	all := []string{"SEAL_KEYS=-", "DATABASE_URL=-", "REDIS_URL=-"}
	for name, content := range map[string]string{
		"SEAL_KEYS": keys, "DATABASE_URL": "sqlite:a.db", "MIGRATE_DATABASE_URL": "sqlite:b.db", "SWEEP_DATABASE_URL": "sqlite:c.db", "REDIS_URL": "redis://r.test",
	} {
		all = append(all, name+"_FILE="+write(t, name, content))
	}
	c := load(t, config.Source{Environ: environ(all...)})
	got := []config.Secret{c.SealKeys, c.DatabaseURL, c.MigrateDatabaseURL, c.SweepDatabaseURL, c.RedisURL}
	if want := []config.Secret{keys, "sqlite:a.db", "sqlite:b.db", "sqlite:c.db", "redis://r.test"}; !slices.Equal(got, want) {
		t.Errorf("%s", reveal(got))
	}
}

// A wrapped keyset may be anything, and end in what looks like the end of a line. JSON may have one behind it.
func TestSealKeysFileIsTakenAsItIs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ content, kms string }{
		"binary":              {"\x00\xff\xfe'\n$x\r\n", "/bin/unwrap"},
		"armoured":            {"-----BEGIN-----\nhunter2\n-----END-----\n", "/bin/unwrap"},
		"in clear":            {keys, ""},
		"in clear, in a line": {keys + "\n", ""},
	} {
		path := write(t, "keys", c.content)
		got := load(t, config.Source{Environ: environ("SEAL_KEYS=-", "SEAL_KEYS_FILE="+path, "SEAL_KMS_COMMAND="+c.kms)})
		if got.SealKeys.Reveal() != c.content {
			t.Errorf("%s: %q, want %q", name, got.SealKeys.Reveal(), c.content)
		}
	}
}

// The environment's own secret wins over the file's path of one, and the other way round: that is no contradiction.
func TestASecretInAnotherLayerIsNoContradiction(t *testing.T) {
	t.Parallel()
	secret := write(t, "secret", "from a file")
	file := write(t, "calweave.env", "CALWEAVE_GOOGLE_CLIENT_SECRET_FILE="+secret+"\n")
	if c := load(t, config.Source{Environ: environ(), File: file}); c.Google.ClientSecret != "hunter2-google" {
		t.Errorf("%q", c.Google.ClientSecret.Reveal())
	}
	file = write(t, "calweave.env", "CALWEAVE_GOOGLE_CLIENT_SECRET=from the file\n")
	c := load(t, config.Source{Environ: environ("GOOGLE_CLIENT_SECRET=-", "GOOGLE_CLIENT_SECRET_FILE="+secret), File: file})
	if c.Google.ClientSecret != "from a file" {
		t.Errorf("%q", c.Google.ClientSecret.Reveal())
	}
}

func TestWithoutRedis(t *testing.T) {
	t.Parallel()
	if c := load(t, config.Source{Environ: environ("REDIS_URL=")}); c.RedisURL != "" {
		t.Errorf("%q", c.RedisURL.Reveal())
	}
}

func TestPurposesNeedDifferentSettings(t *testing.T) {
	t.Parallel()
	bare := []string{"DATABASE_URL=sqlite:a.db", "REDIS_URL=-", "PUBLIC_URL=-", "SEAL_KEYS=-", "GOOGLE_CLIENT_ID=-", "GOOGLE_CLIENT_SECRET=-"}
	load(t, config.Source{Purpose: config.ForMigrate, Environ: environ(bare...)})
	load(t, config.Source{Purpose: config.ForAdmin, Environ: environ(append(bare, "SEAL_KEYS="+keys)...)})
	for purpose, want := range map[config.Purpose][]string{
		config.ForMigrate: {"CALWEAVE_DATABASE_URL"},
		config.ForAdmin:   {"CALWEAVE_DATABASE_URL", "CALWEAVE_SEAL_KEYS"},
		config.ForRun:     {"CALWEAVE_DATABASE_URL", "CALWEAVE_REDIS_URL", "CALWEAVE_PUBLIC_URL", "CALWEAVE_SEAL_KEYS"},
	} {
		_, err := config.Load(config.Source{Purpose: purpose})
		var got []string
		for _, m := range mistakes(t, err) {
			got = append(got, m.Name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s misses %v, want %v", purpose, got, want)
		}
	}
}

func TestParseRoles(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"api": "api", " api , worker": "api,worker", "worker,worker": "worker", "api,receiver,worker,scheduler": "api,receiver,worker,scheduler"} {
		if got, err := config.ParseRoles(in); err != nil || got.String() != want || !got.Has(config.Role(strings.Split(want, ",")[0])) {
			t.Errorf("%q: %s, %v", in, got, err)
		}
	}
	for _, in := range []string{"", ",", "api,", "everything", "API"} {
		if got, err := config.ParseRoles(in); err == nil {
			t.Errorf("%q: %s", in, got)
		}
	}
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func reveal(secrets []config.Secret) []string {
	var out []string
	for _, s := range secrets {
		out = append(out, s.Reveal())
	}
	return out
}
