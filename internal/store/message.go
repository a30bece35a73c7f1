package store

import (
	"context"
	"encoding/json"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store/db"
)

// post writes a message that is about no booking, and its deliveries.
func (t *tx) post(ctx context.Context, kind message.Type, data any) error {
	return t.write(ctx, kind, "", 0, data)
}

// postBooking writes a message about a version of a booking: it takes the booking's next sequence number and, when revise is set, raises its
// revision.
func (t *tx) postBooking(
	ctx context.Context, id cal.BookingID, version int64, kind message.Type, revise bool, data func(message.Booking) any,
) error {
	by := int64(0)
	if revise {
		by = 1
	}
	row, err := t.CountMessage(ctx, db.CountMessageParams{TenantID: t.tenant, BookingID: string(id), Revise: by, Now: t.now})
	if err != nil {
		return found(err)
	}
	token := row.ReservationToken
	if row.Version != version {
		earlier, err := t.BookingVersion(ctx, db.BookingVersionParams{TenantID: t.tenant, BookingID: string(id), Version: version})
		if err != nil {
			return found(err)
		}
		token = earlier.ReservationToken
	}
	about := message.Booking{
		BookingID: id, Version: version, Revision: row.Revision, Sequence: row.Sequence, ReservationToken: cal.ReservationToken(token),
	}
	return t.write(ctx, kind, id, row.Sequence, data(about))
}

// report writes the message that a reconciliation has decided on.
func (t *tx) report(ctx context.Context, l record.Link, r record.Report) error {
	target := l.About()
	return t.postBooking(ctx, l.BookingID, r.Version, r.Type, r.Revise, func(b message.Booking) any {
		switch r.Type {
		case message.BookingSynced:
			return message.Synced{Booking: b, Target: target, Outcome: r.Outcome}
		case message.BookingRemoved:
			return message.Removed{Booking: b, Target: target, Diverged: r.Diverged}
		case message.BookingAttendeeResponded:
			return message.Responded{Booking: b, Target: target, Attendee: r.Attendee, Was: r.Was}
		case message.BookingConferenceReady:
			return message.Conference{Booking: b, Target: target, URL: r.URL}
		case message.BookingMoved, message.BookingEdited, message.BookingRestored:
			return message.Changed{Booking: b, Target: target, Fields: r.Fields, Event: *r.Event, Diverged: r.Diverged}
		default:
			return message.Stopped{Booking: b, Target: target, Reason: r.Reason}
		}
	})
}

// write writes a message and its deliveries. Deliveries to a disabled endpoint are marked too: whoever claims them knows whether it still is.
func (t *tx) write(ctx context.Context, kind message.Type, booking cal.BookingID, sequence int64, data any) error {
	return t.writeTo(ctx, kind, booking, sequence, data, func(r receiver) bool { return record.Wants(r.types, kind) })
}

// receiver is an endpoint that a message may be for.
type receiver struct {
	id    string
	types []message.Type
}

func (t *tx) writeTo(
	ctx context.Context, kind message.Type, booking cal.BookingID, sequence int64, data any, to func(receiver) bool,
) error {
	id, err := t.insertMessage(ctx, kind, booking, sequence, data)
	if err != nil {
		return err
	}
	endpoints, err := t.Receivers(ctx, db.ReceiversParams{TenantID: t.tenant})
	if err != nil {
		return err
	}
	for _, e := range endpoints {
		if !to(receiver{e.EndpointID, messageTypes(e.Types)}) {
			continue
		}
		if _, err := t.deliver(ctx, id, e.EndpointID); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) insertMessage(ctx context.Context, kind message.Type, booking cal.BookingID, sequence int64, data any) (id string, err error) {
	raw, err := json.Marshal(data)
	if err != nil {
		return "", err
	}
	id = t.ids.ID("msg")
	sealed, err := t.seal.Seal(t.tenantID(), "messages", "data", id, raw)
	if err != nil {
		return "", err
	}
	return id, t.InsertMessage(ctx, db.InsertMessageParams{
		TenantID: t.tenant, MessageID: id, Type: string(kind), BookingID: string(booking), Sequence: sequence, Data: sealed,
		Traceparent: t.traceparent, CreatedAt: t.now,
	})
}

func (t *tx) envelope(row db.Message) (message.Envelope, error) {
	raw, err := t.seal.Open(t.tenantID(), "messages", "data", row.MessageID, row.Data)
	return message.Envelope{
		ID: cal.MessageID(row.MessageID), Type: message.Type(row.Type), Timestamp: instant(row.CreatedAt), Data: raw,
	}, err
}

// Feed returns messages after a position, in the order of their commits. Positions are given out here, under the lock of the tenant's feed and
// to committed messages only: a message can neither get a position before it is visible nor one that a reader has already passed. Writers of
// messages never wait for each other.
func (s *Store) Feed(ctx context.Context, tenant cal.TenantID, after int64, limit int) ([]record.FeedItem, error) {
	if err := s.place(ctx, tenant, limit); err != nil {
		return nil, err
	}
	var out []record.FeedItem
	err := s.view(ctx, tenant, "read feed", func(ctx context.Context, t *tx) error {
		out = nil
		rows, err := t.MessagesAfter(ctx, db.MessagesAfterParams{TenantID: t.tenant, After: nullable(after), MaxRows: int32(limit)}) //nolint:gosec // small
		if err != nil {
			return err
		}
		for _, row := range rows {
			e, err := t.envelope(row)
			if err != nil {
				return err
			}
			out = append(out, record.FeedItem{Position: row.Position.Int64, Envelope: e})
		}
		return nil
	})
	return out, err
}

// place gives positions to messages that have none yet.
func (s *Store) place(ctx context.Context, tenant cal.TenantID, limit int) error {
	return s.update(ctx, tenant, "place messages", func(ctx context.Context, t *tx) error {
		at, err := t.LockFeed(ctx, db.LockFeedParams{TenantID: t.tenant})
		if err != nil {
			return err
		}
		ids, err := t.UnplacedMessages(ctx, db.UnplacedMessagesParams{TenantID: t.tenant, MaxRows: int32(limit)}) //nolint:gosec // small
		if err != nil || len(ids) == 0 {
			return err
		}
		for _, id := range ids {
			at++
			if err := t.PlaceMessage(ctx, db.PlaceMessageParams{TenantID: t.tenant, MessageID: id, Position: nullable(at)}); err != nil {
				return err
			}
		}
		return t.AdvanceFeed(ctx, db.AdvanceFeedParams{TenantID: t.tenant, Position: at})
	})
}
