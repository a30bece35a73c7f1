package cli_test

import (
	"context"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/app"
	"github.com/calweave/calweave/internal/config"
	"github.com/calweave/calweave/internal/record"
)

// The schema goes up and down, says where it stands, and every other command says how to mend a schema that is not there.
func TestMigrate(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, env settings) {
		t.Helper()
		unready := func(when string) {
			t.Helper()
			for _, line := range []string{"run", "tenant create x", "key create --tenant=ten_1", "key revoke --tenant=ten_1 key_1", "work list --tenant=ten_1"} {
				calweave(t, env, strings.Fields(line)...).fails(t, 1, "run `calweave migrate up`")
			}
			if t.Failed() {
				t.Fatal(when)
			}
		}
		unready("at first")
		status := func() (applied, missing int) {
			t.Helper()
			lines := strings.Split(strings.TrimSpace(succeeds(t, env, "migrate", "status")), "\n")
			for _, l := range lines[1:] {
				if strings.HasSuffix(l, " no") {
					missing++
				} else if _, err := time.Parse(time.RFC3339, l[strings.LastIndex(l, " ")+1:]); err == nil {
					applied++
				}
			}
			if applied+missing != len(lines)-1 || !strings.HasPrefix(lines[0], "VERSION  NAME") {
				t.Errorf("%q", lines)
			}
			return applied, missing
		}
		if applied, missing := status(); applied != 0 || missing != 2 {
			t.Errorf("at first: %d applied, %d missing", applied, missing)
		}
		for _, step := range []struct{ line, says string }{
			{"migrate up", "2 applied\n"}, {"migrate up", "0 applied\n"}, {"migrate down --yes", "1 taken back\n"},
		} {
			if out := succeeds(t, env, strings.Fields(step.line)...); out != step.says {
				t.Errorf("%s: %q", step.line, out)
			}
		}
		unready("half way")
		if applied, missing := status(); applied != 1 || missing != 1 {
			t.Errorf("half way: %d applied, %d missing", applied, missing)
		}
		for _, step := range []struct{ line, says string }{
			{"migrate up", "1 applied\n"}, {"migrate down --all --yes", "2 taken back\n"}, {"migrate up", "2 applied\n"},
		} {
			if out := succeeds(t, env, strings.Fields(step.line)...); out != step.says {
				t.Errorf("%s: %q", step.line, out)
			}
		}
		succeeds(t, env, "tenant", "create", "Example Ltd")
	})
}

// Without its word nothing is taken back.
func TestMigrateDownWantsItsWord(t *testing.T) {
	t.Parallel()
	env := onSQLite(t)
	succeeds(t, env, "migrate", "up")
	calweave(t, env, "migrate", "down").fails(t, 2, "nothing was done")
	if out := succeeds(t, env, "migrate", "up"); out != "0 applied\n" {
		t.Errorf("something was taken back: %s", out)
	}
}

// tenant makes a schema and a tenant.
func tenant(t *testing.T, env settings) string {
	t.Helper()
	succeeds(t, env, "migrate", "up")
	id := strings.TrimSpace(succeeds(t, env, "tenant", "create", "Example Ltd"))
	if !regexp.MustCompile(`^ten_[0-9a-f]{32}$`).MatchString(id) {
		t.Fatalf("the tenant's id: %q", id)
	}
	return id
}

var printedKey = regexp.MustCompile(`^id      (key_[0-9a-f]{32})\nsecret  (cw[ks]_[\w-]{43})\n$`)

// A key is printed once, works at once, and ends when it is revoked.
func TestKeys(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, env settings) {
		t.Helper()
		id := tenant(t, env)
		a := open(t, env)
		for use, works := range map[string]func(id, secret string) bool{
			"api": func(_, secret string) bool { _, err := a.Store.APIKey(t.Context(), secret); return err == nil },
			"signing": func(id, secret string) bool {
				k, err := a.Store.SigningKey(t.Context(), id)
				return err == nil && k.Secret == secret
			},
		} {
			r := calweave(t, env, "key", "create", "--tenant="+id, "--use="+use)
			printed := printedKey.FindStringSubmatch(r.out)
			if r.code != 0 || printed == nil || r.err != "" {
				t.Fatalf("%s: %+v", use, r)
			}
			key, secret := printed[1], printed[2]
			if !works(key, secret) {
				t.Errorf("%s: the key does not work", use)
			}
			revoke := []string{"key", "revoke", "--tenant=" + id, key}
			if out := succeeds(t, env, revoke...); out != "revoked\n" || works(key, secret) {
				t.Errorf("%s: %q, and it still works: %t", use, out, works(key, secret))
			}
			again := calweave(t, env, revoke...)
			again.fails(t, 1, "tenant "+id+" has no key "+key+" in force: nothing was revoked")
			if strings.Contains(again.err+calweave(t, env, "work", "list", "--open", "--tenant="+id).out, secret) {
				t.Errorf("%s: the secret is shown again", use)
			}
		}
	})
}

// A key may do what it was made for, and the list of keys says so.
func TestScopesOfKeys(t *testing.T) {
	t.Parallel()
	env := onSQLite(t)
	id := tenant(t, env)
	var want []string
	for args, scopes := range map[string]record.Scopes{
		"--scopes=messages:read,bookings:write": "bookings:write messages:read", "--use=api": record.AllScopes(), "--use=signing": "-",
	} {
		key := printedKey.FindStringSubmatch(succeeds(t, env, "key", "create", "--tenant="+id, args))
		use := "signing"
		if scopes != "-" {
			use = "api"
			if k, err := open(t, env).Store.APIKey(t.Context(), key[2]); err != nil || k.Scopes != scopes {
				t.Errorf("%s: %q, %v", args, k.Scopes, err)
			}
		}
		revoked := "-"
		if args == "--use=api" {
			succeeds(t, env, "key", "revoke", "--tenant="+id, key[1])
			revoked = `\S+Z`
		}
		want = append(want, `(?m)^`+key[1]+` +`+use+` +\S+Z +`+revoked+` +`+scopes.String()+`$`)
	}
	out := succeeds(t, env, "key", "list", "--tenant="+id)
	for _, line := range append(want, `(?m)^ID +USE +CREATED +REVOKED +SCOPES$`) {
		if !regexp.MustCompile(line).MatchString(out) || strings.Count(out, "\n") != 4 || strings.Contains(out, "cw") {
			t.Errorf("no line %s in\n%s", line, out)
		}
	}
}

// Another tenant's key cannot be revoked, and a tenant that does not exist is named.
func TestUnknownTenants(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, env settings) {
		t.Helper()
		one := tenant(t, env)
		other := strings.TrimSpace(succeeds(t, env, "tenant", "create", "Other Ltd"))
		key := printedKey.FindStringSubmatch(succeeds(t, env, "key", "create", "--tenant="+one))
		calweave(t, env, "key", "revoke", "--tenant="+other, key[1]).fails(t, 1, "has no key "+key[1]+" in force")
		succeeds(t, env, "key", "revoke", "--tenant="+one, key[1])
		for _, line := range []string{
			"key create --tenant=ten_none", "key create --use=signing --tenant=ten_none", "key revoke --tenant=ten_none key_1", "key list --tenant=ten_none", "work list --tenant=ten_none",
			"work list --open --tenant=ten_none", "work release --tenant=ten_none link:push lnk_1",
		} {
			calweave(t, env, strings.Fields(line)...).fails(t, 1, "there is no tenant ten_none: calweave tenant create makes one")
		}
	})
}

// open opens the installation as the commands do.
func open(t *testing.T, env settings) *app.App {
	t.Helper()
	c, err := config.Load(config.Source{Purpose: config.ForAdmin, Environ: env.environ()})
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(t.Context(), c, app.Outside{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	return a
}

// Work that has died is listed with its reason, and released once.
func TestWork(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, env settings) {
		t.Helper()
		id := tenant(t, env)
		list := func(args ...string) []string {
			t.Helper()
			out := succeeds(t, env, append([]string{"work", "list", "--tenant=" + id}, args...)...)
			return strings.Split(strings.TrimSuffix(out, "\n"), "\n")
		}
		if lines := list(); len(lines) != 1 || !strings.HasPrefix(lines[0], "KIND  SUBJECT  STATE") {
			t.Errorf("nothing waits: %q", lines)
		}
		release := []string{"work", "release", "--tenant=" + id, "tenant:prune", id}
		calweave(t, env, release...).fails(t, 1, "tenant:prune "+id+" is neither held nor dead: calweave work list shows what is")
		die(t, open(t, env), task.Ref{Tenant: cal.TenantID(id), Kind: task.TenantPrune, Subject: id})
		lines := list()
		if len(lines) != 2 || !regexp.MustCompile(`^tenant:prune +`+id+` +dead +3 +\S+Z +the provider said no$`).MatchString(lines[1]) {
			t.Errorf("one waits: %q", lines)
		}
		if out := succeeds(t, env, release...); out != "released\n" {
			t.Errorf("%q", out)
		}
		if lines := list(); len(lines) != 1 {
			t.Errorf("it waits still: %q", lines)
		}
		if lines := list("--open"); len(lines) != 2 || !strings.Contains(lines[1], " ready ") {
			t.Errorf("it is not wanted any more: %q", lines)
		}
	})
}

// die makes a dead letter of a row that is due.
func die(t *testing.T, a *app.App, ref task.Ref) {
	t.Helper()
	l, claimed, err := a.Store.Claim(t.Context(), ref, time.Minute)
	if err != nil || !claimed {
		t.Fatalf("claimed %t, %v", claimed, err)
	}
	if err := a.Store.Finish(t.Context(), l, record.Outcome{State: record.Dead, Attempts: 3, Reason: "the provider said no"}); err != nil {
		t.Fatal(err)
	}
}

// After an outage that an operator has mended, nobody wants to name every dead letter. What waits for an approval is approved one by one.
func TestWorkReleasesTheDead(t *testing.T) {
	t.Parallel()
	env := onSQLite(t)
	id := tenant(t, env)
	a, prune := open(t, env), task.Ref{Tenant: cal.TenantID(id), Kind: task.TenantPrune, Subject: id}
	l, _, err := a.Store.Claim(t.Context(), prune, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	held := record.Mark{Kind: task.LinkPush, Subject: "lnk_held", Lane: task.Interactive, Hold: record.HeldForApproval, Reason: "guests"}
	dead := []record.Mark{{Kind: task.DeliverySend, Subject: "dlv_1", Lane: task.Interactive}, {Kind: task.DeliverySend, Subject: "dlv_2", Lane: task.Interactive}}
	if err := a.Store.Finish(t.Context(), l, record.Outcome{State: record.Ready, Served: true}, append(dead, held)...); err != nil {
		t.Fatal(err)
	}
	for _, m := range dead {
		die(t, a, task.Ref{Tenant: cal.TenantID(id), Kind: m.Kind, Subject: m.Subject})
	}
	if out := succeeds(t, env, "work", "release", "--tenant="+id, "--dead"); out != "2 released\n" {
		t.Errorf("%q", out)
	}
	out := succeeds(t, env, "work", "list", "--tenant="+id)
	if lines := strings.Count(out, "\n"); lines != 2 || !strings.Contains(out, "lnk_held") {
		t.Errorf("%s", out)
	}
	calweave(t, env, "work", "release", "--tenant="+id).fails(t, 2, "name the work by its kind and subject, or say --dead")
	calweave(t, env, "work", "release", "--tenant="+id, "--dead", "link:push", "lnk_held").fails(t, 2, "name the work by its kind and subject, or say --dead")
}

// The dead letters of the intake are listed without what they say.
func TestWorkListsTheRejected(t *testing.T) {
	t.Parallel()
	env := onSQLite(t)
	id := tenant(t, env)
	err := open(t, env).Store.Reject(t.Context(), cal.TenantID(id), record.Rejection{
		ID: "task-1", BookingID: "b1", Version: 3, Reason: "invalid-request", Detail: "the booking cannot be accepted as it is",
		Payload: []byte(`{"booking_id":"b1","title":"CANARY"}`), Actor: "key_1",
	})
	if err != nil {
		t.Fatal(err)
	}
	out := succeeds(t, env, "work", "rejected", "--tenant="+id)
	if !regexp.MustCompile(`(?m)^TASK +BOOKING +VERSION +REASON +AT$`).MatchString(out) || !regexp.MustCompile(`(?m)^task-1 +b1 +3 +invalid-request +\S+Z$`).MatchString(out) {
		t.Errorf("%s", out)
	}
	if strings.Contains(out, "CANARY") {
		t.Errorf("it shows what the booking says: %s", out)
	}
}

// A long list is listed to its end.
func TestWorkListIsNotCutOff(t *testing.T) {
	t.Parallel()
	env := onSQLite(t)
	id := tenant(t, env)
	const rows, lot = 1100, 100
	a, ref := open(t, env), task.Ref{Tenant: cal.TenantID(id), Kind: task.TenantPrune, Subject: id}
	var marks []record.Mark
	for i := range rows {
		marks = append(marks, record.Mark{Kind: task.DeliverySend, Subject: "dlv_" + strings.Repeat("x", i%7) + time.Duration(i).String(), Lane: task.Bulk})
	}
	for some := range slices.Chunk(marks, lot) {
		l, claimed, err := a.Store.Claim(t.Context(), ref, time.Minute)
		if err != nil || !claimed {
			t.Fatalf("claimed %t, %v", claimed, err)
		}
		if err := a.Store.Finish(t.Context(), l, record.Outcome{State: record.Ready, Served: true, Again: true}, some...); err != nil {
			t.Fatal(err)
		}
	}
	die(t, a, ref)
	out := succeeds(t, env, "work", "list", "--open", "--tenant="+id)
	seen := map[string]bool{}
	for l := range strings.Lines(out) {
		seen[l] = true
	}
	if n := strings.Count(out, "delivery:send"); n != rows || len(seen) != rows+2 { // and the head, and the dead one
		t.Errorf("%d of %d rows, %d different lines", n, rows, len(seen))
	}
}

// A database that does not answer is named, its password is not, and nobody waits for long.
func TestUnreachableDatabase(t *testing.T) {
	t.Parallel()
	sqlite := onSQLite(t)
	nowhere := "sqlite:" + filepath.Join(t.TempDir(), "no", "such", "folder", "calweave.db")
	address := closedPort(t)
	postgres := (&url.URL{Scheme: "postgres", User: url.UserPassword("calweave", "CANARY"), Host: address, Path: "/calweave"}).String()
	for _, line := range commands() {
		for u, words := range map[string]string{nowhere: "unable to open database file", postgres: address} {
			env := sqlite.with("CALWEAVE_DATABASE_URL", u, "CALWEAVE_MIGRATE_DATABASE_URL", "")
			r := calweave(t, env, strings.Fields(line)...)
			r.fails(t, 1, "calweave: store: ", words)
			if strings.Contains(r.err, "CANARY") {
				t.Errorf("it repeats the password: %s", r.err)
			}
		}
	}
}

// A command that is told to stop while it waits for its database stops.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	silent := "postgres://calweave:CANARY@" + takenPort(t).Addr().String() + "/calweave" // the kernel takes connections, and nobody answers
	env := onSQLite(t).with("CALWEAVE_DATABASE_URL", silent, "CALWEAVE_MIGRATE_DATABASE_URL", "")
	for _, line := range commands() {
		s := serve(t, env, strings.Fields(line)...)
		ended := make(chan int, 1)
		go func() { ended <- s.stop() }()
		ctx, cancel := context.WithTimeout(t.Context(), limit/2)
		select {
		case code := <-ended:
			if code != 1 || strings.Contains(s.err.String(), "CANARY") {
				t.Errorf("%s: exit code %d: %s", line, code, s.err)
			}
		case <-ctx.Done():
			t.Errorf("%s: it does not stop", line)
		}
		cancel()
	}
}
