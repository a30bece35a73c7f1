package cli_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/app"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/config"
	"github.com/calweave/calweave/internal/store"
)

const sealKeys = "CALWEAVE_SEAL_KEYS"

// keyIDs are the ids in a keyset, the primary one first.
func keyIDs(t *testing.T, keyset string) []string {
	t.Helper()
	var keys struct {
		Primary json.Number `json:"primaryKeyId"`
		Key     []struct {
			ID json.Number `json:"keyId"`
		} `json:"key"`
	}
	if err := json.Unmarshal([]byte(keyset), &keys); err != nil {
		t.Fatal(err)
	}
	ids := []string{keys.Primary.String()}
	for _, k := range keys.Key {
		if k.ID != keys.Primary {
			ids = append(ids, k.ID.String())
		}
	}
	return ids
}

// rotates does the work of a rotation as a worker of that configuration would, to its end.
func rotates(t *testing.T, env settings, tenant string) {
	t.Helper()
	c, err := config.Load(config.Source{Purpose: config.ForAdmin, Environ: env.environ()})
	if err != nil {
		t.Fatal(err)
	}
	now := clock.NewManual(time.Now())
	a, err := app.New(t.Context(), c, app.Outside{Clock: now})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close() //nolint:errcheck // the test is about other things
	ref := task.Ref{Tenant: cal.TenantID(tenant), Kind: task.SealRotate, Subject: tenant}
	for range 20 {
		if _, err := a.Engine.Work(t.Context(), ref); err != nil {
			t.Fatal(err)
		}
		r, err := a.Store.Rotation(t.Context(), ref.Tenant)
		if err != nil {
			t.Fatal(err)
		}
		if r.Finished() {
			return
		}
		now.Advance(time.Minute)
	}
	t.Fatal("the rotation has no end")
}

// sealStates are what status says of each key.
func sealStates(t *testing.T, env settings) map[string]string {
	t.Helper()
	_, keys, _ := strings.Cut(succeeds(t, env, "seal", "status"), "\nKEY ")
	states := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^(\d+) +(\d+) +\S+ +(.*)$`).FindAllStringSubmatch(keys, -1) {
		states[m[1]] = m[3]
	}
	return states
}

// The procedure of docs/operators.md, from the first key to the removal of it. No key is shown but by what is to be a new value of the setting.
func TestSealKeyIsRotated(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, env settings) {
		t.Helper()
		first := env[sealKeys]
		old := keyIDs(t, first)[0]
		one := tenant(t, env)
		signing := printedKey.FindStringSubmatch(succeeds(t, env, "key", "create", "--use=signing", "--tenant="+one))[1]
		reads := func(env settings) {
			t.Helper()
			if _, err := open(t, env).Store.SigningKey(t.Context(), signing); err != nil {
				t.Fatal(err)
			}
		}

		r := calweave(t, env, "seal", "add")
		added := keyIDs(t, r.out)[1]
		if keyIDs(t, r.out)[0] != old || r.err != "calweave: the new key is "+added+"\n" {
			t.Fatalf("%q", r.err)
		}
		both := env.with(sealKeys, r.out)
		if got := sealStates(t, both); got[old] != "seals" || got[added] != "opens; has sealed nothing yet" {
			t.Errorf("with a key more: %q", got)
		}
		promoted := env.with(sealKeys, succeeds(t, both, "seal", "promote", added))
		if got := sealStates(t, promoted); got[added] != "seals" || got[old] != "opens; needed until calweave seal rotate is done" {
			t.Errorf("after the key was promoted: %q", got)
		}
		calweave(t, env, "seal", "status").fails(t, 1, "key "+added+", which CALWEAVE_SEAL_KEYS lacks", "give the keyset that has it")
		calweave(t, promoted, "seal", "retire", old).fails(t, 1, "still seals 1 values: calweave seal rotate replaces them")
		calweave(t, promoted, "seal", "remove", old).fails(t, 1, "is in use")

		if out := succeeds(t, promoted, "seal", "rotate"); !strings.HasPrefix(out, "1 tenants: ") {
			t.Errorf("%q", out)
		}
		if out := succeeds(t, promoted, "seal", "status"); !strings.Contains(out, "Rotation: 0 of 1 tenants are done") || !strings.Contains(out, one+": to key "+added) {
			t.Errorf("%s", out)
		}
		rotates(t, promoted, one)
		out := succeeds(t, promoted, "seal", "status")
		if !regexp.MustCompile(`(?m)^keys +secret +`+added+` +1$`).MatchString(out) || !strings.Contains(out, "Rotation: 1 of 1 tenants are done, 1 values were sealed anew, 0 did not open.") {
			t.Errorf("%s", out)
		}
		if got := sealStates(t, promoted); got[old] != "opens; may go once no process seals with it: calweave seal retire "+old {
			t.Errorf("after the rotation: %q", got)
		}
		reads(both)
		sealsKey(t, promoted, tenant(t, promoted))
		if out := succeeds(t, promoted, "seal", "status"); !strings.Contains(out, "Rotation: 1 of 1 tenants are done") {
			t.Errorf("with a tenant that was made since: %s", out)
		}

		calweave(t, promoted, "seal", "retire", added).fails(t, 1, "seals: calweave seal promote")
		calweave(t, promoted, "seal", "retire", "1").fails(t, 1, "has sealed nothing yet")
		succeeds(t, promoted, "seal", "retire", old)
		if got := sealStates(t, promoted); got[old] != "retired: calweave seal remove "+old {
			t.Errorf("after it was retired: %q", got)
		}
		alone := env.with(sealKeys, succeeds(t, promoted, "seal", "remove", old))
		if ids := keyIDs(t, alone[sealKeys]); len(ids) != 1 || ids[0] != added {
			t.Errorf("keys %q are left", ids)
		}
		reads(alone)
		if got := sealStates(t, alone); got[added] != "seals" || got[old] != "retired" {
			t.Errorf("at the end: %q", got)
		}
		calweave(t, both, "seal", "status").fails(t, 1, "seals with key "+old+", which was retired")

		secret := keyValue(first)
		for _, line := range []string{"seal status", "seal rotate", "seal retire " + old} {
			if r := calweave(t, promoted, strings.Fields(line)...); strings.Contains(r.out+r.err, secret) || strings.Contains(r.out+r.err, keyValue(alone[sealKeys])) {
				t.Errorf("%s shows a key", line)
			}
		}
	})
}

// sealsKey stores a sealed value of a tenant.
func sealsKey(t *testing.T, env settings, tenant string) {
	t.Helper()
	succeeds(t, env, "key", "create", "--use=signing", "--tenant="+tenant)
}

// What a late process has sealed with a key that was retired meanwhile is found by the next rotation, which says which key it wants and does not end
// without it. A tenant that still has something to be sealed anew counts, whether or not it was asked for.
func TestSealKeyThatIsStillNeeded(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, env settings) {
		t.Helper()
		old := keyIDs(t, env[sealKeys])[0]
		one := tenant(t, env)
		both := env.with(sealKeys, succeeds(t, env, "seal", "add"))
		late := open(t, both)
		promoted := env.with(sealKeys, succeeds(t, both, "seal", "promote", keyIDs(t, both[sealKeys])[1]))
		succeeds(t, promoted, "seal", "retire", old)
		alone := env.with(sealKeys, succeeds(t, promoted, "seal", "remove", old))
		if _, err := late.CreateKey(t.Context(), cal.TenantID(one), store.PurposeSigning, ""); err != nil {
			t.Fatal(err)
		}
		succeeds(t, alone, "seal", "rotate")
		for _, id := range []string{tenant(t, alone), tenant(t, alone)} {
			if _, err := late.CreateKey(t.Context(), cal.TenantID(id), store.PurposeSigning, ""); err != nil {
				t.Fatal(err)
			}
		}
		ref := task.Ref{Tenant: cal.TenantID(one), Kind: task.SealRotate, Subject: one}
		worker := open(t, alone)
		if _, err := worker.Engine.Work(t.Context(), ref); err != nil {
			t.Fatal(err)
		}
		row, err := worker.Store.Work(t.Context(), ref)
		if err != nil || !strings.Contains(row.LastError, string(fault.Misconfigured)) || !strings.Contains(row.LastError, "key "+old) {
			t.Errorf("%+v, %v", row, err)
		}
		out := succeeds(t, alone, "seal", "status")
		if !strings.Contains(out, "Rotation: 0 of 3 tenants are done, 0 values were sealed anew, 0 did not open, 1 lack their key: give key "+old+" back in CALWEAVE_SEAL_KEYS.") {
			t.Errorf("%s", out)
		}
		rotates(t, promoted, one)
		if out := succeeds(t, promoted, "seal", "status"); !strings.Contains(out, "Rotation: 1 of 3 tenants are done, 1 values were sealed anew, 0 did not open.") {
			t.Errorf("%s", out)
		}
	})
}

// A keyset that lacks a key in use, or has another one of its id, is noticed before anything else.
func TestSealKeyIsWrong(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, env settings) {
		t.Helper()
		one := tenant(t, env)
		other := succeeds(t, nil, "seal", "generate")
		own := keyIDs(t, env[sealKeys])[0]
		forged := strings.ReplaceAll(other, keyIDs(t, other)[0], own)
		for keyset, words := range map[string]string{other: "key " + own + ", which CALWEAVE_SEAL_KEYS lacks", forged: "is not the one that this database's values are sealed with"} {
			wrong := env.with(sealKeys, keyset, "CALWEAVE_PUBLIC_URL", "http://127.0.0.1:1")
			for _, line := range []string{"run", "key list --tenant=" + one, "seal status"} {
				r := calweave(t, wrong, strings.Fields(line)...)
				r.fails(t, 1, words, "nothing was changed")
				if strings.Contains(r.err, keyValue(keyset)) {
					t.Errorf("%s shows a key", line)
				}
			}
			if r := calweave(t, wrong, "doctor"); !regexp.MustCompile(`(?m)^failed +seal keys +`).MatchString(r.out) || !strings.Contains(r.out, words) {
				t.Errorf("doctor: %s", r.out)
			}
		}
		succeeds(t, env, "key", "list", "--tenant="+one)
		if rows, err := open(t, env).Store.SealKeys(t.Context()); err != nil || len(rows) != 1 {
			t.Errorf("%+v, %v", rows, err)
		}
	})
}

// A keyset may be kept wrapped. The program sees it and nothing else of calweave's.
func TestSealKeysAreUnwrapped(t *testing.T) {
	t.Setenv("CALWEAVE_TEST_CANARY", "the program must not see it") // the program's environment is the process's, which no parallel test may change
	env := onSQLite(t)
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	turn := "/bin/sh " + write("turn", "env > \"$1\"\nexec tr 'A-Za-z' 'N-ZA-Mn-za-m'\n")
	wrapped := write("wrapped", strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z':
			return 'a' + (r-'a'+13)%26
		case 'A' <= r && r <= 'Z':
			return 'A' + (r-'A'+13)%26
		}
		return r
	}, env[sealKeys]))
	seen := filepath.Join(dir, "seen")
	kms := env.with("CALWEAVE_SEAL_KEYS_FILE", wrapped, "CALWEAVE_SEAL_KMS_COMMAND", turn+" "+seen)
	delete(kms, sealKeys)
	one := tenant(t, kms)
	succeeds(t, kms, "key", "create", "--use=signing", "--tenant="+one)
	succeeds(t, env, "seal", "status") // the same keys in clear
	if got := keyIDs(t, succeeds(t, kms, "seal", "add")); got[0] != keyIDs(t, env[sealKeys])[0] || len(got) != 2 {
		t.Errorf("%q", got)
	}
	if raw, err := os.ReadFile(seen); err != nil || strings.Contains(string(raw), "CALWEAVE_") {
		t.Errorf("the program was given %s, %v", raw, err)
	}
	fails := "/bin/sh " + write("fails", "cat; cat >&2; exit 4\n")
	broken := kms.with("CALWEAVE_SEAL_KMS_COMMAND", fails)
	r := calweave(t, broken, "seal", "status")
	r.fails(t, 1, "CALWEAVE_SEAL_KMS_COMMAND: the keyset was not unwrapped: the program ended with exit status 4")
	raw, err := os.ReadFile(wrapped)
	if err != nil || strings.Contains(r.err, keyValue(env[sealKeys])) || strings.Contains(r.err, string(raw[:20])) {
		t.Errorf("a keyset is shown: %s, %v", r.err, err)
	}
	calweave(t, kms.with("CALWEAVE_SEAL_KMS_COMMAND", " "), "seal", "status").fails(t, 2, "CALWEAVE_SEAL_KMS_COMMAND")
}

// A rotation is work of a tenant like any other, and ends by itself.
func TestRotationIsWork(t *testing.T) {
	t.Parallel()
	env := onSQLite(t)
	one := tenant(t, env)
	succeeds(t, env, "seal", "rotate")
	a := open(t, env)
	rows, err := a.Store.ListWork(t.Context(), cal.TenantID(one), store.OpenWork, task.Ref{}, 10)
	if err != nil || !strings.Contains(fmt.Sprint(rows), "seal:rotate") {
		t.Fatalf("%v, %v", rows, err)
	}
	rotates(t, env, one)
	rows, err = a.Store.ListWork(t.Context(), cal.TenantID(one), store.OpenWork, task.Ref{}, 10)
	if err != nil || strings.Contains(fmt.Sprint(rows), "seal:rotate") {
		t.Fatalf("%v, %v", rows, err)
	}
}
