package api_test

import (
	"context"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/api"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
)

// shelf holds one booking and one reservation, and an error for whoever wants to change anything.
type shelf struct {
	booking     record.Booking
	reservation record.Reservation
	repeat      bool
	err         error
	panics      bool
}

func (s *shelf) Put(context.Context, api.Identity, cal.BookingID, cal.Booking, api.Options) (record.Booking, bool, error) {
	if s.panics {
		panic("CANARY: a defect")
	}
	return s.booking, s.repeat, s.err
}

func (s *shelf) Cancel(context.Context, api.Identity, cal.BookingID, int64, api.Options) (record.Booking, bool, error) {
	return s.booking, s.repeat, s.err
}

func (s *shelf) Decide(context.Context, api.Identity, cal.BookingID, message.Decision, api.Changed, api.Options) (record.Booking, error) {
	return s.booking, s.err
}

func (s *shelf) Booking(context.Context, cal.TenantID, cal.BookingID) (record.Booking, error) {
	return s.booking, s.err
}

func (s *shelf) Reservation(context.Context, cal.TenantID, cal.ReservationToken) (record.Reservation, error) {
	return s.reservation, s.err
}

func shelved() *shelf {
	at := time.Date(2026, 9, 1, 9, 0, 0, 123000, time.UTC)
	return &shelf{
		booking: record.Booking{
			ID: "b1", Version: 3, Revision: 5, Reservation: "rsv_3", CreatedAt: at, UpdatedAt: at,
			Spec: cal.Booking{
				Version: 3, Title: "Intro call", Start: cal.When{Date: "2026-10-01"}, End: cal.When{Date: "2026-10-02"}, Notify: cal.NotifyNone,
				Targets: []cal.Target{{CalendarID: "cal_1", Authoritative: true}},
			},
		},
		reservation: record.Reservation{Token: "rsv_3", BookingID: "b1", Version: 3, AcceptedAt: at},
	}
}

func (s *shelf) link(edits ...func(*record.Link)) record.Link {
	l := record.Link{
		ID: "lnk_1", BookingID: "b1", CalendarID: "cal_1", ConnectionID: "con_1", Provider: cal.Google, Target: true, Authoritative: true,
		Generation: 1, EventID: "event", ETag: "etag", State: record.LinkSynced, Synced: 3,
	}
	for _, edit := range edits {
		edit(&l)
	}
	return l
}

func state(s record.LinkState, reason string) func(*record.Link) {
	return func(l *record.Link) { l.State, l.Reason = s, reason }
}

func synced(version, failed int64) func(*record.Link) {
	return func(l *record.Link) { l.Synced, l.Failed = version, failed }
}

// Every state of a link has its word. An approval is no state that a core has to know about.
func TestTargetsAreShown(t *testing.T) {
	t.Parallel()
	b, s := newBench(t), shelved()
	b.api.Bookings = s
	for in, want := range map[record.LinkState]gen.TargetStatusStatus{
		record.LinkPending: "pending", record.LinkSynced: "synced", record.LinkRemoved: "removed", record.LinkDiverged: "diverged",
		record.LinkHeld: "held", record.LinkApproved: "pending", record.LinkFailed: "failed",
	} {
		for _, reason := range []string{"", "the provider refuses it"} {
			s.booking.Links = []record.Link{s.link(state(in, reason))}
			var out gen.Booking
			b.call("GET", "/v1/bookings/b1", nil).into(t, 200, &out)
			got := out.Targets[0]
			if len(out.Targets) != 1 || got.Status != want || !got.Status.Valid() || (got.Reason == nil) != (reason == "") || got.Reason != nil && *got.Reason != reason {
				t.Errorf("%s: %+v", in, got)
			}
			if got.CalendarID != "cal_1" || got.ConnectionID != "con_1" || got.Provider != "google" || !got.Authoritative || got.SyncedVersion != 3 {
				t.Errorf("%s: %+v", in, got)
			}
			if out.Diverged != (in == record.LinkDiverged) {
				t.Errorf("%s: diverged is %t", in, out.Diverged)
			}
		}
	}
}

// What a person made of an event is shown with their guests' answers, and nothing else of the event.
func TestObservedIsShown(t *testing.T) {
	t.Parallel()
	b, s := newBench(t), shelved()
	b.api.Bookings = s
	at := time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC)
	seen := cal.Content{
		Title: "Moved", Description: "d", Location: "l",
		Slot:      cal.Slot{Start: cal.Moment{Instant: at, Zone: "Europe/Berlin"}, End: cal.Moment{Instant: at.Add(time.Hour)}},
		Attendees: []cal.Attendee{{Email: "a@x.test", Name: "A", Optional: true, Response: cal.ResponseTentative}, {Email: ""}},
	}
	s.booking.Links = []record.Link{s.link(state(record.LinkDiverged, ""), func(l *record.Link) { l.Observed = &seen })}
	var out gen.Booking
	b.call("GET", "/v1/bookings/b1", nil).into(t, 200, &out)
	got := out.Targets[0].Observed
	if got == nil || got.Start != (cal.When{DateTime: "2026-10-25T02:30:00+02:00", TimeZone: "Europe/Berlin"}) ||
		got.End != (cal.When{DateTime: "2026-10-25T01:30:00Z", TimeZone: "UTC"}) || got.Attendees[0] != seen.Attendees[0] || len(got.Attendees) != 2 {
		t.Errorf("%+v", got)
	}
	s.booking.Links[0].Observed = &cal.Content{Slot: cal.Slot{Start: cal.Moment{Date: "2026-10-01"}, End: cal.Moment{Date: "2026-10-02"}}}
	b.call("GET", "/v1/bookings/b1", nil).into(t, 200, &out)
	if got := out.Targets[0].Observed; got.Start.Date != "2026-10-01" || got.Attendees == nil {
		t.Errorf("%+v", got)
	}
}

// The same booking is answered by all that answer one, with its revision as ETag.
func TestBookingIsShown(t *testing.T) {
	t.Parallel()
	b, s := newBench(t), shelved()
	b.api.Bookings = s
	for _, repeat := range []bool{false, true} {
		s.repeat = repeat
		status := map[bool]int{false: 202, true: 200}[repeat]
		for name, c := range map[string]struct {
			answer answer
			status int
		}{
			"put":    {b.call("PUT", "/v1/bookings/b1", b.spec(1)), status},
			"delete": {b.call("DELETE", "/v1/bookings/b1?version=4", nil), status},
			"get":    {b.call("GET", "/v1/bookings/b1", nil), 200},
		} {
			var out gen.Booking
			c.answer.into(t, c.status, &out)
			if c.answer.header.Get("ETag") != `"5"` || out.Revision != 5 || out.Version != 3 || out.ReservationToken != "rsv_3" || out.State != "booked" ||
				out.Booking.Title != "Intro call" || out.Targets == nil || !out.CreatedAt.Equal(s.booking.CreatedAt) {
				t.Errorf("%s: %v %+v", name, c.answer.header, out)
			}
		}
	}
}

// Tombstones keep what the booking said. One that came before its booking has nothing to keep, and shows nothing.
func TestTombstonesAreShown(t *testing.T) {
	t.Parallel()
	b, s := newBench(t), shelved()
	b.api.Bookings = s
	s.booking.Cancelled = true
	var out gen.Booking
	b.call("GET", "/v1/bookings/b1", nil).into(t, 200, &out)
	if out.State != "cancelled" || out.Booking == nil || out.Booking.Title != "Intro call" {
		t.Errorf("%+v", out)
	}
	for _, version := range []int64{0, 3} {
		s.booking.Spec = cal.Booking{Version: version}
		out = gen.Booking{}
		b.call("GET", "/v1/bookings/b1", nil).into(t, 200, &out)
		if out.State != "cancelled" || out.Booking != nil {
			t.Errorf("%+v", out)
		}
	}
}

// A reservation tells about its own version, whatever else has become of the booking since.
func TestReservationsAreShown(t *testing.T) {
	t.Parallel()
	b, s := newBench(t), shelved()
	b.api.Bookings = s
	for name, c := range map[string]struct {
		link       record.Link
		superseded bool
		status     gen.ReservationTargetStatus
		reason     string
	}{
		"waiting":                        {s.link(state(record.LinkPending, ""), synced(0, 0)), false, "pending", ""},
		"waiting, an older one stands":   {s.link(state(record.LinkPending, ""), synced(2, 0)), false, "pending", ""},
		"waiting, an older one failed":   {s.link(state(record.LinkPending, "old"), synced(0, 2)), false, "pending", ""},
		"held for an operator":           {s.link(state(record.LinkHeld, "it would mail"), synced(2, 0)), false, "pending", ""},
		"approved":                       {s.link(state(record.LinkApproved, ""), synced(2, 0)), false, "pending", ""},
		"in agreement":                   {s.link(), false, "synced", ""},
		"removed as wanted":              {s.link(state(record.LinkRemoved, "")), false, "synced", ""},
		"changed by a person since":      {s.link(state(record.LinkDiverged, "")), false, "synced", ""},
		"given up":                       {s.link(state(record.LinkFailed, "forbidden"), synced(2, 3)), false, "failed", "forbidden"},
		"given up, then mended":          {s.link(synced(3, 3)), false, "synced", ""},
		"superseded before it was sent":  {s.link(state(record.LinkPending, ""), synced(2, 0)), true, "superseded", ""},
		"superseded after it had failed": {s.link(state(record.LinkPending, "old"), synced(2, 3)), true, "superseded", ""},
		"superseded, and it still shows": {s.link(state(record.LinkPending, "")), true, "synced", ""},
		"superseded by what shows now":   {s.link(synced(4, 0)), true, "superseded", ""},
		"superseded by what has failed":  {s.link(state(record.LinkFailed, "x"), synced(2, 4)), true, "superseded", ""},
	} {
		s.reservation.Links, s.reservation.Superseded = []record.Link{c.link}, c.superseded
		var out gen.Reservation
		b.call("GET", "/v1/reservations/rsv_3", nil).into(t, 200, &out)
		got := out.Targets[0]
		if got.Status != c.status || got.CalendarID != "cal_1" || (got.Reason == nil) != (c.reason == "") || got.Reason != nil && *got.Reason != c.reason {
			t.Errorf("%s: %+v", name, got)
		}
		if out.Token != "rsv_3" || out.BookingID != "b1" || out.Version != 3 || out.Cancelled {
			t.Errorf("%s: %+v", name, out)
		}
	}
	s.reservation.Links, s.reservation.Cancelled = nil, true
	var out gen.Reservation
	b.call("GET", "/v1/reservations/rsv_3", nil).into(t, 200, &out)
	if !out.Cancelled || out.Targets == nil {
		t.Errorf("without targets: %+v", out)
	}
}

// Over the real store: what was superseded stays so, also once the newer version shows.
func TestReservationsOverTime(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var first, second gen.Booking
	b.call("PUT", "/v1/bookings/b1", b.spec(1)).into(t, 202, &first)
	b.expect(first.ReservationToken, "pending")
	b.settle("b1", func(*record.Decision) {})
	b.expect(first.ReservationToken, "synced")
	b.call("PUT", "/v1/bookings/b1", b.spec(2, with("title", "Second"))).into(t, 202, &second)
	b.expect(first.ReservationToken, "synced") // it is what the calendar still shows
	b.expect(second.ReservationToken, "pending")
	b.settle("b1", func(*record.Decision) {})
	b.expect(first.ReservationToken, "superseded")
	b.expect(second.ReservationToken, "synced")
}

// expect holds the only target of a reservation against a status.
func (b *bench) expect(token string, want gen.ReservationTargetStatus) {
	b.Helper()
	var out gen.Reservation
	b.call("GET", "/v1/reservations/"+token, nil).into(b.T, 200, &out)
	if len(out.Targets) != 1 || out.Targets[0].Status != want {
		b.Errorf("%s: %+v, want %s", token, out.Targets, want)
	}
}
