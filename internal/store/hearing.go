package store

import (
	"context"
	"maps"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store/db"
)

// Polling returns what a poll of the lease's calendar starts from.
func (s *Store) Polling(ctx context.Context, l record.Lease) (record.Polling, error) {
	var out record.Polling
	err := s.view(ctx, l.Tenant, "read polling", func(ctx context.Context, t *tx) error {
		out = record.Polling{}
		var err error
		if out.Calendar, out.Connection, err = t.calendar(ctx, cal.CalendarID(l.Subject)); err != nil {
			return err
		}
		all, err := t.followings(ctx, []cal.CalendarID{out.Calendar.ID})
		f := all[out.Calendar.ID]
		out.Hearing, out.Push = f.Hearing, f.Push
		return err
	})
	return out, err
}

// Followings tells of calendars of a tenant how they are followed. What is not there is left out.
func (s *Store) Followings(ctx context.Context, tenant cal.TenantID, ids []cal.CalendarID) (map[cal.CalendarID]record.Following, error) {
	var out map[cal.CalendarID]record.Following
	err := s.view(ctx, tenant, "read how calendars are followed", func(ctx context.Context, t *tx) error {
		var err error
		out, err = t.followings(final(ctx), ids)
		return err
	})
	return out, err
}

func (t *tx) followings(ctx context.Context, ids []cal.CalendarID) (map[cal.CalendarID]record.Following, error) {
	wanted := map[string]bool{}
	for _, id := range ids {
		wanted[string(id)] = true
	}
	calendars, err := list(maps.Keys(wanted))
	if err != nil {
		return nil, err
	}
	rows, err := t.FollowingsOf(ctx, db.FollowingsOfParams{TenantID: t.tenant, Calendars: calendars, Now: t.now})
	out := make(map[cal.CalendarID]record.Following, len(rows))
	for _, r := range rows {
		f := followingOf(r)
		f.Push = f.Hearing.Push(f.Keeping, instant(t.now))
		out[cal.CalendarID(r.CalendarID)] = f
	}
	return out, err
}

func followingOf(r db.FollowingsOfRow) record.Following {
	f := record.Following{
		Hearing: record.Hearing{
			OpenSince: instant(r.OpenSince), OpenUntil: instant(r.OpenUntil), PushedAt: instant(r.PushedAt), ListedAt: instant(r.BeganAt),
			MissedAt: instant(r.MissedAt), Interval: time.Duration(r.PollInterval) * time.Microsecond,
		},
		Keeping: record.Keeping{Wanted: r.Keeping != 0, Trouble: r.Trouble, RetryAt: instant(r.RetryAt)},
		Pushes:  r.Pushes, NextPoll: instant(r.NextPoll), SyncedAt: instant(r.SyncedAt), Withheld: r.Withheld,
		Window: cal.Window{From: instant(r.WindowFrom), Until: instant(r.WindowUntil)},
	}
	if r.ListingKind != "" {
		f.Listing = &record.Listing{
			Kind: cal.ListingKind(r.ListingKind), Pages: r.ListingPages, Events: r.ListingEvents, StartedAt: instant(r.ListingStartedAt),
			Window: cal.Window{From: instant(r.ListingFrom), Until: instant(r.ListingUntil)},
		}
	}
	return f
}

// heard finds out, before a listing is published, what it says about pushes; nil if it says nothing. One that a push has asked for is no poll, and a
// snapshot shows what enters its window by mere passing of time.
func (t *tx) heard(ctx context.Context, p record.Publication) (*record.Heard, error) {
	if p.Repoll == nil || p.Lane == task.Interactive || p.Listing.Kind != cal.Delta || p.Last.Kind != cal.Delta {
		return nil, nil //nolint:nilnil // it says nothing
	}
	calendar := string(p.Calendar.ID)
	row, err := t.HearingOfCalendar(ctx, db.HearingOfCalendarParams{TenantID: t.tenant, CalendarID: calendar, Now: t.now})
	if err != nil {
		return nil, err
	}
	news, err := t.StagedNews(ctx, db.StagedNewsParams{TenantID: t.tenant, CalendarID: calendar, ListingID: p.Listing.ID})
	return &record.Heard{News: news > 0, Hearing: record.Hearing{
		OpenSince: instant(row.OpenSince), OpenUntil: instant(row.OpenUntil), PushedAt: instant(row.PushedAt), ListedAt: instant(row.BeganAt),
		MissedAt: instant(row.MissedAt), Interval: time.Duration(row.PollInterval) * time.Microsecond,
	}}, err
}

// repoll keeps what a listing has found out, and sets the time of the next poll.
func (t *tx) repoll(ctx context.Context, p record.Publication, heard *record.Heard, out *record.Published) error {
	if heard == nil || heard.Hearing.Announced() {
		return nil
	}
	if h := &heard.Hearing; heard.News && h.Expected() {
		out.Unannounced = true
		if !h.Missing() {
			h.MissedAt = instant(t.now)
		}
	}
	next := p.Repoll(*heard)
	err := t.SavePolling(ctx, db.SavePollingParams{
		TenantID: t.tenant, CalendarID: string(p.Calendar.ID), MissedAt: micros(heard.Hearing.MissedAt), PollInterval: next.Interval.Microseconds(),
	})
	if err != nil || next.At.IsZero() {
		return err
	}
	return t.hastenPoll(ctx, string(p.Calendar.ID), next.At)
}

// hastenPoll has a calendar polled by a time at the latest; zero for any.
func (t *tx) hastenPoll(ctx context.Context, calendar string, by time.Time) error {
	if by.IsZero() {
		return nil
	}
	return t.HastenWork(ctx, db.HastenWorkParams{
		TenantID: t.tenant, Kind: string(task.CalendarPoll), Subject: calendar, NotBefore: micros(by),
	})
}
