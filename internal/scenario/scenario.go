package scenario

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
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
	// RefuseTokens is the number of an AADSTS error that Microsoft's token endpoint refuses the person with.
	RefuseTokens int `json:"refuse_tokens"`
}

// Calendar is a calendar and the events that a person has put into it.
type Calendar struct {
	sim.Calendar

	Events []sim.Draft `json:"events"`
}

// Apply puts the scenario in force: the clock first, then switches, everyone with their calendars, all events, for which the guests have to be there,
// and faults last, so that none of it strikes what comes before. Its error is a MistakesError if the simulators refuse something; what came before
// that stays.
func (s *Scenario) Apply(world *sim.Sim) error {
	if s.Clock != nil {
		if _, err := world.SetClock(*s.Clock); err != nil {
			return s.source.mistake(err, "clock")
		}
	}
	if err := s.applySwitches(world); err != nil {
		return err
	}
	if err := s.applyPeople(world); err != nil {
		return err
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
		return s.source.mistake(unread, typed(unread, "switches")...)
	}
	if err != nil {
		return s.source.refusedSwitches(err)
	}
	return nil
}

func (s *Scenario) applyPeople(world *sim.Sim) error {
	calendars := make([][]string, len(s.People))
	for i, p := range s.People {
		var err error
		if calendars[i], err = s.seed(world, i, p); err != nil {
			return err
		}
	}
	for i, p := range s.People {
		for j, c := range p.Calendars {
			for k, event := range c.Events {
				if _, err := world.CreateEvent(sim.In{Provider: p.Provider, Email: p.Email, Calendar: calendars[i][j]}, event); err != nil {
					return s.source.mistake(err, "people", i, "calendars", j, "events", k)
				}
			}
		}
	}
	for i, p := range s.People {
		if err := p.refuse(world); err != nil {
			return s.source.mistake(err, "people", i, "refuse_tokens")
		}
	}
	return nil
}

// seed adds a person and then one calendar after the other, and returns the calendars' ids, "" for the primary one.
func (s *Scenario) seed(world *sim.Sim, i int, p Person) ([]string, error) {
	person := sim.Person{Provider: p.Provider, Email: p.Email, Name: p.Name, Zone: p.Zone}
	place := []any{"people", i}
	primary := slices.IndexFunc(p.Calendars, func(c Calendar) bool { return c.Primary })
	if primary >= 0 {
		person.Calendars = []sim.Calendar{p.Calendars[primary].Calendar}
	}
	if _, err := world.Seed(person); err != nil {
		if primary >= 0 {
			place = append(place, "calendars", primary)
		}
		return nil, s.source.mistake(err, place...)
	}
	ids := make([]string, len(p.Calendars))
	for j, c := range p.Calendars {
		if j == primary {
			continue
		}
		person.Calendars = []sim.Calendar{c.Calendar}
		seeded, err := world.Seed(person)
		if err != nil {
			return nil, s.source.mistake(err, append(place, "calendars", j)...)
		}
		if ids[j] = c.ID; c.ID == "" {
			ids[j] = seeded.Calendars[len(seeded.Calendars)-1].ID
		}
	}
	return ids, nil
}

// refuse makes Microsoft refuse the person's tokens, if the scenario says so.
func (p Person) refuse(world *sim.Sim) error {
	if p.RefuseTokens == 0 {
		return nil
	}
	if p.Provider != sim.Microsoft {
		return fmt.Errorf("%w: the number of an AADSTS error is Microsoft's", sim.ErrInvalid)
	}
	return world.RefuseTokens(p.Email, p.RefuseTokens)
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

// inOrder sorts the mistakes by where they stand.
func (e MistakesError) inOrder() MistakesError {
	slices.SortStableFunc(e, func(a, b Mistake) int { return cmp.Or(a.Line-b.Line, a.Column-b.Column) })
	return e
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
