package store

import (
	"context"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store/db"
)

// Kept returns a connection with its grant and what tells when to refresh it, or record.ErrNotFound when it has none or its tokens were forgotten.
func (s *Store) Kept(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID) (record.Kept, error) {
	var k record.Kept
	err := s.view(ctx, tenant, "read kept grant", func(ctx context.Context, t *tx) error {
		k = record.Kept{}
		row, err := t.GrantByConnection(ctx, db.GrantByConnectionParams{TenantID: t.tenant, ConnectionID: string(id)})
		if err != nil {
			return found(err)
		}
		if k.Grant, err = t.grantOf(row); err != nil {
			return err
		}
		k.StoredAt = instant(row.UpdatedAt)
		if k.Connection, err = t.connection(ctx, id); err != nil {
			return err
		}
		all, err := t.calendarsOf(ctx, id)
		for _, c := range all {
			k.Used = k.Used || c.Level() != cal.SyncOff && !c.Vanished
		}
		return err
	})
	return k, err
}

// grantOf reads a grant. It fails with record.ErrNotFound when its tokens were forgotten.
func (t *tx) grantOf(row db.Grant) (record.Grant, error) {
	if row.AccessToken == nil && row.RefreshToken == nil {
		return record.Grant{}, record.ErrNotFound
	}
	g := record.Grant{
		ConnectionID: cal.ConnectionID(row.ConnectionID), Version: row.Version, Scopes: row.Scopes, ExpiresAt: instant(row.ExpiresAt),
		RefreshUntil: instant(row.RefreshUntil),
	}
	var err error
	if g.AccessToken, err = t.openText("grants", "access_token", row.ConnectionID, row.AccessToken); err != nil {
		return record.Grant{}, err
	}
	g.RefreshToken, err = t.openText("grants", "refresh_token", row.ConnectionID, row.RefreshToken)
	return g, err
}

// keepFrom has a new grant looked after from a quarter of its access token's life on, which is before it is due.
func (t *tx) keepFrom(id cal.ConnectionID, g record.Grant) {
	now := instant(t.now)
	t.mark(record.Mark{
		Kind: task.GrantKeep, Subject: string(id), Lane: task.Background, ConnectionID: id, NotBefore: now.Add(g.ExpiresAt.Sub(now) / 4), Reset: true,
	})
}
