package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store/db"
)

// BeginConnection makes a pending connection, unless it connects one anew, and the flow that may activate it. It fails with record.ErrNotFound when
// the tenant has no such application, or no such connection of that provider, and with record.ErrStale when the application of the connection to
// connect anew was deleted.
func (s *Store) BeginConnection(ctx context.Context, tenant cal.TenantID, n record.NewFlow) (cal.ConnectionID, error) {
	id := n.Again
	if id == "" {
		id = cal.ConnectionID(s.ids.ID("con"))
	}
	flow := s.ids.ID("flw")
	err := s.update(ctx, tenant, "begin connection", func(ctx context.Context, t *tx) error {
		if err := t.beginConnection(ctx, id, n); err != nil {
			return err
		}
		verifier, err := t.sealText("oauth_flows", "verifier", flow, n.Verifier)
		if err != nil {
			return err
		}
		state, err := t.sealText("oauth_flows", "state", flow, n.State)
		if err != nil {
			return err
		}
		back, err := t.sealText("oauth_flows", "return_url", flow, n.ReturnURL)
		if err != nil {
			return err
		}
		err = t.InsertFlow(ctx, db.InsertFlowParams{
			TenantID: t.tenant, FlowID: flow, ConnectionID: string(id), Verifier: verifier, State: state, ReturnURL: back, ExpiresAt: micros(n.ExpiresAt),
		})
		if err != nil {
			return err
		}
		if err := t.register(ctx, entryConnect, n.ConnectToken, flow); err != nil {
			return err
		}
		if err := t.register(ctx, entryState, n.State, flow); err != nil {
			return err
		}
		return t.noteBegun(ctx, id, n.Provider, n.AppID, n.Actor)
	})
	return id, err
}

func (t *tx) beginConnection(ctx context.Context, id cal.ConnectionID, n record.NewFlow) error {
	if n.Again != "" {
		c, err := t.connection(ctx, id)
		if err != nil {
			return err
		}
		if c.Provider != n.Provider {
			return record.ErrNotFound
		}
		return t.keepApplication(ctx, c.AppID)
	}
	if record.OfTenant(n.AppID) {
		if err := t.lockApplication(ctx, n.AppID); err != nil {
			return err
		}
	}
	return t.insertConnection(ctx, id, n.Provider, n.AppID, "")
}

// BindFlow ties the flow of a connect token to a browser. Opening the connect page again, in another browser too, moves the tie: the page is
// only as secret as its link, and the state that comes back has to match the browser that went.
func (s *Store) BindFlow(ctx context.Context, connectToken, browserHash string) (cal.TenantID, record.Flow, error) {
	tenant, id, err := s.lookUp(ctx, entryConnect, connectToken)
	if err != nil {
		return "", record.Flow{}, err
	}
	var flow record.Flow
	err = s.update(ctx, tenant, "open connect page", func(ctx context.Context, t *tx) error {
		err := changed(t.Queries.BindFlow(ctx, db.BindFlowParams{TenantID: t.tenant, FlowID: id, BrowserHash: browserHash, Now: t.now}))
		if errors.Is(err, record.ErrStale) {
			return record.ErrNotFound
		}
		if err != nil {
			return err
		}
		if flow, err = t.flow(ctx, id); err != nil {
			return err
		}
		return t.note(ctx, record.Note{
			Actor: record.ActorOwner, Action: "flow.opened", Subject: id, Detail: map[string]any{"connection": flow.ConnectionID},
		})
	})
	return tenant, flow, err
}

// UseFlow spends the flow that a state belongs to. It fails with record.ErrNotFound when the state is unknown, spent, expired, or came back to
// another browser than the one that it left from.
func (s *Store) UseFlow(ctx context.Context, state, browserHash string) (cal.TenantID, record.Flow, error) {
	tenant, id, err := s.lookUp(ctx, entryState, state)
	if err != nil {
		return "", record.Flow{}, err
	}
	var flow record.Flow
	err = s.update(ctx, tenant, "use state", func(ctx context.Context, t *tx) error {
		_, err := t.Queries.UseFlow(ctx, db.UseFlowParams{TenantID: t.tenant, FlowID: id, BrowserHash: browserHash, Now: t.now})
		if err != nil {
			return found(err)
		}
		if flow, err = t.flow(ctx, id); err != nil {
			return err
		}
		return t.note(ctx, record.Note{
			Actor: record.ActorOwner, Action: "flow.used", Subject: id, Detail: map[string]any{"connection": flow.ConnectionID},
		})
	})
	return tenant, flow, err
}

func (t *tx) flow(ctx context.Context, id string) (record.Flow, error) {
	row, err := t.FlowByID(ctx, db.FlowByIDParams{TenantID: t.tenant, FlowID: id})
	if err != nil {
		return record.Flow{}, found(err)
	}
	c, err := t.connection(ctx, cal.ConnectionID(row.ConnectionID))
	if err != nil {
		return record.Flow{}, err
	}
	f := record.Flow{
		ID: id, ConnectionID: c.ID, Provider: c.Provider, AppID: c.AppID, BrowserHash: row.BrowserHash,
		ExpiresAt: instant(row.ExpiresAt), UsedAt: instant(row.UsedAt), ClosedAt: c.ClosedAt,
	}
	if f.Verifier, err = t.openText("oauth_flows", "verifier", id, row.Verifier); err != nil {
		return record.Flow{}, err
	}
	if f.ReturnURL, err = t.openText("oauth_flows", "return_url", id, row.ReturnURL); err != nil {
		return record.Flow{}, err
	}
	f.State, err = t.openText("oauth_flows", "state", id, row.State)
	return f, err
}

// Activate stores a grant, wakes everything that waited for it, and lists the account's calendars. It fails with record.ErrStale when the connection
// was disconnected, or its application deleted, since the grant was asked for.
func (s *Store) Activate(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID, g record.Grant) error {
	return s.updateMany(ctx, tenant, "activate connection", func(ctx context.Context, t *tx) error {
		c, err := t.connection(ctx, id)
		if err != nil {
			return err
		}
		if err := t.keepApplication(ctx, c.AppID); err != nil {
			return err
		}
		return t.activate(ctx, c, g, record.ActorOwner)
	})
}

func (t *tx) activate(ctx context.Context, c record.Connection, g record.Grant, actor string) error {
	id := c.ID
	access, refresh, err := t.sealTokens(id, g)
	if err != nil {
		return err
	}
	version, err := t.PutGrant(ctx, db.PutGrantParams{
		TenantID: t.tenant, ConnectionID: string(id), AccessToken: access, RefreshToken: refresh, Scopes: g.Scopes,
		ExpiresAt: micros(g.ExpiresAt), Now: t.now,
	})
	if err != nil {
		return err
	}
	err = changed(t.ActivateConnection(ctx, db.ActivateConnectionParams{
		TenantID: t.tenant, ConnectionID: string(id), Lacks: string(g.Lacks), ClosedAt: micros(g.ClosedAt), Now: t.now,
	}))
	if err != nil {
		return err
	}
	if err := t.useAccount(ctx, c); err != nil {
		return err
	}
	if err := t.refollow(ctx, c, g.Lacks); err != nil {
		return err
	}
	if err := t.wake(ctx, id); err != nil {
		return err
	}
	t.mark(record.Mark{Kind: task.ConnectionDiscover, Subject: string(id), Lane: task.Interactive, ConnectionID: id, Revive: true, Reset: true})
	t.keepFrom(id, g)
	if err := t.post(ctx, message.ConnectionActivated, message.Connection{ConnectionID: id, Provider: c.Provider}); err != nil {
		return err
	}
	return t.note(ctx, record.Note{
		Actor: actor, Action: "connection.activated", Subject: string(id), Detail: map[string]any{"grant": version, "scopes": g.Scopes, "lacks": g.Lacks},
	})
}

// refollow has calendars listed and watched again whose owner has allowed other things than before, since what was not allowed was left alone, and those
// of a connection that was disconnected, whose channels were ended.
func (t *tx) refollow(ctx context.Context, c record.Connection, lacks record.Lacks) error {
	if c.Lacks == lacks && !c.State.Closed() {
		return nil
	}
	all, err := t.calendarsOf(ctx, c.ID)
	for _, one := range all {
		if one.Level() == cal.SyncOff {
			continue
		}
		for _, kind := range []task.Kind{task.CalendarSync, task.CalendarWatch} {
			t.mark(record.Mark{Kind: kind, Subject: string(one.ID), Lane: task.Background, ConnectionID: c.ID, Revive: true})
		}
	}
	return err
}

// wake lets the work of a connection run again that was held for a reconnect or waits after failures. What the provider itself asked for is
// in the penalties, which stand.
func (t *tx) wake(ctx context.Context, id cal.ConnectionID) error {
	rows, err := t.ReviveConnection(ctx, db.ReviveConnectionParams{TenantID: t.tenant, ConnectionID: string(id), Now: t.now})
	for _, r := range rows {
		t.marks = append(t.marks, mark{
			Mark: record.Mark{Kind: task.Kind(r.Kind), Subject: r.Subject, Lane: task.Lane(r.Lane), ConnectionID: id},
		})
	}
	return err
}

func (t *tx) sealTokens(id cal.ConnectionID, g record.Grant) (access, refresh []byte, err error) {
	if access, err = t.sealText("grants", "access_token", string(id), g.AccessToken); err != nil {
		return nil, nil, err
	}
	refresh, err = t.sealText("grants", "refresh_token", string(id), g.RefreshToken)
	return access, refresh, err
}

// Connection returns a connection, or record.ErrNotFound.
func (s *Store) Connection(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID) (record.Connection, error) {
	var c record.Connection
	err := s.view(ctx, tenant, "read connection", func(ctx context.Context, t *tx) error {
		var err error
		c, err = t.connection(final(ctx), id)
		return err
	})
	return c, err
}

// Connections lists the connections of a filter that follow after, in the order of their ids.
func (s *Store) Connections(
	ctx context.Context, tenant cal.TenantID, f record.ConnectionFilter, after cal.ConnectionID, limit int,
) ([]record.Connection, error) {
	var out []record.Connection
	err := s.view(ctx, tenant, "list connections", func(ctx context.Context, t *tx) error {
		out = nil
		rows, err := t.ConnectionsAfter(ctx, db.ConnectionsAfterParams{
			TenantID: t.tenant, After: string(after), OfProvider: string(f.Provider), OfState: string(f.State), MaxRows: int32(limit), //nolint:gosec // small
		})
		if err != nil {
			return err
		}
		for _, row := range rows {
			c, err := t.connectionOf(row.Connection, row.Penalty)
			if err != nil {
				return err
			}
			out = append(out, c)
		}
		return nil
	})
	return out, err
}

func (t *tx) connection(ctx context.Context, id cal.ConnectionID) (record.Connection, error) {
	row, err := t.ConnectionByID(ctx, db.ConnectionByIDParams{TenantID: t.tenant, ConnectionID: string(id)})
	if err != nil {
		return record.Connection{}, found(err)
	}
	c, err := t.connectionOf(row.Connection, row.Penalty)
	c.GrantVersion, c.AccessUntil = row.GrantVersion, instant(row.AccessUntil)
	return c, err
}

// connectionOf reads a connection and until when its provider wants to be left alone.
func (t *tx) connectionOf(row db.Connection, penalty int64) (record.Connection, error) {
	id := cal.ConnectionID(row.ConnectionID)
	c := record.Connection{
		ID: id, Provider: cal.Provider(row.Provider), AppID: cal.AppID(row.AppID), State: cal.ConnectionState(row.State),
		Reason: row.Reason, Lacks: record.Lacks(row.Lacks), CreatedAt: instant(row.CreatedAt), ClosedAt: instant(row.ClosedAt), Penalty: instant(penalty),
		Backflow: cal.Backflow{Moved: cal.Stance(row.OnMoved), Cancelled: cal.Stance(row.OnCancelled), Edited: cal.Stance(row.OnEdited)},
	}
	var err error
	if c.Account, err = t.openText("connections", "account", string(id), row.Account); err != nil {
		return record.Connection{}, err
	}
	if c.Mailbox, err = t.openText("connections", "mailbox", string(id), row.Mailbox); err != nil {
		return record.Connection{}, err
	}
	return c, nil
}

// Grant returns a connection's grant with its tokens, or record.ErrNotFound when there is none or its tokens were forgotten.
func (s *Store) Grant(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID) (record.Grant, error) {
	var g record.Grant
	err := s.view(ctx, tenant, "read grant", func(ctx context.Context, t *tx) error {
		row, err := t.GrantByConnection(final(ctx), db.GrantByConnectionParams{TenantID: t.tenant, ConnectionID: string(id)})
		if err != nil {
			return found(err)
		}
		g, err = t.grantOf(row)
		return err
	})
	return g, err
}

// LeaseRefresh takes the right to refresh version of a grant until a moment, and returns its fence. It reports false when somebody else has
// it, or has already stored a newer version.
func (s *Store) LeaseRefresh(ctx context.Context, tenant cal.TenantID, g record.Grant, until time.Time) (fence int64, ok bool, err error) {
	err = s.update(ctx, tenant, "lease refresh", func(ctx context.Context, t *tx) error {
		fence, err = t.Queries.LeaseRefresh(ctx, db.LeaseRefreshParams{
			TenantID: t.tenant, ConnectionID: string(g.ConnectionID), Version: g.Version, RefreshUntil: micros(until), Now: t.now,
		})
		ok = err == nil
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	return fence, ok && err == nil, err
}

// ReleaseRefresh gives the right to refresh back.
func (s *Store) ReleaseRefresh(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID, fence int64) error {
	return s.update(ctx, tenant, "release refresh", func(ctx context.Context, t *tx) error {
		return t.Queries.ReleaseRefresh(ctx, db.ReleaseRefreshParams{TenantID: t.tenant, ConnectionID: string(id), RefreshFence: fence})
	})
}

// Rotate stores refreshed tokens. It fails with record.ErrStale when the right to refresh was lost.
func (s *Store) Rotate(ctx context.Context, tenant cal.TenantID, g record.Grant, fence int64) (version int64, err error) {
	err = s.update(ctx, tenant, "rotate grant", func(ctx context.Context, t *tx) error {
		access, refresh, err := t.sealTokens(g.ConnectionID, g)
		if err != nil {
			return err
		}
		version, err = t.RotateGrant(ctx, db.RotateGrantParams{
			TenantID: t.tenant, ConnectionID: string(g.ConnectionID), AccessToken: access, RefreshToken: refresh, Scopes: g.Scopes,
			ExpiresAt: micros(g.ExpiresAt), RefreshFence: fence, Now: t.now,
		})
		if errors.Is(err, sql.ErrNoRows) {
			return record.ErrStale
		}
		if err != nil {
			return err
		}
		return t.note(ctx, record.Note{
			Actor: record.ActorEngine, Action: "grant.rotated", Subject: string(g.ConnectionID), Detail: map[string]any{"version": version},
		})
	})
	return version, err
}

// ExpireAccess makes the next caller refresh, unless somebody already has.
func (s *Store) ExpireAccess(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID, version int64) error {
	return s.update(ctx, tenant, "expire access token", func(ctx context.Context, t *tx) error {
		n, err := t.Queries.ExpireAccess(ctx, db.ExpireAccessParams{TenantID: t.tenant, ConnectionID: string(id), Version: version})
		if err != nil || n == 0 {
			return err
		}
		return t.note(ctx, record.Note{
			Actor: record.ActorProvider, Action: "grant.expired", Subject: string(id), Detail: map[string]any{"version": version},
		})
	})
}

// Revoke records the token endpoint's verdict that a grant is dead. It keeps all data and tells the core once. It reports false, and changes
// nothing, when a newer version of the grant was stored meanwhile.
func (s *Store) Revoke(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID, version int64, reason string) (revoked bool, err error) {
	reason = plainText(reason)
	err = s.update(ctx, tenant, "revoke grant", func(ctx context.Context, t *tx) error {
		n, err := t.EndGrant(ctx, db.EndGrantParams{TenantID: t.tenant, ConnectionID: string(id), Version: version})
		if revoked = n > 0; err != nil || !revoked {
			return err
		}
		n, err = t.MoveConnection(ctx, db.MoveConnectionParams{
			TenantID: t.tenant, ConnectionID: string(id), State: string(cal.ConnectionNeedsReauth), Reason: reason, Now: t.now,
		})
		if err != nil || n == 0 {
			return err
		}
		c, err := t.connection(ctx, id)
		if err != nil {
			return err
		}
		data := message.Connection{ConnectionID: id, Provider: c.Provider, Reason: reason}
		if err := t.post(ctx, message.ConnectionNeedsReauth, data); err != nil {
			return err
		}
		return t.note(ctx, record.Note{
			Actor: record.ActorProvider, Action: "connection.needs_reauth", Subject: string(id), Detail: map[string]any{"reason": reason},
		})
	})
	return revoked, err
}
