package store_test

import (
	"errors"
	"slices"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

func endpointTrials() []trial {
	return []trial{
		{"endpoint: while it is disabled its deliveries wait", endpointWaits},
		{"endpoint: enabled again it resumes with what it missed", endpointResumes},
		{"endpoint: receives the types that it has chosen", endpointTypes},
		{"endpoint: each field changes alone", endpointRevised},
		{"endpoint: a secret that was replaced signs for a day", endpointRotated},
		{"endpoint: is deleted with its deliveries and their work", endpointDeleted},
		{"endpoint: is disabled once it is gone, and the others are told", endpointGone},
		{"endpoint: is disabled when it has taken nothing for three days", endpointFailing},
		{"endpoint: a test reaches it alone, disabled or not", endpointTested},
		{"endpoint: one that nobody has cannot be changed", endpointUnknown},
	}
}

// attempt is one that got this answer.
func attempt(status int) record.Attempt {
	a := record.Attempt{At: epoch(), Latency: 70 * time.Millisecond, Status: status, Answer: []byte("canary\x00\xff")}
	if status/100 != 2 {
		a.Failure = record.FailureStatus
	}
	if status == 0 {
		a.Failure = record.FailureTimeout
	}
	return a
}

func refused(status int) *record.Attempt { a := attempt(status); return &a }

// enable switches an endpoint.
func (w *world) enable(id cal.EndpointID, on bool) record.Endpoint {
	w.Helper()
	e, err := w.ReviseEndpoint(w.ctx, w.tenant, id, record.EndpointChange{Enabled: &on}, "key_test")
	w.ok(err)
	return e
}

// sent makes a message and returns its only delivery.
func (w *world) sent(id cal.BookingID) task.Ref {
	w.Helper()
	w.sends()
	w.accept(w.booking(id, 1, 0))
	refs := w.sends()
	same(w.harness, "deliveries", len(refs), 1)
	return refs[0]
}

// gaveUp ends a delivery after an attempt.
func (w *world) gaveUp(ref task.Ref, status int) {
	w.Helper()
	w.ok(w.Finish(w.ctx, w.claim(ref), record.Outcome{State: record.Dead, Attempts: 13, Attempt: refused(status)}))
}

func (w *world) report(ref task.Ref) record.DeliveryReport {
	w.Helper()
	d, err := w.DeliveryReport(w.ctx, w.tenant, cal.DeliveryID(ref.Subject))
	w.ok(err)
	return d
}

func endpointWaits(h *harness) {
	w := h.newWorld(1)
	e := w.endpoint()
	ref := w.sent("b")
	l := w.claim(ref)
	h.ok(h.ParkDelivery(h.ctx, l)) // it is enabled after all
	l = w.claim(ref)
	h.clock.Advance(time.Minute)
	off := w.enable(e.ID, false)
	same(h, "enabled", off.Enabled, false)
	same(h, "reason", off.Disabled, message.DisabledRequested)
	same(h, "disabled at", off.DisabledAt, h.clock.Now())
	h.ok(h.ParkDelivery(h.ctx, l))
	_, err := h.Work(h.ctx, ref)
	h.fails(err, record.ErrNotFound)
	d := w.report(ref)
	same(h, "state", d.State, record.DeliveryPending)
	same(h, "attempts", len(d.Attempts), 0)
	same(h, "next", d.NextAt.IsZero(), true)
	same(h, "enabled when it is sent", w.deliveryOf(w.sent("later")).Endpoint.Enabled, false)
}

func endpointResumes(h *harness) {
	w := h.newWorld(1)
	e := w.endpoint()
	delivered, failedBefore, slow, parked, failed := w.sent("a"), w.sent("b"), w.sent("c"), w.sent("d"), w.sent("e")
	h.ok(h.EndDelivery(h.ctx, w.claim(delivered), attempt(200)))
	w.gaveUp(failedBefore, 400) // the endpoint takes others: it stays enabled
	h.ok(h.Finish(h.ctx, w.claim(slow), record.Outcome{State: record.Ready, Attempts: 3, NotBefore: h.clock.Now().Add(time.Hour), Attempt: refused(500)}))
	h.clock.Advance(time.Microsecond)
	w.enable(e.ID, false)
	h.ok(h.ParkDelivery(h.ctx, w.claim(parked)))
	w.gaveUp(failed, 410)
	same(h, "the reason is the first", w.only().Disabled, message.DisabledRequested)
	missed := w.sent("f")
	h.ok(h.ParkDelivery(h.ctx, w.claim(missed)))
	on := w.enable(e.ID, true)
	same(h, "enabled", on.Enabled && on.Disabled == "" && on.DisabledAt.IsZero(), true)
	for name, ref := range map[string]task.Ref{"slow": slow, "parked": parked, "failed": failed, "missed": missed} {
		same(h, name, w.report(ref).State, record.DeliveryPending)
		same(h, name+" begins anew", h.row(ref).Attempts, 0)
		w.claim(ref)
	}
	same(h, "delivered", w.report(delivered).State, record.DeliveryDelivered)
	_, err := h.Work(h.ctx, delivered)
	h.fails(err, record.ErrNotFound)
	same(h, "failed before", w.report(failedBefore).State, record.DeliveryFailed)
	w.notDue(failedBefore)
	same(h, "what was missed hurries nobody", h.row(missed).Lane, task.Bulk)
	w.enable(e.ID, true) // it was
	same(h, "nothing is asked for twice", h.row(parked).Wanted, 1)
}

func endpointTypes(h *harness) {
	w := h.newWorld(1)
	_, err := h.CreateEndpoint(h.ctx, w.tenant, newEndpoint(message.BookingMoved, message.BookingAccepted), "test")
	h.ok(err)
	_, err = h.CreateEndpoint(h.ctx, w.tenant, newEndpoint(message.BookingMoved), "test")
	h.ok(err)
	ref := w.sent("b")
	e := w.deliveryOf(ref).Endpoint
	sameList(h, "types", e.Types, []message.Type{message.BookingAccepted, message.BookingMoved})
	_, err = h.ReviseEndpoint(h.ctx, w.tenant, e.ID, record.EndpointChange{Types: &[]message.Type{}}, "test")
	h.ok(err)
	h.ok(h.Reject(h.ctx, w.tenant, record.Rejection{ID: "rej_1", Reason: "malformed", Payload: []byte("canary"), Actor: "queue"}))
	same(h, "all types", len(w.sends()), 1)
}

func endpointRevised(h *harness) {
	w := h.newWorld(1)
	e := w.endpoint()
	text := "canary other"
	h.clock.Advance(time.Second)
	for name, c := range map[string]struct {
		change record.EndpointChange
		edit   func(*record.Endpoint)
	}{
		"url":         {record.EndpointChange{URL: &text}, func(e *record.Endpoint) { e.URL = text }},
		"description": {record.EndpointChange{Description: &text}, func(e *record.Endpoint) { e.Description = text }},
		"types": {
			record.EndpointChange{Types: &[]message.Type{message.BookingMoved}}, func(e *record.Endpoint) { e.Types = []message.Type{message.BookingMoved} },
		},
		"nothing": {record.EndpointChange{}, func(*record.Endpoint) {}},
	} {
		before, err := h.Endpoint(h.ctx, w.tenant, e.ID)
		h.ok(err)
		same(h, name+": a secret is shown once", before.Secret, "")
		got, err := h.ReviseEndpoint(h.ctx, w.tenant, e.ID, c.change, "key_test")
		h.ok(err)
		c.edit(&before)
		before.UpdatedAt = h.clock.Now()
		same(h, name, describe(got), describe(before))
		read, err := h.Endpoint(h.ctx, w.tenant, e.ID)
		h.ok(err)
		same(h, name+" read again", describe(read), describe(got))
	}
	same(h, "signed as before", w.deliveryOf(func() task.Ref {
		_, err := h.ReviseEndpoint(h.ctx, w.tenant, e.ID, record.EndpointChange{Types: &[]message.Type{}}, "key_test")
		h.ok(err)
		return w.sent("b")
	}()).Endpoint.Secret, "whsec_canary")
	all, err := h.Endpoints(h.ctx, w.tenant)
	h.ok(err)
	same(h, "endpoints", len(all), 1)
}

// describe is an endpoint in a form that can be compared.
func describe(e record.Endpoint) string {
	return line(map[string]string{
		"id": string(e.ID), "url": e.URL, "description": e.Description, "types": shown(e.Types), "enabled": shown(e.Enabled), "reason": string(e.Disabled),
		"at": e.DisabledAt.String(), "until": e.PreviousUntil.String(), "created": e.CreatedAt.String(), "updated": e.UpdatedAt.String(),
	})
}

func endpointRotated(h *harness) {
	w := h.newWorld(1)
	e := w.endpoint()
	ref := w.sent("b")
	rotate := func(secret string) {
		h.Helper()
		got, err := h.RotateSecret(h.ctx, w.tenant, e.ID, secret, "key_test")
		h.ok(err)
		same(h, "shown", got.Secret, secret)
		same(h, "the one before", got.Previous, "")
		same(h, "until", got.PreviousUntil, h.clock.Now().Add(24*time.Hour))
	}
	signs := func(want ...string) {
		h.Helper()
		e := w.deliveryOf(ref).Endpoint
		sameList(h, "secrets", []string{e.Secret, e.Previous}, want)
	}
	signs("whsec_canary", "")
	rotate("whsec_canary2")
	signs("whsec_canary2", "whsec_canary")
	rotate("whsec_canary3")
	signs("whsec_canary3", "whsec_canary2")
	h.clock.Advance(24*time.Hour - time.Microsecond)
	signs("whsec_canary3", "whsec_canary2")
	h.clock.Advance(time.Microsecond)
	signs("whsec_canary3", "")
	read, err := h.Endpoint(h.ctx, w.tenant, e.ID)
	h.ok(err)
	same(h, "over", read.PreviousUntil.IsZero(), true)
}

func endpointDeleted(h *harness) {
	w := h.newWorld(1)
	e := w.endpoint()
	first, second := w.sent("a"), w.sent("b")
	l := w.claim(first)
	h.ok(h.Finish(h.ctx, w.claim(second), record.Outcome{State: record.Ready, Attempts: 1, Attempt: refused(500)}))
	other := w.endpoint()
	h.ok(h.DeleteEndpoint(h.ctx, w.tenant, e.ID, "key_test"))
	for _, table := range []string{"deliveries", "attempts"} {
		same(h, table, h.number(`SELECT COUNT(*) FROM `+table), 0)
	}
	same(h, "work", h.number(`SELECT COUNT(*) FROM work WHERE kind = 'delivery:send'`), 0)
	h.faulty(h.EndDelivery(h.ctx, l, attempt(200)), fault.Fenced)
	_, err := h.Delivery(h.ctx, l)
	h.fails(err, record.ErrNotFound)
	h.fails(h.DeleteEndpoint(h.ctx, w.tenant, e.ID, "key_test"), record.ErrNotFound)
	all, err := h.Endpoints(h.ctx, w.tenant)
	h.ok(err)
	same(h, "left", len(all) == 1 && all[0].ID == other.ID, true)
	same(h, "messages are kept", len(w.messages()), 3)
}

func endpointGone(h *harness) {
	w := h.newWorld(1)
	e := w.endpoint()
	ref := w.sent("b")
	other := w.endpoint()
	_, err := h.CreateEndpoint(h.ctx, w.tenant, newEndpoint(message.BookingMoved), "test")
	h.ok(err)
	h.clock.Advance(time.Second)
	w.gaveUp(ref, 410)
	got, err := h.Endpoint(h.ctx, w.tenant, e.ID)
	h.ok(err)
	same(h, "state", !got.Enabled && got.Disabled == message.DisabledGone && got.DisabledAt.Equal(h.clock.Now()), true)
	d := w.report(ref)
	same(h, "delivery", d.State, record.DeliveryFailed)
	refs := w.sends()
	same(h, "told", len(refs), 1)
	told := w.deliveryOf(refs[0])
	same(h, "whom", told.Endpoint.ID, other.ID)
	same(h, "what", told.Message.Type, message.EndpointDisabled)
	same(h, "about", string(told.Message.Data), `{"endpoint_id":"`+string(e.ID)+`","reason":"gone","message_id":"`+string(d.Message)+`"}`)
	same(h, "audit", h.number(`SELECT COUNT(*) FROM audit WHERE action = 'endpoint.disabled'`), 1)
	types := []message.Type{}
	for _, item := range w.messages() {
		types = append(types, item.Type)
	}
	same(h, "the feed tells it", slices.Contains(types, message.EndpointDisabled), true)
}

func endpointFailing(h *harness) {
	for name, c := range map[string]struct {
		takes    bool
		since    time.Duration
		disabled bool
	}{
		"takes nothing":                {false, 0, true},
		"took others just now":         {true, 0, false},
		"took others 72 hours ago":     {true, 72 * time.Hour, true},
		"took others a bit less than ": {true, 72*time.Hour - time.Microsecond, false},
	} {
		w := h.newWorld(1)
		e := w.endpoint()
		ref, another := w.sent("a"), w.sent("b")
		if c.takes {
			h.ok(h.EndDelivery(h.ctx, w.claim(another), attempt(204)))
		}
		h.clock.Advance(c.since)
		w.gaveUp(ref, 500)
		got, err := h.Endpoint(h.ctx, w.tenant, e.ID)
		h.ok(err)
		same(h, name, !got.Enabled && got.Disabled == message.DisabledFailing, c.disabled)
		same(h, name+": the delivery", w.report(ref).State, record.DeliveryFailed)
	}
	w := h.newWorld(1)
	e := w.endpoint()
	ref := w.sent("a")
	h.ok(h.Finish(h.ctx, w.claim(ref), record.Outcome{State: record.Dead, Reason: "quarantined"}))
	same(h, "attempts", w.deliveryOf(ref).Attempts, 0)
	got, err := h.Endpoint(h.ctx, w.tenant, e.ID)
	h.ok(err)
	same(h, "what is our own fault is not held against it", got.Enabled, true)
}

func endpointTested(h *harness) {
	w := h.newWorld(1)
	w.endpoint()
	e, err := h.CreateEndpoint(h.ctx, w.tenant, newEndpoint(message.BookingMoved), "test")
	h.ok(err)
	w.enable(e.ID, false)
	id, err := h.TestEndpoint(h.ctx, w.tenant, e.ID, "key_test")
	h.ok(err)
	refs := w.sends()
	same(h, "deliveries", len(refs), 1)
	same(h, "which", cal.DeliveryID(refs[0].Subject), id)
	d := w.deliveryOf(refs[0])
	same(h, "to", d.Endpoint.ID, e.ID)
	same(h, "type", d.Message.Type, message.EndpointTested)
	same(h, "data", string(d.Message.Data), `{"endpoint_id":"`+string(e.ID)+`"}`)
	h.ok(h.EndDelivery(h.ctx, w.claim(refs[0]), attempt(410)))
	same(h, "failed", w.report(refs[0]).State, record.DeliveryFailed)
	_, err = h.Work(h.ctx, refs[0])
	h.fails(err, record.ErrNotFound)
}

func endpointUnknown(h *harness) {
	w, other := h.newWorld(1), h.newWorld(1)
	foreign := other.endpoint()
	before := h.dump()
	for _, id := range []cal.EndpointID{foreign.ID, "end_unknown"} {
		for name, do := range map[string]func() error{
			"read": func() error { _, err := h.Endpoint(h.ctx, w.tenant, id); return err },
			"revise": func() error {
				_, err := h.ReviseEndpoint(h.ctx, w.tenant, id, record.EndpointChange{}, "x")
				return err
			},
			"rotate":    func() error { _, err := h.RotateSecret(h.ctx, w.tenant, id, "whsec_canary", "x"); return err },
			"delete":    func() error { return h.DeleteEndpoint(h.ctx, w.tenant, id, "x") },
			"test":      func() error { _, err := h.TestEndpoint(h.ctx, w.tenant, id, "x"); return err },
			"redeliver": func() error { _, err := h.RedeliverSince(h.ctx, w.tenant, id, epoch(), "x"); return err },
		} {
			if err := do(); !errors.Is(err, record.ErrNotFound) {
				h.Errorf("%s %s: %v", name, id, err)
			}
		}
	}
	h.unchanged(before)
}
