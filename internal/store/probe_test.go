package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/calweave/calweave/internal/store"
)

func newProbe(t *testing.T, url, sweepURL string) *store.Probe {
	t.Helper()
	p, err := store.NewProbe(url, sweepURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// unready wants an error that says what is wrong and how to mend it.
func unready(t *testing.T, err error, what, mend string) {
	t.Helper()
	u, ok := errors.AsType[*store.UnreadyError](err)
	if !ok || !strings.Contains(u.What, what) || !strings.Contains(u.Mend, mend) || err.Error() != "store: "+u.What+": "+u.Mend {
		t.Errorf("%v, want %s and %s", err, what, mend)
	}
	if err != nil && leaks([]byte(err.Error())) != "" {
		t.Errorf("shows a secret: %v", err)
	}
}

// A probe tells at each stage of a database's life what Open would refuse it for.
func TestProbe(t *testing.T) {
	t.Parallel()
	for name, fresh := range blanks() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := fresh(t)
			app := b.url
			if name == "postgres" {
				app = withLogin(b.url, newLogin(t, "NOINHERIT"))
			} else if err := b.owner.PingContext(t.Context()); err != nil {
				t.Fatal(err)
			}
			p := newProbe(t, app, "")
			if err := p.Reach(t.Context()); err != nil {
				t.Error(err)
			}
			_, _, err := p.Migrations(t.Context())
			unready(t, err, "has no schema yet", "calweave migrate up")
			m := migrator(t, b.url)
			step(t, m.Up, 2)
			if name == "postgres" {
				unready(t, p.Login(t.Context()), "may not take on the roles", "calweave migrate up")
				unready(t, newProbe(t, b.url, "").Login(t.Context()), "is a superuser", "CREATE ROLE calweave LOGIN NOINHERIT")
			}
			if err := m.Admit(t.Context(), app); err != nil {
				t.Fatal(err)
			}
			if name == "postgres" {
				unready(t, newProbe(t, app, b.url).Login(t.Context()), "is a superuser", "CREATE ROLE")
				unready(t, newProbe(t, b.url, app).Login(t.Context()), "is a superuser", "CREATE ROLE")
			}
			migrations := func(pending []string, unknown []int64) {
				t.Helper()
				gotPending, gotUnknown, err := p.Migrations(t.Context())
				if err != nil || !slices.Equal(gotPending, pending) || !slices.Equal(gotUnknown, unknown) {
					t.Errorf("%v pending, %v unknown, %v; want %v and %v", gotPending, gotUnknown, err, pending, unknown)
				}
			}
			if err := p.Login(t.Context()); err != nil {
				t.Error(err)
			}
			migrations(nil, nil)
			if _, err := b.owner.ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9001, true)"); err != nil {
				t.Fatal(err)
			}
			migrations(nil, []int64{9001})
			if _, err := b.owner.ExecContext(t.Context(), "DELETE FROM goose_db_version WHERE version_id > 1"); err != nil {
				t.Fatal(err)
			}
			names, err := filepath.Glob("migrations/" + name + "/00002_*.sql")
			if err != nil || len(names) != 1 {
				t.Fatalf("%v, %v", names, err)
			}
			migrations([]string{strings.TrimSuffix(filepath.Base(names[0]), ".sql")}, nil)
		})
	}
}

// A look at a file that is not there makes none, and one at a file that is no database says so.
func TestProbeOfAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "calweave.db")
	_, err := store.NewProbe("sqlite:"+path, "")
	unready(t, err, "there is no file "+path, "calweave migrate up")
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it was made: %v", err)
	}
	if err := os.WriteFile(path, []byte(strings.Repeat("this is no database. ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := newProbe(t, "sqlite:"+path, "").Reach(t.Context()); err == nil {
		t.Error("it is taken for a database")
	}
}
