package store_test

import (
	"context"
	"database/sql/driver"
	"errors"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/store"
)

// txFlaw is what is wrong with a store's transactions.
type txFlaw struct {
	// options are what they are begun with instead.
	options func(driver.TxOptions) driver.TxOptions
	// begun is done on the connection that one has just begun on.
	begun func(context.Context, driver.ExecerContext) error
	// commit and rollback end them instead.
	commit, rollback func(driver.Tx) error
	// split is the name of a query after which they are committed; what follows belongs to another one.
	split string
}

// spoil does to the database what the flaw wants done.
func (h *harness) spoil() {
	h.Helper()
	if h.flaw.schema == "" {
		return
	}
	h.owner(h.flaw.schema)
	h.flaw.hold()
}

// wrap lies between the store and the wire, so that what breaks there breaks for the flawed store.
func (f *flaw) wrap(inner driver.Connector) driver.Connector {
	wired, ok := inner.(*wiredConnector)
	if !ok {
		return inner
	}
	return &flawedConnector{wired, f}
}

type flawedConnector struct {
	*wiredConnector
	flaw *flaw
}

func (c *flawedConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.wiredConnector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	wired, ok := conn.(*wiredConn)
	if !ok {
		return nil, errors.New("the connection does not come by the wire")
	}
	return &flawedConn{wiredConn: wired, flaw: c.flaw}, nil
}

type flawedConn struct {
	*wiredConn
	flaw *flaw
	// tx is the transaction that was begun last, with these options.
	tx      *flawedTx
	options driver.TxOptions
}

func (c *flawedConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if c.flaw.tx.options != nil {
		o = c.flaw.tx.options(o)
		c.flaw.hold()
	}
	tx, err := c.wiredConn.BeginTx(ctx, o)
	if err != nil {
		return nil, err
	}
	if c.flaw.tx.begun != nil {
		c.flaw.hold()
		if err := c.flaw.tx.begun(ctx, c.wiredConn.fullConn); err != nil {
			return nil, err
		}
	}
	c.tx, c.options = &flawedTx{tx, c.flaw}, o
	return c.tx, nil
}

func (c *flawedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	r, err := c.wiredConn.ExecContext(ctx, query, args)
	if err == nil && queryName(query) == c.flaw.tx.split {
		err = c.split(ctx)
	}
	return r, err
}

// split commits the transaction and goes on in another one.
func (c *flawedConn) split(ctx context.Context) error {
	c.flaw.hold()
	if err := c.tx.Tx.Commit(); err != nil {
		return err
	}
	var err error
	c.tx.Tx, err = c.wiredConn.BeginTx(ctx, c.options)
	return err
}

type flawedTx struct {
	driver.Tx
	flaw *flaw
}

func (t *flawedTx) Commit() error { return t.end(t.flaw.tx.commit, driver.Tx.Commit) }

func (t *flawedTx) Rollback() error { return t.end(t.flaw.tx.rollback, driver.Tx.Rollback) }

func (t *flawedTx) end(instead, end func(driver.Tx) error) error {
	if instead == nil {
		return end(t.Tx)
	}
	t.flaw.hold()
	return instead(t.Tx)
}

// spot is where a sealed value belongs.
type spot struct {
	tenant             cal.TenantID
	table, column, row string
}

// sealer is what the store seals with.
func (f *flaw) sealer(s store.Sealer) store.Sealer {
	if f.spot == nil && !f.clear {
		return s
	}
	return flawedSealer{s, f}
}

type flawedSealer struct {
	store.Sealer
	flaw *flaw
}

func (s flawedSealer) Seal(tenant cal.TenantID, table, column, row string, plaintext []byte) ([]byte, error) {
	s.flaw.hold()
	if s.flaw.clear {
		return plaintext, nil
	}
	at := s.flaw.spot(spot{tenant, table, column, row})
	return s.Sealer.Seal(at.tenant, at.table, at.column, at.row, plaintext)
}

func (s flawedSealer) Open(tenant cal.TenantID, table, column, row string, sealed []byte) ([]byte, error) {
	if s.flaw.clear {
		return sealed, nil
	}
	at := s.flaw.spot(spot{tenant, table, column, row})
	return s.Sealer.Open(at.tenant, at.table, at.column, at.row, sealed)
}
