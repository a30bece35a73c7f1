package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"sync/atomic"
)

// NotFinal takes back that a statement is the final one of its transaction, for tests that come between it and the commit.
func NotFinal(ctx context.Context) context.Context { return context.WithValue(ctx, finalKey{}, nil) }

// Surely and Final mark statements as the store does.
func Surely(ctx context.Context) context.Context { return surely(ctx) }
func Final(ctx context.Context) context.Context  { return final(ctx) }

// Counted counts the exchanges of a store with PostgreSQL.
func Counted(c driver.Connector, n *atomic.Int64) driver.Connector {
	return c.(pipelining).Counting(n) //nolint:forcetypeassert // a panic fails the test
}

// OpenPipelined opens one connection to PostgreSQL as the store does.
func OpenPipelined(url string, n *atomic.Int64) (*sql.DB, error) {
	c, _, err := postgres{url: url}.connector("", toWrite)
	if err != nil {
		return nil, err
	}
	pool := sql.OpenDB(Counted(c, n))
	pool.SetMaxOpenConns(1)
	return pool, nil
}

// BeginAs begins a transaction of a tenant.
func BeginAs(ctx context.Context, pool *sql.DB, tenant string) (*sql.Tx, error) {
	return postgres{}.begin(ctx, pool, opening{tenant: tenant}, nil)
}

// SQLiteConn is what statements are prepared at.
type SQLiteConn = sqliteConn

// MostPrepared is how many statements a connection keeps.
const MostPrepared = mostPrepared

// Preparing keeps the statements of a connector's connections.
func Preparing(c driver.Connector) driver.Connector { return preparing{c} }
