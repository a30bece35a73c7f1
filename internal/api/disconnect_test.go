package api_test

import (
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
)

// begun is a new connection that waits for its owner.
func (b *bench) begun() string {
	b.Helper()
	var c gen.BegunConnection
	b.call("POST", "/v1/connections", map[string]any{"provider": "google"}).into(b.T, 201, &c)
	return c.ID
}

// end ends a connection that was deleted, as the work of it does.
func (b *bench) end(id string) {
	b.Helper()
	l, ok, err := b.store.Claim(b.Context(), task.Ref{Tenant: b.tenant, Kind: task.ConnectionClose, Subject: id}, time.Minute)
	b.ok(err)
	if !ok {
		b.Fatal("there is no work to end it")
	}
	b.ok(b.store.Disconnected(b.Context(), l, record.Disconnection{Revocation: message.Revoked}))
}

// A connection that is deleted is there to be read and connected again, and nothing new is booked into its calendars. What stands there stays.
func TestDeleteConnection(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.account(b.google)
	b.call("PUT", "/v1/bookings/stands", b.spec(1)).into(t, 202, &gen.Booking{})
	var c gen.Connection
	b.call("DELETE", "/v1/connections/"+id, nil).into(t, 202, &c)
	b.wants(id, c, gen.ConnectionStateDisconnecting)
	b.unchanged(func() {
		b.call("DELETE", "/v1/connections/"+id, nil).into(t, 202, &c)
		refused{"not-found", "this tenant has nothing of that name", nil}.want(t, "unknown", b.call("DELETE", "/v1/connections/con_unknown", nil))
	})
	b.end(id)
	b.unchanged(func() { b.call("DELETE", "/v1/connections/"+id, nil).into(t, 200, &c) })
	b.wants(id, c, gen.ConnectionStateDisconnected)

	var one gen.Calendar
	b.call("GET", "/v1/calendars/"+string(b.google), nil).into(t, 200, &one)
	if !one.Writable || one.WritableTarget || one.ConnectionState != gen.ConnectionStateDisconnected {
		t.Errorf("%+v", one)
	}
	b.unchanged(func() {
		why := "the account of this calendar was disconnected: connect it anew (POST /v1/connections with its connection_id), or choose another one"
		refused{record.ReasonCalendar, noUse, problems("/targets/0/calendar_id", why)}.want(t, "a new booking", b.call("PUT", "/v1/bookings/new", b.spec(1)))
	})
	b.call("PUT", "/v1/bookings/stands", b.spec(2)).into(t, 202, &gen.Booking{})

	var again gen.BegunConnection
	b.call("POST", "/v1/connections", map[string]any{"provider": "google", "connection_id": id}).into(t, 201, &again)
	if again.ID != id || again.State != gen.ConnectionStateDisconnected {
		t.Errorf("begun again: %+v", again)
	}
	stored, err := b.store.Connection(b.Context(), b.tenant, cal.ConnectionID(id))
	b.ok(err)
	b.ok(b.store.Activate(b.Context(), b.tenant, cal.ConnectionID(id), record.Grant{
		AccessToken: "access", RefreshToken: "refresh", Scopes: "calendar", ExpiresAt: b.clock.Now().Add(time.Hour), ClosedAt: stored.ClosedAt,
	}))
	b.call("PUT", "/v1/bookings/new", b.spec(1)).into(t, 202, &gen.Booking{})
}

// wants holds a connection that was answered, and the ones that are read and listed, to its state.
func (b *bench) wants(id string, got gen.Connection, state gen.ConnectionState) {
	b.Helper()
	var one gen.Connection
	b.call("GET", "/v1/connections/"+id, nil).into(b.T, 200, &one)
	var page gen.ConnectionPage
	b.call("GET", "/v1/connections?state="+string(state), nil).into(b.T, 200, &page)
	if len(page.Connections) != 1 {
		b.Fatalf("listed: %+v", page)
	}
	for _, c := range []gen.Connection{got, one, page.Connections[0]} {
		if c.ID != id || c.State != state || len(c.Capabilities)+len(c.Missing) > 0 {
			b.Errorf("%+v, want %s", c, state)
		}
	}
}
