package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/record"
)

const (
	asItIs = "the booking cannot be accepted as it is"
	noUse  = "a target cannot be used"
	noSuch = "no such calendar: GET /v1/calendars lists those that can be used"
)

func berlin(wall string) map[string]any { return in("Europe/Berlin", wall) }

func in(zone, wall string) map[string]any {
	return map[string]any{"date_time": wall, "time_zone": zone}
}

func day(date string) map[string]any { return map[string]any{"date": date} }

func to(ids ...cal.CalendarID) []any {
	out := []any{}
	for _, id := range ids {
		out = append(out, map[string]any{"calendar_id": id})
	}
	return out
}

// Bookings that fit the schema and are wrong all the same.
func TestWrongBookings(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.unchanging()
	one := func(pointer, detail string) []message.Problem { return []message.Problem{at(pointer, detail)} }
	for name, c := range map[string]struct {
		edits    []func(map[string]any)
		problems []message.Problem
	}{
		"no zone": {
			[]func(map[string]any){with("start", map[string]any{"date_time": "2026-10-01T10:00:00"})},
			one("/start/time_zone", "time_zone is missing: give the IANA name of the zone that date_time is meant in, such as Europe/Berlin"),
		},
		"a zone of no such place": {
			[]func(map[string]any){with("end", in("Europe/Atlantis", "2026-10-01T10:30:00"))},
			one("/end/time_zone", `"Europe/Atlantis" is no time zone known here: give an IANA name such as Europe/Berlin`),
		},
		"a zone that is a path": {
			[]func(map[string]any){with("end", in("../../etc/passwd", "2026-10-01T10:30:00"))},
			one("/end/time_zone", `"../../etc/passwd" is no time zone known here: give an IANA name such as Europe/Berlin`),
		},
		"an offset that disagrees": {
			[]func(map[string]any){with("start", berlin("2026-10-01T10:00:00+01:00"))},
			one("/start/date_time", "offset +01:00 disagrees with Europe/Berlin, where it is +02:00 at that time: leave the offset out or mend it"),
		},
		"UTC, and another zone": {
			[]func(map[string]any){with("start", berlin("2026-10-01T08:00:00Z"))},
			one("/start/date_time", "offset +00:00 disagrees with Europe/Berlin, where it is +02:00 at that time: leave the offset out or mend it"),
		},
		"a time that is skipped": {
			[]func(map[string]any){with("start", berlin("2027-03-28T02:30:00")), with("end", berlin("2027-03-28T04:00:00"))},
			one("/start/date_time", "2027-03-28T02:30:00 does not happen in Europe/Berlin: clocks are put forward over it; choose a time before or after the gap"),
		},
		"no time": {
			[]func(map[string]any){with("start", berlin("2026-10-01 10:00:00"))},
			one("/start/date_time", `"2026-10-01 10:00:00" is no RFC 3339 time: write it as 2026-10-01T10:00:00, with or without an offset`),
		},
		"a day that is not there": {
			[]func(map[string]any){with("start", day("2026-02-29")), with("end", day("2026-03-01"))},
			one("/start/date", `"2026-02-29" is no date: write it as 2026-10-01`),
		},
		"fractions": {
			[]func(map[string]any){with("start", berlin("2026-10-01T10:00:00.5"))},
			one("/start/date_time", `"2026-10-01T10:00:00.5" has fractions of a second: calendars keep whole seconds`),
		},
		"neither date nor time": {
			[]func(map[string]any){with("start", map[string]any{})}, one("/start", "give either date (all-day) or date_time with time_zone"),
		},
		"date and time": {
			[]func(map[string]any){with("start", map[string]any{"date": "2026-10-01", "time_zone": "UTC"})},
			one("/start", "date (all-day) stands alone: leave out date_time and time_zone"),
		},
		"a date and a time": {
			[]func(map[string]any){with("start", day("2026-10-01"))},
			one("/end", "start and end are of two kinds: give both as date (all-day) or both as date_time"),
		},
		"the end before the start": {
			[]func(map[string]any){with("end", berlin("2026-10-01T09:59:59"))}, one("/end", "the end is before the start"),
		},
		"the end before the start, in another zone": {
			[]func(map[string]any){with("end", in("Asia/Tokyo", "2026-10-01T16:59:59"))}, one("/end", "the end is before the start"),
		},
		"no length": {
			[]func(map[string]any){with("end", in("Asia/Tokyo", "2026-10-01T17:00:00"))}, one("/end", "the end is the start: a booking takes time"),
		},
		"no whole day": {
			[]func(map[string]any){with("start", day("2026-10-01")), with("end", day("2026-10-01"))},
			one("/end", "the end of an all-day booking is the day after its last day: for one day give the next date"),
		},
		"longer than a year": {
			[]func(map[string]any){with("end", berlin("2027-10-03T10:00:00"))}, one("/end", "the booking is longer than 366 days: check the year"),
		},
		"no target": {
			[]func(map[string]any){with("targets", []any{})}, one("/targets", "a booking without a target stands nowhere: name at least one calendar"),
		},
		"a target twice": {
			[]func(map[string]any){with("targets", to(b.google, b.graph, b.google))},
			one("/targets/2/calendar_id", "the calendar is a target already: name each once"),
		},
		"two authorities": {
			[]func(map[string]any){with("targets", []any{
				map[string]any{"calendar_id": b.google, "authoritative": true}, map[string]any{"calendar_id": b.graph, "authoritative": true},
			})},
			one("/targets", "2 targets are authoritative: guests stand on one target only"),
		},
		"a guest twice": {
			[]func(map[string]any){with("attendees", []any{map[string]any{"email": "a@x.test"}, map[string]any{"email": "A@x.test"}})},
			one("/attendees/1/email", "the address stands here twice: name each guest once"),
		},
		"a blank title": {
			[]func(map[string]any){with("title", " \t ")},
			one("/title", "the title is blank: providers show an event without one as busy time of unknown origin"),
		},
		"everything at once": {
			[]func(map[string]any){with("title", " "), with("start", in("Mars", "2026-10-01T10:00:00")), with("targets", []any{})},
			[]message.Problem{
				at("/start/time_zone", `"Mars" is no time zone known here: give an IANA name such as Europe/Berlin`),
				at("/targets", "a booking without a target stands nowhere: name at least one calendar"),
				at("/title", "the title is blank: providers show an event without one as busy time of unknown origin"),
			},
		},
	} {
		a := b.call("PUT", "/v1/bookings/b1", b.spec(1, c.edits...))
		refused{record.ReasonInvalid, asItIs, c.problems}.want(t, name, a)
	}
}

// A guest's address that is none is told without being repeated: what a core sends about people is not ours to spread.
func TestWrongAddress(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.unchanging()
	for _, address := range []string{"Ada <ada@example.com>", "ada", "@@@", "ada@example.com, bob@example.com", " ada@example.com"} {
		a := b.call("PUT", "/v1/bookings/b1", b.spec(1, with("attendees", []any{map[string]any{"email": address}})))
		p := a.problem(t)
		if a.status != 422 || len(p.Problems) != 1 || p.Problems[0].Pointer != "/attendees/0/email" {
			t.Errorf("%q: %d %s", address, a.status, a.body)
		}
	}
}

// Targets that are no calendars of the tenant, or cannot serve.
func TestUnusableTargets(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	other, _, _ := b.newTenant("other")
	b.discover(other, b.connect(other, cal.Google), cal.Calendar{ID: "theirs", Name: "Theirs", Primary: true, Writable: true})
	foreign := b.calendar(other, "theirs")
	for name, c := range map[string]struct {
		targets  []any
		problems []message.Problem
	}{
		"unknown":          {to("cal_unknown"), []message.Problem{at("/targets/0/calendar_id", noSuch)}},
		"another tenant's": {to(b.google, foreign), []message.Problem{at("/targets/1/calendar_id", noSuch)}},
		"read only": {to(b.shared), []message.Problem{
			at("/targets/0/calendar_id", "the account may only read this calendar: choose one with writable: true"),
		}},
		"not seen any more": {to(b.gone), []message.Problem{at("/targets/0/calendar_id", "the account does not see this calendar any more")}},
		"several": {to(b.shared, b.google, "cal_unknown"), []message.Problem{
			at("/targets/0/calendar_id", "the account may only read this calendar: choose one with writable: true"), at("/targets/2/calendar_id", noSuch),
		}},
	} {
		b.unchanged(func() {
			a := b.call("PUT", "/v1/bookings/b1", b.spec(1, with("targets", c.targets)))
			refused{record.ReasonCalendar, noUse, c.problems}.want(t, name, a)
		})
	}
	b.unchanged(func() {
		doc := b.spec(1, with("targets", to(b.graph, b.google)), with("notify", "external"))
		refused{record.ReasonNotify, "this provider mails all guests or has none written", []message.Problem{
			at("/notify", "microsoft cannot mail external guests only: choose none (no guests are written) or all"),
		}}.want(t, "external guests of Microsoft", b.call("PUT", "/v1/bookings/b1", doc))
	})
}

// A booking has to have an id that a URL can carry.
func TestBookingIDs(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const words = "only this is allowed: letters, digits and ._~:@- but not dots alone, which no URL can carry"
	for id, detail := range map[string]string{
		"a%20b": words, "a%2Fb": words, "%2E": words, "%2E%2E": words, "...": words, "%00": words, "%FF": words, "caf%C3%A9": words, "a+b": words,
		strings.Repeat("x", 129): "give at most 128 characters, not 129",
	} {
		b.unchanged(func() {
			for method, path := range map[string]string{"PUT": id, "GET": id, "DELETE": id + "?version=1"} {
				a := b.call(method, "/v1/bookings/"+path, b.spec(1))
				refused{record.ReasonInvalid, "a parameter is not what the contract says", []message.Problem{at("path: booking_id", detail)}}.
					want(t, method+" "+id, a)
			}
		})
	}
	for i, id := range []string{"a", "..a", "B-1_2~3:4@5.6", strings.Repeat("x", 128)} {
		if a := b.call("PUT", "/v1/bookings/"+id, b.spec(int64(i+1))); a.status != 202 {
			t.Errorf("%s: %d %s", id, a.status, a.body)
		}
		if a := b.call("GET", "/v1/bookings/"+id, nil); a.status != 200 || a.header.Get("ETag") != fmt.Sprintf("%q", "1") {
			t.Errorf("%s: %d %s", id, a.status, a.body)
		}
	}
}
