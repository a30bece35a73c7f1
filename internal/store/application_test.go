package store_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

const (
	applicationKept   = "application: its credential comes back where it is used, and nowhere else"
	applicationInUse  = "application: deleted once nothing is connected by it"
	applicationGone   = "application: nothing is connected again by one that was deleted"
	applicationRace   = "race: an application is deleted, or used"
	mailboxAnew       = "mailbox: connected at once, and again, and never another one"
	applicationClient = "disconnect: whoever uses the account by the same client"
)

func applicationTrials() []trial {
	return []trial{
		{applicationKept, applicationRoundTrip},
		{"application: no more than a tenant may have", applicationLimit},
		{applicationInUse, applicationDeleted},
		{applicationGone, applicationGoneMeanwhile},
		{"application: of its own tenant only", applicationForeign},
		{mailboxAnew, mailboxConnected},
		{applicationClient, applicationShared},
		{applicationRace, raceApplication},
	}
}

// registered is an application of the world's tenant.
func (w *world) registered(kind record.AppKind) record.Application {
	w.Helper()
	a, err := w.CreateApplication(w.ctx, w.tenant, record.Application{
		Provider: cal.Google, Kind: kind, Name: "Ours", ClientID: "client-1", EntraTenant: "contoso.example", Credential: "canary-credential",
	}, "test")
	w.ok(err)
	return a
}

// by begins a connection by an application.
func (w *world) by(app cal.AppID, name string) (cal.ConnectionID, error) {
	return w.BeginConnection(w.ctx, w.tenant, record.NewFlow{
		Provider: cal.Google, AppID: app, ConnectToken: w.secret("connect", name), State: w.secret("state", name), ExpiresAt: w.clock.Now().Add(leaseTime), Actor: "test",
	})
}

// mailbox connects one by an application.
func (w *world) mailbox(app cal.AppID, address string, again cal.ConnectionID) (cal.ConnectionID, error) {
	g := w.tokens("mailbox")
	g.RefreshToken = ""
	if again != "" {
		c, err := w.Connection(w.ctx, w.tenant, again)
		w.ok(err)
		g.ClosedAt = c.ClosedAt
	}
	return w.ConnectMailbox(w.ctx, w.tenant, record.NewMailbox{Provider: cal.Google, AppID: app, Mailbox: address, Again: again, Actor: "test"}, g)
}

func applicationRoundTrip(h *harness) {
	w := h.newWorld(0)
	first, second := w.registered(record.AppDelegated), w.registered(record.AppOnly)
	same(h, "shown when it was made", first.Credential+second.Credential, "")
	same(h, "a tenant's", record.OfTenant(first.ID), true)
	all, err := h.Applications(h.ctx, w.tenant)
	h.ok(err)
	sameList(h, "listed", all, []record.Application{first, second})
	got, err := h.Application(h.ctx, w.tenant, second.ID)
	h.ok(err)
	second.Credential = "canary-credential"
	same(h, "read", got, second)
	_, err = h.CreateApplication(h.ctx, "ten_nobody", first, "test")
	h.fails(err, record.ErrNotFound)
}

func applicationLimit(h *harness) {
	w, other := h.newWorld(0), h.newWorld(0)
	for range record.MaxApplications - 1 {
		w.registered(record.AppDelegated)
	}
	h.oneWins(race(racers, func(int) error {
		_, err := h.CreateApplication(h.ctx, w.tenant, record.Application{Provider: cal.Google}, "test")
		return err
	}), record.ErrLimit)
	other.registered(record.AppDelegated)
	same(h, "applications", h.number(`SELECT COUNT(*) FROM applications WHERE tenant_id = $1`, string(w.tenant)), record.MaxApplications)
}

func applicationDeleted(h *harness) {
	w := h.newWorld(0)
	a := w.registered(record.AppDelegated)
	id, err := w.by(a.ID, "mine")
	h.ok(err)
	h.fails(h.DeleteApplication(h.ctx, w.tenant, a.ID, "test"), record.ErrInUse)
	h.ok(h.Activate(h.ctx, w.tenant, id, w.tokens("mine")))
	w.connection = id
	l := w.close()
	h.fails(h.DeleteApplication(h.ctx, w.tenant, a.ID, "test"), record.ErrInUse)
	h.ok(h.Disconnected(h.ctx, l, record.Disconnection{Revocation: message.Revoked}))
	h.ok(h.DeleteApplication(h.ctx, w.tenant, a.ID, "test"))
	_, err = h.Application(h.ctx, w.tenant, a.ID)
	h.fails(err, record.ErrNotFound)
	h.fails(h.DeleteApplication(h.ctx, w.tenant, a.ID, "test"), record.ErrNotFound)
	_, err = w.by(a.ID, "late")
	h.fails(err, record.ErrNotFound)
	same(h, "audit", h.number(`SELECT COUNT(*) FROM audit WHERE action IN ('application.created', 'application.deleted')`), 2)
}

// A disconnected connection keeps no application, and its owner may be on the way to connect it again when the application goes.
func applicationGoneMeanwhile(h *harness) {
	w := h.newWorld(0)
	owned, alone := w.registered(record.AppDelegated), w.registered(record.AppOnly)
	var err error
	w.connection, err = w.by(owned.ID, "mine")
	h.ok(err)
	h.ok(h.Activate(h.ctx, w.tenant, w.connection, w.tokens("mine")))
	w.end()
	granted := w.tokens("again")
	granted.ClosedAt = w.now().ClosedAt
	id := w.connection
	w.connection, err = w.mailbox(alone.ID, "canary@example.test", "")
	h.ok(err)
	w.end()
	for _, a := range []record.Application{owned, alone} {
		h.ok(h.DeleteApplication(h.ctx, w.tenant, a.ID, "test"))
	}
	before := h.dump()
	_, err = w.anew(id, owned.ID, "again")
	h.fails(err, record.ErrStale)
	h.fails(h.Activate(h.ctx, w.tenant, id, granted), record.ErrStale)
	_, err = w.mailbox(alone.ID, "canary@example.test", w.connection)
	h.fails(err, record.ErrStale)
	h.unchanged(before)
}

// anew begins to connect a connection again.
func (w *world) anew(id cal.ConnectionID, app cal.AppID, name string) (cal.ConnectionID, error) {
	return w.BeginConnection(w.ctx, w.tenant, record.NewFlow{
		Provider: cal.Google, AppID: app, Again: id, ConnectToken: w.secret("connect", name), State: w.secret("state", name),
		ExpiresAt: w.clock.Now().Add(leaseTime), Actor: "test",
	})
}

// applicationEncounters let an application's end meet whatever brings a connection of it back.
func applicationEncounters() []encounter {
	return []encounter{
		{"an application that is deleted and a consent", meetApplication(record.AppDelegated)},
		{"an application that is deleted and a mailbox", meetApplication(record.AppOnly)},
	}
}

func meetApplication(kind record.AppKind) func(*world, int) (_, _ func(context.Context) error, _ func()) {
	return func(w *world, round int) (_, _ func(context.Context) error, _ func()) {
		a := w.registered(kind)
		var err error
		if kind == record.AppOnly {
			w.connection, err = w.mailbox(a.ID, "canary@example.test", "")
		} else {
			w.connection, err = w.by(a.ID, fmt.Sprint("mine", round))
			w.ok(err)
			err = w.Activate(w.ctx, w.tenant, w.connection, w.tokens("mine"))
		}
		w.ok(err)
		w.end()
		id, g := w.connection, w.tokens("again")
		g.ClosedAt = w.now().ClosedAt
		connect := func(ctx context.Context) error { return unlessStale(w.Activate(ctx, w.tenant, id, g)) }
		if kind == record.AppOnly {
			again := record.NewMailbox{Provider: cal.Google, AppID: a.ID, Mailbox: "canary@example.test", Again: id, Actor: "test"}
			connect = func(ctx context.Context) error {
				_, err := w.ConnectMailbox(ctx, w.tenant, again, g)
				return unlessStale(err)
			}
		}
		remove := func(ctx context.Context) error {
			err := w.DeleteApplication(ctx, w.tenant, a.ID, "test")
			if errors.Is(err, record.ErrInUse) {
				return nil
			}
			return err
		}
		return connect, remove, func() {
			_, err := w.Application(w.ctx, w.tenant, a.ID)
			same(w.harness, "the connection is active, and has its application", w.now().State == cal.ConnectionActive, err == nil)
			if err == nil {
				w.end()
				w.ok(w.DeleteApplication(w.ctx, w.tenant, a.ID, "test"))
			}
		}
	}
}

// unlessStale lets an account be connected too late.
func unlessStale(err error) error {
	if errors.Is(err, record.ErrStale) {
		return nil
	}
	return err
}

func applicationForeign(h *harness) {
	w, other := h.newWorld(0), h.newWorld(0)
	a := w.registered(record.AppOnly)
	before := h.dump()
	_, err := h.Application(h.ctx, other.tenant, a.ID)
	h.fails(err, record.ErrNotFound)
	h.fails(h.DeleteApplication(h.ctx, other.tenant, a.ID, "test"), record.ErrNotFound)
	_, err = other.by(a.ID, "theirs")
	h.fails(err, record.ErrNotFound)
	_, err = other.mailbox(a.ID, "canary@example.test", "")
	h.fails(err, record.ErrNotFound)
	all, err := h.Applications(h.ctx, other.tenant)
	h.ok(err)
	same(h, "listed", len(all), 0)
	h.unchanged(before)
}

func mailboxConnected(h *harness) {
	w := h.newWorld(0)
	a, b := w.registered(record.AppOnly), w.registered(record.AppOnly)
	id, err := w.mailbox(a.ID, "canary@example.test", "")
	h.ok(err)
	c, err := h.Connection(h.ctx, w.tenant, id)
	h.ok(err)
	same(h, "state", c.State, cal.ConnectionActive)
	same(h, "mailbox", c.Mailbox, "canary@example.test")
	same(h, "application", c.AppID, a.ID)
	h.served(w.ref(task.ConnectionDiscover, string(id)))
	for _, other := range []struct {
		app     cal.AppID
		mailbox string
	}{{a.ID, "another@example.test"}, {b.ID, "canary@example.test"}} {
		_, err = w.mailbox(other.app, other.mailbox, id)
		h.fails(err, record.ErrNotFound)
	}
	again, err := w.mailbox(a.ID, "canary@example.test", id)
	h.ok(err)
	same(h, "the same", again, id)
	same(h, "audit", h.number(`SELECT COUNT(*) FROM audit WHERE action = 'connection.begun' AND actor = 'test' AND subject = $1 AND detail = $2`,
		string(id), fmt.Sprintf(`{"app":%q,"provider":"google"}`, a.ID)), 2)
	g, err := h.Grant(h.ctx, w.tenant, id)
	h.ok(err)
	same(h, "version", g.Version, 2)
	w.connection = id
	stale := record.NewMailbox{Provider: cal.Google, AppID: a.ID, Mailbox: "canary@example.test", Again: id, Actor: "test"}
	w.end()
	_, err = h.ConnectMailbox(h.ctx, w.tenant, stale, w.tokens("late"))
	h.fails(err, record.ErrStale)
	_, err = w.mailbox(a.ID, "canary@example.test", id)
	h.ok(err)
	same(h, "connected again", w.now().State, cal.ConnectionActive)
}

// Two applications of one client are one to the provider: to end what an owner has allowed the one ends it for the other.
func applicationShared(h *harness) {
	w, other := h.newWorld(1), h.newWorld(1)
	for _, one := range []*world{w, other} {
		h.owner(`UPDATE connections SET app_id = $1 WHERE tenant_id = $2`, string(one.registered(record.AppDelegated).ID), string(one.tenant))
		one.renamed("canary@example.test")
	}
	own := w.close()
	same(h, "another application of the client", w.shares(own), true)
	h.owner(`UPDATE applications SET client_id = 'client-2' WHERE tenant_id = $1`, string(other.tenant))
	other.renamed("canary@example.test")
	same(h, "another client", w.shares(own), false)
}

func raceApplication(h *harness) {
	w := h.newWorld(0)
	for range 5 {
		a := w.registered(record.AppOnly)
		errs := race(racers, func(i int) error {
			if i == 0 {
				return h.DeleteApplication(h.ctx, w.tenant, a.ID, "test")
			}
			_, err := w.mailbox(a.ID, "canary@example.test", "")
			return err
		})
		used := 0
		for _, err := range errs[1:] {
			if err == nil {
				used++
			} else {
				h.fails(err, record.ErrNotFound)
			}
		}
		deleted := errs[0] == nil
		if !deleted && !errors.Is(errs[0], record.ErrInUse) || deleted != (used == 0) {
			h.Errorf("deleted: %t (%v), used: %d", deleted, errs[0], used)
		}
	}
}

func applicationMutants() []mutant {
	return slips([]slipped{
		{"an application is deleted under its connections", "CountAppConnections", "state <> 'disconnected'", "state = 'active'", applicationInUse},
		{"what was disconnected keeps an application", "CountAppConnections", "AND state <> 'disconnected'", "", applicationInUse},
		{"another application is locked", "LockApplication", "app_id = $2", "$2 IS NOT NULL", "queries: every identifier that is asked for counts"},
		{"a credential is lost", "InsertApplication", "$7, $8, $9", "$7, COALESCE(NULLIF($8, $8), x''), $9", applicationKept},
		{"a connection forgets its mailbox", "InsertConnection", "$6, $7, ''", "$6, COALESCE(NULLIF($7, $7), x''), ''", mailboxAnew},
	})
}
