package store

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store/db"
)

// TZVersions are the versions of time-zone data by which a tenant's bookings to come were resolved.
func (s *Store) TZVersions(ctx context.Context, tenant cal.TenantID) ([]string, error) {
	var out []string
	err := s.view(ctx, tenant, "list versions of zones", func(ctx context.Context, t *tx) error {
		var err error
		out, err = t.VersionsOfZones(ctx, db.VersionsOfZonesParams{TenantID: t.tenant, LastFrom: t.now})
		return err
	})
	return out, err
}

// AskZones asks for a tenant's bookings to come to be resolved by the time-zone data of a version. Work that has stopped goes on.
func (s *Store) AskZones(ctx context.Context, tenant cal.TenantID, tzdata string) error {
	return s.update(ctx, tenant, "ask for zones", func(ctx context.Context, t *tx) error {
		t.mark(record.Mark{Kind: task.ZoneRefresh, Subject: t.tenant, Lane: task.Bulk, Revive: true})
		return t.note(ctx, record.Note{Actor: record.ActorEngine, Action: "zones.asked", Subject: t.tenant, Detail: map[string]any{"tzdata": tzdata}})
	})
}

// ResolvedElsewise returns up to limit of the lease's tenant's bookings to come that another version of the time-zone data has resolved, in the order
// of the starts of their last occurrences, behind a place; the zero place is now.
func (s *Store) ResolvedElsewise(ctx context.Context, l record.Lease, tzdata string, after record.ZonePlace, limit int) (record.ResolvedElsewise, error) {
	var out record.ResolvedElsewise
	err := s.view(ctx, l.Tenant, "list bookings of other zones", func(ctx context.Context, t *tx) error {
		if out = (record.ResolvedElsewise{Next: after}); after.Last.IsZero() {
			out.Next.Last = instant(t.now)
		}
		rows, err := t.BookingsResolvedElsewise(ctx, db.BookingsResolvedElsewiseParams{
			TenantID: t.tenant, ResolvedBy: tzdata, LastFrom: micros(out.Next.Last), AfterID: string(after.ID), MaxRows: int32(limit), //nolint:gosec // small
		})
		if err != nil {
			return err
		}
		for _, row := range rows {
			out.Next = record.ZonePlace{Last: instant(row.LastAt), ID: cal.BookingID(row.BookingID)}
			b, err := t.bookingOf(row)
			if missing, ok := errors.AsType[*record.MissingKeyError](err); ok {
				return missing
			}
			if err != nil {
				out.Unread++
				continue
			}
			out.Bookings = append(out.Bookings, b)
		}
		out.End = len(rows) < limit
		return nil
	})
	return out, err
}

// StampZones notes that bookings say the same by another version of the time-zone data, and prolongs the lease by d. It leaves out those that were
// revised since they were read. Nobody is told: nothing has changed but by which tables that is known.
func (s *Store) StampZones(ctx context.Context, l record.Lease, tzdata string, all []record.Booking, d time.Duration) (record.Lease, error) {
	revisions := map[cal.BookingID]int64{}
	for _, b := range all {
		revisions[b.ID] = b.Revision
	}
	text, err := json.Marshal(revisions)
	if err != nil {
		return l, err
	}
	return s.updateUnder(ctx, l, d, "stamp zones", func(ctx context.Context, t *tx) error {
		return t.StampBookings(ctx, db.StampBookingsParams{TenantID: t.tenant, TZData: tzdata, Revisions: string(text)})
	})
}

// Resolve commits what a booking's wall time means by other time-zone data: the booking, its links, the work on them, the audit and the message, all or
// nothing, and prolongs the lease by d. It fails with record.ErrStale when the booking is no longer at the revision that it was read at.
func (s *Store) Resolve(ctx context.Context, l record.Lease, b record.Booking, was cal.Slot, d time.Duration) (record.Lease, error) {
	return s.updateUnder(ctx, l, d, "resolve booking", func(ctx context.Context, t *tx) error {
		if err := t.reviseAs(ctx, b); err != nil {
			return err
		}
		links, err := t.linksOf(ctx, b)
		if err != nil {
			return err
		}
		for _, link := range links {
			if err := t.resettle(ctx, link); err != nil {
				return err
			}
		}
		err = t.note(ctx, record.Note{
			Actor: record.ActorEngine, Action: "booking.resolved", Subject: string(b.ID), BookingID: b.ID,
			Detail: map[string]any{
				"version": b.Version, "seen_revision": b.Revision, "revision": b.Revision + 1, "tzdata": b.TZData,
				"start_moved_seconds": int64(b.Slot.Start.Instant.Sub(was.Start.Instant).Seconds()),
				"end_moved_seconds":   int64(b.Slot.End.Instant.Sub(was.End.Instant).Seconds()),
			},
		})
		if err != nil {
			return err
		}
		return t.postBooking(ctx, b.ID, b.Version, message.BookingAccepted, false, func(about message.Booking) any {
			return message.Accepted{
				Booking: about, Resolved: &message.Resolved{TZData: b.TZData, Start: b.Slot.Start.When(), End: b.Slot.End.When()},
			}
		})
	})
}

// resettle makes the event of one target follow its booking, which has changed without a new version. A change that awaits a decision goes on waiting.
func (t *tx) resettle(ctx context.Context, l record.Link) error {
	if !l.Target {
		return nil
	}
	if err := t.unseat(ctx, l.ID); err != nil {
		return err
	}
	if l.State != record.LinkDiverged {
		l.State = record.LinkPending
	}
	base, observed, err := t.sealLinkContents(l)
	if err != nil {
		return err
	}
	t.mark(record.Mark{Kind: task.LinkPush, Subject: string(l.ID), Lane: task.Background, ConnectionID: l.ConnectionID, Revive: true})
	return changed(t.DecideLink(ctx, db.DecideLinkParams{
		TenantID: t.tenant, LinkID: string(l.ID), State: string(l.State), Base: base, Observed: observed, Now: t.now,
	}))
}
