package store

import (
	"context"
	"slices"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store/db"
)

// Booking returns a booking with its links, or record.ErrNotFound.
func (s *Store) Booking(ctx context.Context, tenant cal.TenantID, id cal.BookingID) (record.Booking, error) {
	var b record.Booking
	err := s.view(ctx, tenant, "read booking", func(ctx context.Context, t *tx) error {
		row, err := t.BookingByID(ctx, db.BookingByIDParams{TenantID: t.tenant, BookingID: string(id)})
		if err != nil {
			return found(err)
		}
		b, err = t.bookingWithLinks(final(ctx), row)
		return err
	})
	return b, err
}

// Version returns the hash and reservation of one version of a booking, or record.ErrNotFound.
func (s *Store) Version(ctx context.Context, tenant cal.TenantID, id cal.BookingID, version int64) (string, cal.ReservationToken, error) {
	var row db.BookingVersion
	err := s.view(ctx, tenant, "read version", func(ctx context.Context, t *tx) error {
		var err error
		row, err = t.BookingVersion(final(ctx), db.BookingVersionParams{TenantID: t.tenant, BookingID: string(id), Version: version})
		return found(err)
	})
	return row.Hash, cal.ReservationToken(row.ReservationToken), err
}

// Reservation returns one version of a booking and its links, or record.ErrNotFound.
func (s *Store) Reservation(ctx context.Context, tenant cal.TenantID, token cal.ReservationToken) (record.Reservation, error) {
	var r record.Reservation
	err := s.view(ctx, tenant, "read reservation", func(ctx context.Context, t *tx) error {
		row, err := t.BookingVersionByToken(ctx, db.BookingVersionByTokenParams{TenantID: t.tenant, ReservationToken: string(token)})
		if err != nil {
			return found(err)
		}
		b, err := t.booking(ctx, cal.BookingID(row.BookingID))
		r = record.Reservation{
			Token: token, BookingID: b.ID, Version: row.Version, Cancelled: row.Cancelled, Superseded: b.Version > row.Version,
			AcceptedAt: instant(row.AcceptedAt), Links: b.Links,
		}
		return err
	})
	return r, err
}

func (t *tx) booking(ctx context.Context, id cal.BookingID) (record.Booking, error) {
	row, err := t.BookingByID(ctx, db.BookingByIDParams{TenantID: t.tenant, BookingID: string(id)})
	if err != nil {
		return record.Booking{}, found(err)
	}
	return t.bookingWithLinks(ctx, row)
}

func (t *tx) bookingWithLinks(ctx context.Context, row db.Booking) (record.Booking, error) {
	b, err := t.bookingOf(row)
	if err != nil {
		return record.Booking{}, err
	}
	b.Links, err = t.linksOf(ctx, b)
	return b, err
}

// bookingOf reads a booking without its links.
func (t *tx) bookingOf(row db.Booking) (record.Booking, error) {
	b := record.Booking{
		ID: cal.BookingID(row.BookingID), Version: row.Version, Revision: row.Revision, Cancelled: row.Cancelled, TZData: row.TZData, Hash: row.Hash,
		Reservation: cal.ReservationToken(row.ReservationToken), CreatedAt: instant(row.CreatedAt), UpdatedAt: instant(row.UpdatedAt),
	}
	var said saying
	if _, err := t.openJSON("bookings", "spec", row.BookingID, row.Spec, &said); err != nil {
		return record.Booking{}, err
	}
	b.Spec, b.Submitted, b.Series = said.Booking, said.Submitted, said.Series
	_, err := t.openJSON("bookings", "slot", row.BookingID, row.Slot, &b.Slot)
	return b, err
}

// Accept commits a version of a booking: the booking, its links, the work on them, the audit and the confirmation, all or nothing. It fails
// with record.ErrStale when the booking is no longer at the revision that the decision was made on.
func (s *Store) Accept(ctx context.Context, tenant cal.TenantID, a record.Acceptance) (record.Booking, error) {
	var b record.Booking
	err := s.update(ctx, tenant, "accept booking", func(ctx context.Context, t *tx) error {
		t.traceparent = a.Traceparent
		token := cal.ReservationToken(t.ids.ID("rsv"))
		if err := t.putBooking(ctx, a, token); err != nil {
			return err
		}
		links, err := t.aim(ctx, a)
		if err != nil {
			return err
		}
		if err := t.noteAccepted(ctx, a); err != nil {
			return err
		}
		if err := t.confirm(ctx, a); err != nil {
			return err
		}
		row, err := t.BookingByID(ctx, db.BookingByIDParams{TenantID: t.tenant, BookingID: string(a.ID)})
		if err != nil {
			return err
		}
		b, err = t.bookingOf(row)
		b.Links = links
		return err
	})
	return b, err
}

func (t *tx) noteAccepted(ctx context.Context, a record.Acceptance) error {
	detail := map[string]any{
		"version": a.Version, "cancelled": a.Cancelled, "via": a.Via, "seen_revision": a.Seen, "revision": a.Seen + 1, "decides_divergence": a.Decide,
		"targets": len(a.Targets), "tzdata": a.TZData,
	}
	if kept := a.KeptNames(); len(kept) > 0 {
		detail["kept"] = kept
	}
	return t.note(ctx, record.Note{Actor: a.Actor, Action: "booking.accepted", Subject: string(a.ID), BookingID: a.ID, Detail: detail})
}

// saying is what a booking says, beside what its core has submitted where that is something else.
type saying struct {
	cal.Booking
	Submitted *cal.Booking  `json:"submitted,omitempty"`
	Series    record.Series `json:"series,omitzero"`
}

func (t *tx) putBooking(ctx context.Context, a record.Acceptance, token cal.ReservationToken) error {
	spec, err := t.sealJSON("bookings", "spec", string(a.ID), saying{a.Spec, a.Submitted, a.Series})
	if err != nil {
		return err
	}
	slot, err := t.sealJSON("bookings", "slot", string(a.ID), a.Slot)
	if err != nil {
		return err
	}
	b := record.Booking{Slot: a.Slot, Series: a.Series}
	startsAt, lastAt := micros(b.Starts()), micros(b.Last())
	if a.Seen == 0 {
		err = changed(t.InsertBooking(surely(ctx), db.InsertBookingParams{
			TenantID: t.tenant, BookingID: string(a.ID), Version: a.Version, Cancelled: a.Cancelled, Spec: spec, Slot: slot,
			StartsAt: startsAt, LastAt: lastAt, TZData: a.TZData, Hash: a.Hash, ReservationToken: string(token), Now: t.now,
		}))
	} else {
		err = changed(t.ReviseBooking(surely(ctx), db.ReviseBookingParams{
			TenantID: t.tenant, BookingID: string(a.ID), Revision: a.Seen, Version: a.Version, Cancelled: a.Cancelled, Spec: spec, Slot: slot,
			StartsAt: startsAt, LastAt: lastAt, TZData: a.TZData, Hash: a.Hash, ReservationToken: string(token), Now: t.now,
		}))
	}
	if err != nil {
		return err
	}
	return changed(t.InsertBookingVersion(surely(ctx), db.InsertBookingVersionParams{
		TenantID: t.tenant, BookingID: string(a.ID), Version: a.Version, ReservationToken: string(token), Hash: a.Hash,
		Cancelled: a.Cancelled, AcceptedAt: t.now,
	}))
}

// aim makes the booking's links match its targets and marks every link for work. Links outlive their targets: one that is no longer wanted
// is worked on until its event is gone. It returns all links of the booking.
func (t *tx) aim(ctx context.Context, a record.Acceptance) ([]record.Link, error) {
	wanted := map[cal.CalendarID]record.AcceptedTarget{}
	if err := t.lockTargets(ctx, a.Targets); err != nil {
		return nil, err
	}
	for _, target := range a.Targets {
		wanted[target.Calendar.ID] = target
		if err := t.target(ctx, target.Calendar); err != nil {
			return nil, err
		}
		for _, part := range a.Stands() {
			err := t.InsertLink(ctx, db.InsertLinkParams{
				TenantID: t.tenant, LinkID: t.ids.ID("lnk"), BookingID: string(a.ID), CalendarID: string(target.Calendar.ID), Part: part,
				Authoritative: target.Authoritative, Empty: []byte{}, Now: t.now,
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return t.aimLinks(ctx, a, wanted)
}

// aimLinks points the links that a booking has by now at its new version.
func (t *tx) aimLinks(ctx context.Context, a record.Acceptance, wanted map[cal.CalendarID]record.AcceptedTarget) ([]record.Link, error) {
	links, err := t.linksOf(ctx, record.Booking{ID: a.ID, Slot: a.Slot, Series: a.Series})
	if err != nil {
		return nil, err
	}
	stands := map[string]bool{}
	for _, part := range a.Stands() {
		stands[part] = true
	}
	for i, l := range links {
		target, keep := wanted[l.CalendarID]
		if !a.Cancelled {
			l.Target, l.Authoritative = keep && stands[l.Part], target.Authoritative
		}
		if links[i], err = t.aimLink(ctx, l, a.Decide); err != nil {
			return nil, err
		}
		t.mark(record.Mark{
			Kind: task.LinkPush, Subject: string(l.ID), Lane: task.Interactive, ConnectionID: l.ConnectionID,
			Revive: a.Seen > 0, // a new booking has no link that could have stopped
		})
	}
	return links, nil
}

// lockTargets keeps the calendars from being turned off until the commit: whoever does that finds the booking, or has made the calendar one that is
// targeted anew. The order of the locks is the same in every transaction.
func (t *tx) lockTargets(ctx context.Context, all []record.AcceptedTarget) error {
	ids := make([]string, 0, len(all))
	for _, target := range all {
		ids = append(ids, string(target.Calendar.ID))
	}
	slices.Sort(ids)
	for _, id := range ids {
		if err := t.LockCalendar(ctx, db.LockCalendarParams{TenantID: t.tenant, CalendarID: id}); err != nil {
			return err
		}
	}
	return nil
}

// aimLink points a link at the new version, which is compared with what a person made of the event once the core has decided about that. It returns the
// link as it is then.
func (t *tx) aimLink(ctx context.Context, l record.Link, decide bool) (record.Link, error) {
	if decide && l.Undecided() {
		if err := t.unseat(ctx, l.ID); err != nil {
			return l, err
		}
	}
	if decide {
		l.Settle()
	}
	if l.State != record.LinkDiverged || decide {
		l.State = record.LinkPending
	}
	l.Reason = ""
	base, observed, err := t.sealLinkContents(l)
	if err != nil {
		return l, err
	}
	return l, t.AimLink(ctx, db.AimLinkParams{
		TenantID: t.tenant, LinkID: string(l.ID), Target: l.Target, Authoritative: l.Authoritative, State: string(l.State),
		Base: base, Observed: observed, Now: t.now,
	})
}

// unseat keeps the run that may be under way on a link from writing back what the core has just overruled. The next one begins when its lease
// ends, since its last call may still be on the way.
func (t *tx) unseat(ctx context.Context, id cal.LinkID) error {
	return t.UnseatWork(ctx, db.UnseatWorkParams{TenantID: t.tenant, Kind: string(task.LinkPush), Subject: string(id)})
}

func (t *tx) confirm(ctx context.Context, a record.Acceptance) error {
	return t.postBooking(ctx, a.ID, a.Version, message.BookingAccepted, false, func(b message.Booking) any {
		return message.Accepted{Booking: b, Cancelled: a.Cancelled, Kept: a.KeptNames()}
	})
}

// Reject records a refused submission as a dead letter of the intake and tells the core. Rejecting the same one again changes nothing.
func (s *Store) Reject(ctx context.Context, tenant cal.TenantID, r record.Rejection) error {
	return s.update(ctx, tenant, "reject submission", func(ctx context.Context, t *tx) error {
		payload, err := t.seal.Seal(t.tenantID(), "rejections", "payload", r.ID, r.Payload)
		if err != nil {
			return err
		}
		inserted, err := t.InsertRejection(ctx, db.InsertRejectionParams{
			TenantID: t.tenant, RejectionID: r.ID, BookingID: string(r.BookingID), Version: r.Version, Reason: r.Reason,
			Payload: payload, CreatedAt: t.now,
		})
		if err != nil || inserted == 0 {
			return err
		}
		err = t.note(ctx, record.Note{
			Actor: r.Actor, Action: "booking.rejected", Subject: r.ID, BookingID: r.BookingID,
			Detail: map[string]any{"reason": r.Reason, "version": r.Version},
		})
		if err != nil {
			return err
		}
		return t.post(ctx, message.BookingRejected, message.Rejected{
			BookingID: r.BookingID, Version: r.Version, Reason: r.Reason, Detail: r.Detail, Problems: r.Problems,
		})
	})
}

// Rejections lists refused submissions that follow after in the order of their ids, without their payloads.
func (s *Store) Rejections(ctx context.Context, tenant cal.TenantID, after string, limit int) ([]record.Rejection, error) {
	var out []record.Rejection
	err := s.view(ctx, tenant, "list rejections", func(ctx context.Context, t *tx) error {
		rows, err := t.RejectionsAfter(ctx, db.RejectionsAfterParams{TenantID: t.tenant, After: after, MaxRows: int32(limit)}) //nolint:gosec // small
		for _, r := range rows {
			out = append(out, record.Rejection{
				ID: r.RejectionID, BookingID: cal.BookingID(r.BookingID), Version: r.Version, Reason: r.Reason, CreatedAt: instant(r.CreatedAt),
			})
		}
		return err
	})
	return out, err
}
