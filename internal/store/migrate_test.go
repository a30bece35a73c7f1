package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/ident"
	"github.com/calweave/calweave/internal/store"
	"github.com/calweave/calweave/internal/testkit"
)

// blank is an empty database.
type blank struct {
	url   string
	owner *sql.DB
	// schema asks for everything that migrations make.
	schema string
}

const sqliteSchema = `SELECT type || ' ' || name || ' ' || COALESCE(sql, '') AS line FROM sqlite_master
	WHERE name NOT LIKE 'sqlite_%' AND tbl_name <> 'goose_db_version'`

const postgresSchema = `
	SELECT format('column %s.%s %s %s %s', table_name, column_name, data_type, is_nullable, collation_name) AS line
	FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'goose_db_version'
	UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'goose_db_version'
	UNION ALL SELECT format('policy %s %s %s %s %s %s', tablename, policyname, roles, cmd, qual, with_check) FROM pg_policies
	UNION ALL SELECT format('security %s', relname) FROM pg_class WHERE relrowsecurity
	UNION ALL SELECT format('grant %s %s %s', grantee, table_name, privilege_type) FROM information_schema.table_privileges WHERE grantee LIKE 'calweave%'
	UNION ALL SELECT format('grant %s %s.%s %s', grantee, table_name, column_name, privilege_type) FROM information_schema.column_privileges
		WHERE grantee LIKE 'calweave%'
	UNION ALL SELECT format('foreign key %s %s', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint WHERE contype = 'f'`

func blanks() map[string]func(*testing.T) blank {
	return map[string]func(*testing.T) blank{
		"sqlite": func(t *testing.T) blank {
			t.Helper()
			path := filepath.Join(t.TempDir(), "blank.db")
			return blank{"sqlite:" + path, sqliteOwner(t, path), sqliteSchema}
		},
		"postgres": func(t *testing.T) blank {
			t.Helper()
			url := testkit.Postgres(t)
			return blank{url, postgresOwner(t, url), postgresSchema}
		},
	}
}

// lines are what the schema consists of.
func (b blank) lines(t *testing.T) []string {
	t.Helper()
	rows, err := b.owner.QueryContext(t.Context(), b.schema)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var lines []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines)
	return lines
}

func TestMigrations(t *testing.T) {
	t.Parallel()
	for name, fresh := range blanks() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := fresh(t)
			m := migrator(t, b.url)
			wantApplied(t, m, 0)
			step(t, m.Up, 2)
			wantApplied(t, m, 2)
			whole := b.lines(t)
			if len(whole) < 30 {
				t.Fatalf("the schema has %d parts: this test proves nothing", len(whole))
			}
			step(t, m.Up, 0)
			down(t, m, false, 1)
			wantApplied(t, m, 1)
			if slices.Equal(whole, b.lines(t)) {
				t.Error("taking a migration back changes nothing")
			}
			step(t, m.Up, 1)
			wantSame(t, "down and up again", whole, b.lines(t))
			down(t, m, true, 2)
			wantApplied(t, m, 0)
			wantSame(t, "all the way down", nil, b.lines(t))
			step(t, m.Up, 2)
			wantSame(t, "all the way down and up", whole, b.lines(t))
		})
	}
}

func step(t *testing.T, up func(context.Context) (int, error), want int) {
	t.Helper()
	if n, err := up(t.Context()); err != nil || n != want {
		t.Fatalf("%d migrations applied, %v, want %d", n, err, want)
	}
}

func down(t *testing.T, m *store.Migrator, all bool, want int) {
	t.Helper()
	if n, err := m.Down(t.Context(), all); err != nil || n != want {
		t.Fatalf("%d migrations taken back, %v, want %d", n, err, want)
	}
}

// wantApplied wants the first n migrations to be applied and the others not.
func wantApplied(t *testing.T, m *store.Migrator, n int) {
	t.Helper()
	all, err := m.Status(t.Context())
	if err != nil || len(all) != 2 {
		t.Fatalf("status %+v, %v", all, err)
	}
	for i, s := range all {
		if s.Version != int64(i+1) || s.Applied != (i < n) || s.Applied == s.AppliedAt.IsZero() || !strings.HasPrefix(s.Name, fmt.Sprintf("0000%d_", i+1)) {
			t.Errorf("migration %d of which %d are applied: %+v", i+1, n, s)
		}
	}
}

func wantSame(t *testing.T, what string, want, got []string) {
	t.Helper()
	for _, d := range differences(want, got) {
		t.Errorf("%s: %s", what, d)
	}
}

// The first connections to a new file of SQLite's get in each other's way for a moment only: they meet often enough in a hundred files.
func TestNewFileOfSeveralProcesses(t *testing.T) {
	t.Parallel()
	for range 100 {
		b := blanks()["sqlite"](t)
		for _, err := range race(3, func(int) error {
			return closed(store.Open(t.Context(), b.url, "", store.Options{}))
		}) {
			if err == nil || !strings.Contains(err.Error(), "no schema yet") {
				t.Fatalf("%v, want that there is no schema yet", err)
			}
		}
	}
}

func closed(s *store.Store, err error) error {
	if err != nil {
		return err
	}
	return s.Close()
}

func TestMigrationsOfTwoProcesses(t *testing.T) {
	t.Parallel()
	for name, fresh := range blanks() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := fresh(t)
			app := b.url
			if name == "postgres" {
				app = withLogin(b.url, newLogin(t, "NOINHERIT"))
			}
			ms := []*store.Migrator{migrator(t, b.url), migrator(t, b.url), migrator(t, b.url)}
			for _, err := range race(len(ms), func(i int) error {
				if _, err := ms[i].Up(t.Context()); err != nil {
					return err
				}
				return ms[i].Admit(t.Context(), app)
			}) {
				if err != nil {
					t.Error(err)
				}
			}
			wantApplied(t, ms[0], 2)
		})
	}
}

// Roles belong to the server and not to a database.
func TestMigrationsOfTwoDatabases(t *testing.T) {
	t.Parallel()
	databases := []string{testkit.Postgres(t), testkit.Postgres(t), testkit.Postgres(t)}
	login := newLogin(t, "NOINHERIT")
	for _, err := range race(len(databases), func(i int) error {
		m := migrator(t, databases[i])
		if _, err := m.Up(t.Context()); err != nil {
			return err
		}
		return m.Admit(t.Context(), withLogin(databases[i], login))
	}) {
		if err != nil {
			t.Error(err)
		}
	}
	down(t, migrator(t, databases[0]), true, 2)
	if _, err := openStore(t, withLogin(databases[1], login), ""); err != nil {
		t.Errorf("taking back the migrations of one database harms another: %v", err)
	}
}

// Roles belong to the server: databases that are migrated at once give one login the same roles, and neither gets in the other's way.
func TestAdmissionsToSeveralDatabases(t *testing.T) {
	t.Parallel()
	database := testkit.Postgres(t)
	ms := []*store.Migrator{migrator(t, database), migrator(t, database), migrator(t, database)}
	step(t, ms[0].Up, 2)
	for range 20 {
		login := newLogin(t, "NOINHERIT")
		for _, err := range race(len(ms), func(i int) error { return ms[i].Admit(t.Context(), withLogin(database, login)) }) {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A server's owner need not be a superuser to migrate.
func TestMigrationsByAnOwner(t *testing.T) {
	t.Parallel()
	database := testkit.Postgres(t)
	owner, app := newLogin(t, "CREATEROLE"), newLogin(t, "NOINHERIT")
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	onServer(t, "ALTER DATABASE "+strings.TrimPrefix(u.Path, "/")+" OWNER TO "+pgx.Identifier{owner.Username()}.Sanitize())
	t.Cleanup(func() {
		onServer(t, "ALTER DATABASE "+strings.TrimPrefix(u.Path, "/")+" OWNER TO postgres")
		execOn(t, database, "REASSIGN OWNED BY "+pgx.Identifier{owner.Username()}.Sanitize()+" TO postgres")
	})
	b := blank{url: withLogin(database, owner), owner: postgresOwner(t, database), schema: postgresSchema}
	m := migrator(t, b.url)
	step(t, m.Up, 2)
	down(t, m, true, 2)
	step(t, m.Up, 2)
	if err := m.Admit(t.Context(), withLogin(database, app)); err != nil {
		t.Fatal(err)
	}
	if _, err := openStore(t, withLogin(database, app), ""); err != nil {
		t.Error(err)
	}
	if _, err := openStore(t, b.url, ""); err == nil || !strings.Contains(err.Error(), "owns the tables") {
		t.Errorf("the owner: %v", err)
	}
}

// openStore opens a store that ends with the test.
func openStore(t *testing.T, raw, sweep string) (*store.Store, error) {
	t.Helper()
	c := clock.NewManual(epoch())
	s, err := store.Open(t.Context(), raw, sweep, store.Options{Sealer: sealer(), Clock: c, IDs: ident.New(c, randomness(t.Name()))})
	if err == nil {
		t.Cleanup(func() { _ = s.Close() })
	}
	return s, err
}
