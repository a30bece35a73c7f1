package store

import (
	"context"
	"errors"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store/db"
)

// CreateApplication keeps an application of a tenant. It fails with record.ErrNotFound when there is no such tenant, and with record.ErrLimit when
// it has record.MaxApplications.
func (s *Store) CreateApplication(ctx context.Context, tenant cal.TenantID, a record.Application, actor string) (record.Application, error) {
	a.ID = cal.AppID(s.ids.ID(record.AppPrefix))
	err := s.update(ctx, tenant, "create application", func(ctx context.Context, t *tx) error {
		a.CreatedAt = instant(t.now)
		// Whoever makes another one meanwhile counts this one.
		n, err := t.LockTenant(ctx, db.LockTenantParams{TenantID: t.tenant})
		if err != nil {
			return err
		}
		if n == 0 {
			return record.ErrNotFound
		}
		count, err := t.CountApplications(ctx, db.CountApplicationsParams{TenantID: t.tenant})
		if err != nil {
			return err
		}
		if count >= record.MaxApplications {
			return record.ErrLimit
		}
		sealed, err := t.sealText("applications", "credential", string(a.ID), a.Credential)
		if err != nil {
			return err
		}
		err = t.InsertApplication(ctx, db.InsertApplicationParams{
			TenantID: t.tenant, AppID: string(a.ID), Provider: string(a.Provider), AppKind: string(a.Kind), Name: a.Name, ClientID: a.ClientID,
			EntraTenant: a.EntraTenant, Credential: sealed, Now: t.now,
		})
		if err != nil {
			return err
		}
		return t.note(ctx, record.Note{
			Actor: actor, Action: "application.created", Subject: string(a.ID),
			Detail: map[string]any{"provider": a.Provider, "kind": a.Kind, "client_id": a.ClientID},
		})
	})
	a.Credential = ""
	return a, err
}

// Applications returns a tenant's applications without their credentials. They are few.
func (s *Store) Applications(ctx context.Context, tenant cal.TenantID) ([]record.Application, error) {
	var out []record.Application
	err := s.view(ctx, tenant, "list applications", func(ctx context.Context, t *tx) error {
		out = nil
		rows, err := t.Queries.Applications(ctx, db.ApplicationsParams{TenantID: t.tenant})
		for _, row := range rows {
			out = append(out, applicationOf(row))
		}
		return err
	})
	return out, err
}

// Application returns an application with its credential, or record.ErrNotFound.
func (s *Store) Application(ctx context.Context, tenant cal.TenantID, id cal.AppID) (record.Application, error) {
	var a record.Application
	err := s.view(ctx, tenant, "read application", func(ctx context.Context, t *tx) error {
		row, err := t.ApplicationByID(ctx, db.ApplicationByIDParams{TenantID: t.tenant, AppID: string(id)})
		if err != nil {
			return found(err)
		}
		a = applicationOf(row)
		a.Credential, err = t.openText("applications", "credential", row.AppID, row.Credential)
		return err
	})
	return a, err
}

// DeleteApplication forgets an application with its credential. It fails with record.ErrInUse, and forgets nothing, while it has connections that
// were not disconnected.
func (s *Store) DeleteApplication(ctx context.Context, tenant cal.TenantID, id cal.AppID, actor string) error {
	return s.update(ctx, tenant, "delete application", func(ctx context.Context, t *tx) error {
		if err := t.lockApplication(ctx, id); err != nil {
			return err
		}
		n, err := t.CountAppConnections(ctx, db.CountAppConnectionsParams{TenantID: t.tenant, AppID: string(id)})
		if err != nil {
			return err
		}
		if n > 0 {
			return record.ErrInUse
		}
		if err := changed(t.Queries.DeleteApplication(ctx, db.DeleteApplicationParams{TenantID: t.tenant, AppID: string(id)})); err != nil {
			return err
		}
		return t.note(ctx, record.Note{Actor: actor, Action: "application.deleted", Subject: string(id)})
	})
}

// lockApplication makes everybody else wait who connects anything by the application or deletes it. It comes before all other locks.
func (t *tx) lockApplication(ctx context.Context, id cal.AppID) error {
	n, err := t.LockApplication(ctx, db.LockApplicationParams{TenantID: t.tenant, AppID: string(id)})
	if err == nil && n == 0 {
		err = record.ErrNotFound
	}
	return err
}

// keepApplication is lockApplication for a connection that was made before: its application may have been deleted once it was disconnected, which is
// record.ErrStale. The installation's own is in no table.
func (t *tx) keepApplication(ctx context.Context, id cal.AppID) error {
	if !record.OfTenant(id) {
		return nil
	}
	err := t.lockApplication(ctx, id)
	if errors.Is(err, record.ErrNotFound) {
		err = record.ErrStale
	}
	return err
}

func applicationOf(row db.Application) record.Application {
	return record.Application{
		ID: cal.AppID(row.AppID), Provider: cal.Provider(row.Provider), Kind: record.AppKind(row.AppKind), Name: row.Name, ClientID: row.ClientID,
		EntraTenant: row.EntraTenant, CreatedAt: instant(row.CreatedAt),
	}
}

// clientOf names the client by which a connection is known to its provider: two applications may be of one client, and what an owner has allowed
// is the client's.
func (t *tx) clientOf(ctx context.Context, c record.Connection) (string, error) {
	if !record.OfTenant(c.AppID) {
		return string(c.AppID), nil
	}
	row, err := t.ApplicationByID(ctx, db.ApplicationByIDParams{TenantID: t.tenant, AppID: string(c.AppID)})
	if errors.Is(found(err), record.ErrNotFound) {
		return string(c.AppID), nil // it was deleted after the connection's end
	}
	return "client " + row.ClientID, err
}

// ConnectMailbox makes an active connection of a mailbox that an app-only application acts for, or activates one of it again. It fails with
// record.ErrNotFound when the tenant has no such application, or no such connection of that mailbox, and with record.ErrStale when the connection
// was disconnected, or its application deleted, since the grant was asked for.
func (s *Store) ConnectMailbox(ctx context.Context, tenant cal.TenantID, n record.NewMailbox, g record.Grant) (cal.ConnectionID, error) {
	id := n.Again
	if id == "" {
		id = cal.ConnectionID(s.ids.ID("con"))
	}
	err := s.updateMany(ctx, tenant, "connect mailbox", func(ctx context.Context, t *tx) error {
		if err := t.beginMailbox(ctx, id, n); err != nil {
			return err
		}
		c, err := t.connection(ctx, id)
		if err != nil {
			return err
		}
		if c.Provider != n.Provider || c.AppID != n.AppID || c.Mailbox != n.Mailbox {
			return record.ErrNotFound
		}
		return t.activate(ctx, c, g, n.Actor)
	})
	return id, err
}

func (t *tx) beginMailbox(ctx context.Context, id cal.ConnectionID, n record.NewMailbox) error {
	if n.Again != "" {
		if err := t.keepApplication(ctx, n.AppID); err != nil {
			return err
		}
	} else {
		if err := t.lockApplication(ctx, n.AppID); err != nil {
			return err
		}
		if err := t.insertConnection(ctx, id, n.Provider, n.AppID, n.Mailbox); err != nil {
			return err
		}
	}
	return t.noteBegun(ctx, id, n.Provider, n.AppID, n.Actor)
}

// noteBegun notes that an account is being connected, anew or for the first time.
func (t *tx) noteBegun(ctx context.Context, id cal.ConnectionID, p cal.Provider, app cal.AppID, actor string) error {
	return t.note(ctx, record.Note{Actor: actor, Action: "connection.begun", Subject: string(id), Detail: map[string]any{"provider": p, "app": app}})
}

func (t *tx) insertConnection(ctx context.Context, id cal.ConnectionID, p cal.Provider, app cal.AppID, mailbox string) error {
	sealed, err := t.sealText("connections", "mailbox", string(id), mailbox)
	if err != nil {
		return err
	}
	return t.InsertConnection(ctx, db.InsertConnectionParams{
		TenantID: t.tenant, ConnectionID: string(id), Provider: string(p), AppID: string(app), State: string(cal.ConnectionPending),
		Account: []byte{}, Mailbox: sealed, Now: t.now,
	})
}
