package intake_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

// every says the same of every kind of change.
func every(s cal.Stance) cal.Backflow { return cal.Backflow{Moved: s, Cancelled: s, Edited: s} }

// choose sets the policy of the connections of both providers.
func (h *house) choose(b cal.Backflow) {
	h.Helper()
	for id := range h.opens {
		_, err := h.store.ChooseConnection(h.Context(), h.tenant, id, record.ConnectionChoice{Backflow: b, Actor: "test"})
		h.ok(err)
	}
}

// edits has a person change the event of a provider, and calweave do what follows.
func (h *house) edits(p cal.Provider, change func(*cal.Content)) {
	h.Helper()
	h.accounts[p].Calendar("work").Edit(h.event(p).ID, change)
	h.settle()
}

// removes has a person delete the event of a provider, and calweave do what follows.
func (h *house) removes(p cal.Provider) {
	h.Helper()
	h.accounts[p].Calendar("work").Delete(h.event(p).ID)
	h.settle()
}

// quiet wants a second look at every event to write nothing and to tell nothing.
func (h *house) quiet() {
	h.Helper()
	told, shown := len(h.feed()), map[string]string{}
	for p, a := range h.accounts {
		for _, e := range a.Calendar("work").Standing() {
			a.Calendar("work").Edit(e.ID, func(*cal.Content) {})
		}
		for _, e := range a.Calendar("work").Standing() {
			shown[string(p)+string(e.ID)] = e.ETag
		}
	}
	h.settle()
	for p, a := range h.accounts {
		for _, e := range a.Calendar("work").Standing() {
			if shown[string(p)+string(e.ID)] != e.ETag {
				h.Errorf("a second pass writes at %s", p)
			}
		}
	}
	if n := len(h.feed()) - told; n > 0 {
		h.Errorf("a second pass tells %d messages", n)
	}
}

// policies are what policies have decided, as the booking's history has it: "change stance set_by outcome", and why if that needs a reason.
func (h *house) policies() []string {
	h.Helper()
	var out []string
	rows, err := h.store.History(h.Context(), h.tenant, bookingID, "", 200)
	h.ok(err)
	for _, r := range rows {
		var detail struct {
			Policy []struct {
				Change, Stance, Outcome, Why string
				SetBy                        string `json:"set_by"`
			}
		}
		h.ok(json.Unmarshal(r.Detail, &detail))
		for _, p := range detail.Policy {
			out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s %s %s", p.Change, p.Stance, p.SetBy, p.Outcome, p.Why)))
		}
	}
	return out
}

// changed is the last message that tells what a person has changed or deleted.
func (h *house) changed() (kind message.Type, diverged bool) {
	h.Helper()
	for _, m := range h.feed() {
		switch m.Type { //nolint:exhaustive // the others tell of something else
		case message.BookingMoved, message.BookingEdited, message.BookingRemoved:
			var told struct{ Diverged bool }
			h.ok(json.Unmarshal(m.Data, &told))
			kind, diverged = m.Type, told.Diverged
		}
	}
	return kind, diverged
}

// Each stance on each kind of change, of the connection or of the booking, on the target whose word counts and on another one.
func TestPolicyDecides(t *testing.T) {
	t.Parallel()
	changes := map[cal.Change]func(h *house, p cal.Provider){
		cal.ChangeMoved:     func(h *house, p cal.Provider) { h.edits(p, later) },
		cal.ChangeEdited:    func(h *house, p cal.Provider) { h.edits(p, renamed("By hand")) },
		cal.ChangeCancelled: func(h *house, p cal.Provider) { h.removes(p) },
	}
	for change, act := range changes {
		for _, stance := range []cal.Stance{cal.StanceReport, cal.StanceAccept, cal.StanceEnforce} {
			for _, setBy := range []string{"connection", "booking"} {
				for _, p := range []cal.Provider{cal.Google, cal.Microsoft} {
					for _, speaks := range []bool{true, false} {
						if setBy == "booking" && speaks != (p == cal.Google) {
							continue
						}
						t.Run(fmt.Sprintf("%s %s by the %s at %s, authoritative %t", change, stance, setBy, p, speaks), func(t *testing.T) {
							t.Parallel()
							h := newHouse(t)
							b := h.spec(1, cal.Google, cal.Microsoft)
							b.Targets[slices.Index([]cal.Provider{cal.Google, cal.Microsoft}, p)].Authoritative = speaks
							b.Targets[1-slices.Index([]cal.Provider{cal.Google, cal.Microsoft}, p)].Authoritative = !speaks
							only := only(change, stance)
							if setBy == "booking" {
								b.Backflow = only
								h.choose(every(cal.StanceReport))
							} else {
								h.choose(only)
							}
							h.book(b)
							before := h.read()
							act(h, p)
							want := outcomeOf(stance, speaks)
							h.wantOutcome(change, want, before, p)
							why := ""
							if stance == cal.StanceAccept && !speaks {
								why = " the calendar is not the booking's authoritative target"
							}
							if got := h.policies(); !slices.Equal(got, []string{fmt.Sprintf("%s %s %s %s%s", change, stance, setBy, want, why)}) {
								t.Errorf("history says %q", got)
							}
							h.quiet()
						})
					}
				}
			}
		}
	}
}

// only has a stance on one kind of change, and leaves the others open.
func only(c cal.Change, s cal.Stance) cal.Backflow {
	switch c {
	case cal.ChangeMoved:
		return cal.Backflow{Moved: s}
	case cal.ChangeEdited:
		return cal.Backflow{Edited: s}
	default:
		return cal.Backflow{Cancelled: s}
	}
}

// outcomeOf is what the stance comes to.
func outcomeOf(s cal.Stance, authoritative bool) string {
	switch {
	case s == cal.StanceEnforce:
		return "reverted"
	case s == cal.StanceAccept && authoritative:
		return "accepted"
	default:
		return "reported"
	}
}

// wantOutcome holds the booking, both calendars and the messages to what became of a change in a provider's calendar.
func (h *house) wantOutcome(change cal.Change, outcome string, before record.Booking, p cal.Provider) {
	h.Helper()
	b := h.read()
	kind, diverged := h.changed()
	kinds := map[cal.Change]message.Type{
		cal.ChangeMoved: message.BookingMoved, cal.ChangeEdited: message.BookingEdited, cal.ChangeCancelled: message.BookingRemoved,
	}
	if kind != kinds[change] || diverged != (outcome == "reported") || b.Diverged() != diverged {
		h.Errorf("told %s, diverged %t; the booking is diverged %t", kind, diverged, b.Diverged())
	}
	if outcome == "reported" {
		if b.Revision != before.Revision+1 || slices.Contains(h.told(), message.BookingDecided) || b.Spec.Title != before.Spec.Title || !b.Slot.Equal(before.Slot) {
			h.Errorf("%+v", b)
		}
		return
	}
	d := h.decided()
	if string(d.Decision) != outcome || d.By != message.DeciderPolicy || d.Target.Provider != p || b.Revision != before.Revision+2 || d.Revision != b.Revision || b.Version != 1 {
		h.Errorf("told %+v; revision %d after %d", d, b.Revision, before.Revision)
	}
	moved, renamed, cancelled := !b.Slot.Equal(before.Slot), b.Spec.Title != before.Spec.Title, b.Cancelled
	accepts := outcome == "accepted"
	if moved != (accepts && change == cal.ChangeMoved) || renamed != (accepts && change == cal.ChangeEdited) || cancelled != (accepts && change == cal.ChangeCancelled) {
		h.Errorf("moved %t, renamed %t, cancelled %t", moved, renamed, cancelled)
	}
	if d.Cancelled != cancelled {
		h.Errorf("told %+v", d)
	}
	if cancelled {
		h.empty(cal.Google)
		h.empty(cal.Microsoft)
		return
	}
	h.agreed(cal.Google, cal.Microsoft)
}

// One person does two things at once: each is decided about by its own stance.
func TestPoliciesDecideApart(t *testing.T) {
	t.Parallel()
	for _, p := range []cal.Provider{cal.Google, cal.Microsoft} {
		for _, c := range []struct {
			policy       cal.Backflow
			moved, named bool
			left         cal.Fields
			decisions    int
		}{
			{cal.Backflow{Moved: cal.StanceAccept, Edited: cal.StanceEnforce}, true, false, 0, 2},
			{cal.Backflow{Moved: cal.StanceEnforce, Edited: cal.StanceAccept}, false, true, 0, 2},
			{cal.Backflow{Moved: cal.StanceAccept, Edited: cal.StanceReport}, true, false, cal.Fields(cal.FieldTitle), 1},
			{cal.Backflow{Moved: cal.StanceReport, Edited: cal.StanceEnforce}, false, false, cal.Fields(cal.FieldSlot), 1},
			{cal.Backflow{Moved: cal.StanceReport, Edited: cal.StanceAccept}, false, true, cal.Fields(cal.FieldSlot), 1},
			{every(cal.StanceAccept), true, true, 0, 1},
			{every(cal.StanceEnforce), false, false, 0, 1},
		} {
			h := newHouse(t)
			h.choose(c.policy)
			b := h.spec(1, p)
			h.book(b)
			before := h.read()
			h.edits(p, func(e *cal.Content) { later(e); e.Title = "By hand" })
			now := h.read()
			if moved, named := !now.Slot.Equal(before.Slot), now.Spec.Title == "By hand"; moved != c.moved || named != c.named {
				t.Errorf("%s %+v: moved %t, renamed %t", p, c.policy, moved, named)
			}
			if got := now.Links[0].Theirs(); got != c.left || now.Diverged() != (c.left != 0) {
				t.Errorf("%s %+v: left are %v", p, c.policy, got.Names())
			}
			if shown := h.event(p).Content; (shown.Title == "By hand") != (c.named || c.left.Has(cal.FieldTitle)) || shown.Slot.Equal(before.Slot) == (c.moved || c.left.Has(cal.FieldSlot)) {
				t.Errorf("%s %+v: shows %+v", p, c.policy, shown)
			}
			n := 0
			for _, m := range h.told() {
				if m == message.BookingDecided {
					n++
				}
			}
			if _, diverged := h.changed(); n != c.decisions || diverged != (c.left != 0) {
				t.Errorf("%s %+v: %d decisions, diverged %t", p, c.policy, n, diverged)
			}
			h.quiet()
		}
	}
}

// What was reported is the core's to decide about, whatever the policy becomes; what comes after is not.
func TestChangeOfPolicyIsAboutWhatComesAfter(t *testing.T) {
	t.Parallel()
	for _, stance := range []cal.Stance{cal.StanceAccept, cal.StanceEnforce} {
		h := newHouse(t)
		h.book(h.spec(1, cal.Google, cal.Microsoft))
		h.person(cal.Google, renamed("By hand"))
		before := h.read()
		h.choose(every(stance))
		h.quiet()
		if b := h.read(); b.Revision != before.Revision || !b.Diverged() {
			t.Errorf("%s decides about what was reported: %+v", stance, b)
		}
		h.edits(cal.Google, later)
		b := h.read()
		if b.Slot.Equal(before.Slot) == (stance == cal.StanceAccept) || b.Links[0].Theirs() != cal.Fields(cal.FieldTitle) {
			t.Errorf("%s: at %+v, left are %v", stance, b.Slot, b.Links[0].Theirs().Names())
		}
		if _, diverged := h.changed(); !diverged {
			t.Errorf("%s: told that nothing is left to decide", stance)
		}
		h.edits(cal.Google, renamed("By hand again")) // the same field, and new
		h.agreed(cal.Google, cal.Microsoft)
		if got := h.read().Spec.Title; (got == "By hand again") != (stance == cal.StanceAccept) {
			t.Errorf("%s: the title is %q", stance, got)
		}
	}
}

// A title that no booking can have is not accepted, though the policy would, and the move beside it is.
func TestPolicyAcceptsNoMoreThanTheContract(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.choose(every(cal.StanceAccept))
	h.book(h.spec(1, cal.Google))
	before := h.read()
	h.edits(cal.Google, func(c *cal.Content) { later(c); c.Title = " " })
	b := h.read()
	if b.Slot.Equal(before.Slot) || b.Spec.Title != before.Spec.Title || b.Links[0].Theirs() != cal.Fields(cal.FieldTitle) {
		t.Errorf("%+v, left are %v", b.Spec, b.Links[0].Theirs().Names())
	}
	if got := h.policies(); len(got) != 2 || got[0] != "moved accept connection accepted" || !strings.HasPrefix(got[1], "edited accept connection reported what was made") {
		t.Errorf("history says %q", got)
	}
	_, err := h.decide(reverted, "", 0)
	h.ok(err)
	h.agreed(cal.Google)
}

// Microsoft mails whoever stands on an event. Where that would be somebody whom the booking's notify does not cover, a policy's write waits as any
// other does.
func TestPolicyThatWouldMailIsHeld(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.choose(every(cal.StanceEnforce))
	h.book(h.spec(1, cal.Microsoft))
	h.edits(cal.Microsoft, func(c *cal.Content) {
		later(c)
		c.Attendees = []cal.Attendee{{Email: "new@person.test"}}
	})
	link := h.read().Links[0]
	if link.State != record.LinkHeld || h.accounts[cal.Microsoft].Mails() != 0 || h.read().Diverged() {
		t.Fatalf("%s, %d mails, told %v", link.State, h.accounts[cal.Microsoft].Mails(), h.told())
	}
	want := []message.Type{message.BookingAccepted, message.BookingSynced, message.BookingMoved, message.BookingDecided, message.BookingHeld}
	if got := h.told(); !slices.Equal(got, want) {
		t.Errorf("told %v", got)
	}
	approve := func() {
		h.ok(h.store.Release(h.Context(), task.Ref{Tenant: h.tenant, Kind: task.LinkPush, Subject: string(link.ID)}, "operator"))
		h.settle()
	}
	h.edits(cal.Microsoft, renamed("Meanwhile"))
	approve()
	if b, shown := h.read(), h.event(cal.Microsoft).Content; b.Links[0].State != record.LinkHeld || shown.Title != "Meanwhile" || !shown.Slot.Equal(b.Slot) {
		t.Errorf("%s, shows %+v: approved was one write, and not the next", b.Links[0].State, shown)
	}
	approve()
	h.agreed(cal.Microsoft)
	if got := h.event(cal.Microsoft).Content.Attendees; len(got) != 1 || h.accounts[cal.Microsoft].Mails() == 0 {
		t.Errorf("%v, %d mails: what the operator has approved, and no more", got, h.accounts[cal.Microsoft].Mails())
	}
}

// Guests whom a person has added go again where edits are enforced, even while the core changes its own.
func TestEnforcedGuestsAreNotMerged(t *testing.T) {
	t.Parallel()
	for _, stance := range []cal.Stance{cal.StanceReport, cal.StanceEnforce} {
		h := newHouse(t)
		h.choose(every(stance))
		h.book(h.spec(1, cal.Google))
		h.accounts[cal.Google].Calendar("work").Edit(h.event(cal.Google).ID, func(c *cal.Content) {
			c.Attendees = append(slices.Clone(c.Attendees), cal.Attendee{Email: "new@person.test"})
		})
		second := h.spec(2, cal.Google)
		second.Attendees = append(second.Attendees, cal.Attendee{Email: "second@core.test"})
		_, err := h.submit(second, 0)
		h.ok(err)
		h.settle()
		stays := slices.ContainsFunc(h.event(cal.Google).Content.Attendees, func(a cal.Attendee) bool { return a.Email == "new@person.test" })
		if n := len(h.event(cal.Google).Content.Attendees); stays != (stance == cal.StanceReport) || h.accounts[cal.Google].Mails() != 0 || n < 2 {
			t.Errorf("%s: %+v, %d mails", stance, h.event(cal.Google).Content.Attendees, h.accounts[cal.Google].Mails())
		}
	}
}

// The core has changed the same field before it could hear of the person: nobody's word is dropped for the other's unless the policy says so.
func TestPolicyOnWhatTheCoreHasChangedToo(t *testing.T) {
	t.Parallel()
	for _, p := range []cal.Provider{cal.Google, cal.Microsoft} {
		for stance, want := range map[cal.Stance]string{cal.StanceReport: "By hand", cal.StanceAccept: "By hand", cal.StanceEnforce: "By the core"} {
			h := newHouse(t)
			h.choose(every(stance))
			h.book(h.spec(1, p))
			h.accounts[p].Calendar("work").Edit(h.event(p).ID, func(c *cal.Content) { c.Title, c.Location = "By hand", "Room 5" })
			second := h.spec(2, p)
			second.Title = "By the core"
			_, err := h.submit(second, 0)
			h.ok(err)
			h.settle()
			b, shown := h.read(), h.event(p).Content
			if shown.Title != want || b.Spec.Title != "By the core" || b.Diverged() == (stance == cal.StanceEnforce) {
				t.Errorf("%s %s: shows %q, the booking says %q, diverged %t", p, stance, shown.Title, b.Spec.Title, b.Diverged())
			}
			if (b.Spec.Location == "Room 5") != (stance == cal.StanceAccept) || (shown.Location == "Room 5") == (stance == cal.StanceEnforce) {
				t.Errorf("%s %s: the location is %q, and %q there", p, stance, b.Spec.Location, shown.Location)
			}
			h.quiet()
		}
	}
}
