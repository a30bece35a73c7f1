package timetable

import (
	_ "embed"
	"encoding/json"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
)

//go:embed cases.json
var table []byte

// Case is a slot as it is written, and what it means.
type Case struct {
	Name string `json:"name"`
	// Zone is the IANA name, Windows the other one; both are empty for dates.
	Zone    string `json:"zone"`
	Windows string `json:"windows"`
	// Start and End are wall times, with an offset where it takes one, or dates if Days is set.
	Start string `json:"start"`
	End   string `json:"end"`
	Days  bool   `json:"days"`
	// From and Until are the instants.
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
	// Refused is part of what is said about a start that means nothing.
	Refused string `json:"refused"`
}

// Cases is the table.
func Cases(tb testing.TB) []Case {
	tb.Helper()
	var all []Case
	if err := json.Unmarshal(table, &all); err != nil {
		tb.Fatal(err)
	}
	return all
}

// Accepted are the cases that mean something.
func Accepted(tb testing.TB) []Case {
	tb.Helper()
	var out []Case
	for _, c := range Cases(tb) {
		if c.Refused == "" {
			out = append(out, c)
		}
	}
	return out
}

// Names are the names that the case's zone has; a date has one that is empty.
func (c Case) Names() []string {
	if c.Days {
		return []string{""}
	}
	return []string{c.Zone, c.Windows}
}

// Written are both ends as a core submits them.
func (c Case) Written(zone string) (start, end cal.When) {
	if c.Days {
		return cal.When{Date: c.Start}, cal.When{Date: c.End}
	}
	return cal.When{DateTime: c.Start, TimeZone: zone}, cal.When{DateTime: c.End, TimeZone: zone}
}

// Slot is what the case means.
func (c Case) Slot() cal.Slot {
	if c.Days {
		return cal.Slot{Start: cal.Moment{Date: c.Start}, End: cal.Moment{Date: c.End}}
	}
	return cal.Slot{Start: cal.Moment{Instant: c.From, Zone: c.Zone}, End: cal.Moment{Instant: c.Until, Zone: c.Zone}}
}
