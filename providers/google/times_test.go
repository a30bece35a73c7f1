package google

import (
	"testing"
	"time"

	"google.golang.org/api/calendar/v3"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/testkit/timetable"
	"github.com/calweave/calweave/internal/zone"
)

// TestTimeTable writes each slot of the table as an event, and reads it as a person made it. Google has IANA's names only.
func TestTimeTable(t *testing.T) {
	t.Parallel()
	s, _, client, ref := simulated(t)
	byHand := sim.In{Provider: sim.Google, Email: host}
	for i, c := range timetable.Accepted(t) {
		made, err := client.CreateEvent(t.Context(), provider.CreateEvent{
			Calendar: ref.Calendar, Key: cal.NewKey("ten_1", "times", "cal_1", "", i+1), Content: cal.Content{Slot: c.Slot()}, Fields: cal.Fields(cal.FieldSlot),
		})
		if err != nil || !made.Event.Content.Slot.Equal(c.Slot()) || made.Event.Content.Slot.Start.Zone != c.Zone {
			t.Errorf("%s is written as %+v, %v", c.Name, made.Event.Content.Slot, err)
			continue
		}
		stands, err := s.Event(byHand, string(made.Event.ID))
		if err != nil || !c.Days && (!stands.Start.Equal(c.From) || !stands.End.Equal(c.Until)) || stands.AllDay != c.Days {
			t.Errorf("%s stands at %s to %s, %v", c.Name, stands.Start, stands.End, err)
		}
		d := sim.Draft{Title: c.Name, Start: c.From, End: c.Until, Zone: c.Zone, AllDay: c.Days}
		if c.Days {
			d.Zone = "UTC"
			d.Start, _ = time.Parse(cal.DateLayout, c.Start)
			d.End, _ = time.Parse(cal.DateLayout, c.End)
		}
		e, err := s.CreateEvent(byHand, d)
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		ref.ID = cal.EventID(e.ID)
		if read, err := client.ReadEvent(t.Context(), ref); err != nil || !read.Content.Slot.Equal(c.Slot()) || read.Content.Slot.Start.Zone != c.Zone {
			t.Errorf("%s is read as %+v, %v", c.Name, read.Content.Slot, err)
		}
	}
}

// TestStrangeZones reads events in zones of other names, as migrations from Outlook leave them: an offset holds in any of them, wall time needs one that is
// known.
func TestStrangeZones(t *testing.T) {
	t.Parallel()
	want := time.Date(2027, 6, 1, 8, 0, 0, 0, time.UTC)
	for name, kept := range map[string]string{
		"Europe/Berlin": "Europe/Berlin", "W. Europe Standard Time": "Europe/Berlin", "tzone://Microsoft/Custom": "", "Customized Time Zone": "", "Mars/Base": "", "": "",
	} {
		m, err := momentOf(&calendar.EventDateTime{DateTime: "2027-06-01T10:00:00+02:00", TimeZone: name})
		if err != nil || !m.Instant.Equal(want) || m.Zone != kept {
			t.Errorf("with an offset in %q: %+v, %v", name, m, err)
		}
		m, err = momentOf(&calendar.EventDateTime{DateTime: "2027-06-01T10:00:00", TimeZone: name})
		if known := kept != ""; (err == nil) != known || known && !m.Instant.Equal(want) {
			t.Errorf("wall time in %q: %+v, %v", name, m, err)
		}
	}
}

// FuzzMoment reads an end of an event. What is read is a date, or a whole second in a zone that is known or left out; and it can be written.
func FuzzMoment(f *testing.F) {
	for _, c := range timetable.Cases(f) {
		for _, name := range c.Names() {
			if c.Days {
				f.Add(c.Start, "", name)
			} else {
				f.Add("", c.Start, name)
				f.Add("", c.Start+"Z", name)
			}
		}
	}
	f.Add("", "2027-06-01T10:00:00.123+02:00", "Europe/Berlin")
	f.Fuzz(func(t *testing.T, date, dateTime, name string) {
		m, err := momentOf(&calendar.EventDateTime{Date: date, DateTime: dateTime, TimeZone: name})
		if err != nil {
			return
		}
		if m.Date != date || m.Instant.Nanosecond() != 0 {
			t.Fatalf("%q, %q in %q is %+v", date, dateTime, name, m)
		}
		if canonical, err := zone.Canonical(m.Zone); m.Zone != "" && (err != nil || canonical != m.Zone) {
			t.Fatalf("%q is %q, %v", name, m.Zone, err)
		}
		if y := m.Instant.Year(); m.Date == "" && (y < 2 || y > 9998) {
			return
		}
		if again, err := momentOf(wireMoment(m)); err != nil || again.Date != m.Date || !again.Instant.Equal(m.Instant) {
			t.Fatalf("%+v is written as %+v and read as %+v, %v", m, wireMoment(m), again, err)
		}
	})
}
