package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/calweave/calweave/internal/record"
)

// pipelining opens connections to PostgreSQL that send what nobody waits for together with what somebody does. A transaction begins, and names its
// tenant, in the exchange of its first query; statements without an answer (sqlc's :exec) go with the next query or with the commit. An exchange
// costs each side more than most statements do.
//
// What a statement that waits fails with is what the next query or the commit fails with. Until then its locks are not taken, which no other
// transaction can tell from one that began later. The store says of a statement that it surely changes rows, which then waits too, or that it is the
// final one, which the commit goes with.
type pipelining struct {
	driver.Connector
	// exchanges counts how often a connection has waited for an answer; nil counts nothing.
	exchanges *atomic.Int64
}

// Counting returns a connector whose connections count their exchanges with the database.
func (p pipelining) Counting(n *atomic.Int64) driver.Connector { return pipelining{p.Connector, n} }

func (p pipelining) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := p.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	inner, ok := conn.(*stdlib.Conn)
	if !ok {
		return nil, errors.Join(errors.New("store: the connection is not the PostgreSQL driver's"), conn.Close())
	}
	return &pipelinedConn{Conn: inner, exchanges: p.exchanges}, nil
}

// opening is what a transaction begins with.
type opening struct {
	tenant string
	haste  bool
}

// openingKey is where the context of a transaction keeps its opening.
type openingKey struct{}

// surelyKey and finalKey are where the context of a statement keeps what the store knows about it.
type (
	surelyKey struct{}
	finalKey  struct{}
)

// surely is for a statement that changes a row, or else fails its transaction with record.ErrStale: at once, or with the next query or the commit.
// The count of rows that it returns means nothing if it is not 0.
func surely(ctx context.Context) context.Context { return context.WithValue(ctx, surelyKey{}, true) }

// final is for the last query of a transaction that commits whatever the query finds.
func final(ctx context.Context) context.Context { return context.WithValue(ctx, finalKey{}, true) }

// pipelinedConn is used by one goroutine at a time, as database/sql promises.
type pipelinedConn struct {
	*stdlib.Conn
	exchanges *atomic.Int64
	// tx is the transaction under way, if it has an opening.
	tx *pipelinedTx
}

// BeginTx begins a transaction that names the tenant of the context's opening until its end.
func (c *pipelinedConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	e, ok := ctx.Value(openingKey{}).(opening)
	if !ok {
		c.count()
		return c.Conn.BeginTx(ctx, o)
	}
	if c.Conn.Conn().IsClosed() {
		return nil, driver.ErrBadConn
	}
	begin, err := beginning(o)
	if err != nil {
		return nil, err
	}
	const set = `SELECT pg_catalog.set_config($1, $2, true)` // until the end of the transaction
	t := &pipelinedTx{conn: c, ctx: ctx, waiting: []statement{{query: begin}, {query: set, args: []any{"calweave.tenant", e.tenant}}}}
	if e.haste {
		t.waiting = append(t.waiting, statement{query: set, args: []any{"lock_timeout", hasteTime}})
	}
	c.tx = t
	return t, nil
}

// beginning is the statement that begins a transaction.
func beginning(o driver.TxOptions) (string, error) {
	query := "BEGIN"
	switch sql.IsolationLevel(o.Isolation) {
	case sql.LevelDefault:
	case sql.LevelRepeatableRead:
		query += " ISOLATION LEVEL REPEATABLE READ"
	default:
		return "", fmt.Errorf("store: no transaction of ours runs in isolation %d", o.Isolation)
	}
	if o.ReadOnly {
		query += " READ ONLY"
	}
	return query, nil
}

// ExecContext carries a statement out, or lets it wait if nobody wants to know at once what becomes of it.
func (c *pipelinedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	sure := ctx.Value(surelyKey{}) != nil
	switch {
	case c.tx == nil:
	case sure || answerless(query):
		return driver.RowsAffected(1), c.tx.wait(ctx, statement{query: query, args: values(args), sure: sure})
	case c.tx.piped(ctx):
		var n driver.RowsAffected
		err := c.tx.send(ctx, statement{query: query, args: values(args)}, func(r pgx.BatchResults) error {
			tag, err := r.Exec()
			n = driver.RowsAffected(tag.RowsAffected())
			return err
		})
		return n, err
	}
	c.count()
	return c.Conn.ExecContext(ctx, query, args)
}

// QueryContext carries a query out, after what waits.
func (c *pipelinedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if c.tx == nil || !c.tx.piped(ctx) {
		c.count()
		return c.Conn.QueryContext(ctx, query, args)
	}
	out := &readRows{}
	err := c.tx.send(ctx, statement{query: query, args: values(args)}, func(r pgx.BatchResults) error {
		rows, err := r.Query()
		if err != nil {
			return err
		}
		return out.read(rows)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (c *pipelinedConn) count() {
	if c.exchanges != nil {
		c.exchanges.Add(1)
	}
}

// answerless reports whether sqlc has made a statement whose caller only wants to know whether it failed.
func answerless(query string) bool {
	head, _, _ := strings.Cut(query, "\n")
	return strings.HasPrefix(head, "-- name: ") && strings.HasSuffix(head, " :exec")
}

// statement is one that waits, and its arguments.
type statement struct {
	query string
	args  []any
	// sure fails the transaction if the statement changes nothing.
	sure bool
}

// name is how an error names a statement.
func (s statement) name() string {
	head, _, _ := strings.Cut(strings.TrimPrefix(s.query, "-- name: "), " ")
	return head
}

// pipelinedTx is a transaction, of which statements may wait to be sent.
type pipelinedTx struct {
	conn    *pipelinedConn
	ctx     context.Context //nolint:containedctx // database/sql's transactions end without one
	waiting []statement
	// begun is set once the database has heard of the transaction, ended once it has heard of its end, and changed when something waits that is more
	// than its beginning.
	begun, ended, changed bool
}

// errEnded is a defect of the store.
var errEnded = errors.New("store: a statement follows the final one of its transaction")

// piped reports whether a statement has to go with others, or is not allowed any more.
func (t *pipelinedTx) piped(ctx context.Context) bool {
	return len(t.waiting) > 0 || t.ended || ctx.Value(finalKey{}) != nil
}

// mostWaiting is how many statements wait at the most, so that what a transaction of many rows keeps in memory is bounded.
const mostWaiting = 256

// wait keeps a statement until the next exchange.
func (t *pipelinedTx) wait(ctx context.Context, s statement) error {
	if t.ended {
		return errEnded
	}
	t.waiting, t.changed = append(t.waiting, s), true
	if len(t.waiting) < mostWaiting {
		return nil
	}
	return t.exchange(ctx, t.waiting, -1, nil)
}

// send sends what waits and one statement more in one exchange, and the commit too if that is the final one. It reads the answer of the last.
func (t *pipelinedTx) send(ctx context.Context, last statement, read func(pgx.BatchResults) error) error {
	if t.ended {
		return errEnded
	}
	if ctx.Value(finalKey{}) == nil {
		return t.exchange(ctx, append(t.waiting, last), len(t.waiting), read)
	}
	if err := t.settle(ctx); err != nil {
		return err
	}
	t.ended = true
	return t.exchange(ctx, append(t.waiting, last, commit()), len(t.waiting), read)
}

// commit is the statement that ends a transaction.
func commit() statement { return statement{query: "COMMIT"} }

// settle sends what waits unless all of it may go with the commit: a statement that has to change something is heard of first.
func (t *pipelinedTx) settle(ctx context.Context) error {
	if !slices.ContainsFunc(t.waiting, func(s statement) bool { return s.sure }) {
		return nil
	}
	return t.exchange(ctx, t.waiting, -1, nil)
}

// exchange sends statements together. It hears what each was answered, and has one of them read.
func (t *pipelinedTx) exchange(ctx context.Context, all []statement, at int, read func(pgx.BatchResults) error) (err error) {
	t.waiting, t.begun = nil, true
	var b pgx.Batch
	for _, s := range all {
		b.Queue(s.query, s.args...)
	}
	t.conn.count()
	results := t.conn.Conn.Conn().SendBatch(ctx, &b)
	defer func() {
		if closed := results.Close(); err == nil {
			err = closed // otherwise it says the same again
		}
	}()
	for i, s := range all {
		if i == at {
			err = read(results)
		} else {
			err = s.answered(results.Exec())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// answered says what a statement failed with, if it did.
func (s statement) answered(tag pgconn.CommandTag, err error) error {
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", s.name(), err)
	case s.sure && tag.RowsAffected() == 0:
		return record.ErrStale
	case s.query == commit().query && tag.String() == "ROLLBACK":
		return pgx.ErrTxCommitRollback
	}
	return nil
}

// Commit sends what waits and ends the transaction, in one exchange. One that the database has never heard of and that changes nothing just ends.
func (t *pipelinedTx) Commit() error {
	t.conn.tx = nil
	if t.ended || !t.begun && !t.changed {
		return nil
	}
	err := t.settle(t.ctx)
	if err == nil {
		err = t.exchange(t.ctx, append(t.waiting, commit()), -1, nil)
	}
	if err != nil {
		return errors.Join(err, t.end())
	}
	return nil
}

// Rollback ends the transaction, and forgets what waits.
func (t *pipelinedTx) Rollback() error {
	t.conn.tx = nil
	return t.end()
}

// rollbackTime is how long a transaction that has failed may take to end. Its own time may be over.
const rollbackTime = time.Second

// end rolls a transaction back if it is open, or else closes the connection, which rolls it back too.
func (t *pipelinedTx) end() error {
	conn := t.conn.Conn.Conn()
	if conn.IsClosed() || conn.PgConn().TxStatus() == 'I' {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.ctx), rollbackTime)
	defer cancel()
	t.conn.count()
	if _, err := conn.Exec(ctx, "ROLLBACK"); err != nil {
		return errors.Join(err, conn.Close(ctx))
	}
	return nil
}

// readRows are the rows of a query, read already, so that the connection is free.
type readRows struct {
	columns []string
	rows    [][]driver.Value
	next    int
}

func (r *readRows) read(rows pgx.Rows) error {
	defer rows.Close()
	for _, f := range rows.FieldDescriptions() {
		r.columns = append(r.columns, f.Name)
	}
	for rows.Next() {
		all, err := rows.Values()
		if err != nil {
			return err
		}
		row := make([]driver.Value, len(all))
		for i, v := range all {
			if row[i], err = driver.DefaultParameterConverter.ConvertValue(v); err != nil {
				return fmt.Errorf("column %s: %w", r.columns[i], err)
			}
		}
		r.rows = append(r.rows, row)
	}
	return rows.Err()
}

// Columns are the names of the columns.
func (r *readRows) Columns() []string { return r.columns }

// Close does nothing: all has been read.
func (r *readRows) Close() error { return nil }

// Next fills in the next row.
func (r *readRows) Next(to []driver.Value) error {
	if r.next == len(r.rows) {
		return io.EOF
	}
	copy(to, r.rows[r.next])
	r.next++
	return nil
}

// values are the arguments of a statement in their order.
func values(args []driver.NamedValue) []any {
	out := make([]any, len(args))
	for _, a := range args {
		out[a.Ordinal-1] = a.Value
	}
	return out
}
