package api_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
)

// mirrored keeps a calendar and publishes a listing of two weeks around now, with an event in an hour that another one follows, and a series whose rule is
// refused.
func (b *bench) mirrored(calendar cal.CalendarID) cal.Window {
	b.Helper()
	level, now := cal.SyncBusy, b.clock.Now()
	c, err := b.store.ChooseCalendar(b.Context(), b.tenant, calendar, record.CalendarChoice{Sync: &level, Actor: "test"})
	b.ok(err)
	ref := task.Ref{Tenant: b.tenant, Kind: task.CalendarSync, Subject: string(calendar)}
	l, ok, err := b.store.Claim(b.Context(), ref, time.Minute)
	b.ok(err)
	if !ok {
		b.Fatal("the calendar cannot be claimed")
	}
	window := cal.Window{From: now.AddDate(0, 0, -7), Until: now.AddDate(0, 0, 7)}
	on, l, err := b.store.BeginListing(b.Context(), l, record.Listing{Kind: cal.Snapshot, Window: window}, time.Minute)
	b.ok(err)
	at := func(id string, hours int) cal.Item {
		start := now.Add(time.Duration(hours) * time.Hour)
		return cal.Item{Event: cal.Event{ID: cal.EventID(id), ETag: "1", Status: cal.StatusConfirmed, Kind: cal.KindSingle, Content: cal.Content{
			Slot: cal.Slot{Start: cal.Moment{Instant: start, Zone: "UTC"}, End: cal.Moment{Instant: start.Add(time.Hour), Zone: "UTC"}},
		}}}
	}
	endless := at("endless", 5)
	endless.Event.Kind, endless.Event.Recurrence = cal.KindSeries, []string{"RRULE:FREQ=SECONDLY"}
	again := record.Served()
	again.Again, again.NotBefore = true, now
	_, err = b.store.Publish(b.Context(), l, record.Publication{
		Calendar: c, Listing: on, Outcome: again, Lane: task.Interactive, Guard: record.GuardLimits{Count: 5, Percent: 100},
		Last: cal.Page{Kind: cal.Snapshot, Items: []cal.Item{at("one", 1), at("two", 2), endless}, Coverage: window, Cursor: cal.Cursor{Token: "t", Scope: "s"}},
	})
	b.ok(err)
	return window
}

// quiet lists the calendar once more, which shows nothing, and has it polled at an interval.
func (b *bench) quiet(calendar cal.CalendarID, window cal.Window, interval time.Duration) {
	b.Helper()
	c, err := b.store.Calendar(b.Context(), b.tenant, calendar)
	b.ok(err)
	l, ok, err := b.store.Claim(b.Context(), task.Ref{Tenant: b.tenant, Kind: task.CalendarSync, Subject: string(calendar)}, time.Minute)
	b.ok(err)
	if !ok {
		b.Fatal("the calendar cannot be claimed again")
	}
	on, l, err := b.store.BeginListing(b.Context(), l, record.Listing{Kind: cal.Delta, Window: window}, time.Minute)
	b.ok(err)
	_, err = b.store.Publish(b.Context(), l, record.Publication{
		Calendar: c, Listing: on, Outcome: record.Served(), Lane: task.Background, Guard: record.GuardLimits{Count: 5, Percent: 100},
		Last:   cal.Page{Kind: cal.Delta, Cursor: cal.Cursor{Token: "t", Scope: "s"}},
		Repoll: func(record.Heard) record.Repoll { return record.Repoll{Interval: interval} },
	})
	b.ok(err)
}

// A core is told when a calendar's time is taken, how fresh that is, and why it is not told.
func TestBusy(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	now := b.clock.Now()
	path := func(from, until time.Time) string {
		return "/v1/calendars/" + string(b.google) + "/busy?from=" + from.Format(time.RFC3339) + "&until=" + url.QueryEscape(until.Format(time.RFC3339))
	}
	if a := b.call("GET", path(now, now.Add(time.Hour)), nil); a.status != 409 {
		t.Errorf("off: %d %s", a.status, a.body)
	}
	level := cal.SyncBusy
	_, err := b.store.ChooseCalendar(t.Context(), b.tenant, b.google, record.CalendarChoice{Sync: &level, Actor: "test"})
	b.ok(err)
	if a := b.call("GET", path(now, now.Add(time.Hour)), nil); a.status != 409 {
		t.Errorf("not listed yet: %d %s", a.status, a.body)
	}
	window := b.mirrored(b.google)
	var got gen.Busy
	b.call("GET", path(window.From, window.Until.In(time.FixedZone("", 3600))), nil).into(t, 200, &got)
	if len(got.Busy) != 1 || !got.Busy[0].From.Equal(now.Add(time.Hour)) || !got.Busy[0].Until.Equal(now.Add(3*time.Hour)) {
		t.Errorf("busy: %+v", got.Busy)
	}
	if !got.AsOf.Equal(now) || got.Stale || got.Listing || got.Unexpanded != 1 || got.Coverage != (gen.Span{From: window.From, Until: window.Until}) || got.From != window.From {
		t.Errorf("%+v", got)
	}
	b.call("GET", path(now, now.Add(time.Hour)), nil).into(t, 200, &got)
	if got.Busy == nil || len(got.Busy) != 0 {
		t.Errorf("free: %+v", got.Busy)
	}
	for name, p := range map[string]string{
		"before coverage": path(window.From.Add(-time.Second), now), "after coverage": path(now, window.Until.Add(time.Second)),
		"backwards": path(now, now), "too long": path(now, now.AddDate(0, 0, 93)),
	} {
		if a := b.call("GET", p, nil); a.status != 422 {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	b.clock.Advance(30*time.Minute + time.Second)
	b.call("GET", path(now, now.Add(time.Hour)), nil).into(t, 200, &got)
	if !got.Stale {
		t.Errorf("not stale after longer than two polls: %+v", got)
	}
	b.quiet(b.google, window, 6*time.Hour)
	for after, stale := range map[time.Duration]bool{11 * time.Hour: false, 13 * time.Hour: true} {
		b.clock.Set(now.Add(31*time.Minute + after))
		b.call("GET", path(now, now.Add(time.Hour)), nil).into(t, 200, &got)
		if got.Stale != stale {
			t.Errorf("polled every six hours, stale %t after %s", got.Stale, after)
		}
	}
}

// beyond is a question about a time that nothing is known of.
func (g *gallery) beyond() func() (string, string, answer) {
	return func() (string, string, answer) {
		g.mirrored(g.google)
		return g.send("GET", "/v1/calendars/"+string(g.google)+"/busy?from=2027-08-31T00:00:00Z&until=2027-09-07T00:00:00Z", nil)()
	}
}
