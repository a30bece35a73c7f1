package store_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"
	"sync/atomic"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/ident"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store"
)

func postgresPipelineTrials() []trial {
	return []trial{
		{"pipeline: statements without an answer go with the next query", pipelineWaits},
		{"pipeline: what a statement that waited failed with", pipelineFails},
		{"pipeline: a statement that surely changes something", pipelineSurely},
		{"pipeline: the commit goes with the final query", pipelineFinal},
		{"pipeline: a transaction that is given up", pipelineRollback},
		{"pipeline: values as the driver gives them", pipelineValues},
		{"pipeline: exchanges of the store", pipelineExchanges},
	}
}

// pipe is one connection of a tenant's, whose exchanges are counted.
type pipe struct {
	*harness
	pool *sql.DB
	n    atomic.Int64
}

const (
	insertFeed   = "-- name: InsertFeed :exec\nINSERT INTO feeds (tenant_id, position) VALUES ($1, $2)"
	insertIfNone = insertFeed + " ON CONFLICT (tenant_id) DO NOTHING"
	moveFeed     = "-- name: MoveFeed :execrows\nUPDATE feeds SET position = $2 WHERE tenant_id = $1"
	readFeed     = "-- name: ReadFeed :one\nSELECT position FROM feeds WHERE tenant_id = $1"
	feedTenant   = "ten_pipeline"
)

func newPipe(h *harness) *pipe {
	h.Helper()
	p := &pipe{harness: h}
	pool, err := store.OpenPipelined(h.place.url, &p.n)
	h.ok(err)
	p.pool = owned(h.T, pool, nil)
	return p
}

// within runs fn in a transaction, commits it unless fn fails, and says how many exchanges that took.
func (p *pipe) within(fn func(*sql.Tx) error) (exchanges int64, err error) {
	p.Helper()
	p.n.Store(0)
	tx, err := store.BeginAs(p.ctx, p.pool, feedTenant)
	p.ok(err)
	if err = fn(tx); err == nil {
		err = tx.Commit()
	} else {
		p.ok(tx.Rollback())
	}
	return p.n.Load(), err
}

func (p *pipe) exec(ctx context.Context, tx *sql.Tx, query string, position int) error {
	_, err := tx.ExecContext(ctx, query, feedTenant, position)
	return err
}

func read(ctx context.Context, tx *sql.Tx) (position int64, err error) {
	err = tx.QueryRowContext(ctx, readFeed, feedTenant).Scan(&position)
	return position, err
}

// backend is the server's process behind the connection.
func (p *pipe) backend() (pid int) {
	p.Helper()
	p.ok(p.pool.QueryRowContext(p.ctx, `SELECT pg_backend_pid()`).Scan(&pid))
	return pid
}

// readTooLate reads with a context that has ended.
func readTooLate(ctx context.Context, tx *sql.Tx) error {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	_, err := read(ctx, tx)
	return err
}

// want checks where the feed stands for everybody; -1 means that there is none.
func (p *pipe) want(what string, position int64) {
	p.Helper()
	same(p.harness, what, p.number(`SELECT COALESCE(MAX(position), -1) FROM feeds WHERE tenant_id = $1`, feedTenant), int(position))
}

func pipelineWaits(h *harness) {
	p := newPipe(h)
	n, err := p.within(func(*sql.Tx) error { return nil })
	h.ok(err)
	same(h, "exchanges of nothing", n, 0)
	n, err = p.within(func(tx *sql.Tx) error { return p.exec(h.ctx, tx, insertFeed, 1) })
	h.ok(err)
	same(h, "exchanges of a change", n, 1)
	p.want("inserted", 1)
	n, err = p.within(func(tx *sql.Tx) error {
		if err := p.exec(h.ctx, tx, moveFeed, 2); err != nil {
			return err
		}
		if at, err := read(h.ctx, tx); at != 2 {
			return errors.Join(errors.New("its own change is not seen"), err)
		}
		return nil
	})
	h.ok(err)
	same(h, "exchanges of a change, a query and the end", n, 3)
	p.want("moved", 2)
	n, err = p.within(func(tx *sql.Tx) error {
		for range 1000 {
			h.ok(p.exec(h.ctx, tx, insertIfNone, 3))
		}
		return nil
	})
	h.ok(err)
	same(h, "exchanges of a thousand changes", n, 4)
}

func pipelineFails(h *harness) {
	p := newPipe(h)
	twice := func(tx *sql.Tx) error {
		return errors.Join(p.exec(h.ctx, tx, insertFeed, 1), p.exec(h.ctx, tx, insertFeed, 2))
	}
	_, err := p.within(twice)
	if err == nil || !strings.Contains(err.Error(), "InsertFeed: ERROR: duplicate key") {
		h.Errorf("at the commit: %v", err)
	}
	p.want("after the commit", -1)
	_, err = p.within(func(tx *sql.Tx) error {
		h.ok(twice(tx))
		_, err := read(h.ctx, tx)
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "InsertFeed: ERROR: duplicate key") {
		h.Errorf("at the next query: %v", err)
	}
	p.want("after the query", -1)
	n, err := p.within(func(tx *sql.Tx) error { return p.exec(h.ctx, tx, insertFeed, 3) })
	h.ok(err)
	same(h, "exchanges afterwards", n, 1)
	p.want("the connection goes on", 3)
}

func pipelineSurely(h *harness) {
	p := newPipe(h)
	_, err := p.within(func(tx *sql.Tx) error {
		h.ok(p.exec(store.Surely(h.ctx), tx, moveFeed, 1))
		return p.exec(h.ctx, tx, insertFeed, 2)
	})
	h.fails(err, record.ErrStale)
	p.want("not committed", -1)
	_, err = p.within(func(tx *sql.Tx) error {
		h.ok(p.exec(store.Surely(h.ctx), tx, moveFeed, 1))
		_, err := read(h.ctx, tx)
		return err
	})
	h.fails(err, record.ErrStale)
	_, err = p.within(func(tx *sql.Tx) error {
		h.ok(p.exec(h.ctx, tx, insertFeed, 1))
		h.ok(p.exec(store.Surely(h.ctx), tx, moveFeed, 2))
		_, err := read(store.Final(h.ctx), tx)
		return err
	})
	h.ok(err)
	p.want("changed", 2)
	_, err = p.within(func(tx *sql.Tx) error {
		h.ok(p.exec(store.Surely(h.ctx), tx, moveFeed, 3))
		_, err := tx.ExecContext(store.Surely(h.ctx), moveFeed, "ten_other", 4)
		h.ok(err)
		_, err = read(store.Final(h.ctx), tx)
		return err
	})
	h.fails(err, record.ErrStale)
	p.want("not committed with the final query", 2)
}

func pipelineFinal(h *harness) {
	p := newPipe(h)
	n, err := p.within(func(tx *sql.Tx) error {
		h.ok(p.exec(h.ctx, tx, insertFeed, 1))
		at, err := read(store.Final(h.ctx), tx)
		same(h, "read", at, 1)
		p.want("committed with the query", 1)
		for what, err := range map[string]error{
			"a query": func() error { _, err := read(h.ctx, tx); return err }(), "a statement": p.exec(h.ctx, tx, insertFeed, 2), "a change": p.exec(h.ctx, tx, moveFeed, 2),
		} {
			if err == nil || !strings.Contains(err.Error(), "follows the final one") {
				h.Errorf("%s after the final one: %v", what, err)
			}
		}
		return err
	})
	h.ok(err)
	same(h, "exchanges", n, 1)
	_, err = p.within(func(tx *sql.Tx) error {
		h.ok(p.exec(h.ctx, tx, insertFeed, 2)) // there is one
		_, err := read(store.Final(h.ctx), tx)
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "duplicate key") {
		h.Errorf("a final query after a failure: %v", err)
	}
	p.want("as it was", 1)
	_, err = p.within(func(tx *sql.Tx) error { return p.exec(h.ctx, tx, moveFeed, 5) })
	h.ok(err)
	p.want("the connection goes on", 5)
}

func pipelineRollback(h *harness) {
	p, no := newPipe(h), errors.New("no")
	first := p.backend()
	n, err := p.within(func(tx *sql.Tx) error { return errors.Join(no, p.exec(h.ctx, tx, insertFeed, 1)) })
	h.fails(err, no)
	same(h, "exchanges of what was never sent", n, 0)
	n, err = p.within(func(tx *sql.Tx) error {
		h.ok(p.exec(h.ctx, tx, insertFeed, 1))
		at, err := read(h.ctx, tx)
		same(h, "read", at, 1)
		return errors.Join(no, err)
	})
	h.fails(err, no)
	same(h, "exchanges", n, 2)
	p.want("rolled back", -1)
	same(h, "connection", p.backend(), first)
	_, err = p.within(func(tx *sql.Tx) error {
		h.ok(p.exec(h.ctx, tx, insertFeed, 1))
		return readTooLate(h.ctx, tx)
	})
	if err == nil {
		h.Error("a query whose context has ended was answered")
	}
	p.want("nothing of it", -1)
	_, err = p.within(func(tx *sql.Tx) error { return p.exec(h.ctx, tx, insertFeed, 7) })
	h.ok(err)
	p.want("the pool goes on", 7)
}

// Rows that come with what waited are the same as those that come alone.
func pipelineValues(h *harness) {
	p := newPipe(h)
	const query = `SELECT 7::bigint AS a, 3::int AS b, 'x'::text AS c, '\x0001'::bytea AS d, true AS e, NULL::text AS f, SUM(v) AS g, 1.5::float8 AS h
		FROM (VALUES (1::bigint), (2)) AS t (v)`
	row := func(tx *sql.Tx) []any {
		rows, err := tx.QueryContext(h.ctx, query)
		h.ok(err)
		defer func() { h.ok(rows.Close()) }()
		columns, err := rows.Columns()
		h.ok(err)
		same(h, "columns", strings.Join(columns, ""), "abcdefgh")
		out := make([]any, len(columns))
		to := make([]any, len(columns))
		for i := range out {
			to[i] = &out[i]
		}
		for rows.Next() {
			h.ok(rows.Scan(to...))
		}
		h.ok(rows.Err())
		return out
	}
	_, err := p.within(func(tx *sql.Tx) error {
		together, alone := row(tx), row(tx)
		for i := range together {
			if b, ok := together[i].([]byte); ok {
				together[i], alone[i] = string(b), string(alone[i].([]byte)) //nolint:forcetypeassert // a panic fails the test
			}
			if together[i] != alone[i] {
				h.Errorf("column %d: %T(%v), alone %T(%v)", i, together[i], together[i], alone[i], alone[i])
			}
		}
		return nil
	})
	h.ok(err)
}

// What the busiest transactions cost does not depend on the machine. Each number is as low as what a transaction has to know on its way allows.
func pipelineExchanges(h *harness) {
	w := h.newWorld(1)
	var n atomic.Int64
	s, err := store.Open(h.ctx, h.place.url, "", store.Options{
		Sealer: sealer(), Clock: h.clock, IDs: ident.New(h.clock, randomness("exchanges")),
		Wrap: func(c driver.Connector) driver.Connector { return store.Counted(c, &n) },
	})
	h.ok(err)
	defer func() { h.ok(s.Close()) }()
	count := func(what string, want int64, fn func() error) {
		h.Helper()
		n.Store(0)
		h.ok(fn())
		same(h, what, n.Load(), want)
	}
	w.accept(w.booking("first", 1, 0)) // which targets the calendar
	var b record.Booking
	count("accept", 6, func() (err error) { b, err = s.Accept(h.ctx, w.tenant, w.booking("b", 1, 0)); return err })
	var l record.Lease
	count("claim", 1, func() (err error) { l, _, err = s.Claim(h.ctx, w.push(b.Links[0]), leaseTime); return err })
	var c record.Case
	count("case", 3, func() (err error) { c, err = s.Case(h.ctx, l); return err })
	count("connection", 1, func() error { _, err := s.Connection(h.ctx, w.tenant, w.connection); return err })
	count("grant", 1, func() error { _, err := s.Grant(h.ctx, w.tenant, w.connection); return err })
	link := c.Link
	link.InFlight = []record.Write{{Op: record.OpCreate, Version: 1, Content: cal.Content{Title: "canary"}}}
	count("intend", 2, func() (err error) {
		l, err = s.Intend(h.ctx, l, link, leaseTime, record.Note{Actor: "test", Action: "x"})
		return err
	})
	link.InFlight = nil
	count("settle", 3, func() error {
		return s.Settle(h.ctx, l, record.Decision{Link: link, Outcome: record.Outcome{State: record.Ready, Served: true}})
	})
}
