package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store/db"
)

// meeting is the tenant's own name for the meeting that an event is a copy of: UIDs are not kept, and those of two tenants cannot be compared.
func (t *tx) meeting(e cal.Event) string {
	m := e.Meeting()
	if m == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(t.tenant + "\x00" + m))
	const enough = 16
	return hex.EncodeToString(sum[:enough])
}

// Copies lists what stands in the mailboxes of the tenant of a booking's meetings beside the booking's own events, after an event, in the order of
// calendars and of the provider's ids. It fails with record.ErrNotFound when there is no such booking.
func (s *Store) Copies(ctx context.Context, tenant cal.TenantID, booking cal.BookingID, after record.Copy, limit int) ([]record.Copy, error) {
	var out []record.Copy
	err := s.view(ctx, tenant, "list copies", func(ctx context.Context, t *tx) error {
		out = nil
		if _, err := t.booking(ctx, booking); err != nil {
			return err
		}
		rows, err := t.CopiesAfter(ctx, db.CopiesAfterParams{
			TenantID: t.tenant, BookingID: string(booking), AfterCalendar: string(after.CalendarID), AfterEvent: string(after.EventID),
			MaxRows: int32(limit), //nolint:gosec // small
		})
		for _, r := range rows {
			c := record.Copy{
				CalendarID: cal.CalendarID(r.Event.CalendarID), ConnectionID: cal.ConnectionID(r.ConnectionID), Provider: cal.Provider(r.Provider),
				EventID: cal.EventID(r.Event.EventID),
			}
			var kept cal.Content
			if _, err := t.openJSON("events", "content", r.Event.CalendarID+"/"+r.Event.EventID, r.Event.Content, &kept); err != nil {
				return err
			}
			c.Slot = kept.Slot
			out = append(out, c)
		}
		return err
	})
	return out, err
}
