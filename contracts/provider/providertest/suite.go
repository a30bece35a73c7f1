package providertest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

// Case is one thing that every driver has to do.
type Case struct {
	Name string
	// Needs are the capabilities without which the case is skipped.
	Needs []provider.Capability
	Run   func(T, *Run)
}

// Run is one case's account.
type Run struct {
	*Account
	t    T
	keys int
}

// Test runs all cases.
func Test(t *testing.T, s Subject) {
	t.Helper()
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			c.Try(t, s)
		})
	}
}

// Try runs the case on an account of its own.
func (c Case) Try(t T, s Subject) {
	t.Helper()
	a := s(t)
	r := &Run{Account: a, t: t}
	for _, need := range c.Needs {
		if !need.Claims(a.Driver, a.Client) {
			t.Skipf("%s is no %s", a.Driver.Name(), need)
		}
	}
	c.Run(t, r)
}

// Cases are all cases, in the order of their files.
func Cases() []Case {
	return slices.Concat(listingCases(), seriesCases(), recurCases(), writeCases(), conferenceCases(), timeCases(), channelCases(), wireCases())
}

// noon is when events begin, in a zone with summer time.
func noon() time.Time { return time.Date(2026, 9, 20, 12, 0, 0, 0, time.UTC) }

const berlin = "Europe/Berlin"

// window is what the listings cover.
func window() cal.Window {
	return cal.Window{From: noon().AddDate(0, -1, 0), Until: noon().AddDate(1, 0, 0)}
}

func content(title string) cal.Content {
	return cal.Content{
		Title: title, Description: "Booked online", Location: "Room 4",
		Slot: cal.Slot{Start: cal.Moment{Instant: noon(), Zone: berlin}, End: cal.Moment{Instant: noon().Add(30 * time.Minute), Zone: berlin}},
	}
}

// draft is an event that a person makes, the nth of several.
func draft(n int) Draft {
	start := noon().Add(time.Duration(n) * time.Hour)
	return Draft{Title: fmt.Sprintf("by hand %d", n), Start: start, End: start.Add(30 * time.Minute), Zone: berlin}
}

// key is another one with each call.
func (r *Run) key() cal.Key {
	r.keys++
	return cal.NewKey("ten_1", "b1", "cal_1", "", r.keys)
}

func (r *Run) ref(id cal.EventID) provider.EventRef {
	return provider.EventRef{Calendar: r.Calendar, ID: id}
}

// wants fails the case unless err is of the kind.
func (r *Run) wants(what string, err error, kind fault.Kind) {
	r.t.Helper()
	if fault.KindOf(err) != kind || err == nil {
		r.t.Errorf("%s: %v, want %s", what, err, kind)
	}
}

// must ends the case on an error.
func (r *Run) must(what string, err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatalf("%s: %v", what, err)
	}
}
