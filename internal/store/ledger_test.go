package store_test

import (
	"cmp"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/record"
)

func ledgerTrials() []trial {
	return []trial{
		{"ledger: every filter finds what it asks for, page by page", ledgerFilters},
		{"ledger: windows are half-open, and all-day bookings begin with their date in UTC", ledgerWindows},
		{"ledger: a booking that changes moves to the end of what has changed", ledgerMoves},
		{"ledger: bookings of tenants do not meet", ledgerTenants},
	}
}

func sqliteLedgerTrials() []trial {
	return []trial{{"ledger: every filter has an index", ledgerIndexes}}
}

// shelfOf fills a world with bookings of every sort: in either calendar or both, cancelled or not, diverged or not, at different times.
func (w *world) shelfOf(n int) []record.Booking {
	w.Helper()
	var out []record.Booking
	for i := range n {
		id := cal.BookingID(fmt.Sprintf("b%02d", (i*7)%n)) // neither their starts nor their changes follow their ids
		in := [][]int{{0}, {1}, {0, 1}}[i%3]
		a := w.booking(id, 1, in...)
		a.Slot = slot(i / 2 % 5)
		w.clock.Advance(time.Duration(i%2) * time.Second) // some change at the same moment
		b := w.accept(a)
		switch i % 4 {
		case 1:
			w.accept(w.cancellation(b, 2))
		case 2:
			w.changed(b.Links[0], i%8 == 2)
		case 3:
			w.owner(`UPDATE links SET target = $1 WHERE link_id = $2`, false, string(b.Links[len(b.Links)-1].ID))
		}
		out = append(out, w.read(id))
	}
	return out
}

// changed lets a person have changed an event, or deleted it. What they changed waits for the core even while a write waits for an operator.
func (w *world) changed(l record.Link, held bool) {
	w.Helper()
	lease := w.claim(w.push(l))
	l.State = record.LinkDiverged
	if held {
		observed := content("by hand", 30)
		l.State, l.Observed = record.LinkHeld, &observed
	}
	w.ok(w.Settle(w.ctx, lease, record.Decision{Link: l, Outcome: record.Served()}))
}

// filters are all combinations of some values of each filter.
func (w *world) filters() []record.BookingFilter {
	yes, no := true, false
	var out []record.BookingFilter
	for _, state := range []record.BookingState{"", record.Booked, record.Cancelled} {
		for _, diverged := range []*bool{nil, &yes, &no} {
			for _, calendar := range []cal.CalendarID{"", w.calendars[0].ID, w.calendars[1].ID, "cal_unknown"} {
				for _, since := range []time.Time{{}, epoch().Add(3 * time.Second)} {
					for _, starts := range []cal.Window{{}, {From: slot(1).Start.Instant}, {Until: slot(3).Start.Instant}, {From: slot(1).Start.Instant, Until: slot(3).Start.Instant}} {
						out = append(out, record.BookingFilter{State: state, Diverged: diverged, Calendar: calendar, ChangedSince: since, Starts: starts})
					}
				}
			}
		}
	}
	return out
}

// chooses reports whether a filter asks for a booking.
func chooses(f record.BookingFilter, b record.Booking) bool {
	stands := slices.ContainsFunc(b.Links, func(l record.Link) bool { return l.Target && l.CalendarID == f.Calendar })
	at := b.Slot.Start.Instant
	return (f.State == "" || (f.State == record.Cancelled) == b.Cancelled) && (f.Diverged == nil || *f.Diverged == b.Diverged()) &&
		(f.Calendar == "" || stands) && !b.UpdatedAt.Before(f.ChangedSince) &&
		!at.Before(f.Starts.From) && (f.Starts.Until.IsZero() || at.Before(f.Starts.Until))
}

// list reads a list to its end.
func (w *world) list(f record.BookingFilter, limit int) []cal.BookingID {
	w.Helper()
	ids := []cal.BookingID{}
	var after record.BookingPlace
	for range mostPages {
		page, err := w.Bookings(w.ctx, w.tenant, f, after, limit)
		w.ok(err)
		for _, b := range page {
			ids = append(ids, b.ID)
			after = f.Place(b)
		}
		if len(page) < limit {
			return ids
		}
	}
	w.Fatal("the list never ends")
	return nil
}

func ledgerFilters(h *harness) {
	w := h.newWorld(2)
	all := w.shelfOf(24)
	found := 0
	for _, f := range w.filters() {
		want := []record.Booking{}
		for _, b := range all {
			if chooses(f, b) {
				want = append(want, b)
			}
		}
		slices.SortFunc(want, func(a, b record.Booking) int {
			return cmp.Or(f.Place(a).At.Compare(f.Place(b).At), cmp.Compare(a.ID, b.ID))
		})
		ids := []cal.BookingID{}
		for _, b := range want {
			ids = append(ids, b.ID)
		}
		found += len(ids)
		for _, limit := range []int{3, 100} {
			if got := w.list(f, limit); !slices.Equal(got, ids) {
				h.Errorf("%+v, %d at a time:\n got %v\nwant %v", f, limit, got, ids)
			}
		}
	}
	if found < 100 {
		h.Errorf("only %d bookings were found", found)
	}
}

func ledgerWindows(h *harness) {
	w := h.newWorld(1)
	a := w.booking("timed", 1, 0)
	a.Slot = cal.Slot{Start: cal.Moment{Instant: epoch(), Zone: "UTC"}, End: cal.Moment{Instant: epoch().Add(time.Hour), Zone: "UTC"}}
	w.accept(a)
	a = w.booking("whole day", 1, 0)
	a.Slot = cal.Slot{Start: cal.Moment{Date: "2026-03-02"}, End: cal.Moment{Date: "2026-03-03"}}
	w.accept(a)
	midnight := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		from, before time.Time
		want         []cal.BookingID
	}{
		"from its start":      {epoch(), epoch().Add(time.Microsecond), []cal.BookingID{"timed"}},
		"up to its start":     {epoch().Add(-time.Microsecond), epoch(), []cal.BookingID{}},
		"from after it":       {epoch().Add(time.Microsecond), time.Time{}, []cal.BookingID{}},
		"from the day's":      {midnight, midnight.Add(time.Microsecond), []cal.BookingID{"whole day"}},
		"up to the day's":     {time.Time{}, midnight, []cal.BookingID{}},
		"the day, in the end": {midnight, midnight.Add(24 * time.Hour), []cal.BookingID{"whole day", "timed"}},
	} {
		if got := w.list(record.BookingFilter{Starts: cal.Window{From: c.from, Until: c.before}}, 10); !slices.Equal(got, c.want) {
			h.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	moved := w.booking("timed", 2, 0)
	moved.Slot = slot(48)
	w.accept(moved)
	if got := w.list(record.BookingFilter{Starts: cal.Window{From: slot(48).Start.Instant}}, 10); !slices.Equal(got, []cal.BookingID{"timed"}) {
		h.Errorf("a booking that was moved is not found where it is: %v", got)
	}
	r := record.Ruling{Booking: w.read("timed"), Decision: "accepted", Actor: "key_test"}
	r.Booking.Slot = slot(96)
	w.decide(r)
	if got := w.list(record.BookingFilter{Starts: cal.Window{From: slot(96).Start.Instant}}, 10); !slices.Equal(got, []cal.BookingID{"timed"}) {
		h.Errorf("a booking whose move was accepted is not found where it is: %v", got)
	}
}

func ledgerMoves(h *harness) {
	w := h.newWorld(1)
	for _, id := range []cal.BookingID{"b1", "b2", "b3"} {
		h.clock.Advance(time.Second)
		w.accept(w.booking(id, 1, 0))
	}
	f := record.BookingFilter{ChangedSince: epoch()}
	first, err := h.Bookings(h.ctx, w.tenant, f, record.BookingPlace{}, 1)
	h.ok(err)
	h.clock.Advance(time.Second)
	w.accept(w.booking("b1", 2, 0))
	rest, err := h.Bookings(h.ctx, w.tenant, f, f.Place(first[0]), 10)
	h.ok(err)
	var ids []cal.BookingID
	for _, b := range rest {
		ids = append(ids, b.ID)
	}
	sameList(h, "the rest", ids, []cal.BookingID{"b2", "b3", "b1"})
}

func ledgerTenants(h *harness) {
	a, b := h.newWorld(2), h.newWorld(2)
	a.shelfOf(6)
	for _, f := range a.filters() {
		f.Calendar = ""
		page, err := h.Bookings(h.ctx, b.tenant, f, record.BookingPlace{}, 100)
		h.ok(err)
		same(h, "found of another tenant", len(page), 0)
		f.Calendar = a.calendars[0].ID
		page, err = h.Bookings(h.ctx, b.tenant, f, record.BookingPlace{}, 100)
		h.ok(err)
		same(h, "found in another tenant's calendar", len(page), 0)
	}
}

// Whatever is asked for, rows are found by an index of the tenant's, in their order: nothing is scanned as a whole, and nothing sorted.
func ledgerIndexes(h *harness) {
	w := h.newWorld(2)
	var statement string
	var args []driver.NamedValue
	h.wire.onCall(func(c call) error {
		if strings.HasPrefix(c.name, "Bookings") {
			statement, args = c.sql, c.args
		}
		return nil
	})
	yes := true
	for index, f := range map[string]record.BookingFilter{
		"bookings_changed (tenant_id=? AND updated_at>?":                {ChangedSince: epoch()},
		"bookings_start (tenant_id=? AND starts_at>? AND starts_at<?)":  {Starts: cal.Window{From: epoch(), Until: epoch().Add(time.Hour)}},
		"bookings_state (tenant_id=? AND cancelled=? AND booking_id>?)": {State: record.Cancelled},
		"links_calendar (tenant_id=? AND calendar_id=?":                 {Calendar: w.calendars[0].ID},
		"links_diverged (tenant_id=?":                                   {Diverged: &yes},
		"sqlite_autoindex_bookings_1 (tenant_id=? AND booking_id>?)":    {},
	} {
		_, err := h.Bookings(h.ctx, w.tenant, f, record.BookingPlace{}, 10)
		h.ok(err)
		values := make([]any, len(args))
		for i, a := range args {
			values[i] = a.Value
		}
		var plan []string
		for _, row := range h.query("EXPLAIN QUERY PLAN "+statement, values...) {
			plan = append(plan, fmt.Sprint(row))
		}
		text := strings.Join(plan, "\n")
		if !strings.Contains(text, index) || strings.Contains(text, "SCAN ") || strings.Contains(text, "TEMP B-TREE FOR ORDER BY") {
			h.Errorf("%+v does not go by %s:\n%s", f, index, text)
		}
	}
}
