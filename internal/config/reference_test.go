package config_test

import (
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/calweave/calweave/internal/config"
)

// Every setting is told about, in words that fit a cell, and nothing is told about what is no setting.
func TestReferenceIsWhole(t *testing.T) {
	t.Parallel()
	entries, listed := config.Reference(), new(config.Config).Redacted()
	if len(entries) != len(listed) || len(entries) < 25 {
		t.Fatalf("%d entries for %d settings", len(entries), len(listed))
	}
	for i, e := range entries {
		if e.Name != listed[i].Name {
			t.Errorf("%s is where %s is listed", e.Name, listed[i].Name)
		}
		if e.About == "" || e.Form == "" || strings.ContainsAny(e.About+e.Form+e.Default, "|\n\t") || !strings.HasSuffix(e.About, ".") {
			t.Errorf("%+v", e)
		}
	}
	names := map[string]bool{}
	for _, e := range entries {
		names[e.Name] = true
	}
	for _, name := range config.About() {
		if !names["CALWEAVE_"+name] {
			t.Errorf("%s is told about, and is no setting", name)
		}
	}
}

// What the reference says of defaults, secrets and needs is what Load does.
func TestReferenceIsTrue(t *testing.T) {
	t.Parallel()
	defaults, _ := config.List(config.Source{Purpose: config.ForMigrate, Environ: environ()})
	values := map[string]string{}
	for _, s := range defaults {
		if s.Origin == "default" {
			values[s.Name] = s.Value
		}
	}
	for _, e := range config.Reference() {
		got := strings.ReplaceAll(strings.ReplaceAll(values[e.Name]+" ", "h0m0s ", "h "), "m0s ", "m ")
		if _, ok := values[e.Name]; ok && !strings.HasSuffix(e.Name, "_DATABASE_URL") && strings.TrimSpace(got) != e.Default {
			t.Errorf("%s is %q unless it is set, and not %q", e.Name, got, e.Default)
		}
		_, err := config.Load(config.Source{Purpose: config.ForMigrate, Environ: environ(strings.TrimPrefix(e.Name, "CALWEAVE_")+"=-", strings.TrimPrefix(e.Name, "CALWEAVE_")+"_FILE=/no/such/file")})
		if known := !strings.Contains(err.Error(), e.Name+"_FILE (environment): is no setting"); known != e.Secret {
			t.Errorf("%s: a secret %t, %v", e.Name, e.Secret, err)
		}
	}
	for _, purpose := range []config.Purpose{config.ForRun, config.ForAdmin, config.ForMigrate} {
		_, err := config.Load(config.Source{Purpose: purpose})
		missing := map[string]bool{}
		for _, m := range mistakes(t, err) {
			missing[m.Name] = true
		}
		needed := map[string]bool{}
		for _, e := range config.Reference() {
			if slices.Contains(e.Needed, purpose) {
				needed[e.Name] = true
			}
		}
		if !maps.Equal(missing, needed) {
			t.Errorf("%s misses %v and needs %v", purpose, missing, needed)
		}
	}
}

// A list holds every setting, whatever is wrong with some: these have no value, and the mistakes are Load's.
func TestListWithMistakes(t *testing.T) {
	t.Parallel()
	src := config.Source{Purpose: config.ForRun, Environ: environ("PUBLIC_URL=https://u:hunter2@calweave.test", "WORKERS=many", "SEAL_KEYS=-", "LEASE=10s", "PUSH=")}
	all, err := config.List(src)
	_, want := config.Load(src)
	if !reflect.DeepEqual(err, want) || len(mistakes(t, err)) != 3 {
		t.Errorf("%v, want %v", err, want)
	}
	got := map[string]config.Setting{}
	for _, s := range all {
		got[s.Name] = s
		if strings.Contains(s.Value, canary) {
			t.Errorf("a secret is in %+v", s)
		}
	}
	for _, want := range []config.Setting{
		{Name: "CALWEAVE_PUBLIC_URL", Origin: "environment", Wrong: true},
		{Name: "CALWEAVE_WORKERS", Origin: "environment", Wrong: true},
		{Name: "CALWEAVE_SEAL_KEYS", Origin: "default", Wrong: true},
		{Name: "CALWEAVE_LEASE", Value: "10s", Origin: "environment"},
		{Name: "CALWEAVE_PUSH", Value: "on", Origin: "default"},
		{Name: "CALWEAVE_LOG_LEVEL", Value: "info", Origin: "default"},
	} {
		if got[want.Name] != want {
			t.Errorf("%+v, want %+v", got[want.Name], want)
		}
	}
	if all, err := config.List(config.Source{Purpose: config.ForRun, Environ: environ()}); err != nil || len(all) != len(config.Reference()) {
		t.Errorf("%d settings, %v", len(all), err)
	}
}

// The webhook commands' secret may stand in the environment of a server.
func TestWebhookSecretIsNoMistake(t *testing.T) {
	t.Parallel()
	load(t, config.Source{Environ: environ("WEBHOOK_SECRET=whsec_hunter2")})
	if _, err := config.Load(config.Source{Environ: environ("WEBHOOK_SECRETS=hunter2")}); !errors.As(err, &config.MistakesError{}) {
		t.Errorf("%v", err)
	}
}
