package api_test

import (
	"strings"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/api/gen"
)

// rooms are two tenants of one installation.
type rooms struct {
	*bench
	other                         cal.TenantID
	otherKey                      string
	booking, reservation          string
	calendar, connection, pending string
}

func newRooms(t *testing.T) *rooms {
	t.Helper()
	r := &rooms{bench: newBench(t)}
	var b gen.Booking
	r.call("PUT", "/v1/bookings/theirs", r.spec(1)).into(t, 202, &b)
	var c gen.BegunConnection
	r.call("POST", "/v1/connections", gen.NewConnection{Provider: "google"}).into(t, 201, &c)
	r.booking, r.reservation, r.calendar, r.connection, r.pending = b.ID, b.ReservationToken, string(r.google), b.Targets[0].ConnectionID, c.ID
	r.other, _, r.otherKey = r.newTenant("other")
	return r
}

// as sends a request with the other tenant's key.
func (r *rooms) as(method, path string, body any) answer {
	r.Helper()
	return r.call(method, path, body, header("Authorization", "Bearer "+r.otherKey))
}

// same fails unless what exists elsewhere is answered exactly as what exists nowhere. Both names have the same length.
func (r *rooms) same(method, template string, foreign, nobodys string, body func(id string) any) {
	r.Helper()
	send := func(id string) (int, string) {
		a := r.as(method, strings.ReplaceAll(template, "{}", id), body(id))
		text := strings.ReplaceAll(string(a.body), a.header.Get("Request-Id"), "REQ")
		text = strings.ReplaceAll(text, strings.Split(a.header.Get("Traceparent")+"--", "-")[1], "TRACE")
		return a.status, strings.ReplaceAll(text, id, "ID")
	}
	var status int
	var text string
	r.unchanged(func() { status, text = send(foreign) })
	if nobodysStatus, nobodysText := send(nobodys); status/100 == 2 || status != nobodysStatus || text != nobodysText {
		r.Errorf("%s %s: of another tenant %d %s, of nobody %d %s", method, template, status, text, nobodysStatus, nobodysText)
	}
}

func nothing(string) any { return nil }

// With one tenant's key nothing of another tenant is there: every answer is the one for what does not exist.
func TestOtherTenantsAreNotThere(t *testing.T) {
	t.Parallel()
	r := newRooms(t)
	nobody := func(id string) string {
		return id[:len(id)-1] + map[bool]string{true: "1", false: "0"}[id[len(id)-1] == '0']
	}
	r.same("GET", "/v1/bookings/{}", r.booking, "nobody", nothing)
	r.same("DELETE", "/v1/bookings/{}?version=2", r.booking, "nobody", nothing)
	r.same("POST", "/v1/bookings/{}/divergence:accept", r.booking, "nobody", nothing)
	r.same("POST", "/v1/bookings/{}/divergence:revert", r.booking, "nobody", nothing)
	r.same("GET", "/v1/bookings/{}/history", r.booking, "nobody", nothing)
	r.same("GET", "/v1/bookings/{}/copies", r.booking, "nobody", nothing)
	r.same("GET", "/v1/reservations/{}", r.reservation, nobody(r.reservation), nothing)
	r.same("PUT", "/v1/bookings/mine", r.calendar, nobody(r.calendar), func(id string) any { return r.spec(1, with("targets", to(cal.CalendarID(id)))) })
	for _, id := range []string{r.connection, r.pending} {
		r.same("POST", "/v1/connections", id, nobody(id), func(id string) any {
			return map[string]any{"provider": "google", "connection_id": id}
		})
	}
	r.same("GET", "/v1/calendars/{}", r.calendar, nobody(r.calendar), nothing)
	r.same("PATCH", "/v1/calendars/{}", r.calendar, nobody(r.calendar), func(string) any { return map[string]any{"sync": "full", "writable_target": true} })
	for _, id := range []string{r.connection, r.pending} {
		r.same("GET", "/v1/connections/{}", id, nobody(id), nothing)
		r.same("DELETE", "/v1/connections/{}", id, nobody(id), nothing)
	}
	var accounts gen.ConnectionPage
	r.call("GET", "/v1/connections?limit=1", nil).into(t, 200, &accounts)
	for _, query := range []string{"", "?cursor=" + *accounts.NextCursor, "?limit=200&provider=google"} {
		var page gen.ConnectionPage
		r.as("GET", "/v1/connections"+query, nil).into(t, 200, &page)
		if len(page.Connections) > 0 || page.NextCursor != nil {
			t.Errorf("%s: %+v", query, page)
		}
	}
	r.call("PUT", "/v1/bookings/theirs-too", r.spec(1)).into(t, 202, &gen.Booking{})
	var bookings gen.BookingPage
	r.call("GET", "/v1/bookings?limit=1", nil).into(t, 200, &bookings)
	for _, query := range []string{
		"", "?cursor=" + *bookings.NextCursor, "?limit=200&state=booked", "?calendar_id=" + r.calendar, "?diverged=false", "?updated_since=2026-01-01T00:00:00Z",
		"?starts_from=2026-01-01T00:00:00Z",
	} {
		var page gen.BookingPage
		r.as("GET", "/v1/bookings"+query, nil).into(t, 200, &page)
		if len(page.Bookings) > 0 || page.NextCursor != nil {
			t.Errorf("%s: %+v", query, page)
		}
	}
	var theirs gen.CalendarPage
	r.call("GET", "/v1/calendars?limit=1", nil).into(t, 200, &theirs)
	for _, query := range []string{"", "?limit=200", "?cursor=" + *theirs.NextCursor, "?connection_id=" + r.connection, "?writable=true&sync=busy"} {
		var page gen.CalendarPage
		r.as("GET", "/v1/calendars"+query, nil).into(t, 200, &page)
		if len(page.Calendars) > 0 || page.NextCursor != nil {
			t.Errorf("%s: %+v", query, page)
		}
	}
}

// Two tenants call their bookings the same, and neither notices.
func TestTenantsShareNames(t *testing.T) {
	t.Parallel()
	r := newRooms(t)
	r.discover(r.other, r.connect(r.other, cal.Google), cal.Calendar{ID: "primary", Name: "Bob", Primary: true, Writable: true})
	mine := r.bench.calendar(r.other, "primary")
	doc := r.spec(7, with("title", "Mine"), with("targets", to(mine)))
	var b gen.Booking
	r.as("PUT", "/v1/bookings/theirs", doc).into(t, 202, &b)
	if b.Revision != 1 || b.ReservationToken == r.reservation || len(b.Targets) != 1 || b.Targets[0].CalendarID != string(mine) {
		t.Errorf("mine: %+v", b)
	}
	last := r.calendar[:len(r.calendar)-1]
	r.same("POST", "/v1/bookings/theirs/divergence:accept?calendar_id={}", r.calendar, last+"x", nothing)
	r.as("DELETE", "/v1/bookings/theirs?version=8", nil).into(t, 202, &b)
	r.call("GET", "/v1/bookings/theirs", nil).into(t, 200, &b)
	if b.State != "booked" || b.Version != 1 || b.Booking.Title != "Intro call" {
		t.Errorf("theirs: %+v", b)
	}
	var page gen.CalendarPage
	r.as("GET", "/v1/calendars", nil).into(t, 200, &page)
	if len(page.Calendars) != 1 || page.Calendars[0].Name != "Bob" {
		t.Errorf("%+v", page)
	}
}

// Pages follow each other without a gap, whatever their size.
func TestCalendarPages(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var all gen.CalendarPage
	b.call("GET", "/v1/calendars", nil).into(t, 200, &all)
	for _, limit := range []string{"1", "2", "3", "200"} {
		var seen []gen.Calendar
		for query := "?limit=" + limit; query != ""; {
			var page gen.CalendarPage
			b.call("GET", "/v1/calendars"+query, nil).into(t, 200, &page)
			seen, query = append(seen, page.Calendars...), ""
			if page.NextCursor != nil {
				query = "?limit=" + limit + "&cursor=" + *page.NextCursor
			}
		}
		if len(seen) != 3 || len(all.Calendars) != 3 || seen[0] != all.Calendars[0] || seen[1] != all.Calendars[1] || seen[2] != all.Calendars[2] {
			t.Errorf("%s at a time: %+v", limit, seen)
		}
	}
}
