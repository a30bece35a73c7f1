package store_test

import (
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

func connectionTrials() []trial {
	return []trial{
		{"flow: bound to one browser and used once", flowUsedOnce},
		{"flow: opened again it moves to the other browser", flowMoves},
		{"flow: ends with its time", flowExpires},
		{"flow: never before the connect page was opened", flowUnopened},
		{"flow: unknown tokens and states", flowUnknown},
		{"flow: connects anew only what the tenant has", flowAgain},
		{"connection: pending until it is activated", connectionLife},
		{"connection: a reconnect is told and raises the grant", connectionReconnect},
		{"connection: revoked once, told once, and kept", connectionRevoked},
		{"grant: a newer version is not revoked", grantRevokeStale},
		{"grant: tokens come back as they were stored", grantRoundTrip},
		{"grant: the right to refresh", grantLease},
		{"grant: rotated by whoever has the right", grantRotate},
		{"grant: a reconnect ends the right to refresh the one before", grantLeaseEnds},
		{"grant: expired by whoever saw it refused", grantExpire},
		{"penalty: never shortened, never of another connection", penalty},
		{"penalty: of an application, for whoever uses it", applicationPenalty},
	}
}

// flow begins to connect the world's connection anew.
func (w *world) flow(name string) record.NewFlow {
	w.Helper()
	n := record.NewFlow{
		Provider: cal.Google, AppID: "app", ConnectToken: w.secret("connect", name), State: w.secret("state", name), Verifier: "verifier-" + name, ReturnURL: "https://canary.test/" + name,
		ExpiresAt: w.clock.Now().Add(10 * time.Minute), Actor: "test", Again: w.connection,
	}
	id, err := w.BeginConnection(w.ctx, w.tenant, n)
	w.ok(err)
	same(w.harness, "connection", id, w.connection)
	return n
}

func flowUsedOnce(h *harness) {
	w := h.newWorld(0)
	n := w.flow("f")
	tenant, bound, err := h.BindFlow(h.ctx, n.ConnectToken, "browser-1")
	h.ok(err)
	want := record.Flow{
		ID: bound.ID, ConnectionID: w.connection, Provider: cal.Google, AppID: "app", BrowserHash: "browser-1", Verifier: n.Verifier, State: n.State, ReturnURL: n.ReturnURL,
		ExpiresAt: n.ExpiresAt,
	}
	same(h, "tenant", tenant, w.tenant)
	same(h, "bound", bound, want)
	_, _, err = h.UseFlow(h.ctx, n.State, "browser-2")
	h.fails(err, record.ErrNotFound)
	tenant, used, err := h.UseFlow(h.ctx, n.State, "browser-1")
	h.ok(err)
	want.UsedAt = h.clock.Now()
	same(h, "tenant", tenant, w.tenant)
	same(h, "used", used, want)
	for _, browser := range []string{"browser-1", "browser-2"} {
		_, _, err = h.UseFlow(h.ctx, n.State, browser)
		h.fails(err, record.ErrNotFound)
		_, _, err = h.BindFlow(h.ctx, n.ConnectToken, browser)
		h.fails(err, record.ErrNotFound)
	}
}

func flowMoves(h *harness) {
	w := h.newWorld(0)
	n := w.flow("f")
	for _, browser := range []string{"browser-1", "browser-2"} {
		_, _, err := h.BindFlow(h.ctx, n.ConnectToken, browser)
		h.ok(err)
	}
	_, _, err := h.UseFlow(h.ctx, n.State, "browser-1")
	h.fails(err, record.ErrNotFound)
	_, _, err = h.UseFlow(h.ctx, n.State, "browser-2")
	h.ok(err)
}

func flowExpires(h *harness) {
	w := h.newWorld(0)
	n := w.flow("f")
	h.clock.Advance(10*time.Minute - time.Microsecond)
	_, _, err := h.BindFlow(h.ctx, n.ConnectToken, "browser")
	h.ok(err)
	h.clock.Advance(time.Microsecond)
	_, _, err = h.BindFlow(h.ctx, n.ConnectToken, "browser")
	h.fails(err, record.ErrNotFound)
	_, _, err = h.UseFlow(h.ctx, n.State, "browser")
	h.fails(err, record.ErrNotFound)
}

func flowUnopened(h *harness) {
	w := h.newWorld(0)
	n := w.flow("f")
	_, _, err := h.UseFlow(h.ctx, n.State, "")
	h.fails(err, record.ErrNotFound)
}

func flowUnknown(h *harness) {
	w := h.newWorld(0)
	n := w.flow("f")
	for _, token := range []string{"", "unknown", n.State} {
		_, _, err := h.BindFlow(h.ctx, token, "browser")
		h.fails(err, record.ErrNotFound)
	}
	_, _, err := h.UseFlow(h.ctx, n.ConnectToken, "browser")
	h.fails(err, record.ErrNotFound)
}

func flowAgain(h *harness) {
	a, b := h.newWorld(0), h.newWorld(0)
	n := record.NewFlow{Provider: cal.Google, ConnectToken: "x", State: "y", ExpiresAt: epoch().Add(time.Hour), Again: b.connection}
	_, err := h.BeginConnection(h.ctx, a.tenant, n)
	h.fails(err, record.ErrNotFound)
	n.Again, n.Provider = a.connection, cal.Microsoft
	_, err = h.BeginConnection(h.ctx, a.tenant, n)
	h.fails(err, record.ErrNotFound)
	same(h, "flows", h.number(`SELECT COUNT(*) FROM oauth_flows`), 2) // those that made the worlds
}

func connectionLife(h *harness) {
	w := h.newWorld(0)
	id, err := h.BeginConnection(h.ctx, w.tenant, record.NewFlow{
		Provider: cal.Microsoft, AppID: "own-app", ConnectToken: "x", State: "y", ExpiresAt: epoch().Add(time.Hour), Actor: "test",
	})
	h.ok(err)
	want := record.Connection{ID: id, Provider: cal.Microsoft, AppID: "own-app", State: cal.ConnectionPending, Backflow: cal.DefaultBackflow(), CreatedAt: epoch()}
	c, err := h.Connection(h.ctx, w.tenant, id)
	h.ok(err)
	same(h, "begun", c, want)
	_, err = h.Grant(h.ctx, w.tenant, id)
	h.fails(err, record.ErrNotFound)
	h.ok(h.Activate(h.ctx, w.tenant, id, w.tokens("first")))
	want.State, want.GrantVersion, want.AccessUntil = cal.ConnectionActive, 1, epoch().Add(time.Hour)
	c, err = h.Connection(h.ctx, w.tenant, id)
	h.ok(err)
	same(h, "activated", c, want)
	h.ok(h.ExpireAccess(h.ctx, w.tenant, id, 1))
	want.AccessUntil = time.Time{}
	c, err = h.Connection(h.ctx, w.tenant, id)
	h.ok(err)
	same(h, "refused", c, want)
	h.claim(w.ref(task.ConnectionDiscover, string(id)))
	_, err = h.Connection(h.ctx, w.tenant, "con_unknown")
	h.fails(err, record.ErrNotFound)
	h.fails(h.Activate(h.ctx, w.tenant, "con_unknown", w.tokens("first")), record.ErrNotFound)
}

// withoutGrant is a connection as it is read along with other things.
func withoutGrant(c record.Connection) record.Connection {
	c.GrantVersion, c.AccessUntil = 0, time.Time{}
	return c
}

// told returns the types of the tenant's messages that are about no booking.
func (w *world) types() []message.Type {
	w.Helper()
	var types []message.Type
	for _, item := range w.messages() {
		types = append(types, item.Type)
	}
	return types
}

func connectionReconnect(h *harness) {
	w := h.newWorld(0)
	w.die()
	h.clock.Advance(time.Minute)
	want := w.tokens("again")
	want.Scopes = "calendar contacts"
	h.ok(h.Activate(h.ctx, w.tenant, w.connection, want))
	want.ConnectionID, want.Version = w.connection, 2
	same(h, "grant", w.grant(), want)
	c, err := h.Connection(h.ctx, w.tenant, w.connection)
	h.ok(err)
	same(h, "state", c.State, cal.ConnectionActive)
	same(h, "reason", c.Reason, "")
	sameList(h, "messages", w.types(), []message.Type{message.ConnectionActivated, message.ConnectionNeedsReauth, message.ConnectionActivated})
}

func connectionRevoked(h *harness) {
	w := h.newWorld(1)
	w.accept(w.booking("b", 1, 0))
	g := w.grant()
	for range 2 {
		revoked, err := h.Revoke(h.ctx, w.tenant, w.connection, g.Version, "invalid\x00grant")
		h.ok(err)
		same(h, "revoked", revoked, true)
	}
	c, err := h.Connection(h.ctx, w.tenant, w.connection)
	h.ok(err)
	same(h, "state", c.State, cal.ConnectionNeedsReauth)
	same(h, "reason", c.Reason, "invalid\uFFFDgrant")
	same(h, "access token ended", w.grant().ExpiresAt.IsZero(), true)
	sameList(h, "messages", w.types(), []message.Type{message.ConnectionActivated, message.BookingAccepted, message.ConnectionNeedsReauth})
	same(h, "calendars kept", h.number(`SELECT COUNT(*) FROM calendars WHERE vanished_at = 0`), 1)
	same(h, "booking kept", len(w.read("b").Links), 1)
}

func grantRevokeStale(h *harness) {
	w := h.newWorld(0)
	g := w.grant()
	w.reconnect()
	before := h.dump()
	revoked, err := h.Revoke(h.ctx, w.tenant, w.connection, g.Version, "invalid_grant")
	h.ok(err)
	same(h, "revoked", revoked, false)
	h.unchanged(before)
}

func grantRoundTrip(h *harness) {
	w := h.newWorld(0)
	want := record.Grant{
		ConnectionID: w.connection, Version: 1, AccessToken: "canary-access-first", RefreshToken: "canary-refresh-first", Scopes: "calendar", ExpiresAt: epoch().Add(time.Hour),
	}
	same(h, "grant", w.grant(), want)
}

func grantLease(h *harness) {
	w := h.newWorld(0)
	g := w.grant()
	until := h.clock.Now().Add(time.Minute)
	lease := func(g record.Grant, until time.Time) (int64, bool) {
		fence, ok, err := h.LeaseRefresh(h.ctx, w.tenant, g, until)
		h.ok(err)
		return fence, ok
	}
	first, ok := lease(g, until)
	same(h, "free", ok, true)
	same(h, "refresh until", w.grant().RefreshUntil, until)
	_, ok = lease(g, until)
	same(h, "taken", ok, false)
	h.clock.Advance(time.Minute)
	second, ok := lease(g, h.clock.Now().Add(time.Minute))
	same(h, "free again", ok, true)
	same(h, "fence rises", second > first, true)
	h.ok(h.ReleaseRefresh(h.ctx, w.tenant, w.connection, first))
	_, ok = lease(g, until)
	same(h, "given back by somebody who had lost it", ok, false)
	h.ok(h.ReleaseRefresh(h.ctx, w.tenant, w.connection, second))
	g.Version++
	_, ok = lease(g, until)
	same(h, "of a version that is none", ok, false)
}

func grantRotate(h *harness) {
	w := h.newWorld(0)
	next, old := w.leased()
	h.clock.Advance(time.Minute)
	_, fence := w.leased()
	next.Scopes, next.ExpiresAt = "calendar contacts", h.clock.Now().Add(2*time.Hour)
	_, err := h.Rotate(h.ctx, w.tenant, next, old)
	h.fails(err, record.ErrStale)
	same(h, "tokens", w.grant().AccessToken, "canary-access-first")
	version, err := h.Rotate(h.ctx, w.tenant, next, fence)
	h.ok(err)
	want := next
	want.Version = 2
	same(h, "version", version, 2)
	same(h, "grant, which nobody refreshes", w.grant(), want)
	_, err = h.Rotate(h.ctx, w.tenant, next, fence)
	h.fails(err, record.ErrStale)
	_, given := w.leased()
	h.ok(h.ReleaseRefresh(h.ctx, w.tenant, w.connection, given))
	_, err = h.Rotate(h.ctx, w.tenant, next, given)
	h.fails(err, record.ErrStale)
}

func grantLeaseEnds(h *harness) {
	w := h.newWorld(0)
	next, fence := w.leased()
	w.reconnect()
	_, err := h.Rotate(h.ctx, w.tenant, next, fence)
	h.fails(err, record.ErrStale)
	w.leased()
	h.ok(h.ReleaseRefresh(h.ctx, w.tenant, w.connection, fence))
	same(h, "somebody else refreshes", w.grant().RefreshUntil.IsZero(), false)
}

func grantExpire(h *harness) {
	w := h.newWorld(0)
	h.ok(h.ExpireAccess(h.ctx, w.tenant, w.connection, 7))
	same(h, "of a version that is none", w.grant().ExpiresAt.IsZero(), false)
	h.ok(h.ExpireAccess(h.ctx, w.tenant, w.connection, 1))
	g := w.grant()
	same(h, "expired", g.ExpiresAt.IsZero(), true)
	same(h, "kept", g.RefreshToken, "canary-refresh-first")
}

func penalty(h *harness) {
	w := h.newWorld(0)
	other := w.connect("other")
	until := func(id cal.ConnectionID) time.Time {
		c, err := h.Connection(h.ctx, w.tenant, id)
		h.ok(err)
		return c.Penalty
	}
	long, short := epoch().Add(time.Hour), epoch().Add(time.Minute)
	for _, c := range []struct{ set, want time.Time }{{short, short}, {long, long}, {short, long}, {long, long}} {
		h.ok(h.Penalise(h.ctx, w.tenant, w.connection, c.set))
		same(h, "until", until(w.connection), c.want)
	}
	same(h, "the other connection", until(other).IsZero(), true)
	w.die()
	w.reconnect()
	same(h, "after a reconnect", until(w.connection), long)
	same(h, "audit", h.number(`SELECT COUNT(*) FROM audit WHERE action = 'connection.penalised'`), 2)
}

func applicationPenalty(h *harness) {
	w := h.newWorld(0)
	stranger, err := h.CreateTenant(h.ctx, "stranger", "operator")
	h.ok(err)
	long, short := epoch().Add(time.Hour), epoch().Add(time.Minute)
	until := func(tenant cal.TenantID, app cal.AppID) time.Time {
		of, ofApp, err := h.Penalties(h.ctx, tenant, w.connection, app)
		h.ok(err)
		same(h, "of the connection", of.IsZero(), tenant != w.tenant)
		return ofApp
	}
	h.ok(h.Penalise(h.ctx, w.tenant, w.connection, short))
	for _, app := range []cal.AppID{"google", "app_theirs"} {
		same(h, "before", until(w.tenant, app).IsZero(), true)
		for _, c := range []struct{ set, want time.Time }{{short, short}, {long, long}, {short, long}} {
			h.ok(h.PenaliseApplication(h.ctx, w.tenant, app, c.set))
			same(h, "until", until(w.tenant, app), c.want)
		}
	}
	same(h, "the installation's, to another tenant", until(stranger, "google"), long)
	same(h, "a tenant's own, to another", until(stranger, "app_theirs").IsZero(), true)
	same(h, "another application", until(w.tenant, "microsoft").IsZero(), true)
	same(h, "audit of the installation", h.number(`SELECT COUNT(*) FROM audit WHERE action = 'application.penalised' AND tenant_id = 'installation'`), 2)
	same(h, "audit of the tenant", h.number(`SELECT COUNT(*) FROM audit WHERE action = 'application.penalised' AND tenant_id <> 'installation'`), 2)
}
