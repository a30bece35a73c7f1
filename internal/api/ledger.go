package api

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
)

// ListBookings is GET /v1/bookings.
func (s *Server) ListBookings(ctx context.Context, r gen.ListBookingsRequestObject) (gen.ListBookingsResponseObject, error) {
	f, err := bookingFilter(r.Params)
	if err != nil {
		return nil, err
	}
	l, err := newListing("bookings", r.Params.Limit, r.Params.Cursor, names(f)...)
	if err != nil {
		return nil, err
	}
	after, err := parsePlace(l.after)
	if err != nil {
		return nil, err
	}
	rows, err := s.Ledger.Bookings(ctx, identity(ctx).Tenant, f, after, l.limit+1)
	if err != nil {
		return nil, err
	}
	page := gen.BookingPage{Bookings: []gen.Booking{}}
	rows, page.NextCursor = cut(l, rows, func(b record.Booking) string { return placeText(f.Place(b)) })
	for _, b := range rows {
		page.Bookings = append(page.Bookings, booking(b))
	}
	return gen.ListBookings200JSONResponse(page), nil
}

// bookingFilter reads the parameters of the list.
func bookingFilter(p gen.ListBookingsParams) (record.BookingFilter, error) {
	f := record.BookingFilter{State: record.BookingState(text(p.State)), Diverged: p.Diverged, Calendar: cal.CalendarID(text(p.CalendarID))}
	for _, t := range []struct {
		name string
		in   *string
		out  *time.Time
	}{
		{"updated_since", p.UpdatedSince, &f.ChangedSince}, {"starts_from", p.StartsFrom, &f.Starts.From}, {"starts_before", p.StartsBefore, &f.Starts.Until},
	} {
		if t.in == nil {
			continue
		}
		at, err := time.Parse(time.RFC3339, *t.in)
		if err != nil || at.IsZero() {
			return f, refuse(record.ReasonInvalid, wrongParameter,
				message.Problem{Pointer: "query: " + t.name, Detail: "it cannot be read: give a time as 2026-10-01T10:00:00Z"})
		}
		*t.out = at.UTC()
	}
	if w := f.Starts; !w.From.IsZero() && !w.Until.IsZero() && !w.From.Before(w.Until) {
		return f, refuse(record.ReasonInvalid, wrongParameter,
			message.Problem{Pointer: "query: starts_before", Detail: "nothing begins before this and not before starts_from: give a later time than that"})
	}
	return f, nil
}

// names are a filter's values, by which a cursor belongs to its list.
func names(f record.BookingFilter) []string {
	diverged := ""
	if f.Diverged != nil {
		diverged = strconv.FormatBool(*f.Diverged)
	}
	return []string{
		string(f.State), diverged, string(f.Calendar), fmt.Sprint(f.ChangedSince.UnixMicro()), fmt.Sprint(f.Starts.From.UnixMicro()),
		fmt.Sprint(f.Starts.Until.UnixMicro()),
	}
}

// placeText names a place for a cursor. No booking's id has a slash.
func placeText(p record.BookingPlace) string {
	at := ""
	if !p.At.IsZero() {
		at = strconv.FormatInt(p.At.UnixMicro(), 10)
	}
	return at + "/" + string(p.ID)
}

// parsePlace reads what placeText has written; empty is the beginning.
func parsePlace(text string) (record.BookingPlace, error) {
	if text == "" {
		return record.BookingPlace{}, nil
	}
	at, id, ok := strings.Cut(text, "/")
	p := record.BookingPlace{ID: cal.BookingID(id)}
	if at != "" {
		n, err := strconv.ParseInt(at, 10, 64)
		ok = ok && err == nil
		p.At = time.UnixMicro(n).UTC()
	}
	if !ok || id == "" {
		return p, refuse(record.ReasonInvalid, wrongParameter, message.Problem{Pointer: "query: cursor", Detail: "this is no next_cursor of this list: leave it out to begin at the start"})
	}
	return p, nil
}
