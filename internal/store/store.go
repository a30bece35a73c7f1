package store

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/ident"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store/db"
)

// Sealer encrypts single values so that each opens at its own place only.
type Sealer interface {
	Seal(tenant cal.TenantID, table, column, row string, plaintext []byte) ([]byte, error)
	Open(tenant cal.TenantID, table, column, row string, sealed []byte) ([]byte, error)
	// Keys are the keys that open, the one that seals first.
	Keys() []record.SealKeyID
}

// Options are what a store is made of besides its database.
type Options struct {
	Sealer Sealer
	Clock  clock.Clock
	IDs    *ident.Source
	// Committed is given the rows that a commit has marked and that are due now. It must not block; it may drop them.
	Committed func([]task.Hint)
	// Patience is how long one transaction may take, the wait for a connection included; 0 means defaultPatience. Those that move many rows at
	// once may take longWork times as long.
	Patience time.Duration
	// Wrap replaces a database connector, for tests that count or break statements.
	Wrap func(driver.Connector) driver.Connector
}

const (
	defaultPatience = 10 * time.Second
	longWork        = 6
)

// Store keeps the state of all tenants. It is safe for concurrent use.
type Store struct {
	dialect dialect
	write   *sql.DB
	read    *sql.DB
	sweep   *sql.DB
	seal    Sealer
	clock   clock.Clock
	ids     *ident.Source
	notify  func([]task.Hint)
	keys    keyring
	// patience bounds every exchange with the database: one that has vanished answers nobody.
	patience time.Duration
}

// Open opens the database at url ("postgres://…" or "sqlite:path"). On PostgreSQL sweepURL may name another login for the sweep; empty means
// url. It refuses a database whose migrations are not all applied, a login that could see around row-level security, and a Sealer that lacks a key
// which values are sealed with.
func Open(ctx context.Context, url, sweepURL string, o Options) (*Store, error) {
	d, err := parse(url)
	if err != nil {
		return nil, err
	}
	if o.Committed == nil {
		o.Committed = func([]task.Hint) {}
	}
	s := &Store{
		dialect: d, seal: o.Sealer, clock: o.Clock, ids: o.IDs, notify: o.Committed, patience: cmp.Or(o.Patience, defaultPatience),
	}
	err = s.connect(sweepURL, o.Wrap)
	if err == nil {
		err = s.check(ctx, sweepURL)
	}
	if err == nil {
		err = s.admitKeys(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Store) connect(sweepURL string, wrap func(driver.Connector) driver.Connector) error {
	open := func(url string, use purpose) (*sql.DB, error) {
		c, limit, err := s.dialect.connector(url, use)
		if err != nil {
			return nil, err
		}
		if wrap != nil {
			c = wrap(c)
		}
		pool := sql.OpenDB(c)
		pool.SetMaxOpenConns(limit)
		pool.SetMaxIdleConns(limit)
		return pool, nil
	}
	var err error
	if s.write, err = open("", toWrite); err != nil {
		return err
	}
	if s.read, err = open("", toRead); err != nil {
		return err
	}
	s.sweep, err = open(sweepURL, toSweep)
	return err
}

// Close closes all connections.
func (s *Store) Close() error {
	var errs []error
	for _, pool := range []*sql.DB{s.write, s.read, s.sweep} {
		if pool != nil {
			errs = append(errs, pool.Close())
		}
	}
	return errors.Join(errs...)
}

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	return infrastructure(ctx, "ping", s.write.PingContext(bounded))
}

// tx is a transaction of one tenant.
type tx struct {
	*db.Queries
	*Store
	// conn is what the queries run on, for those few that are made of the list of sealed columns.
	conn   db.DBTX
	tenant string
	// now is when the transaction began, in unix microseconds.
	now   int64
	marks []mark
	// again are rows that are due once more although nothing marked them here.
	again       []task.Hint
	traceparent string
	// haste gives up rather than wait for a lock.
	haste bool
}

func (t *tx) tenantID() cal.TenantID { return cal.TenantID(t.tenant) }

// update runs fn in a transaction that may write, and commits unless fn fails. It runs fn again when the database gave the transaction up
// for another one.
func (s *Store) update(ctx context.Context, tenant cal.TenantID, op string, fn func(context.Context, *tx) error) error {
	return s.updateWithin(ctx, s.patience, tx{tenant: string(tenant)}, op, fn)
}

// updateMany is update for transactions that move many rows.
func (s *Store) updateMany(ctx context.Context, tenant cal.TenantID, op string, fn func(context.Context, *tx) error) error {
	return s.updateWithin(ctx, longWork*s.patience, tx{tenant: string(tenant)}, op, fn)
}

// updateInHaste is update for transactions that had better fail than wait for a lock.
func (s *Store) updateInHaste(ctx context.Context, tenant cal.TenantID, op string, fn func(context.Context, *tx) error) error {
	return s.updateWithin(ctx, s.patience, tx{tenant: string(tenant), haste: true}, op, fn)
}

// updateWithin runs transactions that begin as fresh says.
func (s *Store) updateWithin(ctx context.Context, patience time.Duration, fresh tx, op string, fn func(context.Context, *tx) error) error {
	const tries = 4
	for try := 1; ; try++ {
		t := &tx{Store: s, tenant: fresh.tenant, haste: fresh.haste, now: s.clock.Now().UnixMicro()}
		err := s.run(ctx, s.write, patience, t, nil, func(ctx context.Context) error {
			if err := fn(ctx, t); err != nil {
				return err
			}
			if err := t.flushMarks(ctx); err != nil {
				return err
			}
			return t.carryOut(ctx)
		})
		if err == nil {
			t.hint()
			return nil
		}
		if try == tries || !s.dialect.gaveUp(err) {
			return infrastructure(ctx, op, err)
		}
	}
}

// view runs fn in a transaction that only reads, and that sees the database as it was at one moment.
func (s *Store) view(ctx context.Context, tenant cal.TenantID, op string, fn func(context.Context, *tx) error) error {
	t := &tx{Store: s, tenant: string(tenant), now: s.clock.Now().UnixMicro()}
	o := &sql.TxOptions{ReadOnly: true, Isolation: s.dialect.oneMoment()}
	return infrastructure(ctx, op, s.run(ctx, s.read, s.patience, t, o, func(ctx context.Context) error { return fn(ctx, t) }))
}

func (s *Store) run(ctx context.Context, pool *sql.DB, patience time.Duration, t *tx, o *sql.TxOptions, fn func(context.Context) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := s.dialect.begin(ctx, pool, opening{t.tenant, t.haste}, o)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = conn.Rollback() // the connection may be gone, which rolls back too
		}
	}()
	t.Queries, t.conn = db.New(conn), conn
	if err := fn(ctx); err != nil {
		return err
	}
	return conn.Commit()
}

// infrastructure marks what is wrong with the database, and not with what was asked of it, as something that may pass.
func infrastructure(ctx context.Context, op string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, record.ErrNotFound), errors.Is(err, record.ErrStale), errors.Is(err, record.ErrTaken), errors.Is(err, record.ErrLimit):
		return fmt.Errorf("store: %s: %w", op, err)
	}
	if _, ok := fault.As(err); ok {
		return fmt.Errorf("store: %s: %w", op, err)
	}
	if errors.Is(err, context.Canceled) || errors.Is(ctx.Err(), context.Canceled) {
		return fault.New(fault.Canceled, "store: "+op, err)
	}
	return fault.New(fault.Transient, "store: "+op, err)
}

// found turns "no rows" into record.ErrNotFound.
func found(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return record.ErrNotFound
	}
	return err
}

// changed fails with record.ErrStale unless a conditional write has met its row.
func changed(n int64, err error) error {
	if err == nil && n == 0 {
		return record.ErrStale
	}
	return err
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func instant(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}
