package store_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store"
)

func claimTrials() []trial {
	return []trial{
		{"claim: only a row that is due", claimWantsDue},
		{"claim: tells all about the row", claimTells},
		{"claim: a row comes at the place that it was promised", claimComesInLine},
		{"claim: never the row of another tenant", claimKeepsTenants},
		{"claim: a lease ends by itself", claimAfterLease},
		{"claim: crashes are counted apart from attempts", claimCountsCrashes},
		{"claim: five claims without an outcome quarantine the row", claimQuarantines},
		{"claim: a suspect is not claimed beside others", claimLeavesSuspects},
		{"claim: the run that decides is that of a suspect", claimDecidesAlone},
		{"claim: nothing is held against a row in a haunted process", claimExcuses},
		{"claim: what was quarantined is a suspect when it is replayed", claimReplayed},
		{"claim: a lease tells when it ends", claimTellsEnd},
		{"claim: a poisoned link fails its booking", claimQuarantinesLink},
		{"claim: a poisoned delivery fails", claimQuarantinesDelivery},
		{"claim: extend prolongs and never shortens", claimExtends},
		{"claim: a row that comes back has tokens of its own", claimAfterForget},
	}
}

func claimWantsDue(h *harness) {
	now := h.clock.Now().UnixMicro()
	for name, c := range map[string]struct {
		columns map[string]any
		due     bool
	}{
		"due":                      {map[string]any{}, true},
		"wanted more than once":    {map[string]any{"wanted": 7, "done": 3}, true},
		"its time has just come":   {map[string]any{"not_before": now}, true},
		"its time comes in 1 µs":   {map[string]any{"not_before": now + 1}, false},
		"its lease has just ended": {map[string]any{"lease_until": now, "token": 1}, true},
		"its lease ends in 1 µs":   {map[string]any{"lease_until": now + 1, "token": 1}, false},
		"nothing is wanted":        {map[string]any{"wanted": 3, "done": 3}, false},
		"held for a reconnect":     {map[string]any{"state": "held", "held_for": "reauth"}, false},
		"held for approval":        {map[string]any{"state": "held", "held_for": "approval"}, false},
		"held by the guard":        {map[string]any{"state": "held", "held_for": "guard"}, false},
		"dead":                     {map[string]any{"state": "dead"}, false},
	} {
		ref := task.Ref{Tenant: "ten_1", Kind: task.CalendarPoll, Subject: name}
		h.insertWork(ref, c.columns)
		before := h.dump("work")
		_, claimed, err := h.Claim(h.ctx, ref, leaseTime)
		h.ok(err)
		same(h, name, claimed, c.due)
		if !c.due {
			h.unchanged(before, "work")
		}
	}
	h.notDue(task.Ref{Tenant: "ten_1", Kind: task.CalendarPoll, Subject: "unknown"})
}

func claimTells(h *harness) {
	ref := task.Ref{Tenant: "ten_1", Kind: task.CalendarSync, Subject: "cal_1"}
	h.insertWork(ref, map[string]any{
		"connection_id": "con_1", "lane": "bulk", "wanted": 9, "done": 2, "token": 41, "attempts": 3, "crashes": 1, "traceparent": "00-a-b-01",
	})
	want := record.Lease{
		Ref: ref, Lane: task.Bulk, ConnectionID: "con_1", Token: 42, Wanted: 9, Until: epoch().Add(leaseTime), Attempts: 3, Crashes: 2,
		Traceparent: "00-a-b-01",
	}
	same(h, "lease", h.claim(ref), want)
	same(h, "lease in the row", h.row(ref).LeaseUntil, want.Until)
}

// A place that was promised is that of the next run, and of no other.
func claimComesInLine(h *harness) {
	w := h.newWorld(0)
	w.mark(ask(subject))
	finish := func(o record.Outcome) record.Lease {
		h.ok(h.Finish(h.ctx, w.claim(w.subject()), o))
		h.clock.Advance(time.Minute)
		l := w.claim(w.subject())
		h.clock.Advance(leaseTime)
		return l
	}
	at := h.clock.Now().Add(time.Second)
	same(h, "first", w.claim(w.subject()).InLine, false)
	h.clock.Advance(leaseTime)
	same(h, "with a place", finish(record.Outcome{State: record.Ready, NotBefore: at, InLine: true}).InLine, true)
	same(h, "with a wait", finish(record.Outcome{State: record.Ready, NotBefore: at}).InLine, false)
	same(h, "with a place again", finish(record.Outcome{State: record.Ready, NotBefore: at, InLine: true}).InLine, true)
	h.ok(h.Finish(h.ctx, w.claim(w.subject()), record.Outcome{State: record.Dead, NotBefore: at, InLine: true}))
	h.ok(h.Replay(h.ctx, w.subject(), record.ActorOperator))
	same(h, "after a replay", w.claim(w.subject()).InLine, false)
}

func claimKeepsTenants(h *harness) {
	for _, tenant := range []cal.TenantID{"ten_1", "ten_2"} {
		h.insertWork(task.Ref{Tenant: tenant, Kind: task.CalendarSync, Subject: "cal_1"}, nil)
	}
	h.claim(task.Ref{Tenant: "ten_1", Kind: task.CalendarSync, Subject: "cal_1"})
	h.notDue(task.Ref{Tenant: "ten_3", Kind: task.CalendarSync, Subject: "cal_1"})
	h.claim(task.Ref{Tenant: "ten_2", Kind: task.CalendarSync, Subject: "cal_1"})
}

func claimAfterLease(h *harness) {
	w := h.newWorld(0)
	w.mark(ask(subject))
	first := w.claim(w.subject())
	h.clock.Advance(leaseTime - time.Microsecond)
	h.notDue(w.subject())
	h.clock.Advance(time.Microsecond)
	second := w.claim(w.subject())
	same(h, "token rises", second.Token > first.Token, true)
	h.faulty(h.Finish(h.ctx, first, record.Served()), fault.Fenced)
	h.ok(h.Finish(h.ctx, second, record.Served()))
}

func claimCountsCrashes(h *harness) {
	w := h.newWorld(0)
	w.mark(ask(subject))
	for n := 1; n <= 3; n++ {
		l := w.claim(w.subject())
		same(h, "crashes", l.Crashes, n)
		same(h, "attempts", l.Attempts, 0)
		h.clock.Advance(leaseTime)
	}
	l := w.claim(w.subject())
	h.ok(h.Finish(h.ctx, l, record.Outcome{State: record.Ready, Attempts: 1}))
	same(h, "crashes after an outcome", h.row(w.subject()).Crashes, 0)
	same(h, "attempts", h.row(w.subject()).Attempts, 1)
}

// crash claims a row as often as it may be claimed without an outcome.
func (h *harness) crash(ref task.Ref) {
	h.Helper()
	for range store.CrashLimit {
		h.claim(ref)
		h.clock.Advance(leaseTime)
	}
	h.notDue(ref)
}

func claimQuarantines(h *harness) {
	w := h.newWorld(0)
	w.mark(ask(subject))
	w.crash(w.subject())
	row := h.row(w.subject())
	same(h, "state", row.State, record.Dead)
	same(h, "reason", row.LastError, "quarantined: 5 runs in a row ended without an outcome")
	same(h, "lease is over", row.LeaseUntil.Before(epoch()), true)
	same(h, "audit", h.number(`SELECT COUNT(*) FROM audit WHERE action = 'work.dead' AND subject = $1`, w.subject().String()), 1)
	h.ok(h.Release(h.ctx, w.subject(), "operator"))
	same(h, "crashes once released", w.claim(w.subject()).Crashes, 1)
}

func claimLeavesSuspects(h *harness) {
	w := h.newWorld(0)
	w.mark(ask(subject))
	beside := func() (record.Lease, bool, error) { return h.ClaimIn(h.ctx, record.Beside, w.subject(), leaseTime) }
	for n := range store.CrashLimit {
		_, ok, err := beside()
		if n == 0 {
			h.ok(err)
			same(h, "claimed", ok, true)
			h.clock.Advance(leaseTime)
			continue
		}
		suspect, is := errors.AsType[*record.SuspectError](err)
		if !is || ok {
			h.Fatalf("crash %d: claimed %v, %v", n, ok, err)
		}
		same(h, "last", suspect.Last, n == store.CrashLimit-1)
		before := h.dump("work", "audit")
		_, _, _ = beside()
		h.unchanged(before, "work", "audit")
		same(h, "crashes", w.claim(w.subject()).Crashes, n+1)
		_, ok, err = beside()
		h.ok(err)
		same(h, "claimed while it is leased", ok, false)
		h.clock.Advance(leaseTime)
	}
	_, ok, err := beside()
	h.ok(err)
	same(h, "claimed", ok, false)
	same(h, "state", h.row(w.subject()).State, record.Dead)
}

// claimDecidesAlone is about a row whose last run has an outcome that counts as a crash, such as a handler that hangs.
func claimDecidesAlone(h *harness) {
	for crashes := range store.CrashLimit {
		ref := task.Ref{Tenant: "ten_1", Kind: task.CalendarSync, Subject: fmt.Sprintf("cal_%d", crashes)}
		h.insertWork(ref, map[string]any{"crashes": crashes, "token": 7})
		before := h.dump("work")
		_, ok, err := h.ClaimIn(h.ctx, record.Beside, ref, leaseTime)
		if crashes < store.CrashLimit-1 {
			h.ok(err)
			same(h, "claimed beside others", ok, true)
			continue
		}
		if suspect, is := errors.AsType[*record.SuspectError](err); !is || ok || !suspect.Last {
			h.Fatalf("the last run: claimed %v, %v", ok, err)
		}
		h.unchanged(before, "work")
		l, ok, err := h.ClaimIn(h.ctx, record.Alone, ref, leaseTime)
		h.ok(err)
		same(h, "claimed alone", ok, true)
		same(h, "crashes", l.Crashes, store.CrashLimit)
	}
}

func claimExcuses(h *harness) {
	w := h.newWorld(0)
	w.mark(ask(subject))
	w.claim(w.subject())
	h.clock.Advance(leaseTime)
	for range store.CrashLimit + 1 {
		l, ok, err := h.ClaimIn(h.ctx, record.Haunted, w.subject(), leaseTime)
		h.ok(err)
		same(h, "claimed", ok, true)
		same(h, "crashes", l.Crashes, 1)
		h.clock.Advance(leaseTime)
	}
	same(h, "crashes alone", w.claim(w.subject()).Crashes, 2)
}

func claimReplayed(h *harness) {
	w := h.newWorld(0)
	w.mark(ask(subject))
	w.crash(w.subject())
	h.ok(h.Release(h.ctx, w.subject(), "operator"))
	_, _, err := h.ClaimIn(h.ctx, record.Beside, w.subject(), leaseTime)
	if suspect, is := errors.AsType[*record.SuspectError](err); !is || suspect.Last {
		h.Fatalf("beside others: %v", err)
	}
	h.ok(h.Finish(h.ctx, w.claim(w.subject()), record.Outcome{State: record.Ready, Attempts: 1}))
	_, ok, err := h.ClaimIn(h.ctx, record.Beside, w.subject(), leaseTime)
	h.ok(err)
	same(h, "claimed beside others after an outcome", ok, true)
}

func claimTellsEnd(h *harness) {
	w := h.newWorld(0)
	w.mark(ask(subject))
	l := w.claim(w.subject())
	end := func(want time.Time) {
		h.Helper()
		got, err := h.LeaseEnd(h.ctx, l.Ref, l.Token)
		h.ok(err)
		same(h, "end", got, want)
	}
	end(epoch().Add(leaseTime))
	h.clock.Advance(30 * time.Second)
	_, err := h.SaveChannels(h.ctx, l, leaseTime)
	h.ok(err)
	end(epoch().Add(30 * time.Second).Add(leaseTime))
	h.clock.Advance(leaseTime)
	second := w.claim(w.subject())
	end(time.Time{})
	h.ok(h.Finish(h.ctx, second, record.Served()))
	l = second
	end(time.Time{})
}

func claimQuarantinesLink(h *harness) {
	w := h.newWorld(1)
	b := w.accept(w.booking("b", 1, 0))
	link := w.linkOf(b, 0)
	w.crash(w.push(link))
	link = w.linkOf(w.read("b"), 0)
	same(h, "link", link.State, record.LinkFailed)
	same(h, "failed version", link.Failed, 1)
	w.wantMessages("booking.accepted 1/1/1", "booking.failed 1/1/2")
}

func claimQuarantinesDelivery(h *harness) {
	w := h.newWorld(0)
	ref := w.delivery()
	w.crash(ref)
	same(h, "state", w.deliveryOf(ref).State, record.DeliveryFailed)
}

func claimExtends(h *harness) {
	w := h.newWorld(0)
	w.mark(ask(subject))
	l := w.claim(w.subject())
	h.clock.Advance(30 * time.Second)
	l, err := h.SaveChannels(h.ctx, l, leaseTime)
	h.ok(err)
	same(h, "until", l.Until, epoch().Add(90*time.Second))
	l, err = h.SaveChannels(h.ctx, l, time.Second)
	h.ok(err)
	same(h, "until", l.Until, epoch().Add(90*time.Second))
	same(h, "row", h.row(w.subject()).LeaseUntil, l.Until)
	h.clock.Advance(time.Minute)
	_, err = h.SaveChannels(h.ctx, l, leaseTime)
	h.faulty(err, fault.Fenced)
	h.claim(w.subject())
}

// A worker that was frozen since before the row was forgotten must not find its token in force again.
func claimAfterForget(h *harness) {
	w := h.newWorld(0)
	w.mark(ask(subject))
	var old []record.Lease
	for range 3 {
		old = append(old, w.claim(w.subject()))
		h.clock.Advance(leaseTime)
	}
	done := record.Served()
	done.Forget = true
	h.ok(h.Finish(h.ctx, w.claim(w.subject()), done))
	w.mark(ask(subject))
	for range 3 {
		w.claim(w.subject())
		for i, l := range old {
			h.faulty(h.Finish(h.ctx, l, record.Served()), fault.Fenced)
			_, err := h.SaveChannels(h.ctx, l, leaseTime)
			same(h, fmt.Sprintf("prolong %d", i), fault.KindOf(err), fault.Fenced)
		}
		h.clock.Advance(leaseTime)
	}
}
