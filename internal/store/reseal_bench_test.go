package store_test

import (
	"database/sql"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/ident"
	"github.com/calweave/calweave/internal/seal"
	"github.com/calweave/calweave/internal/store"
	"github.com/calweave/calweave/internal/testkit"
)

// BenchmarkReseal seals messages of 1 KiB anew, one worker with nobody beside it: the first pass of a rotation, which replaces everything, and the
// second, which looks.
func BenchmarkReseal(b *testing.B) {
	b.Run("SQLite", func(b *testing.B) {
		path := filepath.Join(b.TempDir(), "calweave.db")
		benchReseal(b, "sqlite:"+path, "sqlite:"+path, "sqlite", path)
	})
	b.Run("PostgreSQL", func(b *testing.B) {
		owner := testkit.Postgres(b)
		benchReseal(b, owner, testkit.Login(b, owner), "pgx", owner)
	})
}

func benchReseal(b *testing.B, owner, url, driver, source string) {
	b.Helper()
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	m, err := store.NewMigrator(owner, slog.New(slog.DiscardHandler))
	must(err)
	_, err = m.Up(b.Context())
	must(err)
	must(m.Admit(b.Context(), url))
	must(m.Close())
	both, added, err := seal.AddKey(keyset())
	must(err)
	promoted, err := seal.Promote(both, added)
	must(err)
	keys, err := seal.Parse(promoted)
	must(err)
	now := clock.System{}
	s, err := store.Open(b.Context(), url, "", store.Options{Sealer: keys, Clock: now, IDs: ident.New(now, randomness(b.Name()))})
	must(err)
	defer s.Close() //nolint:errcheck // it was only measured
	tenant, err := s.CreateTenant(b.Context(), "bench", "test")
	must(err)
	pool, err := sql.Open(driver, source)
	must(err)
	must(fillMessages(pool, tenant, b.N))
	must(pool.Close())
	must(s.StartRotation(b.Context(), tenant, "test"))
	l, _, err := s.Claim(b.Context(), rotation(tenant), time.Hour)
	must(err)
	b.ResetTimer()
	var first time.Duration
	began := now.Now()
	for {
		next, r, err := s.Reseal(b.Context(), l, time.Hour)
		must(err)
		l = next
		if r.Place == "" && first == 0 {
			first = now.Now().Sub(began)
		}
		if r.Finished() {
			break
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/first.Seconds(), "resealed/s")
	b.ReportMetric(float64(b.N)/(now.Now().Sub(began)-first).Seconds(), "looked-at/s")
}

// fillMessages writes messages as the old key has sealed them.
func fillMessages(pool *sql.DB, tenant cal.TenantID, n int) error {
	tx, err := pool.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // unless it was committed
	for i := range n {
		id := fmt.Sprintf("msg_%09d", i)
		sealed, err := sealer().Seal(tenant, "messages", "data", id, make([]byte, 1<<10))
		if err != nil {
			return err
		}
		_, err = tx.Exec(`INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at)
			VALUES ($1, $2, 'booking.synced', '', 0, $3, $4, '', 1)`, string(tenant), id, i+1, sealed)
		if err != nil {
			return err
		}
	}
	return tx.Commit()
}
