package store_test

import (
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

func hearingTrials() []trial {
	return []trial{
		{"hearing: pushes of changes are counted", hearingCounts},
		{"hearing: what nobody pushed is missed", hearingMisses},
		{"hearing: silence ends with a push", hearingHeals},
		{"hearing: a poll comes earlier, and never later", hearingHastens},
		{"hearing: a listing under way shows how far it has come", hearingProgress},
		{"hearing: a calendar without a channel shows why", hearingTrouble},
	}
}

// following is how calendar 0 is followed.
func (w *world) following() record.Following {
	w.Helper()
	all, err := w.Followings(w.ctx, w.tenant, []cal.CalendarID{w.calendars[0].ID, "cal_unknown"})
	w.ok(err)
	same(w.harness, "calendars told of", len(all), 1)
	return all[w.calendars[0].ID]
}

// opened gives calendar 0 a channel that is open from now on.
func (w *world) opened(id cal.ChannelID, life time.Duration) record.Channel {
	w.Helper()
	c := w.channel(id)
	c.State, c.OpenedAt, c.Expires, c.Remote, c.Resource = record.ChannelOpen, w.clock.Now(), w.clock.Now().Add(life), "r", "s"
	l, err := w.SaveChannels(w.ctx, w.keeper(), leaseTime, c)
	w.ok(err)
	w.ok(w.Finish(w.ctx, l, record.Served()))
	return c
}

// polls publishes what a poll has found in calendar 0, and returns what the store asked about it; nil for nothing.
func (w *world) polls(lane task.Lane, kind cal.ListingKind, events ...cal.Event) (record.Published, *record.Heard) {
	w.Helper()
	l, on := w.listing(0, kind)
	p := w.delta(on, events...)
	p.Lane = lane
	var asked *record.Heard
	p.Repoll = func(h record.Heard) record.Repoll {
		asked = &h
		return record.Repoll{Interval: 7 * time.Minute, At: w.clock.Now().Add(5 * time.Minute)}
	}
	out, err := w.Publish(w.ctx, l, p)
	w.ok(err)
	return out, asked
}

func hearingCounts(h *harness) {
	w := h.newWorld(1)
	c := w.opened("chn_1", time.Hour)
	change := record.Notification{Channel: c, Kind: "changed", Sync: true}
	h.ok(h.pushed(h.ctx, record.Notification{Channel: c, Kind: "opened"}))
	same(h, "pushes", w.following().Pushes, 0)
	same(h, "pushed", w.following().Hearing.PushedAt.IsZero(), true)
	h.ok(h.pushed(h.ctx, change, change))
	h.clock.Advance(time.Minute)
	h.ok(h.pushed(h.ctx, change))
	f := w.following()
	same(h, "pushes", f.Pushes, 3)
	same(h, "pushed at", f.Hearing.PushedAt, epoch().Add(time.Minute))
	same(h, "state", f.Push, record.PushOpen)
	same(h, "open since", f.Hearing.OpenSince, c.OpenedAt)
	same(h, "open until", f.Hearing.OpenUntil, c.Expires)
	same(h, "the channel itself", w.channelNow("chn_1"), func() record.Channel { c.MovedAt = epoch(); return c }())
	h.clock.Advance(time.Hour)
	f = w.following()
	same(h, "state once it is over", f.Push, record.PushNone)
	same(h, "open", f.Hearing.Open(), false)
	same(h, "pushed at", f.Hearing.PushedAt, epoch().Add(time.Minute))
	dropped := change
	dropped.State, dropped.Watch = record.ChannelClosed, true
	h.ok(h.pushed(h.ctx, dropped))
	same(h, "pushed at, which a lifecycle event is not", w.following().Hearing.PushedAt, epoch().Add(time.Minute))
}

// hearingMisses publishes listings of each kind, and looks at what is taken for a change that should have been pushed.
func hearingMisses(h *harness) {
	w := h.newWorld(1)
	known, gone := event("known", "1", content("x", 1)), event("gone", "1", content("x", 2))
	gone.Status = cal.StatusCancelled
	first := func(etag string) cal.Event { return event("new", etag, content("y", 3)) }
	poll := func(name string, lane task.Lane, kind cal.ListingKind, asked, news, unannounced bool, events ...cal.Event) {
		h.clock.Advance(10 * time.Minute)
		before := w.following().Hearing
		out, heard := w.polls(lane, kind, events...)
		same(h, name+": asked", heard != nil, asked)
		if heard != nil {
			same(h, name+": news", heard.News, news)
		}
		same(h, name+": unannounced", out.Unannounced, unannounced)
		after := w.following().Hearing
		same(h, name+": listed", after.ListedAt, h.clock.Now())
		if unannounced && !before.Missing() {
			same(h, name+": missed", after.MissedAt, h.clock.Now())
		} else {
			same(h, name+": missed", after.MissedAt, before.MissedAt)
		}
		if asked {
			same(h, name+": interval", after.Interval, 7*time.Minute)
		}
	}
	poll("the first", task.Bulk, cal.Snapshot, false, false, false, known)
	poll("without a channel", task.Background, cal.Delta, true, true, false, first("1"))
	poll("nothing, without a channel", task.Background, cal.Delta, true, false, false)
	w.opened("chn_1", 3*time.Hour)
	poll("from before the channel was open", task.Background, cal.Delta, true, true, false, first("2"))
	poll("nothing", task.Background, cal.Delta, true, false, false)
	poll("what is known", task.Background, cal.Delta, true, false, false, known, gone)
	poll("a whole listing", task.Background, cal.Snapshot, false, false, false, first("3"))
	poll("what a push has asked for", task.Interactive, cal.Delta, false, false, false, first("4"))
	h.ok(h.pushed(h.ctx, record.Notification{Channel: w.channelNow("chn_1"), Kind: "changed", Sync: true}))
	poll("what was pushed", task.Background, cal.Delta, false, false, false, first("5"))
	same(h, "trusted", w.following().Hearing.Trusted(), true)
	poll("what was pushed before the last listing", task.Background, cal.Delta, true, true, true, first("6"))
	same(h, "trusted", w.following().Hearing.Trusted(), false)
	poll("again, while it is silent", task.Background, cal.Delta, true, true, true, first("7"))
	cancelled := first("8")
	cancelled.Status = cal.StatusCancelled
	poll("a deletion", task.Background, cal.Delta, true, true, true, cancelled)
	h.clock.Advance(3 * time.Hour)
	poll("after the end of the channel", task.Background, cal.Delta, true, true, false, first("9"))
}

func hearingHeals(h *harness) {
	w := h.newWorld(1)
	w.opened("chn_1", 3*time.Hour)
	for range 2 {
		h.clock.Advance(10 * time.Minute)
		w.polls(task.Background, cal.Delta)
	}
	w.polls(task.Background, cal.Delta, event("new", "1", content("x", 1)))
	since := h.clock.Now()
	same(h, "at first", w.following().Push, record.PushOpen)
	h.clock.Advance(record.PushGrace)
	same(h, "then", w.following().Push, record.PushSilent)
	h.clock.Advance(time.Hour)
	same(h, "silent since", w.following().Hearing.MissedAt, since)
	h.ok(h.pushed(h.ctx, record.Notification{Channel: w.channelNow("chn_1"), Kind: "changed", Sync: true}))
	same(h, "after a push", w.following().Push, record.PushOpen)
	p, err := h.Polling(h.ctx, record.Lease{Ref: w.ref(task.CalendarPoll, string(w.calendars[0].ID))})
	h.ok(err)
	same(h, "trusted", p.Hearing.Trusted(), true)
	same(h, "calendar", p.Calendar.ID, w.calendars[0].ID)
	same(h, "connection", p.Connection.ID, w.connection)
	same(h, "push", p.Push, record.PushOpen)
}

func hearingHastens(h *harness) {
	w := h.newWorld(1)
	poll := w.ref(task.CalendarPoll, string(w.calendars[0].ID))
	at := func(want time.Time) {
		h.Helper()
		same(h, "polled at", w.row(poll).NotBefore, want)
		same(h, "told", w.following().NextPoll, want)
	}
	open := func(id cal.ChannelID, by time.Time) {
		l, err := h.AddChannel(h.ctx, w.keeper(), id, "hash", by, leaseTime)
		h.ok(err)
		h.ok(h.Finish(h.ctx, l, record.Served()))
	}
	open("chn_0", epoch().Add(time.Minute)) // without a schedule nothing is hastened
	later := epoch().Add(6 * time.Hour)
	w.mark(record.Mark{Kind: task.CalendarPoll, Subject: poll.Subject, Lane: task.Background, NotBefore: later, Reset: true})
	at(later)
	open("chn_1", time.Time{})
	at(later)
	open("chn_2", epoch().Add(time.Hour))
	at(epoch().Add(time.Hour))
	open("chn_3", epoch().Add(2*time.Hour))
	at(epoch().Add(time.Hour))
	w.polls(task.Bulk, cal.Snapshot)
	at(epoch().Add(time.Hour))
	w.polls(task.Background, cal.Delta)
	at(epoch().Add(5 * time.Minute))
	same(h, "interval", w.following().Hearing.Interval, 7*time.Minute)
}

func hearingProgress(h *harness) {
	w := h.newWorld(1)
	same(h, "before the first", w.following().Listing == nil && w.following().SyncedAt.IsZero(), true)
	window := cal.Window{From: epoch().Add(-time.Hour), Until: epoch().Add(time.Hour)}
	w.mark(record.Mark{Kind: task.CalendarSync, Subject: string(w.calendars[0].ID), Lane: task.Bulk, ConnectionID: w.connection})
	on, l, err := h.BeginListing(h.ctx, w.claim(w.syncOf(0)), record.Listing{Kind: cal.Snapshot, Window: window}, leaseTime)
	h.ok(err)
	for n := range int64(3) {
		got := w.following().Listing
		if got == nil {
			h.Fatal("no listing is under way")
		}
		same(h, "listing", *got, record.Listing{Kind: cal.Snapshot, Pages: n, Events: 2 * n, Window: window, StartedAt: epoch()})
		items := []cal.Item{{Event: event("a", "1", content("x", 1))}, {Withheld: "unreadable"}}
		on, l, err = h.Stage(h.ctx, l, w.calendars[0], on, cal.Page{Kind: cal.Snapshot, Items: items, Next: "next"}, leaseTime)
		h.ok(err)
		same(h, "rows", on.Events, 2*(n+1))
	}
	state, err := h.Sync(h.ctx, l)
	h.ok(err)
	same(h, "rows of what goes on", state.Listing.Events, 6)
	_, err = h.Publish(h.ctx, l, w.delta(on))
	h.ok(err)
	f := w.following()
	same(h, "under way", f.Listing == nil, true)
	same(h, "published", f.SyncedAt, epoch())
	same(h, "window", f.Window, window)
	same(h, "withheld", f.Withheld, 3)
}

func hearingTrouble(h *harness) {
	w := h.newWorld(1)
	keeper := w.ref(task.CalendarWatch, string(w.calendars[0].ID))
	same(h, "at first", w.following().Push, record.PushNone)
	l := w.keeper()
	same(h, "wanted", w.following().Push, record.PushOpening)
	retry := epoch().Add(time.Hour)
	why := fault.Newf(fault.Misconfigured, "google: open channel", "refused").Error()
	h.ok(h.Finish(h.ctx, l, record.Outcome{State: record.Ready, NotBefore: retry, Reason: why}))
	f := w.following()
	same(h, "refused", f.Push, record.PushRefused)
	same(h, "why", f.Keeping.Trouble, why)
	same(h, "retried", f.Keeping.RetryAt, retry)
	h.clock.Advance(time.Hour)
	h.served(keeper)
	same(h, "served", w.following().Keeping, record.Keeping{})
}
