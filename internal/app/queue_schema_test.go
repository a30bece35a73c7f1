package app_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store"
	"github.com/calweave/calweave/jobs"
)

// Cores and workers are upgraded in any order: a neighbour's schema is read as far as it is known here, what is not waits for a newer worker, and
// every other schema is refused so that the core hears of it.
func TestQueueSchemas(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	k, err := w.app.CreateKey(w.ctx, w.tenant, store.PurposeSigning, "")
	w.must(err)
	submit := func(schema int, payload string) error {
		return w.app.Queue.Submit(w.ctx, jobs.Signed{
			ID: "task", Schema: schema, KeyID: k.ID, Payload: []byte(payload),
			Signature: task.Sign([]byte(k.Secret), schema, k.ID, []byte(payload)),
		})
	}
	document := func(version int64) string {
		b := w.booking(version, "Intro call", wall)
		raw, err := json.Marshal(task.SubmitBooking{BookingID: "b1", Booking: &b})
		w.must(err)
		return string(raw)
	}
	invented := func(version int64) string { return document(version)[:len(document(version))-1] + `,"invented":1}` }
	stands := func(version int64) {
		t.Helper()
		if b, err := w.app.Store.Booking(w.ctx, w.tenant, "b1"); err != nil || b.Version != version {
			t.Errorf("version %d stands, want %d: %v", b.Version, version, err)
		}
	}
	rejected := func() int {
		all, err := w.app.Store.Rejections(w.ctx, w.tenant, "", 100)
		w.must(err)
		return len(all)
	}

	w.must(submit(task.SchemaVersion, document(1)))
	w.must(submit(task.SchemaVersion+1, document(2)))
	stands(2)
	if err := submit(task.SchemaVersion+1, invented(3)); err == nil || errors.Is(err, jobs.ErrForged) || rejected() > 0 {
		t.Errorf("a field of the next schema: %v, %d rejected, want it tried again", err, rejected())
	}
	w.must(submit(task.SchemaVersion, invented(3)))
	w.must(submit(task.SchemaVersion, invented(3))) // the same once more, as after a worker's death
	w.must(submit(task.SchemaVersion-1, document(3)))
	w.must(submit(task.SchemaVersion+2, document(3)+" "))
	stands(2)
	w.settle()
	if n := w.core.types()[message.BookingRejected]; n != 3 || rejected() != 3 {
		t.Errorf("%d messages and %d dead letters, want 3", n, rejected())
	}
	all, err := w.app.Store.Rejections(w.ctx, w.tenant, "", 100)
	w.must(err)
	for _, r := range all {
		if r.BookingID != "b1" || r.Version != 3 || r.Reason != string(record.ReasonInvalid) {
			t.Errorf("%+v", r)
		}
	}
}
