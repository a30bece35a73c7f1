package api

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
)

// Ledger shows what there is and how it came about.
type Ledger interface {
	// History returns the audit rows of one booking that follow after, the oldest first.
	History(ctx context.Context, tenant cal.TenantID, booking cal.BookingID, after string, limit int) ([]record.Entry, error)
	// Bookings returns bookings that follow after, in the order that their filter's Place says.
	Bookings(ctx context.Context, tenant cal.TenantID, f record.BookingFilter, after record.BookingPlace, limit int) ([]record.Booking, error)
	// Copies returns what stands of a booking's meetings in other mailboxes and follows after. It fails with record.ErrNotFound when there is no booking.
	Copies(ctx context.Context, tenant cal.TenantID, booking cal.BookingID, after record.Copy, limit int) ([]record.Copy, error)
}

// ListHistory is GET /v1/bookings/{booking_id}/history.
func (s *Server) ListHistory(ctx context.Context, r gen.ListHistoryRequestObject) (gen.ListHistoryResponseObject, error) {
	l, err := newListing("history", r.Params.Limit, r.Params.Cursor, r.BookingID)
	if err != nil {
		return nil, err
	}
	rows, err := s.Ledger.History(ctx, identity(ctx).Tenant, cal.BookingID(r.BookingID), l.after, l.limit+1)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 && l.after == "" { // every booking has been accepted, and one that was only ever rejected has that in its history
		return nil, refuse(record.ReasonUnknown, "this tenant has no booking of that id")
	}
	page := gen.HistoryPage{Entries: []gen.HistoryEntry{}}
	rows, page.NextCursor = cut(l, rows, func(e record.Entry) string { return e.ID })
	for _, e := range rows {
		entry, err := historyEntry(e)
		if err != nil {
			return nil, err
		}
		page.Entries = append(page.Entries, entry)
	}
	return gen.ListHistory200JSONResponse(page), nil
}

// historyEntry puts an audit row into the form of the contract, in which the calendar stands beside the rest of the detail. What a later build has
// written and this one does not know is left out.
func historyEntry(e record.Entry) (gen.HistoryEntry, error) {
	out := gen.HistoryEntry{ID: e.ID, At: e.At, Actor: e.Actor, Action: e.Action}
	var about struct {
		Calendar *string `json:"calendar_id"`
	}
	err := errors.Join(json.Unmarshal(e.Detail, &out.Detail), json.Unmarshal(e.Detail, &about))
	out.CalendarID = about.Calendar
	return out, err
}
