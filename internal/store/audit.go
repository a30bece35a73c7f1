package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/calweave/calweave/contracts/cal"
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

// AuditEntry is an audit row.
type AuditEntry struct {
	ID        string
	At        time.Time
	Actor     string
	Action    string
	Subject   string
	BookingID cal.BookingID
	Detail    json.RawMessage
}

// History returns the audit rows of one booking that follow after, the oldest first.
func (s *Store) History(ctx context.Context, tenant cal.TenantID, booking cal.BookingID, after string, limit int) ([]AuditEntry, error) {
	var out []AuditEntry
	err := s.view(ctx, tenant, "read history", func(ctx context.Context, t *tx) error {
		rows, err := t.AuditOfBooking(ctx, db.AuditOfBookingParams{
			TenantID: t.tenant, BookingID: string(booking), After: after, MaxRows: int32(limit), //nolint:gosec // small
		})
		out = auditEntries(rows)
		return err
	})
	return out, err
}

func auditEntries(rows []db.Audit) []AuditEntry {
	out := make([]AuditEntry, 0, len(rows))
	for _, r := range rows {
		out = append(out, AuditEntry{
			ID: r.AuditID, At: instant(r.At), Actor: r.Actor, Action: r.Action, Subject: r.Subject,
			BookingID: cal.BookingID(r.BookingID), Detail: json.RawMessage(r.Detail),
		})
	}
	return out
}
