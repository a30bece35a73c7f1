package api_test

import (
	"reflect"
	"testing"

	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
)

// chosen chooses for a calendar and returns it as it is from then on.
func (b *bench) chosen(id string, choice map[string]any) gen.Calendar {
	b.Helper()
	var answered, read gen.Calendar
	b.call("PATCH", "/v1/calendars/"+id, choice).into(b.T, 200, &answered)
	b.call("GET", "/v1/calendars/"+id, nil).into(b.T, 200, &read)
	if !reflect.DeepEqual(answered, read) {
		b.Errorf("answered %+v, read %+v", answered, read)
	}
	return answered
}

func TestChooseCalendar(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := string(b.google)
	for _, c := range []struct {
		choice map[string]any
		sync   gen.SyncLevel
		target bool
	}{
		{map[string]any{"sync": "full"}, "full", true},
		{map[string]any{"writable_target": false}, "full", false},
		{map[string]any{"sync": "busy"}, "busy", false},
		{map[string]any{"sync": "off", "writable_target": true}, "off", true},
		{map[string]any{"sync": "off"}, "off", true},
	} {
		if got := b.chosen(id, c.choice); got.Sync != c.sync || got.WritableTarget != c.target || got.Name != "Ada" {
			t.Errorf("%v: %+v", c.choice, got)
		}
	}
	b.call("PUT", "/v1/bookings/b1", b.spec(1)).into(t, 202, &gen.Booking{})
	if got := b.chosen(id, map[string]any{"sync": "off"}); got.Sync != gen.SyncLevelBusy {
		t.Errorf("with a booking in it: %+v", got)
	}
}

// What cannot be chosen is refused, each with what mends it.
func TestChoicesRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.unchanging()
	const readOnly = "the account may only read this calendar: let its owner grant the account the right to change events, or choose one with writable: true"
	shared := "/v1/calendars/" + string(b.shared)
	a := b.call("PATCH", shared, map[string]any{"sync": "full", "writable_target": true})
	refused{record.ReasonCalendar, "the calendar cannot be a target", problems("/writable_target", readOnly)}.want(t, "read-only", a)
	for name, c := range map[string]struct {
		body    string
		problem message.Problem
	}{
		"nothing":       {`{}`, at("", "give at least 1 field")},
		"no level":      {`{"sync": "some"}`, at("/sync", "give one of off, busy, full")},
		"no boolean":    {`{"writable_target": "yes"}`, at("/writable_target", "give a boolean, not a string")},
		"null":          {`{"sync": null}`, at("/sync", "give a string, not null")},
		"unknown field": {`{"sync": "off", "name": "x"}`, at("/name", "there is no such field: remove it, or check its spelling")},
	} {
		a := b.call("PATCH", shared, c.body)
		if p := a.problem(t); a.status != 422 || len(p.Problems) == 0 || p.Problems[0] != c.problem {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	for _, id := range []string{string(b.gone), "cal_unknown"} { // one that the account does not see any more is none
		refused{"not-found", "this tenant has nothing of that name", nil}.want(t, id, b.call("PATCH", "/v1/calendars/"+id, map[string]any{"sync": "off"}))
		refused{"not-found", "this tenant has nothing of that name", nil}.want(t, id, b.call("GET", "/v1/calendars/"+id, nil))
	}
	a = b.call("GET", "/v1/calendars/cal%00", nil)
	refused{record.ReasonInvalid, parameter, problems("path: calendar_id", "only this is allowed: visible ASCII characters without blanks")}.want(t, "no id", a)
}

// A calendar that was chosen not to be a target takes no further booking, and keeps those that stand in it.
func TestNoFurtherBookings(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.call("PUT", "/v1/bookings/stands", b.spec(1)).into(t, 202, &gen.Booking{})
	b.chosen(string(b.google), map[string]any{"writable_target": false})
	why := problems("/targets/0/calendar_id",
		"this calendar was chosen not to be a target: PATCH /v1/calendars/{id} with writable_target: true, or choose another one")
	b.unchanged(func() {
		refused{record.ReasonCalendar, noUse, why}.want(t, "another one", b.call("PUT", "/v1/bookings/new", b.spec(1)))
	})
	b.call("PUT", "/v1/bookings/stands", b.spec(2, with("title", "Moved"))).into(t, 202, &gen.Booking{})
	b.call("DELETE", "/v1/bookings/stands?version=3", nil).into(t, 202, &gen.Booking{})
	refused{record.ReasonCalendar, noUse, why}.want(t, "booked anew", b.call("PUT", "/v1/bookings/stands", b.spec(4)))
	b.chosen(string(b.google), map[string]any{"writable_target": true})
	b.call("PUT", "/v1/bookings/new", b.spec(1)).into(t, 202, &gen.Booking{})
}

func TestCalendarFilters(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.chosen(string(b.shared), map[string]any{"sync": "full"})
	var one gen.Calendar
	b.call("GET", "/v1/calendars/"+string(b.graph), nil).into(t, 200, &one)
	for query, want := range map[string][]string{
		"":                                     {"Ada", "Holidays", "Calendar"},
		"?provider=google":                     {"Ada", "Holidays"},
		"?provider=google&limit=1":             {"Ada"},
		"?connection_id=" + one.ConnectionID:   {"Calendar"},
		"?connection_id=con_unknown":           {},
		"?writable=false":                      {"Holidays"},
		"?writable=true&provider=google":       {"Ada"},
		"?sync=full":                           {"Holidays"},
		"?sync=off":                            {"Ada", "Calendar"},
		"?sync=busy":                           {},
		"?sync=full&writable=true&limit=200":   {},
		"?sync=full&writable=false&limit=1":    {"Holidays"},
		"?writable=1&sync=off&provider=google": {"Ada"},
	} {
		var page gen.CalendarPage
		b.call("GET", "/v1/calendars"+query, nil).into(t, 200, &page)
		var names []string
		for _, c := range page.Calendars {
			names = append(names, c.Name)
		}
		if len(names) != len(want) {
			t.Errorf("%s: %v, want %v", query, names, want)
			continue
		}
		for i := range want {
			if names[i] != want[i] {
				t.Errorf("%s: %v, want %v", query, names, want)
			}
		}
	}
}
