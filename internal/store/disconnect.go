package store

import (
	"context"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store/db"
)

// Disconnect closes a connection: from the commit on its work makes no calls, and what is left of it is ended at the provider. A connection that is
// closed already is returned as it is. It fails with record.ErrNotFound when the tenant has no such connection.
func (s *Store) Disconnect(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID, actor string) (record.Connection, error) {
	var c record.Connection
	err := s.update(ctx, tenant, "disconnect", func(ctx context.Context, t *tx) error {
		n, err := t.CloseConnection(ctx, db.CloseConnectionParams{TenantID: t.tenant, ConnectionID: string(id), Now: t.now})
		if err != nil {
			return err
		}
		if c, err = t.connection(ctx, id); err != nil || n == 0 {
			return err
		}
		// Whoever has the consent page open began before this.
		if err := t.SpendFlows(ctx, db.SpendFlowsParams{TenantID: t.tenant, ConnectionID: string(id), Now: t.now}); err != nil {
			return err
		}
		// A run that is under way stops at its next step. The next run begins when its lease ends, since its last call may still be on the way.
		if err := t.UnseatConnection(ctx, db.UnseatConnectionParams{TenantID: t.tenant, ConnectionID: string(id)}); err != nil {
			return err
		}
		t.mark(record.Mark{Kind: task.ConnectionClose, Subject: string(id), Lane: task.Interactive, ConnectionID: id, Revive: true, Reset: true})
		return t.note(ctx, record.Note{
			Actor: actor, Action: "connection.disconnecting", Subject: string(id), Detail: map[string]any{"provider": c.Provider, "app": c.AppID},
		})
	})
	return c, err
}

// Closing returns what there is to end of the lease's connection.
func (s *Store) Closing(ctx context.Context, l record.Lease) (record.Closing, error) {
	var out record.Closing
	err := s.view(ctx, l.Tenant, "read closing connection", func(ctx context.Context, t *tx) error {
		out = record.Closing{}
		var err error
		if out.Connection, err = t.connection(ctx, cal.ConnectionID(l.Subject)); err != nil {
			return err
		}
		all, err := t.calendarsOf(ctx, out.Connection.ID)
		if err != nil {
			return err
		}
		for _, c := range all {
			rows, err := t.ChannelsOfCalendar(ctx, db.ChannelsOfCalendarParams{TenantID: t.tenant, CalendarID: string(c.ID)})
			if err != nil {
				return err
			}
			for _, r := range rows {
				out.Channels = append(out.Channels, channelOf(r))
			}
		}
		return nil
	})
	return out, err
}

// LeaveAccount takes the lease's connection from those that use its account. It is committed before SharesAccount is asked: of two connections that
// leave at the same time, the one that asks last sees that nobody is left.
func (s *Store) LeaveAccount(ctx context.Context, l record.Lease, d time.Duration) (record.Lease, error) {
	return s.updateUnder(ctx, l, d, "leave account", func(ctx context.Context, t *tx) error {
		return t.leaveAccount(ctx, cal.ConnectionID(l.Subject))
	})
}

// SharesAccount reports whether another connection, of whichever tenant, uses the account of the lease's connection by the same application, and
// prolongs the lease. It fails with record.ErrStale when the connection is not being closed any more.
func (s *Store) SharesAccount(ctx context.Context, l record.Lease, d time.Duration) (lease record.Lease, shared bool, err error) {
	lease, err = s.updateUnder(ctx, l, d, "look for other connections", func(ctx context.Context, t *tx) error {
		c, err := t.connection(ctx, cal.ConnectionID(l.Subject))
		if err != nil {
			return err
		}
		if c.State != cal.ConnectionDisconnecting {
			return record.ErrStale
		}
		account, err := t.accountOf(ctx, c)
		if err != nil {
			return err
		}
		rows, err := t.DirectoryEntries(ctx, db.DirectoryEntriesParams{Kind: string(entryAccount), Hash: hashOf(account)})
		shared = false
		for _, r := range rows {
			shared = shared || r.TenantID != t.tenant || r.Subject != l.Subject
		}
		return err
	})
	return lease, shared, err
}

// Disconnected forgets the tokens of the lease's connection and tells what came of its end. It fails with record.ErrStale, and forgets nothing, when
// the connection is not being closed any more.
func (s *Store) Disconnected(ctx context.Context, l record.Lease, d record.Disconnection) error {
	id := cal.ConnectionID(l.Subject)
	return s.update(ctx, l.Tenant, "end connection", func(ctx context.Context, t *tx) error {
		if err := t.ForgetGrant(ctx, db.ForgetGrantParams{TenantID: t.tenant, ConnectionID: l.Subject, Now: t.now}); err != nil {
			return err
		}
		if err := changed(t.EndConnection(ctx, db.EndConnectionParams{TenantID: t.tenant, ConnectionID: l.Subject, Now: t.now})); err != nil {
			return err
		}
		if err := t.leaveAccount(ctx, id); err != nil {
			return err
		}
		c, err := t.connection(ctx, id)
		if err != nil {
			return err
		}
		told := message.Disconnected{ConnectionID: id, Provider: c.Provider, Revocation: d.Revocation, ChannelsLeft: d.ChannelsLeft}
		if err := t.post(ctx, message.ConnectionDisconnected, told); err != nil {
			return err
		}
		err = t.note(ctx, record.Note{
			Actor: record.ActorEngine, Action: "connection.disconnected", Subject: l.Subject,
			Detail: map[string]any{"revocation": d.Revocation, "channels_left": d.ChannelsLeft},
		})
		if err != nil {
			return err
		}
		return t.finish(ctx, l, record.Outcome{State: record.Ready, Served: true, Forget: true})
	})
}

// accountOf names the account of a connection within its provider's client, whoever's connection it is.
func (t *tx) accountOf(ctx context.Context, c record.Connection) (string, error) {
	client, err := t.clientOf(ctx, c)
	return strings.Join([]string{string(c.Provider), client, strings.ToLower(c.Account)}, "\n"), err
}

// useAccount counts a connection among those that use its account, as soon as that is known, and no longer among those of another one.
func (t *tx) useAccount(ctx context.Context, c record.Connection) error {
	if c.Account == "" {
		return nil
	}
	if err := t.leaveAccount(ctx, c.ID); err != nil {
		return err
	}
	account, err := t.accountOf(ctx, c)
	if err != nil {
		return err
	}
	return t.register(ctx, entryAccount, account, string(c.ID))
}

func (t *tx) leaveAccount(ctx context.Context, id cal.ConnectionID) error {
	return t.ForgetSubject(ctx, db.ForgetSubjectParams{TenantID: t.tenant, Kind: string(entryAccount), Subject: string(id)})
}
