package store

import (
	"context"
	"strconv"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store/db"
)

// ChooseCalendar stores what a tenant has chosen for a calendar, and lets everything that follows the calendar begin, begin anew or end. A calendar
// in which live bookings stand stays followed, whatever was chosen. It fails with record.ErrNotFound when the tenant has no such calendar.
func (s *Store) ChooseCalendar(ctx context.Context, tenant cal.TenantID, id cal.CalendarID, chosen record.CalendarChoice) (record.Calendar, error) {
	var after record.Calendar
	err := s.updateMany(ctx, tenant, "choose calendar", func(ctx context.Context, t *tx) error {
		// A booking that names the calendar meanwhile waits for this, or is found here.
		if err := t.LockCalendar(ctx, db.LockCalendarParams{TenantID: t.tenant, CalendarID: string(id)}); err != nil {
			return err
		}
		before, _, err := t.calendar(ctx, id)
		if err != nil {
			return err
		}
		if after, err = t.chosen(ctx, before, chosen); err != nil || after == before {
			return err
		}
		err = t.Queries.ChooseCalendar(ctx, db.ChooseCalendarParams{
			TenantID: t.tenant, CalendarID: string(id), Sync: string(after.Sync), Targeted: after.Targeted, WritableTarget: after.WritableTarget, Now: t.now,
		})
		if err != nil {
			return err
		}
		if after.Level() != before.Level() {
			if err := t.relevel(ctx, before, after); err != nil {
				return err
			}
		}
		return t.note(ctx, record.Note{
			Actor: chosen.Actor, Action: "calendar.chosen", Subject: string(id),
			Detail: map[string]any{"sync": after.Sync, "level": after.Level(), "writable_target": after.WritableTarget},
		})
	})
	return after, err
}

// chosen is the calendar as a choice makes it.
func (t *tx) chosen(ctx context.Context, c record.Calendar, chosen record.CalendarChoice) (record.Calendar, error) {
	if chosen.WritableTarget != nil {
		c.WritableTarget = *chosen.WritableTarget
	}
	if chosen.Sync == nil {
		return c, nil
	}
	c.Sync = *chosen.Sync
	if c.Sync != cal.SyncOff || !c.Targeted {
		return c, nil
	}
	live, err := t.LiveLinks(ctx, db.LiveLinksParams{TenantID: t.tenant, CalendarID: string(c.ID)})
	c.Targeted = live > 0
	return c, err
}

// relevel lets the next listing be a whole one, at the level that the calendar has from now on. What the mirror holds beyond that level goes at
// once, but as long as the calendar is followed its rows stay: they are how the next listing finds out what has vanished.
func (t *tx) relevel(ctx context.Context, before, after record.Calendar) error {
	subject := string(after.ID)
	// A listing under way keeps what the old level says.
	err := t.UnseatWork(ctx, db.UnseatWorkParams{TenantID: t.tenant, Kind: string(task.CalendarSync), Subject: subject})
	if err != nil {
		return err
	}
	if err := t.dropListing(ctx, subject); err != nil {
		return err
	}
	if err := t.DropCursor(ctx, db.DropCursorParams{TenantID: t.tenant, CalendarID: subject}); err != nil {
		return err
	}
	t.mark(record.Mark{Kind: task.CalendarWatch, Subject: subject, Lane: task.Interactive, ConnectionID: after.ConnectionID, Revive: true})
	if after.Level() == cal.SyncOff {
		return t.forgetMirror(ctx, subject)
	}
	t.mark(record.Mark{Kind: task.CalendarSync, Subject: subject, Lane: task.Bulk, ConnectionID: after.ConnectionID, Revive: true})
	switch before.Level() {
	case cal.SyncOff: // its schedule has ended
		t.mark(record.Mark{Kind: task.CalendarPoll, Subject: subject, Lane: task.Background, ConnectionID: after.ConnectionID, Revive: true})
		return nil
	case cal.SyncBusy:
		return nil
	default:
		return t.blank(ctx, subject)
	}
}

// forgetMirror forgets a calendar's events, and with the cursor that they were ever proven.
func (t *tx) forgetMirror(ctx context.Context, calendar string) error {
	if err := t.ForgetEvents(ctx, db.ForgetEventsParams{TenantID: t.tenant, CalendarID: calendar}); err != nil {
		return err
	}
	if err := t.ForgetOccurrences(ctx, db.ForgetOccurrencesParams{TenantID: t.tenant, CalendarID: calendar}); err != nil {
		return err
	}
	return t.ForgetCursor(ctx, db.ForgetCursorParams{TenantID: t.tenant, CalendarID: calendar})
}

// blank leaves of a calendar's events when they are, and nothing else.
func (t *tx) blank(ctx context.Context, calendar string) error {
	return t.BlankEvents(ctx, db.BlankEventsParams{TenantID: t.tenant, CalendarID: calendar, Empty: []byte{}})
}

// Calendars lists the calendars of a filter that follow after, in the order of their ids.
func (s *Store) Calendars(
	ctx context.Context, tenant cal.TenantID, f record.CalendarFilter, after cal.CalendarID, limit int,
) ([]record.Calendar, error) {
	var out []record.Calendar
	err := s.view(ctx, tenant, "list calendars", func(ctx context.Context, t *tx) error {
		out = nil
		writable := ""
		if f.Writable != nil {
			writable = strconv.FormatBool(*f.Writable)
		}
		rows, err := t.CalendarsAfter(ctx, db.CalendarsAfterParams{
			TenantID: t.tenant, After: string(after), OfConnection: string(f.Connection), OfProvider: string(f.Provider), Writable: writable,
			Level: string(f.Level), MaxRows: int32(limit), //nolint:gosec // small
		})
		if err != nil {
			return err
		}
		for _, r := range rows {
			c, err := t.calendarOf(r.Calendar, cal.Provider(r.Provider), cal.ConnectionState(r.State))
			if err != nil {
				return err
			}
			out = append(out, c)
		}
		return nil
	})
	return out, err
}
