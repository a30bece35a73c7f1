package store

import (
	"context"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store/db"
)

// mailbox is the bucket of the penalties that a provider sets for one account. Queries that read connections spell it out.
func mailbox(id cal.ConnectionID) string { return "mailbox/" + string(id) }

// Penalise keeps everybody from calling the connection's provider before until. A later moment stands.
func (s *Store) Penalise(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID, until time.Time) error {
	return s.update(ctx, tenant, "penalise", func(ctx context.Context, t *tx) error {
		n, err := t.Queries.Penalise(ctx, db.PenaliseParams{TenantID: t.tenant, Bucket: mailbox(id), Until: micros(until)})
		if err != nil || n == 0 {
			return err
		}
		return t.note(ctx, record.Note{
			Actor: record.ActorProvider, Action: "connection.penalised", Subject: string(id), Detail: map[string]any{"until": until.UTC()},
		})
	})
}

// application is the bucket of the penalties that a provider sets for a whole application.
func application(id cal.AppID) string { return "application/" + string(id) }

// ownerOf is whose rows an application's are: its tenant's, or nobody's.
func ownerOf(tenant cal.TenantID, app cal.AppID) cal.TenantID {
	if record.OfTenant(app) {
		return tenant
	}
	return installation
}

// PenaliseApplication keeps everybody from calling a provider through an application before until. A later moment stands. The installation's own
// applications are shared by its tenants, and so is what is said about them.
func (s *Store) PenaliseApplication(ctx context.Context, tenant cal.TenantID, app cal.AppID, until time.Time) error {
	return s.update(ctx, ownerOf(tenant, app), "penalise an application", func(ctx context.Context, t *tx) error {
		n, err := t.Queries.Penalise(ctx, db.PenaliseParams{TenantID: t.tenant, Bucket: application(app), Until: micros(until)})
		if err != nil || n == 0 {
			return err
		}
		return t.note(ctx, record.Note{
			Actor: record.ActorProvider, Action: "application.penalised", Subject: string(app), Detail: map[string]any{"until": until.UTC()},
		})
	})
}

// Penalties returns until when a provider wants to be left alone by a connection, and by its application; zero for no such wish.
func (s *Store) Penalties(
	ctx context.Context, tenant cal.TenantID, id cal.ConnectionID, app cal.AppID,
) (ofConnection, ofApplication time.Time, err error) {
	if ofConnection, ofApplication, err = s.penalties(ctx, tenant, mailbox(id), application(app)); err != nil || record.OfTenant(app) {
		return ofConnection, ofApplication, err
	}
	_, ofApplication, err = s.penalties(ctx, installation, mailbox(id), application(app))
	return ofConnection, ofApplication, err
}

// penalties reads two buckets of a tenant.
func (s *Store) penalties(ctx context.Context, tenant cal.TenantID, mailbox, application string) (first, second time.Time, err error) {
	err = s.view(ctx, tenant, "read penalties", func(ctx context.Context, t *tx) error {
		first, second = time.Time{}, time.Time{}
		rows, err := t.PenaltiesByBucket(final(ctx), db.PenaltiesByBucketParams{TenantID: t.tenant, Mailbox: mailbox, Application: application})
		for _, row := range rows {
			if row.Bucket == mailbox {
				first = instant(row.Until)
			} else {
				second = instant(row.Until)
			}
		}
		return err
	})
	return first, second, err
}
