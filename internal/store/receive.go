package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store/db"
)

// ChannelTenants says whose channels are, before any tenant is known. What is nobody's is left out.
func (s *Store) ChannelTenants(ctx context.Context, ids []cal.ChannelID) (map[cal.ChannelID]cal.TenantID, error) {
	hashed := map[string]cal.ChannelID{}
	for _, id := range ids {
		hashed[hashOf(string(id))] = id
	}
	hashes, err := list(maps.Keys(hashed))
	if err != nil {
		return nil, err
	}
	bounded, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	rows, err := db.New(s.read).ChannelEntries(bounded, db.ChannelEntriesParams{Kind: string(entryChannel), Hashes: hashes})
	if err != nil {
		return nil, infrastructure(ctx, "look up channels", err)
	}
	out := make(map[cal.ChannelID]cal.TenantID, len(rows))
	for _, row := range rows {
		out[hashed[row.Hash]] = cal.TenantID(row.TenantID)
	}
	return out, nil
}

// Receive reads channels of one tenant, lets judge say which notifications are genuine, and commits those with the work that they ask for: all of them
// or none. Of several channels it waits for no lock for long, since what holds up one calendar is not to hold up the tenant's others. Channels that
// are not there are left out. The database may give the transaction up for another one; then judge is asked again.
func (s *Store) Receive(ctx context.Context, tenant cal.TenantID, ids []cal.ChannelID, judge func([]record.Channel) []record.Notification) error {
	wanted := map[string]bool{}
	for _, id := range ids {
		wanted[string(id)] = true
	}
	channels, err := list(maps.Keys(wanted))
	if err != nil {
		return err
	}
	update := s.update
	if len(wanted) > 1 {
		update = s.updateInHaste
	}
	return update(ctx, tenant, "receive notifications", func(ctx context.Context, t *tx) error {
		rows, err := t.ChannelsByID(ctx, db.ChannelsByIDParams{TenantID: t.tenant, Channels: channels})
		if err != nil {
			return err
		}
		known := make([]record.Channel, 0, len(rows))
		for _, row := range rows {
			known = append(known, channelOf(row))
		}
		return t.receive(ctx, judge(known))
	})
}

// receive commits notifications of the tenant's. Channels are written in one order by all.
func (t *tx) receive(ctx context.Context, all []record.Notification) error {
	if len(all) == 0 {
		return nil
	}
	all = slices.SortedStableFunc(slices.Values(all), func(a, b record.Notification) int { return cmp.Compare(a.Channel.ID, b.Channel.ID) })
	if err := t.insertNotifications(ctx, all); err != nil {
		return err
	}
	if err := t.countPushes(ctx, all); err != nil {
		return err
	}
	for _, n := range all {
		if err := t.learn(ctx, n); err != nil {
			return err
		}
		if n.State != "" {
			if err := t.moveChannel(ctx, n); err != nil {
				return err
			}
		}
	}
	sync, watch := func(n record.Notification) bool { return n.Sync }, func(n record.Notification) bool { return n.Watch }
	if !slices.ContainsFunc(all, watch) {
		return t.markCalendars(final(ctx), task.CalendarSync, all, sync)
	}
	if err := t.markCalendars(ctx, task.CalendarSync, all, sync); err != nil {
		return err
	}
	return t.markCalendars(final(ctx), task.CalendarWatch, all, watch)
}

func (t *tx) insertNotifications(ctx context.Context, all []record.Notification) error {
	type row struct {
		Channel cal.ChannelID `json:"channel"`
		Kind    string        `json:"kind"`
		Trace   string        `json:"trace"`
	}
	rows := make(map[string]row, len(all))
	for _, n := range all {
		if n.Channel.TenantID != t.tenantID() {
			return fmt.Errorf("a notification of %s among those of %s", n.Channel.TenantID, t.tenant)
		}
		rows[t.ids.ID("ntf")] = row{n.Channel.ID, n.Kind, n.Traceparent}
	}
	raw, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	return t.InsertNotifications(ctx, db.InsertNotificationsParams{TenantID: t.tenant, ReceivedAt: t.now, Notifications: string(raw)})
}

// countPushes keeps when channels have told of changes, and how often.
func (t *tx) countPushes(ctx context.Context, all []record.Notification) error {
	type row struct {
		Pushes int `json:"pushes"`
	}
	rows := map[cal.ChannelID]row{}
	for _, n := range all {
		if n.Sync && n.State == "" {
			rows[n.Channel.ID] = row{rows[n.Channel.ID].Pushes + 1}
		}
	}
	if len(rows) == 0 {
		return nil
	}
	raw, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	return t.CountPushes(ctx, db.CountPushesParams{TenantID: t.tenant, Now: t.now, Channels: string(raw)})
}

// markCalendars marks work of a kind on the calendar of each notification that asks for it, once, in one order for all. A calendar that is not there
// any more has none.
func (t *tx) markCalendars(ctx context.Context, kind task.Kind, all []record.Notification, asks func(record.Notification) bool) error {
	type row struct {
		Trace string `json:"trace"`
	}
	rows := map[cal.CalendarID]row{}
	for _, n := range all {
		if _, marked := rows[n.Channel.CalendarID]; asks(n) && !marked {
			rows[n.Channel.CalendarID] = row{n.Traceparent}
		}
	}
	if len(rows) == 0 {
		return nil
	}
	raw, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	marked, err := t.MarkCalendars(ctx, db.MarkCalendarsParams{TenantID: t.tenant, Kind: string(kind), Now: t.now, Calendars: string(raw)})
	for _, m := range marked {
		if record.WorkState(m.State) == record.Ready && m.NotBefore <= t.now {
			hint := t.newHint(kind, m.Subject, m.Lane)
			hint.Traceparent = m.Traceparent
			t.again = append(t.again, *hint)
		}
	}
	return err
}

// learn keeps the provider's names for a channel that the answer to its opening has not told yet.
func (t *tx) learn(ctx context.Context, n record.Notification) error {
	if (n.Channel.Remote != "" || n.Remote == "") && (n.Channel.Resource != "" || n.Resource == "") {
		return nil
	}
	_, err := t.LearnChannel(ctx, db.LearnChannelParams{
		TenantID: t.tenant, ChannelID: string(n.Channel.ID), Remote: n.Remote, Resource: n.Resource,
	})
	return err
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

// list is a JSON object with these keys, which queries take for a list.
func list(keys iter.Seq[string]) (string, error) {
	object := map[string]int{}
	for key := range keys {
		object[key] = 0
	}
	raw, err := json.Marshal(object)
	return string(raw), err
}
