package reconcile

import (
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/record"
)

var (
	googleCan    = Abilities{Quiet: true, Conditional: true}
	microsoftCan = Abilities{Finds: true}
)

// agreed is a situation in which both sides agree and nothing was looked at.
func agreed(can Abilities) Situation {
	c := cal.Content{Title: "title", Slot: slotAt(0)}
	return Situation{
		Link: record.Link{
			Generation: 1, Authoritative: true, EventID: "ev1", ETag: "e1", State: record.LinkSynced, Base: &record.Base{Sent: c, Read: c},
		},
		Desired: Desired{Present: true, Version: 2, Content: c, Fields: cal.AllFields, Notify: cal.NotifyNone},
		Can:     can, Now: began,
	}
}

func (s Situation) with(change func(*Situation)) Situation {
	change(&s)
	return s
}

func wantsOtherTitle(s *Situation) { s.Desired.Content.Title = "other" }

func unwanted(s *Situation) { s.Desired.Present = false }

// lostCreate is a create of some time ago that was never answered.
func lostCreate(ago time.Duration) func(*Situation) {
	return func(s *Situation) {
		s.Link.EventID, s.Link.ETag, s.Link.Base, s.Link.State = "", "", nil, record.LinkPending
		s.Link.InFlight = []record.Write{{Op: record.OpCreate, Version: 1, Content: s.Desired.Content, At: began.Add(-ago)}}
	}
}

// sees lets the event be shown as it was agreed on, but for a change.
func sees(change func(*cal.Content)) func(*Situation) {
	return func(s *Situation) {
		c := s.Desired.Content
		if s.Link.Base != nil {
			c = s.Link.Base.Read
		}
		if change != nil {
			change(&c)
		}
		s.Remote = Remote{Seen: Present, Event: cal.Event{ID: "ev1", ETag: "e2", Content: c}}
	}
}

func withGuest(c *cal.Content) { c.Attendees = guestList("x@person.test") }

func TestPlanWithoutAnEvent(t *testing.T) {
	t.Parallel()
	fresh := func(s *Situation) {
		s.Link.EventID, s.Link.ETag, s.Link.Base, s.Link.State = "", "", nil, record.LinkPending
	}
	absent := func(s *Situation) { s.Remote.Seen = Absent }
	diverged := func(s *Situation) { s.Link.State = record.LinkDiverged }
	for name, c := range map[string]struct {
		can     Abilities
		changes []func(*Situation)
		want    Action
	}{
		"a new booking":                                     {microsoftCan, []func(*Situation){fresh}, Create},
		"a new booking that is not wanted":                  {microsoftCan, []func(*Situation){fresh, unwanted}, Agree},
		"a person deleted it":                               {googleCan, []func(*Situation){fresh, diverged}, Agree},
		"unanswered, its key is remembered":                 {microsoftCan, []func(*Situation){lostCreate(retention)}, Create},
		"unanswered, its key may be forgotten":              {microsoftCan, []func(*Situation){lostCreate(retention + 1)}, Find},
		"unanswered, its key may be forgotten, not found":   {microsoftCan, []func(*Situation){lostCreate(retention + 1), absent}, Create},
		"unanswered where ids last for good":                {googleCan, []func(*Situation){lostCreate(24 * time.Hour)}, Create},
		"unanswered and unwanted":                           {microsoftCan, []func(*Situation){lostCreate(time.Second), unwanted}, Find},
		"unanswered and unwanted, not found":                {microsoftCan, []func(*Situation){lostCreate(time.Second), unwanted, absent}, Agree},
		"unanswered and unwanted where nothing is searched": {googleCan, []func(*Situation){lostCreate(time.Second), unwanted}, Create},
	} {
		s := agreed(c.can)
		for _, change := range c.changes {
			change(&s)
		}
		if got := Plan(s); got.Action != c.want || got.Why == "" {
			t.Errorf("%s: %+v, want %s", name, got, c.want)
		}
	}
}

// A create that nobody waits for any more may take effect for a while: so long somebody looks again.
func TestUnansweredCreateThatWasNotFoundIsLookedForAgain(t *testing.T) {
	t.Parallel()
	absent := func(s *Situation) { unwanted(s); s.Remote.Seen = Absent }
	for ago, want := range map[time.Duration]time.Time{
		0: began.Add(straggling), time.Minute: began.Add(straggling - time.Minute), straggling: {}, time.Hour: {},
	} {
		if got := Plan(agreed(microsoftCan).with(lostCreate(ago)).with(absent)); !got.Look.Equal(want) {
			t.Errorf("after %s: looks again at %s, want %s", ago, got.Look, want)
		}
	}
	s := agreed(microsoftCan).with(lostCreate(time.Hour)).with(absent)
	s.Link.InFlight = append(s.Link.InFlight, record.Write{Op: record.OpDelete, At: began})
	if got := Plan(s); !got.Look.IsZero() {
		t.Errorf("looks again at %s for a delete", got.Look)
	}
	if straggling < time.Minute {
		t.Errorf("a call may take longer than %s", straggling)
	}
}

func TestPlanOfADeletedEvent(t *testing.T) {
	t.Parallel()
	deletes := func(s *Situation) { s.Link.InFlight = []record.Write{{Op: record.OpDelete, At: began}} }
	for name, c := range map[string]struct {
		change  func(*Situation)
		removed bool
	}{
		"wanted":                      {func(*Situation) {}, true},
		"not wanted":                  {unwanted, false},
		"our own delete, wanted anew": {deletes, false},
		"our own delete":              {func(s *Situation) { deletes(s); unwanted(s) }, false},
	} {
		s := agreed(googleCan).with(c.change)
		s.Remote.Seen = Gone
		if got := Plan(s); got.Action != Bury || got.Removed != c.removed {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestWhatHasToBeReadFirst(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change            func(*Situation)
		google, microsoft Action
	}{
		"nothing to write":             {func(*Situation) {}, Agree, Agree},
		"the core has changed it":      {wantsOtherTitle, Update, Read},
		"the core wants it gone":       {unwanted, Delete, Read},
		"a listing has shown another":  {func(s *Situation) { s.Suspect = true; wantsOtherTitle(s) }, Read, Read},
		"nothing was agreed on":        {func(s *Situation) { s.Link.Base = nil }, Read, Read},
		"no ETag is known":             {func(s *Situation) { s.Link.ETag = ""; wantsOtherTitle(s) }, Read, Read},
		"a write was never answered":   {func(s *Situation) { s.Link.InFlight = []record.Write{{Op: record.OpUpdate}}; wantsOtherTitle(s) }, Read, Read},
		"a person's change stands":     {func(s *Situation) { s.Link.Observed = &s.Desired.Content; wantsOtherTitle(s) }, Read, Read},
		"the core has not decided yet": {func(s *Situation) { s.Link.State = record.LinkDiverged; wantsOtherTitle(s) }, Read, Read},
	} {
		for can, want := range map[Abilities]Action{googleCan: c.google, microsoftCan: c.microsoft} {
			if got := Plan(agreed(can).with(c.change)); got.Action != want {
				t.Errorf("%s: %+v, want %s", name, got, want)
			}
		}
	}
}

// Only Microsoft mails whoever stands on an event, and only an operator's word or the booking's own allows that.
func TestNobodyIsMailedBySurprise(t *testing.T) {
	t.Parallel()
	notify := func(n cal.Notify) func(*Situation) { return func(s *Situation) { s.Desired.Notify = n } }
	approved := func(s *Situation) { s.Link.State = record.LinkApproved }
	nothing := func(*Situation) {}
	for name, c := range map[string]struct {
		can     Abilities
		guest   func(*cal.Content)
		allowed func(*Situation)
		held    bool
	}{
		"a guest by hand":       {microsoftCan, withGuest, nothing, true},
		"no guests":             {microsoftCan, nil, nothing, false},
		"external guests only":  {microsoftCan, withGuest, notify(cal.NotifyExternal), true},
		"the booking allows it": {microsoftCan, withGuest, notify(cal.NotifyAll), false},
		"an operator allows it": {microsoftCan, withGuest, approved, false},
		"a quiet provider":      {googleCan, withGuest, nothing, false},
	} {
		for change, written := range map[Action]Action{Update: Update, Delete: Delete} {
			s := agreed(c.can).with(sees(c.guest)).with(c.allowed)
			s.Desired.Fields &^= guestField
			if change == Delete {
				unwanted(&s)
			} else {
				wantsOtherTitle(&s)
			}
			want := written
			if c.held {
				want = Hold
			}
			if got := Plan(s); got.Action != want {
				t.Errorf("%s, %s: %+v, want %s", name, change, got, want)
			}
		}
	}
}

// What is remembered is enough to write on, but not to bother an operator with.
func TestOperatorIsAskedAboutTheEventAsItIs(t *testing.T) {
	t.Parallel()
	s := agreed(Abilities{Conditional: true}).with(unwanted)
	s.Link.Base = &record.Base{Sent: s.Link.Base.Sent, Read: s.Link.Base.Read}
	withGuest(&s.Link.Base.Read)
	if got := Plan(s); got.Action != Read {
		t.Errorf("%+v", got)
	}
}

// The audit row says why: what was agreed on is no late write, though an older version showed the same.
func TestVersionThatCameBackIsNotLate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		shows func(*cal.Content)
		why   string
	}{
		"as agreed on":     {nil, "the core has changed something"},
		"an older version": {title("older"), "the event shows an older version of ours: a late write"},
	} {
		s := agreed(googleCan).with(wantsOtherTitle).with(sees(c.shows))
		s.Sent = []record.SentHash{{Version: 1, Hash: s.Remote.Event.Content.Hash(cal.AllFields)}}
		if got := Plan(s); got.Action != Update || got.Why != c.why {
			t.Errorf("%s: %+v, want %q", name, got, c.why)
		}
	}
}

// What a provider makes of the guests that it is sent is no person's change of them.
func TestGuestsAsTheProviderKeepsThemAreNobodysChange(t *testing.T) {
	t.Parallel()
	s := agreed(googleCan)
	optional := cal.Attendee{Email: "a@core.test", Optional: true}
	s.Link.Base = &record.Base{Sent: s.Desired.Content, Read: s.Desired.Content}
	s.Link.Base.Sent.Attendees, s.Link.Base.Read.Attendees = []cal.Attendee{optional}, guestList("a@core.test")
	s.Desired.Content.Attendees = append(guestList("c@core.test"), optional)
	got := Plan(s.with(sees(stands("a@core.test", "x@person.test"))))
	if got.Action != Update || got.Fields != guestField || got.Person != guestField || got.Open != 0 {
		t.Errorf("%+v", got)
	}
}

// A person who makes a series of a booking's event has changed nothing that bookings have: it stays, and the next version is written beside it.
func TestASeriesThatAPersonMadeStays(t *testing.T) {
	t.Parallel()
	repeats := func(c *cal.Content) { c.Recurrence = []string{"RRULE:FREQ=DAILY;COUNT=3"} }
	s := agreed(googleCan).with(func(s *Situation) { s.Desired.Fields = singleFields }).with(sees(repeats))
	if got := Plan(s); got.Action != Agree || got.Person != 0 {
		t.Errorf("nothing was booked anew: %+v", got)
	}
	if got := Plan(s.with(wantsOtherTitle)); got.Action != Update || got.Fields != cal.Fields(cal.FieldTitle) || got.Person != 0 {
		t.Errorf("another title: %+v", got)
	}
}
