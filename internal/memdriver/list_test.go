package memdriver_test

import (
	"slices"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/memdriver"
)

// page returns one page of the next fortnight.
func (b *bench) page(cursor cal.Cursor, token string, size int) (cal.Page, error) {
	return b.Client().(provider.DeltaLister).ListEvents(b.t.Context(), provider.ListEvents{
		Calendar: work, Cursor: cursor, Page: token, PageSize: size, Window: cal.Window{From: began, Until: began.AddDate(0, 0, 14)},
	})
}

// list reads a listing to its end.
func (b *bench) list(cursor cal.Cursor, size int) ([]cal.EventID, cal.Cursor) {
	b.t.Helper()
	var ids []cal.EventID
	token := ""
	for range 20 {
		page, err := b.page(cursor, token, size)
		if err != nil {
			b.t.Fatal(err)
		}
		ids = append(ids, idsOf(page)...)
		if token = page.Next; token == "" {
			return ids, page.Cursor
		}
	}
	b.t.Fatal("the listing does not end")
	return nil, cal.Cursor{}
}

func idsOf(page cal.Page) []cal.EventID {
	var ids []cal.EventID
	for _, i := range page.Items {
		ids = append(ids, i.Event.ID)
	}
	return ids
}

func (b *bench) add(start time.Time) cal.EventID {
	return b.work.Add(cal.Content{Title: "by hand", Slot: slotOf(start, time.Hour)})
}

func TestSnapshotShowsItsWindow(t *testing.T) {
	t.Parallel()
	b := newBench(t, memdriver.Google())
	day := func(date string) cal.Content {
		end, err := time.Parse(cal.DateLayout, date)
		if err != nil {
			t.Fatal(err)
		}
		return cal.Content{Slot: cal.Slot{Start: cal.Moment{Date: date}, End: cal.Moment{Date: end.AddDate(0, 0, 1).Format(cal.DateLayout)}}}
	}
	outside := []cal.EventID{b.add(began.Add(-time.Hour)), b.add(began.AddDate(0, 0, 14)), b.work.Add(day("2026-08-30")), b.work.Add(day("2026-10-01"))}
	inside := []cal.EventID{b.add(began.Add(-time.Minute)), b.add(began), b.add(began.AddDate(0, 0, 13)), b.work.Add(day("2026-09-02"))}
	long := b.work.AddSeries(cal.Content{Slot: slotOf(began.AddDate(0, 0, -9), time.Hour)}, 10)
	b.work.Delete(b.add(began))
	if got, _ := b.list(cal.Cursor{}, 2); !slices.Equal(got, append(inside, long)) {
		t.Errorf("%v, want %v and %s, without %v", got, inside, long, outside)
	}
}

// Rows move while they are read: a change is shown again, and none is lost.
func TestChangesDuringAListing(t *testing.T) {
	t.Parallel()
	b := newBench(t, memdriver.Google())
	first, second, third := b.add(began), b.add(began), b.add(began)
	page, err := b.page(cal.Cursor{}, "", 2)
	if err != nil || !slices.Equal(idsOf(page), []cal.EventID{first, second}) {
		t.Fatalf("%v, %v", idsOf(page), err)
	}
	b.work.Delete(first)
	for range 2 { // shows once
		b.work.Edit(second, func(c *cal.Content) { c.Title += ", changed" })
	}
	page, err = b.page(cal.Cursor{}, page.Next, 2)
	if err != nil || !slices.Equal(idsOf(page), []cal.EventID{third, second}) || page.Next != "" {
		t.Errorf("%v, %v", idsOf(page), err)
	}
	if rows, _ := b.list(page.Cursor, 2); !slices.Equal(rows, []cal.EventID{first, second}) {
		t.Errorf("the next listing shows %v", rows)
	}
}

func TestCursorsAreOfOneCalendarAndTime(t *testing.T) {
	t.Parallel()
	b := newBench(t, memdriver.Google())
	b.add(began)
	_, cursor := b.list(cal.Cursor{}, 0)
	for name, c := range map[string]cal.Cursor{
		"another scope": {Token: cursor.Token, Scope: "all events of another"}, "no scope": {Token: cursor.Token},
		"more than a cursor": {Token: cursor.Token + ".1", Scope: cursor.Scope}, "less": {Token: "0.1", Scope: cursor.Scope},
		"another form": {Token: "0.01.1", Scope: cursor.Scope}, "before the beginning": {Token: "0.0.-1", Scope: cursor.Scope},
		"after the end": {Token: "0.2.2", Scope: cursor.Scope},
	} {
		if _, err := b.page(c, "", 0); !fault.Is(err, fault.CursorLost) {
			t.Errorf("%s: %v", name, err)
		}
	}
	b.work.LoseCursors()
	if _, err := b.page(cursor, "", 0); !fault.Is(err, fault.CursorLost) {
		t.Errorf("lost: %v", err)
	}
}

func TestOccurrencesKeepTheirWallTime(t *testing.T) {
	t.Parallel()
	b := newBench(t, memdriver.Google())
	start := time.Date(2026, 10, 24, 7, 0, 0, 0, time.UTC) // nine o'clock, on the day before clocks change
	slot := cal.Slot{Start: cal.Moment{Instant: start, Zone: "Europe/Berlin"}, End: cal.Moment{Instant: start.Add(time.Hour), Zone: "Europe/Berlin"}}
	series := b.work.AddSeries(cal.Content{Title: "daily", Slot: slot}, 3)
	e, err := b.read(b.work.Occurrence(series, 1))
	if err != nil || !e.Content.Slot.Start.Instant.Equal(start.Add(25*time.Hour)) || e.Kind != cal.KindOccurrence || e.Series != series {
		t.Errorf("%+v, %v", e, err)
	}
	if _, err := b.read(b.work.Occurrence(series, 3)); !fault.Is(err, fault.NotFound) {
		t.Errorf("a fourth of three: %v", err)
	}
	got, err := b.retitle(e, "ours")
	if err != nil || got.Kind != cal.KindException || !got.OriginalStart.Equal(e.OriginalStart) || got.ETag == e.ETag {
		t.Errorf("changed: %+v, %v", got, err)
	}
	days := b.work.AddSeries(cal.Content{Slot: cal.Slot{Start: cal.Moment{Date: "2026-12-31"}, End: cal.Moment{Date: "2027-01-01"}}}, 2)
	if e, err := b.read(b.work.Occurrence(days, 1)); err != nil || e.Content.Slot.Start.Date != "2027-01-01" || e.Content.Slot.End.Date != "2027-01-02" {
		t.Errorf("a day later: %+v, %v", e, err)
	}
}
