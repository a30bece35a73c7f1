package store

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store/db"
)

const statusGone = http.StatusGone

// deliver makes the delivery of a message to an endpoint, and its work.
func (t *tx) deliver(ctx context.Context, msg, endpoint string) (id string, err error) {
	id = t.ids.ID("dlv")
	err = t.InsertDelivery(ctx, db.InsertDeliveryParams{TenantID: t.tenant, DeliveryID: id, MessageID: msg, EndpointID: endpoint, Now: t.now})
	t.mark(record.Mark{Kind: task.DeliverySend, Subject: id, Lane: task.Interactive})
	return id, err
}

// Delivery returns the delivery of the lease with its message and endpoint, or record.ErrNotFound once the endpoint was deleted.
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
		d.Endpoint, err = t.signingEndpoint(ctx, row.EndpointID)
		return err
	})
	return d, err
}

// EndDelivery records an attempt that is a delivery's last: the endpoint took the message, or the attempt is not repeated. Any other failed
// attempt is recorded with its outcome.
func (s *Store) EndDelivery(ctx context.Context, l record.Lease, a record.Attempt) error {
	return s.update(ctx, l.Tenant, "record delivery", func(ctx context.Context, t *tx) error {
		o := record.Served()
		o.Forget = true
		if err := t.finish(ctx, l, o); err != nil {
			return err
		}
		state := record.DeliveryDelivered
		if a.Failure != "" {
			state = record.DeliveryFailed
		}
		if err := t.settle(ctx, l.Subject, state, &a); err != nil {
			return err
		}
		return t.note(ctx, record.Note{
			Actor: record.ActorEngine, Action: "delivery." + string(state), Subject: l.Subject, Detail: map[string]any{"status": a.Status},
		})
	})
}

// ParkDelivery leaves a delivery to wait for its endpoint, without work. If the endpoint was enabled meanwhile the work stays due.
func (s *Store) ParkDelivery(ctx context.Context, l record.Lease) error {
	return s.update(ctx, l.Tenant, "park delivery", func(ctx context.Context, t *tx) error {
		row, err := t.DeliveryByID(ctx, db.DeliveryByIDParams{TenantID: t.tenant, DeliveryID: l.Subject})
		if err != nil {
			return found(err)
		}
		endpoint, err := t.lockEndpoint(ctx, row.EndpointID)
		if err != nil {
			return err
		}
		o := record.Outcome{State: record.Ready, Attempts: l.Attempts}
		if endpoint.State == stateDisabled {
			o = record.Served()
			o.Forget = true
		}
		return t.finish(ctx, l, o)
	})
}

// settle writes where a delivery stands, and the attempt that led there.
func (t *tx) settle(ctx context.Context, id string, state record.DeliveryState, a *record.Attempt) error {
	p := db.SettleDeliveryParams{TenantID: t.tenant, DeliveryID: id, State: string(state), Now: t.now}
	if a != nil {
		p.Spent, p.Status = 1, int64(a.Status)
	}
	n, err := t.SettleDelivery(ctx, p)
	if err != nil || a == nil {
		return found(err)
	}
	sealed, err := t.sealText("attempts", "answer", attemptRow(id, n), string(a.Answer))
	if err != nil {
		return err
	}
	return t.InsertAttempt(ctx, db.InsertAttemptParams{
		TenantID: t.tenant, DeliveryID: id, Attempt: n, At: micros(a.At), Latency: a.Latency.Microseconds(), Status: int64(a.Status),
		Failure: string(a.Failure), Answer: sealed,
	})
}

// lockDelivery locks the endpoint of a delivery that is given up, before the row of the lease: whoever enables the endpoint locks it first too.
func (t *tx) lockDelivery(ctx context.Context, l record.Lease) error {
	row, err := t.DeliveryByID(ctx, db.DeliveryByIDParams{TenantID: t.tenant, DeliveryID: l.Subject})
	if err == nil {
		_, err = t.lockEndpoint(ctx, row.EndpointID)
	}
	if errors.Is(err, sql.ErrNoRows) || errors.Is(err, record.ErrNotFound) {
		return nil // deleted, and the lease with it
	}
	return err
}

// failedDelivery records what a failure means for a delivery. Work that was given back without an attempt means nothing for it. A delivery that was
// asked for anew meanwhile goes on.
func (t *tx) failedDelivery(ctx context.Context, l record.Lease, o record.Outcome, now record.WorkState) error {
	state := record.DeliveryPending
	if now == record.Dead {
		state = record.DeliveryFailed
	}
	if state == record.DeliveryPending && o.Attempt == nil {
		return nil
	}
	row, err := t.DeliveryByID(ctx, db.DeliveryByIDParams{TenantID: t.tenant, DeliveryID: l.Subject})
	if errors.Is(err, sql.ErrNoRows) {
		return nil // deleted: its work is the last that is left of it
	}
	if err == nil {
		err = t.settle(ctx, l.Subject, state, o.Attempt)
	}
	if err != nil || state == record.DeliveryPending || o.Attempt == nil {
		return err
	}
	return t.disable(ctx, row, *o.Attempt)
}

// Redeliver sends a delivery again, whatever has become of it.
func (s *Store) Redeliver(ctx context.Context, tenant cal.TenantID, id cal.DeliveryID, actor string) error {
	return s.update(ctx, tenant, "redeliver", func(ctx context.Context, t *tx) error {
		if err := t.ReplayDelivery(ctx, db.ReplayDeliveryParams{TenantID: t.tenant, DeliveryID: string(id)}); err != nil {
			return err
		}
		n, err := t.ReopenDelivery(ctx, db.ReopenDeliveryParams{TenantID: t.tenant, DeliveryID: string(id), Now: t.now})
		if err == nil && n == 0 {
			err = record.ErrNotFound
		}
		if err != nil {
			return err
		}
		t.mark(record.Mark{Kind: task.DeliverySend, Subject: string(id), Lane: task.Interactive})
		return t.note(ctx, record.Note{Actor: actor, Action: "delivery.reopened", Subject: string(id)})
	})
}

// RedeliverSince sends again what an endpoint has failed to take since a moment, and says how many deliveries that are.
func (s *Store) RedeliverSince(ctx context.Context, tenant cal.TenantID, id cal.EndpointID, since time.Time, actor string) (int64, error) {
	var n int64
	err := s.updateMany(ctx, tenant, "redeliver all", func(ctx context.Context, t *tx) error {
		if _, err := t.lockEndpoint(ctx, string(id)); err != nil {
			return err
		}
		var err error
		if n, err = t.requeue(ctx, id, micros(since), false); err != nil {
			return err
		}
		return t.note(ctx, record.Note{Actor: actor, Action: "endpoint.replayed", Subject: string(id), Detail: map[string]any{"deliveries": n}})
	})
	return n, err
}

// TestEndpoint sends a message that tells nothing to an endpoint, enabled or not.
func (s *Store) TestEndpoint(ctx context.Context, tenant cal.TenantID, id cal.EndpointID, actor string) (cal.DeliveryID, error) {
	var delivery string
	err := s.update(ctx, tenant, "test endpoint", func(ctx context.Context, t *tx) error {
		if _, err := t.lockEndpoint(ctx, string(id)); err != nil {
			return err
		}
		msg, err := t.insertMessage(ctx, message.EndpointTested, "", 0, message.EndpointTest{EndpointID: id})
		if err != nil {
			return err
		}
		if delivery, err = t.deliver(ctx, msg, string(id)); err != nil {
			return err
		}
		return t.note(ctx, record.Note{Actor: actor, Action: "endpoint.tested", Subject: string(id)})
	})
	return cal.DeliveryID(delivery), err
}

// Deliveries returns the deliveries that a filter chooses, the newest first, from the one before a delivery. What endpoints said is left out.
func (s *Store) Deliveries(
	ctx context.Context, tenant cal.TenantID, f record.DeliveryFilter, before cal.DeliveryID, limit int,
) ([]record.DeliveryReport, error) {
	return s.deliveries(ctx, tenant, db.DeliveriesBeforeParams{
		TenantID: string(tenant), Before: string(before), EndpointID: string(f.Endpoint), State: string(f.State), MaxRows: int32(limit), //nolint:gosec // small
	}, false)
}

// DeliveryReport returns one delivery with what the endpoint said, or record.ErrNotFound.
func (s *Store) DeliveryReport(ctx context.Context, tenant cal.TenantID, id cal.DeliveryID) (record.DeliveryReport, error) {
	all, err := s.deliveries(ctx, tenant, db.DeliveriesBeforeParams{TenantID: string(tenant), DeliveryID: string(id), MaxRows: 1}, true)
	if err == nil && len(all) == 0 {
		err = record.ErrNotFound
	}
	if err != nil {
		return record.DeliveryReport{}, err
	}
	return all[0], nil
}

// attemptRow names the row of an attempt for its seal.
func attemptRow(delivery string, n int64) string { return delivery + "/" + strconv.FormatInt(n, 10) }

// newest comes after the identifier of every delivery.
const newest = "dlv_~"

func (s *Store) deliveries(ctx context.Context, tenant cal.TenantID, p db.DeliveriesBeforeParams, answers bool) ([]record.DeliveryReport, error) {
	if p.Before == "" {
		p.Before = newest
	}
	var out []record.DeliveryReport
	err := s.view(ctx, tenant, "list deliveries", func(ctx context.Context, t *tx) error {
		out = nil
		rows, err := t.DeliveriesBefore(ctx, p)
		if err != nil {
			return err
		}
		for _, row := range rows {
			r, err := t.deliveryReport(ctx, row, answers)
			if err != nil {
				return err
			}
			out = append(out, r)
		}
		return nil
	})
	return out, err
}

func (t *tx) deliveryReport(ctx context.Context, row db.DeliveriesBeforeRow, answers bool) (record.DeliveryReport, error) {
	d := row.Delivery
	out := record.DeliveryReport{
		ID: cal.DeliveryID(d.DeliveryID), Endpoint: cal.EndpointID(d.EndpointID), Message: cal.MessageID(d.MessageID), Type: message.Type(row.Type),
		State: record.DeliveryState(d.State), CreatedAt: instant(d.CreatedAt), UpdatedAt: instant(d.UpdatedAt),
	}
	if out.State == record.DeliveryPending {
		out.NextAt = instant(row.NextAt)
	}
	attempts, err := t.AttemptsOf(ctx, db.AttemptsOfParams{TenantID: t.tenant, DeliveryID: d.DeliveryID})
	if err != nil {
		return out, err
	}
	for _, row := range attempts {
		a := record.Attempt{
			At: instant(row.At), Latency: time.Duration(row.Latency) * time.Microsecond, Status: int(row.Status), Failure: record.Failure(row.Failure),
		}
		if answers {
			text, err := t.openText("attempts", "answer", attemptRow(d.DeliveryID, row.Attempt), row.Answer)
			if err != nil {
				return out, err
			}
			a.Answer = []byte(text)
		}
		out.Attempts = append(out.Attempts, a)
	}
	return out, nil
}
