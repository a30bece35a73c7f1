package store_test

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

// endpointEncounters are those of an endpoint that changes while messages are on their way to it.
func endpointEncounters() []encounter {
	return []encounter{
		{"an endpoint that is enabled and a message that is written", meetWrite},
		{"an endpoint that is enabled and a message that is written and parked", meetWriteAndPark},
		{"an endpoint that is deleted and a message that is written", meetDelete},
		{"two that make a tenant's last endpoint", meetLast},
	}
}

// orderlyEncounters lock in one order, so that neither transaction is ever given up for the other.
func orderlyEncounters() []encounter {
	return []encounter{
		{"an endpoint that is enabled and a delivery that is parked", meetPark},
		{"an endpoint that is enabled and a delivery that is given up", meetGivenUp},
		{"an endpoint that is deleted and a delivery that is given up", meetDeleteGivenUp},
	}
}

// only is the world's endpoint, which is made when there is none.
func (w *world) only() record.Endpoint {
	w.Helper()
	all, err := w.Endpoints(w.ctx, w.tenant)
	w.ok(err)
	if len(all) == 0 {
		return w.endpoint()
	}
	return all[0]
}

// resumes is the call that enables the endpoint.
func (w *world) resumes(e record.Endpoint) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := w.ReviseEndpoint(ctx, w.tenant, e.ID, record.EndpointChange{Enabled: new(true)}, "key_test")
		return err
	}
}

func meetLast(w *world, _ int) (_, _ func(context.Context) error, _ func()) {
	all, err := w.Endpoints(w.ctx, w.tenant)
	w.ok(err)
	for n := len(all); n >= record.MaxEndpoints; n-- {
		w.ok(w.DeleteEndpoint(w.ctx, w.tenant, all[n-1].ID, "test"))
	}
	for n := len(all); n < record.MaxEndpoints-1; n++ {
		w.endpoint()
	}
	var refused atomic.Int64
	one := func(ctx context.Context) error {
		_, err := w.CreateEndpoint(ctx, w.tenant, newEndpoint(), "test")
		if errors.Is(err, record.ErrLimit) {
			refused.Add(1)
			return nil
		}
		return err
	}
	return one, one, func() {
		same(w.harness, "refused", refused.Load(), 1)
		same(w.harness, "endpoints", w.number(`SELECT COUNT(*) FROM endpoints WHERE tenant_id = $1`, string(w.tenant)), record.MaxEndpoints)
	}
}

func meetPark(w *world, round int) (_, _ func(context.Context) error, _ func()) {
	e := w.only()
	ref := w.sent(bookingNo(round))
	l := w.claim(ref)
	w.enable(e.ID, false)
	park := func(ctx context.Context) error { return w.ParkDelivery(ctx, l) }
	return park, w.resumes(e), func() { w.ok(w.EndDelivery(w.ctx, w.claim(ref), attempt(200))) }
}

func meetWrite(w *world, round int) (_, _ func(context.Context) error, _ func()) {
	e := w.only()
	w.enable(e.ID, false)
	w.sends()
	write := func(ctx context.Context) error {
		_, err := w.Accept(ctx, w.tenant, w.booking(bookingNo(round), 1, 0))
		return err
	}
	return write, w.resumes(e), func() {
		refs := w.sends()
		same(w.harness, "deliveries", len(refs), 1)
		w.ok(w.EndDelivery(w.ctx, w.claim(refs[0]), attempt(200)))
	}
}

// meetWriteAndPark lets a worker be so quick with a new message that whoever enables the endpoint has not seen it.
func meetWriteAndPark(w *world, round int) (_, _ func(context.Context) error, _ func()) {
	e := w.only()
	w.enable(e.ID, false)
	w.sends()
	var ref task.Ref
	write := func(ctx context.Context) error {
		if _, err := w.Accept(ctx, w.tenant, w.booking(bookingNo(round), 1, 0)); err != nil {
			return err
		}
		ref = w.sends()[0]
		l, claimed, err := w.Claim(ctx, ref, leaseTime)
		if err != nil || !claimed {
			return err
		}
		return w.ParkDelivery(ctx, l)
	}
	return write, w.resumes(e), func() { w.ok(w.EndDelivery(w.ctx, w.claim(ref), attempt(200))) }
}

func meetGivenUp(w *world, round int) (_, _ func(context.Context) error, _ func()) {
	e := w.only()
	w.enable(e.ID, true)
	ref := w.sent(bookingNo(round))
	l := w.claim(ref)
	w.enable(e.ID, false)
	giveUp := func(ctx context.Context) error {
		return w.Finish(ctx, l, record.Outcome{State: record.Dead, Attempts: 1, Attempt: refused(410)})
	}
	return giveUp, w.resumes(e), func() {
		same(w.harness, "enabled", w.only().Enabled, true)
		same(w.harness, "the delivery", w.report(ref).State, record.DeliveryPending)
		same(w.harness, "attempts", len(w.report(ref).Attempts), 1)
		w.ok(w.EndDelivery(w.ctx, w.claim(ref), attempt(200)))
	}
}

func meetDeleteGivenUp(w *world, round int) (_, _ func(context.Context) error, _ func()) {
	e := w.only()
	l := w.claim(w.sent(bookingNo(round)))
	giveUp := func(ctx context.Context) error {
		return unlessFenced(w.Finish(ctx, l, record.Outcome{State: record.Dead, Attempts: 1, Attempt: refused(410)}))
	}
	remove := func(ctx context.Context) error { return w.DeleteEndpoint(ctx, w.tenant, e.ID, "key_test") }
	return giveUp, remove, func() {
		for _, table := range []string{"endpoints", "deliveries", "attempts"} {
			same(w.harness, table, w.number(`SELECT COUNT(*) FROM `+table), 0)
		}
		same(w.harness, "work", w.number(`SELECT COUNT(*) FROM work WHERE kind = 'delivery:send'`), 0)
	}
}

func meetDelete(w *world, round int) (_, _ func(context.Context) error, _ func()) {
	e := w.only()
	write := func(ctx context.Context) error {
		_, err := w.Accept(ctx, w.tenant, w.booking(bookingNo(round), 1, 0))
		return err
	}
	remove := func(ctx context.Context) error { return w.DeleteEndpoint(ctx, w.tenant, e.ID, "key_test") }
	return write, remove, func() {
		same(w.harness, "deliveries", w.number(`SELECT COUNT(*) FROM deliveries`), 0)
		same(w.harness, "version", w.read(bookingNo(round)).Version, 1)
		for _, hint := range w.told.take() {
			if hint.Kind != task.DeliverySend {
				continue
			}
			if l, claimed, err := w.Claim(w.ctx, hint.Ref, leaseTime); err == nil && claimed {
				_, err := w.Delivery(w.ctx, l)
				w.fails(err, record.ErrNotFound) // its work finds nothing to send, and is forgotten
			}
		}
	}
}
