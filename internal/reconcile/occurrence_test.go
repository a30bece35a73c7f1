package reconcile

import (
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/memdriver"
	"github.com/calweave/calweave/internal/record"
)

// placed is an occurrence that was agreed on, of a series that is in order, nobody having looked yet.
func placed(changes ...func(*Situation)) Situation {
	s := agreed(googleCan)
	whole := s.Desired.Content
	whole.Recurrence = []string{"RRULE:FREQ=DAILY;COUNT=3"}
	series := record.Link{EventID: "series", ETag: "s1", Target: true, State: record.LinkSynced, Base: &record.Base{Sent: whole, Read: whole}}
	s.Link.Part, s.Link.Generation, s.Link.Target = "20270301T100000", 1, true
	s.Place = &Place{Series: series, Original: whole.Slot.Start, Stands: true}
	s.Link.Base.Series = series.Shape()
	s.Remote = Remote{}
	for _, change := range changes {
		change(&s)
	}
	return s
}

func TestPlanPlace(t *testing.T) {
	t.Parallel()
	seen := func(is Seen) func(*Situation) { return func(s *Situation) { s.Remote.Seen = is } }
	unwanted := func(s *Situation) { s.Desired.Present = false }
	never := func(s *Situation) { s.Link.EventID, s.Link.ETag, s.Link.Base = "", "", nil }
	later := func(s *Situation) { s.Link.Generation = 2 }
	reshaped := func(s *Situation) { s.Place.Series.Base.Edition++ }
	behind := func(s *Situation) { s.Place.Behind = true }
	synced := func(s *Situation) { s.Link.Synced = 1 }
	plain := func(s *Situation) {
		s.Remote = Remote{Seen: Present, Event: cal.Event{ID: "e", ETag: "1", Kind: cal.KindOccurrence, Content: s.Desired.Content}}
	}
	overdue := func(s *Situation) { s.Link.MissedAt = s.Now.Add(-time.Hour) }
	for name, c := range map[string]struct {
		s       Situation
		want    Action
		removed bool
	}{
		"in order":                             {placed(), Agree, false},
		"never looked at":                      {placed(never), Read, false},
		"the series has another shape":         {placed(reshaped), Read, false},
		"deleted by a person":                  {placed(seen(Gone)), Bury, true},
		"deleted before it had a link":         {placed(never, seen(Gone)), Bury, true},
		"deleted by us, and wanted again":      {placed(never, later, seen(Gone)), Detach, false},
		"lost with another shape":              {placed(reshaped, seen(Gone)), Detach, false},
		"not found, for the first time":        {placed(seen(Missing)), Wait, false},
		"not found for long":                   {placed(overdue, seen(Missing)), Bury, true},
		"not found for long, in another shape": {placed(reshaped, overdue, seen(Missing)), Detach, false},
		"gone, as wanted":                      {placed(unwanted, seen(Gone)), Forget, false},
		"not there, as wanted":                 {placed(never, unwanted, seen(Missing)), Forget, false},
		"there, and not wanted":                {placed(unwanted, plain), Delete, false},
		"deleted, and undecided":               {placed(never, later, func(s *Situation) { s.Link.State = record.LinkDiverged }), Agree, true},
		"the series is being removed":          {placed(unwanted, func(s *Situation) { s.Place.Stands = false }), Leave, false},
		"the series was asked for": {placed(unwanted, func(s *Situation) {
			s.Place.Stands, s.Place.Series.EventID, s.Place.Series.InFlight = false, "", []record.Write{{Op: record.OpCreate}}
		}), Leave, false},
		"the series is removed":                   {placed(unwanted, func(s *Situation) { s.Place.Stands, s.Place.Series.EventID = false, "" }), Forget, false},
		"the series is not there yet":             {placed(never, func(s *Situation) { s.Place.Series.EventID = "" }), Leave, false},
		"a person has changed the series":         {placed(func(s *Situation) { s.Place.Series.State = record.LinkDiverged }), Leave, false},
		"the series is not as it was agreed on":   {placed(seen(Absent)), Leave, false},
		"the place is to come":                    {placed(never, behind, seen(Missing)), Leave, false},
		"it is as a series that is to be written": {placed(never, behind, plain), Leave, false},
		"a person's change before the write":      {placed(behind, synced, plain), Agree, false},
		"no place any more, and no event":         {placed(never, unwanted, func(s *Situation) { s.Link.Target = false }), Forget, false},
	} {
		if got := Plan(c.s); got.Action != c.want || got.Removed != c.removed {
			t.Errorf("%s: %s, removed %t (%s), want %s, removed %t", name, got.Action, got.Removed, got.Why, c.want, c.removed)
		}
	}
}

// A single event that stands beside its series goes once the series has the occurrence again, and no sooner.
func TestPlanBeside(t *testing.T) {
	t.Parallel()
	beside := agreed(googleCan)
	beside.Link.Part, beside.Link.Base.Beside, beside.Beside = "20270301T100000", "0:c1:before", "0:c1:before"
	if got := Plan(beside); got.Action != Agree {
		t.Errorf("nothing has changed: %+v", got)
	}
	beside.Beside, beside.Remote = "1:c1:after", Remote{}
	if got := Plan(beside); got.Action != Read {
		t.Errorf("the series is another one: %+v", got)
	}
	beside = beside.with(sees(func(*cal.Content) {}))
	if got := Plan(beside); got.Action != Agree {
		t.Errorf("the series does not have it: %+v", got)
	}
	beside.Back = true
	if got := Plan(beside); got.Action != Delete {
		t.Errorf("the series has it again: %+v", got)
	}
}

// What an occurrence shows of an earlier version of its series is nobody's change.
func TestBaseOfAnOccurrence(t *testing.T) {
	t.Parallel()
	s := placed()
	is := s.Place.Series.Base
	earlier := is.Read
	earlier.Title, earlier.Location = "Before", "Room 1"
	is.Read.Location, is.Sent.Location = "Room 2", "Room 2"
	is.Earlier = []cal.Content{earlier}
	shown := s.Place.at(is.Read)
	shown.Title, shown.Description = "Before", "By hand"
	base := s.Place.baseOf(cal.Event{Kind: cal.KindException, Content: shown})
	if got := shown.Differences(base.Read, cal.AllFields); got != cal.Fields(cal.FieldDescription) {
		t.Errorf("a person is taken to have changed %v, want the description", got.Names())
	}
	if base.Sent.Title != "Before" || base.Read.Location != "Room 2" || base.Series != s.Place.shape() || len(base.Read.Recurrence) > 0 {
		t.Errorf("got %+v", base)
	}
}

// That an occurrence is not found proves something only while its series is as both sides agreed.
func TestOccurrenceThatIsNotFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		meanwhile func(*memdriver.Calendar, cal.EventID)
		want      Seen
		looks     bool
	}{
		"as agreed":                     {func(*memdriver.Calendar, cal.EventID) {}, Missing, false},
		"renamed, which moves nothing":  {func(w *memdriver.Calendar, id cal.EventID) { w.Edit(id, func(c *cal.Content) { c.Title = "By hand" }) }, Missing, false},
		"a person has moved the series": {func(w *memdriver.Calendar, id cal.EventID) { w.Edit(id, func(c *cal.Content) { c.Slot = slotAt(1) }) }, Absent, true},
		"a person has ended it earlier": {func(w *memdriver.Calendar, id cal.EventID) {
			w.Edit(id, func(c *cal.Content) { c.Recurrence = []string{"RRULE:FREQ=DAILY;COUNT=1"} })
		}, Absent, true},
		"a person has deleted it":           {func(w *memdriver.Calendar, id cal.EventID) { w.Delete(id) }, Absent, true},
		"a person has made it a single one": {func(w *memdriver.Calendar, id cal.EventID) { w.Edit(id, func(c *cal.Content) { c.Recurrence = nil }) }, Absent, true},
	} {
		for _, p := range []cal.Provider{cal.Google, cal.Microsoft} {
			b := newBench(t, p)
			s := placed()
			id := b.account.work.Add(s.Place.Series.Base.Read)
			s.Place.Series.EventID = id
			c.meanwhile(b.account.work, id)
			w := &run{Reconciler: b.r, s: s, client: asClient(b.account.Client()), lease: record.Lease{Until: began.Add(time.Hour)}}
			w.c.Calendar.Remote = "work"
			if err := w.confirmPlace(t.Context()); err != nil || w.s.Remote.Seen != c.want || w.looks != c.looks {
				t.Errorf("%s at %s: %s, looks %t, %v; want %s, %t", name, p, w.s.Remote.Seen, w.looks, err, c.want, c.looks)
			}
		}
	}
}
