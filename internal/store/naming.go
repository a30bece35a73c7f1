package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// naming opens connections to PostgreSQL whose transactions name their tenant in the exchange that begins them. A statement of its own would cost each
// transaction one exchange more, and most have five to ten.
type naming struct{ driver.Connector }

func (n naming) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := n.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	inner, ok := conn.(*stdlib.Conn)
	if !ok {
		return nil, errors.Join(errors.New("store: the connection is not the PostgreSQL driver's"), conn.Close())
	}
	return &namingConn{inner}, nil
}

// opening is what a transaction begins with.
type opening struct {
	tenant string
	haste  bool
}

// openingKey is where the context of a transaction keeps its opening.
type openingKey struct{}

type namingConn struct{ *stdlib.Conn }

// BeginTx begins a transaction that names the tenant of the context's opening until its end.
func (c *namingConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	e, ok := ctx.Value(openingKey{}).(opening)
	if !ok {
		return c.Conn.BeginTx(ctx, o)
	}
	conn := c.Conn.Conn()
	if conn.IsClosed() {
		return nil, driver.ErrBadConn
	}
	query, err := e.query(conn, o)
	if err != nil {
		return nil, err
	}
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{BeginQuery: query})
	if err != nil {
		return nil, err
	}
	return namedTx{ctx, tx}, nil
}

// query is the statements that begin a transaction, sent as one.
func (e opening) query(conn *pgx.Conn, o driver.TxOptions) (string, error) {
	tenant, err := conn.PgConn().EscapeString(e.tenant)
	if err != nil {
		return "", err
	}
	query := "begin"
	switch sql.IsolationLevel(o.Isolation) {
	case sql.LevelDefault:
	case sql.LevelRepeatableRead:
		query += " isolation level repeatable read"
	default:
		return "", fmt.Errorf("store: no transaction of ours runs in isolation %d", o.Isolation)
	}
	if o.ReadOnly {
		query += " read only"
	}
	query += "; SET LOCAL calweave.tenant = '" + tenant + "'"
	if e.haste {
		query += "; SET LOCAL lock_timeout = '" + hasteTime + "'"
	}
	return query, nil
}

// namedTx ends as the driver's own transactions do, in the context that it was begun in.
type namedTx struct {
	ctx context.Context //nolint:containedctx // database/sql's transactions have no other
	tx  pgx.Tx
}

func (t namedTx) Commit() error { return t.tx.Commit(t.ctx) }

func (t namedTx) Rollback() error { return t.tx.Rollback(t.ctx) }
