package drivertest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/contracts/provider/providertest"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/stage"
)

// Provider is one side of the simulators.
type Provider struct {
	Name  sim.Provider
	Email string
	// Open makes the driver for the provider at an address, with the provider's clock.
	Open func(url string, now clock.Clock) provider.Driver
	// Switches are those that differ from the default; nil is none.
	Switches func(*sim.Switches)
	// Wrap stands between the driver and the wire; nil is nothing.
	Wrap func(http.RoundTripper) http.RoundTripper
}

// Account starts simulators with one account.
func (p Provider) Account(t providertest.T) *providertest.Account {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", p.Name, err)
		}
	}
	now := clock.NewManual(time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC))
	switches := sim.DefaultSwitches()
	if p.Switches != nil {
		p.Switches(&switches)
	}
	r := receive(t)
	s, err := sim.New(sim.Config{Clock: now, Switches: &switches, PushTransport: r.transport, PushBackoff: time.Millisecond})
	must(err)
	in := sim.In{Provider: p.Name, Email: p.Email}
	handler := s.Google()
	if p.Name == sim.Microsoft {
		handler = s.Microsoft()
	}
	served := newServed(handler)
	server := httptest.NewServer(served)
	t.Cleanup(server.Close)
	t.Cleanup(s.Close) // before the server, which waits for held requests
	person, err := s.Seed(sim.Person{Provider: p.Name, Email: p.Email, Zone: "Europe/Berlin", Calendars: []sim.Calendar{{Primary: true, Zone: "Europe/Berlin"}}})
	must(err)
	_, err = s.Seed(sim.Person{Provider: p.Name, Email: providertest.Guest, Zone: "Europe/Berlin"})
	must(err)
	driver := p.Open(server.URL, now)
	w := &wire{t: t, sim: s, in: in, now: now, pace: pace(switches), scopes: driver.OAuth().Scopes, served: served, inner: &http.Transport{}}
	t.Cleanup(w.inner.CloseIdleConnections)
	must(w.sign())
	var outer http.RoundTripper = w
	if p.Wrap != nil {
		outer = p.Wrap(w)
	}
	client, err := driver.Open(&http.Client{Transport: outer})
	must(err)
	h := &hand{t: t, sim: s, in: in, now: now, own: own{wire: w, url: server.URL}}
	a := &providertest.Account{
		Driver: driver, Client: client, Calendar: cal.RemoteCalendarID(person.Calendars[0].ID), Email: p.Email, Person: h, Wire: w,
		Now: now.Now, Pass: func(d time.Duration) {
			now.Advance(d)
			s.CatchUp()
			must(w.sign())
		},
		Mails: func() int { return len(s.Mails(0)) }, LoseCursors: func() { must(s.ExpireCursors(in)) },
		EmptyPages: func() { must(s.SetSwitches(func(w *sim.Switches) { w.EmptyFirstPage = true })) },
		Strange:    func() { w.strange.Store(true) }, Spoil: func(id cal.EventID) { w.spoiled.Store((*string)(&id)) }, Bar: func(err error) { w.bar.Store(&err) },
		Fill: h.fill, Decorate: h.decorate, Receive: r.receive,
		Settle:  func() { must(s.Wait(t.Context(), func() bool { return s.PushesPending() == 0 })) },
		Secrets: func() []string { return []string{w.token} },
	}
	differ(a, switches)
	return a
}

// differ is what not both providers have, or not under all switches.
func differ(a *providertest.Account, s sim.Switches) {
	if a.Driver.Name() == cal.Google {
		a.KeepsZones = true
		a.NoConferences = s.Google.Conferences == stage.ConferenceFails || s.Google.Conferences == stage.ConferenceRefused
		if s.Google.PushDomains == stage.Refused {
			a.Receive = nil // no domain is verified
		}
		return
	}
	a.NoConferences = s.Microsoft.OnlineMeetings == stage.Ignored
	a.KeepsZones = s.Microsoft.OriginalZone == ""
	a.Zones = map[string]string{
		"W. Europe Standard Time": "Europe/Berlin", "Eastern Standard Time": "America/New_York", "Tonga Standard Time": "Pacific/Tongatapu",
		"Nepal Standard Time": "Asia/Kathmandu", "Lord Howe Standard Time": "Australia/Lord_Howe", "Morocco Standard Time": "Africa/Casablanca",
	}
}

// pace is how far the clock moves before each request, so that no limit of the switches is reached: waiting is the engine's part.
func pace(s sim.Switches) time.Duration {
	var d time.Duration
	for _, limit := range []struct {
		requests int
		within   time.Duration
	}{
		{s.Google.ProjectPerMinute, time.Minute},
		{s.Google.UserPerMinute, time.Minute},
		{s.Google.CalendarWritesPerMinute, time.Minute},
		{s.Google.ProjectPerDay, 24 * time.Hour},
		{s.Microsoft.RequestsPerTenMinutes, 10 * time.Minute},
	} {
		if limit.requests > 0 {
			d = max(d, 2*limit.within/time.Duration(limit.requests)) // a request that was held counts when it is released
		}
	}
	return d
}

// hand is the person.
type hand struct {
	t   providertest.T
	sim *sim.Sim
	in  sim.In
	now *clock.Manual
	own own
}

func (h *hand) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatalf("by hand: %v", err)
	}
}

// Create implements providertest.Person.
func (h *hand) Create(d providertest.Draft) cal.EventID {
	draft := sim.Draft{Title: d.Title, Start: d.Start, End: d.End, Zone: d.Zone, AllDay: d.AllDay, Attendees: attendees(d.Guests)}
	if d.Days > 0 {
		draft.Recurrence = []string{daily(h.in.Provider, d)}
	}
	e, err := h.sim.CreateEvent(h.in, draft)
	h.must(err)
	return cal.EventID(e.ID)
}

// daily is the rule of a series, in the provider's words.
func daily(p sim.Provider, d providertest.Draft) string {
	if p == sim.Google {
		return fmt.Sprintf("RRULE:FREQ=DAILY;COUNT=%d", d.Days)
	}
	return fmt.Sprintf(`{"pattern":{"type":"daily","interval":1},"range":{"type":"numbered","startDate":%q,"numberOfOccurrences":%d}}`,
		d.Start.Format(time.DateOnly), d.Days)
}

// fill makes events that lie in a row.
func (h *hand) fill(n int) {
	start := h.now.Now().AddDate(0, 0, 1)
	for i := range n {
		at := start.Add(time.Duration(i) * time.Minute)
		_, err := h.sim.CreateEvent(h.in, sim.Draft{Title: fmt.Sprint("filled ", i), Start: at, End: at.Add(time.Minute), Zone: "UTC"})
		h.must(err)
	}
}

// Occurrence implements providertest.Person.
func (h *hand) Occurrence(series cal.EventID, n int) cal.EventID { return h.own.instances(series)[n] }

// decorate implements providertest.Account.Decorate.
func (h *hand) decorate(id cal.EventID) (lost func() []string) {
	h.own.decorate(id, h.sim.Switches().Google.Conferences != stage.ConferenceRefused)
	h.now.Advance(time.Minute) // a meeting is made in the background
	h.sim.CatchUp()
	before := h.own.decorations(id)
	return func() []string {
		var all []string
		after := h.own.decorations(id)
		for name, value := range before {
			if !reflect.DeepEqual(value, after[name]) {
				all = append(all, fmt.Sprintf("%s: %v became %v", name, value, after[name]))
			}
		}
		return all
	}
}

// Edit implements providertest.Person.
func (h *hand) Edit(id cal.EventID, e providertest.Edit) {
	change := sim.Edit{Title: e.Title, Start: e.Start}
	if len(e.Guests) > 0 {
		now, err := h.sim.Event(h.in, string(id))
		h.must(err)
		all := append(slices.Clone(now.Attendees), attendees(e.Guests)...)
		change.Attendees = &all
	}
	h.now.Advance(time.Second)
	_, err := h.sim.EditEvent(h.in, string(id), change)
	h.must(err)
}

func attendees(emails []string) []sim.Attendee {
	var all []sim.Attendee
	for _, email := range emails {
		all = append(all, sim.Attendee{Email: email})
	}
	return all
}

// Delete implements providertest.Person.
func (h *hand) Delete(id cal.EventID) {
	h.now.Advance(time.Second)
	h.must(h.sim.DeleteEvent(h.in, string(id), false))
}

// Answer implements providertest.Person. The guest answers in a calendar of its own.
func (h *hand) Answer(id cal.EventID) {
	const guest = providertest.Guest
	if h.in.Provider == sim.Microsoft {
		copies, err := h.sim.Standing(sim.In{Provider: h.in.Provider, Email: guest})
		h.must(err)
		if len(copies) != 1 {
			h.t.Fatalf("%s has %d invitations", guest, len(copies))
		}
		h.must(h.sim.Respond(guest, "", copies[0].ID, "accepted"))
		return
	}
	now, err := h.sim.Event(h.in, string(id))
	h.must(err)
	all := slices.Clone(now.Attendees)
	for i := range all {
		if all[i].Email == guest {
			all[i].Response = "accepted"
		}
	}
	_, err = h.sim.EditEvent(h.in, string(id), sim.Edit{Attendees: &all})
	h.must(err)
}

// Standing implements providertest.Person.
func (h *hand) Standing() []providertest.Draft {
	events, err := h.sim.Standing(h.in)
	h.must(err)
	var all []providertest.Draft
	for _, e := range events {
		d := providertest.Draft{ID: cal.EventID(e.ID), Title: e.Title, Start: e.Start, End: e.End, Zone: e.Zone}
		for _, a := range e.Attendees {
			d.Guests = append(d.Guests, a.Email)
		}
		all = append(all, d)
	}
	return all
}
