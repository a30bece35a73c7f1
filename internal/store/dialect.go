package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"

	"github.com/calweave/calweave/internal/store/db"
)

// purpose says what a pool of connections is for.
type purpose int

const (
	toRead purpose = iota
	toWrite
	toSweep
	toMigrate
)

// dialect is what differs between the two databases.
type dialect interface {
	// connector opens connections of a kind to url, or to the store's own when url is empty, and says how many there may be.
	connector(url string, use purpose) (driver.Connector, int, error)
	// enter shows a transaction the rows of one tenant and no others.
	enter(ctx context.Context, conn *sql.Tx, tenant string) error
	// statements is what queries run on.
	statements(conn *sql.Tx) db.DBTX
	// gaveUp reports whether the database ended a transaction in favour of another, so that it may simply run again.
	gaveUp(err error) bool
	// guard fails unless the logins are as weak as they have to be.
	guard(ctx context.Context, pool *sql.DB) error
	// migrations is goose's name of the dialect and the folder of its own migrations.
	migrations() (goose.Dialect, string)
}

func parse(raw string) (dialect, error) {
	switch {
	case strings.HasPrefix(raw, "postgres://"), strings.HasPrefix(raw, "postgresql://"):
		return postgres{url: raw}, nil
	case strings.HasPrefix(raw, "sqlite:"):
		return sqliteFile{path: strings.TrimPrefix(raw, "sqlite:")}, nil
	default:
		return nil, errors.New("store: the database URL must begin with postgres:// or sqlite:")
	}
}

// The roles that the migrations create. A login is a member of both; each connection takes on the one that it is for.
const (
	appRole   = "calweave_app"
	sweepRole = "calweave_sweep"
)

type postgres struct{ url string }

func (p postgres) connector(raw string, use purpose) (driver.Connector, int, error) {
	if raw == "" {
		raw = p.url
	}
	config, err := pgx.ParseConfig(raw)
	if err != nil {
		return nil, 0, errors.New("store: the PostgreSQL URL cannot be parsed") // pgx's own words quote the URL, password and all
	}
	limit := 20
	switch use {
	case toRead, toWrite:
		config.RuntimeParams["role"] = appRole
	case toSweep:
		config.RuntimeParams["role"] = sweepRole
		limit = 2
	case toMigrate:
		limit = 2
	}
	return stdlib.GetConnector(*config), limit, nil
}

func (p postgres) enter(ctx context.Context, conn *sql.Tx, tenant string) error {
	_, err := conn.ExecContext(ctx, "SELECT set_config('calweave.tenant', $1, true)", tenant)
	return err
}

func (p postgres) statements(conn *sql.Tx) db.DBTX { return conn }

func (p postgres) gaveUp(err error) bool {
	const serializationFailure, deadlockDetected = "40001", "40P01"
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == serializationFailure || pg.Code == deadlockDetected)
}

func (p postgres) migrations() (goose.Dialect, string) { return goose.DialectPostgres, "postgres" }

// guard fails when the login owns the tables, is a superuser, or bypasses row-level security: any of these would see every tenant.
func (p postgres) guard(ctx context.Context, pool *sql.DB) error {
	var login string
	var strong, owner bool
	err := pool.QueryRowContext(ctx, `SELECT session_user, rolsuper OR rolbypassrls,
		EXISTS (SELECT 1 FROM pg_class WHERE relname IN ('work', 'tenants') AND relkind = 'r' AND pg_has_role(session_user, relowner, 'MEMBER'))
		FROM pg_roles WHERE rolname = session_user`).Scan(&login, &strong, &owner)
	if err != nil {
		return infrastructure("check the login", err)
	}
	if strong || owner {
		return fmt.Errorf("store: the login %q is a superuser, bypasses row-level security or owns the tables, so tenants would not be kept apart: "+
			"create a login of its own (CREATE ROLE calweave LOGIN NOINHERIT PASSWORD '…') and keep the owner's for CALWEAVE_MIGRATE_DATABASE_URL", login)
	}
	return nil
}

type sqliteFile struct{ path string }

func (f sqliteFile) connector(_ string, use purpose) (driver.Connector, int, error) {
	q := url.Values{}
	for _, pragma := range []string{"journal_mode(WAL)", "busy_timeout(5000)", "synchronous(FULL)", "foreign_keys(1)"} {
		q.Add("_pragma", pragma)
	}
	limit := 1 // SQLite has one writer; a second connection would only wait in a loop
	switch use {
	case toRead, toSweep:
		q.Add("_pragma", "query_only(1)")
		limit = 4
	case toWrite, toMigrate:
		q.Set("_txlock", "immediate")
	}
	c, err := sqlite.NewConnector("file:" + (&url.URL{Path: f.path}).EscapedPath() + "?" + q.Encode())
	return c, limit, err
}

func (sqliteFile) enter(context.Context, *sql.Tx, string) error { return nil }

func (sqliteFile) statements(conn *sql.Tx) db.DBTX { return conn }

func (sqliteFile) gaveUp(error) bool { return false }

func (sqliteFile) guard(context.Context, *sql.DB) error { return nil }

func (sqliteFile) migrations() (goose.Dialect, string) { return goose.DialectSQLite3, "sqlite" }
