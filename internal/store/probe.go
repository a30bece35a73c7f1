package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/calweave/calweave/internal/clock"
)

// Probe looks at a database that need not be ready: what Open refuses as a whole, it tells one by one. It changes nothing.
type Probe struct {
	store    *Store
	plain    *sql.DB // as the login itself, before it takes on any role
	sweepURL string
}

// NewProbe prepares a look at the database that Open would open. A file of SQLite's has to be there: opening it would make one.
func NewProbe(url, sweepURL string) (*Probe, error) {
	d, err := parse(url)
	if err != nil {
		return nil, err
	}
	if f, ok := d.(sqliteFile); ok {
		if _, err := os.Stat(f.path); errors.Is(err, os.ErrNotExist) {
			return nil, &UnreadyError{What: "there is no file " + f.path, Mend: "run `calweave migrate up`, which makes it", Err: err}
		}
	}
	connector, _, err := d.connector("", toMigrate)
	if err != nil {
		return nil, err
	}
	p := &Probe{store: &Store{dialect: d}, plain: sql.OpenDB(connector), sweepURL: sweepURL}
	if err := p.store.connect(sweepURL, nil); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// Close closes all connections.
func (p *Probe) Close() error { return errors.Join(p.plain.Close(), p.store.Close()) }

// Reach asks one question. On SQLite it takes the writer's lock for it, which a file that may only be read does not give.
func (p *Probe) Reach(ctx context.Context) (err error) {
	conn, err := p.plain.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Rollback()) }()
	var one int
	return conn.QueryRowContext(ctx, "SELECT 1").Scan(&one)
}

// Login fails with what Open would say about the logins.
func (p *Probe) Login(ctx context.Context) error {
	if err := p.store.dialect.guard(ctx, "", p.store.write); err != nil {
		return err
	}
	return p.store.dialect.guard(ctx, p.sweepURL, p.store.sweep)
}

// Keys fails with what Open would say about the keys that values are sealed with. All migrations have to be applied.
func (p *Probe) Keys(ctx context.Context, sealer Sealer, now clock.Clock) error {
	p.store.seal, p.store.clock, p.store.patience = sealer, now, defaultPatience
	_, err := p.store.examineKeyset(ctx)
	return err
}

// Migrations returns which of this build's migrations are pending, and which versions were applied that this build does not know.
func (p *Probe) Migrations(ctx context.Context) (pending []string, unknown []int64, err error) {
	names, err := embedded(p.store.dialect)
	if err != nil {
		return nil, nil, err
	}
	applied, err := p.applied(ctx)
	if err != nil {
		return nil, nil, noSchema(err)
	}
	for _, name := range names {
		number, _, _ := strings.Cut(name, "_")
		version, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return nil, nil, fmt.Errorf("store: migration %s has no number", name)
		}
		i := slices.Index(applied, version)
		if i < 0 {
			pending = append(pending, strings.TrimSuffix(name, ".sql"))
			continue
		}
		applied = slices.Delete(applied, i, i+1)
	}
	return pending, applied, nil
}

// applied lists the versions that the database is told to have. goose writes a version 0 of its own.
func (p *Probe) applied(ctx context.Context) (versions []int64, err error) {
	rows, err := p.store.read.QueryContext(ctx, "SELECT DISTINCT version_id FROM goose_db_version WHERE is_applied AND version_id > 0 ORDER BY version_id")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var v int64
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		versions = append(versions, v)
	}
	return versions, rows.Err()
}
