package reconcile

import (
	"maps"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/record"
)

// Whose doing it is that a field shows something else than is wanted, as audit rows have it. What is decided about it is Plan's matter.
func TestWhoseDoingItIs(t *testing.T) {
	t.Parallel()
	titled := func(title string) func(*cal.Content) { return func(c *cal.Content) { c.Title = title } }
	inFlight := func(title string) func(*Situation) {
		return func(s *Situation) {
			c := s.Desired.Content
			c.Title = title
			s.Link.InFlight = []record.Write{{Op: record.OpUpdate, Version: 1, Content: c}}
		}
	}
	for name, c := range map[string]struct {
		changes []func(*Situation)
		want    map[string]author
	}{
		"nobody's":           {[]func(*Situation){sees(nil)}, map[string]author{}},
		"the core's":         {[]func(*Situation){sees(nil), wantsOtherTitle}, map[string]author{"title": byCore}},
		"a person's":         {[]func(*Situation){sees(titled("by hand"))}, map[string]author{"title": byPerson}},
		"both":               {[]func(*Situation){sees(titled("by hand")), wantsOtherTitle}, map[string]author{"title": byBoth}},
		"the provider's":     {[]func(*Situation){func(s *Situation) { s.Link.Base.Read.Title = "TITLE" }, sees(nil)}, map[string]author{"title": byProvider}},
		"a write of ours":    {[]func(*Situation){inFlight("sent"), sees(titled("sent")), wantsOtherTitle}, map[string]author{"title": byOwnWrite}},
		"a guest of theirs":  {[]func(*Situation){sees(withGuest)}, map[string]author{"attendees": byPerson}},
		"guests of both":     {[]func(*Situation){sees(withGuest), wantsGuest}, map[string]author{"attendees": byBoth}},
		"guests of the core": {[]func(*Situation){sees(nil), wantsGuest}, map[string]author{"attendees": byCore}},
		"a late write": {[]func(*Situation){sees(titled("older")), func(s *Situation) {
			s.Sent = []record.SentHash{{Version: 1, Hash: s.Remote.Event.Content.Hash(cal.AllFields)}}
		}}, map[string]author{"title": byLateWrite}},
		"of an event that is not wanted": {[]func(*Situation){sees(titled("by hand")), unwanted}, map[string]author{}},
		"of an event that is not there":  {[]func(*Situation){wantsOtherTitle}, map[string]author{}},
	} {
		s := agreed(googleCan)
		s.Link.Base = &record.Base{Sent: s.Link.Base.Sent, Read: s.Link.Base.Read}
		for _, change := range c.changes {
			change(&s)
		}
		if got := whose(s); !maps.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func wantsGuest(s *Situation) { s.Desired.Content.Attendees = guestList("a@core.test") }
