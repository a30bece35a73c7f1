package app_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/sim"
	zones "github.com/calweave/calweave/internal/zone"
)

// oldTables are tables by which Berlin never leaves its summer time.
func oldTables() zones.Tables {
	return zones.Tables{Version: "2020a", Load: func(name string) (*time.Location, error) {
		if name == zone {
			return time.FixedZone(name, 2*60*60), nil
		}
		return time.LoadLocation(name)
	}}
}

// TestKillWhileZonesAreRefreshed gives a process whose predecessor knew other rules of Berlin's clocks the bookings that the predecessor has accepted, and
// ends it at each statement and call of what it makes of them. What a booking means is its wall time, whoever reads it.
func TestKillWhileZonesAreRefreshed(t *testing.T) {
	t.Parallel()
	everyCall(t, "a refresh of zones", 17, func(t *testing.T, at int, after bool) int {
		t.Helper()
		return zonesRefreshed(t, at, after)
	})
}

func zonesRefreshed(t *testing.T, at int, after bool) int {
	t.Helper()
	w := sqliteWorld(t)
	w.app.Intake.Zones = oldTables()
	offset, utc, day, past := w.booking(1, "with an offset", "2027-03-02T10:00:00"), w.booking(1, "in UTC", wall), w.booking(1, "a day", wall), w.booking(1, "over", "2027-01-04T10:00:00")
	offset.Start.DateTime += "+02:00"
	utc.Start.TimeZone, utc.End.TimeZone = "UTC", "UTC"
	day.Start, day.End = cal.When{Date: "2027-03-03"}, cal.When{Date: "2027-03-04"}
	w.submit("wall", w.booking(1, "by the wall", wall), nil)
	for id, b := range map[cal.BookingID]cal.Booking{"offset": offset, "utc": utc, "day": day, "past": past} {
		w.submit(id, b, nil)
	}
	w.settle()
	w.startsAt("before", map[string]string{
		"by the wall": "2027-03-01T08:00:00Z", "with an offset": "2027-03-02T08:00:00Z", "in UTC": "2027-03-01T10:00:00Z", "a day": "2027-03-03", "over": "2027-01-04T08:00:00Z",
	})
	heard := w.core.types()

	w.app.Intake.Zones = zones.Tables{}
	w.killer.arm(at, after)
	armed := w.killer
	w.refreshZones()
	w.settle()
	w.refreshZones() // as the next start does
	w.settle()
	calls := struck(t, armed, at)

	w.startsAt(armed.what, map[string]string{
		"by the wall": "2027-03-01T09:00:00Z", "with an offset": "2027-03-02T09:00:00Z", "in UTC": "2027-03-01T10:00:00Z", "a day": "2027-03-03", "over": "2027-01-04T08:00:00Z",
	})
	heard[message.BookingAccepted] += 2
	heard[message.BookingSynced] += 4
	if got := w.core.types(); !maps.Equal(got, heard) {
		t.Errorf("killed at %q: messages %v, want %v", armed.what, got, heard)
	}
	w.checkResolved(armed.what)
	w.checkNothingStopped(armed.what)
	return calls
}

// refreshZones does what a process does when it starts.
func (w *world) refreshZones() {
	w.tb.Helper()
	for range 5 {
		_, err := w.app.RefreshZones(w.ctx)
		if err == nil {
			return
		}
		if !w.killer.isDead() {
			w.tb.Fatal(err)
		}
		w.restart()
	}
	w.tb.Fatal("zones are not refreshed")
}

// startsAt compares when events begin at both providers, by their titles.
func (w *world) startsAt(what string, want map[string]string) {
	w.tb.Helper()
	for _, p := range []sim.Provider{sim.Google, sim.Microsoft} {
		got := map[string]string{}
		for _, e := range w.standing(p) {
			if got[e.Title] = e.Start.UTC().Format(time.RFC3339); e.AllDay {
				got[e.Title] = e.Start.Format(cal.DateLayout)
			}
		}
		if !maps.Equal(got, want) {
			w.tb.Errorf("%s: %s shows %v, want %v", what, p, got, want)
		}
	}
}

// checkResolved holds what is known of the bookings to the tables in force.
func (w *world) checkResolved(what string) {
	w.tb.Helper()
	for id, want := range map[cal.BookingID]struct {
		revision      int64
		tzdata, start string
	}{
		"wall": {2, zones.Version(), wall}, "offset": {2, zones.Version(), "2027-03-02T10:00:00+01:00"}, "utc": {1, zones.Version(), wall},
		"day": {1, zones.Version(), ""}, "past": {1, "2020a", "2027-01-04T10:00:00"},
	} {
		b, err := w.app.Store.Booking(w.ctx, w.tenant, id)
		w.must(err)
		if b.Version != 1 || b.Revision != want.revision || b.TZData != want.tzdata || b.Spec.Start.DateTime != want.start {
			w.tb.Errorf("%s: %s is version %d, revision %d, by %s, at %q; want %+v", what, id, b.Version, b.Revision, b.TZData, b.Spec.Start.DateTime, want)
		}
		for _, l := range b.Links {
			if l.State != record.LinkSynced || l.Synced != 1 || l.Generation != 1 {
				w.tb.Errorf("%s: %s at %s is %s, synced %d, generation %d", what, id, l.Provider, l.State, l.Synced, l.Generation)
			}
		}
	}
	var told []message.Resolved
	for _, m := range w.core.messages {
		var data message.Accepted
		w.must(json.Unmarshal(m.Data, &data))
		if m.Type == message.BookingAccepted && data.Resolved != nil {
			told = append(told, *data.Resolved)
		}
	}
	slices.SortFunc(told, func(a, b message.Resolved) int { return strings.Compare(a.Start.DateTime, b.Start.DateTime) })
	berlin := func(at string) cal.When { return cal.When{DateTime: at, TimeZone: zone} }
	if want := []message.Resolved{
		{TZData: zones.Version(), Start: berlin("2027-03-01T10:00:00+01:00"), End: berlin("2027-03-01T10:30:00+01:00")},
		{TZData: zones.Version(), Start: berlin("2027-03-02T10:00:00+01:00"), End: berlin("2027-03-02T10:30:00+01:00")},
	}; !slices.Equal(told, want) {
		w.tb.Errorf("%s: the core was told %+v, want %+v", what, told, want)
	}
	history, err := w.app.Store.History(w.ctx, w.tenant, "wall", "", 100)
	w.must(err)
	if n := len(slices.DeleteFunc(history, func(e record.Entry) bool { return e.Action != "booking.resolved" })); n != 1 {
		w.tb.Errorf("%s: the history tells %d times that the booking was resolved", what, n)
	}
}
