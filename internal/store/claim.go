package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store/db"
)

// CrashLimit is how many claims in a row may end without an outcome before a row is quarantined.
const CrashLimit = 5

// Claim takes the lease of a row that is due for d. It reports false when the row is not due, whoever hinted at it. A row whose last
// CrashLimit claims ended without an outcome is quarantined instead.
//
// A row whose last claim ended without an outcome may have ended its process. Whoever claims it by Claim sees to it that it runs alone.
func (s *Store) Claim(ctx context.Context, ref task.Ref, d time.Duration) (record.Lease, bool, error) {
	return s.ClaimIn(ctx, record.Alone, ref, d)
}

// ClaimIn is Claim for a row that is to run in some company. With record.Beside it fails with a *record.SuspectError, and leaves the row as it is,
// when the last claim of the row ended without an outcome, or its next one is the last before the quarantine. With record.Haunted the claim is not counted.
func (s *Store) ClaimIn(ctx context.Context, c record.Company, ref task.Ref, d time.Duration) (record.Lease, bool, error) {
	var lease record.Lease
	var suspect error
	claimed := false
	err := s.update(ctx, ref.Tenant, "claim work", func(ctx context.Context, t *tx) error {
		claimed, suspect = false, nil
		until := t.now + d.Microseconds()
		row, err := t.ClaimWork(final(ctx), db.ClaimWorkParams{
			TenantID: t.tenant, Kind: string(ref.Kind), Subject: ref.Subject, LeaseUntil: until, Now: t.now,
			Beside: c == record.Beside, Deciding: CrashLimit - 1, Excused: c == record.Haunted,
		})
		if claimed = err == nil; errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if claimed && row.LeaseUntil <= t.now {
			claimed, suspect = false, &record.SuspectError{Last: row.Crashes >= CrashLimit-1}
		}
		lease = record.Lease{
			Ref: ref, Lane: task.Lane(row.Lane), ConnectionID: cal.ConnectionID(row.ConnectionID), Token: row.Token, Wanted: row.Wanted,
			Until: instant(until), InLine: row.InLine, Attempts: int(row.Attempts), Crashes: int(row.Crashes), Traceparent: row.Traceparent,
		}
		return err
	})
	switch {
	case err != nil:
		return record.Lease{}, false, err
	case suspect != nil && lease.Crashes >= CrashLimit:
		return s.Claim(ctx, ref, d) // it does not run any more
	case !claimed:
		return record.Lease{}, false, suspect
	case lease.Crashes > CrashLimit:
		return record.Lease{}, false, s.quarantine(ctx, lease)
	}
	return lease, true, nil
}

func (s *Store) quarantine(ctx context.Context, l record.Lease) error {
	return s.Finish(ctx, l, record.Outcome{
		State: record.Dead, Attempts: l.Attempts, Crashes: CrashLimit, Suspect: true,
		Reason: fmt.Sprintf(record.QuarantineReason+"%d runs in a row ended without an outcome", CrashLimit),
	})
}

// LeaseEnd is when the lease with a token ends by now, prolonged or not; the zero time if it was lost.
func (s *Store) LeaseEnd(ctx context.Context, ref task.Ref, token int64) (time.Time, error) {
	var until time.Time
	err := s.view(ctx, ref.Tenant, "read lease", func(ctx context.Context, t *tx) error {
		at, err := t.LeaseOf(ctx, db.LeaseOfParams{TenantID: t.tenant, Kind: string(ref.Kind), Subject: ref.Subject, Token: token})
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		until = instant(at)
		return err
	})
	return until, err
}
