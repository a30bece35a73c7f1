package intake

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/record"
)

// good is a booking with nothing wrong in it, changed by edits.
func good(edits ...func(*cal.Booking)) cal.Booking {
	b := cal.Booking{
		Version: 1, Title: "Standup", Start: berlin("2026-10-01T10:00:00"), End: berlin("2026-10-01T10:30:00"),
		Attendees: []cal.Attendee{{Email: "ann@example.com", Name: "Ann"}, {Email: "bob@example.com"}},
		Targets:   []cal.Target{{CalendarID: "cal_1"}, {CalendarID: "cal_2"}}, Metadata: map[string]string{"room": "4"},
	}
	for _, edit := range edits {
		edit(&b)
	}
	return b
}

func berlin(wall string) cal.When { return in("Europe/Berlin", wall) }

func in(zone, wall string) cal.When { return cal.When{DateTime: wall, TimeZone: zone} }

func day(date string) cal.When { return cal.When{Date: date} }

func from(start, end cal.When) func(*cal.Booking) {
	return func(b *cal.Booking) { b.Start, b.End = start, end }
}

func targets(all ...cal.Target) func(*cal.Booking) {
	return func(b *cal.Booking) { b.Targets = all }
}

func guests(emails ...string) func(*cal.Booking) {
	return func(b *cal.Booking) {
		b.Attendees = nil
		for _, email := range emails {
			b.Attendees = append(b.Attendees, cal.Attendee{Email: email})
		}
	}
}

func problem(pointer, detail string) []message.Problem {
	return []message.Problem{{Pointer: pointer, Detail: detail}}
}

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	const (
		gap     = " does not happen in Europe/Berlin: clocks are put forward over it; choose a time before or after the gap"
		kinds   = "start and end are of two kinds: give both as date (all-day) or both as date_time"
		atlas   = `"Europe/Atlantis" is no time zone known here: give an IANA name such as Europe/Berlin`
		tooLong = "the booking is longer than 366 days: check the year"
		before  = "the end is before the start"
		blank   = "the title is blank: providers show an event without one as busy time of unknown origin"
	)
	for name, c := range map[string]struct {
		edit func(*cal.Booking)
		want []message.Problem
	}{
		"a zone of no such place": {from(in("Europe/Atlantis", "2026-10-01T10:00:00"), berlin("2026-10-01T10:30:00")), problem("/start/time_zone", atlas)},
		"no zone": {
			from(berlin("2026-10-01T10:00:00"), cal.When{DateTime: "2026-10-01T10:30:00"}),
			problem("/end/time_zone", "time_zone is missing: give the IANA name of the zone that date_time is meant in, such as Europe/Berlin"),
		},
		"an offset that disagrees at that instant": {
			from(berlin("2026-10-25T03:00:00+02:00"), berlin("2026-10-25T05:00:00")),
			problem("/start/date_time", "offset +02:00 disagrees with Europe/Berlin, where it is +01:00 at that time: leave the offset out or mend it"),
		},
		"the start in the gap": {
			from(berlin("2027-03-28T02:30:00"), berlin("2027-03-28T04:00:00")), problem("/start/date_time", "2027-03-28T02:30:00"+gap),
		},
		"the end in the gap": {
			from(berlin("2027-03-28T01:30:00"), berlin("2027-03-28T02:00:00")), problem("/end/date_time", "2027-03-28T02:00:00"+gap),
		},
		"nothing at all":        {from(cal.When{}, berlin("2026-10-01T10:30:00")), problem("/start", "give either date (all-day) or date_time with time_zone")},
		"an all-day start only": {from(day("2026-10-01"), berlin("2026-10-01T10:30:00")), problem("/end", kinds)},
		"an all-day end only":   {from(berlin("2026-10-01T10:00:00"), day("2026-10-02")), problem("/end", kinds)},
		"a day with a time": {
			from(cal.When{Date: "2026-10-01", DateTime: "2026-10-01T10:00:00"}, day("2026-10-02")),
			problem("/start", "date (all-day) stands alone: leave out date_time and time_zone"),
		},
		"the end before the start":                 {from(berlin("2026-10-01T10:00:00"), berlin("2026-10-01T09:59:59")), problem("/end", before)},
		"the end before the start, elsewhere":      {from(berlin("2026-10-01T10:00:00"), in("Asia/Tokyo", "2026-10-01T16:59:59")), problem("/end", before)},
		"the end before the start, by the overlap": {from(berlin("2026-10-25T02:45:00+01:00"), berlin("2026-10-25T02:50:00")), problem("/end", before)},
		"the last day before the first":            {from(day("2026-10-02"), day("2026-10-01")), problem("/end", before)},
		"no length":                                {from(berlin("2026-10-01T10:00:00"), berlin("2026-10-01T10:00:00+02:00")), problem("/end", "the end is the start: a booking takes time")},
		"no day": {
			from(day("2026-10-01"), day("2026-10-01")),
			problem("/end", "the end of an all-day booking is the day after its last day: for one day give the next date"),
		},
		"a second over the limit": {from(in("UTC", "2026-01-01T00:00:00"), in("UTC", "2027-01-02T00:00:01")), problem("/end", tooLong)},
		"a day over the limit":    {from(day("2026-01-01"), day("2027-01-03")), problem("/end", tooLong)},
		"no target":               {targets(), problem("/targets", "a booking without a target stands nowhere: name at least one calendar")},
		"a target twice": {
			targets(cal.Target{CalendarID: "a"}, cal.Target{CalendarID: "b"}, cal.Target{CalendarID: "a"}),
			problem("/targets/2/calendar_id", "the calendar is a target already: name each once"),
		},
		"two authorities": {
			targets(cal.Target{CalendarID: "a", Authoritative: true}, cal.Target{CalendarID: "b"}, cal.Target{CalendarID: "c", Authoritative: true}),
			problem("/targets", "2 targets are authoritative: guests stand on one target only"),
		},
		"a guest twice": {guests("ann@example.com", "bob@example.com", "Ann@Example.com"), problem("/attendees/2/email", "the address stands here twice: name each guest once")},
		"a blank title": {func(b *cal.Booking) { b.Title = " \t\u00a0" }, problem("/title", blank)},
		"everything, in one go": {func(b *cal.Booking) { *b = cal.Booking{Version: 1, Attendees: []cal.Attendee{{Email: "x"}}} }, []message.Problem{
			{Pointer: "/start", Detail: "give either date (all-day) or date_time with time_zone"},
			{Pointer: "/end", Detail: "give either date (all-day) or date_time with time_zone"},
			{Pointer: "/targets", Detail: "a booking without a target stands nowhere: name at least one calendar"},
			{Pointer: "/attendees/0/email", Detail: `"x" is no plain e-mail address`},
			{Pointer: "/title", Detail: blank},
		}},
	} {
		_, _, err := check(good(c.edit))
		refusal, ok := errors.AsType[*record.RefusalError](err)
		if !ok {
			t.Errorf("%s: %v, want a refusal", name, err)
			continue
		}
		if !slices.Equal(refusal.Problems, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", name, refusal.Problems, c.want)
		}
		if refusal.Reason != record.ReasonInvalid || refusal.Detail != "the booking cannot be accepted as it is" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCheckEmailAddresses(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{
		"", "ann", "ann@", "@example.com", "Ann <ann@example.com>", "<ann@example.com>", " ann@example.com", "ann@example.com ", "ann@example.com\r\nBcc: x@example.com",
		"ann@exa mple.com", "a@b@example.com", "ann@example.com, bob@example.com", "ann@example.com.", `"ann b"@example.com`,
	} {
		_, _, err := check(good(guests("bob@example.com", bad)))
		refusal, ok := errors.AsType[*record.RefusalError](err)
		if !ok || len(refusal.Problems) != 1 || refusal.Problems[0].Pointer != "/attendees/1/email" ||
			!strings.HasSuffix(refusal.Problems[0].Detail, "is no plain e-mail address") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, _, err := check(good(guests("o'hara+x@mail.example.com", "jürgen@example.com", "ann@localhost"))); err != nil {
		t.Error(err)
	}
	if _, _, err := check(good(guests("x", "x"))); len(err.(*record.RefusalError).Problems) != 2 { //nolint:errorlint,forcetypeassert // a panic fails the test
		t.Errorf("an address that is none is told twice, not also as a guest named twice: %v", err)
	}
}

func TestCheckSlots(t *testing.T) {
	t.Parallel()
	utc := func(s string) time.Time {
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	moment := func(s, zone string) cal.Moment { return cal.Moment{Instant: utc(s), Zone: zone} }
	for name, c := range map[string]struct {
		start, end cal.When
		want       cal.Slot
	}{
		"summer": {
			berlin("2026-10-01T10:00:00"), berlin("2026-10-01T10:30:00+02:00"),
			cal.Slot{Start: moment("2026-10-01T08:00:00Z", "Europe/Berlin"), End: moment("2026-10-01T08:30:00Z", "Europe/Berlin")},
		},
		"two zones": {
			in("Pacific/Tongatapu", "2026-10-01T10:00:00"), in("Pacific/Pago_Pago", "2026-09-30T11:00:00"),
			cal.Slot{Start: moment("2026-09-30T21:00:00Z", "Pacific/Tongatapu"), End: moment("2026-09-30T22:00:00Z", "Pacific/Pago_Pago")},
		},
		"a zone by its Windows name": {
			in("W. Europe Standard Time", "2026-10-01T10:00:00"), berlin("2026-10-01T10:30:00"),
			cal.Slot{Start: moment("2026-10-01T08:00:00Z", "Europe/Berlin"), End: moment("2026-10-01T08:30:00Z", "Europe/Berlin")},
		},
		"an overlap means the first": {
			berlin("2026-10-25T02:30:00"), berlin("2026-10-25T03:00:00"),
			cal.Slot{Start: moment("2026-10-25T00:30:00Z", "Europe/Berlin"), End: moment("2026-10-25T02:00:00Z", "Europe/Berlin")},
		},
		"an overlap with the second offset": {
			berlin("2026-10-25T02:30:00+01:00"), berlin("2026-10-25T03:00:00"),
			cal.Slot{Start: moment("2026-10-25T01:30:00Z", "Europe/Berlin"), End: moment("2026-10-25T02:00:00Z", "Europe/Berlin")},
		},
		"over the gap": {
			berlin("2027-03-28T01:59:59"), berlin("2027-03-28T03:00:00"),
			cal.Slot{Start: moment("2027-03-28T00:59:59Z", "Europe/Berlin"), End: moment("2027-03-28T01:00:00Z", "Europe/Berlin")},
		},
		"a leap day":        {day("2028-02-29"), day("2028-03-01"), cal.Slot{Start: cal.Moment{Date: "2028-02-29"}, End: cal.Moment{Date: "2028-03-01"}}},
		"as long as it may": {day("2026-01-01"), day("2027-01-02"), cal.Slot{Start: cal.Moment{Date: "2026-01-01"}, End: cal.Moment{Date: "2027-01-02"}}},
		"as long as it may, to the second": {
			in("UTC", "2026-01-01T00:00:00"), in("UTC", "2027-01-02T00:00:00"),
			cal.Slot{Start: moment("2026-01-01T00:00:00Z", "Etc/UTC"), End: moment("2027-01-02T00:00:00Z", "Etc/UTC")},
		},
	} {
		b, slot, err := check(good(from(c.start, c.end)))
		if err != nil || slot != c.want {
			t.Errorf("%s: %+v, %v, want %+v", name, slot, err, c.want)
		}
		if b.Start != c.start || b.End != c.end {
			t.Errorf("%s: what the core wrote became %+v to %+v", name, b.Start, b.End)
		}
	}
}

func TestCheckFillsInDefaults(t *testing.T) {
	t.Parallel()
	in := good()
	out, _, err := check(in)
	if err != nil || out.Notify != cal.NotifyNone || !out.Targets[0].Authoritative || out.Targets[1].Authoritative {
		t.Errorf("%+v, %v", out, err)
	}
	if in.Targets[0].Authoritative {
		t.Error("the caller's own targets were changed")
	}
	out, _, err = check(good(func(b *cal.Booking) { b.Notify, b.Targets[1].Authoritative = cal.NotifyAll, true }))
	if err != nil || out.Notify != cal.NotifyAll || out.Targets[0].Authoritative || !out.Targets[1].Authoritative {
		t.Errorf("what was said is overruled: %+v, %v", out, err)
	}
}

func TestFingerprint(t *testing.T) {
	t.Parallel()
	hash := func(edits ...func(*cal.Booking)) string {
		t.Helper()
		b, _, err := check(good(edits...))
		if err != nil {
			t.Fatal(err)
		}
		return fingerprint(b, false)
	}
	plain := hash()
	if digest, ok := strings.CutPrefix(plain, "b1:"); !ok || len(digest) != 64 {
		t.Errorf("%q is no SHA-256 of the form b1", plain)
	}
	for name, edit := range map[string]func(*cal.Booking){
		"another version":      func(b *cal.Booking) { b.Version = 7 },
		"defaults written out": func(b *cal.Booking) { b.Notify, b.Targets[0].Authoritative = cal.NotifyNone, true },
		"an empty text":        func(b *cal.Booking) { b.Description = "" },
	} {
		if hash(edit) != plain {
			t.Errorf("%s counts as other content", name)
		}
	}
	seen := map[string]string{plain: "as it is"}
	for name, edit := range map[string]func(*cal.Booking){
		"title":         func(b *cal.Booking) { b.Title = "x" },
		"description":   func(b *cal.Booking) { b.Description = "x" },
		"location":      func(b *cal.Booking) { b.Location = "x" },
		"start":         func(b *cal.Booking) { b.Start = berlin("2026-10-01T09:59:00") },
		"end":           func(b *cal.Booking) { b.End = berlin("2026-10-01T10:31:00") },
		"guest":         func(b *cal.Booking) { b.Attendees[1].Optional = true },
		"guest's name":  func(b *cal.Booking) { b.Attendees[1].Name = "Bob" },
		"notify":        func(b *cal.Booking) { b.Notify = cal.NotifyAll },
		"target":        func(b *cal.Booking) { b.Targets[1].CalendarID = "cal_3" },
		"authority":     func(b *cal.Booking) { b.Targets[1].Authoritative = true },
		"metadata":      func(b *cal.Booking) { b.Metadata["room"] = "5" },
		"one target":    func(b *cal.Booking) { b.Targets = b.Targets[:1] },
		"no guests":     func(b *cal.Booking) { b.Attendees = nil },
		"less metadata": func(b *cal.Booking) { b.Metadata = nil },
	} {
		got := hash(edit)
		if other, twice := seen[got]; twice {
			t.Errorf("%s has the hash of %s", name, other)
		}
		seen[got] = name
	}
	if hash(guests()) != hash(func(b *cal.Booking) { b.Attendees = []cal.Attendee{} }) {
		t.Error("an empty list of guests counts as other content than none")
	}
	if b := good(); fingerprint(b, true) == fingerprint(b, false) {
		t.Error("a cancellation has the hash of its booking")
	}
}
