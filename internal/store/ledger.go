package store

import (
	"context"
	"math"
	"strconv"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store/db"
)

// Bookings lists bookings that follow after, in the order that their filter's Place says.
func (s *Store) Bookings(
	ctx context.Context, tenant cal.TenantID, f record.BookingFilter, after record.BookingPlace, limit int,
) ([]record.Booking, error) {
	var out []record.Booking
	err := s.view(ctx, tenant, "list bookings", func(ctx context.Context, t *tx) error {
		out = nil
		rows, err := t.bookingRows(ctx, f, after, int32(limit)) //nolint:gosec // small
		if err != nil {
			return err
		}
		for _, row := range rows {
			b, err := t.bookingWithLinks(ctx, row)
			if err != nil {
				return err
			}
			out = append(out, b)
		}
		return nil
	})
	return out, err
}

// bookingRows asks by the filter that an index serves best, from where the page begins, and leaves the others to be checked on what that finds.
func (t *tx) bookingRows(ctx context.Context, f record.BookingFilter, after record.BookingPlace, limit int32) ([]db.Booking, error) {
	id, state, calendar, diverged := string(after.ID), string(f.State), string(f.Calendar), ""
	if f.Diverged != nil {
		diverged = strconv.FormatBool(*f.Diverged)
	}
	switch {
	case !f.ChangedSince.IsZero():
		return t.BookingsChanged(ctx, db.BookingsChangedParams{
			TenantID: t.tenant, ChangedSince: max(f.ChangedSince.UnixMicro(), placeMicros(after)), AfterAt: placeMicros(after), AfterID: id,
			StartsFrom: bound(f.Starts.From, math.MinInt64), StartsBefore: bound(f.Starts.Until, math.MaxInt64),
			OfState: state, OfCalendar: calendar, OfDiverged: diverged, MaxRows: limit,
		})
	case f.Windowed():
		return t.BookingsStarting(ctx, db.BookingsStartingParams{
			TenantID: t.tenant, AfterAt: placeMicros(after), AfterID: id,
			StartsFrom: max(bound(f.Starts.From, math.MinInt64), placeMicros(after)), StartsBefore: bound(f.Starts.Until, math.MaxInt64),
			OfState: state, OfCalendar: calendar, OfDiverged: diverged, MaxRows: limit,
		})
	case diverged == "true":
		return t.BookingsDiverged(ctx, db.BookingsDivergedParams{TenantID: t.tenant, AfterID: id, OfState: state, OfCalendar: calendar, MaxRows: limit})
	case calendar != "":
		return t.BookingsInCalendar(ctx, db.BookingsInCalendarParams{
			TenantID: t.tenant, CalendarID: calendar, AfterID: id, OfState: state, OfDiverged: diverged, MaxRows: limit,
		})
	case state != "":
		return t.BookingsOfState(ctx, db.BookingsOfStateParams{
			TenantID: t.tenant, Cancelled: f.State == record.Cancelled, AfterID: id, OfDiverged: diverged, MaxRows: limit,
		})
	default:
		return t.BookingsAfter(ctx, db.BookingsAfterParams{TenantID: t.tenant, AfterID: id, OfDiverged: diverged, MaxRows: limit})
	}
}

// placeMicros is the time of a place in a list that is in the order of times; the beginning comes before them all.
func placeMicros(p record.BookingPlace) int64 {
	if p.ID == "" {
		return math.MinInt64
	}
	return micros(p.At)
}

// bound is one end of a window, or what stands for an open one.
func bound(at time.Time, open int64) int64 {
	if at.IsZero() {
		return open
	}
	return at.UnixMicro()
}
