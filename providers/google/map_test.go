package google

import (
	"encoding/json"
	"testing"
	"time"

	"google.golang.org/api/calendar/v3"
	"pgregory.net/rapid"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/zone"
)

// TestReadGolden maps rows as the API documents them.
func TestReadGolden(t *testing.T) {
	t.Parallel()
	golden(t, "events", func(_ *testing.T, in json.RawMessage) any { return itemOf(in) })
}

// TestWriteGolden writes contents as an insert and as a patch.
func TestWriteGolden(t *testing.T) {
	t.Parallel()
	golden(t, "writes", func(t *testing.T, in json.RawMessage) any {
		t.Helper()
		var ask struct {
			Content cal.Content `json:"content"`
			Fields  cal.Fields  `json:"fields"`
		}
		if err := json.Unmarshal(in, &ask); err != nil {
			t.Fatal(err)
		}
		patch, err := patchBody(ask.Content, ask.Fields)
		if err != nil {
			t.Fatal(err)
		}
		return map[string]any{"insert": newEvent(testKey, ask.Content, ask.Fields), "patch": patch}
	})
}

// TestSlotRoundTrip writes slots of any instant in many zones and reads them back.
func TestSlotRoundTrip(t *testing.T) {
	t.Parallel()
	zones := []string{
		"Europe/Berlin", "America/New_York", "Pacific/Tongatapu", "Pacific/Pago_Pago", "Asia/Kathmandu", "Australia/Lord_Howe",
		"America/St_Johns", "Africa/Casablanca", "Pacific/Apia", "Etc/UTC", "", "Nowhere/Land",
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(zones).Draw(t, "zone")
		at := time.Unix(rapid.Int64Range(946684800, 4102444800).Draw(t, "at"), 0).UTC()
		raw, err := json.Marshal(wireMoment(cal.Moment{Instant: at, Zone: name}))
		if err != nil {
			t.Fatal(err)
		}
		var wire calendar.EventDateTime
		if err := json.Unmarshal(raw, &wire); err != nil {
			t.Fatal(err)
		}
		got, err := momentOf(&wire)
		if err != nil || !got.Instant.Equal(at) {
			t.Fatalf("%s in %q came back as %s (%v)", at, name, got.Instant, err)
		}
		if want, err := zone.Canonical(name); err == nil && got.Zone != want {
			t.Fatalf("zone %q came back as %q", name, got.Zone)
		}
	})
}

// TestOffsetOfItsOwnDate checks both sides of a change of clocks, and the days that are 23 and 25 hours long.
func TestOffsetOfItsOwnDate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ at, zone, want string }{
		{"2026-03-28T09:00:00Z", "Europe/Berlin", "2026-03-28T10:00:00+01:00"},
		{"2026-03-29T09:00:00Z", "Europe/Berlin", "2026-03-29T11:00:00+02:00"},
		{"2026-10-24T22:00:00Z", "Europe/Berlin", "2026-10-25T00:00:00+02:00"},
		{"2026-10-25T23:00:00Z", "Europe/Berlin", "2026-10-26T00:00:00+01:00"},
		{"2026-10-25T00:30:00Z", "Europe/Berlin", "2026-10-25T02:30:00+02:00"},
		{"2026-10-25T01:30:00Z", "Europe/Berlin", "2026-10-25T02:30:00+01:00"},
		{"2026-06-30T20:00:00Z", "Pacific/Tongatapu", "2026-07-01T09:00:00+13:00"},
		{"2026-07-01T08:00:00Z", "Pacific/Pago_Pago", "2026-06-30T21:00:00-11:00"},
		{"2026-01-01T03:15:00Z", "Asia/Kathmandu", "2026-01-01T09:00:00+05:45"},
		{"1890-01-01T12:00:00Z", "Europe/Berlin", "1890-01-01T12:00:00Z"}, // +00:53:28, which RFC 3339 cannot say
	} {
		at, err := time.Parse(time.RFC3339, tt.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := wireMoment(cal.Moment{Instant: at, Zone: tt.zone}).DateTime; got != tt.want {
			t.Errorf("%s in %s: %s, want %s", tt.at, tt.zone, got, tt.want)
		}
	}
}

func TestSendUpdates(t *testing.T) {
	t.Parallel()
	for notify, want := range map[cal.Notify]string{"": "none", cal.NotifyNone: "none", cal.NotifyExternal: "externalOnly", cal.NotifyAll: "all"} {
		if got := sendUpdates(notify); got != want {
			t.Errorf("%q: %s, want %s", notify, got, want)
		}
	}
}

// FuzzItem reads any row: it always has an id, and either an event or a reason.
func FuzzItem(f *testing.F) {
	f.Add([]byte(`{"id":"a","start":{"date":"2026-01-01"},"end":{"date":"2026-01-02"}}`))
	f.Add([]byte(`{"id":"a","status":"cancelled"}`))
	f.Add([]byte(`{"id":7}`))
	f.Add([]byte(`{"id":"a","description":"<a href=\"https://x\"><li>&amp","attendees":[null,{"email":"x"}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		item := itemOf(raw)
		if item.Event.ID == "" {
			t.Fatalf("%q has no id", raw)
		}
		if item.Withheld == "" && !item.Event.Gone() && item.Event.Content.Slot == (cal.Slot{}) {
			t.Fatalf("%q has no slot", raw)
		}
	})
}
