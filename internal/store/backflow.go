package store

import (
	"context"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store/db"
)

// ChooseConnection stores what a tenant has chosen for a connection. It decides about what persons do from now on: what is reported already waits for
// the core. It fails with record.ErrNotFound when the tenant has no such connection.
func (s *Store) ChooseConnection(
	ctx context.Context, tenant cal.TenantID, id cal.ConnectionID, chosen record.ConnectionChoice,
) (record.Connection, error) {
	var after record.Connection
	err := s.update(ctx, tenant, "choose connection", func(ctx context.Context, t *tx) error {
		// Of two choices at once, each of another kind of change, none takes the other back.
		if _, err := t.LockConnection(ctx, db.LockConnectionParams{TenantID: t.tenant, ConnectionID: string(id)}); err != nil {
			return err
		}
		before, err := t.connection(ctx, id)
		if err != nil {
			return err
		}
		after = before
		if after.Backflow = chosen.Backflow.Over(before.Backflow); after.Backflow == before.Backflow {
			return nil
		}
		err = changed(t.ChooseBackflow(ctx, db.ChooseBackflowParams{
			TenantID: t.tenant, ConnectionID: string(id), OnMoved: string(after.Backflow.Moved), OnCancelled: string(after.Backflow.Cancelled),
			OnEdited: string(after.Backflow.Edited), Now: t.now,
		}))
		if err != nil {
			return err
		}
		return t.note(ctx, record.Note{
			Actor: chosen.Actor, Action: "connection.chosen", Subject: string(id),
			Detail: map[string]any{"backflow": after.Backflow, "was": before.Backflow},
		})
	})
	return after, err
}
