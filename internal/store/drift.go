package store

import (
	"context"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store/db"
)

// AuditedLinks lists the links of a filter that follow after, in the order of their ids, each with the work that is wanted of it.
func (s *Store) AuditedLinks(
	ctx context.Context, tenant cal.TenantID, f record.AuditFilter, after cal.LinkID, limit int,
) ([]record.AuditedLink, error) {
	var out []record.AuditedLink
	err := s.view(ctx, tenant, "list links", func(ctx context.Context, t *tx) error {
		rows, err := t.LinksAudited(final(ctx), db.LinksAuditedParams{
			TenantID: t.tenant, After: string(after), OfConnection: string(f.Connection), OfCalendar: string(f.Calendar),
			OfBooking: string(f.Booking), MaxRows: int32(limit), //nolint:gosec // small
		})
		out = make([]record.AuditedLink, 0, len(rows))
		for _, r := range rows {
			out = append(out, record.AuditedLink{
				ID: cal.LinkID(r.LinkID), BookingID: cal.BookingID(r.BookingID), CalendarID: cal.CalendarID(r.CalendarID),
				ConnectionID: cal.ConnectionID(r.ConnectionID), Provider: cal.Provider(r.Provider), State: record.LinkState(r.State),
				ChangedAt: instant(r.UpdatedAt),
				Work: record.AuditedWork{
					State: record.WorkState(r.WorkState), HeldFor: record.HeldFor(r.HeldFor), NotBefore: instant(r.NotBefore), Reason: r.LastError,
				},
			})
		}
		return err
	})
	return out, err
}
