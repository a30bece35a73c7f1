// Package scenario reads what calweave sim begins with from a YAML file: the clock, switches, people with calendars and events, and faults. Its
// JSON Schema says what a file may hold; every mistake is told with its line and its field. It stands outside the simulators, which know no
// file.
//
// Files: scenario.go (what a scenario is, and putting it in force), parse.go (the file), text.go (what is
// no text or no plain YAML), place.go (lines and fields), switches.go (which switches
// there are), scenario.schema.json (the schema).
package scenario
