package store

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store/db"
)

// Sync returns what a listing of the lease's calendar starts from: its cursor, and the listing that is under way if there is one.
func (s *Store) Sync(ctx context.Context, l record.Lease) (record.Sync, error) {
	var out record.Sync
	err := s.view(ctx, l.Tenant, "read sync state", func(ctx context.Context, t *tx) error {
		out = record.Sync{}
		var err error
		if out.Calendar, out.Connection, err = t.calendar(ctx, cal.CalendarID(l.Subject)); err != nil {
			return err
		}
		if err := t.readCursor(ctx, l.Subject, &out); err != nil {
			return err
		}
		row, err := t.ListingByCalendar(ctx, db.ListingByCalendarParams{TenantID: t.tenant, CalendarID: l.Subject})
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		out.Listing = &record.Listing{
			ID: row.ListingID, Kind: cal.ListingKind(row.Kind), Pages: row.Pages, Events: row.Events, Withheld: row.Withheld,
			Window: cal.Window{From: instant(row.WindowFrom), Until: instant(row.WindowUntil)}, StartedAt: instant(row.StartedAt),
			TZData: row.TZData,
		}
		out.Listing.Page, err = t.openText("listings", "page", row.ListingID, row.Page)
		return err
	})
	return out, err
}

func (t *tx) readCursor(ctx context.Context, calendar string, out *record.Sync) error {
	found, err := t.CursorByCalendar(ctx, db.CursorByCalendarParams{TenantID: t.tenant, CalendarID: calendar})
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	row := found.Cursor
	out.SyncedAt, out.Spacing, out.Recheck = instant(row.SyncedAt), time.Duration(row.Spacing)*time.Microsecond, row.Recheck
	out.Window = cal.Window{From: instant(row.WindowFrom), Until: instant(row.WindowUntil)}
	out.TZData, out.Series = row.TZData, found.Series > 0
	if row.Scope == "" {
		return nil
	}
	out.Cursor.Scope = row.Scope
	out.Cursor.Token, err = t.openText("cursors", "token", calendar, row.Token)
	return err
}

// BeginListing records a listing that is about to begin. What an older one has staged is dropped.
func (s *Store) BeginListing(ctx context.Context, l record.Lease, begun record.Listing, d time.Duration) (record.Listing, record.Lease, error) {
	begun.ID = s.ids.ID("lst")
	l, err := s.updateUnder(ctx, l, d, "begin listing", func(ctx context.Context, t *tx) error {
		if err := t.dropListing(ctx, l.Subject); err != nil {
			return err
		}
		begun.StartedAt = instant(t.now)
		return t.InsertListing(ctx, db.InsertListingParams{
			TenantID: t.tenant, CalendarID: l.Subject, ListingID: begun.ID, Kind: string(begun.Kind), Page: []byte{},
			WindowFrom: micros(begun.Window.From), WindowUntil: micros(begun.Window.Until), StartedAt: t.now,
			TZData: begun.TZData,
		})
	})
	return begun, l, err
}

// Stage keeps one page where no reader sees it, together with the token of the next one: a listing that is cut off goes on from there.
func (s *Store) Stage(
	ctx context.Context, l record.Lease, c record.Calendar, on record.Listing, page cal.Page, d time.Duration,
) (record.Listing, record.Lease, error) {
	when := expand(page.Items, on.Window)
	var withheld int64
	l, err := s.updateUnder(ctx, l, d, "stage page", func(ctx context.Context, t *tx) error {
		var err error
		withheld, err = t.stage(ctx, c, on.ID, page.Items, when)
		if err != nil {
			return err
		}
		next, err := t.sealText("listings", "page", on.ID, page.Next)
		if err != nil {
			return err
		}
		return changed(t.TurnPage(ctx, db.TurnPageParams{
			TenantID: t.tenant, CalendarID: string(c.ID), ListingID: on.ID, Pages: on.Pages, Page: next, Withheld: withheld, Events: int64(len(page.Items)),
			TZData: on.TZData,
		}))
	})
	if err == nil {
		on.Pages++
		on.Events += int64(len(page.Items))
		on.Withheld += withheld
		on.Page = page.Next
	}
	return on, l, err
}

// stage keeps rows of a listing and says how many could not be read.
func (t *tx) stage(ctx context.Context, c record.Calendar, listing string, items []cal.Item, when takes) (withheld int64, err error) {
	for i, item := range items {
		if item.Withheld != "" || !storable(item.Event) {
			withheld++
			continue
		}
		row, err := t.mirrorRow(c, item.Event)
		if err != nil {
			return 0, err
		}
		err = t.StageEvent(ctx, db.StageEventParams{
			TenantID: t.tenant, CalendarID: string(c.ID), ListingID: listing, EventID: row.EventID, ETag: row.ETag, Status: row.Status,
			StartsAt: row.StartsAt, EndsAt: row.EndsAt, Content: row.Content, AllDay: row.AllDay, Free: row.Free, Kind: row.Kind,
			SeriesID: row.SeriesID, OriginalAt: row.OriginalAt, Unexpanded: plainText(when[i].unexpanded), Meeting: row.Meeting,
		})
		if err == nil && len(item.Event.Recurrence) > 0 {
			err = t.stageOccurrences(ctx, c.ID, listing, item.Event, when[i].starts)
		}
		if err != nil {
			return 0, err
		}
	}
	return withheld, nil
}

// storable reports whether an event can be told apart from others in both databases.
func storable(e cal.Event) bool {
	plain := func(s string) bool { return plainText(s) == s }
	return e.ID != "" && plain(string(e.ID)) && plain(e.ETag) && plain(string(e.Series))
}

// mirrorRow is an event as the mirror keeps it at the calendar's level. Content is sealed at the place that it is published to.
func (t *tx) mirrorRow(c record.Calendar, e cal.Event) (db.Event, error) {
	row := db.Event{EventID: string(e.ID), ETag: e.ETag, Status: string(e.Status), Content: []byte{}}
	row.Kind, row.SeriesID, row.OriginalAt = string(e.Kind), string(e.Series), placeOf(e.OriginalStart)
	if e.Gone() {
		return row, nil
	}
	row.StartsAt, row.EndsAt = span(e.Content.Slot)
	row.Meeting = t.meeting(e)
	row.AllDay, row.Free = e.Content.Slot.AllDay(), e.Free
	kept := e.Content
	if c.Level() != cal.SyncFull {
		kept = cal.Content{Slot: kept.Slot}
	}
	var err error
	row.Content, err = t.sealJSON("events", "content", string(c.ID)+"/"+row.EventID, kept)
	return row, err
}

// placeOf is the place of an occurrence in its series: the instant of its original start, or the midnight of that date read as UTC.
func placeOf(m cal.Moment) int64 {
	if day, err := time.Parse(cal.DateLayout, m.Date); err == nil {
		return day.UnixMicro()
	}
	return micros(m.Instant)
}

// span is the time that a slot takes at the most, whatever zone an all-day slot is seen from.
func span(s cal.Slot) (from, until int64) {
	if !s.AllDay() {
		return micros(s.Start.Instant), micros(s.End.Instant)
	}
	const day = 24 * time.Hour
	start, err1 := time.Parse(cal.DateLayout, s.Start.Date)
	end, err2 := time.Parse(cal.DateLayout, s.End.Date)
	if err1 != nil || err2 != nil {
		return math.MinInt64, math.MaxInt64 // outside every window: its absence proves nothing
	}
	return start.Add(-day).UnixMicro(), end.Add(day).UnixMicro()
}

// DiscardListing drops what was staged. A lost cursor is forgotten with it, so that the next listing is a snapshot; everything published stays.
func (s *Store) DiscardListing(ctx context.Context, l record.Lease, cursorLost bool, reason string, d time.Duration) (record.Lease, error) {
	return s.updateUnder(ctx, l, d, "discard listing", func(ctx context.Context, t *tx) error {
		if err := t.dropListing(ctx, l.Subject); err != nil {
			return err
		}
		if cursorLost {
			if err := t.DropCursor(ctx, db.DropCursorParams{TenantID: t.tenant, CalendarID: l.Subject}); err != nil {
				return err
			}
		}
		return t.note(ctx, record.Note{
			Actor: record.ActorEngine, Action: "listing.discarded", Subject: l.Subject, Detail: map[string]any{"reason": reason, "cursor_lost": cursorLost},
		})
	})
}

func (t *tx) dropListing(ctx context.Context, calendar string) error {
	if err := t.DeleteStaged(ctx, db.DeleteStagedParams{TenantID: t.tenant, CalendarID: calendar}); err != nil {
		return err
	}
	if err := t.DeleteStagedOccurrences(ctx, db.DeleteStagedOccurrencesParams{TenantID: t.tenant, CalendarID: calendar}); err != nil {
		return err
	}
	return t.DeleteListing(ctx, db.DeleteListingParams{TenantID: t.tenant, CalendarID: calendar})
}

// Publish shows a complete listing: the mirror, the cursor and the work that follows from it become visible together, under the lease.
func (s *Store) Publish(ctx context.Context, l record.Lease, publication record.Publication) (record.Published, error) {
	var out record.Published
	when := expand(publication.Last.Items, publication.Listing.Window)
	err := s.updateMany(ctx, l.Tenant, "publish listing", func(ctx context.Context, t *tx) error {
		p := publication // this may run again
		out = record.Published{}
		if err := t.finish(ctx, l, p.Outcome); err != nil {
			return err
		}
		withheld, err := t.stage(ctx, p.Calendar, p.Listing.ID, p.Last.Items, when)
		if err != nil {
			return err
		}
		p.Listing.Withheld += withheld
		p.Listing.Pages++
		p.Listing.Events += int64(len(p.Last.Items))
		heard, err := t.heard(ctx, p)
		if err != nil {
			return err
		}
		if err := t.publish(ctx, p, &out); err != nil {
			return err
		}
		if err := t.raise(ctx, p, &out); err != nil {
			return err
		}
		doubted, err := t.doubted(ctx, p)
		if err != nil {
			return err
		}
		if err := t.putCursor(ctx, p, out.Missed > 0 || doubted); err != nil {
			return err
		}
		if err := t.repoll(ctx, p, heard, &out); err != nil {
			return err
		}
		if err := t.dropListing(ctx, l.Subject); err != nil {
			return err
		}
		return t.note(ctx, record.Note{
			Actor: record.ActorEngine, Action: "listing.published", Subject: l.Subject,
			Detail: map[string]any{
				"kind": p.Listing.Kind, "pages": p.Listing.Pages, "withheld": p.Listing.Withheld, "raised": out.Raised,
				"vanished": out.Vanished, "missed": out.Missed, "guarded": out.Guarded,
			},
		})
	})
	return out, err
}

func (t *tx) publish(ctx context.Context, p record.Publication, out *record.Published) error {
	calendar := string(p.Calendar.ID)
	err := t.PublishStaged(ctx, db.PublishStagedParams{TenantID: t.tenant, CalendarID: calendar, ListingID: p.Listing.ID, Now: t.now})
	if err == nil {
		err = t.publishOccurrences(ctx, calendar, p.Listing.ID)
	}
	if err != nil || p.Last.Kind != cal.Snapshot {
		return err
	}
	from, until := int64(math.MinInt64+1), int64(math.MaxInt64-1)
	if w := p.Last.Coverage; !w.From.IsZero() {
		from = micros(w.From)
	}
	if w := p.Last.Coverage; !w.Until.IsZero() {
		until = micros(w.Until)
	}
	missed, err := t.MissEvents(ctx, db.MissEventsParams{
		TenantID: t.tenant, CalendarID: calendar, ListingID: p.Listing.ID, Now: t.now,
		WindowFrom: from, WindowUntil: until,
	})
	if err != nil {
		return err
	}
	removed, err := t.RemoveMissed(ctx, db.RemoveMissedParams{TenantID: t.tenant, CalendarID: calendar, Now: t.now})
	if err != nil {
		return err
	}
	out.Missed = missed - removed
	return t.leaveWindow(ctx, p)
}

// leaveWindow forgets what lies outside the window that the mirror is kept for from now on. It is not gone: nobody is told anything.
func (t *tx) leaveWindow(ctx context.Context, p record.Publication) error {
	w := p.Listing.Window
	if w.From.IsZero() || w.Until.IsZero() {
		return nil
	}
	calendar := string(p.Calendar.ID)
	err := t.LeaveWindow(ctx, db.LeaveWindowParams{
		TenantID: t.tenant, CalendarID: calendar, ListingID: p.Listing.ID, WindowFrom: micros(w.From), WindowUntil: micros(w.Until),
	})
	if err != nil {
		return err
	}
	return t.ForsakeOccurrences(ctx, db.ForsakeOccurrencesParams{TenantID: t.tenant, CalendarID: calendar, WindowFrom: micros(w.From)})
}

// doubted reports whether a delta shows a series anew without some of the occurrences that the mirror has of it: a provider that lists occurrences may
// not tell that one was deleted. Only a snapshot can tell, and it follows at once.
func (t *tx) doubted(ctx context.Context, p record.Publication) (bool, error) {
	if p.Last.Kind != cal.Delta {
		return false, nil
	}
	n, err := t.DoubtedSeries(ctx, db.DoubtedSeriesParams{
		TenantID: t.tenant, CalendarID: string(p.Calendar.ID), ListingID: p.Listing.ID,
	})
	if n > 0 {
		t.mark(record.Mark{Kind: task.CalendarSync, Subject: string(p.Calendar.ID), Lane: p.Lane, ConnectionID: p.Calendar.ConnectionID})
	}
	return n > 0, err
}

func (t *tx) putCursor(ctx context.Context, p record.Publication, recheck bool) error {
	token, err := t.sealText("cursors", "token", string(p.Calendar.ID), p.Last.Cursor.Token)
	if err != nil {
		return err
	}
	return t.PutCursor(ctx, db.PutCursorParams{
		TenantID: t.tenant, CalendarID: string(p.Calendar.ID), Token: token, Scope: p.Last.Cursor.Scope,
		WindowFrom: micros(p.Listing.Window.From), WindowUntil: micros(p.Listing.Window.Until), SyncedAt: t.now,
		Spacing: p.Spacing.Microseconds(), Recheck: recheck, Withheld: p.Listing.Withheld,
		BeganAt: micros(p.Listing.StartedAt), TZData: p.Listing.TZData,
	})
}

// Events lists the mirror of a calendar as readers see it, after an event, in the order of the provider's ids. Tombstones are left out.
func (s *Store) Events(
	ctx context.Context, tenant cal.TenantID, calendar cal.CalendarID, after cal.EventID, limit int,
) ([]record.Observed, error) {
	var out []record.Observed
	err := s.view(ctx, tenant, "list events", func(ctx context.Context, t *tx) error {
		out = nil
		rows, err := t.EventsAfter(ctx, db.EventsAfterParams{
			TenantID: t.tenant, CalendarID: string(calendar), After: string(after), MaxRows: int32(limit), //nolint:gosec // small
		})
		if err != nil {
			return err
		}
		for _, r := range rows {
			o := record.Observed{
				EventID: cal.EventID(r.EventID), ETag: r.ETag, Status: cal.EventStatus(r.Status), Start: instant(r.StartsAt), End: instant(r.EndsAt),
				Missing: r.Missing, Meeting: r.Meeting,
			}
			if _, err := t.openJSON("events", "content", string(calendar)+"/"+r.EventID, r.Content, &o.Content); err != nil {
				return err
			}
			out = append(out, o)
		}
		return nil
	})
	return out, err
}
