package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/recur"
	"github.com/calweave/calweave/internal/store/db"
)

// linksOf returns the links of a booking.
func (t *tx) linksOf(ctx context.Context, b record.Booking) ([]record.Link, error) {
	rows, err := t.LinksOfBooking(ctx, db.LinksOfBookingParams{TenantID: t.tenant, BookingID: string(b.ID)})
	if err != nil {
		return nil, err
	}
	links := make([]record.Link, 0, len(rows))
	for _, r := range rows {
		l, err := t.linkOf(r.Link, cal.ConnectionID(r.ConnectionID), cal.Provider(r.Provider))
		if err != nil {
			return nil, err
		}
		links = append(links, placed(b, l))
	}
	return links, nil
}

// placed is a link of a booking that knows which occurrence it is for.
func placed(b record.Booking, l record.Link) record.Link {
	if l.Part == "" {
		return l
	}
	original, err := recur.Frame{Slot: b.Slot, Shift: b.Series.Shift}.Original(l.Part)
	if err == nil { // parts are written in forms that are read
		l.Occurrence = &cal.Occurrence{OriginalStart: original.When()}
	}
	return l
}

// link returns a link, or record.ErrNotFound.
func (t *tx) link(ctx context.Context, id cal.LinkID) (record.Link, error) {
	row, err := t.LinkCase(ctx, db.LinkCaseParams{TenantID: t.tenant, LinkID: string(id)})
	if err != nil {
		return record.Link{}, found(err)
	}
	l, err := t.linkOf(row.Link, cal.ConnectionID(row.Connection.ConnectionID), cal.Provider(row.Connection.Provider))
	if err != nil || l.Part == "" {
		return l, err
	}
	b, err := t.bookingOf(row.Booking)
	return placed(b, l), err
}

// linkCase returns a link with its booking, which is without its other links, its calendar and that one's connection.
func (t *tx) linkCase(ctx context.Context, id cal.LinkID) (record.Case, error) {
	row, err := t.LinkCase(ctx, db.LinkCaseParams{TenantID: t.tenant, LinkID: string(id)})
	if err != nil {
		return record.Case{}, found(err)
	}
	var c record.Case
	if c.Booking, err = t.bookingOf(row.Booking); err != nil {
		return c, err
	}
	if c.Connection, err = t.connectionOf(row.Connection, row.Penalty); err != nil {
		return c, err
	}
	if c.Calendar, err = t.calendarOf(row.Calendar, c.Connection.Provider, c.Connection.State); err != nil {
		return c, err
	}
	c.Deletion = record.DeletionVerdict(row.Deletion)
	c.Link, err = t.linkOf(row.Link, c.Connection.ID, c.Connection.Provider)
	c.Link = placed(c.Booking, c.Link)
	return c, err
}

func (t *tx) linkOf(row db.Link, connection cal.ConnectionID, p cal.Provider) (record.Link, error) {
	l := record.Link{
		ID: cal.LinkID(row.LinkID), BookingID: cal.BookingID(row.BookingID), CalendarID: cal.CalendarID(row.CalendarID),
		ConnectionID: connection, Provider: p, Part: row.Part, Target: row.Target, Authoritative: row.Authoritative,
		Generation: int(row.Generation), EventID: cal.EventID(row.EventID), ETag: row.ETag, State: record.LinkState(row.State), Reason: row.Reason,
		BaseVersion: row.BaseVersion, MissedAt: instant(row.MissedAt), Synced: row.SyncedVersion, Failed: row.FailedVersion,
	}
	var base record.Base
	var observed cal.Content
	var err error
	if ok, err := t.openJSON("links", "base", row.LinkID, row.Base, &base); err != nil {
		return l, err
	} else if ok {
		l.Base = &base
	}
	if ok, err := t.openJSON("links", "observed", row.LinkID, row.Observed, &observed); err != nil {
		return l, err
	} else if ok {
		l.Observed = &observed
	}
	if l.Conference, err = t.openConference(row); err != nil {
		return l, err
	}
	_, err = t.openJSON("links", "in_flight", row.LinkID, row.InFlight, &l.InFlight)
	return l, err
}

// openConference opens what has become of a link's conference; nil for nothing.
func (t *tx) openConference(row db.Link) (*record.Conference, error) {
	var c record.Conference
	if ok, err := t.openJSON("links", "conference", row.LinkID, row.Conference, &c); err != nil || !ok {
		return nil, err
	}
	return &c, nil
}

func (t *tx) sealConference(l record.Link) ([]byte, error) {
	if l.Conference == nil {
		return []byte{}, nil
	}
	return t.sealJSON("links", "conference", string(l.ID), l.Conference)
}

func (t *tx) sealLinkContents(l record.Link) (base, observed []byte, err error) {
	base, observed = []byte{}, []byte{}
	if l.Base != nil {
		if base, err = t.sealJSON("links", "base", string(l.ID), l.Base); err != nil {
			return nil, nil, err
		}
	}
	if l.Observed != nil {
		observed, err = t.sealJSON("links", "observed", string(l.ID), l.Observed)
	}
	return base, observed, err
}

func (t *tx) sealInFlight(l record.Link) ([]byte, error) {
	if len(l.InFlight) == 0 {
		return []byte{}, nil
	}
	return t.sealJSON("links", "in_flight", string(l.ID), l.InFlight)
}

// beside adds to a case the other links that matter to it. What becomes of one occurrence says nothing of the others, so that a link of one comes
// without the booking's other links, of which there may be hundreds, but for that of its series.
func (t *tx) beside(ctx context.Context, c *record.Case) (err error) {
	if c.Link.Part == "" {
		c.Booking.Links, err = t.linksOf(ctx, c.Booking)
		return err
	}
	if !c.Booking.Spec.IsSeries() {
		return nil
	}
	row, err := t.SeriesLink(ctx, db.SeriesLinkParams{TenantID: t.tenant, BookingID: string(c.Link.BookingID), CalendarID: string(c.Link.CalendarID)})
	if err != nil {
		return found(err)
	}
	series, err := t.linkOf(row, c.Link.ConnectionID, c.Link.Provider)
	c.Series = &series
	return err
}

// Case returns all that one reconciliation of the lease's link needs to know.
func (s *Store) Case(ctx context.Context, l record.Lease) (record.Case, error) {
	var c record.Case
	err := s.view(ctx, l.Tenant, "read case", func(ctx context.Context, t *tx) error {
		var err error
		if c, err = t.linkCase(ctx, cal.LinkID(l.Subject)); err != nil {
			return err
		}
		if err := t.beside(ctx, &c); err != nil {
			return err
		}
		seen, ok, err := t.mirrored(ctx, c.Link)
		if err != nil {
			return err
		}
		c.Suspect = ok && (seen.ETag != c.Link.ETag || seen.Missing > 0 || seen.Status == string(cal.StatusCancelled))
		writes, err := t.LinkWrites(final(ctx), db.LinkWritesParams{TenantID: t.tenant, LinkID: string(c.Link.ID), Generation: int64(c.Link.Generation)})
		if err != nil {
			return err
		}
		for _, w := range writes {
			c.Sent = append(c.Sent, record.SentHash{Version: w.Version, Hash: w.Hash})
		}
		return nil
	})
	return c, err
}

// mirrored returns the mirror's row of the link's event.
func (t *tx) mirrored(ctx context.Context, l record.Link) (db.Event, bool, error) {
	if l.EventID == "" {
		return db.Event{}, false, nil
	}
	row, err := t.EventByID(ctx, db.EventByIDParams{TenantID: t.tenant, CalendarID: string(l.CalendarID), EventID: string(l.EventID)})
	if errors.Is(err, sql.ErrNoRows) {
		return db.Event{}, false, nil
	}
	return row, err == nil, err
}

// Intend records a write in the link before it is made, and returns the lease prolonged by d. From its commit on the write counts as one that
// may have taken effect.
func (s *Store) Intend(ctx context.Context, lease record.Lease, l record.Link, d time.Duration, n record.Note) (record.Lease, error) {
	return s.updateUnder(ctx, lease, d, "record intent", func(ctx context.Context, t *tx) error {
		if string(l.ID) != lease.Subject {
			return record.ErrStale
		}
		sealed, err := t.sealInFlight(l)
		if err != nil {
			return err
		}
		err = t.IntendLink(ctx, db.IntendLinkParams{
			TenantID: t.tenant, LinkID: string(l.ID), InFlight: sealed, MissedAt: micros(l.MissedAt), Now: t.now,
		})
		if err != nil {
			return err
		}
		for _, w := range l.InFlight {
			if w.Op == record.OpDelete {
				continue
			}
			if err := t.remember(ctx, l, record.SentHash{Version: w.Version, Hash: w.Content.Hash(cal.AllFields)}); err != nil {
				return err
			}
		}
		return t.note(ctx, n)
	})
}

func (t *tx) remember(ctx context.Context, l record.Link, sent ...record.SentHash) error {
	for _, h := range sent {
		err := t.InsertLinkWrite(ctx, db.InsertLinkWriteParams{
			TenantID: t.tenant, LinkID: string(l.ID), Generation: int64(l.Generation), Version: h.Version, Hash: h.Hash, WrittenAt: t.now,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Settle commits a decision: the link, the mirror, the messages, the audit and the outcome, all or nothing, under the lease. It fails with
// record.ErrStale when policies have ruled and their booking is no longer at the revision that they did so on.
func (s *Store) Settle(ctx context.Context, lease record.Lease, d record.Decision) error {
	return s.update(ctx, lease.Tenant, "settle link", func(ctx context.Context, t *tx) error {
		if err := t.lockBooking(ctx, d.Link.BookingID); err != nil {
			return err
		}
		d, err := t.judge(ctx, lease, d)
		if err != nil {
			return err
		}
		if err := t.unrevised(ctx, d.Rulings); err != nil {
			return err
		}
		if err := t.follow(ctx, lease, d); err != nil {
			return err
		}
		if err := t.finish(ctx, lease, d.Outcome); err != nil {
			return err
		}
		if err := t.leadOccurrences(ctx, d); err != nil {
			return err
		}
		if err := t.settleLink(ctx, d.Link); err != nil {
			return err
		}
		if err := t.remember(ctx, d.Link, d.Sent...); err != nil {
			return err
		}
		if err := t.reports(ctx, d.Link, d.Reports); err != nil {
			return err
		}
		if err := t.note(ctx, d.Notes...); err != nil {
			return err
		}
		return t.followPolicies(ctx, d.Rulings)
	})
}

func (t *tx) reports(ctx context.Context, l record.Link, all []record.Report) error {
	for _, r := range all {
		if err := t.report(ctx, l, r); err != nil {
			return err
		}
	}
	return nil
}

// lockBooking keeps everybody else from changing a booking and its links until the commit. Who changes a link locks its booking first, so
// that a new version and a reconciliation take turns, each reading what the other has left. The locks of one transaction are always taken in
// this order: booking, event, work, link.
func (t *tx) lockBooking(ctx context.Context, id cal.BookingID) error {
	return t.LockBooking(ctx, db.LockBookingParams{TenantID: t.tenant, BookingID: string(id)})
}

// lockBookingOf locks the booking of a link. Of a link that is not there, there is nothing to lock, and whoever needs it will say so.
func (t *tx) lockBookingOf(ctx context.Context, id cal.LinkID) error {
	_, err := t.LockBookingOfLink(ctx, db.LockBookingOfLinkParams{TenantID: t.tenant, LinkID: string(id)})
	return err
}

func (t *tx) settleLink(ctx context.Context, l record.Link) error {
	base, observed, err := t.sealLinkContents(l)
	if err != nil {
		return err
	}
	inFlight, err := t.sealInFlight(l)
	if err != nil {
		return err
	}
	conference, err := t.sealConference(l)
	if err != nil {
		return err
	}
	return changed(t.SettleLink(surely(ctx), db.SettleLinkParams{
		TenantID: t.tenant, LinkID: string(l.ID), Generation: int64(l.Generation), EventID: string(l.EventID), ETag: l.ETag,
		State: string(l.State), Reason: l.Reason, Base: base, BaseVersion: l.BaseVersion, InFlight: inFlight, Observed: observed,
		MissedAt: micros(l.MissedAt), SyncedVersion: l.Synced, FailedVersion: l.Failed, Conference: conference, Now: t.now,
	}))
}

// follow lets the mirror show what the reconciliation saw. When the mirror already shows something else that this run did not read, a listing
// has seen a later change: the mirror stays and the link is marked again, so that it is read.
func (t *tx) follow(ctx context.Context, lease record.Lease, d record.Decision) error {
	if d.Event == nil || d.Event.ID == "" {
		return nil
	}
	is, err := t.LinkCase(ctx, db.LinkCaseParams{TenantID: t.tenant, LinkID: string(d.Link.ID)})
	if err != nil {
		return found(err)
	}
	before := is.Link
	c, err := t.calendarOf(is.Calendar, cal.Provider(is.Connection.Provider), cal.ConnectionState(is.Connection.State))
	if err != nil || c.Level() == cal.SyncOff {
		return err
	}
	row, err := t.mirrorRow(c, *d.Event)
	if err != nil {
		return err
	}
	newest, err := t.newest(ctx, lease, d, before.EventID)
	if err != nil {
		return err
	}
	n, err := t.PutEvent(ctx, db.PutEventParams{
		TenantID: t.tenant, CalendarID: string(c.ID), EventID: row.EventID, ETag: row.ETag, Status: row.Status,
		StartsAt: row.StartsAt, EndsAt: row.EndsAt, Content: row.Content, AllDay: row.AllDay, Free: row.Free, Kind: row.Kind,
		SeriesID: row.SeriesID, OriginalAt: row.OriginalAt, Meeting: row.Meeting, ListingID: is.ListingID, Now: t.now, Fresh: newest, BeforeEtag: before.ETag,
	})
	if err == nil && n == 0 {
		t.mark(record.Mark{Kind: task.LinkPush, Subject: string(d.Link.ID), Lane: task.Interactive, ConnectionID: d.Link.ConnectionID})
	}
	return err
}

// newest reports whether no listing can have shown the event as it became after this run has read it. Such a listing has marked the link since
// the claim, unless the link was not known to have this event yet. It locks the mirror's row before it looks, so that the next listing comes after the
// commit.
func (t *tx) newest(ctx context.Context, lease record.Lease, d record.Decision, known string) (bool, error) {
	if !d.Fresh || known != string(d.Event.ID) {
		return false, nil
	}
	locked, err := t.LockEvent(ctx, db.LockEventParams{TenantID: t.tenant, CalendarID: string(d.Link.CalendarID), EventID: string(d.Event.ID)})
	if err != nil || locked == 0 {
		return false, err
	}
	work, err := t.WorkByRef(ctx, db.WorkByRefParams{TenantID: t.tenant, Kind: string(lease.Kind), Subject: lease.Subject})
	if errors.Is(err, sql.ErrNoRows) {
		return false, fenced(lease)
	}
	return work.Wanted == lease.Wanted, err
}

func (t *tx) approveLink(ctx context.Context, id cal.LinkID) error {
	link, err := t.link(ctx, id)
	if err != nil {
		return err
	}
	return t.FailLink(ctx, db.FailLinkParams{
		TenantID: t.tenant, LinkID: string(id), State: string(record.LinkApproved), Reason: "", FailedVersion: link.Failed, Now: t.now,
	})
}
