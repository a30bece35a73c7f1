package providertest

import (
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/provider"
)

func timeCases() []Case {
	return []Case{
		{"time/zones", nil, zones},
		{"time/all day", nil, allDays},
		{"time/read as a person made it", nil, readTimes},
		{"time/other names of zones", nil, otherZones},
	}
}

// zoneNames are zones with odd offsets, with and without summer time, in both hemispheres.
func zoneNames() []string {
	return []string{
		berlin, "America/New_York", "Pacific/Tongatapu", "Pacific/Pago_Pago", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Casablanca", "Europe/Kyiv",
		"Etc/UTC",
	}
}

// instants stand before, in and after changes of clocks, and at a year's end.
func instants(t T) []time.Time {
	var all []time.Time
	for _, at := range []string{
		"2027-03-28T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-12-31T23:30:00Z", "2028-02-29T10:00:00Z",
	} {
		instant, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatalf("%v", err)
		}
		all = append(all, instant)
	}
	return all
}

// zones writes slots of 25 hours, which are other wall times apart on the days on which clocks change.
func zones(t T, r *Run) {
	for _, zone := range zoneNames() {
		for _, at := range instants(t) {
			r.written(cal.Slot{Start: cal.Moment{Instant: at, Zone: zone}, End: cal.Moment{Instant: at.Add(25 * time.Hour), Zone: zone}})
		}
	}
}

func allDays(_ T, r *Run) {
	for _, dates := range [][2]string{{"2026-12-31", "2027-01-01"}, {"2028-02-28", "2028-03-01"}, {"2026-10-25", "2026-10-26"}, {"2027-03-28", "2027-04-11"}} {
		r.written(cal.Slot{Start: cal.Moment{Date: dates[0]}, End: cal.Moment{Date: dates[1]}})
	}
}

// written creates an event at another time, moves it to the slot, and compares what is answered and read.
func (r *Run) written(slot cal.Slot) {
	r.t.Helper()
	c := content("Intro call")
	c.Slot = slot
	made, err := r.Client.CreateEvent(r.t.Context(), r.create(r.key(), c))
	r.must("create", err)
	moved := r.booked("Moved")
	got, err := r.Client.UpdateEvent(r.t.Context(), provider.UpdateEvent{Ref: r.ref(moved.ID), ETag: moved.ETag, Content: c, Fields: cal.Fields(cal.FieldSlot)})
	r.must("update", err)
	read, err := r.Client.ReadEvent(r.t.Context(), r.ref(moved.ID))
	r.must("read", err)
	for what, got := range map[string]cal.Slot{"created": made.Event.Content.Slot, "moved": got.Content.Slot, "read": read.Content.Slot} {
		if !got.Equal(slot) {
			r.t.Errorf("%s at %+v, want %+v", what, got, slot)
		}
	}
}

func readTimes(t T, r *Run) {
	for _, zone := range zoneNames() {
		r.readIn(zone, zone)
	}
	day := time.Date(2026, 10, 25, 0, 0, 0, 0, time.UTC)
	e, err := r.Client.ReadEvent(t.Context(), r.ref(r.Person.Create(Draft{Title: "by hand", Start: day, End: day.AddDate(0, 0, 2), Zone: berlin, AllDay: true})))
	r.must("read", err)
	if want := (cal.Slot{Start: cal.Moment{Date: "2026-10-25"}, End: cal.Moment{Date: "2026-10-27"}}); !e.Content.Slot.Equal(want) {
		t.Errorf("two whole days are read as %+v", e.Content.Slot)
	}
}

// otherZones reads events in zones that the provider calls by names of its own.
func otherZones(t T, r *Run) {
	if len(r.Zones) == 0 {
		t.Skipf("%s has IANA's names only", r.Driver.Name())
	}
	for name, zone := range r.Zones {
		r.readIn(name, zone)
	}
}

// readIn reads what a person made in a zone that the provider calls by name.
func (r *Run) readIn(name, zone string) {
	r.t.Helper()
	for _, at := range instants(r.t) {
		id := r.Person.Create(Draft{Title: "by hand", Start: at, End: at.Add(time.Hour), Zone: name})
		e, err := r.Client.ReadEvent(r.t.Context(), r.ref(id))
		r.must("read", err)
		s := e.Content.Slot
		if !s.Start.Instant.Equal(at) || !s.End.Instant.Equal(at.Add(time.Hour)) || s.AllDay() || r.KeepsZones && !sameClock(s.Start.Zone, zone) {
			r.t.Errorf("%s in %s is read as %+v", at, name, s)
		}
	}
}

// sameClock reports whether two names are of zones whose clocks go alike.
func sameClock(got, want string) bool {
	a, err1 := time.LoadLocation(got)
	b, err2 := time.LoadLocation(want)
	if err1 != nil || err2 != nil {
		return false
	}
	for month := range 24 {
		at := noon().AddDate(0, month, 0)
		_, x := at.In(a).Zone()
		if _, y := at.In(b).Zone(); x != y {
			return false
		}
	}
	return true
}
