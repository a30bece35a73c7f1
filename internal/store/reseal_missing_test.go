package store_test

import (
	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/seal"
)

// resealMissing meets a value of a key that nobody has given, among others. They are sealed anew all the same, and the rotation goes on until the key is
// given.
func resealMissing(h *harness) {
	w := h.newWorld(1)
	g := h.generations()
	for _, id := range []cal.BookingID{"good", "bad", "lost"} {
		w.accept(w.booking(id, 1, 0))
	}
	raw, err := seal.Generate()
	h.ok(err)
	stranger := h.parse(raw)
	lost, err := stranger.Seal(w.tenant, "bookings", "spec", "lost", []byte(canary))
	h.ok(err)
	h.owner(`UPDATE bookings SET spec = slot WHERE booking_id = 'bad'`)
	h.owner(`UPDATE bookings SET spec = $1 WHERE booking_id = 'lost'`, lost)
	next := h.generation("promoted", g.promoted)
	h.ok(next.StartRotation(h.ctx, w.tenant, "test"))
	l := next.claim(rotation(w.tenant))
	pass := func() (r record.Rotation) {
		h.Helper()
		for n := 0; n == 0 || r.Place != ""; n++ {
			l, r, err = next.Reseal(h.ctx, l, leaseTime)
			h.ok(err)
		}
		return r
	}
	for range 3 {
		r := pass()
		same(h, "finished", r.Finished(), false)
		same(h, "values whose key is missing", r.Missing, 1)
		same(h, "their key", r.MissingKey, stranger.Keys()[0])
		same(h, "values that did not open", r.Unopened, 1)
		read, err := next.Rotation(h.ctx, w.tenant)
		h.ok(err)
		same(h, "read", read, r)
	}
	same(h, "the value itself", h.sealedWith(w.tenant, stranger.Keys()[0]), 1)
	same(h, "values with the old key", h.sealedWith(w.tenant, g.old.Keys()[0]), 1)
	given, err := g.old.Seal(w.tenant, "bookings", "spec", "lost", []byte(canary))
	h.ok(err)
	h.owner(`UPDATE bookings SET spec = $1 WHERE booking_id = 'lost'`, given)
	r := pass()
	same(h, "finished once it opens", r.Finished(), false) // the pass has found something
	r = pass()
	same(h, "finished in the end", r.Finished(), true)
	same(h, "values whose key is missing, then", r.Missing+int64(r.MissingKey), 0)
	h.ok(h.StartRotation(h.ctx, w.tenant, "test"))
	r, err = h.Rotation(h.ctx, w.tenant)
	h.ok(err)
	same(h, "another rotation", r, record.Rotation{Key: g.old.Keys()[0], StartedAt: h.clock.Now()})
}
