package scenario_test

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
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
		"two switches' values": {"switches:\n  page_cap: -1\n  google:\n    stop_unknown: 200\n", []string{"s.yaml:2:3: switches.page_cap: ", "s.yaml:4:5: switches.google.stop_unknown: "}},
		"a clock of two minds": {"clock:\n  now: 2026-01-01T00:00:00Z\n  advance: 1h\n", []string{"s.yaml:3:3: clock.advance: ", "not both"}},
		"a zone":               {people + "    zone: Mars\n", []string{"s.yaml:4:5: people[0].zone: ", "not valid iana-zone"}},
		"an empty range": {
			people + "    calendars:\n      - primary: true\n        events:\n          - {start: 2026-01-01T10:00:00Z, end: 2026-01-01T09:00:00Z}\n",
			[]string{"people[0].calendars[0].events[0]: ", "range is empty"},
		},
		"a fault's status":     {"faults:\n  - action: status\n", []string{"s.yaml:2:5: faults[0].status: ", "200 to 599"}},
		"not UTF-8":            {"people:\n  - provider: goo\xffgle\n", []string{"s.yaml:2:18: the byte 0xff is not UTF-8"}},
		"UTF-16":               {"\xff\xfec\x00l\x00", []string{"s.yaml:1:1: the byte 0xff is not UTF-8"}},
		"a NUL":                {"clock: \x00\n", []string{"s.yaml:1:8: the control character U+0000"}},
		"a byte order mark":    {"\ufeffclock: {}\n", nil},
		"too large":            {"#" + strings.Repeat("x", 4<<20), []string{"s.yaml:1:1: is larger than 4194304 bytes"}},
		"too deep":             {"people: " + strings.Repeat("[", 1<<20), []string{"s.yaml:1:41: is nested more than 32 levels deep"}},
		"too many dashes":      {"people:\n" + strings.Repeat("- ", 1<<20), []string{"s.yaml:2:65: is nested more than 32 levels deep"}},
		"an anchor":            {"clock: &c {frozen: true}\n", []string{"s.yaml:1:8: anchors and aliases are not read"}},
		"an alias":             {"people:\n  - *c\n", []string{"s.yaml:2:5: anchors and aliases are not read"}},
		"a merge":              {"people:\n  - <<: {provider: google}\n", []string{"s.yaml:2:5: anchors and aliases are not read"}},
		"a tag":                {"clock: !!binary x\n", []string{"s.yaml:1:8: tags and directives are not read"}},
		"a directive":          {"%YAML 1.2\n---\nclock: {}\n", []string{"s.yaml:1:1: tags and directives are not read"}},
		"a name that is none":  {"? [a]\n: b\n", []string{"s.yaml:1:1: a field's name is a text"}},
		"infinity":             {"faults: [{action: html, rate: .inf}]\n", []string{"s.yaml:1:31: .inf is not a number"}},
		"a field twice inside": {"people: [{provider: google, email: a@b, 'email': c@d}]\n", []string{`s.yaml:1:41: mapping key "email" already defined`}},
		"a whole number":       {"faults: [{action: html, count: 2.0}]\n", nil},
		"half a request":       {"faults: [{action: html, count: 2.5}]\n", []string{"s.yaml:1:25: faults[0].count: got number, want integer"}},
		"too many requests":    {"faults: [{action: html, count: 99999999999999999999}]\n", []string{"s.yaml:1:25: faults[0].count: got string, want integer"}},
		"the largest seed":     {"faults: [{action: html, rate: 1, seed: 18446744073709551615}]\n", nil},
		"a leap second":        {"clock: {now: 2016-12-31T23:59:60Z}\n", []string{"s.yaml:1:9: clock.now: '2016-12-31T23:59:60Z' is not valid date-time"}},
		"a year far away":      {"clock: {now: 9999-01-01T00:00:00Z}\n", []string{"s.yaml:1:9: clock.now: ", "1900 to 2200"}},
		"no duration":          {"clock: {advance: tomorrow}\n", []string{"s.yaml:1:9: clock.advance: 'tomorrow' is not valid advance"}},
		"nothing under a name": {"people:\n", []string{"s.yaml:1:1: people: got null, want array"}},
		"no address":           {"people:\n  - {provider: google, email: anna}\n", []string{"s.yaml:2:24: people[0].email: 'anna' does not match pattern"}},
		"a role at Microsoft": {
			"people:\n  - provider: microsoft\n    email: a@b.example\n    calendars:\n      - primary: true\n      - role: freeBusyReader\n",
			[]string{"s.yaml:6:9: people[0].calendars[1].role: ", "no role"},
		},
		"an AADSTS error at Google": {people + "    refuse_tokens: 50076\n", []string{"s.yaml:4:5: people[0].refuse_tokens: ", "Microsoft's"}},
		"no such AADSTS error": {
			"people: [{provider: microsoft, email: a@b.example, refuse_tokens: 1}]\n", []string{"s.yaml:1:52: people[0].refuse_tokens: "},
		},
		"a recurrence that is none": {
			people + "    calendars:\n      - primary: true\n        events:\n          - {start: 2026-01-01T10:00:00Z, end: 2026-01-01T11:00:00Z, recurrence: [daily]}\n",
			[]string{"s.yaml:7:13: people[0].calendars[0].events[0]: ", "recurrence"},
		},
		"a push fault": {"push_faults:\n  - action: delay\n", []string{"s.yaml:2:5: push_faults[0].delay_ms: ", "delayed"}},
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
		"Person": scenario.Person{Provider: sim.Google},
		"Calendar": scenario.Calendar{
			Calendar: sim.Calendar{ID: text, Name: text, Zone: text, Primary: true, Role: sim.RoleOwner}, Events: []sim.Draft{},
		},
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
		for field, described := range schema.Defs[name].Properties {
			if members, ok := described.(object); ok && slices.Contains(slices.Collect(maps.Values(members)), any(nil)) {
				t.Errorf("%s: a comma broke what the schema says of %s: %v", name, field, members)
			}
			if _, ok := fields[field]; !ok {
				t.Errorf("%s: the schema has %s, which the simulators do not", name, field)
			}
		}
	}
}

// People are there before the first event is made, so that guests have their copies whatever the order in the file, and calendars of one name
// are told apart.
func TestSeriesGuestsAndAnswers(t *testing.T) {
	t.Parallel()
	read, err := scenario.Parse("s.yaml", []byte(`
people:
  - provider: google
    email: anna@salon.example
    calendars:
      - {name: Chair, events: [{title: First, start: 2026-10-05T10:00:00Z, end: 2026-10-05T11:00:00Z}]}
      - {name: Chair, events: [{title: Second, start: 2026-10-05T10:00:00Z, end: 2026-10-05T11:00:00Z}]}
      - primary: true
        id: ignored
        events:
          - title: Standup
            start: 2026-10-05T10:00:00Z
            end: 2026-10-05T10:15:00Z
            recurrence: ["RRULE:FREQ=DAILY;COUNT=3"]
            attendees: [{email: bob@salon.example, response: accepted}]
  - provider: google
    email: bob@salon.example
  - provider: microsoft
    email: carla@salon.example
    refuse_tokens: 50076
    calendars:
      - name: Team
      - primary: true
        events:
          - title: Review
            start: 2026-10-05T10:00:00Z
            end: 2026-10-05T10:15:00Z
            recurrence:
              - '{"pattern": {"type": "daily", "interval": 1}, "range": {"type": "numbered", "startDate": "2026-10-05", "numberOfOccurrences": 3}}'
            attendees:
              - {email: dora@salon.example, response: tentativelyAccepted}
              - {email: guest@mail.example, response: declined}
              - {email: other@mail.example}
  - provider: microsoft
    email: dora@salon.example
`))
	if err != nil {
		t.Fatal(err)
	}
	s := simtest.Start(t, sim.Config{})
	if err := read.Apply(s.Sim); err != nil {
		t.Fatal(err)
	}
	events := func(p sim.Provider, email, calendar string) []sim.Event {
		all, err := s.Standing(sim.In{Provider: p, Email: email, Calendar: calendar})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	answers := func(e sim.Event) string {
		out := ""
		for _, a := range e.Attendees {
			out += a.Response + " "
		}
		return out
	}
	var chairs []string
	for _, c := range s.People()[0].Calendars {
		if c.Name == "Chair" {
			chairs = append(chairs, events(sim.Google, "anna@salon.example", c.ID)[0].Title)
		}
	}
	if strings.Join(chairs, " ") != "First Second" {
		t.Errorf("the chairs have %v", chairs)
	}
	for _, who := range []string{"anna@salon.example", "bob@salon.example"} {
		if all := events(sim.Google, who, ""); len(all) != 1 || len(all[0].Recurrence) != 1 || answers(all[0]) != "accepted " {
			t.Errorf("%s has %+v", who, all)
		}
	}
	carla, dora := events(sim.Microsoft, "carla@salon.example", ""), events(sim.Microsoft, "dora@salon.example", "")
	if len(carla) != 1 || len(carla[0].Recurrence) != 1 || answers(carla[0]) != "tentativelyAccepted declined none " {
		t.Errorf("Carla has %+v", carla)
	}
	if len(dora) != 1 || len(dora[0].Recurrence) != 1 {
		t.Errorf("Dora has %+v", dora)
	}
	if _, err := s.IssueToken(sim.Microsoft, "carla@salon.example", "app"); err != nil {
		t.Fatal(err)
	}
}

// A file that has no end is not read to it.
func TestReadIsBounded(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s.yaml")
	if err := os.WriteFile(path, []byte("clock: {frozen: true}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if read, err := scenario.Read(path); err != nil || read.Clock == nil {
		t.Errorf("%+v, %v", read, err)
	}
	if _, err := scenario.Read("/dev/zero"); err == nil || !strings.Contains(err.Error(), "is larger than") {
		t.Errorf("got %v", err)
	}
	if _, err := scenario.Read(path + ".not"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", people, "faults: [{action: html}]", "a: &x [*x]", "? [a]: b", "!!binary x", "clock: {now: 2026-10-05T08:00:00+02:00, frozen: true}\n",
		"switches: {google: {stop_unknown: 204}, page_cap: 1.0}", "push_faults: [{action: forge, rate: 1e-1}]", "- - - -", "[[[[{{{{", "\ufeff{}",
		"people: [{provider: microsoft, email: a@b, calendars: [{events: [{start: 2026-01-01T10:00:00Z, end: 2026-01-01T11:00:00Z}]}]}]",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		read, err := scenario.Parse("s.yaml", raw)
		if err == nil { // what was read can be put in force, or is refused with its place
			world, failed := sim.New(sim.Config{})
			if failed != nil {
				t.Fatal(failed)
			}
			defer world.Close()
			err = read.Apply(world)
		}
		if err == nil {
			return
		}
		mistakes, ok := errors.AsType[scenario.MistakesError](err)
		if !ok || len(mistakes) == 0 {
			t.Fatalf("%v is no mistake", err)
		}
		for _, m := range mistakes {
			if m.Line < 1 || m.Column < 1 || m.Line > strings.Count(string(raw), "\n")+strings.Count(string(raw), "\r")+1 || m.What == "" {
				t.Errorf("%+v is in no file of %q", m, raw)
			}
		}
	})
}
