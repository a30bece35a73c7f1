package store_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/calweave/calweave/internal/store"
)

// The names of calls that are no query of package db.
const (
	callBegin  = "begin"
	callCommit = "commit"
	callOther  = "other"
)

// call is one thing that a store asks of its database.
type call struct {
	// ctx is the context of the call; for a commit that of the transaction's begin.
	ctx context.Context
	// name is callBegin, callCommit, the name of a query of package db, or callOther.
	name string
	sql  string
	args []driver.NamedValue
	// conn is the connection that a transaction begins on.
	conn driver.QueryerContext
}

// arg is the value of a call's nth argument, from 1.
func (c call) arg(n int) any {
	for _, a := range c.args {
		if a.Ordinal == n {
			return a.Value
		}
	}
	return nil
}

// wire sits between a store and its database: it can count, fail, hold and rewrite what is asked.
type wire struct {
	mu      sync.Mutex
	before  []func(call) error
	after   []func(call) error
	rewrite func(name, sql string) string
}

// onCall adds a function that is called before every call; what it returns fails the call.
func (w *wire) onCall(fn func(call) error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.before = append(w.before, fn)
}

// onAnswer adds a function that is called after every call that took effect; what it returns takes the place of the answer.
func (w *wire) onAnswer(fn func(call) error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.after = append(w.after, fn)
}

func (w *wire) ask(c call) error    { return w.tell(c, &w.before) }
func (w *wire) answer(c call) error { return w.tell(c, &w.after) }

func (w *wire) tell(c call, to *[]func(call) error) error {
	w.mu.Lock()
	fns := slices.Clone(*to)
	w.mu.Unlock()
	for _, fn := range fns {
		if err := fn(c); err != nil {
			return err
		}
	}
	return nil
}

// text is what a statement is replaced by.
func (w *wire) text(sql string) string {
	return w.rewrite(queryName(sql), sql)
}

// queryName is the name that sqlc gave a statement.
func queryName(sql string) string {
	if m := sqlcName.FindStringSubmatch(sql); m != nil {
		return m[1]
	}
	return callOther
}

var sqlcName = regexp.MustCompile(`^-- name: (\w+) :`)

// whoKey is where a context keeps whose calls it belongs to.
type whoKey struct{}

// as marks the calls that are made with a context.
func as(ctx context.Context, who string) context.Context {
	return context.WithValue(ctx, whoKey{}, who)
}

// by reports whether a call belongs to who; everything belongs to "".
func (c call) by(who string) bool { return who == "" || c.ctx.Value(whoKey{}) == who }

// gate holds one call.
type gate struct {
	reached, opened chan struct{}
	once            sync.Once
}

func (h *harness) newGate() *gate {
	g := &gate{reached: make(chan struct{}), opened: make(chan struct{})}
	h.Cleanup(g.open) // a test that has failed lets everybody go
	return g
}

// hold makes the first call of who with that name wait at a gate before it is made.
func (h *harness) hold(who, name string) *gate {
	g := h.newGate()
	var once sync.Once
	h.wire.onCall(func(c call) error {
		if c.name == name && c.by(who) {
			once.Do(g.pass)
		}
		return nil
	})
	return g
}

func (g *gate) pass() {
	close(g.reached)
	<-g.opened
}

func (g *gate) open() { g.once.Do(func() { close(g.opened) }) }

// errWire is what a broken wire answers.
var errWire = errors.New("the connection broke")

// breakAt fails every call of that name.
func (w *wire) breakAt(name string) {
	w.onCall(func(c call) error {
		if c.name == name {
			return errWire
		}
		return nil
	})
}

// wrap is store.Options.Wrap.
func (w *wire) wrap(inner driver.Connector) driver.Connector { return &wiredConnector{inner, w} }

type wiredConnector struct {
	driver.Connector
	wire *wire
}

func (c *wiredConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	inner, ok := conn.(fullConn)
	if !ok {
		return nil, errors.New("the driver's connection lacks a method that the wire passes on")
	}
	return &wiredConn{fullConn: inner, wire: c.wire}, nil
}

// Close closes the connector below if it wants to be closed.
func (c *wiredConnector) Close() error {
	if closer, ok := c.Connector.(io.Closer); ok {
		return closer.Close()
	}
	return nil
}

// fullConn is what both drivers' connections can do.
type fullConn interface { //nolint:interfacebloat // the methods are database/sql's
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
}

type wiredConn struct {
	fullConn
	wire *wire
}

func (c *wiredConn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.fullConn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

func (c *wiredConn) IsValid() bool {
	v, ok := c.fullConn.(driver.Validator)
	return !ok || v.IsValid()
}

func (c *wiredConn) Ping(ctx context.Context) error {
	if err := c.wire.ask(call{ctx: ctx, name: callOther}); err != nil {
		return err
	}
	return c.fullConn.Ping(ctx)
}

func (c *wiredConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if err := c.wire.ask(call{ctx: ctx, name: callBegin, conn: c.fullConn}); err != nil {
		return nil, err
	}
	tx, err := c.fullConn.BeginTx(ctx, o)
	if err != nil {
		return nil, err
	}
	return &wiredTx{tx, ctx, c.wire}, nil
}

func (c *wiredConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	asked := call{ctx: ctx, name: queryName(query), sql: query, args: args}
	if err := c.wire.ask(asked); err != nil {
		return nil, err
	}
	r, err := c.fullConn.ExecContext(ctx, c.wire.text(query), args)
	if err == nil {
		err = c.wire.answer(asked)
	}
	return r, err
}

func (c *wiredConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	asked := call{ctx: ctx, name: queryName(query), sql: query, args: args}
	if err := c.wire.ask(asked); err != nil {
		return nil, err
	}
	rows, err := c.fullConn.QueryContext(store.NotFinal(ctx), c.wire.text(query), args)
	if err != nil {
		return nil, err
	}
	if err := c.wire.answer(asked); err != nil {
		return nil, errors.Join(err, rows.Close())
	}
	return rows, nil
}

type wiredTx struct {
	driver.Tx
	ctx  context.Context
	wire *wire
}

func (t *wiredTx) Commit() error {
	asked := call{ctx: t.ctx, name: callCommit}
	if err := t.wire.ask(asked); err != nil {
		return errors.Join(err, t.Rollback())
	}
	if err := t.Tx.Commit(); err != nil {
		return err
	}
	return t.wire.answer(asked)
}

// oneLine is a statement without its comments and line ends.
func oneLine(sql string) string {
	var out []string
	for line := range strings.SplitSeq(sql, "\n") {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "--") {
			out = append(out, line)
		}
	}
	return strings.Join(out, " ")
}
