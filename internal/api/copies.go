package api

import (
	"context"
	"errors"
	"strings"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
)

// ListCopies is GET /v1/bookings/{booking_id}/copies.
func (s *Server) ListCopies(ctx context.Context, r gen.ListCopiesRequestObject) (gen.ListCopiesResponseObject, error) {
	l, err := newListing("copies", r.Params.Limit, r.Params.Cursor, r.BookingID)
	if err != nil {
		return nil, err
	}
	calendar, event, _ := strings.Cut(l.after, "/")
	after := record.Copy{CalendarID: cal.CalendarID(calendar), EventID: cal.EventID(event)}
	all, err := s.Ledger.Copies(ctx, identity(ctx).Tenant, cal.BookingID(r.BookingID), after, l.limit+1)
	if errors.Is(err, record.ErrNotFound) {
		return nil, refuse(record.ReasonUnknown, "this tenant has no booking of that id")
	}
	if err != nil {
		return nil, err
	}
	page := gen.CopyPage{Copies: []gen.Copy{}}
	all, page.NextCursor = cut(l, all, func(c record.Copy) string { return string(c.CalendarID) + "/" + string(c.EventID) })
	for _, c := range all {
		page.Copies = append(page.Copies, gen.Copy{
			CalendarID: string(c.CalendarID), ConnectionID: string(c.ConnectionID), Provider: gen.Provider(c.Provider), EventID: string(c.EventID),
			Start: c.Slot.Start.When(), End: c.Slot.End.When(),
		})
	}
	return gen.ListCopies200JSONResponse(page), nil
}
