package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store/db"
)

// Discovered stores what a listing of an account's calendars said. Calendars that it lacks keep their rows, since links point at them. A connection
// never becomes another account's: if the listing is of another one than before, nothing of it is stored, and the owner is asked to connect the first
// one again.
func (s *Store) Discovered(ctx context.Context, l record.Lease, d record.Discovery) error {
	return s.updateMany(ctx, l.Tenant, "store calendars", func(ctx context.Context, t *tx) error {
		if err := changed(t.LockConnection(ctx, db.LockConnectionParams{TenantID: t.tenant, ConnectionID: string(d.Connection)})); err != nil {
			return err
		}
		c, err := t.connection(ctx, d.Connection)
		if err != nil {
			return err
		}
		known, err := t.calendarsOf(ctx, c.ID)
		if err != nil {
			return err
		}
		listed := allowed(c, d.Calendars)
		primary := primaryOf(listed)
		if isAnother(c, known, primary) {
			return t.refuseAccount(ctx, l, c)
		}
		if primary.Owner != "" {
			if err := t.nameConnection(ctx, c, primary.Owner); err != nil {
				return err
			}
		}
		doubtful, vanished, err := t.putCalendars(ctx, c.ID, known, listed)
		if err != nil {
			return err
		}
		if doubtful > 0 && d.Recheck.Before(d.Outcome.NotBefore) {
			d.Outcome.NotBefore = d.Recheck
		}
		err = t.note(ctx, record.Note{
			Actor: record.ActorEngine, Action: "connection.discovered", Subject: string(c.ID),
			Detail: map[string]any{"calendars": len(d.Calendars), "missing": doubtful, "vanished": vanished},
		})
		if err != nil {
			return err
		}
		return t.finish(ctx, l, d.Outcome)
	})
}

// allowed are an account's calendars as its owner lets calweave use them.
func allowed(c record.Connection, all []cal.Calendar) []cal.Calendar {
	if c.Can(cal.WriteEvents) {
		return all
	}
	out := slices.Clone(all)
	for i := range out {
		out[i].Writable = false
	}
	return out
}

// primaryOf is the calendar that stands for the account which calendars are of; the zero value if there is none.
func primaryOf(all []cal.Calendar) cal.Calendar {
	for _, c := range all {
		if c.Primary {
			return c
		}
	}
	return cal.Calendar{}
}

// isAnother reports whether the primary calendar of a listing is of another account than the connection's. Somebody whose address has changed
// still has the calendar.
func isAnother(c record.Connection, known []knownCalendar, primary cal.Calendar) bool {
	if c.Account == "" || primary.Owner == "" || strings.EqualFold(c.Account, primary.Owner) {
		return false
	}
	return !slices.ContainsFunc(known, func(k knownCalendar) bool { return k.Primary && k.Remote == primary.ID })
}

// refuseAccount stops a connection that was connected anew with another account. Its bookings stand in the calendars of the first one.
func (t *tx) refuseAccount(ctx context.Context, l record.Lease, c record.Connection) error {
	const reason = "another account was connected than before: connect the first one again"
	moved, err := t.MoveConnection(ctx, db.MoveConnectionParams{
		TenantID: t.tenant, ConnectionID: string(c.ID), State: string(cal.ConnectionNeedsReauth), Reason: reason, Now: t.now,
	})
	if err != nil {
		return err
	}
	if moved == 0 {
		return t.finish(ctx, l, record.Outcome{State: record.Held, HeldFor: record.HeldForReauth, Reason: reason})
	}
	if err := t.post(ctx, message.ConnectionNeedsReauth, message.Connection{ConnectionID: c.ID, Provider: c.Provider, Reason: reason}); err != nil {
		return err
	}
	err = t.note(ctx, record.Note{
		Actor: record.ActorEngine, Action: "connection.needs_reauth", Subject: string(c.ID), Detail: map[string]any{"reason": reason},
	})
	if err != nil {
		return err
	}
	return t.finish(ctx, l, record.Outcome{State: record.Held, HeldFor: record.HeldForReauth, Reason: reason})
}

// knownCalendar is a calendar as it was listed before.
type knownCalendar struct {
	record.Calendar
	missed bool
}

func (t *tx) calendarsOf(ctx context.Context, id cal.ConnectionID) ([]knownCalendar, error) {
	rows, err := t.CalendarsOfConnection(ctx, db.CalendarsOfConnectionParams{TenantID: t.tenant, ConnectionID: string(id)})
	out := make([]knownCalendar, 0, len(rows))
	for _, row := range rows {
		c, err := t.calendarOf(row, "", "")
		if err != nil {
			return nil, err
		}
		out = append(out, knownCalendar{c, row.Missed > 0})
	}
	return out, err
}

// putCalendars stores the calendars of a connection, whose row is locked, and says how many are missing for the first time and how many are
// believed to have vanished from now on.
func (t *tx) putCalendars(ctx context.Context, id cal.ConnectionID, known []knownCalendar, all []cal.Calendar) (doubtful, vanished int, err error) {
	listed := map[cal.RemoteCalendarID]cal.Calendar{}
	for _, c := range all {
		listed[c.ID] = c
	}
	for _, before := range known {
		now, ok := listed[before.Remote]
		delete(listed, before.Remote)
		switch {
		case ok:
			err = t.listCalendar(ctx, before.Calendar, now)
		case before.Vanished:
		case before.missed:
			vanished++
			err = t.missCalendar(ctx, before.ID, t.now)
		default:
			doubtful++
			err = t.missCalendar(ctx, before.ID, 0)
		}
		if err != nil {
			return 0, 0, err
		}
	}
	return doubtful, vanished, t.insertCalendars(ctx, id, all, listed)
}

// insertCalendars stores those of all that are new, in the order in which they were listed.
func (t *tx) insertCalendars(ctx context.Context, id cal.ConnectionID, all []cal.Calendar, fresh map[cal.RemoteCalendarID]cal.Calendar) error {
	for _, c := range all {
		if _, ok := fresh[c.ID]; !ok {
			continue
		}
		delete(fresh, c.ID)
		if err := t.insertCalendar(ctx, id, c); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) missCalendar(ctx context.Context, id cal.CalendarID, vanishedAt int64) error {
	return t.MissedCalendar(ctx, db.MissedCalendarParams{TenantID: t.tenant, CalendarID: string(id), VanishedAt: vanishedAt})
}

func (t *tx) insertCalendar(ctx context.Context, id cal.ConnectionID, c cal.Calendar) error {
	own := t.ids.ID("cal")
	name, err := t.sealText("calendars", "name", own, c.Name)
	if err != nil {
		return err
	}
	remote, err := t.sealText("calendars", "remote_id", own, string(c.ID))
	if err != nil {
		return err
	}
	return t.InsertCalendar(ctx, db.InsertCalendarParams{
		TenantID: t.tenant, CalendarID: own, ConnectionID: string(id), RemoteID: remote, Name: name, Zone: c.Zone,
		IsPrimary: c.Primary, Writable: c.Writable, Now: t.now,
	})
}

// listCalendar stores what a calendar is like now. One that had vanished is listed, watched and written to again.
func (t *tx) listCalendar(ctx context.Context, before record.Calendar, now cal.Calendar) error {
	name, err := t.sealText("calendars", "name", string(before.ID), now.Name)
	if err != nil {
		return err
	}
	err = t.ListedCalendar(ctx, db.ListedCalendarParams{
		TenantID: t.tenant, CalendarID: string(before.ID), Name: name, Zone: now.Zone, IsPrimary: now.Primary, Writable: now.Writable, Now: t.now,
	})
	if err != nil || !before.Vanished || before.Level() == cal.SyncOff {
		return err
	}
	for _, kind := range []task.Kind{task.CalendarSync, task.CalendarWatch} {
		t.mark(record.Mark{Kind: kind, Subject: string(before.ID), Lane: task.Background, ConnectionID: before.ConnectionID})
	}
	rows, err := t.ReviveCalendar(ctx, db.ReviveCalendarParams{TenantID: t.tenant, CalendarID: string(before.ID)})
	for _, r := range rows {
		t.mark(record.Mark{Kind: task.Kind(r.Kind), Subject: r.Subject, Lane: task.Lane(r.Lane), ConnectionID: before.ConnectionID})
	}
	return err
}

func (t *tx) nameConnection(ctx context.Context, c record.Connection, account string) error {
	sealed, err := t.sealText("connections", "account", string(c.ID), account)
	if err != nil {
		return err
	}
	err = t.NameConnection(ctx, db.NameConnectionParams{TenantID: t.tenant, ConnectionID: string(c.ID), Account: sealed, Now: t.now})
	if err != nil {
		return err
	}
	c.Account = account
	return t.useAccount(ctx, c)
}

// Calendar returns a calendar, or record.ErrNotFound.
func (s *Store) Calendar(ctx context.Context, tenant cal.TenantID, id cal.CalendarID) (record.Calendar, error) {
	var c record.Calendar
	err := s.view(ctx, tenant, "read calendar", func(ctx context.Context, t *tx) error {
		var err error
		c, _, err = t.calendar(final(ctx), id)
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
	c, err := t.connectionOf(row.Connection, row.Penalty)
	if err != nil {
		return record.Calendar{}, record.Connection{}, err
	}
	out, err := t.calendarOf(row.Calendar, c.Provider, c.State)
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
		Targeted: row.Targeted, Sync: cal.SyncLevel(row.Sync), WritableTarget: row.WritableTarget,
		Vanished: row.VanishedAt != 0,
	}, err
}

// firstAudit is when a calendar's links are first compared with their events: by then there is something to compare.
const firstAudit = 24 * time.Hour

// target makes a calendar one that bookings stand in: from now on it is listed, polled and watched.
func (t *tx) target(ctx context.Context, c record.Calendar) error {
	n, err := t.TargetCalendar(ctx, db.TargetCalendarParams{TenantID: t.tenant, CalendarID: string(c.ID), Now: t.now})
	if err != nil || n == 0 {
		return err
	}
	for kind, lane := range map[task.Kind]task.Lane{
		task.CalendarSync: task.Bulk, task.CalendarWatch: task.Interactive, task.CalendarPoll: task.Background,
	} {
		t.mark(record.Mark{Kind: kind, Subject: string(c.ID), Lane: lane, ConnectionID: c.ConnectionID, Revive: true})
	}
	t.mark(record.Mark{
		Kind: task.CalendarAudit, Subject: string(c.ID), Lane: task.Bulk, ConnectionID: c.ConnectionID, NotBefore: instant(t.now).Add(firstAudit), Revive: true,
	})
	return t.note(ctx, record.Note{Actor: record.ActorEngine, Action: "calendar.targeted", Subject: string(c.ID)})
}
