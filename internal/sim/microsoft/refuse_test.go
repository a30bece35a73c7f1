package microsoft_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/calweave/calweave/internal/sim/simtest"
)

// lasting is an event from one time to another.
func lasting(zone, from, to string) object {
	return object{"subject": "S", "start": object{"dateTime": from, "timeZone": zone}, "end": object{"dateTime": to, "timeZone": zone}}
}

// TestTimesOutOfRange writes times that UTC has no year for, and events that are too long.
func TestTimesOutOfRange(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	for _, tc := range []struct{ zone, from, to, code string }{
		{"Europe/Berlin", "0001-01-01T00:00:00", "0001-01-01T05:00:00", "ErrorPropertyValidationFailure"},
		{"America/Los_Angeles", "9999-12-31T10:00:00", "9999-12-31T23:59:59", "ErrorPropertyValidationFailure"},
		{"UTC", "2026-04-15T10:00:00", "2031-04-15T10:00:01", "ErrorCalendarDurationIsTooLong"},
	} {
		wantError(t, c.Do("POST", "/me/events", lasting(tc.zone, tc.from, tc.to)), http.StatusBadRequest, tc.code)
	}
	wantStatus(t, c.Do("POST", "/me/events", lasting("UTC", "2026-04-15T10:00:00", "2031-04-15T10:00:00")), http.StatusCreated)
}

// TestOverlappingSeries makes series of which one occurrence would last into the next.
func TestOverlappingSeries(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	series := func(to string, pattern object, n int) object {
		e := repeating("2026-10-19", pattern, numberedRange(n))
		e["end"] = object{"dateTime": to, "timeZone": pacific}
		return e
	}
	everyDay, twice := object{"type": "daily", "interval": 1}, object{"type": "weekly", "interval": 1, "daysOfWeek": []string{"monday", "tuesday"}}
	const tooBig = "ErrorOccurrenceTimeSpanTooBig"
	wantError(t, c.Do("POST", "/me/events", series("2026-10-21T10:00:00", everyDay, 5)), http.StatusBadRequest, tooBig)
	wantError(t, c.Do("POST", "/me/events", series("2026-10-20T10:30:00", twice, 5)), http.StatusBadRequest, tooBig)
	wantStatus(t, c.Do("POST", "/me/events", series("2026-10-21T10:00:00", everyDay, 1)), http.StatusCreated)
	made := wantStatus(t, c.Do("POST", "/me/events", series("2026-10-20T10:00:00", everyDay, 20)), http.StatusCreated) // also on the day of 25 hours
	longer := object{"end": object{"dateTime": "2026-10-20T10:00:01", "timeZone": pacific}}
	wantError(t, c.Do("PATCH", event(made.Text("id")), longer), http.StatusBadRequest, tooBig)
}

func TestReminderIsInt32(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	id := createOn(t, c, "/me/events", "S", "2026-04-15")
	wantStatus(t, c.Do("PATCH", event(id), object{"reminderMinutesBeforeStart": 1<<31 - 1}), http.StatusOK)
	wantError(t, c.Do("PATCH", event(id), object{"reminderMinutesBeforeStart": 1 << 31}), http.StatusBadRequest, "RequestBodyRead")
}

// TestBodiesSayTheirType sends JSON that is not called so.
func TestBodiesSayTheirType(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.Base+"/me/events", strings.NewReader(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+c.Token)
		if kind != "" {
			req.Header.Set("Content-Type", kind)
		}
		resp, err := simtest.HTTP(t).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		raw, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest || !strings.Contains(string(raw), "ensure Content-Type header is set") {
			t.Errorf("%q: got %d %s", kind, resp.StatusCode, raw)
		}
	}
	wantStatus(t, c.Do("POST", "/me/events", meeting(nil), "Content-Type", "Application/JSON; charset=utf-8"), http.StatusCreated)
}

// TestRelationsAreKnown writes what an event has but the simulator does not keep.
func TestRelationsAreKnown(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	for _, name := range []string{"attachments", "calendar", "extensions", "instances", "multiValueExtendedProperties"} {
		e := meeting(nil)
		e[name] = []object{}
		wantError(t, c.Do("POST", "/me/events", e), http.StatusNotImplemented, "NotSimulated")
	}
}

func TestOptionsAreSaidOnce(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	wantError(t, c.Do("GET", "/me/events?$top=1&$top=2", nil), http.StatusBadRequest, "BadRequest")
	wantError(t, c.Do("GET", "/me/calendars?$skip=1&$skip=1", nil), http.StatusBadRequest, "BadRequest")
}
