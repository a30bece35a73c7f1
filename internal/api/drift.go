package api

import (
	"context"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
)

// Drifts shows what audits have found.
type Drifts interface {
	Drifts(ctx context.Context, tenant cal.TenantID, f record.AuditFilter, after cal.LinkID, limit int) ([]record.Drift, error)
}

// ListDrift is GET /v1/drift.
func (s *Server) ListDrift(ctx context.Context, r gen.ListDriftRequestObject) (gen.ListDriftResponseObject, error) {
	f := record.AuditFilter{Booking: cal.BookingID(text(r.Params.BookingID)), Calendar: cal.CalendarID(text(r.Params.CalendarID))}
	l, err := newListing("drift", r.Params.Limit, r.Params.Cursor, string(f.Booking), string(f.Calendar))
	if err != nil {
		return nil, err
	}
	all, err := s.Drifts.Drifts(ctx, identity(ctx).Tenant, f, cal.LinkID(l.after), l.limit+1)
	if err != nil {
		return nil, err
	}
	page := gen.DriftPage{Drift: []gen.Drift{}}
	all, page.NextCursor = cut(l, all, func(d record.Drift) string { return string(d.LinkID) })
	for _, d := range all {
		page.Drift = append(page.Drift, gen.Drift{
			BookingID: string(d.BookingID), CalendarID: string(d.CalendarID), LinkID: string(d.LinkID), Would: gen.DriftWould(d.Would),
			Fields: append([]string{}, d.Fields...), PersonChanged: append([]string{}, d.Person...), Why: d.Why, FoundAt: d.FoundAt, SeenAt: d.SeenAt,
		})
	}
	return gen.ListDrift200JSONResponse(page), nil
}
