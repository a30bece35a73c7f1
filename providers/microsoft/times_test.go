package microsoft

import (
	"testing"
	"time"

	"github.com/microsoftgraph/msgraph-sdk-go/models"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/testkit/timetable"
	"github.com/calweave/calweave/internal/zone"
)

// TestTimeTable writes each slot of the table as an event, and reads it as a person made it under both names of its zone.
func TestTimeTable(t *testing.T) {
	t.Parallel()
	s, _, client, ref := simulated(t)
	for i, c := range timetable.Accepted(t) {
		made, err := client.CreateEvent(t.Context(), provider.CreateEvent{
			Calendar: ref.Calendar, Key: cal.NewKey("ten_1", "times", "cal_1", "", i+1), Content: cal.Content{Slot: c.Slot()}, Fields: cal.Fields(cal.FieldSlot),
		})
		if err != nil || !made.Event.Content.Slot.Equal(c.Slot()) {
			t.Errorf("%s is written as %+v, %v", c.Name, made.Event.Content.Slot, err)
			continue
		}
		stands, err := s.Event(byHand, string(made.Event.ID))
		if err != nil || !c.Days && (!stands.Start.Equal(c.From) || !stands.End.Equal(c.Until)) || stands.AllDay != c.Days {
			t.Errorf("%s stands at %s to %s, %v", c.Name, stands.Start, stands.End, err)
		}
		for _, name := range c.Names() {
			e, err := s.CreateEvent(byHand, draft(t, c, name))
			if err != nil {
				t.Fatalf("%s in %q: %v", c.Name, name, err)
			}
			ref.ID = cal.EventID(e.ID)
			read, err := client.ReadEvent(t.Context(), ref)
			if err != nil || !read.Content.Slot.Equal(c.Slot()) {
				t.Errorf("%s in %q is read as %+v, %v", c.Name, name, read.Content.Slot, err)
			}
		}
	}
}

// draft is the case as a person writes it.
func draft(t *testing.T, c timetable.Case, name string) sim.Draft {
	t.Helper()
	d := sim.Draft{Title: c.Name, Start: c.From, End: c.Until, Zone: name, AllDay: c.Days}
	if c.Days {
		var err1, err2 error
		d.Zone = "UTC"
		d.Start, err1 = time.Parse(cal.DateLayout, c.Start)
		d.End, err2 = time.Parse(cal.DateLayout, c.End)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
	}
	return d
}

// graphTime is one end of an event as Graph writes it.
func graphTime(dateTime, timeZone string) models.DateTimeTimeZoneable {
	out := models.NewDateTimeTimeZone()
	out.SetDateTime(&dateTime)
	out.SetTimeZone(&timeZone)
	return out
}

// TestStrangeZones reads events whose author had a zone that nobody knows: their instants are given in UTC, and hold.
func TestStrangeZones(t *testing.T) {
	t.Parallel()
	want := time.Date(2027, 6, 1, 10, 0, 0, 0, time.UTC)
	for author, name := range map[string]string{
		"tzone://Microsoft/Custom": "", "Customized Time Zone": "", "tzone://Microsoft/Utc": "Etc/UTC", "Mars/Base": "", "": "", "W. Europe Standard Time": "Europe/Berlin",
		"w. europe standard time": "Europe/Berlin", "Europe/Berlin": "Europe/Berlin", "(UTC+01:00) Amsterdam": "", "Local": "",
	} {
		m, err := momentOf(graphTime("2027-06-01T10:00:00.0000000", "UTC"), false, author)
		if err != nil || !m.Instant.Equal(want) || m.Zone != name {
			t.Errorf("by an author in %q: %+v, %v; want %s in %q", author, m, err, want, name)
		}
	}
	for _, name := range []string{"tzone://Microsoft/Custom", "Customized Time Zone", "Mars/Base"} {
		if m, err := momentOf(graphTime("2027-06-01T10:00:00.0000000", name), false, ""); err == nil {
			t.Errorf("wall time in %q is %+v", name, m)
		}
	}
}

// FuzzMoment reads an end of an event. What is read is a date, or a whole second in a zone that is known or left out; and it can be written.
func FuzzMoment(f *testing.F) {
	for _, c := range timetable.Cases(f) {
		for _, name := range c.Names() {
			f.Add(c.Start, name, name, c.Days)
			f.Add(c.Start+".0000000", "UTC", name, c.Days)
		}
	}
	f.Add("2027-06-01T10:00:00.9999999Z", "tzone://Microsoft/Utc", "tzone://Microsoft/Custom", false)
	f.Fuzz(func(t *testing.T, dateTime, timeZone, author string, allDay bool) {
		m, err := momentOf(graphTime(dateTime, timeZone), allDay, author)
		if err != nil {
			return
		}
		if (m.Date != "") != allDay || m.Instant.Nanosecond() != 0 {
			t.Fatalf("%q in %q, all day %t, is %+v", dateTime, timeZone, allDay, m)
		}
		if canonical, err := zone.Canonical(m.Zone); m.Zone != "" && (err != nil || canonical != m.Zone) {
			t.Fatalf("an author in %q is in %q, %v", author, m.Zone, err)
		}
		if y := m.Instant.Year(); allDay || y < 2 || y > 9998 {
			return
		}
		start, _, _ := wireSlot(cal.Slot{Start: m, End: m})
		if again, err := momentOf(graphTime(start.DateTime, start.TimeZone), false, author); err != nil || !again.Instant.Equal(m.Instant) {
			t.Fatalf("%+v is written as %+v and read as %+v, %v", m, start, again, err)
		}
	})
}
