package api_test

import (
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
)

// A choice changes what it names, and every reading of the connection shows it.
func TestChooseConnection(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.account(b.google)
	for _, c := range []struct {
		choice map[string]any
		want   cal.Backflow
	}{
		{map[string]any{"moved": "accept"}, cal.Backflow{Moved: "accept", Cancelled: "report", Edited: "report"}},
		{map[string]any{"cancelled": "enforce", "edited": "accept"}, cal.Backflow{Moved: "accept", Cancelled: "enforce", Edited: "accept"}},
		{map[string]any{"moved": "report"}, cal.Backflow{Moved: "report", Cancelled: "enforce", Edited: "accept"}},
	} {
		var answered, read gen.Connection
		b.call("PATCH", "/v1/connections/"+id, map[string]any{"backflow": c.choice}).into(t, 200, &answered)
		b.call("GET", "/v1/connections/"+id, nil).into(t, 200, &read)
		if answered.Backflow != c.want || read.Backflow != c.want {
			t.Errorf("%v: answered %+v, read %+v", c.choice, answered.Backflow, read.Backflow)
		}
	}
	var other gen.Connection
	b.call("GET", "/v1/connections/"+b.account(b.graph), nil).into(t, 200, &other)
	if other.Backflow != cal.DefaultBackflow() {
		t.Errorf("another connection: %+v", other.Backflow)
	}
}

func TestBackflowsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.unchanging()
	path := "/v1/connections/" + b.account(b.google)
	for name, c := range map[string]struct {
		body    string
		problem message.Problem
	}{
		"nothing":          {`{}`, at("/backflow", "this field is required")},
		"of nothing":       {`{"backflow": {}}`, at("/backflow", "give at least 1 field")},
		"no stance":        {`{"backflow": {"moved": "ignore"}}`, at("/backflow/moved", "give one of report, accept, enforce")},
		"empty":            {`{"backflow": {"edited": ""}}`, at("/backflow/edited", "give one of report, accept, enforce")},
		"null":             {`{"backflow": {"cancelled": null}}`, at("/backflow/cancelled", "give a string, not null")},
		"no such change":   {`{"backflow": {"deleted": "report"}}`, at("/backflow/deleted", "there is no such field: remove it, or check its spelling")},
		"no other choices": {`{"backflow": {"moved": "report"}, "state": "active"}`, at("/state", "there is no such field: remove it, or check its spelling")},
	} {
		a := b.call("PATCH", path, c.body)
		if p := a.problem(t); a.status != 422 || len(p.Problems) == 0 || p.Problems[0] != c.problem {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	refused{"not-found", "this tenant has nothing of that name", nil}.want(t, "unknown",
		b.call("PATCH", "/v1/connections/con_unknown", map[string]any{"backflow": map[string]any{"moved": "accept"}}))
	a := b.call("PUT", "/v1/bookings/b1", b.spec(1, with("backflow", map[string]any{"moved": "reject"})))
	refused{record.ReasonInvalid, a.problem(t).Detail, problems("/backflow/moved", "give one of report, accept, enforce")}.want(t, "of a booking", a)
}

// What a booking says of itself is part of its version: it is shown, and another word needs another version.
func TestBackflowOfABooking(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	says := with("backflow", map[string]any{"moved": "enforce"})
	var made gen.Booking
	b.call("PUT", "/v1/bookings/b1", b.spec(1, says)).into(t, 202, &made)
	b.call("GET", "/v1/bookings/b1", nil).into(t, 200, &made)
	if made.Booking.Backflow != (cal.Backflow{Moved: cal.StanceEnforce}) {
		t.Errorf("%+v", made.Booking)
	}
	b.call("PUT", "/v1/bookings/b1", b.spec(1, says)).into(t, 200, &made)
	a := b.call("PUT", "/v1/bookings/b1", b.spec(1))
	if p := a.problem(t); a.status != 409 {
		t.Errorf("the same version without it: %d %+v", a.status, p)
	}
	var next gen.Booking
	b.call("PUT", "/v1/bookings/b1", b.spec(2)).into(t, 202, &next)
	if next.Booking.Backflow != (cal.Backflow{}) {
		t.Errorf("%+v", next.Booking)
	}
}
