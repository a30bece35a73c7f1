package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
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
	// begin begins a transaction that sees the rows of one tenant and no others. In haste, it waits for no lock longer than hasteTime.
	begin(ctx context.Context, pool *sql.DB, e opening, o *sql.TxOptions) (*sql.Tx, error)
	// oneMoment is the isolation in which all statements of a transaction see the database as it was at one moment.
	oneMoment() sql.IsolationLevel
	// gaveUp reports whether the database ended a transaction in favour of another, so that it may simply run again. What a row refers to may have
	// been deleted by the other.
	gaveUp(err error) bool
	// guard fails unless the login that a pool was opened with, by that url or by the store's own, is as weak as it has to be.
	guard(ctx context.Context, url string, pool *sql.DB) error
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
		return nil, errors.New("store: the database URL has to begin with postgres:// or with sqlite: and a path")
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
	const connectTime = 5 * time.Second
	config.ConnectTimeout = connectTime
	limit := 20
	switch use {
	case toRead, toWrite:
		config.RuntimeParams["role"] = appRole
		patience(config)
	case toSweep:
		config.RuntimeParams["role"] = sweepRole
		patience(config)
		limit = 2
	case toMigrate:
		limit = 2
	}
	return pipelining{Connector: stdlib.GetConnector(*config)}, limit, nil
}

// patience bounds how long one process can hold up the others: a process that is frozen in the middle of a transaction loses it, and with it the
// rows that it has locked, and nobody waits for a lock for longer than that. No transaction of ours waits for anything but the database.
func patience(config *pgx.ConnConfig) {
	const most = "10s"
	config.RuntimeParams["idle_in_transaction_session_timeout"] = most
	config.RuntimeParams["lock_timeout"] = most
}

// hasteTime is how long a transaction in haste waits for a lock.
const hasteTime = "100ms"

func (p postgres) begin(ctx context.Context, pool *sql.DB, e opening, o *sql.TxOptions) (*sql.Tx, error) {
	return pool.BeginTx(context.WithValue(ctx, openingKey{}, e), o)
}

func (p postgres) oneMoment() sql.IsolationLevel { return sql.LevelRepeatableRead }

func (p postgres) gaveUp(err error) bool {
	const serializationFailure, deadlockDetected, foreignKeyViolation = "40001", "40P01", "23503"
	var pg *pgconn.PgError
	return errors.As(err, &pg) && slices.Contains([]string{serializationFailure, deadlockDetected, foreignKeyViolation}, pg.Code)
}

func (p postgres) migrations() (goose.Dialect, string) { return goose.DialectPostgres, "postgres" }

// guard fails when the login of raw is a superuser, bypasses row-level security or owns the tables, or may become somebody who does: any of
// these could see every tenant. It fails, too, when the login may not take on the role of the pool.
func (p postgres) guard(ctx context.Context, raw string, pool *sql.DB) error {
	login, strong, err := p.strength(ctx, raw)
	if err != nil {
		return infrastructure(ctx, "check the login", err)
	}
	if strong {
		return &UnreadyError{
			What: fmt.Sprintf("the login %q is a superuser, bypasses row-level security or owns the tables, or may become somebody who does, so "+
				"tenants would not be kept apart", login),
			Mend: "create a login of its own (CREATE ROLE calweave LOGIN NOINHERIT PASSWORD '…') and keep the owner's for CALWEAVE_MIGRATE_DATABASE_URL",
		}
	}
	err = pool.PingContext(ctx)
	if notAdmitted(err) {
		return &UnreadyError{
			What: fmt.Sprintf("the login %q may not take on the roles %s and %s, or they do not exist yet (%v)", login, appRole, sweepRole, err),
			Mend: "run `calweave migrate up`, which makes them and admits the logins that calweave is configured with", Err: err,
		}
	}
	return infrastructure(ctx, "check the login", err)
}

// strength looks at a login before it takes on any role.
func (p postgres) strength(ctx context.Context, raw string) (login string, strong bool, err error) {
	connector, _, err := p.connector(raw, toMigrate)
	if err != nil {
		return "", false, err
	}
	pool := sql.OpenDB(connector)
	defer func() { err = errors.Join(err, pool.Close()) }()
	const query = `SELECT session_user,
		EXISTS (SELECT 1 FROM pg_roles WHERE (rolsuper OR rolbypassrls) AND pg_has_role(session_user, oid, 'MEMBER')) OR
		EXISTS (SELECT 1 FROM pg_class WHERE relname IN ('work', 'tenants') AND relkind = 'r' AND pg_has_role(session_user, relowner, 'MEMBER'))`
	err = pool.QueryRowContext(ctx, query).Scan(&login, &strong)
	return login, strong, err
}

// notAdmitted reports whether a connection failed because it could not take on its role.
func notAdmitted(err error) bool {
	const invalidParameterValue, insufficientPrivilege = "22023", "42501"
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == invalidParameterValue || pg.Code == insufficientPrivilege)
}

type sqliteFile struct{ path string }

func (f sqliteFile) connector(_ string, use purpose) (driver.Connector, int, error) {
	q := url.Values{}
	for _, pragma := range []string{"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"} {
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
	if use == toMigrate { // by scripts, which run once
		return patient{c}, limit, err
	}
	return preparing{patient{c}}, limit, err
}

// patient connects to a SQLite file. The first connection that a file ever has turns it to WAL, for which SQLite needs it alone and does not wait as
// busy_timeout says (https://www.sqlite.org/c3ref/busy_handler.html): whoever comes at that moment has to try again.
type patient struct{ driver.Connector }

func (p patient) Connect(ctx context.Context) (driver.Conn, error) {
	const (
		tries = 100
		pause = 50 * time.Millisecond
	)
	for try := 1; ; try++ {
		conn, err := p.Connector.Connect(ctx)
		if busy := new(sqlite.Error); try == tries || !errors.As(err, &busy) || busy.Code()&0xff != sqlite3.SQLITE_BUSY {
			return conn, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
}

// begin has no rows to hide, and no locks but the writer's, for which it waits in any case.
func (sqliteFile) begin(ctx context.Context, pool *sql.DB, _ opening, o *sql.TxOptions) (*sql.Tx, error) {
	return pool.BeginTx(ctx, o)
}

func (sqliteFile) oneMoment() sql.IsolationLevel { return sql.LevelDefault } // every transaction of SQLite's does

func (sqliteFile) gaveUp(error) bool { return false }

// guard has no login to look at, only a file.
func (f sqliteFile) guard(ctx context.Context, _ string, pool *sql.DB) error {
	if err := pool.PingContext(ctx); err != nil {
		return fmt.Errorf("store: the file %s cannot be opened: %w", f.path, err)
	}
	return nil
}

func (sqliteFile) migrations() (goose.Dialect, string) { return goose.DialectSQLite3, "sqlite" }
