package store_test

import (
	"fmt"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

func disconnectTrials() []trial {
	return []trial{
		{"disconnect: closed once, at once", disconnectOnce},
		{"disconnect: runs that are under way stop", disconnectUnseats},
		{"disconnect: a consent that is under way opens nothing", disconnectFlows},
		{"disconnect: forgotten, told, and the bookings stay", disconnectEnds},
		{"disconnect: a refresh that is under way stores nothing, now or later", disconnectRefresh},
		{"disconnect: a dead grant needs no owner", disconnectDead},
		{"disconnect: another account is not told of", disconnectOther},
		{"disconnect: given up once it is connected again", disconnectGivenUp},
		{"disconnect: connected again it is followed again", disconnectFollowed},
		{"disconnect: whoever uses the account by the same application", disconnectShared},
		{"disconnect: what is left to end", disconnectClosing},
		{"race: a connection is closed once", raceDisconnect},
		{"race: an end and a reconnect", raceDisconnectedActivate},
	}
}

// close disconnects the world's connection and takes the lease of its end.
func (w *world) close() record.Lease {
	w.Helper()
	_, err := w.Disconnect(w.ctx, w.tenant, w.connection, "key_test")
	w.ok(err)
	return w.claim(w.ref(task.ConnectionClose, string(w.connection)))
}

// end disconnects the world's connection to the end.
func (w *world) end() {
	w.Helper()
	w.ok(w.Disconnected(w.ctx, w.close(), record.Disconnection{Revocation: message.Revoked}))
}

func (w *world) now() record.Connection {
	w.Helper()
	c, err := w.Connection(w.ctx, w.tenant, w.connection)
	w.ok(err)
	return c
}

// open connects the world's account again.
func (w *world) open() {
	w.Helper()
	g := w.tokens("again")
	g.ClosedAt = w.now().ClosedAt
	w.ok(w.Activate(w.ctx, w.tenant, w.connection, g))
}

func disconnectOnce(h *harness) {
	w := h.newWorld(1)
	h.clock.Advance(time.Minute)
	c, err := h.Disconnect(h.ctx, w.tenant, w.connection, "key_test")
	h.ok(err)
	same(h, "state", c.State, cal.ConnectionDisconnecting)
	same(h, "closed at", c.ClosedAt, h.clock.Now())
	sameKinds(h, h.told.take(), task.ConnectionClose)
	same(h, "audit", h.number(`SELECT COUNT(*) FROM audit WHERE action = 'connection.disconnecting' AND actor = 'key_test'`), 1)
	h.clock.Advance(time.Minute)
	before := h.dump()
	again, err := h.Disconnect(h.ctx, w.tenant, w.connection, "key_test")
	h.ok(err)
	same(h, "again", again, c)
	h.unchanged(before)
	h.ok(h.Disconnected(h.ctx, h.claim(w.ref(task.ConnectionClose, string(w.connection))), record.Disconnection{Revocation: message.Revoked}))
	before = h.dump()
	again, err = h.Disconnect(h.ctx, w.tenant, w.connection, "key_test")
	h.ok(err)
	same(h, "once it is over", again.State, cal.ConnectionDisconnected)
	h.unchanged(before)
	_, err = h.Disconnect(h.ctx, w.tenant, "con_unknown", "key_test")
	h.fails(err, record.ErrNotFound)
	_, err = h.Disconnect(h.ctx, h.newTenant("another"), w.connection, "key_test")
	h.fails(err, record.ErrNotFound)
	same(h, "state", w.now().State, cal.ConnectionDisconnected)
}

func disconnectUnseats(h *harness) {
	w := h.newWorld(1)
	other := w.connect("other")
	w.accept(w.booking("b", 1, 0))
	run := w.claim(w.ref(task.CalendarSync, string(w.calendars[0].ID)))
	kept := w.claim(w.ref(task.ConnectionDiscover, string(other)))
	_, err := h.Disconnect(h.ctx, w.tenant, w.connection, "test")
	h.ok(err)
	_, _, err = h.BeginListing(h.ctx, run, record.Listing{Kind: cal.Snapshot}, leaseTime)
	h.faulty(err, fault.Fenced)
	h.faulty(h.Finish(h.ctx, run, record.Served()), fault.Fenced)
	h.notDue(run.Ref) // its last call may still be on the way
	h.clock.Advance(leaseTime - time.Microsecond)
	h.ok(h.Finish(h.ctx, kept, record.Served()))
	h.clock.Advance(time.Microsecond)
	h.claim(run.Ref)
}

func disconnectFlows(h *harness) {
	w := h.newWorld(0)
	offered, bound, spent := w.flow("offered"), w.flow("bound"), w.flow("spent")
	for _, n := range []record.NewFlow{bound, spent} {
		_, _, err := h.BindFlow(h.ctx, n.ConnectToken, "browser")
		h.ok(err)
	}
	_, f, err := h.UseFlow(h.ctx, spent.State, "browser")
	h.ok(err)
	w.end()
	_, _, err = h.BindFlow(h.ctx, offered.ConnectToken, "browser")
	h.fails(err, record.ErrNotFound)
	_, _, err = h.UseFlow(h.ctx, bound.State, "browser")
	h.fails(err, record.ErrNotFound)
	before := h.dump()
	g := w.tokens("late")
	g.ClosedAt = f.ClosedAt
	h.fails(h.Activate(h.ctx, w.tenant, w.connection, g), record.ErrStale)
	h.unchanged(before)
	again := w.flow("again")
	_, _, err = h.BindFlow(h.ctx, again.ConnectToken, "browser")
	h.ok(err)
	_, f, err = h.UseFlow(h.ctx, again.State, "browser")
	h.ok(err)
	g.ClosedAt = f.ClosedAt
	h.ok(h.Activate(h.ctx, w.tenant, w.connection, g))
	same(h, "state", w.now().State, cal.ConnectionActive)
}

func disconnectEnds(h *harness) {
	w := h.newWorld(1)
	link := w.linkOf(w.accept(w.booking("b", 1, 0)), 0)
	l := w.close()
	h.ok(h.Disconnected(h.ctx, l, record.Disconnection{Revocation: message.RevocationFailed, ChannelsLeft: 2}))
	same(h, "state", w.now().State, cal.ConnectionDisconnected)
	_, err := h.Grant(h.ctx, w.tenant, w.connection)
	h.fails(err, record.ErrNotFound)
	same(h, "tokens", h.number(`SELECT COUNT(*) FROM grants WHERE access_token IS NOT NULL OR refresh_token IS NOT NULL`), 0)
	_, err = h.Work(h.ctx, l.Ref)
	h.fails(err, record.ErrNotFound)
	told := w.messages()[len(w.messages())-1]
	same(h, "message", told.Type, message.ConnectionDisconnected)
	want := fmt.Sprintf(`{"connection_id":%q,"provider":"google","revocation":"failed","channels_left":2}`, w.connection)
	same(h, "data", string(told.Data), want)
	same(h, "audit", h.number(`SELECT COUNT(*) FROM audit WHERE action = 'connection.disconnected' AND detail = '{"channels_left":2,"revocation":"failed"}'`), 1)
	same(h, "link", w.linkOf(w.read("b"), 0).ID, link.ID)
	c, err := h.Calendar(h.ctx, w.tenant, w.calendars[0].ID)
	h.ok(err)
	same(h, "a target", c.Target(), false)
	w.open()
	c, err = h.Calendar(h.ctx, w.tenant, w.calendars[0].ID)
	h.ok(err)
	same(h, "a target again", c.Target(), true)
	same(h, "link", w.linkOf(w.read("b"), 0).ID, link.ID)
}

func disconnectRefresh(h *harness) {
	w := h.newWorld(0)
	next, fence := w.leased()
	old := w.grant()
	w.end()
	before := h.dump()
	_, err := h.Rotate(h.ctx, w.tenant, next, fence)
	h.fails(err, record.ErrStale)
	_, ok, err := h.LeaseRefresh(h.ctx, w.tenant, old, h.clock.Now().Add(time.Hour))
	h.ok(err)
	same(h, "right to refresh", ok, false)
	h.unchanged(before)
	w.open()
	kept := w.grant()
	_, _, err = h.LeaseRefresh(h.ctx, w.tenant, kept, h.clock.Now().Add(time.Minute))
	h.ok(err)
	_, err = h.Rotate(h.ctx, w.tenant, next, fence)
	h.fails(err, record.ErrStale)
	same(h, "tokens", w.grant().RefreshToken, kept.RefreshToken)
}

func disconnectDead(h *harness) {
	w := h.newWorld(0)
	w.close()
	revoked, err := h.Revoke(h.ctx, w.tenant, w.connection, w.grant().Version, "invalid_grant")
	h.ok(err)
	same(h, "revoked", revoked, true)
	same(h, "state", w.now().State, cal.ConnectionDisconnecting)
	same(h, "told", h.number(`SELECT COUNT(*) FROM messages WHERE type = 'connection.needs_reauth'`), 0)
}

func disconnectOther(h *harness) {
	w := h.newWorld(1)
	w.reconnect()
	w.close()
	// A listing that was claimed after the disconnection, as none can be that was before.
	w.mark(record.Mark{Kind: task.ConnectionDiscover, Subject: string(w.connection), Lane: task.Interactive, ConnectionID: w.connection})
	l := w.claim(w.ref(task.ConnectionDiscover, string(w.connection)))
	h.ok(h.Discovered(h.ctx, l, record.Discovery{
		Connection: w.connection, Calendars: []cal.Calendar{{ID: "other", Primary: true, Owner: "other@example.test"}}, Outcome: record.Served(),
	}))
	same(h, "state", w.now().State, cal.ConnectionDisconnecting)
	same(h, "told", h.number(`SELECT COUNT(*) FROM messages WHERE type = 'connection.needs_reauth'`), 0)
	same(h, "held for", h.row(l.Ref).HeldFor, record.HeldForReauth)
}

func disconnectGivenUp(h *harness) {
	w := h.newWorld(1)
	l := w.close()
	w.open()
	want := w.grant()
	before := h.dump()
	_, _, err := h.SharesAccount(h.ctx, l, leaseTime)
	h.fails(err, record.ErrStale)
	h.fails(h.Disconnected(h.ctx, l, record.Disconnection{Revocation: message.Revoked}), record.ErrStale)
	h.unchanged(before)
	same(h, "state", w.now().State, cal.ConnectionActive)
	same(h, "grant", w.grant(), want)
}

func disconnectFollowed(h *harness) {
	w := h.newWorld(2)
	w.accept(w.booking("b", 1, 0))
	w.followed(0)
	w.end()
	push := w.push(w.linkOf(w.read("b"), 0))
	h.ok(h.Finish(h.ctx, h.claim(push), record.Outcome{State: record.Held, HeldFor: record.HeldForReauth}))
	same(h, "the booking waits", h.row(push).HeldFor, record.HeldForReauth)
	w.open()
	for _, kind := range []task.Kind{task.CalendarSync, task.CalendarWatch} {
		h.served(w.ref(kind, string(w.calendars[0].ID)))
		_, err := h.Work(h.ctx, w.ref(kind, string(w.calendars[1].ID)))
		h.fails(err, record.ErrNotFound)
	}
	h.served(push)
}

// shares asks, in the course of an end, whether another connection uses the world's account.
func (w *world) shares(l record.Lease) bool {
	w.Helper()
	_, shared, err := w.SharesAccount(w.ctx, l, leaseTime)
	w.ok(err)
	return shared
}

func disconnectShared(h *harness) {
	a, b := h.newWorld(1), h.newWorld(1)
	own := a.close()
	same(h, "another tenant's", a.shares(own), true)
	other := b.close()
	for _, l := range []record.Lease{own, other} {
		_, err := h.LeaveAccount(h.ctx, l, leaseTime)
		h.ok(err)
	}
	same(h, "nobody is left", a.shares(own) || b.shares(other), false)
	b.open()
	same(h, "connected again", a.shares(own), true)
	h.ok(h.Finish(h.ctx, other, record.Served()))
	b.end()
	same(h, "over", a.shares(own), false)
	h.newWorld(0)
	same(h, "not known yet", a.shares(own), false)
	for i, column := range []string{"app_id", "provider"} {
		c := h.newWorld(1)
		h.owner(`UPDATE connections SET `+column+` = 'other' WHERE tenant_id = $1`, string(c.tenant))
		c.renamed("canary@example.test")
		same(h, fmt.Sprint("another ", column), a.shares(own), false)
		if i == 0 {
			c.renamed("Another@example.test")
			same(h, "entries", h.number(`SELECT COUNT(*) FROM directory WHERE kind = 'account' AND tenant_id = $1`, string(c.tenant)), 1)
		}
	}
	d := h.newWorld(1)
	same(h, "the same again", a.shares(own), true)
	d.renamed("another@example.test")
	same(h, "under another name", a.shares(own), false)
	d.renamed("CANARY@example.test")
	same(h, "in capitals", a.shares(own), true)
}

// renamed lets the primary calendar of the world's account have another owner.
func (w *world) renamed(owner string) {
	w.Helper()
	w.mark(record.Mark{Kind: task.ConnectionDiscover, Subject: string(w.connection), Lane: task.Interactive, ConnectionID: w.connection})
	w.ok(w.Discovered(w.ctx, w.claim(w.ref(task.ConnectionDiscover, string(w.connection))), record.Discovery{
		Connection: w.connection, Calendars: []cal.Calendar{{ID: w.calendars[0].Remote, Primary: true, Owner: owner}}, Outcome: record.Served(),
	}))
}

func disconnectClosing(h *harness) {
	w := h.newWorld(2)
	w.accept(w.booking("b", 1, 0, 1))
	closed := w.channel("chn_closed")
	closed.State = record.ChannelClosed
	w.channel("chn_open")
	l := w.keeper()
	l, err := h.SaveChannels(h.ctx, l, leaseTime, closed)
	h.ok(err)
	h.ok(h.Finish(h.ctx, l, record.Served()))
	h.ok(h.Finish(h.ctx, w.addTo(1, "chn_other"), record.Served()))
	other := h.newWorld(1)
	other.channel("chn_tenant")
	out, err := h.Closing(h.ctx, w.close())
	h.ok(err)
	same(h, "connection", out.Connection, w.now())
	var ids []cal.ChannelID
	for _, c := range out.Channels {
		ids = append(ids, c.ID)
	}
	sameList(h, "channels", ids, []cal.ChannelID{"chn_open", "chn_other"})
}

// addTo adds a channel to one of the world's calendars and returns the lease that it was added under.
func (w *world) addTo(calendar int, id cal.ChannelID) record.Lease {
	w.Helper()
	l, err := w.AddChannel(w.ctx, w.claim(w.ref(task.CalendarWatch, string(w.calendars[calendar].ID))), id, "hash", time.Time{}, leaseTime)
	w.ok(err)
	return l
}

func raceDisconnect(h *harness) {
	w := h.newWorld(1)
	for _, err := range race(racers, func(int) error { _, err := h.Disconnect(h.ctx, w.tenant, w.connection, "test"); return err }) {
		h.ok(err)
	}
	same(h, "audit", h.number(`SELECT COUNT(*) FROM audit WHERE action = 'connection.disconnecting'`), 1)
}

// raceDisconnectedActivate leaves a connection either open with a grant or over without one.
func raceDisconnectedActivate(h *harness) {
	w := h.newWorld(1)
	for range 5 {
		l := w.close()
		g := w.tokens("again")
		g.ClosedAt = w.now().ClosedAt
		errs := race(2, func(i int) error {
			if i == 0 {
				return h.Disconnected(h.ctx, l, record.Disconnection{Revocation: message.Revoked})
			}
			return h.Activate(h.ctx, w.tenant, w.connection, g)
		})
		h.ok(errs[1])
		same(h, "state", w.now().State, cal.ConnectionActive)
		same(h, "tokens", w.grant().RefreshToken, g.RefreshToken)
		if errs[0] != nil {
			h.fails(errs[0], record.ErrStale)
			h.ok(h.Finish(h.ctx, l, record.Served()))
		}
	}
}

func disconnectMutants() []mutant {
	const once, refresh, flows = "disconnect: closed once, at once", "disconnect: a refresh that is under way stores nothing, now or later",
		"disconnect: a consent that is under way opens nothing"
	return slips([]slipped{
		{"a connection is closed again", "CloseConnection", "AND state NOT IN ('disconnecting', 'disconnected')", "", once},
		{"nobody knows when a connection was closed", "CloseConnection", "closed_at = $1", "closed_at = 0 * $1", once},
		{"a run goes on after a disconnection", "UnseatConnection", "token = token + 1", "token = token", "disconnect: runs that are under way stop"},
		{"a disconnection stops all runs", "UnseatConnection", "connection_id = $2", "$2 IS NOT NULL", "disconnect: runs that are under way stop"},
		{"a consent page outlives the connection", "SpendFlows", "used_at = $1", "used_at = 0 * $1", flows},
		{"a late consent opens the connection", "ActivateConnection", "closed_at = $5", "$5 IS NOT NULL", flows},
		{"a connection ends that was connected again", "EndConnection", "AND state = 'disconnecting'", "", "disconnect: given up once it is connected again"},
		{"the refresh token is kept", "ForgetGrant", "refresh_token = NULL, ", "", "disconnect: forgotten, told, and the bookings stay"},
		{"a late refresh stores its tokens", "ForgetGrant", "refresh_until = 0,\n    refresh_fence = refresh_fence + 1, ", "", refresh},
		{"an old refresh begins after the end", "ForgetGrant", "version = version + 1, ", "", refresh},
		{"a dead grant wants its owner back", "MoveConnection", "AND state NOT IN ('disconnecting', 'disconnected')", "", "disconnect: a dead grant needs no owner"},
		{"an account is anybody's", "DirectoryEntries", "hash = $2", "$2 IS NOT NULL", "disconnect: whoever uses the account by the same application"},
		{"an account is used for ever", "ForgetSubject", "kind = $2", "kind = $2 || 'x'", "disconnect: whoever uses the account by the same application"},
	})
}
