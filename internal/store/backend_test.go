package store_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver that the owner's pool is opened by
	_ "modernc.org/sqlite"             // likewise

	"github.com/calweave/calweave/internal/store"
	"github.com/calweave/calweave/internal/testkit"
)

// backend makes databases of one kind with all migrations applied.
type backend interface {
	name() string
	fresh(t *testing.T) place
}

// place is one database.
type place struct {
	// url is what the application opens it by.
	url string
	// owner may see and change everything in it.
	owner *sql.DB
}

// sqliteBackend copies a file that was migrated once.
type sqliteBackend struct{ template []byte }

func newSQLite(t *testing.T) backend {
	t.Helper()
	path := filepath.Join(t.TempDir(), "template.db")
	migrate(t, "sqlite:"+path)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return sqliteBackend{raw}
}

func (sqliteBackend) name() string { return "sqlite" }

func (b sqliteBackend) fresh(t *testing.T) place {
	t.Helper()
	path := filepath.Join(t.TempDir(), "calweave ?#%.db") // a path may hold what means something in a URL
	if err := os.WriteFile(path, b.template, 0o600); err != nil {
		t.Fatal(err)
	}
	return place{url: "sqlite:" + path, owner: sqliteOwner(t, path)}
}

func sqliteOwner(t *testing.T, path string) *sql.DB {
	t.Helper()
	owner, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?_pragma=busy_timeout(5000)")
	return owned(t, owner, err)
}

func owned(t *testing.T, owner *sql.DB, err error) *sql.DB {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := owner.Close(); err != nil {
			t.Error(err)
		}
	})
	return owner
}

// postgresBackend keeps a few databases that trials use in turn; making one takes longer than most trials. The application logs in as somebody
// of its own, who owns nothing.
type postgresBackend struct {
	// t is the test that all trials belong to.
	t        *testing.T
	template string
	login    *url.Userinfo
	mu       sync.Mutex
	free     []place
}

// loginPassword stands for the secret in a database's URL: no error may show it.
const loginPassword = "canary-database-password"

func newPostgres(t *testing.T) backend {
	t.Helper()
	b := &postgresBackend{t: t, template: testkit.Postgres(t), login: newLogin(t, "NOINHERIT")}
	migrate(t, b.template, withLogin(b.template, b.login))
	return b
}

func (*postgresBackend) name() string { return "postgres" }

func (b *postgresBackend) fresh(t *testing.T) place {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	var p place
	if n := len(b.free); n > 0 {
		p, b.free = b.free[n-1], b.free[:n-1]
	} else {
		owner := testkit.PostgresCopy(b.t, b.template)
		p = place{url: withLogin(owner, b.login), owner: postgresOwner(b.t, owner)}
	}
	t.Cleanup(func() { b.giveBack(t, p) })
	return p
}

// giveBack empties a database for the next trial.
func (b *postgresBackend) giveBack(t *testing.T, p place) {
	t.Helper()
	const empty = `DO $$ DECLARE t text; BEGIN
		PERFORM set_config('session_replication_role', 'replica', true); -- no order among foreign keys
		FOR t IN SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'tenant_id' LOOP
			EXECUTE format('DELETE FROM %I', t);
		END LOOP;
	END $$`
	if _, err := p.owner.ExecContext(context.WithoutCancel(t.Context()), empty); err != nil {
		t.Errorf("empty the database: %v", err)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.free = append(b.free, p)
}

func withLogin(raw string, login *url.Userinfo) string {
	u, err := url.Parse(raw)
	if err != nil {
		return raw
	}
	u.User = login
	return u.String()
}

func postgresOwner(t *testing.T, raw string) *sql.DB {
	t.Helper()
	owner, err := sql.Open("pgx", raw)
	return owned(t, owner, err)
}

// newLogin makes a login with those attributes, which ends with the test.
func newLogin(t *testing.T, attributes string) *url.Userinfo {
	t.Helper()
	name := "login_" + strings.ToLower(rand.Text())
	onServer(t, "CREATE ROLE "+pgx.Identifier{name}.Sanitize()+" LOGIN PASSWORD '"+loginPassword+"' "+attributes)
	t.Cleanup(func() { onServer(t, "DROP ROLE "+pgx.Identifier{name}.Sanitize()) })
	return url.UserPassword(name, loginPassword)
}

// onServer runs a statement as the superuser of the server.
func onServer(t *testing.T, statement string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, os.Getenv(testkit.PostgresVariable))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// migrator opens a database as its owner.
func migrator(t *testing.T, raw string) *store.Migrator {
	t.Helper()
	m, err := store.NewMigrator(raw, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

// migrate applies all migrations, lets logins in, and leaves no connection behind.
func migrate(t *testing.T, raw string, admit ...string) {
	t.Helper()
	m := migrator(t, raw)
	if _, err := m.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, app := range admit {
		if err := m.Admit(t.Context(), app); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
}
