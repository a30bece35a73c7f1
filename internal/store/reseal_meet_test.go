package store_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/record"
)

// resealPlans looks at how the statements that are made of the list are carried out.
func resealPlans(h *harness) {
	w := h.full()
	next := h.generation("promoted", h.generations().promoted)
	seen := map[string]call{}
	next.wire.onCall(func(c call) error {
		if slices.Contains([]string{"StaleValues", "ResealValue", "SealPrefixes"}, c.name) {
			seen[c.sql] = c
		}
		return nil
	})
	h.clock.Advance(2 * leaseTime)
	var events []cal.Event
	for i := range 5600 {
		events = append(events, event(fmt.Sprint("e", i), "1", content("x", 1)))
	}
	w.lists(events...)
	next.rotate(w.tenant)
	_, err := next.SealCounts(h.ctx, w.tenant)
	h.ok(err)
	paged := 0
	for sql, c := range seen {
		if strings.Contains(sql, "FROM events WHERE tenant_id = $1 AND (calendar_id, event_id) > ") {
			paged++
		}
		var args []any
		for _, a := range c.args {
			args = append(args, a.Value)
		}
		if lacking := h.unbound(sql, args); len(lacking) > 0 {
			h.Errorf("%s: not searched by tenant: %v", oneLine(sql), lacking)
		}
		if len(h.unbound(strip(sql), args)) == 0 {
			h.Errorf("%s without its condition is not noticed", oneLine(sql))
		}
		for _, step := range h.query(`EXPLAIN QUERY PLAN `+sql, args...) {
			if strings.Contains(step["detail"], "TEMP B-TREE") {
				h.Errorf("%s sorts all rows: %s", oneLine(sql), step["detail"])
			}
			if c.name == "ResealValue" && strings.Count(step["detail"], "=?") < 2 {
				h.Errorf("%s looks at more than one row: %s", oneLine(sql), step["detail"])
			}
		}
	}
	same(h, "statements", len(seen) > 2*len(h.sealedColumns()), true)
	same(h, "next pages of events", paged, 2) // of what is stale, and of prefixes
}

// resealMeetsWriter lets a core change a booking after its value was read and before it is replaced.
func resealMeetsWriter(h *harness) {
	w := h.newWorld(1)
	g := h.generations()
	w.accept(w.booking("b", 1, 0))
	plain, err := json.Marshal(w.booking("b", 2, 0).Spec)
	h.ok(err)
	sealed, err := g.old.Seal(w.tenant, "bookings", "spec", "b", plain)
	h.ok(err)
	next := h.generation("promoted", g.promoted)
	h.ok(next.StartRotation(h.ctx, w.tenant, "test"))
	l := next.claim(rotation(w.tenant))
	written := false
	next.wire.onCall(func(c call) error {
		if c.name == "ResealValue" && strings.Contains(c.sql, "UPDATE bookings SET spec") && !written {
			written = true
			h.owner(`UPDATE bookings SET spec = $1`, sealed) // locks this row alone: Accept waits for more, of which the rotation has some
		}
		return nil
	})
	l, r, err := next.Reseal(h.ctx, l, leaseTime)
	h.ok(err)
	same(h, "a writer came between", written, true)
	b, err := next.Booking(h.ctx, w.tenant, "b")
	h.ok(err)
	same(h, "title", b.Spec.Title, "canary 2")
	same(h, "finished though a writer came between", r.Finished(), false)
	for !r.Finished() {
		l, r, err = next.Reseal(h.ctx, l, leaseTime)
		h.ok(err)
	}
	same(h, "values with the old key", h.sealedWith(w.tenant, g.old.Keys()[0]), 0)
	b, err = next.Booking(h.ctx, w.tenant, "b")
	h.ok(err)
	same(h, "title at the end", b.Spec.Title, "canary 2")
}

// resealMeetsLock locks a row that the rotation comes to.
func resealMeetsLock(h *harness) {
	w := h.full()
	g := h.generations()
	next := h.generation("promoted", g.promoted)
	h.ok(next.StartRotation(h.ctx, w.tenant, "test"))
	l := next.claim(rotation(w.tenant))
	h.inTx(func(tx *sql.Tx) {
		h.exec(tx, `UPDATE connections SET reason = reason`)
		for want := 1; want <= 2; want++ { // the keys stand before the connections
			var r record.Rotation
			var err error
			l, r, err = next.Reseal(h.ctx, l, leaseTime)
			h.ok(err)
			same(h, "values that were replaced one by one", int(r.Resealed), want)
		}
	})
	_, r, err := next.Reseal(h.ctx, l, leaseTime)
	h.ok(err)
	same(h, "values that are replaced at once", r.Resealed > 30, true)
}
