package store_test

import (
	"net/http"
	"reflect"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

func deliveryTrials() []trial {
	return []trial{
		{"endpoint: receives every message from then on", endpointReceives},
		{"delivery: carries the message as the feed does", deliveryTells},
		{"delivery: once it is taken its work is forgotten", deliveryDelivered},
		{"delivery: counts attempts, not waits", deliveryCounts},
		{"delivery: a dead one may be released", deliveryReleased},
		{"delivery: its attempts are kept, in order", deliveryAttempts},
		{"delivery: is sent again whatever became of it", deliveryAgain},
		{"delivery: all that failed since a moment are sent again", deliveriesSince},
		{"delivery: listed newest first, by endpoint and state", deliveriesListed},
		{"feed: positions without a gap, page by page", feedPages},
		{"feed: more than fits in a page", feedSmallPages},
		{"feed: of one tenant", feedTenants},
	}
}

func newEndpoint(types ...message.Type) record.Endpoint {
	return record.Endpoint{URL: "https://core.example.test/canary", Description: "canary description", Secret: "whsec_canary", Types: types}
}

func (w *world) endpoint() record.Endpoint {
	w.Helper()
	e, err := w.CreateEndpoint(w.ctx, w.tenant, newEndpoint(), "key_test")
	w.ok(err)
	return e
}

// sends are the deliveries that were hinted at since the last look.
func (w *world) sends() []task.Ref {
	w.Helper()
	var refs []task.Ref
	for _, hint := range w.told.take() {
		if hint.Kind == task.DeliverySend {
			same(w.harness, "lane", hint.Lane, task.Interactive)
			refs = append(refs, hint.Ref)
		}
	}
	return refs
}

func endpointReceives(h *harness) {
	w := h.newWorld(1)
	w.accept(w.booking("before", 1, 0))
	same(h, "before", len(w.sends()), 0)
	first, second := w.endpoint(), w.endpoint()
	w.accept(w.booking("after", 1, 0))
	refs := w.sends()
	same(h, "after", len(refs), 2)
	to := map[cal.EndpointID]bool{}
	for _, ref := range refs {
		d := w.deliveryOf(ref)
		to[d.Endpoint.ID] = true
		same(h, "type", d.Message.Type, message.BookingAccepted)
	}
	same(h, "both", to[first.ID] && to[second.ID], true)
}

func deliveryTells(h *harness) {
	w := h.newWorld(1)
	e := w.endpoint()
	same(h, "created", e.CreatedAt, h.clock.Now())
	a := w.booking("b", 1, 0)
	a.Traceparent = "00-trace-01"
	w.accept(a)
	ref := w.sends()[0]
	want := record.Delivery{
		ID: cal.DeliveryID(ref.Subject), State: record.DeliveryPending, Endpoint: e, Message: w.messages()[1].Envelope, Traceparent: a.Traceparent,
	}
	got, err := h.Delivery(h.ctx, h.claim(ref))
	h.ok(err)
	if !reflect.DeepEqual(got, want) {
		h.Errorf("got %+v\nwant %+v", got, want)
	}
	_, err = h.Delivery(h.ctx, record.Lease{Ref: w.ref(task.DeliverySend, "dlv_unknown")})
	h.fails(err, record.ErrNotFound)
}

func deliveryDelivered(h *harness) {
	w := h.newWorld(0)
	ref := w.delivery()
	h.ok(h.EndDelivery(h.ctx, h.claim(ref), attempt(http.StatusNoContent)))
	d := w.deliveryOf(ref)
	same(h, "state", d.State, record.DeliveryDelivered)
	same(h, "attempts", d.Attempts, 1)
	same(h, "status", h.number(`SELECT status FROM deliveries`), http.StatusNoContent)
	_, err := h.Work(h.ctx, ref)
	h.fails(err, record.ErrNotFound)
	same(h, "audit", h.number(`SELECT COUNT(*) FROM audit WHERE action = 'delivery.delivered'`), 1)
}

func deliveryCounts(h *harness) {
	w := h.newWorld(0)
	ref := w.delivery()
	for _, c := range []struct {
		outcome record.Outcome
		want    int64
	}{
		{record.Outcome{State: record.Ready, Attempts: 1, Attempt: refused(503)}, 1},
		{record.Outcome{State: record.Ready, Attempts: 2, Attempt: refused(0)}, 2},   // no answer
		{record.Outcome{State: record.Ready, Attempts: 3}, 2},                        // the database was away before anybody was called
		{record.Outcome{State: record.Ready, Attempts: 3}, 2},                        // given back by a worker that was told to stop
		{record.Outcome{State: record.Ready, Attempts: 3, Attempt: refused(429)}, 3}, // asked to wait
		{record.Outcome{State: record.Dead, Attempts: 4, Attempt: refused(410)}, 4},
	} {
		h.ok(h.Finish(h.ctx, h.claim(ref), c.outcome))
		d := w.deliveryOf(ref)
		same(h, "attempts", d.Attempts, c.want)
		same(h, "failed", d.State == record.DeliveryFailed, c.outcome.State == record.Dead)
	}
	same(h, "status", h.number(`SELECT status FROM deliveries`), 410)
}

func deliveryReleased(h *harness) {
	w := h.newWorld(0)
	ref := w.delivery()
	h.ok(h.Finish(h.ctx, h.claim(ref), record.Outcome{State: record.Dead, Attempts: 1, Attempt: refused(500)}))
	h.ok(h.Release(h.ctx, ref, "operator"))
	h.ok(h.EndDelivery(h.ctx, h.claim(ref), attempt(200)))
	d := w.deliveryOf(ref)
	same(h, "state", d.State, record.DeliveryDelivered)
	same(h, "attempts", d.Attempts, 2)
}

func deliveryAttempts(h *harness) {
	w := h.newWorld(0)
	ref := w.delivery()
	next := h.clock.Now().Add(5 * time.Second)
	h.ok(h.Finish(h.ctx, h.claim(ref), record.Outcome{State: record.Ready, Attempts: 1, NotBefore: next, Attempt: refused(500)}))
	d := w.report(ref)
	same(h, "pending", d.State, record.DeliveryPending)
	same(h, "next", d.NextAt, next)
	h.clock.Advance(5 * time.Second)
	silent := attempt(0)
	silent.Answer = []byte{}
	h.ok(h.Finish(h.ctx, h.claim(ref), record.Outcome{State: record.Ready, Attempts: 2, NotBefore: h.clock.Now(), Attempt: &silent}))
	h.ok(h.EndDelivery(h.ctx, h.claim(ref), attempt(204)))
	d = w.report(ref)
	if want := []record.Attempt{attempt(500), silent, attempt(204)}; !reflect.DeepEqual(d.Attempts, want) {
		h.Errorf("got %+v\nwant %+v", d.Attempts, want)
	}
	same(h, "state", d.State, record.DeliveryDelivered)
	same(h, "next", d.NextAt.IsZero(), true)
	same(h, "type", d.Type, message.BookingRejected)
	same(h, "updated", d.UpdatedAt, h.clock.Now())
	all, err := h.Deliveries(h.ctx, w.tenant, record.DeliveryFilter{}, "", 10)
	h.ok(err)
	same(h, "attempts in the list", len(all[0].Attempts), 3)
	same(h, "the list leaves out what endpoints said", all[0].Attempts[0].Answer == nil, true)
}

func deliveryAgain(h *harness) {
	w := h.newWorld(1)
	w.endpoint()
	taken, dead, slow := w.sent("a"), w.sent("b"), w.sent("c")
	h.ok(h.EndDelivery(h.ctx, w.claim(taken), attempt(200)))
	w.gaveUp(dead, 500)
	h.ok(h.Finish(h.ctx, w.claim(slow), record.Outcome{State: record.Ready, Attempts: 3, NotBefore: h.clock.Now().Add(time.Hour), Attempt: refused(500)}))
	for name, ref := range map[string]task.Ref{"taken": taken, "dead": dead, "slow": slow} {
		before := w.deliveryOf(ref)
		h.ok(h.Redeliver(h.ctx, w.tenant, cal.DeliveryID(ref.Subject), "key_test"))
		same(h, name+": hints", len(w.sends()), 1)
		same(h, name+" begins anew", h.row(ref).Attempts, 0)
		d := w.deliveryOf(ref)
		same(h, name, d.State, record.DeliveryPending)
		same(h, name+": the same message", d.Message.ID, before.Message.ID)
		same(h, name+": attempts so far", d.Attempts, 1)
		h.ok(h.EndDelivery(h.ctx, w.claim(ref), attempt(202)))
		same(h, name+": attempts", len(w.report(ref).Attempts), 2)
	}
	busy := w.sent("d")
	l := w.claim(busy)
	h.ok(h.Redeliver(h.ctx, w.tenant, cal.DeliveryID(busy.Subject), "key_test"))
	h.ok(h.Finish(h.ctx, l, record.Outcome{State: record.Dead, Attempts: 1, Attempt: refused(500)}))
	same(h, "asked for during its last attempt", w.report(busy).State, record.DeliveryPending)
	same(h, "which is kept", len(w.report(busy).Attempts), 1)
	w.claim(busy)
	other := h.newWorld(1)
	for _, id := range []cal.DeliveryID{"dlv_unknown", cal.DeliveryID(taken.Subject)} {
		h.fails(h.Redeliver(h.ctx, other.tenant, id, "x"), record.ErrNotFound)
		_, err := h.DeliveryReport(h.ctx, other.tenant, id)
		h.fails(err, record.ErrNotFound)
	}
	same(h, "nothing is due for it", h.number(`SELECT COUNT(*) FROM work WHERE kind = 'delivery:send' AND tenant_id = $1`, string(other.tenant)), 0)
}

func deliveriesSince(h *harness) {
	w := h.newWorld(1)
	e := w.endpoint()
	taken, before, at, slow := w.sent("a"), w.sent("b"), w.sent("c"), w.sent("d")
	h.ok(h.EndDelivery(h.ctx, w.claim(taken), attempt(200)))
	w.gaveUp(before, 400)
	h.clock.Advance(time.Microsecond)
	since := h.clock.Now()
	w.gaveUp(at, 400)
	h.ok(h.Finish(h.ctx, w.claim(slow), record.Outcome{State: record.Ready, Attempts: 3, NotBefore: since.Add(time.Hour), Attempt: refused(500)}))
	other := w.endpoint()
	h.clock.Advance(time.Second)
	n, err := h.RedeliverSince(h.ctx, w.tenant, other.ID, since, "key_test")
	h.ok(err)
	same(h, "of another endpoint", n, 0)
	n, err = h.RedeliverSince(h.ctx, w.tenant, e.ID, since, "key_test")
	h.ok(err)
	same(h, "deliveries", n, 1)
	same(h, "failed before", w.report(before).State, record.DeliveryFailed)
	w.notDue(before)
	same(h, "failed since", w.report(at).State, record.DeliveryPending)
	same(h, "begins anew", h.row(at).Attempts, 0)
	w.claim(at)
	w.notDue(slow)
	_, err = h.Work(h.ctx, taken)
	h.fails(err, record.ErrNotFound)
	same(h, "audit", h.number(`SELECT COUNT(*) FROM audit WHERE action = 'endpoint.replayed' AND detail = '{"deliveries":1}'`), 1)
}

func deliveriesListed(h *harness) {
	w, other := h.newWorld(1), h.newWorld(1)
	first := w.endpoint()
	var want []string
	for i := range 5 {
		ref := w.sent(bookingNo(i))
		if i%2 == 0 {
			h.ok(h.EndDelivery(h.ctx, w.claim(ref), attempt(200)))
		}
		want = append([]string{ref.Subject}, want...)
	}
	second := w.endpoint()
	test, err := h.TestEndpoint(h.ctx, w.tenant, second.ID, "x")
	h.ok(err)
	list := func(f record.DeliveryFilter, limit int) (ids []string) {
		h.Helper()
		for before := cal.DeliveryID(""); len(ids) < mostPages; {
			page, err := h.Deliveries(h.ctx, w.tenant, f, before, limit)
			h.ok(err)
			for _, d := range page {
				before, ids = d.ID, append(ids, string(d.ID))
			}
			if len(page) == 0 {
				break
			}
		}
		return ids
	}
	sameList(h, "all", list(record.DeliveryFilter{}, 4), append([]string{string(test)}, want...))
	sameList(h, "to one", list(record.DeliveryFilter{Endpoint: first.ID}, 2), want)
	sameList(h, "to another", list(record.DeliveryFilter{Endpoint: second.ID}, 2), []string{string(test)})
	sameList(h, "delivered", list(record.DeliveryFilter{State: record.DeliveryDelivered}, 1), []string{want[0], want[2], want[4]})
	sameList(h, "pending, to one", list(record.DeliveryFilter{Endpoint: first.ID, State: record.DeliveryPending}, 2), []string{want[1], want[3]})
	all, err := h.Deliveries(h.ctx, other.tenant, record.DeliveryFilter{}, "", 10)
	h.ok(err)
	same(h, "of another tenant", len(all), 0)
}

func feedPages(h *harness) {
	w := h.newWorld(1)
	for i := range 6 {
		w.accept(w.booking(bookingNo(i), 1, 0))
	}
	var positions []int64
	var at int64
	for range mostPages {
		page, err := h.Feed(h.ctx, w.tenant, at, 3)
		h.ok(err)
		if len(page) == 0 {
			break
		}
		for _, item := range page {
			positions, at = append(positions, item.Position), item.Position
			same(h, "time", item.Timestamp, epoch())
		}
	}
	sameList(h, "positions", positions, []int64{1, 2, 3, 4, 5, 6, 7})
	w.accept(w.booking("later", 1, 0))
	page, err := h.Feed(h.ctx, w.tenant, at, 3)
	h.ok(err)
	same(h, "later", len(page), 1)
	same(h, "position", page[0].Position, 8)
	again, err := h.Feed(h.ctx, w.tenant, at, 3)
	h.ok(err)
	if !reflect.DeepEqual(again, page) {
		h.Error("reading again yields something else")
	}
}

func feedSmallPages(h *harness) {
	w := h.newWorld(1)
	for i := range 5 {
		w.accept(w.booking(bookingNo(i), 1, 0))
		h.clock.Advance(time.Millisecond)
	}
	for want := range int64(6) {
		page, err := h.Feed(h.ctx, w.tenant, want, 1)
		h.ok(err)
		same(h, "page", len(page), 1)
		same(h, "position", page[0].Position, want+1)
	}
}

func feedTenants(h *harness) {
	a, b := h.newWorld(1), h.newWorld(1)
	a.accept(a.booking("b", 1, 0))
	b.accept(b.booking("b", 1, 0))
	for _, w := range []*world{a, b} {
		items := w.messages()
		same(h, "messages", len(items), 2)
		same(h, "position", items[1].Position, 2)
	}
}
