package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store/db"
)

// DecideGuard commits an operator's word about a hold, and lets the links follow it. It fails with record.ErrNotFound when the tenant has no such
// hold, with record.ErrDecided when it is not open any more, and with record.ErrStale when it has changed since the decision was made.
func (s *Store) DecideGuard(ctx context.Context, tenant cal.TenantID, id string, g record.GuardDecision) (record.Guard, error) {
	var after record.Guard
	err := s.updateMany(ctx, tenant, "decide about a hold", func(ctx context.Context, t *tx) error {
		before, err := t.guard(ctx, id)
		if err != nil {
			return err
		}
		y, err := t.count(ctx, tally{
			calendar: before.CalendarID, connection: before.ConnectionID, provider: before.Provider, direction: before.Direction,
		})
		if err != nil {
			return err
		}
		state, verdict := record.GuardRejected, record.DeletionRejected
		if g.Approve {
			state, verdict, y.since = record.GuardApproved, record.DeletionApproved, t.now
		}
		events, err := t.Queries.DecideGuard(ctx, db.DecideGuardParams{
			TenantID: t.tenant, GuardID: id, State: string(state), DecidedBy: g.Actor, Seen: g.Seen, Now: t.now,
		})
		if errors.Is(err, sql.ErrNoRows) {
			return t.undecided(ctx, id)
		}
		if err != nil {
			return err
		}
		if err := t.obey(ctx, before, verdict, g.Actor); err != nil {
			return err
		}
		if err := t.noteGuard(ctx, y, g.Actor, "guard."+string(state), map[string]any{"events": events}); err != nil {
			return err
		}
		y.guard = id
		if err := t.tellOver(ctx, y, state, int(events)); err != nil {
			return err
		}
		y.guard = ""
		if err := t.setTally(ctx, y); err != nil {
			return err
		}
		after, err = t.guard(ctx, id)
		return err
	})
	return after, err
}

// undecided says why a hold could not be decided about.
func (t *tx) undecided(ctx context.Context, id string) error {
	is, err := t.guard(ctx, id)
	if err == nil && is.State != record.GuardOpen {
		return record.ErrDecided
	}
	if err != nil {
		return err
	}
	return record.ErrStale
}

// obey tells the links of a hold what was decided.
func (t *tx) obey(ctx context.Context, g record.Guard, v record.DeletionVerdict, actor string) error {
	all, err := t.DecideDeletions(ctx, db.DecideDeletionsParams{TenantID: t.tenant, GuardID: g.ID, Verdict: string(v)})
	if err != nil {
		return err
	}
	for _, d := range all {
		if err := t.obeyOne(ctx, g, cal.LinkID(d.LinkID), cal.BookingID(d.BookingID), v, actor); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) obeyOne(ctx context.Context, g record.Guard, link cal.LinkID, booking cal.BookingID, v record.DeletionVerdict, actor string) error {
	t.mark(record.Mark{Kind: task.LinkPush, Subject: string(link), Lane: task.Background, ConnectionID: g.ConnectionID, Revive: true})
	return t.note(ctx, record.Note{
		Actor: actor, Action: "deletion." + string(v), Subject: string(link), BookingID: booking,
		Detail: map[string]any{"guard_id": g.ID, "calendar_id": g.CalendarID, "direction": g.Direction},
	})
}

// approveDeletion lets one link's deletion out of its hold, if it is in one.
func (t *tx) approveDeletion(ctx context.Context, id cal.LinkID, actor string) error {
	row, err := t.HeldDeletion(ctx, db.HeldDeletionParams{TenantID: t.tenant, LinkID: string(id)})
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	l, err := t.link(ctx, id)
	if err != nil {
		return err
	}
	l.Generation = int(row.Generation)
	direction := record.Direction(row.Direction)
	y, err := t.countOf(ctx, l, direction)
	if err != nil {
		return err
	}
	err = t.moveDeletion(ctx, l, direction, record.DeletionHeld, record.DeletionApproved)
	if errors.Is(err, record.ErrStale) {
		return nil // somebody has decided meanwhile
	}
	if err != nil {
		return err
	}
	g := record.Guard{ID: row.GuardID, CalendarID: y.calendar, ConnectionID: y.connection, Direction: direction}
	if err := t.obeyOne(ctx, g, id, l.BookingID, record.DeletionApproved, actor); err != nil {
		return err
	}
	return t.shrink(ctx, &y, 1)
}

// doubtedAtOnce is how many held deletions one poll looks at again.
const doubtedAtOnce = 50

// Doubted returns the links of the lease's calendar whose deletions are held though the calendar, as far as listings have shown it, has their events: each
// is worth another look.
func (s *Store) Doubted(ctx context.Context, l record.Lease) ([]cal.LinkID, error) {
	var out []cal.LinkID
	err := s.view(ctx, l.Tenant, "read doubted deletions", func(ctx context.Context, t *tx) error {
		out = nil
		rows, err := t.DoubtedDeletions(final(ctx), db.DoubtedDeletionsParams{TenantID: t.tenant, CalendarID: l.Subject, MaxRows: doubtedAtOnce})
		for _, id := range rows {
			out = append(out, cal.LinkID(id))
		}
		return err
	})
	return out, err
}

// Guard returns a hold, or record.ErrNotFound.
func (s *Store) Guard(ctx context.Context, tenant cal.TenantID, id string) (record.Guard, error) {
	var out record.Guard
	err := s.view(ctx, tenant, "read a hold", func(ctx context.Context, t *tx) (err error) {
		out, err = t.guard(ctx, id)
		return err
	})
	return out, err
}

func (t *tx) guard(ctx context.Context, id string) (record.Guard, error) {
	row, err := t.GuardByID(ctx, db.GuardByIDParams{TenantID: t.tenant, GuardID: id})
	if err != nil {
		return record.Guard{}, found(err)
	}
	return guardOf(row.Guard, row.ConnectionID, row.Provider), nil
}

// Guards lists the holds that a filter chooses and that follow after, in the order of their ids: the oldest first.
func (s *Store) Guards(ctx context.Context, tenant cal.TenantID, f record.GuardFilter, after string, limit int) ([]record.Guard, error) {
	if f.State == "" {
		f.State = record.GuardOpen
	}
	var out []record.Guard
	err := s.view(ctx, tenant, "list holds", func(ctx context.Context, t *tx) error {
		out = nil
		rows, err := t.GuardsAfter(ctx, db.GuardsAfterParams{
			TenantID: t.tenant, After: after, OfState: string(f.State), OfCalendar: string(f.Calendar), MaxRows: int32(limit), //nolint:gosec // small
		})
		for _, r := range rows {
			out = append(out, guardOf(r.Guard, r.ConnectionID, r.Provider))
		}
		return err
	})
	return out, err
}

func guardOf(row db.Guard, connection, provider string) record.Guard {
	return record.Guard{
		ID: row.GuardID, CalendarID: cal.CalendarID(row.CalendarID), ConnectionID: cal.ConnectionID(connection), Provider: cal.Provider(provider),
		Direction: record.Direction(row.Direction), State: record.GuardState(row.State), Reason: row.Reason, Events: int(row.Events),
		Revision: row.Revision, OpenedAt: instant(row.OpenedAt), ChangedAt: instant(row.UpdatedAt), DecidedBy: row.DecidedBy,
	}
}

// GuardedDeletions lists the deletions of a hold whose links follow after, in the order of the links' ids.
func (s *Store) GuardedDeletions(ctx context.Context, tenant cal.TenantID, id string, after cal.LinkID, limit int) ([]record.GuardedDeletion, error) {
	var out []record.GuardedDeletion
	err := s.view(ctx, tenant, "list a hold's deletions", func(ctx context.Context, t *tx) error {
		out = nil
		rows, err := t.DeletionsOfGuard(ctx, db.DeletionsOfGuardParams{
			TenantID: t.tenant, GuardID: id, After: string(after), MaxRows: int32(limit), //nolint:gosec // small
		})
		for _, r := range rows {
			out = append(out, record.GuardedDeletion{
				LinkID: cal.LinkID(r.LinkID), BookingID: cal.BookingID(r.BookingID), Verdict: record.DeletionVerdict(r.Verdict), SeenAt: instant(r.SeenAt),
			})
		}
		return err
	})
	return out, err
}

// pruneGuards forgets holds that were decided about long ago, and deletions that nothing follows from any more.
func (t *tx) pruneGuards(ctx context.Context, before int64) (int64, error) {
	n, err := t.PruneDeletions(ctx, db.PruneDeletionsParams{TenantID: t.tenant, Before: before})
	if err != nil {
		return 0, err
	}
	m, err := t.PruneGuards(ctx, db.PruneGuardsParams{TenantID: t.tenant, Before: before})
	return n + m, err
}
