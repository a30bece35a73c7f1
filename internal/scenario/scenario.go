package scenario

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/calweave/calweave/internal/sim"
)

// Scenario is what the simulators begin with.
type Scenario struct {
	Clock      *sim.ClockChange `json:"clock"`
	Switches   json.RawMessage  `json:"switches"`
	People     []Person         `json:"people"`
	Faults     []sim.Fault      `json:"faults"`
	PushFaults []sim.PushFault  `json:"push_faults"`

	source *source
}

// Person is an account, with what stands in its calendars.
type Person struct {
	Provider  sim.Provider `json:"provider"`
	Email     string       `json:"email"`
	Name      string       `json:"name"`
	Zone      string       `json:"zone"`
	Calendars []Calendar   `json:"calendars"`
}

// Calendar is a calendar and the events that a person has put into it.
type Calendar struct {
	sim.Calendar

	Events []sim.Draft `json:"events"`
}

// Apply puts the scenario in force: the clock first, then switches, people with their events, and faults last, so that none of it strikes what
// comes before. Its error is a MistakesError if the simulators refuse something; what came before that stays.
func (s *Scenario) Apply(world *sim.Sim) error {
	if s.Clock != nil {
		if _, err := world.SetClock(*s.Clock); err != nil {
			return s.source.mistake(err, "clock")
		}
	}
	if err := s.applySwitches(world); err != nil {
		return err
	}
	for i, p := range s.People {
		if err := s.applyPerson(world, i, p); err != nil {
			return err
		}
	}
	for i, f := range s.Faults {
		if _, err := world.AddFault(f); err != nil {
			return s.source.mistake(err, "faults", i)
		}
	}
	for i, f := range s.PushFaults {
		if _, err := world.AddPushFault(f); err != nil {
			return s.source.mistake(err, "push_faults", i)
		}
	}
	return nil
}

func (s *Scenario) applySwitches(world *sim.Sim) error {
	if s.Switches == nil {
		return nil
	}
	var unread error
	err := world.SetSwitches(func(now *sim.Switches) {
		next := *now
		d := json.NewDecoder(bytes.NewReader(s.Switches))
		if unread = d.Decode(&next); unread == nil {
			*now = next
		}
	})
	if unread != nil {
		return s.source.mistake(unread, typed(unread)...)
	}
	if err != nil {
		return s.source.mistake(err, named(err)...)
	}
	return nil
}

func (s *Scenario) applyPerson(world *sim.Sim, i int, p Person) error {
	person := sim.Person{Provider: p.Provider, Email: p.Email, Name: p.Name, Zone: p.Zone}
	for _, c := range p.Calendars {
		person.Calendars = append(person.Calendars, c.Calendar)
	}
	seeded, err := world.Seed(person)
	if err != nil {
		return s.source.mistake(err, "people", i)
	}
	for j, c := range p.Calendars {
		in := sim.In{Provider: p.Provider, Email: p.Email, Calendar: find(seeded, c.Calendar)}
		for k, event := range c.Events {
			if _, err := world.CreateEvent(in, event); err != nil {
				return s.source.mistake(err, "people", i, "calendars", j, "events", k)
			}
		}
	}
	return nil
}

// find returns the id that a calendar was given; "" is the primary one.
func find(p sim.Person, wanted sim.Calendar) string {
	if wanted.Primary || wanted.ID != "" {
		return wanted.ID
	}
	id := ""
	for _, c := range p.Calendars {
		if strings.EqualFold(c.Name, wanted.Name) {
			id = c.ID // of two with one name the later, which is the one just made
		}
	}
	return id
}

// Mistake is something wrong with a scenario.
type Mistake struct {
	File   string
	Line   int
	Column int
	// Field is where it stands, such as people[0].calendars[1].role; empty for the file as a whole.
	Field string
	What  string
}

func (m Mistake) String() string {
	at := fmt.Sprintf("%s:%d:%d: ", m.File, m.Line, m.Column)
	if m.Field != "" {
		at += m.Field + ": "
	}
	return at + m.What
}

// MistakesError is all that is wrong with a scenario, in the order of the file.
type MistakesError []Mistake

// Error implements error.
func (e MistakesError) Error() string {
	lines := make([]string, 0, len(e))
	for _, m := range e {
		lines = append(lines, m.String())
	}
	return strings.Join(lines, "\n")
}
