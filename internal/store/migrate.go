package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations
var migrationFiles embed.FS

// Migrator applies and takes back migrations. It needs the login that owns the tables.
type Migrator struct {
	provider *goose.Provider
	pool     *sql.DB
	dialect  dialect
}

// Migration is one step of the schema and whether it is applied.
type Migration struct {
	Version   int64
	Name      string
	Applied   bool
	AppliedAt time.Time
}

// NewMigrator opens url for migrations. Several processes may migrate at once: they take turns.
func NewMigrator(rawURL string, logger *slog.Logger) (*Migrator, error) {
	d, err := parse(rawURL)
	if err != nil {
		return nil, err
	}
	c, _, err := d.connector("", toMigrate)
	if err != nil {
		return nil, err
	}
	pool := sql.OpenDB(c)
	p, err := migrations(d, pool, logger)
	if err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return &Migrator{provider: p, pool: pool, dialect: d}, nil
}

func migrations(d dialect, pool *sql.DB, logger *slog.Logger) (*goose.Provider, error) {
	name, own := d.migrations()
	files, err := overlay(own)
	if err != nil {
		return nil, err
	}
	options := []goose.ProviderOption{goose.WithSlog(logger), goose.WithDisableGlobalRegistry(true)}
	if name == goose.DialectPostgres {
		turns, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 600), lock.WithUnlockTimeout(1, 60)) // in seconds: period, tries
		if err != nil {
			return nil, err
		}
		options = append(options, goose.WithSessionLocker(turns))
	}
	return goose.NewProvider(name, pool, files, options...)
}

// Close closes the connections.
func (m *Migrator) Close() error { return errors.Join(m.provider.Close(), m.pool.Close()) }

// Up applies what is missing and returns how many migrations that were.
func (m *Migrator) Up(ctx context.Context) (int, error) {
	applied := 0
	for {
		before, err := m.provider.GetDBVersion(ctx)
		if err != nil {
			return applied, fmt.Errorf("store: migrate up: %w", err)
		}
		done, err := m.provider.Up(ctx)
		applied += len(done)
		if err == nil {
			return applied, nil
		}
		// SQLite has no lock for the whole of it: another process may have applied a migration that this one was about to. Then there is one
		// less to go.
		if after, again := m.provider.GetDBVersion(ctx); again != nil || after <= before {
			return applied, fmt.Errorf("store: migrate up: %w", err)
		}
	}
}

// Down takes back the newest migration, or all of them.
func (m *Migrator) Down(ctx context.Context, all bool) (int, error) {
	if all {
		done, err := m.provider.DownTo(ctx, 0)
		if err != nil {
			return 0, fmt.Errorf("store: migrate down: %w", err)
		}
		return len(done), nil
	}
	_, err := m.provider.Down(ctx)
	if errors.Is(err, goose.ErrNoNextVersion) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("store: migrate down: %w", err)
	}
	return 1, nil
}

// Status lists all migrations.
func (m *Migrator) Status(ctx context.Context) ([]Migration, error) {
	all, err := m.provider.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("store: migration status: %w", err)
	}
	out := make([]Migration, 0, len(all))
	for _, s := range all {
		out = append(out, Migration{
			Version: s.Source.Version, Name: s.Source.Path, Applied: s.State == goose.StateApplied, AppliedAt: s.AppliedAt.UTC(),
		})
	}
	return out, nil
}

// Admit lets the login of appURL take on the roles that the application and its sweep run under. It does nothing on SQLite, and nothing when
// appURL logs in as the owner: Open refuses that one.
func (m *Migrator) Admit(ctx context.Context, appURL string) error {
	if name, _ := m.dialect.migrations(); name != goose.DialectPostgres {
		return nil
	}
	config, err := pgx.ParseConfig(appURL)
	if err != nil {
		return errors.New("store: the PostgreSQL URL of the application cannot be parsed")
	}
	var owner string
	if err := m.pool.QueryRowContext(ctx, "SELECT current_user").Scan(&owner); err != nil {
		return fmt.Errorf("store: admit: %w", err)
	}
	if config.User == owner {
		return nil
	}
	login := pgx.Identifier{config.User}.Sanitize()
	const tries = 5
	for try := 1; ; try++ {
		_, err := m.pool.ExecContext(ctx, "GRANT "+appRole+", "+sweepRole+" TO "+login)
		switch {
		case err == nil:
			return nil
		case try == tries || !grantedMeanwhile(err):
			return fmt.Errorf("store: let %s take on %s and %s: %w", login, appRole, sweepRole, err)
		}
	}
}

// grantedMeanwhile reports whether somebody who migrates another database of the server has given the same login the same role at the same moment.
// Roles belong to the server, and GRANT does not wait: the second one meets the first one's row
// (https://www.postgresql.org/docs/current/catalog-pg-auth-members.html).
func grantedMeanwhile(err error) bool {
	const uniqueViolation, internalError = "23505", "XX000" // the latter is "tuple concurrently updated"
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == uniqueViolation || pg.Code == internalError)
}

// overlay merges the shared migrations with those of one dialect into one sequence.
func overlay(dialect string) (fs.FS, error) {
	merged := mergedFS{}
	for _, dir := range []string{"migrations/shared", "migrations/" + dialect} {
		sub, err := fs.Sub(migrationFiles, dir)
		if err != nil {
			return nil, err
		}
		merged = append(merged, sub)
	}
	return merged, nil
}

// mergedFS shows the files of several flat folders as one.
type mergedFS []fs.FS

// Open opens the file in the first folder that has it.
func (m mergedFS) Open(name string) (fs.File, error) {
	for _, f := range m {
		if file, err := f.Open(name); err == nil {
			return file, nil
		}
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// Glob finds files in all folders.
func (m mergedFS) Glob(pattern string) ([]string, error) {
	var all []string
	for _, f := range m {
		names, err := fs.Glob(f, pattern)
		if err != nil {
			return nil, err
		}
		all = append(all, names...)
	}
	return all, nil
}

// check refuses a database that is not ready for this build.
func (s *Store) check(ctx context.Context, sweepURL string) error {
	if err := s.dialect.guard(ctx, "", s.write); err != nil {
		return err
	}
	if err := s.dialect.guard(ctx, sweepURL, s.sweep); err != nil {
		return err
	}
	var version int64
	err := s.read.QueryRowContext(ctx, "SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version WHERE is_applied").Scan(&version)
	if err != nil {
		return noSchema(err)
	}
	names, err := embedded(s.dialect)
	if err != nil {
		return err
	}
	if want := int64(len(names)); version < want {
		return &UnreadyError{What: fmt.Sprintf("the database is at migration %d and this build needs %d", version, want), Mend: migrateUp}
	}
	return nil
}

const migrateUp = "run `calweave migrate up`"

func noSchema(err error) error {
	return &UnreadyError{What: fmt.Sprintf("the database has no schema yet, or this login may not see it (%v)", err), Mend: migrateUp, Err: err}
}

// UnreadyError says why a database cannot be worked with yet, and what to do about it.
type UnreadyError struct {
	What, Mend string
	// Err is the database's own word, if it said one.
	Err error
}

// Error gives both.
func (e *UnreadyError) Error() string { return "store: " + e.What + ": " + e.Mend }

// Unwrap returns Err.
func (e *UnreadyError) Unwrap() error { return e.Err }

// embedded names the migrations of this build, in their order.
func embedded(d dialect) ([]string, error) {
	_, own := d.migrations()
	files, err := overlay(own)
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(files, "*.sql")
	slices.Sort(names)
	return names, err
}
