package cal_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/calweave/calweave/contracts/cal"
)

func TestCanonicalText(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want cal.Content }{
		"title and location": {
			cal.Content{Title: "  Intro\t call\n", Location: "Room  1 "},
			cal.Content{Title: "Intro call", Location: "Room 1"},
		},
		"line ends":        {cal.Content{Description: "a\r\nb\rc"}, cal.Content{Description: "a\nb\nc"}},
		"blanks at ends":   {cal.Content{Description: "\n\n a \t\n\n\n\nb\n\n"}, cal.Content{Description: " a\n\nb"}},
		"no-break space":   {cal.Content{Description: "a\u00a0b\u00a0"}, cal.Content{Description: "a b"}},
		"nothing but ends": {cal.Content{Description: "\r\n \r\n"}, cal.Content{}},
		"guests": {
			cal.Content{Attendees: []cal.Attendee{
				{Email: " B@x.test", Name: "Bea", Response: cal.ResponseDeclined},
				{Email: "a@X.test", Optional: true},
				{Email: "b@x.test", Optional: true},
			}},
			cal.Content{Attendees: []cal.Attendee{{Email: "a@x.test", Optional: true}, {Email: "b@x.test"}}},
		},
		"zones": {
			cal.Content{Slot: slot(cal.Moment{Instant: instant(0), Zone: "Europe/Berlin"}, cal.Moment{Instant: instant(60), Zone: "Asia/Tokyo"})},
			cal.Content{Slot: slot(cal.Moment{Instant: instant(0)}, cal.Moment{Instant: instant(60)})},
		},
	} {
		got := c.in.Canonical()
		if len(got.Attendees) == 0 {
			got.Attendees = nil
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestCanonicalLeavesItsReceiverAlone(t *testing.T) {
	t.Parallel()
	guests := []cal.Attendee{{Email: "B@x.test"}, {Email: "a@x.test"}}
	_ = cal.Content{Attendees: guests}.Canonical()
	if guests[0].Email != "B@x.test" || guests[1].Email != "a@x.test" {
		t.Errorf("the caller's guests became %v", guests)
	}
}

func TestDifferences(t *testing.T) {
	t.Parallel()
	base := cal.Content{
		Title: "Intro", Description: "Agenda", Location: "Room 1",
		Slot:      slot(cal.Moment{Instant: instant(0)}, cal.Moment{Instant: instant(60)}),
		Attendees: []cal.Attendee{{Email: "a@x.test"}},
	}
	for name, c := range map[string]struct {
		change func(*cal.Content)
		want   cal.Fields
	}{
		"nothing":           {func(*cal.Content) {}, 0},
		"title":             {func(c *cal.Content) { c.Title = "Outro" }, cal.Fields(cal.FieldTitle)},
		"case of a title":   {func(c *cal.Content) { c.Title = "intro" }, cal.Fields(cal.FieldTitle)},
		"description":       {func(c *cal.Content) { c.Description = "" }, cal.Fields(cal.FieldDescription)},
		"location":          {func(c *cal.Content) { c.Location = "Room 2" }, cal.Fields(cal.FieldLocation)},
		"start":             {func(c *cal.Content) { c.Slot.Start.Instant = instant(30) }, cal.Fields(cal.FieldSlot)},
		"end":               {func(c *cal.Content) { c.Slot.End.Instant = instant(61) }, cal.Fields(cal.FieldSlot)},
		"all-day":           {func(c *cal.Content) { c.Slot = days("2026-10-01", "2026-10-02") }, cal.Fields(cal.FieldSlot)},
		"zone of a slot":    {func(c *cal.Content) { c.Slot.Start.Zone = "Asia/Tokyo" }, 0},
		"location of time":  {func(c *cal.Content) { c.Slot.Start.Instant = instant(0).In(time.FixedZone("", 3600)) }, 0},
		"another guest":     {func(c *cal.Content) { c.Attendees = []cal.Attendee{{Email: "b@x.test"}} }, cal.Fields(cal.FieldAttendees)},
		"guest is optional": {func(c *cal.Content) { c.Attendees = []cal.Attendee{{Email: "a@x.test", Optional: true}} }, cal.Fields(cal.FieldAttendees)},
		"guest answered": {func(c *cal.Content) {
			c.Attendees = []cal.Attendee{{Email: "A@x.test", Response: cal.ResponseAccepted}}
		}, 0},
		"recurs":   {func(c *cal.Content) { c.Recurrence = []string{"RRULE:FREQ=DAILY"} }, cal.Fields(cal.FieldRecurrence)},
		"no lines": {func(c *cal.Content) { c.Recurrence = []string{} }, 0},
		"two fields": {
			func(c *cal.Content) { c.Title, c.Location = "x", "y" },
			cal.Fields(cal.FieldTitle | cal.FieldLocation),
		},
	} {
		changed := base
		c.change(&changed)
		if got := base.Differences(changed, cal.AllFields); got != c.want {
			t.Errorf("%s: %v, want %v", name, got.Names(), c.want.Names())
		}
		if got := base.Differences(changed, cal.Fields(cal.FieldLocation)); got != c.want&cal.Fields(cal.FieldLocation) {
			t.Errorf("%s within location: %v", name, got.Names())
		}
	}
}

func TestFields(t *testing.T) {
	t.Parallel()
	if got, want := cal.AllFields.Names(), []string{"title", "description", "location", "slot", "attendees", "recurrence"}; !slices.Equal(got, want) {
		t.Errorf("all fields are %v, want %v", got, want)
	}
	if got := cal.Fields(0).Names(); got == nil || len(got) != 0 {
		t.Errorf("no fields are %#v, want an empty list that JSON shows as []", got)
	}
	if got := cal.Field(1 << 7).String(); got != "unknown" {
		t.Errorf("a field of the future is %q", got)
	}
}

func TestContentProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		fields := rapid.Uint8Range(0, uint8(cal.AllFields))
		a := drawContent(t, "a")
		b := a.Overlay(drawContent(t, "b"), cal.Fields(fields.Draw(t, "changed")))
		within := cal.Fields(fields.Draw(t, "within"))
		canonical := a.Canonical()
		if again := canonical.Canonical(); !reflect.DeepEqual(again, canonical) {
			t.Fatalf("canonical twice: %+v, once %+v", again, canonical)
		}
		if d := a.Differences(canonical, cal.AllFields); d != 0 {
			t.Fatalf("differs from its own canonical form in %v", d.Names())
		}
		d := a.Differences(b, within)
		if d&^within != 0 || d != b.Differences(a, within) {
			t.Fatalf("differences %v within %v are not symmetric or reach beyond", d.Names(), within.Names())
		}
		if same := a.Hash(within) == b.Hash(within); same != (d == 0) {
			t.Fatalf("same hash %t, differences %v", same, d.Names())
		}
		merged := a.Overlay(b, d)
		if left := merged.Differences(b, within); left != 0 {
			t.Fatalf("after overlaying %v there is still %v", d.Names(), left.Names())
		}
		if kept := merged.Differences(a, cal.AllFields&^d); kept != 0 {
			t.Fatalf("overlaying %v changed %v too", d.Names(), kept.Names())
		}
	})
}

func TestOrderOfGuestsDoesNotCount(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := drawContent(t, "content")
		b := a
		b.Attendees = rapid.Permutation(a.Attendees).Draw(t, "order")
		if a.Hash(cal.AllFields) != b.Hash(cal.AllFields) {
			t.Fatalf("%v and %v differ", a.Attendees, b.Attendees)
		}
	})
}

// Hashes are stored with links: another value for the same content and version makes every event look edited.
func TestHashIsStable(t *testing.T) {
	t.Parallel()
	c := cal.Content{
		Title: "Intro", Description: "Agenda\n", Location: "Room 1",
		Slot:      slot(cal.Moment{Instant: instant(0), Zone: "Europe/Berlin"}, cal.Moment{Instant: instant(60)}),
		Attendees: []cal.Attendee{{Email: "A@x.test", Name: "Ann"}, {Email: "b@x.test", Optional: true}},
	}
	for within, want := range map[cal.Fields]string{
		cal.AllFields:              "c1:fc11001e093b1298e23496867edf20cd4be7635fa78ee1e5de1a6915e98b499f",
		cal.Fields(cal.FieldTitle): "c1:4d136886496014902fb1eea19b4fbd810437f96c56068300eeb078e0d5a1ebfa",
		0:                          "c1:1f3573f94e20bc816cb3ae0837c8b4012291f2bc3f98849693e10da91cf3406e",
	} {
		got := c.Hash(within)
		if got != want {
			t.Errorf("hash within %v is %q, want %q", within.Names(), got, want)
		}
		if !strings.HasPrefix(got, cal.HashVersion+":") {
			t.Errorf("hash %q is not led by its version", got)
		}
	}
	c.Recurrence = []string{"RRULE:FREQ=WEEKLY;BYDAY=MO"}
	if got, want := c.Hash(cal.AllFields), "c1:e8845ea0f000984b0fcec200a885fcbacf203afbeb35df99135edf75e36fe823"; got != want {
		t.Errorf("hash of a series is %q, want %q", got, want)
	}
}

func TestHashOfFarTimes(t *testing.T) {
	t.Parallel()
	far := cal.Content{Slot: slot(cal.Moment{Instant: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}, cal.Moment{})}
	farther := cal.Content{Slot: slot(cal.Moment{Instant: time.Date(10001, 1, 1, 0, 0, 0, 0, time.UTC)}, cal.Moment{})}
	if far.Hash(cal.AllFields) == farther.Hash(cal.AllFields) {
		t.Error("two years have the same hash")
	}
}

func drawContent(t *rapid.T, label string) cal.Content {
	text := rapid.StringOfN(rapid.SampledFrom([]rune("aB \t\r\n\u00a0é\x00")), 0, 8, -1)
	guest := rapid.Custom(func(t *rapid.T) cal.Attendee {
		return cal.Attendee{
			Email:    rapid.SampledFrom([]string{"a@x.test", "A@x.test ", "b@x.test", "ß@x.test", ""}).Draw(t, "email"),
			Name:     rapid.SampledFrom([]string{"", "Ann"}).Draw(t, "name"),
			Optional: rapid.Bool().Draw(t, "optional"),
			Response: rapid.SampledFrom([]cal.Response{"", cal.ResponseAccepted}).Draw(t, "response"),
		}
	})
	moment := rapid.Custom(func(t *rapid.T) cal.Moment {
		if rapid.Bool().Draw(t, "all-day") {
			return cal.Moment{Date: rapid.SampledFrom([]string{"2026-10-01", "2026-10-02"}).Draw(t, "date")}
		}
		return cal.Moment{
			Instant: instant(rapid.IntRange(0, 2).Draw(t, "minutes")),
			Zone:    rapid.SampledFrom([]string{"", "Europe/Berlin"}).Draw(t, "zone"),
		}
	})
	return rapid.Custom(func(t *rapid.T) cal.Content {
		return cal.Content{
			Title: text.Draw(t, "title"), Description: text.Draw(t, "description"), Location: text.Draw(t, "location"),
			Slot:      slot(moment.Draw(t, "start"), moment.Draw(t, "end")),
			Attendees: rapid.SliceOfN(guest, 0, 4).Draw(t, "guests"),
			Recurrence: rapid.SampledFrom([][]string{
				nil, {}, {"RRULE:FREQ=DAILY"}, {"RRULE:FREQ=DAILY", "RDATE:20261001T080000Z"}, {"true"},
			}).Draw(t, "recurrence"),
		}
	}).Draw(t, label)
}

func instant(minutes int) time.Time {
	return time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC).Add(time.Duration(minutes) * time.Minute)
}

func slot(start, end cal.Moment) cal.Slot { return cal.Slot{Start: start, End: end} }

func days(from, until string) cal.Slot { return slot(cal.Moment{Date: from}, cal.Moment{Date: until}) }
