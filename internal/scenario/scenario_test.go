package scenario_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/scenario"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
)

// The example in the documents does what it says.
func TestExample(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "scenario.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	read, err := scenario.Parse("scenario.yaml", raw)
	if err != nil {
		t.Fatal(err)
	}
	s := simtest.Start(t, sim.Config{})
	if err := read.Apply(s.Sim); err != nil {
		t.Fatal(err)
	}
	if c := s.Clock(); !c.Frozen || !c.Now.Equal(time.Date(2026, 10, 5, 6, 0, 0, 0, time.UTC)) {
		t.Errorf("the clock is %+v", c)
	}
	if w := s.Switches(); w.PageCap != 2 || w.Google.SyncMessage != sim.SyncBefore || w.Microsoft.DuplicateTransaction != 409 || w.Microsoft.Generations != 3 {
		t.Errorf("switches are %+v", w)
	}
	people := s.People()
	if len(people) != 2 || len(people[0].Calendars) != 2 || people[0].Calendars[1].Role != sim.RoleReader {
		t.Errorf("people are %+v", people)
	}
	anna, err := s.Standing(sim.In{Provider: sim.Google, Email: "anna@salon.example"})
	if err != nil || len(anna) != 2 || anna[0].Title != "Haircut" || len(anna[0].Attendees) == 0 || !anna[1].AllDay {
		t.Errorf("Anna's are %+v, %v", anna, err)
	}
	carla, err := s.Standing(sim.In{Provider: sim.Microsoft, Email: "carla@salon.example"})
	if err != nil || len(carla) != 0 {
		t.Errorf("Carla's own are %+v, %v", carla, err)
	}
	var treatments string
	for _, c := range people[1].Calendars {
		if c.Name == "Treatments" {
			treatments = c.ID
		}
	}
	if carla, err = s.Standing(sim.In{Provider: sim.Microsoft, Email: "carla@salon.example", Calendar: treatments}); err != nil || len(carla) != 1 {
		t.Errorf("Carla's treatments are %+v, %v", carla, err)
	}
	if len(s.Faults()) != 3 || len(s.PushFaults()) != 2 || len(s.Mails(0)) != 0 {
		t.Errorf("faults are %+v and %+v", s.Faults(), s.PushFaults())
	}
	if a := s.Client(sim.Google, "anna@salon.example").Do("GET", "/calendars/primary", nil); a.Reason() != "quotaExceeded" {
		t.Errorf("before eleven: %d %s", a.Status, a.Raw)
	}
	if _, err := s.SetClock(sim.ClockChange{Advance: "3h"}); err != nil {
		t.Fatal(err)
	}
	if a := s.Client(sim.Google, "anna@salon.example").Do("GET", "/calendars/primary", nil); a.Status != http.StatusOK {
		t.Errorf("at eleven: %d %s", a.Status, a.Raw)
	}
}

const people = "people:\n  - provider: google\n    email: a@b.example\n"

// Every mistake is told with its line and its field.
func TestMistakes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file string
		want []string
	}{
		"nothing":              {"", nil},
		"a comment":            {"# nobody\n", nil},
		"no YAML":              {"people: [\n", []string{"s.yaml:1:9: sequence end token"}},
		"a tab":                {"people:\n\t- a\n", []string{"s.yaml:2:1: "}},
		"a field twice":        {"clock: {}\nclock: {}\n", []string{`s.yaml:2:1: mapping key "clock" already defined`}},
		"two documents":        {"clock: {}\n---\nclock: {}\n", []string{"more than one document"}},
		"a list":               {"- a\n", []string{"s.yaml:1:1: got array, want object"}},
		"a field that is no":   {people + "    colour: red\n", []string{"s.yaml:4:5: people[0].colour: there is no such field"}},
		"a field missing":      {"people:\n  - provider: google\n", []string{"s.yaml:2:5: people[0]: missing property 'email'"}},
		"another word":         {people + "    calendars:\n      - role: king\n", []string{"s.yaml:5:9: people[0].calendars[0].role: value must be one of"}},
		"another type":         {"faults:\n  - action: html\n    count: many\n", []string{"s.yaml:3:5: faults[0].count: got string, want integer"}},
		"a time that is none":  {"clock: {now: noon}\n", []string{"s.yaml:1:9: clock.now: 'noon' is not valid date-time"}},
		"three at once":        {"faults:\n  - action: explode\n  - {action: html, rate: 2}\nclocks: {}\n", []string{"s.yaml:2:5: faults[0].action", "s.yaml:3:20: faults[1].rate", "s.yaml:4:1: clocks"}},
		"a switch that is no":  {"switches:\n  google:\n    colour: red\n", []string{"s.yaml:3:5: switches.google.colour: there is no such switch; there are "}},
		"a switch's type":      {"switches:\n  page_cap: few\n", []string{"s.yaml:2:3: switches.page_cap: ", "cannot unmarshal string"}},
		"a switch's value":     {"switches:\n  google:\n    stop_unknown: 200\n", []string{"s.yaml:3:5: switches.google.stop_unknown: ", "not one of"}},
		"a clock of two minds": {"clock:\n  now: 2026-01-01T00:00:00Z\n  advance: 1h\n", []string{"s.yaml:1:1: clock: ", "not both"}},
		"a zone":               {people + "    zone: Mars\n", []string{"s.yaml:2:5: people[0]: ", "time zone"}},
		"an empty range": {
			people + "    calendars:\n      - primary: true\n        events:\n          - {start: 2026-01-01T10:00:00Z, end: 2026-01-01T09:00:00Z}\n",
			[]string{"people[0].calendars[0].events[0]: ", "range is empty"},
		},
		"a fault's status": {"faults:\n  - action: status\n", []string{"s.yaml:2:5: faults[0]: ", "status"}},
		"a push fault":     {"push_faults:\n  - action: delay\n", []string{"s.yaml:2:5: push_faults[0]: ", "delayed"}},
	} {
		s := simtest.Start(t, sim.Config{})
		read, err := scenario.Parse("s.yaml", []byte(c.file))
		if err == nil {
			err = read.Apply(s.Sim)
		}
		if c.want == nil {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		mistakes, ok := errors.AsType[scenario.MistakesError](err)
		if !ok || len(mistakes) == 0 {
			t.Errorf("%s: %v is no mistake", name, err)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q, want %q", name, err, want)
			}
		}
	}
}

// What a file may hold and what the admin API takes are the same.
func TestSchemaKnowsAllFieldsOfTheSimulators(t *testing.T) {
	t.Parallel()
	var schema struct {
		Defs map[string]struct {
			Properties map[string]any `json:"properties"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal(scenario.Schema, &schema); err != nil {
		t.Fatal(err)
	}
	yes, text, now := true, "x", time.Now()
	for name, full := range map[string]any{
		"ClockChange": sim.ClockChange{Frozen: &yes, Now: &now, Advance: "1h"},
		"Draft": sim.Draft{
			Title: text, Description: text, Location: text, Start: now, End: now, Zone: text, AllDay: true, Recurrence: []string{text},
			Attendees: []sim.Attendee{{}}, Notify: true,
		},
		"Attendee": sim.Attendee{Email: text, Name: text, Optional: true, Response: text},
		"Fault": sim.Fault{
			Provider: sim.Google, Account: text, Method: text, Path: text, Query: text, Skip: 1, Count: 1, Action: sim.ActHTML, DelayMS: 1, Status: 200,
			Code: text, Message: text, RetryAfter: text, ContentType: text, Body: text,
			Schedule: sim.Schedule{Every: 1, Rate: 1, Seed: 1, From: now, Until: now, Minutes: 1},
		},
		"PushFault": sim.PushFault{
			Provider: sim.Google, Account: text, Channel: text, Kind: text, Skip: 1, Count: 1, Action: sim.PushDelay, DelayMS: 1,
			Schedule: sim.Schedule{Every: 1, Rate: 1, Seed: 1, From: now, Until: now, Minutes: 1},
		},
	} {
		raw, err := json.Marshal(full)
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]any
		if err := json.Unmarshal(raw, &fields); err != nil {
			t.Fatal(err)
		}
		for field := range fields {
			if schema.Defs[name].Properties[field] == nil {
				t.Errorf("%s: the schema has no %s", name, field)
			}
		}
		for field := range schema.Defs[name].Properties {
			if _, ok := fields[field]; !ok {
				t.Errorf("%s: the schema has %s, which the simulators do not", name, field)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", people, "faults: [{action: html}]", "a: &x [*x]", "? [a]: b", "!!binary x"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		_, err := scenario.Parse("s.yaml", raw)
		if err == nil {
			return
		}
		if mistakes, ok := errors.AsType[scenario.MistakesError](err); !ok || len(mistakes) == 0 || mistakes[0].Line < 1 {
			t.Errorf("%v is no mistake", err)
		}
	})
}
