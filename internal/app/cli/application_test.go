package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/record"
)

// An application is registered with a secret from a file or standard input, listed without it, and deleted once nothing is connected by it.
func TestApp(t *testing.T) {
	t.Parallel()
	env := onSQLite(t)
	succeeds(t, env, "migrate", "up")
	tenant := strings.TrimSpace(succeeds(t, env, "tenant", "create", "Example Ltd"))
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("canary-of-the-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	create := func(more ...string) []string {
		return append([]string{"app", "create", "--tenant=" + tenant, "--provider=google", "--name=Ours", "--client-id=ours"}, more...)
	}
	first := strings.TrimSpace(succeeds(t, env, create(file)...))
	second := reads(t, "canary-of-the-input\n", env, "app", "create", "--tenant="+tenant, "--provider=microsoft", "--kind=app_only", "--name=Daemon", "--client-id=daemon", "--entra-tenant=fabrikam.example")
	if second.code != 0 || !record.OfTenant(cal.AppID(first)) || !record.OfTenant(cal.AppID(second.out)) {
		t.Fatalf("made %q and %+v", first, second)
	}
	a := open(t, env)
	for id, want := range map[string]string{first: "canary-of-the-file", strings.TrimSpace(second.out): "canary-of-the-input"} {
		got, err := a.Store.Application(t.Context(), cal.TenantID(tenant), cal.AppID(id))
		if err != nil || got.Credential != want {
			t.Errorf("%s: %+v, %v", id, got, err)
		}
	}
	out := succeeds(t, env, "app", "list", "--tenant="+tenant)
	for _, words := range []string{first, "delegated", "app_only", "fabrikam.example", "daemon", "Ours"} {
		if !strings.Contains(out, words) {
			t.Errorf("the list lacks %s: %s", words, out)
		}
	}
	if strings.Contains(out, "canary") {
		t.Errorf("the list shows a secret: %s", out)
	}
	if out := succeeds(t, env, "app", "delete", "--tenant="+tenant, first); out != "deleted\n" {
		t.Errorf("%q", out)
	}
	calweave(t, env, "app", "delete", "--tenant="+tenant, first).fails(t, 1, "has no application "+first)
	for what, c := range map[string]struct {
		in    string
		args  []string
		words string
	}{
		"nothing":         {"\n", create(), "the credential is empty"},
		"too much":        {strings.Repeat("x", 17<<10), create(), "longer than 16 KiB"},
		"no file":         {"", create(file + "x"), "no such file"},
		"no tenant":       {"x", []string{"app", "create", "--tenant=ten_x", "--provider=google", "--name=n", "--client-id=c"}, "there is no tenant ten_x"},
		"no key file":     {"canary", create("--kind=app_only"), "credential: it is no service account's key file"},
		"no Entra tenant": {"canary", create("--provider=microsoft", "--kind=app_only"), "entra-tenant: "},
		"Google in Entra": {"canary", create("--entra-tenant=x.example"), "entra-tenant: google has no tenants"},
	} {
		r := reads(t, c.in, env, c.args...)
		r.fails(t, 1, c.words)
		if strings.Contains(r.err+r.out, "canary") {
			t.Errorf("%s: the secret is shown: %+v", what, r)
		}
	}
}
