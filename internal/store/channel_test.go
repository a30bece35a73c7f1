package store_test

import (
	"context"
	"errors"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

func channelTrials() []trial {
	return []trial{
		{"channel: findable before it is open", channelAdds},
		{"channel: what became of it", channelSaves},
		{"channel: a push tells the provider's names, once", channelLearns},
		{"channel: a notice moves it, unless it is over", channelMoves},
		{"channel: a push marks the work that it asks for", channelReceives},
		{"channel: pushes of tenants do not meet", channelTenants},
		{"calendar: discovered, renamed, vanished and back", calendarsDiscovered},
		{"calendar: a list that lacks one is doubted", calendarsDoubted},
		{"calendar: one that comes back is heard and written to again", calendarsBack},
		{"connection: never becomes another account's", anotherAccount},
		{"calendar: page by page", calendarsPaged},
	}
}

func (w *world) watchOf(calendar int) task.Ref {
	return w.ref(task.CalendarWatch, string(w.calendars[calendar].ID))
}

// keeper claims the channels of calendar 0.
func (w *world) keeper() record.Lease {
	w.Helper()
	w.mark(record.Mark{Kind: task.CalendarWatch, Subject: string(w.calendars[0].ID), Lane: task.Background, ConnectionID: w.connection})
	return w.claim(w.watchOf(0))
}

// channel makes a channel of calendar 0 that is about to open.
func (w *world) channel(id cal.ChannelID) record.Channel {
	w.Helper()
	l, err := w.AddChannel(w.ctx, w.keeper(), id, "hash-of-"+string(id), time.Time{}, leaseTime)
	w.ok(err)
	w.ok(w.Finish(w.ctx, l, record.Served()))
	w.told.take()
	return w.channelNow(id)
}

func (w *world) channelNow(id cal.ChannelID) record.Channel {
	w.Helper()
	c, err := w.readChannel(id)
	w.ok(err)
	return c
}

// readChannel returns a channel of any tenant, or record.ErrNotFound.
func (h *harness) readChannel(id cal.ChannelID) (record.Channel, error) {
	h.Helper()
	tenants, err := h.ChannelTenants(h.ctx, []cal.ChannelID{id})
	if err != nil {
		return record.Channel{}, err
	}
	var found []record.Channel
	if tenant, ok := tenants[id]; ok {
		err = h.Receive(h.ctx, tenant, []cal.ChannelID{id}, func(known []record.Channel) []record.Notification {
			found = known
			return nil
		})
	}
	if err != nil || len(found) == 0 {
		return record.Channel{}, errors.Join(err, record.ErrNotFound)
	}
	return found[0], nil
}

// pushed commits notifications of one tenant, whatever the store knows of their channels.
func (h *harness) pushed(ctx context.Context, all ...record.Notification) error {
	var ids []cal.ChannelID
	for _, n := range all {
		ids = append(ids, n.Channel.ID)
	}
	return h.Receive(ctx, all[0].Channel.TenantID, ids, func([]record.Channel) []record.Notification { return all })
}

func channelAdds(h *harness) {
	w := h.newWorld(1)
	want := record.Channel{
		TenantID: w.tenant, CalendarID: w.calendars[0].ID, Channel: cal.Channel{ID: "chn_1"}, State: record.ChannelOpening, SecretHash: "hash-of-chn_1",
		CreatedAt: epoch(), MovedAt: epoch(),
	}
	same(h, "channel", w.channel("chn_1"), want)
	_, err := h.readChannel("chn_unknown")
	h.fails(err, record.ErrNotFound)
	watch, err := h.Watch(h.ctx, w.keeper())
	h.ok(err)
	same(h, "calendar", watch.Calendar.ID, w.calendars[0].ID)
	same(h, "connection", watch.Connection.ID, w.connection)
	sameList(h, "channels", watch.Channels, []record.Channel{want})
}

func channelSaves(h *harness) {
	w := h.newWorld(1)
	first, second := w.channel("chn_1"), w.channel("chn_2")
	first.Channel = cal.Channel{ID: "chn_1", Remote: "remote", Resource: "resource", Expires: epoch().Add(time.Hour)}
	first.State, first.OpenedAt = record.ChannelOpen, epoch()
	second.State = record.ChannelClosed
	l, err := h.SaveChannels(h.ctx, w.keeper(), leaseTime, first, second)
	h.ok(err)
	same(h, "opened", w.channelNow("chn_1"), first)
	same(h, "closed", w.channelNow("chn_2"), second)
	watch, err := h.Watch(h.ctx, l)
	h.ok(err)
	sameList(h, "channels", watch.Channels, []record.Channel{first})
	before := h.dump()
	unknown := first
	unknown.ID = "chn_unknown"
	_, err = h.SaveChannels(h.ctx, l, leaseTime, second, unknown)
	h.fails(err, record.ErrStale)
	h.unchanged(before)
}

func channelLearns(h *harness) {
	w := h.newWorld(1)
	c := w.channel("chn_1")
	push := func(c record.Channel, remote, resource, wantRemote, wantResource string) {
		h.ok(h.pushed(h.ctx, record.Notification{Channel: c, Kind: "sync", Remote: remote, Resource: resource}))
		now := w.channelNow(c.ID)
		same(h, "remote", now.Remote, wantRemote)
		same(h, "resource", now.Resource, wantResource)
	}
	push(c, "", "resource", "", "resource")
	push(c, "remote", "other", "remote", "resource")
	push(c, "third", "third", "remote", "resource")
	push(w.channelNow("chn_1"), "fourth", "fourth", "remote", "resource")
	other := w.channel("chn_2")
	push(other, "remote", "", "remote", "")
	push(other, "other", "resource", "remote", "resource")
	same(h, "notifications", h.number(`SELECT COUNT(*) FROM notifications`), 6)
}

func channelMoves(h *harness) {
	w := h.newWorld(1)
	c := w.channel("chn_1")
	notice := record.Notification{Channel: c, Kind: "reauthorizationRequired", State: record.ChannelExpiring, Watch: true}
	for range 2 {
		h.ok(h.pushed(h.ctx, notice))
		same(h, "state", w.channelNow("chn_1").State, record.ChannelExpiring)
	}
	same(h, "audit", h.number(`SELECT COUNT(*) FROM audit WHERE action = 'channel.expiring' AND actor = 'provider'`), 1)
	for _, over := range []record.ChannelState{record.ChannelClosing, record.ChannelClosed} {
		c.State = over
		l, err := h.SaveChannels(h.ctx, w.keeper(), leaseTime, c)
		h.ok(err)
		h.ok(h.Finish(h.ctx, l, record.Served()))
		h.ok(h.pushed(h.ctx, notice))
		same(h, "state", w.channelNow("chn_1").State, over)
	}
}

func channelReceives(h *harness) {
	w := h.newWorld(1)
	c := w.channel("chn_1")
	c.Remote, c.Resource = "r", "s"
	for _, n := range []record.Notification{{}, {Sync: true}, {Watch: true}, {Sync: true, Watch: true}} {
		n.Channel, n.Kind = c, "exists"
		h.ok(h.pushed(h.ctx, n))
		hinted := map[task.Kind]bool{}
		for _, hint := range h.told.take() {
			same(h, "lane", hint.Lane, task.Interactive)
			hinted[hint.Kind] = true
		}
		same(h, "sync", hinted[task.CalendarSync], n.Sync)
		same(h, "watch", hinted[task.CalendarWatch], n.Watch)
	}
	l := w.claim(w.syncOf(0))
	for range 10 {
		h.ok(h.pushed(h.ctx, record.Notification{Channel: c, Kind: "exists", Sync: true}))
	}
	h.ok(h.Finish(h.ctx, l, record.Served()))
	h.served(w.syncOf(0))
	h.notDue(w.syncOf(0))
	c.CalendarID = "cal_gone"
	h.ok(h.pushed(h.ctx, record.Notification{Channel: c, Kind: "exists", Sync: true}))
	same(h, "notifications", h.number(`SELECT COUNT(*) FROM notifications`), 15)
}

func channelTenants(h *harness) {
	a, b := h.newWorld(1), h.newWorld(1)
	c := a.channel("chn_1")
	c.TenantID = b.tenant // as no verified push could
	h.ok(h.pushed(h.ctx, record.Notification{Channel: c, Kind: "exists", Remote: "r", Resource: "s", Sync: true, State: record.ChannelClosed}))
	same(h, "channel", a.channelNow("chn_1").State, record.ChannelOpening)
	same(h, "remote", a.channelNow("chn_1").Remote, "")
	h.notDue(a.syncOf(0))
}

func calendarsDiscovered(h *harness) {
	w := h.newWorld(2)
	first := w.calendars[0]
	want := record.Calendar{
		ID: first.ID, ConnectionID: w.connection, Provider: cal.Google, ConnectionState: cal.ConnectionActive, Remote: "remote-0", Name: "canary remote-0",
		Zone: "Europe/Berlin", Primary: true, Writable: true, WritableTarget: true, Sync: cal.SyncOff,
	}
	same(h, "calendar", first, want)
	list := func(all ...cal.Calendar) {
		h.clock.Advance(time.Second)
		w.mark(record.Mark{Kind: task.ConnectionDiscover, Subject: string(w.connection), Lane: task.Interactive})
		h.ok(h.Discovered(h.ctx, w.claim(w.ref(task.ConnectionDiscover, string(w.connection))), record.Discovery{Connection: w.connection, Calendars: all, Outcome: record.Served()}))
	}
	get := func(id cal.CalendarID) record.Calendar {
		c, err := h.Calendar(h.ctx, w.tenant, id)
		h.ok(err)
		return c
	}
	list(cal.Calendar{ID: "remote-0", Name: "renamed", Zone: "UTC"}, cal.Calendar{ID: "remote-new", Name: "new", Writable: true})
	want.Name, want.Zone, want.Primary, want.Writable = "renamed", "UTC", false, false
	same(h, "renamed", get(first.ID), want)
	same(h, "missing once", get(w.calendars[1].ID).Vanished, false)
	list(cal.Calendar{ID: "remote-0", Name: "renamed", Zone: "UTC"}, cal.Calendar{ID: "remote-new", Name: "new", Writable: true})
	same(h, "missing twice", get(w.calendars[1].ID).Vanished, true)
	all, err := h.Calendars(h.ctx, w.tenant, record.CalendarFilter{}, "", 10)
	h.ok(err)
	same(h, "listed", len(all), 2)
	list(cal.Calendar{ID: "remote-1", Name: "back"})
	same(h, "back", get(w.calendars[1].ID).Vanished, false)
	same(h, "missing once", get(first.ID).Vanished, false)
	list(cal.Calendar{ID: "remote-0", Name: "back at once"})
	list(cal.Calendar{ID: "remote-1", Name: "back"})
	same(h, "missing once more", get(first.ID).Vanished, false)
	_, err = h.Calendar(h.ctx, w.tenant, "cal_unknown")
	h.fails(err, record.ErrNotFound)
}

func calendarsPaged(h *harness) {
	w := h.newWorld(5)
	var got []cal.CalendarID
	after := cal.CalendarID("")
	for range mostPages {
		page, err := h.Calendars(h.ctx, w.tenant, record.CalendarFilter{}, after, 2)
		h.ok(err)
		if len(page) == 0 {
			break
		}
		for _, c := range page {
			got, after = append(got, c.ID), c.ID
		}
	}
	var want []cal.CalendarID
	for _, c := range w.calendars {
		want = append(want, c.ID)
	}
	sameList(h, "calendars", got, want)
}
