package bench

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"sync/atomic"
)

// exchanges counts what calweave exchanges with its database: statements, and the beginnings and ends of transactions. Unlike times, their number does
// not depend on the machine.
type exchanges struct{ n atomic.Int64 }

// wrap is app.Outside.WrapSQL.
func (e *exchanges) wrap(c driver.Connector) driver.Connector { return &countedConnector{c, e} }

type countedConnector struct {
	driver.Connector
	exchanges *exchanges
}

func (c *countedConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := conn.(fullConn)
	if !ok {
		return nil, errors.Join(errors.New("the driver's connection lacks a method that is passed on"), conn.Close())
	}
	return &countedConn{full, c.exchanges}, nil
}

// Close closes the connector below if it wants to be closed.
func (c *countedConnector) Close() error {
	if closer, ok := c.Connector.(io.Closer); ok {
		return closer.Close()
	}
	return nil
}

// fullConn is what the driver's connections can do.
type fullConn interface { //nolint:interfacebloat // the methods are database/sql's
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.NamedValueChecker
}

type countedConn struct {
	fullConn
	exchanges *exchanges
}

func (c *countedConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	c.exchanges.n.Add(1)
	tx, err := c.fullConn.BeginTx(ctx, o)
	if err != nil {
		return nil, err
	}
	return countedTx{tx, c.exchanges}, nil
}

func (c *countedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.exchanges.n.Add(1)
	return c.fullConn.ExecContext(ctx, query, args)
}

func (c *countedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.exchanges.n.Add(1)
	return c.fullConn.QueryContext(ctx, query, args)
}

type countedTx struct {
	driver.Tx
	exchanges *exchanges
}

func (t countedTx) Commit() error {
	t.exchanges.n.Add(1)
	return t.Tx.Commit()
}

// taken returns what was counted since it was last called, and forgets it.
func (e *exchanges) taken() int64 { return e.n.Swap(0) }
