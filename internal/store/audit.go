package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store/db"
)

// note writes an audit row.
func (t *tx) note(ctx context.Context, notes ...record.Note) error {
	for _, n := range notes {
		detail := []byte("{}")
		if len(n.Detail) > 0 {
			var err error
			if detail, err = json.Marshal(n.Detail); err != nil {
				return err
			}
		}
		err := t.InsertAudit(ctx, db.InsertAuditParams{
			TenantID: t.tenant, AuditID: t.ids.ID("aud"), At: t.now, Actor: n.Actor, Action: n.Action, Subject: n.Subject,
			BookingID: string(n.BookingID), Detail: string(detail),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// failure is what an audit row says of work that failed. What the provider has said is in the row of work, in the words of its last failure.
func failure(o record.Outcome) map[string]any {
	out := map[string]any{"fault": o.Fault, "state": o.State, "held_for": o.HeldFor, "attempts": o.Attempts, "crashes": o.Crashes}
	if !o.NotBefore.IsZero() {
		out["not_before"] = o.NotBefore.UTC()
	}
	return out
}

// noteWork writes an audit row about work. What is done for a link is part of its booking's history.
func (t *tx) noteWork(ctx context.Context, ref task.Ref, actor, action string, detail map[string]any) error {
	n := record.Note{Actor: actor, Action: action, Subject: ref.String(), Detail: detail}
	if ref.Kind != task.LinkPush {
		return t.note(ctx, n)
	}
	row, err := t.LinkByID(ctx, db.LinkByIDParams{TenantID: t.tenant, LinkID: ref.Subject})
	if err == nil {
		n.BookingID, detail["calendar_id"] = cal.BookingID(row.BookingID), row.CalendarID
	} else if !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	return t.note(ctx, n)
}

// History returns the audit rows of one booking that follow after, in the order of their ids: the oldest first, as the clocks of the processes that
// wrote them had it. That is the order of the commits too as far as the rows were written under the booking's lock by clocks that agree; otherwise a
// row may appear before one that was read already.
func (s *Store) History(ctx context.Context, tenant cal.TenantID, booking cal.BookingID, after string, limit int) ([]record.Entry, error) {
	var out []record.Entry
	err := s.view(ctx, tenant, "read history", func(ctx context.Context, t *tx) error {
		rows, err := t.AuditOfBooking(ctx, db.AuditOfBookingParams{
			TenantID: t.tenant, BookingID: string(booking), After: after, MaxRows: int32(limit), //nolint:gosec // small
		})
		out = auditEntries(rows)
		return err
	})
	return out, err
}

func auditEntries(rows []db.Audit) []record.Entry {
	out := make([]record.Entry, 0, len(rows))
	for _, r := range rows {
		out = append(out, record.Entry{
			ID: r.AuditID, At: instant(r.At), Actor: r.Actor, Action: r.Action, Subject: r.Subject,
			BookingID: cal.BookingID(r.BookingID), Detail: json.RawMessage(r.Detail),
		})
	}
	return out
}
