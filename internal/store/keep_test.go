package store_test

import (
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

func keepTrials() []trial {
	return []trial{
		{"keep: a grant with what tells when to refresh it", keepReads},
		{"keep: looked after from a quarter of the token's life on, and anew with each reconnect", keepSchedule},
	}
}

func keepReads(h *harness) {
	w := h.newWorld(1)
	kept := func() record.Kept {
		h.Helper()
		k, err := h.Kept(h.ctx, w.tenant, w.connection)
		h.ok(err)
		return k
	}
	want := record.Kept{Grant: w.grant(), StoredAt: h.clock.Now().UTC()}
	var err error
	want.Connection, err = h.Connection(h.ctx, w.tenant, w.connection)
	h.ok(err)
	same(h, "idle", kept(), want)
	w.choose(0, cal.SyncBusy, nil)
	want.Used = true
	same(h, "followed", kept(), want)
	h.clock.Advance(time.Hour)
	same(h, "an hour later", kept(), want)
	fence, ok, err := h.LeaseRefresh(h.ctx, w.tenant, want.Grant, h.clock.Now().Add(time.Minute))
	h.ok(err)
	same(h, "leased", ok, true)
	next := w.tokens("second")
	next.ConnectionID = w.connection
	_, err = h.Rotate(h.ctx, w.tenant, next, fence)
	h.ok(err)
	want.Grant, want.StoredAt = w.grant(), h.clock.Now().UTC()
	want.Connection.GrantVersion, want.Connection.AccessUntil = 2, want.Grant.ExpiresAt
	same(h, "refreshed", kept(), want)
	w.choose(0, cal.SyncOff, nil)
	want.Used = false
	same(h, "idle again", kept(), want)

	_, err = h.Kept(h.ctx, w.tenant, "con_unknown")
	h.fails(err, record.ErrNotFound)
	_, err = h.Kept(h.ctx, h.newTenant("other"), w.connection)
	h.fails(err, record.ErrNotFound)
	h.ok(h.Disconnected(h.ctx, w.close(), record.Disconnection{Revocation: message.Revoked}))
	_, err = h.Kept(h.ctx, w.tenant, w.connection)
	h.fails(err, record.ErrNotFound)
}

func keepSchedule(h *harness) {
	w := h.newWorld(0)
	ref := w.ref(task.GrantKeep, string(w.connection))
	quarter := func() {
		h.Helper()
		h.clock.Advance(15*time.Minute - time.Microsecond)
		h.notDue(ref)
		h.clock.Advance(time.Microsecond)
	}
	quarter()
	l := h.claim(ref)
	same(h, "lane", l.Lane, task.Background)
	o := record.Served()
	o.Again, o.NotBefore = true, h.clock.Now().Add(day)
	h.ok(h.Finish(h.ctx, l, o))
	w.die()
	w.reconnect()
	quarter()
	w.die()
	h.ok(h.Finish(h.ctx, h.claim(ref), heldForReauth()))
	h.notDue(ref)
	w.reconnect()
	quarter()
	h.claim(ref)
}
