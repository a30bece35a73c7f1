package store_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"

	"modernc.org/sqlite"

	"github.com/calweave/calweave/internal/store"
)

// counting is a connector that counts what its connections prepare and what they parse anew.
type counting struct {
	driver.Connector
	prepared, parsed atomic.Int64
}

func (c *counting) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	return countingConn{conn.(store.SQLiteConn), c}, err //nolint:forcetypeassert // the driver's own
}

type countingConn struct {
	store.SQLiteConn
	count *counting
}

func (c countingConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	c.count.prepared.Add(1)
	return c.SQLiteConn.PrepareContext(ctx, query)
}

func (c countingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.count.parsed.Add(1)
	return c.SQLiteConn.QueryContext(ctx, query, args)
}

// onePrepared is a pool of one connection that keeps its statements, with a table of ten numbers.
func onePrepared(t *testing.T) (*sql.DB, *counting) {
	t.Helper()
	inner, err := sqlite.NewConnector("file:" + filepath.Join(t.TempDir(), "p.db"))
	if err != nil {
		t.Fatal(err)
	}
	c := &counting{Connector: inner}
	pool := sql.OpenDB(store.Preparing(c))
	pool.SetMaxOpenConns(1)
	owned(t, pool, nil)
	run(t, pool, `CREATE TABLE numbers (n INTEGER PRIMARY KEY)`)
	for n := range 10 {
		run(t, pool, `INSERT INTO numbers VALUES ($1)`, n)
	}
	return pool, c
}

func run(t *testing.T, on interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}, query string, args ...any,
) {
	t.Helper()
	if _, err := on.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatal(err)
	}
}

const numbersFrom = `SELECT n FROM numbers WHERE n >= $1 ORDER BY n`

// numbers reads all rows of a query, and calls between while it reads each.
func numbers(t *testing.T, tx *sql.Tx, from int, between func()) (out []int) {
	t.Helper()
	rows, err := tx.QueryContext(t.Context(), numbersFrom, from)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // looked at below
	for rows.Next() {
		var n int
		if err := rows.Scan(&n); err != nil {
			t.Fatal(err)
		}
		out = append(out, n)
		between()
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func begun(t *testing.T, pool *sql.DB) *sql.Tx {
	t.Helper()
	tx, err := pool.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback() })
	return tx
}

func TestStatementsArePreparedOnce(t *testing.T) {
	t.Parallel()
	pool, c := onePrepared(t)
	before := c.prepared.Load()
	for from := range 10 {
		tx := begun(t, pool)
		if got := numbers(t, tx, from, func() {}); len(got) != 10-from || got[0] != from {
			t.Errorf("from %d: %v", from, got)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	if n := c.prepared.Load() - before; n != 1 || c.parsed.Load() != 0 {
		t.Errorf("prepared %d times, parsed %d times", n, c.parsed.Load())
	}
}

// A statement whose rows are being read is not run again underneath: the same query meanwhile has rows of its own.
func TestAStatementIsReadByOne(t *testing.T) {
	t.Parallel()
	pool, _ := onePrepared(t)
	tx := begun(t, pool)
	inner := 0
	outer := numbers(t, tx, 0, func() { inner += len(numbers(t, tx, 5, func() {})) })
	if fmt.Sprint(outer) != "[0 1 2 3 4 5 6 7 8 9]" || inner != 50 {
		t.Errorf("outer %v, inner %d", outer, inner)
	}
}

// A statement that failed, was left in the middle, or whose table has changed since is run again as if it were new.
func TestStatementsComeBack(t *testing.T) {
	t.Parallel()
	pool, c := onePrepared(t)
	const insert = `INSERT INTO numbers VALUES ($1)`
	if _, err := pool.ExecContext(t.Context(), insert, 3); err == nil {
		t.Fatal("a number stands there twice")
	}
	run(t, pool, insert, 10)
	tx := begun(t, pool)
	var first int
	if err := tx.QueryRowContext(t.Context(), numbersFrom, 0).Scan(&first); err != nil { // of eleven
		t.Fatal(err)
	}
	if got := numbers(t, tx, 8, func() {}); len(got) != 3 {
		t.Errorf("after it was left in the middle: %v", got)
	}
	run(t, tx, `DROP TABLE numbers`)
	run(t, tx, `CREATE TABLE numbers (x TEXT, n INTEGER)`)
	run(t, tx, `INSERT INTO numbers VALUES ('a', 7)`)
	if got := numbers(t, tx, 0, func() {}); fmt.Sprint(got) != "[7]" {
		t.Errorf("of another table: %v", got)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := tx.QueryRowContext(ended, numbersFrom, 0).Scan(&first); err == nil {
		t.Error("a statement runs although nobody waits")
	}
	if got := numbers(t, tx, 0, func() {}); len(got) != 1 || c.parsed.Load() != 0 {
		t.Errorf("after nobody waited: %v, parsed %d times", got, c.parsed.Load())
	}
}

// What is beyond what a connection keeps is parsed each time, and answered all the same.
func TestTooManyStatements(t *testing.T) {
	t.Parallel()
	pool, c := onePrepared(t)
	for i := range 3 * store.MostPrepared {
		var n int
		if err := pool.QueryRowContext(t.Context(), fmt.Sprintf(`SELECT %d + COUNT(*) FROM numbers`, i)).Scan(&n); err != nil || n != i+10 {
			t.Fatalf("%d: %d %v", i, n, err)
		}
	}
	if n := c.prepared.Load(); n != store.MostPrepared {
		t.Errorf("%d statements are kept", n)
	}
}
