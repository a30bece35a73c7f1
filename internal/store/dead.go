package store

import (
	"context"
	"strings"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store/db"
)

// DeadLetters lists the dead letters that a filter chooses and that follow after, in the order of kind and subject.
func (s *Store) DeadLetters(ctx context.Context, tenant cal.TenantID, f record.DeadFilter, after task.Ref, limit int) ([]record.DeadLetter, error) {
	pattern := ""
	if f.Reason != "" {
		pattern = "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(f.Reason) + "%"
	}
	return s.dead(ctx, tenant, db.DeadWorkParams{
		Kind: string(f.Kind), Reason: pattern, AfterKind: string(after.Kind), AfterSubject: after.Subject, MaxRows: int32(limit), //nolint:gosec // small
	})
}

// DeadLetter returns a dead letter, or record.ErrNotFound.
func (s *Store) DeadLetter(ctx context.Context, ref task.Ref) (record.DeadLetter, error) {
	if ref.Kind == "" || ref.Subject == "" {
		return record.DeadLetter{}, record.ErrNotFound
	}
	all, err := s.dead(ctx, ref.Tenant, db.DeadWorkParams{Kind: string(ref.Kind), Subject: ref.Subject, MaxRows: 1})
	if err != nil {
		return record.DeadLetter{}, err
	}
	if len(all) == 0 {
		return record.DeadLetter{}, record.ErrNotFound
	}
	return all[0], nil
}

func (s *Store) dead(ctx context.Context, tenant cal.TenantID, p db.DeadWorkParams) ([]record.DeadLetter, error) {
	var out []record.DeadLetter
	err := s.view(ctx, tenant, "read dead letters", func(ctx context.Context, t *tx) error {
		p.TenantID = t.tenant
		rows, err := t.DeadWork(ctx, p)
		for _, r := range rows {
			out = append(out, record.DeadLetter{
				Work: record.Work{
					Ref: task.Ref{Tenant: tenant, Kind: task.Kind(r.Kind), Subject: r.Subject}, Lane: task.Lane(r.Lane), State: record.Dead,
					WantedAt: instant(r.WantedAt), NotBefore: instant(r.NotBefore), Attempts: int(r.Attempts), Crashes: int(r.Crashes),
					LastError: r.LastError,
				},
				BookingID: cal.BookingID(r.BookingID), CalendarID: cal.CalendarID(r.CalendarID),
			})
		}
		return err
	})
	return out, err
}

// Replay lets a dead letter run again. It fails with record.ErrNotFound when the row is no dead letter.
func (s *Store) Replay(ctx context.Context, ref task.Ref, actor string) error {
	return s.release(ctx, ref, actor, true)
}
