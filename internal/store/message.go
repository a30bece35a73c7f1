package store

import (
	"context"
	"encoding/json"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
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
	accepted, err := t.BookingVersion(ctx, db.BookingVersionParams{TenantID: t.tenant, BookingID: string(id), Version: version})
	if err != nil {
		return found(err)
	}
	about := message.Booking{
		BookingID: id, Version: version, Revision: row.Revision, Sequence: row.Sequence,
		ReservationToken: cal.ReservationToken(accepted.ReservationToken),
	}
	return t.write(ctx, kind, id, row.Sequence, data(about))
}

// report writes the message that a reconciliation has decided on.
func (t *tx) report(ctx context.Context, l record.Link, r record.Report) error {
	target := message.Target{CalendarID: l.CalendarID, ConnectionID: l.ConnectionID, Provider: l.Provider}
	return t.postBooking(ctx, l.BookingID, r.Version, r.Type, r.Revise, func(b message.Booking) any {
		switch r.Type {
		case message.BookingSynced:
			return message.Synced{Booking: b, Target: target, Outcome: r.Outcome}
		case message.BookingRemoved:
			return message.Removed{Booking: b, Target: target, Diverged: r.Diverged}
		case message.BookingMoved, message.BookingEdited, message.BookingRestored:
			return message.Changed{Booking: b, Target: target, Fields: r.Fields, Event: *r.Event, Diverged: r.Diverged}
		default:
			return message.Stopped{Booking: b, Target: target, Reason: r.Reason}
		}
	})
}

func (t *tx) write(ctx context.Context, kind message.Type, booking cal.BookingID, sequence int64, data any) error {
	raw, err := json.Marshal(data)
	if err != nil {
		return err
	}
	id := t.ids.ID("msg")
	sealed, err := t.seal.Seal(t.tenantID(), "messages", "data", id, raw)
	if err != nil {
		return err
	}
	err = t.InsertMessage(ctx, db.InsertMessageParams{
		TenantID: t.tenant, MessageID: id, Type: string(kind), BookingID: string(booking), Sequence: sequence, Data: sealed,
		Traceparent: t.traceparent, CreatedAt: t.now,
	})
	if err != nil {
		return err
	}
	endpoints, err := t.EnabledEndpoints(ctx, db.EnabledEndpointsParams{TenantID: t.tenant})
	if err != nil {
		return err
	}
	for _, endpoint := range endpoints {
		delivery := t.ids.ID("dlv")
		err := t.InsertDelivery(ctx, db.InsertDeliveryParams{
			TenantID: t.tenant, DeliveryID: delivery, MessageID: id, EndpointID: endpoint, Now: t.now,
		})
		if err != nil {
			return err
		}
		t.mark(record.Mark{Kind: task.DeliverySend, Subject: delivery, Lane: task.Interactive})
	}
	return nil
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

// CreateEndpoint makes an endpoint that receives every message from now on.
func (s *Store) CreateEndpoint(ctx context.Context, tenant cal.TenantID, url, secret, actor string) (record.Endpoint, error) {
	e := record.Endpoint{ID: cal.EndpointID(s.ids.ID("end")), URL: url, Secret: secret, Enabled: true}
	err := s.update(ctx, tenant, "create endpoint", func(ctx context.Context, t *tx) error {
		e.CreatedAt = instant(t.now)
		sealedURL, err := t.sealText("endpoints", "url", string(e.ID), url)
		if err != nil {
			return err
		}
		sealedSecret, err := t.sealText("endpoints", "secret", string(e.ID), secret)
		if err != nil {
			return err
		}
		err = t.InsertEndpoint(ctx, db.InsertEndpointParams{
			TenantID: t.tenant, EndpointID: string(e.ID), Url: sealedURL, Secret: sealedSecret, Now: t.now,
		})
		if err != nil {
			return err
		}
		return t.note(ctx, record.Note{Actor: actor, Action: "endpoint.created", Subject: string(e.ID)})
	})
	return e, err
}

// CountEndpoints says how many endpoints a tenant has.
func (s *Store) CountEndpoints(ctx context.Context, tenant cal.TenantID) (int64, error) {
	var n int64
	err := s.view(ctx, tenant, "count endpoints", func(ctx context.Context, t *tx) error {
		var err error
		n, err = t.Queries.CountEndpoints(ctx, db.CountEndpointsParams{TenantID: t.tenant})
		return err
	})
	return n, err
}

// Delivery returns the delivery of the lease with its message and endpoint.
func (s *Store) Delivery(ctx context.Context, l record.Lease) (record.Delivery, error) {
	var d record.Delivery
	err := s.view(ctx, l.Tenant, "read delivery", func(ctx context.Context, t *tx) error {
		row, err := t.DeliveryByID(ctx, db.DeliveryByIDParams{TenantID: t.tenant, DeliveryID: l.Subject})
		if err != nil {
			return found(err)
		}
		msg, err := t.MessageByID(ctx, db.MessageByIDParams{TenantID: t.tenant, MessageID: row.MessageID})
		if err != nil {
			return found(err)
		}
		d = record.Delivery{ID: cal.DeliveryID(l.Subject), State: record.DeliveryState(row.State), Attempts: row.Attempts, Traceparent: msg.Traceparent}
		if d.Message, err = t.envelope(msg); err != nil {
			return err
		}
		d.Endpoint, err = t.endpoint(ctx, row.EndpointID)
		return err
	})
	return d, err
}

func (t *tx) endpoint(ctx context.Context, id string) (record.Endpoint, error) {
	row, err := t.EndpointByID(ctx, db.EndpointByIDParams{TenantID: t.tenant, EndpointID: id})
	if err != nil {
		return record.Endpoint{}, found(err)
	}
	e := record.Endpoint{ID: cal.EndpointID(id), Enabled: row.State == "enabled", CreatedAt: instant(row.CreatedAt)}
	if e.URL, err = t.openText("endpoints", "url", id, row.Url); err != nil {
		return e, err
	}
	e.Secret, err = t.openText("endpoints", "secret", id, row.Secret)
	return e, err
}

// Delivered records that the endpoint took the message. A failed attempt is recorded with its outcome.
func (s *Store) Delivered(ctx context.Context, l record.Lease, status int) error {
	return s.update(ctx, l.Tenant, "record delivery", func(ctx context.Context, t *tx) error {
		o := record.Served()
		o.Forget = true
		if err := t.finish(ctx, l, o); err != nil {
			return err
		}
		err := t.SettleDelivery(ctx, db.SettleDeliveryParams{
			TenantID: t.tenant, DeliveryID: l.Subject, State: string(record.DeliveryDelivered), Status: int64(status), Now: t.now,
		})
		if err != nil {
			return err
		}
		return t.note(ctx, record.Note{
			Actor: record.ActorEngine, Action: "delivery.delivered", Subject: l.Subject, Detail: map[string]any{"status": status},
		})
	})
}
