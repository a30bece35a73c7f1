package store_test

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

// messages reads the tenant's whole feed.
func (w *world) messages() []record.FeedItem {
	w.Helper()
	items, err := w.Feed(w.ctx, w.tenant, 0, 1000)
	w.ok(err)
	return items
}

// wantMessages wants the messages about bookings to be these: type, version, revision and sequence, ordered by the last.
func (w *world) wantMessages(want ...string) {
	w.Helper()
	type numbered struct {
		message.Booking
		text string
	}
	var all []numbered
	for _, item := range w.messages() {
		var b message.Booking
		w.ok(json.Unmarshal(item.Data, &b))
		if b.Sequence > 0 {
			all = append(all, numbered{b, fmt.Sprintf("%s %d/%d/%d", item.Type, b.Version, b.Revision, b.Sequence)})
		}
	}
	slices.SortFunc(all, func(a, b numbered) int { return int(a.Sequence - b.Sequence) })
	var got []string
	for _, n := range all {
		got = append(got, n.text)
	}
	sameList(w.harness, "messages", got, want)
}

// delivery makes an endpoint and a message, and returns the work of its delivery.
func (w *world) delivery() task.Ref {
	w.Helper()
	_, err := w.CreateEndpoint(w.ctx, w.tenant, newEndpoint(), "key_test")
	w.ok(err)
	w.ok(w.Reject(w.ctx, w.tenant, record.Rejection{ID: "rej_" + string(w.tenant), Reason: "malformed", Payload: []byte(`{"canary`), Actor: "queue"}))
	for _, hint := range w.told.take() {
		if hint.Kind == task.DeliverySend {
			return hint.Ref
		}
	}
	w.Fatal("no delivery was hinted at")
	return task.Ref{}
}

// deliveryOf reads a delivery under a lease that is none of anybody's business.
func (w *world) deliveryOf(ref task.Ref) record.Delivery {
	w.Helper()
	d, err := w.Delivery(w.ctx, record.Lease{Ref: ref})
	w.ok(err)
	return d
}
