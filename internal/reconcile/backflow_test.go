package reconcile

import (
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/record"
)

// drawBackflow is a policy; one that is whole has a stance on everything.
func drawBackflow(t *rapid.T, label string, whole bool) cal.Backflow {
	all := []cal.Stance{cal.StanceReport, cal.StanceAccept, cal.StanceEnforce}
	if !whole {
		all = append(all, "")
	}
	draw := func(c cal.Change) cal.Stance { return rapid.SampledFrom(all).Draw(t, label+" on "+string(c)) }
	return cal.Backflow{Moved: draw(cal.ChangeMoved), Cancelled: draw(cal.ChangeCancelled), Edited: draw(cal.ChangeEdited)}
}

func drawFields(t *rapid.T, label string) cal.Fields {
	return cal.Fields(rapid.Uint8Range(0, uint8(singleFields)).Draw(t, label))
}

// TestAnswersKeepTheirPromises holds what policies decide, in every case that can be written down, to what they say.
func TestAnswersKeepTheirPromises(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var c record.Case
		c.Connection.Backflow, c.Booking.Spec.Backflow = drawBackflow(t, "connection", true), drawBackflow(t, "booking", false)
		c.Link.Authoritative = rapid.Bool().Draw(t, "authoritative")
		fresh := drawFields(t, "fresh")
		open := drawFields(t, "open") & fresh
		var seen cal.Fields
		for _, a := range answers(c, fresh, open) {
			if a.fields == 0 || a.fields&seen != 0 || a.fields&^a.change.Fields() != 0 {
				t.Fatalf("%s is answered about %v, after %v", a.change, a.fields.Names(), seen.Names())
			}
			seen |= a.fields
			holdAnswer(t, c, a, a.fields&open != 0)
		}
		if seen != fresh {
			t.Fatalf("answered about %v of %v", seen.Names(), fresh.Names())
		}
		holdAnswer(t, c, decided(c, cal.ChangeCancelled, 0, false), false)
	})
}

// holdAnswer holds one answer to the policies of a case.
func holdAnswer(t *rapid.T, c record.Case, a answer, contested bool) {
	said, by := c.Booking.Spec.Backflow.On(a.change), "booking"
	if said == "" {
		said, by = c.Connection.Backflow.On(a.change), "connection"
	}
	if a.stance != said || a.setBy != by {
		t.Fatalf("%s: %s by the %s, want %s by the %s", a.change, a.stance, a.setBy, said, by)
	}
	want := outcomeReported
	switch {
	case said == cal.StanceEnforce:
		want = outcomeReverted
	case said == cal.StanceAccept && c.Link.Authoritative && !contested:
		want = outcomeAccepted
	}
	if a.outcome != want || (a.why != "") != (said == cal.StanceAccept && want == outcomeReported) {
		t.Fatalf("%s %s, authoritative %t, contested %t: %s, %q", a.change, said, c.Link.Authoritative, contested, a.outcome, a.why)
	}
}

// Connections of which nothing is known report.
func TestNoPolicyReports(t *testing.T) {
	t.Parallel()
	c := record.Case{Link: record.Link{Authoritative: true}}
	for _, a := range append(answers(c, cal.AllFields, 0), decided(c, cal.ChangeCancelled, 0, false)) {
		if a.outcome != outcomeReported || a.stance != cal.StanceReport || a.setBy != "connection" {
			t.Errorf("%+v", a)
		}
	}
}

// changedIn is content with some fields changed; by tells one author's changes from another's.
func changedIn(c cal.Content, fields cal.Fields, by string) cal.Content {
	other := cal.Content{
		Title: "title " + by, Description: "description " + by, Location: "location " + by, Slot: slotAt(len(by)), Attendees: c.Attendees,
		Recurrence: []string{"RRULE:FREQ=DAILY;COUNT=" + strconv.Itoa(1+len(by))},
	}
	return c.Overlay(other, fields)
}

// TestThreeWayMerge lets the core and a person change what they like, whether the person's change was reported before or not. What the person has
// changed is never written over; what the core alone has changed and owns is written; nothing else is.
func TestThreeWayMerge(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := agreed(rapid.SampledFrom([]Abilities{googleCan, microsoftCan}).Draw(t, "can"))
		base := cal.Content{Title: "title", Description: "description", Location: "location", Slot: slotAt(0)}
		s.Link.Base = &record.Base{Sent: base, Read: base}
		s.Link.Authoritative = rapid.Bool().Draw(t, "authoritative")
		s.Desired.Fields = drawFields(t, "owned")
		core, person := drawFields(t, "core")&^guestField, drawFields(t, "person")&^guestField
		s.Desired.Content = changedIn(base, core, "c")
		shown := changedIn(base, person, "pp")
		s.Remote = Remote{Seen: Present, Event: cal.Event{ID: "ev1", ETag: "e2", Content: shown}}
		if rapid.Bool().Draw(t, "reported before") && person&s.Desired.Fields != 0 {
			observed := base.Overlay(shown, person&s.Desired.Fields)
			s.Link.State, s.Link.Observed = record.LinkDiverged, &observed
		}
		step := Plan(s)
		owned := s.Desired.Fields
		if want := core & owned &^ person; step.Fields != want {
			t.Fatalf("writes %v, want %v", step.Fields.Names(), want.Names())
		}
		if step.Person != person&owned || step.Open != person&core&owned {
			t.Fatalf("of the person's %v sees %v, and open are %v", (person & owned).Names(), step.Person.Names(), step.Open.Names())
		}
		if (step.Action == Update) != (step.Fields != 0) {
			t.Fatalf("%s of %v", step.Action, step.Fields.Names())
		}
	})
}

// Once decided about, in part or as a whole, a change is the agreement as far as it was decided about, and no further.
func TestSettlingSomeFields(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		base := cal.Content{Title: "title", Description: "description", Location: "location", Slot: slotAt(0)}
		sent := changedIn(base, drawFields(t, "rewritten")&cal.Fields(cal.FieldDescription), "s")
		person, fields := drawFields(t, "person")&^guestField, drawFields(t, "fields")
		observed := changedIn(base, person, "pp")
		l := record.Link{Base: &record.Base{Sent: sent, Read: base}, Observed: &observed}
		if person == 0 {
			l.Observed = nil
		}
		l.SettleFields(fields)
		if l.Theirs() != person&^fields {
			t.Fatalf("of %v, %v are left after %v", person.Names(), l.Theirs().Names(), fields.Names())
		}
		if want := base.Overlay(observed, person&fields); l.Base.Read.Differences(want, cal.AllFields) != 0 {
			t.Fatalf("agreed on is %+v, want %+v", l.Base.Read, want)
		}
		if want := sent.Overlay(observed, person&fields); l.Base.Sent.Differences(want, cal.AllFields) != 0 {
			t.Fatalf("sent is %+v, want %+v", l.Base.Sent, want)
		}
	})
}

// singleFields are those of a booking that does not recur.
const singleFields = cal.AllFields &^ cal.Fields(cal.FieldRecurrence)
