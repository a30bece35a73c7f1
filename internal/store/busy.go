package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store/db"
	"github.com/calweave/calweave/internal/zone"
)

// Busy says when a calendar's time is taken within a window, which has both ends. Whole days are those of the calendar's own zone. It reads one
// publication, whatever is published meanwhile, and at most limit events and as many occurrences.
func (s *Store) Busy(ctx context.Context, tenant cal.TenantID, id cal.CalendarID, within cal.Window, limit int) (record.Busy, error) {
	var out record.Busy
	err := s.view(ctx, tenant, "read busy times", func(ctx context.Context, t *tx) error {
		out = record.Busy{}
		c, _, err := t.calendar(ctx, id)
		if err != nil {
			return err
		}
		if err := t.proven(ctx, string(id), &out); err != nil {
			return err
		}
		spans, err := t.busy(ctx, c, within, limit)
		if err != nil {
			return err
		}
		if out.TooMany = len(spans) > limit; !out.TooMany {
			out.Spans = record.Merge(spans, within)
		}
		out.Unexpanded, err = t.UnexpandedSeries(ctx, db.UnexpandedSeriesParams{TenantID: t.tenant, CalendarID: string(id)})
		return err
	})
	return out, err
}

// proven says what the last publication has proven, and when.
func (t *tx) proven(ctx context.Context, calendar string, out *record.Busy) error {
	found, err := t.CursorByCalendar(ctx, db.CursorByCalendarParams{TenantID: t.tenant, CalendarID: calendar})
	switch {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return err
	default:
		row := found.Cursor
		out.Coverage = cal.Window{From: instant(row.WindowFrom), Until: instant(row.WindowUntil)}
		out.AsOf, out.Age = instant(row.SyncedAt), time.Duration(t.now-row.SyncedAt)*time.Microsecond
		out.Interval = time.Duration(row.PollInterval) * time.Microsecond
	}
	_, err = t.ListingByCalendar(ctx, db.ListingByCalendarParams{TenantID: t.tenant, CalendarID: calendar})
	if out.Listing = err == nil; errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return err
}

// busy are the spans of what may lie within a window; one more than the limit when there are too many.
func (t *tx) busy(ctx context.Context, c record.Calendar, within cal.Window, limit int) ([]cal.Window, error) {
	const day = 24 * time.Hour // bare dates reach beyond themselves in other zones
	after, before := micros(within.From.Add(-day)), micros(within.Until.Add(day))
	events, err := t.BusyEvents(ctx, db.BusyEventsParams{
		TenantID: t.tenant, CalendarID: string(c.ID), TakenAfter: after, TakenBefore: before, MaxRows: int32(limit) + 1, //nolint:gosec // small
	})
	if err != nil {
		return nil, err
	}
	series, err := t.BusyOccurrences(ctx, db.BusyOccurrencesParams{
		TenantID: t.tenant, CalendarID: string(c.ID), TakenAfter: after, TakenBefore: before, MaxRows: int32(limit) + 1, //nolint:gosec // small
	})
	if err != nil {
		return nil, err
	}
	loc, err := zone.Load(c.Zone)
	if err != nil || c.Zone == "" {
		loc = nil
	}
	var out []cal.Window
	for _, e := range events {
		out = append(out, taken(e.StartsAt, e.EndsAt, e.AllDay, e.Bare != 0, loc))
	}
	for _, o := range series {
		out = append(out, taken(o.StartsAt, o.EndsAt, o.AllDay, false, loc))
	}
	return out, nil
}

// taken is the time that a row of the mirror takes. Whole days become those of loc; where the calendar's zone is not known, they take as much as they
// do in any zone. Bare says that the row has the dates themselves, as midnights in UTC.
func taken(from, until int64, allDay, bare bool, loc *time.Location) cal.Window {
	const day = 24 * time.Hour
	w := cal.Window{From: instant(from), Until: instant(until)}
	switch {
	case !allDay && !bare:
		return w
	case bare:
		w.From, w.Until = w.From.Add(-day), w.Until.Add(day)
	}
	if loc == nil {
		return w
	}
	return cal.Window{From: zone.FromWallOrAfter(w.From.Add(day), loc).UTC(), Until: zone.FromWallOrAfter(w.Until.Add(-day), loc).UTC()}
}
