package store_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

func raceTrials() []trial {
	return []trial{
		{"race: one claim wins", raceClaim},
		{"race: one outcome wins", raceFinish},
		{"race: no mark is lost", raceMarks},
		{"race: a new booking is accepted once", raceAcceptNew},
		{"race: one version is accepted at a revision", raceAccept},
		{"race: sequence numbers have no gap", raceSequence},
		{"race: one refresh at a time", raceRefresh},
		{"race: a grant is rotated once", raceRotate},
		{"race: a grant is rotated or revoked", raceRotateRevoke},
		{"race: a state is used once", raceUseFlow},
		{"race: a key is revoked once", raceRevokeKey},
		{"race: work is released once", raceRelease},
		{"race: a page is staged once", raceStage},
		{"race: a rejection is told once", raceReject},
		{"race: the longest penalty stands", racePenalise},
		{"race: a tenant's last endpoint is made once", raceEndpoints},
		{"race: nothing stays held once the connection is active", raceReauth},
	}
}

var errLost = errors.New("somebody else won")

func raceClaim(h *harness) {
	w := h.newWorld(0)
	w.mark(ask(subject))
	h.oneWins(race(racers, func(int) error {
		_, claimed, err := h.Claim(h.ctx, w.subject(), leaseTime)
		if err == nil && !claimed {
			return errLost
		}
		return err
	}), errLost)
	same(h, "crashes", h.number(`SELECT crashes FROM work WHERE subject = $1`, subject), 1)
}

func raceFinish(h *harness) {
	w := h.newWorld(0)
	w.mark(ask(subject))
	l := w.claim(w.subject())
	won := 0
	for _, err := range race(racers, func(i int) error {
		return h.Finish(h.ctx, l, record.Outcome{State: record.Ready, Attempts: i + 1})
	}) {
		if err == nil {
			won++
		} else {
			h.faulty(err, fault.Fenced)
		}
	}
	same(h, "winners", won, 1)
}

func raceMarks(h *harness) {
	w := h.newWorld(0)
	w.mark(ask(subject))
	leases := make([]record.Lease, racers)
	for i := range leases {
		ref := w.ref(task.TenantPrune, fmt.Sprint("marker", i))
		h.insertWork(ref, nil)
		leases[i] = h.claim(ref)
	}
	var served atomic.Int64
	for _, err := range race(2*racers, func(i int) error {
		if i < racers {
			return h.Finish(h.ctx, leases[i], record.Served(), ask(subject))
		}
		l, claimed, err := h.Claim(h.ctx, w.subject(), leaseTime)
		if err != nil || !claimed {
			return err
		}
		served.Add(1)
		return h.Finish(h.ctx, l, record.Served())
	}) {
		h.ok(err)
	}
	row := h.row(w.subject())
	same(h, "marks", row.Wanted, racers+1)
	for row.Wanted > row.Done {
		h.served(w.subject())
		row = h.row(w.subject())
	}
	same(h, "done", row.Done, racers+1)
}

func raceEndpoints(h *harness) {
	w := h.newWorld(0)
	for range record.MaxEndpoints - 1 {
		w.endpoint()
	}
	other := h.newWorld(0)
	h.oneWins(race(racers, func(int) error {
		_, err := h.CreateEndpoint(h.ctx, w.tenant, newEndpoint(), "test")
		return err
	}), record.ErrLimit)
	other.endpoint()
	same(h, "endpoints", h.number(`SELECT COUNT(*) FROM endpoints WHERE tenant_id = $1`, string(w.tenant)), record.MaxEndpoints)
}

func raceAcceptNew(h *harness) {
	w := h.newWorld(1)
	h.oneWins(race(racers, func(int) error {
		_, err := h.Accept(h.ctx, w.tenant, w.booking("b", 1, 0))
		return err
	}), record.ErrStale)
	same(h, "links", len(w.read("b").Links), 1)
	w.wantMessages("booking.accepted 1/1/1")
}

func raceAccept(h *harness) {
	w := h.newWorld(1)
	w.accept(w.booking("b", 1, 0))
	h.oneWins(race(racers, func(i int) error {
		a := w.booking("b", int64(2+i), 0)
		a.Seen = 1
		_, err := h.Accept(h.ctx, w.tenant, a)
		return err
	}), record.ErrStale)
	same(h, "revision", w.read("b").Revision, 2)
	same(h, "versions", h.number(`SELECT COUNT(*) FROM booking_versions`), 2)
	same(h, "messages", len(w.messages()), 3) // connection.activated, accepted twice
}

func raceSequence(h *harness) {
	w := h.newWorld(8)
	b := w.accept(w.booking("b", 1, 0, 1, 2, 3, 4, 5, 6, 7))
	leases := make([]record.Lease, len(b.Links))
	for i, l := range b.Links {
		leases[i] = w.claim(w.push(l))
	}
	for _, err := range race(len(b.Links), func(i int) error {
		d := agreement(b.Links[i], event(fmt.Sprint("e", i), "1", content("Title 1", 24)), 1)
		changed := message.NewEvent(d.Event.Content)
		d.Reports = []record.Report{
			{Type: message.BookingSynced, Version: 1, Outcome: message.OutcomePresent},
			{Type: message.BookingMoved, Version: 1, Revise: true, Event: &changed},
		}
		return h.Settle(h.ctx, leases[i], d)
	}) {
		h.ok(err)
	}
	var sequences []int64
	for _, item := range w.messages() {
		var m message.Booking
		h.ok(json.Unmarshal(item.Data, &m))
		if m.Sequence > 0 {
			sequences = append(sequences, m.Sequence)
		}
	}
	slices.Sort(sequences)
	same(h, "messages", len(sequences), 17)
	for i, n := range sequences {
		same(h, "sequence", n, int64(i+1))
	}
	same(h, "revision", w.read("b").Revision, 9)
}

func (w *world) grant() record.Grant {
	w.Helper()
	g, err := w.Grant(w.ctx, w.tenant, w.connection)
	w.ok(err)
	return g
}

func raceRefresh(h *harness) {
	w := h.newWorld(0)
	g := w.grant()
	h.oneWins(race(racers, func(int) error {
		_, ok, err := h.LeaseRefresh(h.ctx, w.tenant, g, h.clock.Now().Add(time.Minute))
		if err == nil && !ok {
			return errLost
		}
		return err
	}), errLost)
}

// leased takes the right to refresh the world's grant.
func (w *world) leased() (record.Grant, int64) {
	w.Helper()
	g := w.grant()
	fence, ok, err := w.LeaseRefresh(w.ctx, w.tenant, g, w.clock.Now().Add(time.Minute))
	w.ok(err)
	same(w.harness, "leased", ok, true)
	next := w.tokens("next")
	next.ConnectionID, next.Version = g.ConnectionID, g.Version
	return next, fence
}

func raceRotate(h *harness) {
	w := h.newWorld(0)
	next, fence := w.leased()
	h.oneWins(race(racers, func(int) error {
		_, err := h.Rotate(h.ctx, w.tenant, next, fence)
		return err
	}), record.ErrStale)
	same(h, "version", w.grant().Version, 2)
}

func raceRotateRevoke(h *harness) {
	w := h.newWorld(0)
	for range 5 {
		next, fence := w.leased()
		errs := race(racers, func(i int) error {
			if i%2 == 0 {
				_, err := h.Rotate(h.ctx, w.tenant, next, fence)
				return err
			}
			revoked, err := h.Revoke(h.ctx, w.tenant, w.connection, next.Version, "invalid_grant")
			if err == nil && !revoked {
				return record.ErrStale
			}
			return err
		})
		rotated, revoked := 0, 0
		for i, err := range errs {
			switch {
			case err == nil && i%2 == 0:
				rotated++
			case err == nil:
				revoked++
			default:
				h.fails(err, record.ErrStale)
			}
		}
		if rotated > 1 || (rotated == 0) == (revoked == 0) {
			h.Errorf("rotated %d times and revoked %d times", rotated, revoked)
		}
		c, err := h.Connection(h.ctx, w.tenant, w.connection)
		h.ok(err)
		same(h, "connection is active", c.State == cal.ConnectionActive, rotated == 1)
		w.reconnect()
	}
}

func raceUseFlow(h *harness) {
	w := h.newWorld(0)
	w.flow("again")
	_, _, err := h.BindFlow(h.ctx, w.secret("connect", "again"), "browser")
	h.ok(err)
	h.oneWins(race(racers, func(int) error {
		_, _, err := h.UseFlow(h.ctx, w.secret("state", "again"), "browser")
		return err
	}), record.ErrNotFound)
}

func raceRevokeKey(h *harness) {
	w := h.newWorld(0)
	k, err := h.CreateKey(h.ctx, w.tenant, "api", record.AllScopes(), "test")
	h.ok(err)
	h.oneWins(race(racers, func(int) error { return h.RevokeKey(h.ctx, w.tenant, k.ID, "test") }), record.ErrNotFound)
	same(h, "audit", h.number(`SELECT COUNT(*) FROM audit WHERE action = 'key.revoked'`), 1)
}

func raceRelease(h *harness) {
	w := h.newWorld(0)
	h.insertWork(w.subject(), map[string]any{"state": "dead"})
	h.oneWins(race(racers, func(int) error { return h.Release(h.ctx, w.subject(), "operator") }), record.ErrStale)
	same(h, "wanted", h.row(w.subject()).Wanted, 2)
}

func raceStage(h *harness) {
	w := h.newWorld(1)
	l, on := w.listing(0, cal.Snapshot)
	h.oneWins(race(racers, func(int) error {
		page := cal.Page{Kind: cal.Snapshot, Next: "2", Items: []cal.Item{{Event: event("e", "1", content("x", 1))}}}
		_, _, err := h.Stage(h.ctx, l, w.calendars[0], on, page, leaseTime)
		return err
	}), record.ErrStale)
}

func raceReject(h *harness) {
	w := h.newWorld(0)
	for _, err := range race(racers, func(int) error {
		return h.Reject(h.ctx, w.tenant, record.Rejection{ID: "rej_1", Reason: "malformed", Payload: []byte("canary"), Detail: "canary", Actor: "queue"})
	}) {
		h.ok(err)
	}
	same(h, "messages", len(w.messages()), 2) // connection.activated and the one
	same(h, "audit", h.number(`SELECT COUNT(*) FROM audit WHERE action = 'booking.rejected'`), 1)
}

func racePenalise(h *harness) {
	w := h.newWorld(0)
	for _, err := range race(racers, func(i int) error {
		return h.Penalise(h.ctx, w.tenant, w.connection, epoch().Add(time.Duration(i+1)*time.Minute))
	}) {
		h.ok(err)
	}
	c, err := h.Connection(h.ctx, w.tenant, w.connection)
	h.ok(err)
	same(h, "penalty", c.Penalty, epoch().Add(racers*time.Minute))
}

func raceReauth(h *harness) {
	w := h.newWorld(0)
	for round := range 5 {
		var leases []record.Lease
		for i := range racers - 1 {
			ref := w.ref(task.CalendarSync, fmt.Sprint(round, "-", i))
			h.insertWork(ref, map[string]any{"connection_id": string(w.connection)})
			leases = append(leases, w.claim(ref))
		}
		w.die()
		for _, err := range race(racers, func(i int) error {
			if i == racers-1 {
				return h.Activate(h.ctx, w.tenant, w.connection, w.tokens("again"))
			}
			return h.Finish(h.ctx, leases[i], heldForReauth())
		}) {
			h.ok(err)
		}
		same(h, "held rows", h.number(`SELECT COUNT(*) FROM work WHERE state <> 'ready'`), 0)
		for _, l := range leases {
			h.served(l.Ref)
		}
	}
}
