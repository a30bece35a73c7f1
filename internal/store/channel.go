package store

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store/db"
)

// Watch returns what the keeper of the lease's calendar starts from.
func (s *Store) Watch(ctx context.Context, l record.Lease) (record.Watch, error) {
	var w record.Watch
	err := s.view(ctx, l.Tenant, "read channels", func(ctx context.Context, t *tx) error {
		w = record.Watch{}
		var err error
		if w.Calendar, w.Connection, err = t.calendar(ctx, cal.CalendarID(l.Subject)); err != nil {
			return err
		}
		rows, err := t.ChannelsOfCalendar(ctx, db.ChannelsOfCalendarParams{TenantID: t.tenant, CalendarID: l.Subject})
		for _, r := range rows {
			w.Channels = append(w.Channels, channelOf(r))
		}
		return err
	})
	return w, err
}

func channelOf(r db.Channel) record.Channel {
	return record.Channel{
		TenantID: cal.TenantID(r.TenantID), CalendarID: cal.CalendarID(r.CalendarID),
		Channel: cal.Channel{ID: cal.ChannelID(r.ChannelID), Remote: r.Remote, Resource: r.Resource, Expires: instant(r.ExpiresAt)},
		State:   record.ChannelState(r.State), SecretHash: r.SecretHash, OpenedAt: instant(r.OpenedAt), CreatedAt: instant(r.CreatedAt),
	}
}

// AddChannel records a channel before the provider is asked to open it, since its first push may come before the answer.
func (s *Store) AddChannel(ctx context.Context, l record.Lease, id cal.ChannelID, secretHash string, d time.Duration) (record.Lease, error) {
	return s.updateUnder(ctx, l, d, "add channel", func(ctx context.Context, t *tx) error {
		err := t.InsertChannel(ctx, db.InsertChannelParams{
			TenantID: t.tenant, ChannelID: string(id), CalendarID: l.Subject, SecretHash: secretHash, Now: t.now,
		})
		if err != nil {
			return err
		}
		if err := t.register(ctx, entryChannel, string(id), string(id)); err != nil {
			return err
		}
		return t.note(ctx, record.Note{Actor: record.ActorEngine, Action: "channel.opening", Subject: string(id), Detail: map[string]any{"calendar": l.Subject}})
	})
}

// SaveChannels records what became of channels.
func (s *Store) SaveChannels(ctx context.Context, l record.Lease, d time.Duration, channels ...record.Channel) (record.Lease, error) {
	return s.updateUnder(ctx, l, d, "save channels", func(ctx context.Context, t *tx) error {
		for _, c := range channels {
			err := changed(t.SaveChannel(ctx, db.SaveChannelParams{
				TenantID: t.tenant, ChannelID: string(c.ID), State: string(c.State), Remote: c.Remote, Resource: c.Resource,
				OpenedAt: micros(c.OpenedAt), ExpiresAt: micros(c.Expires), Now: t.now,
			}))
			if err != nil {
				return err
			}
			err = t.note(ctx, record.Note{
				Actor: record.ActorEngine, Action: "channel." + string(c.State), Subject: string(c.ID),
				Detail: map[string]any{"calendar": cmp.Or(string(c.CalendarID), l.Subject), "expires": c.Expires},
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Channel returns a channel of any tenant by its id, or record.ErrNotFound. Its secret is still to be compared.
func (s *Store) Channel(ctx context.Context, id cal.ChannelID) (record.Channel, error) {
	tenant, subject, err := s.lookUp(ctx, entryChannel, string(id))
	if err != nil {
		return record.Channel{}, err
	}
	var c record.Channel
	err = s.view(ctx, tenant, "read channel", func(ctx context.Context, t *tx) error {
		row, err := t.ChannelByID(ctx, db.ChannelByIDParams{TenantID: t.tenant, ChannelID: subject})
		c = channelOf(row)
		return found(err)
	})
	return c, err
}

// Receive commits a verified notification and the work that it asks for.
func (s *Store) Receive(ctx context.Context, n record.Notification) error {
	return s.update(ctx, n.Channel.TenantID, "receive notification", func(ctx context.Context, t *tx) error {
		t.traceparent = n.Traceparent
		err := t.InsertNotification(ctx, db.InsertNotificationParams{
			TenantID: t.tenant, NotificationID: t.ids.ID("ntf"), ChannelID: string(n.Channel.ID), Kind: n.Kind, Traceparent: n.Traceparent,
			ReceivedAt: t.now,
		})
		if err != nil {
			return err
		}
		if err := t.learn(ctx, n); err != nil {
			return err
		}
		if n.State != "" {
			if err := t.moveChannel(ctx, n); err != nil {
				return err
			}
		}
		return t.markNotified(ctx, n)
	})
}

// learn keeps the provider's names for a channel that the answer to its opening has not told yet.
func (t *tx) learn(ctx context.Context, n record.Notification) error {
	if n.Channel.Remote != "" && n.Channel.Resource != "" {
		return nil
	}
	_, err := t.LearnChannel(ctx, db.LearnChannelParams{
		TenantID: t.tenant, ChannelID: string(n.Channel.ID), Remote: n.Remote, Resource: n.Resource,
	})
	return err
}

// markNotified marks the work that a notification asks for. A calendar that is not there any more has none.
func (t *tx) markNotified(ctx context.Context, n record.Notification) error {
	c, _, err := t.calendar(ctx, n.Channel.CalendarID)
	if errors.Is(err, record.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if n.Sync {
		t.mark(record.Mark{Kind: task.CalendarSync, Subject: string(c.ID), Lane: task.Interactive, ConnectionID: c.ConnectionID})
	}
	if n.Watch {
		t.mark(record.Mark{Kind: task.CalendarWatch, Subject: string(c.ID), Lane: task.Interactive, ConnectionID: c.ConnectionID})
	}
	return nil
}

func (t *tx) moveChannel(ctx context.Context, n record.Notification) error {
	moved, err := t.MoveChannel(ctx, db.MoveChannelParams{
		TenantID: t.tenant, ChannelID: string(n.Channel.ID), State: string(n.State), Now: t.now,
	})
	if err != nil || moved == 0 {
		return err
	}
	return t.note(ctx, record.Note{
		Actor: record.ActorProvider, Action: "channel." + string(n.State), Subject: string(n.Channel.ID), Detail: map[string]any{"notice": n.Kind},
	})
}
