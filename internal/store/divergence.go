package store

import (
	"context"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store/db"
)

// Decide commits what a core decides about a person's change: the booking, its links, the work on them, the audit and the messages, all or
// nothing. It fails with record.ErrStale when the booking is no longer at the revision that the decision was made on.
func (s *Store) Decide(ctx context.Context, tenant cal.TenantID, r record.Ruling) (record.Booking, error) {
	var b record.Booking
	err := s.update(ctx, tenant, "decide about divergence", func(ctx context.Context, t *tx) error {
		t.traceparent = r.Traceparent
		if err := t.decide(ctx, r); err != nil {
			return err
		}
		var err error
		b, err = t.booking(ctx, r.Booking.ID)
		return err
	})
	return b, err
}

func (t *tx) decide(ctx context.Context, r record.Ruling) error {
	if err := t.reviseAs(ctx, r.Booking); err != nil {
		return err
	}
	links, err := t.linksOf(ctx, r.Booking)
	if err != nil {
		return err
	}
	touched := r.Touches(links)
	series := r.Booking.Spec.IsSeries()
	if series && r.Decision == message.DecisionAccepted && !r.Booking.Cancelled {
		if links, err = t.placeOccurrences(ctx, r, links); err != nil {
			return err
		}
	}
	for _, l := range links {
		if !touched[l.Part] && (!series || !touched[""]) {
			continue
		}
		if err := t.rule(ctx, r, l); err != nil {
			return err
		}
	}
	return nil
}

// unrevised fails with record.ErrStale unless a booking, which is locked, is at the revision that the policies' rulings were made on.
func (t *tx) unrevised(ctx context.Context, all []record.Ruling) error {
	if len(all) == 0 {
		return nil
	}
	b := all[0].Booking
	row, err := t.BookingByID(ctx, db.BookingByIDParams{TenantID: t.tenant, BookingID: string(b.ID)})
	if err == nil && row.Revision != b.Revision {
		err = record.ErrStale
	}
	return found(err)
}

// followPolicies commits what policies have decided about the change that was just reported, which has raised the revision. Each ruling raises it once
// more.
func (t *tx) followPolicies(ctx context.Context, all []record.Ruling) error {
	for _, r := range all {
		row, err := t.BookingByID(ctx, db.BookingByIDParams{TenantID: t.tenant, BookingID: string(r.Booking.ID)})
		if err != nil {
			return found(err)
		}
		r.Booking.Revision = row.Revision
		if err := t.decide(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// reviseAs raises the revision of a booking and writes what it says from now on. Its version, and what that was accepted as, stay.
func (t *tx) reviseAs(ctx context.Context, b record.Booking) error {
	spec, err := t.sealJSON("bookings", "spec", string(b.ID), saying{b.Spec, b.Submitted, b.Series})
	if err != nil {
		return err
	}
	slot, err := t.sealJSON("bookings", "slot", string(b.ID), b.Slot)
	if err != nil {
		return err
	}
	return changed(t.ReviseBooking(ctx, db.ReviseBookingParams{
		TenantID: t.tenant, BookingID: string(b.ID), Revision: b.Revision, Version: b.Version, Cancelled: b.Cancelled, Spec: spec, Slot: slot,
		StartsAt: micros(b.Starts()), LastAt: micros(b.Last()), TZData: b.TZData, Hash: b.Hash, ReservationToken: string(b.Reservation), Now: t.now,
	}))
}

// rule makes one link follow a ruling. An acceptance changes the booking, so that every target follows; a reversal is about the events that were
// changed.
func (t *tx) rule(ctx context.Context, r record.Ruling, l record.Link) error {
	covered := r.Covers(l)
	if !covered && (r.Decision != message.DecisionAccepted || !l.Target) {
		return nil
	}
	if covered {
		if err := t.announce(ctx, r, l); err != nil {
			return err
		}
	}
	if err := t.unseat(ctx, l.ID); err != nil {
		return err
	}
	l = ruled(r, l, covered)
	base, observed, err := t.sealLinkContents(l)
	if err != nil {
		return err
	}
	t.mark(record.Mark{Kind: task.LinkPush, Subject: string(l.ID), Lane: task.Interactive, ConnectionID: l.ConnectionID, Revive: true})
	return changed(t.DecideLink(ctx, db.DecideLinkParams{
		TenantID: t.tenant, LinkID: string(l.ID), State: string(l.State), Base: base, Observed: observed, SyncedVersion: l.Synced, Now: t.now,
	}))
}

// ruled is a link as a ruling leaves it. The target whose event was accepted shows the booking already; of all others the core hears once they do.
func ruled(r record.Ruling, l record.Link, covered bool) record.Link {
	if covered {
		l.SettleFields(r.About(l))
	}
	switch {
	case covered && l.Observed != nil:
		l.State = record.LinkDiverged // the rest is left to the core
	case covered, l.State != record.LinkDiverged:
		l.State = record.LinkPending
	}
	if !covered || r.Decision != message.DecisionAccepted || r.Booking.Cancelled {
		l.Synced = 0
	}
	return l
}

// announce writes what is decided about one link into the audit and tells it.
func (t *tx) announce(ctx context.Context, r record.Ruling, l record.Link) error {
	b, fields := r.Booking, r.About(l).Names()
	detail := map[string]any{
		"calendar_id": l.CalendarID, "version": b.Version, "seen_revision": b.Revision, "revision": b.Revision + 1, "person_changed": fields,
		"person_removed": l.Removed(), "cancelled": b.Cancelled,
	}
	if r.Why != "" {
		detail["why"] = r.Why
	}
	err := t.note(ctx, record.Note{
		Actor: r.Actor, Action: "divergence." + string(r.Decision), Subject: string(l.ID), BookingID: b.ID, Detail: detail,
	})
	if err != nil {
		return err
	}
	return t.postBooking(ctx, b.ID, b.Version, message.BookingDecided, false, func(about message.Booking) any {
		return message.Decided{
			Booking: about, Target: l.About(),
			Decision: r.Decision, By: r.By, Fields: fields, Cancelled: b.Cancelled,
		}
	})
}
