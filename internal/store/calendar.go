package store

import (
	"context"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store/db"
)

// Discovered stores what a listing of an account's calendars said. Calendars that it lacks are marked as vanished and keep their rows, since
// links point at them.
func (s *Store) Discovered(ctx context.Context, l record.Lease, id cal.ConnectionID, all []cal.Calendar, o record.Outcome) error {
	return s.updateMany(ctx, l.Tenant, "store calendars", func(ctx context.Context, t *tx) error {
		if err := t.finish(ctx, l, o); err != nil {
			return err
		}
		for _, c := range all {
			if err := t.putCalendar(ctx, id, c); err != nil {
				return err
			}
			if c.Primary && c.Owner != "" {
				if err := t.nameConnection(ctx, id, c.Owner); err != nil {
					return err
				}
			}
		}
		missed, err := t.MissCalendars(ctx, db.MissCalendarsParams{TenantID: t.tenant, ConnectionID: string(id), ListedAt: t.now, Now: t.now})
		if err != nil {
			return err
		}
		return t.note(ctx, record.Note{
			Actor: record.ActorEngine, Action: "connection.discovered", Subject: string(id),
			Detail: map[string]any{"calendars": len(all), "vanished": missed},
		})
	})
}

func (t *tx) putCalendar(ctx context.Context, id cal.ConnectionID, c cal.Calendar) error {
	own, err := t.UpsertCalendar(ctx, db.UpsertCalendarParams{
		TenantID: t.tenant, CalendarID: t.ids.ID("cal"), ConnectionID: string(id), Empty: []byte{}, Zone: c.Zone,
		RemoteHash: hashOf(t.tenant + "/" + string(id) + "/" + string(c.ID)),
		IsPrimary:  c.Primary, Writable: c.Writable, Now: t.now,
	})
	if err != nil {
		return err
	}
	name, err := t.sealText("calendars", "name", own, c.Name)
	if err != nil {
		return err
	}
	remote, err := t.sealText("calendars", "remote_id", own, string(c.ID))
	if err != nil {
		return err
	}
	return t.NameCalendar(ctx, db.NameCalendarParams{TenantID: t.tenant, CalendarID: own, Name: name, RemoteID: remote})
}

func (t *tx) nameConnection(ctx context.Context, id cal.ConnectionID, account string) error {
	sealed, err := t.sealText("connections", "account", string(id), account)
	if err != nil {
		return err
	}
	return t.NameConnection(ctx, db.NameConnectionParams{TenantID: t.tenant, ConnectionID: string(id), Account: sealed, Now: t.now})
}

// Calendars lists the calendars that follow after, in the order of their ids.
func (s *Store) Calendars(ctx context.Context, tenant cal.TenantID, after cal.CalendarID, limit int) ([]record.Calendar, error) {
	var out []record.Calendar
	err := s.view(ctx, tenant, "list calendars", func(ctx context.Context, t *tx) error {
		out = nil
		rows, err := t.CalendarsAfter(ctx, db.CalendarsAfterParams{TenantID: t.tenant, After: string(after), MaxRows: int32(limit)}) //nolint:gosec // small
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

// Calendar returns a calendar, or record.ErrNotFound.
func (s *Store) Calendar(ctx context.Context, tenant cal.TenantID, id cal.CalendarID) (record.Calendar, error) {
	var c record.Calendar
	err := s.view(ctx, tenant, "read calendar", func(ctx context.Context, t *tx) error {
		var err error
		c, _, err = t.calendar(ctx, id)
		return err
	})
	return c, err
}

// calendar returns a calendar and its connection.
func (t *tx) calendar(ctx context.Context, id cal.CalendarID) (record.Calendar, record.Connection, error) {
	row, err := t.CalendarByID(ctx, db.CalendarByIDParams{TenantID: t.tenant, CalendarID: string(id)})
	if err != nil {
		return record.Calendar{}, record.Connection{}, found(err)
	}
	c, err := t.connection(ctx, cal.ConnectionID(row.ConnectionID))
	if err != nil {
		return record.Calendar{}, record.Connection{}, err
	}
	out, err := t.calendarOf(row, c.Provider, c.State)
	return out, c, err
}

func (t *tx) calendarOf(row db.Calendar, p cal.Provider, state cal.ConnectionState) (record.Calendar, error) {
	name, err := t.openText("calendars", "name", row.CalendarID, row.Name)
	if err != nil {
		return record.Calendar{}, err
	}
	remote, err := t.openText("calendars", "remote_id", row.CalendarID, row.RemoteID)
	return record.Calendar{
		ID: cal.CalendarID(row.CalendarID), ConnectionID: cal.ConnectionID(row.ConnectionID), Provider: p, ConnectionState: state,
		Remote: cal.RemoteCalendarID(remote), Name: name, Zone: row.Zone, Primary: row.IsPrimary, Writable: row.Writable,
		Targeted: row.Targeted, Sync: cal.SyncLevel(row.Sync), Vanished: row.VanishedAt != 0,
	}, err
}

// target makes a calendar one that bookings stand in: from now on it is listed, polled and watched.
func (t *tx) target(ctx context.Context, c record.Calendar) error {
	n, err := t.TargetCalendar(ctx, db.TargetCalendarParams{TenantID: t.tenant, CalendarID: string(c.ID), Now: t.now})
	if err != nil || n == 0 {
		return err
	}
	for kind, lane := range map[task.Kind]task.Lane{
		task.CalendarSync: task.Background, task.CalendarWatch: task.Interactive, task.CalendarPoll: task.Background,
	} {
		t.mark(record.Mark{Kind: kind, Subject: string(c.ID), Lane: lane, ConnectionID: c.ConnectionID, Revive: true})
	}
	return t.note(ctx, record.Note{Actor: record.ActorEngine, Action: "calendar.targeted", Subject: string(c.ID)})
}
