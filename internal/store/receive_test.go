package store_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

func receiveTrials() []trial {
	return []trial{
		{"receive: whose channels are", receiveLooksUp},
		{"receive: a batch keeps each push and marks each calendar once", receiveBatch},
		{"receive: what is marked already keeps its place", receiveAgain},
		{"receive: only the tenant's own channels are judged", receiveOwn},
		{"receive: what is not genuine leaves nothing", receiveNothing},
		{"receive: nothing is committed for another tenant", receiveForeign},
	}
}

func postgresReceiveTrials() []trial {
	return []trial{{"receive: a batch does not wait for a calendar that is locked", receiveInHaste}}
}

// batch is a world with n calendars that have a channel each, all open, and a push of each.
func (h *harness) batch(n int) (*world, []record.Notification) {
	h.Helper()
	w := h.newWorld(n)
	var all []record.Notification
	for i, c := range w.calendars {
		id := cal.ChannelID(fmt.Sprintf("chn_%s_%d", w.tenant, i))
		w.mark(record.Mark{Kind: task.CalendarWatch, Subject: string(c.ID), Lane: task.Background, ConnectionID: w.connection})
		l, err := w.AddChannel(w.ctx, w.claim(w.watchOf(i)), id, "hash", time.Time{}, leaseTime)
		h.ok(err)
		h.ok(w.Finish(w.ctx, l, record.Served()))
		all = append(all, record.Notification{Channel: w.channelNow(id), Kind: "changed", Remote: "r", Resource: "s", Sync: true})
	}
	w.told.take()
	return w, all
}

func receiveLooksUp(h *harness) {
	a, pushesA := h.batch(2)
	b, pushesB := h.batch(1)
	got, err := h.ChannelTenants(h.ctx, []cal.ChannelID{pushesB[0].Channel.ID, "chn_unknown", pushesA[1].Channel.ID, "\x00\xff"})
	h.ok(err)
	same(h, "found", len(got), 2)
	same(h, "a's", got[pushesA[1].Channel.ID], a.tenant)
	same(h, "b's", got[pushesB[0].Channel.ID], b.tenant)
	got, err = h.ChannelTenants(h.ctx, nil)
	h.ok(err)
	same(h, "of none", len(got), 0)
}

func receiveBatch(h *harness) {
	w, pushes := h.batch(3)
	for i := range pushes {
		pushes[i].Traceparent = fmt.Sprintf("trace %d", i)
	}
	pushes[2].Watch, pushes[2].State = true, record.ChannelExpiring
	twice := pushes[0]
	twice.Traceparent = "trace of the second"
	h.ok(h.pushed(h.ctx, append(slices.Clone(pushes), twice)...))
	same(h, "notifications", h.number(`SELECT COUNT(*) FROM notifications WHERE kind = 'changed' AND received_at = $1`, epoch().UnixMicro()), 4)
	same(h, "of the first", h.number(`SELECT COUNT(*) FROM notifications WHERE channel_id = $1 AND traceparent IN ('trace 0', 'trace of the second')`, string(twice.Channel.ID)), 2)
	hinted := map[task.Ref]string{}
	for _, hint := range h.told.take() {
		if _, again := hinted[hint.Ref]; again {
			h.Errorf("%s is hinted at twice", hint.Ref)
		}
		same(h, "lane", hint.Lane, task.Interactive)
		hinted[hint.Ref] = hint.Traceparent
	}
	same(h, "hints", len(hinted), 4)
	for i := range pushes {
		same(h, "trace", hinted[w.syncOf(i)], pushes[i].Traceparent)
		l := w.claim(w.syncOf(i))
		same(h, "trace", l.Traceparent, pushes[i].Traceparent)
		same(h, "connection", l.ConnectionID, w.connection)
	}
	w.claim(w.watchOf(2))
	w.notDue(w.watchOf(1))
	for i, want := range []record.ChannelState{record.ChannelOpening, record.ChannelOpening, record.ChannelExpiring} {
		now := w.channelNow(pushes[i].Channel.ID)
		same(h, "state", now.State, want)
		same(h, "remote", now.Remote, "r")
		same(h, "resource", now.Resource, "s")
	}
}

// receiveAgain pushes to calendars whose work is wanted already, backs off, is under way, is held or dead.
func receiveAgain(h *harness) {
	w, pushes := h.batch(4)
	h.ok(h.pushed(h.ctx, pushes...))
	began := h.clock.Now()
	later := began.Add(time.Hour)
	h.ok(h.Finish(h.ctx, w.claim(w.syncOf(1)), record.Outcome{State: record.Ready, NotBefore: later, Attempts: 3}))
	under := w.claim(w.syncOf(2))
	h.ok(h.Finish(h.ctx, w.claim(w.syncOf(3)), record.Outcome{State: record.Held, HeldFor: record.HeldForGuard}))
	h.told.take()
	h.clock.Advance(time.Second)
	h.ok(h.pushed(h.ctx, pushes...))
	var hinted []task.Ref
	for _, hint := range h.told.take() {
		hinted = append(hinted, hint.Ref)
	}
	slices.SortFunc(hinted, func(a, b task.Ref) int {
		return slices.Index([]task.Ref{w.syncOf(0), w.syncOf(2)}, a) - slices.Index([]task.Ref{w.syncOf(0), w.syncOf(2)}, b)
	})
	sameList(h, "hinted at", hinted, []task.Ref{w.syncOf(0), w.syncOf(2)})
	first := w.row(w.syncOf(0))
	same(h, "wanted", first.Wanted, 2)
	same(h, "wanted since", first.WantedAt.Equal(began), true)
	backsOff := w.row(w.syncOf(1))
	same(h, "backs off until", backsOff.NotBefore.Equal(later), true)
	same(h, "attempts", backsOff.Attempts, 3)
	w.notDue(w.syncOf(1))
	h.ok(h.Finish(h.ctx, under, record.Served()))
	h.served(w.syncOf(2))
	w.notDue(w.syncOf(2))
	same(h, "held", w.row(w.syncOf(3)).State, record.Held)
}

func receiveOwn(h *harness) {
	a, pushesA := h.batch(2)
	_, pushesB := h.batch(1)
	ids := []cal.ChannelID{pushesA[0].Channel.ID, pushesB[0].Channel.ID, "chn_unknown", pushesA[1].Channel.ID, pushesA[0].Channel.ID}
	var known []cal.ChannelID
	h.ok(h.Receive(h.ctx, a.tenant, ids, func(all []record.Channel) []record.Notification {
		for _, c := range all {
			known = append(known, c.ID)
		}
		return nil
	}))
	sameList(h, "judged", known, []cal.ChannelID{pushesA[0].Channel.ID, pushesA[1].Channel.ID})
}

func receiveNothing(h *harness) {
	w, pushes := h.batch(2)
	before := h.dump()
	h.ok(h.Receive(h.ctx, w.tenant, []cal.ChannelID{pushes[0].Channel.ID, pushes[1].Channel.ID}, func([]record.Channel) []record.Notification { return nil }))
	h.unchanged(before)
	same(h, "hints", len(h.told.take()), 0)
}

func receiveForeign(h *harness) {
	a, pushesA := h.batch(1)
	_, pushesB := h.batch(1)
	before := h.dump()
	err := h.Receive(h.ctx, a.tenant, []cal.ChannelID{pushesA[0].Channel.ID}, func([]record.Channel) []record.Notification {
		return []record.Notification{pushesA[0], pushesB[0]}
	})
	h.faulty(err, fault.Transient)
	h.unchanged(before)
}

// receiveInHaste locks one calendar's work, as a long listing does that is being published. A batch of several fails instead of waiting; the others
// are committed without it, and the one alone waits for its turn.
func receiveInHaste(h *harness) {
	w, pushes := h.batch(3)
	h.ok(h.pushed(h.ctx, pushes...))
	tx, err := h.place.owner.BeginTx(h.ctx, nil)
	h.ok(err)
	_, err = tx.ExecContext(h.ctx, `UPDATE work SET wanted = wanted WHERE kind = 'calendar:sync' AND subject = $1`, string(w.calendars[1].ID))
	h.ok(err)
	before := h.dump()
	h.faulty(h.pushed(h.ctx, pushes...), fault.Transient)
	h.unchanged(before)
	h.ok(h.pushed(h.ctx, pushes[0], pushes[2]))
	alone := background(func() error { return h.pushed(h.ctx, pushes[1]) })
	h.ok(h.pushed(h.ctx, pushes[0]))
	h.ok(tx.Rollback())
	h.ok(await(h, alone))
	same(h, "notifications", h.number(`SELECT COUNT(*) FROM notifications`), 7)
}
