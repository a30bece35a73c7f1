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
		{"endpoint: none while it is disabled", endpointDisabled},
		{"delivery: carries the message as the feed does", deliveryTells},
		{"delivery: once it is taken its work is forgotten", deliveryDelivered},
		{"delivery: counts attempts, not waits", deliveryCounts},
		{"delivery: a dead one may be released", deliveryReleased},
		{"feed: positions without a gap, page by page", feedPages},
		{"feed: more than fits in a page", feedSmallPages},
		{"feed: of one tenant", feedTenants},
	}
}

func (w *world) endpoint() record.Endpoint {
	w.Helper()
	e, err := w.CreateEndpoint(w.ctx, w.tenant, "https://core.example.test/canary", "whsec_canary", "key_test")
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
	n, err := h.CountEndpoints(h.ctx, w.tenant)
	h.ok(err)
	same(h, "endpoints", n, 2)
	n, err = h.CountEndpoints(h.ctx, "ten_unknown")
	h.ok(err)
	same(h, "endpoints of nobody", n, 0)
}

func endpointDisabled(h *harness) {
	w := h.newWorld(1)
	w.endpoint()
	h.owner(`UPDATE endpoints SET state = 'disabled'`)
	w.accept(w.booking("b", 1, 0))
	same(h, "deliveries", len(w.sends()), 0)
	same(h, "messages", len(w.messages()), 2)
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
	h.ok(h.Delivered(h.ctx, h.claim(ref), http.StatusNoContent))
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
		{record.Outcome{State: record.Ready, Attempts: 1, Status: 503}, 1},
		{record.Outcome{State: record.Ready, Attempts: 2}, 2},              // no answer
		{record.Outcome{State: record.Ready, Attempts: 2}, 2},              // given back by a worker that was told to stop
		{record.Outcome{State: record.Ready, Attempts: 2, Status: 429}, 3}, // asked to wait, which spends nothing but was an attempt
		{record.Outcome{State: record.Dead, Attempts: 100, Status: 410}, 4},
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
	h.ok(h.Finish(h.ctx, h.claim(ref), record.Outcome{State: record.Dead, Attempts: 1, Status: 410}))
	h.ok(h.Release(h.ctx, ref, "operator"))
	h.ok(h.Delivered(h.ctx, h.claim(ref), 200))
	d := w.deliveryOf(ref)
	same(h, "state", d.State, record.DeliveryDelivered)
	same(h, "attempts", d.Attempts, 2)
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
