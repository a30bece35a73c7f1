package api

import (
	"context"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/api/gen"
)

// AcceptDivergence is POST /v1/bookings/{booking_id}/divergence:accept.
func (s *Server) AcceptDivergence(ctx context.Context, r gen.AcceptDivergenceRequestObject) (gen.AcceptDivergenceResponseObject, error) {
	o, err := s.options(ctx, r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	b, err := s.Bookings.Decide(ctx, identity(ctx), cal.BookingID(r.BookingID), message.DecisionAccepted, changed(r.Params.CalendarID, r.Params.Occurrence), o)
	if err != nil {
		return nil, err
	}
	return gen.AcceptDivergence202JSONResponse{Body: booking(b), Headers: gen.AcceptDivergence202ResponseHeaders{ETag: etag(b)}}, nil
}

// RevertDivergence is POST /v1/bookings/{booking_id}/divergence:revert.
func (s *Server) RevertDivergence(ctx context.Context, r gen.RevertDivergenceRequestObject) (gen.RevertDivergenceResponseObject, error) {
	o, err := s.options(ctx, r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	b, err := s.Bookings.Decide(ctx, identity(ctx), cal.BookingID(r.BookingID), message.DecisionReverted, changed(r.Params.CalendarID, r.Params.Occurrence), o)
	if err != nil {
		return nil, err
	}
	return gen.RevertDivergence202JSONResponse{Body: booking(b), Headers: gen.RevertDivergence202ResponseHeaders{ETag: etag(b)}}, nil
}

func changed(calendar, occurrence *string) Changed {
	return Changed{Calendar: cal.CalendarID(text(calendar)), Occurrence: text(occurrence)}
}
