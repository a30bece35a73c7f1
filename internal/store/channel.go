package store

import (
	"cmp"
	"context"
	"time"

	"github.com/calweave/calweave/contracts/cal"
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
		if err != nil {
			return err
		}
		for _, r := range rows {
			w.Channels = append(w.Channels, channelOf(r))
		}
		heard, err := t.HearingOfCalendar(ctx, db.HearingOfCalendarParams{TenantID: t.tenant, CalendarID: l.Subject, Now: t.now})
		w.Listed = heard.BeganAt != 0
		return err
	})
	return w, err
}

func channelOf(r db.Channel) record.Channel {
	return record.Channel{
		TenantID: cal.TenantID(r.TenantID), CalendarID: cal.CalendarID(r.CalendarID),
		Channel: cal.Channel{ID: cal.ChannelID(r.ChannelID), Remote: r.Remote, Resource: r.Resource, Expires: instant(r.ExpiresAt)},
		State:   record.ChannelState(r.State), SecretHash: r.SecretHash, OpenedAt: instant(r.OpenedAt), CreatedAt: instant(r.CreatedAt),
		MovedAt: instant(r.UpdatedAt),
	}
}

// AddChannel records a channel before the provider is asked to open it, since its first push may come before the answer. Unless poll is zero the
// calendar is polled by then at the latest: until the channel is open nobody pushes its changes.
func (s *Store) AddChannel(
	ctx context.Context, l record.Lease, id cal.ChannelID, secretHash string, poll time.Time, d time.Duration,
) (record.Lease, error) {
	return s.updateUnder(ctx, l, d, "add channel", func(ctx context.Context, t *tx) error {
		if err := t.hastenPoll(ctx, l.Subject, poll); err != nil {
			return err
		}
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
