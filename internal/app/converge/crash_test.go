package converge_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"sync"
)

var errEnded = errors.New("the process has ended")

// process is what ends a process at one of its statements: that one and all later ones fail.
type process struct {
	mu    sync.Mutex
	left  int
	after bool
	dead  bool
	// mutant changes statements; nil for none.
	mutant *mutant
}

func (p *process) arm(n int, after bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left, p.after = n, after
}

func (p *process) isDead() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dead
}

// admit says whether a statement is made, and whether it is answered.
func (p *process) admit() (made, answered bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead || p.left == 0 {
		return !p.dead, !p.dead
	}
	p.left--
	p.dead = p.left == 0
	return !p.dead || p.after, !p.dead
}

// call makes one.
func (p *process) call(fn func() error) error {
	made, answered := p.admit()
	if !made {
		return errEnded
	}
	if err := fn(); err != nil || answered {
		return err
	}
	return errEnded
}

func (p *process) wrap(next driver.Connector) driver.Connector { return connector{next, p} }

type connector struct {
	driver.Connector
	process *process
}

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	// What a machine's crash would lose is not what histories are about.
	if exec, ok := conn.(driver.ExecerContext); ok {
		if _, err := exec.ExecContext(ctx, "PRAGMA synchronous = OFF", nil); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	return mortal{conn, c.process}, nil
}

type mortal struct {
	driver.Conn
	process *process
}

func (c mortal) BeginTx(ctx context.Context, o driver.TxOptions) (tx driver.Tx, err error) {
	inner := c.Conn.(driver.ConnBeginTx) //nolint:forcetypeassert // SQLite has it
	err = c.process.call(func() error {
		tx, err = inner.BeginTx(ctx, o)
		return err
	})
	if err != nil {
		if tx != nil {
			_ = tx.Rollback() // the connection of a process that has ended is closed
		}
		return nil, err
	}
	return mortalTx{tx, c.process}, nil
}

func (c mortal) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (r driver.Result, err error) {
	inner := c.Conn.(driver.ExecerContext) //nolint:forcetypeassert // SQLite has it
	err = c.process.call(func() error {
		r, err = inner.ExecContext(ctx, c.process.mutant.statement(query), args)
		return err
	})
	return r, err
}

func (c mortal) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (r driver.Rows, err error) {
	inner := c.Conn.(driver.QueryerContext) //nolint:forcetypeassert // SQLite has it
	err = c.process.call(func() error {
		r, err = inner.QueryContext(ctx, c.process.mutant.statement(query), args)
		return err
	})
	if err != nil && r != nil {
		_ = r.Close()
		r = nil
	}
	return r, err
}

type mortalTx struct {
	driver.Tx
	process *process
}

func (t mortalTx) Commit() error {
	made, answered := t.process.admit()
	if !made {
		return errors.Join(errEnded, t.Tx.Rollback())
	}
	if err := t.Tx.Commit(); err != nil || answered {
		return err
	}
	return errEnded
}
