package app_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"net/http"
	"sync"
)

var errKilled = errors.New("killed by the test")

// killer abandons an App at its k-th call of the database or of anybody else: that call and all later ones fail, as if the process had ended
// there. With after set, the k-th call still takes effect and only its answer is lost.
type killer struct {
	mu    sync.Mutex
	armed bool
	after bool
	// only says which calls count; nil is all.
	only  func(what string) bool
	left  int
	calls int
	dead  bool
	died  chan struct{}
	what  string
	// heard hears of every call; nil for nobody.
	heard func(what string)
}

func newKiller() *killer { return &killer{died: make(chan struct{})} }

// arm begins to count; the k-th call from now on is the last. k of 0 only counts.
func (k *killer) arm(at int, after bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.armed, k.only, k.left, k.after, k.calls = true, nil, at, after, 0
}

// armOnly counts some calls alone.
func (k *killer) armOnly(only func(what string) bool, at int, after bool) {
	k.arm(at, after)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.only = only
}

func (k *killer) disarm() (calls int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.armed = false
	return k.calls
}

func (k *killer) isDead() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.dead
}

// call runs one call under the killer's eye.
func (k *killer) call(what string, fn func() error) error {
	run, last := k.admit(what)
	if !run {
		return errKilled
	}
	err := fn()
	if last {
		return errKilled
	}
	return err
}

func (k *killer) admit(what string) (run, last bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.dead {
		return false, true
	}
	if k.heard != nil {
		k.heard(what)
	}
	if !k.armed || k.only != nil && !k.only(what) {
		return true, false
	}
	k.calls++
	if k.left == 0 || k.calls < k.left {
		return true, false
	}
	k.dead, k.what = true, what
	close(k.died)
	return k.after, true
}

// wrapHTTP counts what goes out.
func (k *killer) wrapHTTP(next http.RoundTripper) http.RoundTripper { return killedHTTP{k, next} }

type killedHTTP struct {
	killer *killer
	next   http.RoundTripper
}

func (t killedHTTP) RoundTrip(req *http.Request) (resp *http.Response, err error) {
	err = t.killer.call(req.Method+" "+req.URL.Path, func() error {
		resp, err = t.next.RoundTrip(req) //nolint:bodyclose // it is passed on, or closed below
		return err
	})
	if err != nil && resp != nil {
		_ = resp.Body.Close()
		resp = nil
	}
	if err != nil && req.Body != nil {
		_ = req.Body.Close()
	}
	return resp, err
}

func (t killedHTTP) CloseIdleConnections() {
	if c, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// wrapSQL counts what is asked of the database.
func (k *killer) wrapSQL(next driver.Connector) driver.Connector { return killedConnector{next, k} }

type killedConnector struct {
	driver.Connector
	killer *killer
}

func (c killedConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return killedConn{conn, c.killer}, nil
}

type killedConn struct {
	driver.Conn
	killer *killer
}

func (c killedConn) BeginTx(ctx context.Context, o driver.TxOptions) (tx driver.Tx, err error) {
	inner := c.Conn.(driver.ConnBeginTx) //nolint:forcetypeassert // both drivers have it
	err = c.killer.call("BEGIN", func() error {
		tx, err = inner.BeginTx(ctx, o)
		return err
	})
	if err != nil {
		if tx != nil {
			_ = tx.Rollback() // the connection of a dead process is closed
		}
		return nil, err
	}
	return killedTx{tx, c.killer}, nil
}

func (c killedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (r driver.Result, err error) {
	inner := c.Conn.(driver.ExecerContext) //nolint:forcetypeassert // both drivers have it
	err = c.killer.call(query, func() error {
		r, err = inner.ExecContext(ctx, query, args)
		return err
	})
	return r, err
}

func (c killedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (r driver.Rows, err error) {
	inner := c.Conn.(driver.QueryerContext) //nolint:forcetypeassert // both drivers have it
	err = c.killer.call(query, func() error {
		r, err = inner.QueryContext(ctx, query, args)
		return err
	})
	if err != nil && r != nil {
		_ = r.Close()
		r = nil
	}
	return r, err
}

func (c killedConn) CheckNamedValue(v *driver.NamedValue) error {
	if inner, ok := c.Conn.(driver.NamedValueChecker); ok {
		return inner.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

type killedTx struct {
	driver.Tx
	killer *killer
}

func (t killedTx) Commit() error {
	run, last := t.killer.admit("COMMIT")
	if !run {
		return errors.Join(errKilled, t.Tx.Rollback())
	}
	err := t.Tx.Commit()
	if last {
		return errKilled
	}
	return err
}
