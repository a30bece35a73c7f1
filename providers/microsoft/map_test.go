package microsoft

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"pgregory.net/rapid"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/zone"
)

// TestReadGolden maps rows as Graph documents them.
func TestReadGolden(t *testing.T) {
	t.Parallel()
	golden(t, "events", func(_ *testing.T, in json.RawMessage) any { return itemOf(in) })
}

// TestWriteGolden writes contents as the body of a create and of an update.
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
		return map[string]any{"create": newEvent(testKey, ask.Content, ask.Fields), "update": wireEvent(ask.Content, ask.Fields)}
	})
}

// TestSlotRoundTrip writes slots of any instant in many zones and reads them back as Graph would show them: in UTC.
func TestSlotRoundTrip(t *testing.T) {
	t.Parallel()
	zones := []string{
		"Europe/Berlin", "America/New_York", "Pacific/Tongatapu", "Pacific/Pago_Pago", "Asia/Kathmandu", "Australia/Lord_Howe",
		"America/St_Johns", "Africa/Casablanca", "Pacific/Apia", "Etc/UTC", "Antarctica/Troll", "", "Nowhere/Land",
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(zones).Draw(t, "zone")
		at := time.Unix(rapid.Int64Range(946684800, 4102444800).Draw(t, "at"), 0).UTC()
		start, end, allDay := wireSlot(cal.Slot{Start: cal.Moment{Instant: at, Zone: name}, End: cal.Moment{Instant: at.Add(time.Hour), Zone: name}})
		if allDay || start.TimeZone != end.TimeZone {
			t.Fatalf("%+v, %+v", start, end)
		}
		wall := models.NewDateTimeTimeZone()
		wall.SetDateTime(&start.DateTime)
		wall.SetTimeZone(&start.TimeZone)
		got, err := momentOf(wall, false, start.TimeZone)
		if err != nil || !got.Instant.Equal(at) {
			t.Fatalf("%s in %q was written as %+v and came back as %s (%v)", at, name, start, got.Instant, err)
		}
		if canonical, err := zone.Canonical(name); err == nil && start.TimeZone != "UTC" && got.Zone != canonical {
			t.Fatalf("zone %q came back as %q", name, got.Zone)
		}
	})
}

// TestWallTimeIsNeverAmbiguous checks that whatever is written names one instant, however a reader resolves an overlap.
func TestWallTimeIsNeverAmbiguous(t *testing.T) {
	t.Parallel()
	loc, err := zone.Load("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for at := time.Date(2026, 10, 24, 22, 0, 0, 0, time.UTC); at.Day() < 26; at = at.Add(5 * time.Minute) {
		m := cal.Moment{Instant: at, Zone: "Europe/Berlin"}
		start, _, _ := wireSlot(cal.Slot{Start: m, End: m})
		if (start.TimeZone == "UTC") != zone.Ambiguous(at, loc) {
			t.Errorf("%s is written as %+v", at, start)
		}
	}
}

// FuzzItem reads any row: it always has an id, and either an event or a reason.
func FuzzItem(f *testing.F) {
	f.Add([]byte(`{"id":"a","start":{"dateTime":"2026-10-01T08:00:00.0000000","timeZone":"UTC"},"end":{"dateTime":"2026-10-01T08:00:00","timeZone":"UTC"}}`))
	f.Add([]byte(`{"id":"a","@removed":{}}`))
	f.Add([]byte(`{"id":"a","isCancelled":true,"attendees":[null,{},{"status":null,"emailAddress":{}}],"organizer":{},"body":{"content":"<p>","contentType":"html"}}`))
	f.Add([]byte(`{"id":"a","singleValueExtendedProperties":[null,{"id":"x"}],"location":null,"showAs":"x","originalStart":"2026-10-01T08:00:00"}`))
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
