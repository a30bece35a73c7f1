package store_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

const resealWithoutKey = "reseal: what lacks its key keeps the rotation from finishing"

func resealTrials() []trial {
	return []trial{
		{"reseal: every sealed column is sealed anew and opens", resealEverything},
		{"reseal: no value but the tenant's", resealOneTenant},
		{"reseal: page by page, whatever the key is made of", resealPages},
		{"reseal: what is written meanwhile with the old key is found by another pass", resealInterleaved},
		{"reseal: asked for again, it goes on where it is", resealResumes},
		{"reseal: killed at each statement, the next process goes on", func(h *harness) { resealKilled(h, false) }},
		{"reseal: killed after each statement, the next process goes on", func(h *harness) { resealKilled(h, true) }},
		{"reseal: a process that seals with another key leaves it alone", resealOtherGeneration},
		{"reseal: what does not open stays as it is", resealUnopened},
		{resealWithoutKey, resealMissing},
		{"reseal: values are counted by key, and none is opened", resealCounts},
	}
}

func sqliteResealTrials() []trial {
	return []trial{{"reseal: every statement searches by tenant and key", resealPlans}}
}

func resealMeetTrials() []trial {
	return []trial{
		{"reseal: a writer that comes between is never overwritten", resealMeetsWriter},
		{"reseal: whoever holds a lock keeps it from nothing else", resealMeetsLock},
	}
}

// rotation is the work of a tenant's rotation.
func rotation(tenant cal.TenantID) task.Ref {
	return task.Ref{Tenant: tenant, Kind: task.SealRotate, Subject: string(tenant)}
}

// rotate seals all of a tenant's values with the store's key and says in how many transactions.
func (h *harness) rotate(tenant cal.TenantID) (parts int) {
	h.Helper()
	h.ok(h.StartRotation(h.ctx, tenant, "test"))
	l := h.claim(rotation(tenant))
	for parts = 1; ; parts++ {
		var r record.Rotation
		var err error
		l, r, err = h.Reseal(h.ctx, l, leaseTime)
		h.ok(err)
		if r.Finished() {
			h.ok(h.Finish(h.ctx, l, record.Served()))
			return parts
		}
		if parts > 100 {
			h.Fatalf("the rotation has no end: %+v", r)
		}
	}
}

// sealedWith counts a tenant's values that a key has sealed, as the database's owner sees them.
func (h *harness) sealedWith(tenant cal.TenantID, key record.SealKeyID) (n int) {
	h.Helper()
	for _, c := range h.sealedColumns() {
		n += h.sealedIn(tenant, c, key)
	}
	return n
}

func (h *harness) sealedIn(tenant cal.TenantID, tableColumn string, key record.SealKeyID) int {
	h.Helper()
	table, column, _ := strings.Cut(tableColumn, ".")
	prefix := binary.BigEndian.AppendUint32([]byte{1}, uint32(key))
	return h.number(`SELECT COUNT(*) FROM `+table+` WHERE tenant_id = $1 AND LENGTH(`+column+`) > 33 AND SUBSTR(`+column+`, 1, 5) = $2`, string(tenant), prefix)
}

// sealedValuesOf counts a tenant's values column by column.
func (h *harness) sealedValuesOf(tenant cal.TenantID) map[string]int {
	h.Helper()
	all := map[string]int{}
	for _, c := range h.sealedColumns() {
		table, column, _ := strings.Cut(c, ".")
		all[c] = h.number(`SELECT COUNT(*) FROM `+table+` WHERE tenant_id = $1 AND LENGTH(`+column+`) > 0`, string(tenant))
	}
	return all
}

// resealEverything fails for a new column that is missing in the list, and for one that is sealed for another place than the list says.
func resealEverything(h *harness) {
	w := h.full()
	g := h.generations()
	before := h.sealedValuesOf(w.tenant)
	next := h.generation("promoted", g.promoted)
	next.rotate(w.tenant)
	w.Store = next.Store
	for _, v := range sealedValues() {
		h.ok(v.read(w))
	}
	for column, n := range before {
		if n == 0 {
			h.Errorf("nothing stands in %s: this trial proves nothing", column)
		}
		same(h, column+": values with the new key", h.sealedIn(w.tenant, column, g.fresh.Keys()[0]), n)
	}
	r, err := next.Rotation(h.ctx, w.tenant)
	h.ok(err)
	same(h, "values that did not open", r.Unopened, 0)
	same(h, "values that were sealed anew", r.Resealed > 30, true)
	counts, err := next.SealCounts(h.ctx, w.tenant)
	h.ok(err)
	var counted []string
	for _, c := range counts {
		counted = append(counted, c.Table+"."+c.Column)
		same(h, c.Column+": counted", int(c.Values), before[c.Table+"."+c.Column])
	}
	slices.Sort(counted)
	sameList(h, "columns that are counted", counted, h.sealedColumns())
	same(h, "started", h.number(`SELECT COUNT(*) FROM audit WHERE action = 'seal_rotation.started'`), 2) // full starts one, too
	same(h, "finished", h.number(`SELECT COUNT(*) FROM audit WHERE action = 'seal_rotation.finished'`), 1)
}

func resealOneTenant(h *harness) {
	a, b := h.full(), h.full()
	g := h.generations()
	before := h.sealedWith(b.tenant, g.old.Keys()[0])
	h.generation("promoted", g.promoted).rotate(a.tenant)
	same(h, "the other tenant's values", h.sealedWith(b.tenant, g.old.Keys()[0]), before)
	same(h, "values of the new key at the other tenant", h.sealedWith(b.tenant, g.fresh.Keys()[0]), 0)
	for _, v := range sealedValues() {
		h.ok(v.read(b))
	}
}

// resealPages has more rows than a transaction looks at, in tables whose keys have two and three columns and one that is a number.
func resealPages(h *harness) {
	w := h.full()
	g := h.generations()
	h.clock.Advance(2 * leaseTime)
	var events []cal.Event
	const many = 600
	for i := range many {
		events = append(events, event(fmt.Sprintf("e %d \" ' é", i), "1", content("x", 1)))
	}
	w.lists(events...)
	l, on := w.listing(0, cal.Delta)
	w.stage(l, on, "canary-page", items(events[:many/2]...)...)
	for n := range many {
		w.insert("attempts", map[string]any{
			"tenant_id": string(w.tenant), "delivery_id": w.delivery.Subject, "attempt": n + 10, "at": 1, "latency": 1, "status": 500, "failure": "status",
			"answer": h.seals(w.tenant, "attempts", "answer", fmt.Sprintf("%s/%d", w.delivery.Subject, n+10)),
		})
	}
	next := h.generation("promoted", g.promoted)
	total := h.sealedWith(w.tenant, g.old.Keys()[0])
	parts := next.rotate(w.tenant)
	same(h, "transactions", parts >= 2*total/256, true)
	same(h, "values with the old key", h.sealedWith(w.tenant, g.old.Keys()[0]), 0)
	same(h, "values with the new key", h.sealedWith(w.tenant, g.fresh.Keys()[0]), total)
	r, err := next.Rotation(h.ctx, w.tenant)
	h.ok(err)
	same(h, "sealed anew", int(r.Resealed), total)
	rows, err := next.Events(h.ctx, w.tenant, w.calendars[0].ID, "", many)
	h.ok(err)
	same(h, "events that open", len(rows), many)
}

// seals makes a value of a canary as the old key does.
func (h *harness) seals(tenant cal.TenantID, table, column, row string) []byte {
	h.Helper()
	sealed, err := sealer().Seal(tenant, table, column, row, []byte(canary))
	h.ok(err)
	return sealed
}

// resealInterleaved lets a process of the old generation read what was sealed anew, and write behind the rotation's back.
func resealInterleaved(h *harness) {
	w := h.newWorld(1)
	g := h.generations()
	late := h.generation("both", g.both)
	next := h.generation("promoted", g.promoted)
	h.ok(next.StartRotation(h.ctx, w.tenant, "test"))
	l := next.claim(rotation(w.tenant))
	passes := 0
	for n := range 50 {
		var r record.Rotation
		var err error
		l, r, err = next.Reseal(h.ctx, l, leaseTime)
		h.ok(err)
		if r.Finished() {
			break
		}
		if r.Place == "" {
			passes++
		}
		if n < 4 {
			own := *w
			own.harness = late
			id := cal.BookingID(fmt.Sprintf("late-%d", n))
			own.accept(own.booking(id, 1, 0))
			read, err := late.Booking(h.ctx, w.tenant, id)
			h.ok(err)
			same(h, "what the old generation reads", read.Spec.Title, "canary 1")
		}
	}
	same(h, "passes that found something", passes, 5)
	same(h, "values with the old key", h.sealedWith(w.tenant, g.old.Keys()[0]), 0)
	h.ok(next.Finish(h.ctx, l, record.Served()))
	own := *w
	own.harness = late
	own.accept(own.booking("later", 1, 0))
	next.rotate(w.tenant)
	same(h, "values with the old key after another rotation", h.sealedWith(w.tenant, g.old.Keys()[0]), 0)
	for n := range 4 {
		for _, s := range []*harness{late, next} {
			b, err := s.Booking(h.ctx, w.tenant, cal.BookingID(fmt.Sprintf("late-%d", n)))
			h.ok(err)
			same(h, "title", b.Spec.Title, "canary 1")
		}
	}
}

func resealResumes(h *harness) {
	w := h.newWorld(1)
	g := h.generations()
	for i := range 300 {
		w.accept(w.booking(cal.BookingID(fmt.Sprintf("b%d", i)), 1, 0))
	}
	next := h.generation("promoted", g.promoted)
	h.ok(next.StartRotation(h.ctx, w.tenant, "test"))
	_, before, err := next.Reseal(h.ctx, next.claim(rotation(w.tenant)), leaseTime)
	h.ok(err)
	same(h, "on its way", before.Place != "" && before.Resealed > 0, true)
	h.clock.Advance(2 * leaseTime)
	h.ok(next.StartRotation(h.ctx, w.tenant, "test"))
	r, err := next.Rotation(h.ctx, w.tenant)
	h.ok(err)
	same(h, "the rotation after it was asked for again", r, before)
	same(h, "transactions", next.rotate(w.tenant) > 1, true)
	done, err := next.Rotation(h.ctx, w.tenant)
	h.ok(err)
	same(h, "since when", done.StartedAt, before.StartedAt)
	// Back to the old key: begun anew.
	h.ok(h.StartRotation(h.ctx, w.tenant, "test"))
	r, err = h.Rotation(h.ctx, w.tenant)
	h.ok(err)
	same(h, "another rotation", r, record.Rotation{Key: g.old.Keys()[0], StartedAt: h.clock.Now()})
}

// resealKilled ends the process at each statement of a rotation, and after it. The next one rotates to the end, and the one after that back again.
func resealKilled(h *harness, after bool) {
	w := h.full()
	g := h.generations()
	there, back := h.generation("there", g.promoted), h.generation("back", g.both)
	goesOn, goesBack := h.generation("goes on", g.promoted), h.generation("goes back", g.both)
	total := h.sealedWith(w.tenant, g.old.Keys()[0])
	calls, at := 0, 0
	var dead error
	strike := func(call) error {
		if calls++; at > 0 && calls >= at {
			dead = errWire
			return errWire
		}
		return nil
	}
	for _, s := range []*harness{there, back} {
		if after {
			s.wire.onAnswer(strike)
		} else {
			s.wire.onCall(strike)
		}
	}
	for at = 1; ; at++ {
		doomed, rescuer, key := there, goesOn, g.fresh.Keys()[0]
		if at%2 == 0 {
			doomed, rescuer, key = back, goesBack, g.old.Keys()[0]
		}
		calls, dead = 0, nil
		doomed.dies(w.tenant)
		if dead == nil {
			break
		}
		h.clock.Advance(2 * leaseTime)
		rescuer.rotate(w.tenant)
		same(h, fmt.Sprintf("killed at %d: values with the new key", at), h.sealedWith(w.tenant, key), total)
		w.Store = rescuer.Store
	}
	for _, v := range sealedValues() {
		if !strings.HasPrefix(v.column, "oauth_flows.") && !strings.HasPrefix(v.column, "requests.") { // these have expired
			h.ok(v.read(w))
		}
	}
	same(h, "statements", at > 60, true)
}

// dies rotates until a statement fails.
func (h *harness) dies(tenant cal.TenantID) {
	if err := h.StartRotation(h.ctx, tenant, "test"); err != nil {
		return
	}
	l, _, err := h.Claim(h.ctx, rotation(tenant), leaseTime)
	for range 10 {
		var r record.Rotation
		if err == nil {
			l, r, err = h.Reseal(h.ctx, l, leaseTime)
		}
		if err != nil || r.Finished() {
			break
		}
	}
	if err == nil {
		_ = h.Finish(h.ctx, l, record.Served()) // the rescuer finds out
	}
}

func resealOtherGeneration(h *harness) {
	w := h.newWorld(1)
	g := h.generations()
	late, next := h.generation("both", g.both), h.generation("promoted", g.promoted)
	h.ok(next.StartRotation(h.ctx, w.tenant, "test"))
	l := late.claim(rotation(w.tenant))
	before := h.dump()
	_, _, err := late.Reseal(h.ctx, l, leaseTime)
	h.faulty(err, fault.Misconfigured)
	same(h, "how long it waits", fault.RetryAfter(err), time.Minute)
	h.unchanged(before)
	h.ok(late.Finish(h.ctx, l, record.Outcome{State: record.Ready}))
	next.rotate(w.tenant)
	same(h, "values with the old key", h.sealedWith(w.tenant, g.old.Keys()[0]), 0)
}

func resealUnopened(h *harness) {
	w := h.newWorld(1)
	g := h.generations()
	w.accept(w.booking("good", 1, 0))
	w.accept(w.booking("bad", 1, 0))
	h.owner(`UPDATE bookings SET spec = slot WHERE booking_id = 'bad'`)
	next := h.generation("promoted", g.promoted)
	next.rotate(w.tenant)
	r, err := next.Rotation(h.ctx, w.tenant)
	h.ok(err)
	same(h, "values that did not open", r.Unopened, 1)
	same(h, "values with the old key", h.sealedWith(w.tenant, g.old.Keys()[0]), 1)
	same(h, "the value itself", h.sealedIn(w.tenant, "bookings.spec", g.old.Keys()[0]), 1)
	_, err = next.Booking(h.ctx, w.tenant, "good")
	h.ok(err)
	left, err := next.SealedWith(h.ctx, g.old.Keys()[0])
	h.ok(err)
	same(h, "values that keep the key", left, 1)
}

func resealCounts(h *harness) {
	w := h.newWorld(1)
	g := h.generations()
	w.accept(w.booking("b", 1, 0))
	late := h.generation("promoted", g.promoted)
	own := *w
	own.harness = late
	own.accept(own.booking("c", 1, 0))
	own.accept(own.booking("d", 1, 0))
	h.owner(`UPDATE bookings SET slot = spec WHERE booking_id = 'b'`)
	h.owner(`UPDATE bookings SET spec = $1 WHERE booking_id = 'c'`, []byte("in no form of ours"))
	counts, err := h.SealCounts(h.ctx, w.tenant) // by a process that could not open the half of them
	h.ok(err)
	got := map[record.SealCount]bool{}
	for _, c := range counts {
		got[c] = true
	}
	old, fresh := g.old.Keys()[0], g.fresh.Keys()[0]
	for _, want := range []record.SealCount{
		{Table: "bookings", Column: "spec", Key: 0, Values: 1},
		{Table: "bookings", Column: "spec", Key: old, Values: 1},
		{Table: "bookings", Column: "spec", Key: fresh, Values: 1},
		{Table: "bookings", Column: "slot", Key: old, Values: 1},
		{Table: "bookings", Column: "slot", Key: fresh, Values: 2},
	} {
		if !got[want] {
			h.Errorf("%+v is not among %+v", want, counts)
		}
	}
}
