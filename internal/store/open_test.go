package store_test

import (
	"context"
	"log/slog"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/store"
	"github.com/calweave/calweave/internal/testkit"
)

// execOn runs a statement on a database as the superuser.
func execOn(t *testing.T, database, statement string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, database)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func TestOpenNamesTheFileThatItCannotOpen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "missing", "calweave.db")
	refuses(t, "sqlite:"+path, "", path, "cannot be opened")
}

func TestOpenWantsMigrations(t *testing.T) {
	t.Parallel()
	for name, fresh := range blanks() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := fresh(t)
			app := b.url
			if name == "postgres" {
				app = withLogin(b.url, newLogin(t, "NOINHERIT"))
			}
			m := migrator(t, b.url)
			refuses(t, app, "", "calweave migrate up")
			step(t, m.Up, 2)
			if err := m.Admit(t.Context(), app); err != nil {
				t.Fatal(err)
			}
			if _, err := openStore(t, app, ""); err != nil {
				t.Error(err)
			}
			down(t, m, false, 1)
			refuses(t, app, "", "calweave migrate up")
			down(t, m, true, 1)
			refuses(t, app, "", "calweave migrate up")
			down(t, m, false, 0)
			down(t, m, true, 0)
			step(t, m.Up, 2)
			if _, err := openStore(t, app, ""); err != nil {
				t.Error(err)
			}
		})
	}
}

// refuses wants a store not to open, and to say why without a secret.
func refuses(t *testing.T, raw, sweep string, words ...string) {
	t.Helper()
	_, err := openStore(t, raw, sweep)
	if err == nil {
		t.Errorf("opens")
		return
	}
	if leaks([]byte(err.Error())) != "" {
		t.Errorf("shows a secret: %v", err)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%v: says nothing of %q", err, w)
		}
	}
}

// A login that could see around row-level security would keep nobody apart.
func TestOpenWantsAWeakLogin(t *testing.T) {
	t.Parallel()
	database := testkit.Postgres(t)
	group, plain := newLogin(t, "BYPASSRLS"), newLogin(t, "NOINHERIT")
	logins := map[string]*url.Userinfo{
		"superuser": newLogin(t, "SUPERUSER"), "bypasses": newLogin(t, "BYPASSRLS"), "member of one who bypasses": newLogin(t, "NOINHERIT"),
		"member of the owner": newLogin(t, "NOINHERIT"), "owner": newLogin(t, "NOINHERIT"),
	}
	m := migrator(t, database)
	step(t, m.Up, 2)
	for _, login := range append([]*url.Userinfo{plain}, logins["bypasses"], logins["member of one who bypasses"], logins["member of the owner"], logins["owner"]) {
		if err := m.Admit(t.Context(), withLogin(database, login)); err != nil {
			t.Fatal(err)
		}
	}
	name := func(login *url.Userinfo) string { return pgx.Identifier{login.Username()}.Sanitize() }
	onServer(t, "GRANT "+name(group)+" TO "+name(logins["member of one who bypasses"]))
	onServer(t, "GRANT "+name(logins["owner"])+" TO "+name(logins["member of the owner"]))
	execOn(t, database, "ALTER TABLE work OWNER TO "+name(logins["owner"]))
	t.Cleanup(func() { execOn(t, database, "ALTER TABLE work OWNER TO postgres") })
	for who, login := range logins {
		t.Log(who)
		refuses(t, withLogin(database, login), "", "row-level security", login.Username())
		refuses(t, withLogin(database, plain), withLogin(database, login), "row-level security", login.Username())
	}
	if _, err := openStore(t, withLogin(database, plain), withLogin(database, plain)); err != nil {
		t.Errorf("a plain login: %v", err)
	}
	refuses(t, database, "", "row-level security")
}

func TestOpenWantsALoginThatWasAdmitted(t *testing.T) {
	t.Parallel()
	database := testkit.Postgres(t)
	m := migrator(t, database)
	step(t, m.Up, 2)
	stranger, guest := newLogin(t, "NOINHERIT"), newLogin(t, "NOINHERIT")
	refuses(t, withLogin(database, stranger), "", "calweave_app", "calweave migrate up")
	if err := m.Admit(t.Context(), withLogin(database, guest)); err != nil {
		t.Fatal(err)
	}
	refuses(t, withLogin(database, guest), withLogin(database, stranger), "calweave_sweep", "calweave migrate up")
	if err := m.Admit(t.Context(), database); err != nil {
		t.Errorf("admitting the owner: %v", err)
	}
	unknown := withLogin(database, url.UserPassword("nobody_of_that_name", loginPassword))
	if err := m.Admit(t.Context(), unknown); err == nil || leaks([]byte(err.Error())) != "" {
		t.Errorf("admitting a login that does not exist: %v", err)
	}
}

func TestOpenRefusesURLs(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		"", "mysql://user:canary@host/db", "/path/to/file", "postgres://user:canary@host:notaport/db", "postgres://user:canary@%zz/db",
		"sqlite:" + filepath.Join(t.TempDir(), "no", "such", "folder", "x.db"),
	} {
		refuses(t, raw, "")
		m, err := store.NewMigrator(raw, slog.New(slog.DiscardHandler))
		if err == nil {
			_, err = m.Up(t.Context())
			_ = m.Close()
		}
		if err == nil || leaks([]byte(err.Error())) != "" {
			t.Errorf("migrating %q: %v", raw, err)
		}
	}
	database := testkit.Postgres(t)
	refuses(t, withLogin(database, newLogin(t, "NOINHERIT")), "postgres://user:canary@host:notaport/db", "cannot be parsed")
	away, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	away.User, away.Host = url.UserPassword("user", "canary"), "127.0.0.1:1"
	if _, err := openStore(t, away.String(), ""); !fault.Is(err, fault.Transient) || leaks([]byte(err.Error())) != "" {
		t.Errorf("a server that is away: %v", err)
	}
}
