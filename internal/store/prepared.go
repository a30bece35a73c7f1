package store

import (
	"context"
	"database/sql/driver"
	"errors"
)

// preparing is a connector to SQLite whose connections keep their statements prepared: its parser takes longer than most of our statements run.
type preparing struct{ driver.Connector }

func (p preparing) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := p.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	inner, ok := conn.(sqliteConn)
	if !ok {
		return nil, errors.Join(errors.New("store: the SQLite driver lacks what statements are prepared by"), conn.Close())
	}
	return &preparedConn{sqliteConn: inner, kept: map[string]*preparedStmt{}}, nil
}

// sqliteConn is what database/sql finds at a connection to SQLite.
//
//nolint:interfacebloat // database/sql has chosen the methods
type sqliteConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// mostPrepared bounds what a connection keeps, at some ten kilobytes each. There are fewer queries; whatever comes beyond is parsed each time.
const mostPrepared = 400

// preparedConn keeps statements prepared until it is closed. database/sql lets one goroutine at a time at it.
type preparedConn struct {
	sqliteConn

	kept map[string]*preparedStmt
}

// preparedStmt is a statement that is run again and again, by one at a time.
type preparedStmt struct {
	stmt interface {
		driver.Stmt
		driver.StmtExecContext
		driver.StmtQueryContext
	}
	reading bool
}

// prepared is the statement of a query, or nil when it has to be parsed: its rows are being read, or there are too many.
func (c *preparedConn) prepared(ctx context.Context, query string) (*preparedStmt, error) {
	if p := c.kept[query]; p != nil {
		if p.reading {
			return nil, nil //nolint:nilnil // documented
		}
		return p, nil
	}
	if len(c.kept) >= mostPrepared {
		return nil, nil //nolint:nilnil // documented
	}
	stmt, err := c.sqliteConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	p := &preparedStmt{}
	var ok bool
	if p.stmt, ok = stmt.(interface {
		driver.Stmt
		driver.StmtExecContext
		driver.StmtQueryContext
	}); !ok {
		return nil, stmt.Close()
	}
	c.kept[query] = p
	return p, nil
}

// ExecContext runs a statement without rows.
func (c *preparedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	p, err := c.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	if p == nil {
		return c.sqliteConn.ExecContext(ctx, query, args)
	}
	return p.stmt.ExecContext(ctx, args)
}

// QueryContext runs a statement that has rows.
func (c *preparedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	p, err := c.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	if p == nil {
		return c.sqliteConn.QueryContext(ctx, query, args)
	}
	rows, err := p.stmt.QueryContext(ctx, args)
	if err != nil {
		return rows, err
	}
	p.reading = true
	return &preparedRows{rows, p}, nil
}

// Close ends the statements and then the connection.
func (c *preparedConn) Close() error {
	var all []error
	for _, p := range c.kept {
		all = append(all, p.stmt.Close())
	}
	clear(c.kept)
	return errors.Join(append(all, c.sqliteConn.Close())...)
}

// preparedRows let go of their statement when they are closed.
type preparedRows struct {
	driver.Rows

	of *preparedStmt
}

// Close lets the statement be run again.
func (r *preparedRows) Close() error {
	r.of.reading = false
	return r.Rows.Close()
}
