package bench

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"io"
	"net/http"
)

// floor is a bare handler that reads a request, makes one insert, and answers once it is committed.
type floor struct {
	pool *sql.DB
	url  string
}

// newFloor serves a floor beside a stack, on its database.
func (s *stack) newFloor(ctx context.Context) (*floor, error) {
	pool, err := s.db.open()
	if err != nil {
		return nil, err
	}
	const table = `CREATE TABLE floor (id TEXT PRIMARY KEY, kind TEXT NOT NULL, body TEXT NOT NULL, received_at BIGINT NOT NULL)`
	f := &floor{pool: pool}
	if _, err := pool.ExecContext(ctx, table); err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	if f.url, err = s.serve(ctx, f.handler(s.bench)); err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return f, nil
}

func (f *floor) handler(b *bench) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		const limit = 1 << 20
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
		if err == nil {
			_, err = f.pool.ExecContext(r.Context(), `INSERT INTO floor (id, kind, body, received_at) VALUES ($1, $2, $3, $4)`,
				rand.Text(), r.Header.Get("X-Goog-Resource-State"), string(body), b.clock.Now().UnixMicro())
		}
		if err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	}
}

// count is how many rows it has.
func (f *floor) count(ctx context.Context) (n int, err error) {
	err = f.pool.QueryRowContext(ctx, `SELECT COUNT(*) FROM floor`).Scan(&n)
	return n, err
}
